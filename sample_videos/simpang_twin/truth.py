"""The exact truth of an approach from the simulated run: crossings, journeys, queue. Definitions: domain.md §1."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simpang_twin import demand
from simpang_twin.approach import Approach
from simpang_twin.fleet import BY_NAME
from simpang_twin.network import F64
from simpang_twin.poses import Poses
from simpang_twin.run import Run
from simpang_twin.scenario import Scenario

# Queued vehicle [ours, domain.md §1].
SLOW_MPS = 5 / 3.6
FAST_MPS = 10 / 3.6
HOLD_S = 2.0
REACH_M = 15.0


@dataclass(frozen=True)
class Crossing:
    """One vehicle's passage over the stop line; rear time is None where the clip ends before the rear has passed."""

    id: str
    kind: str
    model: str
    pkji: str
    lane: int
    movement: str
    time_front_s: float
    time_rear_s: float | None
    speed_mps: float
    length_m: float


@dataclass(frozen=True)
class QueueSample:
    """The queue at one moment. tail_m: rear bumper of the last queued vehicle; tail_front_m: its front bumper."""

    time_s: float
    vehicles: int
    tail_m: float
    tail_front_m: float


@dataclass(frozen=True)
class Journey:
    """One vehicle's way to the stop line.

    from_s, from_m: when and how far upstream its front came into the measured length (or was at the clip's start).
    stopped_s: time below 5 km/h; stops: falls below 5 km/h for 2 s after more than 10 km/h; both in that length.
    arrived_s: begin of its first stop anywhere on the approach, the crossing where it does not stop; None where it
    stands already at the clip's start.
    """

    from_s: float
    from_m: float
    stopped_s: float
    stops: int
    arrived_s: float | None

    def delay_s(self, time_front_s: float, free_mps: float) -> float:
        """Control delay over the measured length: d = t - L/v_ff (domain.md §1), up to the line."""
        return time_front_s - self.from_s - self.from_m / free_mps


@dataclass(frozen=True)
class Track:
    """One vehicle's rows on the clip, in time order: frame (K,), along of both bumpers (K,), speed (K,), lane (K,)."""

    id: str
    model: str
    frame: F64
    front_along_m: F64
    rear_along_m: F64
    speed_mps: F64
    lane: tuple[int | None, ...]


def sumo_lanes(run: Run, way: Approach) -> list[int | None]:
    """Lane of every row (N,) as SUMO says it, None off the approach."""
    lane_of = [way.lane_of(name) for name in run.lane_ids]
    return [lane_of[i] for i in run.lane]


def lanes(run: Run, pose: Poses, way: Approach) -> list[int | None]:
    """Lane of every row (N,): the one in which the middle of the body lies, None off the approach.

    SUMO's own says less: a motorcycle between two lanes stands aslant there, with its body in the other one, for as
    long as it waits. Where the lanes bend SUMO's is taken; of a vehicle that SUMO does not drive (the wrong-way rider)
    the place decides whether it is on the approach.
    """
    known, middle = sumo_lanes(run, way), way.lanes_at(pose.centre_m)
    ours = np.array([not name for name in run.lane_ids], dtype=bool)[run.lane]
    for row in np.flatnonzero(ours):
        on_road = BY_NAME[run.models[run.vehicle[row]]].kind != "person" and way.holds(run.front_m[row])
        known[row] = int(middle[row]) if on_road and middle[row] else None
    return [int(m) if lane is not None and m else lane for lane, m in zip(known, middle, strict=True)]


def tracks(run: Run, pose: Poses, way: Approach, lane_of: Sequence[int | None]) -> list[Track]:
    """Tracks of the vehicles that are on the approach at any time of the clip; lane_of: lane of every row (N,)."""
    front, rear = way.along_m(run.front_m), way.along_m(pose.rear_m)
    found = []
    for vehicle, name in enumerate(run.ids):
        rows = np.flatnonzero(run.vehicle == vehicle)
        lane = tuple(lane_of[i] for i in rows.tolist())
        if any(number is not None for number in lane):
            found.append(Track(name, run.models[vehicle], run.frame[rows].astype(np.float64), front[rows],
                               rear[rows], run.speed_mps[rows], lane))  # fmt: skip
    return found


def crossings(vehicles: list[Track], scenario: Scenario) -> list[Crossing]:
    """Every passage of a front bumper over the stop line, in time order; times are interpolated between frames."""
    movements = demand.movements(scenario)
    found = []
    for track in vehicles:
        front = _passage(track.front_along_m)
        if front is None:
            continue
        model = BY_NAME[track.model]
        rear = _passage(track.rear_along_m)
        found.append(
            Crossing(
                track.id,
                model.kind,
                track.model,
                model.pkji,
                _lane_at(track, int(front)),
                movements[track.id],
                _at(track.frame, front) * scenario.step_s,
                None if rear is None else _at(track.frame, rear) * scenario.step_s,
                _at(track.speed_mps, front),
                model.length_m,
            )
        )
    return sorted(found, key=lambda c: c.time_front_s)


def _passage(along_m: F64) -> float | None:
    """Row (fractional) at which `along` falls through 0, or None."""
    i = np.flatnonzero((along_m[:-1] > 0) & (along_m[1:] <= 0))
    if not len(i):
        return None
    a, b = along_m[i[0]], along_m[i[0] + 1]
    return float(i[0] + a / (a - b))


def _at(values: F64, row: float) -> float:
    return float(np.interp(row, np.arange(len(values)), values))


def _lane_at(track: Track, row: int) -> int:
    known = [lane for lane in track.lane[: row + 1] if lane is not None]
    return known[-1]


def journey(track: Track, length_m: float, step_s: float) -> Journey:
    """The vehicle's way through the measured length up to the stop line (or as far as the clip shows it)."""
    before = np.array([lane is not None for lane in track.lane]) & (track.front_along_m > 0)
    seen = before & (track.front_along_m <= length_m)
    slow = track.speed_mps < SLOW_MPS
    begins = _stop_begins(track, before, step_s)
    passage = _passage(track.front_along_m)
    arrived = float(begins[0]) if begins else passage
    stood = bool(before[0]) and bool(slow[0])
    from_s, from_m = _entry(track, length_m, step_s)
    return Journey(
        from_s, from_m, float((seen & slow).sum() * step_s),
        sum(_ran(track, i) and bool(seen[i]) for i in begins),
        None if arrived is None or stood else _at(track.frame, arrived) * step_s,
    )  # fmt: skip


def _entry(track: Track, length_m: float, step_s: float) -> tuple[float, float]:
    inside = np.flatnonzero(track.front_along_m <= length_m)
    if not len(inside):
        return float(track.frame[-1] * step_s), float(track.front_along_m[-1])
    i = int(inside[0])
    if i == 0:
        return float(track.frame[0] * step_s), float(track.front_along_m[0])
    a, b = track.front_along_m[i - 1] - length_m, track.front_along_m[i] - length_m
    return float((track.frame[i - 1] + a / (a - b)) * step_s), length_m


def _stop_begins(track: Track, before: "np.ndarray[tuple[int], np.dtype[np.bool_]]", step_s: float) -> list[int]:
    """Rows at which a stand below 5 km/h of at least 2 s begins, upstream of the line."""
    slow = before & (track.speed_mps < SLOW_MPS)
    edges = np.diff(np.concatenate([[0], slow.astype(int), [0]]))
    first, last = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    least = HOLD_S / step_s - 1e-6
    return [int(a) for a, b in zip(first, last, strict=True) if b - a >= least]


def _ran(track: Track, row: int) -> bool:
    """Whether the vehicle has been faster than 10 km/h since its last stop."""
    fast = np.flatnonzero(track.speed_mps[:row] > FAST_MPS)
    stands = np.flatnonzero(track.speed_mps[:row] < SLOW_MPS)
    return bool(len(fast)) and (not len(stands) or bool((track.speed_mps[stands[-1] : row] > FAST_MPS).any()))


class _Waiting:
    """Follows who is queued, frame by frame."""

    def __init__(self, step_s: float) -> None:
        self._step_s = step_s
        self._slow_s: dict[int, float] = {}
        self._fast_s: dict[int, float] = {}
        self.queued: set[int] = set()

    def step(self, rows: list[tuple[float, float, float, int]]) -> None:
        """One frame: (front along, rear along, speed, vehicle) of those before the line, nearest first."""
        present = {v for _, _, _, v in rows}
        self.queued &= present
        last_rear_m: float | None = None
        for front, rear, speed, v in rows:
            self._count(v, speed)
            near = front <= REACH_M or (last_rear_m is not None and front - last_rear_m <= REACH_M)
            if v in self.queued and self._fast_s[v] >= HOLD_S:
                self.queued.discard(v)
            elif v not in self.queued and self._slow_s[v] >= HOLD_S and near:
                self.queued.add(v)
            if v in self.queued:
                last_rear_m = max(rear, last_rear_m or 0.0)

    def _count(self, v: int, speed: float) -> None:
        # A vehicle that is slow in its first frame (the clip's start) has been slow before: it counts at once.
        before = self._slow_s.get(v, HOLD_S)
        self._slow_s[v] = before + self._step_s if speed < SLOW_MPS else 0.0
        self._fast_s[v] = self._fast_s.get(v, 0.0) + self._step_s if speed > FAST_MPS else 0.0


def _by_frame(vehicles: list[Track], frames: int) -> list[list[tuple[float, float, float, int]]]:
    """(front along, rear along, speed, vehicle) of those before the line, nearest first, for every frame."""
    out: list[list[tuple[float, float, float, int]]] = [[] for _ in range(frames)]
    for v, track in enumerate(vehicles):
        ahead = (track.front_along_m > 0) & np.array([lane is not None for lane in track.lane])
        for i in np.flatnonzero(ahead):
            row = (float(track.front_along_m[i]), float(track.rear_along_m[i]), float(track.speed_mps[i]), v)
            out[int(track.frame[i])].append(row)
    for rows in out:
        rows.sort()
    return out


def queued(vehicles: list[Track], frames: int, step_s: float) -> list[frozenset[int]]:
    """Who is queued in every frame: indices into `vehicles`."""
    waiting = _Waiting(step_s)
    out = []
    for rows in _by_frame(vehicles, frames):
        waiting.step(rows)
        out.append(frozenset(waiting.queued))
    return out


def queue(vehicles: list[Track], frames: int, step_s: float) -> list[QueueSample]:
    """The queue in every frame of the clip."""
    out = []
    members = queued(vehicles, frames, step_s)
    for frame, rows in enumerate(_by_frame(vehicles, frames)):
        inside = [row for row in rows if row[3] in members[frame]]
        last = max(inside, key=lambda row: row[1], default=(0.0, 0.0, 0.0, -1))
        out.append(QueueSample(frame * step_s, len(inside), last[1], last[0]))
    return out
