"""When things are due, and what time it is on the road."""

from .clock import Clock
from .data import Frame


class EventTime:
    """What time it is on the road: that of the frames; for a live camera it goes on when no frame comes."""

    def __init__(self, clock: Clock, live: bool) -> None:
        self._clock = clock
        self._live = live
        self._frame_s: float | None = clock.now() if live else None
        self._seen_s = clock.monotonic()

    def saw(self, frame: Frame) -> None:
        """A frame came."""
        self._frame_s = frame.time_s
        self._seen_s = self._clock.monotonic()

    def silence_s(self) -> float:
        """Seconds since the last frame came."""
        return self._clock.monotonic() - self._seen_s

    def now(self) -> float | None:
        """POSIX UTC on the frames' own timeline; None before the first frame of a file."""
        if self._frame_s is None or not self._live:
            return self._frame_s
        return self._frame_s + self.silence_s()


class Every:
    """True once per interval on the monotonic clock; the first time after `first_s`."""

    def __init__(self, clock: Clock, interval_s: float, first_s: float) -> None:
        self._clock = clock
        self._interval_s = interval_s
        self._next_s = clock.monotonic() + first_s

    def due(self) -> bool:
        """Whether it is time; a late call does not lead to a burst."""
        now_s = self._clock.monotonic()
        if now_s < self._next_s:
            return False
        self._next_s = max(self._next_s + self._interval_s, now_s)
        return True

    def now(self) -> None:
        """Make it due at the next look."""
        self._next_s = self._clock.monotonic()
