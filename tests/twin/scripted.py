"""Clips of vehicles that move by a script, with their truth: cases that no traffic simulation would think of.

A camera stands beside the road, so its stop line runs aslant through the picture. Vehicles are boxes of metres,
projected exactly; the picture is a sketch. Written beside each other as for any clip: .mp4, .truth.json,
.boxes.parquet, .camera.yaml.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from simpang_twin.accuracy.cases import Case
from simpang_twin.camera import Pinhole, pinhole
from simpang_twin.scenario import Camera

WIDTH_PX, HEIGHT_PX = 640, 360
LANE_M = 3.25
LENGTH_M = 60.0
FPS = 12.5
SIZES_M = {"car": (4.4, 1.7, 1.5), "motorcycle": (1.9, 0.75, 1.6)}
"""Length, width, height."""

Place = Callable[[float], float | None]
Seen = Callable[[float], bool]


def way(*points: tuple[float, float]) -> Place:
    """Metres upstream of the line over time, straight between (seconds, metres); not there outside of them."""
    times, places = zip(*points, strict=True)

    def at(time_s: float) -> float | None:
        return float(np.interp(time_s, times, places)) if times[0] <= time_s <= times[-1] else None

    return at


@dataclass(frozen=True)
class Actor:
    """A vehicle of a script. front_m: its front bumper; seen: whether it is detected at a time.

    crosses_s: when it truly crosses in the traffic's direction, None: never.
    """

    front_m: Place
    crosses_s: float | None
    kind: str = "car"
    lane: int = 1
    seen: Seen = field(default=lambda _: True)


def eye() -> Pinhole:
    """9 m up, 8 m beside the road: the stop line is aslant in the picture."""
    place = {"position_m": (-11.0, -15.0, 9.0), "look_at_m": (1.0, 22.0, 0.0), "focal_px": 620}
    return pinhole(Camera(id="miring", approach="utara", width_px=WIDTH_PX, height_px=HEIGHT_PX, **place))


def middle_m(lane: int) -> float:
    """Across the road: lane 1 is at the kerb, which is on the right of a camera that looks at left-hand traffic."""
    return LANE_M * (1.5 - lane)


def write(folder: Path, name: str, actors: Sequence[Actor], seconds: float, frames: Sequence[int]) -> Case:
    """The clip, of these of its frames only (the others were lost)."""
    case = Case(folder / f"{name}.mp4")
    boxes = [list(_boxes(actors, number / FPS)) for number in frames]
    _write_video(case.clip, frames, boxes)
    _write_boxes(case.boxes, frames, boxes)
    (folder / f"{name}.camera.yaml").write_text(yaml.safe_dump(_camera()))
    case.truth.write_text(json.dumps(_truth(name, actors, seconds)))
    return case


def _boxes(actors: Sequence[Actor], time_s: float) -> Iterator[tuple[int, str, tuple[float, float, float, float]]]:
    for number, actor in enumerate(actors):
        front_m = actor.front_m(time_s)
        if front_m is not None and actor.seen(time_s):
            box = _box(actor.kind, front_m, middle_m(actor.lane))
            if box[2] - box[0] >= 6 and box[3] - box[1] >= 6:
                yield number, actor.kind, box


def _box(kind: str, front_m: float, across_m: float) -> tuple[float, float, float, float]:
    """The visible extent in pixels of a body."""
    length_m, width_m, height_m = SIZES_M[kind]
    corners = [
        (across_m + side * width_m / 2, front_m + back * length_m, up * height_m)
        for side in (-1, 1)
        for back in (0, 1)
        for up in (0, 1)
    ]
    pixels = eye().project(np.array(corners))
    low, high = np.clip(pixels.min(axis=0), 0, None), np.clip(pixels.max(axis=0), 0, (WIDTH_PX, HEIGHT_PX))
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _write_video(path: Path, frames: Sequence[int], boxes: Sequence[Sequence[Any]]) -> None:
    rng = np.random.default_rng(1)
    road = cv2.resize(rng.integers(70, 150, (45, 80, 3), dtype=np.uint8), (WIDTH_PX, HEIGHT_PX))
    grain = rng.integers(0, 12, (HEIGHT_PX + 16, WIDTH_PX + 16, 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(str(FPS)))
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 90000)
        stream.options = {"preset": "ultrafast", "bf": "0"}
        for number, found in zip(frames, boxes, strict=True):
            image = road + grain[number % 16 : number % 16 + HEIGHT_PX, number % 13 : number % 13 + WIDTH_PX]
            for actor, _, (x0, y0, x1, y1) in found:
                colour = (60 + 37 * actor % 180, 200 - 29 * actor % 150, 90)
                cv2.rectangle(image, (round(x0), round(y0)), (round(x1), round(y1)), colour, -1)
            picture = av.VideoFrame.from_ndarray(image, format="bgr24")
            picture.time_base, picture.pts = Fraction(1, 90000), round(number / FPS * 90000)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def _write_boxes(path: Path, frames: Sequence[int], boxes: Sequence[Sequence[Any]]) -> None:
    rows = [(n / FPS - frames[0] / FPS, *row) for n, found in zip(frames, boxes, strict=True) for row in found]
    columns: dict[str, Any] = {
        "time_s": [row[0] for row in rows],
        "class": [row[2] for row in rows],
        "occluded": [0.0] * len(rows),
    }
    columns |= {side: [row[3][i] for row in rows] for i, side in enumerate(("x0", "y0", "x1", "y1"))}
    pq.write_table(pa.table(columns), path)


def _camera() -> dict[str, Any]:
    road = [(x, y) for y in (0.0, 12.0, 30.0, LENGTH_M) for x in (-LANE_M, LANE_M)]
    return {
        "id": "miring",
        "source": "clip.mp4",
        "calibration": {"points": [{"image": p, "road": list(r)} for r, p in zip(road, _pixels(road), strict=True)]},
        "approaches": [
            {
                "id": "utara",
                "stop_line": _pixels([(-LANE_M, 0.0), (LANE_M, 0.0)]),
                "lanes": [{"id": lane, "polygon": _pixels(_lane(lane))} for lane in (1, 2)],
                "length_m": LENGTH_M,
                "speed_limit_kmh": 50,
            }
        ],
    }


def _lane(lane: int) -> list[tuple[float, float]]:
    x, half = middle_m(lane), LANE_M / 2
    return [(x - half, 0.0), (x + half, 0.0), (x + half, LENGTH_M), (x - half, LENGTH_M)]


def _pixels(road: Sequence[tuple[float, float]]) -> list[list[float]]:
    return [[round(float(x), 3), round(float(y), 3)] for x, y in eye().project(np.array([(*r, 0.0) for r in road]))]


def _truth(name: str, actors: Sequence[Actor], seconds: float) -> dict[str, Any]:
    crossings = [
        {"time_s": a.crosses_s, "class": a.kind, "lane": a.lane, "movement": "through", "speed_mps": 10.0}
        for a in actors
        if a.crosses_s is not None
    ]
    approach = {"approach": "utara", "length_m": LENGTH_M, "crossings": crossings, "queue": [], "signal": []}
    return {
        "clip": f"{name}.mp4", "width": WIDTH_PX, "height": HEIGHT_PX, "fps": FPS, "frames": round(seconds * FPS),
        "start_time": "2026-03-02T00:15:00Z", "approaches": [approach],
    }  # fmt: skip
