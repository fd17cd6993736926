"""What is where it should not be on an approach: stopped outside the queue, or against the traffic.

Thresholds are settings (`config.IncidentRules`); all definitions are [ours]. Looked for once a second, and never while
the picture cannot be trusted. One cause is one event: of a row of vehicles that stand behind one another the first is
told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from ..config import IncidentRules
from ..data import Event, EventType, FloatArray, IntArray
from ..units import mps
from . import reasons
from .events import event_id
from .fits import fit
from .fleet import Fleet, Rows, history
from .kept import Plain, Take, plain, typed
from .layout import Layout
from .reasons import Figures, say
from .settings import MOTORCYCLE
from .speeds import Errors
from .stood import FRESH_S, Stood

GROUP_M: Final = 15.0
ALONE_M: Final = 25.0
"""Nearer to the stop line than this a lone vehicle that stands may be waiting at red."""

FIRST_SEEN_S: Final = 1.5
HEIR_M: Final = 2.5
ROUGH_SHARE: Final = 0.15
MIN_STEADY_S: Final = 1.5


@dataclass(slots=True)
class _Case:
    """An open event about one vehicle, and where that stands; seen_s: when it last did. looked_for_s: after a restart
    it need not be seen again before."""

    event: Event
    lane: int
    along_m: float
    seen_s: float
    looked_for_s: float = 0.0

    def is_at(self, lane: int, along_m: float) -> bool:
        """Whether a vehicle there stands where this one does."""
        same = self.event.type is EventType.STOPPED_VEHICLE and self.lane == lane
        return same and abs(self.along_m - along_m) <= HEIR_M


@dataclass(slots=True)
class Incidents:
    """Vehicles of an approach that stand or drive where they should not.

    Stopped: `stopped_s` outside the queue, with nobody queued within 15 m ahead in its lane, and either
    `overtakers` went past it (four wheels, or two at 25 km/h or more), or it was seen to drive there, nobody else
    stands between it and the line or close behind, and the camera faces the traffic, so that a queue ahead of it
    would be seen before it is; `long_stop_s` in any case. Of a queue only its head: when it has stood for `long_stop_s`
    and a whole signal cycle and `overtakers` went past it. On a link nobody waits, so who stands alone near the line is
    no queue. One that stood when it was first seen is told as `info`
    only, after `long_stop_s`. Wrong way: `wrong_way_s` and `wrong_way_m` against the traffic; its speed is told where
    the calibration supports one.
    """

    camera: str
    layout: Layout
    rules: IncidentRules
    errors: Errors
    stood: Stood
    _open: dict[int, _Case] = field(default_factory=dict)

    def look(
        self, fleet: Fleet, standing: IntArray, now_s: float, at_kerb: frozenset[int], wait_s: Sequence[float]
    ) -> tuple[Event, ...]:
        """Events that begin or end now; standing: rows of all that stand, (n,), nearest the line first; at_kerb: tracks
        that stand in a kerb zone, where stopping is no incident; wait_s: for how long the signal of each approach may
        keep somebody."""
        self._inherit(fleet, standing)
        stopped = self._stopped(fleet, standing, now_s, at_kerb, wait_s)
        back = self._backward(fleet, fleet.fresh(now_s, FRESH_S, unproven=True), now_s)
        events = [self._begin(fleet, r, EventType.STOPPED_VEHICLE, now_s) for r in stopped]
        events += [self._begin(fleet, r, EventType.WRONG_WAY, now_s) for r in back.tolist()]
        holding = {int(fleet.rows["id"][r]) for r in (*stopped, *back.tolist())}
        return tuple(e for e in events if e is not None) + self._ended(holding, now_s)

    def open_types(self, approach: str) -> tuple[EventType, ...]:
        """Kinds of the events that are open on an approach."""
        return tuple(case.event.type for case in self._open.values() if case.event.approach == approach)

    def open(self) -> tuple[tuple[Event, float], ...]:
        """The events that are open, each with its last sign."""
        return tuple((case.event, case.seen_s) for case in self._open.values())

    def keep(self) -> Plain:
        """The open cases, for the run after this one."""
        return plain(tuple(self._open.values()))

    def take(self, kept: Plain) -> Take:
        """The cases of an earlier run, whose tracks are gone: a new one in the place of each is its vehicle. Raises
        `ValueError` for anything else."""
        cases = typed(list[_Case], kept)
        return lambda: self._open.update({-1 - i: case for i, case in enumerate(cases)})

    def look_for(self, until_s: float) -> None:
        """What was open before a restart need not be seen again before this moment."""
        for case in self._open.values():
            case.looked_for_s = until_s

    def close(self, now_s: float) -> tuple[Event, ...]:
        """End what is open."""
        ended = tuple(replace(case.event, end_s=now_s) for case in self._open.values())
        self._open.clear()
        return ended

    def _stopped(
        self, fleet: Fleet, standing: IntArray, now_s: float, at_kerb: frozenset[int], wait_s: Sequence[float]
    ) -> list[int]:
        """Rows of vehicles stopped outside the queue, or at its head for too long, that head their group, nearest the
        line first."""
        rows = fleet.rows
        found: list[int] = []
        for r in standing.tolist():
            known, stands_s = int(rows["id"][r]) in self._open, now_s - self.stood.since_s(int(rows["id"][r]))
            if not known and stands_s < self.rules.stopped_s:
                continue
            if not known and self._waits(fleet, r, standing):
                told = self._stays_at_head(fleet, r, stands_s, wait_s)
            else:
                told = known or self._tells(fleet, r, standing, now_s, at_kerb)
            if told:
                found += [] if not known and self._behind(rows, r, found) else [r]
        return found

    def _waits(self, fleet: Fleet, row: int, standing: IntArray) -> bool:
        """Whether one that stands is of a queue; on a link one alone is none."""
        one = fleet.rows[row]
        lone = self.layout.link[int(one["approach"])] and self._alone(fleet, row, standing)
        return bool(one["was_queued"] and not lone)

    def _stays_at_head(self, fleet: Fleet, row: int, stands_s: float, wait_s: Sequence[float]) -> bool:
        """Whether one of a queue, with nobody queued ahead, stood through a green while others went past it."""
        one = fleet.rows[row]
        long = stands_s >= max(self.rules.long_stop_s, wait_s[int(one["approach"])])
        passed = self.stood.passed_by(int(one["id"])) >= self.rules.overtakers
        return long and passed and not self._queue_ahead(fleet, row)

    def _tells(self, fleet: Fleet, row: int, standing: IntArray, now_s: float, at_kerb: frozenset[int]) -> bool:
        """Whether this one that stands is more than somebody who waits."""
        one = fleet.rows[row]
        track, stands_s = int(one["id"]), now_s - self.stood.since_s(int(one["id"]))
        if stands_s >= self.rules.long_stop_s:
            return True
        if track in at_kerb or self._stood_at_first(one) or self._queue_ahead(fleet, row):
            return False
        if self.stood.passed_by(track) >= self.rules.overtakers:
            return True
        return self._alone(fleet, row, standing)

    def _queue_ahead(self, fleet: Fleet, row: int) -> bool:
        """Whether somebody queued, seen or hidden, stands close ahead in its lane: then it is the queue's tail, and who
        passes it only joins the queue of another lane."""
        active = fleet.active()
        rows, one = fleet.rows[active], fleet.rows[row]
        front_m, rear_m = fleet.extent_m(active)
        here = rows["queued"] & (rows["approach"] == one["approach"]) & (rows["lane"] == one["lane"])
        gap_m = float(fleet.extent_m(np.array([row]))[0][0]) - rear_m
        return bool((here & (front_m < one["along_m"]) & (gap_m <= GROUP_M)).any())

    def _stood_at_first(self, one: Rows) -> bool:
        """Whether it stood when it was first seen: parked, or a new track of one that stands."""
        return bool(self.stood.since_s(int(one["id"])) - one["first_s"] <= FIRST_SEEN_S)

    def _alone(self, fleet: Fleet, row: int, standing: IntArray) -> bool:
        """Whether it drove here and nobody stands between it and the line or close behind it, as in a queue whose head
        was not detected; the camera must face the traffic, so that what is ahead is seen better than it is."""
        rows = fleet.rows
        one = rows[row]
        cell = self.layout.cells[int(self.layout.approach_cell[int(one["approach"])])]
        near = one["along_m"] < ALONE_M and not self.layout.link[int(one["approach"])]
        if not cell.toward or one["kind"] == MOTORCYCLE or near:
            return False
        ahead = standing[(rows["approach"][standing] == one["approach"]) & (rows["id"][standing] != one["id"])]
        return not (rows["along_m"][ahead] < one["along_m"] + GROUP_M).any()

    def _behind(self, rows: Rows, row: int, heads: list[int]) -> bool:
        """Whether it only stands behind one that is told already."""
        one = rows[row]
        ahead = [rows[r] for r in heads if rows["approach"][r] == one["approach"] and rows["lane"][r] == one["lane"]]
        return any(one["along_m"] - head["along_m"] >= 0 for head in ahead)

    def _backward(self, fleet: Fleet, fresh: IntArray, now_s: float) -> IntArray:
        rows = fleet.rows
        against = rows["speed_mps"][fresh] <= -mps(self.rules.wrong_way_kmh)
        rows["back_since_s"][fresh[~against]] = np.nan
        begins = fresh[against & np.isnan(rows["back_since_s"][fresh])]
        rows["back_since_s"][begins] = now_s
        rows["back_from_m"][begins] = rows["along_m"][begins]
        held = now_s - rows["back_since_s"][fresh] >= self.rules.wrong_way_s
        far = fresh[held & (rows["along_m"][fresh] - rows["back_from_m"][fresh] >= self.rules.wrong_way_m)]
        span_s = max(self.rules.wrong_way_s, MIN_STEADY_S)
        told = [r for r in fresh[rows["speed_mps"][fresh] < 0].tolist() if self._goes_wrong(int(rows["id"][r]))]
        new = [r for r in far.tolist() if r not in told and _steady(*history(rows, r), now_s, span_s)]
        return np.array(told + new, np.int64)

    def _goes_wrong(self, track: int) -> bool:
        """Whether this track is known to drive against the traffic."""
        case = self._open.get(track)
        return case is not None and case.event.type is EventType.WRONG_WAY

    def _inherit(self, fleet: Fleet, standing: IntArray) -> None:
        """A new track in the place of one that was told is the same vehicle."""
        rows = fleet.rows
        here = {int(rows["id"][r]) for r in standing.tolist()}
        for r in standing.tolist() if self._open else ():
            track, lane, along_m = int(rows["id"][r]), int(rows["lane"][r]), float(rows["along_m"][r])
            lost = [t for t, c in self._open.items() if t not in here and c.is_at(lane, along_m)]
            if track not in self._open and lost:
                self._open[track] = self._open.pop(lost[0])

    def _ended(self, holding: set[int], now_s: float) -> tuple[Event, ...]:
        """Ends of events whose vehicle drove on, or has not been seen standing for `clear_s`."""
        for track in holding:
            self._open[track].seen_s = now_s
        clear_s = self.rules.clear_s
        over = [t for t, case in self._open.items() if now_s - max(case.seen_s, case.looked_for_s) >= clear_s]
        return tuple(replace(case.event, end_s=case.seen_s) for case in [self._open.pop(track) for track in over])

    def _begin(self, fleet: Fleet, row: int, kind: EventType, now_s: float) -> Event | None:
        one = fleet.rows[row]
        track = int(one["id"])
        if track in self._open:
            return None
        wrong = kind is EventType.WRONG_WAY
        parked = not wrong and self._stood_at_first(one)
        begin_s = float(one["back_since_s"]) if wrong else self.stood.since_s(track)
        approach = self.layout.ids[int(one["approach"])]
        along_m, speed_mps = float(one["along_m"]), abs(float(one["speed_mps"]))
        against = reasons.WRONG_WAY if self.errors.supported(int(one["approach"])) else reasons.WRONG_WAY_ROUGH
        at_head = one["queued"] and not self.layout.link[int(one["approach"])]
        stopped = reasons.STAYS_AT_HEAD if at_head else reasons.STOPPED
        template = against if wrong else reasons.WAITING if parked else stopped
        event = Event(
            id=f"{event_id(self.camera, approach, kind, begin_s)}-{track}",
            type=kind,
            begin_s=begin_s,
            end_s=None,
            severity="serious" if wrong else "info" if parked else "warning",
            approach=approach,
            lane=int(one["lane"]) if one["lane"] > 0 else None,
            cause=template.code,
            reason=say(template, Figures(seconds=now_s - begin_s, queue_m=along_m, speed_mps=speed_mps)),
        )
        self._open[track] = _Case(event, int(one["lane"]), along_m, now_s)
        return event


def _steady(time_s: FloatArray, along_m: FloatArray, now_s: float, span_s: float) -> bool:
    """Whether the last seconds went against the traffic steadily; a track that jumped to a vehicle behind did not.

    A straight line upstream that the sightings leave by no more than `ROUGH_SHARE` of the way (a jump leaves it by a
    quarter), and no step of more than a third of it.
    """
    last = time_s >= now_s - span_s
    line = fit(time_s[last], along_m[last])
    if line is None or last.sum() < 5:
        return False
    way_m = line.slope_mps * float(np.ptp(time_s[last]))
    return bool(way_m > 0 and line.rough_m <= ROUGH_SHARE * way_m and np.diff(along_m[last]).max() <= way_m / 3)
