"""The start of green as the vehicles show it: queued ones begin to cross the stop line after a pause."""

from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from .crossings import Crossing
from .memory import Memory, QueueSample

PAUSE_S: Final = 8.0
"""A time this long without a queued vehicle crossing ends a discharge."""

HEAD_M: Final = 8.0
STOOD_S: Final = 2.0
TOGETHER_S: Final = 8.0
ALONE_S: Final = 5.0
KEPT: Final = 32
RED_SHOWN_S: Final = 10.0
"""The end of green is known only if a vehicle waits within this long after the last crossing; else nobody came."""


@dataclass(slots=True)
class Discharge:
    """Finds starts of green.

    Green starts when vehicles that were queued begin to cross after at least 8 s in which none did: two of them
    within 8 s, or one when no other was queued and nobody stands 5 s later (a single motorcycle that creeps over the
    line in red is no start, nor is one whose box takes in a person who walks past it; those who come stand behind it).
    The start is when the first of them last stood. The first discharge that is seen counts only when the red before it
    was seen too: the pause, or a vehicle that stood within 8 m of the line for 2 s when it was first seen.

    unsure_s: when a discharge began of which nothing confirmed that it was a green. refused_s: when one vehicle alone
    crossed in red, as those who stood afterwards show.
    """

    memory: Memory
    begin_s: float | None = None
    last_s: float | None = None
    unsure_s: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))
    refused_s: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))
    _group: list[Crossing] = field(default_factory=list)
    _confirmed: bool = False
    _alone_s: float | None = None

    def cross(self, crossing: Crossing) -> float | None:
        """Account for a queued vehicle over the line; the start of green that it confirms, if it does."""
        if self.last_s is None or crossing.time_s - self.last_s >= PAUSE_S:
            seen = self.last_s is not None or self._watched(crossing)
            if self._group and not self._confirmed:
                self.unsure_s.append(self._group[0].time_s)
            self._group, self._confirmed, self._alone_s = [], not seen, None
        self.last_s = crossing.time_s
        self._group.append(crossing)
        return None if self._confirmed else self._confirm()

    def _watched(self, first: Crossing) -> bool:
        """Whether the red before the first crossing of all was seen: for the length of a pause, or because the vehicle
        stood at the line when it was first seen."""
        head = first.start_m <= HEAD_M and first.still_s - first.start_s >= STOOD_S
        return head or first.time_s - (self.begin_s or first.time_s) >= PAUSE_S

    def look(self, sample: QueueSample) -> float | None:
        """Account for the queue of one second; the start of green that one vehicle alone has shown, if it did."""
        if self._alone_s is None or sample.time_s < self._alone_s + ALONE_S:
            return None
        self._alone_s = None
        if not sample.vehicles:
            return self._start(self._group[0])
        self.refused_s.append(self._group[0].time_s)
        self._group = []
        return None

    def red_s(self, start_s: float, end_s: float) -> float:
        """When red was first seen in a cycle by who crossed in it; its end where nobody did."""
        return next((at_s for at_s in self.refused_s if start_s < at_s < end_s), end_s)

    def running(self, now_s: float) -> bool:
        """Whether queued vehicles crossed within the last pause time."""
        return self.last_s is not None and now_s - self.last_s < PAUSE_S

    def reset(self) -> None:
        """Forget the running discharge."""
        self.begin_s = self.last_s = None
        self._group, self._confirmed, self._alone_s = [], False, None
        self.unsure_s.clear()
        self.refused_s.clear()

    def _confirm(self) -> float | None:
        first, last = self._group[0], self._group[-1]
        recent = [c for c in self._group if last.time_s - c.time_s <= TOGETHER_S]
        before = self.memory.before(first.still_s)
        others = before is not None and before.vehicles > 1
        alone = len(self._group) == 1 and not others
        self._alone_s = first.time_s if alone else None
        return self._start(recent[0]) if len(recent) > 1 else None

    def _start(self, first: Crossing) -> float:
        self._confirmed, self._alone_s = True, None
        return min(first.time_s, max(first.still_s, first.time_s - TOGETHER_S))


def green_end_s(times_s: list[float], end_s: float) -> float | None:
    """The last crossing before the longest pause of the cycle: the green was at least that long."""
    gaps = [(b - a, a) for a, b in pairwise([*sorted(times_s), end_s])]
    longest_s, at_s = max(gaps, default=(0.0, 0.0))
    return at_s if longest_s >= PAUSE_S else None


def red_shown(samples: list[QueueSample], end_s: float) -> bool:
    """Whether somebody stood soon after the last crossing, so that it was the signal that ended the discharge."""
    return any(s.vehicles > 0 for s in samples if end_s < s.time_s <= end_s + RED_SHOWN_S)
