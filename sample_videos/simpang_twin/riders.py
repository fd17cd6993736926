"""Motorcycles with riders as meshes."""

from dataclasses import dataclass

from simpang_twin.mesh import GLASS, HEAD, MATTE, PAINT, TAIL, Mesh, Rgb

_BLACK: Rgb = (0.025, 0.025, 0.028)
_STEEL: Rgb = (0.35, 0.35, 0.36)
_SKIN: Rgb = (0.35, 0.20, 0.12)


@dataclass(frozen=True)
class Clothes:
    """Colours of one person."""

    shirt: Rgb
    trousers: Rgb
    helmet: Rgb


def scooter(paint: Rgb, rider: Clothes, passenger: Clothes | None = None) -> Mesh:
    """An automatic scooter: leg shield, flat floor, fat tail; with a rider and perhaps a passenger."""
    mesh = Mesh()
    _wheels(mesh, 0.64, -0.62, 0.27, paint)
    mesh.loft(
        [_slab(0.40, 0.16, 0.34, 0.98), _slab(0.50, 0.19, 0.42, 0.95), _slab(0.60, 0.11, 0.62, 0.90)], paint, PAINT
    )
    mesh.loft([_slab(0.44, 0.17, 0.36, 0.58), _slab(0.575, 0.13, 0.44, 0.60)], _BLACK, MATTE)
    mesh.box((-0.19, -0.15, 0.26), (0.19, 0.43, 0.34), _BLACK)
    tail = [_slab(-0.93, 0.08, 0.60, 0.76), _slab(-0.70, 0.19, 0.42, 0.80), _slab(-0.15, 0.17, 0.32, 0.74)]
    mesh.loft(tail, paint, PAINT)
    mesh.box((-0.14, -0.80, 0.74), (0.14, 0.02, 0.82), _BLACK)
    mesh.box((-0.20, -0.85, 0.30), (-0.12, -0.20, 0.46), _BLACK)
    _steering(mesh, paint, 1.02)
    _lamps(mesh)
    _person(mesh, rider, seat_y=-0.16, foot_y=0.24, hands=True)
    if passenger:
        _person(mesh, passenger, seat_y=-0.56, foot_y=-0.22, hands=False)
    return mesh


def bebek(paint: Rgb, rider: Clothes) -> Mesh:
    """An underbone motorcycle: slim body, larger wheels, leg shields at the sides."""
    mesh = Mesh()
    _wheels(mesh, 0.66, -0.64, 0.30, paint)
    mesh.limb((0, 0.42, 0.90), (0, -0.05, 0.48), 0.10, paint, surface=PAINT)
    mesh.loft(
        [_slab(-0.95, 0.07, 0.66, 0.80), _slab(-0.60, 0.14, 0.52, 0.80), _slab(-0.05, 0.12, 0.42, 0.76)], paint, PAINT
    )
    mesh.box((-0.12, -0.20, 0.28), (0.12, 0.16, 0.50), _STEEL)
    for x in (-1.0, 1.0):
        low, high = sorted((x * 0.10, x * 0.20))
        mesh.frustum((low, 0.22, 0.40), (high, 0.40, 0.86), (0.0, 0.0, 0.1, 0.02), paint, PAINT)
    mesh.box((-0.13, -0.85, 0.78), (0.13, 0.0, 0.85), _BLACK)
    _steering(mesh, paint, 1.02)
    _lamps(mesh)
    _person(mesh, rider, seat_y=-0.18, foot_y=0.05, hands=True)
    return mesh


def _slab(y: float, half: float, z0: float, z1: float) -> list[tuple[float, float, float]]:
    c = half * 0.35
    outline = [(-half, z0 + c), (-half, z1 - c), (-half + c, z1), (half - c, z1),
               (half, z1 - c), (half, z0 + c), (half - c, z0), (-half + c, z0)]  # fmt: skip
    return [(x, y, z) for x, z in outline]


def _wheels(mesh: Mesh, front: float, rear: float, radius: float, fender: Rgb) -> None:
    for y in (front, rear):
        mesh.wheel((0.0, y, radius), radius, 0.13, hub=_STEEL)
    mesh.limb((-0.07, front, radius), (-0.07, front - 0.18, 0.85), 0.03, _STEEL)
    mesh.limb((0.07, front, radius), (0.07, front - 0.18, 0.85), 0.03, _STEEL)
    mesh.frustum(
        (-0.095, front - 0.22, radius * 1.85),
        (0.095, front + 0.24, radius * 2.25),
        (0.03, 0.03, 0.05, 0.12),
        fender,
        PAINT,
    )
    mesh.limb((0.12, rear + 0.35, 0.34), (0.14, rear - 0.22, 0.42), 0.05, _STEEL)


def _steering(mesh: Mesh, paint: Rgb, z: float) -> None:
    mesh.limb((-0.34, 0.36, z), (0.34, 0.36, z), 0.022, _BLACK)
    mesh.frustum((-0.16, 0.34, z - 0.16), (0.16, 0.56, z + 0.08), (0.04, 0.04, 0.02, 0.12), paint, PAINT)
    for x in (-1.0, 1.0):
        mesh.limb((x * 0.26, 0.37, z), (x * 0.32, 0.36, z + 0.18), 0.012, _BLACK)
        mesh.ellipsoid((x * 0.33, 0.36, z + 0.22), (0.065, 0.02, 0.045), _BLACK, GLASS, n=6)


def _lamps(mesh: Mesh) -> None:
    mesh.ellipsoid((0, 0.54, 0.955), (0.105, 0.06, 0.085), _BLACK, PAINT)
    mesh.ellipsoid((0, 0.56, 0.955), (0.078, 0.06, 0.060), (0.8, 0.78, 0.7), HEAD)
    mesh.box((-0.09, -0.97, 0.68), (0.09, -0.91, 0.78), (0.35, 0.015, 0.015), TAIL)
    mesh.box((-0.10, -0.99, 0.48), (0.10, -0.96, 0.62), (0.08, 0.08, 0.08))
    mesh.box((-0.12, 0.66, 0.70), (0.12, 0.68, 0.78), (0.35, 0.35, 0.35))


def _person(mesh: Mesh, c: Clothes, seat_y: float, foot_y: float, hands: bool) -> None:
    hip, shoulder = 0.84, 1.34
    lean = 0.10 if hands else 0.05
    mesh.limb((0, seat_y, hip - 0.02), (0, seat_y + lean * 0.6, shoulder - 0.14), 0.17, c.shirt, 0.20)
    mesh.ellipsoid((0, seat_y + lean, shoulder - 0.10), (0.24, 0.14, 0.17), c.shirt)
    mesh.limb((0, seat_y + lean, shoulder), (0, seat_y + lean + 0.02, shoulder + 0.12), 0.06, _SKIN)
    mesh.ellipsoid((0, seat_y + lean + 0.03, shoulder + 0.20), (0.13, 0.15, 0.145), c.helmet, PAINT)
    mesh.ellipsoid((0, seat_y + lean + 0.08, shoulder + 0.17), (0.105, 0.115, 0.075), (0.02, 0.02, 0.025), GLASS)
    for x in (-1.0, 1.0):
        knee = (x * 0.28, seat_y + 0.42, hip - 0.12)
        foot = (x * 0.23, foot_y, 0.36)
        mesh.limb((x * 0.10, seat_y + 0.02, hip), knee, 0.095, c.trousers, 0.075)
        mesh.limb(knee, foot, 0.07, c.trousers, 0.05)
        mesh.box((foot[0] - 0.05, foot_y - 0.08, 0.29), (foot[0] + 0.05, foot_y + 0.18, 0.38), _BLACK, MATTE)
        _arm(mesh, c, x, seat_y + lean, shoulder - 0.06, hands)


def _arm(mesh: Mesh, c: Clothes, x: float, y: float, z: float, hands: bool) -> None:
    elbow = (x * 0.33, y + 0.16, z - 0.24) if hands else (x * 0.29, y + 0.08, z - 0.27)
    hand = (x * 0.30, 0.34, 1.04) if hands else (x * 0.18, y + 0.30, z - 0.32)
    mesh.limb((x * 0.22, y, z), elbow, 0.065, c.shirt, 0.05)
    mesh.limb(elbow, hand, 0.05, c.shirt, 0.04)
    mesh.ellipsoid(hand, (0.05, 0.06, 0.05), _SKIN, n=6)
