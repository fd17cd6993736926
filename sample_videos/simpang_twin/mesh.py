"""Triangle meshes built by code: boxes, frusta, lofts, cylinders, ellipsoids. No renderer is needed here.

Axes of a vehicle: x to its right, y forward, z up, metres; the origin is on the ground, mid-way along and across.
"""

import math
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
Rgb = tuple[float, float, float]
Point = tuple[float, float, float]

# Surface codes, carried in the colour's alpha: how the shader treats the surface. LAMP always shines in its own colour;
# HEAD and TAIL are switched by vehicle. A WHEEL's colour is no colour: red and green are the place on the disc (0 to 1,
# the hub at 0.5), blue is the kind of rim plus the radius in metres, and the shader paints tyre and spokes.
MATTE, PAINT, GLASS, WHEEL, LAMP, HEAD, TAIL = 1.0, 0.75, 0.5, 0.35, 0.25, 0.20, 0.15
# Kinds of rims.
ALLOY, STEEL, SLIM = 0.0, 1.0, 2.0
_TYRE: Rgb = (0.014, 0.014, 0.015)


@dataclass
class Mesh:
    """Triangles under construction; every vertex is (x, y, z, nx, ny, nz, r, g, b, surface)."""

    parts: list[F32] = field(default_factory=list)

    def vertices(self) -> F32:
        """All triangles, (3·M, 10) float32."""
        return np.concatenate(self.parts) if self.parts else np.zeros((0, 10), np.float32)

    def triangles(self, points: npt.ArrayLike, colour: Rgb, surface: float = MATTE) -> None:
        """Add flat triangles (M, 3, 3), counter-clockwise seen from outside."""
        p = np.asarray(points, dtype=np.float64).reshape(-1, 3, 3)
        normal = _cross(p[:, 1] - p[:, 0], p[:, 2] - p[:, 0])
        length = np.sqrt((normal * normal).sum(axis=1, keepdims=True))
        keep = length[:, 0] > 1e-12
        self._add(p[keep], np.repeat((normal[keep] / length[keep])[:, None], 3, axis=1), colour, surface)

    def _add(self, p: npt.NDArray[np.float64], normal: npt.NDArray[np.float64], colour: Rgb, surface: float) -> None:
        n = p.shape[0] * 3
        paint = np.broadcast_to(np.array([*colour, surface]), (n, 4))
        self.parts.append(np.hstack([p.reshape(n, 3), normal.reshape(n, 3), paint]).astype(np.float32))

    def box(self, low: Point, high: Point, colour: Rgb, surface: float = MATTE) -> None:
        """An axis-aligned box."""
        self.frustum(low, high, (0, 0, 0, 0), colour, surface)

    def frustum(self, low: Point, high: Point, inset: tuple[float, float, float, float], colour: Rgb,
                surface: float = MATTE) -> None:  # fmt: skip
        """A box whose top is drawn in by `inset` = (left, right, rear, front) metres."""
        (x0, y0, z0), (x1, y1, z1) = low, high
        left, right, rear, front = inset
        bottom = [(x0, y0, z0), (x1, y0, z0), (x1, y1, z0), (x0, y1, z0)]
        top = [(x0 + left, y0 + rear, z1), (x1 - right, y0 + rear, z1),
               (x1 - right, y1 - front, z1), (x0 + left, y1 - front, z1)]  # fmt: skip
        self.loft([bottom, top], colour, surface)

    def loft(self, rings: list[list[Point]], colour: Rgb, surface: float = MATTE) -> None:
        """Join rings of equally many points (counter-clockwise seen from the last ring) and close both ends."""
        r = np.asarray(rings, dtype=np.float64)
        a, b = r[:-1], r[1:]
        a2, b2 = np.roll(a, -1, axis=1), np.roll(b, -1, axis=1)
        side = np.stack([np.stack([a, a2, b2], axis=2), np.stack([a, b2, b], axis=2)])
        self.triangles(side.reshape(-1, 3, 3), colour, surface)
        self._cap(r[-1], colour, surface)
        self._cap(r[0][::-1], colour, surface)

    def _cap(self, ring: npt.NDArray[np.float64], colour: Rgb, surface: float) -> None:
        fan = [(ring[0], ring[i], ring[i + 1]) for i in range(1, len(ring) - 1)]
        self.triangles(np.array(fan), colour, surface)

    def surface(self, points: npt.ArrayLike, paint: npt.ArrayLike) -> None:
        """A smooth surface through a grid of points (R, C, 3); paint (R-1, C-1, 4) is colour and surface per cell."""
        p = np.asarray(points, dtype=np.float64)
        cell = np.cross(p[1:, 1:] - p[:-1, :-1], p[:-1, 1:] - p[1:, :-1])
        total = np.zeros_like(p)
        for dr in (0, 1):
            for dc in (0, 1):
                total[dr : dr + cell.shape[0], dc : dc + cell.shape[1]] += cell
        normal = total / np.maximum(np.linalg.norm(total, axis=2, keepdims=True), 1e-12)
        full = np.concatenate([p, normal], axis=2)
        a, b, c, d = full[:-1, :-1], full[:-1, 1:], full[1:, 1:], full[1:, :-1]
        corners = np.stack([a, b, c, a, c, d], axis=2)
        shade = np.repeat(np.asarray(paint, dtype=np.float64)[:, :, None], 6, axis=2)
        self.parts.append(np.concatenate([corners, shade], axis=3).reshape(-1, 10).astype(np.float32))

    def hull(self, stations: list[tuple[float, float, float, float]], colour: Rgb, surface: float = MATTE,
             square: float = 0.6) -> None:  # fmt: skip
        """A smooth closed body along y, rear first, through (y, half width, z low, z high); `square` < 1: boxier."""
        turn = -np.linspace(0, 2 * math.pi, 13)
        across, up = (np.sign(f) * np.abs(f) ** square for f in (np.cos(turn).round(9), np.sin(turn).round(9)))
        rings = np.array([np.stack([half * across, np.full(13, y), (z0 + z1) / 2 + (z1 - z0) / 2 * up], axis=1)
                          for y, half, z0, z1 in stations])  # fmt: skip
        self.surface(rings, np.broadcast_to((*colour, surface), (len(rings) - 1, 12, 4)))
        for ring in (rings[0], rings[-1]):
            self._cap(ring[:-1], colour, surface)

    def wheel(self, centre: Point, radius: float, width: float, kind: float = ALLOY) -> None:
        """A tyre on the x axis whose sides the shader paints with a rim that turns as the vehicle drives."""
        profile = ((-0.5, 0.93), (-0.36, 1.0), (0.36, 1.0), (0.5, 0.93))
        self.loft([_circle(centre, radius * r, width * x) for x, r in profile], _TYRE)
        for side in (-1.0, 1.0):
            self._rim(centre, radius, side * (width / 2 + 0.004), kind)

    def _rim(self, centre: Point, radius: float, aside: float, kind: float) -> None:
        """One side of a wheel: a disc whose vertices carry their place on it instead of a colour."""
        inner = 0.93 * radius
        ring = np.array(_circle(centre, inner, aside))
        hub = np.broadcast_to((centre[0] + aside, *centre[1:]), ring.shape)
        p = np.stack([hub, ring, np.roll(ring, -1, axis=0)], axis=1).reshape(-1, 3)
        place = (p[:, 1:] - np.array(centre[1:])) / inner / 2 + 0.5
        normal = np.tile((math.copysign(1.0, aside), 0.0, 0.0), (len(p), 1))
        look = np.tile((kind + radius, WHEEL), (len(p), 1))
        self.parts.append(np.hstack([p, normal, place, look]).astype(np.float32))

    def disc(self, centre: Point, radius: float, width: float, colour: Rgb) -> None:
        """A plain cylinder on the x axis."""
        self.loft([_circle(centre, radius, x) for x in (-width / 2, width / 2)], colour)

    def ellipsoid(self, centre: Point, radii: Point, colour: Rgb, surface: float = MATTE, n: int = 10) -> None:
        """A smooth ellipsoid."""
        unit = _sphere(n)
        normal = unit / np.asarray(radii)
        normal /= np.linalg.norm(normal, axis=2, keepdims=True)
        self._add(unit * np.asarray(radii) + np.asarray(centre), normal, colour, surface)

    def limb(self, start: Point, end: Point, radius: float, colour: Rgb, end_radius: float | None = None,
             surface: float = MATTE) -> None:  # fmt: skip
        """A six-sided limb or tube between two points."""
        a, b = np.asarray(start, dtype=np.float64), np.asarray(end, dtype=np.float64)
        axis = (b - a) / np.linalg.norm(b - a)
        side = np.cross(axis, (0.0, 0.0, 1.0) if abs(axis[2]) < 0.9 else (0.0, 1.0, 0.0))
        side /= np.linalg.norm(side)
        up = np.cross(axis, side)
        turn = np.arange(6) * math.pi / 3
        circle = np.cos(turn)[:, None] * side + np.sin(turn)[:, None] * up
        last = radius if end_radius is None else end_radius
        rings = [[tuple(p) for p in a + circle * radius], [tuple(p) for p in b + circle * last]]
        self.loft(rings, colour, surface)


def _circle(centre: Point, radius: float, aside: float, n: int = 16) -> list[Point]:
    """Points around an axis along x, `aside` of the centre."""
    cx, cy, cz = centre
    turn = [i * 2 * math.pi / n for i in range(n)]
    return [(cx + aside, cy + radius * math.cos(t), cz + radius * math.sin(t)) for t in turn]


@lru_cache
def _sphere(n: int) -> npt.NDArray[np.float64]:
    """Triangles (M, 3, 3) of the unit sphere, n around and n/2 from pole to pole."""
    lon = np.linspace(0, 2 * math.pi, n + 1)
    lat = np.linspace(-math.pi / 2, math.pi / 2, n // 2 + 1)
    grid = np.array([[[math.cos(v) * math.cos(u), math.cos(v) * math.sin(u), math.sin(v)] for u in lon] for v in lat])
    a, b, c, d = grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]
    one, two = np.stack([a, b, c], axis=2), np.stack([a, c, d], axis=2)
    return np.concatenate([one.reshape(-1, 3, 3), two.reshape(-1, 3, 3)])


def _cross(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Cross products of rows (N, 3): numpy's own is slow for few rows."""
    (ax, ay, az), (bx, by, bz) = a.T, b.T
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=1)


def body_ring(y: float, half: float, z0: float, z1: float, chamfer: float) -> list[Point]:
    """A cross-section of a vehicle body at `y`: a rectangle with cut corners, counter-clockwise seen from the front
    (stations of a loft run from rear to front)."""
    c = min(chamfer, half * 0.5, (z1 - z0) * 0.4)
    outline = [(-half + c, z0), (half - c, z0), (half, z0 + c), (half, z1 - c),
               (half - c, z1), (-half + c, z1), (-half, z1 - c), (-half, z0 + c)]  # fmt: skip
    return [(x, y, z) for x, z in reversed(outline)]
