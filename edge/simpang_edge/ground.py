"""Tracks → Vehicles: where on the road, in metres, each track stands.

The road is taken as a plane. A homography from at least four measured points maps the picture to it; the point of a
box that touches the road is the middle of its bottom edge. Each approach has its own axes: *along*, the distance to
the stop line at right angles to it, upstream positive; *across*, the distance along the stop line from its
kerb-side end.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from .config import Approach, Calibration, Camera
from .data import FloatArray, IntArray, Tracks, Vehicles
from .errors import ConfigurationError

BoolArray = NDArray[np.bool_]

KEPT_PAST_M: Final = 15.0
"""A vehicle that came through an approach stays in it so far past the stop line."""

_NEAR_LINE_M: Final = 5.0
"""Lanes are often drawn to end a little before the stop line; a vehicle of the approach stays in it there too."""

_EDGE_PX: Final = 2.0
"""A box this near the picture's border is cut by it, so its bottom middle is not where the vehicle stands."""


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
        mapped = np.column_stack([xy_px, np.ones(len(xy_px))]) @ self.matrix.T
        below = mapped[:, 2:] > 1e-9
        return np.where(below, mapped[:, :2] / np.where(below, mapped[:, 2:], 1.0), np.nan)

    def metres_per_pixel(self, xy_px: FloatArray) -> FloatArray:
        """Metres on the road that one pixel spans at picture points (N, 2), the larger of the two directions, (N,).

        The largest singular value of the map's derivative; NaN on or above the horizon.
        """
        road = self.to_road(xy_px)
        depth = np.column_stack([xy_px, np.ones(len(xy_px))]) @ self.matrix[2]
        slope = self.matrix[None, :2, :2] - road[:, :, None] * self.matrix[None, 2:, :2]
        slope = slope / depth[:, None, None]
        known = np.isfinite(slope).all(axis=(1, 2))
        largest = np.linalg.svd(np.where(known[:, None, None], slope, 0.0), compute_uv=False)[:, 0]
        return np.where(known, largest, np.nan)


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
    depth = np.column_stack([image_px, np.ones(len(image_px))]) @ matrix[2]
    if depth.min() * depth.max() <= 0:
        raise ConfigurationError("the points fold the road over the horizon: check the order of the pairs")
    oriented = np.asarray(matrix * np.sign(depth[0]), np.float64)
    miss_m = np.linalg.norm(Plane(oriented, 0.0, 0.0).to_road(image_px) - road_m, axis=1)
    return Plane(oriented, float(np.sqrt(np.mean(miss_m**2))), float(miss_m.max()))


def inside(xy: FloatArray, polygon: FloatArray) -> BoolArray:
    """Which points (N, 2) lie in the polygon (K, 2), (N,); even-odd rule."""
    start, end = polygon[None], np.roll(polygon, -1, axis=0)[None]
    x, y = xy[:, None, 0], xy[:, None, 1]
    spans = (start[..., 1] > y) != (end[..., 1] > y)
    rise = np.where(spans, end[..., 1] - start[..., 1], 1.0)
    meets_x = start[..., 0] + (y - start[..., 1]) / rise * (end[..., 0] - start[..., 0])
    return np.asarray((spans & (x < meets_x)).sum(axis=1) % 2 == 1)


@dataclass(frozen=True, slots=True)
class _Lane:
    """A lane's outline in the picture, and its extent across at the stop line in metres."""

    id: int
    polygon_px: FloatArray
    from_m: float
    to_m: float


@dataclass(frozen=True, slots=True)
class _Axes:
    """The stop line in metres: kerb-side end, unit vectors upstream and away from the kerb, length."""

    kerb_m: FloatArray
    up: FloatArray
    across: FloatArray
    length_m: float

    def along_across(self, xy_m: FloatArray) -> tuple[FloatArray, FloatArray]:
        from_kerb = xy_m - self.kerb_m
        return from_kerb @ self.up, from_kerb @ self.across


@dataclass(frozen=True, slots=True)
class _Arm:
    """One approach, ready to be asked."""

    axes: _Axes
    lanes: tuple[_Lane, ...]

    def lane_by_outline(self, contact_px: FloatArray) -> IntArray:
        """Lane id of points (N, 2) in the picture, -1 outside all lanes, (N,)."""
        found = np.full(len(contact_px), -1, np.int64)
        for lane in self.lanes:
            found[(found < 0) & inside(contact_px, lane.polygon_px)] = lane.id
        return found

    def lane_by_range(self, across_m: float, otherwise: int) -> int:
        """Lane id by the distance from the kerb, as it is past the stop line."""
        for lane in self.lanes:
            if lane.from_m <= across_m < lane.to_m:
                return lane.id
        return otherwise


class Ground:
    """Places the tracks of one camera on the road.

    A vehicle belongs to the approach whose lane it stands in; having been in one, it stays in it until
    `KEPT_PAST_M` past the stop line, its lane there read from its distance to the kerb. Traffic that merely crosses
    the junction in front of a stop line belongs to no approach. A box cut by the picture's border has no reliable
    contact point: it gets no approach in that frame (along and across NaN).

    error_m, max_error_m: root mean square and largest error of the calibration points; None without calibration.
    """

    def __init__(self, camera: Camera) -> None:
        self._plane = _camera_plane(camera)
        self.error_m = self._plane.error_m if self._plane else None
        self.max_error_m = self._plane.max_error_m if self._plane else None
        self._arms = tuple(_arm(self._plane, a, f"{camera.id}.{a.id}") for a in camera.approaches if self._plane)
        self._last: dict[int, tuple[int, int]] = {}

    def locate(self, tracks: Tracks, size_px: tuple[int, int] | None = None) -> Vehicles:
        """The tracks in metres.

        size_px: width and height of the picture; with it, boxes cut by the right or bottom border are known too.
        """
        for track in tracks.gone.tolist():
            self._last.pop(track, None)
        contact_px = contact_points(tracks)
        whole = ~cut_by_border(tracks, size_px)
        xy_m = self._plane.to_road(contact_px) if self._plane else np.full((len(tracks), 2), np.nan)
        usable = whole & np.isfinite(xy_m).all(axis=1)
        approach, lane = self._belong(tracks.id, contact_px, xy_m, usable)
        along_m, across_m = self._distances(xy_m, approach)
        length_m = np.full(len(tracks), np.nan)
        return Vehicles(
            tracks.time_s, tracks.id, tracks.kind, xy_m, approach, lane, along_m, across_m, length_m, tracks.gone
        )

    def metres_per_pixel(self, xy_px: FloatArray) -> FloatArray:
        """Metres on the road that one pixel spans at picture points (N, 2), (N,); NaN without calibration."""
        return self._plane.metres_per_pixel(xy_px) if self._plane else np.full(len(xy_px), np.nan)

    def to_road(self, xy_px: FloatArray) -> FloatArray:
        """Road coordinates (N, 2) of picture points (N, 2); NaN above the horizon or without calibration."""
        return self._plane.to_road(xy_px) if self._plane else np.full((len(xy_px), 2), np.nan)

    def _belong(
        self, ids: IntArray, contact_px: FloatArray, xy_m: FloatArray, usable: BoolArray
    ) -> tuple[IntArray, IntArray]:
        """Approach index and lane id of each track, -1 where none, both (N,)."""
        approach, lane = np.full(len(ids), -1, np.int64), np.full(len(ids), -1, np.int64)
        for index, arm in enumerate(self._arms):
            here = arm.lane_by_outline(contact_px)
            new = usable & (here > 0) & (approach < 0)
            approach[new], lane[new] = index, here[new]
        for row in np.flatnonzero(usable & (approach < 0)).tolist():
            approach[row], lane[row] = self._kept(int(ids[row]), xy_m[row])
        for row in np.flatnonzero(approach >= 0).tolist():
            self._last[int(ids[row])] = (int(approach[row]), int(lane[row]))
        return approach, lane

    def _kept(self, track: int, xy_m: FloatArray) -> tuple[int, int]:
        """Approach and lane of a vehicle that stands in no lane but came through one."""
        index, lane = self._last.get(track, (-1, -1))
        if index < 0:
            return -1, -1
        along_m, across_m = self._arms[index].axes.along_across(xy_m)
        if not -KEPT_PAST_M <= along_m <= _NEAR_LINE_M:
            return -1, -1
        return index, self._arms[index].lane_by_range(float(across_m), lane)

    def _distances(self, xy_m: FloatArray, approach: IntArray) -> tuple[FloatArray, FloatArray]:
        along_m, across_m = np.full(len(approach), np.nan), np.full(len(approach), np.nan)
        for index, arm in enumerate(self._arms):
            mine = approach == index
            along_m[mine], across_m[mine] = arm.axes.along_across(xy_m[mine])
        return along_m, across_m


def contact_points(tracks: Tracks) -> FloatArray:
    """The middle of each box's bottom edge, where the vehicle touches the road, (N, 2) in pixels."""
    box = tracks.xyxy_px.astype(np.float64)
    return np.column_stack([(box[:, 0] + box[:, 2]) / 2, box[:, 3]])


def cut_by_border(tracks: Tracks, size_px: tuple[int, int] | None) -> BoolArray:
    """Which boxes touch the picture's left, right or bottom border, (N,); without a size, the left one only.

    At the top border the bottom edge, and so the contact point, is still whole.
    """
    box = tracks.xyxy_px
    cut = box[:, 0] <= _EDGE_PX
    if size_px is not None:
        cut = cut | (box[:, 2] >= size_px[0] - _EDGE_PX) | (box[:, 3] >= size_px[1] - _EDGE_PX)
    return np.asarray(cut)


def _camera_plane(camera: Camera) -> Plane | None:
    if camera.calibration is None:
        return None
    where = f"camera {camera.id}: calibration.points"
    try:
        plane = fit_plane(*_pairs(camera.calibration))
    except ConfigurationError as exc:
        raise ConfigurationError(f"{where}: {exc}") from exc
    if plane.error_m > camera.calibration.max_error_m:
        raise ConfigurationError(
            f"{where}: error {plane.error_m:.2f} m (largest {plane.max_error_m:.2f} m); "
            f"calibration.max_error_m allows {camera.calibration.max_error_m:g} m"
        )
    return plane


def _pairs(calibration: Calibration) -> tuple[FloatArray, FloatArray]:
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


def _arm(plane: Plane, approach: Approach, where: str) -> _Arm:
    outlines = {lane.id: np.array(lane.polygon, np.float64) for lane in approach.lanes}
    axes = _axes(plane, approach, outlines, where)
    lanes = tuple(_Lane(lane, outline, *_range_at_line(plane, axes, outline)) for lane, outline in outlines.items())
    return _Arm(axes, lanes)


def _axes(plane: Plane, approach: Approach, outlines: dict[int, FloatArray], where: str) -> _Axes:
    """The stop line's axes: upstream is where the lanes are, the kerb where lane 1 is."""
    ends_m = plane.to_road(np.array(approach.stop_line, np.float64))
    length_m = float(np.linalg.norm(ends_m[1] - ends_m[0]))
    if not np.isfinite(length_m) or length_m < 0.5:
        raise ConfigurationError(f"approach {where}: stop_line: it must lie on the road and be 0.5 m or longer")
    along_line = (ends_m[1] - ends_m[0]) / length_m
    normal = np.array([-along_line[1], along_line[0]])
    middles_m = {lane: _outline_m(plane, outline).mean(axis=0) for lane, outline in outlines.items()}
    ahead = float((np.mean(list(middles_m.values()), axis=0) - ends_m.mean(axis=0)) @ normal)
    if not np.isfinite(ahead) or abs(ahead) < 0.1:
        raise ConfigurationError(f"approach {where}: lanes: they must lie on the road, upstream of the stop line")
    up = normal * np.sign(ahead)
    from_second = _kerb_is_second(middles_m, along_line, up, mirrored=bool(np.linalg.det(plane.matrix) > 0))
    return _Axes(ends_m[int(from_second)], up, -along_line if from_second else along_line, length_m)


def _kerb_is_second(middles_m: dict[int, FloatArray], along_line: FloatArray, up: FloatArray, mirrored: bool) -> bool:
    """Whether the second point of the stop line is its kerb-side end.

    With several lanes, lane 1 tells. With one lane, traffic is taken to keep left: facing downstream (a, b), the kerb
    is on the left hand, (-b, a) in road axes that are right-handed seen from above, (b, -a) in mirrored ones.
    """
    if len(middles_m) > 1:
        low, high = min(middles_m), max(middles_m)
        return bool((middles_m[low] - middles_m[high]) @ along_line > 0)
    left = np.array([up[1], -up[0]]) * (-1.0 if mirrored else 1.0)
    return bool(left @ along_line > 0)


def _outline_m(plane: Plane, outline_px: FloatArray) -> FloatArray:
    """A lane's outline on the road, 20 points to an edge: straight in the picture, evenly spaced in it."""
    part = np.linspace(0, 1, 20, endpoint=False)[None, :, None]
    start, end = outline_px[:, None], np.roll(outline_px, -1, axis=0)[:, None]
    return plane.to_road((start + part * (end - start)).reshape(-1, 2))


def _range_at_line(plane: Plane, axes: _Axes, outline_px: FloatArray) -> tuple[float, float]:
    """The lane's extent across, in metres from the kerb, over its part nearest the stop line."""
    along_m, across_m = axes.along_across(_outline_m(plane, outline_px))
    near = across_m[along_m <= along_m.min() + 1.0]
    return float(near.min()), float(near.max())
