"""Road users whom SUMO cannot drive, put into the finished run: the wrong-way rider and people who cross the road.

Their paths follow from the scenario, its seed and the simulated traffic alone, so the same scenario gives the same run.
They yield to the traffic (a pedestrian waits for a gap, the rider for a clear strip); traffic does not yield to them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simpang_twin.demand import FIRST_EVENT_ID
from simpang_twin.fleet import BY_NAME
from simpang_twin.layout import Arm
from simpang_twin.network import F64, Network
from simpang_twin.poses import Poses, poses
from simpang_twin.run import Run
from simpang_twin.scenario import Scenario
from simpang_twin.traffic import Pedestrians, WrongWay

# Pedestrians are numbered from here, so many to an event (`traffic.Pedestrians` refuses more).
FIRST_PEDESTRIAN_ID = 1000000
PEDESTRIANS_EACH = 1000
# Room that a pedestrian keeps to a vehicle: in time and beside it.
_GAP_S, _ROOM_M = 1.0, 0.9
_KERB_M = 1.2
_LONGEST_WAIT_S = 90.0


@dataclass(frozen=True)
class Path:
    """One injected road user: id, model, first frame, front (K, 2) world metres, heading degrees (K,), speed (K,)."""

    id: str
    model: str
    first_frame: int
    front_m: F64
    angle_deg: F64
    speed_mps: F64


@dataclass(frozen=True)
class Strip:
    """A road frame on an arm: point = origin + out·along + side·across, where `across` counts from the entry kerb
    inward and `along` upstream from the stop line."""

    origin_m: F64
    out: F64
    side: F64
    in_m: float
    out_m: float

    def world_m(self, along_m: F64, across_m: F64) -> F64:
        """Points (K, 2)."""
        return np.asarray(self.origin_m + along_m[:, None] * self.out + across_m[:, None] * self.side)


def strip(net: Network, arm: Arm) -> Strip:
    """The road frame of an arm from the kerb lane's end."""
    entry, leaving = net.edge(f"{arm}_in"), net.edge(f"{arm}_out")
    kerb = entry[0]
    inward = kerb.shape_m[-1] - kerb.shape_m[-2]
    inward = inward / np.linalg.norm(inward)
    side = -net.kerb_side * np.array([inward[1], -inward[0]])
    width = sum(lane.width_m for lane in entry)
    origin = kerb.shape_m[-1] - side * kerb.width_m / 2
    return Strip(origin, -inward, side, width, sum(lane.width_m for lane in leaving))


def events(run: Run, scenario: Scenario, net: Network) -> Run:
    """The run with every injected road user in it; the same run where there is none."""
    paths: list[Path] = []
    for i, event in enumerate(scenario.events):
        if isinstance(event, WrongWay):
            paths.append(_rider(run, event, scenario, net, FIRST_EVENT_ID + i))
        elif isinstance(event, Pedestrians):
            paths += _walkers(run, event, scenario, net, FIRST_PEDESTRIAN_ID + PEDESTRIANS_EACH * i)
    return _merged(run, paths) if paths else run


def _rider(run: Run, event: WrongWay, scenario: Scenario, net: Network, number: int) -> Path:
    """The first start, in steps of half a second, that touches nobody; else the one that touches the least."""
    best: tuple[int, Path] | None = None
    pose = poses(run)
    for delay_s in np.arange(0.0, event.patience_s + 0.01, 0.5):
        path = _ride(event, scenario, strip(net, event.arm), event.from_s + float(delay_s), str(number))
        touched = touched_frames(run, pose, path)
        if best is None or touched < best[0]:
            best = (touched, path)
        if touched == 0:
            break
    assert best is not None
    return best[1]


def _ride(event: WrongWay, scenario: Scenario, road: Strip, start_s: float, name: str) -> Path:
    speed = event.speed_kmh / 3.6
    first = int(np.ceil(start_s * scenario.fps))
    count = int((event.to_along_m - event.from_along_m) / speed * scenario.fps) + 1
    along = event.from_along_m + speed * np.arange(count, dtype=np.float64) * scenario.step_s
    kept = (first + np.arange(count) >= 0) & (first + np.arange(count) < scenario.frames)
    front = road.world_m(along[kept], np.full(int(kept.sum()), event.offset_m))
    angle = np.full(len(front), _angle_deg(road.out))
    return Path(name, event.model, max(first, 0), front, angle, np.full(len(front), speed))


def _angle_deg(direction: F64) -> float:
    return float(np.degrees(np.arctan2(direction[0], direction[1])) % 360)


def touched_frames(run: Run, pose: Poses, path: Path) -> int:
    """Frames in which the rider's body comes nearer than 0.15 m to another (bodies as boxes along the rider's way)."""
    if not len(path.front_m):
        return 0
    model = BY_NAME[path.model]
    ahead = np.array([np.sin(np.radians(path.angle_deg[0])), np.cos(np.radians(path.angle_deg[0]))])
    aside = np.array([ahead[1], -ahead[0]])
    size = np.array([(BY_NAME[m].length_m, BY_NAME[m].width_m) for m in run.models]).reshape(-1, 2)
    touched = 0
    for k, front in enumerate(path.front_m):
        rows = np.flatnonzero(run.frame == path.first_frame + k)
        gap = pose.centre_m[rows] - (front - ahead * model.length_m / 2)
        half = size[run.vehicle[rows]] / 2
        near = np.abs(gap @ ahead) < half[:, 0] + model.length_m / 2 + 0.15
        touched += bool((near & (np.abs(gap @ aside) < half[:, 1] + model.width_m / 2 + 0.15)).any())
    return touched


def _walkers(run: Run, event: Pedestrians, scenario: Scenario, net: Network, number: int) -> Iterator[Path]:
    rng = np.random.default_rng((scenario.seed, number))
    road, traffic = strip(net, event.arm), _Traffic(run, strip(net, event.arm), scenario.step_s)
    time_s, count = event.from_s, 0
    while True:
        time_s += float(rng.exponential(3600.0 / event.flow_pph))
        speed, from_entry_kerb = event.speed_mps * float(rng.uniform(0.85, 1.15)), bool(rng.random() < 0.5)
        along = event.along_m + float(rng.uniform(-0.8, 0.8))
        if time_s >= event.to_s:
            return
        yield _walk(traffic, scenario, road, (time_s, speed, along, from_entry_kerb), str(number + count))
        count += 1


class _Traffic:
    """Who is where on an arm: rows of the run in the arm's frame, by frame."""

    def __init__(self, run: Run, road: Strip, step_s: float) -> None:
        pose = poses(run)
        self.step_s = step_s
        self.frame = run.frame
        size = np.array([(BY_NAME[m].length_m, BY_NAME[m].width_m) for m in run.models]).reshape(-1, 2)[run.vehicle]
        rel = pose.centre_m - road.origin_m
        along_part = np.abs(pose.heading @ road.out)
        side_part = np.abs(pose.heading @ road.side)
        self.along, self.across = rel @ road.out, rel @ road.side
        self.half_along = (size[:, 0] * along_part + size[:, 1] * side_part) / 2
        self.half_across = (size[:, 0] * side_part + size[:, 1] * along_part) / 2
        self.begin = np.searchsorted(self.frame, np.arange(int(self.frame.max(initial=0)) + 2))

    def clear(self, frame: int, along_m: float, across_m: float) -> bool:
        """Whether nobody comes within the room of this place a second around this frame."""
        reach = round(_GAP_S / self.step_s)
        low, high = max(frame - reach // 2, 0), min(frame + reach, len(self.begin) - 2)
        if low > high:
            return True
        rows = slice(self.begin[low], self.begin[high + 1])
        near = np.abs(self.along[rows] - along_m) < self.half_along[rows] + _ROOM_M
        return not bool((near & (np.abs(self.across[rows] - across_m) < self.half_across[rows] + _ROOM_M)).any())


def _walk(
    traffic: _Traffic, scenario: Scenario, road: Strip, plan: tuple[float, float, float, bool], name: str
) -> Path:
    """Wait at the kerb for a gap in which the whole way is clear, then walk straight over the road."""
    time_s, speed, along, from_entry_kerb = plan
    low, high = -_KERB_M, road.in_m + road.out_m + _KERB_M
    count = int((high - low) / speed / scenario.step_s) + 1
    way = low + speed * scenario.step_s * np.arange(count, dtype=np.float64)
    across = way if from_entry_kerb else high - (way - low)
    first = int(np.ceil(time_s / scenario.step_s))
    wait = _wait_frames(traffic, first, along, across, round(_LONGEST_WAIT_S / scenario.step_s))
    across = np.concatenate([np.full(wait, across[0]), across])
    moving = np.concatenate([np.zeros(wait), np.full(count, speed)])
    kept = (first + np.arange(len(across)) >= 0) & (first + np.arange(len(across)) < scenario.frames)
    front = road.world_m(np.full(int(kept.sum()), along), across[kept])
    angle = _angle_deg(road.side if from_entry_kerb else -road.side)
    return Path(name, "pedestrian", max(first, 0), front, np.full(len(front), angle), moving[kept])


def _wait_frames(traffic: _Traffic, first: int, along: float, across: F64, longest: int) -> int:
    """Frames to wait until the whole walk is clear; who finds no gap waits to the end of the longest wait."""
    step = max(round(0.2 / traffic.step_s), 1)
    checked = range(0, len(across), step)
    for wait in range(0, longest, step):
        if all(traffic.clear(first + wait + k, along, float(across[k])) for k in checked):
            return wait
    return longest


def _merged(run: Run, paths: list[Path]) -> Run:
    """The run with the paths' rows added, still sorted by frame."""
    sizes = [len(p.front_m) for p in paths]
    number = np.repeat(np.arange(len(paths)) + len(run.ids), sizes).astype(np.int32)
    frame = np.concatenate([p.first_frame + np.arange(n) for p, n in zip(paths, sizes, strict=True)]).astype(np.int32)
    lane = np.full(len(frame), len(run.lane_ids), dtype=np.int32)
    frames = np.concatenate([run.frame, frame])
    order = np.argsort(frames, kind="stable")
    return Run(
        run.step_s, run.frames, run.ids + tuple(p.id for p in paths), run.models + tuple(p.model for p in paths),
        (*run.lane_ids, ""), frames[order], np.concatenate([run.vehicle, number])[order],
        np.concatenate([run.lane, lane])[order], np.concatenate([run.front_m, *(p.front_m for p in paths)])[order],
        np.concatenate([run.angle_deg, *(p.angle_deg for p in paths)])[order],
        np.concatenate([run.speed_mps, *(p.speed_mps for p in paths)])[order],
    )  # fmt: skip
