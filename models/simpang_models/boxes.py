"""Boxes as arrays: the one type that passes between the parts of this package, and the geometry on it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

CLASSES: tuple[str, ...] = ("motorcycle", "car", "bus", "truck", "bicycle", "person", "three_wheeler")
MOTORCYCLE, CAR, BUS, TRUCK, BICYCLE, PERSON, THREE_WHEELER = range(7)
HEAVY_UNKNOWN = 7
"""Label only: a bus or a truck, which of the two is unknown."""
VEHICLE_UNKNOWN = 8
"""Label only: some motor vehicle, which kind is unknown."""
VEHICLES: tuple[int, ...] = (MOTORCYCLE, CAR, BUS, TRUCK, THREE_WHEELER, HEAVY_UNKNOWN, VEHICLE_UNKNOWN)
FOUR_WHEELS: tuple[int, ...] = (CAR, BUS, TRUCK, THREE_WHEELER)


@dataclass(frozen=True)
class Boxes:
    """Boxes of one picture.

    Attributes:
        xyxy_px: (N, 4) float32, x0 y0 x1 y1 in pixels of the picture.
        score: (N,) float32, 0..1 (1 for a label made by hand).
        kind: (N,) int64, index in CLASSES, or one of the two "unknown" label classes.
    """

    xyxy_px: FloatArray
    score: FloatArray
    kind: IntArray

    def __post_init__(self) -> None:
        count = len(self.score)
        if self.xyxy_px.shape != (count, 4) or self.kind.shape != (count,):
            raise ValueError(
                f"expected boxes ({count}, 4) and kinds ({count},), got {self.xyxy_px.shape} and {self.kind.shape}"
            )

    def __len__(self) -> int:
        return len(self.score)

    def __getitem__(self, index: npt.NDArray[np.bool_] | npt.NDArray[np.integer[Any]]) -> "Boxes":
        return Boxes(self.xyxy_px[index], self.score[index], self.kind[index])

    def of_kinds(self, kinds: tuple[int, ...]) -> "Boxes":
        """Only the boxes whose kind is one of `kinds`."""
        return self[np.isin(self.kind, kinds)]


def make_boxes(xyxy_px: npt.ArrayLike, score: npt.ArrayLike, kind: npt.ArrayLike) -> Boxes:
    """Boxes from anything array-like; empty input is allowed."""
    return Boxes(
        np.asarray(xyxy_px, np.float32).reshape(-1, 4),
        np.asarray(score, np.float32).reshape(-1),
        np.asarray(kind, np.int64).reshape(-1),
    )


NO_BOXES = make_boxes([], [], [])


def concatenate(parts: list[Boxes]) -> Boxes:
    """All boxes of `parts` behind one another."""
    if not parts:
        return NO_BOXES
    return Boxes(
        np.concatenate([p.xyxy_px for p in parts]),
        np.concatenate([p.score for p in parts]),
        np.concatenate([p.kind for p in parts]),
    )


def pairwise_iou(a_px: FloatArray, b_px: FloatArray) -> FloatArray:
    """Intersection over union of every box of `a_px` (N, 4) with every box of `b_px` (M, 4): (N, M)."""
    low = np.maximum(a_px[:, None, :2], b_px[None, :, :2])
    high = np.minimum(a_px[:, None, 2:], b_px[None, :, 2:])
    inter = np.clip(high - low, 0, None).prod(axis=2)
    union = area(a_px)[:, None] + area(b_px)[None, :] - inter
    return np.asarray(inter / np.maximum(union, 1e-9), np.float32)


def area(xyxy_px: FloatArray) -> FloatArray:
    """Area in square pixels, (N,)."""
    return np.asarray((xyxy_px[:, 2] - xyxy_px[:, 0]) * (xyxy_px[:, 3] - xyxy_px[:, 1]), np.float32)


def suppress(boxes: Boxes, iou: float, agnostic: bool = False, limit: int = 600) -> Boxes:
    """Greedy non-maximum suppression of the best `limit`, per class unless `agnostic`; sorted by score."""
    boxes = boxes[np.argsort(-boxes.score, kind="stable")[:limit]]
    overlaps = pairwise_iou(boxes.xyxy_px, boxes.xyxy_px) > iou
    if not agnostic:
        overlaps &= boxes.kind[:, None] == boxes.kind[None, :]
    keep = np.ones(len(boxes), bool)
    for i in range(len(boxes)):
        if keep[i]:
            keep[i + 1 :] &= ~overlaps[i, i + 1 :]
    return boxes[keep]
