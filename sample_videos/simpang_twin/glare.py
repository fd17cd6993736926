"""The low sun in the lens: a veil around it, its path on the road and ghosts across the picture."""

import numpy as np

from simpang_twin import backdrop
from simpang_twin.camera import Pinhole
from simpang_twin.mesh import F32
from simpang_twin.network import F64

_SUNLIGHT = np.array([0.72, 0.90, 1.0], np.float32)  # BGR of a low sun


def veil(eye: Pinhole, to_sun: F64, strength: float) -> F32 | None:
    """Light (H, W, 3), linear BGR, that a sun in or near the view throws over the picture; None where it is behind."""
    at = eye.project(eye.position_m + to_sun * 1e4)[0]
    if not np.isfinite(at).all():
        return None
    height, width = eye.height_px, eye.width_px
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    reach = np.hypot(x - at[0], y - at[1]) / height
    light = 1.6 * np.exp(-((reach / 0.16) ** 2)) + 0.55 * np.exp(-reach / 0.55) + 0.10
    light += _path(eye, x, y, float(at[0])) + _ghosts(x, y, at, (width, height))
    return np.asarray((light * strength)[..., None] * _SUNLIGHT, dtype=np.float32)


def dazzled(image: F32, light: F32) -> F32:
    """The picture (display BGR 0–255) under the veil; the camera closes its iris a little."""
    return backdrop.to_srgb(backdrop.linear(image) * (1 - 0.3 * float(light.min() > 0)) + light)


def _path(eye: Pinhole, x: F32, y: F32, sun_x: float) -> F32:
    """The bright path that leads over the road to the sun, strongest where the view grazes the road."""
    ray = eye.rays(np.stack([x.ravel(), y.ravel()], axis=1))
    down = (-ray[:, 2] / np.linalg.norm(ray, axis=1)).reshape(x.shape)
    grazing = np.where(down > 0, np.exp(-down / 0.11), 0)
    return np.asarray(0.55 * grazing * np.exp(-(((x - sun_x) / (0.16 * eye.width_px)) ** 2)), dtype=np.float32)


def _ghosts(x: F32, y: F32, sun: F64, size: tuple[int, int]) -> F32:
    """Soft discs on the line from the sun through the picture's middle."""
    middle = np.array(size) / 2
    total = np.zeros_like(x)
    for share, radius, level in ((0.55, 0.05, 0.10), (1.25, 0.09, 0.06), (1.7, 0.035, 0.10)):
        cx, cy = sun + (middle - sun) * share
        edge = (radius - np.hypot(x - cx, y - cy) / size[1]) / 0.012
        total += level * np.clip(edge, 0, 1)
    return np.asarray(total, dtype=np.float32)
