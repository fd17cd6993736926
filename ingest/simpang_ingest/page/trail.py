"""The last minutes of every camera, for the small charts: sampled here, bounded, nothing is asked of the store."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ..rows import CameraKey
from .looks import CameraLook

EVERY_S: Final = 5.0
POINTS_MAX: Final = 180
"""15 minutes."""


@dataclass(frozen=True, slots=True)
class Point:
    """Longest queue and lowest speed over the approaches at a time (POSIX UTC); None is unknown, or not current."""

    time_s: float
    queue_m: float | None
    speed_kmh: float | None


class Trails:
    """A short memory of what the cards showed."""

    def __init__(self, points_max: int = POINTS_MAX) -> None:
        self._points_max = points_max
        self._points: dict[CameraKey, deque[Point]] = {}

    def sample(self, looks: Iterable[CameraLook], now_s: float) -> None:
        """Take one point per camera; cameras that are no longer there are forgotten."""
        before, self._points = self._points, {}
        for look in looks:
            points = before.get(look.key) or deque(maxlen=self._points_max)
            points.append(_point(look, now_s))
            self._points[look.key] = points

    def of(self, key: CameraKey) -> tuple[Point, ...]:
        """The points of a camera, oldest first."""
        return tuple(self._points.get(key, ()))


def _point(look: CameraLook, now_s: float) -> Point:
    rows = [one.row for one in look.approaches if one.row] if look.current else []
    queues_m = [row.queue_m for row in rows if row.queue_m is not None]
    speeds_kmh = [row.speed_kmh for row in rows if row.speed_kmh is not None]
    return Point(now_s, max(queues_m, default=None), min(speeds_kmh, default=None))
