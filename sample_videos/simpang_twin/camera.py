"""The camera as an exact pinhole: world metres to pixels and back to the road."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simpang_twin import scenario as sc
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


def pinhole(camera: sc.Camera) -> Pinhole:
    """The exact geometry of a scenario's camera."""
    position = np.array(camera.position_m, dtype=np.float64)
    forward = np.array(camera.look_at_m, dtype=np.float64) - position
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    up = np.cross(right, forward)
    return Pinhole(position, right, up, forward, camera.focal_px, camera.width_px, camera.height_px)
