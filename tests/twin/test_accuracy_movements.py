"""Movements against the truth: a turn that the camera did not show to its end need not be told, but never wrongly."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from simpang_edge.message import FlowRow
from simpang_twin.accuracy.boxes import Boxes
from simpang_twin.accuracy.counting import movement_pairs
from simpang_twin.accuracy.figures import Sight

from .test_accuracy_figures import crossing, movement, row, sight


def in_picture(**until_s: float) -> Boxes:
    """Ten frames a second of a minute; each id is in the picture until (not at) its second."""
    seen = [(i / 10, name) for name, end_s in until_s.items() for i in range(600) if i / 10 < end_s - 1e-6]
    times_s, ids = np.array([s for s, _ in seen]), np.array([name for _, name in seen], object)
    return Boxes(frozenset(), np.zeros(0), np.zeros(0), 0.1, times_s, ids)


def pairs(
    through: int, left: int = 0, last_s: float = 55.0, boxes: Boxes | None = None, **more: object
) -> Sequence[object]:
    """Told and due of [left, through]: cars cross at 5, 20 and `last_s` and go straight, the last has the id c."""
    rows: list[FlowRow] = [row(0, 60, counts={"car": 3}), movement(0, 1.0, "utara-through", through)]
    rows.append(movement(0, 1.0, "utara-left", left))
    crossings = [replace(crossing(s), id=name) for s, name in ((5.0, "a"), (20.0, "b"), (last_s, "c"))]
    found: Sight = replace(sight(rows, crossings, **more), boxes=boxes)  # type: ignore[arg-type]
    return movement_pairs(found)


STILL_THERE = in_picture(a=8.0, b=23.0, c=60.0)


@pytest.mark.parametrize(
    ("through", "left", "due"),
    [
        pytest.param(3, 0, [(0, 0), (3, 3)], id="all told"),
        pytest.param(2, 0, [(0, 0), (2, 2)], id="the open one not told"),
        pytest.param(1, 0, [(0, 0), (1, 2)], id="one of the others is missed"),
        pytest.param(4, 0, [(0, 0), (4, 3)], id="one too many"),
        pytest.param(2, 1, [(1, 0), (2, 2)], id="the open one told as a turn that it did not make"),
    ],
)
def test_a_turn_that_the_clips_end_cut_off_may_stay_untold(through: int, left: int, due: list[tuple[int, int]]) -> None:
    """Three go straight, the last crossed 5 s before the end and is in the last picture: 2 are due, and at most 3."""
    assert pairs(through, left, boxes=STILL_THERE) == due


@pytest.mark.parametrize(
    ("last_s", "until_s", "due"),
    [
        pytest.param(55.0, 60.0, 2, id="in the last picture"),
        pytest.param(55.0, 59.9, 3, id="gone one picture before"),
        pytest.param(30.5, 60.0, 2, id="crossed 29.5 s ago: may turn yet"),
        pytest.param(29.5, 60.0, 3, id="crossed 30.5 s ago: has turned"),
    ],
)
def test_who_left_the_picture_or_crossed_long_ago_is_due(last_s: float, until_s: float, due: int) -> None:
    """Of three that crossed two were told: a third was due or not."""
    assert pairs(2, last_s=last_s, boxes=in_picture(a=8.0, b=23.0, c=until_s))[1] == (2, due)


def test_a_camera_that_turns_away_cuts_turns_off_too() -> None:
    """Away from 40 s on: who crossed at 37 s and was there until then is open, who was out of the picture is not."""
    away = ((40.0, 50.0),)
    assert pairs(2, last_s=37.0, boxes=in_picture(a=8.0, b=23.0, c=40.0), lost=away)[1] == (2, 2)
    assert pairs(2, last_s=37.0, boxes=in_picture(a=8.0, b=23.0, c=39.5), lost=away)[1] == (2, 3)


def test_without_boxes_every_turn_is_due() -> None:
    """Nobody knows who was still in the picture."""
    assert pairs(2)[1] == (2, 3)


def test_the_last_picture_is_the_one_before_the_end() -> None:
    """Of pictures at 39.8, 39.9 and 40.0 s that of 39.9 s, though a picture was taken at 40.0 s too."""
    times_s = np.array([39.8, 39.9, 40.0])
    boxes = Boxes(frozenset(), np.zeros(0), np.zeros(0), 0.1, times_s, np.array(["a", "b", "c"], object))
    assert boxes.at(40.0) == {"b"}
