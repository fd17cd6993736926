"""Writes NAME.truth.json and NAME.traffic.parquet from a run: everything that is known of the camera's approach."""

import json
from collections import Counter
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from simpang_twin import (
    demand,
    faults,
    incidents,
    simulate,
    traffic_log,
    truth,
    truth_check,
    truth_cycles,
    truth_windows,
)
from simpang_twin.approach import Approach, approach
from simpang_twin.fleet import BY_NAME
from simpang_twin.layout import Movement
from simpang_twin.network import Network
from simpang_twin.poses import poses
from simpang_twin.run import Run
from simpang_twin.scenario import Arm, Camera, Scenario
from simpang_twin.traffic_log import Passed, Traffic


def write(folder: Path, camera: Camera, clip: Path) -> None:
    """Write both files beside the clip."""
    scenario, net, run = simulate.load(folder)
    way = approach(camera, net)
    pose = poses(run)
    vehicles = truth.tracks(run, pose, way, truth.lanes(run, pose, way))
    log = _observed(folder, camera, scenario, net, run, vehicles)
    checks = truth_check.check(folder, scenario, net, as_sumo(folder, camera, scenario, net, run))
    record = {
        "clip": clip.name, "camera": camera.id, "scenario": scenario.name, "seed": scenario.seed,
        "sumo": version("eclipse-sumo"),
        "width": camera.width_px, "height": camera.height_px, "fps": scenario.fps, "frames": scenario.frames,
        "start_time": scenario.start_utc.isoformat().replace("+00:00", "Z"),
        "faults": [_fault(row) for row in faults.intervals(scenario, camera)],
        "dropped_frames": sorted(faults.dropped_frames(scenario, camera)),
        "incidents": [_rounded(asdict(x)) for x in incidents.incidents(run, scenario, net, way)],
        "approaches": [_approach(scenario, camera, vehicles, log, net, run, way)],
        "check": [asdict(row) for row in checks],
    }  # fmt: skip
    clip.with_name(f"{clip.stem}.truth.json").write_text(_text(record) + "\n", encoding="utf-8")
    traffic_log.write(log, clip.with_name(f"{clip.stem}.traffic.parquet"))


def _fault(row: dict[str, Any]) -> dict[str, Any]:
    """measurable: whether the picture in the file still shows the approach as the camera file says."""
    rest = {key: value for key, value in row.items() if key not in ("type", "from_s", "to_s")}
    lost = row["type"] in ("frozen", "knocked", "ptz")
    return {"type": row["type"], "begin_s": row["from_s"], "end_s": row["to_s"], "measurable": not lost} | rest


def observed(folder: Path, camera: Camera, scenario: Scenario, net: Network, run: Run) -> Traffic:
    """The traffic of the camera's approach, straight from the run."""
    pose, way = poses(run), approach(camera, net)
    vehicles = truth.tracks(run, pose, way, truth.lanes(run, pose, way))
    return _observed(folder, camera, scenario, net, run, vehicles)


def as_sumo(folder: Path, camera: Camera, scenario: Scenario, net: Network, run: Run) -> Traffic:
    """The same with SUMO's lanes, and only of vehicles that SUMO drives: to be compared with its detectors."""
    way = approach(camera, net)
    vehicles = truth.tracks(run, poses(run), way, truth.sumo_lanes(run, way))
    return _observed(folder, camera, scenario, net, run, vehicles)


def _observed(
    folder: Path, camera: Camera, scenario: Scenario, net: Network, run: Run, vehicles: list[truth.Track]
) -> Traffic:
    way = approach(camera, net)
    movements: dict[str, str] = dict(demand.movements(scenario))
    rows = traffic_log.columns(vehicles, movements, scenario.frames, scenario.step_s)
    free_mps = traffic_log.limit_kmh(scenario, way) / 3.6
    return traffic_log.traffic(
        scenario, way, camera.heading, rows,
        passed=tuple(_passed(folder, camera, scenario, way, vehicles, free_mps)),
        signals=_signals(folder, scenario, net, camera.approach),
        pedestrians=tuple((w.begin_s, w.end_s) for w in incidents.walks(run, scenario, net, way)),
    )  # fmt: skip


def _passed(
    folder: Path, camera: Camera, scenario: Scenario, way: Approach, vehicles: list[truth.Track], free_mps: float
) -> list[Passed]:
    by_id = {track.id: track for track in vehicles}
    trips = simulate.trips(folder, scenario)
    out = []
    for c in truth.crossings(vehicles, scenario):
        journey = truth.journey(by_id[c.id], way.length_m, scenario.step_s)
        seen_s = c.time_front_s if camera.heading == "toward" else c.time_rear_s
        out.append(Passed(c, journey, _whole_delay_s(c, trips[c.id], way, free_mps), seen_s))
    return out


def _whole_delay_s(c: truth.Crossing, trip: simulate.Trip, way: Approach, free_mps: float) -> float | None:
    """Control delay from where SUMO let the vehicle in; None where that was on another edge."""
    for lane in way.lanes:
        if lane.id == trip.depart_lane:
            return c.time_front_s - trip.depart_s - (lane.length_m - trip.depart_m) / free_mps
    return None


def _signals(folder: Path, scenario: Scenario, net: Network, arm: Arm) -> dict[str, list[tuple[float, str]]]:
    names: tuple[Movement, ...] = ("left", "through", "right", "u_turn")
    return {
        name: simulate.signal_states(folder, scenario, net, arm, name)
        for name in names
        if net.link_of(arm, name) is not None
    }


def _approach(
    scenario: Scenario, camera: Camera, vehicles: list[truth.Track], log: Traffic, net: Network, run: Run, way: Approach
) -> dict[str, Any]:
    samples = truth.queue(vehicles, scenario.frames, scenario.step_s)
    speeds = [p.crossing.speed_mps * 3.6 for p in log.passed]
    lanes = range(1, len(log.lane_widths_m) + 1)
    return {
        "approach": camera.approach, "heading": camera.heading, "lanes": len(lanes), "length_m": camera.length_m,
        "lane_widths_m": list(log.lane_widths_m), "speed_limit_kmh": traffic_log.limit_kmh(scenario, way),
        "counts": dict(sorted(Counter(p.crossing.kind for p in log.passed).items())),
        "mean_speed_kmh": round(float(np.mean(speeds)), 3) if speeds else None,
        "queue_max_m": round(max(s.tail_m for s in samples), 3),
        "queue_max_vehicles": max(s.vehicles for s in samples),
        "cycle_s": None if scenario.signal is None else scenario.signal.cycle_s,
        "green_s": _planned_green_s(scenario, camera.approach),
        "signal": _changes(simulate_through(log)),
        "signals": {name: _changes(changes) for name, changes in log.signals.items()},
        "cycles": [_rounded(asdict(c)) for c in truth_cycles.cycles(log)],
        "clip": _whole(log),
        "crossings": [_crossing(p, log) for p in log.passed],
        "queue": [_sample(s, log, lanes) for s in _per_second(samples, scenario)],
        "pedestrians": [_rounded(asdict(w)) for w in incidents.walks(run, scenario, net, way)],
        "vehicles": [_vehicle(log, i) for i in range(len(log.ids))],
    }  # fmt: skip


def simulate_through(log: Traffic) -> list[tuple[float, str]]:
    """The signal of the through movement, or of the first one."""
    return log.signals.get("through") or next(iter(log.signals.values()), [])


def _planned_green_s(scenario: Scenario, arm: Arm) -> float | None:
    phases = () if scenario.signal is None else scenario.signal.phases
    return next((p.green_s for p in phases if arm in p.arms), None)


def _changes(changes: list[tuple[float, str]]) -> list[dict[str, Any]]:
    return [{"time_s": time_s, "state": state} for time_s, state in changes]


def _whole(log: Traffic) -> list[dict[str, Any]]:
    """The whole clip as one window: the approach, its lanes, its movements."""
    lanes: list[tuple[int | None, str | None]] = [(i, None) for i in range(1, len(log.lane_widths_m) + 1)]
    names: list[tuple[int | None, str | None]] = [
        (None, name) for name in sorted(set(log.movements) - {traffic_log.WRONG_WAY})
    ]
    scopes: list[tuple[int | None, str | None]] = [(None, None), *lanes, *names]
    return [_rounded(asdict(truth_windows.window(log, 0.0, log.duration_s, *scope))) for scope in scopes]


def _crossing(p: Passed, log: Traffic) -> dict[str, Any]:
    c, way = p.crossing, p.journey
    return _rounded({
        "time_s": p.time_seen_s, "time_front_s": c.time_front_s, "time_rear_s": c.time_rear_s, "id": c.id,
        "class": c.kind, "model": c.model, "pkji": c.pkji, "lane": c.lane, "movement": c.movement,
        "speed_mps": c.speed_mps, "length_m": c.length_m, "from_s": way.from_s, "from_m": way.from_m,
        "arrived_s": way.arrived_s, "stops": way.stops, "stopped_s": way.stopped_s,
        "delay_s": way.delay_s(c.time_front_s, log.speed_limit_mps), "delay_whole_s": p.delay_whole_s,
    })  # fmt: skip


def _vehicle(log: Traffic, i: int) -> dict[str, Any]:
    model = BY_NAME[log.models[i]]
    return {"id": log.ids[i], "class": model.kind, "model": model.name, "pkji": model.pkji,
            "movement": log.movements[i], "length_m": model.length_m, "width_m": model.width_m}  # fmt: skip


def _per_second(samples: list[truth.QueueSample], scenario: Scenario) -> list[truth.QueueSample]:
    """The sample of the frame at (or just after) every whole second."""
    wanted = [int(np.ceil(second * scenario.fps - 1e-9)) for second in range(int(scenario.duration_s))]
    return [samples[i] for i in wanted if i < len(samples)]


def _sample(s: truth.QueueSample, log: Traffic, lanes: range) -> dict[str, Any]:
    own = [truth_windows.queue_at(log, s.time_s, lane) for lane in lanes]
    return {"time_s": round(s.time_s, 4), "vehicles": s.vehicles, "tail_m": round(s.tail_m, 3),
            "tail_front_m": round(s.tail_front_m, 3), "lane_vehicles": [n for n, _ in own],
            "lane_tail_m": [round(tail_m, 3) for _, tail_m in own]}  # fmt: skip


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()}


def _text(record: dict[str, Any], pad: str = "") -> str:
    """JSON with one row of a list on one line."""
    parts = []
    for key, value in record.items():
        if isinstance(value, list) and value and isinstance(value[0], dict) and _has_lists(value[0]):
            body = "[" + ", ".join(_text(v, pad + " ") for v in value) + "]"
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            rows = (json.dumps(v, ensure_ascii=False) for v in value)
            body = "[\n" + ",\n".join(f"{pad}  {row}" for row in rows) + f"\n{pad} ]"
        else:
            body = json.dumps(value, ensure_ascii=False)
        parts.append(f"{pad} {json.dumps(key)}: {body}")
    return "{\n" + ",\n".join(parts) + f"\n{pad}}}"


def _has_lists(row: dict[str, Any]) -> bool:
    return any(isinstance(v, list) and v and isinstance(v[0], dict) for v in row.values())
