"""What a look at the pictures showed: label faults, light, and pictures that must not be trained on.

All of it is data in `models/review/`, by picture hash: the first 16 hexadecimal digits of the SHA-256 of the file.
The pictures themselves are not part of the project.

`label_faults.csv` has one correction per line, decided from the picture alone:

| action | meaning |
|---|---|
| add | something stands there without a label; `class` is a kind, or `vehicle` where only that much can be seen |
| remove | the label at this place shows nothing of the kind |
| ignore | cannot be judged from the picture: labels and findings there count neither way |
| nothing | looks like a vehicle to detectors, but is none (for automatic labels; findings there stay wrong) |
"""

import csv
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from simpang_edge.resources import shipped

from simpang_models.boxes import (
    CLASSES,
    HEAVY_UNKNOWN,
    NO_BOXES,
    VEHICLE_UNKNOWN,
    Boxes,
    concatenate,
    make_boxes,
    pairwise_iou,
)
from simpang_models.labels import LabelError, inside

FOLDER = shipped("simpang_models", "models.toml").parent / "review"
FAULTS = "label_faults.csv"
EVALUATION = "evaluation_pictures.csv"
TRAINING = "training_pictures.csv"
EXCLUDED = "training_excluded.csv"
ACTIONS = ("add", "remove", "ignore", "nothing")
KIND = {**{name: k for k, name in enumerate(CLASSES)}, "bus_or_truck": HEAVY_UNKNOWN, "vehicle": VEHICLE_UNKNOWN}
DIGITS = 16
SAME_IOU = 0.7
"""A label is the one to remove when it overlaps the place given by at least this."""


@dataclass(frozen=True)
class Corrected:
    """One picture's labels after the review.

    Attributes:
        boxes: what stands there.
        ignored: regions in which nothing counts, neither label nor finding.
        nothing: places that look like a vehicle and are none.
    """

    boxes: Boxes
    ignored: Boxes = NO_BOXES
    nothing: Boxes = NO_BOXES


@dataclass(frozen=True)
class Faults:
    """Corrections of one picture, by action."""

    add: Boxes = NO_BOXES
    remove: Boxes = NO_BOXES
    ignore: Boxes = NO_BOXES
    nothing: Boxes = NO_BOXES

    def apply(self, labels: Boxes) -> Corrected:
        """The labels with these corrections; labels more than half inside an ignored region go with it."""
        kept = concatenate([labels[~_same(labels, self.remove)], self.add])
        judged = inside(kept.xyxy_px, self.ignore.xyxy_px).max(axis=1, initial=0.0) <= 0.5
        return Corrected(kept[judged], self.ignore, self.nothing)


@dataclass(frozen=True)
class Scene:
    """One picture's light: `night` from dusk on, `wet` in rain or on a wet road, by day or by night."""

    night: bool
    wet: bool

    @property
    def light(self) -> str:
        """`day` or `night`."""
        return "night" if self.night else "day"

    @property
    def road(self) -> str:
        """`wet` or `dry`."""
        return "wet" if self.wet else "dry"

    def words(self) -> tuple[str, ...]:
        """The groups that the picture belongs to: day (dry daylight), night, wet."""
        return (*(("night",) if self.night else ()), *(("wet",) if self.wet else ())) or ("day",)


def picture_hash(path: Path) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:DIGITS]


def read_faults(folder: Path = FOLDER) -> Mapping[str, Faults]:
    """Corrections by picture hash; empty where there is no list.

    Raises:
        LabelError: a line that is no correction; the message names file and line.
    """
    found: dict[str, dict[str, list[Boxes]]] = defaultdict(lambda: defaultdict(list))
    path = folder / FAULTS
    for number, row in _rows(path):
        action, box = _correction(path, number, row)
        found[row["sha256"]][action].append(box)
    return {k: Faults(**{a: concatenate(parts) for a, parts in by.items()}) for k, by in found.items()}


def read_scenes(folder: Path = FOLDER) -> Mapping[str, Scene]:
    """Light by picture hash, of the evaluation pictures."""
    return {
        row["sha256"]: Scene(row["light"] == "night", row["road"] == "wet") for _, row in _rows(folder / EVALUATION)
    }


def read_excluded(folder: Path = FOLDER) -> frozenset[str]:
    """Hashes of pictures in training folders that must not be trained on, for they are too near to evaluation."""
    return frozenset(row["sha256"] for _, row in _rows(folder / EXCLUDED))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and fields; lines that begin with # are comments."""
    if not path.is_file():
        return
    with path.open(newline="", encoding="utf-8") as stream:
        lines = [(n, line) for n, line in enumerate(stream, 1) if not line.startswith("#")]
    yield from zip((n for n, _ in lines[1:]), csv.DictReader(line for _, line in lines), strict=True)


def _correction(path: Path, number: int, row: dict[str, str]) -> tuple[str, Boxes]:
    try:
        place = [float(row[key]) for key in ("x0", "y0", "x1", "y1")]
        kind = KIND[row["class"]] if row["action"] == "add" else VEHICLE_UNKNOWN
    except (KeyError, ValueError, TypeError) as error:
        raise LabelError(f"{path}:{number}: not a correction ({error!r})") from error
    if row["action"] not in ACTIONS or place[0] >= place[2] or place[1] >= place[3]:
        raise LabelError(f"{path}:{number}: expected one of {', '.join(ACTIONS)} and x0 < x1, y0 < y1, got {row}")
    return row["action"], make_boxes([place], [1.0], [kind])


def _same(labels: Boxes, places: Boxes) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    overlap = pairwise_iou(labels.xyxy_px, places.xyxy_px)
    return np.asarray(overlap.max(axis=1, initial=0.0) >= SAME_IOU, bool)
