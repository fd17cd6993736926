"""Measures of error, as pure functions of numbers. None: nothing to measure it by."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from scipy.optimize import linear_sum_assignment

SEGMENTS = 10

OTHER_CLASS_S = 0.8
"""Another class weighs as much as this in time, where counts are matched with vehicles."""

Pair = tuple[float, float]
"""Measured, true."""

Counted = tuple[tuple[float, float], str]
"""A counted vehicle: the interval in which it was counted, seconds, and its class."""

Crossed = tuple[float, str]
"""A true crossing: when, seconds, and the class."""


def wape_pct(pairs: Iterable[Pair]) -> float | None:
    """Weighted absolute percentage error, 100·Σ|M−C|/ΣC (domain reference, section 1); None where nothing passed."""
    both = list(pairs)
    true = sum(c for _, c in both)
    return 100 * sum(abs(m - c) for m, c in both) / true if true else None


def geh(measured_vph: float, true_vph: float) -> float:
    """GEH statistic √(2(M−C)²/(M+C)) of two **hourly** rates; 0 where both are 0."""
    both = measured_vph + true_vph
    return math.sqrt(2 * (measured_vph - true_vph) ** 2 / both) if both else 0.0


def nwrmse(measured: Sequence[float], true: Sequence[float]) -> float | None:
    """Normalised weighted RMSE score of one stream (AI City Challenge 2020, track 1; Naphade et al. 2020), 0 to 1.

    measured, true: cumulative counts at the end of each of k segments. wRMSE = √Σ wᵢ(xᵢ−x̂ᵢ)², wᵢ = 2i/(k(k+1)),
    so late segments weigh more; the score is 1 − wRMSE/n with n the true count, 0 where that is negative.
    None where the stream is empty in truth and in measurement; 0 where only the truth is empty.
    """
    k, n = len(true), true[-1]
    if not n:
        return None if not measured[-1] else 0.0
    weights = [2 * i / (k * (k + 1)) for i in range(1, k + 1)]
    error = math.sqrt(sum(w * (m - c) ** 2 for w, m, c in zip(weights, measured, true, strict=True)))
    return max(0.0, 1 - error / n)


def effectiveness(streams: Iterable[tuple[Sequence[float], Sequence[float]]]) -> float | None:
    """Mean `nwrmse` of streams (movement and class), weighted by their true counts (AI City, S1 effectiveness)."""
    scored = [(score, true[-1]) for measured, true in streams if (score := nwrmse(measured, true)) is not None]
    weight = sum(n for _, n in scored)
    return sum(score * n for score, n in scored) / weight if weight else None


def cumulative(values: Sequence[float], segments: int = SEGMENTS) -> list[float]:
    """Cumulative sums at the ends of `segments` parts, as equal as the number of values allows."""
    ends = [round(len(values) * i / segments) for i in range(1, segments + 1)]
    return [sum(values[:end]) for end in ends]


@dataclass(frozen=True, slots=True)
class Matching:
    """missed_s: times of true crossings that nobody counted. doubled: intervals counted without a crossing."""

    missed_s: tuple[float, ...]
    doubled: tuple[tuple[float, float], ...]


def match(counts: Sequence[Counted], crossings: Sequence[Crossed], tolerance_s: float) -> Matching:
    """Match counted vehicles, known to have crossed within an interval, with true crossings, at the least total cost.

    A pair costs the time from the crossing to the interval, at most the tolerance, and `OTHER_CLASS_S` where the
    classes differ; a count or a crossing that stays alone costs the tolerance. So a wrong class is a wrong class, and a
    vehicle missed here and one counted twice there do not make up for each other through all those between them.
    """
    off_s = np.array([[_off_s(one, other, tolerance_s) for other in crossings] for one in counts])
    gain_s = np.minimum(off_s.reshape(len(counts), len(crossings)) - 2 * tolerance_s, 0.0)
    pairs = [(i, j) for i, j in zip(*linear_sum_assignment(gain_s), strict=True) if gain_s[i, j] < 0]
    counted, crossed = {i for i, _ in pairs}, {j for _, j in pairs}
    return Matching(
        tuple(sorted(time_s for j, (time_s, _) in enumerate(crossings) if j not in crossed)),
        tuple(sorted(span for i, (span, _) in enumerate(counts) if i not in counted)),
    )


def _off_s(one: Counted, other: Crossed, tolerance_s: float) -> float:
    """What it costs to take a count for a crossing; infinite beyond the tolerance."""
    (begin_s, end_s), kind = one
    time_s, true_kind = other
    away_s = max(begin_s - time_s, time_s - end_s, 0.0)
    return away_s + OTHER_CLASS_S * (kind != true_kind) if away_s <= tolerance_s else math.inf


def errors(pairs: Iterable[Pair]) -> list[float]:
    """Measured minus true."""
    return [m - c for m, c in pairs]


def median_abs(values: Sequence[float]) -> float | None:
    """Median of absolute values."""
    return median(abs(v) for v in values) if values else None


def percentile_abs(values: Sequence[float], percent: float) -> float | None:
    """The smallest absolute value that at least `percent` of them do not exceed (nearest rank)."""
    if not values:
        return None
    ranked = sorted(abs(v) for v in values)
    return ranked[max(0, math.ceil(percent / 100 * len(ranked)) - 1)]


def mean(values: Sequence[float]) -> float | None:
    """Arithmetic mean."""
    return sum(values) / len(values) if values else None


def share(flags: Sequence[bool]) -> float | None:
    """Share that is true."""
    return sum(flags) / len(flags) if flags else None
