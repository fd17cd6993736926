"""What every camera said last: the live page's present tense. In memory only, bounded, safe to read from any thread."""

import threading
from dataclasses import dataclass
from typing import Any, Final

from simpang_edge.message import Channel, HealthRow, LiveRow, Message, MetaRow, StatusRow

from .clock import Clock
from .rows import CameraKey

CAMERAS_MAX: Final = 10_000
"""More cameras than one ingestor is made for: whoever sends more is not a city."""

BOARD_CHANNELS: Final = frozenset({Channel.LIVE, Channel.HEALTH, Channel.STATUS, Channel.META})

BoardMessage = Message[LiveRow] | Message[HealthRow] | Message[StatusRow] | Message[MetaRow]


@dataclass(frozen=True, slots=True)
class CameraView:
    """The newest messages of one camera; None where none came since the ingestor started.

    *_age_s: seconds since that message arrived here, by a clock that never steps. last_age_s: of the newest of
    live, health and fresh status; retained messages tell what a camera is, not that it is alive.
    """

    key: CameraKey
    live: Message[LiveRow] | None
    live_age_s: float | None
    health: Message[HealthRow] | None
    health_age_s: float | None
    status: Message[StatusRow] | None
    meta: Message[MetaRow] | None
    last_age_s: float | None


@dataclass(frozen=True, slots=True)
class _Seen:
    """A message and when it arrived (monotonic)."""

    message: Any
    at_s: float


class LiveBoard:
    """The latest message per camera and channel."""

    def __init__(self, clock: Clock, cameras_max: int = CAMERAS_MAX) -> None:
        self._clock = clock
        self._cameras_max = cameras_max
        self._lock = threading.Lock()
        self._seen: dict[CameraKey, dict[Channel, _Seen]] = {}
        self._heard_s: dict[CameraKey, float] = {}

    def put(self, message: BoardMessage, retained: bool = False) -> bool:
        """Keep a message as its camera's newest of its channel; False when the board has no room for its camera."""
        key = CameraKey(message.site, message.camera)
        at_s = self._clock.monotonic()
        with self._lock:
            if key not in self._seen and len(self._seen) >= self._cameras_max:
                return False
            self._seen.setdefault(key, {})[message.channel] = _Seen(message, at_s)
            if not retained:
                self._heard_s[key] = at_s
        return True

    def cameras(self) -> list[CameraView]:
        """Every camera heard of, ordered by site and camera."""
        with self._lock:
            return [self._view(key) for key in sorted(self._seen)]

    def camera(self, key: CameraKey) -> CameraView | None:
        """One camera, None when nothing was heard of it."""
        with self._lock:
            return self._view(key) if key in self._seen else None

    def _view(self, key: CameraKey) -> CameraView:
        now_s = self._clock.monotonic()
        seen = self._seen[key]
        live, live_age_s = _aged(seen.get(Channel.LIVE), now_s)
        health, health_age_s = _aged(seen.get(Channel.HEALTH), now_s)
        status, _ = _aged(seen.get(Channel.STATUS), now_s)
        meta, _ = _aged(seen.get(Channel.META), now_s)
        heard_s = self._heard_s.get(key)
        return CameraView(
            key,
            live,
            live_age_s,
            health,
            health_age_s,
            status,
            meta,
            None if heard_s is None else now_s - heard_s,
        )


def _aged(seen: _Seen | None, now_s: float) -> tuple[Any, float | None]:
    return (None, None) if seen is None else (seen.message, now_s - seen.at_s)
