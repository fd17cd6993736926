"""What the way to the stop line cost: delay, stops, travel time, and when vehicles arrived (domain reference, §1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..data import FloatArray, IntArray
from .crossings import Crossing
from .fleet import SEGMENTS, Fleet, Rows, Seen
from .layout import Cell, Layout
from .proof import EDGE_SHARE
from .settings import IS_MOTOR

TRACED_SHARE: Final = 0.5
MIN_SHARE: Final = 0.3
"""A part of the road counts when this share of the vehicles was seen to pass it, else the delay is unknown."""

WHOLE_SHARE: Final = 0.5
"""Fewer whole ways than this, and the delay is unknown: breaks of the picture cut long waits more often than short
ones, so that what is left is too quick."""

SETTLED_S: Final = 1.0
"""After this long the first speed of a vehicle is known."""


FASTER: Final = "faster_than_reference"
FASTER_S: Final = 0.5
"""A mean delay this far below 0 is told with the flag: the reference speed is lower than what people drive."""

PARTS: FloatArray = np.arange(1.0, SEGMENTS + 1)
"""The parts of the measured length, the one nearest the line first."""


@dataclass(frozen=True, slots=True)
class Trip:
    """Means per vehicle over the visible length, up to the stop line; None is unknown. n: of how many vehicles.
    faster: they drove faster than the reference speed, so that the mean control delay is told as 0."""

    n: int = 0
    control_delay_s: float | None = None
    travel_time_s: float | None = None
    stopped_delay_s: float | None = None
    stops_per_vehicle: float | None = None
    faster: bool = False


@dataclass(frozen=True, slots=True)
class Arrival:
    """A vehicle that came into view. time_s: when it would be at the stop line at free-flow speed."""

    time_s: float
    approach: int


def mark_passes(fleet: Fleet, seen: Seen, layout: Layout) -> None:
    """Keep when vehicles came to the end of each eighth of the measured length, straight between two sightings."""
    rows, row = fleet.rows, seen.row
    length_m, now_m = layout.approach_m[rows["approach"][row]], rows["along_m"][row]
    before = np.ceil(seen.before_m * SEGMENTS / length_m)
    now = np.ceil(now_m * SEGMENTS / length_m)
    n = ((now < before) & (now < SEGMENTS + 1) & (before > 1)).nonzero()[0]
    if len(n):
        _mark(rows, row[n], (seen.before_m[n], now_m[n]), (seen.before_s[n], seen.time_s), length_m[n])


def mark_pass(rows: Rows, row: int, way_m: tuple[float, float], time_s: tuple[float, float], length_m: float) -> None:
    """Keep when a vehicle came to the ends of the parts on a way (from, to) that took from one time to another."""
    from_m, to_m = np.array([way_m[0]]), np.array([way_m[1]])
    _mark(rows, np.array([row]), (from_m, to_m), (np.array([time_s[0]]), time_s[1]), np.array([length_m]))


def _mark(
    rows: Rows,
    row: IntArray,
    way_m: tuple[FloatArray, FloatArray],
    time_s: tuple[FloatArray, float],
    length_m: FloatArray,
) -> None:
    """The same of several vehicles, (n,) each, whose ways end at the same time."""
    from_m, from_s = way_m[0][:, None], time_s[0][:, None]
    to_m = way_m[1][:, None]
    ends_m = (length_m / SEGMENTS)[:, None] * PARTS
    passed = (ends_m < from_m) & (ends_m >= to_m)
    n, part = passed.nonzero()
    share = (from_m - ends_m)[passed] / (from_m - to_m)[n, 0]
    rows["passes_s"][row[n], part] = time_s[0][n] + share * (time_s[1] - from_s)[n, 0]


def trip(crossings: Sequence[Crossing], cell: Cell) -> Trip:
    """Delay, travel time and stops of motor vehicles over the line.

    Control delay = time taken - distance / free-flow speed (domain reference, section 1), summed over eighths of the
    measured length: in each the mean of the vehicles that were seen over the whole of it, so that one that was hidden
    on its way still counts where it was seen. Travel time is that sum without the free-flow time taken off. All of
    vehicles traced over at least half of the length, in one track or in two of which the second was found to go on with
    the first (`emerged`): who comes out from behind others nearer has waited where nobody
    saw it, and its quick last metres would make the mean too small. Vehicles whose way over the near half was not
    watched from its begin (they were there at first, or when a camera was back) are left out. Unknown where
    these are more than half of all, and where less than 0.3 of the others were seen over some part.

    A delay is time lost against free flow (HCM 7): one vehicle may drive faster than the reference speed and have a
    negative one, which counts in the mean (cut off at 0, the scatter of a free road would be a delay); a mean below 0
    is no delay, and is told as 0. Travel time stays what it is.
    """
    if not crossings:
        return Trip()
    passed, crossings = len(crossings), [c for c in crossings if c.whole]
    if len(crossings) < WHOLE_SHARE * passed:
        return Trip()
    traced = [c for c in crossings if _is_traced(c, cell.length_m)]
    least_n = max(1.0, MIN_SHARE * len(crossings))
    travel_s = _travel_s(traced, cell.length_m, least_n)
    v_mps = cell.reference_mps
    known = len(traced) >= least_n
    delay_s = None if travel_s is None or v_mps is None else travel_s - cell.length_m / v_mps
    return Trip(
        n=len(traced) if known else 0,
        control_delay_s=None if delay_s is None else max(0.0, delay_s),
        travel_time_s=travel_s,
        stopped_delay_s=_mean([c.stopped_s for c in traced]) if known else None,
        stops_per_vehicle=_mean([float(c.stops) for c in traced]) if known else None,
        faster=delay_s is not None and delay_s < -FASTER_S,
    )


def _is_traced(crossing: Crossing, length_m: float) -> bool:
    """Whether it is known when a vehicle came into the near half of the measured length."""
    half = crossing.passes_s[round(TRACED_SHARE * SEGMENTS) - 1 :][:1]
    return crossing.start_m >= TRACED_SHARE * length_m or bool(np.isfinite(half).any())


def _travel_s(crossings: Sequence[Crossing], length_m: float, least_n: float) -> float | None:
    """Mean time over the measured length, seconds, from the mean times over its parts."""
    if not crossings or any(len(c.passes_s) != SEGMENTS for c in crossings):
        return None
    parts_s = np.array([_parts_s(c, length_m) for c in crossings])
    seen = np.isfinite(parts_s)
    counts = seen.sum(axis=0)
    if (counts < least_n).any():
        return None
    return float((np.where(seen, parts_s, 0.0).sum(axis=0) / counts).sum())


def _parts_s(crossing: Crossing, length_m: float) -> FloatArray:
    """Time over each part, the one nearest the line first, (SEGMENTS,); NaN where it was not seen.

    The part in which the vehicle came into view counts in proportion when at least half of it was seen.
    """
    times_s = np.array((crossing.time_s, *crossing.passes_s))
    parts_s = times_s[:-1] - times_s[1:]
    part_m = length_m / SEGMENTS
    first = min(int(crossing.start_m // part_m), SEGMENTS - 1)
    share = crossing.start_m / part_m - first
    if first >= 0 and share >= 0.5 and np.isnan(parts_s[first]):
        parts_s[first] = (times_s[first] - crossing.start_s) / share
    return np.asarray(parts_s)


class Arrivals:
    """Tells each vehicle's arrival once: of those that came into view in the far half of the measured length, driving.

    Who is in a queue already when it is first seen has arrived before, nobody knows when. Who is first seen in the
    middle of the road may be a vehicle that was lost and is found again (`emerged`): it is told once that is known.
    """

    def __init__(self, layout: Layout, least_mps: float) -> None:
        self._least_mps = least_mps
        self._length_m: FloatArray = layout.length_m[layout.approach_cell]
        cells = [layout.cells[i] for i in layout.approach_cell.tolist()]
        self._reference_mps: FloatArray = np.array([c.reference_mps or np.nan for c in cells])

    def look(self, fleet: Fleet, now_s: float) -> list[Arrival]:
        """The arrivals that are settled since it was last asked."""
        rows, row = fleet.rows, fleet.active()
        row = row[rows["proven"][row] & ~rows["arrived"][row] & (now_s - rows["first_s"][row] >= SETTLED_S)]
        at_edge = rows["first_m"][row] > EDGE_SHARE * self._length_m[rows["approach"][row]]
        row = row[at_edge | rows["settled"][row]]
        rows["arrived"][row] = True
        approach = rows["approach"][row]
        far = IS_MOTOR[rows["kind"][row]] & (rows["first_m"][row] >= TRACED_SHARE * self._length_m[approach])
        speed_mps = _since_seen_mps(rows, row)
        far &= speed_mps > self._least_mps
        times_s = self._at_line_s(rows, row, speed_mps)
        picked = np.flatnonzero(far & np.isfinite(times_s)).tolist()
        return [Arrival(float(times_s[n]), int(approach[n])) for n in picked]

    def _at_line_s(self, rows: Rows, row: IntArray, speed_mps: FloatArray) -> FloatArray:
        """When vehicles (n,) would be at the line if they had gone on freely from the far end of the measured length,
        where they were earlier by the way from there to where they were first seen, at their own speed."""
        approach = rows["approach"][row]
        length_m, free_mps = self._length_m[approach], self._reference_mps[approach]
        unseen_m = np.maximum(length_m - rows["first_m"][row], 0.0)
        began_s = rows["first_s"][row] - unseen_m / np.minimum(np.maximum(speed_mps, self._least_mps), free_mps)
        return np.asarray(began_s + length_m / free_mps)


def _since_seen_mps(rows: Rows, row: IntArray) -> FloatArray:
    """Mean speeds (n,) toward the line since vehicles were first seen."""
    took_s = np.maximum(rows["seen_s"][row] - rows["first_s"][row], 1e-9)
    return np.asarray((rows["first_m"][row] - rows["along_m"][row]) / took_s)


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
