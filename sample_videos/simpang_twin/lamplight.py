"""What lamps do to a picture after dark and in rain: beams on the road, their mirror image in the wet, and bloom.

All sizes in pixels are for the picture at hand; light is linear BGR, 1 is white.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from simpang_twin import backdrop, light
from simpang_twin.camera import Pinhole
from simpang_twin.mesh import F32, HEAD, TAIL
from simpang_twin.network import F64

_WHITE = light.HEADLIGHT_COLOUR[::-1].astype(np.float32)
_RED = np.array([0.04, 0.07, 1.0], np.float32)
_BEAM_REACH_M = 38.0


@dataclass(frozen=True)
class OwnLamps:
    """Places of a model's lamps in its own frame (x right, y forward, z up): head (K, 3), tail (K, 3), metres."""

    head_m: F64
    tail_m: F64


@dataclass(frozen=True)
class Shining:
    """A vehicle whose lamps count: its body's number in the identity picture, place, unit heading, lamps, brightness of
    head and tail lamps (0 to 1)."""

    body: int
    centre_m: F64
    heading: F64
    lamps: OwnLamps
    head: float
    tail: float

    def world(self, points_m: F64) -> F64:
        """Points of the vehicle's own frame (K, 3) in the world."""
        side = np.array([self.heading[1], -self.heading[0]])
        flat = self.centre_m + points_m[:, :1] * side + points_m[:, 1:2] * self.heading
        return np.asarray(np.hstack([flat, points_m[:, 2:]]))


def lamps_of(vertices: F32) -> OwnLamps:
    """Where a mesh (M, 10) has its lamps: one place for each side of the middle, or one in the middle."""
    return OwnLamps(_places(vertices, HEAD), _places(vertices, TAIL))


def _places(vertices: F32, surface: float) -> F64:
    own = vertices[np.abs(vertices[:, 9] - surface) < 0.01][:, :3].astype(np.float64)
    if len(own) == 0:
        return np.zeros((0, 3))
    if np.abs(own[:, 0]).max() < 0.2:
        return np.asarray(own.mean(axis=0, keepdims=True))
    return np.array([own[own[:, 0] * sign > 0].mean(axis=0) for sign in (-1, 1)])


class Lamplight:
    """The lamps' work on one camera's pictures."""

    def __init__(self, eye: Pinhole, scene: light.Air, empty: backdrop.Backdrop, street_m: F64) -> None:
        self._eye, self._scene, self._empty = eye, scene, empty
        self._base = backdrop.linear(empty.image)
        self._half = (eye.width_px // 2, eye.height_px // 2)
        x, y = np.meshgrid(np.arange(self._half[0]) * 2 + 1.0, np.arange(self._half[1]) * 2 + 1.0)
        ground = eye.ground(np.stack([x.ravel(), y.ravel()], axis=1))
        self._ground_m = np.nan_to_num(ground, nan=1e6).reshape(self._half[1], self._half[0], 2)
        self._street = self._map()
        for at, place in zip(eye.project(street_m), street_m, strict=True) if len(street_m) else ():
            size = 0.10 * eye.focal_px / float(np.linalg.norm(place - eye.position_m))
            _dot(self._street, at, max(size, 0.8), light.LAMP_COLOUR[::-1].astype(np.float32) * 4.0)

    def _map(self) -> F32:
        return np.zeros((self._half[1], self._half[0], 3), np.float32)

    def road(self, shining: list[Shining], mirror: F32 | None) -> F32:
        """The empty junction with the beams on its road and all that its wet road mirrors, display BGR 0–255."""
        out = self._base + self._empty.albedo * self._full(self._beams(shining))
        if mirror is not None:
            cover = backdrop.smeared(mirror[..., 3])[..., None]
            seen = backdrop.smeared(backdrop.linear(mirror[..., :3])) - cover * self._empty.mirrored
            out += self._empty.mirror[..., None] * (seen + self._full(self._streaks(shining)))
        return backdrop.to_srgb(out)

    def bloom(self, image: F32, code: npt.NDArray[np.int32], shining: list[Shining]) -> F32:
        """The picture with the lens's glow around every lamp in view; image and result display BGR 0–255."""
        source = self._street.copy()
        for one in shining:
            for at, size, glow in self._seen(one, code):
                _dot(source, at, size, glow)
        scale = image.shape[0] / 720
        small = cv2.resize(source, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        wide = cv2.GaussianBlur(small, (0, 0), 4.0 * scale) * 0.7 + cv2.GaussianBlur(small, (0, 0), 14.0 * scale) * 0.6
        middle = cv2.GaussianBlur(source, (0, 0), 2.6 * scale) * 0.4
        glow = self._full((source + middle + cv2.resize(wide, self._half)).astype(np.float32))
        return backdrop.to_srgb(backdrop.linear(image) + glow * self._scene.glow)

    def _full(self, half: F32) -> F32:
        return np.asarray(cv2.resize(half, (self._eye.width_px, self._eye.height_px)), dtype=np.float32)

    def _seen(self, one: Shining, code: npt.NDArray[np.int32]) -> list[tuple[F64, float, F32]]:
        """Pixel, size and colour of each of its lamps that shows in the picture."""
        found = []
        for places, forward, level, colour in (
            (one.lamps.head_m, 1.0, one.head, _WHITE), (one.lamps.tail_m, -1.0, one.tail, _RED)
        ):  # fmt: skip
            if level <= 0 or len(places) == 0:
                continue
            world = one.world(places)
            for at, place in zip(self._eye.project(world), world, strict=True):
                share = self._open(at, code, one.body)
                if share > 0:
                    size, strength = self._strength(place, one.heading * forward, forward > 0)
                    found.append((at, size, colour * (strength * level * share)))
        return found

    def _open(self, at: F64, code: npt.NDArray[np.int32], body: int) -> float:
        if not np.isfinite(at).all():
            return 0.0
        x, y = int(at[0]), int(at[1])
        if not (0 <= x < code.shape[1] and 0 <= y < code.shape[0]):
            return 0.0
        part = code[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
        return float((part == body + 1).mean())

    def _strength(self, place: F64, heading: F64, head: bool) -> tuple[float, float]:
        """Size (px) and brightness of a lamp in the picture: a head lamp dazzles along its beam, and a camera high
        above a near vehicle looks down past it."""
        way = self._eye.position_m - place
        reach = float(np.linalg.norm(way))
        facing = float(heading @ way[:2]) / max(float(np.hypot(*way[:2])), 1e-6)
        if facing <= 0:
            return 1.0, 0.0
        size = max((0.070 if head else 0.06) * self._eye.focal_px / reach, 0.75 * self._eye.height_px / 720)
        if not head:
            return size, 1.1 * facing
        above = np.degrees(np.arcsin(way[2] / reach))
        return size, facing**3 * (1.0 + 5.0 * float(np.exp(-((above / 9.0) ** 2))))

    def _beams(self, shining: list[Shining]) -> F32:
        total = np.zeros((self._half[1], self._half[0]), np.float32)
        for one in shining:
            if one.head > 0 and len(one.lamps.head_m):
                self._beam(total, one)
        return total[..., None] * (_WHITE * min(1.0, 0.15 + self._scene.glow))

    def _beam(self, total: F32, one: Shining) -> None:
        """The low beam of one vehicle: begins a little ahead, widens, is strongest at some 7 m."""
        start = one.lamps.head_m[:, 1].max()
        corners = np.array([[s * (1.5 + 0.2 * u), start + u, 0.0] for u in (0.4, _BEAM_REACH_M) for s in (-1, 1)])
        pixels = self._eye.project(one.world(corners)) / 2
        window = _window(pixels, total.shape)
        if window is None:
            return
        x0, y0, x1, y1 = window
        rel = self._ground_m[y0:y1, x0:x1] - one.centre_m
        ahead = rel @ one.heading - start
        aside = rel @ np.array([one.heading[1], -one.heading[0]])
        two = len(one.lamps.head_m) > 1
        wide = (1.25 if two else 0.7) + 0.13 * np.clip(ahead, 0, None)
        along = np.clip(ahead, 0, None) / 3.0
        strength = (0.60 if two else 0.40) * along / (1 + (along / 1.6) ** 3) * (ahead > 0) * (ahead < _BEAM_REACH_M)
        total[y0:y1, x0:x1] += (strength * np.exp(-((aside / wide) ** 2)) * one.head).astype(np.float32)

    def _streaks(self, shining: list[Shining]) -> F32:
        """Mirror images of lamps, drawn out long by the rough road."""
        source = self._map()
        for one in shining:
            for places, forward, level, colour in (
                (one.lamps.head_m, 1.0, one.head, _WHITE), (one.lamps.tail_m, -1.0, one.tail, _RED)
            ):  # fmt: skip
                if level <= 0 or len(places) == 0:
                    continue
                world = one.world(places)
                for at, place in zip(self._eye.project(world * (1, 1, -1)), world, strict=True):
                    size, strength = self._strength(place, one.heading * forward, forward > 0)
                    _dot(source, at, size, colour * (strength * level * (6.0 if forward > 0 else 9.0)))
        scale = self._eye.height_px / 720
        near = cv2.GaussianBlur(source, (0, 0), sigmaX=1.0 * scale, sigmaY=8.0 * scale)
        far = cv2.GaussianBlur(source, (0, 0), sigmaX=2.2 * scale, sigmaY=26.0 * scale)
        return np.asarray((near * 0.8 + far * 1.5) * self._scene.glow, dtype=np.float32)


def _dot(target: F32, at_px: F64, size_px: float, colour: F32) -> None:
    """Add a soft round spot to a half-size map; place and size in pixels of the whole picture."""
    if not np.isfinite(at_px).all():
        return
    sigma = max(size_px / 2, 0.4)
    reach = int(np.ceil(3 * sigma)) + 1
    cx, cy = at_px[0] / 2 - 0.5, at_px[1] / 2 - 0.5
    x0, y0 = max(round(cx) - reach, 0), max(round(cy) - reach, 0)
    x1, y1 = min(round(cx) + reach + 1, target.shape[1]), min(round(cy) + reach + 1, target.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    gx = np.exp(-(((np.arange(x0, x1) - cx) / sigma) ** 2) / 2)
    gy = np.exp(-(((np.arange(y0, y1) - cy) / sigma) ** 2) / 2)
    target[y0:y1, x0:x1] += (gy[:, None] * gx)[..., None].astype(np.float32) * colour


def _window(pixels: F64, shape: tuple[int, ...]) -> tuple[int, int, int, int] | None:
    if not np.isfinite(pixels).all():
        return 0, 0, shape[1], shape[0]
    low = np.maximum(np.floor(pixels.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(pixels.max(axis=0)).astype(int) + 1, (shape[1], shape[0]))
    return (int(low[0]), int(low[1]), int(high[0]), int(high[1])) if (high > low).all() else None
