"""Where a box will be: a constant-velocity Kalman filter over many boxes at once, and the geometry of boxes.

All noise is relative to the box's own size (the square root of its area), so one set of constants serves a near bus
and a far motorcycle, and every step takes the real time between two frames.
"""

from dataclasses import dataclass, fields
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from .data import FloatArray, IntArray

BoolArray = NDArray[np.bool_]

_SHAPE_DRIFT: Final = 0.3
"""Sizes change more slowly than positions move: factor on every rate of width and height."""


@dataclass(frozen=True, slots=True)
class Noise:
    """How exact boxes are and how vehicles move, in box sizes.

    measured: standard deviation of a detected centre or side.
    speed_per_s: standard deviation of the unknown speed of a new vehicle, box sizes per second.
    change_per_s: how far the speed may have changed after one second, box sizes per second.
    """

    measured: float = 0.08
    speed_per_s: float = 4.0
    change_per_s: float = 1.8


@dataclass(frozen=True, slots=True)
class Distinct:
    """When two boxes are around one vehicle.

    iou: overlap above which the weaker one is a second box. cover, nested_iou: it is one too where, both of one group,
    one lies in the other by more than this share and they overlap by so much. equal_iou: above this also of two that
    were found equally well. Of 12 000 labelled vehicles in pictures of fixed cameras 0.2 % overlap another by more than
    0.4, and 0.3 % lie within one of their group.
    """

    iou: float = 0.4
    cover: float = 0.8
    nested_iou: float = 0.2
    equal_iou: float = 0.6


@dataclass(frozen=True, slots=True)
class Motion:
    """Filter state of N boxes; every field is float64 (N, 4) over centre x, centre y, width, height in pixels.

    value, rate: estimate and its change per second.
    var, cov, rate_var: the 2 × 2 covariance of (value, rate) of each of the four numbers.
    """

    value: FloatArray
    rate: FloatArray
    var: FloatArray
    cov: FloatArray
    rate_var: FloatArray

    def __getitem__(self, index: Any) -> Self:
        return type(self)(*(getattr(self, f.name)[index] for f in fields(self)))

    def joined(self, other: Self) -> Self:
        """These boxes, then the others."""
        return type(self)(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)))

    def xyxy_px(self) -> FloatArray:
        """Corners (N, 4), x0 y0 x1 y1."""
        half = np.maximum(self.value[:, 2:], 1.0) / 2
        return np.concatenate([self.value[:, :2] - half, self.value[:, :2] + half], axis=1)


def begin(xyxy_px: FloatArray, noise: Noise) -> Motion:
    """New boxes whose speed is unknown."""
    value = centre_size(xyxy_px)
    scale2 = _scale2(value)
    rate_var = np.repeat(scale2 * noise.speed_per_s**2, 4, axis=1)
    rate_var[:, 2:] *= _SHAPE_DRIFT**2
    zero = np.zeros_like(value)
    return Motion(value, zero, np.repeat(scale2 * noise.measured**2, 4, axis=1), zero, rate_var)


def predict(motion: Motion, dt_s: float, noise: Noise) -> Motion:
    """The boxes `dt_s` later (white-noise acceleration; Bar-Shalom, Estimation with Applications, 6.2.2)."""
    density = np.repeat(_scale2(motion.value) * noise.change_per_s**2, 4, axis=1)
    density[:, 2:] *= _SHAPE_DRIFT**2
    value = motion.value + motion.rate * dt_s
    value[:, 2:] = np.maximum(value[:, 2:], motion.value[:, 2:] * 0.5)  # a shrinking box never turns inside out
    return Motion(
        value,
        motion.rate,
        motion.var + 2 * dt_s * motion.cov + dt_s**2 * motion.rate_var + density * dt_s**3 / 3,
        motion.cov + dt_s * motion.rate_var + density * dt_s**2 / 2,
        motion.rate_var + density * dt_s,
    )


def correct(motion: Motion, xyxy_px: FloatArray, noise: Noise) -> Motion:
    """The boxes after each was measured as `xyxy_px` (N, 4)."""
    spread = motion.var + _scale2(motion.value) * noise.measured**2
    gain, rate_gain = motion.var / spread, motion.cov / spread
    miss = centre_size(xyxy_px) - motion.value
    return Motion(
        motion.value + gain * miss,
        motion.rate + rate_gain * miss,
        (1 - gain) * motion.var,
        (1 - gain) * motion.cov,
        motion.rate_var - rate_gain * motion.cov,
    )


def held(motion: Motion) -> Motion:
    """Boxes that are out of sight keep their size: a wrong rate of size would blow them up."""
    rate = motion.rate.copy()
    rate[:, 2:] = 0.0
    return Motion(motion.value, rate, motion.var, motion.cov, motion.rate_var)


def surprise(motion: Motion, xyxy_px: FloatArray, noise: Noise) -> FloatArray:
    """Squared Mahalanobis distance of the centre of box j from that of prediction i, (N, M)."""
    spread = (motion.var + _scale2(motion.value) * noise.measured**2)[:, None, :2]
    miss = centre_size(xyxy_px)[None, :, :2] - motion.value[:, None, :2]
    return np.asarray((miss**2 / spread).sum(axis=2))


def centre_size(xyxy_px: FloatArray) -> FloatArray:
    """Corners (N, 4) as centre x, centre y, width, height."""
    low, high = xyxy_px[:, :2], xyxy_px[:, 2:]
    return np.concatenate([(low + high) / 2, np.maximum(high - low, 1.0)], axis=1)


def overlap(a_px: FloatArray, b_px: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Of every pair of boxes a (N, 4) and b (M, 4): intersection over union, the same less the squared distance of
    centres over the squared diagonal of the box around both (DIoU, Zheng 2020), and intersection over the smaller
    one; each (N, M)."""
    a, b = a_px[:, None], b_px[None]
    shared = np.clip(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0, None).prod(axis=2)
    area_a, area_b = _area(a), _area(b)
    iou = shared / np.maximum(area_a + area_b - shared, 1e-9)
    around = np.maximum(a[..., 2:], b[..., 2:]) - np.minimum(a[..., :2], b[..., :2])
    apart = (a[..., :2] + a[..., 2:] - b[..., :2] - b[..., 2:]) / 2
    distance = (apart**2).sum(axis=2) / np.maximum((around**2).sum(axis=2), 1e-9)
    return iou, iou - distance, shared / np.maximum(np.minimum(area_a, area_b), 1e-9)


def distinct(xyxy_px: FloatArray, score: FloatArray, group: IntArray, limits: Distinct) -> BoolArray:
    """Mask (N,) of the boxes that stay when, of two around one vehicle, the weaker goes.

    group: (N,), of the kinds; those below 0 are no vehicles, and hide none.
    """
    iou, _, cover = overlap(xyxy_px, xyxy_px)
    alike = group[:, None] == group[None]
    one = (iou > limits.iou) | ((cover > limits.cover) & (iou > limits.nested_iou) & alike)
    one &= score[:, None] > score[None]
    one |= iou > limits.equal_iou
    one &= alike | ((group >= 0)[:, None] & (group >= 0)[None])
    keep = np.ones(len(score), bool)
    for i in np.argsort(-score, kind="stable"):
        if keep[i]:
            keep &= ~one[i]
            keep[i] = True
    return keep


def _scale2(value: FloatArray) -> FloatArray:
    return np.asarray(np.maximum(value[:, 2:3] * value[:, 3:4], 16.0))


def _area(xyxy_px: FloatArray) -> FloatArray:
    return np.asarray((xyxy_px[..., 2] - xyxy_px[..., 0]) * (xyxy_px[..., 3] - xyxy_px[..., 1]))
