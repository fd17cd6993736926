"""What the operator sees now: what was observed of the last minute, and the moment itself, by cell."""

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..data import KINDS, FloatArray, IntArray, LiveRow, Quality
from .crossings import Crossing
from .exposure import Amount, nothing
from .fleet import PERSON, Fleet, Seen
from .layout import Cell, Layout
from .queue import HOLD_S, QueueNow
from .reasons import Figures
from .rows import MIN_RATE_S, scored, space_mean_mps
from .settings import IS_MOTOR

FLOW_S: Final = 60.0
MARK_S: Final = 1.0
CROSSED_S: Final = 100.0
SPEED_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class _Mark:
    """Running sums at one moment."""

    time_s: float
    observed_s: float
    exposure: FloatArray
    motor: IntArray


@dataclass(frozen=True, slots=True)
class Now:
    """The last minute of the clock and this moment, by cell.

    from_s, to_s: what of the minute could be watched: since the start, or since a longer time without a picture.
    span_s: its observed seconds, that `amounts` (len(Amount), C) and `motor` (C,)
    cover. counts: (C, len(KINDS)). in_view: (C,) upstream of the line. moving_mps: (C,) mean of the last 5 s, NaN where
    nothing moved.
    """

    from_s: float
    to_s: float
    span_s: float
    amounts: FloatArray
    motor: IntArray
    counts: IntArray
    in_view: IntArray
    moving_mps: FloatArray
    queue: QueueNow


@dataclass(frozen=True, slots=True)
class LiveSight:
    """How well the last minute was seen: the quality of every cell, and the cells that cannot be seen now."""

    qualities: tuple[Quality, ...]
    hidden: frozenset[int]


class Recent:
    """Running sums since the start, and where they stood a minute ago.

    counts: int64 (C, len(KINDS)), vehicles that crossed since the start. break_s: nothing from before a longer time
    without a picture is told as now (domain reference, section 6: a stale stream is unknown).
    """

    def __init__(self, layout: Layout, break_s: float) -> None:
        self._layout = layout
        self._break_s = break_s
        cells = len(layout)
        self.counts: IntArray = np.zeros((cells, len(KINDS)), np.int64)
        self._motor: IntArray = np.zeros(cells, np.int64)
        self._exposure = nothing(layout)
        self._observed_s = 0.0
        self._marks: deque[_Mark] = deque()
        self._crossed: deque[Crossing] = deque()
        self._speeds: deque[tuple[float, FloatArray, IntArray]] = deque()

    def add(self, exposure: FloatArray, observed_s: float) -> None:
        """Account for one observed span."""
        self._exposure += exposure
        self._observed_s += observed_s

    @property
    def observed_s(self) -> float:
        """Seconds observed since the start."""
        return self._observed_s

    def total_s(self, amount: Amount) -> FloatArray:
        """One amount summed since the start, by cell (C,)."""
        return np.asarray(self._exposure[amount])

    def cross(self, crossing: Crossing) -> None:
        """Account for a crossing."""
        self._count(crossing, 1)
        self._crossed.append(crossing)
        while self._crossed[0].time_s < crossing.time_s - CROSSED_S:
            self._crossed.popleft()

    def retract(self, since_s: float) -> None:
        """Take back what crossed since a moment: the picture could not be trusted from then on."""
        for crossing in self._crossed:
            if crossing.time_s >= since_s:
                self._count(crossing, -1)
        self.reset_time()

    def _count(self, crossing: Crossing, sign: int) -> None:
        for cell in self._layout.cells_at(crossing.approach, crossing.lane):
            self.counts[cell, crossing.kind] += sign
            self._motor[cell] += sign * IS_MOTOR[crossing.kind]

    def second(self, time_s: float) -> None:
        """Remember where the sums stand, once per second."""
        if self._marks and time_s - self._marks[-1].time_s > self._break_s:
            self._marks.clear()
        self._marks.append(self._mark(time_s))
        while self._marks[0].time_s < time_s - FLOW_S - MARK_S:
            self._marks.popleft()

    def speeds(self, fleet: Fleet, seen: Seen, moving_mps: float) -> None:
        """Account for the speeds of the moving vehicles of one frame."""
        rows, speed_mps = fleet.rows, fleet.rows["speed_mps"][seen.row]
        moving = (speed_mps >= moving_mps) & (rows["kind"][seen.row] != PERSON)
        row = seen.row[moving]
        places = self._layout.places(rows["approach"][row], rows["lane"][row])
        self._speeds.append((seen.time_s, places.sums(speed_mps[moving]), places.count()))
        while self._speeds[0][0] < seen.time_s - SPEED_S:
            self._speeds.popleft()

    def reset_time(self) -> None:
        """The clock was set, or the picture was false: what is ordered by time starts again; the counts stay."""
        self._speeds.clear()
        self._marks.clear()
        self._crossed.clear()

    def now(self, fleet: Fleet, queue: QueueNow, frame_s: float) -> "Now":
        """The moment of the newest frame."""
        minute = (mark for mark in self._marks if mark.time_s >= frame_s - FLOW_S)
        then = next(minute, None) or self._mark(frame_s)
        return Now(
            from_s=then.time_s,
            to_s=frame_s,
            span_s=self._observed_s - then.observed_s,
            amounts=self._exposure - then.exposure,
            motor=self._motor - then.motor,
            counts=self.counts,
            in_view=self._in_view(fleet, frame_s),
            moving_mps=self._moving_mps(frame_s),
            queue=queue,
        )

    def _moving_mps(self, frame_s: float) -> FloatArray:
        recent = [(v, n) for time_s, v, n in self._speeds if time_s >= frame_s - SPEED_S]
        total = sum((v for v, _ in recent), np.zeros(len(self._layout)))
        count = sum((n for _, n in recent), np.zeros(len(self._layout), np.int64))
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def _in_view(self, fleet: Fleet, frame_s: float) -> IntArray:
        rows, row = fleet.rows, fleet.fresh(frame_s, HOLD_S)
        row = row[(rows["along_m"][row] >= 0) | rows["queued"][row]]
        return self._layout.places(rows["approach"][row], rows["lane"][row]).count()

    def _mark(self, time_s: float) -> _Mark:
        return _Mark(time_s, self._observed_s, self._exposure.copy(), self._motor.copy())


def figures(now: Now, index: int, cell: Cell) -> Figures:
    """The last minute of one cell, for the sentence; the queue is that of this moment."""
    amounts, reference_mps, tail_m = now.amounts[:, index], cell.reference_mps, float(now.queue.tail_m[index])
    speed_mps = space_mean_mps(amounts)
    return Figures(
        speed_mps=speed_mps,
        ratio=None if speed_mps is None or reference_mps is None else speed_mps / reference_mps,
        area_ratio=float(amounts[Amount.AREA_M2S]) / (cell.area_m2 * now.span_s) if now.span_s > 0 else None,
        queue_m=tail_m,
        storage_ratio=tail_m / cell.length_m,
    )


def quality(now: Now, index: int) -> Quality:
    """As of a window of what could be watched of the last minute, before what the picture takes from it."""
    flags = {"queue_beyond_view"} if now.queue.beyond[index] else set()
    return scored(now.span_s, now.to_s - now.from_s, flags)


def live_row(now: Now, index: int, cell: Cell, time_s: float, observed_s: float) -> LiveRow:
    """The figures of one cell, without its state."""
    rate = now.span_s >= MIN_RATE_S
    moving_mps = float(now.moving_mps[index])
    return LiveRow(
        time_s=time_s,
        scope=cell.scope,
        approach=cell.approach,
        lane=cell.lane,
        vehicles_in_view=int(now.in_view[index]),
        counts=tuple(int(n) for n in now.counts[index]),
        observed_s=observed_s,
        flow_vps=float(now.motor[index]) / now.span_s if rate else None,
        speed_mps=None if np.isnan(moving_mps) else moving_mps,
        queue_m=float(now.queue.tail_m[index]) if _queue_known(now.queue, index) else None,
        queue_vehicles=int(now.queue.vehicles[index]) if _queue_known(now.queue, index) else None,
        queue_beyond_view=bool(now.queue.beyond[index]),
        occupancy_ratio=min(1.0, float(now.amounts[Amount.OCCUPIED_S, index]) / now.span_s) if rate else None,
    )


def _queue_known(queue: QueueNow, index: int) -> bool:
    """A queue that is seen is one; none seen is none only where it could be told."""
    return queue.told or bool(queue.vehicles[index])


def stale_row(counts: IntArray, index: int, cell: Cell, time_s: float, observed_s: float) -> LiveRow:
    """What remains known without a fresh picture: the counts so far."""
    known = tuple(int(n) for n in counts[index]) if observed_s > 0 else None
    return LiveRow(
        time_s=time_s,
        scope=cell.scope,
        approach=cell.approach,
        lane=cell.lane,
        counts=known,
        observed_s=observed_s,
    )
