"""The road as a plane: from pixels to metres, and the axes of each approach on it. Pure geometry, used by the ground
stage and by whoever needs a line of the configuration in metres."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from .config import Approach, Calibration, Camera
from .data import FloatArray
from .errors import ConfigurationError

BoolArray = NDArray[np.bool_]

MIN_LINE_M: Final = 0.5
MIN_AHEAD_M: Final = 0.1
"""A stop line's length, and how far upstream of it the middle of the lanes must lie for its sides to be told apart."""

MIN_BOX_M: Final = 0.5
MAX_BOX_M: Final = 20.0
"""Depths that a motorcycle box can have; Indonesian ones are 8 to 12 m deep."""


@dataclass(frozen=True, slots=True)
class Plane:
    """The picture's map to the road plane.

    matrix: (3, 3), pixels to metres, scaled so that the third coordinate is positive below the horizon.
    error_m: root mean square distance between the measured points and where the map puts them.
    max_error_m: the largest of them.
    """

    matrix: FloatArray
    error_m: float
    max_error_m: float

    def to_road(self, xy_px: FloatArray) -> FloatArray:
        """Road coordinates (N, 2) in metres of picture points (N, 2); NaN for points on or above the horizon."""
        mapped = _homogeneous(xy_px) @ self.matrix.T
        below = mapped[:, 2:] > 1e-9
        return np.where(below, mapped[:, :2] / np.where(below, mapped[:, 2:], 1.0), np.nan)

    def to_picture(self, xy_m: FloatArray) -> FloatArray:
        """Picture points (N, 2) in pixels of road coordinates (N, 2); NaN for points behind the camera."""
        mapped = _homogeneous(xy_m) @ np.linalg.inv(self.matrix).T
        ahead = mapped[:, 2:] > 1e-12
        return np.where(ahead, mapped[:, :2] / np.where(ahead, mapped[:, 2:], 1.0), np.nan)

    @property
    def mirrored(self) -> bool:
        """Whether the road's axes are left-handed seen from above (the picture's y axis points down)."""
        return bool(np.linalg.det(self.matrix) > 0)

    def metres_per_pixel(self, xy_px: FloatArray) -> FloatArray:
        """Metres on the road that one pixel spans at picture points (N, 2), the larger of the two directions, (N,).

        The largest singular value of the map's derivative; NaN on or above the horizon.
        """
        road = self.to_road(xy_px)
        depth = _homogeneous(xy_px) @ self.matrix[2]
        slope = self.matrix[None, :2, :2] - road[:, :, None] * self.matrix[None, 2:, :2]
        slope = slope / depth[:, None, None]
        known = np.isfinite(slope).all(axis=(1, 2))
        largest = np.linalg.svd(np.where(known[:, None, None], slope, 0.0), compute_uv=False)[:, 0]
        return np.where(known, largest, np.nan)


def _homogeneous(xy: FloatArray) -> FloatArray:
    """Points (N, 2) with a third coordinate of 1, (N, 3)."""
    points = np.ones((len(xy), 3))
    points[:, :2] = xy
    return points


def fit_plane(image_px: FloatArray, road_m: FloatArray) -> Plane:
    """Least-squares homography of N ≥ 4 point pairs (normalised DLT refined on the distance in metres).

    Raises `ConfigurationError` when the points do not determine a plane: fewer than four, three of four on a line,
    or on both sides of the horizon.
    """
    if len(image_px) < 4:
        raise ConfigurationError(f"needs at least 4 points, got {len(image_px)}")
    if _degenerate(image_px, road_m):
        raise ConfigurationError(
            "the points lie on a line (or all but one do): give points spread over the road surface"
        )
    matrix, _ = cv2.findHomography(image_px, road_m, 0)
    if matrix is None or not np.isfinite(matrix).all():
        raise ConfigurationError("no plane fits these points: check that each image point belongs to its road point")
    depth = _homogeneous(image_px) @ matrix[2]
    if depth.min() * depth.max() <= 0:
        raise ConfigurationError("the points fold the road over the horizon: check the order of the pairs")
    oriented = np.asarray(matrix * np.sign(depth[0]), np.float64)
    miss_m = np.linalg.norm(Plane(oriented, 0.0, 0.0).to_road(image_px) - road_m, axis=1)
    return Plane(oriented, float(np.sqrt(np.mean(miss_m**2))), float(miss_m.max()))


def inside(xy: FloatArray, polygon: FloatArray) -> BoolArray:
    """Which points (N, 2) lie in the polygon (K, 2), (N,); even-odd rule."""
    found: BoolArray = Outlines([polygon]).hold(xy)[0]
    return found


class Outlines:
    """Polygons, each (K, 2), that are asked together."""

    def __init__(self, polygons: Sequence[FloatArray]) -> None:
        start, end = (np.concatenate([np.roll(p, back, axis=0) for p in polygons]) for back in (0, -1))
        self._x, self._y = start[:, :1], start[:, 1:]
        self._end_y = end[:, 1:]
        self._run = end[:, :1] - self._x
        rise = self._end_y - self._y
        self._rise = np.where(rise == 0, 1.0, rise)  # a level edge is met by no level ray
        self._first = np.cumsum([0, *(len(p) for p in polygons[:-1])])

    def hold(self, xy: FloatArray) -> BoolArray:
        """Which of the points (N, 2) each polygon holds, (polygons, N); even-odd rule."""
        x, y = xy.T
        meets_x = self._x + (y - self._y) / self._rise * self._run
        met = ((self._end_y > y) != (self._y > y)) & (x < meets_x)
        return np.asarray(np.logical_xor.reduceat(met, self._first, axis=0), np.bool_)


@dataclass(frozen=True, slots=True)
class Axes:
    """A stop line in metres: kerb-side end, unit vectors upstream and away from the kerb, length."""

    kerb_m: FloatArray
    up: FloatArray
    across: FloatArray
    length_m: float

    def along_across(self, xy_m: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Metres upstream of the line and from its kerb-side end, (N,) each, of road points (N, 2)."""
        from_kerb = xy_m - self.kerb_m
        return from_kerb @ self.up, from_kerb @ self.across

    def along_across_of(self, x_m: float, y_m: float) -> tuple[float, float]:
        """The same of one road point."""
        dx_m, dy_m = x_m - float(self.kerb_m[0]), y_m - float(self.kerb_m[1])
        up, across = self.up.tolist(), self.across.tolist()
        return dx_m * up[0] + dy_m * up[1], dx_m * across[0] + dy_m * across[1]


def camera_plane(camera: Camera) -> Plane | None:
    """The road plane of a camera, None without calibration. Raises `ConfigurationError`."""
    if camera.calibration is None:
        return None
    where = f"camera {camera.id}: calibration.points"
    try:
        plane = fit_plane(*point_pairs(camera.calibration))
    except ConfigurationError as exc:
        raise ConfigurationError(f"{where}: {exc}") from exc
    if plane.error_m > camera.calibration.max_error_m:
        image_px, road_m = point_pairs(camera.calibration)
        worst = int(np.argmax(np.linalg.norm(plane.to_road(image_px) - road_m, axis=1)))
        raise ConfigurationError(
            f"{where}: error {plane.error_m:.2f} m (largest {plane.max_error_m:.2f} m, at points[{worst}]); "
            f"calibration.max_error_m allows {camera.calibration.max_error_m:g} m"
        )
    return plane


def point_pairs(calibration: Calibration) -> tuple[FloatArray, FloatArray]:
    """The calibration's points in the picture (N, 2) and on the road (N, 2)."""
    image = np.array([p.image for p in calibration.points], np.float64)
    return image, np.array([p.road for p in calibration.points], np.float64)


def _degenerate(image_px: FloatArray, road_m: FloatArray) -> bool:
    """Whether the equations of the homography have more than one solution (Hartley & Zisserman, 4.1.3)."""
    if min(np.ptp(image_px, axis=0).max(), np.ptp(road_m, axis=0).max()) <= 0:
        return True
    x, y = _normalised(image_px).T
    u, v = _normalised(road_m).T
    one, zero = np.ones_like(x), np.zeros_like(x)
    first = np.column_stack([x, y, one, zero, zero, zero, -u * x, -u * y, -u])
    second = np.column_stack([zero, zero, zero, x, y, one, -v * x, -v * y, -v])
    values = np.linalg.svd(np.vstack([first, second]), compute_uv=False)
    return bool(values[7] < 1e-4 * values[0])


def _normalised(points: FloatArray) -> FloatArray:
    centred = points - points.mean(axis=0)
    return np.asarray(centred / np.sqrt((centred**2).sum(axis=1).mean() / 2))


def approach_axes(plane: Plane, approach: Approach, where: str) -> Axes:
    """The stop line's axes: upstream is where the lanes are, the kerb where lane 1 is.

    Raises `ConfigurationError`; where: which approach of which camera, for its text.
    """
    outlines = {lane.id: np.array(lane.polygon, np.float64) for lane in approach.lanes}
    ends_m = plane.to_road(np.array(approach.stop_line, np.float64))
    length_m = float(np.linalg.norm(ends_m[1] - ends_m[0]))
    if not np.isfinite(length_m):
        raise ConfigurationError(f"{where}: stop_line: {_sky(plane, approach.stop_line)}")
    if length_m < MIN_LINE_M:
        raise ConfigurationError(f"{where}: stop_line: is {length_m:.2f} m long; {MIN_LINE_M:g} m or more is needed")
    along_line = (ends_m[1] - ends_m[0]) / length_m
    normal = np.array([-along_line[1], along_line[0]])
    for number, outline in outlines.items():
        if not np.isfinite(outline_m(plane, outline)).all():
            raise ConfigurationError(f"{where}: lane {number}: {_sky(plane, outline)}")
    middles_m = {number: outline_m(plane, outline).mean(axis=0) for number, outline in outlines.items()}
    ahead = float((np.mean(list(middles_m.values()), axis=0) - ends_m.mean(axis=0)) @ normal)
    if abs(ahead) < MIN_AHEAD_M:
        raise ConfigurationError(
            f"{where}: lanes: they lie as much past the stop line as upstream of it: draw them upstream"
        )
    up = normal * np.sign(ahead)
    from_second = _kerb_is_second(middles_m, along_line, up, mirrored=plane.mirrored)
    return Axes(ends_m[int(from_second)], up, -along_line if from_second else along_line, length_m)


def _kerb_is_second(middles_m: dict[int, FloatArray], along_line: FloatArray, up: FloatArray, mirrored: bool) -> bool:
    """Whether the second point of the stop line is its kerb-side end.

    With several lanes, lane 1 tells. With one lane, traffic is taken to keep left: facing downstream (a, b), the kerb
    is on the left hand, (-b, a) in road axes that are right-handed seen from above, (b, -a) in mirrored ones.
    """
    if len(middles_m) > 1:
        low, high = min(middles_m), max(middles_m)
        return bool((middles_m[low] - middles_m[high]) @ along_line > 0)
    return bool(_left(up, mirrored=mirrored) @ along_line > 0)


def kerb_on_left(axes: Axes, mirrored: bool) -> bool:
    """Whether the kerb is on the left hand of traffic to the stop line."""
    return bool(_left(axes.up, mirrored=mirrored) @ axes.across < 0)


def _left(up: FloatArray, mirrored: bool) -> FloatArray:
    return np.array([up[1], -up[0]]) * (-1.0 if mirrored else 1.0)


def _sky(plane: Plane, points_px: Iterable[Iterable[float]]) -> str:
    """Which point of the picture is not on the road."""
    points = np.array([tuple(point) for point in points_px], np.float64)
    above = np.flatnonzero(~np.isfinite(plane.to_road(points)).all(axis=1))
    which = f"point {above[0] + 1} [{points[above[0], 0]:g}, {points[above[0], 1]:g}]" if len(above) else "part of it"
    return f"{which} lies at or above the horizon, not on the road"


def outline_m(plane: Plane, outline_px: FloatArray) -> FloatArray:
    """A lane's outline on the road, 20 points to an edge: straight in the picture, evenly spaced in it."""
    part = np.linspace(0, 1, 20, endpoint=False)[None, :, None]
    start, end = outline_px[:, None], np.roll(outline_px, -1, axis=0)[:, None]
    return plane.to_road((start + part * (end - start)).reshape(-1, 2))


def range_at_line(plane: Plane, axes: Axes, outline_px: FloatArray) -> tuple[float, float]:
    """A lane's extent across, in metres from the kerb, over its part nearest the stop line."""
    along_m, across_m = axes.along_across(outline_m(plane, outline_px))
    near = across_m[along_m <= along_m.min() + 1.0]
    return float(near.min()), float(near.max())


def box_depth_m(plane: Plane, axes: Axes, approach: Approach, where: str) -> float:
    """How far the motorcycle box reaches past the stop line, 0 without one: motorcycles cross at its far edge.

    Raises `ConfigurationError` for a box that does not lie ahead of the line.
    """
    if approach.motorcycle_box is None:
        return 0.0
    along_m, across_m = axes.along_across(outline_m(plane, np.array(approach.motorcycle_box, np.float64)))
    depth_m = -float(along_m.min())
    if np.isnan(depth_m):
        raise ConfigurationError(f"{where}: motorcycle_box: {_sky(plane, approach.motorcycle_box)}")
    if not 0 <= float(across_m.mean()) <= axes.length_m:
        raise ConfigurationError(f"{where}: motorcycle_box: lies beside the stop line; draw it right ahead of it")
    if not MIN_BOX_M <= depth_m <= MAX_BOX_M:
        raise ConfigurationError(
            f"{where}: motorcycle_box: its far edge lies {depth_m:.1f} m past the stop line; "
            f"{MIN_BOX_M:g} to {MAX_BOX_M:g} m are allowed"
        )
    return depth_m
