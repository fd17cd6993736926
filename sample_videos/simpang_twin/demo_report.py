"""What the demo measured, beside the truth of its clips."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from simpang_ingest.rows import WindowRow

from .demo_truth import ApproachTruth, Expected

MOTOR_VEHICLES: Final = ("motorcycle", "car", "bus", "truck", "three_wheeler")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproachReport:
    """One approach over the whole demo; None is unknown."""

    camera: str
    approach: str
    counts: dict[str, int]
    mean_speed_kmh: float | None
    queue_m: float | None
    state: str
    reason: str | None
    observed_s: float
    truth: Expected | None

    def as_json(self) -> dict[str, Any]:
        """As printed: the figures, and where the clip has a truth, that and the error."""
        figures: dict[str, Any] = {
            "camera": self.camera,
            "approach": self.approach,
            "counts": self.counts,
            "mean_speed_kmh": _rounded(self.mean_speed_kmh),
            "queue_m": _rounded(self.queue_m),
            "state": self.state,
            "reason": self.reason,
            "observed_s": _rounded(self.observed_s),
        }
        if self.truth is None:
            return figures
        truth = {
            "counts": self.truth.counts,
            "mean_speed_kmh": _rounded(self.truth.mean_speed_kmh),
            "queue_m": _rounded(self.truth.queue_max_m),
        }
        return figures | {"truth": truth, "error": self._error(self.truth)}

    def _error(self, truth: Expected) -> dict[str, Any]:
        """Measured minus true; None where one of them is unknown."""
        kinds = sorted({*self.counts, *truth.counts})
        return {
            "total": sum(self.counts.values()) - sum(truth.counts.values()),
            "counts": {kind: self.counts.get(kind, 0) - truth.counts.get(kind, 0) for kind in kinds},
            "mean_speed_kmh": _difference(self.mean_speed_kmh, truth.mean_speed_kmh),
            "queue_m": _difference(self.queue_m, truth.queue_max_m),
        }


def summarise(rows: Sequence[WindowRow], truth: ApproachTruth | None) -> ApproachReport:
    """All windows of one approach (one length, in order of time) as one report. `rows` has at least one."""
    observed_s = sum(row.observed_s for row in rows)
    newest = rows[-1]
    return ApproachReport(
        camera=newest.camera,
        approach=newest.approach,
        counts=_counts(rows),
        mean_speed_kmh=_mean_speed_kmh(rows),
        queue_m=max((row.queue_max_m for row in rows if row.queue_max_m is not None), default=None),
        state=newest.state,
        reason=newest.reason_en,
        observed_s=observed_s,
        truth=truth.expected(observed_s) if truth and observed_s > 0 else None,
    )


def _counts(rows: Sequence[WindowRow]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for row in rows:
        total.update({kind: getattr(row, f"count_{kind}") or 0 for kind in MOTOR_VEHICLES})
    return {kind: number for kind, number in total.items() if number}


def _mean_speed_kmh(rows: Sequence[WindowRow]) -> float | None:
    """Mean over vehicles, not over windows."""
    known = [(row.speed_kmh, row.speed_n) for row in rows if row.speed_kmh is not None and row.speed_n]
    vehicles = sum(number for _, number in known)
    return sum(speed * number for speed, number in known) / vehicles if vehicles else None


def _difference(measured: float | None, true: float | None) -> float | None:
    return None if measured is None or true is None else _rounded(measured - true)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
