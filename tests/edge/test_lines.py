"""Lines in the picture: each vehicle once per line, in the right direction, whatever it does on the line."""

from collections.abc import Sequence

import numpy as np
import pytest
from simpang_edge.data import Tracks
from simpang_edge.lines import ANCHOR_HEIGHT, Crossing, Line, LineCounter

ACROSS = Line(0, 100, 200, 100)
"""From left to right across the picture: its left-hand side is above it, so forward is downward."""


def passing(
    counter: LineCounter, points: Sequence[tuple[float, float]], track: int = 1, size_px: float = 40
) -> list[Crossing]:
    """A vehicle whose point (see `ANCHOR_HEIGHT`) goes through these places, one every 0.1 s; then it is gone."""
    found: list[Crossing] = []
    for i, (x, y) in enumerate(points):
        top = y - ANCHOR_HEIGHT * size_px
        box = np.array([[x - size_px / 2, top, x + size_px / 2, top + size_px]], np.float32)
        found += counter.update(Tracks(i / 10, np.array([track]), box, np.array([1])))
    nobody = np.zeros(0, np.int64)
    last = Tracks(len(points) / 10, nobody, np.zeros((0, 4), np.float32), nobody, np.array([track]))
    return found + list(counter.update(last))


def down(*ys: float) -> list[tuple[float, float]]:
    """Places in the middle of `ACROSS`."""
    return [(100, y) for y in ys]


@pytest.mark.parametrize(
    ("line", "way", "forward"),
    [
        pytest.param(ACROSS, [(100, 50), (100, 150)], True, id="→ line, downward: left to right"),
        pytest.param(ACROSS, [(100, 150), (100, 50)], False, id="→ line, upward"),
        pytest.param(Line(200, 100, 0, 100), [(100, 50), (100, 150)], False, id="← line, downward"),
        # Looking down the picture along ↓, the left hand points to the picture's right.
        pytest.param(Line(100, 0, 100, 200), [(150, 100), (50, 100)], True, id="↓ line, leftward"),
        pytest.param(Line(100, 0, 100, 200), [(50, 100), (150, 100)], False, id="↓ line, rightward"),
        # ↘: looking down-right, the left hand points up-right.
        pytest.param(Line(0, 0, 200, 200), [(150, 50), (50, 150)], True, id="↘ line, down-left"),
        pytest.param(Line(0, 0, 200, 200), [(50, 150), (150, 50)], False, id="↘ line, up-right"),
        # ↗: looking up-right, the left hand points up-left.
        pytest.param(Line(0, 200, 200, 0), [(50, 50), (150, 150)], True, id="↗ line, down-right"),
    ],
)
def test_forward_is_from_the_left_hand_to_the_right_hand(
    line: Line, way: list[tuple[float, float]], forward: bool
) -> None:
    """Seen from the line's first point to its second, with y pointing down."""
    found = passing(LineCounter((line,)), way)
    assert [(c.id, c.line, c.forward) for c in found] == [(1, 0, forward)]


def test_the_crossing_has_the_time_of_the_frame_that_completes_it() -> None:
    """On the other side, clearly, in the fourth frame: 0.3 s."""
    assert passing(LineCounter((ACROSS,)), down(70, 80, 90, 110))[0].time_s == pytest.approx(0.3)


@pytest.mark.parametrize(
    "ys",
    [
        pytest.param([50, 70, 90, 99, 101, 99, 101, 100, 99.5, 101, 99, 120, 150], id="stop and go on the line"),
        pytest.param([50, 80, 130, 90, 130, 90, 130, 160], id="box jumping over the line and back"),
        pytest.param([50, 120, 60, 140], id="over, back and over again"),
    ],
)
def test_a_vehicle_counts_once_whatever_it_does_on_the_line(ys: list[float]) -> None:
    """Fifteen crossings of one car in stop-and-go were counted elsewhere; here it is one, forward."""
    found = passing(LineCounter((ACROSS,)), down(*ys))
    assert [c.forward for c in found] == [True]


@pytest.mark.parametrize(
    "ys",
    [
        pytest.param([50, 80, 98, 101, 98, 80, 50], id="turns back on the line"),
        pytest.param([99, 101, 99, 101.5, 98.5, 101, 99], id="stands on the line, box flickers"),
        pytest.param([50, 60, 70, 80, 90], id="stops before the line"),
        pytest.param([110, 130, 150], id="begins beyond the line"),
    ],
)
def test_what_does_not_cross_is_not_counted(ys: list[float]) -> None:
    """With a 40 px box, clear of the line is 0.05 · 40 = 2 px, and a real way is 0.3 · 40 = 12 px."""
    assert passing(LineCounter((ACROSS,)), down(*ys)) == []


def test_a_vehicle_first_seen_just_before_the_line_counts() -> None:
    """A small object found late, 1 px before the line, that then moves on 20 px."""
    assert len(passing(LineCounter((ACROSS,)), down(99, 106, 112, 119))) == 1


@pytest.mark.parametrize(
    ("x_px", "count"),
    [pytest.param(195, 1, id="within"), pytest.param(-20, 0, id="before"), pytest.param(215, 0, id="beyond")],
)
def test_only_crossings_within_the_ends_count(x_px: float, count: int) -> None:
    """The line is from x = 0 to 200 px."""
    assert len(passing(LineCounter((ACROSS,)), [(x_px, 60), (x_px, 90), (x_px, 120), (x_px, 150)])) == count


def test_going_round_the_end_and_coming_back_over_the_line_is_a_crossing_backward() -> None:
    """Down beside the line's end at x = 230, then up over its middle."""
    way = [(230.0, 60.0), (230.0, 140.0), (100.0, 140.0), (100.0, 90.0), (100.0, 60.0)]
    assert [c.forward for c in passing(LineCounter((ACROSS,)), way)] == [False]


def test_each_line_counts_for_itself() -> None:
    """Two lines across the way, 40 px apart: one crossing of each, in order."""
    lines = (ACROSS, Line(0, 140, 200, 140))
    assert [c.line for c in passing(LineCounter(lines), down(60, 90, 110, 130, 150, 180))] == [0, 1]


def test_a_new_vehicle_with_a_new_id_counts_again() -> None:
    """Two vehicles one after the other."""
    counter = LineCounter((ACROSS,))
    found = passing(counter, down(60, 140), track=1) + passing(counter, down(60, 140), track=2)
    assert [c.id for c in found] == [1, 2]


def test_a_large_vehicle_needs_a_larger_way() -> None:
    """5 px beyond the line is clear for a 40 px box (2 px) but not for one of 400 px (20 px)."""
    assert len(passing(LineCounter((ACROSS,)), down(60, 105))) == 1
    assert passing(LineCounter((ACROSS,)), down(60, 105), size_px=400) == []


def test_a_line_needs_two_points() -> None:
    """The same point twice is refused."""
    with pytest.raises(ValueError, match="two different points"):
        Line(5, 5, 5, 5)
