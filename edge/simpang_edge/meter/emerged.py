"""Vehicles that come out from behind others: since when they have been on the road (a rule of ours).

Nothing appears in the middle of a road. A track that begins there is a vehicle that was on the road before, and its
time counts in density, delay and arrivals, though nobody saw it:

* Where a track of about its size was lost upstream of it a moment ago, it is that vehicle, and only the time in
  between was not seen.
* Else it has been behind a larger vehicle all the way, if one hides that place, no other vehicle stands in it (a
  second box around a vehicle comes out of nothing) and the vehicle ahead of it was seen to come. Vehicles of a lane
  keep their order: it came into view after the one ahead of it and before the one behind. A third of that time is
  counted: rather too little, as the neighbour that was seen may not be the next one.

All others are left as they are: a detector that finds late is no reason to count what was not there. The tracks
themselves tell whether it does: where vehicles are found as they come into view, few tracks begin in the middle of the
road; where many do, none of them was hidden for all that is known.
"""

from collections import deque
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..data import FloatArray, IntArray
from .fleet import PERSON, SEGMENTS, TWO_WHEELS, Fleet, Rows
from .hidden import covered
from .layout import Layout
from .proof import EDGE_SHARE
from .settings import WIDTH_M
from .trips import mark_pass

SETTLED_S: Final = 2.0
FRESH_S: Final = 0.5
MOVED_M: Final = 3.0
"""A track is believed after this long, and after it has gone so far down the road: what stands may be no vehicle."""

LONGEST_S: Final = 120.0
BROKE_S: Final = 3.0
"""A track that breaks is found again within this time; longer, something must hide the vehicle."""

THERE_S: Final = 1.0
"""A vehicle whose track begins so soon after the camera began to watch was there before."""

LOST_S: Final = 15.0
FASTEST_MPS: Final = 15.0
SLACK_M: Final = 2.0
BESIDE_M: Final = 2.0
FREE_MPS: Final = 10.0
"""Speed of a vehicle over the way that it was hidden, at the least time that it can have taken [ours]."""

LATER: Final = 1 / 3
DOUBLED_M: Final = 1.0

BIRTHS: Final = 60
MOST_LATE: Final = 1
LATE_SHARE: Final = 0.1
"""Of the latest `BIRTHS` vehicles so many, and a tenth of those found where they came into view, may have been hidden;
more that begin in the middle of the road, and the detector finds late."""


@dataclass(frozen=True, slots=True)
class Way:
    """A vehicle's way that nobody saw, from one place and time to another."""

    approach: int
    lane: int
    kind: int
    length_m: float
    from_s: float
    to_s: float
    from_m: float
    to_m: float


@dataclass(frozen=True, slots=True)
class _Lost:
    """Where a track ended before the stop line."""

    approach: int
    two_wheels: bool
    seen_s: float
    along_m: float
    across_m: float
    passes_s: FloatArray
    arrived: bool

    def leads_to(self, one: Rows, longest_s: float) -> bool:
        """Whether a vehicle that was lost here can be where this track began."""
        gap_s = float(one["first_s"] - self.seen_s)
        moved_m = self.along_m - float(one["first_m"])
        same = self.approach == one["approach"] and self.two_wheels == (one["kind"] in TWO_WHEELS)
        beside = abs(self.across_m - float(one["across_m"])) <= BESIDE_M
        return bool(same and beside and 0 < gap_s <= longest_s and -SLACK_M <= moved_m <= FASTEST_MPS * gap_s + SLACK_M)


class Emerged:
    """Finds what new vehicles were hidden for."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._lost: deque[_Lost] = deque(maxlen=64)
        self._at_edge: deque[bool] = deque(maxlen=BIRTHS)

    def clear(self) -> None:
        """Forget the lost tracks: the clock was set, or the picture was away."""
        self._lost.clear()

    def lose(self, fleet: Fleet, row: IntArray) -> None:
        """Remember where tracks (m,) ended before the stop line."""
        rows = fleet.rows
        upstream = row[rows["proven"][row] & ~rows["counted"][row] & (rows["along_m"][row] > 0)]
        upstream = upstream[rows["kind"][upstream] != PERSON]
        self._lost.extend(_lost(rows[r]) for r in upstream.tolist())

    def look(self, fleet: Fleet, now_s: float) -> list[Way]:
        """Ways of the vehicles whose tracks are believed by now: until they were first seen, and from then until they
        had moved; each is told once. A hidden vehicle whose track ended and that is found again under another one is
        let go."""
        rows, row = fleet.rows, fleet.active()
        row = row[rows["proven"][row] & ~rows["settled"][row] & (now_s - rows["first_s"][row] >= SETTLED_S)]
        row = row[(rows["first_m"][row] - rows["along_m"][row] >= MOVED_M) & (now_s - rows["seen_s"][row] < FRESH_S)]
        rows["settled"][row] = True
        row = row[(rows["kind"][row] != PERSON) & (rows["first_m"][row] > 0)]
        ways = [way for r in row.tolist() for way in (self._way(fleet, r), _stood(fleet, r))]
        return [way for way in ways if way is not None]

    def _way(self, fleet: Fleet, row: int) -> Way | None:
        one = fleet.rows[row]
        hidden = bool(covered(fleet, self._layout.toward, np.array([row]))[0])
        lost = self._found(fleet, one, LOST_S if hidden else BROKE_S)
        if lost is not None:
            return self._goes_on(fleet.rows, row, lost)
        length_m = self._length_m(one)
        late = self._finds_late()
        if one["first_s"] > fleet.watched_s + THERE_S:
            self._at_edge.append(bool(one["first_m"] > EDGE_SHARE * length_m))
        stood = bool(covered(fleet, self._layout.toward, np.array([row]), only="was_queued")[0])
        if not stood or one["first_m"] > EDGE_SHARE * length_m or one["speed_mps"] < -1 or _doubled(fleet, row):
            return None
        from_s = None if late else self._came_s(fleet, row, length_m)
        if from_s is None:
            return None
        self._mark(fleet.rows, row, (length_m + 1e-6, float(one["first_m"])), (from_s, float(one["first_s"])))
        return _way(one, from_s, length_m)

    def _finds_late(self) -> bool:
        """Whether so many vehicles were first seen in the middle of the road that it says nothing of hidden ones."""
        at_edge = sum(self._at_edge)
        return len(self._at_edge) - at_edge > MOST_LATE + LATE_SHARE * at_edge

    def _found(self, fleet: Fleet, one: Rows, longest_s: float) -> _Lost | None:
        """The lost track that this one continues; it is remembered no longer."""
        orphans = fleet.active()
        orphans = orphans[fleet.rows["orphan"][orphans]]
        for r in orphans.tolist():
            if (known := _lost(fleet.rows[r])).leads_to(one, LOST_S):
                fleet.forget(fleet.rows["id"][[r]])
                return known
        lost = next((lost for lost in reversed(self._lost) if lost.leads_to(one, longest_s)), None)
        if lost is not None:
            self._lost.remove(lost)
        return lost

    def _goes_on(self, rows: Rows, row: int, lost: _Lost) -> Way:
        """The way of a vehicle that was lost and found again."""
        one = rows[row]
        known_s = rows["passes_s"][row]
        rows["passes_s"][row] = np.where(np.isnan(known_s), lost.passes_s, known_s)
        rows["arrived"][row] |= lost.arrived
        self._mark(rows, row, (lost.along_m, float(one["first_m"])), (lost.seen_s, float(one["first_s"])))
        return _way(one, lost.seen_s, lost.along_m)

    def _mark(self, rows: Rows, row: int, way_m: tuple[float, float], time_s: tuple[float, float]) -> None:
        if way_m[0] > way_m[1]:
            mark_pass(rows, row, way_m, time_s, self._length_m(rows[row]))

    def _length_m(self, one: Rows) -> float:
        return float(self._layout.approach_m[one["approach"]])

    def _came_s(self, fleet: Fleet, row: int, length_m: float) -> float | None:
        """When a vehicle that was never seen before came into the measured length, between its neighbours. Where the
        one ahead of it was not seen to come in, a car came at the latest when the one behind it did, as cars keep
        their order; of a motorcycle nothing is known then (None)."""
        one = fleet.rows[row]
        first_s = float(one["first_s"])
        latest_s = first_s - (length_m - float(one["first_m"])) / FREE_MPS
        least_s = max(fleet.watched_s, first_s - LONGEST_S)
        ahead_s, behind_s = _neighbours_s(fleet, row, length_m)
        if ahead_s is None and (behind_s is None or one["kind"] in TWO_WHEELS):
            return None
        behind_s = latest_s if behind_s is None else min(behind_s, latest_s)
        if ahead_s is None:
            return max(least_s, behind_s)
        return max(least_s, min(latest_s, behind_s - LATER * (behind_s - min(ahead_s, behind_s))))


def _lost(one: Rows) -> _Lost:
    return _Lost(
        int(one["approach"]),
        int(one["kind"]) in TWO_WHEELS,
        float(np.fmax(one["seen_s"], one["held_s"])),
        float(one["along_m"]),
        float(one["across_m"]),
        one["passes_s"].copy(),
        bool(one["arrived"]),
    )


def _way(one: Rows, from_s: float, from_m: float) -> Way:
    return Way(
        int(one["approach"]),
        int(one["lane"]),
        int(one["kind"]),
        float(one["length_m"]),
        from_s,
        float(one["first_s"]),
        from_m,
        float(one["first_m"]),
    )


def _stood(fleet: Fleet, row: int) -> Way | None:
    """The way of a vehicle from where it was first seen to where it had moved enough to be believed."""
    one = fleet.rows[row]
    if not one["proven_s"] > one["first_s"] or _doubled(fleet, row):
        return None
    before = _way(one, float(one["first_s"]), float(one["first_m"]))
    return replace(before, to_s=float(one["proven_s"]), to_m=float(one["proven_m"]))


def _neighbours_s(fleet: Fleet, row: int, length_m: float) -> tuple[float | None, float | None]:
    """When the nearest vehicle of the lane ahead of this one came into the measured length, and the nearest behind
    it; None where there is none of which that was seen."""
    rows, one = fleet.rows, fleet.rows[row]
    others = fleet.active()
    others = others[(rows["approach"][others] == one["approach"]) & (rows["lane"][others] == one["lane"])]
    entries_s = _entries_s(rows, others, length_m)
    usable = (others != row) & np.isfinite(entries_s) & (rows["kind"][others] != PERSON)
    away_m = rows["along_m"][others[usable]] - one["along_m"]

    def nearest(side: NDArray[np.bool_]) -> float | None:
        if not side.any():
            return None
        return float(entries_s[usable][int(np.argmin(np.where(side, np.abs(away_m), np.inf)))])

    return nearest(away_m < 0), nearest(away_m >= 0)


def _entries_s(rows: Rows, row: IntArray, length_m: float) -> FloatArray:
    """When vehicles (n,) came into the measured length, NaN where that was not seen, (n,)."""
    passed_s: FloatArray = rows["passes_s"][row, SEGMENTS - 1]
    began_s = np.where(rows["first_m"][row] > EDGE_SHARE * length_m, rows["first_s"][row], np.nan)
    return np.where(np.isnan(passed_s), began_s, passed_s)


def _doubled(fleet: Fleet, row: int) -> bool:
    """Whether another vehicle, seen earlier, is in the very place of this one."""
    rows, one = fleet.rows, fleet.rows[row]
    others = fleet.fresh(float(one["seen_s"]), SETTLED_S)
    others = others[(others != row) & (rows["approach"][others] == one["approach"])]
    others = others[rows["first_s"][others] < one["first_s"]]
    width_m = WIDTH_M[rows["kind"][others]] + WIDTH_M[int(one["kind"])]
    front_m, rear_m = fleet.extent_m(others)
    inside = (one["along_m"] > front_m - DOUBLED_M) & (one["along_m"] < rear_m + DOUBLED_M)
    return bool((inside & (np.abs(rows["across_m"][others] - one["across_m"]) < 0.4 * width_m)).any())
