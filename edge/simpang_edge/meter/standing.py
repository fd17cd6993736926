"""What of a meter goes on when its worker starts again, besides the running windows: events, verdicts, the usual."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from ..data import Event
from .approach import ApproachWatch
from .faults import Faults
from .gaps import Gaps
from .incidents import Incidents
from .kept import Keeps, Plain, Take, together
from .usual import Usual
from .zone_incidents import ZoneIncidents

AGAIN_S: Final = 45.0
"""After a restart an event has so long to be seen again: what takes longest to be found, a lost view, takes 30 s.
[ours]"""

Open = tuple[tuple[Event, float], ...]
"""Events that are open, each with its last sign."""


class Standing:
    """The parts of one meter that go on. An event goes on under its id; after an outage of more than `forget_s` it ends
    with its last sign, as it does when a picture was away for so long."""

    def __init__(
        self,
        watches: Iterable[ApproachWatch],
        incidents: Incidents,
        zones: ZoneIncidents,
        faults: Faults,
        usual: Usual,
        gaps: Gaps,
    ) -> None:
        self._watches = {watch.approach: watch for watch in watches}
        self._incidents, self._zones, self._faults = incidents, zones, faults
        self._parts: dict[str, Keeps] = {
            "incidents": incidents,
            "zones": zones,
            "faults": faults,
            "usual": usual,
            "gaps": gaps,
            **{f"approach {name}": watch for name, watch in self._watches.items()},
        }

    def keep(self) -> dict[str, Plain]:
        """What they hold, for the run after this one."""
        return {name: part.keep() for name, part in self._parts.items()}

    def take(self, kept: dict[str, Plain]) -> Take:
        """What puts an earlier run's in place. Raises `ValueError` for what this version does not write."""
        try:
            return together([part.take(kept[name]) for name, part in self._parts.items()])
        except (KeyError, TypeError, AttributeError) as exc:
            raise ValueError(f"not what this version keeps: {exc}") from exc

    def open(self) -> Open:
        """All events that have begun and not ended."""
        watched = [one for watch in self._watches.values() for one in watch.open()]
        return (*watched, *self._incidents.open(), *self._zones.open(), *self._faults.open())

    def look_for(self, until_s: float) -> None:
        """What was open before a restart need not be seen again before this moment."""
        for part in (self._incidents, self._zones, self._faults):
            part.look_for(until_s)

    def give_up(self) -> tuple[Event, ...]:
        """End everything that is open with its last sign: it is too long ago."""
        before = ended(self._incidents.open() + self._zones.open() + self._faults.open())
        for part in (self._incidents, self._zones, self._faults):
            part.close(0.0)
        return (*before, *(event for watch in self._watches.values() for event in watch.give_up()))


def ended(left: Open) -> tuple[Event, ...]:
    """The ends of events, each with its last sign."""
    return tuple(replace(event, end_s=max(last_s, event.begin_s)) for event, last_s in left)
