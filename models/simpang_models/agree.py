"""How well two files, or two engines, of one detector agree: what rounding to 8 bits or bfloat16 costs, measured."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from simpang_models.boxes import Boxes, pairwise_iou
from simpang_models.pictures import Picture

Detect = Callable[[Picture], Boxes]
SAME_IOU = 0.7
MIN_SCORE = 0.3


@dataclass(frozen=True)
class Agreement:
    """Counts over many pictures; boxes with a score of at least `min_score` only.

    Attributes:
        reference: boxes of the first.
        other: boxes of the second.
        pairs: boxes of one that have a partner of their own in the other, IoU at least SAME_IOU.
        same_class: pairs that name the same class.
        score_shift: mean absolute difference of the scores of pairs, None without pairs.
    """

    pictures: int
    reference: int
    other: int
    pairs: int
    same_class: int
    score_shift: float | None

    @property
    def f1(self) -> float | None:
        """Twice the pairs over all boxes of both; None where neither found anything."""
        boxes = self.reference + self.other
        return 2 * self.pairs / boxes if boxes else None

    @property
    def class_share(self) -> float | None:
        """Share of pairs that name the same class; None without pairs."""
        return self.same_class / self.pairs if self.pairs else None


def agreement(reference: Detect, other: Detect, pictures: Iterable[Picture], min_score: float = MIN_SCORE) -> Agreement:
    """Run both on every picture and compare what they say."""
    found = [(_strong(reference(p), min_score), _strong(other(p), min_score)) for p in pictures]
    pairs = [_pairs(a, b) for a, b in found]
    same = sum(int((a.kind[p[:, 0]] == b.kind[p[:, 1]]).sum()) for (a, b), p in zip(found, pairs, strict=True))
    shifts = [np.abs(a.score[p[:, 0]] - b.score[p[:, 1]]) for (a, b), p in zip(found, pairs, strict=True)]
    count = sum(len(p) for p in pairs)
    return Agreement(
        pictures=len(found),
        reference=sum(len(a) for a, _ in found),
        other=sum(len(b) for _, b in found),
        pairs=count,
        same_class=same,
        score_shift=float(np.concatenate(shifts).mean()) if count else None,
    )


def _strong(boxes: Boxes, min_score: float) -> Boxes:
    return boxes[boxes.score >= min_score]


def _pairs(a: Boxes, b: Boxes) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
    """(P, 2) indices of partners, the closest first, each box at most once."""
    overlap = pairwise_iou(a.xyxy_px, b.xyxy_px)
    partners: list[tuple[int, int]] = []
    while overlap.size and overlap.max() >= SAME_IOU:
        i, j = np.unravel_index(int(overlap.argmax()), overlap.shape)
        partners.append((int(i), int(j)))
        overlap[i], overlap[:, j] = 0, 0
    return np.array(partners, np.int64).reshape(-1, 2)
