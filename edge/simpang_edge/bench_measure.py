"""The measurement's own cost: ground and meter on one thread, without video or detector.

A made-up approach of three lanes carries a given number of vehicles at a time; who has left comes again under a new id.
Half of them queue and discharge. It has one exit gate and two movements, no zones and no signal head; every vehicle is
found in every frame, but for the time that it takes to leave the picture. So nothing is hidden, no track breaks, and
what those cost is not in the figure.

The goal of 1 ms is the meter's; what ground and zones cost before it is told beside it, and the sum of both.

What is counted is the processor time of the one thread: other programs on the machine lengthen the wall clock, which is
told beside it, not the goal's figure. What they do take from it (a shared core, a cold cache) they take from a fixed
piece of work too that is timed in the same frames: the ratio to it compares two runs on different loads.
"""

import gc
import os
import pickle
import time
from collections.abc import Callable, Iterator
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

SAY_EVERY_S: Final = 5.0
"""How often the progress is told, wall time."""

EARLY: Final = 2000
"""Vehicles after which memory is compared with what it is at the end: long enough for every buffer to be full."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one frame costs, in milliseconds of processor time, and how memory grew.

    meter_ms, ground_ms, reference_ms: (frames,); the last is the fixed piece of work. wall_ms: of ground and meter.
    vehicles: in view at a time. passed: in all. early_kb, late_kb: what the stages keep, after `EARLY` vehicles and at
    the end; None when it was stopped before. rss_mb: by how much the process grew meanwhile.
    """

    vehicles: int
    passed: int
    meter_ms: FloatArray
    ground_ms: FloatArray
    reference_ms: FloatArray
    wall_ms: float
    early_kb: float | None
    late_kb: float
    rss_mb: float | None

    def rows(self) -> list[dict[str, Any]]:
        """One row per quantity, with its goal where there is one."""
        growth = None if self.early_kb is None else self.late_kb / self.early_kb
        meter_ms, reference_ms = float(np.median(self.meter_ms)), float(np.median(self.reference_ms))
        values: list[tuple[str, float | None, float | None]] = [
            ("meter_median_ms_per_frame", meter_ms, 1.0),
            ("meter_p95_ms_per_frame", float(np.percentile(self.meter_ms, 95)), None),
            ("ground_median_ms_per_frame", float(np.median(self.ground_ms)), None),
            ("ground_p95_ms_per_frame", float(np.percentile(self.ground_ms, 95)), None),
            ("ground_and_meter_median_ms_per_frame", float(np.median(self.ground_ms + self.meter_ms)), None),
            ("reference_median_ms", reference_ms, None),
            ("meter_to_reference_ratio", meter_ms / reference_ms, None),
            ("wall_mean_ms_per_frame", self.wall_ms, None),
            ("kept_kb", self.late_kb, None),
            ("kept_growth_ratio", growth, 1.1 if self.passed >= 2 * EARLY else None),
            ("process_growth_mb", self.rss_mb, None),
        ]
        return [self._row(*one) for one in values]

    def _row(self, quantity: str, value: float | None, goal: float | None) -> dict[str, Any]:
        holds = None if goal is None or value is None else value <= goal
        return {
            "vehicles": self.vehicles,
            "passed": self.passed,
            "quantity": quantity,
            "value": None if value is None else round(value, 4),
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


class Bench:
    """One run, frame by frame; what it has can be asked for at any time.

    say: told how it goes, every few seconds.
    """

    def __init__(self, vehicles: int, say: Callable[[str], None] | None = None) -> None:
        box = Box.model_validate({"site": "bench", "cameras": [bench_camera()]})
        self._parts = build_measurement(box, box.cameras[0])
        self._vehicles = vehicles
        self._say = say
        self._begun_s = self._said_s = time.monotonic()
        self._times_s: list[tuple[float, float, float, float]] = []
        self._wall_s = 0.0
        self._passed = 0
        self._early: tuple[float, float] | None = None

    def run(self, passing: int) -> None:
        """Frames until so many vehicles have passed."""
        for tracks in Traffic(self._vehicles).frames():
            self._step(tracks)
            self._passed = int(tracks.id.max()) - self._vehicles
            if self._early is None and self._passed >= min(EARLY, passing // 2):
                self._early = _kept_kb(*self._stages()), _resident_mb()
            self._tell(passing)
            if self._passed >= passing:
                return

    def cost(self) -> Cost:
        """Of the frames so far, the first twentieth apart: `run` must have had a frame or more."""
        ms = 1000 * np.diff(np.array(self._times_s[len(self._times_s) // 20 :]), axis=1)
        return Cost(
            vehicles=self._vehicles,
            passed=self._passed,
            ground_ms=ms[:, 0],
            meter_ms=ms[:, 1],
            reference_ms=ms[:, 2],
            wall_ms=1000 * self._wall_s / len(self._times_s),
            early_kb=self._early[0] if self._early else None,
            late_kb=_kept_kb(*self._stages()),
            rss_mb=_resident_mb() - self._early[1] if self._early else None,
        )

    def _step(self, tracks: Tracks) -> None:
        wall_s = time.monotonic()
        begun_s = time.thread_time()
        vehicles_m = self._parts.place(tracks, SIZE_PX)
        placed_s = time.thread_time()
        self._parts.meter.update(vehicles_m)
        measured_s = time.thread_time()
        self._wall_s += time.monotonic() - wall_s
        reference_work()
        self._times_s.append((begun_s, placed_s, measured_s, time.thread_time()))

    def _tell(self, passing: int) -> None:
        now_s = time.monotonic()
        if self._say is None or now_s - self._said_s < SAY_EVERY_S:
            return
        self._said_s = now_s
        ms = 1000 * np.diff(np.array(self._times_s), axis=1)
        left_s = (now_s - self._begun_s) * (passing / max(self._passed, 1) - 1)
        self._say(
            f"{self._passed} of {passing} vehicles, {np.median(ms[:, 1]):.2f} ms a frame in the meter, "
            f"about {left_s:.0f} s left; Ctrl-C shows what there is"
        )

    def _stages(self) -> tuple[object, object]:
        return self._parts.ground, self._parts.meter


def reference_work() -> None:
    """A fixed piece of work of the meter's kind: small arrays and small objects."""
    places = np.arange(100.0).reshape(50, 2)
    for _ in range(20):
        near = np.where(places > 40, places, 0.0)
        np.flatnonzero(near.sum(axis=1) > 3).tolist()
        dict.fromkeys(range(20))


def measure_cost(vehicles: int, passing: int, say: Callable[[str], None] | None = None) -> Cost:
    """Frames until so many vehicles have passed; interrupted, what there is."""
    bench = Bench(vehicles, say)
    try:
        bench.run(passing)
    except KeyboardInterrupt:
        if say is None:
            raise
        say("stopped")
    return bench.cost()


def _kept_kb(*parts: object) -> float:
    """The size of all that the stages keep."""
    return sum(len(pickle.dumps(part)) for part in parts) / 1000


def _resident_mb() -> float:
    """Memory of this process."""
    gc.collect()
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
