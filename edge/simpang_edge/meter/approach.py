"""One approach over time: its cycles, its state, its congestion events."""

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ..config import Camera
from ..data import Colour, Cycle, Event, EventType, FloatArray, LiveRow, Measurement, Quality, Reason, State
from . import reasons
from .crossings import Crossing
from .cycle import CycleFinder, Starts
from .events import CongestionEvents
from .green import green
from .held import Held
from .kept import Keeps, Plain, Take, together
from .layout import Layout
from .live import LiveSight, Now, figures, live_row, stale_row
from .memory import QueueSample
from .modelled import MODEL_FROM_S, modelled
from .pcu import Pcu
from .queue import QueueNow
from .reasons import Figures, doubtful, few_seconds, say
from .service import Service
from .settings import MeterSettings
from .signal import SignalLog
from .speeds import Errors
from .state import WORSE, Judge, Verdict, figures_of
from .trips import Arrival

DOWNSTREAM: Final = (EventType.SPILLBACK.value, EventType.BLOCKED_BOX.value)
"""Causes that lie beyond the junction: no formula of a signal approach holds while they last."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What the approaches of a camera have in common."""

    pcu: Pcu
    service: Service
    starts: Starts
    errors: Errors


class ApproachWatch:
    """Judges one approach of a camera."""

    def __init__(self, camera: Camera, index: int, layout: Layout, settings: MeterSettings, shared: Shared) -> None:
        rules = settings.state
        self._cell = int(layout.approach_cell[index])
        self._cells = (self._cell, *layout.lanes_of(index).tolist())
        self._layout = layout
        self._rules = rules
        self.approach = layout.ids[index]
        self._index = index
        self._service = shared.service
        self._speeds = shared.errors.supported(index)
        self._cycles = CycleFinder(self.approach, layout.cells[self._cell], shared.pcu.crossing, shared.starts)
        self._signal = SignalLog(camera.approaches[index].control)
        self._signalled = camera.approaches[index].control == "signal"
        self._base_s = settings.base_s
        self._kept = math.ceil(max(settings.windows_s) / self._base_s) + 1
        self._judge = Judge(rules, self._signalled)
        self._held = Held(rules, self._kept)
        self._events = CongestionEvents(camera.id, self.approach, rules.min_event_s, rules.merge_event_s)
        self._blocked_s = -math.inf

    def keep(self) -> Plain:
        """What it judges by and what is open, for the run after this one."""
        return {"blocked_s": self._blocked_s, **{name: part.keep() for name, part in self._parts().items()}}

    def take(self, kept: Plain) -> Take:
        """What an earlier run left. Raises `ValueError` for anything else."""
        blocked_s = float(kept["blocked_s"])

        def put() -> None:
            self._blocked_s = blocked_s

        return together([put, *(part.take(kept[name]) for name, part in self._parts().items())])

    def _parts(self) -> dict[str, Keeps]:
        return {"judge": self._judge, "held": self._held, "events": self._events, "signal": self._signal}

    def open(self) -> tuple[tuple[Event, float], ...]:
        """The congestion that is open, with its last sign: at the latest the end of the last window that was judged."""
        event = self._events.open
        return () if event is None else ((event, self._events.last_s(self._judge.judged_s)),)

    def give_up(self) -> tuple[Event, ...]:
        """Forget what was too long ago; the end of the congestion that was open, with its last sign."""
        return self.reset(self._judge.judged_s)

    def second(self, time_s: float, queue: QueueNow, bar_s: FloatArray, watched_s: float) -> Cycle | None:
        """Account for the queue of one second; the signal cycle it completes, if any. bar_s (C,): how long the stop bar
        has been covered since the start."""
        i = self._cell
        tail_m = float(queue.tail_m[i])
        sample = QueueSample(
            time_s=time_s,
            vehicles=int(queue.vehicles[i]),
            tail_m=tail_m,
            beyond=bool(queue.beyond[i]),
            waiting=int(queue.waiting[i]),
            smp=float(queue.smp[i]),
            bar_s=tuple(bar_s[list(self._cells[1:])].tolist()),
            watched_s=watched_s,
        )
        cycle = self._told(self._cycles.sample(sample))
        self._signal.second(self._cycles.green_s)
        self._judge.signal = self._signalled and not self._signal.none_found
        self._judge.second(time_s, tail_m / self._layout.cells[i].length_m)
        return cycle

    def free_since_s(self, now_s: float) -> float:
        """Since when nothing but what lies downstream has kept the queue from going; now while it may be red."""
        return self._cycles.free_since_s(now_s) if self._judge.signal else -math.inf

    @property
    def longest_wait_s(self) -> float:
        """For how long a vehicle may stand at the line for the signal's sake."""
        return self._cycles.longest_wait_s if self._signalled else 0.0

    def arrive(self, arrival: Arrival) -> None:
        """Account for a vehicle that came into view."""
        self._cycles.arrive(arrival)

    def cross(self, crossing: Crossing) -> Cycle | None:
        """Account for a crossing of this approach; the signal cycle it completes, if any: never where none works."""
        self._signal.cross()
        return None if not self._signalled else self._told(self._cycles.cross(crossing))

    def look(self, time_s: float, colour: Colour | None) -> Cycle | None:
        """Account for the lamp that is lit; the signal cycle it completes, if any: never where none works."""
        return None if not self._signalled else self._told(self._cycles.look(time_s, colour))

    def _told(self, cycle: Cycle | None) -> Cycle | None:
        if cycle is not None:
            self._judge.cycle(cycle)
            self._signal.add(cycle)
        return cycle

    def serve(self, row: Measurement, length_s: int, turn_ratio: float | None = None) -> Measurement:
        """The row of a closed window with its cycles, capacity, degree of saturation and level of service; at a signal
        a quarter hour also with what PKJI's formulas make of these.

        turn_ratio: share of the approach's smp that turned, None where it is not known.
        """
        if row.counts is None:
            return row
        signal = self._signal.of(length_s, row.to_s)
        row = self._service.complete(self._signal.fill(row, signal), self._index, signal)
        if length_s < MODEL_FROM_S or not self._signalled:
            return row
        width_m, blocked = self._service.width_m(self._index), self._blocked_s > row.from_s
        known = green(signal)
        return replace(row, modelled=modelled(row, known, width_m, turn_ratio, blocked, self._service.manual))

    def judge(self, row: Measurement, cause: str | None = None) -> tuple[Verdict, tuple[Event, ...]]:
        """The state after a base window of this approach, and congestion events that it begins or ends.

        cause: the incident that is open on the approach.
        """
        if cause in DOWNSTREAM:
            self._blocked_s = row.to_s
        verdict = self._judge.window(row)
        self._held.add(row, verdict)
        unknown = verdict.state is State.UNKNOWN and self._judge.verdict is not None
        if unknown and row.to_s - self._judge.judged_s >= self._rules.forget_s:
            return verdict, self.give_up()
        return verdict, self._events.follow(verdict, row.to_s, cause)

    def latest(self, row: Measurement) -> Verdict:
        """The state for a window of another length: of a longer one what held in it, of a shorter one what holds."""
        if row.counts is None or (row.quality.score or 0.0) < self._rules.min_quality:
            return Verdict(State.UNKNOWN, doubtful(row.quality, row.to_s - row.from_s, self._rules.min_quality))
        signal = self._judge.signalled(row.to_s, row.queue_max_m)
        if row.to_s - row.from_s > self._base_s:
            return self._held.verdict(row, signal)
        return self._standing(row.to_s) or self._judge.calm(figures_of(row), row.to_s, signal)

    def close(self, now_s: float) -> tuple[Event, ...]:
        """End the congestion event that is open."""
        return self._events.close(now_s)

    def reset(self, now_s: float) -> tuple[Event, ...]:
        """Forget what was: the clock was set, or nothing was seen for long."""
        self._judge = Judge(self._rules, self._signalled)
        self._held = Held(self._rules, self._kept)
        self._cycles.reset()
        self._signal.reset()
        self._blocked_s = -math.inf
        return self._events.close(now_s)

    def live(self, now: Now, sight: LiveSight, time_s: float, observed_s: float) -> tuple[LiveRow, ...]:
        """The rows of this approach and its lanes, from a fresh picture; of a lane that cannot be seen only what passed
        before, and of the approach then no free road."""
        state, reason = self._live_state(now, sight.qualities[self._cell], time_s)
        if state is State.FREE and sight.hidden.intersection(self._cells):
            state, reason = State.UNKNOWN, say(reasons.OCCLUDED, Figures())
        return tuple(self._live_row(now, sight, i, state, reason, time_s, observed_s) for i in self._cells)

    def _live_row(
        self, now: Now, sight: LiveSight, index: int, state: State, reason: Reason, time_s: float, observed_s: float
    ) -> LiveRow:
        cell, quality = self._layout.cells[index], sight.qualities[index]
        if index in sight.hidden:
            row = stale_row(now.counts, index, cell, time_s, observed_s)
            return replace(row, quality=quality, reason=say(reasons.OCCLUDED, Figures()))
        row = live_row(now, index, cell, time_s, observed_s)
        speed_mps = row.speed_mps if self._speeds else None
        return replace(row, speed_mps=speed_mps, quality=quality, state=state, reason=reason)

    def _standing(self, now_s: float, seen_s: float = 0.0) -> Verdict | None:
        """The congestion that was judged last; unknown where that is too long ago to be told as now.

        `stands_windows`: one unknown window, and half a window for the grace in which windows stay open.
        """
        judged = self._judge.verdict
        if judged is None or judged.state not in WORSE:
            return None
        if now_s - self._judge.judged_s <= self._rules.stands_windows * self._base_s:
            return judged
        return Verdict(State.UNKNOWN, few_seconds(min(seen_s, self._base_s), self._base_s))

    def _live_state(self, now: Now, quality: Quality, time_s: float) -> tuple[State, Reason]:
        """A judged congestion stands until it is judged over; else free or dense, by the last minute. As of a window,
        unknown where the minute's score is too low.

        After a break (`Recent`) it is unknown until enough was seen again, and a congestion that was judged before a
        long one until a window is judged again.
        """
        if now.span_s < self._rules.provisional_s:
            return State.UNKNOWN, few_seconds(now.span_s, self._rules.provisional_s)
        if (quality.score or 0.0) < self._rules.min_quality:
            return State.UNKNOWN, doubtful(quality, now.to_s - now.from_s, self._rules.min_quality)
        standing = self._standing(time_s, now.span_s)
        if standing is not None:
            return standing.state, standing.reason
        minute = figures(now, self._cell, self._layout.cells[self._cell])
        if not self._speeds:
            minute = replace(minute, speed_mps=None, ratio=None)
        waiting = self._judge.signal and bool(np.isfinite(minute.queue_m or 0.0) and minute.queue_m)
        signal = waiting or (self._judge.signal and self._cycles.signalled(time_s))
        verdict = self._judge.calm(minute, time_s, signal)
        if waiting and verdict.state is State.FREE and not self._cycles.discharging(time_s):
            return verdict.state, say(reasons.RED_LIGHT, minute)
        return verdict.state, verdict.reason
