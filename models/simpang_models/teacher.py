"""Automatic labels: one strong detector says where things are, several small ones vote on the kind."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simpang_models.adapters import Model, open_model
from simpang_models.boxes import (
    BICYCLE,
    FOUR_WHEELS,
    MOTORCYCLE,
    PERSON,
    VEHICLE_UNKNOWN,
    Boxes,
    pairwise_iou,
)
from simpang_models.labels import Teacher, inside
from simpang_models.pictures import Picture, read_picture

WHERE = "omz_person_vehicle_bike_2003.onnx"
VOTERS = ("yolox_nano_coco.onnx", "picodet_s_coco.onnx", "centernet_mbv3_coco.onnx")
MIN_SCORE = 0.2
VOTE_IOU = 0.45
MAJORITY = 0.6


@dataclass(frozen=True)
class Panel:
    """The detector for the place and the voters for the kind."""

    where: Model
    voters: tuple[Model, ...]

    def label(self, picture: Picture) -> Teacher:
        """Boxes with the root of the teacher's score; a vehicle without a majority stays "unknown"."""
        found = self.where.detect(picture)
        found = Boxes(found.xyxy_px, np.sqrt(found.score), found.kind)
        found = found[found.score >= MIN_SCORE]
        votes = [voter.detect(picture) for voter in self.voters]
        kinds = [_vote(found, i, votes) for i in range(len(found))]
        return Teacher(_without_riders(Boxes(found.xyxy_px, found.score, np.array(kinds, np.int64))))


def open_panel(weights: Path, threads: int = 1) -> Panel:
    """The teachers from a folder that holds their ONNX files."""
    voters = tuple(open_model(weights / name, (640, 384), threads) for name in VOTERS)
    return Panel(open_model(weights / WHERE, (960, 544), threads), voters)


def _vote(found: Boxes, index: int, votes: list[Boxes]) -> int:
    kind = int(found.kind[index])
    if kind == PERSON:
        return PERSON
    allowed = FOUR_WHEELS if kind == VEHICLE_UNKNOWN else (MOTORCYCLE, BICYCLE)
    weight = np.zeros(VEHICLE_UNKNOWN + 1)
    for vote in votes:
        near = vote[pairwise_iou(vote.xyxy_px, found.xyxy_px[index : index + 1])[:, 0] > VOTE_IOU]
        np.add.at(weight, near.kind, near.score)
    choice = max(allowed, key=lambda k: weight[k])
    if weight[choice] > 0 and weight[choice] >= MAJORITY * weight.sum():
        return choice
    return kind


def _without_riders(boxes: Boxes) -> Boxes:
    two_wheelers = boxes.of_kinds((MOTORCYCLE, BICYCLE))
    if len(two_wheelers) == 0:
        return boxes
    share = inside(boxes.xyxy_px, two_wheelers.xyxy_px).max(axis=1)
    return boxes[~((boxes.kind == PERSON) & (share > 0.5))]


def label_all(panel: Panel, pictures: Iterable[tuple[Path, Path]]) -> Iterator[Path]:
    """Label each (picture, where to write); what is already there is kept, so a run can be resumed."""
    for picture, target in pictures:
        if not target.is_file():
            panel.label(read_picture(picture)).save(target)
        yield target
