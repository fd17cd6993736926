"""Figures of the queue: tail in metres and vehicles, in short windows and per signal cycle."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from .figures import SHORT_S, Figure, Sight
from .measures import median_abs, percentile_abs, share
from .truths import Span

NEAR_M: Final = 6.0
NEAR_VEHICLES: Final = 1
LEAST_CYCLE_S: Final = 20.0
"""A cycle that the clip cuts counts when at least this much of it is seen."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The longest queue of a span, measured and true; vehicles None: unknown, or beyond the view."""

    span: Span
    measured_m: float
    true_m: float
    measured_vehicles: int | None
    true_vehicles: int | None

    @property
    def error_m(self) -> float:
        """Measured minus true."""
        return self.measured_m - self.true_m

    @property
    def near(self) -> bool:
        """Within 6 m or one vehicle."""
        if abs(self.error_m) <= NEAR_M:
            return True
        if self.measured_vehicles is None or self.true_vehicles is None:
            return False
        return abs(self.measured_vehicles - self.true_vehicles) <= NEAR_VEHICLES


def figures(sight: Sight) -> list[Figure]:
    """All figures of the queue."""
    short, per_cycle = tails(sight), cycle_tails(sight)
    errors = [tail.error_m for tail in short]
    numbers = [t.measured_vehicles - t.true_vehicles for t in short if _both(t)]  # type: ignore[operator]  # both known
    return [
        Figure("queue.tail_median_abs_m", median_abs(errors)),
        Figure("queue.tail_p95_abs_m", percentile_abs(errors, 95)),
        Figure("queue.vehicles_median_abs", median_abs(numbers)),
        Figure("queue.tail_near_share", share([tail.near for tail in short])),
        Figure("queue.cycles", len(per_cycle)),
        Figure("queue.cycle_max_abs_m", max((abs(tail.error_m) for tail in per_cycle), default=None)),
        Figure("queue.cycle_near_share", share([tail.near for tail in per_cycle])),
    ]


def _both(tail: Tail) -> bool:
    return tail.measured_vehicles is not None and tail.true_vehicles is not None


def tails(sight: Sight) -> list[Tail]:
    """The longest queue of every short window that was observed."""
    out = []
    for row in sight.rows(SHORT_S):
        span = sight.span(row)
        true_m = sight.truth.tail_m(span)
        if row.x.queue_max_m is not None and true_m is not None:
            out.append(Tail(span, row.x.queue_max_m, true_m, row.x.queue_max_vehicles, sight.truth.vehicles(span)))
    return out


def cycle_tails(sight: Sight) -> list[Tail]:
    """The longest queue of every signal cycle, from start of green to start of green, also those the clip cuts."""
    edges = (0.0, *sight.truth.green_starts_s, sight.clip.seconds)
    cycles = [span for span in pairwise(edges) if span[1] - span[0] >= LEAST_CYCLE_S]
    short = tails(sight)
    inside = [[t for t in short if begin <= (t.span[0] + t.span[1]) / 2 < end] for begin, end in cycles]
    return [_longest(span, own) for span, own in zip(cycles, inside, strict=True) if own] if len(edges) > 2 else []


def _longest(span: Span, short: list[Tail]) -> Tail:
    measured = [t.measured_vehicles for t in short if t.measured_vehicles is not None]
    true = [t.true_vehicles for t in short if t.true_vehicles is not None]
    return Tail(
        span,
        max(t.measured_m for t in short),
        max(t.true_m for t in short),
        max(measured, default=None),
        max(true) if len(true) == len(short) else None,
    )
