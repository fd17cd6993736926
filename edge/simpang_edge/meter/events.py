"""Congestion as something that begins and ends, and the ids of events."""

from dataclasses import dataclass, replace

from ..data import Event, EventType, State
from .kept import Plain, Take, freeze, thaw
from .state import Verdict

HELD = ("_begin_s", "_end_s", "_open")


def event_id(camera: str, approach: str, kind: EventType, begin_s: float) -> str:
    """The same for begin and end, and for the same happening measured again."""
    return f"{camera}-{approach}-{kind.value}-{int(begin_s)}"


@dataclass(slots=True)
class CongestionEvents:
    """Congestion of one approach as events: none shorter than `min_s`, none less than `merge_s` apart (section 6).

    It lasts from its first sign until no sign is seen any more, not until that has been so for long enough to be judged
    over. A begin is told once it has lasted `min_s`, so a short one is never told; an end once it was judged over and
    has been for `merge_s`. Both carry the true times. One that becomes jammed is told once more, as serious.
    """

    camera: str
    approach: str
    min_s: float
    merge_s: float
    _begin_s: float | None = None
    _end_s: float | None = None
    _open: Event | None = None

    @property
    def open(self) -> Event | None:
        """The event that was begun and has not ended."""
        return self._open

    def last_s(self, now_s: float) -> float:
        """When the last sign of the open event was seen; now while it still holds."""
        return now_s if self._end_s is None else self._end_s

    def keep(self) -> Plain:
        """What it holds, for the run after this one."""
        return freeze(self, *HELD)

    def take(self, kept: Plain) -> Take:
        """What an earlier run held. Raises `ValueError` for anything else."""
        return thaw(self, kept, *HELD)

    def follow(self, verdict: Verdict, now_s: float, cause: str | None = None) -> tuple[Event, ...]:
        """Account for the verdict on a window that ended now. An unknown window changes nothing.

        cause: the incident that is open on the approach; else the rule that judged it is told as the cause.
        """
        if verdict.state is State.UNKNOWN:
            return ()
        if verdict.since_s is not None:
            return self._on(verdict, verdict.since_s, now_s, cause)
        if self._open is None:
            self._begin_s = self._end_s = None
            return ()
        if self._end_s is None:
            self._end_s = now_s if verdict.last_sign_s is None else verdict.last_sign_s
        return self.close(now_s) if now_s - self._end_s >= self.merge_s else ()

    def close(self, now_s: float) -> tuple[Event, ...]:
        """End what is open: when its last sign was seen, or now when it still holds."""
        event, end_s = self._open, self.last_s(now_s)
        self._begin_s = self._end_s = self._open = None
        return () if event is None else (replace(event, end_s=end_s),)

    def _on(self, verdict: Verdict, since_s: float, now_s: float, cause: str | None) -> tuple[Event, ...]:
        self._begin_s = since_s if self._begin_s is None else self._begin_s
        self._end_s = verdict.last_sign_s if verdict.last_sign_s != now_s else None
        seen_until_s = now_s if self._end_s is None else self._end_s
        if self._open is not None:
            return self._worse(verdict)
        if seen_until_s - self._begin_s < self.min_s:
            return ()
        self._open = Event(
            id=event_id(self.camera, self.approach, EventType.CONGESTION, self._begin_s),
            type=EventType.CONGESTION,
            begin_s=self._begin_s,
            end_s=None,
            severity="serious" if verdict.state is State.JAMMED else "warning",
            approach=self.approach,
            cause=cause or verdict.reason.code,
            reason=verdict.reason,
        )
        return (self._open,)

    def _worse(self, verdict: Verdict) -> tuple[Event, ...]:
        """The open event once more, when what began as a warning has become serious."""
        if self._open is None or verdict.state is not State.JAMMED or self._open.severity == "serious":
            return ()
        self._open = replace(self._open, severity="serious", reason=verdict.reason)
        return (self._open,)
