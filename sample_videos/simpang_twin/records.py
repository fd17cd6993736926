"""Writes what stands beside a clip: truth.json, boxes.parquet, camera.yaml."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from simpang_twin import exits, simulate, truth, truth_file
from simpang_twin.approach import Approach, approach, calibration_m, half_width_m, lane_edges_m
from simpang_twin.camera import Pinhole, pinhole
from simpang_twin.film import boxes_path
from simpang_twin.fleet import BY_NAME
from simpang_twin.layout import destination
from simpang_twin.network import F64, Network
from simpang_twin.poses import poses
from simpang_twin.run import Run
from simpang_twin.scenario import Camera, Scenario
from simpang_twin.traffic_log import limit_kmh


def beside(clip: Path, suffix: str) -> Path:
    """`NAME.mp4` to `NAME.<suffix>`."""
    return clip.with_name(f"{clip.stem}.{suffix}")


def write_truth(folder: Path, camera: Camera, clip: Path) -> None:
    """NAME.truth.json and NAME.traffic.parquet: the truth of the camera's approach."""
    truth_file.write(folder, camera, clip)


def write_boxes(folder: Path, camera: Camera, work: Path, frames: range, clip: Path) -> None:
    """NAME.boxes.parquet: one row per frame and visible vehicle."""
    scenario, net, run = simulate.load(folder)
    rows, found = _box_rows(run, work, frames)
    way, pose = approach(camera, net), poses(run)
    lanes = truth.lanes(run, pose, way)
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
        "lane": pa.array([lanes[i] for i in rows], pa.int8()),
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
            "length_m": camera.length_m, "speed_limit_kmh": limit_kmh(scenario, way), **_control(net, camera),
        }],
        **_ways_out(eye, scenario, net, way),
    }  # fmt: skip
    text = yaml.dump(entry, sort_keys=False, default_flow_style=None, width=110)
    beside(clip, "camera.yaml").write_text(text, encoding="utf-8")


def _control(net: Network, camera: Camera) -> dict[str, str]:
    """An approach without a signal says so; the edge's default is a signal."""
    return {} if camera.approach in net.link_arm else {"control": "unsignalised"}


def _ways_out(eye: Pinhole, scenario: Scenario, net: Network, way: Approach) -> dict[str, Any]:
    """Gates over the exits in view, and the movements; a turn whose exit is out of view is told by its path's shape."""
    offered = exits.turns(scenario, way.arm)
    seen = exits.gates_m(eye, net, way, offered)
    if not seen:
        return {}
    gate = {turn: f"keluar-{destination(way.arm, turn)}" for turn in seen}
    over = {turn: {"gate": gate[turn]} if turn in seen else {} for turn in offered}
    return {
        "gates": [{"id": gate[turn], "line": _pixels(eye, line_m)} for turn, line_m in seen.items()],
        "movements": [{"id": f"{way.arm}-{turn}", "approach": way.arm, "turn": turn} | over[turn] for turn in offered],
    }  # fmt: skip


def _points(eye: Pinhole, way: Approach) -> list[dict[str, list[float]]]:
    road = calibration_m(way)
    seen = [(r, p) for r, p in zip(road, _pixels(eye, way.world_m(road)), strict=True) if _inside(eye, p)]
    return [{"image": pixel, "road": [round(float(r[0]), 4), round(float(r[1]), 4)]} for r, pixel in seen]


def _inside(eye: Pinhole, pixel: list[float]) -> bool:
    return 0 <= pixel[0] <= eye.width_px and 0 <= pixel[1] <= eye.height_px


def _stop_line(eye: Pinhole, way: Approach) -> list[list[float]]:
    half = half_width_m(way)
    return _pixels(eye, way.world_m(np.array([[-half, 0.0], [half, 0.0]])))


def _pixels(eye: Pinhole, world_m: F64) -> list[list[float]]:
    flat = np.hstack([world_m, np.zeros((len(world_m), 1))])
    return [[round(float(x), 3), round(float(y), 3)] for x, y in eye.project(flat)]
