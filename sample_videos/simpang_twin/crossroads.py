"""The surface of the twin's own junctions: arms at right angles, from their exact shapes.

All functions work on world points (N, 2), x east and y north of the junction's middle.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from simpang_twin.ground import Mask, Spots
from simpang_twin.network import F64, Network
from simpang_twin.scenario import ARMS, BEARING_DEG, Arm, ArmShape, Scenario

# The arms that exist, each with its lanes.
Roads = dict[Arm, ArmShape]
_CORNER_RADIUS_M = 7.0


@dataclass(frozen=True)
class Crossroads:
    """The surface of a junction of three or four arms (`ground.Surface`)."""

    scenario: Scenario
    net: Network

    @cached_property
    def _roads(self) -> Roads:
        return {arm: self.scenario.junction.arm(arm) for arm in self.scenario.arms}

    @cached_property
    def _stop_out_m(self) -> dict[Arm, float]:
        """How far out the stop lines lie."""
        return {arm: float(self.net.edge(f"{arm}_in")[0].shape_m[-1] @ _axis(arm)) for arm in self.scenario.arms}

    def paved(self, points_m: F64, grow_m: float = 0.0) -> Mask:
        """Whether points lie on the carriageway, widened by `grow_m`."""
        return paved(points_m, self._roads, grow_m)

    def spots(self, points_m: F64) -> Spots:
        """What the points are part of."""
        arms = own_arm(points_m, self._roads)
        lane = np.array([_lane_width_m(self._roads, arm) for arm in ARMS])[arms.index]
        return Spots(
            np.mod(arms.across, lane) - lane / 2, arms.out, np.where(arms.out > 16, arms.out, points_m[:, 0]),
            markings(arms, self._roads, self._stop_out_m),
        )  # fmt: skip


def _axis(arm: Arm) -> F64:
    """Unit vector from the junction's middle out along an arm."""
    bearing = np.radians(BEARING_DEG[arm])
    return np.array([np.sin(bearing), np.cos(bearing)])


@dataclass(frozen=True)
class Arms:
    """Points in the frame of their own arm: `across` right of the arm's axis looking out of the junction, `out` from
    the junction's middle; the entry lanes have across > 0 (left-hand traffic comes in on the right seen outward);
    `index` of the arm in ARMS."""

    across: F64
    out: F64
    index: npt.NDArray[np.int64]


def own_arm(points_m: F64, roads: Roads) -> Arms:
    """Turn every point into the frame of the arm in whose quarter it lies."""
    best_out = np.full(len(points_m), -np.inf)
    best_across = np.zeros(len(points_m))
    index = np.zeros(len(points_m), dtype=np.int64)
    for arm in roads:
        across, out = _frame(points_m, arm)
        better = out - np.abs(across) * 0.999 > best_out - np.abs(best_across) * 0.999
        best_out, best_across = np.where(better, out, best_out), np.where(better, across, best_across)
        index = np.where(better, ARMS.index(arm), index)
    return Arms(best_across, best_out, index)


def _frame(points_m: F64, arm: Arm) -> tuple[F64, F64]:
    """Across and out of points in an arm's frame."""
    b = np.radians(BEARING_DEG[arm])
    return points_m @ np.array([np.cos(b), -np.sin(b)]), points_m @ np.array([np.sin(b), np.cos(b)])


def _widths(roads: Roads, arm: Arm) -> tuple[float, float]:
    """Width of the entry lanes (right of the axis looking out) and of the exit lanes."""
    shape = roads[arm]
    return shape.lanes_in * shape.lane_width_m, shape.lanes_out * shape.lane_width_m


def _beside(arm: Arm, step: int) -> Arm:
    return ARMS[(ARMS.index(arm) + step) % 4]


def paved(points_m: F64, roads: Roads, grow_m: float = 0.0) -> Mask:
    """Whether points lie on the carriageway, widened by `grow_m`."""
    inside = np.zeros(len(points_m), dtype=bool)
    radius = _CORNER_RADIUS_M - grow_m
    for arm in roads:
        right, left = (width + grow_m for width in _widths(roads, arm))
        across, out = _frame(points_m, arm)
        inside |= (out > -_far_side_m(roads, arm) - grow_m) & (across < right) & (across > -left)
        # The corner on this arm's entry side: entry edge of this arm, exit edge of the next one clockwise.
        if _beside(arm, 1) not in roads:
            continue
        dx, dy = across - right, out - _widths(roads, _beside(arm, 1))[1] - grow_m
        corner = (dx >= 0) & (dy >= 0) & (dx < radius) & (dy < radius)
        inside |= corner & (np.hypot(dx - radius, dy - radius) > radius)
    return inside


def _far_side_m(roads: Roads, arm: Arm) -> float:
    """How far beyond the middle the crossing road reaches, seen from this arm."""
    following, before = _beside(arm, 1), _beside(arm, -1)
    reach = [_widths(roads, following)[0]] if following in roads else []
    reach += [_widths(roads, before)[1]] if before in roads else []
    return max(reach)


def _lane_width_m(roads: Roads, arm: Arm) -> float:
    return roads[arm].lane_width_m if arm in roads else 3.25


def markings(arms: Arms, roads: Roads, stop_out_m: dict[Arm, float]) -> Mask:
    """Stop line, lane lines, centre line, zebra and lane arrows of all arms; `stop_out_m`: how far out they lie."""
    found = np.zeros(len(arms.out), dtype=bool)
    for arm in roads:
        own = np.flatnonzero(arms.index == ARMS.index(arm))
        if len(own):
            found[own] = _marked(arms.across[own], arms.out[own] - stop_out_m[arm], roads[arm])
    return found


def _marked(x: F64, up: F64, shape: ArmShape) -> Mask:
    w, right, left = shape.lane_width_m, shape.lanes_in * shape.lane_width_m, shape.lanes_out * shape.lane_width_m
    found = (up > 0) & (up < 0.45) & (x > 0.25) & (x < right - 0.2)
    found |= (np.abs(np.abs(x) - 0.14) < 0.06) & (up > 0)
    dash = (up < 30) | (np.mod(up, 8.0) < 3.2)
    for i in range(1, shape.lanes_in):
        found |= (np.abs(x - i * w) < 0.06) & (up > 0) & dash
    for i in range(1, shape.lanes_out):
        found |= (np.abs(x + i * w) < 0.06) & (up > 0) & (np.mod(up, 8.0) < 3.2)
    zebra = (up < -1.2) & (up > -4.2) & (x < right - 0.3) & (x > -left + 0.3)
    found |= zebra & (np.mod(x, 1.0) < 0.5)
    edge = (np.abs(x - right + 0.25) < 0.05) | (np.abs(x + left - 0.25) < 0.05)
    found |= edge & (up > 0)
    return found | _arrows(x, up, shape.lanes_in, w)


def _arrows(x: F64, up: F64, lanes: int, width: float) -> Mask:
    found = np.zeros(len(x), dtype=bool)
    for start in (9.0, 38.0):
        for lane in range(lanes):
            # Driving is toward smaller `up`; the arrow's shaft is up 3..5 m behind its tip.
            u = x - (lane + 0.5) * width
            v = up - start
            right_turn = lane == 0
            shaft = (np.abs(u) < 0.09) & (v > 1.0) & (v < 4.2)
            if right_turn:
                head = (np.abs(v - 1.2) < 0.5 * (1 - (-u - 0.3) / 0.6)) & (-u > 0.3) & (-u < 0.9)
                shaft |= (np.abs(v - 1.2) < 0.14) & (-u > 0) & (-u < 0.35)
            else:
                head = (v > 0) & (v < 1.2) & (np.abs(u) < 0.42 * v / 1.2)
            found |= shaft | head
    return found
