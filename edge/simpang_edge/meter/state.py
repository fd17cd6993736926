"""The congestion state of an approach, with hysteresis and its reason (domain reference, section 6)."""

from collections import deque
from dataclasses import dataclass, field, fields, replace
from typing import Final

from ..config import StateRules
from ..data import Cycle, Measurement, Reason, State
from ..units import mps
from . import reasons
from .kept import Plain, Take, freeze, thaw
from .reasons import Figures, Template, doubtful, say

WORSE: Final = (State.CONGESTED, State.JAMMED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state after a window.

    since_s: when the congestion that holds now began, None where none holds. last_sign_s: end of the last window that
    was not clear: of a congestion that is over, its end.
    """

    state: State
    reason: Reason
    since_s: float | None = None
    last_sign_s: float | None = None


@dataclass(slots=True)
class Judge:
    """One approach: fed with queue seconds, cycles and windows; answers each window with a verdict.

    "Running" allows for one unknown window; after more, what must hold for a time begins again.

    ON (section 6): slow (speed ratio < 0.40 or mean speed < 10 km/h) with area occupancy > 0.35 in three windows
    running; or a residual queue in three cycles running; or the queue at 80 % of storage or more for 3 min. [ours]: one
    vehicle left over is a late arrival, two are a residual queue; a full queue may look shorter for 5 s (a gap moving
    back through it) and still counts as full throughout; cycles older than 10 min say nothing about now.
    OFF: for 5 min no ON sign and area occupancy < 0.25, and speed ratio > 0.55 where there is no signal. Under a
    signal the ratio includes waiting at red, so there a queue that clears in every cycle takes its place.
    `dense` [ours]: a fifth of the road filled; or the latest cycle left a residual queue, until the second cycle after
    it is due; or the queue at 80 % of storage through a whole cycle; or slow without a signal that explains it, with
    more than a twentieth of the road filled: one that turns around or looks for an address is slow for itself.
    `jammed` [ours]: congested, the queue full for 3 min, and under 5 km/h in the last window.

    verdict: on the last window that was not unknown, which ended at judged_s and was window_s long. signal: whether a
    signal works here; without one, nothing but traffic explains who waits.
    """

    rules: StateRules
    signal: bool = True

    verdict: Verdict | None = None
    judged_s: float = 0.0
    window_s: float = 0.0
    _slow_windows: int = 0
    _slow_since_s: float = 0.0
    _full_since_s: float | None = None
    _full_last_s: float = 0.0
    _clear_since_s: float | None = None
    _sign_s: float | None = None
    _since_s: float | None = None
    _cause: Template | None = None
    _cycles: deque[Cycle] = field(default_factory=lambda: deque(maxlen=30))

    def keep(self) -> Plain:
        """All that it judges by, for the run after this one."""
        return freeze(self, *_JUDGED)

    def take(self, kept: Plain) -> Take:
        """What an earlier run judged by. Raises `ValueError` for anything else."""
        return thaw(self, kept, *_JUDGED)

    def second(self, time_s: float, storage_ratio: float) -> None:
        """Account for the queue of one second, as a share of the measured length."""
        if storage_ratio >= self.rules.on_storage_ratio:
            if self._full_since_s is None or time_s - self._full_last_s > self.rules.storage_break_s:
                self._full_since_s = time_s
            self._full_last_s = time_s

    def cycle(self, cycle: Cycle) -> None:
        """Account for one signal cycle."""
        self._cycles.append(cycle)

    def window(self, row: Measurement) -> Verdict:
        """Judge one window of an approach. One seen too little is `unknown` and moves nothing by itself."""
        if row.counts is None or (row.quality.score or 0.0) < self.rules.min_quality:
            why = doubtful(row.quality, row.to_s - row.from_s, self.rules.min_quality)
            return Verdict(State.UNKNOWN, why, self._since_s)
        if row.from_s - self.judged_s > row.to_s - row.from_s:
            self._slow_windows, self._clear_since_s = 0, None
        self.judged_s, self.window_s = row.to_s, row.to_s - row.from_s
        self._switch(row)
        self.verdict = self._judge(row)
        return self.verdict

    def calm(self, figures: Figures, now_s: float, signal: bool) -> Verdict:
        """Free or dense, by figures of the last minute and what the last cycle left; signal: as for `calm`."""
        cycles = self._recent(now_s)
        cycle_s = cycles[-1].to_s - cycles[-1].from_s if cycles else 0.0
        fresh = bool(cycles) and now_s - cycles[-1].to_s <= self.rules.fresh_cycles * cycle_s
        left = cycles[-1].residual_queue_vehicles if fresh else None
        full = 0 < max(cycle_s, self.window_s) <= self._full_s(now_s)
        return calm(replace(figures, left=left), self.rules, signal, full)

    def signalled(self, now_s: float, queue_m: float | None) -> bool:
        """Whether waiting at red explains a low mean speed: cycles were found lately, or a queue stands at the line."""
        return self.signal and (bool(self._recent(now_s)) or bool(queue_m))

    def _switch(self, row: Measurement) -> None:
        """Turn congestion on or off."""
        slow = self._slow(row)
        if slow and not self._slow_windows:
            self._slow_since_s = row.from_s
        self._slow_windows = self._slow_windows + 1 if slow else 0
        on = self._on(row)
        if on is not None:
            self._cause, begin_s = on
            self._since_s = begin_s if self._since_s is None else self._since_s
        if on is not None or not self._clear(row):
            self._clear_since_s, self._sign_s = None, row.to_s
            return
        self._clear_since_s = row.from_s if self._clear_since_s is None else self._clear_since_s
        if row.to_s - self._clear_since_s >= self.rules.off_s:
            self._since_s = self._cause = None

    def _slow(self, row: Measurement) -> bool:
        speed, ratio, area = row.speed_space_mean_mps, row.speed_ratio, row.area_occupancy_ratio
        if speed is None or area is None or area <= self.rules.on_area_occupancy:
            return False
        return speed < mps(self.rules.on_speed_kmh) or (ratio is not None and ratio < self.rules.on_speed_ratio)

    def _on(self, row: Measurement) -> tuple[Template, float] | None:
        """The first rule that asks for congestion, and since when what it names has held."""
        not_cleared = self._not_cleared(row.to_s)
        if len(not_cleared) >= self.rules.on_residual_cycles:
            return reasons.NOT_CLEARED, not_cleared[0].from_s
        if self._full_s(row.to_s) >= self.rules.on_storage_s and self._full_since_s is not None:
            return reasons.FULL, self._full_since_s
        if self._slow_windows >= self.rules.on_windows:
            return reasons.SLOW, self._slow_since_s
        return None

    def _clear(self, row: Measurement) -> bool:
        area, ratio = row.area_occupancy_ratio, row.speed_ratio
        if area is None or area >= self.rules.off_area_occupancy or self._not_cleared(row.to_s):
            return False
        cleared = self.signal and bool(self._recent(row.to_s))
        return cleared or ratio is None or ratio > self.rules.off_speed_ratio

    def _recent(self, now_s: float) -> list[Cycle]:
        return [c for c in self._cycles if now_s - c.to_s <= self.rules.cycle_memory_s]

    def _not_cleared(self, now_s: float) -> list[Cycle]:
        """The unbroken run of latest cycles that left a residual queue, oldest first; one may be missing between."""
        run: list[Cycle] = []
        for cycle in reversed(self._recent(now_s)):
            missing_s = run[-1].from_s - cycle.to_s if run else 0.0
            left = (cycle.residual_queue_vehicles or 0) >= self.rules.residual_vehicles
            if not left or missing_s > self.rules.fresh_cycles * (cycle.to_s - cycle.from_s):
                break
            run.append(cycle)
        return run[::-1]

    def _full_s(self, now_s: float) -> float:
        """For how long the queue has been full without a break, 0 when it is not full now.

        A window is judged a few seconds after its end, so `_full_last_s` may lie past `now_s`.
        """
        if self._full_since_s is None or now_s - self._full_last_s > self.rules.storage_break_s:
            return 0.0
        return self._full_last_s - self._full_since_s

    def _judge(self, row: Measurement) -> Verdict:
        if self._since_s is None:
            calm = self.calm(figures_of(row), row.to_s, self.signalled(row.to_s, row.queue_max_m))
            return replace(calm, last_sign_s=self._sign_s)
        full_s, speed = self._full_s(row.to_s), row.speed_space_mean_mps
        jammed = full_s >= self.rules.on_storage_s and speed is not None and speed < mps(self.rules.jammed_kmh)
        easing = reasons.EASING if speed is None else reasons.RECOVERING
        template = easing if self._clear_since_s is not None else self._cause or reasons.SLOW
        held_s = full_s if template is reasons.FULL and full_s else row.to_s - self._since_s
        figures = replace(figures_of(row), cycles=len(self._not_cleared(row.to_s)), minutes=held_s / 60)
        state = State.JAMMED if jammed else State.CONGESTED
        return Verdict(state, say(template, figures), self._since_s, self._sign_s)


_JUDGED: Final = tuple(field.name for field in fields(Judge) if field.name not in ("rules", "signal"))


def figures_of(row: Measurement) -> Figures:
    """The figures of a window that sentences name; the queue is the longest of the window."""
    return Figures(
        speed_mps=row.speed_space_mean_mps,
        ratio=row.speed_ratio,
        area_ratio=row.area_occupancy_ratio,
        queue_m=row.queue_max_m,
        storage_ratio=row.queue_storage_ratio,
    )


def calm(figures: Figures, rules: StateRules, signal: bool, full: bool = False) -> Verdict:
    """Free or dense from figures; signal: waiting at red explains a low mean speed; full: the queue stays too long.

    Where speeds are withheld, what fills the road and the queue decide alone.
    """
    if figures.speed_mps is None and not figures.area_ratio:
        return Verdict(State.FREE, say(reasons.EMPTY, figures))
    slow = figures.ratio is not None and figures.ratio < rules.dense_speed_ratio
    few = figures.area_ratio is not None and figures.area_ratio <= rules.slowing_area_occupancy
    dense = _dense(figures, rules, slow and not signal and not few, full)
    if dense is not None:
        return Verdict(State.DENSE, say(dense, figures))
    return Verdict(State.FREE, say(_free(figures, slow, signal), figures))


def _free(figures: Figures, slow: bool, signal: bool) -> Template:
    if figures.queue_m:
        return reasons.SHORT_QUEUE
    if figures.speed_mps is None or (slow and not signal):
        return reasons.FREE_ROAD
    return reasons.CLEARED if slow else reasons.FREE


def _dense(figures: Figures, rules: StateRules, slowing: bool, full: bool) -> Template | None:
    """The first sign of dense traffic, the gravest first."""
    if (figures.left or 0) >= rules.residual_vehicles:
        return reasons.LEFT_OVER
    if full:
        return reasons.STAYS_FULL
    if figures.area_ratio is not None and figures.area_ratio >= rules.dense_area_occupancy:
        return reasons.DENSE
    return reasons.SLOWING if slowing else None
