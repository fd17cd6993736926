"""The vehicles of the twin: sizes, classes and how they drive. Numbers are [ours], typical of an Indonesian city."""

from dataclasses import dataclass

from simpang_twin.traffic import Kind


@dataclass(frozen=True)
class Model:
    """One vehicle model; lengths in metres, `share` is its part of its class, `pkji` the class of domain.md §2."""

    name: str
    kind: Kind
    pkji: str
    length_m: float
    width_m: float
    height_m: float
    share: float


FLEET: tuple[Model, ...] = (
    Model("mpv", "car", "MP", 4.40, 1.70, 1.70, 0.42),
    Model("hatch", "car", "MP", 3.80, 1.67, 1.50, 0.20),
    Model("sedan", "car", "MP", 4.57, 1.90, 1.41, 0.10),
    Model("suv", "car", "MP", 4.50, 1.80, 1.85, 0.12),
    Model("compact", "car", "MP", 4.30, 1.70, 1.70, 0.04),
    Model("angkot", "car", "MP", 3.90, 1.60, 1.85, 0.12),
    Model("pickup", "truck", "MP", 4.80, 1.72, 1.75, 0.25),
    Model("box_truck", "truck", "KS", 6.20, 2.10, 3.00, 0.50),
    Model("dump_truck", "truck", "KS", 6.00, 2.10, 2.50, 0.25),
    Model("bus", "bus", "BB", 11.50, 2.50, 3.20, 0.50),
    Model("medium_bus", "bus", "KS", 7.20, 2.15, 2.80, 0.50),
    Model("scooter", "motorcycle", "SM", 1.90, 0.74, 1.62, 0.55),
    Model("scooter_two", "motorcycle", "SM", 1.90, 0.74, 1.66, 0.25),
    Model("bebek", "motorcycle", "SM", 1.95, 0.74, 1.64, 0.20),
    Model("bajaj", "three_wheeler", "SM", 2.65, 1.30, 1.80, 1.00),
    Model("bicycle", "bicycle", "KTB", 1.80, 0.60, 1.70, 1.00),
    Model("pedestrian", "person", "-", 0.50, 0.50, 1.70, 1.00),
)

BY_NAME: dict[str, Model] = {model.name: model for model in FLEET}


def of_kind(kind: Kind) -> tuple[Model, ...]:
    """All models of one class."""
    return tuple(m for m in FLEET if m.kind == kind)


# How each class drives in SUMO: IDM (smooth starts and stops), sublane model with filtering motorcycles.
DRIVING: dict[Kind, dict[str, str]] = {
    "motorcycle": {
        "vClass": "motorcycle", "accel": "2.8", "decel": "3.5", "minGap": "0.9", "tau": "0.8", "maxSpeed": "16",
        "speedFactor": "normc(0.95,0.12,0.7,1.25)", "latAlignment": "arbitrary", "minGapLat": "0.25",
        "maxSpeedLat": "1.1", "lcSublane": "2", "lcPushy": "0.4", "lcAssertive": "2", "startupDelay": "0.3",
    },
    "car": {
        "vClass": "passenger", "accel": "2.2", "decel": "3.0", "minGap": "1.6", "tau": "1.1", "maxSpeed": "22",
        "speedFactor": "normc(0.92,0.10,0.7,1.2)", "latAlignment": "center", "minGapLat": "0.4",
        "maxSpeedLat": "0.8", "startupDelay": "0.6",
    },
    "truck": {
        "vClass": "truck", "accel": "1.3", "decel": "2.6", "minGap": "2.0", "tau": "1.3", "maxSpeed": "17",
        "speedFactor": "normc(0.80,0.07,0.6,1.0)", "latAlignment": "center", "minGapLat": "0.4",
        "maxSpeedLat": "0.5", "startupDelay": "0.8",
    },
    "bus": {
        "vClass": "bus", "accel": "1.2", "decel": "2.4", "minGap": "2.0", "tau": "1.3", "maxSpeed": "17",
        "speedFactor": "normc(0.80,0.07,0.6,1.0)", "latAlignment": "center", "minGapLat": "0.4",
        "maxSpeedLat": "0.5", "startupDelay": "0.8",
    },
    "three_wheeler": {
        "vClass": "passenger", "accel": "1.4", "decel": "2.8", "minGap": "1.2", "tau": "1.0", "maxSpeed": "12.5",
        "speedFactor": "normc(0.75,0.08,0.55,0.95)", "latAlignment": "arbitrary", "minGapLat": "0.35",
        "maxSpeedLat": "0.8", "lcSublane": "1.5", "startupDelay": "0.5",
    },
    # SUMO's "right" is the kerb's side in a left-hand net, too.
    "bicycle": {
        "vClass": "bicycle", "accel": "0.9", "decel": "2.0", "minGap": "0.7", "tau": "1.0", "maxSpeed": "5",
        "speedFactor": "normc(0.90,0.10,0.7,1.2)", "latAlignment": "right", "minGapLat": "0.3",
        "maxSpeedLat": "0.6", "startupDelay": "0.6",
    },
}  # fmt: skip

# A driver who notices too late: Krauss brakes at `decel` as late as it can.
HARD_BRAKING = {"carFollowModel": "Krauss", "sigma": "0", "decel": "7.5", "emergencyDecel": "9"}
