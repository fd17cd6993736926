"""The approach that a camera watches, as a frame on the road: metres along it and across it."""

from dataclasses import dataclass

import numpy as np

from simpang_twin.network import F64, Lane, Network
from simpang_twin.scenario import Arm, Camera

# A lane that deviates less than this over its measured length is straight.
_STRAIGHT_M = 0.02


@dataclass(frozen=True)
class Approach:
    """Origin: the stop line's middle. `inward` is the driving direction; `forward` and `right` span the camera file's
    road frame (x right, y forward, seen by the camera)."""

    arm: Arm
    origin_m: F64
    inward: F64
    forward: F64
    right: F64
    lanes: tuple[Lane, ...]
    length_m: float

    def along_m(self, points_m: F64) -> F64:
        """Metres upstream of the stop line (negative past it) of world points (N, 2)."""
        return -(points_m - self.origin_m) @ self.inward

    def road_m(self, points_m: F64) -> F64:
        """World points (N, 2) in the camera file's road frame."""
        rel = points_m - self.origin_m
        return np.stack([rel @ self.right, rel @ self.forward], axis=1)

    def world_m(self, road_m: F64) -> F64:
        """The road frame's points (N, 2) in world metres."""
        return np.asarray(self.origin_m + road_m[:, :1] * self.right + road_m[:, 1:] * self.forward)

    def across_m(self, points_m: F64) -> F64:
        """The road frame's x (N,) of world points."""
        return self.road_m(points_m)[:, 0]

    def lane_of(self, lane_id: str) -> int | None:
        """Lane number (1 is nearest the kerb) of a SUMO lane of this approach, else None."""
        for lane in self.lanes:
            if lane.id == lane_id:
                return lane.index + 1
        return None

    def holds(self, point_m: F64) -> bool:
        """Whether a world point (2,) lies upstream of the stop line and not beyond the approach's begin."""
        return 0 < float(self.along_m(point_m[None])[0]) < self.lanes[0].length_m

    def lanes_at(self, points_m: F64) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        """Lane number of world points (N, 2), 0 where they lie in none, or where the lanes bend."""
        found = np.zeros(len(points_m), dtype=np.int64)
        for lane in self.lanes if all(len(_measured_m(self, lane)) == 2 for lane in self.lanes) else ():
            beside_m = np.abs((points_m - lane.shape_m[-1]) @ self.right)
            found[beside_m <= lane.width_m / 2] = lane.index + 1
        return found


def approach(camera: Camera, net: Network) -> Approach:
    """The approach a camera watches."""
    lanes = net.edge(f"{camera.approach}_in")
    ends = np.array([lane.shape_m[-1] for lane in lanes])
    last = lanes[0].shape_m[-1] - lanes[0].shape_m[-2]
    inward = last / np.linalg.norm(last)
    forward = -inward if camera.heading == "toward" else inward
    right = np.array([forward[1], -forward[0]])
    origin = ends.mean(axis=0)
    low, high = _extent_m(lanes, origin, right)
    if abs(low + high) > 1e-6:  # lanes of different widths: the line's middle is not the mean of the lanes' middles
        origin = origin + right * (low + high) / 2
    return Approach(camera.approach, origin, inward, forward, right, lanes, camera.length_m)


def _extent_m(lanes: tuple[Lane, ...], origin_m: F64, right: F64) -> tuple[float, float]:
    """How far the lanes reach to the left (negative) and to the right of a point at the stop line."""
    middle = np.array([(lane.shape_m[-1] - origin_m) @ right for lane in lanes])
    half = np.array([lane.width_m / 2 for lane in lanes])
    return float((middle - half).min()), float((middle + half).max())


def half_width_m(way: Approach) -> float:
    """Half the width of the carriageway at the stop line."""
    low, high = _extent_m(way.lanes, way.origin_m, way.right)
    return (high - low) / 2


def calibration_m(way: Approach) -> F64:
    """Points (8, 2) in the camera file's road frame: both edges of the carriageway at four distances from the line."""
    half = half_width_m(way)
    sign = 1.0 if way.forward @ way.inward < 0 else -1.0
    return np.array([(x, sign * y) for y in (0.0, 12.0, 30.0, way.length_m) for x in (-half, half)])


def lane_edges_m(way: Approach, lane: Lane) -> F64:
    """The outline (K, 2) of the lane's measured piece in world metres, stop line side first: four corners, more where
    the lane bends. Everything ends `length_m` straight before the stop line."""
    middle = lane.shape_m[-1]
    side = way.right * lane.width_m / 2
    line = _measured_m(way, lane)
    if len(line) == 2:
        far = middle - way.inward * way.length_m
        return np.array([middle - side, middle + side, far + side, far - side])
    left, right = band_edges_m(line[::-1], lane.width_m / 2)
    sides = (left, right) if (left[0] - right[0]) @ way.right < 0 else (right, left)
    return np.concatenate([sides[0][:1], sides[1], sides[0][:0:-1]])


def _measured_m(way: Approach, lane: Lane) -> F64:
    """The lane's middle over the measured length, in driving direction; its two ends where it does not bend."""
    before = -(lane.shape_m - lane.shape_m[-1]) @ way.inward
    first = int(np.flatnonzero(before > way.length_m)[-1]) if (before > way.length_m).any() else 0
    line = lane.shape_m[first:]
    begin, following = line[0], line[1]
    step = (following - begin) @ way.inward
    if before[first] > way.length_m:
        begin = begin + (following - begin) * (before[first] - way.length_m) / step
    line = np.concatenate([begin[None], line[1:]])
    side = np.array([way.inward[1], -way.inward[0]])
    bent = np.abs((line - line[-1]) @ side).max() > _STRAIGHT_M
    return line if bent else line[[0, -1]]


def band_edges_m(line_m: F64, half_m: float) -> tuple[F64, F64]:
    """Left and right border of a band along a line (N, 2), with mitred joints."""
    step = np.diff(line_m, axis=0)
    normal = np.stack([step[:, 1], -step[:, 0]], axis=1) / np.linalg.norm(step, axis=1)[:, None]
    joint = np.concatenate([normal[:1], normal[:-1] + normal[1:], normal[-1:]])
    joint[1:-1] /= np.maximum((joint[1:-1] ** 2).sum(axis=1, keepdims=True), 0.5) / 2
    return line_m - joint * half_m, line_m + joint * half_m
