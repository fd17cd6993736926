"""Riders become part of the motorcycle's label; expected boxes by hand."""

import numpy as np
from simpang_models.boxes import CAR, MOTORCYCLE, PERSON, Boxes, make_boxes
from simpang_models.riders import with_riders

MACHINE = [100.0, 100.0, 140.0, 160.0]


def label(kind: int = MOTORCYCLE) -> Boxes:
    return make_boxes([MACHINE], [1.0], [kind])


def sees(box: list[float], kind: int, score: float = 0.8) -> Boxes:
    return make_boxes([box], [score], [kind])


def test_a_rider_on_the_machine_belongs_to_it() -> None:
    """A person over the machine, feet at its middle: the label reaches up to the head, 60 px, and stays below."""
    grown = with_riders(label(), sees([105, 60, 135, 140], PERSON))
    # 30×40 px of the person's 30×80 px lie inside: half
    assert grown.xyxy_px.tolist() == [[100, 60, 140, 160]]
    assert grown.kind.tolist() == [MOTORCYCLE]


def test_the_teachers_box_with_rider_is_taken() -> None:
    """A teacher's motorcycle of 40×100 px over the label of 40×60 px: IoU 0.6, the same one."""
    assert with_riders(label(), sees([100, 60, 140, 160], MOTORCYCLE)).xyxy_px.tolist() == [[100, 60, 140, 160]]


def test_labels_never_shrink() -> None:
    """A teacher's smaller box changes nothing."""
    assert with_riders(label(), sees([105, 110, 135, 155], MOTORCYCLE)).xyxy_px.tolist() == [MACHINE]


def test_who_stands_beside_is_no_rider() -> None:
    """A person whose middle lies beside the machine, one whose feet are below it, and a faint one change nothing."""
    for person in (
        sees([130, 60, 170, 150], PERSON),
        sees([105, 60, 135, 175], PERSON),
        sees([105, 60, 135, 140], PERSON, 0.3),
    ):
        assert with_riders(label(), person).xyxy_px.tolist() == [MACHINE]


def test_nobody_is_that_tall() -> None:
    """A label of 60 px may become 132 px high, not 140."""
    assert with_riders(label(), sees([105, 20, 135, 140], PERSON)).xyxy_px.tolist() == [MACHINE]


def test_cars_stay_as_they_are() -> None:
    """Nothing but two-wheelers changes."""
    assert np.array_equal(with_riders(label(CAR), sees([105, 60, 135, 140], PERSON)).xyxy_px, label(CAR).xyxy_px)
