"""What stands beside the road: shophouses, trees, poles, signal heads."""

import math
from collections.abc import Callable

import numpy as np

from simpang_twin import light
from simpang_twin.mesh import F32, GLASS, LAMP, MATTE, Mesh, Rgb
from simpang_twin.network import F64
from simpang_twin.scenario import BEARING_DEG, Arm, Scenario

_WALLS: tuple[Rgb, ...] = (
    (0.60, 0.55, 0.45), (0.66, 0.64, 0.60), (0.52, 0.38, 0.28), (0.42, 0.50, 0.52), (0.60, 0.44, 0.30),
    (0.50, 0.52, 0.42), (0.64, 0.58, 0.36),
)  # fmt: skip
_SIGNS: tuple[Rgb, ...] = (
    (0.55, 0.05, 0.04),
    (0.04, 0.16, 0.48),
    (0.62, 0.42, 0.03),
    (0.03, 0.28, 0.12),
    (0.60, 0.60, 0.58),
)
_LAMPS: dict[str, Rgb] = {"green": (0.03, 0.8, 0.35), "yellow": (0.9, 0.55, 0.03), "red": (0.9, 0.04, 0.03)}
_GLOWS: tuple[Rgb, ...] = ((0.55, 0.42, 0.22), (0.42, 0.46, 0.50), (0.60, 0.30, 0.10), (0.10, 0.25, 0.45))
# Builds something upright into a mesh, at x across and y along.
Upright = Callable[[Mesh, float, float], None]
_CONCRETE: Rgb = (0.40, 0.39, 0.37)


def beside_roads(scenario: Scenario) -> Mesh:
    """Houses, trees and lamp posts along all four arms; never between a camera above the road and the road."""
    rng = np.random.default_rng(scenario.seed + 1000)
    mesh = Mesh()
    for arm in scenario.arms:
        for part in (_houses(scenario, arm, rng), _trees(scenario, arm, rng), _posts(scenario, arm), _skyline(rng)):
            mesh.parts.append(turned(part, BEARING_DEG[arm]))
    return mesh


def street_lamps(scenario: Scenario) -> F64:
    """Where the street lamps hang, (N, 3) world metres: on the lamp posts, and one more on each side of every arm near
    the stop line, whose posts stand only where the lamps are lit."""
    found = [
        _turned_points(
            np.array([[tip(x), y, light.LAMP_HEIGHT_M] for x, y in _lit_posts(scenario, arm)]), BEARING_DEG[arm]
        )
        for arm in scenario.arms
    ]
    return np.concatenate(found)


def lit_at_night(scenario: Scenario) -> Mesh:
    """What shines beside the road after dark: lamp heads with their added posts, some windows and shop signs."""
    rng = np.random.default_rng(scenario.seed + 2000)
    mesh = Mesh()
    for arm in scenario.arms:
        part = Mesh()
        for x, y in _lit_posts(scenario, arm):
            if y < 38:
                post(part, x, y)
            lamp_head(part, x, y)
        _shop_lights(part, scenario, arm, rng)
        mesh.parts.append(turned(part, BEARING_DEG[arm]))
    return mesh


def post(mesh: Mesh, x: float, y: float) -> None:
    """A lamp post whose arm reaches over the road toward x = 0."""
    mesh.limb((x, y, 0), (x, y, 8.5), 0.10, _CONCRETE, 0.07)
    mesh.limb((x, y, 8.4), (tip(x), y, 8.8), 0.05, _CONCRETE)


def lamp_head(mesh: Mesh, x: float, y: float) -> None:
    """The shining lamp at the tip of a post's arm."""
    mesh.box((tip(x) - 0.35, y - 0.12, 8.62), (tip(x) + 0.35, y + 0.12, 8.74), (1.0, 0.93, 0.75), LAMP)


def _shop_lights(mesh: Mesh, scenario: Scenario, arm: Arm, rng: np.random.Generator) -> None:
    """Signs and doorways that glow in front of the houses, warm and cold, one house in two."""
    right, left = _sides(scenario, arm)
    for side, edge in ((1.0, right + 3.3), (-1.0, left + 3.3)):
        y = 38.0
        while y < 200:
            y += shop_light(mesh, side * edge, y, side, rng) + float(rng.uniform(4, 20))


def shop_light(mesh: Mesh, x: float, y: float, side: float, rng: np.random.Generator) -> float:
    """A sign or doorway that glows at x, from y on; gives back its width."""
    width, high = float(rng.uniform(1.5, 4.0)), float(rng.uniform(0.5, 1.0))
    low = 0.4 if rng.random() < 0.4 else 3.0
    dim = float(rng.uniform(0.25, 1.0))
    r, g, b = _GLOWS[int(rng.integers(len(_GLOWS)))]
    face = sorted((x, x + side * 0.1))
    mesh.box((face[0], y, low), (face[1], y + width, low + high * 1.8), (r * dim, g * dim, b * dim), LAMP)
    return width


def _lit_posts(scenario: Scenario, arm: Arm) -> list[tuple[float, float]]:
    right, left = _sides(scenario, arm)
    near = [(right - 1.6, 22.0), (-left + 1.6, 22.0)]
    return near + [
        (x, y) for x, start in ((right - 1.6, 40.0), (-left + 1.6, 58.0)) for y in np.arange(start, 250, 36.0)
    ]


def tip(x: float) -> float:
    """How far a lamp's arm reaches over the road from a post at x."""
    return x - math.copysign(1.7, x)


def _turned_points(points_m: F64, bearing_deg: float) -> F64:
    c, s = math.cos(math.radians(bearing_deg)), math.sin(math.radians(bearing_deg))
    out = points_m.copy()
    out[:, :2] = points_m[:, :2] @ np.array([[c, -s], [s, c]])
    return out


def turned(mesh: Mesh, bearing_deg: float) -> F32:
    """A mesh built for the north arm, turned to another arm."""
    v = mesh.vertices().copy()
    c, s = math.cos(math.radians(bearing_deg)), math.sin(math.radians(bearing_deg))
    spin = np.array([[c, -s], [s, c]], dtype=np.float32)
    v[:, 0:2] = v[:, 0:2] @ spin
    v[:, 3:5] = v[:, 3:5] @ spin
    return v


def moved(mesh: Mesh, bearing_deg: float, at_m: F64) -> F32:
    """A mesh turned clockwise by a bearing, its origin put to a place (2,) on the ground."""
    v = turned(mesh, bearing_deg)
    v[:, 0:2] += np.asarray(at_m, dtype=np.float32)
    return v


def _sides(scenario: Scenario, arm: Arm) -> tuple[float, float]:
    shape = scenario.junction.arm(arm)
    return shape.lanes_in * shape.lane_width_m + 2.4, shape.lanes_out * shape.lane_width_m + 2.4


def _houses(scenario: Scenario, arm: Arm, rng: np.random.Generator) -> Mesh:
    mesh = Mesh()
    right, left = _sides(scenario, arm)
    for side, edge in ((1.0, right + 3.5), (-1.0, left + 3.5)):
        y = 27.0 + edge - 9
        while y < 330:
            width = float(rng.uniform(5, 12))
            if rng.random() > 0.12:
                house(mesh, side, edge + float(rng.uniform(0, 2.5)), y, width, rng)
            y += width + (0.0 if rng.random() < 0.6 else float(rng.uniform(1, 6)))
    return mesh


def house(mesh: Mesh, side: float, edge: float, y: float, width: float, rng: np.random.Generator) -> None:
    """A shophouse whose front stands at `side`·`edge` across the road, 10 m deep away from it."""
    floors = int(rng.integers(1, 4))
    height, depth = 3.4 * floors + 0.6, 10.0
    wall = _WALLS[int(rng.integers(len(_WALLS)))]
    x0, x1 = sorted((side * edge, side * (edge + depth)))
    mesh.box((x0, y, 0), (x1, y + width, height), wall)
    if floors == 1 or rng.random() < 0.35:
        mesh.frustum(
            (x0 - 0.6, y - 0.3, height),
            (x1 + 0.6, y + width + 0.3, height + 2.2),
            (depth * 0.48, depth * 0.48, 0, 0),
            (0.32, 0.13, 0.07),
        )
    face = side * edge
    out = sorted((face - side * 0.02, face - side * 0.06))
    mesh.box((out[0], y + 0.3, 0.1), (out[1], y + width - 0.3, 2.7), (0.16, 0.17, 0.18))
    awning = sorted((face, face - side * 1.3))
    mesh.box((awning[0], y + 0.1, 2.8), (awning[1], y + width - 0.1, 2.95), (0.35, 0.34, 0.33))
    sign = sorted((face - side * 0.05, face - side * 0.25))
    mesh.box((sign[0], y + 0.4, 3.0), (sign[1], y + width - 0.4, 3.9), _SIGNS[int(rng.integers(len(_SIGNS)))])
    _windows(mesh, (out[0], out[1]), y, width, floors)


def _windows(mesh: Mesh, x: tuple[float, float], y: float, width: float, floors: int) -> None:
    columns = max(1, int(width // 2.2))
    for floor in range(1, floors):
        for column in range(columns):
            y0 = y + (column + 0.5) * width / columns - 0.6
            z0 = 3.4 * floor + 1.1
            mesh.box((x[0], y0, z0), (x[1], y0 + 1.2, z0 + 1.3), (0.05, 0.06, 0.07), GLASS)


def _trees(scenario: Scenario, arm: Arm, rng: np.random.Generator) -> Mesh:
    mesh = Mesh()
    right, left = _sides(scenario, arm)
    for x in (right + 0.6, -left - 0.6):
        y = 34.0
        while y < 320:
            at = y + float(rng.uniform(-2, 2))
            tree(mesh, x + math.copysign(0.8, x), at, rng, near=at < 120)
            y += float(rng.uniform(13, 26))
    return mesh


def tree(mesh: Mesh, x: float, y: float, rng: np.random.Generator, near: bool) -> None:
    """One tree; one that is not near is drawn with few leaves, because it is a few pixels high."""
    height = float(rng.uniform(3.2, 5.0))
    mesh.limb((x, y, 0), (x, y, height), 0.14, (0.14, 0.10, 0.07), 0.09)
    for _ in range(60 if near else 14):
        at = rng.normal(0, 1, 3)
        at *= float(rng.random()) ** 0.33 / float(np.linalg.norm(at))  # evenly inside a ball
        size = float(rng.uniform(0.30, 0.55)) * (1.0 if near else 1.6)
        shade = float(rng.uniform(0.7, 1.15)) * (1.0 + 0.30 * float(at[2]))
        leaf = (0.060 * shade, 0.105 * shade, 0.035 * shade)
        centre = (x + 1.15 * float(at[0]), y + 1.25 * float(at[1]), height + 0.7 + 0.95 * float(at[2]))
        mesh.ellipsoid(centre, (size, size, size * 0.85), leaf, n=6)


def _skyline(rng: np.random.Generator) -> Mesh:
    """A belt of trees and a few blocks far behind the houses, so that the town does not end in a plain."""
    mesh = Mesh()
    for x in np.arange(-330.0, 330.0, 11.0):
        if abs(x) < 14:
            continue
        horizon(mesh, float(x), float(rng.uniform(345, 420)), rng)
    return mesh


def horizon(mesh: Mesh, x: float, y: float, rng: np.random.Generator) -> None:
    """A clump of trees, sometimes with a block, as they stand far away."""
    if rng.random() < 0.16:
        wall = _WALLS[int(rng.integers(len(_WALLS)))]
        mesh.box((x, y, 0), (x + float(rng.uniform(9, 18)), y + 12, float(rng.uniform(9, 22))), wall)
    shade = float(rng.uniform(0.7, 1.1))
    size = (float(rng.uniform(8, 14)), 7.0, float(rng.uniform(5, 9)))
    mesh.ellipsoid((x, y, size[2] * 0.5), size, (0.07 * shade, 0.12 * shade, 0.05 * shade), n=8)


def _posts(scenario: Scenario, arm: Arm) -> Mesh:
    mesh = Mesh()
    right, left = _sides(scenario, arm)
    for x, start in ((right - 1.6, 40.0), (-left + 1.6, 58.0)):
        y = start
        while y < 330:
            post(mesh, x, y)
            mesh.limb((x, y, 7.6), (x, y + 36, 7.6), 0.02, (0.03, 0.03, 0.03))
            y += 36.0
    return mesh


def signal_head(mesh: Mesh, x: float, y: float, state: str) -> None:
    """A signal on its pole, its lamps toward lower y; `state` is the colour that shines."""
    mesh.limb((x, y, 0), (x, y, 4.6), 0.08, (0.50, 0.42, 0.05))
    mesh.box((x - 0.22, y - 0.15, 3.5), (x + 0.22, y + 0.15, 4.75), (0.03, 0.03, 0.03), MATTE)
    for row, (name, colour) in enumerate(_LAMPS.items()):
        lit = name == state
        glow = colour if lit else (colour[0] * 0.08, colour[1] * 0.08, colour[2] * 0.08)
        mesh.ellipsoid((x, y - 0.17, 3.75 + 0.38 * row), (0.14, 0.05, 0.14), glow, LAMP if lit else MATTE)


def signal_heads(scenario: Scenario, arm: Arm, state: str) -> Mesh:
    """The far-side signal of the opposite approach: on this arm's exit side, its lamps facing the junction."""
    mesh = Mesh()
    right, left = _sides(scenario, arm)
    x, y = -left + 1.4, 18.5
    signal_head(mesh, x, y, state)
    # The near-side signal that this arm's own drivers see: its back is toward a camera across the junction.
    back = right - 1.4
    mesh.limb((back, 17.5, 0), (back, 17.5, 4.6), 0.08, (0.50, 0.42, 0.05))
    mesh.box((back - 0.22, 17.35, 3.5), (back + 0.22, 17.65, 4.75), (0.03, 0.03, 0.03), MATTE)
    out = Mesh()
    out.parts.append(turned(mesh, BEARING_DEG[arm]))
    return out
