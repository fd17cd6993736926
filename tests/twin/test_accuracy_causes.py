"""What a model misses, sees twice or invents, counted by hand."""

import numpy as np
import pytest
from simpang_twin.accuracy.causes import Causes, Look, Truth, band, causes, match, pooled
from simpang_twin.accuracy.causes_cli import table

A, B, C = (0.0, 0.0, 10.0, 10.0), (100.0, 0.0, 110.0, 10.0), (200.0, 0.0, 210.0, 10.0)
"""Three boxes far apart."""


def truth(*boxes: tuple[float, ...], shown: tuple[bool, ...] | None = None) -> Truth:
    """Cars a, b, c at 5, 25 and 45 m."""
    n = len(boxes)
    return Truth(
        np.array(["a", "b", "c"][:n], dtype=object),
        np.array(["car"] * n, dtype=object),
        np.array(boxes).reshape(-1, 4),
        np.array([5.0, 25.0, 45.0])[:n],
        np.array(shown or [True] * n, bool),
    )


def look(true: Truth, tracks: dict[int, tuple[float, ...]], sure: tuple[tuple[float, ...], ...] = ()) -> Look:
    """One frame with these tracks, all on the approach."""
    return Look(
        true,
        np.array(sure).reshape(-1, 4),
        np.array(list(tracks)),
        np.array(list(tracks.values())).reshape(-1, 4),
        np.ones(len(tracks), bool),
    )


def test_boxes_are_matched_one_to_one() -> None:
    """Two boxes on one vehicle: the better one (overlap 1) is it, the other (5/10) is left; a far one is none."""
    half = (0.0, 0.0, 5.0, 10.0)
    assert match(np.array([half, A, C]), np.array([A, B])).tolist() == [-1, 0, -1]


def test_shares_of_vehicle_time_by_hand() -> None:
    """Two frames of three cars, the third hidden: 6 vehicle-frames. Hidden 2/6. The first car is tracked in both, the
    second in one: missed 1/6. Frame 1 has a box within the first car's (doubled, 1/6) and frame 2 one on nothing (1/6).
    """
    half, nothing = (0.0, 0.0, 5.0, 7.0), (300.0, 0.0, 310.0, 10.0)
    three = truth(A, B, C, shown=(True, True, False))
    row = causes([look(three, {1: A, 2: B, 3: half}), look(three, {1: A, 4: nothing})]).row()
    assert row.hidden_pct == pytest.approx(100 * 2 / 6)
    assert row.missed_pct == pytest.approx(100 * 1 / 6)
    assert row.doubled_pct == pytest.approx(100 * 1 / 6)
    assert row.invented_pct == pytest.approx(100 * 1 / 6)


def test_tracks_per_vehicle() -> None:
    """The first car has track 1 for three frames and track 5 for three (2 tracks), the second track 2 for all six (1)
    and track 9 never long enough: (2 + 1) / 2."""
    two = truth(A, B)
    frames = [look(two, {1: A, 2: B})] * 3 + [look(two, {5: A, 2: B})] * 3 + [look(two, {5: A, 9: B})] * 2
    assert causes(frames).tracks_per_vehicle() == pytest.approx(1.5)


def test_found_by_class_and_distance() -> None:
    """At 5 m the car has a sure box in one of two frames and a track in both; at 45 m neither."""
    both = truth(A, B, C)
    text = table({"clip": causes([look(both, {1: A}, sure=(A,)), look(both, {1: A})])})
    assert "| clip: car | 2, 50, 100 | 2, 0, 0 | 2, 0, 0 |" in text


@pytest.mark.parametrize(
    ("along_m", "expected"), [(0.0, (0, 20)), (20.0, (20, 40)), (69.9, (40, 70)), (90.0, (40, 70))]
)
def test_bands(along_m: float, expected: tuple[int, int]) -> None:
    """A band begins with its nearer end; beyond the last is the last."""
    assert band(along_m) == expected


def test_clips_are_pooled_with_their_vehicles_apart() -> None:
    """Car a of two clips are two vehicles, each with one track; nobody is nobody's."""
    one = causes([look(truth(A), {1: A})] * 3)
    assert pooled([one, one]).tracks_per_vehicle() == pytest.approx(1.0)
    assert sum(pooled([one, one]).shown.values()) == 6
    assert Causes().row().missed_pct is None
