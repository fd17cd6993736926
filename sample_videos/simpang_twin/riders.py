"""Motorcycles, bicycles and bajaj with those who ride them, as meshes."""

import itertools
import math
from dataclasses import dataclass

import numpy as np

from simpang_twin.mesh import GLASS, HEAD, MATTE, PAINT, SLIM, TAIL, Mesh, Point, Rgb
from simpang_twin.people import Clothes, Posture, person

__all__ = ["Bike", "Clothes", "bajaj", "bebek", "bicycle", "scooter"]

_BLACK: Rgb = (0.022, 0.022, 0.025)
_TYRE: Rgb = (0.016, 0.016, 0.017)
_STEEL: Rgb = (0.36, 0.36, 0.37)
_AMBER: Rgb = (0.70, 0.26, 0.02)
_LENS: Rgb = (0.8, 0.78, 0.7)
_RED: Rgb = (0.35, 0.015, 0.015)
_ENGINE: Rgb = (0.10, 0.10, 0.105)
BICYCLE_WHEEL_M = 0.34
_SEAT: Rgb = (0.020, 0.019, 0.018)


@dataclass(frozen=True)
class Bike:
    """Colours of one motorcycle: bodywork, front mudguard, number plate, and the carrier's box where it has one."""

    paint: Rgb
    fender: Rgb
    plate: Rgb
    box: Rgb | None = None


def scooter(look: Bike, rider: Clothes, passenger: Clothes | None = None) -> Mesh:
    """An automatic scooter: broad front apron, flat floor, fat tail; with a rider and perhaps a passenger."""
    mesh = Mesh()
    _wheel(mesh, 0.64, 0.29, 0.135, look.fender)
    _wheel(mesh, -0.64, 0.29, 0.155, _BLACK)
    _fork(mesh, 0.64, 0.29, 0.46)
    apron = [(0.33, 0.13, 0.36, 0.41, 0.46), (0.47, 0.21, 0.40, 0.48, 0.55), (0.66, 0.27, 0.42, 0.52, 0.64),
             (0.84, 0.255, 0.40, 0.49, 0.63), (0.95, 0.17, 0.38, 0.44, 0.55)]  # fmt: skip
    mesh.loft([_flat(*ring) for ring in apron], look.paint, PAINT)
    beak = [(0.44, 0.07, 0.40, 0.50, 0.545), (0.58, 0.11, 0.44, 0.56, 0.635), (0.70, 0.13, 0.44, 0.59, 0.665)]
    mesh.loft([_flat(*ring) for ring in beak], _BLACK, PAINT)
    mesh.box((-0.22, 0.34, 0.40), (0.22, 0.41, 0.90), _BLACK)
    mesh.hull([(-0.20, 0.22, 0.24, 0.34), (0.20, 0.235, 0.24, 0.33), (0.44, 0.16, 0.26, 0.40)], look.paint, PAINT)
    mesh.box((-0.19, -0.15, 0.33), (0.19, 0.40, 0.345), _BLACK)
    _tail(mesh, look.paint, 0.195, 0.34)
    mesh.limb((-0.15, -0.18, 0.29), (-0.15, -0.66, 0.28), 0.085, _ENGINE, 0.075)
    _exhaust(mesh, (-0.26, 0.30), 0.068)
    _handlebar(mesh, look.paint, 1.02)
    _front_lamps(mesh, 0.665, 0.79, 0.15)
    _front_plate(mesh, 0.66, 0.60, look.plate)
    _rear_plate(mesh, look.plate)
    _ride(mesh, rider, -0.14, (0.20, 0.36), hands=True)
    if passenger:
        _ride(mesh, passenger, -0.55, (-0.22, 0.34), hands=False)
    elif look.box is not None:
        _delivery_box(mesh, look.box)
    return mesh


def bebek(look: Bike, rider: Clothes) -> Mesh:
    """An underbone motorcycle: slim body, larger wheels, leg shields at the sides."""
    mesh = Mesh()
    _wheel(mesh, 0.66, 0.31, 0.12, look.fender)
    _wheel(mesh, -0.66, 0.31, 0.135, _BLACK)
    _fork(mesh, 0.66, 0.31, 0.46)
    mesh.hull([(-0.25, 0.10, 0.42, 0.66), (0.10, 0.11, 0.42, 0.66), (0.42, 0.12, 0.62, 0.98)], look.paint, PAINT)
    for x in (-1.0, 1.0):
        low, high = sorted((x * 0.12, x * 0.27))
        mesh.frustum((low, 0.30, 0.34), (high, 0.46, 0.84), (0.03, 0.03, 0.08, 0.02), look.paint, PAINT)
        mesh.limb((x * 0.10, 0.0, 0.28), (x * 0.27, 0.0, 0.29), 0.025, _BLACK)
    mesh.hull([(-0.20, 0.13, 0.24, 0.46), (0.05, 0.15, 0.22, 0.48), (0.24, 0.11, 0.30, 0.46)], _ENGINE)
    for z in (0.30, 0.35, 0.40):
        mesh.box((-0.155, 0.02, z), (0.155, 0.22, z + 0.015), _STEEL)
    _tail(mesh, look.paint, 0.16, 0.46)
    for x in (-0.14, 0.14):
        mesh.limb((x, -0.64, 0.30), (x, -0.48, 0.66), 0.034, _STEEL)
    mesh.limb((0.16, -0.05, 0.27), (0.17, -0.40, 0.28), 0.03, _STEEL)
    _exhaust(mesh, (-0.38, 0.28), 0.060)
    _handlebar(mesh, look.paint, 1.02)
    _front_lamps(mesh, 0.575, 0.99, 0.125)
    _front_plate(mesh, 0.57, 0.84, look.plate)
    _rear_plate(mesh, look.plate)
    _ride(mesh, rider, -0.16, (0.02, 0.33), hands=True)
    return mesh


def bicycle(paint: Rgb, rider: Clothes, share: float) -> Mesh:
    """A city bicycle with its rider, the cranks at a share (0 to 1) of their turn, in which the wheels turn twice."""
    mesh = Mesh()
    for y in (0.54, -0.54):
        _hoop(mesh, y, BICYCLE_WHEEL_M, 4 * math.pi * share)
    hub, seat, head, crank = (0, -0.54, 0.34), (0, -0.20, 0.86), (0, 0.36, 0.84), (0.0, -0.10, 0.30)
    for a, b in ((seat, crank), (head, crank), (head, seat), (seat, hub), (crank, hub), (head, (0, 0.54, 0.34))):
        mesh.limb(a, b, 0.028, paint, surface=PAINT)
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


def _hoop(mesh: Mesh, y: float, radius: float, turned: float) -> None:
    """A thin tyre with spokes that has rolled forward by an angle (radians), seen through."""
    points = [(y + radius * math.cos(t * math.pi / 9), radius + radius * math.sin(t * math.pi / 9)) for t in range(19)]
    for (y0, z0), (y1, z1) in itertools.pairwise(points):
        mesh.limb((0, y0, z0), (0, y1, z1), 0.026, _TYRE)
    for t in range(0, 18, 3):
        angle = t * math.pi / 9 - turned
        tip = (0.0, y + radius * math.cos(angle), radius + radius * math.sin(angle))
        mesh.limb((0, y, radius), tip, 0.009, _STEEL)
    for x in (-1.0, 1.0):
        rim = [(x * r, y + (radius - d) * math.cos(t * math.pi / 9), radius + (radius - d) * math.sin(t * math.pi / 9))
               for t in range(19) for r, d in ((0.022, 0.02), (0.016, 0.055))]  # fmt: skip
        grid = np.array(rim).reshape(19, 2, 3)
        mesh.surface(grid, np.broadcast_to((*_STEEL, PAINT), (18, 1, 4)))


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


def _wheel(mesh: Mesh, y: float, radius: float, width: float, fender: Rgb) -> None:
    """A tyre with its rim and brake disc, and the mudguard close over it."""
    mesh.wheel((0.0, y, radius), radius, width, SLIM)
    mesh.disc((0.0, y, radius), 0.085, width + 0.05, _STEEL)
    rings: list[list[Point]] = []
    for degrees in range(35, 166, 26):
        t = math.radians(degrees)
        section = ((0.08, 0.0), (0.06, 0.045), (-0.06, 0.045), (-0.08, 0.0))
        rings.append([(x, y + (radius + r) * math.cos(t), radius + (radius + r) * math.sin(t)) for x, r in section])
    mesh.loft(rings, fender, PAINT)


def _fork(mesh: Mesh, axle_y: float, axle_z: float, top_y: float) -> None:
    for x in (-0.10, 0.10):
        mesh.limb((x, axle_y, axle_z), (x, axle_y - 0.08, axle_z + 0.24), 0.034, _STEEL)
        mesh.limb((x, axle_y - 0.08, axle_z + 0.24), (x, top_y, 0.80), 0.03, _STEEL)


def _exhaust(mesh: Mesh, start: tuple[float, float], radius: float) -> None:
    """The silencer low on the right side with its bright heat shield."""
    y, z = start
    mesh.limb((0.17, y, z), (0.19, -0.90, 0.42), radius, _BLACK, radius * 1.1)
    mesh.limb((0.205, y - 0.12, z + 0.05), (0.215, -0.74, 0.42), radius * 0.75, _STEEL, surface=PAINT)


def _tail(mesh: Mesh, paint: Rgb, half: float, low: float) -> None:
    """Seat, painted tail, grab rail, tail lamp and rear mudguard."""
    mesh.hull([(-0.92, half * 0.45, 0.64, 0.76), (-0.70, half * 0.95, low + 0.16, 0.79),
               (-0.30, half, low, 0.77), (-0.04, half * 0.8, low, 0.73)], paint, PAINT)  # fmt: skip
    mesh.hull([(-0.86, 0.08, 0.76, 0.83), (-0.62, 0.14, 0.76, 0.86), (-0.34, 0.155, 0.74, 0.83),
               (-0.12, 0.14, 0.72, 0.79), (0.06, 0.07, 0.70, 0.76)], _SEAT)  # fmt: skip
    for x in (-1.0, 1.0):
        mesh.limb((x * 0.16, -0.60, 0.80), (x * 0.12, -0.92, 0.84), 0.018, _STEEL)
        mesh.ellipsoid((x * 0.15, -0.91, 0.70), (0.04, 0.03, 0.03), _AMBER, n=6)
    mesh.limb((-0.12, -0.92, 0.84), (0.12, -0.92, 0.84), 0.018, _STEEL)
    mesh.box((-0.16, -0.965, 0.67), (0.16, -0.86, 0.76), _RED, TAIL)
    mesh.box((-0.06, -0.97, 0.69), (0.06, -0.86, 0.74), (0.55, 0.03, 0.03), TAIL)
    mesh.frustum((-0.13, -0.96, 0.40), (0.13, -0.86, 0.67), (0.0, 0.0, 0.0, 0.0), _BLACK)


def _front_plate(mesh: Mesh, y: float, z: float, colour: Rgb) -> None:
    mesh.box((-0.13, y, z - 0.05), (0.13, y + 0.015, z + 0.05), colour)
    mesh.box((-0.10, y, z - 0.015), (0.10, y + 0.018, z + 0.02), _other(colour))


def _rear_plate(mesh: Mesh, colour: Rgb) -> None:
    mesh.box((-0.13, -0.985, 0.48), (0.13, -0.955, 0.60), colour)
    mesh.box((-0.10, -0.988, 0.53), (0.10, -0.955, 0.565), _other(colour))


def _other(colour: Rgb) -> Rgb:
    """The colour of the plate's figures: what stands out against it."""
    return (0.02, 0.02, 0.02) if colour[0] > 0.2 else (0.45, 0.45, 0.45)


def _handlebar(mesh: Mesh, paint: Rgb, z: float) -> None:
    mesh.limb((-0.36, 0.33, z), (0.36, 0.33, z), 0.024, _BLACK)
    cowl = [(z - 0.07, 0.16, 0.30, 0.38, 0.53), (z + 0.03, 0.18, 0.30, 0.37, 0.50), (z + 0.09, 0.10, 0.30, 0.33, 0.41)]
    mesh.loft([_flat(*ring) for ring in cowl], paint, PAINT)
    mesh.loft([_flat(z + 0.06, 0.10, 0.33, 0.40, 0.475), _flat(z + 0.17, 0.06, 0.32, 0.35, 0.39)], _BLACK, GLASS)
    for x in (-1.0, 1.0):
        mesh.limb((x * 0.25, 0.34, z), (x * 0.33, 0.33, z + 0.19), 0.014, _BLACK)
        mesh.ellipsoid((x * 0.345, 0.34, z + 0.23), (0.078, 0.028, 0.055), _BLACK, PAINT, n=8)
        mesh.ellipsoid((x * 0.345, 0.325, z + 0.23), (0.066, 0.018, 0.045), (0.30, 0.34, 0.40), GLASS, n=8)
        mesh.limb((x * 0.25, 0.33, z), (x * 0.38, 0.32, z), 0.034, _BLACK)
        mesh.limb((x * 0.20, 0.37, z), (x * 0.35, 0.39, z - 0.02), 0.012, _STEEL)


def _front_lamps(mesh: Mesh, y: float, z: float, half: float) -> None:
    """Head lamp in its dark frame, with a bright bar under it and the turn signals beside it."""
    mesh.ellipsoid((0, y - 0.035, z), (half + 0.03, 0.05, 0.090), _BLACK, PAINT)
    mesh.ellipsoid((0, y - 0.01, z), (half, 0.045, 0.062), (0.30, 0.31, 0.33), GLASS)
    mesh.ellipsoid((0, y + 0.005, z + 0.005), (half * 0.62, 0.04, 0.042), _LENS, HEAD)
    for x in (-1.0, 1.0):
        mesh.ellipsoid((x * (half + 0.045), y - 0.07, z + 0.02), (0.05, 0.04, 0.032), _AMBER, n=6)


def _delivery_box(mesh: Mesh, colour: Rgb) -> None:
    """A carrier's box on the rear seat with a pale stripe around it."""
    mesh.box((-0.22, -0.90, 0.86), (0.22, -0.46, 1.26), colour)
    mesh.box((-0.225, -0.905, 1.08), (0.225, -0.455, 1.14), (0.55, 0.55, 0.53))
    mesh.box((-0.225, -0.905, 1.24), (0.225, -0.455, 1.28), _BLACK)


def _ride(mesh: Mesh, c: Clothes, seat_y: float, foot: tuple[float, float], hands: bool) -> None:
    """A rider (hands on the grips) or a passenger (hands on the rider) astride the seat."""
    y, z = foot
    knee_y, out = (seat_y + 0.42, 0.295) if hands else (seat_y + 0.34, 0.325)
    knees: tuple[Point, Point] = ((-out, knee_y, 0.74), (out, knee_y, 0.74))
    feet: tuple[Point, Point] = ((-0.25, y, z), (0.25, y, z))
    if hands:
        grips: tuple[Point, Point] = ((-0.33, 0.30, 1.04), (0.33, 0.30, 1.04))
        elbows: tuple[Point, Point] = ((-0.40, seat_y + 0.20, 1.10), (0.40, seat_y + 0.20, 1.09))
    else:
        grips = ((-0.19, seat_y + 0.34, 1.00), (0.19, seat_y + 0.34, 1.00))
        elbows = ((-0.31, seat_y + 0.08, 1.08), (0.31, seat_y + 0.08, 1.08))
    lean, lift = (0.12, 0.0) if hands else (0.06, 0.06)
    posture = Posture((0, seat_y, 0.85 + lift), (0, seat_y + lean, 1.34 + lift), grips, feet, knees, elbows)
    person(mesh, c, posture, helmet=True)
