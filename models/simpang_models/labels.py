"""Labels: the hand-made YOLO text files, what each set labels completely, and how teachers fill the gaps."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from simpang_models.boxes import (
    BICYCLE,
    BUS,
    CAR,
    HEAVY_UNKNOWN,
    MOTORCYCLE,
    NO_BOXES,
    PERSON,
    THREE_WHEELER,
    TRUCK,
    VEHICLE_UNKNOWN,
    Boxes,
    FloatArray,
    area,
    concatenate,
    make_boxes,
    pairwise_iou,
)

ALL = (MOTORCYCLE, CAR, BUS, TRUCK, BICYCLE, PERSON)
ROAD = (MOTORCYCLE, CAR, BUS, TRUCK)


class LabelError(ValueError):
    """A label file is wrong; the message names file and line."""


@dataclass(frozen=True)
class LabelSet:
    """What a set of pictures labels, and how often to draw from it.

    Attributes:
        labelled: classes labelled nearly completely; for others, "no label" says nothing.
        complete: False where far or cut vehicles are often unlabelled.
        weight: how often a picture of this set is drawn, relative to the others.
        seen_camera: evaluation pictures from a camera of which other pictures are trained on.
    """

    name: str
    labelled: tuple[int, ...]
    complete: bool
    weight: float
    seen_camera: bool = False


TRAIN_SETS = (
    LabelSet("bogor_cctv", (MOTORCYCLE, CAR, HEAVY_UNKNOWN), False, 10.0),
    LabelSet("rf100_tollroad_id", (CAR, BUS, TRUCK), False, 2.5),
    LabelSet("atl_v2", ROAD, False, 2.0),
    LabelSet("overpass_vehicle_1class", (VEHICLE_UNKNOWN,), False, 1.0),
    LabelSet("manaus_ccc_cctv", (*ROAD, PERSON), True, 5.0),
    LabelSet("nepal_vehicles", (*ROAD, THREE_WHEELER), False, 1.5),
    LabelSet("openimages_vehicles", ROAD, True, 1.2),
    LabelSet("manaus_cyclists", (BICYCLE,), True, 0.7),
    LabelSet("coco_ccby_mini", ALL, True, 1.0),
)
EVAL_SETS = (
    LabelSet("bogor_cctv_eval", (MOTORCYCLE, CAR, HEAVY_UNKNOWN), True, 0.0),
    LabelSet("delhi_signal_cameras_eval", (*ROAD, THREE_WHEELER), True, 0.0),
    LabelSet("rf100_tollroad_id_eval", (CAR, BUS, TRUCK), True, 0.0, seen_camera=True),
)


@dataclass(frozen=True)
class Truth:
    """What is known about one picture.

    Attributes:
        boxes: labels; the score is the confidence in the label (1 by hand).
        ignored: regions where something may be, of a kind or place too unsure to learn from.
        negative: (7,) bool, classes whose absence outside boxes and ignored regions is certain enough.
    """

    boxes: Boxes
    ignored: Boxes
    negative: npt.NDArray[np.bool_]


def read_yolo(path: Path, width_px: int, height_px: int) -> Boxes:
    """The boxes of a YOLO text file (`class cx cy w h`, fractions), in pixels of the picture.

    A missing file is a picture without objects.

    Raises:
        LabelError: a line that is not five numbers, or an unknown class.
    """
    if not path.is_file():
        return make_boxes([], [], [])
    rows = [_row(path, i, line) for i, line in enumerate(path.read_text().splitlines(), 1) if line.strip()]
    table = np.array(rows, np.float32).reshape(-1, 5)
    centre, half = table[:, 1:3], table[:, 3:5] / 2
    xyxy = np.concatenate([centre - half, centre + half], axis=1)
    limits = np.array([width_px, height_px, width_px, height_px], np.float32)
    return make_boxes(np.clip(xyxy, 0, 1) * limits, np.ones(len(table)), table[:, 0])


def _row(path: Path, number: int, line: str) -> list[float]:
    try:
        values = [float(word) for word in line.split()[:5]]
    except ValueError as error:
        raise LabelError(f"{path}:{number}: expected five numbers, got {line!r}") from error
    if len(values) != 5:
        raise LabelError(f"{path}:{number}: expected class cx cy w h, got {line!r}")
    if values[0] not in range(VEHICLE_UNKNOWN + 1):
        raise LabelError(f"{path}:{number}: class {line.split()[0]} is not one of 0..{VEHICLE_UNKNOWN}")
    return values


def label_path(picture: Path) -> Path:
    """…/set/images/x.jpg has its labels in …/set/labels/x.txt."""
    return picture.parent.parent / "labels" / f"{picture.stem}.txt"


def pictures_of(folder: Path, name: str) -> list[Path]:
    """The pictures of one set, sorted by name."""
    return sorted(p for p in (folder / name / "images").iterdir() if p.is_file())


@dataclass(frozen=True)
class Teacher:
    """What teachers found in one picture, in pixels of it; written by `simpang models label`."""

    boxes: Boxes

    def save(self, path: Path) -> None:
        """One JSON file: rows of x0 y0 x1 y1 score kind."""
        rows = np.concatenate([self.boxes.xyxy_px, self.boxes.score[:, None], self.boxes.kind[:, None]], axis=1)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(np.round(rows, 3).tolist()))

    @staticmethod
    def load(path: Path) -> "Teacher":
        """Read what `save` wrote."""
        rows = np.array(json.loads(path.read_text()), np.float32).reshape(-1, 6)
        return Teacher(make_boxes(rows[:, :4], rows[:, 4], rows[:, 5]))


SURE = 0.6
"""Teacher score (root of class times centredness) from which a box counts as a label."""
POSSIBLE = 0.3
"""From here a teacher's box is left out of the loss instead of counting as background."""


PART = 0.7
"""A teacher's box that lies so much inside a hand label may be a part of it, such as the cab of a lorry."""


def combine(
    hand: Boxes,
    teacher: Teacher | None,
    labelled: LabelSet,
    ignored: Boxes = NO_BOXES,
    nothing: Boxes = NO_BOXES,
) -> Truth:
    """Hand labels first; a teacher's box that they do not explain is added, ignored or dropped.

    In a complete set a class that is labelled needs no additions, only caution. A box that may be a part of a labelled
    vehicle is ignored.

    ignored, nothing: from the review (`review.Corrected`): regions that teach nothing, and places where a teacher errs.
    """
    if teacher is None:
        return Truth(hand, ignored, _negative(labelled))
    extra = teacher.boxes[~explained(teacher.boxes, hand)]
    extra = extra[~_lies_on(extra, nothing)]
    trusted = np.array([labelled.complete and _covers(labelled, int(k)) for k in extra.kind], bool)
    part = inside(extra.xyxy_px, hand.xyxy_px).max(axis=1, initial=0.0) > PART
    add = (extra.score >= SURE) & ~trusted & ~part & ~_lies_on(extra, ignored)
    ignore = (extra.score >= POSSIBLE) & ~add
    named = _without_guesses(extra[add])
    return Truth(concatenate([hand, named]), concatenate([extra[ignore], ignored]), np.ones(7, bool))


def _without_guesses(found: Boxes) -> Boxes:
    """A teacher's bus or truck is "bus or truck": on the toll road they call 598 of 627 hand-labelled trucks buses."""
    kind = np.where(np.isin(found.kind, (BUS, TRUCK)), HEAVY_UNKNOWN, found.kind)
    return Boxes(found.xyxy_px, found.score, np.asarray(kind, np.int64))


def _lies_on(found: Boxes, places: Boxes) -> npt.NDArray[np.bool_]:
    """Which boxes lie more than half inside a place."""
    return np.asarray(inside(found.xyxy_px, places.xyxy_px).max(axis=1, initial=0.0) > 0.5, bool)


def _negative(labelled: LabelSet) -> npt.NDArray[np.bool_]:
    return np.isin(np.arange(7), labelled.labelled)


def _covers(labelled: LabelSet, kind: int) -> bool:
    return kind in labelled.labelled or (kind == VEHICLE_UNKNOWN and CAR in labelled.labelled)


def explained(found: Boxes, hand: Boxes) -> npt.NDArray[np.bool_]:
    """Which boxes a hand label already accounts for: same place, or a rider inside a two-wheeler."""
    if len(found) == 0 or len(hand) == 0:
        return np.zeros(len(found), bool)
    same = (pairwise_iou(found.xyxy_px, hand.xyxy_px) > 0.4).any(axis=1)
    two_wheelers = hand.of_kinds((MOTORCYCLE, BICYCLE))
    rider = (found.kind == PERSON) & (inside(found.xyxy_px, two_wheelers.xyxy_px) > 0.5).any(axis=1)
    return np.asarray(same | rider)


def inside(a_px: FloatArray, b_px: FloatArray) -> FloatArray:
    """Which share of each box of `a_px` (N, 4) lies in each box of `b_px` (M, 4): (N, M)."""
    low = np.maximum(a_px[:, None, :2], b_px[None, :, :2])
    high = np.minimum(a_px[:, None, 2:], b_px[None, :, 2:])
    inter = np.clip(high - low, 0, None).prod(axis=2)
    return np.asarray(inter / np.maximum(area(a_px), 1e-9)[:, None], np.float32)


def manifest_hash(pictures: list[Path]) -> str:
    """One SHA-256 over the contents of pictures and label files: says exactly what was trained on."""
    digest = hashlib.sha256()
    for picture in sorted(pictures):
        digest.update(picture.name.encode())
        digest.update(hashlib.sha256(picture.read_bytes()).digest())
        if label_path(picture).is_file():
            digest.update(label_path(picture).read_bytes())
    return digest.hexdigest()
