"""The flow of the quarter hour that runs: what tables mean by a flow that has to be asked of a minute."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from ..data import Measurement

QUARTER_S: Final = 900.0


@dataclass(frozen=True, slots=True)
class _Part:
    """One window: its vehicles and observed seconds."""

    from_s: float
    to_s: float
    vehicles: float
    observed_s: float


@dataclass(slots=True)
class RunningFlow:
    """The latest windows of each approach, by their length."""

    _parts: dict[tuple[str, float], deque[_Part]] = field(default_factory=dict)

    def after(self, row: Measurement) -> float | None:
        """Vehicles a second over the quarter hour that ends with this row, or over the row itself where that is longer;
        None while nothing of it is known. Windows that come again (the clock was set back) begin anew."""
        length_s = row.to_s - row.from_s
        parts = self._parts.setdefault((row.approach, length_s), deque())
        if parts and parts[-1].to_s > row.from_s:
            parts.clear()
        if row.flow_vps is not None:
            observed_s = row.quality.observed_s
            parts.append(_Part(row.from_s, row.to_s, row.flow_vps * observed_s, observed_s))
        while parts and parts[0].from_s < row.to_s - max(QUARTER_S, length_s):
            parts.popleft()
        observed_s = sum(part.observed_s for part in parts)
        return sum(part.vehicles for part in parts) / observed_s if observed_s > 0 else None
