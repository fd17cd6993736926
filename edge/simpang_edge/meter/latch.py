"""Something that begins and ends, as an event with one id: begun once it has held long enough, ended after a while."""

from dataclasses import dataclass, replace

from ..data import Event
from .kept import Plain, Take, freeze, thaw

HELD = ("_since_s", "_last_s", "_open")


@dataclass(slots=True)
class Latch:
    """One thing that may hold: told when it has held for `on_s`, over when it has not held for `off_s`.

    A deadband in time (measurement reference, section 12): what flickers is one event, what is short is none.
    """

    on_s: float
    off_s: float
    _since_s: float | None = None
    _last_s: float = 0.0
    _open: Event | None = None
    _looked_for_s: float = 0.0

    @property
    def open(self) -> Event | None:
        """The event that was begun and has not ended."""
        return self._open

    @property
    def since_s(self) -> float | None:
        """Since when it has held, told or not."""
        return self._since_s

    @property
    def last_s(self) -> float:
        """When it was last seen to hold."""
        return self._last_s

    def holds(self, since_s: float, now_s: float) -> bool:
        """It holds now, and has since; whether it is time to begin the event."""
        self._since_s = since_s if self._since_s is None else self._since_s
        self._last_s = now_s
        return self._open is None and now_s - self._since_s >= self.on_s

    def begin(self, event: Event) -> Event:
        """Begin the event."""
        self._open = event
        return event

    def rests(self, now_s: float) -> tuple[Event, ...]:
        """It does not hold now: the end of the event, once that has been so for `off_s`."""
        if self._since_s is None or now_s - max(self._last_s, self._looked_for_s) < self.off_s:
            return ()
        return self.close(self._last_s)

    def close(self, now_s: float) -> tuple[Event, ...]:
        """Forget it; the end of the event, if one was begun."""
        event, self._open, self._since_s = self._open, None, None
        return () if event is None else (replace(event, end_s=max(now_s, event.begin_s)),)

    def keep(self) -> Plain:
        """What it holds, for the run after this one."""
        return freeze(self, *HELD)

    def take(self, kept: Plain) -> Take:
        """What an earlier run held. Raises `ValueError` for anything else."""
        return thaw(self, kept, *HELD)

    def look_for(self, until_s: float) -> None:
        """What held before a restart need not be seen again before this moment."""
        self._looked_for_s = until_s
