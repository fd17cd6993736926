"""The meter: vehicles in, readings out. This file only knows the order in which the parts work."""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from zoneinfo import ZoneInfo

from ..config import Camera
from ..data import Cycle, Event, IntArray, Lamps, LiveRow, Readings, Scene, Sight, UsualDay, Vehicles
from . import rows as rows_of
from .approach import ApproachWatch, Shared
from .closing import Closing
from .cover import Cover
from .crossings import Crossing, StopLine
from .cycle import Starts
from .decisions import Decisions
from .emerged import Emerged
from .exposure import Amount, between, unseen
from .faults import OFFLINE, OFFLINE_S, Faults
from .fleet import Fleet, Seen
from .friction import Friction
from .gaps import Gaps
from .gates import Gates
from .hidden import Hidden
from .incidents import Incidents
from .layout import Layout
from .live import Recent
from .moods import Moods
from .movements import Movements, Traced
from .obstacles import Obstacles
from .pcu import Pcu
from .present import Present
from .queue import Queue
from .restart import Restart
from .service import Service
from .settings import MeterSettings
from .speeds import Errors
from .standing import Standing
from .stays import Stays
from .stood import Stood
from .timeline import Kind, Move, Timeline
from .trips import Arrivals, mark_passes
from .trust import SELDOM_S, Trust, low_rate
from .usual import Usual
from .windows import Span, Windows
from .zone_incidents import Waits, ZoneIncidents

CLOCK_STEP = "clock_step"
REMEMBER_S = 90.0
"""What the frames of this time added is kept, to be taken back when a fault is found to have begun earlier."""


class Meter:
    """Turns the vehicles of each frame into windows, cycles, events and live rows.

    Time is that of the frames. The meter asks no clock; `advance` tells it that time passes without frames, on the
    same time base. Windows close a few seconds (`MeterSettings.grace_s`) after their end.

    Clock steps: set back by up to `hold_s`, the running windows close with the flag ``clock_step``, and windows that
    were published before are held until time has passed the last one (crossings in them are counted as late in the
    next); set back by more, the earlier clock was wrong and everything is published again. Set forward by more than
    `jump_s`, the running windows close with the flag and no row is made for the time in between.

    The picture: `note` tells what it is like. While it cannot be trusted (dark, frozen, moved) time passes unobserved,
    nothing of the road is told, and what was measured since the fault began is taken back from the running windows.

    sights: how well each approach is seen; without them only the fit of its motion makes the error of a speed.
    """

    def __init__(
        self,
        camera: Camera,
        settings: MeterSettings | None = None,
        decisions: Decisions | None = None,
        sights: tuple[Sight, ...] = (),
    ) -> None:
        self._settings = s = settings or MeterSettings()
        self._layout = Layout(camera, s.lane_width_m)
        self._fleet = Fleet(self._layout.toward, decisions, self._layout.length_m[self._layout.approach_cell])
        self._time = Timeline(s.max_gap_s, s.step_back_s, s.jump_s)
        self._decisions = decisions
        self._spans: deque[Span] = deque()
        self._silent_s: float | None = None
        self._goes_on = not camera.is_file()
        self._second: int | None = None
        self._put_together(camera, decisions, sights)

    def _put_together(self, camera: Camera, decisions: Decisions | None, sights: tuple[Sight, ...]) -> None:
        """The parts, in the order in which one is made of another."""
        s = self._settings
        grace_s = s.move_grace_s if camera.movements else s.grace_s
        self._windows = tuple(Windows(w, grace_s, self._layout) for w in sorted(set(s.windows_s)))
        self._line = StopLine(self._layout.line_m, self._layout.approach_m, decisions)
        self._moves = Movements(camera)
        self._gates = Gates(camera, decisions)
        pcu = Pcu(camera, s.standards)
        self._service = Service(camera, s.standards, pcu, sights)
        self._means = rows_of.Means(pcu, Errors(s.speed, sights), s.min_observed_s)
        self._queue = Queue(s.queue, self._layout, pcu.rows)
        self._hidden = Hidden(s.queue, self._layout)
        self._emerged = Emerged(self._layout)
        self._arrivals = Arrivals(self._layout, s.queue.leave_mps)
        self._recent = Recent(self._layout, s.stale_s)
        self._stood = Stood()
        self._obstacles = Obstacles(self._layout, s.incidents)
        self._incidents = Incidents(camera.id, self._layout, s.incidents, self._means.errors, self._stood)
        self._in_zones = ZoneIncidents(camera.id, self._layout, s.incidents, camera.zones)
        self._stays = Stays(camera.zones)
        self._friction = Friction(self._layout, s.friction, camera.zones)
        self._faults = Faults(camera.id, s.scene)
        self._cover = Cover(self._layout, s.scene)
        self._trust = Trust(self._layout, s.standing_flags)
        self._moods = Moods()
        self._judged_by_picture: tuple[Windows | Moods, ...] = (*self._windows, self._moods)
        self._usual = Usual(s.usual, ZoneInfo(s.timezone))
        shared = Shared(pcu, self._service, Starts(), self._means.errors)
        self._watches = tuple(ApproachWatch(camera, i, self._layout, s, shared) for i in range(len(self._layout.ids)))
        self._gaps = Gaps()
        self._standing = Standing(self._watches, self._incidents, self._in_zones, self._faults, self._usual, self._gaps)
        self._closing = Closing(
            camera=camera, settings=s, layout=self._layout, means=self._means, service=self._service, trust=self._trust,
            friction=self._friction, usual=self._usual, watches=self._watches, incidents=self._incidents,
            in_zones=self._in_zones,
        )  # fmt: skip
        self._present = Present(
            settings=s, layout=self._layout, recent=self._recent, trust=self._trust, moods=self._moods,
            cover=self._cover, faults=self._faults, watches=self._watches, time=self._time, gaps=self._gaps,
        )  # fmt: skip
        self._restart = Restart(
            settings=s, windows=self._windows, standing=self._standing, time=self._time, gaps=self._gaps,
            closing=self._closing, goes_on=self._goes_on,
        )  # fmt: skip
        self._queue_now = self._queue.now(self._fleet, 0.0)

    def update(self, vehicles: Vehicles) -> Readings:
        """Account for one analysed frame. A frame that is not newer than the last one is ignored."""
        move = self._time.frame(vehicles.time_s)
        if move.kind is Kind.STALE:
            return Readings()
        done = self._step(move) if move.kind in (Kind.BACK, Kind.FORWARD) else Readings()
        done += self._start(vehicles.time_s) + Readings(events=self._faults.frame(vehicles.time_s))
        self._silent_s = None
        if self._faults.fault is None:
            done += self._measure(vehicles, move)
        else:
            self._time.observed_s -= move.observed_s
            self._gaps.lose(move.from_s, move.to_s)
        return self._tell(done + self._close(self._time.now_s or vehicles.time_s), vehicles.time_s)

    def look(self, lamps: Lamps) -> Readings:
        """Account for the signal heads of a frame, after its vehicles."""
        if lamps.time_s != self._time.frame_s or self._faults.fault is not None:
            return Readings()
        cycles = [self._watches[approach].look(lamps.time_s, colour) for approach, colour in lamps.shown]
        return Readings(cycles=tuple(self._trusted(cycle) for cycle in cycles if cycle is not None))

    def note(self, scene: Scene) -> Readings:
        """Account for a look at the picture, before the frame that it was taken of."""
        before, was_blind = self._faults.scene, self._faults.fault is not None
        done = self._restart.go_on(scene.time_s)
        events = self._faults.note(scene)
        since_s = scene.time_s if before is None else before.time_s
        if 0 < scene.time_s - since_s <= 2 * self._settings.scene.every_s:
            for one in self._judged_by_picture:
                one.look(since_s, scene.time_s, scene.flags)
        done += self._go_blind(scene) if self._faults.fault is not None and not was_blind else Readings()
        return self._tell(done + Readings(events=events), scene.time_s)

    def know(self, days: Iterable[UsualDay]) -> None:
        """Take what earlier runs learned of the usual traffic."""
        self._usual.know(days)

    def learned(self) -> tuple[UsualDay, ...]:
        """What was learned of the usual traffic since it was last asked."""
        return self._usual.learned()

    def parts(self) -> bytes | None:
        """The running windows, for a worker that starts again to go on with; after `finish`, as they were before it."""
        return self._restart.parts()

    def open(self) -> bytes:
        """The events that have not ended, for whoever can read no more of an earlier run; after `finish`, before it."""
        return self._restart.open()

    def end(self, left: bytes) -> None:
        """Tell the end of events that an earlier run left open, with what stood behind them lost: at their last sign.

        Raises `ValueError` for what `open` did not write. To be called first, where `resume` had nothing to take.
        """
        self._restart.end(left)

    def resume(self, parts: bytes) -> None:
        """Go on with the windows and events of an earlier run of this camera, unless time has gone back since; with the
        events for `forget_s` only, then they end with their last sign.

        Raises `ValueError` for parts of another version or layout; nothing is taken then. To be called first.
        """
        self._restart.resume(parts)

    def advance(self, time_s: float) -> Readings:
        """Account for time that passed without a frame, so that windows close with what was really observed."""
        move = self._time.advance(time_s)
        if move.kind is Kind.STALE:
            return Readings()
        done = self._step(move) if move.kind is Kind.FORWARD else Readings()
        done += self._start(time_s)
        self._silent_s = self._silent_s or self._time.frame_s or time_s
        self._miss(move, self._silent_s)
        done += self._close(time_s) + Readings(events=self._faults.silent(self._silent_s, time_s))
        return self._tell(done, time_s)

    def _miss(self, move: Move, silent_s: float) -> None:
        """Once no picture has come for long, the silence is told of the windows and cycles in which it lies."""
        if move.to_s - silent_s < OFFLINE_S:
            return
        from_s = silent_s if move.from_s - silent_s < OFFLINE_S else move.from_s
        for one in self._judged_by_picture:
            one.look(from_s, move.to_s, (OFFLINE,))

    def finish(self, time_s: float) -> Readings:
        """Close the running windows, and of a file the events; of a camera these stay open, for the run after this one.

        Nothing may follow it but new frames.
        """
        end_s = max(time_s, self._time.now_s or time_s)
        done = self._settle() + self._close(end_s)
        self._restart.leave()
        done += self._flush(end_s, None)
        if not self._goes_on:
            done += self._end_events(end_s) + Readings(events=self._faults.close(end_s))
        return self._tell(done, end_s)

    def _tell(self, done: Readings, now_s: float, frame_s: float | None = None) -> Readings:
        """What is told now, the events with the seconds of them that were seen until a frame, else until the newest."""
        seen_s = self._time.frame_s if frame_s is None else frame_s
        return replace(done, events=tuple(self._gaps.told(event, now_s, seen_s) for event in done.events))

    def _settle(self) -> Readings:
        """Crossings and moves that still wait for more of the motion."""
        done = self._cross(self._line.settle(self._fleet))
        self._move(self._moves.settle())
        return done

    def live(self, time_s: float) -> tuple[LiveRow, ...]:
        """What is so now, per approach and lane. `time_s` is on the time base of the frames."""
        return self._present.rows(time_s, self._fleet, self._queue_now)

    def _start(self, time_s: float) -> Readings:
        """Begin the windows, or go on with those of an earlier run."""
        done = self._restart.go_on(time_s)
        for windows in self._windows:
            windows.begin(time_s)
        return done

    def _go_blind(self, scene: Scene) -> Readings:
        """From here on nothing is seen; what was measured since the fault began was false."""
        since_s = scene.time_s if scene.since_s is None else scene.since_s
        done = self._settle()
        if self._decisions is not None:
            self._decisions.taken_back(since_s)
        for windows in self._windows:
            windows.retract(since_s, self._spans)
            windows.look(since_s, scene.time_s, scene.UNUSABLE.intersection(scene.flags))
        self._gaps.lose(since_s, scene.time_s)
        lost_s = sum(max(0.0, span.to_s - max(span.from_s, since_s)) for span in self._spans if span.watched)
        self._time.observed_s = max(0.0, self._time.observed_s - lost_s)
        self._recent.retract(since_s)
        self._lose_sight()
        self._cover.clear()
        return done

    def _lose_sight(self) -> None:
        """Forget every vehicle in view."""
        for part in (self._fleet, self._stays, self._hidden, self._emerged, self._gates, self._spans, self._obstacles):
            part.clear()

    def _measure(self, vehicles: Vehicles, move: Move) -> Readings:
        """One frame through the parts, in the order of their arrows."""
        fleet = self._fleet
        self._means.errors.found_height_m = vehicles.camera_height_m
        seen = fleet.observe(vehicles, self._settings.max_gap_s)
        mark_passes(fleet, seen, self._layout)
        crossings = self._line.watch(fleet, seen)
        self._queue.follow(fleet, seen)
        self._account(seen, move)
        crossings += self._end(self._hidden.keep(fleet, vehicles.gone))
        if self._stays.follow(vehicles):
            side = self._friction.count(self._stays, fleet, self._queue_now, vehicles.time_s)
            for windows in self._windows:
                windows.beside(vehicles.time_s, side)
        self._moves.exchange(fleet.exchanged)
        moves = self._moves.follow(vehicles)
        for passage in self._gates.follow(vehicles, fleet):
            for windows in self._windows:
                windows.passed(passage)
        done = self._cross(crossings) + self._each_second(vehicles)
        self._move(moves + self._moves.end(vehicles.gone, vehicles.time_s))
        return done

    def _account(self, seen: Seen, move: Move) -> None:
        exposure = between(self._fleet, seen, self._layout, move.observed_s)
        self._recent.add(exposure, move.observed_s)
        self._recent.speeds(self._fleet, seen, self._settings.queue.enter_mps)
        if move.observed_s > 0:
            self._add(Span(move.from_s, move.to_s, exposure))
        else:
            self._gaps.lose(move.from_s, move.to_s)
        if SELDOM_S < move.to_s - move.from_s < OFFLINE_S:
            for one in self._judged_by_picture:
                one.look(move.from_s, move.to_s, low_rate(move.to_s - move.from_s))
        while self._spans and self._spans[0].to_s < move.to_s - REMEMBER_S:
            self._spans.popleft()

    def _add(self, span: Span) -> None:
        """What was on the road in a span, to every window."""
        for windows in self._windows:
            windows.spread(span)
        self._spans.append(span)

    def _end(self, ids: IntArray) -> tuple[Crossing, ...]:
        """Let go of vehicles that are gone."""
        row = self._fleet.rows_of(ids)
        crossings = self._line.end(self._fleet, row)
        self._emerged.lose(self._fleet, row)
        self._fleet.forget(ids)
        return crossings

    def _cross(self, crossings: tuple[Crossing, ...]) -> Readings:
        cycles: list[Cycle] = []
        for crossing in crossings:
            for windows in self._windows:
                windows.cross(crossing)
            self._hidden.cross(crossing.approach, crossing.lane, crossing.kind, crossing.time_s)
            self._recent.cross(crossing)
            self._move(self._moves.cross(crossing))
            self._in_zones.cross(crossing)
            cycle = self._watches[crossing.approach].cross(crossing)
            cycles += [self._trusted(cycle)] if cycle else []
        return Readings(cycles=tuple(cycles))

    def _trusted(self, cycle: Cycle) -> Cycle:
        """The cycle with the quality of the picture in it."""
        lanes = self._layout.lanes_of(self._layout.ids.index(cycle.approach))
        return self._trust.cycle(cycle, self._moods.over(cycle.from_s, cycle.to_s, lanes))

    def _move(self, moves: tuple[Traced, ...]) -> None:
        """Vehicles that were traced to their exit."""
        for move in moves:
            for windows in self._windows:
                windows.move(move)
            if self._decisions is not None:
                one = move.crossing
                name, approach = self._layout.movements[move.movement]
                self._decisions.moved(one.time_s, one.track, approach, name)

    def _each_second(self, vehicles: Vehicles) -> Readings:
        """What is looked at once per second of frame time: the queue, incidents, hidden lanes, forgotten vehicles."""
        time_s = vehicles.time_s
        second = math.floor(time_s)
        if second == self._second:
            return Readings()
        self._second = second
        done = self._cross(self._end(self._fleet.stale(time_s)) + self._end(self._hidden.hold(self._fleet, time_s)))
        for way in self._emerged.look(self._fleet, time_s):
            self._add(Span(way.from_s, way.to_s, unseen(way, self._layout), watched=False))
        for arrival in self._arrivals.look(self._fleet, time_s):
            self._watches[arrival.approach].arrive(arrival)
        self._queue_now = queue = self._queue.now(self._fleet, time_s)
        self._recent.second(time_s)
        lost_s, line_s = self._cover.second(vehicles.hidden), self._cover.line(vehicles.line_hidden)
        for windows in self._windows:
            windows.queue(time_s, queue)
            windows.hide(time_s, lost_s, line_s)
        self._moods.hide(time_s, lost_s)
        bar_s, observed_s = self._recent.total_s(Amount.STOP_BAR_S), self._recent.observed_s
        told = [watch.second(time_s, queue, bar_s, observed_s) for watch in self._watches]
        done += Readings(cycles=tuple(self._trusted(cycle) for cycle in told if cycle))
        return done + Readings(events=self._standing_still(time_s))

    def _standing_still(self, time_s: float) -> tuple[Event, ...]:
        """Who stands where it should not be, and who only stands in the way."""
        standing, at_kerb = self._stood.look(self._fleet, time_s), self._stays.at("kerb")
        self._obstacles.look(self._fleet, self._stood, standing, time_s, at_kerb)
        wait_s = [watch.longest_wait_s for watch in self._watches]
        events = self._incidents.look(self._fleet, standing, time_s, at_kerb, wait_s)
        waits = Waits(self._queue_now, lambda approach: self._watches[approach].free_since_s(time_s))
        return events + self._in_zones.look(self._stays, self._fleet, waits, time_s)

    def _close(self, now_s: float) -> Readings:
        return self._closing.rows([(w.length_s, tally) for w in self._windows for tally in w.close(now_s)])

    def _flush(self, until_s: float, flag: str | None) -> Readings:
        """Close the running windows."""
        return self._closing.rows([(w.length_s, tally) for w in self._windows for tally in w.flush(until_s, flag)])

    def _end_events(self, until_s: float) -> Readings:
        """End what is open on the road."""
        self._stood.clear()
        events = [event for watch in self._watches for event in watch.close(until_s)]
        return Readings(events=(*events, *self._incidents.close(until_s), *self._in_zones.close(until_s)))

    def _step(self, move: Move) -> Readings:
        """The clock was set: nothing before it can be compared with what follows."""
        done = self._settle() + self._flush(move.from_s, CLOCK_STEP) + self._end_events(move.from_s)
        done += Readings(events=self._faults.close(move.from_s))
        done = self._tell(done, move.from_s, move.from_s)
        self._gaps.clear()
        self._lose_sight()
        self._recent.reset_time()
        self._line.clear()
        self._moods.clear()
        for watch in self._watches:
            watch.reset(move.from_s)
        if move.kind is Kind.BACK and move.from_s - move.to_s > self._settings.hold_s:
            for windows in self._windows:
                windows.release()
        return done
