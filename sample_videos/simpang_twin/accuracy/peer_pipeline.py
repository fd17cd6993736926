"""The usual pipeline of a user of YOLO: an exported YOLO (ONNX), ByteTrack, a line counter.

Stands alone and runs in an interpreter of its own (supervision brings another OpenCV): it imports nothing of Simpang.
Every frame is detected once and goes through two pairs of tracker and counter:

- default: `trackers.ByteTrackTracker` and `supervision.LineZone` as they are
- tuned: the thresholds of Ultralytics' own bytetrack.yaml, and the middle of the lower edge as the box's anchor

Prints one JSON object per crossing, and one per frame.

    python peer_pipeline.py VIDEO MODEL FPS X1 Y1 X2 Y2
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import onnxruntime
import supervision as sv
from trackers import ByteTrackTracker

SIDE_PX = 640
PADDING = 114
LEAST_SCORE = 0.1  # what Ultralytics hands to its trackers
OVERLAP = 0.7  # Ultralytics' default for suppressing doubles
TUNED_SCORE = 0.25  # track_high_thresh and new_track_thresh of Ultralytics' bytetrack.yaml
COCO = {1: "bicycle", 2: "car", 3: "motorcycle", 5: "bus", 7: "truck"}


class Counting:
    """One tracker with its line counter."""

    def __init__(self, name: str, fps: float, line: tuple[float, ...], tuned: bool) -> None:
        self.name = name
        start, end = sv.Point(*line[:2]), sv.Point(*line[2:])
        if tuned:
            self._tracker = ByteTrackTracker(
                frame_rate=fps, track_activation_threshold=TUNED_SCORE, high_conf_det_threshold=TUNED_SCORE
            )
            self._counter = sv.LineZone(start, end, triggering_anchors=(sv.Position.BOTTOM_CENTER,))
        else:
            self._tracker = ByteTrackTracker(frame_rate=fps)
            self._counter = sv.LineZone(start, end)

    def see(self, time_s: float, found: Any) -> None:
        """Print what crosses with this frame's detections."""
        tracked = self._tracker.update(found)
        for way, crossed in zip(("in", "out"), self._counter.trigger(tracked), strict=True):
            for number in tracked.class_id[crossed]:
                row = {"who": self.name, "time_s": round(time_s, 3), "class": COCO[int(number)], "way": way}
                print(json.dumps(row), flush=True)


def main(video: str, model: str, fps: float, line: tuple[float, ...]) -> None:
    """Count every vehicle over the line, in both directions."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    ways = (Counting("default", fps, line, tuned=False), Counting("tuned", fps, line, tuned=True))
    for time_s, image in frames(video, fps):
        found = detect(session, image)
        for way in ways:
            way.see(time_s, found)
        print(json.dumps({"at_s": round(time_s, 3)}), flush=True)


def frames(video: str, fps: float) -> Iterator[tuple[float, Any]]:
    """Pictures at the wanted rate, each with its seconds since the first."""
    capture, slot = cv2.VideoCapture(video), -1
    while True:
        there, image = capture.read()
        if not there:
            return
        time_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if int((time_s + 0.002) * fps) > slot:
            slot = int((time_s + 0.002) * fps)
            yield time_s, image


def detect(session: Any, image: Any) -> Any:
    """Vehicles of one picture: letterbox to 640×640, scale to 0–1, decode, keep vehicle classes, suppress doubles."""
    height, width = image.shape[:2]
    scale = SIDE_PX / max(height, width)
    small = cv2.resize(image, (round(width * scale), round(height * scale)))
    canvas = np.full((SIDE_PX, SIDE_PX, 3), PADDING, np.uint8)
    top, left = (SIDE_PX - small.shape[0]) // 2, (SIDE_PX - small.shape[1]) // 2
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    tensor = canvas[None, :, :, ::-1].transpose(0, 3, 1, 2).astype(np.float32) / 255
    (raw,) = session.run(None, {session.get_inputs()[0].name: np.ascontiguousarray(tensor)})
    centre, size, scores = raw[0, :2].T, raw[0, 2:4].T, raw[0, 4:].T
    kind, score = scores.argmax(axis=1), scores.max(axis=1)
    keep = (score >= LEAST_SCORE) & np.isin(kind, list(COCO))
    corners = np.hstack([centre - size / 2, centre + size / 2])[keep] - (left, top, left, top)
    found = sv.Detections(xyxy=corners / scale, confidence=score[keep], class_id=kind[keep].astype(int))
    return found.with_nms(OVERLAP)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), tuple(map(float, sys.argv[4:8])))
