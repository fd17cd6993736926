"""Figures of speed at the stop line."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import linear_sum_assignment
from simpang_edge.data import MOTOR_VEHICLES, FloatArray
from simpang_edge.message import FlowRow

from .figures import SHORT_S, Figure, Sight
from .measures import OTHER_CLASS_S, mean, median_abs, percentile_abs, share
from .truths import Crossing

KMH: Final = 3.6
FAR_S: Final = 2.0
"""A measured and a true crossing at least 2 s apart are not the same vehicle; another lane and another class count as
`OTHER_CLASS_S` each."""

SWAP_S: Final = 0.4
"""Two vehicles of one class that cross within a second of each other, at least one of them between two lanes, cannot be
told apart by time, lane and class: they are not compared."""


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
    """Every vehicle that was counted alone in its lane and second, with the true crossing that is its own: all counted
    vehicles are matched with all crossings, nearest in time, lane and class together."""
    counted = [one for row in sight.rows(SHORT_S, "lane") if row.intensity for one in _vehicles(row)]
    true = sight.truth.motor()
    if not counted or not true:
        return []
    cost = np.array([[_apart_s(sight, row, kind, crossing) for crossing in true] for row, kind in counted])
    pairs = [(int(i), int(j)) for i, j in zip(*linear_sum_assignment(np.minimum(cost, FAR_S)), strict=True)]
    own = [(i, j) for i, j in pairs if cost[i, j] < FAR_S and _alone(counted[i][0])]
    return [_speed(counted[i][0], true[j]) for i, j in own if not _mistakable(cost, i, j, pairs)]


def _mistakable(cost: FloatArray, i: int, j: int, pairs: list[tuple[int, int]]) -> bool:
    """Whether the true vehicle could as well be another's, so that nobody can say whose speed it is: a swap of two
    pairs that costs less than `SWAP_S`."""
    return any(
        other != i and cost[i, theirs] + cost[other, j] - cost[i, j] - cost[other, theirs] < SWAP_S
        for other, theirs in pairs
        if cost[other, theirs] < FAR_S
    )


def _vehicles(row: FlowRow) -> list[tuple[FlowRow, str]]:
    """The row once for each vehicle in it, with its class."""
    return [(row, kind) for kind, n in (row.x.counts or {}).items() if kind in MOTOR_VEHICLES for _ in range(n)]


def _alone(row: FlowRow) -> bool:
    return row.intensity == row.x.speed_n == 1


def _apart_s(sight: Sight, row: FlowRow, kind: str, crossing: Crossing) -> float:
    begin_s, end_s = sight.span(row)
    off_s = abs((begin_s + end_s) / 2 - crossing.time_s)
    return off_s + OTHER_CLASS_S * ((row.lane_id != crossing.lane) + (kind != crossing.kind))


def _speed(row: FlowRow, crossing: Crossing) -> Speed:
    measured = row.average_vehicle_speed
    assert measured is not None, "a row with speed_n has a speed"
    return Speed(crossing.time_s, measured, KMH * crossing.speed_mps, row.x.speed_low_kmh, row.x.speed_high_kmh)
