"""Measures of error, as pure functions of numbers. None: nothing to measure it by."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

SEGMENTS = 10

Pair = tuple[float, float]
"""Measured, true."""


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


def match(intervals: Iterable[tuple[float, float]], times_s: Iterable[float], tolerance_s: float) -> Matching:
    """Match counted vehicles, known to have crossed within an interval, with true times of crossing, as many as can be.

    Each count takes at most one crossing that lies in its interval, widened by the tolerance on both sides. Taking,
    for each crossing in turn, the open interval that ends first matches as many as possible.
    """
    left = sorted(intervals)
    missed = []
    for time_s in sorted(times_s):
        fits = [i for i in left if i[0] - tolerance_s <= time_s <= i[1] + tolerance_s]
        if fits:
            left.remove(min(fits, key=lambda i: i[1]))
        else:
            missed.append(time_s)
    return Matching(tuple(missed), tuple(left))


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
