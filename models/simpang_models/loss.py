"""What the network should say about a picture, and how wrong it is.

Task-aligned assignment (TOOD, arXiv 2108.07755): the cells that already agree best with a label in class and place
become responsible for it, and the class score they should give is how well their box fits, so that a score says
"this kind, here". Three things are added for our data: classes whose absence is uncertain carry no loss, regions that
may hold an object carry none either, and a label that names only a group ("bus or truck") pulls up the best of it.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from simpang_models.boxes import BUS, CAR, CLASSES, HEAVY_UNKNOWN, MOTORCYCLE, THREE_WHEELER, TRUCK, VEHICLE_UNKNOWN
from simpang_models.network import Raw, decode

CELLS_PER_LABEL = 10
CLASS_POWER, BOX_POWER = 0.5, 4.0
FOCAL_GAMMA = 2.0
BOX_WEIGHT = 2.0
# How much a label counts for the class loss, in the order of CLASSES: more for kinds easily taken for commoner ones.
RARITY = (1.5, 1.0, 1.5, 1.0, 1.5, 1.0, 2.0)
# How much a label of each class, "bus or truck" and "some motor vehicle" count where only the name is asked for.
NAME_RARITY = (1.0, 1.2, 1.2, 1.0, 2.0, 1.0, 1.5, 1.0, 1.0)
NAME_WEIGHT = 1.0
REACH = 0.75
"""A cell may answer for a label whose middle is this near (in strides), even if it lies outside a very small box."""
# Which classes each label class may stand for: itself, "bus or truck", "some motor vehicle".
GROUPS = {HEAVY_UNKNOWN: (BUS, TRUCK), VEHICLE_UNKNOWN: (MOTORCYCLE, CAR, BUS, TRUCK, THREE_WHEELER)}


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

    def to(self, device: torch.device) -> "Target":
        """The same on another device."""
        parts = (self.boxes, self.kind, self.weight, self.ignored, self.negative)
        return Target(*(p.to(device, non_blocking=True) for p in parts))


@dataclass(frozen=True)
class Loss:
    """The two parts, each already weighted and normalised."""

    cls: Tensor
    box: Tensor

    @property
    def total(self) -> Tensor:
        """Their sum, to be minimised."""
        return self.cls + self.box


@dataclass(frozen=True)
class Assignment:
    """Which cells answer for a label.

    Attributes:
        cell: (P,) index of the cell.
        label: (P,) index of its label.
        kind: (P,) class that the cell should name.
        score: (P,) 0..1, the class score it should give.
    """

    cell: Tensor
    label: Tensor
    kind: Tensor
    score: Tensor


def pair_iou(a: Tensor, b: Tensor) -> Tensor:
    """(N, 4) and (M, 4) corners give (N, M)."""
    low = torch.maximum(a[:, None, :2], b[None, :, :2])
    high = torch.minimum(a[:, None, 2:], b[None, :, 2:])
    inter = (high - low).clamp(min=0).prod(dim=2)
    sizes = [(x[:, 2:] - x[:, :2]).prod(dim=1) for x in (a, b)]
    return inter / (sizes[0][:, None] + sizes[1][None] - inter).clamp(min=1e-6)


def assign(logits: Tensor, found: Tensor, cell: Tensor, target: Target) -> Assignment:
    """Choose the cells for each label from what the network now says: logits (A, 7), found boxes and cells (A, ·).

    Logits and boxes come without gradient.
    """
    if len(target.boxes) == 0:
        none = torch.zeros(0, dtype=torch.long, device=cell.device)
        return Assignment(none, none, none, none.float())
    score, kind = _label_scores(torch.sigmoid(logits), target.kind)
    overlap = pair_iou(target.boxes, found)
    align = score**CLASS_POWER * overlap**BOX_POWER
    # A trace of nearness decides between cells that do not overlap the label at all, as at the very beginning.
    align = (align + 1e-9 * _nearness(target.boxes, cell)) * _within(target.boxes, cell)
    chosen = _best_cells(align)
    owned = torch.where(chosen, overlap + 1e-6, torch.zeros_like(overlap))
    best, label = owned.max(dim=0)
    taken = torch.nonzero(best > 0).squeeze(1)
    label = label[taken]
    goal = _goal_scores(align, overlap, chosen)[label, taken]
    return Assignment(taken, label, kind[label, taken], goal)


def _label_scores(probability: Tensor, kind: Tensor) -> tuple[Tensor, Tensor]:
    """The probability of each label's class at each cell and that class, both (N, A); of a group, the best member's."""
    score = probability[:, kind.clamp(max=len(CLASSES) - 1)].T.clone()
    named = kind[:, None].expand(-1, len(probability)).clone()
    for name, members in GROUPS.items():
        rows = kind == name
        if rows.any():
            group = torch.tensor(members, device=kind.device)
            value, which = probability[:, group].max(dim=1)
            score[rows], named[rows] = value, group[which]
    return score, named


def _within(boxes: Tensor, cell: Tensor) -> Tensor:
    """(N, A): whether the middle of the cell lies in the label, or very near its middle."""
    half = (boxes[:, None, 2:] - boxes[:, None, :2]) / 2
    half = torch.maximum(half, REACH * cell[None, :, 2:])
    middle = (boxes[:, None, :2] + boxes[:, None, 2:]) / 2
    return ((cell[None, :, :2] - middle).abs() < half).all(dim=2)


def _nearness(boxes: Tensor, cell: Tensor) -> Tensor:
    """(N, A): 1 at the label's middle, falling with the distance in strides."""
    middle = (boxes[:, None, :2] + boxes[:, None, 2:]) / 2
    distance = ((cell[None, :, :2] - middle) / cell[None, :, 2:]).norm(dim=2)
    return 1 / (1 + distance)


def _best_cells(align: Tensor) -> Tensor:
    """(N, A) bool: the CELLS_PER_LABEL best of each label, none that is not allowed."""
    count = min(CELLS_PER_LABEL, align.shape[1])
    value, index = align.topk(count, dim=1)
    chosen = torch.zeros_like(align, dtype=torch.bool)
    return chosen.scatter_(1, index, value > 0)


def _goal_scores(align: Tensor, overlap: Tensor, chosen: Tensor) -> Tensor:
    """(N, A): alignment scaled so that the best cell of a label should score its overlap."""
    align = torch.where(chosen, align, torch.zeros_like(align))
    top = torch.where(chosen, overlap, torch.zeros_like(overlap)).amax(dim=1, keepdim=True)
    return align / align.amax(dim=1, keepdim=True).clamp(min=1e-12) * top


def picture_loss(raw: Raw, index: int, cell: Tensor, target: Target) -> tuple[Loss, Tensor]:
    """Loss sums of one picture of the batch, and the sum of the scores that its responsible cells should give."""
    logits, found = raw.cls[index], decode(raw.reg[index], cell)
    assigned = assign(logits.detach(), found.detach(), cell, target)
    weight = target.weight[assigned.label]
    cls = _class_loss(logits, cell, assigned, weight, target)
    cls = cls + NAME_WEIGHT * name_loss(logits[assigned.cell], assigned, weight, target)
    error = 1 - generalised_iou(found[assigned.cell], target.boxes[assigned.label])
    share = assigned.score * weight
    return Loss(cls, BOX_WEIGHT * (error * share).sum()), share.sum()


def _class_loss(logits: Tensor, cell: Tensor, assigned: Assignment, weight: Tensor, target: Target) -> Tensor:
    """Quality focal loss (arXiv 2006.04388) over all cells, as a sum."""
    goal = torch.zeros_like(logits)
    goal[assigned.cell, assigned.kind] = assigned.score
    counts = target.negative[None].repeat(len(cell), 1)
    counts[_in_any(cell, target.ignored)] = 0
    counts[assigned.cell] = _positive_counts(assigned, weight, target)
    error = functional.binary_cross_entropy_with_logits(logits, goal, reduction="none")
    miss = (goal - torch.sigmoid(logits)).abs() ** FOCAL_GAMMA
    return (miss * error * counts).sum()


def _positive_counts(assigned: Assignment, weight: Tensor, target: Target) -> Tensor:
    """(P, 7) weights of the classes at responsible cells: a group's label says nothing about its other members."""
    rarity = torch.tensor(RARITY, device=weight.device)[assigned.kind]
    counts = (weight * rarity)[:, None].repeat(1, len(CLASSES))
    for name, members in GROUPS.items():
        rows = torch.nonzero(target.kind[assigned.label] == name).squeeze(1)
        group = torch.tensor(members, device=rows.device)
        counts[rows[:, None], group[None]] = 0
        counts[rows, assigned.kind[rows]] = weight[rows]
    return counts


def name_loss(logits: Tensor, assigned: Assignment, weight: Tensor, target: Target) -> Tensor:
    """Cross-entropy between the classes at responsible cells, as a sum; a group's label wants any of its members.

    It asks which kind, not whether: the class loss alone is nearly as content with "truck" for a bus.
    """
    kind = target.kind[assigned.label]
    member = torch.eye(len(NAME_RARITY), len(CLASSES), device=logits.device)
    for name, members in GROUPS.items():
        member[name, list(members)] = 1.0
    meant = logits.masked_fill(member[kind] == 0, -torch.inf).logsumexp(dim=1)
    rarity = torch.tensor(NAME_RARITY, device=logits.device)[kind]
    return ((logits.logsumexp(dim=1) - meant) * rarity * weight * assigned.score).sum()


def _in_any(cell: Tensor, boxes: Tensor) -> Tensor:
    """Whether the middle of each cell (A, 3) lies in one of the boxes (M, 4), or within half a cell of it."""
    half = cell[:, None, 2:] / 2
    after = cell[:, None, :2] >= boxes[None, :, :2] - half
    before = cell[:, None, :2] <= boxes[None, :, 2:] + half
    return (after & before).all(dim=2).any(dim=1)


def generalised_iou(a: Tensor, b: Tensor) -> Tensor:
    """GIoU (arXiv 1902.09630) of boxes row by row, (N,), in −1..1."""
    low, high = torch.maximum(a[:, :2], b[:, :2]), torch.minimum(a[:, 2:], b[:, 2:])
    inter = (high - low).clamp(min=0).prod(dim=1)
    size_a, size_b = ((x[:, 2:] - x[:, :2]).clamp(min=0).prod(dim=1) for x in (a, b))
    union = (size_a + size_b - inter).clamp(min=1e-6)
    hull = (torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])).prod(dim=1).clamp(min=1e-6)
    return inter / union - (hull - union) / hull


def batch_loss(raw: Raw, cell: Tensor, targets: list[Target]) -> Loss:
    """The mean loss per wanted score over a batch."""
    raw = Raw(raw.cls.float(), raw.reg.float())
    parts = [picture_loss(raw, i, cell, t) for i, t in enumerate(targets)]
    count = torch.stack([n for _, n in parts]).sum().clamp(min=1.0)
    return Loss(*(torch.stack([getattr(loss, name) for loss, _ in parts]).sum() / count for name in ("cls", "box")))
