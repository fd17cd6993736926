"""What the live page, reports and the API may ask of the past, whichever store holds it."""

from typing import Protocol

from .rows import CameraKey, CameraRow, CycleRow, EventRow, GateRow, HealthRow, WindowRow


class History(Protocol):
    """Questions about stored rows. Times are POSIX seconds UTC, ranges are ``[from_s, to_s)``, answers are in order
    of time. Safe to call from any thread. Every question raises `HistoryError` when the store cannot answer."""

    def cameras(self) -> list[CameraRow]:
        """What every camera last said it is, ordered by site and camera."""

    def windows(
        self,
        camera: CameraKey,
        window_s: int,
        from_s: float,
        to_s: float,
        *,
        scope: str | None = None,
        approach: str | None = None,
        lane: int | None = None,
    ) -> list[WindowRow]:
        """Windows that start in the range; None stands for any scope (approach, lane, movement), approach, lane."""

    def latest(self, window_s: int, since_s: float) -> list[WindowRow]:
        """The newest window per camera and approach (scope approach) that started at or after a time."""

    def gates(self, camera: CameraKey, window_s: int, from_s: float, to_s: float) -> list[GateRow]:
        """Vehicles over the gates of a camera, of windows that start in the range."""

    def cycles(self, camera: CameraKey, from_s: float, to_s: float, *, approach: str | None = None) -> list[CycleRow]:
        """Signal cycles that start in the range."""

    def events(self, from_s: float, to_s: float, *, camera: CameraKey | None = None) -> list[EventRow]:
        """Events that begin in the range, of one camera or of all."""

    def health(self, camera: CameraKey, from_s: float, to_s: float) -> list[HealthRow]:
        """What the camera's worker said about itself in the range."""
