"""Figures of speed at the stop line."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import linear_sum_assignment
from simpang_edge.message import FlowRow

from .figures import SHORT_S, Figure, Sight
from .measures import mean, median_abs, percentile_abs, share
from .truths import Crossing

KMH: Final = 3.6
FAR_S: Final = 2.0
"""A measured and a true crossing farther apart than this, 1 s added for another lane, are not the same vehicle."""


@dataclass(frozen=True, slots=True)
class Speed:
    """One vehicle's speed at the line in km/h; low, high: the published interval."""

    time_s: float
    measured_kmh: float
    true_kmh: float
    low_kmh: float | None
    high_kmh: float | None

    @property
    def error_kmh(self) -> float:
        """Measured minus true."""
        return self.measured_kmh - self.true_kmh

    @property
    def inside(self) -> bool | None:
        """Whether the interval holds the truth; None without an interval."""
        if self.low_kmh is None or self.high_kmh is None:
            return None
        return self.low_kmh <= self.true_kmh <= self.high_kmh


def figures(sight: Sight) -> list[Figure]:
    """Errors of single vehicles' speeds."""
    found = speeds(sight)
    off_kmh = [speed.error_kmh for speed in found]
    return [
        Figure("speed.n", len(found)),
        Figure("speed.mean_error_kmh", mean(off_kmh)),
        Figure("speed.median_abs_kmh", median_abs(off_kmh)),
        Figure("speed.p95_abs_kmh", percentile_abs(off_kmh, 95)),
        Figure("speed.inside_interval", share([inside for speed in found if (inside := speed.inside) is not None])),
    ]


def speeds(sight: Sight) -> list[Speed]:
    """Every vehicle that was alone in its lane and second, with the true crossing that is its own (nearest in time and
    lane, all vehicles together)."""
    rows = [row for row in sight.rows(SHORT_S, "lane") if row.intensity == row.x.speed_n == 1]
    true = sight.truth.motor()
    if not rows or not true:
        return []
    cost = np.array([[_apart_s(sight, row, crossing) for crossing in true] for row in rows])
    pairs = zip(*linear_sum_assignment(np.minimum(cost, FAR_S)), strict=True)
    return [_speed(rows[i], true[j]) for i, j in pairs if cost[i, j] < FAR_S]


def _apart_s(sight: Sight, row: FlowRow, crossing: Crossing) -> float:
    begin_s, end_s = sight.span(row)
    return abs((begin_s + end_s) / 2 - crossing.time_s) + (row.lane_id != crossing.lane)


def _speed(row: FlowRow, crossing: Crossing) -> Speed:
    measured = row.average_vehicle_speed
    assert measured is not None, "a row with speed_n has a speed"
    return Speed(crossing.time_s, measured, KMH * crossing.speed_mps, row.x.speed_low_kmh, row.x.speed_high_kmh)
