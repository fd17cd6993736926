"""Average precision and its companions, for one class or for "any vehicle".

AP is the area under the precision-recall curve with precision made monotone from the right
(all-point interpolation, as in Pascal VOC 2010 and later).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simpang_models.boxes import Boxes, FloatArray, area, pairwise_iou

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Matches:
    """Every prediction's score and whether it found a truth of its own; and how many truths there were.

    Predictions that lie on an ignored region are neither right nor wrong and are left out.
    """

    score: FloatArray
    hit: BoolArray
    truths: int


def match(found: Boxes, truth: Boxes, ignored: Boxes, iou: float, excused: BoolArray | None = None) -> Matches:
    """Match one picture's predictions, best score first, each truth at most once.

    A prediction without a truth of its own is dropped when it overlaps an ignored box by `iou`, or
    lies more than half inside one, or is `excused` ((N,), one per prediction).
    """
    order = np.argsort(-found.score, kind="stable")
    overlap = pairwise_iou(found.xyxy_px, truth.xyxy_px)
    covered = _on_ignored(found, ignored, iou)
    if excused is not None:
        covered = covered | excused
    free = np.ones(len(truth), bool)
    hit = np.zeros(len(found), bool)
    for i in order:
        candidates = np.where(free, overlap[i], 0.0)
        if len(candidates) and candidates.max() >= iou:
            free[candidates.argmax()] = False
            hit[i] = True
    kept = order[hit[order] | ~covered[order]]
    return Matches(found.score[kept], hit[kept], len(truth))


def _on_ignored(found: Boxes, ignored: Boxes, iou: float) -> BoolArray:
    if len(ignored) == 0 or len(found) == 0:
        return np.zeros(len(found), bool)
    low = np.maximum(found.xyxy_px[:, None, :2], ignored.xyxy_px[None, :, :2])
    high = np.minimum(found.xyxy_px[:, None, 2:], ignored.xyxy_px[None, :, 2:])
    inside = np.clip(high - low, 0, None).prod(axis=2) / np.maximum(area(found.xyxy_px), 1e-9)[:, None]
    same = pairwise_iou(found.xyxy_px, ignored.xyxy_px) >= iou
    return np.asarray((same | (inside > 0.5)).any(axis=1))


def merge(parts: list[Matches]) -> Matches:
    """The matches of many pictures, best score first."""
    score = np.concatenate([p.score for p in parts]) if parts else np.zeros(0, np.float32)
    hit = np.concatenate([p.hit for p in parts]) if parts else np.zeros(0, bool)
    order = np.argsort(-score, kind="stable")
    return Matches(score[order], hit[order], sum(p.truths for p in parts))


def precision_recall(matches: Matches) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Precision and recall after each prediction, best score first."""
    right = np.cumsum(matches.hit)
    rank = np.arange(1, len(matches.hit) + 1)
    return right / np.maximum(rank, 1), right / max(matches.truths, 1)


def average_precision(matches: Matches) -> float | None:
    """Area under the curve; None where there was nothing to find."""
    if matches.truths == 0:
        return None
    precision, recall = precision_recall(matches)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(envelope * np.diff(recall, prepend=0.0)))


def recall_at_precision(matches: Matches, precision: float) -> float | None:
    """The largest recall at which precision is still at least `precision`; None without truths."""
    if matches.truths == 0:
        return None
    reached, recall = precision_recall(matches)
    good = recall[reached >= precision]
    return float(good.max()) if len(good) else 0.0


def at_score(matches: Matches, score: float) -> tuple[int, int]:
    """How many predictions with at least this score are right, and how many are wrong."""
    kept = matches.score >= score
    return int(matches.hit[kept].sum()), int((~matches.hit[kept]).sum())


def threshold_at_precision(matches: Matches, precision: float) -> float | None:
    """The lowest score at which precision is still at least `precision`; None where it never is."""
    reached, _ = precision_recall(matches)
    good = np.flatnonzero(reached >= precision)
    return float(matches.score[good[-1]]) if len(good) else None
