"""Figures of incidents: found, missed, late, and alarms that nothing in the truth explains."""

from dataclasses import dataclass
from typing import Final

from simpang_edge.data import EventType
from simpang_edge.message import EventRow

from .figures import Figure, Sight
from .truths import Incident

REQUIRED: Final = (EventType.STOPPED_VEHICLE.value, EventType.WRONG_WAY.value)
"""What every camera must report, without zones of its own."""

EXPLAINS: Final = {
    EventType.STOPPED_VEHICLE.value: ("stopped_vehicle", "emergency_stop", "kerb_stop"),
    EventType.WRONG_WAY.value: ("wrong_way",),
    EventType.BLOCKED_BOX.value: ("blocked_box", "spillback"),
    EventType.PEDESTRIAN.value: ("pedestrian",),
    EventType.SPILLBACK.value: ("spillback",),
}
"""Type of an alarm → types of true incidents that explain it."""

EARLY_S: Final = 5.0
AFTER_S: Final = 10.0
"""An alarm belongs to an incident when it begins from 5 s before its begin to 10 s after its end: the truth begins when
a vehicle is at rest (0.1 m/s), the alarm when it came to within some 2 m of where it stands: it brakes in between.
One that was told before the incident began belongs to something else."""


@dataclass(frozen=True, slots=True)
class Found:
    """A true incident and the alarm that belongs to it; None: missed. late_s: from its begin to the alarm."""

    incident: Incident
    alarm: EventRow | None
    late_s: float | None


def figures(sight: Sight) -> list[Figure]:
    """Precision, recall and time to detect; all None where the truth has no list of incidents."""
    if sight.clip.incidents is None:
        return []
    alarms = raised(sight)
    found = matched(sight, alarms)
    hits = [item for item in found if item.alarm is not None]
    false = unexplained(sight, alarms)
    return [
        Figure("incident.true", len(found)),
        Figure("incident.reported", len(alarms)),
        Figure("incident.missed", len(found) - len(hits)),
        Figure("incident.false_alarms", len(false)),
        Figure("incident.recall", len(hits) / len(found) if found else None),
        Figure("incident.precision", 1 - len(false) / len(alarms) if alarms else None),
        *(Figure(f"incident.{kind}_detect_s", _latest_s(found, kind)) for kind in REQUIRED),
    ]


def raised(sight: Sight) -> list[EventRow]:
    """The begins of the approach's alarms, each once."""
    first: dict[str, EventRow] = {}
    for row in sight.published.events:
        if row.type in EXPLAINS and row.approach in (None, sight.truth.approach):
            first.setdefault(row.id, row)
    return list(first.values())


def matched(sight: Sight, alarms: list[EventRow]) -> list[Found]:
    """Every incident that a camera should report, with the first alarm that belongs to it."""
    out = []
    for incident in sight.clip.incidents or ():
        if incident.type not in REQUIRED:
            continue
        own = sorted((a for a in alarms if _belongs(sight, a, incident)), key=lambda a: a.begin)
        late_s = max(0.0, told_s(sight, own[0]) - incident.begin_s) if own else None
        out.append(Found(incident, own[0] if own else None, late_s))
    return out


def told_s(sight: Sight, alarm: EventRow) -> float:
    """When an alarm was told, seconds since the first frame; its `begin` says since when it holds."""
    return (alarm.told or alarm.begin).timestamp() - sight.clip.start_s


def unexplained(sight: Sight, alarms: list[EventRow]) -> list[EventRow]:
    """Alarms that nothing in the truth explains."""
    known = sight.clip.incidents or ()
    return [alarm for alarm in alarms if not any(_belongs(sight, alarm, incident) for incident in known)]


def _belongs(sight: Sight, alarm: EventRow, incident: Incident) -> bool:
    begin_s = alarm.begin.timestamp() - sight.clip.start_s
    end_s = sight.clip.seconds if incident.end_s is None else incident.end_s
    near = incident.begin_s - EARLY_S <= begin_s <= end_s + AFTER_S
    return incident.type in EXPLAINS[alarm.type] and near and told_s(sight, alarm) >= incident.begin_s


def _latest_s(found: list[Found], kind: str) -> float | None:
    """The longest time to detect of this kind; None when none was found."""
    return max((item.late_s for item in found if item.incident.type == kind and item.late_s is not None), default=None)
