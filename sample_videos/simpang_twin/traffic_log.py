"""The traffic of one approach as arrays: what `truth_windows` measures, and its file NAME.traffic.parquet."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from simpang_twin.approach import Approach
from simpang_twin.network import F64
from simpang_twin.run import I32
from simpang_twin.scenario import Scenario
from simpang_twin.truth import Crossing, Journey, Track, queued

Bools = npt.NDArray[np.bool_]

# The movement of who drives against the traffic. It is on the road (density, occupancy), but never crosses the line.
WRONG_WAY = "wrong_way"


@dataclass(frozen=True)
class Passed:
    """A crossing of the stop line with the vehicle's way to it. delay_whole_s: control delay from the arm's entry."""

    crossing: Crossing
    journey: Journey
    delay_whole_s: float | None = None
    time_seen_s: float | None = None


@dataclass(frozen=True)
class Traffic:
    """Everything on one approach. Times are seconds since the first frame; distances metres upstream of the line.

    Rows (N,), sorted by vehicle and frame: vehicle, index into ids, models and movements; frame; front_m, rear_m of
    the bumpers; speed_mps; lane (1 is at the kerb; kept until the rear has left the line); queued.
    signals: (time, green|yellow|red) changes by movement; empty without a signal. pedestrians: (begin, end) on the
    carriageway. heading: toward or away from the camera.
    """

    approach: str
    heading: str
    length_m: float
    lane_widths_m: tuple[float, ...]
    speed_limit_mps: float
    step_s: float
    frames: int
    ids: tuple[str, ...]
    models: tuple[str, ...]
    movements: tuple[str, ...]
    vehicle: I32
    frame: I32
    front_m: F64
    rear_m: F64
    speed_mps: F64
    lane: I32
    queued: Bools
    passed: tuple[Passed, ...] = ()
    signals: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    pedestrians: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        n = len(self.frame)
        arrays = (self.vehicle, self.front_m, self.rear_m, self.speed_mps, self.lane, self.queued)
        if any(a.shape != (n,) for a in arrays):
            raise ValueError(f"expected arrays of {n} rows, got {[a.shape for a in arrays]}")

    @property
    def duration_s(self) -> float:
        """Length of the clip."""
        return self.frames * self.step_s


def columns(vehicles: list[Track], movements: dict[str, str], frames: int, step_s: float) -> dict[str, Any]:
    """The row arrays of `Traffic` and its ids, models and movements, from the tracks of an approach."""
    members = queued(vehicles, frames, step_s)
    parts: dict[str, list[npt.NDArray[Any]]] = {
        name: [np.zeros(0)] for name in ("vehicle", "frame", "front_m", "rear_m", "speed_mps", "lane", "queued")
    }
    for v, track in enumerate(vehicles):
        lane = _kept(track)
        rows = np.flatnonzero((lane > 0) & (np.maximum(track.front_along_m, track.rear_along_m) > -1.0))
        rows = _until_left(track, rows) if track.id in movements else rows
        frame = track.frame[rows].astype(np.int32)
        parts["vehicle"].append(np.full(len(rows), v))
        parts["frame"].append(frame)
        parts["front_m"].append(track.front_along_m[rows])
        parts["rear_m"].append(track.rear_along_m[rows])
        parts["speed_mps"].append(track.speed_mps[rows])
        parts["lane"].append(lane[rows])
        parts["queued"].append(np.array([v in members[f] for f in frame], dtype=bool))
    kinds: dict[str, Any] = {"vehicle": np.int32, "frame": np.int32, "lane": np.int32, "queued": np.bool_}
    arrays: dict[str, Any] = {
        name: np.concatenate(found).astype(kinds.get(name, np.float64)) for name, found in parts.items()
    }
    return arrays | {
        "ids": tuple(t.id for t in vehicles),
        "models": tuple(t.model for t in vehicles),
        "movements": tuple(movements.get(t.id, WRONG_WAY) for t in vehicles),
    }


def _until_left(track: Track, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Rows up to the first gap: a vehicle that turns back must not appear upstream of the line again."""
    past = np.flatnonzero((track.front_along_m[:-1] <= 0) & (track.front_along_m[1:] > 0))
    return rows[rows <= past[0]] if len(past) else rows


def _kept(track: Track) -> I32:
    """The lane of every row; after the line the last one, 0 before the vehicle is on the approach."""
    lanes, last = np.zeros(len(track.lane), dtype=np.int32), 0
    for i, lane in enumerate(track.lane):
        last = lane if lane is not None else last
        lanes[i] = last
    return lanes


def limit_kmh(scenario: Scenario, way: Approach) -> float:
    """The approach's speed limit."""
    if scenario.network is None:
        return scenario.junction.arm(way.arm).speed_limit_kmh
    return round(way.lanes[0].speed_limit_mps * 3.6, 1)


def traffic(scenario: Scenario, way: Approach, heading: str, rows: dict[str, Any], **more: Any) -> Traffic:
    """The traffic of an approach from its rows and what else is known of it."""
    return Traffic(
        approach=way.arm, heading=heading, length_m=way.length_m,
        lane_widths_m=tuple(lane.width_m for lane in way.lanes), speed_limit_mps=limit_kmh(scenario, way) / 3.6,
        step_s=scenario.step_s, frames=scenario.frames, **rows, **more,
    )  # fmt: skip


def write(log: Traffic, path: Path) -> None:
    """NAME.traffic.parquet: one row per frame and vehicle on the approach, millimetres and millimetres a second."""
    names = np.array(log.ids, dtype=object)[log.vehicle] if log.ids else np.array([], dtype=object)
    table = pa.table({
        "id": pa.array(names.tolist(), pa.string()).dictionary_encode(),
        "frame": pa.array(log.frame, pa.int32()),
        **{
            name: pa.array(np.rint(values * 1000).astype(np.int32), pa.int32())
            for name, values in (("front_mm", log.front_m), ("rear_mm", log.rear_m), ("speed_mmps", log.speed_mps))
        },
        "lane": pa.array(log.lane, pa.int8()),
        "queued": pa.array(log.queued, pa.bool_()),
    })  # fmt: skip
    packed = dict.fromkeys(("frame", "front_mm", "rear_mm", "speed_mmps"), "DELTA_BINARY_PACKED")
    pq.write_table(table, path, compression="zstd", compression_level=19, use_dictionary=["id"], column_encoding=packed)


def read_rows(path: Path, ids: tuple[str, ...]) -> dict[str, Any]:
    """The row arrays of `Traffic` back from the file; `ids` as in the truth."""
    table = pq.read_table(path)
    number = {name: i for i, name in enumerate(ids)}
    whole = {name: np.asarray(table[name].to_numpy()) for name in table.column_names if name != "id"}
    return {
        "vehicle": np.array([number[name] for name in table["id"].to_pylist()], dtype=np.int32),
        "frame": whole["frame"].astype(np.int32),
        "front_m": whole["front_mm"] / 1000.0,
        "rear_m": whole["rear_mm"] / 1000.0,
        "speed_mps": whole["speed_mmps"] / 1000.0,
        "lane": whole["lane"].astype(np.int32),
        "queued": whole["queued"].astype(bool),
    }
