"""What happened on an approach beside the ordinary traffic, as the run shows it, from the scenario's events."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simpang_twin.approach import Approach
from simpang_twin.demand import FIRST_EVENT_ID
from simpang_twin.inject import FIRST_PEDESTRIAN_ID, PEDESTRIANS_EACH, strip
from simpang_twin.network import F64, Network
from simpang_twin.run import Run
from simpang_twin.scenario import Scenario
from simpang_twin.traffic import EmergencyStop, Event, KerbStop, Spillback, StoppedVehicle, UTurn, WrongWay

_STANDS_MPS = 0.1


@dataclass(frozen=True)
class Incident:
    """Begin and end in seconds since the first frame (end_s None: it lasts beyond the clip); the place in metres
    upstream of the stop line; `exit` for what happens where the arm leaves the junction."""

    type: str
    begin_s: float
    end_s: float | None
    approach: str
    lane: int | None
    along_m: float | None
    id: str | None
    exit: bool = False


@dataclass(frozen=True)
class Walk:
    """One pedestrian's time on the carriageway of the arm; along_m negative is past the stop line (the zebra)."""

    id: str
    begin_s: float
    end_s: float
    along_m: float


def incidents(run: Run, scenario: Scenario, net: Network, way: Approach) -> list[Incident]:
    """Incidents on the camera's approach (and on its exit, for spillback), in time order."""
    found: list[Incident] = []
    for i, event in enumerate(scenario.events):
        if event.arm == way.arm:
            found += _of(event, str(FIRST_EVENT_ID + i), run, scenario, way)
    found += [
        Incident("pedestrian", w.begin_s, w.end_s, way.arm, None, w.along_m, w.id)
        for w in walks(run, scenario, net, way)
        if w.along_m > 0
    ]
    return sorted(found, key=lambda x: x.begin_s)


def _of(event: Event, name: str, run: Run, scenario: Scenario, way: Approach) -> Iterator[Incident]:
    if isinstance(event, StoppedVehicle | KerbStop | EmergencyStop):
        yield from _stand(event, name, run, way)
    elif isinstance(event, Spillback):
        end_s = event.to_s if event.to_s < scenario.duration_s else None
        if event.from_s < scenario.duration_s and event.to_s > 0:
            yield Incident("spillback", max(event.from_s, 0.0), end_s, way.arm, None, None, None, exit=True)
    elif isinstance(event, WrongWay):
        yield from _span("wrong_way", name, run, way, 0.0)
    elif isinstance(event, UTurn):
        yield from _span("u_turn", name, run, way, -30.0)


def _rows(run: Run, name: str) -> "np.ndarray[tuple[int], np.dtype[np.intp]]":
    return np.flatnonzero(run.vehicle == run.ids.index(name)) if name in run.ids else np.zeros(0, dtype=np.intp)


def _stand(event: StoppedVehicle | KerbStop | EmergencyStop, name: str, run: Run, way: Approach) -> Iterator[Incident]:
    """From the first to the last frame in which the vehicle stands within 1.5 m of its place."""
    rows = _rows(run, name)
    along = way.along_m(run.front_m[rows])
    there = (run.speed_mps[rows] < _STANDS_MPS) & (np.abs(along - event.along_m) < 1.5)
    if there.any():
        frames = run.frame[rows][there]
        lane = way.lane_of(run.lane_ids[run.lane[rows][there][0]])
        yield Incident(event.type, *_times(run, frames), way.arm, lane, float(along[there][0]), name)


def _times(run: Run, frames: "np.ndarray[tuple[int], np.dtype[np.int32]]") -> tuple[float, float | None]:
    end = int(frames[-1]) + 1
    return float(frames[0] * run.step_s), None if end >= run.frames else end * run.step_s


def _span(kind: str, name: str, run: Run, way: Approach, low_m: float) -> Iterator[Incident]:
    """The frames in which the road user is on the measured length (or down to `low_m` past the line)."""
    rows = _rows(run, name)
    along = way.along_m(run.front_m[rows])
    inside = (along >= low_m) & (along <= way.length_m)
    if inside.any():
        frames = run.frame[rows][inside]
        yield Incident(kind, *_times(run, frames), way.arm, _nearest_lane(run.front_m[rows][inside][0], way),
                       float(along[inside][0]), name)  # fmt: skip


def _nearest_lane(point_m: F64, way: Approach) -> int:
    middles = np.array([lane.shape_m[-1] for lane in way.lanes])
    across = np.abs((middles - point_m) @ way.right)
    return int(np.argmin(across)) + 1


def walks(run: Run, scenario: Scenario, net: Network, way: Approach) -> list[Walk]:
    """Every pedestrian's time on this arm's carriageway within the clip."""
    road = strip(net, way.arm)
    found = []
    for vehicle, name in enumerate(run.ids):
        if _crosses(name, scenario) != way.arm:
            continue
        rows = np.flatnonzero(run.vehicle == vehicle)
        across = (run.front_m[rows] - road.origin_m) @ road.side
        on = np.flatnonzero((across > 0) & (across < road.in_m + road.out_m))
        if len(on):
            frames = run.frame[rows][on]
            along = float(way.along_m(run.front_m[rows][on[:1]])[0])
            found.append(Walk(name, float(frames[0] * run.step_s), float((frames[-1] + 1) * run.step_s), along))
    return sorted(found, key=lambda w: w.begin_s)


def _crosses(name: str, scenario: Scenario) -> str | None:
    """The arm that a pedestrian crosses; None for vehicles."""
    event = (int(name) - FIRST_PEDESTRIAN_ID) // PEDESTRIANS_EACH
    return scenario.events[event].arm if event >= 0 else None
