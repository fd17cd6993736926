"""Motorcycles, bicycles and bajaj with those who ride them, as meshes."""

import itertools
import math

from simpang_twin.mesh import GLASS, HEAD, MATTE, PAINT, TAIL, Mesh, Point, Rgb
from simpang_twin.people import Clothes, Posture, person

__all__ = ["Clothes", "bajaj", "bebek", "bicycle", "scooter"]

_BLACK: Rgb = (0.022, 0.022, 0.025)
_TYRE: Rgb = (0.016, 0.016, 0.017)
_STEEL: Rgb = (0.36, 0.36, 0.37)
_AMBER: Rgb = (0.70, 0.26, 0.02)
_LENS: Rgb = (0.8, 0.78, 0.7)
_RED: Rgb = (0.35, 0.015, 0.015)


def scooter(paint: Rgb, rider: Clothes, passenger: Clothes | None = None) -> Mesh:
    """An automatic scooter: broad front apron, flat floor, fat tail; with a rider and perhaps a passenger."""
    mesh = Mesh()
    _wheel(mesh, 0.66, 0.27, 0.115, paint)
    _wheel(mesh, -0.64, 0.27, 0.125, _BLACK)
    _fork(mesh, 0.66, 0.27, 0.46)
    apron = [(0.36, 0.12, 0.40, 0.44, 0.48), (0.52, 0.19, 0.42, 0.50, 0.58), (0.74, 0.235, 0.44, 0.54, 0.66),
             (0.90, 0.21, 0.42, 0.50, 0.63), (0.99, 0.14, 0.40, 0.45, 0.55)]  # fmt: skip
    mesh.loft([_flat(*ring) for ring in apron], paint, PAINT)
    panel = [(0.40, 0.05, 0.42, 0.47, 0.52), (0.60, 0.085, 0.44, 0.55, 0.635), (0.72, 0.10, 0.44, 0.58, 0.672)]
    mesh.loft([_flat(*ring) for ring in panel], _BLACK, MATTE)
    mesh.box((-0.20, -0.15, 0.26), (0.20, 0.43, 0.33), _BLACK)
    _tail(mesh, paint, 0.19, 0.30)
    mesh.box((-0.22, -0.80, 0.28), (-0.10, -0.20, 0.44), _BLACK)
    mesh.limb((0.15, -0.30, 0.32), (0.17, -0.92, 0.42), 0.06, _BLACK, 0.065)
    _handlebar(mesh, paint, 1.03)
    _front_lamps(mesh, 0.655, 0.82, 0.115)
    _ride(mesh, rider, -0.14, (0.20, 0.33), hands=True)
    if passenger:
        _ride(mesh, passenger, -0.56, (-0.20, 0.34), hands=False)
    return mesh


def bebek(paint: Rgb, rider: Clothes) -> Mesh:
    """An underbone motorcycle: slim body, larger wheels, leg shields at the sides."""
    mesh = Mesh()
    _wheel(mesh, 0.67, 0.30, 0.095, paint)
    _wheel(mesh, -0.66, 0.30, 0.105, _BLACK)
    _fork(mesh, 0.67, 0.30, 0.46)
    mesh.limb((0, 0.42, 0.88), (0, -0.05, 0.48), 0.095, paint, surface=PAINT)
    for x in (-1.0, 1.0):
        low, high = sorted((x * 0.10, x * 0.235))
        mesh.frustum((low, 0.26, 0.36), (high, 0.44, 0.84), (0.02, 0.02, 0.08, 0.02), paint, PAINT)
    mesh.box((-0.13, -0.22, 0.26), (0.13, 0.20, 0.50), _STEEL)
    _tail(mesh, paint, 0.15, 0.44)
    mesh.limb((0.16, -0.05, 0.30), (0.18, -0.92, 0.40), 0.045, _STEEL, 0.06)
    _handlebar(mesh, paint, 1.03)
    _front_lamps(mesh, 0.585, 0.98, 0.105)
    _ride(mesh, rider, -0.16, (0.06, 0.34), hands=True)
    return mesh


def bicycle(paint: Rgb, rider: Clothes, share: float) -> Mesh:
    """A city bicycle with its rider, the cranks at a share (0 to 1) of their turn."""
    mesh = Mesh()
    for y in (0.54, -0.54):
        _hoop(mesh, y, 0.34)
    hub, seat, head, crank = (0, -0.54, 0.34), (0, -0.20, 0.86), (0, 0.36, 0.84), (0.0, -0.10, 0.30)
    for a, b in ((seat, crank), (head, crank), (head, seat), (seat, hub), (crank, hub), (head, (0, 0.54, 0.34))):
        mesh.limb(a, b, 0.022, paint, surface=PAINT)
    mesh.limb(head, (0, 0.34, 1.02), 0.018, _STEEL)
    mesh.limb((-0.28, 0.26, 1.04), (0.28, 0.26, 1.04), 0.018, _BLACK)
    mesh.ellipsoid((0, -0.22, 0.92), (0.08, 0.14, 0.04), _BLACK, n=8)
    mesh.frustum((-0.15, 0.42, 0.80), (0.15, 0.66, 1.00), (-0.02, -0.02, 0, 0), (0.06, 0.06, 0.06))
    turn = 2 * math.pi * share
    feet = [_pedal(crank, x, turn + (math.pi if x > 0 else 0.0)) for x in (-1.0, 1.0)]
    knees = [(x * 0.13, 0.16 + 0.5 * (f[1] - crank[1]) * 0.6, 0.62 + 0.45 * (f[2] - 0.30)) for x, f in
             zip((-1.0, 1.0), feet, strict=True)]  # fmt: skip
    grips, elbows = ((-0.27, 0.26, 1.06), (0.27, 0.26, 1.06)), ((-0.28, 0.08, 1.17), (0.28, 0.08, 1.17))
    hip, shoulder = (0.0, -0.20, 0.98), (0.0, 0.02, 1.40)
    posture = Posture(hip, shoulder, grips, (feet[0], feet[1]), (knees[0], knees[1]), elbows)
    person(mesh, rider, posture, helmet=False)
    return mesh


def _pedal(crank: Point, x: float, angle: float) -> Point:
    return x * 0.12, crank[1] + 0.16 * math.cos(angle), crank[2] + 0.05 - 0.16 * math.sin(angle)


def _hoop(mesh: Mesh, y: float, radius: float) -> None:
    """A thin tyre with spokes, seen through."""
    points = [(y + radius * math.cos(t * math.pi / 9), radius + radius * math.sin(t * math.pi / 9)) for t in range(19)]
    for (y0, z0), (y1, z1) in itertools.pairwise(points):
        mesh.limb((0, y0, z0), (0, y1, z1), 0.022, _TYRE)
    for t in range(0, 18, 3):
        mesh.limb((0, y, radius), (0, points[t][0], points[t][1]), 0.006, _STEEL)


def bajaj(paint: Rgb, roof: Rgb, driver: Clothes) -> Mesh:
    """A three-wheeler: round nose over one front wheel, upright windscreen, black hood, open sides."""
    mesh = Mesh()
    mesh.wheel((0, 1.02, 0.22), 0.22, 0.12)
    for x in (-0.52, 0.52):
        mesh.wheel((x, -0.80, 0.22), 0.22, 0.13)
    nose = [(0.20, 0.22, 0.72, 1.05, 1.20), (0.50, 0.42, 0.62, 1.02, 1.31), (0.86, 0.56, 0.52, 0.90, 1.24),
            (1.02, 0.58, 0.48, 0.84, 1.00)]  # fmt: skip
    mesh.loft([_flat(*ring) for ring in nose], paint, PAINT)
    mesh.frustum((-0.575, 0.52, 1.00), (0.575, 0.93, 1.62), (0.06, 0.06, 0.0, 0.26), (0.02, 0.025, 0.03), GLASS)
    for x in (-1.0, 1.0):
        mesh.limb((x * 0.56, 0.92, 1.00), (x * 0.50, 0.66, 1.62), 0.035, paint, surface=PAINT)
        mesh.limb((x * 0.57, -0.10, 0.40), (x * 0.54, -0.10, 1.62), 0.03, _BLACK)
        mesh.ellipsoid((x * 0.36, 1.16, 0.74), (0.105, 0.08, 0.105), _BLACK, PAINT)
        mesh.ellipsoid((x * 0.36, 1.20, 0.74), (0.085, 0.06, 0.085), (0.62, 0.62, 0.60), HEAD, n=8)
        mesh.ellipsoid((x * 0.46, 1.06, 0.90), (0.05, 0.04, 0.04), _AMBER, n=6)
        low, high = sorted((x * 0.40, x * 0.56))
        mesh.box((low, -1.34, 0.62), (high, -1.26, 0.80), _RED, TAIL)
    mesh.box((-0.60, -1.30, 0.26), (0.60, 0.70, 0.42), paint, PAINT)
    mesh.frustum((-0.62, -1.31, 0.40), (0.62, -0.10, 1.02), (0.03, 0.03, 0.06, 0.0), paint, PAINT)
    mesh.frustum((-0.62, -1.26, 1.00), (0.62, -0.12, 1.66), (0.06, 0.06, 0.22, 0.0), roof, MATTE)
    mesh.frustum((-0.60, -1.12, 1.62), (0.60, 0.70, 1.80), (0.14, 0.14, 0.16, 0.16), roof, MATTE)
    mesh.box((-0.30, -1.30, 1.18), (0.30, -1.12, 1.44), (0.03, 0.035, 0.04), GLASS)
    mesh.box((-0.17, 1.26, 0.52), (0.17, 1.30, 0.62), (0.32, 0.32, 0.32))
    person(mesh, driver, Posture((0, 0.10, 0.66), (0, 0.14, 1.20), ((-0.22, 0.50, 1.02), (0.22, 0.50, 1.02)),
           ((-0.18, 0.56, 0.45), (0.18, 0.56, 0.45)), ((-0.2, 0.46, 0.78), (0.2, 0.46, 0.78)),
           ((-0.30, 0.28, 0.98), (0.30, 0.28, 0.98))), helmet=False)  # fmt: skip
    return mesh


def _flat(z: float, half: float, back: float, side: float, front: float) -> list[Point]:
    """A level outline with a blunt point ahead, counter-clockwise seen from above."""
    return [(half, back, z), (half, side, z), (half * 0.42, front, z),
            (-half * 0.42, front, z), (-half, side, z), (-half, back, z)]  # fmt: skip


def _slab(y: float, half: float, z0: float, z1: float) -> list[Point]:
    c = half * 0.35
    outline = [(-half, z0 + c), (-half, z1 - c), (-half + c, z1), (half - c, z1),
               (half, z1 - c), (half, z0 + c), (half - c, z0), (-half + c, z0)]  # fmt: skip
    return [(x, y, z) for x, z in outline]


def _wheel(mesh: Mesh, y: float, radius: float, width: float, fender: Rgb) -> None:
    """A tyre with its rim, and the mudguard close over it."""
    mesh.wheel((0.0, y, radius), radius, width, hub=_STEEL)
    rings: list[list[Point]] = []
    for degrees in range(15, 166, 25):
        t = math.radians(degrees)
        section = ((0.085, 0.02), (0.085, 0.05), (-0.085, 0.05), (-0.085, 0.02))
        rings.append([(x, y + (radius + r) * math.cos(t), radius + (radius + r) * math.sin(t)) for x, r in section])
    mesh.loft(rings, fender, PAINT)


def _fork(mesh: Mesh, axle_y: float, axle_z: float, top_y: float) -> None:
    for x in (-0.098, 0.098):
        mesh.limb((x, axle_y, axle_z), (x, axle_y - 0.08, axle_z + 0.24), 0.034, _STEEL)
        mesh.limb((x, axle_y - 0.08, axle_z + 0.24), (x, top_y, 0.80), 0.028, _BLACK)


def _tail(mesh: Mesh, paint: Rgb, half: float, low: float) -> None:
    """Seat, painted tail, tail lamp, plate and rear mudguard."""
    body = [
        _slab(-0.93, half * 0.5, 0.62, 0.76),
        _slab(-0.66, half, low + 0.12, 0.79),
        _slab(-0.12, half * 0.9, low, 0.74),
    ]
    mesh.loft(body, paint, PAINT)
    mesh.loft([_slab(-0.84, 0.10, 0.75, 0.84), _slab(-0.35, 0.15, 0.74, 0.83), _slab(0.04, 0.10, 0.72, 0.79)], _BLACK)
    mesh.box((-0.11, -0.97, 0.66), (0.11, -0.88, 0.75), _RED, TAIL)
    for x in (-0.15, 0.15):
        mesh.ellipsoid((x, -0.90, 0.70), (0.035, 0.03, 0.03), _AMBER, n=6)
    mesh.frustum((-0.10, -0.97, 0.36), (0.10, -0.88, 0.66), (0.0, 0.0, 0.0, 0.0), _BLACK)
    mesh.box((-0.115, -0.99, 0.49), (0.115, -0.965, 0.60), (0.30, 0.30, 0.30))
    for x in (-0.13, 0.13):
        mesh.limb((x, -0.64, 0.30), (x, -0.50, 0.66), 0.03, _STEEL)


def _handlebar(mesh: Mesh, paint: Rgb, z: float) -> None:
    mesh.limb((-0.35, 0.33, z), (0.35, 0.33, z), 0.024, _BLACK)
    cowl = [(z - 0.06, 0.15, 0.30, 0.38, 0.53), (z + 0.03, 0.16, 0.30, 0.37, 0.50), (z + 0.10, 0.09, 0.30, 0.33, 0.40)]
    mesh.loft([_flat(*ring) for ring in cowl], paint, PAINT)
    mesh.loft([_flat(z + 0.06, 0.10, 0.33, 0.40, 0.475), _flat(z + 0.17, 0.06, 0.32, 0.35, 0.39)], _BLACK, GLASS)
    for x in (-1.0, 1.0):
        mesh.limb((x * 0.23, 0.34, z), (x * 0.30, 0.33, z + 0.18), 0.014, _BLACK)
        mesh.ellipsoid((x * 0.31, 0.33, z + 0.23), (0.072, 0.022, 0.052), _BLACK, PAINT, n=8)
        mesh.limb((x * 0.24, 0.33, z), (x * 0.36, 0.32, z), 0.034, _BLACK)


def _front_lamps(mesh: Mesh, y: float, z: float, half: float) -> None:
    mesh.ellipsoid((0, y - 0.03, z), (half + 0.025, 0.05, 0.085), _BLACK, PAINT)
    mesh.ellipsoid((0, y, z), (half, 0.045, 0.060), _LENS, HEAD)
    for x in (-1.0, 1.0):
        mesh.ellipsoid((x * (half + 0.055), y - 0.06, z - 0.01), (0.045, 0.04, 0.03), _AMBER, n=6)
    mesh.box((-0.115, y - 0.01, z - 0.20), (0.115, y + 0.012, z - 0.11), (0.32, 0.32, 0.32))


def _ride(mesh: Mesh, c: Clothes, seat_y: float, foot: tuple[float, float], hands: bool) -> None:
    """A rider (hands on the grips) or a passenger (hands on the rider) astride the seat."""
    y, z = foot
    knee_y = seat_y + 0.40
    knees: tuple[Point, Point] = ((-0.235, knee_y, 0.70), (0.235, knee_y, 0.70))
    feet: tuple[Point, Point] = ((-0.215, y, z), (0.215, y, z))
    if hands:
        grips: tuple[Point, Point] = ((-0.32, 0.31, 1.04), (0.32, 0.31, 1.04))
        elbows: tuple[Point, Point] = ((-0.345, seat_y + 0.22, 1.08), (0.345, seat_y + 0.22, 1.08))
    else:
        grips = ((-0.17, seat_y + 0.30, 1.00), (0.17, seat_y + 0.30, 1.00))
        elbows = ((-0.29, seat_y + 0.08, 1.05), (0.29, seat_y + 0.08, 1.05))
    lean = 0.10 if hands else 0.05
    posture = Posture((0, seat_y, 0.84), (0, seat_y + lean, 1.35), grips, feet, knees, elbows)
    person(mesh, c, posture, helmet=True)
