"""The surface of any SUMO net: where its roads lie and what is painted on them.

Two maps seen from above, fine near the scenario's middle and coarse around it, say for every place how far the next
carriageway is and to which piece of which lane it belongs; what is painted there follows exactly from that piece.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from simpang_twin.approach import band_edges_m
from simpang_twin.ground import Mask, Spots
from simpang_twin.network import F64
from simpang_twin.roadmap import Border, DrawnLane, RoadMap

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]

# Half the side and the cell of both maps, metres.
_FINE, _COARSE = (120.0, 0.1), (700.0, 0.6)
_FAR_M = 1000.0
# Sub-cell bits of OpenCV's drawing.
_BITS = 4
# The kerb and the pavement take their place along the road from the lane that lies so near.
_BESIDE_M = 3.0
# Round the corners of a junction it is counted by the angle, on a circle of this radius.
_CORNER_M = 16.0
_ZEBRA_M = (-4.2, -1.2)
_BORDERS: tuple[Border, ...] = ("edge", "dash", "double")
_SPARED_M = np.array([0.2, 0.0, 0.25])
_ARROWS = "lsrt"


@dataclass(frozen=True)
class _Pieces:
    """Straight pieces of all lanes, (K,) each: start, unit direction, metres to the lane's stop line (or end) from the
    start, half width, borders left and right (index into _BORDERS), whether a stop line ends the lane, its arrows
    (K, 4), the lane's length."""

    start_m: F64
    ahead: F64
    to_end_m: F64
    half_m: F64
    left: I32
    right: I32
    stops: Mask
    arrows: Mask
    length_m: F64


@dataclass(frozen=True)
class _Map:
    """One map: half the side, cell, distance to the carriageway (negative inside), piece in which and beside which a
    cell lies (-1 none)."""

    half_m: float
    cell_m: float
    outside_m: F32
    piece: I32
    beside: I32

    def cells(self, points_m: F64) -> tuple[I32, I32]:
        """Row and column of points."""
        at = np.clip((points_m + self.half_m) / self.cell_m, 0, self.piece.shape[0] - 1).astype(np.int32)
        return at[:, 1], at[:, 0]

    def distance_m(self, points_m: F64) -> F64:
        """How far points lie off the carriageway, between the cells' middles linearly."""
        at = np.clip((points_m + self.half_m) / self.cell_m - 0.5, 0, self.piece.shape[0] - 1.001)
        low = at.astype(np.int32)
        share, (column, row) = at - low, low.T
        a, b = self.outside_m[row, column], self.outside_m[row, column + 1]
        c, d = self.outside_m[row + 1, column], self.outside_m[row + 1, column + 1]
        near, far = a + (b - a) * share[:, 0], c + (d - c) * share[:, 0]
        return np.asarray(near + (far - near) * share[:, 1], dtype=np.float64)


@dataclass(frozen=True)
class _Zebra:
    """A band across a road: its origin and unit directions along the walk and along the drive, its extent."""

    origin_m: F64
    walk: F64
    drive: F64
    walk_m: tuple[float, float]
    drive_m: tuple[float, float]

    def painted(self, points_m: F64) -> Mask:
        """Whether points lie on one of its bars."""
        rel = points_m - self.origin_m
        x, y = rel @ self.walk, rel @ self.drive
        inside = (x > self.walk_m[0]) & (x < self.walk_m[1]) & (y > self.drive_m[0]) & (y < self.drive_m[1])
        return np.asarray(inside & (np.mod(x, 1.0) < 0.5))


@dataclass(frozen=True)
class Streets:
    """The surface of a net (`ground.Surface`)."""

    roads: RoadMap

    def paved(self, points_m: F64, grow_m: float = 0.0) -> Mask:
        """Whether points lie on the carriageway, widened by `grow_m`."""
        return self.outside_m(points_m) <= grow_m

    def outside_m(self, points_m: F64) -> F64:
        """How far points lie off the carriageway, negative on it; a kilometre beyond the maps."""
        out = np.full(len(points_m), _FAR_M)
        for own, rows in self._shared_out(points_m):
            out[rows] = own.distance_m(points_m[rows])
        return out

    def spots(self, points_m: F64) -> Spots:
        """What the points are part of."""
        piece, beside = np.full(len(points_m), -1), np.full(len(points_m), -1)
        for own, rows in self._shared_out(points_m):
            row, column = own.cells(points_m[rows])
            piece[rows], beside[rows] = own.piece[row, column], own.beside[row, column]
        across, up = self._in_piece(points_m, piece)
        on = piece >= 0
        lane = self._pieces
        oily = on & lane.stops[piece]
        along = self._in_piece(points_m, beside)[1]
        painted = on & _painted(lane, piece, across, up)
        for zebra in self._zebras:
            painted |= zebra.painted(points_m)
        return Spots(
            np.where(on, across, _FAR_M), np.where(oily, up + 12.0, _FAR_M),
            np.where(beside >= 0, along, _CORNER_M * np.arctan2(points_m[:, 0], points_m[:, 1])), painted,
        )  # fmt: skip

    def _shared_out(self, points_m: F64) -> list[tuple[_Map, npt.NDArray[np.intp]]]:
        fine, coarse = self._maps
        reach = np.abs(points_m).max(axis=1, initial=0.0)
        near = reach < fine.half_m - 1
        return [(fine, np.flatnonzero(near)), (coarse, np.flatnonzero(~near & (reach < coarse.half_m - 2)))]

    def _in_piece(self, points_m: F64, piece: npt.NDArray[np.int64]) -> tuple[F64, F64]:
        """(right of the lane's middle, metres before its end) of points in pieces; -1 counts as the last piece."""
        lane, rel = self._pieces, points_m - self._pieces.start_m[piece]
        ahead = lane.ahead[piece]
        across = rel[:, 0] * ahead[:, 1] - rel[:, 1] * ahead[:, 0]
        return across, lane.to_end_m[piece] - (rel * ahead).sum(axis=1)

    @cached_property
    def _driven(self) -> list[DrawnLane]:
        return [lane for lane in self.roads.lanes if not lane.walk]

    @cached_property
    def _shifts_m(self) -> dict[str, float]:
        """How far the edge's stop line lies beyond each lane's end: it is straight, at the mean of the ends."""
        out: dict[str, float] = {}
        for name in self.roads.edges:
            lanes = self.roads.edge(name)
            ends = [float(lane.end_m @ lanes[0].ahead) for lane in lanes]
            out |= {lane.id: float(np.mean(ends)) - end for lane, end in zip(lanes, ends, strict=True)}
        return out

    @cached_property
    def _lines(self) -> list[F64]:
        """Every lane's middle, drawn on to the stop line where that lies beyond its end."""
        out = []
        for lane in self._driven:
            more = lane.end_m + lane.ahead * max(self._shifts_m[lane.id], 0.0) * lane.stops
            out.append(np.concatenate([lane.middle_m[:-1], more[None]]))
        return out

    @cached_property
    def _pieces(self) -> _Pieces:
        parts = [self._of(lane, line) for lane, line in zip(self._driven, self._lines, strict=True)]
        return _Pieces(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _of(self, lane: DrawnLane, line: F64) -> tuple[npt.NDArray[np.generic], ...]:
        step = np.diff(line, axis=0)
        size = np.linalg.norm(step, axis=1)
        n, length = len(size), float(size.sum())
        beyond = self._shifts_m[lane.id] if lane.stops else 0.0
        to_end = length - np.concatenate([[0.0], np.cumsum(size)[:-1]]) + min(beyond, 0.0)
        arrows = [letter in lane.arrows for letter in _ARROWS]
        return (
            line[:-1], step / size[:, None], to_end, np.full(n, lane.width_m / 2),
            np.full(n, _BORDERS.index(lane.left), np.int32), np.full(n, _BORDERS.index(lane.right), np.int32),
            np.full(n, lane.stops), np.tile(arrows, (n, 1)), np.full(n, length),
        )  # fmt: skip

    @cached_property
    def _maps(self) -> tuple[_Map, _Map]:
        return self._map(*_FINE), self._map(*_COARSE)

    def _map(self, half_m: float, cell_m: float) -> _Map:
        size = round(2 * half_m / cell_m)
        piece, beside = np.full((size, size), -1, np.int32), np.full((size, size), -1, np.int32)
        for grow, target in ((_BESIDE_M, beside), (0.0, beside), (0.0, piece)):
            number = 0
            for lane, line in zip(self._driven, self._lines, strict=True):
                for quad in quads(line, lane.width_m / 2 + grow):
                    _fill(target, quad, number, half_m, cell_m)
                    number += 1
        return _Map(half_m, cell_m, self._outside(half_m, cell_m), piece, beside)

    def _outside(self, half_m: float, cell_m: float) -> F32:
        """Distance to the carriageway, from a mask of half the cell; smoothed over the mask's steps."""
        cell, size = cell_m / 2, round(4 * half_m / cell_m)
        mask = np.zeros((size, size), np.uint8)
        for lane, line in zip(self._driven, self._lines, strict=True):
            for quad in quads(line, lane.width_m / 2):
                _fill(mask, quad, 1, half_m, cell)
        for area in self.roads.areas_m:
            _fill(mask, area, 1, half_m, cell)
        mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)).astype(np.uint8)
        signed = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5) - cv2.distanceTransform(mask, cv2.DIST_L2, 5)
        smooth = cv2.GaussianBlur(signed * cell, (0, 0), 3.0)
        return cv2.resize(smooth, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.float32)

    @cached_property
    def _zebras(self) -> list[_Zebra]:
        """The net's own crossings; where it has none, one before every signal."""
        if self.roads.crossings:
            return [_crossing(line, width) for line, width in self.roads.crossings]
        lanes = [self.roads.edge(name) for name in self.roads.edges]
        return [self._before(own) for own in lanes if own[0].signal]

    def _before(self, own: tuple[DrawnLane, ...]) -> _Zebra:
        ahead = own[0].ahead
        walk = np.array([ahead[1], -ahead[0]])
        origin = np.mean([lane.end_m for lane in own], axis=0)
        sides = [_side(lane.end_m - origin, walk, lane.width_m) for lane in own]
        for lane in self._driven:
            start = lane.middle_m[0] - origin
            back = lane.middle_m[1] - lane.middle_m[0]
            facing = float(back @ ahead) < -0.8 * float(np.linalg.norm(back))
            if facing and np.linalg.norm(start) < 25 and abs(float(start @ ahead)) < 8:
                sides.append(_side(start, walk, lane.width_m))
        across = np.array(sides)
        return _Zebra(origin, walk, -ahead, (float(across.min()) + 0.3, float(across.max()) - 0.3), _ZEBRA_M)


def _side(rel_m: F64, walk: F64, width_m: float) -> tuple[float, float]:
    middle = float(rel_m @ walk)
    return middle - width_m / 2, middle + width_m / 2


def _crossing(line: F64, width_m: float) -> _Zebra:
    step = line[-1] - line[0]
    length = float(np.linalg.norm(step))
    walk = step / length
    return _Zebra(line[0], walk, np.array([walk[1], -walk[0]]), (0.0, length), (-width_m / 2, width_m / 2))


def quads(line_m: F64, half_m: float) -> list[F64]:
    """The pieces of a band along a line (N, 2), each (4, 2); neighbours share their ends."""
    left, right = band_edges_m(line_m, half_m)
    return [np.array([left[i], right[i], right[i + 1], left[i + 1]]) for i in range(len(line_m) - 1)]


def _fill(
    target: npt.NDArray[np.int32] | npt.NDArray[np.uint8], outline_m: F64, value: int, half_m: float, cell_m: float
) -> None:
    """Fill a polygon in a map; nothing where it lies beyond the map."""
    if (outline_m.max(axis=0) < -half_m).any() or (outline_m.min(axis=0) > half_m).any():
        return
    at = np.clip((outline_m + half_m) / cell_m - 0.5, -16000, 16000) * (1 << _BITS)
    cv2.fillPoly(target, [np.rint(at).astype(np.int32)], float(value), shift=_BITS)


def _painted(lane: _Pieces, piece: npt.NDArray[np.int64], across: F64, up: F64) -> Mask:
    """Stop line, lane lines, edge and centre lines and arrows."""
    half, stops = lane.half_m[piece], lane.stops[piece]
    from_left, from_right = half + across, half - across
    left, right = lane.left[piece], lane.right[piece]
    found = stops & (up > 0) & (up < 0.45) & (from_left > _SPARED_M[left]) & (from_right > _SPARED_M[right])
    dashed = (stops & (up < 30)) | (np.mod(up, 8.0) < 3.2)
    for kind, away in ((left, from_left), (right, from_right)):
        found |= (kind == 0) & (np.abs(away - 0.25) < 0.05) & (up > 0)
        found |= (kind == 1) & (np.abs(away) < 0.06) & (up > 0) & dashed
        found |= (kind == 2) & (np.abs(away - 0.14) < 0.06) & (up > 0)
    return np.asarray(found | _arrows(lane, piece, across, up))


def _arrows(lane: _Pieces, piece: npt.NDArray[np.int64], u: F64, up: F64) -> Mask:
    found = np.zeros(len(u), dtype=bool)
    left, straight, right, back = lane.arrows[piece].T
    for start, least_m in ((9.0, 18.0), (38.0, 48.0)):
        v = up - start
        shaft = (np.abs(u) < 0.09) & (v > 1.0) & (v < 4.2) & (left | straight | right | back)
        found |= shaft & (lane.length_m[piece] > least_m)
        tip = straight & (v > 0) & (v < 1.2) & (np.abs(u) < 0.42 * v / 1.2)
        for turns, side in ((left, -u), (right | back, u)):
            hook = (np.abs(v - 1.2) < 0.5 * (1 - (side - 0.3) / 0.6)) & (side > 0.3) & (side < 0.9)
            tip |= turns & (hook | ((np.abs(v - 1.2) < 0.14) & (side > 0) & (side < 0.35)))
        found |= tip & (lane.length_m[piece] > least_m)
    return found
