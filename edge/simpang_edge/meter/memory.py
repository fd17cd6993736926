"""What a signal cycle is made from: the last minutes of one approach, second by second and vehicle by vehicle."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from .crossings import Crossing
from .trips import Arrival

LONGEST_S: Final = 300.0
"""A longer time from green to green is no cycle."""

KEPT: Final = int(LONGEST_S) + 60


@dataclass(frozen=True, slots=True)
class QueueSample:
    """The queue of one approach at one second.

    smp: in passenger-car units. waiting: were queued and have not crossed. bar_s: for every lane, how long the zone at
    the stop line has been covered since the start. watched_s: how long it has been watched.
    """

    time_s: float
    vehicles: int
    tail_m: float
    beyond: bool
    waiting: int
    smp: float = 0.0
    bar_s: tuple[float, ...] = ()
    watched_s: float = 0.0


@dataclass(slots=True)
class Memory:
    """Bounded: samples of the longest cycle, and as many vehicles as cross in it."""

    queue: deque[QueueSample] = field(default_factory=lambda: deque(maxlen=KEPT))
    crossings: deque[Crossing] = field(default_factory=lambda: deque(maxlen=1000))
    arrivals: deque[Arrival] = field(default_factory=lambda: deque(maxlen=1000))

    def clear(self) -> None:
        """Forget everything."""
        self.queue.clear()
        self.crossings.clear()
        self.arrivals.clear()

    def before(self, time_s: float) -> QueueSample | None:
        """The last sample at or before a time."""
        return next((s for s in reversed(self.queue) if s.time_s <= time_s), None)

    def samples(self, from_s: float, to_s: float) -> list[QueueSample]:
        """Samples of [from, to)."""
        return [s for s in self.queue if from_s <= s.time_s < to_s]

    def crossed(self, from_s: float, to_s: float) -> list[Crossing]:
        """Crossings of [from, to)."""
        return [c for c in self.crossings if from_s <= c.time_s < to_s]

    def arrived(self, from_s: float, to_s: float) -> list[Arrival]:
        """Arrivals of [from, to)."""
        return [a for a in self.arrivals if from_s <= a.time_s < to_s]

    def bar_share(self, from_s: float, to_s: float) -> tuple[float, ...]:
        """Occupancy of the zone at the stop line over a span, by lane; empty where it was not watched."""
        near = [s for s in self.queue if from_s - 2 <= s.time_s <= to_s + 2 and s.bar_s]
        if len(near) < 2:
            return ()
        at_s, ends = np.array([s.time_s for s in near]), (from_s, to_s)
        watched = np.interp(ends, at_s, [s.watched_s for s in near])
        bars = np.array([np.interp(ends, at_s, lane) for lane in zip(*(s.bar_s for s in near), strict=True)])
        span_s = float(watched[1] - watched[0])
        if span_s < 0.5 * (to_s - from_s) or span_s <= 0:
            return ()
        return tuple(min(1.0, max(0.0, float(b - a) / span_s)) for a, b in bars)
