"""Who is queued, per vehicle and per cell (domain reference, section 1)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..data import FloatArray, IntArray
from .fleet import PERSON, SPEED_S, Fleet, Rows, Seen
from .layout import EDGE_M, Layout
from .settings import IS_MOTOR, QueueLimits

BESIDE_M: Final = 2.5
"""Vehicles this close across the road queue behind one another even when their lanes differ (motorcycles)."""

STANDS_MPS: Final = 0.5
"""Slower than this over the last second is standing; a pixel of jitter stays below it near the line."""

HOLD_S: Final = 1.0
SEEMS_BACK_M: Final = 1.5
"""A queued vehicle that is so far behind where it has been did not back up: something hides its wheels."""

STOOD_M: Final = 4.0
"""A hidden vehicle that appears again at most this far ahead has stood meanwhile."""


@dataclass(frozen=True, slots=True)
class QueueNow:
    """The queue at one moment, by cell; all arrays (C,).

    tail_m: rear of the last queued vehicle, upstream of the stop line, 0 without a queue. vehicles: how many.
    beyond: whether the tail is so close to the end of the measured length that it may reach past it.
    waiting: vehicles that were ever queued and have not crossed: at the end of green, the residual queue. held: those
    of the queued that are hidden. smp: the queued motor vehicles in passenger-car units. obstacles: those that
    only stand in the way (`obstacles`), in no queue. told: whether the road has been watched for so long without a
    break that none queued means no queue.
    """

    tail_m: FloatArray
    vehicles: IntArray
    beyond: NDArray[np.bool_]
    waiting: IntArray
    held: IntArray
    smp: FloatArray
    obstacles: IntArray
    told: bool = True


Smp = Callable[[Rows], FloatArray]
"""smp of rows (n,) of a fleet, (n,)."""


class Queue:
    """Moves vehicles into and out of the queue by speed, time and distance to the one ahead."""

    def __init__(self, limits: QueueLimits, layout: Layout, smp: Smp) -> None:
        self._limits = limits
        self._layout = layout
        self._smp = smp

    def follow(self, fleet: Fleet, seen: Seen) -> None:
        """Account for one frame: timers, stops, who enters and who leaves."""
        rows, row, now_s = fleet.rows, seen.row, seen.time_s
        speed = rows["speed_mps"][row]
        pace = np.abs(speed)
        slow, fast = pace < self._limits.enter_mps, speed > self._limits.leave_mps
        slow_s = _since(rows, "slow_since_s", row, slow, now_s)
        fast_s = _since(rows, "fast_since_s", row, fast, now_s)
        rows["still_s"][row[pace < STANDS_MPS]] = now_s
        upstream = ~rows["counted"][row]
        self._hidden_stops(rows, seen, upstream)
        held = slow_s >= self._limits.enter_s
        self._stops(rows, seen, slow & upstream, fast, held & upstream)
        stays = upstream & ~(fast_s >= self._limits.leave_s)
        rows["queued"][row[~stays]] = False
        self._enter(fleet, row[held & stays], now_s)

    def _hidden_stops(self, rows: Rows, seen: Seen, upstream: NDArray[np.bool_]) -> None:
        """The time for which a vehicle stood hidden is time stopped."""
        n = ((seen.hidden_s > 0) & upstream).nonzero()[0]
        if not len(n):
            return
        row = seen.row[n]
        stood = rows["queued"][row] & (np.abs(seen.before_m[n] - rows["along_m"][row]) <= STOOD_M)
        rows["stopped_s"][row[stood]] += seen.time_s - seen.before_s[n][stood]

    def now(self, fleet: Fleet, now_s: float) -> QueueNow:
        """The queue of vehicles seen within the last second, and of those that stand hidden."""
        layout, rows = self._layout, fleet.rows
        held = fleet.held()
        row = np.union1d(fleet.fresh(now_s, HOLD_S), held).astype(np.int64)
        waiting = row[rows["was_queued"][row] & ~rows["counted"][row]]
        obstacles = row[rows["obstacle"][row]]
        row = row[rows["queued"][row]]
        rear_m = fleet.extent_m(row)[1] - _seeming_m(rows, row)
        tail_m = np.zeros(len(layout))
        lanes = layout.lane_cells(rows["approach"][row], rows["lane"][row])
        np.maximum.at(tail_m, layout.approach_cell[rows["approach"][row]], rear_m)
        np.maximum.at(tail_m, lanes[lanes >= 0], rear_m[lanes >= 0])
        motor = row[IS_MOTOR[rows["kind"][row]]]
        return QueueNow(
            tail_m=tail_m,
            vehicles=_count(layout, rows, row),
            beyond=tail_m >= layout.length_m - EDGE_M,
            waiting=_count(layout, rows, waiting),
            held=_count(layout, rows, held),
            smp=layout.sums(rows["approach"][motor], rows["lane"][motor], self._smp(rows[motor])),
            obstacles=_count(layout, rows, obstacles),
            told=now_s - fleet.watched_s >= SPEED_S + self._limits.enter_s,
        )

    def _stops(
        self,
        rows: Rows,
        seen: Seen,
        slow: NDArray[np.bool_],
        fast: NDArray[np.bool_],
        held: NDArray[np.bool_],
    ) -> None:
        """A stop: below the queue's speed for its time (held) after having been above the leaving speed (section 1)."""
        row = seen.row
        rows["ran"][row[fast]] = True
        rows["stopped"][row[fast]] = False
        rows["stopped_s"][row[slow]] += seen.dt_s[slow]
        begins = row[held & ~rows["stopped"][row]]
        rows["stops"][begins] += rows["ran"][begins]
        rows["stopped"][begins] = True
        rows["ran"][begins] = False

    def _enter(self, fleet: Fleet, slow: IntArray, now_s: float) -> None:
        """Of rows (n,) that have been slow for the queue's time, those that stand behind the line or a queued one."""
        rows = fleet.rows
        candidates = slow[~rows["queued"][slow] & (rows["kind"][slow] != PERSON) & rows["proven"][slow]]
        candidates = candidates[~rows["obstacle"][candidates]]
        if not len(candidates):
            return
        front_m, _ = fleet.extent_m(candidates)
        ahead = fleet.fresh(now_s, HOLD_S)
        for r in candidates[np.argsort(front_m, kind="stable")].tolist():
            if self._joins(fleet, r, ahead[rows["queued"][ahead]]):
                rows["queued"][r] = rows["was_queued"][r] = True

    def _joins(self, fleet: Fleet, row: int, queued: IntArray) -> bool:
        """Whether this slow vehicle stands close enough behind the line or behind one of the queued rows (m,)."""
        front_m = float(fleet.extent_m(np.array([row]))[0][0])
        return front_m <= self._limits.max_gap_m or behind(fleet, row, queued, self._limits.max_gap_m)


def behind(fleet: Fleet, row: int, queued: IntArray, reach_m: float) -> bool:
    """Whether one of the queued rows (m,) stands at most `reach_m` ahead of this vehicle, in its lane or beside it."""
    rows = fleet.rows
    approach, lane, across_m = (rows[name][row] for name in ("approach", "lane", "across_m"))
    front_m = float(fleet.extent_m(np.array([row]))[0][0])
    near = rows["approach"][queued] == approach
    near &= (rows["lane"][queued] == lane) | (np.abs(rows["across_m"][queued] - across_m) <= BESIDE_M)
    their_front_m, their_rear_m = fleet.extent_m(queued)
    return bool((near & (their_front_m <= front_m) & (front_m - their_rear_m <= reach_m)).any())


def _seeming_m(rows: Rows, row: IntArray) -> FloatArray:
    """How far vehicles (n,) only seem to have moved back, because the lower part of their box is hidden, (n,)."""
    back_m = rows["along_m"][row] - rows["reach_m"][row]
    return np.where(back_m > SEEMS_BACK_M, back_m, 0.0)


def _since(rows: Rows, name: str, row: IntArray, holds: NDArray[np.bool_], now_s: float) -> FloatArray:
    """Keep, in the field `name`, since when a condition holds without a break; for how long, NaN where it does not,
    (n,)."""
    since_s = rows[name][row]
    since_s[~holds] = np.nan
    since_s[holds & np.isnan(since_s)] = now_s
    rows[name][row] = since_s
    return now_s - since_s


def _count(layout: Layout, rows: Rows, row: IntArray) -> IntArray:
    return layout.places(rows["approach"][row], rows["lane"][row]).count()
