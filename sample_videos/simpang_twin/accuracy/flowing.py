"""Figures of traffic in 60 s windows: occupancy, density, space-mean speed, delay, stops; arrivals on green by cycle.

The truth is `simpang_twin.truth_windows`; a clip without NAME.traffic.parquet has none of these figures.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from simpang_edge.message import FlowRow

from ..truth_windows import Window, projected_arrivals, window
from .figures import BASE_S, Figure, Sight
from .measures import Pair, share

KMH: Final = 3.6
LEAST_S: Final = 30.0
"""A window seen for less is not compared: one vehicle more or less decides it."""

LEAST_VPKM: Final = 5.0
LEAST_TRACED: Final = 5
DELAY_RATIO: Final = 0.10
DELAY_S: Final = 3.0
ROUNDED: Final = 0.001

Measured = Callable[[FlowRow], float | None]
True_ = Callable[[Window], float | None]


def figures(sight: Sight) -> list[Figure]:
    """Largest errors over the windows of the approach, and of its lanes where these are measured."""
    rows = compared(sight)
    lanes = compared(sight, "lane")
    density = [pair for pair in pairs(rows, _density, _true_density) if pair[1] >= LEAST_VPKM]
    greens = on_green(sight)
    delay = pairs(rows, lambda r: r.x.control_delay_s, _of_traced(lambda w: w.control_delay_s))
    return [
        Figure("occupancy.max_abs", largest(pairs(rows, lambda r: r.occupancy, lambda w: w.occupancy_ratio))),
        Figure("occupancy.lane_max_abs", largest(pairs(lanes, lambda r: r.occupancy, lambda w: w.occupancy_ratio))),
        Figure("occupancy.area_max_abs", largest(pairs(rows, _area, lambda w: w.area_occupancy_ratio))),
        Figure("density.max_abs_pct", _pct(density)),
        Figure("density.shown_max_abs_pct", _pct(_shown_density(sight, rows))),
        Figure("speed.space_mean_max_abs_kmh", largest(pairs(rows, _space_mean, _true_space_mean))),
        Figure("delay.control_max_abs_s", largest(delay)),
        Figure("delay.control_excess", max((delay_excess(m, t) for m, t in delay), default=None)),
        Figure("delay.stopped_max_abs_s", largest(pairs(rows, _stopped, _of_traced(lambda w: w.stopped_delay_s)))),
        Figure("stops.max_abs", largest(pairs(rows, _stops, _of_traced(lambda w: w.stops_per_vehicle)))),
        Figure("arrivals.on_green_abs_points", _points(on_green_of_all(greens))),
        Figure("arrivals.on_green_max_abs_points", _points([(c.measured, c.true) for c in greens])),
        Figure("arrivals.margin_points", _margin_points(greens)),
        Figure("arrivals.cycles", len(greens)),
        Figure("arrivals.inside_interval", share([c.inside for c in greens])),
    ]


def compared(sight: Sight, scope: str = "approach") -> list[tuple[FlowRow, Window]]:
    """The 60 s rows that were seen long enough, each with its truth while the camera showed the road."""
    if sight.traffic is None:
        return []
    out = []
    for row in sight.rows(BASE_S, scope):
        span = sight.span(row)
        if row.x.quality.observed_s >= LEAST_S:
            out.append((row, window(sight.traffic, *span, lane=row.lane_id, blind=sight.clip.lost)))
    return out


def _shown_density(sight: Sight, rows: Iterable[tuple[FlowRow, Window]]) -> list[Pair]:
    """Measured density beside that of the vehicles that could be seen: what is left is no matter of hidden vehicles."""
    if sight.boxes is None:
        return []
    length_m = sight.truth.length_m
    both = [(row.x.density_vpkm, 1000 * sight.boxes.density_vpm(sight.seen(row), length_m)) for row, _ in rows]
    return [(m, t) for m, t in both if m is not None and t >= LEAST_VPKM]


def _pct(values: Iterable[Pair]) -> float | None:
    return max((100 * abs(m - t) / t for m, t in values), default=None)


@dataclass(frozen=True, slots=True)
class OnGreen:
    """Share of arrivals on green in one published cycle, measured and true, and how many arrivals each is of; margin:
    so much more or less it may be, as published."""

    measured: float
    arrivals: int
    true: float
    true_arrivals: int
    margin: float = 0.0

    @property
    def inside(self) -> bool:
        """Whether the published interval holds the truth, to the digits that are published."""
        return abs(self.measured - self.true) <= self.margin + ROUNDED


def on_green(sight: Sight) -> list[OnGreen]:
    """Every published cycle that says it: a window's mean is that of the cycles that ended in it, so it has no truth of
    its own."""
    if sight.traffic is None:
        return []
    out = []
    for row in sight.published.cycles:
        if row.approach == sight.truth.approach and row.arrivals and row.arrivals_on_green is not None:
            n, green = projected_arrivals(sight.traffic, *sight.clip.span(row.from_, row.to))
            margin = row.arrivals_on_green_margin or 0.0
            out += [OnGreen(row.arrivals_on_green, row.arrivals, green / n, n, margin)] if n else []
    return out


def on_green_of_all(cycles: Sequence[OnGreen]) -> list[Pair]:
    """The share over all cycles together, which is how the quantity is defined (HCM 7: of an analysis period); one
    vehicle more or less is 6 points of a short cycle."""
    if not cycles:
        return []
    measured = sum(c.measured * c.arrivals for c in cycles) / sum(c.arrivals for c in cycles)
    return [(measured, sum(c.true * c.true_arrivals for c in cycles) / sum(c.true_arrivals for c in cycles))]


def _margin_points(cycles: Sequence[OnGreen]) -> float | None:
    """The margin of all cycles together, points: their ends of green are missed independently."""
    if not cycles:
        return None
    return 100 * math.hypot(*(c.margin * c.arrivals for c in cycles)) / sum(c.arrivals for c in cycles)


def pairs(rows: Iterable[tuple[FlowRow, Window]], measured: Measured, true: True_) -> list[Pair]:
    """Measured and true values of the rows that have both."""
    both = ((measured(row), true(own)) for row, own in rows)
    return [(m, t) for m, t in both if m is not None and t is not None]


def largest(values: Iterable[Pair]) -> float | None:
    """The largest absolute difference."""
    return max((abs(m - t) for m, t in values), default=None)


def delay_excess(measured_s: float, true_s: float) -> float:
    """The error as a multiple of what is allowed: 10 % of the truth or 3 s, whichever is more."""
    return abs(measured_s - true_s) / max(DELAY_RATIO * abs(true_s), DELAY_S)


def _of_traced(value: True_) -> True_:
    """A mean over traced vehicles, where there are enough of them."""
    return lambda own: value(own) if own.traced_n >= LEAST_TRACED else None


def _points(values: Iterable[Pair]) -> float | None:
    error = largest(values)
    return None if error is None else 100 * error


def _density(row: FlowRow) -> float | None:
    return row.x.density_vpkm


def _true_density(own: Window) -> float | None:
    return None if own.density_vpm is None else 1000 * own.density_vpm


def _area(row: FlowRow) -> float | None:
    return row.x.area_occupancy


def _space_mean(row: FlowRow) -> float | None:
    return row.x.speed_space_mean_kmh


def _true_space_mean(own: Window) -> float | None:
    return None if own.speed_space_mean_mps is None else KMH * own.speed_space_mean_mps


def _stopped(row: FlowRow) -> float | None:
    return row.x.stopped_delay_s


def _stops(row: FlowRow) -> float | None:
    return row.x.stops_per_vehicle
