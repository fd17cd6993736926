"""Writes what stands beside a clip: truth.json, boxes.parquet, camera.yaml."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from simpang_twin import faults, simulate, truth
from simpang_twin.approach import Approach, approach, lane_edges_m
from simpang_twin.camera import Pinhole, pinhole
from simpang_twin.film import boxes_path
from simpang_twin.fleet import BY_NAME
from simpang_twin.network import F64, Network
from simpang_twin.poses import poses
from simpang_twin.run import Run
from simpang_twin.scenario import Arm, Camera, Scenario


def beside(clip: Path, suffix: str) -> Path:
    """`NAME.mp4` to `NAME.<suffix>`."""
    return clip.with_name(f"{clip.stem}.{suffix}")


def write_truth(folder: Path, camera: Camera, clip: Path) -> None:
    """NAME.truth.json: counts, crossings, queue and signal of the camera's approach."""
    scenario, net, run = simulate.load(folder)
    way = approach(camera, net)
    vehicles = truth.tracks(run, poses(run), way)
    record = {
        "clip": clip.name, "camera": camera.id, "scenario": scenario.name, "seed": scenario.seed,
        "width": camera.width_px, "height": camera.height_px, "fps": scenario.fps, "frames": scenario.frames,
        "start_time": scenario.start_utc.isoformat().replace("+00:00", "Z"),
        **_faults(scenario, camera),
        "approaches": [_approach(scenario, net, camera, vehicles, folder)],
    }  # fmt: skip
    text = json.dumps(record, indent=1, ensure_ascii=False)
    beside(clip, "truth.json").write_text(text + "\n", encoding="utf-8")


def _faults(scenario: Scenario, camera: Camera) -> dict[str, Any]:
    """Faults and PTZ moves as intervals, and the numbers of the frames that are missing from the file."""
    return {
        "faults": faults.intervals(scenario, camera),
        "dropped_frames": sorted(faults.dropped_frames(scenario, camera)),
    }


def _approach(
    scenario: Scenario, net: Network, camera: Camera, vehicles: list[truth.Track], folder: Path
) -> dict[str, Any]:
    passed = truth.crossings(vehicles, scenario)
    samples = truth.queue(vehicles, scenario.frames, scenario.step_s)
    signal = simulate.signal_states(folder, scenario, net, camera.approach)
    speeds = [c.speed_mps * 3.6 for c in passed]
    return {
        "approach": camera.approach, "heading": camera.heading, "lanes": len(net.edge(f"{camera.approach}_in")),
        "length_m": camera.length_m,
        "counts": dict(sorted(Counter(c.kind for c in passed).items())),
        "mean_speed_kmh": round(float(np.mean(speeds)), 3) if speeds else None,
        "queue_max_m": round(max(s.tail_m for s in samples), 3),
        "queue_max_vehicles": max(s.vehicles for s in samples),
        "cycle_s": None if scenario.signal is None else scenario.signal.cycle_s,
        "green_s": _planned_green_s(scenario, camera.approach),
        "signal": [{"time_s": t, "state": state} for t, state in signal],
        "crossings": [_crossing(c, camera) for c in passed],
        "queue": [_sample(s) for s in _per_second(samples, scenario)],
    }  # fmt: skip


def _planned_green_s(scenario: Scenario, arm: Arm) -> float | None:
    phases = () if scenario.signal is None else scenario.signal.phases
    return next((p.green_s for p in phases if arm in p.arms), None)


def _crossing(c: truth.Crossing, camera: Camera) -> dict[str, Any]:
    rear = None if c.time_rear_s is None else round(c.time_rear_s, 4)
    front = round(c.time_front_s, 4)
    return {
        "time_s": front if camera.heading == "toward" else rear, "time_front_s": front, "time_rear_s": rear,
        "id": c.id, "class": c.kind, "model": c.model, "pkji": c.pkji, "lane": c.lane, "movement": c.movement,
        "speed_mps": round(c.speed_mps, 4), "length_m": c.length_m,
    }  # fmt: skip


def _per_second(samples: list[truth.QueueSample], scenario: Scenario) -> list[truth.QueueSample]:
    """The sample of the frame at (or just after) every whole second."""
    wanted = [int(np.ceil(second * scenario.fps - 1e-9)) for second in range(int(scenario.duration_s))]
    return [samples[i] for i in wanted if i < len(samples)]


def _sample(s: truth.QueueSample) -> dict[str, Any]:
    return {"time_s": round(s.time_s, 4), "vehicles": s.vehicles, "tail_m": round(s.tail_m, 3),
            "tail_front_m": round(s.tail_front_m, 3)}  # fmt: skip


def write_boxes(folder: Path, camera: Camera, work: Path, frames: range, clip: Path) -> None:
    """NAME.boxes.parquet: one row per frame and visible vehicle."""
    scenario, net, run = simulate.load(folder)
    rows, found = _box_rows(run, work, frames)
    way, pose = approach(camera, net), poses(run)
    lanes = [way.lane_of(name) for name in run.lane_ids]
    vehicle = run.vehicle[rows]
    table = pa.table({
        "frame": pa.array(run.frame[rows] - frames.start, pa.int32()),
        "time_s": pa.array((run.frame[rows] - frames.start) * scenario.step_s, pa.float64()),
        "id": pa.array([run.ids[v] for v in vehicle]).dictionary_encode(),
        "class": pa.array([BY_NAME[run.models[v]].kind for v in vehicle]).dictionary_encode(),
        "model": pa.array([run.models[v] for v in vehicle]).dictionary_encode(),
        **{name: pa.array(found[:, i], pa.float32()) for i, name in enumerate(("x0", "y0", "x1", "y1", "occluded"), 1)},
        "along_front_m": pa.array(way.along_m(run.front_m[rows]), pa.float32()),
        "along_rear_m": pa.array(way.along_m(pose.rear_m[rows]), pa.float32()),
        "across_m": pa.array(way.across_m(run.front_m[rows]), pa.float32()),
        "across_rear_m": pa.array(way.across_m(pose.rear_m[rows]), pa.float32()),
        "lane": pa.array([lanes[i] for i in run.lane[rows]], pa.int8()),
        "speed_mps": pa.array(run.speed_mps[rows], pa.float32()),
    })  # fmt: skip
    pq.write_table(table, beside(clip, "boxes.parquet"), compression="zstd", compression_level=19)


def _box_rows(run: Run, work: Path, frames: range) -> tuple[Any, F64]:
    index = {(int(f), int(v)): i for i, (f, v) in enumerate(zip(run.frame, run.vehicle, strict=True))}
    rows, boxes = [], []
    for frame in frames:
        for box in np.load(boxes_path(work, frame)):
            rows.append(index[(frame, int(box[0]))])
            boxes.append(box)
    return np.array(rows, dtype=int), np.array(boxes, dtype=np.float64).reshape(-1, 7)


def write_camera(folder: Path, camera: Camera, clip: Path) -> None:
    """NAME.camera.yaml: the camera's entry for the edge's configuration, exact from the projection."""
    scenario, net, _ = simulate.load(folder)
    eye, way = pinhole(camera), approach(camera, net)
    entry = {
        "id": camera.id, "source": clip.name,
        "calibration": {"points": _points(eye, way)},
        "approaches": [{
            "id": camera.approach, "heading": camera.heading, "stop_line": _stop_line(eye, way),
            "lanes": [{"id": lane.index + 1, "polygon": _pixels(eye, lane_edges_m(way, lane))} for lane in way.lanes],
            "length_m": camera.length_m, "speed_limit_kmh": scenario.junction.speed_limit_kmh,
        }],
    }  # fmt: skip
    text = yaml.dump(entry, sort_keys=False, default_flow_style=None, width=110)
    beside(clip, "camera.yaml").write_text(text, encoding="utf-8")


def _points(eye: Pinhole, way: Approach) -> list[dict[str, list[float]]]:
    half = len(way.lanes) * way.lanes[0].width_m / 2
    sign = 1.0 if way.forward @ way.inward < 0 else -1.0
    road = [(x, sign * y) for y in (0.0, 12.0, 30.0, way.length_m) for x in (-half, half)]
    seen = [(r, p) for r, p in zip(road, _pixels(eye, way.world_m(np.array(road))), strict=True) if _inside(eye, p)]
    return [{"image": pixel, "road": [round(r[0], 4), round(r[1], 4)]} for r, pixel in seen]


def _inside(eye: Pinhole, pixel: list[float]) -> bool:
    return 0 <= pixel[0] <= eye.width_px and 0 <= pixel[1] <= eye.height_px


def _stop_line(eye: Pinhole, way: Approach) -> list[list[float]]:
    half = len(way.lanes) * way.lanes[0].width_m / 2
    return _pixels(eye, way.world_m(np.array([[-half, 0.0], [half, 0.0]])))


def _pixels(eye: Pinhole, world_m: F64) -> list[list[float]]:
    flat = np.hstack([world_m, np.zeros((len(world_m), 1))])
    return [[round(float(x), 3), round(float(y), 3)] for x, y in eye.project(flat)]
