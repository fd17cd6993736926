"""Cars and light vehicles as meshes: a smooth shell through cross-sections, coloured paint or glass cell by cell."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simpang_twin.mesh import GLASS, HEAD, MATTE, PAINT, TAIL, Mesh, Rgb

F64 = npt.NDArray[np.float64]

TINT: Rgb = (0.018, 0.022, 0.026)
BLACK: Rgb = (0.015, 0.015, 0.016)
LENS: Rgb = (0.55, 0.57, 0.60)
RED_LAMP: Rgb = (0.35, 0.015, 0.015)
PLATE: Rgb = (0.03, 0.03, 0.03)


@dataclass(frozen=True)
class CarShape:
    """A car's side profile in metres. `roofline` and `waist` are (share of the length from the rear, height)."""

    length_m: float
    width_m: float
    roofline: tuple[tuple[float, float], ...]
    waist: tuple[tuple[float, float], ...]
    screen: tuple[float, float]
    back_window: tuple[float, float]
    pillars: tuple[float, ...]
    wheel_m: float = 0.31

    @property
    def height_m(self) -> float:
        """The roof's height."""
        return max(z for _, z in self.roofline)


SHAPES: dict[str, CarShape] = {
    "mpv": CarShape(
        4.40,
        1.70,
        (
            (0.0, 0.95),
            (0.02, 1.25),
            (0.07, 1.62),
            (0.30, 1.70),
            (0.58, 1.66),
            (0.78, 1.06),
            (0.94, 0.88),
            (0.985, 0.82),
            (1.0, 0.66),
        ),
        ((0.0, 0.98), (0.75, 0.96), (0.80, 0.95), (1.0, 0.62)),
        (0.595, 0.775),
        (0.012, 0.065),
        (0.08, 0.25, 0.46, 0.66),
    ),
    "hatch": CarShape(
        3.80,
        1.67,
        (
            (0.0, 0.85),
            (0.02, 1.05),
            (0.12, 1.42),
            (0.30, 1.50),
            (0.52, 1.47),
            (0.76, 0.99),
            (0.94, 0.82),
            (0.985, 0.76),
            (1.0, 0.60),
        ),
        ((0.0, 0.95), (0.72, 0.91), (0.78, 0.90), (1.0, 0.60)),
        (0.535, 0.755),
        (0.02, 0.115),
        (0.15, 0.40, 0.63),
        0.29,
    ),
    "sedan": CarShape(
        4.57,
        1.78,
        (
            (0.0, 0.80),
            (0.03, 0.98),
            (0.17, 1.02),
            (0.33, 1.38),
            (0.45, 1.43),
            (0.55, 1.41),
            (0.74, 0.96),
            (0.94, 0.80),
            (0.985, 0.74),
            (1.0, 0.58),
        ),
        ((0.0, 0.90), (0.72, 0.88), (0.78, 0.87), (1.0, 0.58)),
        (0.565, 0.735),
        (0.18, 0.32),
        (0.22, 0.45, 0.66),
    ),
    "suv": CarShape(
        4.50,
        1.82,
        (
            (0.0, 1.02),
            (0.02, 1.40),
            (0.07, 1.76),
            (0.30, 1.84),
            (0.54, 1.80),
            (0.72, 1.20),
            (0.94, 1.06),
            (0.985, 1.00),
            (1.0, 0.82),
        ),
        ((0.0, 1.12), (0.70, 1.08), (0.76, 1.07), (1.0, 0.78)),
        (0.555, 0.715),
        (0.012, 0.065),
        (0.08, 0.27, 0.48, 0.64),
        0.36,
    ),
    "compact": CarShape(
        4.20,
        1.70,
        (
            (0.0, 0.88),
            (0.02, 1.12),
            (0.10, 1.52),
            (0.30, 1.60),
            (0.55, 1.56),
            (0.77, 1.02),
            (0.94, 0.86),
            (0.985, 0.80),
            (1.0, 0.64),
        ),
        ((0.0, 0.98), (0.74, 0.95), (0.79, 0.94), (1.0, 0.60)),
        (0.565, 0.765),
        (0.016, 0.095),
        (0.12, 0.42, 0.65),
    ),
    "angkot": CarShape(
        3.90,
        1.60,
        (
            (0.0, 0.98),
            (0.015, 1.35),
            (0.05, 1.78),
            (0.25, 1.85),
            (0.72, 1.80),
            (0.90, 1.08),
            (0.96, 0.95),
            (0.988, 0.90),
            (1.0, 0.74),
        ),
        ((0.0, 1.02), (0.86, 1.00), (0.91, 0.98), (1.0, 0.70)),
        (0.735, 0.89),
        (0.01, 0.045),
        (0.06, 0.32, 0.56, 0.78),
        0.28,
    ),
    "pickup": CarShape(
        4.80,
        1.74,
        (
            (0.0, 0.98),
            (0.44, 1.00),
            (0.455, 1.62),
            (0.50, 1.75),
            (0.64, 1.72),
            (0.77, 1.12),
            (0.94, 1.00),
            (0.985, 0.94),
            (1.0, 0.78),
        ),
        ((0.0, 0.95), (0.42, 0.97), (0.76, 1.02), (0.80, 1.01), (1.0, 0.72)),
        (0.655, 0.765),
        (0.447, 0.462),
        (0.475, 0.60),
        0.34,
    ),
}

# Share of the length at the rear and front end over which the shell rounds off, with its width there.
_NOSE = ((0.0, 0.80), (0.012, 0.90), (0.04, 0.965), (0.10, 1.0), (0.88, 1.0), (0.95, 0.965), (0.985, 0.90), (1.0, 0.80))


def car(shape: CarShape, colour: Rgb) -> Mesh:
    """A closed car of the given profile and paint."""
    mesh = Mesh()
    _shell(mesh, shape, colour)
    _front(mesh, shape, colour)
    _rear(mesh, shape)
    _sides(mesh, shape)
    _wheels(mesh, shape)
    return mesh


def _curve(points: tuple[tuple[float, float], ...], at: F64) -> F64:
    """A line through the points with softened corners."""
    x, z = np.array(points).T
    return np.asarray(np.mean([np.interp(at + d, x, z) for d in (-0.018, -0.009, 0.0, 0.009, 0.018)], axis=0))


def _shell(mesh: Mesh, s: CarShape, colour: Rgb) -> None:
    edges = [*s.screen, *s.back_window, *(p + d for p in s.pillars for d in (-0.012, 0.012)), 0.006, 0.994]
    share = np.unique(np.concatenate([np.linspace(0, 1, 34), edges]))
    half, top = np.interp(share, *np.array(_NOSE).T) * s.width_m / 2, _curve(s.roofline, share)
    low = 0.20 + 0.16 * np.clip((share - 0.93) / 0.07, 0, 1) + 0.14 * np.clip((0.05 - share) / 0.05, 0, 1)
    waist = np.minimum(_curve(s.waist, share), top - 0.03)
    cabin = np.clip((top - waist) / 0.55, 0, 1)
    roof = half * (0.95 - 0.20 * cabin)
    x = [0 * half, 0.86 * half, 0.97 * half, half, 0.995 * half, 0.965 * half, 0.955 * half,
         0.95 * half + (roof - 0.95 * half) * 0.88, roof, 0.82 * roof, 0.4 * roof, 0 * half]  # fmt: skip
    body, glass = waist - low, top - waist
    z = [low, low, low + 0.08, low + 0.35 * body, low + 0.78 * body, waist, waist + 0.06 * glass,
         waist + 0.86 * glass, waist + 0.94 * glass, waist + 0.99 * glass, top + 0.008, top + 0.012]  # fmt: skip
    y = np.broadcast_to((share - 0.5) * s.length_m, (12, len(share)))
    right = np.stack([np.array(x), y, np.array(z)], axis=2)
    paint = _paint(s, share, colour)
    mesh.surface(right.transpose(1, 0, 2)[:, ::-1], paint[:, ::-1])
    mesh.surface((right * (-1, 1, 1)).transpose(1, 0, 2), paint)
    for end in (0, -1):
        ring = np.concatenate([right[:, end], (right[:, end] * (-1, 1, 1))[::-1]])
        centre = ring.mean(axis=0)
        mesh.triangles([(centre, ring[i], ring[(i + 1) % len(ring)]) for i in range(len(ring))], colour, PAINT)


def _paint(s: CarShape, share: F64, colour: Rgb) -> F64:
    """Paint of the shell's cells, (stations − 1, 11, 4): sill, body, side windows, roof with its two screens."""
    middle = (share[:-1] + share[1:]) / 2
    paint = np.empty((len(middle), 11, 4))
    paint[:] = (*colour, PAINT)
    paint[:, 0:2] = (*BLACK, MATTE)
    pillar = np.any([np.abs(middle - p) < 0.012 for p in s.pillars], axis=0)
    ahead = s.screen[1] - 0.03
    side = (middle > s.back_window[1] + 0.02) & (middle < ahead) & ~pillar
    paint[side, 6] = (*TINT, GLASS)
    screens = ((middle > s.screen[0]) & (middle < s.screen[1])) | (
        (middle > s.back_window[0]) & (middle < s.back_window[1])
    )
    paint[screens, 8:] = (*TINT, GLASS)
    return paint


def _front(mesh: Mesh, s: CarShape, colour: Rgb) -> None:
    half, y = s.width_m / 2, s.length_m / 2
    nose = s.roofline[-1][1]
    mesh.box((-half * 0.52, y - 0.10, nose - 0.15), (half * 0.52, y + 0.012, nose + 0.03), BLACK)
    mesh.box((-half * 0.50, y, nose - 0.02), (half * 0.50, y + 0.022, nose + 0.02), (0.42, 0.42, 0.42))
    mesh.box((-half * 0.62, y - 0.10, 0.27), (half * 0.62, y + 0.012, nose - 0.32), BLACK)
    mesh.box((-0.23, y, nose - 0.30), (0.23, y + 0.03, nose - 0.18), PLATE)
    mesh.box((-0.20, y + 0.005, nose - 0.27), (0.20, y + 0.035, nose - 0.21), (0.35, 0.35, 0.35))
    for x in (-1.0, 1.0):
        _headlamp(mesh, x, half, y, nose)
        low, high = sorted((x * half * 0.66, x * half * 0.80))
        mesh.box((low, y - 0.12, 0.34), (high, y - 0.03, 0.42), BLACK)
        back = (s.screen[1] - 0.5) * s.length_m - 0.12
        waist = float(_curve(s.waist, np.array([s.screen[1] - 0.03]))[0])
        mirror = sorted((x * (half - 0.02), x * (half + 0.17)))
        mesh.box((mirror[0], back - 0.10, waist + 0.02), (mirror[1], back, waist + 0.15), colour, PAINT)
    cowl = (s.screen[1] - 0.5) * s.length_m
    height = float(_curve(s.roofline, np.array([s.screen[1]]))[0])
    mesh.box((-half * 0.72, cowl - 0.02, height - 0.03), (half * 0.72, cowl + 0.10, height + 0.025), BLACK)


def _headlamp(mesh: Mesh, x: float, half: float, y: float, nose: float) -> None:
    """A slanted lens in the corner of the nose with a bright reflector in it."""
    at = (x * half * 0.70, y - 0.13, nose - 0.02)
    mesh.ellipsoid((at[0], at[1] - 0.02, at[2]), (0.235, 0.17, 0.105), BLACK, PAINT)
    mesh.ellipsoid(at, (0.20, 0.165, 0.080), LENS, GLASS)
    mesh.ellipsoid((at[0], at[1] + 0.11, at[2]), (0.085, 0.055, 0.055), (0.62, 0.62, 0.60), HEAD, n=8)


def _rear(mesh: Mesh, s: CarShape) -> None:
    half, y, z = s.width_m / 2, -s.length_m / 2, s.roofline[0][1]
    mesh.box((-half * 0.80, y - 0.012, 0.30), (half * 0.80, y + 0.1, 0.42), BLACK)
    mesh.box((-0.23, y - 0.02, z - 0.28), (0.23, y + 0.02, z - 0.16), PLATE)
    for x in (-1.0, 1.0):
        low, high = sorted((x * half * 0.60, x * half * 0.92))
        mesh.box((low, y - 0.005, z - 0.22), (high, y + 0.18, z + 0.02), RED_LAMP, TAIL)


def _sides(mesh: Mesh, s: CarShape) -> None:
    half = s.width_m / 2
    for x in (-1.0, 1.0):
        low, high = sorted((x * half * 0.99, x * (half + 0.004)))
        for share in s.pillars[1:]:
            y = (share - 0.5) * s.length_m
            mesh.box((low, y - 0.008, 0.35), (high, y + 0.008, 0.82), BLACK)
            mesh.box((low, y - 0.20, 0.78), (high, y - 0.06, 0.81), BLACK)


def _wheels(mesh: Mesh, s: CarShape) -> None:
    r = s.wheel_m
    for y in (s.length_m / 2 - 0.78, -s.length_m / 2 + 0.75):
        for x in (-1.0, 1.0):
            at = x * (s.width_m / 2 - 0.105)
            mesh.disc((at, y, r * 1.13), r * 1.13, 0.212, BLACK)
            mesh.wheel((at, y, r), r, 0.225)


def pickup(colour: Rgb) -> Mesh:
    """A small pickup: cab in front, open load bed with a covered load behind."""
    shape = SHAPES["pickup"]
    mesh = car(shape, colour)
    half, rear = shape.width_m / 2, -shape.length_m / 2
    mesh.box((-half * 0.84, rear + 0.12, 1.00), (half * 0.84, rear + 2.0, 1.025), BLACK)
    for x in (-1.0, 1.0):
        low, high = sorted((x * half * 0.86, x * half * 0.97))
        mesh.box((low, rear + 0.05, 0.9), (high, rear + 2.1, 1.22), colour, PAINT)
    mesh.box((-half * 0.97, rear + 0.02, 0.9), (half * 0.97, rear + 0.1, 1.22), colour, PAINT)
    mesh.frustum(
        (-half * 0.75, rear + 0.3, 1.0),
        (half * 0.7, rear + 1.9, 1.55),
        (0.15, 0.2, 0.2, 0.1),
        (0.10, 0.16, 0.25),
        MATTE,
    )
    return mesh
