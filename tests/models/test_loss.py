"""Assignment and losses, by hand arithmetic on a few cells; needs torch."""

import math

import pytest

torch = pytest.importorskip("torch")

from simpang_models.boxes import BUS, CAR, HEAVY_UNKNOWN, TRUCK  # noqa: E402
from simpang_models.loss import (  # noqa: E402
    Target,
    assign,
    batch_loss,
    generalised_iou,
    name_loss,
    pair_iou,
)
from simpang_models.network import Raw, decode  # noqa: E402

# Three cells of stride 16 side by side.
CELLS = torch.tensor([[8.0, 8.0, 16.0], [24.0, 8.0, 16.0], [40.0, 8.0, 16.0]])
SURE, UNSURE = 6.0, -6.0


def target(*rows: tuple[list[float], int], ignored: list[list[float]] | None = None) -> Target:
    return Target(
        torch.tensor([r[0] for r in rows]).reshape(-1, 4),
        torch.tensor([r[1] for r in rows], dtype=torch.long),
        torch.ones(len(rows)),
        torch.tensor(ignored or []).reshape(-1, 4),
        torch.ones(7),
    )


def logits(*named: tuple[int, int]) -> "torch.Tensor":
    """Every class unsure at the three cells but for (cell, class)."""
    values = torch.full((3, 7), UNSURE)
    for cell, kind in named:
        values[cell, kind] = SURE
    return values


def test_overlap_of_boxes() -> None:
    """20×20 against its right half and one beside: 200/400 and 0."""
    iou = pair_iou(torch.tensor([[0.0, 0, 20, 20]]), torch.tensor([[10.0, 0, 20, 20], [20, 0, 30, 20]]))
    assert iou.tolist() == [[0.5, 0.0]]


def test_generalised_overlap_of_boxes_apart() -> None:
    """Two 10×10 boxes 10 apart: no overlap, 100 of the 300 of their hull unused: −1/3."""
    found = generalised_iou(torch.tensor([[0.0, 0, 10, 10]]), torch.tensor([[20.0, 0, 30, 10]]))
    assert found.tolist() == pytest.approx([-1 / 3])


def test_the_cell_that_fits_best_should_score_its_overlap() -> None:
    """A car in cell 1: the cell whose box covers it with IoU 0.75 answers, and should score 0.75."""
    boxes = torch.tensor([[0.0, 0, 16, 16], [16, 0, 32, 12], [32, 0, 48, 16]])
    found = assign(logits((1, CAR)), boxes, CELLS, target(([16.0, 0, 32, 16], CAR)))
    assert found.cell.tolist() == [1]
    assert found.label.tolist() == [0]
    assert found.kind.tolist() == [CAR]
    assert found.score.tolist() == pytest.approx([0.75])


def test_two_labels_never_share_a_cell() -> None:
    """Each of two neighbours gets its own cell."""
    boxes = torch.tensor([[0.0, 0, 16, 16], [16, 0, 32, 16], [32, 0, 48, 16]])
    found = assign(logits((0, CAR), (1, BUS)), boxes, CELLS, target(([0.0, 0, 16, 16], CAR), ([16.0, 0, 32, 16], BUS)))
    assert sorted(zip(found.cell.tolist(), found.kind.tolist(), strict=True)) == [(0, CAR), (1, BUS)]


def test_a_picture_without_labels_has_no_answers() -> None:
    """No label, no responsible cell."""
    assert len(assign(logits(), torch.zeros(3, 4), CELLS, target()).cell) == 0


@pytest.mark.parametrize("seen", [BUS, TRUCK], ids=["bus", "truck"])
def test_bus_or_truck_pulls_up_the_better_of_both(seen: int) -> None:
    """A label "bus or truck" is answered by the one the network already believes more."""
    boxes = torch.tensor([[0.0, 0, 16, 16], [16, 0, 32, 16], [32, 0, 48, 16]])
    found = assign(logits((1, seen)), boxes, CELLS, target(([16.0, 0, 32, 16], HEAVY_UNKNOWN)))
    assert found.kind.tolist() == [seen]


def raw_of(values: "torch.Tensor") -> Raw:
    """Every cell says a box of one stride in its middle."""
    return Raw(values[None], torch.zeros(1, 3, 4))


def test_right_answers_cost_almost_nothing() -> None:
    """The right class with the right box at one cell and nothing elsewhere: no loss worth speaking of."""
    exact = decode(torch.zeros(1, 4), CELLS[1:2])[0].tolist()
    loss = batch_loss(raw_of(logits((1, CAR))), CELLS, [target((exact, CAR))])
    assert float(loss.box) == pytest.approx(0.0, abs=1e-5)
    assert float(loss.cls) < 1e-3


def test_a_false_alarm_costs_unless_it_is_ignored() -> None:
    """A sure bus where nothing is costs; in a region that is left out it does not."""
    wrong = raw_of(logits((2, BUS)))
    assert float(batch_loss(wrong, CELLS, [target()]).total) > 1.0
    assert float(batch_loss(wrong, CELLS, [target(ignored=[[32.0, 0, 48, 16]])]).total) < 1e-3


def test_a_class_that_a_set_does_not_label_carries_no_loss() -> None:
    """The same false bus in a set that does not label buses costs nothing."""
    unlabelled = target()
    unlabelled.negative[BUS] = 0
    assert float(batch_loss(raw_of(logits((2, BUS))), CELLS, [unlabelled]).total) < 1e-3


def test_a_wrong_name_costs_more_than_the_group_is_worth() -> None:
    """A cell torn between bus and truck costs ln 2 for the name of a bus, times 1.2 for rarity; nothing where
    the label says "bus or truck"."""
    boxes = torch.tensor([[0.0, 0, 16, 16], [16, 0, 32, 16], [32, 0, 48, 16]])
    raw = logits((1, BUS), (1, TRUCK))
    named, either = (_name_cost(raw, boxes, kind) for kind in (BUS, HEAVY_UNKNOWN))
    assert named == pytest.approx(1.2 * math.log(2), abs=1e-3)
    assert either == pytest.approx(0.0, abs=1e-3)


def _name_cost(raw: "torch.Tensor", boxes: "torch.Tensor", kind: int) -> float:
    truth = target(([16.0, 0, 32, 16], kind))
    found = assign(raw, boxes, CELLS, truth)
    return float(name_loss(raw[found.cell], found, truth.weight[found.label], truth))
