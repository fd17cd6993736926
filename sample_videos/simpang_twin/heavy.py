"""Buses and trucks as meshes."""

import numpy as np

from simpang_twin.cars import BLACK, F64, LENS, RED_LAMP, TINT
from simpang_twin.mesh import GLASS, HEAD, LAMP, MATTE, PAINT, TAIL, Mesh, Rgb, body_ring


def bus(length: float, width: float, height: float, colour: Rgb, band: Rgb) -> Mesh:
    """A city bus: rounded shell, windscreen around the corners, dark window band, roof unit."""
    mesh = Mesh()
    half, front, rear = width / 2, length / 2, -length / 2
    _bus_shell(mesh, (length, width, height), colour, band)
    mesh.frustum((-half * 0.5, -length * 0.24, height - 0.02), (half * 0.5, -length * 0.02, height + 0.13),
                 (0.12, 0.12, 0.3, 0.3), tuple_scale(colour, 0.85), PAINT)  # fmt: skip
    _bus_front(mesh, half, front, height, colour)
    _bus_rear(mesh, half, rear, height)
    _heavy_wheels(mesh, (front - length * 0.19, rear + length * 0.24), half, 0.46)
    return mesh


def _bus_shell(mesh: Mesh, size: tuple[float, float, float], colour: Rgb, band: Rgb) -> None:
    length, width, height = size
    posts = np.arange(0.14, 0.90, 1.35 / length)
    share = np.unique(np.concatenate([np.linspace(0.0, 1.0, 30), posts - 0.004, posts + 0.004, NOSE_SHARE]))
    plan = np.interp(share, NOSE_SHARE, NOSE_WIDTH) * width / 2
    top = height - np.interp(share, NOSE_SHARE, NOSE_DROP)
    low = np.full_like(share, 0.34)
    levels = ((0.97, 0.0), (1.0, 0.03), (1.0, 0.14), (1.0, 0.30), (1.0, 0.40), (0.985, 0.80), (0.97, 0.88),
              (0.90, 0.95), (0.72, 0.99), (0.0, 1.0))  # fmt: skip
    x = np.array([plan * w for w, _ in levels])
    z = np.array([low + (top - low) * h for _, h in levels])
    y = np.broadcast_to((share - 0.5) * length, x.shape)
    right = np.stack([x, y, z], axis=2).transpose(1, 0, 2)
    paint = _bus_paint(share, posts, colour, band)
    mesh.surface(right[:, ::-1], paint[:, ::-1])
    mesh.surface(right * (-1, 1, 1), paint)
    _bus_cap(mesh, right[-1], front=True, paint=paint[-1])
    _bus_cap(mesh, right[0], front=False, paint=paint[0])


NOSE_SHARE = np.array([0.0, 0.004, 0.015, 0.03, 0.965, 0.982, 0.993, 1.0])
NOSE_WIDTH = np.array([0.90, 0.96, 0.99, 1.0, 1.0, 0.985, 0.95, 0.86])
NOSE_DROP = np.array([0.22, 0.10, 0.03, 0.0, 0.0, 0.05, 0.14, 0.30])


def _bus_paint(share: F64, posts: F64, colour: Rgb, band: Rgb) -> F64:
    middle = (share[:-1] + share[1:]) / 2
    paint = np.empty((len(middle), 9, 4))
    paint[:] = (*colour, PAINT)
    paint[:, 0] = (*BLACK, PAINT)
    paint[:, 2] = (*band, PAINT)
    window = (middle > 0.05) & (middle < 0.955)
    paint[window, 4] = (*TINT, GLASS)
    post = np.any([np.abs(middle - p) < 0.004 for p in posts], axis=0)
    paint[post & window, 4] = (0.05, 0.05, 0.055, PAINT)
    paint[middle > 0.968, 3:5] = (*TINT, GLASS)
    return paint


def _bus_cap(mesh: Mesh, ring: F64, front: bool, paint: F64) -> None:
    """The flat end between the two rounded sides, strip by strip in the colours of its height."""
    for i in range(len(ring) - 1):
        a, b = ring[i], ring[i + 1]
        corners = [a * (-1, 1, 1), a, b, b * (-1, 1, 1)]
        quad = corners[::-1] if front else corners
        glass = i in (3, 4) if front else i == 4
        look = (*TINT, GLASS) if glass else tuple(paint[i])
        mesh.triangles([(quad[0], quad[1], quad[2]), (quad[0], quad[2], quad[3])], (look[0], look[1], look[2]), look[3])


def _bus_front(mesh: Mesh, half: float, y: float, height: float, colour: Rgb) -> None:
    mesh.box((-half * 0.55, y - 0.1, height * 0.815), (half * 0.55, y + 0.02, height * 0.875), BLACK)
    mesh.box((-half * 0.40, y, height * 0.825), (half * 0.40, y + 0.03, height * 0.862), (0.55, 0.30, 0.03), LAMP)
    for x in (-0.55, 0.0, 0.5):  # driver and passengers behind the glass, the dashboard under them
        mesh.ellipsoid((half * x, y - 0.02, height * 0.56), (0.16, 0.05, 0.20), (0.07, 0.065, 0.06), MATTE, n=8)
    mesh.box((-half * 0.82, y - 0.05, height * 0.435), (half * 0.82, y + 0.01, height * 0.475), (0.06, 0.06, 0.065))
    for x in (-1.0, 1.0):
        mesh.limb((x * half * 0.05, y + 0.02, height * 0.44), (x * half * 0.55, y + 0.02, height * 0.58), 0.02, BLACK)
        mesh.ellipsoid((x * half * 0.68, y - 0.03, 0.74), (0.26, 0.10, 0.13), BLACK, PAINT)
        mesh.ellipsoid((x * half * 0.62, y, 0.74), (0.12, 0.09, 0.10), LENS, GLASS)
        mesh.ellipsoid((x * half * 0.80, y - 0.02, 0.75), (0.09, 0.07, 0.07), (0.6, 0.6, 0.58), HEAD, n=8)
        mesh.limb((x * half * 0.96, y - 0.1, height * 0.86), (x * (half + 0.16), y + 0.12, height * 0.78), 0.03, BLACK)
        mirror = sorted((x * (half + 0.06), x * (half + 0.26)))
        mesh.box((mirror[0], y + 0.06, height * 0.62), (mirror[1], y + 0.14, height * 0.78), BLACK)
    mesh.box((-half * 0.45, y - 0.1, 0.62), (half * 0.45, y + 0.012, 0.80), tuple_scale(colour, 0.35), PAINT)
    mesh.box((-0.25, y, 0.46), (0.25, y + 0.04, 0.58), (0.28, 0.28, 0.28))


def _bus_rear(mesh: Mesh, half: float, y: float, height: float) -> None:
    mesh.box((-half * 0.6, y - 0.02, 0.55), (half * 0.6, y + 0.1, height * 0.38), (0.05, 0.05, 0.05))
    for x in (-1.0, 1.0):
        low, high = sorted((x * half * 0.70, x * half * 0.92))
        mesh.box((low, y - 0.02, 0.85), (high, y + 0.1, 1.30), RED_LAMP, TAIL)


def _heavy_wheels(mesh: Mesh, axles: tuple[float, ...], half: float, radius: float) -> None:
    for y in axles:
        for x in (-1.0, 1.0):
            at = x * (half - 0.16)
            mesh.box((at - 0.18, y - radius * 1.2, 0.3), (at + 0.18, y + radius * 1.2, radius * 2.15), BLACK)
            mesh.wheel((at, y, radius), radius, 0.38, hub=(0.5, 0.5, 0.5))


def _cab(mesh: Mesh, front: float, half: float, height: float, colour: Rgb) -> None:
    back, waist = front - 1.65, height * 0.60
    lower = [body_ring(y, w, 0.42, waist, 0.08) for y, w in ((back, half), (front - 0.1, half), (front, half * 0.95))]
    mesh.loft(lower, colour, PAINT)
    mesh.frustum(
        (-half * 0.97, back, waist - 0.02), (half * 0.97, front - 0.03, height), (0.07, 0.07, 0.03, 0.24), TINT, GLASS
    )
    mesh.frustum(
        (-half * 0.92, back, height - 0.10),
        (half * 0.92, front - 0.24, height + 0.08),
        (0.1, 0.1, 0.05, 0.12),
        colour,
        PAINT,
    )
    mesh.box((-half * 0.94, front - 0.06, waist - 0.16), (half * 0.94, front + 0.012, waist + 0.03), BLACK)
    mesh.box((-half * 0.6, front - 0.1, 0.70), (half * 0.6, front + 0.014, 0.98), BLACK)
    mesh.box((-half * 0.58, front - 0.1, 0.83), (half * 0.58, front + 0.025, 0.87), (0.4, 0.4, 0.4))
    mesh.box((-half, front - 0.12, 0.34), (half, front + 0.06, 0.60), colour if colour[0] > 0.5 else (0.30, 0.30, 0.30))
    mesh.box((-half * 0.5, front, 0.38), (half * 0.5, front + 0.07, 0.50), BLACK)
    mesh.box((-0.22, front, 0.41), (0.22, front + 0.08, 0.50), (0.30, 0.30, 0.30))
    for x in (-1.0, 1.0):
        _cab_side(mesh, x, (back, front), half, (waist, height), colour)


def _cab_side(
    mesh: Mesh, x: float, span: tuple[float, float], half: float, levels: tuple[float, float], colour: Rgb
) -> None:
    (back, front), (waist, height) = span, levels
    for foot, head in ((back + 0.12, back + 0.14), (front - 0.06, front - 0.26)):
        mesh.limb((x * half * 0.96, foot, waist), (x * half * 0.90, head, height), 0.06, colour, surface=PAINT)
    low, high = sorted((x * half * 0.64, x * half * 0.93))
    mesh.box((low, front - 0.1, 0.68), (high, front + 0.02, 0.90), BLACK)
    inner, outer = sorted((x * half * 0.67, x * half * 0.90))
    mesh.box((inner, front - 0.1, 0.71), (outer, front + 0.03, 0.87), LENS, GLASS)
    mesh.ellipsoid((x * half * 0.78, front + 0.02, 0.79), (0.085, 0.04, 0.065), (0.6, 0.6, 0.58), HEAD, n=8)
    mirror = sorted((x * (half + 0.06), x * (half + 0.24)))
    mesh.box((mirror[0], front - 0.12, waist + 0.12), (mirror[1], front - 0.05, waist + 0.52), BLACK)
    mesh.limb((x * half, front - 0.1, waist + 0.5), (x * (half + 0.15), front - 0.08, waist + 0.5), 0.02, BLACK)
    step = sorted((x * half * 0.9, x * (half + 0.02)))
    mesh.box((step[0], back + 0.1, 0.36), (step[1], back + 0.9, 0.46), BLACK)


def _chassis(mesh: Mesh, half: float, front: float, rear: float) -> None:
    mesh.box((-half * 0.55, rear + 0.1, 0.5), (half * 0.55, front - 0.3, 0.85), BLACK)
    mesh.box((-half * 0.95, rear, 0.45), (half * 0.95, rear + 0.12, 0.62), (0.15, 0.15, 0.15))
    for x in (-1.0, 1.0):
        low, high = sorted((x * half * 0.6, x * half * 0.9))
        mesh.box((low, rear - 0.01, 0.62), (high, rear + 0.05, 0.78), RED_LAMP, TAIL)
    _heavy_wheels(mesh, (front - 1.15, rear + 1.35), half, 0.40)


def box_truck(length: float, width: float, height: float, cab: Rgb, box: Rgb) -> Mesh:
    """A light truck with a closed box."""
    mesh = Mesh()
    half, front, rear = width / 2, length / 2, -length / 2
    _chassis(mesh, half, front, rear)
    _cab(mesh, front, half * 0.90, 2.05, cab)
    mesh.box((-half, rear, 0.95), (half, front - 1.72, height), box, PAINT)
    edge = tuple_scale(box, 0.55)
    for x in (-half, half):
        for y in (rear + 0.04, front - 1.76):
            mesh.box((x - 0.05, y - 0.05, 0.93), (x + 0.05, y + 0.05, height + 0.02), edge)
        mesh.box((x - 0.04, rear, height - 0.05), (x + 0.04, front - 1.72, height + 0.03), edge)
        mesh.box((x - 0.03, rear, 0.90), (x + 0.03, front - 1.72, 1.02), edge)
        y = rear + 0.8
        while y < front - 2.2:
            mesh.box((x - 0.02, y, 1.0), (x + 0.02, y + 0.05, height - 0.05), edge)
            y += 0.8
    mesh.box((-half, front - 1.75, height - 0.06), (half, front - 1.70, height + 0.03), edge)
    mesh.box((-0.02, rear - 0.03, 1.0), (0.02, rear, height - 0.05), edge)
    return mesh


def dump_truck(length: float, width: float, height: float, cab: Rgb, bed: Rgb) -> Mesh:
    """A light truck with an open, ribbed bed and a load of sand."""
    mesh = Mesh()
    half, front, rear = width / 2, length / 2, -length / 2
    top = height - 0.45
    _chassis(mesh, half, front, rear)
    _cab(mesh, front, half * 0.90, 2.05, cab)
    mesh.box((-half, rear, 0.95), (half, front - 1.8, top), bed, PAINT)
    mesh.box((-half, front - 1.85, 0.95), (half, front - 1.75, height), bed, PAINT)
    y = rear + 0.3
    while y < front - 2.0:
        mesh.box((-half - 0.05, y, 0.95), (half + 0.05, y + 0.1, top), tuple_scale(bed, 0.8), PAINT)
        y += 0.75
    mesh.frustum(
        (-half * 0.9, rear + 0.1, top), (half * 0.9, front - 2.0, top + 0.25), (0.5, 0.5, 0.8, 0.8), (0.25, 0.19, 0.12)
    )
    return mesh


def tuple_scale(colour: Rgb, factor: float) -> Rgb:
    """A colour made darker or lighter."""
    return colour[0] * factor, colour[1] * factor, colour[2] * factor
