"""The camera as an exact pinhole: world metres to pixels and back to the road."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simpang_twin import scenario as sc
from simpang_twin.conditions import Fault
from simpang_twin.network import F64


@dataclass(frozen=True)
class Pinhole:
    """A camera without distortion; pixel (0, 0) is the picture's top left corner, the principal point its middle."""

    position_m: F64
    right: F64
    up: F64
    forward: F64
    focal_px: float
    width_px: int
    height_px: int

    def project(self, points_m: npt.ArrayLike) -> F64:
        """World points (N, 3) to pixels (N, 2); points at or behind the camera become nan."""
        rel = np.asarray(points_m, dtype=np.float64).reshape(-1, 3) - self.position_m
        depth = rel @ self.forward
        depth = np.where(depth > 0.1, depth, np.nan)
        x = self.width_px / 2 + self.focal_px * (rel @ self.right) / depth
        y = self.height_px / 2 - self.focal_px * (rel @ self.up) / depth
        return np.stack([x, y], axis=1)

    def rays(self, pixels: npt.ArrayLike) -> F64:
        """Directions (N, 3), not normalised, of the lines of sight through pixels (N, 2)."""
        p = np.asarray(pixels, dtype=np.float64).reshape(-1, 2)
        x = (p[:, 0] - self.width_px / 2) / self.focal_px
        y = (self.height_px / 2 - p[:, 1]) / self.focal_px
        return np.asarray(x[:, None] * self.right + y[:, None] * self.up + self.forward)

    def ground(self, pixels: npt.ArrayLike) -> F64:
        """Pixels (N, 2) to the point (N, 2) of the flat road seen there; nan at and above the horizon."""
        ray = self.rays(pixels)
        down = np.where(ray[:, 2] < -1e-9, ray[:, 2], np.nan)
        reach = -self.position_m[2] / down
        return np.asarray(self.position_m[:2] + ray[:, :2] * reach[:, None])


def pinhole(camera: sc.Camera, time_s: float = 0.0) -> Pinhole:
    """The exact geometry of a scenario's camera at a time of the clip: where its moves and knocks have turned it."""
    position = np.array(camera.position_m, dtype=np.float64)
    forward, focal_px = _aim(camera, position, time_s)
    right = _unit(np.cross(forward, (0.0, 0.0, 1.0)))
    up = np.cross(right, forward)
    for fault in camera.faults:
        if fault.type == "knocked" and fault.covers(time_s):
            right, up, forward = _knocked(right, up, forward, fault)
    return Pinhole(position, right, up, forward, focal_px, camera.width_px, camera.height_px)


def turning(camera: sc.Camera, time_s: float) -> bool:
    """Whether a PTZ move is under way."""
    return any(move.at_s < time_s < move.at_s + move.over_s for move in camera.moves)


def _aim(camera: sc.Camera, position: F64, time_s: float) -> tuple[F64, float]:
    """Unit direction of view and focal length: moves start and end smoothly, one after the other."""
    forward, focal_px = _unit(np.array(camera.look_at_m) - position), camera.focal_px
    for move in sorted(camera.moves, key=lambda m: m.at_s):
        share = float(np.clip((time_s - move.at_s) / move.over_s, 0, 1))
        share = share * share * (3 - 2 * share)
        forward = _unit((1 - share) * forward + share * _unit(np.array(move.look_at_m) - position))
        focal_px = focal_px * ((move.focal_px or focal_px) / focal_px) ** share
    return forward, focal_px


def _knocked(right: F64, up: F64, forward: F64, fault: Fault) -> tuple[F64, F64, F64]:
    """Turn the camera: pan to the right about the vertical, tilt down, roll clockwise."""
    pan = _rotation(np.array([0.0, 0.0, 1.0]), -fault.pan_deg)
    right, up, forward = pan @ right, pan @ up, pan @ forward
    tilt = _rotation(right, -fault.tilt_deg)
    up, forward = tilt @ up, tilt @ forward
    roll = _rotation(forward, fault.roll_deg)
    return roll @ right, roll @ up, forward


def _rotation(axis: F64, angle_deg: float) -> F64:
    """Rotation matrix about a unit axis, counter-clockwise seen from its tip (Rodrigues' formula)."""
    x, y, z = axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    t = np.radians(angle_deg)
    return np.asarray(np.eye(3) + np.sin(t) * cross + (1 - np.cos(t)) * (cross @ cross))


def _unit(vector: F64) -> F64:
    return np.asarray(vector / np.linalg.norm(vector))
