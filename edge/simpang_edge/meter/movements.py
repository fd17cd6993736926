"""Which way a vehicle goes after the stop line: followed over the junction to a gate or, where no gate is in view, told
by the shape of its path."""

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ..config import Camera, Movement
from ..data import IntArray, Vehicles
from ..plane import Plane, approach_axes, camera_plane, kerb_on_left
from .crossings import Crossing

Point = tuple[float, float]

NEAR_M: Final = 3.0
"""A vehicle is followed from so far before its stop line on."""

STEP_M: Final = 1.0
HEADING_STEPS: Final = 3
"""A heading is that of the last three metres of the path: shorter pieces are noise. A box that the lower border
cuts says nothing of where its vehicle goes: it only slides along the border."""

HEADING_M: Final = 6.0
"""Where pictures come seldom, fewer steps make a heading: one of more metres lags behind a turn."""

TREMBLE_M: Final = 3.0
"""A step back, against the heading, by less than this is the box's tremble while its vehicle waits in the junction: it
turns nothing. Taken for a turn, there and back could add up to a full circle."""

LEAST_PATH_M: Final = 10.0
"""A track that ends sooner after the line has not shown where it goes."""

FRESH_S: Final = 0.3
FORGET_S: Final = 30.0
MOST: Final = 1000
"""More vehicles than this are not followed at a time."""


@dataclass(frozen=True, slots=True)
class Traced:
    """A vehicle that crossed a stop line and was traced to an exit: index of the movement, and its crossing."""

    movement: int
    crossing: Crossing


@dataclass(frozen=True, slots=True)
class _Way:
    """A movement, ready to be compared with: gate -1 where the shape tells."""

    index: int
    approach: int
    gate: int
    least_deg: float
    most_deg: float
    leaves: str | None


@dataclass(slots=True)
class _Path:
    """Where a vehicle went since it came near its stop line.

    heading: radians from the road's x axis, unwrapped, of the last metres; entered: that of its approach. gate: the
    first exit gate that it passed, -1 none. way_m: length of the path after the line. leaving: the lower border cut it
    last.
    """

    approach: int
    entered: float
    heading: float
    seen_s: float
    here: Point
    trail: deque[Point] = field(default_factory=lambda: deque(maxlen=HEADING_STEPS + 1))
    way_m: float = 0.0
    gate: int = -1
    leaving: bool = False
    crossing: Crossing | None = None

    def restart(self, here: Point) -> None:
        """Begin anew: before its line a vehicle goes where its approach goes, however its box trembles in the queue."""
        self.heading, self.way_m = self.entered, 0.0
        self.trail.clear()
        self.trail.append(here)


class Movements:
    """Follows vehicles from their stop line to their exit.

    The first exit gate that a vehicle passes decides. Without one, when its track ends: how much its heading has
    changed and to which side of the picture it was going. What is kept of a vehicle goes with it.
    """

    def __init__(self, camera: Camera) -> None:
        self._on = bool(camera.movements)
        self._paths: dict[int, _Path] = {}
        plane = camera_plane(camera) if self._on else None
        if plane is None:
            return
        self._plane: Plane = plane
        exits = [gate for gate in camera.gates if gate.kind != "entry"]
        self._gates = [_segment(plane, gate.line) for gate in exits]
        axes = [approach_axes(plane, one, f"camera {camera.id}: approach {one.id}") for one in camera.approaches]
        self._entered = [math.atan2(-float(one.up[1]), -float(one.up[0])) for one in axes]
        keeps_left = {a.id: kerb_on_left(one, plane.mirrored) for a, one in zip(camera.approaches, axes, strict=True)}
        approaches = [approach.id for approach in camera.approaches]
        gates = [gate.id for gate in exits]
        self._ways = [
            _way(index, movement, approaches, gates, keeps_left[movement.approach])
            for index, movement in enumerate(camera.movements)
        ]

    def __len__(self) -> int:
        return len(self._paths)

    def follow(self, vehicles: Vehicles) -> tuple[Traced, ...]:
        """Account for one frame; the moves that end in it at a gate."""
        if not self._on:
            return ()
        done: list[Traced] = []
        near, upstream = vehicles.along_m < NEAR_M, (vehicles.along_m > 0).tolist()
        places = vehicles.xy_m.tolist()
        cut = [False] * len(places) if vehicles.cut is None else vehicles.cut.tolist()
        for n, track in enumerate(vehicles.id.tolist()):
            path = self._paths.get(track)
            if path is None and near[n] and track >= 1 and len(self._paths) < MOST:
                path = self._begin(track, int(vehicles.approach[n]), vehicles.time_s, tuple(places[n]))
            if path is not None and not math.isnan(places[n][0]):
                if upstream[n] and path.crossing is None:
                    path.restart(tuple(places[n]))
                path.leaving = cut[n]
                done += self._step(path, vehicles.time_s, tuple(places[n]))
        return tuple(done)

    def exchange(self, tracks: Iterable[tuple[int, int]]) -> None:
        """Tracks (each with another) went over to another vehicle; the other one goes on with the first one's path."""
        for old, new in tracks:
            path = self._paths.pop(old, None)
            if path is not None:
                path.trail.clear()
                path.trail.append(path.here)
                self._paths[new] = path

    def cross(self, crossing: Crossing) -> tuple[Traced, ...]:
        """Account for a crossing; the move that it completes where the gate was already passed."""
        path = self._paths.get(crossing.track)
        if path is None:
            return ()
        path.crossing, path.approach = crossing, crossing.approach
        return self._at_gate(path)

    def end(self, ids: IntArray, now_s: float) -> tuple[Traced, ...]:
        """Let go of vehicles that are gone; the moves that the shape of their path tells."""
        late = [track for track, path in self._paths.items() if now_s - path.seen_s > FORGET_S]
        ended = [self._paths.pop(track) for track in (*ids.tolist(), *late) if track in self._paths]
        return tuple(move for path in ended for move in self._by_shape(path))

    def settle(self) -> tuple[Traced, ...]:
        """Let go of all vehicles: the clock was set, or the camera stops. One that is in the middle of the picture then
        may turn yet: that it goes straight on nobody knows, only a turn that it has made is told."""
        ended = list(self._paths.values())
        self._paths.clear()
        last_s = max((path.seen_s for path in ended), default=0.0)
        return tuple(
            move for path in ended for move in self._by_shape(path, path.leaving or last_s - path.seen_s > FRESH_S)
        )

    def _begin(self, track: int, approach: int, time_s: float, here: Point) -> _Path:
        entered = self._entered[approach]
        path = _Path(approach, entered, entered, time_s, here)
        path.trail.append(here)
        self._paths[track] = path
        return path

    def _step(self, path: _Path, time_s: float, here: Point) -> tuple[Traced, ...]:
        before, path.here, path.seen_s = path.here, here, time_s
        step_m = math.dist(path.trail[-1], here)
        if not path.leaving and step_m >= STEP_M and (step_m >= TREMBLE_M or _ahead(path, here)):
            path.way_m += step_m
            path.trail.append(here)
            path.heading = _unwrapped(path.heading, _heading(_start(path.trail), here))
        if path.gate >= 0:
            return ()
        path.gate = next((i for i, gate in enumerate(self._gates) if _meet(before, here, *gate)), -1)
        return self._at_gate(path)

    def _at_gate(self, path: _Path) -> tuple[Traced, ...]:
        """The move of a path that has both crossed its line and passed a gate."""
        if path.gate < 0 or path.crossing is None:
            return ()
        return self._move(path, lambda way: way.gate == path.gate)

    def _by_shape(self, path: _Path, left: bool = True) -> tuple[Traced, ...]:
        """The move that the path's shape tells; left: whether the vehicle was seen to its end."""
        if path.crossing is None or path.way_m < LEAST_PATH_M:
            return ()
        turned_deg = math.degrees(path.heading - path.entered) * (1 if self._plane.mirrored else -1)
        side = self._side(path)

        def fits(way: _Way) -> bool:
            turns = way.least_deg <= turned_deg < way.most_deg
            straight = way.least_deg < 0 < way.most_deg
            return way.gate < 0 and turns and way.leaves in (None, side) and (left or not straight)

        return self._move(path, fits)

    def _move(self, path: _Path, fits: Callable[[_Way], bool]) -> tuple[Traced, ...]:
        """The first movement of the path's approach that fits; a path makes one at most."""
        way = next((way for way in self._ways if way.approach == path.approach and fits(way)), None)
        if way is None or path.crossing is None:
            return ()
        crossing, path.crossing = path.crossing, None
        return (Traced(way.index, crossing),)

    def _side(self, path: _Path) -> str:
        """The side of the picture toward which the last metres of a path lead."""
        (x0, y0), (x1, y1) = self._plane.to_picture(np.array([path.trail[0], path.trail[-1]])).tolist()
        if abs(x1 - x0) > abs(y1 - y0):
            return "right" if x1 > x0 else "left"
        return "bottom" if y1 > y0 else "top"


def _way(index: int, movement: Movement, approaches: list[str], gates: list[str], keeps_left: bool) -> _Way:
    """keeps_left: whether the kerb is on the left; else one turns round by the left."""
    least_deg, most_deg = movement.turns_deg()
    if movement.turn == "u_turn" and movement.turned_deg is None and not keeps_left:
        least_deg, most_deg = -most_deg, -least_deg
    gate = -1 if movement.gate is None else gates.index(movement.gate)
    return _Way(index, approaches.index(movement.approach), gate, least_deg, most_deg, movement.leaves)


def _segment(plane: Plane, line_px: tuple[Point, Point]) -> tuple[Point, Point]:
    (x0, y0), (x1, y1) = plane.to_road(np.array(line_px, np.float64)).tolist()
    return (x0, y0), (x1, y1)


def _start(trail: deque[Point]) -> Point:
    """Where the last metres of a path began: its first point that is not too far back, else the last but one."""
    near = (point for point in list(trail)[:-2] if math.dist(point, trail[-1]) <= HEADING_M)
    return next(near, trail[-2])


def _heading(start: Point, end: Point) -> float:
    return math.atan2(end[1] - start[1], end[0] - start[0])


def _ahead(path: _Path, here: Point) -> bool:
    """Whether a point lies ahead of where a path came to, rather than behind it."""
    return math.cos(_heading(path.trail[-1], here) - path.heading) > 0


def _unwrapped(before: float, heading: float) -> float:
    """The angle nearest to `before` that is the same heading."""
    return before + math.remainder(heading - before, 2 * math.pi)


def _meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether the way from a to b passes the segment c-d; one that ends on it has not passed it yet."""
    side_a, side_b = _side_of(a, c, d), _side_of(b, c, d)
    return (side_a <= 0) != (side_b <= 0) and _side_of(c, a, b) * _side_of(d, a, b) <= 0


def _side_of(p: Point, a: Point, b: Point) -> float:
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
