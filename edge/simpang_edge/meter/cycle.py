"""The signal cycles of an approach: from the lamps of a head in view, else from the discharge at the stop line."""

import math
from bisect import bisect_right, insort
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ..data import Colour, Cycle
from .crossings import Crossing
from .cycle_row import DISCHARGE, SIGNAL_HEAD, Span, cycle_row
from .discharge import Discharge, green_end_s, red_shown
from .fleet import PERSON
from .lamps import LampCycle, Shown
from .layout import Cell
from .memory import LONGEST_S, Memory, QueueSample
from .plan import SLACK_S, Plan
from .settings import IS_MOTOR
from .trips import Arrival

MIN_SEEN_SHARE: Final = 0.9
PLAUSIBLE_S: Final = (20.0, 240.0)
PLAUSIBLE_CYCLE_S: Final = 130.0
"""No plan waits longer for its next green (domain reference, §4: 40 to 130 s)."""

SOON_SHARE: Final = 0.6
SHORT_SHARE: Final = 0.75
DOUBLE_SHARE: Final = 0.5
"""Of the confidence of a cycle that may be two."""

INTERGREEN_MAX_S: Final = 20.0
STARTS_KEPT: Final = 64


@dataclass(slots=True)
class Starts:
    """Starts of green of all approaches of one camera, for the time between one's end and the next one's start."""

    _starts: list[tuple[float, str]] = field(default_factory=list)

    def add(self, time_s: float, approach: str) -> None:
        """Remember a start."""
        insort(self._starts, (time_s, approach))
        del self._starts[:-STARTS_KEPT]

    def intergreen_s(self, end_s: float, approach: str) -> float | None:
        """From the end of an approach's green to the next start of another's, when that came within 20 s."""
        later = self._starts[bisect_right(self._starts, (end_s, "")) :]
        after_s = next((time_s - end_s for time_s, other in later if other != approach), None)
        return after_s if after_s is not None and after_s <= INTERGREEN_MAX_S else None


@dataclass(slots=True)
class CycleFinder:
    """Makes a row from each start of green to the next.

    Where a signal head is read the lamps tell; else the discharge does. The running cycle is never told unfinished.
    """

    approach: str
    cell: Cell
    smp: Callable[[Crossing], float]
    starts: Starts = field(default_factory=Starts)
    memory: Memory = field(default_factory=Memory)
    plan: Plan = field(default_factory=Plan)
    lamps: LampCycle = field(default_factory=LampCycle)
    discharge: Discharge = field(init=False)
    _start_s: float | None = None
    _odd_s: float | None = None

    def __post_init__(self) -> None:
        self.discharge = Discharge(self.memory)

    def sample(self, sample: QueueSample) -> Cycle | None:
        """Account for the queue of one second; the cycle that it completes, if it does."""
        if self.discharge.begin_s is None:
            self.discharge.begin_s = sample.time_s
        self.memory.queue.append(sample)
        return self._started(self.discharge.look(sample), sample.time_s)

    def arrive(self, arrival: Arrival) -> None:
        """Account for a vehicle that came into view."""
        self.memory.arrivals.append(arrival)

    def cross(self, crossing: Crossing) -> Cycle | None:
        """Account for a crossing; the cycle that it completes, if it does. A bicycle is no traffic flow, but it waits
        for the signal and starts with it."""
        if IS_MOTOR[crossing.kind]:
            self.memory.crossings.append(crossing)
        if not crossing.was_queued or crossing.kind == PERSON:
            return None
        return self._started(self.discharge.cross(crossing), crossing.time_s)

    def look(self, time_s: float, colour: Colour | None) -> Cycle | None:
        """Account for the lamp that is lit; the cycle that it completes, if it does."""
        before_s = self.lamps.green_s
        shown = self.lamps.look(time_s, colour)
        if self.lamps.green_s is not None and self.lamps.green_s != before_s:
            self._begin(self.lamps.green_s)
        return None if shown is None else self._by_lamps(shown)

    @property
    def green_s(self) -> float | None:
        """The last start of green."""
        return self._start_s

    def signalled(self, now_s: float) -> bool:
        """Whether a start of green was seen within the longest cycle."""
        return self._start_s is not None and now_s - self._start_s <= LONGEST_S

    def discharging(self, now_s: float) -> bool:
        """Whether green is shown, or queued vehicles crossed within the last pause time."""
        return self.lamps.is_green(now_s) or self.discharge.running(now_s)

    @property
    def longest_wait_s(self) -> float:
        """For how long a vehicle may stand at the line for the signal's sake: a cycle of the plan, or the longest."""
        length_s, _ = self.plan.usual()
        return LONGEST_S if math.isnan(length_s) else length_s

    def free_since_s(self, now_s: float) -> float:
        """Since when the signal has let the queue go, as far as is known; now while it may be red.

        By the lamps, else by discharge: from a start of green for the plan's usual green, and from where the next one
        is due on. Without a plan yet the next is due after the longest plausible cycle.
        """
        if self.lamps.fresh(now_s):
            return self.lamps.green_s or now_s if self.lamps.is_green(now_s) else now_s
        length_s, green_s = self.plan.usual()
        start_s = self._start_s if self._start_s is not None else self.discharge.begin_s
        if start_s is None or (self._start_s is not None and now_s < start_s + (green_s or 0.0)):
            return now_s if start_s is None else start_s
        due_s = start_s + (PLAUSIBLE_CYCLE_S if math.isnan(length_s) else length_s)
        return min(due_s, now_s)

    def reset(self) -> None:
        """Forget the running cycle: the clock was set, or the picture was away."""
        self._start_s = None
        self.discharge.reset()
        self.lamps.reset()
        self.plan.reset()
        self.memory.clear()

    def _started(self, start_s: float | None, now_s: float) -> Cycle | None:
        """The cycle that a start of green by discharge completes, if one was found now and the lamps do not tell."""
        if start_s is None or self.lamps.fresh(now_s) or self._too_soon(start_s):
            return None
        return self._by_discharge(start_s)

    def _too_soon(self, start_s: float) -> bool:
        """Whether a start is only the running green going on: a turning vehicle that had to wait in it, say.

        Sooner than the shortest cycle after the last start, or than 0.6 of the plan's usual one; of the latter kind
        two running that are alike are a shorter plan.
        """
        since_s = math.inf if self._start_s is None else start_s - self._start_s
        usual_s = self.plan.usual()[0] if self.plan.settled else 0.0
        if since_s >= max(PLAUSIBLE_S[0], SOON_SHARE * usual_s):
            self._odd_s = None
            return False
        repeated = self._odd_s is not None and abs(since_s - self._odd_s) <= SLACK_S and since_s >= PLAUSIBLE_S[0]
        self._odd_s = since_s
        return not repeated

    def _begin(self, start_s: float) -> None:
        self._start_s = start_s
        self.starts.add(start_s, self.approach)

    def _by_discharge(self, end_s: float) -> Cycle | None:
        start_s = self._start_s
        self._begin(end_s)
        if start_s is None or not self._watched(start_s, end_s):
            return None
        crossed = self.memory.crossed(start_s, end_s)
        in_green = self.memory.crossed(start_s, self.discharge.red_s(start_s, end_s))
        green_s = green_end_s([c.time_s for c in in_green], end_s)
        shown = green_s is not None and red_shown(self.memory.samples(start_s, end_s), green_s)
        if green_s is not None and self._cut_short(green_s - start_s):
            shown = False
        double = self._double(start_s, end_s)
        confidence = self._confidence(end_s - start_s, crossed) * (DOUBLE_SHARE if double else 1.0)
        return self._row(Span(start_s, end_s, green_s, shown, green_s, DISCHARGE, confidence, double))

    def _double(self, start_s: float, end_s: float) -> bool:
        """Whether these may be two cycles: a discharge began within, far enough from both ends, that nothing confirmed;
        unless the cycle is as long as the plan's others."""
        if self.plan.settled and end_s - start_s <= self.plan.usual()[0] + SLACK_S:
            return False
        first_s, last_s = start_s + PLAUSIBLE_S[0], end_s - PLAUSIBLE_S[0]
        return any(first_s <= at_s <= last_s for at_s in self.discharge.unsure_s)

    def _cut_short(self, green_s: float) -> bool:
        """Whether a green is much shorter than the others of a plan whose cycles are alike: its queue ran dry, and who
        waited afterwards had another reason than the signal."""
        usual_s = self.plan.usual()[1] if self.plan.settled else None
        return usual_s is not None and green_s < min(SHORT_SHARE * usual_s, usual_s - SLACK_S)

    def _by_lamps(self, shown: Shown) -> Cycle | None:
        if not self._watched(shown.start_s, shown.end_s):
            return None
        confidence = shown.read_ratio * self._plausible(shown.end_s - shown.start_s)
        span = Span(shown.start_s, shown.end_s, shown.green_end_s, True, shown.red_start_s, SIGNAL_HEAD, confidence)
        return self._row(span)

    def _watched(self, start_s: float, end_s: float) -> bool:
        """Whether nearly all of a possible cycle was seen."""
        length_s = end_s - start_s
        samples = len(self.memory.samples(start_s, end_s))
        return 0 < length_s <= LONGEST_S and min(length_s, samples) >= MIN_SEEN_SHARE * length_s - 2

    def _row(self, span: Span) -> Cycle:
        green_s = span.green_end_s - span.start_s if span.green_end_s is not None and span.shown else None
        number = self.plan.follow(span.end_s - span.start_s, green_s)
        end_s = span.green_end_s if span.shown else None
        intergreen_s = None if end_s is None else self.starts.intergreen_s(end_s, self.approach)
        return cycle_row(
            self.approach, self.cell, span, self.memory, self.smp, (number, self.plan.usual()[1]), intergreen_s
        )

    def _confidence(self, length_s: float, crossed: list[Crossing]) -> float:
        """How clear the discharge was (5 queued vehicles or more are full), and how alike the last cycles were.

        0.6 is the share of a first cycle, which has nothing to compare with; an implausible length halves it.
        """
        clear = min(1.0, sum(c.was_queued for c in crossed) / 5)
        return clear * (0.6 + 0.4 * (self.plan.likeness(length_s) or 0.0)) * self._plausible(length_s)

    def _plausible(self, length_s: float) -> float:
        return 1.0 if PLAUSIBLE_S[0] <= length_s <= PLAUSIBLE_S[1] else 0.5
