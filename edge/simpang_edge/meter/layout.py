"""Approaches and lanes as cells of arrays: one cell per approach, then one per lane of it."""

from dataclasses import dataclass

import numpy as np

from ..config import Approach, Camera
from ..data import KINDS, FloatArray, IntArray, Scope
from ..plane import Plane, approach_axes, box_depth_m, camera_plane, range_at_line
from ..units import mps

EDGE_M = 5.0
"""A queue whose tail is closer than this to the end of the measured length may reach beyond it."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One approach, or one lane of it, that rows are published about."""

    scope: Scope
    index: int
    approach: str
    lane: int | None
    length_m: float
    area_m2: float
    reference_mps: float | None
    toward: bool


@dataclass(frozen=True, slots=True)
class Places:
    """The cells in which each of N vehicles counts; made once, used for several sums.

    cell: (M,), the approach's cell of every vehicle, then the lane's cell of those in one. vehicle: (M,), which vehicle
    that is. lanes: (N,), -1 for none.
    """

    cell: IntArray
    lanes: IntArray
    vehicle: IntArray
    cells: int

    def sums(self, amount: FloatArray) -> FloatArray:
        """Sum of per-vehicle amounts (N,) in every cell (C,)."""
        return np.bincount(self.cell, amount[self.vehicle], self.cells).astype(np.float64, copy=False)

    def count(self) -> IntArray:
        """Vehicles in every cell (C,)."""
        return np.bincount(self.cell, minlength=self.cells)


class Layout:
    """The cells of a camera, and which cell a vehicle counts in.

    approach_cell: int64 (A,), cell of each approach.
    approach_m: (A,), measured length of each approach. toward: bool (A,), whether traffic comes toward the camera, so
    that the contact point is the front bumper. link: bool (A,), a road away from junctions: nobody has to wait there;
    has_links: whether one is.
    line_m: (A, len(KINDS)), where each kind crosses: 0, and past the motorcycle box (negative) for motorcycles.
    movements: id and approach index of each, in the order of the configuration.
    """

    def __init__(self, camera: Camera, lane_width_m: float) -> None:
        plane = camera_plane(camera)
        widths = [_widths_m(camera, a, plane, lane_width_m) for a in camera.approaches]
        self.cells = tuple(c for i, a in enumerate(camera.approaches) for c in _cells(i, a, widths[i]))
        self.ids = tuple(a.id for a in camera.approaches)
        self.approach_cell: IntArray = np.array(
            [i for i, c in enumerate(self.cells) if c.scope is Scope.APPROACH], np.int64
        )
        self._no_lane = max((c.lane or 0 for c in self.cells), default=0) + 1
        self._lane_cell: IntArray = np.full((len(self.ids), self._no_lane + 1), -1, np.int64)
        for i, cell in enumerate(self.cells):
            if cell.lane is not None:
                self._lane_cell[cell.index, cell.lane] = i
        self._lanes_of: tuple[IntArray, ...] = tuple(row[row >= 0] for row in self._lane_cell)
        self.toward = np.array([a.heading == "toward" for a in camera.approaches], bool)
        self.link = np.array([a.control == "link" for a in camera.approaches], bool)
        self.has_links = bool(self.link.any())
        self.length_m: FloatArray = np.array([c.length_m for c in self.cells])
        self.approach_m: FloatArray = self.length_m[self.approach_cell]
        self.area_m2: FloatArray = np.array([c.area_m2 for c in self.cells])
        self.line_m = _lines_m(camera)
        self.movements = tuple((m.id, self.ids.index(m.approach)) for m in camera.movements)
        self.gates = tuple(gate.id for gate in camera.gates)

    def __len__(self) -> int:
        return len(self.cells)

    def lanes_of(self, approach: int) -> IntArray:
        """Cells of the lanes of one approach, by lane id, int64 (n,)."""
        return self._lanes_of[approach]

    def lanes_in(self, cell: int) -> IntArray:
        """Cells of the lanes that a cell is made of: itself, or those of its approach, int64 (n,)."""
        return np.array([cell]) if self.cells[cell].lane is not None else self._lanes_of[self.cells[cell].index]

    def lane_cells(self, approach: IntArray, lane: IntArray) -> IntArray:
        """Lane cell of each vehicle, int64 (N,); -1 for a vehicle in no configured lane."""
        cells: IntArray = self._lane_cell[approach, np.minimum(lane, self._no_lane)]  # lane -1: the last column too
        return cells

    def cells_at(self, approach: int, lane: int) -> list[int]:
        """The cells in which one vehicle counts: its approach's and, where it is in one, its lane's."""
        own, top = int(self._lane_cell[approach, min(lane, self._no_lane)]), int(self.approach_cell[approach])
        return [top] if own < 0 else [top, own]

    def places(self, approach: IntArray, lane: IntArray) -> Places:
        """Where vehicles (N,) count: in their approach and, where they are in one, in their lane."""
        lanes = self.lane_cells(approach, lane)
        inside = (lanes >= 0).nonzero()[0]
        cell = np.concatenate((self.approach_cell[approach], lanes[inside]))
        return Places(cell, lanes, np.concatenate((np.arange(len(lanes)), inside)), len(self.cells))

    def sums(self, approach: IntArray, lane: IntArray, amount: FloatArray) -> FloatArray:
        """Sum of per-vehicle amounts (N,) in every cell (C,)."""
        return self.places(approach, lane).sums(amount)


def _lines_m(camera: Camera) -> FloatArray:
    """Where each kind crosses in each approach, (A, len(KINDS))."""
    lines_m = np.zeros((len(camera.approaches), len(KINDS)))
    for i, approach in enumerate(camera.approaches):
        plane = camera_plane(camera) if approach.motorcycle_box is not None else None
        if plane is not None:
            where = f"camera {camera.id}: approach {approach.id}"
            depth_m = box_depth_m(plane, approach_axes(plane, approach, where), approach, where)
            lines_m[i, KINDS.index("motorcycle")] = -depth_m
    return lines_m


def _widths_m(camera: Camera, approach: Approach, plane: Plane | None, assumed_m: float) -> list[float]:
    """The width of each lane as it is drawn, at the stop line; `assumed_m` where nothing tells metres."""
    if plane is None:
        return [assumed_m] * len(approach.lanes)
    axes = approach_axes(plane, approach, f"camera {camera.id}: approach {approach.id}")
    ends_m = [range_at_line(plane, axes, np.array(lane.polygon, np.float64)) for lane in approach.lanes]
    return [far_m - near_m for near_m, far_m in ends_m]


def _cells(index: int, approach: Approach, widths_m: list[float]) -> list[Cell]:
    reference = approach.reference_kmh()
    reference_mps = None if reference is None else mps(reference)
    toward = approach.heading == "toward"

    def cell(scope: Scope, lane: int | None, width_m: float) -> Cell:
        area_m2 = approach.length_m * width_m
        return Cell(scope, index, approach.id, lane, approach.length_m, area_m2, reference_mps, toward)

    lanes = [cell(Scope.LANE, lane.id, width_m) for lane, width_m in zip(approach.lanes, widths_m, strict=True)]
    return [cell(Scope.APPROACH, None, sum(widths_m)), *lanes]
