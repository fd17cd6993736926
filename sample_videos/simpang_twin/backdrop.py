"""The picture of the empty junction: painted ground and sky, scenery drawn over it, its shadows cast on it."""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from simpang_twin import ground, light
from simpang_twin.camera import Pinhole
from simpang_twin.mesh import F32
from simpang_twin.network import F64, Network
from simpang_twin.scenario import Scenario
from simpang_twin.site import Site, site
from simpang_twin.stage import Layers, Placed, Stage

_GAMMA = 2.2


@dataclass(frozen=True)
class Backdrop:
    """The empty junction. image (H, W, 3): display BGR 0–255. albedo (H, W, 3): linear BGR of the open ground, 0 where
    scenery or sky is. mirror (H, W): share of light that the wet ground mirrors, 0 to 1; mirrored (H, W, 3): what it
    mirrors, linear BGR. reach_m (H, W): how far away the thing is that stands there, inf on open ground."""

    image: F32
    albedo: F32
    mirror: F32
    mirrored: F32
    reach_m: F32

    def save(self, path: Path) -> None:
        """Write whole or not at all."""
        part = path.with_suffix(".part.npz")
        np.savez(part, **{f.name: getattr(self, f.name).astype(np.float16) for f in fields(self) if f.name != "image"},
                 image=self.image)  # fmt: skip
        part.rename(path)


def load(path: Path) -> Backdrop:
    """Read back what `save` wrote."""
    with np.load(path) as z:
        return Backdrop(**{f.name: z[f.name].astype(np.float32) for f in fields(Backdrop)})


class Set:
    """The empty junction on a stage, ready to be painted from any direction."""

    def __init__(self, stage: Stage, scenario: Scenario, net: Network) -> None:
        self._stage, self._seed = stage, scenario.seed
        self._scene = light.air(scenario.light, scenario.weather)
        self._site = site(scenario, net)

    @cached_property
    def lamps_m(self) -> F64:
        """The street lamps that shine, (N, 3)."""
        return self._site.lamps_m() if self._scene.street_lamps else np.zeros((0, 3))

    @property
    def site(self) -> Site:
        """What the roads and their surroundings look like."""
        return self._site

    def seen_by(self, camera: Pinhole, supersample: int = 3) -> Backdrop:
        """The empty junction as this camera sees it; the stage looks that way afterwards."""
        self._stage.aim(camera)
        painted = ground.Painter(camera, self._site.surface, self._scene, self.lamps_m, self._seed, supersample).paint()
        layers = self._stage.draw([placed for _, placed in self._scenery])
        base = painted.image[..., ::-1]
        mirror, mirrored = _mirror(camera, self._scene, painted, layers)
        base = base * (1 - mirror[..., None]) + mirrored * mirror[..., None]
        image = over(to_srgb(base), layers, self._scene)
        open_ground = 1 - layers.colour[..., 3:]
        return Backdrop(image, painted.albedo[..., ::-1] * open_ground, mirror * open_ground[..., 0], mirrored,
                        self._reach_m(camera, layers))  # fmt: skip

    def hidden_share(self, camera: Pinhole, outlines_px: list[F64]) -> float:
        """Share of the pixels inside the outlines (K, 2) in which something beside the roads stands."""
        self._stage.aim(camera)
        code = self._stage.draw([placed for _, placed in self._scenery]).code
        inside = np.zeros(code.shape, np.uint8)
        for outline in outlines_px:
            whole = outline[np.isfinite(outline).all(axis=1)]
            cv2.fillPoly(inside, [np.rint(np.clip(whole, -9999, 9999)).astype(np.int32)], 1)
        return float((code[inside > 0] > 0).mean()) if inside.any() else 1.0

    @cached_property
    def _scenery(self) -> list[tuple[F64, Placed]]:
        """Everything beside the roads: the places of its corners, and the body."""
        found = []
        for part in self._site.bodies(self._scene.street_lamps):
            corners = np.unique(part[:, :2].round(1), axis=0).astype(np.float64)
            lit_by = light.nearest(part[:, :2].mean(axis=0), self.lamps_m)
            found.append((corners, Placed(self._stage.body(part), 0.0, 0.0, 0.0, lit_by=lit_by)))
        return found

    def _reach_m(self, camera: Pinhole, layers: Layers) -> F32:
        """How far the nearest corner of the thing is that stands in each pixel; inf where it can hide nobody."""
        if not self._site.hides:
            return np.full(layers.code.shape, np.inf, np.float32)
        near = [float(np.hypot(*(corners - camera.position_m[:2]).T).min()) for corners, _ in self._scenery]
        return np.array([np.inf, *near], np.float32)[layers.code]


def _mirror(camera: Pinhole, scene: light.Air, painted: ground.Painted, layers: Layers) -> tuple[F32, F32]:
    """Share of light that every pixel of the ground mirrors, and the sky and scenery it mirrors (linear BGR)."""
    height, width = painted.paved.shape
    if layers.mirror is None:
        return np.zeros((height, width), np.float32), np.zeros((height, width, 3), np.float32)
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    ray = camera.rays(np.stack([x.ravel(), y.ravel()], axis=1))
    down = -ray[:, 2] / np.linalg.norm(ray, axis=1)
    above = light.sky(ray * (1, 1, -1), scene)[:, ::-1].reshape(height, width, 3)
    # Schlick's approximation for water (n = 1.33), on a road that is partly only damp.
    fresnel = 0.02 + 0.98 * (1 - np.clip(down, 0, 1)) ** 5
    film = _film(camera, np.stack([x.ravel(), y.ravel()], axis=1)).reshape(height, width)
    share = fresnel.reshape(height, width) * scene.wet * film * (0.35 + 0.65 * painted.paved)
    share[(down <= 0).reshape(height, width)] = 0
    cover = layers.mirror[..., 3:]
    seen = above * (1 - cover) + linear(layers.mirror[..., :3])
    return share.astype(np.float32), smeared(seen.astype(np.float32))


def _film(camera: Pinhole, pixels: F64) -> F64:
    """How closed the film of water is, 0.25 to 1: puddles and damp patches."""
    points = np.nan_to_num(camera.ground(pixels), nan=0.0)
    grain = ground.noise(4)
    return np.asarray(np.clip(0.62 + 0.9 * grain.at(points, 41.0) + 0.5 * grain.at(points, 9.0), 0.25, 1.0))


def smeared(image: F32) -> F32:
    """The blur of a rough wet road: long in the picture's height, short across."""
    scale = image.shape[0] / 720
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigmaX=1.6 * scale, sigmaY=13.0 * scale), dtype=np.float32)


def to_srgb(colours: F32) -> F32:
    """Linear light 0–1 to display 0–255 (gamma 2.2, as the shader does)."""
    return np.asarray(cv2.pow(np.clip(colours, 0, 1).astype(np.float32), 1 / _GAMMA) * 255, dtype=np.float32)


def linear(display: F32) -> F32:
    """Display 0–255 to linear light 0–1."""
    return np.asarray(cv2.pow(np.ascontiguousarray(display) * np.float32(1 / 255), _GAMMA), dtype=np.float32)


def behind(layers: Layers, empty: Backdrop, distance_m: list[float]) -> Layers:
    """The drawn bodies without what the things beside the roads hide; distance_m (K,): how far the bodies are. What is
    hidden gets a code of its own beyond the bodies', as all that hides them; nothing is hidden by a thing farther away
    than the body's middle."""
    stands = np.isfinite(empty.reach_m)
    if not stands.any():
        return layers
    far = np.zeros(int(layers.code.max(initial=0)) + 1)
    far[1 : len(distance_m) + 1] = distance_m[: len(far) - 1]
    hidden = far[layers.code] > empty.reach_m
    rim = cv2.dilate(hidden.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    hidden |= rim & (layers.code == 0)  # the soft edge of a hidden body has no code
    shadow = np.where(stands, 0, layers.shadow).astype(np.uint8)
    colour = np.where(hidden[..., None], 0, layers.colour).astype(np.float32)
    return replace(layers, colour=colour, shadow=shadow, code=np.where(hidden, len(distance_m) + 2, layers.code))


def over(base: F32, layers: Layers, scene: light.Air) -> F32:
    """Shade the base by the cast shadows, then lay the drawn bodies over it; all BGR 0–255."""
    keep = scene.shadow[::-1] ** (1 / _GAMMA)
    soft_px = scene.soft_px * (base.shape[0] / 720 if scene.soft_px > 2 else 1.0)
    soft = cv2.GaussianBlur(layers.shadow, (0, 0), soft_px).astype(np.float32)[..., None] / 255.0
    shaded = base * (1 - soft * (1 - keep.astype(np.float32)))
    cover = layers.colour[..., 3:]
    return np.asarray(shaded * (1 - cover) + layers.colour[..., :3], dtype=np.float32)
