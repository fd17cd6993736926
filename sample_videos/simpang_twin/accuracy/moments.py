"""The worst moments of a run: where a published figure was farthest from the truth, with a picture of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import av
import cv2
import numpy as np
import pyarrow.parquet as pq
from simpang_edge.config import Camera, load
from simpang_edge.data import KINDS, Frame, ImageArray, Tracks
from simpang_edge.detectors import open_detector
from simpang_edge.tracker import Tracker, TrackerSettings

from . import counting, incidents, queues, speeds
from .cases import Case
from .figures import Sight
from .results import sights
from .running import Run

APART_S: Final = 4.0
"""Two moments of one kind in one run are at least so far apart."""

LEAD_S: Final = 3.0
"""The detector and tracker watch for so long before a picture is drawn, so that tracks are what they were."""

SPEED_KMH: Final = 4.0
"""An error of speed that weighs as much as a missed vehicle; the same for the queue in metres below."""

QUEUE_M: Final = 12.0
WIDTH_PX: Final = 960
TRUE_BGR: Final = (90, 200, 60)
OURS_BGR: Final = (0, 140, 255)
LINE_BGR: Final = (255, 255, 255)
NEAR_S: Final = 0.045


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that was measured wrongly; weight: 1 is a missed vehicle."""

    run: Run
    kind: str
    time_s: float
    weight: float
    text: str


def worst(runs: Sequence[Run], count: int = 10) -> list[Moment]:
    """The heaviest moments of all runs, heaviest first."""
    found = [moment for run in runs for sight in sights(run.published, run.case) for moment in _of(run, sight)]
    chosen: list[Moment] = []
    for moment in sorted(found, key=lambda m: -m.weight):
        if len(chosen) < count and not any(_same(moment, other) for other in chosen):
            chosen.append(moment)
    return chosen


def _same(a: Moment, b: Moment) -> bool:
    return (a.run, a.kind) == (b.run, b.kind) and abs(a.time_s - b.time_s) < APART_S


def _of(run: Run, sight: Sight) -> Iterator[Moment]:
    yield from _counts(run, sight)
    yield from _incidents(run, sight)
    for speed in speeds.speeds(sight):
        text = f"speed at the line {speed.measured_kmh:.0f} km/h, true {speed.true_kmh:.0f} km/h"
        yield Moment(run, "speed", speed.time_s, abs(speed.error_kmh) / SPEED_KMH, text)
    for tail in queues.tails(sight):
        text = f"queue {tail.measured_m:.0f} m, true {tail.true_m:.0f} m"
        middle_s = (tail.span[0] + tail.span[1]) / 2
        yield Moment(run, "queue", middle_s, abs(tail.error_m) / QUEUE_M, text)


def _counts(run: Run, sight: Sight) -> Iterator[Moment]:
    found = counting.matching(sight)
    if found is None:
        return
    for time_s in found.missed_s:
        yield Moment(run, "missed", time_s, 1.0, "a vehicle crossed and was not counted")
    for begin_s, end_s in found.doubled:
        yield Moment(
            run, "doubled", (begin_s + end_s) / 2, 1.0, "counted, but no vehicle crossed (or it counted before)"
        )


def _incidents(run: Run, sight: Sight) -> Iterator[Moment]:
    alarms = incidents.raised(sight)
    for item in incidents.matched(sight, alarms):
        if item.alarm is None:
            yield Moment(run, "incident", item.incident.begin_s + 5, 3.0, f"{item.incident.type} was not reported")
    for alarm in incidents.unexplained(sight, alarms):
        time_s = alarm.begin.timestamp() - sight.clip.start_s
        yield Moment(run, "alarm", time_s, 3.0, f"{alarm.type} was reported; nothing of the kind happened")


def picture(moment: Moment) -> bytes:
    """JPEG of the moment: true boxes thin and green, our tracks orange with class and number, stop lines white."""
    run = moment.run
    box = load(run.folder / "box.yaml")
    camera = box.cameras[0]
    detector, tracker = open_detector(box.model), Tracker(TrackerSettings().beginning_at(box.model.min_score))
    frame, tracks = None, None
    for frame in _frames(run.case, moment.time_s, run.fps):
        tracks = tracker.update(detector.detect(frame))
    assert frame is not None, "a clip has frames"
    assert tracks is not None, "a tracker answers every frame"
    image = frame.image.copy()
    _draw_truth(image, run.case, frame.time_s)
    _draw_tracks(image, tracks)
    _draw_lines(image, camera)
    return _jpeg(image)


def _frames(case: Case, until_s: float, fps: float) -> Iterator[Frame]:
    """Frames from the clip's first (recorded detections count from it), then those of the last seconds."""
    slot = -1
    with av.open(str(case.clip)) as container:
        for number, picture in enumerate(container.decode(video=0)):
            time_s = float(picture.time or 0.0)
            if time_s > until_s + NEAR_S and number:
                return
            wanted = int((time_s + 0.002) * fps) > slot and time_s >= until_s - LEAD_S
            if number == 0 or wanted:
                slot = int((time_s + 0.002) * fps)
                yield Frame(time_s, np.ascontiguousarray(picture.to_ndarray(format="bgr24"), np.uint8))


def _draw_truth(image: ImageArray, case: Case, time_s: float) -> None:
    if not case.boxes.is_file():
        return
    columns = ("x0", "y0", "x1", "y1")
    near = [("time_s", ">", time_s - NEAR_S), ("time_s", "<", time_s + NEAR_S)]
    for row in pq.read_table(case.boxes, columns=list(columns), filters=near).to_pylist():
        x0, y0, x1, y1 = (round(row[side]) for side in columns)
        cv2.rectangle(image, (x0, y0), (x1, y1), TRUE_BGR, 1)


def _draw_tracks(image: ImageArray, tracks: Tracks) -> None:
    for number, kind, xyxy in zip(tracks.id, tracks.kind, tracks.xyxy_px, strict=True):
        x0, y0, x1, y1 = (round(float(v)) for v in xyxy)
        cv2.rectangle(image, (x0, y0), (x1, y1), OURS_BGR, 2)
        label = f"{KINDS[kind]} {number}"
        cv2.putText(image, label, (x0, max(10, y0 - 3)), cv2.FONT_HERSHEY_SIMPLEX, 0.4, OURS_BGR, 1, cv2.LINE_AA)


def _draw_lines(image: ImageArray, camera: Camera) -> None:
    for approach in camera.approaches:
        ends = [(round(x), round(y)) for x, y in approach.stop_line]
        cv2.line(image, ends[0], ends[1], LINE_BGR, 2, cv2.LINE_AA)


def _jpeg(image: ImageArray) -> bytes:
    scale = WIDTH_PX / image.shape[1]
    small = cv2.resize(image, (WIDTH_PX, round(image.shape[0] * scale)), interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])
    assert done, "OpenCV writes JPEG"
    return bytes(data)
