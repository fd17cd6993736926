"""What happens in the zones of a camera: a blocked box, a forbidden stop, somebody on foot, spillback from downstream.

Thresholds are settings (`config.IncidentRules`); all definitions are [ours].
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from ..config import IncidentRules, Zone
from ..data import Event, EventType
from . import reasons
from .crossings import Crossing
from .events import event_id
from .fleet import Fleet
from .kept import Plain, Take, together
from .latch import Latch
from .layout import Layout
from .queue import QueueNow
from .reasons import Figures, Template, say
from .settings import IS_MOTOR
from .stays import Stay, Stays, load


@dataclass(frozen=True, slots=True)
class Waits:
    """The queue of this moment; free_since_s: since when the signal of an approach (index) has let it go."""

    queue: QueueNow
    free_since_s: Callable[[int], float]


@dataclass(slots=True)
class ZoneIncidents:
    """What happens in configured zones: one event per zone and kind at a time.

    box_junction: `box_vehicles` cars' worth stand for `box_s`, or one vehicle for `box_long_s` (a vehicle may wait
    there to turn right). no_stopping: a vehicle stands `stopped_s`, not as part of a queue. carriageway: somebody on
    foot for `pedestrian_s`, not in a crossing. exit: `spillback_vehicles` cars' worth stand for `spillback_s`;
    serious, and told once more as such, when the queue of the approach it belongs to has not discharged for
    `spillback_s` in which no red kept it.
    """

    camera: str
    layout: Layout
    rules: IncidentRules
    zones: tuple[Zone, ...]
    _latches: dict[int, Latch] = field(default_factory=dict)
    _crossed_s: dict[int, float] = field(default_factory=dict)

    def cross(self, crossing: Crossing) -> None:
        """Account for a crossing: the queue discharges."""
        before_s = self._crossed_s.get(crossing.approach, -math.inf)
        self._crossed_s[crossing.approach] = max(before_s, crossing.time_s)

    def look(self, stays: Stays, fleet: Fleet, waits: Waits, now_s: float) -> tuple[Event, ...]:
        """Events that begin or end now."""
        return tuple(e for i in range(len(self.zones)) for e in self._look(i, stays, fleet, waits, now_s))

    def open_types(self, approach: str) -> tuple[EventType, ...]:
        """Kinds of the events that are open in zones of an approach."""
        return tuple(event.type for event, _ in self.open() if event.approach == approach)

    def open(self) -> tuple[tuple[Event, float], ...]:
        """The events that are open, each with its last sign."""
        return tuple((latch.open, latch.last_s) for latch in self._latches.values() if latch.open is not None)

    def keep(self) -> Plain:
        """What holds, for the run after this one, by zone."""
        return {str(index): latch.keep() for index, latch in self._latches.items()}

    def take(self, kept: Plain) -> Take:
        """What held in an earlier run with the same zones. Raises `ValueError` for anything else."""
        latches = {index: Latch(0.0, self.rules.clear_s) for index in range(len(self.zones)) if str(index) in kept}
        held = [latch.take(kept[str(index)]) for index, latch in latches.items()]
        return together([*held, lambda: self._latches.update(latches)])

    def look_for(self, until_s: float) -> None:
        """What held before a restart need not be seen again before this moment."""
        for latch in self._latches.values():
            latch.look_for(until_s)

    def close(self, now_s: float) -> tuple[Event, ...]:
        """End what is open."""
        return tuple(event for latch in self._latches.values() for event in latch.close(now_s))

    def _look(self, index: int, stays: Stays, fleet: Fleet, waits: Waits, now_s: float) -> Iterator[Event]:
        zone = self.zones[index]
        found = self._found(zone, index, stays, fleet, now_s)
        latch = self._latches.setdefault(index, Latch(0.0, self.rules.clear_s))
        if not found:
            yield from latch.rests(now_s)
        elif latch.holds(min(since_s for _, since_s in found), now_s) or _may_rise(latch.open):
            event = self._event(zone, [stay for stay, _ in found], waits, latch.since_s or now_s, now_s)
            if latch.open is None or event.severity != latch.open.severity:
                yield latch.begin(event)

    def _found(self, zone: Zone, index: int, stays: Stays, fleet: Fleet, now_s: float) -> list[tuple[Stay, float]]:
        """Those that make the event of this zone, and since when each does."""
        inside = stays.inside(index)
        if zone.kind == "carriageway":
            return self._on_foot(inside, index, stays)
        if zone.kind == "no_stopping":
            rows = fleet.rows[fleet.active()]
            queued = {int(i) for i in rows["id"][rows["was_queued"] & ~rows["counted"]]}
            tracks = {id(stay): track for track, stay in stays.all.items()}
            alone = [stay for stay in inside if tracks[id(stay)] not in queued]
            return _standing(alone, self.rules.stopped_s, now_s)
        if zone.kind == "box_junction":
            many = _standing(inside, self.rules.box_s, now_s)
            long = _standing(inside, self.rules.box_long_s, now_s)
            return many if load([stay for stay, _ in many]) >= self.rules.box_vehicles else long
        if zone.kind == "exit":
            full = _standing(inside, self.rules.spillback_s, now_s)
            return full if load([stay for stay, _ in full]) >= self.rules.spillback_vehicles else []
        return []

    def _on_foot(self, inside: list[Stay], index: int, stays: Stays) -> list[tuple[Stay, float]]:
        crossings = sum(1 << i for i, zone in enumerate(stays.zones) if zone.kind == "crossing")
        walkers = [stay for stay in inside if stay.on_foot and not stay.zones & crossings]
        return [(s, s.since_s[index]) for s in walkers if s.seen_s - s.since_s[index] >= self.rules.pedestrian_s]

    def _event(self, zone: Zone, stays: list[Stay], waits: Waits, begin_s: float, now_s: float) -> Event:
        kind, template = KIND[zone.kind]
        severity = "warning"
        approach = zone.approach or (self.layout.ids[0] if len(self.layout.ids) == 1 else None)
        tail_m = 0.0
        if kind is EventType.SPILLBACK and approach is not None:
            tail_m = self._held_back_m(self.layout.ids.index(approach), waits, now_s)
        if tail_m > 0:
            severity, template = "serious", reasons.SPILLBACK_STOPS
        figures = Figures(seconds=now_s - begin_s, vehicles=len(stays), zone=zone.id, queue_m=tail_m)
        return Event(
            id=event_id(self.camera, zone.id, kind, begin_s),
            type=kind,
            begin_s=begin_s,
            end_s=None,
            severity=severity,
            approach=approach,
            zone=zone.id,
            cause=template.code,
            reason=say(template, figures),
        )

    def _held_back_m(self, approach: int, waits: Waits, now_s: float) -> float:
        """The queue of an approach from which nobody has crossed for `spillback_s` though it was free to go, else 0."""
        held_since_s = max(self._crossed_s.get(approach, -math.inf), waits.free_since_s(approach))
        moves = now_s - held_since_s < self.rules.spillback_s
        return 0.0 if moves else float(waits.queue.tail_m[self.layout.approach_cell[approach]])


def _may_rise(event: Event | None) -> bool:
    """Whether an open event may become a graver one."""
    return event is not None and event.type is EventType.SPILLBACK and event.severity == "warning"


KIND: Final[dict[str, tuple[EventType, Template]]] = {
    "box_junction": (EventType.BLOCKED_BOX, reasons.BLOCKED_BOX),
    "no_stopping": (EventType.STOPPED_VEHICLE, reasons.IN_ZONE),
    "carriageway": (EventType.PEDESTRIAN, reasons.PEDESTRIAN),
    "exit": (EventType.SPILLBACK, reasons.SPILLBACK),
}
"""By kind of zone; the others (crossing, kerb, access) are counted only."""


def _standing(stays: list[Stay], least_s: float, now_s: float) -> list[tuple[Stay, float]]:
    """Motor vehicles that have stood for so long, with since when."""
    motor = [stay for stay in stays if IS_MOTOR[stay.kind]]
    return [(stay, stay.still_s) for stay in motor if stay.stands_s(now_s) >= least_s]
