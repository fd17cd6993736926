"""How well a calibrated camera sees each approach: width of its stop line, metres per pixel, error of the scale."""

import math
from typing import Final

import numpy as np

from .config import Approach, Camera
from .data import FloatArray, Sight
from .errors import ConfigurationError
from .plane import Plane, fit_plane

BASE_M: Final = 8.0
"""The scale is judged over this length upstream of the stop line, over which speeds are measured."""


def sights(camera: Camera, click_px: float) -> tuple[Sight, ...]:
    """One for each approach of the camera; none without calibration.

    click_px: how exactly a calibration point can be clicked (standard error of each coordinate, pixels), where the
    residuals of the fit do not show a larger one. Raises `ConfigurationError` for points that fit no plane.
    """
    if camera.calibration is None:
        return ()
    image_px = np.array([p.image for p in camera.calibration.points], np.float64)
    road_m = np.array([p.road for p in camera.calibration.points], np.float64)
    plane = fit_plane(image_px, road_m)
    error_px = max(click_px, _residual_px(plane, image_px, road_m))
    nudged = _nudged(image_px, road_m, error_px)
    return tuple(_sight(plane, nudged, approach, camera.height_m) for approach in camera.approaches)


def _sight(plane: Plane, nudged: list[Plane], approach: Approach, height_m: float | None) -> Sight:
    ends_px = np.array(approach.stop_line, np.float64)
    ends_m = plane.to_road(ends_px)
    middle_px = ends_px.mean(axis=0, keepdims=True)
    return Sight(
        width_m=float(np.linalg.norm(ends_m[1] - ends_m[0])),
        m_per_px=float(plane.metres_per_pixel(middle_px)[0]),
        scale_error_ratio=_scale_error(plane, nudged, _piece_px(plane, approach, ends_px)),
        camera_height_m=height_m,
    )


def _piece_px(plane: Plane, approach: Approach, ends_px: FloatArray) -> FloatArray:
    """Two picture points `BASE_M` apart along the road, the first on the stop line's middle, (2, 2)."""
    line_m = plane.to_road(ends_px.mean(axis=0, keepdims=True))[0]
    lanes_px = np.concatenate([np.array(lane.polygon, np.float64) for lane in approach.lanes])
    ahead_m = plane.to_road(lanes_px.mean(axis=0, keepdims=True))[0] - line_m
    far_m = line_m + BASE_M * ahead_m / np.linalg.norm(ahead_m)
    back = np.linalg.inv(plane.matrix) @ np.array([far_m[0], far_m[1], 1.0])
    return np.stack([ends_px.mean(axis=0), back[:2] / back[2]])


def _scale_error(plane: Plane, nudged: list[Plane], piece_px: FloatArray) -> float:
    """Standard error of a length along the road as a share of it: the effects of all points' errors, in squares."""
    length_m = _length_m(plane, piece_px)
    return math.sqrt(sum((_length_m(other, piece_px) / length_m - 1.0) ** 2 for other in nudged))


def _length_m(plane: Plane, piece_px: FloatArray) -> float:
    ends_m = plane.to_road(piece_px)
    return float(np.linalg.norm(ends_m[1] - ends_m[0]))


def _nudged(image_px: FloatArray, road_m: FloatArray, error_px: float) -> list[Plane]:
    """The planes that fit when one coordinate of one picture point is off by `error_px`, (2 N)."""
    planes = []
    for point in range(len(image_px)):
        for axis in (0, 1):
            moved = image_px.copy()
            moved[point, axis] += error_px
            try:
                planes.append(fit_plane(moved, road_m))
            except ConfigurationError:
                continue
    return planes


def _residual_px(plane: Plane, image_px: FloatArray, road_m: FloatArray) -> float:
    """Standard error of a coordinate from what the fit left over, pixels; 0 for four points, which always fit."""
    free = 2 * len(image_px) - 8
    if free <= 0:
        return 0.0
    miss_px = np.linalg.norm(plane.to_road(image_px) - road_m, axis=1) / plane.metres_per_pixel(image_px)
    return float(np.sqrt(np.sum(miss_px**2) / free))
