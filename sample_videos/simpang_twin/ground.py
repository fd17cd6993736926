"""The road as a picture: every pixel's ray is met with the flat road and coloured by what lies there.

What lies where, a `Surface` says: `crossroads` for the twin's own junctions, `streets` for any SUMO net. All functions
work on world points (N, 2), x east and y north of the scenario's middle, and give linear RGB (N, 3).
"""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from simpang_twin import light
from simpang_twin.camera import Pinhole
from simpang_twin.network import F64

Mask = npt.NDArray[np.bool_]
_WHITE = np.array([0.62, 0.61, 0.58])


@dataclass(frozen=True)
class Spots:
    """What points of the ground are part of, (N,) each: distance from the middle of their lane; distance out of the
    junction along their road; distance along the kerb, for its stripes; whether they lie on road paint."""

    in_lane_m: F64
    out_m: F64
    kerb_m: F64
    painted: Mask


class Surface(Protocol):
    """Where the roads lie and what is painted on them."""

    def paved(self, points_m: F64, grow_m: float = 0.0) -> Mask:
        """Whether points lie on the carriageway, widened by `grow_m`."""

    def spots(self, points_m: F64) -> Spots:
        """What the points are part of."""


@dataclass(frozen=True)
class Noise:
    """Tileable value noise, (512, 512), mean 0, about −1 to 1."""

    tile: npt.NDArray[np.float32]

    def at(self, points_m: F64, period_m: float) -> F64:
        """Noise at world points; one tile covers `period_m` metres."""
        size = self.tile.shape[0]
        p = np.mod(points_m / period_m, 1.0) * size
        i = np.minimum(p.astype(np.int64), size - 1)
        f = p - i
        j = (i + 1) % size
        a, b = self.tile[i[:, 1], i[:, 0]], self.tile[i[:, 1], j[:, 0]]
        c, d = self.tile[j[:, 1], i[:, 0]], self.tile[j[:, 1], j[:, 0]]
        top, low = a + (b - a) * f[:, 0], c + (d - c) * f[:, 0]
        return np.asarray(top + (low - top) * f[:, 1], dtype=np.float64)


def noise(seed: int) -> Noise:
    """Sum of blurred white noise at several scales, wrapped around."""
    rng = np.random.default_rng(seed)
    size = 512
    total = np.zeros((size, size), np.float32)
    for sigma, weight in ((0.8, 0.35), (3.0, 0.5), (12.0, 0.7), (40.0, 0.6)):
        white = rng.standard_normal((size, size)).astype(np.float32)
        pad = int(4 * sigma) + 1
        smooth = cv2.GaussianBlur(np.pad(white, pad, mode="wrap"), (0, 0), sigma)[pad:-pad, pad:-pad]
        total += weight * smooth / smooth.std()
    return Noise((total / np.abs(total).max()).astype(np.float32))


def _asphalt(points_m: F64, spots: Spots, grain: Noise) -> F64:
    level = 0.115 + 0.030 * grain.at(points_m, 23.0) + 0.020 * grain.at(points_m, 5.3) + 0.022 * grain.at(points_m, 1.1)
    tracks = np.exp(-(((np.abs(spots.in_lane_m) - 0.8) / 0.32) ** 2))
    oil = np.exp(-((spots.in_lane_m / 0.35) ** 2)) * np.clip(1.3 - np.abs(spots.out_m - 24) / 28, 0, 1)
    level = level * (1 + 0.10 * tracks - 0.30 * oil * (0.6 + 0.4 * grain.at(points_m, 9.0)))
    patch = grain.at(points_m + 71.0, 61.0) > 0.42
    level = np.where(patch, level * 0.74, level)
    crack = np.abs(grain.at(points_m + 13.0, 37.0)) < 0.006
    level = np.where(crack, level * 0.55, level)
    return np.asarray(np.clip(level, 0.02, 1)[:, None] * np.array([1.0, 1.0, 1.03]))


def _verge(points_m: F64, surface: Surface, grain: Noise, kerb_m: F64) -> F64:
    """Kerb, pavement and the ground behind it, for points off the carriageway."""
    tile = (np.mod(points_m[:, 0], 0.6) < 0.04) | (np.mod(points_m[:, 1], 0.6) < 0.04)
    stone = 0.26 + 0.05 * grain.at(points_m, 4.0) + 0.04 * grain.at(points_m, 0.9)
    stone = np.where(tile, stone * 0.8, stone)[:, None] * np.array([1.0, 0.94, 0.86])
    green = np.clip(0.10 + 0.05 * grain.at(points_m, 3.1) + 0.035 * grain.at(points_m, 0.7), 0.02, 1)
    far = np.clip(1.5 - np.hypot(*points_m.T)[:, None] / 160.0, 0.0, 1.0)  # finer than a pixel out there
    green = 0.10 + (green - 0.10) * far[:, 0]
    grass = green[:, None] * np.array([0.75, 1.0, 0.42])
    soil = np.clip(0.20 + 0.06 * grain.at(points_m, 7.7), 0.02, 1)[:, None] * np.array([1.0, 0.86, 0.68])
    cover = np.where((grain.at(points_m, 17.0) > 0.05)[:, None], soil * far + grass * (1 - far), grass)
    walk = surface.paved(points_m, 2.4)
    cover = np.where(walk[:, None], stone, cover)
    kerb = surface.paved(points_m, 0.3)
    black = np.mod(kerb_m, 1.6) < 0.8
    paint = np.where(black, 0.05, 0.55)[:, None] * np.ones(3)
    return np.where(kerb[:, None], paint, cover)


def colour(points_m: F64, surface: Surface, grain: Noise) -> F64:
    """Albedo of the ground, linear RGB (N, 3)."""
    spots = surface.spots(points_m)
    road = _asphalt(points_m, spots, grain)
    worn = 0.80 + 0.35 * grain.at(points_m, 1.7)
    paint = np.clip(worn, 0.25, 1.0)[:, None] * _WHITE
    road = np.where(spots.painted[:, None], paint, road)
    on = surface.paved(points_m)
    out = road.copy()
    out[~on] = _verge(points_m[~on], surface, grain, spots.kerb_m[~on])
    return out


@dataclass(frozen=True)
class Painted:
    """The empty road as the camera sees it: `image` the light of ground and sky, haze included; `albedo` of the ground,
    0 in the sky; both linear RGB (H, W, 3). `paved` (H, W): share of the pixel on the carriageway."""

    image: npt.NDArray[np.float32]
    albedo: npt.NDArray[np.float32]
    paved: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Painter:
    """All that colours a ray: the camera, the roads, the light with its street lamps (M, 3), the grain's seed."""

    camera: Pinhole
    surface: Surface
    scene: light.Air
    lamps_m: F64
    seed: int
    supersample: int = 3

    def paint(self) -> Painted:
        """The picture, row by row."""
        grain = noise(self.seed)
        rows = np.stack([self._row(grain, row) for row in range(self.camera.height_px)]).astype(np.float32)
        return Painted(rows[..., :3], rows[..., 3:6], rows[..., 6])

    def _row(self, grain: Noise, row: int) -> F64:
        """One row of the picture: light, albedo and pavement (W, 7)."""
        s, width = self.supersample, self.camera.width_px
        step = (np.arange(s) + 0.5) / s
        x = (np.arange(width)[:, None] + step).ravel()
        pixels = np.stack([np.tile(x, s), np.repeat(row + step, width * s)], axis=1)
        ray = self.camera.rays(pixels)
        out = np.zeros((len(ray), 7))
        out[:, :3] = light.sky(ray, self.scene)
        hits = np.flatnonzero(ray[:, 2] < -1e-4)
        if len(hits):
            out[hits] = self._ground(pixels[hits], grain)
        return np.asarray(out.reshape(s, width, s, 7).mean(axis=(0, 2)))

    def _ground(self, pixels: F64, grain: Noise) -> F64:
        points = self.camera.ground(pixels)
        reach = np.hypot(*(points - self.camera.position_m[:2]).T)
        albedo = colour(points, self.surface, grain)
        road = self.surface.paved(points)
        if self.scene.wet > 0:
            albedo = albedo * (1 - 0.45 * self.scene.wet)
        shine = np.repeat(self.scene.on_the_road[None], len(points), axis=0)
        if len(self.lamps_m):
            shine = shine + light.lamp_light(points, self.lamps_m)[:, None] * light.LAMP_COLOUR
        return np.hstack([light.hazed(albedo * shine, reach, self.scene), albedo, road[:, None]])
