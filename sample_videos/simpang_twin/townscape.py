"""What stands beside the roads of any SUMO net: shophouses, trees, lamp posts, signals; placed by the scenario's seed
where no road is, and never between a camera and the approach that it watches.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from simpang_twin import light, scenery
from simpang_twin.layout import destination
from simpang_twin.mesh import F32, Mesh
from simpang_twin.network import F64, Lane, Network
from simpang_twin.roadmap import DrawnLane
from simpang_twin.scenario import Arm, Camera, Scenario
from simpang_twin.streets import Streets

# How far from the scenario's middle things stand, and half the side of the map of places that are taken.
_REACH_M, _HALF_M = 330, 450
_HOUSE_DEEP_M, _FRONT_M, _PAVEMENT_M = 10.0, 5.9, 2.4
_NEAR_M = 90.0
# Nothing stands so near to a camera.
_FREE_M = 10.0
_LAMPS_TO_M = 250.0


@dataclass(frozen=True)
class _Frame:
    """A place beside a road: a point on the lane's middle, the driving direction there (bearing), on which side of the
    driver the border lies (-1 left) and how far."""

    at_m: F64
    bearing_deg: float
    side: float
    border_m: float

    def world(self, x: F64, y: F64) -> F64:
        """Points across (x, to the driver's right) and along (y), (N, 2), in world metres."""
        b = math.radians(self.bearing_deg)
        return np.asarray(self.at_m + np.stack(
            [x * math.cos(b) + y * math.sin(b), y * math.cos(b) - x * math.sin(b)], axis=1))  # fmt: skip


@dataclass(frozen=True)
class _House:
    """A house's place: its frame, how far its front stands beyond the border, its width and its own seed."""

    frame: _Frame
    front_m: float
    width_m: float
    number: int


class _Lots:
    """Where there is room: cells of a metre that are taken, and how high things may be below the cameras' sight."""

    def __init__(self, streets: Streets, sights_m: list[tuple[F64, F64]]) -> None:
        self._streets = streets
        self._taken = np.zeros((2 * _HALF_M, 2 * _HALF_M), dtype=bool)
        self._ceiling_m = np.full((2 * _HALF_M, 2 * _HALF_M), 99.0, dtype=np.float32)
        for eye, points in sights_m:
            self._keep_clear(eye, points)

    def _keep_clear(self, eye_m: F64, points_m: F64) -> None:
        """Nothing may stand right before a camera (3,) or reach into its lines of sight to points (N, 3)."""
        share = np.linspace(0, 1, 240)[:, None, None]
        line = (eye_m + share * (points_m - eye_m)).reshape(-1, 3)
        row, column = _cells(line[:, :2])
        np.minimum.at(self._ceiling_m, (row, column), line[:, 2].astype(np.float32))
        north, east = np.mgrid[-_HALF_M:_HALF_M, -_HALF_M:_HALF_M] + 0.5
        self._ceiling_m[np.hypot(east - eye_m[0], north - eye_m[1]) < _FREE_M] = 0
        self._ceiling_m = cv2.erode(self._ceiling_m, np.ones((3, 3), np.uint8)).astype(np.float32)

    def take(self, points_m: F64, height_m: float, off_road_m: float) -> bool:
        """Take a footprint if it is free, off the road and below all sight."""
        row, column = _cells(points_m)
        blocked = self._taken[row, column].any() or bool((self._ceiling_m[row, column] < height_m).any())
        if blocked or float(self._streets.outside_m(points_m).min()) < off_road_m:
            return False
        self._taken[row, column] = True
        return True


def _cells(points_m: F64) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    at = np.clip(np.floor(points_m) + _HALF_M, 0, 2 * _HALF_M - 1).astype(np.intp)
    return at[:, 1], at[:, 0]


@dataclass(frozen=True)
class Town:
    """The surroundings of a net (`site.Site`)."""

    scenario: Scenario
    net: Network
    surface: Streets
    hides: bool = True
    all_signals: bool = True

    @cached_property
    def _rng(self) -> np.random.Generator:
        return np.random.default_rng(self.scenario.seed + 1000)

    @cached_property
    def _lots(self) -> _Lots:
        return _Lots(self.surface, [(np.array(c.position_m), self._watched_m(c)) for c in self.scenario.cameras])

    def _watched_m(self, camera: Camera) -> F64:
        """Points of a camera's approach, from a little past its stop line to the end of its measured length."""
        found = []
        for lane in self.net.edge(f"{camera.approach}_in"):
            back = np.linspace(-15.0, camera.length_m + 15, 60)
            for across in (-lane.width_m / 2, lane.width_m / 2):
                points = _back_along(lane, back, across)
                found += [np.hstack([points, np.full((len(points), 1), z)]) for z in (0.0, 3.5)]
        return np.concatenate(found)

    @cached_property
    def _posts(self) -> list[_Frame]:
        """Lamp posts: the first 14 m before the road's end, then every 36 m."""
        found: list[_Frame] = []
        for frame in self._kerbs(36.0, 14.0):
            at = frame.world(np.array([frame.side * (frame.border_m + 1.6)]), np.zeros(1))
            if self._lots.take(at, 9.0, 1.2):
                found.append(frame)
        return found

    @cached_property
    def _houses(self) -> list[_House]:
        _ = self._posts  # the posts have their place first
        found: list[_House] = []
        for frame in self._kerbs(3.0, 2.0):
            width, front = float(self._rng.uniform(5, 12)), _FRONT_M + float(self._rng.uniform(0, 2.5))
            x, y = np.meshgrid(np.linspace(0, _HOUSE_DEEP_M, 12), np.linspace(-width / 2, width / 2, 13))
            foot = frame.world(frame.side * (frame.border_m + front + x.ravel()), y.ravel())
            if self._rng.random() < 0.8 and self._lots.take(foot, 13.0, _PAVEMENT_M + 1.0):
                found.append(_House(frame, front, width, len(found)))
        return found

    @cached_property
    def _trees(self) -> list[F64]:
        """Along the pavements, and some on the open ground."""
        _ = self._houses
        rows = [f.world(np.array([f.side * (f.border_m + 2.0)]), np.zeros(1)) for f in self._kerbs(17.0, 21.0)]
        rows += [self._rng.uniform(-200, 200, (1, 2)) for _ in range(260)]
        ring = np.array([[-1.0, 0], [1, 0], [0, -1], [0, 1], [0, 0]]) * 0.9
        return [at[0] for at in rows if self._lots.take(at + ring, 7.0, 1.0)]

    def _kerbs(self, every_m: float, first_m: float) -> Iterator[_Frame]:
        """Places along both borders of every carriageway near the middle, counted back from its end."""
        for name in self.surface.roads.edges:
            lanes = self.surface.roads.edge(name)
            kerb = float(self.net.kerb_side)
            for lane, side in ((lanes[0], kerb), (lanes[-1], -kerb)):
                yield from _along(lane, side, every_m, first_m)

    def lamps_m(self) -> F64:
        """Where the street lamps hang, (N, 3)."""
        tips = [
            frame.world(np.array([frame.side * (frame.border_m + 1.6 - 1.7)]), np.zeros(1))[0] for frame in self._lit
        ]
        flat = np.array(tips).reshape(-1, 2)
        return np.hstack([flat, np.full((len(flat), 1), light.LAMP_HEIGHT_M)])

    @property
    def _lit(self) -> list[_Frame]:
        return [frame for frame in self._posts if float(np.hypot(*frame.at_m)) < _LAMPS_TO_M]

    def bodies(self, lamps: bool) -> list[F32]:
        """One mesh for every thing beside the roads; with `lamps`, also what shines at night."""
        posts = [self._moved(frame, scenery.post) for frame in self._posts]
        houses = [self._house(house) for house in self._houses]
        return [*posts, *houses, *(self._tree(i, at) for i, at in enumerate(self._trees)), *self._skyline(),
                *(self._lights() if lamps else [])]  # fmt: skip

    def _lights(self) -> list[F32]:
        """Lamp heads, and the lights of every other shop."""
        lights = [self._moved(frame, scenery.lamp_head) for frame in self._lit]
        return [*lights, *(self._shop(house) for house in self._houses if house.number % 2)]

    def _moved(self, frame: _Frame, build: "scenery.Upright") -> F32:
        mesh = Mesh()
        build(mesh, frame.side * (frame.border_m + 1.6), 0.0)
        return scenery.moved(mesh, frame.bearing_deg, frame.at_m)

    def _house(self, house: _House) -> F32:
        mesh, frame = Mesh(), house.frame
        rng = np.random.default_rng((self.scenario.seed, 7, house.number))
        scenery.house(mesh, frame.side, frame.border_m + house.front_m, -house.width_m / 2, house.width_m, rng)
        return scenery.moved(mesh, frame.bearing_deg, frame.at_m)

    def _shop(self, house: _House) -> F32:
        mesh, frame = Mesh(), house.frame
        rng = np.random.default_rng((self.scenario.seed, 8, house.number))
        x = frame.side * (frame.border_m + house.front_m - 0.3)
        scenery.shop_light(mesh, x, -house.width_m / 2 + 0.5, frame.side, rng)
        return scenery.moved(mesh, frame.bearing_deg, frame.at_m)

    def _tree(self, number: int, at_m: F64) -> F32:
        mesh, rng = Mesh(), np.random.default_rng((self.scenario.seed, 9, number))
        scenery.tree(mesh, 0.0, 0.0, rng, near=float(np.hypot(*at_m)) < _NEAR_M)
        return scenery.moved(mesh, 0.0, at_m)

    def _skyline(self) -> Iterator[F32]:
        """A belt of trees and blocks all around, with gaps for the roads."""
        rng = np.random.default_rng((self.scenario.seed, 10))
        for bearing in np.arange(0.0, 360.0, 1.7):
            at = _outward(bearing) * float(rng.uniform(345, 420))
            mesh = Mesh()
            scenery.horizon(mesh, 0.0, 0.0, rng)
            if self.surface.outside_m(at[None])[0] > 16:
                yield scenery.moved(mesh, float(bearing), at)

    def heads(self, states: Mapping[Arm, str]) -> F32:
        """The signals of all arms that have one: at the stop line, and on the far side where the road goes straight."""
        mesh = Mesh()
        for arm, state in states.items():
            mesh.parts.append(self._head(f"{arm}_in", -1, -0.8, state))
            if destination(arm, "through") in self.scenario.arms:
                mesh.parts.append(self._head(f"{destination(arm, 'through')}_out", 0, 3.0, state))
        return mesh.vertices()

    def _head(self, edge: str, end: int, beyond_m: float, state: str) -> F32:
        """A signal beside the kerb at the begin (end 0) or the end (-1) of an edge, facing those who drive along it."""
        kerb = self.net.edge(edge)[0]
        step = kerb.shape_m[-1] - kerb.shape_m[-2] if end else kerb.shape_m[1] - kerb.shape_m[0]
        mesh = Mesh()
        scenery.signal_head(mesh, self.net.kerb_side * (kerb.width_m / 2 + 1.4), beyond_m, state)
        return scenery.moved(mesh, math.degrees(math.atan2(*step)), kerb.shape_m[end])


def _outward(bearing_deg: float) -> F64:
    return np.array([math.sin(math.radians(bearing_deg)), math.cos(math.radians(bearing_deg))])


def _back_along(lane: Lane, back_m: F64, across_m: float) -> F64:
    """Points (N, 2) so far before the lane's end (negative: straight on past it), `across_m` to the right."""
    step = np.diff(lane.shape_m, axis=0)
    size = np.linalg.norm(step, axis=1)
    at = np.concatenate([[0.0], np.cumsum(size)])
    s = at[-1] - back_m
    piece = np.clip(np.searchsorted(at, s, side="right") - 1, 0, len(size) - 1)
    ahead = (step / size[:, None])[piece]
    right = np.stack([ahead[:, 1], -ahead[:, 0]], axis=1)
    return np.asarray(lane.shape_m[piece] + ahead * (s - at[piece])[:, None] + right * across_m)


def _along(lane: DrawnLane, side: float, every_m: float, first_m: float) -> Iterator[_Frame]:
    step = np.diff(lane.middle_m, axis=0)
    size = np.linalg.norm(step, axis=1)
    at = np.concatenate([[0.0], np.cumsum(size)])
    for s in np.arange(at[-1] - first_m, 0.0, -every_m):
        i = int(np.clip(np.searchsorted(at, s, side="right") - 1, 0, len(size) - 1))
        ahead = step[i] / size[i]
        point = lane.middle_m[i] + ahead * (s - at[i])
        if float(np.abs(point).max()) < _REACH_M:
            yield _Frame(point, math.degrees(math.atan2(*ahead)), side, lane.width_m / 2)
