"""A rider belongs to the motorcycle's box; some sets draw the machine alone: what teachers saw completes the label."""

import numpy as np

from simpang_models.boxes import BICYCLE, MOTORCYCLE, PERSON, Boxes, FloatArray, pairwise_iou
from simpang_models.labels import inside

MIN_SCORE = 0.4
SAME_IOU = 0.3
"""A teacher's two-wheeler that overlaps a label by this is the same one."""
SITS_SHARE = 0.15
"""A rider's box lies at least so far inside the machine's."""
MAX_GROWTH = 2.2
"""A rider makes a machine's box at most so many times higher; more is somebody else."""


def with_riders(hand: Boxes, teacher: Boxes) -> Boxes:
    """The labels, two-wheelers grown to hold the rider: to a teacher's box of the same one, or of a person on it.

    Labels never shrink, and nothing but two-wheelers changes.
    """
    seen = teacher[teacher.score >= MIN_SCORE]
    riding = np.isin(hand.kind, (MOTORCYCLE, BICYCLE))
    xyxy = hand.xyxy_px.copy()
    for i in np.flatnonzero(riding):
        for part in (_same_machine(hand.xyxy_px[i], seen), _riders(hand.xyxy_px[i], seen)):
            for box in part:
                xyxy[i] = _grown(xyxy[i], box, hand.xyxy_px[i])
    return Boxes(xyxy, hand.score, hand.kind)


def _same_machine(label: FloatArray, seen: Boxes) -> FloatArray:
    machines = seen.of_kinds((MOTORCYCLE, BICYCLE)).xyxy_px
    overlap = pairwise_iou(label[None], machines)[0]
    return machines[overlap >= SAME_IOU]


def _riders(label: FloatArray, seen: Boxes) -> FloatArray:
    """Persons whose middle stands over the label and whose lower edge lies inside it."""
    people = seen.of_kinds((PERSON,)).xyxy_px
    middle = (people[:, 0] + people[:, 2]) / 2
    over = (middle > label[0]) & (middle < label[2]) & (people[:, 3] > label[1]) & (people[:, 3] <= label[3])
    return people[over & (inside(people, label[None])[:, 0] >= SITS_SHARE)]


def _grown(box: FloatArray, other: FloatArray, label: FloatArray) -> FloatArray:
    union = np.concatenate([np.minimum(box[:2], other[:2]), np.maximum(box[2:], other[2:])])
    return union if union[3] - union[1] <= MAX_GROWTH * (label[3] - label[1]) else box
