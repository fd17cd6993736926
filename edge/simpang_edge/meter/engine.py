"""The meter: vehicles in, readings out. This file only knows the order in which the parts work."""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from zoneinfo import ZoneInfo

from ..config import Camera
from ..data import (
    Cycle,
    Event,
    EventType,
    IntArray,
    Lamps,
    LiveRow,
    Measurement,
    Quality,
    Readings,
    Reason,
    Scene,
    Scope,
    Sight,
    State,
    UsualDay,
    Vehicles,
)
from . import parts as parts_of
from . import reasons
from . import rows as rows_of
from .approach import ApproachWatch, Shared
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
from .incidents import Incidents, ZoneIncidents
from .kept import Take, together
from .layout import Layout
from .live import FLOW_S, LiveSight, Now, Recent, quality, stale_row
from .modelled import turning
from .moods import Moods
from .movements import Movements, Traced
from .pcu import Pcu
from .queue import Queue
from .service import Service, doubted
from .settings import MeterSettings
from .speeds import Errors, withheld
from .standing import AGAIN_S, Open, Standing, ended
from .state import WORSE, Verdict
from .stays import Stays
from .timeline import Kind, Move, Timeline
from .trips import Arrivals, mark_passes
from .trust import HIDDEN_SHARE, Trust, explained
from .usual import Usual
from .windows import Span, Tally, Windows

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
        self._camera = camera.id
        self._settings = s = settings or MeterSettings()
        self._layout = Layout(camera, s.lane_width_m)
        self._fleet = Fleet(self._layout.toward, decisions, self._layout.length_m[self._layout.approach_cell])
        self._time = Timeline(s.max_gap_s, s.step_back_s, s.jump_s)
        self._decisions = decisions
        self._spans: deque[Span] = deque()
        self._silent_s: float | None = None
        self._goes_on = not camera.is_file()
        self._before: tuple[parts_of.Parts, Take] | None = None
        self._orphans: Open = ()
        self._left: parts_of.Parts | None = None
        self._second: int | None = None
        self._put_together(camera, decisions, sights)

    def _put_together(self, camera: Camera, decisions: Decisions | None, sights: tuple[Sight, ...]) -> None:
        """The parts, in the order in which one is made of another."""
        s = self._settings
        grace_s = s.move_grace_s if camera.movements else s.grace_s
        self._windows = tuple(Windows(w, grace_s, self._layout) for w in sorted(set(s.windows_s)))
        self._line = StopLine(self._layout.line_m, self._layout.approach_m, decisions)
        self._moves = Movements(camera)
        self._turns = {one.id: one.turn for one in camera.movements}
        self._gates = Gates(camera, decisions)
        pcu = Pcu(camera, s.standards)
        self._service = Service(camera, s.standards, pcu, sights)
        self._means = rows_of.Means(pcu, Errors(s.speed, sights))
        self._queue = Queue(s.queue, self._layout, pcu.rows)
        self._hidden = Hidden(s.queue, self._layout)
        self._emerged = Emerged(self._layout)
        self._arrivals = Arrivals(self._layout, s.queue.leave_mps)
        self._recent = Recent(self._layout, s.stale_s)
        self._incidents = Incidents(camera.id, self._layout, s.incidents, self._means.errors)
        self._in_zones = ZoneIncidents(camera.id, self._layout, s.incidents, camera.zones)
        self._stays = Stays(camera.zones)
        self._friction = Friction(self._layout, s.friction, camera.zones)
        self._faults = Faults(camera.id, s.scene)
        self._cover = Cover(self._layout, s.scene)
        self._trust = Trust(self._layout, s.standing_flags)
        self._moods = Moods()
        self._usual = Usual(s.usual, ZoneInfo(s.timezone))
        shared = Shared(pcu, self._service, Starts(), self._means.errors)
        self._watches = tuple(ApproachWatch(camera, i, self._layout, s, shared) for i in range(len(self._layout.ids)))
        self._gaps = Gaps()
        self._standing = Standing(self._watches, self._incidents, self._in_zones, self._faults, self._usual, self._gaps)
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
        done = self._go_on(scene.time_s)
        events = self._faults.note(scene)
        since_s = scene.time_s if before is None else before.time_s
        if 0 < scene.time_s - since_s <= 2 * self._settings.scene.every_s:
            for windows in self._windows:
                windows.look(since_s, scene.time_s, scene.flags)
            self._moods.look(since_s, scene.time_s, scene.flags)
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
        if self._left is not None or self._time.now_s is None:
            return None if self._left is None else parts_of.encode(self._left)
        return parts_of.encode(self._running())

    def open(self) -> bytes:
        """The events that have not ended, for whoever can read no more of an earlier run; after `finish`, before it."""
        return parts_of.encode_open(self._running().open if self._left is None else self._left.open)

    def end(self, left: bytes) -> None:
        """Tell the end of events that an earlier run left open, with what stood behind them lost: at their last sign.

        Raises `ValueError` for what `open` did not write. To be called first, where `resume` had nothing to take.
        """
        self._orphans = parts_of.decode_open(left) if self._goes_on else ()

    def resume(self, parts: bytes) -> None:
        """Go on with the windows and events of an earlier run of this camera, unless time has gone back since; with the
        events for `forget_s` only, then they end with their last sign.

        Raises `ValueError` for parts of another version or layout; nothing is taken then. To be called first.
        """
        before = parts_of.decode(parts)
        take = self._standing.take(before.standing) if self._goes_on else together(())
        for windows in self._windows:
            windows.resume(tally for length_s, tally in before.tallies if length_s == windows.length_s)
            windows.flush(-math.inf)
        self._before = before, take

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
        for windows in self._windows:
            windows.look(from_s, move.to_s, (OFFLINE,))
        self._moods.look(from_s, move.to_s, (OFFLINE,))

    def finish(self, time_s: float) -> Readings:
        """Close the running windows, and of a file the events; of a camera these stay open, for the run after this one.

        Nothing may follow it but new frames.
        """
        end_s = max(time_s, self._time.now_s or time_s)
        done = self._settle() + self._close(end_s)
        self._left = self._running() if self._time.now_s is not None else None
        done += self._flush(end_s, None)
        if not self._goes_on:
            done += self._end_events(end_s) + Readings(events=self._faults.close(end_s))
        return self._tell(done, end_s)

    def _tell(self, done: Readings, now_s: float) -> Readings:
        """What is told now, the events with the seconds of them that were seen."""
        events = tuple(self._gaps.told(event, now_s, self._time.frame_s) for event in done.events)
        return replace(done, events=events)

    def _settle(self) -> Readings:
        """Crossings and moves that still wait for more of the motion."""
        done = self._cross(self._line.settle(self._fleet))
        self._move(self._moves.settle())
        return done

    def live(self, time_s: float) -> tuple[LiveRow, ...]:
        """What is so now, per approach and lane. `time_s` is on the time base of the frames."""
        frame_s, observed_s = self._time.frame_s, self._time.observed_s
        if frame_s is None or time_s - frame_s > self._settings.stale_s:
            age_s = None if frame_s is None else time_s - frame_s
            return self._stale(time_s, observed_s, reasons.say(reasons.NO_PICTURE, reasons.Figures(seconds=age_s)))
        if (why := self._faults.why(time_s)) is not None:
            return self._stale(time_s, observed_s, why)
        now = self._recent.now(self._fleet, self._queue_now, frame_s)
        sight = self._sight(now)
        return tuple(row for watch in self._watches for row in watch.live(now, sight, time_s, observed_s))

    def _sight(self, now: Now) -> LiveSight:
        """How well every cell was seen in the last minute, by the rules of windows."""
        qualities, hidden = [], set()
        for i, cell in enumerate(self._layout.cells):
            mood = self._moods.over(now.from_s, now.to_s, self._layout.lanes_in(i))
            qualities.append(self._trust.quality(quality(now, i), cell.approach, mood))
            if self._cover.hidden(i) or (cell.lane is not None and mood.hidden_s > HIDDEN_SHARE * now.span_s):
                hidden.add(i)
        return LiveSight(tuple(qualities), frozenset(hidden))

    def _start(self, time_s: float) -> Readings:
        """Begin the windows, or go on with those of an earlier run."""
        done = self._go_on(time_s)
        for windows in self._windows:
            windows.begin(time_s)
        return done

    def _go_on(self, time_s: float) -> Readings:
        """Go on with what an earlier run left, once; what is too old to go on with is told as it is."""
        left, self._before = self._before, None
        orphans, self._orphans = self._orphans, ()
        if left is None:
            return Readings(events=ended(orphans))
        before, take = left
        if time_s < before.time_s:
            return Readings(events=ended(before.open))
        for windows in self._windows:
            windows.resume(tally for length_s, tally in before.tallies if length_s == windows.length_s)
        take()
        done, away_s = Readings(), time_s - before.time_s
        if away_s > self._settings.jump_s:
            done = self._publish([(w.length_s, t) for w in self._windows for t in w.flush(before.time_s)])
        self._gaps.lose(before.time_s, time_s)
        if away_s > self._settings.state.forget_s:
            return done + Readings(events=self._standing.give_up())
        self._standing.look_for(time_s + AGAIN_S)
        return done + Readings(events=tuple(event for event, _ in self._standing.open()))

    def _running(self) -> parts_of.Parts:
        tallies = tuple((w.length_s, tally) for w in self._windows for tally in w.parts())
        if not self._goes_on:
            return parts_of.Parts(self._time.now_s or 0.0, tallies)
        return parts_of.Parts(self._time.now_s or 0.0, tallies, self._standing.keep(), self._standing.open())

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
        self._spans.clear()
        self._recent.retract(since_s)
        self._fleet.clear()
        self._hidden.clear()
        self._emerged.clear()
        self._gates.clear()
        self._stays.clear()
        self._cover.clear()
        return done

    def _stale(self, time_s: float, observed_s: float, reason: Reason) -> tuple[LiveRow, ...]:
        """Nothing is told as now; of the last minute how much was seen, and the flags of the picture."""
        frame_s = time_s if self._time.frame_s is None else min(time_s, self._time.frame_s)
        seen_s = min(observed_s, self._gaps.observed_s(time_s - FLOW_S, frame_s))
        flags = () if self._faults.scene is None or self._faults.fault is None else self._faults.scene.flags
        rows = (
            stale_row(self._recent.counts, i, cell, time_s, observed_s) for i, cell in enumerate(self._layout.cells)
        )
        return tuple(replace(row, reason=reason, quality=Quality(seen_s, 0.0, flags)) for row in rows)

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
        for windows in self._windows:
            windows.frame(move.to_s)
        if move.observed_s > 0:
            self._add(Span(move.from_s, move.to_s, exposure))
        else:
            self._gaps.lose(move.from_s, move.to_s)
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
        lost_s = self._cover.second(vehicles.hidden)
        for windows in self._windows:
            windows.queue(time_s, queue)
            windows.hide(time_s, lost_s)
        self._moods.hide(time_s, lost_s)
        for watch in self._watches:
            watch.second(time_s, queue, self._recent.total_s(Amount.STOP_BAR_S), self._recent.observed_s)
        events = self._incidents.look(self._fleet, time_s, self._stays.at("kerb"))
        return done + Readings(events=events + self._in_zones.look(self._stays, self._fleet, queue, time_s))

    def _close(self, now_s: float) -> Readings:
        return self._publish([(w.length_s, tally) for w in self._windows for tally in w.close(now_s)])

    def _flush(self, until_s: float, flag: str | None) -> Readings:
        """Close the running windows."""
        return self._publish([(w.length_s, tally) for w in self._windows for tally in w.flush(until_s, flag)])

    def _end_events(self, until_s: float) -> Readings:
        """End what is open on the road."""
        events = [event for watch in self._watches for event in watch.close(until_s)]
        return Readings(events=(*events, *self._incidents.close(until_s), *self._in_zones.close(until_s)))

    def _step(self, move: Move) -> Readings:
        """The clock was set: nothing before it can be compared with what follows."""
        done = self._settle() + self._flush(move.from_s, CLOCK_STEP) + self._end_events(move.from_s)
        self._gaps.clear()
        self._fleet.clear()
        self._stays.clear()
        self._spans.clear()
        self._hidden.clear()
        self._emerged.clear()
        self._gates.clear()
        self._recent.reset_time()
        self._line.clear()
        self._moods.clear()
        for watch in self._watches:
            watch.reset(move.from_s)
        if move.kind is Kind.BACK and move.from_s - move.to_s > self._settings.hold_s:
            for windows in self._windows:
                windows.release()
        return done

    def _publish(self, closed: list[tuple[int, Tally]]) -> Readings:
        """The rows of closed windows; each approach is judged by its base windows, and its lanes inherit the state."""
        done = Readings()
        if not self._watches:
            return Readings(windows=tuple(self._passages(tally) for _, tally in closed if self._layout.gates))
        for length_s, tally in closed:
            table = self._table(tally, length_s)
            verdicts: dict[str, Verdict] = {}
            for watch, row in zip(self._watches, filter(rows_of.is_approach, table), strict=True):
                verdict, events = self._verdict(watch, row, length_s)
                verdicts[row.approach] = replace(verdict, reason=explained(row, verdict.reason))
                done += Readings(events=events)
            table = [self._said(row, verdicts[row.approach]) for row in table]
            for row in table:
                self._usual.learn(row)
            done += Readings(windows=tuple(table))
        return done

    def _passages(self, tally: Tally) -> Measurement:
        """The row of a camera that has gates and no approaches."""
        return self._trust.judge(rows_of.gate_row(tally, self._camera, self._layout, self._means), tally, None)

    def _table(self, tally: Tally, length_s: int) -> list[Measurement]:
        """The rows of a window, without speeds that the calibration does not support, and what follows from them: smp,
        service, trust, side friction, the usual."""
        table = []
        rows = self._service.smp([self._told(row) for row in rows_of.measurements(tally, self._layout, self._means)])
        for i, row in enumerate(self._served(rows, length_s)):
            approach = self._layout.ids.index(row.approach)
            index = i if i < len(self._layout) else int(self._layout.approach_cell[approach])
            row = doubted(self._trust.judge(row, tally, index), self._settings.state.min_quality)
            length_m = self._layout.cells[index].length_m
            table.append(self._usual.fill(self._friction.fill(row, tally.side[:, approach], length_m)))
        return table

    def _said(self, row: Measurement, verdict: Verdict) -> Measurement:
        """The row with its state and reason; a state is one of places, so a movement has none."""
        if row.scope is Scope.MOVEMENT:
            return row
        if row.counts is None and row.lane is not None and "occluded" in row.quality.flags:
            verdict = Verdict(State.UNKNOWN, reasons.say(reasons.OCCLUDED, reasons.Figures()))
        row = replace(row, state=verdict.state, reason=explained(row, verdict.reason))
        if row.state is State.UNKNOWN or row.reason is None:
            return row
        row = self._usual.compare(row)
        if row.state not in WORSE or row.reason is None:
            return row
        quality = reasons.Figures(quality=row.quality.score)
        return replace(row, reason=reasons.joined(row.reason, reasons.QUALITY, quality))

    def _served(self, table: list[Measurement], length_s: int) -> list[Measurement]:
        """The rows of a window, those of approaches with what their signal says of them."""
        watches, turned = {watch.approach: watch for watch in self._watches}, turning(table, self._turns)
        return [
            watches[row.approach].serve(row, length_s, turned.get(row.approach)) if rows_of.is_approach(row) else row
            for row in table
        ]

    def _told(self, row: Measurement) -> Measurement:
        """The row as it may be published: without speeds that the calibration does not support."""
        supported = self._means.errors.supported(self._layout.ids.index(row.approach))
        return row if supported else withheld(row)

    def _verdict(self, watch: ApproachWatch, row: Measurement, length_s: int) -> tuple[Verdict, tuple[Event, ...]]:
        if length_s != self._settings.base_s:
            return watch.latest(row), ()
        opened = self._incidents.open_types(row.approach) + self._in_zones.open_types(row.approach)
        cause = next((kind.value for kind in CAUSES if kind in opened), None)
        return watch.judge(row, cause)


CAUSES = (EventType.SPILLBACK, EventType.BLOCKED_BOX, EventType.STOPPED_VEHICLE)
"""Incidents that make a congestion, the likeliest first; what is open when it begins is told as its cause."""
