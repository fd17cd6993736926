"""The start of training from a published network; needs torch."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from simpang_models.network import PUBLISHED_WIDTHS, Backbone, Front, PublishedFront  # noqa: E402
from simpang_models.thin import load_published, solve  # noqa: E402

MODEL = Path(__file__).resolve().parents[2] / "models" / "simpang-n.onnx"


class Whole(torch.nn.Module):
    """Backbone and pyramid as one network, as a published file holds them."""

    def __init__(self) -> None:
        super().__init__()
        from simpang_models.network import Pyramid

        self.backbone, self.pyramid = Backbone(PublishedFront(), PUBLISHED_WIDTHS), Pyramid()

    def forward(self, picture: "torch.Tensor") -> "list[torch.Tensor]":
        return self.pyramid(self.backbone(picture))


def test_a_published_file_is_read_layer_by_layer(tmp_path: Path) -> None:
    """What is read from the file gives the same maps as the network that was written into it."""
    torch.manual_seed(1)
    whole, picture = Whole().eval(), torch.rand(1, 3, 64, 64)
    file = tmp_path / "published.onnx"
    torch.onnx.export(whole, (picture,), str(file), opset_version=17, dynamo=False)
    backbone, pyramid = load_published(file)
    for found, wanted in zip(pyramid(backbone.eval()(picture)), whole(picture), strict=True):
        assert torch.allclose(found, wanted, atol=1e-5)


def test_another_network_is_refused() -> None:
    """A file without these layers is named, with how many are missing."""
    with pytest.raises(ValueError, match=r"simpang-n\.onnx: not a network that training can start from"):
        load_published(MODEL)


def test_nothing_is_lost_where_no_channel_is_cut() -> None:
    """With the published front and widths the solved blocks give what the published ones give."""
    torch.manual_seed(2)
    full = Backbone(PublishedFront(), PUBLISHED_WIDTHS).eval()
    copy = Backbone(PublishedFront(), PUBLISHED_WIDTHS).eval()
    copy.front.load_state_dict(full.front.state_dict())
    told: list[str] = []
    pictures = [torch.rand(2, 3, 128, 128) for _ in range(3)]
    solve(copy, full, range(2), pictures, lambda text, _done, _total: told.append(text))
    with torch.no_grad():
        start = full.front(pictures[0])
        wanted = full.blocks[1](full.blocks[0](start))
        found = copy.blocks[1](copy.blocks[0](start))
    assert float(((found - wanted) ** 2).mean() / wanted.var()) < 0.01
    assert [text.split(",")[0] for text in told] == ["block 0", "block 1"]


def test_the_front_keeps_the_published_shape() -> None:
    """Ours and the published one give 24 channels at a quarter of the size."""
    picture = torch.rand(1, 3, 64, 96)
    assert Front().eval()(picture).shape == PublishedFront()(picture).shape == (1, 24, 16, 24)
