"""What the road carried between two frames, summed by cell: amounts that add up over time and split at boundaries."""

from enum import IntEnum
from typing import Final

import numpy as np

from ..data import FloatArray, IntArray
from .emerged import Way
from .fleet import PERSON, Fleet, Seen
from .layout import Layout
from .settings import IS_MOTOR, WIDTH_M

DETECTOR_M: Final = 2.0
"""Length of the virtual detector, from the stop line upstream (domain reference, section 1)."""


STOP_BAR_M: Final = 12.0
"""Length of the zone at the stop line by whose occupancy a split failure is told (as the stop-bar detectors of
signal performance measures, 40 feet)."""

HIDDEN_S: Final = 30.0
"""At most so much of the time in which a vehicle was hidden is counted when it appears again."""


class Amount(IntEnum):
    """Rows of an exposure array (len(Amount), C).

    TIME_S, DISTANCE_M: motor vehicles within the measured length (Edie). OCCUPIED_S: the detector at the line was
    covered. AREA_M2S: footprints times time. GAP_MS, GAP_S: rear-front distances of successive vehicles of a lane
    times time, and that time. STOP_BAR_S: the zone of `STOP_BAR_M` at the line was covered; for an approach, of its
    lanes the mean.
    """

    TIME_S = 0
    DISTANCE_M = 1
    OCCUPIED_S = 2
    AREA_M2S = 3
    GAP_MS = 4
    GAP_S = 5
    STOP_BAR_S = 6


def nothing(layout: Layout) -> FloatArray:
    """An exposure array of zeros."""
    return np.zeros((len(Amount), len(layout)))


def between(fleet: Fleet, seen: Seen, layout: Layout, frame_s: float) -> FloatArray:
    """Amounts from the previous frame until this one, `frame_s` later (0 when that time was not observed).

    Vehicles that stand hidden in a queue are on the road; one that appears again after having been hidden brings the
    time since with it. An obstacle (`obstacles`) covers the detector and the stop bar, and is in no other sum.
    """
    amounts = nothing(layout)
    row, before_m, dt_s = _present(fleet, seen)
    if frame_s <= 0 or not len(row):
        return amounts
    rows = fleet.rows
    approach, kind, along_m = rows["approach"][row], rows["kind"][row], rows["along_m"][row]
    time_s, distance_m = _edie(before_m, along_m, dt_s, layout.approach_m[approach])
    motor, places = IS_MOTOR[kind], layout.places(approach, rows["lane"][row])
    lanes = places.lanes
    if layout.has_links:
        obstacle = rows["obstacle"][row]
        time_s[obstacle] = distance_m[obstacle] = 0.0
        lanes = np.where(obstacle, -1, lanes)
    amounts[Amount.TIME_S] = places.sums(time_s * motor)
    amounts[Amount.DISTANCE_M] = places.sums(distance_m * motor)
    length_m = rows["length_m"][row]
    amounts[Amount.AREA_M2S] = places.sums(time_s * length_m * WIDTH_M[kind])
    front_m = np.where(layout.toward[approach], along_m, along_m - length_m)
    rear_m = front_m + length_m
    at_line = rear_m > 0
    amounts[Amount.OCCUPIED_S] = _occupied(layout, places.lanes[(front_m < DETECTOR_M) & at_line]) * frame_s
    amounts[Amount.STOP_BAR_S] = _occupied(layout, places.lanes[(front_m < STOP_BAR_M) & at_line]) * frame_s
    amounts[Amount.GAP_MS], amounts[Amount.GAP_S] = _gaps(layout, lanes, front_m, rear_m, frame_s)
    return amounts


def unseen(way: Way, layout: Layout) -> FloatArray:
    """Amounts of a way that a vehicle made hidden."""
    amounts = nothing(layout)
    approach = np.array([way.approach])
    ends_m = np.array([way.from_m]), np.array([way.to_m])
    time_s, distance_m = _edie(*ends_m, np.array([way.to_s - way.from_s]), layout.approach_m[approach])
    places = layout.places(approach, np.array([way.lane]))
    if IS_MOTOR[way.kind]:
        amounts[Amount.TIME_S], amounts[Amount.DISTANCE_M] = places.sums(time_s), places.sums(distance_m)
    amounts[Amount.AREA_M2S] = places.sums(time_s * way.length_m * WIDTH_M[way.kind])
    return amounts


def _present(fleet: Fleet, seen: Seen) -> tuple[IntArray, FloatArray, FloatArray]:
    """Rows of the vehicles on the road, where they were before, and the time since, (n,) each."""
    rows, held = fleet.rows, fleet.held()
    keep = (rows["kind"][seen.row] != PERSON) & rows["proven"][seen.row]
    row, before_m = seen.row[keep], seen.before_m[keep]
    dt_s = (seen.dt_s + np.minimum(seen.hidden_s, HIDDEN_S))[keep]
    if not len(held):
        return row, before_m, dt_s
    unseen_s = seen.time_s - np.fmax(rows["seen_s"][held], rows["held_s"][held])
    rows["held_s"][held] = seen.time_s
    from_m = np.where(np.isfinite(rows["accounted_m"][held]), rows["accounted_m"][held], rows["along_m"][held])
    rows["accounted_m"][held] = rows["along_m"][held]
    return (
        np.concatenate((row, held)),
        np.concatenate((before_m, from_m)),
        np.concatenate((dt_s, np.minimum(unseen_s, HIDDEN_S))),
    )


def _edie(before_m: FloatArray, now_m: FloatArray, dt_s: FloatArray, length_m: FloatArray) -> tuple[FloatArray, ...]:
    """Time spent and distance run within [0, length], (n,) each: the parts of the straight motion that lie inside."""
    moved_m = before_m - now_m
    inside_m = _within(before_m, length_m) - _within(now_m, length_m)
    still = np.abs(moved_m) < 1e-9
    moved_m[still] = 1.0
    share = np.where(still, (now_m >= 0) & (now_m <= length_m), inside_m / moved_m)
    return dt_s * share, np.where(dt_s > 0, inside_m, 0.0)


def _within(place_m: FloatArray, length_m: FloatArray) -> FloatArray:
    """Places (n,), those outside [0, length] moved to its end, (n,)."""
    return np.minimum(np.maximum(place_m, 0.0), length_m)


def _occupied(layout: Layout, lanes: IntArray) -> FloatArray:
    """Share of covered detectors by cell (C,): 0 or 1 for a lane, the mean of its lanes for an approach.

    lanes: where a vehicle covers it, -1 for one in no lane.
    """
    covered = np.zeros(len(layout) + 1)
    covered[lanes] = 1.0  # no lane: the last place, which is none
    for approach, cell in enumerate(layout.approach_cell.tolist()):
        own = layout.lanes_of(approach)
        covered[cell] = covered[own].sum() / len(own)
    return covered[:-1]


def _gaps(
    layout: Layout, lanes: IntArray, front_m: FloatArray, rear_m: FloatArray, frame_s: float
) -> tuple[FloatArray, FloatArray]:
    """Sum of rear-front gaps times time, and number of gaps times time, by cell (C,); side by side is no gap."""
    order = np.lexsort((front_m, lanes))
    lane, gap_m = lanes[order], front_m[order[1:]] - rear_m[order[:-1]]
    good = (lane[1:] == lane[:-1]) & (lane[1:] >= 0) & (gap_m >= 0)
    cell, size = lane[1:][good], len(layout)
    total = np.bincount(cell, gap_m[good] * frame_s, size)
    time_s = np.bincount(cell, np.full(len(cell), frame_s), size)
    for approach, top in enumerate(layout.approach_cell.tolist()):
        own = layout.lanes_of(approach)
        total[top], time_s[top] = total[own].sum(), time_s[own].sum()
    return total.astype(np.float64), time_s.astype(np.float64)
