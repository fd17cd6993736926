"""Why figures with a model are off: what it misses, sees twice or invents, and how often tracks break.

Every frame's tracks (and, for the detector alone, its sure boxes) are matched with the true boxes of the vehicles that
show at least 30 %, one to one at the greatest overlap, at an intersection over union of 0.4 or more.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq
from scipy.optimize import linear_sum_assignment
from simpang_edge.assembly import build_measurement
from simpang_edge.config import load
from simpang_edge.data import KINDS, MOTOR_VEHICLES, Frame, Tracks
from simpang_edge.recorded_detector import RecordedDetector
from simpang_edge.tracker import Tracker, TrackerSettings
from simpang_edge.tracker_motion import overlap

from .perfect import Eyes

Array = np.ndarray[Any, Any]

SAME_IOU: Final = 0.4
ON_ANOTHER: Final = 0.5
"""A false box of which so much lies in a true one is a second box on it."""

BANDS_M: Final = ((0, 20), (20, 40), (40, 70))
SHORT: Final = 3
"""A track that showed a vehicle in fewer frames does not count as one of its tracks."""

PERSON: Final = KINDS.index("person")
SIDES: Final = ("x0", "y0", "x1", "y1")


@dataclass(frozen=True, slots=True)
class Truth:
    """The motor vehicles of an approach in one frame; all arrays (N,), xyxy_px (N, 4). shown: 30 % or more, in `Eyes`'
    least size."""

    id: Array
    kind: Array
    xyxy_px: Array
    along_m: Array
    shown: Array


@dataclass(frozen=True, slots=True)
class Look:
    """One frame: the truth, the detector's sure boxes (D, 4), and the tracks' ids and boxes (T,), (T, 4); on (T,): on
    the approach, within the measured length, and no person."""

    truth: Truth
    sure_px: Array
    track: Array
    track_px: Array
    on: Array


@dataclass(slots=True)
class Causes:
    """Sums over frames. shown, sure, tracked: vehicle-frames by class and band. hidden: vehicle-frames of vehicles that
    show less. doubled, invented: track-frames on another's vehicle and on nothing. tracks: per vehicle, how many frames
    each track showed it."""

    shown: Counter[tuple[str, tuple[int, int]]] = field(default_factory=Counter)
    sure: Counter[tuple[str, tuple[int, int]]] = field(default_factory=Counter)
    tracked: Counter[tuple[str, tuple[int, int]]] = field(default_factory=Counter)
    hidden: int = 0
    doubled: int = 0
    invented: int = 0
    tracks: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, look: Look) -> None:
        """Account for one frame."""
        truth = look.truth
        self.hidden += int((~truth.shown).sum())
        found = match(look.track_px, truth.xyxy_px)
        sure = set(match(look.sure_px, truth.xyxy_px).tolist())
        by_track = set(found.tolist())
        for n in np.flatnonzero(truth.shown).tolist():
            place = (str(truth.kind[n]), band(float(truth.along_m[n])))
            self.shown[place] += 1
            self.sure[place] += n in sure
            self.tracked[place] += n in by_track
        for n in np.flatnonzero(found >= 0).tolist():
            self.tracks[str(truth.id[found[n]])][int(look.track[n])] += 1
        false = look.on & (found < 0)
        on_another = np.zeros(len(found), bool)
        if len(truth.id) and false.any():
            on_another[false] = overlap(look.track_px[false], truth.xyxy_px)[2].max(axis=1) >= ON_ANOTHER
        self.doubled += int((false & on_another).sum())
        self.invented += int((false & ~on_another).sum())

    def tracks_per_vehicle(self) -> float | None:
        """Mean number of tracks of a vehicle that has any; 1 where none breaks."""
        counts = [sum(n >= SHORT for n in tracks.values()) for tracks in self.tracks.values()]
        known = [n for n in counts if n]
        return sum(known) / len(known) if known else None

    def row(self) -> "Row":
        """The shares of all vehicle-time."""
        shown = sum(self.shown.values())
        missed = shown - sum(self.tracked.values())
        total = shown + self.hidden
        if not total:
            return Row(None, None, None, None, None)
        pct = 100 / total
        tracks = self.tracks_per_vehicle()
        return Row(pct * self.hidden, pct * missed, pct * self.doubled, pct * self.invented, tracks)


@dataclass(frozen=True, slots=True)
class Row:
    """Per cent of the true vehicle-time on the approach; None without any. tracks: per vehicle."""

    hidden_pct: float | None
    missed_pct: float | None
    doubled_pct: float | None
    invented_pct: float | None
    tracks: float | None


def band(along_m: float) -> tuple[int, int]:
    """The band of distance from the stop line; what is farther than the last belongs to it."""
    return next((one for one in BANDS_M if along_m < one[1]), BANDS_M[-1])


def match(boxes_px: Array, true_px: Array) -> Array:
    """Index of the true box (N, 4) of each box (M, 4), -1 for none, (M,)."""
    found = np.full(len(boxes_px), -1, np.int64)
    if not len(boxes_px) or not len(true_px):
        return found
    iou = overlap(boxes_px.astype(np.float64), true_px)[0]
    good = np.where(iou >= SAME_IOU, iou, 0.0)
    for i, j in zip(*linear_sum_assignment(-good), strict=True):
        if good[i, j] > 0:
            found[i] = j
    return found


def causes(looks: Iterable[Look]) -> Causes:
    """Of the frames of one clip."""
    found = Causes()
    for look in looks:
        found.add(look)
    return found


def pooled(parts: Sequence[Causes]) -> Causes:
    """Of several clips together; their vehicles are different ones."""
    out = Causes()
    for i, part in enumerate(parts):
        for mine, theirs in ((out.shown, part.shown), (out.sure, part.sure), (out.tracked, part.tracked)):
            mine.update(theirs)
        out.hidden += part.hidden
        out.doubled += part.doubled
        out.invented += part.invented
        out.tracks.update({f"{i} {name}": tracks for name, tracks in part.tracks.items()})
    return out


def looks(
    box_file: Path, boxes: Path, times_s: Sequence[float], fps: float, size_px: tuple[int, int]
) -> Iterator[Look]:
    """Every analysed frame of a clip whose detections are kept: box_file names them as its model. fps: of the clip."""
    box = load(box_file)
    assert box.model.path is not None
    camera, detector = box.cameras[0], RecordedDetector(box.model.path)
    settings = TrackerSettings().beginning_at(box.model.min_score)
    tracker, parts = Tracker(settings), build_measurement(box, camera)
    length_m, truths = float(camera.approaches[0].length_m), _truths(boxes, float(camera.approaches[0].length_m))
    blank = np.zeros((1, 1, 3), np.uint8)
    for time_s in times_s:
        found = detector.detect(Frame(time_s, blank))
        tracks = tracker.update(found)
        vehicles = parts.place(tracks, size_px)
        on = (vehicles.approach == 0) & (vehicles.along_m > 0) & (vehicles.along_m < length_m)
        truth = truths.get(round(time_s * fps), _nobody())
        yield _look(truth, found.xyxy_px[found.score >= settings.sure_score], tracks, on & (tracks.kind != PERSON))


def _look(truth: Truth, sure_px: Array, tracks: Tracks, on: Array) -> Look:
    return Look(truth, sure_px, tracks.id, tracks.xyxy_px.astype(np.float64), on)


def _nobody() -> Truth:
    none = np.zeros(0)
    return Truth(none, none, np.zeros((0, 4)), none, np.zeros(0, bool))


def _truths(boxes: Path, length_m: float) -> dict[int, Truth]:
    """By frame of the clip."""
    table = pq.read_table(boxes)
    column = {name: np.asarray(table[name].to_pylist(), dtype=object) for name in ("frame", "id", "class", "lane")}
    number = {name: np.asarray(table[name], np.float64) for name in (*SIDES, "occluded", "along_front_m")}
    xyxy_px = np.column_stack([number[side] for side in SIDES])
    large = (xyxy_px[:, 2:] - xyxy_px[:, :2] >= Eyes().least_px).all(axis=1)
    shown = (number["occluded"] <= Eyes().hidden_ratio) & large
    along_m = number["along_front_m"]
    on = np.isin(column["class"], MOTOR_VEHICLES) & (along_m > 0) & (along_m < length_m)
    on &= np.array([lane is not None for lane in column["lane"]], bool)
    rows: defaultdict[int, list[int]] = defaultdict(list)
    for n in np.flatnonzero(on).tolist():
        rows[int(column["frame"][n])].append(n)
    return {
        frame: Truth(column["id"][n], column["class"][n], xyxy_px[n], along_m[n], shown[n]) for frame, n in rows.items()
    }
