"""The meter: vehicles in, readings out. This file only knows the order in which the parts work."""

import math
from dataclasses import replace

from ..config import Camera
from ..data import Cycle, Event, IntArray, Lamps, LiveRow, Measurement, Readings, Sight, Vehicles
from . import reasons
from . import rows as rows_of
from .approach import ApproachWatch, Shared
from .crossings import Crossing, StopLine
from .cycle import Starts
from .events import Incidents
from .exposure import Amount, between
from .fleet import Fleet, Seen
from .hidden import Hidden
from .layout import Layout
from .live import Recent, stale_row
from .pcu import Pcu
from .queue import Queue
from .service import Service
from .settings import MeterSettings
from .speeds import Errors, withheld
from .state import Verdict
from .timeline import Kind, Move, Timeline
from .trips import Arrivals, mark_passes
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

    sights: how well each approach is seen; without them only the fit of its motion makes the error of a speed.
    """

    def __init__(self, camera: Camera, settings: MeterSettings | None = None, sights: tuple[Sight, ...] = ()) -> None:
        self._settings = s = settings or MeterSettings()
        self._layout = Layout(camera, s.lane_width_m)
        self._fleet = Fleet(self._layout.toward)
        self._time = Timeline(s.max_gap_s, s.step_back_s, s.jump_s)
        self._windows = tuple(Windows(w, s.grace_s, self._layout) for w in sorted(set(s.windows_s)))
        self._line = StopLine()
        pcu = Pcu(camera, s.standards)
        self._service = Service(camera, s.standards, pcu, sights)
        self._means = rows_of.Means(pcu, Errors(s.speed, sights))
        self._queue = Queue(s.queue, self._layout, pcu.rows)
        self._hidden = Hidden(s.queue, self._layout)
        self._arrivals = Arrivals(self._layout)
        self._recent = Recent(self._layout)
        self._incidents = Incidents(camera.id, self._layout)
        shared = Shared(pcu, self._service, Starts())
        self._watches = tuple(ApproachWatch(camera, i, self._layout, s, shared) for i in range(len(self._layout.ids)))
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

    def look(self, lamps: Lamps) -> Readings:
        """Account for the signal heads of a frame, after its vehicles."""
        if lamps.time_s != self._time.frame_s:
            return Readings()
        cycles = [self._watches[approach].look(lamps.time_s, colour) for approach, colour in lamps.shown]
        return Readings(cycles=tuple(cycle for cycle in cycles if cycle is not None))

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
        done = self._cross(self._line.settle(self._fleet)) + self._close(end_s)
        return done + self._flush(end_s, None)

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
        mark_passes(fleet, seen, self._layout)
        crossings = self._line.watch(fleet, seen)
        self._queue.follow(fleet, seen)
        self._account(seen, move)
        crossings += self._end(self._hidden.keep(fleet, vehicles.gone))
        return self._cross(crossings) + self._each_second(vehicles.time_s)

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
            self._hidden.cross(crossing.approach, crossing.lane, crossing.time_s)
            self._recent.cross(crossing)
            self._incidents.cross(crossing)
            cycle = self._watches[crossing.approach].cross(crossing)
            cycles += [cycle] if cycle else []
        return Readings(cycles=tuple(cycles))

    def _each_second(self, time_s: float) -> Readings:
        """What is looked at once per second of frame time: the queue, incidents, forgotten vehicles."""
        second = math.floor(time_s)
        if second == self._second:
            return Readings()
        self._second = second
        done = self._cross(self._end(self._fleet.stale(time_s)) + self._end(self._hidden.hold(self._fleet, time_s)))
        for arrival in self._arrivals.look(self._fleet, time_s):
            self._watches[arrival.approach].arrive(arrival)
        self._queue_now = queue = self._queue.now(self._fleet, time_s)
        self._recent.second()
        for windows in self._windows:
            windows.queue(time_s, queue)
        for watch in self._watches:
            watch.second(time_s, queue, self._recent.total_s(Amount.STOP_BAR_S), self._recent.observed_s)
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
        done = self._cross(self._line.settle(self._fleet)) + self._flush(move.from_s, CLOCK_STEP)
        self._fleet.clear()
        self._hidden.clear()
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
            table = self._served(self._service.smp(rows_of.measurements(tally, self._layout, self._means)), length_s)
            verdicts: dict[str, Verdict] = {}
            for watch, row in zip(self._watches, filter(rows_of.is_approach, table), strict=True):
                verdicts[row.approach], events = self._verdict(watch, row, length_s)
                done += Readings(events=events)
            done += Readings(windows=tuple(self._told(_judged(row, verdicts[row.approach])) for row in table))
        return done

    def _served(self, table: list[Measurement], length_s: int) -> list[Measurement]:
        """The rows of a window, those of approaches with what their signal says of them."""
        watches = {watch.approach: watch for watch in self._watches}
        return [watches[row.approach].serve(row, length_s) if rows_of.is_approach(row) else row for row in table]

    def _told(self, row: Measurement) -> Measurement:
        """The row as it may be published: without speeds that the calibration does not support."""
        supported = self._means.errors.supported(self._layout.ids.index(row.approach))
        return row if supported else withheld(row)

    def _verdict(self, watch: ApproachWatch, row: Measurement, length_s: int) -> tuple[Verdict, tuple[Event, ...]]:
        if length_s == self._settings.base_s:
            return watch.judge(row)
        return watch.latest(row), ()


def _judged(row: Measurement, verdict: Verdict) -> Measurement:
    return replace(row, state=verdict.state, reason=verdict.reason)
