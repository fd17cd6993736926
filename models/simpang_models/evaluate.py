"""Measuring detectors on labelled pictures, all models in one run and interleaved picture by picture.

Interleaving makes the times comparable: whatever else the machine does, it does to all of them.
"""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simpang_models.adapters import Model
from simpang_models.boxes import (
    BUS,
    CLASSES,
    HEAVY_UNKNOWN,
    MOTORCYCLE,
    NO_BOXES,
    TRUCK,
    VEHICLES,
    Boxes,
    suppress,
)
from simpang_models.labels import EVAL_SETS, LabelSet, label_path, pictures_of, read_yolo
from simpang_models.metrics import Matches, average_precision, match, merge, recall_at_precision
from simpang_models.pictures import Picture, letterbox, read_picture, to_source

PRECISION = 0.85
ENGINE = "onnxruntime-cpu-1-thread"
BANDS = (("small_lt20px", 0.0, 20.0), ("mid_20_48px", 20.0, 48.0), ("large_gt48px", 48.0, np.inf))


@dataclass(frozen=True)
class Row:
    """One figure. `value` is None where it cannot be measured (nothing of that kind in the set)."""

    model: str
    size: str
    engine: str
    set: str
    metric: str
    value: float | None


@dataclass(frozen=True)
class Result:
    """One model's boxes on one picture, and the truth."""

    found: Boxes
    truth: Boxes
    ms: float
    height_px: int


def evaluate(
    models: list[Model],
    data: Path,
    sets: Iterable[LabelSet] = EVAL_SETS,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Row]:
    """All figures of all models, set by set, and over all sets together ("all")."""
    everything: dict[int, list[tuple[LabelSet, Result]]] = defaultdict(list)
    for labelled in sets:
        results = _run(models, data, labelled, clock)
        for index, model in enumerate(models):
            pairs = [(labelled, r) for r in results[index]]
            everything[index] += pairs
            yield from figures(model, labelled.name, pairs)
    for index, model in enumerate(models):
        yield from figures(model, "all", everything[index])


def _run(models: list[Model], data: Path, labelled: LabelSet, clock: Callable[[], float]) -> list[list[Result]]:
    results: list[list[Result]] = [[] for _ in models]
    for path in pictures_of(data, labelled.name):
        picture = read_picture(path)
        truth = read_yolo(label_path(path), picture.shape[1], picture.shape[0])
        for index, model in enumerate(models):
            results[index].append(_measure(model, picture, truth, clock))
    return results


def _measure(model: Model, picture: Picture, truth: Boxes, clock: Callable[[], float]) -> Result:
    canvas, scale = letterbox(picture, model.width_px, model.height_px)
    blob = model.prepare(canvas)
    start = clock()
    outputs = model.run(blob)
    ms = 1000 * (clock() - start)
    found = to_source(model.decode(outputs, model.width_px, model.height_px), scale, picture)
    return Result(found, truth, ms, picture.shape[0])


def figures(model: Model, name: str, results: list[tuple[LabelSet, Result]]) -> Iterator[Row]:
    """Every figure of one model on one set (or on all)."""

    def row(metric: str, value: float | None) -> Row:
        size = f"{model.width_px}x{model.height_px}"
        return Row(model.name, size, ENGINE, name, metric, None if value is None else round(value, 4))

    for iou in (0.4, 0.5):
        vehicles = merge([_any_vehicle(labelled, r, iou) for labelled, r in results])
        yield row(f"any_vehicle_ap{iou:g}", average_precision(vehicles))
        yield row(f"any_vehicle_recall_at_precision_{PRECISION:g}_iou{iou:g}", recall_at_precision(vehicles, PRECISION))
    for band, low, high in BANDS:
        parts = [_any_vehicle(labelled, r, 0.4, low, high) for labelled, r in results]
        yield row(f"any_vehicle_ap0.4_{band}", average_precision(merge(parts)))
    for kind, word in enumerate(CLASSES):
        for iou in (0.4, 0.5):
            one = merge([_one_class(r, kind, iou) for labelled, r in results if kind in labelled.labelled])
            yield row(f"{word}_ap{iou:g}", average_precision(one))
            yield row(f"{word}_recall_at_precision_{PRECISION:g}_iou{iou:g}", recall_at_precision(one, PRECISION))
    yield row("ms_per_frame_median", statistics.median(r.ms for _, r in results))


def _any_vehicle(labelled: LabelSet, result: Result, iou: float, low: float = 0.0, high: float = np.inf) -> Matches:
    """Vehicles of any kind, each place once; sizes are heights in pixels of the picture.

    Where motorcycles are not labelled, found motorcycles are left out. Outside the size band truths are
    ignored, and so are found boxes without a truth of their own.
    """
    found = suppress(result.found.of_kinds(VEHICLES), 0.6, agnostic=True)
    if MOTORCYCLE not in labelled.labelled:
        found = found[found.kind != MOTORCYCLE]
    truth = result.truth.of_kinds(VEHICLES)
    inside = (_height(truth) >= low) & (_height(truth) < high)
    if low == 0.0 and high == np.inf:
        return match(found, truth, NO_BOXES, iou)
    fitting = (_height(found) >= low * 0.7) & (_height(found) < high * 1.4)
    return match(found[fitting], truth[inside], truth[~inside], iou)


def _height(boxes: Boxes) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.asarray(boxes.xyxy_px[:, 3] - boxes.xyxy_px[:, 1], np.float32)


def _one_class(result: Result, kind: int, iou: float) -> Matches:
    """One class alone; "bus or truck" labels are neither truth nor error for bus and for truck."""
    ignored = result.truth.of_kinds((HEAVY_UNKNOWN,)) if kind in (BUS, TRUCK) else NO_BOXES
    return match(result.found.of_kinds((kind,)), result.truth.of_kinds((kind,)), ignored, iou)
