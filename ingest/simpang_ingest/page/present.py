"""What all screens share: the cameras as they are now, looked at once a second for everybody, and their trails."""

from typing import Final

from ..clock import Clock
from .looks import CameraLook, look_at, worst_first
from .ports import BoardView
from .settings import ScreenSettings
from .trail import Trails

LOOK_EVERY_S: Final = 0.5
"""Screens that ask within this time get the same answer."""


class Present:
    """The cameras now, worst first."""

    def __init__(self, board: BoardView, settings: ScreenSettings, clock: Clock) -> None:
        self.trails = Trails()
        self._board = board
        self._settings = settings
        self._clock = clock
        self._looks: list[CameraLook] = []
        self._looked_s: float | None = None

    def looks(self) -> list[CameraLook]:
        """Every camera, worst first; at most half a second old."""
        now_s = self._clock.monotonic()
        if self._looked_s is None or now_s - self._looked_s >= LOOK_EVERY_S:
            wall_s = self._clock.now()
            self._looks = worst_first(look_at(view, self._settings, wall_s) for view in self._board.cameras())
            self._looked_s = now_s
        return self._looks
