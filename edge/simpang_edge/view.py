"""The camera behind a road plane: focal length, place, height and tilt, from the homography alone.

A homography of a plane and square pixels with the principal point in the middle of the picture leave one unknown of
the camera's inside, the focal length, and two equations for it (Hartley & Zisserman, 2nd ed., 8.8 "calibration from
planes": the images of two right-angled directions of equal scale on the plane).
"""

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from .data import FloatArray
from .plane import fit_plane

FOCAL_SHARE: Final = (0.35, 8.0)
"""Focal lengths that a traffic camera has, in picture widths (110 degrees to 7 degrees across)."""

HEIGHT_M: Final = (2.5, 60.0)
"""Heights above the road that a traffic camera has."""

WORST_SHARE: Final = 0.10
"""With a larger relative standard error of its height the camera counts as not known."""

NOISE_PX: Final = 1.0
"""How exactly a person clicks a calibration point in the picture, standard deviation."""

SKEW: Final = 0.1
"""How far the two axes of the road may seem from equal length and a right angle, by the camera that was found."""


@dataclass(frozen=True, slots=True)
class View:
    """A camera above the road plane.

    focal_px: focal length. foot_m: (2,), the point of the road plane under the camera. height_m: above the road.
    tilt_deg: of the optical axis below the horizontal. error_ratio: standard error of the height as a share of it,
    None where it was not worked out.
    """

    focal_px: float
    foot_m: FloatArray
    height_m: float
    tilt_deg: float
    error_ratio: float | None = None


def known_view(image_px: FloatArray, road_m: FloatArray, size_px: tuple[int, int]) -> View | None:
    """The camera behind calibration points (N, 2) and (N, 2); None where they do not determine it to a tenth.

    Its error is that of moving each coordinate of each point by a pixel (first-order propagation of independent
    errors).
    """
    view = view_of(fit_plane(image_px, road_m).matrix, size_px)
    if view is None:
        return None
    square = 0.0
    for place in np.ndindex(image_px.shape):
        moved_px = image_px.copy()
        moved_px[place] += NOISE_PX
        other = view_of(fit_plane(moved_px, road_m).matrix, size_px)
        if other is None:
            return None
        square += (other.height_m / view.height_m - 1) ** 2
    return replace(view, error_ratio=math.sqrt(square)) if square <= WORST_SHARE**2 else None


def view_of(matrix: FloatArray, size_px: tuple[int, int]) -> View | None:
    """The camera of a map from the picture to the road (3, 3); None where the map is that of no such camera."""
    half = np.array([[1.0, 0.0, size_px[0] / 2], [0.0, 1.0, size_px[1] / 2], [0.0, 0.0, 1.0]])
    seen = np.linalg.inv(half) @ np.linalg.inv(matrix)
    focal_px = _focal_px(seen / np.abs(seen[:, 2]).max())
    if focal_px is None or not FOCAL_SHARE[0] <= focal_px / size_px[0] <= FOCAL_SHARE[1]:
        return None
    inner = np.diag([1 / focal_px, 1 / focal_px, 1.0]) @ seen
    inner /= math.sqrt(np.linalg.norm(inner[:, 0]) * np.linalg.norm(inner[:, 1]))
    turn = _rotation(inner)
    if np.linalg.norm(inner[:, :2] - turn[:, :2]) > SKEW:
        return None
    foot_m = -turn.T @ inner[:, 2]
    # The plane's normal is turn's third column, up or down as the road's axes are left- or right-handed.
    height_m = abs(float(foot_m[2]))
    if not HEIGHT_M[0] <= height_m <= HEIGHT_M[1]:
        return None
    tilt_deg = math.degrees(math.asin(min(1.0, abs(float(turn[2, 2])))))
    return View(focal_px, np.asarray(foot_m[:2]), height_m, tilt_deg)


def _focal_px(seen: FloatArray) -> float | None:
    """Focal length from the columns h1, h2 of a map road → centred picture: h1'Wh2 = 0 and h1'Wh1 = h2'Wh2 with
    W = diag(w, w, 1), w = 1 / f²; least squares of the two."""
    first, second = seen[:, 0], seen[:, 1]
    factor = np.array([first[:2] @ second[:2], (first[:2] @ first[:2] - second[:2] @ second[:2]) / 2])
    constant = -np.array([first[2] * second[2], (first[2] ** 2 - second[2] ** 2) / 2])
    square = float(factor @ factor)
    inverse = float(factor @ constant) / square if square > 0 else 0.0
    return 1 / math.sqrt(inverse) if inverse > 0 else None


def _rotation(inner: FloatArray) -> FloatArray:
    """The rotation nearest to the first two columns and their cross product (orthogonal Procrustes)."""
    third = np.cross(inner[:, 0], inner[:, 1])
    left, _, right = np.linalg.svd(np.column_stack([inner[:, 0], inner[:, 1], third]))
    return np.asarray(left @ right)
