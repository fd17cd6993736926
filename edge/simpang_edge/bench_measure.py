"""The measurement's own cost: ground and meter on one thread, without video or detector.

A made-up approach of three lanes carries a given number of vehicles at a time; who has left comes again under a new id.
Half of them queue and discharge, so every part has something to do.
"""

import gc
import os
import pickle
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from .assembly import build_measurement
from .config import Box, Camera
from .data import FloatArray, IntArray, Tracks

SIZE_PX: Final = (1280, 720)
FPS: Final = 8.0
START_S: Final = 1_800_000_000.0
LANE_M: Final = 3.25
LENGTH_M: Final = 70.0
HEIGHT_M: Final = 9.0
FOCAL_PX: Final = 1200.0
FAR_M: Final = 25.0
"""From the camera's foot to the stop line."""

EARLY: Final = 2000
"""Vehicles after which memory is compared with what it is at the end: long enough for every buffer to be full."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one frame costs, in milliseconds of processor time, and how memory grew.

    meter_ms, ground_ms: (frames,). vehicles: in view at a time. passed: in all. early_kb, late_kb: what the stages
    keep, after `EARLY`
    vehicles and at the end. rss_mb: by how much the process grew meanwhile.
    """

    vehicles: int
    passed: int
    meter_ms: FloatArray
    ground_ms: FloatArray
    early_kb: float
    late_kb: float
    rss_mb: float

    def rows(self) -> list[dict[str, Any]]:
        """One row per quantity, with its goal where there is one."""
        growth = self.late_kb / self.early_kb
        values: list[tuple[str, float, float | None]] = [
            ("meter_median_ms_per_frame", float(np.median(self.meter_ms)), 1.0),
            ("meter_p95_ms_per_frame", float(np.percentile(self.meter_ms, 95)), None),
            ("ground_median_ms_per_frame", float(np.median(self.ground_ms)), None),
            ("ground_p95_ms_per_frame", float(np.percentile(self.ground_ms, 95)), None),
            ("kept_kb", self.late_kb, None),
            ("kept_growth_ratio", growth, 1.1),
            ("process_growth_mb", self.rss_mb, None),
        ]
        return [self._row(*one) for one in values]

    def _row(self, quantity: str, value: float, goal: float | None) -> dict[str, Any]:
        holds = None if goal is None else value <= goal
        return {
            "vehicles": self.vehicles,
            "passed": self.passed,
            "quantity": quantity,
            "value": round(value, 4),
            "goal": goal,
            "holds": holds,
        }


def pixel(xy_m: FloatArray) -> FloatArray:
    """The picture (N, 2) of road points (N, 2); y counts from the stop line away from the camera."""
    far_m = xy_m[:, 1] + FAR_M
    tilt = 0.17
    depth = far_m * np.cos(tilt) + HEIGHT_M * np.sin(tilt)
    down = HEIGHT_M * np.cos(tilt) - far_m * np.sin(tilt)
    centre = np.array([SIZE_PX[0] / 2, SIZE_PX[1] / 2])
    return np.asarray(centre + FOCAL_PX * np.column_stack([xy_m[:, 0] / depth, down / depth]))


def bench_camera() -> Camera:
    """Three lanes, an exit gate and two movements."""
    edges = np.array([-1.5, -0.5, 0.5, 1.5]) * LANE_M
    corners = [(edges[0], 0.0), (edges[3], 0.0), (edges[0], 20.0), (edges[3], 20.0), (edges[0], 70.0), (edges[3], 70.0)]
    image = pixel(np.array(corners)).tolist()
    lanes = [{"id": 3 - i, "polygon": _strip(edges[i], edges[i + 1])} for i in range(3)]
    line = pixel(np.array([(edges[0], 0.0), (edges[3], 0.0)])).tolist()
    gate = pixel(np.array([(edges[0], -12.0), (edges[3], -12.0)])).tolist()
    return Camera.model_validate(
        {
            "id": "bench",
            "source": "rtsp://bench",
            "calibration": {"points": [{"image": i, "road": r} for i, r in zip(image, corners, strict=True)]},
            "approaches": [
                {"id": "utara", "stop_line": line, "lanes": lanes, "length_m": LENGTH_M, "speed_limit_kmh": 50}
            ],
            "gates": [{"id": "selatan", "line": gate}],
            "movements": [
                {"id": "lurus", "approach": "utara", "turn": "through", "gate": "selatan"},
                {"id": "kiri", "approach": "utara", "turn": "left"},
            ],
        }
    )


def _strip(left_m: float, right_m: float) -> list[list[float]]:
    outline = [(left_m, 0.0), (right_m, 0.0), (right_m, LENGTH_M), (left_m, LENGTH_M)]
    points: list[list[float]] = pixel(np.array(outline)).tolist()
    return points


@dataclass(slots=True)
class Traffic:
    """Vehicles that drive, queue for 20 s of every 60 and leave; the boxes of each frame."""

    vehicles: int
    seed: int = 0

    def frames(self) -> Iterator[Tracks]:
        """Without end."""
        rng = np.random.default_rng(self.seed)
        n = self.vehicles
        ids = np.arange(1, n + 1)
        along_m = np.linspace(-14, LENGTH_M, n)
        across_m = rng.uniform(-1.4, 1.4, n) * LANE_M
        speed_mps, frame = rng.uniform(6, 14, n), 0
        while True:
            red = (frame / FPS) % 60 < 20
            held = red & (along_m > 1) & (along_m < 35) & (np.arange(n) % 2 == 0)
            along_m = np.where(held, along_m, along_m - speed_mps / FPS)
            left = along_m < -16
            gone = ids[left]
            ids = np.where(left, ids.max() + np.cumsum(left), ids)
            along_m = np.where(left, LENGTH_M, along_m)
            yield self._tracks(START_S + frame / FPS, ids, along_m + rng.normal(0, 0.05, n), across_m, gone)
            frame += 1

    def _tracks(
        self, time_s: float, ids: IntArray, along_m: FloatArray, across_m: FloatArray, gone: IntArray
    ) -> Tracks:
        kind = np.array([0, 0, 1, 1, 3, 2])[ids % 6]
        width_m, height_m = np.array([0.75, 1.7, 2.4, 2.1])[kind], np.array([1.6, 1.6, 3.0, 2.5])[kind]
        foot = pixel(np.column_stack([across_m, along_m]))
        scale = FOCAL_PX / (along_m + FAR_M)
        half, top = width_m * scale / 2, height_m * scale
        boxes = np.column_stack([foot[:, 0] - half, foot[:, 1] - top, foot[:, 0] + half, foot[:, 1]])
        return Tracks(time_s, ids, boxes.astype(np.float32), kind, gone)


def measure_cost(vehicles: int, passing: int) -> Cost:
    """Frames until so many vehicles have passed."""
    box = Box.model_validate({"site": "bench", "cameras": [bench_camera()]})
    parts = build_measurement(box, box.cameras[0])
    ground, meter = parts.ground, parts.meter
    times_s: list[tuple[float, float, float]] = []
    passed, early_kb, rss_mb = 0, 0.0, 0.0
    for tracks in Traffic(vehicles).frames():
        begun_s = time.thread_time()
        vehicles_m = parts.place(tracks, SIZE_PX)
        placed_s = time.thread_time()
        meter.update(vehicles_m)
        times_s.append((begun_s, placed_s, time.thread_time()))
        passed = int(tracks.id.max()) - vehicles
        if not early_kb and passed >= min(EARLY, passing // 2):
            early_kb, rss_mb = _kept_kb(ground, meter), _resident_mb()
        if passed >= passing:
            break
    ms = 1000 * np.diff(np.array(times_s[len(times_s) // 20 :]), axis=1)
    return Cost(
        vehicles=vehicles,
        passed=passed,
        meter_ms=ms[:, 1],
        ground_ms=ms[:, 0],
        early_kb=early_kb,
        late_kb=_kept_kb(ground, meter),
        rss_mb=_resident_mb() - rss_mb,
    )


def _kept_kb(*parts: object) -> float:
    """The size of all that the stages keep."""
    return sum(len(pickle.dumps(part)) for part in parts) / 1000


def _resident_mb() -> float:
    """Memory of this process."""
    gc.collect()
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
