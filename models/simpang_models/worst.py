"""The pictures on which a model errs most, on one sheet with what it missed and what it imagined."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from simpang_models.boxes import CLASSES, VEHICLES, Boxes, pairwise_iou, suppress
from simpang_models.evaluate import DOUBLES_IOU, Case, Run
from simpang_models.metrics import at_score, match
from simpang_models.pictures import Picture, read_picture

RIGHT, WRONG, MISSED, IGNORED = (0, 170, 0), (40, 40, 255), (0, 220, 255), (150, 150, 150)
TILE_PX = (640, 400)
SAME_VIEW = 0.97
"""Pictures whose thumbnails correlate more than this show nearly the same; only the worst of them is shown."""


@dataclass(frozen=True)
class Bad:
    """One picture, the boxes at the operating score, and how many are missed and imagined."""

    case: Case
    found: Boxes
    missed: int
    wrong: int


def worst(run: Run, cases: Sequence[Case], score: float, count: int) -> list[Bad]:
    """The `count` pictures with the most missed and imagined vehicles (IoU 0.4), most first, no two nearly the same."""
    every = [_judge(case, found, score) for case, found in zip(cases, run.found, strict=True)]
    every.sort(key=lambda bad: -(bad.missed + bad.wrong))
    chosen: list[Bad] = []
    views: list[np.ndarray[tuple[int], np.dtype[np.float64]]] = []
    for bad in every:
        view = _thumbnail(read_picture(bad.case.path))
        if all(float(view @ other) < SAME_VIEW for other in views):
            chosen.append(bad)
            views.append(view)
        if len(chosen) == count:
            break
    return chosen


def _judge(case: Case, found: Boxes, score: float) -> Bad:
    kept = suppress(found[found.score >= score].of_kinds(VEHICLES), DOUBLES_IOU, agnostic=True)
    truth = case.reviewed.boxes.of_kinds(VEHICLES)
    right, wrong = at_score(match(kept, truth, case.reviewed.ignored, 0.4), score)
    return Bad(case, kept, len(truth) - right, wrong)


def _thumbnail(picture: Picture) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    small = cv2.resize(picture, (32, 18), interpolation=cv2.INTER_AREA).astype(np.float64).ravel()
    small -= small.mean()
    return np.asarray(small / max(float(np.linalg.norm(small)), 1e-9))


def sheet(bad: Sequence[Bad], columns: int = 3) -> Picture:
    """One picture of all: green found, red imagined, yellow missed, grey not judged."""
    tiles = [_tile(b) for b in bad]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)]
    return np.asarray(np.vstack(rows), np.uint8)


def _tile(bad: Bad) -> Picture:
    picture = read_picture(bad.case.path)
    width, height = TILE_PX
    factor = min(width / picture.shape[1], (height - 20) / picture.shape[0])
    tile = np.zeros((height, width, 3), np.uint8)
    small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    tile[20 : 20 + small.shape[0], : small.shape[1]] = small
    _draw_all(tile[20:], bad, factor)
    text = f"{bad.case.labelled.name}/{bad.case.path.stem}: {bad.missed} missed, {bad.wrong} imagined"
    cv2.putText(tile, text[:90], (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1)
    return tile


def _draw_all(tile: Picture, bad: Bad, factor: float) -> None:
    truth = bad.case.reviewed.boxes.of_kinds(VEHICLES)
    overlap = pairwise_iou(bad.found.xyxy_px, truth.xyxy_px)
    _draw(tile, bad.case.reviewed.ignored, factor, IGNORED, names=False)
    _draw(tile, truth[overlap.max(axis=0, initial=0.0) < 0.4], factor, MISSED)
    hit = overlap.max(axis=1, initial=0.0) >= 0.4
    _draw(tile, bad.found[hit], factor, RIGHT)
    _draw(tile, bad.found[~hit], factor, WRONG)


def _draw(tile: Picture, boxes: Boxes, factor: float, colour: tuple[int, int, int], names: bool = True) -> None:
    for box, kind in zip((boxes.xyxy_px * factor).round().astype(int).tolist(), boxes.kind.tolist(), strict=True):
        cv2.rectangle(tile, tuple(box[:2]), tuple(box[2:]), colour, 1)
        if names:
            word = CLASSES[kind] if kind < len(CLASSES) else "vehicle"
            cv2.putText(tile, word[:5], (box[0], max(8, box[1] - 2)), cv2.FONT_HERSHEY_SIMPLEX, 0.3, colour, 1)
