"""What the worker asks of each stage: its signature, and the measuring part of one camera put together of them."""

from dataclasses import dataclass
from typing import Protocol

from .data import Detections, Frame, Lamps, LiveRow, Readings, Scene, Tracks, UsualDay, Vehicles
from .health import SourceFacts
from .message import Channel


class Frames(Protocol):
    """Frames of one camera."""

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame; None when none came in time. Raises `SourceEnded`, `SourceError`."""

    def status(self) -> SourceFacts:
        """How it is doing."""

    def close(self) -> None:
        """Let go of it."""


class Finds(Protocol):
    """A detector."""

    def detect(self, frame: Frame) -> Detections: ...


class Follows(Protocol):
    """A tracker."""

    def update(self, detections: Detections) -> Tracks: ...


class Locates(Protocol):
    """From pixels to metres."""

    def locate(self, tracks: Tracks, size_px: tuple[int, int] | None = None) -> Vehicles: ...


class Marks(Protocol):
    """Zones, and what hides the lanes."""

    def mark(self, tracks: Tracks, vehicles: Vehicles) -> Vehicles: ...


class Looks(Protocol):
    """The judge of the picture."""

    def look(self, frame: Frame) -> Scene | None: ...
    def remember(self) -> bytes: ...
    def recall(self, data: bytes) -> None: ...


class Watches(Protocol):
    """A reader of signal heads."""

    def look(self, frame: Frame) -> Lamps: ...


class Measures(Protocol):
    """A meter."""

    def note(self, scene: Scene) -> Readings: ...
    def update(self, vehicles: Vehicles) -> Readings: ...
    def look(self, lamps: Lamps) -> Readings: ...
    def advance(self, time_s: float) -> Readings: ...
    def live(self, time_s: float) -> tuple[LiveRow, ...]: ...
    def finish(self, time_s: float) -> Readings: ...
    def know(self, days: list[UsualDay]) -> None: ...
    def learned(self) -> tuple[UsualDay, ...]: ...
    def parts(self) -> bytes | None: ...
    def resume(self, parts: bytes) -> None: ...
    def open(self) -> bytes: ...
    def end(self, left: bytes) -> None: ...


class Logs(Protocol):
    """A track log."""

    lost_steps: int

    def frame(self, tracks: Tracks, size_px: tuple[int, int]) -> None: ...
    def scene(self, scene: Scene) -> None: ...
    def lamps(self, lamps: Lamps) -> None: ...
    def silence(self, time_s: float) -> None: ...
    def end(self, time_s: float) -> None: ...
    def close(self) -> None: ...


class Publishes(Protocol):
    """A publisher, as the worker's loop needs it."""

    def check(self) -> None: ...
    def offer(self, channel: Channel, payload: bytes) -> None: ...
    def stop(self, drain_s: float = 5.0, reason: str = "stopped") -> bool: ...


@dataclass(frozen=True, slots=True)
class Stages:
    """The measuring part of one camera; a camera without approaches and gates has none.

    error_m: the calibration's reprojection error. heads: None for a camera without configured signal heads.
    """

    detector: Finds
    tracker: Follows
    ground: Locates
    zones: Marks
    scene: Looks
    meter: Measures
    model_id: str
    error_m: float | None
    heads: Watches | None = None
