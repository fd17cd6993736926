"""From the class names of other detectors to our seven kinds."""

import re
from collections.abc import Mapping, Sequence

from simpang_models.boxes import BICYCLE, BUS, CAR, CLASSES, MOTORCYCLE, PERSON, THREE_WHEELER, TRUCK

COCO_TO_KIND: dict[int, int] = {0: PERSON, 1: BICYCLE, 2: CAR, 3: MOTORCYCLE, 5: BUS, 7: TRUCK}
"""The published COCO ids (80 classes, zero-based) that have a kind of ours."""
COCO_CLASSES = 80
COCO_NAMES = tuple(CLASSES[COCO_TO_KIND[i]] if i in COCO_TO_KIND else f"coco {i}" for i in range(COCO_CLASSES))
"""Names for a COCO model whose file names no classes: only those that matter here."""

SYNONYMS: dict[str, int] = {
    **{name: kind for kind, name in enumerate(CLASSES)},
    "motorbike": MOTORCYCLE,
    "motor": MOTORCYCLE,
    "scooter": MOTORCYCLE,
    "two_wheeler": MOTORCYCLE,
    "van": CAR,
    "minivan": CAR,
    "suv": CAR,
    "taxi": CAR,
    "angkot": CAR,
    "mobil": CAR,
    "minibus": BUS,
    "bis": BUS,
    "pickup": TRUCK,
    "lorry": TRUCK,
    "truk": TRUCK,
    "cyclist": BICYCLE,
    "sepeda": BICYCLE,
    "pedestrian": PERSON,
    "people": PERSON,
    "auto_rickshaw": THREE_WHEELER,
    "autorickshaw": THREE_WHEELER,
    "rickshaw": THREE_WHEELER,
    "tricycle": THREE_WHEELER,
    "bajaj": THREE_WHEELER,
    "tuk_tuk": THREE_WHEELER,
}


def kind_of(name: str) -> int | None:
    """The kind that a class name means; None for a name that means none (or that could mean several, as "bike")."""
    return SYNONYMS.get(re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_"))


def kinds_of(names: Sequence[str], given: Mapping[str, str]) -> list[int | None]:
    """The kind of each class, `given` (class name to kind name) first.

    Raises:
        ValueError: `given` names a class that the model has not or a kind that we have not; or no class has a kind.
    """
    unknown = [f"{n}={k}" for n, k in given.items() if n not in names or k not in CLASSES]
    if unknown:
        raise ValueError(
            f"class map {', '.join(unknown)}: expected CLASS=KIND with a class out of {', '.join(names)} "
            f"and a kind out of {', '.join(CLASSES)}"
        )
    kinds = [CLASSES.index(given[n]) if n in given else kind_of(n) for n in names]
    if all(kind is None for kind in kinds):
        raise ValueError(f"none of the classes {', '.join(names)} is a kind of ours; name some with --map CLASS=KIND")
    return kinds
