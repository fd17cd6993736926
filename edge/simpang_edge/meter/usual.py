"""What is usual at this time of the week: medians of the same weekday and quarter hour of the last weeks. [ours]

A pure table: whoever runs the meter gives it the days that are known and keeps the new ones. Bounded: at most `weeks`
days in each of 7 × 96 quarter hours of every approach. A public holiday counts as the weekday it falls on.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

from ..config import UsualRules
from ..data import Measurement, Scope, UsualDay
from .kept import Plain, Take, plain, typed
from .reasons import USUAL_LESS, USUAL_MORE, Figures, joined

QUARTER_S: Final = 900
QUARTERS: Final = 96

DAYS_ID: Final = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
DAYS_EN: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class UsualFigures:
    """Medians over `days` earlier days."""

    flow_vps: float
    speed_mps: float | None
    days: int


@dataclass(frozen=True, slots=True)
class _Part:
    """One short window: its vehicles beside those that are usual in its observed seconds."""

    from_s: float
    to_s: float
    observed_s: float
    vehicles: float
    usual: float


@dataclass(slots=True)
class Usual:
    """The table of one camera, by approach."""

    rules: UsualRules
    zone: ZoneInfo
    _days: dict[tuple[str, int], dict[int, UsualDay]] = field(default_factory=dict)
    _learned: list[UsualDay] = field(default_factory=list)
    _running: dict[tuple[str, float], deque[_Part]] = field(default_factory=dict)

    def know(self, days: Iterable[UsualDay]) -> None:
        """Take what is known from before."""
        for day in days:
            self._put(day)

    def learned(self) -> tuple[UsualDay, ...]:
        """What was learned since it was last asked."""
        new, self._learned = tuple(self._learned), []
        return new

    def keep(self) -> Plain:
        """The running quarter hours, for the run after this one; the days are handed out by `learned`."""
        return [plain((approach, length_s, parts)) for (approach, length_s), parts in self._running.items()]

    def take(self, kept: Plain) -> Take:
        """The running quarter hours of an earlier run. Raises `ValueError` for anything else."""
        found = typed(list[tuple[str, float, list[_Part]]], kept)
        return lambda: self._running.update({(approach, length_s): deque(parts) for approach, length_s, parts in found})

    def figures(self, approach: str, from_s: float) -> UsualFigures | None:
        """What is usual at this time; None before `min_days` earlier days are known. The day itself is not counted."""
        days = self._earlier(approach, from_s)
        if len(days) < self.rules.min_days:
            return None
        speeds = [day.speed_mps for day in days if day.speed_mps is not None]
        return UsualFigures(median(d.flow_vps for d in days), median(speeds) if speeds else None, len(days))

    def fill(self, row: Measurement) -> Measurement:
        """The row with what is usual, for windows of up to a quarter hour; its days are 0 while none are known."""
        if row.scope is not Scope.APPROACH or row.to_s - row.from_s > QUARTER_S:
            return row
        usual = self.figures(row.approach, row.from_s)
        if usual is None:
            return replace(row, usual_n=len(self._earlier(row.approach, row.from_s)))
        return replace(row, usual_flow_vps=usual.flow_vps, usual_speed_mps=usual.speed_mps, usual_n=usual.days)

    def compare(self, row: Measurement) -> Measurement:
        """The row whose reason says how the flow differs from the usual, where that is worth telling.

        What is compared is the quarter hour: a window of one itself, of a shorter one that which ends with it. A minute
        holds green or not, and a count of ten is 30 % off by chance.
        """
        change = self._change(row)
        if row.reason is None or change is None or abs(change) < self.rules.tell_ratio:
            return row
        when = datetime.fromtimestamp(row.from_s, self.zone)
        start = f"{when.hour:02d}:{when.minute // 15 * 15:02d}"
        figures = Figures(
            flow_change=change,
            when_id=f"{DAYS_ID[when.weekday()]} {start.replace(':', '.')}",
            when_en=f"{DAYS_EN[when.weekday()]} {start}",
        )
        return replace(row, reason=joined(row.reason, USUAL_LESS if change < 0 else USUAL_MORE, figures))

    def learn(self, row: Measurement) -> None:
        """Learn from a whole quarter hour of an approach that was seen well enough."""
        whole = row.scope is Scope.APPROACH and row.to_s - row.from_s == QUARTER_S
        if not whole or row.flow_vps is None or (row.quality.score or 0.0) < self.rules.min_quality:
            return
        slot, day = self._when(row.from_s)
        new = UsualDay(row.approach, slot, day, row.flow_vps, row.speed_space_mean_mps)
        self._put(new)
        self._learned.append(new)

    def _change(self, row: Measurement) -> float | None:
        """(flow - usual) / usual of the quarter hour that ends with the row; None while too little of it was seen."""
        if row.usual_flow_vps is None or row.flow_vps is None:
            return None
        length_s, observed_s = row.to_s - row.from_s, row.quality.observed_s
        parts = self._running.setdefault((row.approach, length_s), deque())
        if parts and parts[-1].to_s > row.from_s:
            parts.clear()
        parts.append(
            _Part(row.from_s, row.to_s, observed_s, row.flow_vps * observed_s, row.usual_flow_vps * observed_s)
        )
        while parts[0].from_s < row.to_s - max(QUARTER_S, length_s):
            parts.popleft()
        usual = sum(part.usual for part in parts)
        if usual <= 0 or sum(part.observed_s for part in parts) < self.rules.compared_share * QUARTER_S:
            return None
        return sum(part.vehicles for part in parts) / usual - 1

    def _earlier(self, approach: str, from_s: float) -> list[UsualDay]:
        """The known days of this time of the week within the last `weeks`, oldest first, this one not among them."""
        slot, today = self._when(from_s)
        known = self._days.get((approach, slot), {})
        return [known[day] for day in sorted(known) if today - 7 * self.rules.weeks <= day < today]

    def _put(self, day: UsualDay) -> None:
        days = self._days.setdefault((day.approach, day.slot), {})
        days[day.day] = day
        while len(days) > self.rules.weeks + 1:
            del days[min(days)]

    def _when(self, time_s: float) -> tuple[int, int]:
        """Quarter hour of the local week, and the local date's ordinal."""
        when = datetime.fromtimestamp(time_s, self.zone)
        return when.weekday() * QUARTERS + when.hour * 4 + when.minute // 15, when.toordinal()
