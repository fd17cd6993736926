"""How well detectors that never saw the twin find its vehicles: recall by class and by model of vehicle."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
from simpang_models.adapters import Model, open_model
from simpang_models.boxes import BICYCLE, CLASSES, MOTORCYCLE, PERSON, VEHICLES, Boxes, FloatArray, pairwise_iou

from simpang_twin.errors import RenderError

# A vehicle is asked for when at most this share is hidden and its box is at least this high in the detector's input.
MAX_OCCLUDED = 0.4
MIN_HEIGHT_PX = 30.0
MIN_SCORE = 0.25
_TWO_WHEELS = (MOTORCYCLE, BICYCLE, PERSON)
# Kinds that count as found, and the overlap asked for: a rider's box is often drawn without the wheels.
_FOUND_AS: dict[str, tuple[tuple[int, ...], float]] = {
    "motorcycle": (_TWO_WHEELS, 0.35), "bicycle": (_TWO_WHEELS, 0.35), "person": (_TWO_WHEELS, 0.35),
}  # fmt: skip


@dataclass(frozen=True)
class Recall:
    """Of `asked` boxes, `found` were found as any fitting kind, and `named` of them (also) under their own name."""

    name: str
    asked: int
    found: int
    named: int

    def as_json(self) -> dict[str, Any]:
        """Counts and shares; `named_ratio` is of the found ones, None where none was."""
        return {
            "name": self.name, "asked": self.asked, "found": self.found,
            "recall_ratio": round(self.found / self.asked, 3),
            "named_ratio": round(self.named / self.found, 3) if self.found else None,
        }  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """One detector on one clip: recall by class and by model of vehicle."""

    detector: str
    clip: str
    frames: int
    by_class: tuple[Recall, ...]
    by_model: tuple[Recall, ...]

    def as_json(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "detector": self.detector, "clip": self.clip, "frames": self.frames,
            "by_class": [r.as_json() for r in self.by_class], "by_model": [r.as_json() for r in self.by_model],
        }  # fmt: skip


@dataclass(frozen=True)
class _Asked:
    """The boxes of one frame that are asked for: corners (N, 4), classes and models."""

    xyxy_px: FloatArray
    kinds: tuple[str, ...]
    models: tuple[str, ...]


def recognise(clip: Path, weights: Path, every: int, size: tuple[int, int] = (640, 384)) -> Outcome:
    """Run a detector with an input of `size` (width, height) on every `every`-th frame of a clip and compare with its
    boxes.

    Raises RenderError where the clip or its NAME.boxes.parquet cannot be read, ValueError for unknown weights.
    """
    detector = open_model(weights, size)
    asked = _asked(clip.with_name(f"{clip.stem}.boxes.parquet"), MIN_HEIGHT_PX / _scale(clip, size))
    rows: list[tuple[str, str, bool, bool]] = []
    count = 0
    for time_ms, picture in _frames(clip, every):
        count += 1
        if time_ms in asked:
            rows += _judged(asked[time_ms], _detected(detector, picture))
    by_class, by_model = _summed(rows, 0), _summed(rows, 1)
    return Outcome(detector.name, clip.name, count, by_class, by_model)


def _detected(detector: Model, picture: npt.NDArray[np.uint8]) -> Boxes:
    found = detector.detect(picture)
    return found[found.score >= MIN_SCORE]


def _judged(asked: _Asked, found: Boxes) -> list[tuple[str, str, bool, bool]]:
    """For every asked box: class, model, whether it was found, whether under its own name."""
    overlap = pairwise_iou(asked.xyxy_px, found.xyxy_px)
    out = []
    for i, (kind, model) in enumerate(zip(asked.kinds, asked.models, strict=True)):
        kinds, least = _FOUND_AS.get(kind, (VEHICLES, 0.5))
        good = (overlap[i] >= least) & np.isin(found.kind, kinds)
        named = any(CLASSES[int(k)] == kind for k in found.kind[good])
        out.append((kind, model, bool(good.any()), named))
    return out


def _summed(rows: list[tuple[str, str, bool, bool]], column: int) -> tuple[Recall, ...]:
    names = sorted({str(row[column]) for row in rows})
    groups = [(name, [row for row in rows if row[column] == name]) for name in names]
    return tuple(Recall(n, len(own), sum(r[2] for r in own), sum(r[3] for r in own)) for n, own in groups)


def _frames(clip: Path, every: int) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
    try:
        with av.open(str(clip)) as video:
            for index, frame in enumerate(video.decode(video=0)):
                if index % every == 0:
                    yield round(float(frame.time) * 1000), np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
    except av.FFmpegError as exc:
        raise RenderError(f"{clip}: cannot be read ({exc})") from exc


def _scale(clip: Path, size: tuple[int, int]) -> float:
    """Pixels of the detector's input per pixel of the picture."""
    try:
        with av.open(str(clip)) as video:
            stream = video.streams.video[0]
            return min(size[0] / stream.width, size[1] / stream.height)
    except av.FFmpegError as exc:
        raise RenderError(f"{clip}: cannot be read ({exc})") from exc


def _asked(path: Path, least_height_px: float) -> dict[int, _Asked]:
    """The boxes asked for, by time in milliseconds."""
    if not path.exists():
        raise RenderError(f"{path}: the clip's boxes are missing; render it again")
    t = pq.read_table(path, columns=["time_s", "class", "model", "x0", "y0", "x1", "y1", "occluded"]).to_pydict()
    xyxy = np.stack([np.array(t[c], np.float32) for c in ("x0", "y0", "x1", "y1")], axis=1)
    time_ms = np.round(np.array(t["time_s"]) * 1000).astype(int)
    good = (np.array(t["occluded"]) <= MAX_OCCLUDED) & (xyxy[:, 3] - xyxy[:, 1] >= least_height_px)
    found = {}
    for time in np.unique(time_ms[good]):
        rows = np.flatnonzero(good & (time_ms == time))
        kinds, models = tuple(t["class"][i] for i in rows), tuple(t["model"][i] for i in rows)
        found[int(time)] = _Asked(xyxy[rows], kinds, models)
    return found
