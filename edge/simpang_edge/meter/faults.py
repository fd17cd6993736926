"""Faults of the camera itself: dark, frozen, moved, offline. While one holds, nothing of the road is told."""

from dataclasses import dataclass, field
from typing import Final

from ..config import SceneRules
from ..data import Event, EventType, Reason, Scene
from . import reasons
from .events import event_id
from .kept import Plain, Take, together
from .latch import Latch
from .reasons import Figures, Template, say

OFFLINE: Final = "offline"
OFFLINE_S: Final = 10.0
"""Without a picture for this long a live camera is offline [ours; design target: 10 s or sooner]."""

WHY: Final[dict[str, tuple[EventType, Template]]] = {
    "dark": (EventType.CAMERA_DARK, reasons.CAMERA_DARK),
    "frozen": (EventType.CAMERA_FROZEN, reasons.CAMERA_FROZEN),
    "moved": (EventType.CAMERA_MOVED, reasons.CAMERA_MOVED),
    OFFLINE: (EventType.CAMERA_OFFLINE, reasons.CAMERA_OFFLINE),
}
"""By flag, the worst first: one cause, one alarm."""


@dataclass(slots=True)
class Faults:
    """The faults of one camera as events. scene: what was last said of the picture, None before the first look."""

    camera: str
    rules: SceneRules
    scene: Scene | None = None
    _latches: dict[str, Latch] = field(default_factory=dict)

    def __post_init__(self) -> None:
        off_s = self.rules.fault_clear_s
        self._latches = {flag: Latch(self.rules.fault_event_s, off_s) for flag in WHY}
        self._latches[OFFLINE] = Latch(OFFLINE_S, 0.0)

    @property
    def fault(self) -> str | None:
        """The flag because of which nothing can be measured now."""
        if self.scene is None or self.scene.usable:
            return None
        return next(flag for flag in WHY if flag in self.scene.flags)

    def why(self, now_s: float) -> Reason | None:
        """Why nothing can be measured now, None when it can."""
        fault = self.fault
        if fault is None or self.scene is None:
            return None
        seconds = now_s - (self.scene.since_s or self.scene.time_s)
        return self._say(fault, seconds)

    def note(self, scene: Scene) -> tuple[Event, ...]:
        """Account for a look at the picture."""
        self.scene = scene
        fault, events = self.fault, self._latches[OFFLINE].rests(scene.time_s)
        for flag in ("dark", "frozen", "moved"):
            if flag == fault:
                events += self._holds(flag, scene.since_s or scene.time_s, scene.time_s)
            else:
                events += self._latches[flag].rests(scene.time_s)
        return events

    def frame(self, time_s: float) -> tuple[Event, ...]:
        """A picture came: the camera is not offline."""
        return self._latches[OFFLINE].close(time_s) if self._latches[OFFLINE].since_s is not None else ()

    def silent(self, since_s: float, now_s: float) -> tuple[Event, ...]:
        """No picture has come since."""
        return self._holds(OFFLINE, since_s, now_s)

    def open(self) -> tuple[tuple[Event, float], ...]:
        """The events that are open, each with its last sign."""
        return tuple((latch.open, latch.last_s) for latch in self._latches.values() if latch.open is not None)

    def keep(self) -> Plain:
        """What holds, for the run after this one, by flag."""
        return {flag: latch.keep() for flag, latch in self._latches.items()}

    def take(self, kept: Plain) -> Take:
        """What held in an earlier run. Raises `ValueError` for anything else."""
        return together(latch.take(kept.get(flag)) for flag, latch in self._latches.items())

    def look_for(self, until_s: float) -> None:
        """What the picture was like before a restart need not be seen again before this moment."""
        for flag in ("dark", "frozen", "moved"):
            self._latches[flag].look_for(until_s)

    def close(self, now_s: float) -> tuple[Event, ...]:
        """End what is open."""
        return tuple(event for latch in self._latches.values() for event in latch.close(now_s))

    def _holds(self, flag: str, since_s: float, now_s: float) -> tuple[Event, ...]:
        latch = self._latches[flag]
        if not latch.holds(since_s, now_s):
            return ()
        kind, _ = WHY[flag]
        begin_s = latch.since_s or since_s
        event = Event(
            id=event_id(self.camera, "camera", kind, begin_s),
            type=kind,
            begin_s=begin_s,
            end_s=None,
            severity="serious",
            cause=flag,
            reason=self._say(flag, now_s - begin_s),
        )
        return (latch.begin(event),)

    def _say(self, flag: str, seconds: float) -> Reason:
        shift_px = None if self.scene is None else self.scene.shift_px
        template = reasons.CAMERA_MOVED_FAR if flag == "moved" and shift_px is None else WHY[flag][1]
        return say(template, Figures(seconds=seconds, shift_px=shift_px))
