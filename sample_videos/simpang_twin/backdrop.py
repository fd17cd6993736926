"""The picture of the empty junction: painted ground and sky, scenery drawn over it, its shadows cast on it."""

from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np

from simpang_twin import ground, light, scenery
from simpang_twin.camera import Pinhole
from simpang_twin.mesh import F32
from simpang_twin.network import F64, Network
from simpang_twin.scenario import BEARING_DEG, Arm, Scenario
from simpang_twin.stage import Layers, Placed, Stage

_GAMMA = 2.2
_CHUNK_M = 24.0


@dataclass(frozen=True)
class Backdrop:
    """The empty junction. image (H, W, 3): display BGR 0–255. albedo (H, W, 3): linear BGR of the open ground, 0 where
    scenery or sky is. mirror (H, W): share of light that the wet ground mirrors, 0 to 1; mirrored (H, W, 3): what it
    mirrors, linear BGR."""

    image: F32
    albedo: F32
    mirror: F32
    mirrored: F32

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


def _axis(arm: Arm) -> F64:
    """Unit vector from the junction's middle out along an arm."""
    bearing = np.radians(BEARING_DEG[arm])
    return np.array([np.sin(bearing), np.cos(bearing)])


class Set:
    """The empty junction on a stage, ready to be painted from any direction."""

    def __init__(self, stage: Stage, scenario: Scenario, net: Network) -> None:
        self._stage, self._scenario = stage, scenario
        self._scene = light.air(scenario.light, scenario.weather)
        self._lamps = scenery.street_lamps(scenario) if self._scene.street_lamps else np.zeros((0, 3))
        self._stop_out_m = {arm: float(net.edge(f"{arm}_in")[0].shape_m[-1] @ _axis(arm)) for arm in scenario.arms}
        self._placed: list[Placed] = []

    def seen_by(self, camera: Pinhole, supersample: int = 3) -> Backdrop:
        """The empty junction as this camera sees it; the stage looks that way afterwards."""
        self._stage.aim(camera)
        painted = ground.Painter(
            camera, self._scenario, self._scene, self._lamps, self._stop_out_m, supersample
        ).paint()
        layers = self._stage.draw(self._scenery())
        base = painted.image[..., ::-1]
        mirror, mirrored = _mirror(camera, self._scene, painted, layers)
        base = base * (1 - mirror[..., None]) + mirrored * mirror[..., None]
        image = over(to_srgb(base), layers, self._scene)
        open_ground = 1 - layers.colour[..., 3:]
        return Backdrop(image, painted.albedo[..., ::-1] * open_ground, mirror * open_ground[..., 0], mirrored)

    def _scenery(self) -> list[Placed]:
        if not self._placed:
            parts = [scenery.beside_roads(self._scenario).vertices()]
            if self._scene.street_lamps:
                parts = _chunks(np.concatenate([*parts, scenery.lit_at_night(self._scenario).vertices()]))
            for part in parts:
                lit_by = light.nearest(part[:, :2].mean(axis=0), self._lamps)
                self._placed.append(Placed(self._stage.body(part), 0.0, 0.0, 0.0, lit_by=lit_by))
        return self._placed


def _chunks(vertices: F32) -> list[F32]:
    """Split a mesh into pieces of at most _CHUNK_M metres, so that each is lit by its own lamps."""
    corners = vertices.reshape(-1, 3, vertices.shape[1])
    cell = np.floor(corners[:, :, :2].mean(axis=1) / _CHUNK_M).astype(int)
    _, piece = np.unique(cell, axis=0, return_inverse=True)
    piece = piece.ravel()
    return [corners[piece == i].reshape(-1, vertices.shape[1]) for i in range(piece.max() + 1)]


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


def over(base: F32, layers: Layers, scene: light.Air) -> F32:
    """Shade the base by the cast shadows, then lay the drawn bodies over it; all BGR 0–255."""
    keep = scene.shadow[::-1] ** (1 / _GAMMA)
    soft_px = scene.soft_px * (base.shape[0] / 720 if scene.soft_px > 2 else 1.0)
    soft = cv2.GaussianBlur(layers.shadow, (0, 0), soft_px).astype(np.float32)[..., None] / 255.0
    shaded = base * (1 - soft * (1 - keep.astype(np.float32)))
    cover = layers.colour[..., 3:]
    return np.asarray(shaded * (1 - cover) + layers.colour[..., :3], dtype=np.float32)
