"""Time as a parameter: the system's clock, and one that tests move by hand."""

import time
from typing import Protocol


class Clock(Protocol):
    """What a stage may ask of time."""

    def now(self) -> float:
        """POSIX seconds UTC; may step when the system's clock is set."""

    def monotonic(self) -> float:
        """Seconds that never step back."""


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


class FakeClock:
    """A clock that moves only when told to."""

    def __init__(self, now_s: float = 0.0) -> None:
        self._now_s = now_s
        self._monotonic_s = 0.0

    def now(self) -> float:
        return self._now_s

    def monotonic(self) -> float:
        return self._monotonic_s

    def advance(self, seconds_s: float) -> None:
        """Let time pass on both clocks."""
        self._now_s += seconds_s
        self._monotonic_s += seconds_s
