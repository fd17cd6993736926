"""One approach over time: its cycles, its state, its congestion events."""

from dataclasses import replace

import numpy as np

from ..data import Cycle, Event, LiveRow, Measurement, Reason, State
from . import reasons
from .crossings import Crossing
from .cycle import CycleFinder, QueueSample
from .events import CongestionEvents
from .layout import Layout
from .live import Now, figures, live_row
from .queue import QueueNow
from .reasons import Figures, say
from .settings import MeterSettings
from .state import WORSE, Judge, Verdict, calm, figures_of


class ApproachWatch:
    """Judges one approach of a camera."""

    def __init__(self, camera: str, index: int, layout: Layout, settings: MeterSettings) -> None:
        rules = settings.state
        self._cell = int(layout.approach_cell[index])
        self._cells = (self._cell, *layout.lanes_of(index).tolist())
        self._layout = layout
        self._rules = rules
        self.approach = layout.ids[index]
        self._cycles = CycleFinder(self.approach)
        self._judge = Judge(rules)
        self._events = CongestionEvents(camera, self.approach, rules.min_event_s, rules.merge_event_s)
        self._known_s: float | None = None

    def second(self, time_s: float, queue: QueueNow) -> None:
        """Account for the queue of one second."""
        i = self._cell
        tail_m = float(queue.tail_m[i])
        sample = QueueSample(time_s, int(queue.vehicles[i]), tail_m, bool(queue.beyond[i]), int(queue.waiting[i]))
        self._cycles.sample(sample)
        self._judge.second(time_s, tail_m / self._layout.cells[i].length_m)

    def cross(self, crossing: Crossing) -> Cycle | None:
        """Account for a crossing of this approach; the signal cycle it completes, if any."""
        cycle = self._cycles.cross(crossing)
        if cycle is not None:
            self._judge.cycle(cycle)
        return cycle

    def judge(self, row: Measurement, cause: str | None = None) -> tuple[Verdict, tuple[Event, ...]]:
        """The state after a base window of this approach, and congestion events that it begins or ends.

        cause: the incident that is open on the approach.
        """
        verdict = self._judge.window(row)
        if verdict.state is not State.UNKNOWN:
            self._known_s = row.to_s
        elif self._known_s is not None and row.to_s - self._known_s >= self._rules.forget_s:
            return verdict, self.reset(self._known_s)
        return verdict, self._events.follow(verdict, row.to_s, cause)

    def latest(self, row: Measurement) -> Verdict:
        """The state for a window that is not judged by itself: that of the base window that ended last."""
        if row.counts is None or (row.quality.score or 0.0) < self._rules.min_quality:
            seen = Figures(seconds=row.quality.observed_s, needed_s=row.to_s - row.from_s)
            return Verdict(State.UNKNOWN, say(reasons.FEW_SECONDS, seen))
        signal = self._judge.signalled(row.to_s, row.queue_max_m)
        return self._judge.verdict or calm(figures_of(row), self._rules, signal)

    def close(self, now_s: float) -> tuple[Event, ...]:
        """End the congestion event that is open."""
        return self._events.close(now_s)

    def reset(self, now_s: float) -> tuple[Event, ...]:
        """Forget what was: the clock was set, or nothing was seen for long."""
        self._judge = Judge(self._rules)
        self._cycles.reset()
        self._known_s = None
        return self._events.close(now_s)

    def live(self, now: Now, time_s: float, observed_s: float) -> tuple[LiveRow, ...]:
        """The rows of this approach and its lanes, from a fresh picture."""
        state, reason = self._live_state(now, time_s, observed_s)
        rows = (live_row(now, i, self._layout.cells[i], time_s, observed_s) for i in self._cells)
        return tuple(replace(row, state=state, reason=reason) for row in rows)

    def _live_state(self, now: Now, time_s: float, observed_s: float) -> tuple[State, Reason]:
        """A judged congestion stands until it is judged over; else free or dense, by the last minute."""
        if observed_s < self._rules.provisional_s:
            seen = Figures(seconds=observed_s, needed_s=self._rules.provisional_s)
            return State.UNKNOWN, say(reasons.FEW_SECONDS, seen)
        judged = self._judge.verdict
        if judged is not None and judged.state in WORSE:
            return judged.state, judged.reason
        cell = self._layout.cells[self._cell]
        minute = figures(now, self._cell, cell.reference_mps, cell.area_m2)
        waiting = bool(np.isfinite(minute.queue_m or 0.0) and minute.queue_m)
        verdict = calm(minute, self._rules, self._cycles.signalled(time_s) or waiting)
        if waiting and verdict.state is State.FREE and not self._cycles.discharging(time_s):
            return verdict.state, say(reasons.RED_LIGHT, minute)
        return verdict.state, verdict.reason
