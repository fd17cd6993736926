"""Straight lines through positions over time: the only way the meter makes a speed."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..data import FloatArray

MAX_MPS: Final = 50.0
"""Faster than this (180 km/h) is no vehicle but a track that jumped."""


STUDENT_975: Final = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""97.5 % quantiles of Student's t for 1 to 10 degrees of freedom (any table of it); 1.96 for infinitely many."""


@dataclass(frozen=True, slots=True)
class Line:
    """x = at_m + slope_mps * (t - middle_s), by least squares.

    error_mps: standard error of the slope, see `fit`. rough_m: root mean square of the residuals.
    """

    slope_mps: float
    at_m: float
    middle_s: float
    error_mps: float
    rough_m: float

    def time_at(self, position_m: float) -> float:
        """When the line passes a position. The slope must not be 0."""
        return self.middle_s + (position_m - self.at_m) / self.slope_mps


def fit(time_s: FloatArray, position_m: FloatArray) -> Line | None:
    """Least squares of position over time, (n,) each; None for fewer than 3 samples or no spread in time.

    The standard error is sqrt(SSR / (n - 2) / sum((t - mean)^2)), the usual one of a slope, times t / 1.96 with
    Student's t of n - 2 degrees of freedom, so that 1.96 of it hold 95 % with few samples too; neighbouring residuals
    of one track are alike, so it is a lower bound of the true error.
    """
    if len(time_s) < 3:
        return None
    middle_s, at_m = float(time_s.sum()) / len(time_s), float(position_m.sum()) / len(time_s)
    dt, dx = time_s - middle_s, position_m - at_m
    spread = float(dt @ dt)
    if spread <= 0:
        return None
    slope = float(dt @ dx) / spread
    residual = dx - slope * dt
    square = float(residual @ residual)
    error_mps = math.sqrt(square / (len(time_s) - 2) / spread) * _widening(len(time_s) - 2)
    return Line(slope, at_m, middle_s, error_mps, math.sqrt(square / len(time_s)))


def bend(time_s: FloatArray, position_m: FloatArray) -> float:
    """The quadratic coefficient of the parabola through positions over time by least squares, (n,) each, n >= 3.

    The times' mean is 0. By the polynomial of second degree that is orthogonal to 1 and t (Gram-Schmidt).
    """
    square = time_s * time_s
    spread = float(time_s @ time_s)
    apart = square - float(time_s @ square) / spread * time_s - spread / len(time_s)
    return float(apart @ position_m) / float(apart @ apart)


def _widening(degrees: int) -> float:
    """t / 1.96; beyond the table the quantile is 1.96 + 2.4 / degrees to three digits."""
    quantile = STUDENT_975[degrees - 1] if degrees <= len(STUDENT_975) else 1.96 + 2.4 / degrees
    return quantile / 1.96


def slopes(
    time_s: FloatArray, position_m: FloatArray, since_s: float, min_span_s: float
) -> tuple[FloatArray, FloatArray]:
    """Slope of each row's samples not older than `since_s`, and its standard error (see `fit`), m/s (N,) each.

    time_s, position_m: (N, K), NaN time where there is no sample. NaN for fewer than 3 samples or less than
    `min_span_s` between the first and the last.
    """
    used: NDArray[np.bool_] = time_s >= since_s
    count = used.sum(axis=1)
    safe = np.maximum(count, 1)
    t = np.where(used, time_s - since_s, 0.0)
    x = np.where(used, position_m, 0.0)
    sum_t, sum_x = t.sum(axis=1), x.sum(axis=1)
    spread = np.einsum("ij,ij->i", t, t) - sum_t * sum_t / safe
    both = np.einsum("ij,ij->i", t, x) - sum_t * sum_x / safe
    first_s = np.where(used, t, np.inf).min(axis=1, initial=np.inf)
    bad = ~((count >= 3) & (t.max(axis=1, initial=0.0) - first_s >= min_span_s))
    spread[bad] = 1.0
    slope = both / spread
    square = np.maximum(np.einsum("ij,ij->i", x, x) - sum_x * sum_x / safe - slope * both, 0.0)
    error = np.sqrt(square / np.maximum(count - 2, 1) / spread)
    slope[bad] = error[bad] = np.nan
    return slope, error


def ends(time_s: FloatArray, position_m: FloatArray, since_s: float) -> FloatArray:
    """Slope between the first and the last of each row's samples not older than `since_s`, m/s (N,).

    time_s, position_m: (N, K), NaN time where there is no sample. NaN for fewer than 2 samples. For where too few
    pictures come for `slopes`: of two samples no error can be told.
    """
    used: NDArray[np.bool_] = time_s >= since_s
    first_s, last_s = np.where(used, time_s, np.inf), np.where(used, time_s, -np.inf)
    row, first, last = np.arange(len(time_s)), first_s.argmin(axis=1), last_s.argmax(axis=1)
    took_s = time_s[row, last] - time_s[row, first]
    moved_m = position_m[row, last] - position_m[row, first]
    return np.where(took_s > 0, moved_m / np.where(took_s > 0, took_s, 1.0), np.nan)
