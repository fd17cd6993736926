"""Buses and trucks as meshes."""

import numpy as np

from simpang_twin.cars import BLACK, F64, LENS, RED_LAMP, TINT
from simpang_twin.mesh import GLASS, HEAD, LAMP, MATTE, PAINT, STEEL, TAIL, Mesh, Rgb, body_ring


def bus(length: float, width: float, height: float, colour: Rgb, band: Rgb) -> Mesh:
    """A bus: rounded shell, curved front with a large windscreen and a destination board, window bands, roof unit."""
    mesh = Mesh()
    half, front, rear = width / 2, length / 2, -length / 2
    _bus_shell(mesh, (length, width, height), colour, band)
    _bus_face(mesh, (half, front, height), colour, band)
    _bus_back(mesh, (half, rear, height), colour, band)
    _bus_roof(mesh, (length, half, height), colour)
    _bus_front(mesh, half, front, height)
    _bus_rear(mesh, half, rear, height)
    _bus_doors(mesh, half, front, height)
    _bus_wheels(mesh, (front - length * 0.19, rear + length * 0.24), half, 0.46)
    return mesh


# Heights of a bus's strips as shares of its height: skirt, body, belt, windows, cant rail, roof.
_LEVELS = np.array([0.10, 0.135, 0.25, 0.37, 0.415, 0.50, 0.76, 0.80, 0.87, 0.945, 0.985, 1.0])
_SIDE = np.array([0.97, 1.0, 1.0, 1.0, 1.0, 0.99, 0.975, 0.97, 0.955, 0.90, 0.74, 0.0])


def _bus_shell(mesh: Mesh, size: tuple[float, float, float], colour: Rgb, band: Rgb) -> None:
    length, width, height = size
    posts = np.arange(0.10, 0.93, 1.30 / length)
    share = np.unique(np.concatenate([np.linspace(0.0, 1.0, 9), posts - 0.006, posts + 0.006, NOSE_SHARE]))
    plan = np.interp(share, NOSE_SHARE, NOSE_WIDTH) * width / 2
    top = height - np.interp(share, NOSE_SHARE, NOSE_DROP)
    x = plan[:, None] * _SIDE
    y = np.broadcast_to(((share - 0.5) * length)[:, None], x.shape)
    right = np.stack([x, y, top[:, None] * _LEVELS], axis=2)
    paint = _bus_paint(share, posts, colour, band)
    mesh.surface(right[:, ::-1], paint[:, ::-1])
    mesh.surface(right * (-1, 1, 1), paint)


NOSE_SHARE = np.array([0.0, 0.006, 0.02, 0.04, 0.965, 0.985, 0.995])
NOSE_WIDTH = np.array([0.94, 0.97, 0.99, 1.0, 1.0, 0.985, 0.955])
NOSE_DROP = np.array([0.10, 0.05, 0.02, 0.0, 0.0, 0.02, 0.05])


def _bus_paint(share: F64, posts: F64, colour: Rgb, band: Rgb) -> F64:
    """Paint of the side's cells: dark skirt, livery band that rises toward the rear, windows between posts."""
    middle = (share[:-1] + share[1:]) / 2
    paint = np.empty((len(middle), len(_LEVELS) - 1, 4))
    paint[:] = (*colour, PAINT)
    paint[:, 0] = (*tuple_scale(colour, 0.30), PAINT)
    paint[:, 2] = (*band, PAINT)
    paint[middle < 0.34, 3] = (*band, PAINT)
    paint[middle < 0.16, 4] = (*band, PAINT)
    paint[:, 3][(middle > 0.34) & (middle < 0.92)] = (*tuple_scale(colour, 0.75), PAINT)
    window = (middle > 0.045) & (middle < 0.975)
    paint[window, 5] = (*TINT, GLASS)
    paint[window, 6] = (0.04, 0.045, 0.05, GLASS)
    paint[window, 4] = (0.03, 0.03, 0.032, PAINT)
    post = np.any([np.abs(middle - p) < 0.006 for p in posts], axis=0)
    paint[post & window, 5:7] = (0.10, 0.10, 0.105, PAINT)
    return paint


def _face(mesh: Mesh, place: tuple[float, float, float], bulge: float, columns: F64, levels: F64, paint: F64) -> None:
    """A front (bulge > 0) or rear face, curved over its width and leaning back at the top; paint (levels − 1,
    columns − 1, 4)."""
    half, y, height = place
    across = np.interp(levels, _LEVELS, _SIDE * 0.955)[:, None] * columns * half
    lean = np.interp(levels, [0.0, 0.45, 0.90, 1.0], [0.0, 0.0, 0.14, 0.34])[:, None]
    depth = y - bulge * (np.abs(columns) ** 3 * 0.9 + lean)
    up = np.broadcast_to((levels * (height - 0.05))[:, None], across.shape)
    grid = np.stack([across, depth, up], axis=2)
    mesh.surface(grid if bulge < 0 else grid[:, ::-1], paint if bulge < 0 else paint[:, ::-1])


_COLUMNS = np.array([-1.0, -0.93, -0.86, -0.45, -0.015, 0.015, 0.45, 0.86, 0.93, 1.0])


def _bus_face(mesh: Mesh, place: tuple[float, float, float], colour: Rgb, band: Rgb) -> None:
    """The front: bumper, grille band, split windscreen in a black frame, destination board above it."""
    levels = np.array([0.10, 0.19, 0.21, 0.31, 0.345, 0.37, 0.72, 0.745, 0.86, 0.90, 0.955, 0.985])
    paint = np.empty((len(levels) - 1, len(_COLUMNS) - 1, 4))
    paint[:] = (*colour, PAINT)
    paint[0] = (*tuple_scale(colour, 0.55), PAINT)
    paint[1] = (*BLACK, MATTE)
    paint[3] = (*band, PAINT)
    paint[4:9, 1:8] = (*BLACK, PAINT)
    paint[5:9, [0, 8]] = (*BLACK, PAINT)
    paint[5, 2:7] = (*TINT, GLASS)
    paint[5, 4] = (*BLACK, PAINT)
    paint[7, 2:7] = (0.012, 0.012, 0.013, GLASS)
    _face(mesh, place, 0.22, _COLUMNS, levels, paint)


def _bus_back(mesh: Mesh, place: tuple[float, float, float], colour: Rgb, band: Rgb) -> None:
    """The rear: bumper, engine lid with its grille, band, wide window."""
    levels = np.array([0.10, 0.18, 0.20, 0.33, 0.45, 0.54, 0.80, 0.83, 0.94, 0.985])
    paint = np.empty((len(levels) - 1, len(_COLUMNS) - 1, 4))
    paint[:] = (*colour, PAINT)
    paint[0] = (*tuple_scale(colour, 0.5), PAINT)
    paint[1] = (*BLACK, MATTE)
    paint[2, 3:6] = (0.03, 0.03, 0.03, MATTE)
    paint[3] = (*band, PAINT)
    paint[5, 1:8] = (*BLACK, PAINT)
    paint[5, 2:7] = (*TINT, GLASS)
    _face(mesh, place, -0.14, _COLUMNS, levels, paint)


def _bus_roof(mesh: Mesh, size: tuple[float, float, float], colour: Rgb) -> None:
    """Air conditioner, hatches and seams on the roof."""
    length, half, height = size
    pale = tuple_scale(colour, 0.85)
    mesh.frustum((-half * 0.62, -length * 0.20, height - 0.03), (half * 0.62, length * 0.06, height + 0.17),
                 (0.12, 0.12, 0.3, 0.3), pale, PAINT)  # fmt: skip
    for x in (-0.32, 0.32):
        mesh.box(
            (half * x - 0.2, -length * 0.14, height + 0.16), (half * x + 0.2, -length * 0.02, height + 0.18), BLACK
        )
    for y in (-0.34, 0.24):
        mesh.box((-0.35, length * y - 0.35, height - 0.01), (0.35, length * y + 0.35, height + 0.04), pale, PAINT)


def _bus_front(mesh: Mesh, half: float, y: float, height: float) -> None:
    """Board, people behind the glass, wipers, lamps, mirrors on long arms, plate."""
    board = y - 0.14
    mesh.box((-half * 0.60, board, height * 0.755), (half * 0.60, board + 0.14, height * 0.825), (0.010, 0.010, 0.010))
    for i, x in enumerate(np.linspace(-0.50, 0.42, 9)):  # the letters of the destination
        if i != 3:
            mesh.box((half * x, board, height * 0.77), (half * (x + 0.07), board + 0.15, height * 0.81),
                     (0.60, 0.30, 0.03), LAMP)  # fmt: skip
    for x in (-0.45, 0.48):
        mesh.ellipsoid((half * x, y - 0.05, height * 0.50), (0.20, 0.06, 0.24), (0.10, 0.10, 0.11), n=8)
        mesh.ellipsoid((half * x, y - 0.04, height * 0.61), (0.10, 0.06, 0.12), (0.22, 0.14, 0.09), n=8)
        mesh.limb((x * half, y + 0.01, height * 0.385), (x * half * 0.2, y + 0.0, height * 0.52), 0.022, BLACK)
    for x in (-1.0, 1.0):
        mesh.ellipsoid((x * half * 0.70, y - 0.10, height * 0.255), (0.27, 0.13, 0.13), BLACK, PAINT)
        mesh.ellipsoid((x * half * 0.64, y - 0.05, height * 0.255), (0.13, 0.10, 0.10), LENS, GLASS)
        mesh.ellipsoid((x * half * 0.79, y - 0.10, height * 0.26), (0.10, 0.11, 0.08), (0.6, 0.6, 0.58), HEAD, n=8)
        mesh.ellipsoid((x * half * 0.66, y - 0.06, height * 0.155), (0.07, 0.06, 0.05), LENS, GLASS, n=8)
        mesh.limb((x * half * 0.90, y - 0.25, height * 0.90), (x * (half + 0.12), y + 0.10, height * 0.80), 0.04, BLACK)
        mirror = sorted((x * (half - 0.02), x * (half + 0.22)))
        mesh.box((mirror[0], y + 0.02, height * 0.60), (mirror[1], y + 0.12, height * 0.80), BLACK, PAINT)
    mesh.box((-half * 0.42, y - 0.1, height * 0.225), (half * 0.42, y + 0.012, height * 0.285), BLACK)
    mesh.box((-half * 0.40, y - 0.1, height * 0.25), (half * 0.40, y + 0.02, height * 0.26), (0.4, 0.4, 0.4))
    mesh.box((-0.27, y, 0.42), (0.27, y + 0.03, 0.54), (0.55, 0.40, 0.03))


def _bus_rear(mesh: Mesh, half: float, y: float, height: float) -> None:
    for x in (-1.0, 1.0):
        for low, high, colour, surface in (
            (0.255, 0.33, RED_LAMP, TAIL), (0.335, 0.375, (0.60, 0.20, 0.02), PAINT), (0.86, 0.885, RED_LAMP, TAIL)
        ):  # fmt: skip
            side = sorted((x * half * 0.70, x * half * 0.88))
            mesh.box((side[0], y - 0.01, height * low), (side[1], y + 0.2, height * high), colour, surface)
    mesh.box((-0.27, y - 0.02, height * 0.215), (0.27, y + 0.1, height * 0.25), (0.55, 0.40, 0.03))
    for z in (0.34, 0.37, 0.40):
        mesh.box((-half * 0.45, y - 0.012, height * z), (half * 0.45, y + 0.1, height * (z + 0.012)), BLACK)


def _bus_doors(mesh: Mesh, half: float, front: float, height: float) -> None:
    """The passengers' doors on the left: dark glass in a frame; the driver's window line on the right."""
    top = height * 0.82
    for y in (front - 1.30, front - 5.4) if front > 4.5 else (front - 2.6,):
        mesh.box((-half - 0.012, y - 0.55, 0.36), (-half + 0.05, y + 0.55, top), (0.12, 0.12, 0.125), PAINT)
        for part in (-0.27, 0.27):
            mesh.box((-half - 0.022, y + part - 0.22, 0.48), (-half, y + part + 0.22, top - 0.12), TINT, GLASS)
    mesh.box((half - 0.05, front - 1.7, 0.36), (half + 0.008, front - 1.68, height * 0.5), BLACK)


def _bus_wheels(mesh: Mesh, axles: tuple[float, ...], half: float, radius: float) -> None:
    """Wheels in dark, round arches."""
    for y in axles:
        for x in (-1.0, 1.0):
            mesh.disc((x * (half - 0.16), y, radius * 1.17), radius * 1.16, 0.345, BLACK)
            mesh.wheel((x * (half - 0.16), y, radius), radius, 0.36, STEEL)


def _heavy_wheels(mesh: Mesh, axles: tuple[float, ...], half: float, radius: float) -> None:
    for y in axles:
        for x in (-1.0, 1.0):
            at = x * (half - 0.16)
            mesh.box((at - 0.18, y - radius * 1.2, 0.3), (at + 0.18, y + radius * 1.2, radius * 2.15), BLACK)
            mesh.wheel((at, y, radius), radius, 0.38, STEEL)


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
