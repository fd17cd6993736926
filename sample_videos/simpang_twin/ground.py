"""The road as a picture: every pixel's ray is met with the flat road and coloured from the junction's exact geometry.

All functions work on world points (N, 2), x east and y north of the junction's middle, and give linear RGB (N, 3).
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from simpang_twin import light
from simpang_twin.camera import Pinhole
from simpang_twin.network import F64
from simpang_twin.scenario import ARMS, BEARING_DEG, Arm, ArmShape, Scenario

Mask = npt.NDArray[np.bool_]
# The arms that exist, each with its lanes.
Roads = dict[Arm, ArmShape]
_WHITE = np.array([0.62, 0.61, 0.58])
_CORNER_RADIUS_M = 7.0


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


@dataclass(frozen=True)
class Arms:
    """Points in the frame of their own arm: `across` right of the arm's axis looking out of the junction, `out` from
    the junction's middle; the entry lanes have across > 0 (left-hand traffic comes in on the right seen outward);
    `index` of the arm in ARMS."""

    across: F64
    out: F64
    index: npt.NDArray[np.int64]


def own_arm(points_m: F64, roads: Roads) -> Arms:
    """Turn every point into the frame of the arm in whose quarter it lies."""
    best_out = np.full(len(points_m), -np.inf)
    best_across = np.zeros(len(points_m))
    index = np.zeros(len(points_m), dtype=np.int64)
    for arm in roads:
        across, out = _frame(points_m, arm)
        better = out - np.abs(across) * 0.999 > best_out - np.abs(best_across) * 0.999
        best_out, best_across = np.where(better, out, best_out), np.where(better, across, best_across)
        index = np.where(better, ARMS.index(arm), index)
    return Arms(best_across, best_out, index)


def _frame(points_m: F64, arm: Arm) -> tuple[F64, F64]:
    """Across and out of points in an arm's frame."""
    b = np.radians(BEARING_DEG[arm])
    return points_m @ np.array([np.cos(b), -np.sin(b)]), points_m @ np.array([np.sin(b), np.cos(b)])


def _widths(roads: Roads, arm: Arm) -> tuple[float, float]:
    """Width of the entry lanes (right of the axis looking out) and of the exit lanes."""
    shape = roads[arm]
    return shape.lanes_in * shape.lane_width_m, shape.lanes_out * shape.lane_width_m


def _beside(arm: Arm, step: int) -> Arm:
    return ARMS[(ARMS.index(arm) + step) % 4]


def paved(points_m: F64, roads: Roads, grow_m: float = 0.0) -> Mask:
    """Whether points lie on the carriageway, widened by `grow_m`."""
    inside = np.zeros(len(points_m), dtype=bool)
    radius = _CORNER_RADIUS_M - grow_m
    for arm in roads:
        right, left = (width + grow_m for width in _widths(roads, arm))
        across, out = _frame(points_m, arm)
        inside |= (out > -_far_side_m(roads, arm) - grow_m) & (across < right) & (across > -left)
        # The corner on this arm's entry side: entry edge of this arm, exit edge of the next one clockwise.
        if _beside(arm, 1) not in roads:
            continue
        dx, dy = across - right, out - _widths(roads, _beside(arm, 1))[1] - grow_m
        corner = (dx >= 0) & (dy >= 0) & (dx < radius) & (dy < radius)
        inside |= corner & (np.hypot(dx - radius, dy - radius) > radius)
    return inside


def _far_side_m(roads: Roads, arm: Arm) -> float:
    """How far beyond the middle the crossing road reaches, seen from this arm."""
    following, before = _beside(arm, 1), _beside(arm, -1)
    reach = [_widths(roads, following)[0]] if following in roads else []
    reach += [_widths(roads, before)[1]] if before in roads else []
    return max(reach)


def _asphalt(points_m: F64, arms: Arms, roads: Roads, grain: Noise) -> F64:
    lane = np.array([_lane_width_m(roads, arm) for arm in ARMS])[arms.index]
    level = 0.115 + 0.030 * grain.at(points_m, 23.0) + 0.020 * grain.at(points_m, 5.3) + 0.022 * grain.at(points_m, 1.1)
    in_lane = np.mod(arms.across, lane) - lane / 2
    tracks = np.exp(-(((np.abs(in_lane) - 0.8) / 0.32) ** 2))
    oil = np.exp(-((in_lane / 0.35) ** 2)) * np.clip(1.3 - np.abs(arms.out - 24) / 28, 0, 1)
    level = level * (1 + 0.10 * tracks - 0.30 * oil * (0.6 + 0.4 * grain.at(points_m, 9.0)))
    patch = grain.at(points_m + 71.0, 61.0) > 0.42
    level = np.where(patch, level * 0.74, level)
    crack = np.abs(grain.at(points_m + 13.0, 37.0)) < 0.006
    level = np.where(crack, level * 0.55, level)
    return np.asarray(np.clip(level, 0.02, 1)[:, None] * np.array([1.0, 1.0, 1.03]))


def _lane_width_m(roads: Roads, arm: Arm) -> float:
    return roads[arm].lane_width_m if arm in roads else 3.25


def markings(arms: Arms, roads: Roads, stop_out_m: dict[Arm, float]) -> Mask:
    """Stop line, lane lines, centre line, zebra and lane arrows of all arms; `stop_out_m`: how far out they lie."""
    found = np.zeros(len(arms.out), dtype=bool)
    for arm in roads:
        own = np.flatnonzero(arms.index == ARMS.index(arm))
        if len(own):
            found[own] = _marked(arms.across[own], arms.out[own] - stop_out_m[arm], roads[arm])
    return found


def _marked(x: F64, up: F64, shape: ArmShape) -> Mask:
    w, right, left = shape.lane_width_m, shape.lanes_in * shape.lane_width_m, shape.lanes_out * shape.lane_width_m
    found = (up > 0) & (up < 0.45) & (x > 0.25) & (x < right - 0.2)
    found |= (np.abs(np.abs(x) - 0.14) < 0.06) & (up > 0)
    dash = (up < 30) | (np.mod(up, 8.0) < 3.2)
    for i in range(1, shape.lanes_in):
        found |= (np.abs(x - i * w) < 0.06) & (up > 0) & dash
    for i in range(1, shape.lanes_out):
        found |= (np.abs(x + i * w) < 0.06) & (up > 0) & (np.mod(up, 8.0) < 3.2)
    zebra = (up < -1.2) & (up > -4.2) & (x < right - 0.3) & (x > -left + 0.3)
    found |= zebra & (np.mod(x, 1.0) < 0.5)
    edge = (np.abs(x - right + 0.25) < 0.05) | (np.abs(x + left - 0.25) < 0.05)
    found |= edge & (up > 0)
    return found | _arrows(x, up, shape.lanes_in, w)


def _arrows(x: F64, up: F64, lanes: int, width: float) -> Mask:
    found = np.zeros(len(x), dtype=bool)
    for start in (9.0, 38.0):
        for lane in range(lanes):
            # Driving is toward smaller `up`; the arrow's shaft is up 3..5 m behind its tip.
            u = x - (lane + 0.5) * width
            v = up - start
            right_turn = lane == 0
            shaft = (np.abs(u) < 0.09) & (v > 1.0) & (v < 4.2)
            if right_turn:
                head = (np.abs(v - 1.2) < 0.5 * (1 - (-u - 0.3) / 0.6)) & (-u > 0.3) & (-u < 0.9)
                shaft |= (np.abs(v - 1.2) < 0.14) & (-u > 0) & (-u < 0.35)
            else:
                head = (v > 0) & (v < 1.2) & (np.abs(u) < 0.42 * v / 1.2)
            found |= shaft | head
    return found


def _verge(points_m: F64, roads: Roads, grain: Noise) -> F64:
    """Kerb, pavement and the ground behind it, for points off the carriageway."""
    arms = own_arm(points_m, roads)
    tile = (np.mod(points_m[:, 0], 0.6) < 0.04) | (np.mod(points_m[:, 1], 0.6) < 0.04)
    stone = 0.26 + 0.05 * grain.at(points_m, 4.0) + 0.04 * grain.at(points_m, 0.9)
    stone = np.where(tile, stone * 0.8, stone)[:, None] * np.array([1.0, 0.94, 0.86])
    green = np.clip(0.10 + 0.05 * grain.at(points_m, 3.1) + 0.035 * grain.at(points_m, 0.7), 0.02, 1)
    far = np.clip(1.5 - np.hypot(*points_m.T)[:, None] / 160.0, 0.0, 1.0)  # finer than a pixel out there
    green = 0.10 + (green - 0.10) * far[:, 0]
    grass = green[:, None] * np.array([0.75, 1.0, 0.42])
    soil = np.clip(0.20 + 0.06 * grain.at(points_m, 7.7), 0.02, 1)[:, None] * np.array([1.0, 0.86, 0.68])
    cover = np.where((grain.at(points_m, 17.0) > 0.05)[:, None], soil * far + grass * (1 - far), grass)
    walk = paved(points_m, roads, 2.4)
    cover = np.where(walk[:, None], stone, cover)
    kerb = paved(points_m, roads, 0.3)
    black = np.mod(np.where(arms.out > 16, arms.out, points_m[:, 0]), 1.6) < 0.8
    paint = np.where(black, 0.05, 0.55)[:, None] * np.ones(3)
    return np.where(kerb[:, None], paint, cover)


def colour(points_m: F64, roads: Roads, stop_out_m: dict[Arm, float], grain: Noise) -> F64:
    """Albedo of the ground, linear RGB (N, 3)."""
    arms = own_arm(points_m, roads)
    road = _asphalt(points_m, arms, roads, grain)
    worn = 0.80 + 0.35 * grain.at(points_m, 1.7)
    paint = np.clip(worn, 0.25, 1.0)[:, None] * _WHITE
    road = np.where(markings(arms, roads, stop_out_m)[:, None], paint, road)
    on = paved(points_m, roads)
    out = road.copy()
    out[~on] = _verge(points_m[~on], roads, grain)
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
    """All that colours a ray: the camera, the junction, the light with its street lamps (M, 3)."""

    camera: Pinhole
    scenario: Scenario
    scene: light.Air
    lamps_m: F64
    stop_out_m: dict[Arm, float]
    supersample: int = 3

    @cached_property
    def _roads(self) -> Roads:
        return {arm: self.scenario.junction.arm(arm) for arm in self.scenario.arms}

    def paint(self) -> Painted:
        """The picture, row by row."""
        grain = noise(self.scenario.seed)
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
        albedo = colour(points, self._roads, self.stop_out_m, grain)
        road = paved(points, self._roads)
        if self.scene.wet > 0:
            albedo = albedo * (1 - 0.45 * self.scene.wet)
        shine = np.repeat(self.scene.on_the_road[None], len(points), axis=0)
        if len(self.lamps_m):
            shine = shine + light.lamp_light(points, self.lamps_m)[:, None] * light.LAMP_COLOUR
        return np.hstack([light.hazed(albedo * shine, reach, self.scene), albedo, road[:, None]])
