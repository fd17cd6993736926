"""The meter: vehicles in, readings out. This file only knows the order in which the parts work."""

import math
from dataclasses import replace

from ..config import Camera
from ..data import Cycle, Event, IntArray, LiveRow, Measurement, Readings, Scope, Vehicles
from . import reasons
from . import rows as rows_of
from .approach import ApproachWatch
from .crossings import Crossing, StopLine
from .decisions import Decisions
from .events import Incidents
from .exposure import between
from .fleet import Fleet, Seen
from .layout import Layout
from .live import Recent, stale_row
from .movements import Movements, Traced
from .queue import Queue
from .settings import MeterSettings
from .state import Verdict
from .timeline import Kind, Move, Timeline
from .windows import Tally, Windows

CLOCK_STEP = "clock_step"


class Meter:
    """Turns the vehicles of each frame into windows, cycles, events and live rows.

    Time is that of the frames. The meter asks no clock; `advance` tells it that time passes without frames, on the
    same time base. Windows close a few seconds (`MeterSettings.grace_s`) after their end.

    Clock steps: set back by up to `hold_s`, the running windows close with the flag ``clock_step``, and windows that
    were published before are held until time has passed the last one (crossings in them are counted as late in the
    next); set back by more, the earlier clock was wrong and everything is published again. Set forward by more than
    `jump_s`, the running windows close with the flag and no row is made for the time in between.
    """

    def __init__(
        self, camera: Camera, settings: MeterSettings | None = None, decisions: Decisions | None = None
    ) -> None:
        self._settings = s = settings or MeterSettings()
        self._layout = Layout(camera, s.lane_width_m)
        self._fleet = Fleet(self._layout.toward, decisions)
        self._time = Timeline(s.max_gap_s, s.step_back_s, s.jump_s)
        grace_s = s.move_grace_s if camera.movements else s.grace_s
        self._windows = tuple(Windows(w, grace_s, self._layout) for w in sorted(set(s.windows_s)))
        self._line = StopLine(self._layout.line_m, decisions)
        self._moves = Movements(camera)
        self._decisions = decisions
        self._queue = Queue(s.queue, self._layout)
        self._recent = Recent(self._layout)
        self._incidents = Incidents(camera.id, self._layout)
        self._watches = tuple(ApproachWatch(camera.id, i, self._layout, s) for i in range(len(self._layout.ids)))
        self._queue_now = self._queue.now(self._fleet, 0.0)
        self._second: int | None = None

    def update(self, vehicles: Vehicles) -> Readings:
        """Account for one analysed frame. A frame that is not newer than the last one is ignored."""
        move = self._time.frame(vehicles.time_s)
        if move.kind is Kind.STALE:
            return Readings()
        done = self._step(move) if move.kind in (Kind.BACK, Kind.FORWARD) else Readings()
        for windows in self._windows:
            windows.begin(vehicles.time_s)
        done += self._measure(vehicles, move)
        return done + self._close(self._time.now_s or vehicles.time_s)

    def advance(self, time_s: float) -> Readings:
        """Account for time that passed without a frame, so that windows close with what was really observed."""
        move = self._time.advance(time_s)
        if move.kind is Kind.STALE:
            return Readings()
        done = self._step(move) if move.kind is Kind.FORWARD else Readings()
        for windows in self._windows:
            windows.begin(time_s)
        return done + self._close(time_s)

    def finish(self, time_s: float) -> Readings:
        """Close everything, the running windows included. Nothing may follow it but new frames."""
        end_s = max(time_s, self._time.now_s or time_s)
        done = self._settle() + self._close(end_s)
        return done + self._flush(end_s, None)

    def _settle(self) -> Readings:
        """Crossings and moves that still wait for more of the motion."""
        done = self._cross(self._line.settle(self._fleet))
        self._move(self._moves.settle())
        return done

    def live(self, time_s: float) -> tuple[LiveRow, ...]:
        """What is so now, per approach and lane. `time_s` is on the time base of the frames."""
        frame_s, observed_s = self._time.frame_s, self._time.observed_s
        if frame_s is None or time_s - frame_s > self._settings.stale_s:
            return self._stale(time_s, frame_s, observed_s)
        now = self._recent.now(self._fleet, self._queue_now, frame_s)
        return tuple(row for watch in self._watches for row in watch.live(now, time_s, observed_s))

    def _stale(self, time_s: float, frame_s: float | None, observed_s: float) -> tuple[LiveRow, ...]:
        age_s = None if frame_s is None else time_s - frame_s
        reason = reasons.say(reasons.NO_PICTURE, reasons.Figures(seconds=age_s))
        rows = (
            stale_row(self._recent.counts, i, cell, time_s, observed_s) for i, cell in enumerate(self._layout.cells)
        )
        return tuple(replace(row, reason=reason) for row in rows)

    def _measure(self, vehicles: Vehicles, move: Move) -> Readings:
        """One frame through the parts, in the order of their arrows."""
        fleet = self._fleet
        seen = fleet.observe(vehicles, self._settings.max_gap_s)
        crossings = self._line.watch(fleet, seen)
        self._queue.follow(fleet, seen)
        self._account(seen, move)
        crossings += self._end(vehicles.gone)
        moves = self._moves.follow(vehicles)
        done = self._cross(crossings) + self._each_second(vehicles.time_s)
        self._move(moves + self._moves.end(vehicles.gone, vehicles.time_s))
        return done

    def _account(self, seen: Seen, move: Move) -> None:
        exposure = between(self._fleet, seen, self._layout, move.observed_s)
        self._recent.add(exposure, move.observed_s)
        self._recent.speeds(self._fleet, seen, self._settings.queue.enter_mps)
        for windows in self._windows:
            windows.frame(move.to_s)
            if move.observed_s > 0:
                windows.spread(move.from_s, move.to_s, exposure)

    def _end(self, ids: IntArray) -> tuple[Crossing, ...]:
        """Let go of vehicles that are gone."""
        crossings = self._line.end(self._fleet, self._fleet.rows_of(ids))
        self._fleet.forget(ids)
        return crossings

    def _cross(self, crossings: tuple[Crossing, ...]) -> Readings:
        cycles: list[Cycle] = []
        for crossing in crossings:
            for windows in self._windows:
                windows.cross(crossing)
            self._recent.cross(crossing)
            self._move(self._moves.cross(crossing))
            self._incidents.cross(crossing)
            cycle = self._watches[crossing.approach].cross(crossing)
            cycles += [cycle] if cycle else []
        return Readings(cycles=tuple(cycles))

    def _move(self, moves: tuple[Traced, ...]) -> None:
        """Vehicles that were traced to their exit."""
        for move in moves:
            for windows in self._windows:
                windows.move(move)
            if self._decisions is not None:
                one = move.crossing
                name, approach = self._layout.movements[move.movement]
                self._decisions.moved(one.time_s, one.track, approach, name)

    def _each_second(self, time_s: float) -> Readings:
        """What is looked at once per second of frame time: the queue, incidents, forgotten vehicles."""
        second = math.floor(time_s)
        if second == self._second:
            return Readings()
        self._second = second
        done = self._cross(self._end(self._fleet.stale(time_s)))
        self._queue_now = queue = self._queue.now(self._fleet, time_s)
        self._recent.second()
        for windows in self._windows:
            windows.queue(time_s, queue)
        for watch in self._watches:
            watch.second(time_s, queue)
        return done + Readings(events=self._incidents.look(self._fleet, time_s))

    def _close(self, now_s: float) -> Readings:
        return self._publish([(w.length_s, tally) for w in self._windows for tally in w.close(now_s)])

    def _flush(self, until_s: float, flag: str | None) -> Readings:
        """Close the running windows and end what is open."""
        done = self._publish([(w.length_s, tally) for w in self._windows for tally in w.flush(until_s, flag)])
        events = [event for watch in self._watches for event in watch.close(until_s)]
        return done + Readings(events=(*events, *self._incidents.close(until_s)))

    def _step(self, move: Move) -> Readings:
        """The clock was set: nothing before it can be compared with what follows."""
        done = self._settle() + self._flush(move.from_s, CLOCK_STEP)
        self._fleet.clear()
        self._recent.reset_time()
        for watch in self._watches:
            watch.reset(move.from_s)
        if move.kind is Kind.BACK and move.from_s - move.to_s > self._settings.hold_s:
            for windows in self._windows:
                windows.release()
        return done

    def _publish(self, closed: list[tuple[int, Tally]]) -> Readings:
        """The rows of closed windows; each approach is judged by its base windows, and its lanes inherit the state."""
        done = Readings()
        for length_s, tally in closed:
            table = rows_of.measurements(tally, self._layout)
            verdicts: dict[str, Verdict] = {}
            for watch, row in zip(self._watches, filter(rows_of.is_approach, table), strict=True):
                verdicts[row.approach], events = self._verdict(watch, row, length_s)
                done += Readings(events=events)
            done += Readings(windows=tuple(_judged(row, verdicts[row.approach]) for row in table))
        return done

    def _verdict(self, watch: ApproachWatch, row: Measurement, length_s: int) -> tuple[Verdict, tuple[Event, ...]]:
        if length_s == self._settings.base_s:
            return watch.judge(row)
        return watch.latest(row), ()


def _judged(row: Measurement, verdict: Verdict) -> Measurement:
    """The state is one of places: a movement has none."""
    if row.scope is Scope.MOVEMENT:
        return row
    return replace(row, state=verdict.state, reason=verdict.reason)
