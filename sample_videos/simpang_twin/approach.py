"""The approach that a camera watches, as a frame on the road: metres along it and across it."""

from dataclasses import dataclass

import numpy as np

from simpang_twin.network import F64, Lane, Network
from simpang_twin.scenario import Arm, Camera

_STRAIGHT_M = 0.05


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
        """Lane number of world points (N, 2), 0 where they lie in none, or where the lanes are not straight."""
        found = np.zeros(len(points_m), dtype=np.int64)
        for lane in self.lanes if all(_straight(lane) for lane in self.lanes) else ():
            beside_m = np.abs((points_m - lane.shape_m[-1]) @ self.right)
            found[beside_m <= lane.width_m / 2] = lane.index + 1
        return found


def _straight(lane: Lane) -> bool:
    ahead = lane.shape_m[-1] - lane.shape_m[0]
    rel = lane.shape_m - lane.shape_m[0]
    aside_m = (rel[:, 0] * ahead[1] - rel[:, 1] * ahead[0]) / np.linalg.norm(ahead)
    return bool(np.abs(aside_m).max() < _STRAIGHT_M)


def approach(camera: Camera, net: Network) -> Approach:
    """The approach a camera watches."""
    lanes = net.edge(f"{camera.approach}_in")
    ends = np.array([lane.shape_m[-1] for lane in lanes])
    last = lanes[0].shape_m[-1] - lanes[0].shape_m[-2]
    inward = last / np.linalg.norm(last)
    forward = -inward if camera.heading == "toward" else inward
    right = np.array([forward[1], -forward[0]])
    return Approach(camera.approach, ends.mean(axis=0), inward, forward, right, lanes, camera.length_m)


def lane_edges_m(way: Approach, lane: Lane) -> F64:
    """The lane's measured piece as a quadrilateral (4, 2) in world metres: stop line side first."""
    middle = lane.shape_m[-1]
    side = way.right * lane.width_m / 2
    far = middle - way.inward * way.length_m
    return np.array([middle - side, middle + side, far + side, far - side])
