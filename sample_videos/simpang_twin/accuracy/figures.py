"""Figures: named numbers of one approach in one run; None where the truth or the measurement is not there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from simpang_edge.message import FlowRow

from ..traffic_log import Traffic
from ..truth_windows import without
from .boxes import Boxes
from .published import Published
from .truths import ApproachTruth, ClipTruth, Crossing, Span

SHORT_S = 1
"""The short windows of the benchmark: they place counts, queues and speeds in time."""

BASE_S = 60


@dataclass(frozen=True, slots=True)
class Figure:
    """A named number; None is unknown."""

    quantity: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Sight:
    """What was published of one approach, beside its truth.

    traffic None: the clip has no NAME.traffic.parquet. boxes None: it has no NAME.boxes.parquet.
    """

    published: Published
    clip: ClipTruth
    truth: ApproachTruth
    traffic: Traffic | None
    boxes: Boxes | None = None

    def rows(self, window_s: int, scope: str = "approach") -> tuple[FlowRow, ...]:
        """The approach's window rows of one length and scope."""
        return self.published.rows(window_s, scope, self.truth.approach)

    def motor(self) -> tuple[Crossing, ...]:
        """The motor vehicles that crossed while the camera showed the road."""
        return tuple(c for c in self.truth.motor() if self.clip.shows(c.time_s))

    def span(self, row: FlowRow) -> Span:
        """The part of a row's window that lies in the clip, seconds since its first frame."""
        return self.clip.span(row.date_observed_from, row.date_observed_to)

    def seen(self, row: FlowRow) -> tuple[Span, ...]:
        """The parts of a row's window in which the camera really showed the road."""
        return without(self.span(row), self.clip.lost)


def total(rows: Iterable[FlowRow]) -> int | None:
    """Vehicles in rows; None when none of them knows."""
    known = [row.intensity for row in rows if row.intensity is not None]
    return sum(known) if known else None


def of_kind(rows: Sequence[FlowRow], kind: str) -> int:
    """Vehicles of one class in rows."""
    return sum((row.x.counts or {}).get(kind, 0) for row in rows)
