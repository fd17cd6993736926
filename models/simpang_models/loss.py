"""What the network should say about a picture (ATSS, arXiv 1912.02424), and how wrong it is.

Three things are added for our data: classes whose absence is uncertain carry no loss, regions that may hold
an object carry none either, and a label that names only a group ("bus or truck") pulls up the best of the group.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from simpang_models.boxes import BUS, CAR, CLASSES, HEAVY_UNKNOWN, MOTORCYCLE, THREE_WHEELER, TRUCK, VEHICLE_UNKNOWN
from simpang_models.network import ANCHOR_SCALE, STRIDES, Raw, decode

CANDIDATES = 9
FOCAL_ALPHA, FOCAL_GAMMA = 0.25, 2.0
BOX_WEIGHT = 2.0
# How much the class of a rare kind counts; in the order of CLASSES. Without it every bus is "probably a car".
RARITY = (1.0, 1.0, 4.0, 2.0, 2.0, 1.0, 4.0)
HEAVY = (BUS, TRUCK)
ANY_VEHICLE = (MOTORCYCLE, CAR, BUS, TRUCK, THREE_WHEELER)


@dataclass(frozen=True)
class Target:
    """One picture's truth as tensors, in input pixels.

    Attributes:
        boxes: (N, 4) corners.
        kind: (N,) class or one of the two "unknown" label classes.
        weight: (N,) confidence of each label.
        ignored: (M, 4) corners of regions without loss.
        negative: (7,) 1 where absence of the class is certain.
    """

    boxes: Tensor
    kind: Tensor
    weight: Tensor
    ignored: Tensor
    negative: Tensor


@dataclass(frozen=True)
class Loss:
    """The three parts, each already weighted and normalised."""

    cls: Tensor
    box: Tensor
    ctr: Tensor

    @property
    def total(self) -> Tensor:
        """Their sum, to be minimised."""
        return self.cls + self.box + self.ctr


def pair_iou(a: Tensor, b: Tensor) -> Tensor:
    """(N, 4) and (M, 4) corners give (N, M)."""
    low = torch.maximum(a[:, None, :2], b[None, :, :2])
    high = torch.minimum(a[:, None, 2:], b[None, :, 2:])
    inter = (high - low).clamp(min=0).prod(dim=2)
    sizes = [(x[:, 2:] - x[:, :2]).prod(dim=1) for x in (a, b)]
    return inter / (sizes[0][:, None] + sizes[1][None] - inter).clamp(min=1e-6)


def corners(anchor: Tensor) -> Tensor:
    """cx cy w h to x0 y0 x1 y1."""
    half = anchor[:, 2:] / 2
    return torch.cat([anchor[:, :2] - half, anchor[:, :2] + half], dim=1)


def assign(boxes: Tensor, anchor: Tensor) -> Tensor:
    """The label each anchor is responsible for, (A,), −1 for none.

    Per label: the nearest anchors of each level are candidates; those whose overlap reaches mean plus
    standard deviation of the candidates', and whose centre lies in the label's box, are responsible.
    """
    owner = torch.full((len(anchor),), -1, dtype=torch.long)
    if len(boxes) == 0:
        return owner
    candidate = _candidates(boxes, anchor)
    overlap = pair_iou(boxes, corners(anchor)).gather(1, candidate)
    threshold = overlap.mean(dim=1, keepdim=True) + overlap.std(dim=1, keepdim=True)
    good = (overlap >= threshold) & _centred(boxes, anchor[candidate, :2])
    label = torch.arange(len(boxes))[:, None].expand_as(candidate)
    # Written in rising order of overlap, so the best label of an anchor that several want stays.
    order = overlap[good].argsort()
    owner[candidate[good][order]] = label[good][order]
    return owner


def _candidates(boxes: Tensor, anchor: Tensor) -> Tensor:
    """(N, K) indices of the CANDIDATES nearest anchors of every level."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    level = level_of(anchor)
    found, start = [], 0
    for index in range(len(STRIDES)):
        count = int((level == index).sum())
        distance = torch.cdist(middle, anchor[start : start + count, :2])
        found.append(distance.topk(min(CANDIDATES, count), largest=False).indices + start)
        start += count
    return torch.cat(found, dim=1)


def level_of(anchor: Tensor) -> Tensor:
    """(A,) index in STRIDES, read off the anchors' area, which is (8·stride)²."""
    side = anchor[:, 2:].prod(dim=1).sqrt() / ANCHOR_SCALE
    return (side.log2().round().long() - 3).clamp(0, len(STRIDES) - 1)


def _centred(boxes: Tensor, point: Tensor) -> Tensor:
    """Whether each candidate's centre (N, K, 2) lies in its label, small labels widened to one cell."""
    half = ((boxes[:, 2:] - boxes[:, :2]) / 2).clamp(min=STRIDES[0] / 2)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    return ((point - middle[:, None]).abs() < half[:, None]).all(dim=2)


def picture_loss(raw: Raw, index: int, anchor: Tensor, target: Target) -> tuple[Loss, Tensor]:
    """Loss sums of one picture of the batch, and the number of responsible anchors."""
    owner = assign(target.boxes, anchor)
    positive = torch.nonzero(owner >= 0).squeeze(1)
    label = owner[positive]
    goal, weight = _class_goal(raw.cls[index].detach(), anchor, positive, label, target)
    cls = (_focal(raw.cls[index], goal) * weight).sum()
    box, ctr = _place_loss(raw, index, anchor, positive, target.boxes[label], target.weight[label])
    return Loss(cls, box, ctr), target.weight[label].sum()


def _class_goal(
    logits: Tensor, anchor: Tensor, positive: Tensor, label: Tensor, target: Target
) -> tuple[Tensor, Tensor]:
    """Wanted class probabilities and loss weights, both (A, 7)."""
    goal = torch.zeros(len(anchor), len(CLASSES))
    weight = target.negative[None].repeat(len(anchor), 1)
    weight[_in_any(anchor[:, :2], target.ignored)] = 0
    kind = target.kind[label]
    weight[positive] = target.weight[label, None].expand(-1, len(CLASSES)).clone()
    plain = kind < len(CLASSES)
    weight[positive[plain]] *= torch.tensor(RARITY)[kind[plain], None]
    goal[positive[plain], kind[plain]] = 1
    for name, group in ((HEAVY_UNKNOWN, HEAVY), (VEHICLE_UNKNOWN, ANY_VEHICLE)):
        rows = positive[kind == name]
        members = torch.tensor(group)
        best = members[logits[rows][:, members].argmax(dim=1)]
        weight[rows[:, None], members] = 0
        weight[rows, best] = target.weight[label[kind == name]]
        goal[rows, best] = 1
    return goal, weight


def _in_any(points: Tensor, boxes: Tensor) -> Tensor:
    """Whether each point (A, 2) lies in one of the boxes (M, 4)."""
    if len(boxes) == 0:
        return torch.zeros(len(points), dtype=torch.bool)
    after = points[:, None] >= boxes[None, :, :2] - STRIDES[0] / 2
    before = points[:, None] <= boxes[None, :, 2:] + STRIDES[0] / 2
    return (after & before).all(dim=2).any(dim=1)


def _focal(logits: Tensor, goal: Tensor) -> Tensor:
    """Focal loss (arXiv 1708.02002), elementwise."""
    error = functional.binary_cross_entropy_with_logits(logits, goal, reduction="none")
    probability = torch.sigmoid(logits)
    miss = probability * (1 - goal) + (1 - probability) * goal
    alpha = FOCAL_ALPHA * goal + (1 - FOCAL_ALPHA) * (1 - goal)
    return alpha * miss**FOCAL_GAMMA * error


def _place_loss(
    raw: Raw, index: int, anchor: Tensor, positive: Tensor, boxes: Tensor, weight: Tensor
) -> tuple[Tensor, Tensor]:
    """Box loss (1 − GIoU, weighted by centredness) and centredness loss, as sums."""
    centred = centredness(anchor[positive, :2], boxes)
    found = decode(raw.reg[index, positive], anchor[positive])
    share = centred * weight
    box = ((1 - generalised_iou(found, boxes)) * share).sum() / share.sum().clamp(min=1e-3) * weight.sum()
    ctr = functional.binary_cross_entropy_with_logits(raw.ctr[index, positive], centred, reduction="none")
    return BOX_WEIGHT * box, (ctr * weight).sum()


def centredness(point: Tensor, boxes: Tensor) -> Tensor:
    """1 in the middle of a box, 0 at its border: FCOS (arXiv 1904.01355), equation 3; (N,)."""
    low = (point - boxes[:, :2]).clamp(min=0)
    high = (boxes[:, 2:] - point).clamp(min=0)
    ratio = torch.minimum(low, high) / torch.maximum(low, high).clamp(min=1e-6)
    return ratio.prod(dim=1).sqrt()


def generalised_iou(a: Tensor, b: Tensor) -> Tensor:
    """GIoU (arXiv 1902.09630) of boxes row by row, (N,), in −1..1."""
    low, high = torch.maximum(a[:, :2], b[:, :2]), torch.minimum(a[:, 2:], b[:, 2:])
    inter = (high - low).clamp(min=0).prod(dim=1)
    size_a, size_b = ((x[:, 2:] - x[:, :2]).clamp(min=0).prod(dim=1) for x in (a, b))
    union = (size_a + size_b - inter).clamp(min=1e-6)
    hull = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).prod(dim=1).clamp(min=1e-6)
    return inter / union - (hull - union) / hull


def batch_loss(raw: Raw, anchor: Tensor, targets: list[Target]) -> Loss:
    """The mean loss per responsible anchor over a batch."""
    raw = Raw(raw.cls.float(), raw.ctr.float(), raw.reg.float())
    parts = [picture_loss(raw, i, anchor, t) for i, t in enumerate(targets)]
    count = torch.stack([n for _, n in parts]).sum().clamp(min=1.0)
    sums = [torch.stack([getattr(loss, name) for loss, _ in parts]).sum() / count for name in ("cls", "box", "ctr")]
    return Loss(*sums)
