"""What the signal cycles of an approach add to its windows."""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Final

from ..data import Cycle, Measurement
from .cycle_row import GREEN_BOUND
from .green import Signal, green
from .kept import Plain, Take, freeze, thaw
from .rows import flagged
from .service import NO_SIGNAL

KEPT: Final = 10
RECENT_S: Final = 1800.0
NO_SIGNAL_S: Final = 300.0
NO_SIGNAL_N: Final = 30


@dataclass(slots=True)
class SignalLog:
    """Keeps the latest cycles of one approach, and which of them each window length has told already.

    A cycle belongs to the window in which its end became known, some seconds after it.
    """

    control: str
    _cycles: deque[Cycle] = field(default_factory=lambda: deque(maxlen=KEPT))
    _new: dict[int, list[Cycle]] = field(default_factory=dict)
    _last: dict[int, Cycle] = field(default_factory=dict)
    _green_s: float | None = None
    _quiet_s: float = 0.0
    _quiet_n: int = 0

    def keep(self) -> Plain:
        """The cycles, for the run after this one."""
        return freeze(self, *_LOGGED)

    def take(self, kept: Plain) -> Take:
        """The cycles of an earlier run. Raises `ValueError` for anything else."""
        return thaw(self, kept, *_LOGGED)

    def add(self, cycle: Cycle) -> None:
        """Account for a cycle."""
        self._cycles.append(cycle)
        for waiting in self._new.values():
            waiting.append(cycle)

    def second(self, green_s: float | None) -> None:
        """Account for a second that was looked at; green_s: when the last start of green was."""
        fresh = green_s != self._green_s
        self._green_s = green_s
        self._quiet_s = 0.0 if fresh else self._quiet_s + 1.0
        self._quiet_n = 0 if fresh else self._quiet_n

    def cross(self) -> None:
        """Account for a crossing."""
        self._quiet_n += 1

    def of(self, length_s: int, now_s: float) -> Signal:
        """The cycles for a window of this length that closes now; of a signal that works no more only what it told."""
        told = tuple(self._new.get(length_s, self._cycles))
        self._new[length_s] = []
        before = self._last.get(length_s)
        if told:
            self._last[length_s] = told[-1]
        if self.none_found or not (told or self._works(now_s)):
            return Signal()
        recent = tuple(c for c in self._cycles if now_s - c.to_s <= RECENT_S)
        return Signal(told, recent, before if before is not None and now_s - before.to_s <= RECENT_S else None)

    def _works(self, now_s: float) -> bool:
        return bool(self._cycles) and now_s - self._cycles[-1].to_s <= NO_SIGNAL_S

    @property
    def none_found(self) -> bool:
        """Whether enough was watched to say that no signal works here: 300 s and 30 vehicles since the last green."""
        return self._quiet_s >= NO_SIGNAL_S and self._quiet_n >= NO_SIGNAL_N

    def reset(self) -> None:
        """Forget what was: the clock was set, or nothing was seen for long."""
        self._cycles.clear()
        self._new.clear()
        self._last.clear()
        self._green_s, self._quiet_s, self._quiet_n = None, 0.0, 0

    def fill(self, row: Measurement, signal: Signal) -> Measurement:
        """The approach's row with the means of its cycles; without a signal it says so, and nothing of cycles."""
        if row.counts is None or self.control != "signal":
            return row
        if self.none_found:
            return replace(row, quality=flagged(row.quality, NO_SIGNAL))
        if not self._cycles:
            return row
        told = signal.told
        shown = green(signal) if told else None
        on_green, margin = _on_green(told)
        flags = (GREEN_BOUND,) if shown is not None and shown.at_least else ()
        return replace(
            row,
            quality=flagged(row.quality, *flags),
            cycles=len(told),
            cycle_s=_mean(c.to_s - c.from_s for c in told),
            green_s=None if shown is None else shown.mean_s,
            cycle_confidence=_mean(c.confidence for c in told),
            cycle_method="+".join(sorted({c.method for c in told})) or None,
            queue_at_green_vehicles=_mean(c.queue_at_green_vehicles for c in told),
            queue_at_green_smp=_mean(c.queue_at_green_smp for c in told),
            residual_queue_vehicles=_mean(c.residual_queue_vehicles for c in told),
            split_fail_ratio=_mean(None if c.split_fail is None else float(c.split_fail) for c in told),
            arrivals_on_green_ratio=on_green,
            arrivals_on_green_margin_ratio=margin,
            saturation_flow_vps=_mean(c.saturation_flow_vps for c in told),
            saturation_flow_smps=_mean(c.saturation_flow_smps for c in told),
        )


_LOGGED: Final = tuple(field.name for field in fields(SignalLog) if field.name != "control")


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _on_green(cycles: Iterable[Cycle]) -> tuple[float | None, float | None]:
    """Share of all arrivals of the cycles where it is known, and its margin: the changes of the light are missed
    independently, so that the margins add up by their squares."""
    known = [c for c in cycles if c.arrivals and c.arrivals_on_green_ratio is not None]
    arrivals = sum(c.arrivals or 0 for c in known)
    if not arrivals:
        return None, None
    green = sum((c.arrivals or 0) * (c.arrivals_on_green_ratio or 0.0) for c in known)
    doubtful = math.hypot(*((c.arrivals or 0) * (c.arrivals_on_green_margin_ratio or 0.0) for c in known))
    return green / arrivals, doubtful / arrivals
