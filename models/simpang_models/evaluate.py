"""Measuring detectors on labelled pictures, all models in one run and interleaved picture by picture.

Interleaving makes the times comparable: whatever else the machine does, it does to all of them.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simpang_models.adapters import Model
from simpang_models.boxes import (
    BUS,
    CAR,
    CLASSES,
    HEAVY_UNKNOWN,
    TRUCK,
    VEHICLE_UNKNOWN,
    VEHICLES,
    Boxes,
    concatenate,
    suppress,
)
from simpang_models.labels import LabelSet, label_path, pictures_of, read_yolo
from simpang_models.metrics import (
    Matches,
    at_score,
    average_precision,
    match,
    merge,
    recall_at_precision,
    threshold_at_precision,
)
from simpang_models.pictures import Picture, letterbox, read_picture, to_source
from simpang_models.review import Corrected, Faults, picture_hash, read_faults, read_scenes

PRECISION = 0.85
BANDS = (("small_lt20px", 0.0, 20.0), ("mid_20_48px", 20.0, 48.0), ("large_gt48px", 48.0, np.inf))
DOUBLES_IOU = 0.6
ALL = "all"
UNSEEN = "unseen_cameras"
LIGHTS = ("day", "night", "wet")


@dataclass(frozen=True)
class Row:
    """One figure; `value` is None where it is unknown: nothing of that kind, or a kind that the model cannot name."""

    model: str
    size: str
    engine: str
    set: str
    metric: str
    value: float | None


@dataclass(frozen=True)
class Case:
    """One evaluation picture: its file, its set, its labels as they came and as reviewed, and its light."""

    path: Path
    labelled: LabelSet
    raw: Corrected
    reviewed: Corrected
    lights: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """One model's boxes on one picture, with the labels that they are held against."""

    labelled: LabelSet
    found: Boxes
    truth: Corrected
    ms: float
    lights: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """One model's boxes and times, case by case."""

    model: Model
    found: tuple[Boxes, ...]
    ms: tuple[float, ...]

    def results(self, cases: Sequence[Case], raw: bool) -> list[Result]:
        """Against the reviewed labels, or against the labels as they came."""
        return [
            Result(c.labelled, f, c.raw if raw else c.reviewed, ms, c.lights)
            for c, f, ms in zip(cases, self.found, self.ms, strict=True)
        ]


def load_cases(data: Path, sets: Iterable[LabelSet]) -> list[Case]:
    """All pictures of these sets with their labels.

    Raises:
        ValueError: a set without a folder, or an unreadable label or picture.
    """
    faults, scenes = read_faults(), read_scenes()
    cases = []
    for labelled in sets:
        for path in pictures_of(data, labelled.name):
            height, width = read_picture(path).shape[:2]
            labels = read_yolo(label_path(path), width, height)
            key = picture_hash(path)
            reviewed = faults.get(key, Faults()).apply(labels)
            lights = scenes[key].words() if key in scenes else ()
            cases.append(Case(path, labelled, Corrected(labels), reviewed, lights))
    return cases


def run(
    models: Sequence[Model],
    cases: Iterable[Case],
    clock: Callable[[], float] = time.perf_counter,
) -> list[Run]:
    """Every model on every picture, one after the other on each; a first picture warms them up and is not timed."""
    found: list[list[Boxes]] = [[] for _ in models]
    ms: list[list[float]] = [[] for _ in models]
    for number, case in enumerate(cases):
        picture = read_picture(case.path)
        for index, model in enumerate(models):
            if number == 0:
                _detect(model, picture, clock)
            boxes, duration = _detect(model, picture, clock)
            found[index].append(boxes)
            ms[index].append(duration)
    return [Run(m, tuple(f), tuple(t)) for m, f, t in zip(models, found, ms, strict=True)]


def _detect(model: Model, picture: Picture, clock: Callable[[], float]) -> tuple[Boxes, float]:
    """The boxes, and the milliseconds of the network alone, from prepared input to raw output."""
    canvas, scale = letterbox(picture, model.width_px, model.height_px)
    blob = model.prepare(canvas)
    start = clock()
    outputs = model.network.run(blob)
    ms = 1000 * (clock() - start)
    return to_source(model.decode(outputs, model.width_px, model.height_px), scale, picture), ms


def rows(done: Run, cases: Sequence[Case], raw: bool = False, score: float | None = None) -> Iterator[Row]:
    """All figures of one model: by set, over unseen cameras, over all, and by light.

    The overall figures for any vehicle are also given against the labels as they came (`SET.raw`).

    score: the operating score; None: the lowest at which any-vehicle precision over all sets is still PRECISION.
    """
    results = done.results(cases, raw)
    if score is None:
        score = operating_score(results)
    ending = ".raw" if raw else ""
    for name, part in _groups(results):
        yield from _named(done.model, f"{name}{ending}", figures(done.model, part, score))
    if not raw:
        for name, part in _groups(done.results(cases, raw=True)):
            if not name.startswith(f"{ALL}/"):
                yield from _named(done.model, f"{name}.raw", any_vehicle_figures(part))


def operating_score(results: Sequence[Result]) -> float | None:
    """The lowest score at which any-vehicle precision (IoU 0.4) is still PRECISION; None where it never is."""
    return threshold_at_precision(merge([any_vehicle(r, 0.4) for r in results]), PRECISION)


def _named(model: Model, name: str, metrics: Iterable[tuple[str, float | None]]) -> Iterator[Row]:
    for metric, value in metrics:
        rounded = None if value is None else round(value, 4)
        yield Row(model.name, model.size, model.network.name, name, metric, rounded)


def _groups(results: Sequence[Result]) -> Iterator[tuple[str, list[Result]]]:
    """Results by set, of cameras never trained on, all, and by light; groups without pictures are left out."""
    groups = {r.labelled.name: [p for p in results if p.labelled.name == r.labelled.name] for r in results}
    groups[UNSEEN] = [r for r in results if not r.labelled.seen_camera]
    groups[ALL] = list(results)
    for light in LIGHTS:
        groups[f"{ALL}/{light}"] = [r for r in results if light in r.lights]
    yield from ((name, part) for name, part in groups.items() if part)


def figures(model: Model, results: Sequence[Result], score: float | None) -> Iterator[tuple[str, float | None]]:
    """Every figure of one model on one group of pictures, as (metric, value)."""
    yield from any_vehicle_figures(results)
    for band, low, high in BANDS:
        yield f"any_vehicle_ap0.4_{band}", average_precision(merge([any_vehicle(r, 0.4, low, high) for r in results]))
    for kind, word in enumerate(CLASSES):
        yield from _class_figures(word, [_one_class(r, kind) for r in results], kind in model.kinds)
    yield from _class_figures("bus_or_truck", [_heavy(r) for r in results], {BUS, TRUCK} <= set(model.kinds))
    yield from _operating_figures(results, score)
    yield "ms_per_frame_median", float(np.median([r.ms for r in results]))
    yield "ms_per_frame_p90", float(np.percentile([r.ms for r in results], 90))


def any_vehicle_figures(results: Sequence[Result]) -> Iterator[tuple[str, float | None]]:
    """How many pictures and labels there are, and AP and recall for "any vehicle"."""
    yield "pictures", float(len(results))
    yield "any_vehicle_labels", float(sum(len(r.truth.boxes.of_kinds(VEHICLES)) for r in results))
    for iou in (0.4, 0.5):
        vehicles = merge([any_vehicle(r, iou) for r in results])
        yield f"any_vehicle_ap{iou:g}", average_precision(vehicles)
        yield f"any_vehicle_recall_at_precision_{PRECISION:g}_iou{iou:g}", recall_at_precision(vehicles, PRECISION)


Scored = Callable[[float], Matches] | None
"""Matches of one picture at an IoU; None where the picture's set does not label the class."""


def _class_figures(word: str, parts: Sequence[Scored], known: bool) -> Iterator[tuple[str, float | None]]:
    for iou in (0.4, 0.5):
        one = merge([part(iou) for part in parts if part is not None])
        yield f"{word}_ap{iou:g}", average_precision(one) if known else None
        recall = recall_at_precision(one, PRECISION) if known else None
        yield f"{word}_recall_at_precision_{PRECISION:g}_iou{iou:g}", recall


def _operating_figures(results: Sequence[Result], score: float | None) -> Iterator[tuple[str, float | None]]:
    """Recall and wrong boxes per picture when only boxes of at least `score` are used."""
    yield "operating_score", score
    if score is None:
        yield from (("recall_at_operating_score", None), ("false_boxes_per_frame", None))
        return
    vehicles = merge([any_vehicle(r, 0.4) for r in results])
    right, wrong = at_score(vehicles, score)
    yield "recall_at_operating_score", right / vehicles.truths if vehicles.truths else None
    yield "false_boxes_per_frame", wrong / len(results)


def any_vehicle(result: Result, iou: float, low: float = 0.0, high: float = np.inf) -> Matches:
    """Vehicles of any kind, each place once; `low` and `high` bound the height in pixels of the picture.

    A found box without a label of its own is no error where its kind was not labelled. Outside the size band labels
    are ignored, and so are found boxes without a label of their own.
    """
    found = suppress(result.found.of_kinds(VEHICLES), DOUBLES_IOU, agnostic=True)
    excused = ~np.isin(found.kind, _labelled_kinds(result.labelled))
    truth, ignored = result.truth.boxes.of_kinds(VEHICLES), result.truth.ignored
    if low == 0.0 and high == np.inf:
        return match(found, truth, ignored, iou, excused)
    inside = (_height(truth) >= low) & (_height(truth) < high)
    fitting = (_height(found) >= low * 0.7) & (_height(found) < high * 1.4)
    return match(found[fitting], truth[inside], concatenate([truth[~inside], ignored]), iou, excused[fitting])


def _labelled_kinds(labelled: LabelSet) -> tuple[int, ...]:
    """Kinds whose absence from the labels means absence: "bus or truck" stands for both, "some vehicle" for all."""
    kinds = set(labelled.labelled)
    if HEAVY_UNKNOWN in kinds:
        kinds |= {BUS, TRUCK}
    if CAR in kinds:
        kinds |= {VEHICLE_UNKNOWN}  # "some vehicle" found where cars are labelled
    return tuple(VEHICLES if VEHICLE_UNKNOWN in labelled.labelled else kinds)


def _height(boxes: Boxes) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.asarray(boxes.xyxy_px[:, 3] - boxes.xyxy_px[:, 1], np.float32)


def _one_class(result: Result, kind: int) -> Scored:
    """One class alone; labels that leave it open whether they are of this class are neither truth nor error."""
    if kind not in result.labelled.labelled:
        return None
    unsure = {VEHICLE_UNKNOWN} if kind in VEHICLES else set()
    if kind in (BUS, TRUCK):
        unsure |= {HEAVY_UNKNOWN}
    ignored = concatenate([result.truth.boxes.of_kinds(tuple(unsure)), result.truth.ignored])
    found, truth = result.found.of_kinds((kind,)), result.truth.boxes.of_kinds((kind,))
    return lambda iou: match(found, truth, ignored, iou)


def _heavy(result: Result) -> Scored:
    """Buses and trucks together, "bus or truck" labels among them."""
    if not {BUS, TRUCK} <= set(_labelled_kinds(result.labelled)):
        return None
    ignored = concatenate([result.truth.boxes.of_kinds((VEHICLE_UNKNOWN,)), result.truth.ignored])
    found = suppress(result.found.of_kinds((BUS, TRUCK)), DOUBLES_IOU, agnostic=True)
    truth = result.truth.boxes.of_kinds((BUS, TRUCK, HEAVY_UNKNOWN))
    return lambda iou: match(found, truth, ignored, iou)
