"""The picture of the empty junction: painted ground and sky, scenery drawn over it, its shadows cast on it."""

import cv2
import numpy as np

from simpang_twin import ground, light, scenery
from simpang_twin.camera import Pinhole
from simpang_twin.mesh import F32
from simpang_twin.network import Network
from simpang_twin.scenario import Scenario
from simpang_twin.stage import Layers, Placed, Stage


def backdrop(camera: Pinhole, scenario: Scenario, net: Network) -> F32:
    """The empty junction, (H, W, 3) float32 BGR 0–255."""
    stop_out_m = float(abs(net.edge("utara_in")[0].shape_m[-1, 1]))
    base = to_srgb(ground.picture(camera, scenario, stop_out_m))
    stage = Stage(camera, scenario.light)
    node = stage.body(scenery.beside_roads(scenario).vertices())
    layers = stage.draw([Placed(node, 0.0, 0.0, 0.0)])
    stage.close()
    return over(base, layers, scenario)


def to_srgb(linear: F32) -> F32:
    """Linear RGB 0–1 to display BGR 0–255 (gamma 2.2, as the shader does)."""
    return np.ascontiguousarray(np.clip(linear, 0, 1)[..., ::-1] ** (1 / 2.2) * 255).astype(np.float32)


def over(base: F32, layers: Layers, scenario: Scenario) -> F32:
    """Shade the base by the cast shadows, then lay the drawn bodies over it; all BGR 0–255."""
    keep = light.shadow_share(scenario.light)[::-1] ** (1 / 2.2)
    soft = cv2.GaussianBlur(layers.shadow, (0, 0), 1.1).astype(np.float32)[..., None] / 255.0
    shaded = base * (1 - soft * (1 - keep.astype(np.float32)))
    cover = layers.colour[..., 3:]
    return np.asarray(shaded * (1 - cover) + layers.colour[..., :3], dtype=np.float32)
