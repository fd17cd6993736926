"""Which mesh a vehicle gets: model by its type, colours drawn from its id (the same id always looks the same)."""

import math
import zlib

import numpy as np

from simpang_twin import cars, heavy, people, riders
from simpang_twin.fleet import BY_NAME
from simpang_twin.mesh import Mesh, Rgb

# Drawn poses of one walking or pedalling cycle, and the way it takes (two steps; one turn of the cranks;
# the wheels make two).
STEPS = 8
_CYCLES_M = {"pedestrian": 1.5, "bicycle": 4 * math.pi * riders.BICYCLE_WHEEL_M}

# Linear colours. White, silver, black and grey dominate Indonesian streets.
_CAR_PAINTS: tuple[Rgb, ...] = (
    (0.75, 0.75, 0.74), (0.72, 0.72, 0.70), (0.42, 0.43, 0.45), (0.20, 0.21, 0.22), (0.03, 0.03, 0.035),
    (0.05, 0.05, 0.055), (0.35, 0.03, 0.03), (0.04, 0.07, 0.20), (0.18, 0.12, 0.07), (0.50, 0.48, 0.42),
)  # fmt: skip
_ANGKOT_PAINTS: tuple[Rgb, ...] = ((0.02, 0.25, 0.10), (0.03, 0.18, 0.45), (0.60, 0.35, 0.03), (0.45, 0.04, 0.03))
_BUS_PAINTS: tuple[tuple[Rgb, Rgb], ...] = (
    ((0.72, 0.72, 0.72), (0.05, 0.15, 0.50)), ((0.70, 0.70, 0.68), (0.50, 0.05, 0.04)),
    ((0.05, 0.22, 0.50), (0.70, 0.70, 0.70)), ((0.60, 0.38, 0.04), (0.10, 0.10, 0.10)),
)  # fmt: skip
_CAB_PAINTS: tuple[Rgb, ...] = (
    (0.60, 0.36, 0.02),
    (0.70, 0.70, 0.68),
    (0.66, 0.66, 0.66),
    (0.05, 0.18, 0.10),
    (0.36, 0.04, 0.03),
)
_BOX_PAINTS: tuple[Rgb, ...] = ((0.60, 0.61, 0.62), (0.45, 0.46, 0.48), (0.66, 0.66, 0.66), (0.12, 0.24, 0.42))
_BAJAJ_PAINTS: tuple[Rgb, ...] = ((0.02, 0.14, 0.42), (0.42, 0.10, 0.02), (0.03, 0.22, 0.40))
_BIKE_PAINTS: tuple[Rgb, ...] = (
    (0.025, 0.025, 0.027), (0.020, 0.020, 0.022), (0.030, 0.030, 0.032), (0.075, 0.077, 0.08), (0.40, 0.03, 0.025),
    (0.34, 0.02, 0.02), (0.62, 0.62, 0.61), (0.70, 0.70, 0.68), (0.36, 0.37, 0.38), (0.03, 0.09, 0.36),
    (0.06, 0.20, 0.45), (0.10, 0.14, 0.10), (0.50, 0.45, 0.34), (0.55, 0.34, 0.03),
)  # fmt: skip
_BOX_COLOURS: tuple[Rgb, ...] = ((0.03, 0.28, 0.09), (0.60, 0.16, 0.02), (0.45, 0.03, 0.03), (0.04, 0.04, 0.045))
_WHITE_PLATE: Rgb = (0.62, 0.62, 0.60)
_BLACK_PLATE: Rgb = (0.02, 0.02, 0.02)
_SHIRTS: tuple[Rgb, ...] = (
    (0.04, 0.24, 0.08), (0.03, 0.03, 0.035), (0.55, 0.55, 0.54), (0.06, 0.10, 0.28), (0.38, 0.04, 0.04),
    (0.20, 0.18, 0.16), (0.52, 0.38, 0.07), (0.25, 0.38, 0.52), (0.66, 0.64, 0.60), (0.05, 0.05, 0.055),
    (0.12, 0.12, 0.13), (0.45, 0.15, 0.20), (0.30, 0.10, 0.30), (0.08, 0.26, 0.28), (0.50, 0.22, 0.04),
    (0.36, 0.33, 0.26), (0.10, 0.16, 0.10),
)  # fmt: skip
_TROUSERS: tuple[Rgb, ...] = (
    (0.025, 0.032, 0.06), (0.05, 0.08, 0.16), (0.015, 0.015, 0.016), (0.08, 0.07, 0.055), (0.12, 0.12, 0.12),
    (0.26, 0.22, 0.16), (0.02, 0.02, 0.022),
)  # fmt: skip
_HELMETS: tuple[Rgb, ...] = (
    (0.03, 0.03, 0.03), (0.05, 0.05, 0.055), (0.65, 0.65, 0.65), (0.03, 0.30, 0.10), (0.45, 0.04, 0.03),
    (0.05, 0.08, 0.30), (0.30, 0.31, 0.33), (0.55, 0.42, 0.30), (0.60, 0.30, 0.30),
)  # fmt: skip
_HAIR: tuple[Rgb, ...] = (people.HAIR, people.HAIR, (0.30, 0.28, 0.26), (0.10, 0.14, 0.25), (0.35, 0.15, 0.18))


def look_of(vehicle_id: str) -> int:
    """The number that picks a vehicle's colours: its id where that is a number, else a checksum of it."""
    return int(vehicle_id) if vehicle_id.isdigit() else zlib.crc32(vehicle_id.encode())


def step_of(model: str, way_m: float) -> int:
    """Which drawn step of its walk or pedalling a model shows after `way_m` metres; 0 for all that rolls."""
    cycle_m = _CYCLES_M.get(model)
    return 0 if cycle_m is None else int(way_m / cycle_m * STEPS) % STEPS


def mesh_of(model: str, look: int, step: int = 0) -> Mesh:
    """The mesh of a fleet model; `look` picks its colours, `step` (0 to STEPS − 1) its pose."""
    rng = np.random.default_rng(look)
    size = BY_NAME[model]
    if model == "bus" or model == "medium_bus":
        paint, band = _BUS_PAINTS[int(rng.integers(len(_BUS_PAINTS)))]
        return heavy.bus(size.length_m, size.width_m, size.height_m, paint, band)
    if model == "box_truck":
        return heavy.box_truck(
            size.length_m, size.width_m, size.height_m, _pick(_CAB_PAINTS, rng), _pick(_BOX_PAINTS, rng)
        )
    if model == "dump_truck":
        return heavy.dump_truck(
            size.length_m, size.width_m, size.height_m, _pick(_CAB_PAINTS, rng), _pick(_CAB_PAINTS, rng)
        )
    if size.kind in ("motorcycle", "three_wheeler", "bicycle", "person"):
        return _light(model, rng, step)
    if model == "pickup":
        return cars.pickup(_pick(_CAR_PAINTS, rng))
    return cars.car(cars.SHAPES[model], _pick(_ANGKOT_PAINTS if model == "angkot" else _CAR_PAINTS, rng))


def _light(model: str, rng: np.random.Generator, step: int) -> Mesh:
    """Motorcycles, bajaj, bicycles and people on foot."""
    paint = _pick(_BIKE_PAINTS, rng)
    rider = _clothes(rng)
    if model == "pedestrian":
        return people.walker(rider, step / STEPS)
    if model == "bicycle":
        return riders.bicycle(paint, rider, step / STEPS)
    if model == "bajaj":
        return riders.bajaj(_pick(_BAJAJ_PAINTS, rng), (0.02, 0.02, 0.022), rider)
    bike = _bike(paint, rng)
    if model == "bebek":
        return riders.bebek(bike, rider)
    return riders.scooter(bike, rider, _clothes(rng) if model == "scooter_two" else None)


def _bike(paint: Rgb, rng: np.random.Generator) -> riders.Bike:
    """Plates are white since 2022, older ones black; one in seven carries a delivery box."""
    plate = _WHITE_PLATE if rng.random() < 0.6 else _BLACK_PLATE
    fender = paint if rng.random() < 0.4 else (0.022, 0.022, 0.025)
    return riders.Bike(paint, fender, plate, _pick(_BOX_COLOURS, rng) if rng.random() < 0.14 else None)


def _clothes(rng: np.random.Generator) -> riders.Clothes:
    shirt, trousers, helmet, hair = (_pick(p, rng) for p in (_SHIRTS, _TROUSERS, _HELMETS, _HAIR))
    yoke = _pick(_SHIRTS, rng) if rng.random() < 0.25 else None
    shin = people.SKIN if rng.random() < 0.2 else None
    pack = _pick(_TROUSERS, rng) if rng.random() < 0.25 else None
    return riders.Clothes(shirt, trousers, helmet, yoke, shin, hair, pack)


def _pick(palette: tuple[Rgb, ...], rng: np.random.Generator) -> Rgb:
    return palette[int(rng.integers(len(palette)))]
