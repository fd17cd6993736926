"""The network's geometry, by hand arithmetic; needs torch."""

import pytest

torch = pytest.importorskip("torch")

from simpang_models.network import STRIDES, Detector, cell_counts, cells, cells_at, decode  # noqa: E402


def test_levels_cover_the_input() -> None:
    """544 is no multiple of 64: the last level rounds up, 544 / 64 = 8.5 gives 9 rows."""
    assert cell_counts(544, 960) == [(68, 120), (34, 60), (17, 30), (9, 15)]


def test_the_network_answers_for_every_cell() -> None:
    """64×96: 8·12 + 4·6 + 2·3 + 1·2 = 128 cells, seven classes and four numbers each."""
    raw = Detector(7).eval()(torch.zeros(1, 3, 64, 96))
    assert raw.cls.shape == (1, 128, 7)
    assert raw.reg.shape == (1, 128, 4)
    assert len(cells(64, 96)) == 128


def test_cells_run_row_by_row_and_level_by_level() -> None:
    """In 64×96 cell 13 is row 1, column 1 of stride 8; cell 96 the first of stride 16; 127 the last of stride 64."""
    found = cells(64, 96)
    assert found[13].tolist() == [12.0, 12.0, 8.0]
    assert found[96].tolist() == [8.0, 8.0, 16.0]
    assert found[127].tolist() == [96.0, 32.0, 64.0]


@pytest.mark.parametrize("size", [(64, 96), (544, 960)], ids=str)
def test_chosen_cells_are_rows_of_all_cells(size: tuple[int, int]) -> None:
    """What the exported graph computes for a few cells is what `cells` lists for all."""
    every = cells(*size)
    chosen = torch.tensor([0, 5, 95, 96, 97, 119, 120, 127, len(every) - 1])
    assert torch.equal(cells_at(chosen, *size), every[chosen])


def test_decode_is_middle_and_logarithm_of_sides() -> None:
    """Stride 16 at (40, 24): middle (40 + 8, 24 − 4), sides 16·e^ln2 = 32 and 16·e^0 = 16."""
    reg = torch.tensor([[0.5, -0.25, torch.tensor(2.0).log(), 0.0]])
    box = decode(reg, torch.tensor([[40.0, 24.0, 16.0]]))
    assert box[0].tolist() == pytest.approx([32, 12, 64, 28])


def test_folding_the_scale_changes_nothing() -> None:
    """The network gives the same for pixels 0..255 with the scaling inside the first convolution."""
    torch.manual_seed(3)
    network = Detector(7).eval()
    picture = torch.randint(0, 256, (1, 3, 64, 64)).float()
    before = network(picture).cls
    network.fold_input_scale()
    assert network.input_scale == 1.0
    assert torch.allclose(network(picture).cls, before, atol=1e-4)


def test_freezing_keeps_the_front_still() -> None:
    """Frozen parts take no gradient, and their normalisation no statistics; the rest does."""
    network = Detector(7).train()
    network.freeze(4)
    assert not any(p.requires_grad for p in network.backbone.front.parameters())
    assert not any(m.training for m in network.backbone.front.modules())
    assert all(p.requires_grad for p in network.backbone.blocks[4].parameters())
    assert len(STRIDES) == 4
