"""The signal cycle of an approach, from the discharge of its queue at the stop line (domain reference, section 4)."""

from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Final

from ..data import Cycle, Quality
from .crossings import Crossing
from .settings import IS_MOTOR

PAUSE_S: Final = 8.0
"""A time this long without a queued vehicle crossing ends a discharge."""

TOGETHER_S: Final = 8.0
LONGEST_S: Final = 300.0
PLAUSIBLE_S: Final = (20.0, 240.0)
LOST_START_S: Final = 4.0
MIN_SATURATION_N: Final = 4
MIN_SEEN_SHARE: Final = 0.9
RED_SHOWN_S: Final = 10.0
"""The end of green is known only if a vehicle waits within this long after the last crossing; else nobody came."""

GREEN_UNSEEN: Final = "green_end_unseen"
METHOD: Final = "discharge"


@dataclass(frozen=True, slots=True)
class QueueSample:
    """The queue of one approach at one second."""

    time_s: float
    vehicles: int
    tail_m: float
    beyond: bool
    waiting: int


@dataclass(slots=True)
class CycleFinder:
    """Finds starts of green of one approach and makes a row from each to the next.

    Green starts when vehicles that were queued begin to cross after at least 8 s in which none did: two of them
    within 8 s, or one when no other was queued (a single motorcycle that creeps over the line in red is no start).
    The start is when the first of them last stood. The first discharge that is seen counts only when the pause
    before it was seen too.
    """

    approach: str
    begin_s: float | None = None
    _start_s: float | None = None
    _last_s: float | None = None
    _group: list[Crossing] = field(default_factory=list)
    _confirmed: bool = False
    _crossings: deque[Crossing] = field(default_factory=lambda: deque(maxlen=1000))
    _queue: deque[QueueSample] = field(default_factory=lambda: deque(maxlen=int(LONGEST_S) + 60))
    _lengths_s: deque[float] = field(default_factory=lambda: deque(maxlen=5))

    def sample(self, sample: QueueSample) -> None:
        """Account for the queue of one second."""
        self.begin_s = sample.time_s if self.begin_s is None else self.begin_s
        self._queue.append(sample)

    def cross(self, crossing: Crossing) -> Cycle | None:
        """Account for a crossing; the cycle that it completes, if it does."""
        if not IS_MOTOR[crossing.kind]:
            return None
        self._crossings.append(crossing)
        if not crossing.was_queued:
            return None
        if self._last_s is None or crossing.time_s - self._last_s >= PAUSE_S:
            seen = self._last_s is not None or crossing.time_s - (self.begin_s or crossing.time_s) >= PAUSE_S
            self._group, self._confirmed = [], not seen
        self._last_s = crossing.time_s
        self._group.append(crossing)
        return None if self._confirmed else self._confirm()

    def signalled(self, now_s: float) -> bool:
        """Whether a start of green was seen within the longest cycle."""
        return self._start_s is not None and now_s - self._start_s <= LONGEST_S

    def discharging(self, now_s: float) -> bool:
        """Whether queued vehicles crossed within the last pause time."""
        return self._last_s is not None and now_s - self._last_s < PAUSE_S

    def reset(self) -> None:
        """Forget the running cycle: the clock was set, or the picture was away."""
        self.begin_s = self._start_s = self._last_s = None
        self._group, self._confirmed = [], False
        self._crossings.clear()
        self._queue.clear()

    def _confirm(self) -> Cycle | None:
        first, last = self._group[0], self._group[-1]
        recent = [c for c in self._group if last.time_s - c.time_s <= TOGETHER_S]
        before = self._before(first.still_s)
        others = before is not None and before.vehicles > 1
        if len(recent) < 2 and (others or len(self._group) > 1):
            return None
        first = recent[0]
        start_s = min(first.time_s, max(first.still_s, first.time_s - TOGETHER_S))
        cycle = self._cycle(start_s)
        self._start_s, self._confirmed = start_s, True
        return cycle

    def _before(self, time_s: float) -> QueueSample | None:
        """The last sample at or before a time."""
        return next((s for s in reversed(self._queue) if s.time_s <= time_s), None)

    def _cycle(self, end_s: float) -> Cycle | None:
        start_s = self._start_s
        if start_s is None or not 0 < end_s - start_s <= LONGEST_S:
            return None
        samples = [s for s in self._queue if start_s <= s.time_s < end_s]
        observed_s = min(end_s - start_s, float(len(samples)))
        if observed_s < MIN_SEEN_SHARE * (end_s - start_s) - 2:
            return None
        crossed = [c for c in self._crossings if start_s <= c.time_s < end_s]
        return self._row(start_s, end_s, observed_s, samples, crossed)

    def _row(
        self, start_s: float, end_s: float, observed_s: float, samples: list[QueueSample], crossed: list[Crossing]
    ) -> Cycle:
        length_s = end_s - start_s
        confidence = self._confidence(length_s, crossed)
        self._lengths_s.append(length_s)
        green_end_s = _green_end_s([c.time_s for c in crossed], end_s)
        at_green = self._before(start_s)
        residual = _at(samples, green_end_s) if green_end_s is not None else None
        shown = green_end_s is not None and _red_shown(samples, green_end_s)
        return Cycle(
            from_s=start_s,
            to_s=end_s,
            approach=self.approach,
            quality=Quality(observed_s, min(1.0, observed_s / length_s), () if shown else (GREEN_UNSEEN,)),
            method=METHOD,
            confidence=confidence,
            green_s=green_end_s - start_s if green_end_s is not None and shown else None,
            queue_at_green_vehicles=at_green.vehicles if at_green else None,
            queue_at_green_m=at_green.tail_m if at_green else None,
            residual_queue_vehicles=residual.waiting if residual else None,
            queue_max_m=max((s.tail_m for s in samples), default=None),
            queue_beyond_view=any(s.beyond for s in samples) if samples else None,
            discharged=len(crossed),
            saturation_flow_vps=_saturation_vps(crossed, start_s),
        )

    def _confidence(self, length_s: float, crossed: list[Crossing]) -> float:
        """How clear the discharge was (5 queued vehicles or more are full), and how alike the last cycles were.

        0.6 is the share of a first cycle, which has nothing to compare with; an implausible length halves it.
        """
        clear = min(1.0, sum(c.was_queued for c in crossed) / 5)
        alike = 0.0
        if self._lengths_s:
            usual_s = median(self._lengths_s)
            alike = max(0.0, 1.0 - abs(length_s - usual_s) / usual_s)
        plausible = PLAUSIBLE_S[0] <= length_s <= PLAUSIBLE_S[1]
        return clear * (0.6 + 0.4 * alike) * (1.0 if plausible else 0.5)


def _green_end_s(times_s: list[float], end_s: float) -> float | None:
    """The last crossing before the longest pause of the cycle: the green was at least that long."""
    gaps = [(b - a, a) for a, b in pairwise([*sorted(times_s), end_s])]
    longest_s, at_s = max(gaps, default=(0.0, 0.0))
    return at_s if longest_s >= PAUSE_S else None


def _red_shown(samples: list[QueueSample], green_end_s: float) -> bool:
    """Whether somebody stood soon after the last crossing, so that it was the signal that ended the discharge."""
    return any(s.vehicles > 0 for s in samples if green_end_s < s.time_s <= green_end_s + RED_SHOWN_S)


def _at(samples: list[QueueSample], time_s: float) -> QueueSample | None:
    """The first sample at or after a time."""
    return next((s for s in samples if s.time_s >= time_s), None)


def _saturation_vps(crossed: list[Crossing], start_s: float) -> float | None:
    """Vehicles per second of the whole approach while the queue discharges, after the first 4 s (§4)."""
    times_s = sorted(c.time_s for c in crossed if c.was_queued and c.time_s >= start_s + LOST_START_S)
    if len(times_s) < MIN_SATURATION_N or times_s[-1] <= times_s[0]:
        return None
    return (len(times_s) - 1) / (times_s[-1] - times_s[0])
