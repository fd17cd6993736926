"""People as meshes: on a seat, on pedals, on foot."""

import math
from dataclasses import dataclass

from simpang_twin.mesh import GLASS, MATTE, PAINT, Mesh, Point, Rgb

SKIN: Rgb = (0.36, 0.21, 0.13)
HAIR: Rgb = (0.02, 0.018, 0.016)
_SHOE: Rgb = (0.03, 0.03, 0.033)


@dataclass(frozen=True)
class Clothes:
    """Colours of one person: shirt with sleeves, trousers, helmet, the shirt's yoke, the legs below the knee, the hair
    or what covers it, the pack on the back (None for none)."""

    shirt: Rgb
    trousers: Rgb
    helmet: Rgb
    yoke: Rgb | None = None
    shin: Rgb | None = None
    hair: Rgb = HAIR
    pack: Rgb | None = None


@dataclass(frozen=True)
class Posture:
    """Joints of one person, metres in the vehicle's frame: hip and shoulder middle; for the left and the right side the
    hand, the foot and which way the knee and the elbow point (added to the middle of the limb)."""

    hip: Point
    shoulder: Point
    hands: tuple[Point, Point]
    feet: tuple[Point, Point]
    knees: tuple[Point, Point]
    elbows: tuple[Point, Point]


def person(mesh: Mesh, c: Clothes, p: Posture, helmet: bool) -> None:
    """Head, trunk and limbs with rounded joints."""
    _trunk(mesh, c, p)
    _head(mesh, c, p.shoulder, helmet)
    for i, x in enumerate((-1.0, 1.0)):
        hip = (p.hip[0] + x * 0.10, p.hip[1], p.hip[2])
        knee = p.knees[i]
        _limb(mesh, (hip, knee, p.feet[i]), (0.095, 0.072, 0.052), c.trousers, c.shin)
        f = p.feet[i]
        mesh.ellipsoid((f[0], f[1] + 0.06, f[2] - 0.02), (0.055, 0.13, 0.05), _SHOE, n=8)
        start = (p.shoulder[0] + x * 0.19, p.shoulder[1], p.shoulder[2] - 0.05)
        _limb(mesh, (start, p.elbows[i], p.hands[i]), (0.068, 0.054, 0.042), c.shirt)
        mesh.ellipsoid(p.hands[i], (0.045, 0.055, 0.045), SKIN, n=6)


def _trunk(mesh: Mesh, c: Clothes, p: Posture) -> None:
    (x, y0, z0), (_, y1, z1) = p.hip, p.shoulder
    mesh.ellipsoid((x, y0, z0 + 0.02), (0.17, 0.14, 0.13), c.trousers)
    mesh.limb((x, y0, z0 + 0.04), (x, (y0 * 1.2 + y1 * 0.8) / 2, (z0 + z1) / 2), 0.155, c.shirt, 0.165)
    mesh.ellipsoid((x, (y0 * 0.6 + y1 * 1.4) / 2, z1 - 0.17), (0.20, 0.135, 0.20), c.shirt, n=12)
    mesh.ellipsoid((x, y1, z1 - 0.05), (0.225, 0.105, 0.085), c.yoke or c.shirt, n=10)
    if c.pack:
        mesh.ellipsoid((x, (y0 + y1) / 2 - 0.17, (z0 + z1) / 2 + 0.06), (0.16, 0.11, 0.24), c.pack)
    mesh.limb((x, y1, z1 - 0.02), (x, y1 + 0.02, z1 + 0.10), 0.055, SKIN)


def _head(mesh: Mesh, c: Clothes, shoulder: Point, helmet: bool) -> None:
    x, y, z = shoulder[0], shoulder[1] + 0.03, shoulder[2] + 0.19
    mesh.ellipsoid((x, y + 0.03, z - 0.02), (0.085, 0.10, 0.12), SKIN)
    if helmet:
        mesh.ellipsoid((x, y, z + 0.035), (0.132, 0.150, 0.130), c.helmet, PAINT)
        mesh.ellipsoid((x, y + 0.072, z + 0.005), (0.112, 0.090, 0.062), (0.02, 0.022, 0.026), GLASS, n=8)
        mesh.box((x - 0.09, y + 0.10, z + 0.075), (x + 0.09, y + 0.19, z + 0.09), (0.02, 0.02, 0.02))
    else:
        mesh.ellipsoid((x, y - 0.01, z + 0.03), (0.098, 0.115, 0.105), c.hair, MATTE)


def _limb(mesh: Mesh, joints: tuple[Point, Point, Point], radii: tuple[float, float, float], colour: Rgb,
          lower: Rgb | None = None) -> None:  # fmt: skip
    start, middle, end = joints
    mesh.limb(start, middle, radii[0], colour, radii[1])
    mesh.ellipsoid(middle, (radii[1] * 1.08,) * 3, colour, n=8)
    mesh.limb(middle, end, radii[1], lower or colour, radii[2])


def walker(c: Clothes, share: float) -> Mesh:
    """A person on foot at a share (0 to 1) of the walking cycle of two steps; 1.7 m tall."""
    mesh = Mesh()
    swing = math.sin(2 * math.pi * share)
    legs = (swing, -swing)
    feet = tuple((x * 0.09, 0.30 * s, 0.07 + 0.10 * max(0.0, _lift(share, i))) for i, (x, s) in
                 enumerate(zip((-1.0, 1.0), legs, strict=True)))  # fmt: skip
    knees = tuple((x * 0.10, 0.14 * s + 0.07, 0.47 + 0.03 * max(0.0, _lift(share, i))) for i, (x, s) in
                  enumerate(zip((-1.0, 1.0), legs, strict=True)))  # fmt: skip
    hands = tuple((x * 0.24, -0.24 * s + 0.04, 0.80 + 0.05 * abs(s)) for x, s in zip((-1.0, 1.0), legs, strict=True))
    elbows = tuple((x * 0.25, -0.13 * s - 0.04, 1.06) for x, s in zip((-1.0, 1.0), legs, strict=True))
    posture = Posture((0, 0, 0.88), (0, 0.03, 1.40), (hands[0], hands[1]), (feet[0], feet[1]), (knees[0], knees[1]),
                      (elbows[0], elbows[1]))  # fmt: skip
    person(mesh, c, posture, helmet=False)
    return mesh


def _lift(share: float, leg: int) -> float:
    """How high the leg that swings forward is, −1 to 1: each is up for half the cycle."""
    return math.cos(2 * math.pi * share) * (1.0 if leg == 0 else -1.0)
