"""Which configured zones each vehicle stands in, and which lanes a large vehicle hides from the camera. In pixels."""

from dataclasses import replace
from typing import Final

import numpy as np

from .config import Camera
from .data import KINDS, FloatArray, IntArray, Tracks, Vehicles
from .plane import inside

LARGE: Final = (KINDS.index("bus"), KINDS.index("truck"))
"""What hides a lane: in a queue of cars the roof of the hidden one is still seen."""

GRID: Final = 12
"""A lane is looked at in so many points both ways of its bounding box."""


class Zones:
    """The zones and lanes of one camera, asked once per frame.

    A vehicle stands where the middle of its box's lower edge is. A point of a lane is hidden when it lies in the box of
    a bus or truck that belongs to another lane and whose lower edge is nearer (lower in the picture) than the point.
    """

    def __init__(self, camera: Camera) -> None:
        self._zones = tuple(np.array(zone.polygon, np.float64) for zone in camera.zones)
        lanes = [(i, lane) for i, approach in enumerate(camera.approaches) for lane in approach.lanes]
        self._lane_of = tuple((i, lane.id) for i, lane in lanes)
        points = [_points(np.array(lane.polygon, np.float64)) for _, lane in lanes]
        self._points_px: FloatArray = np.concatenate(points) if points else np.zeros((0, 2))
        self._lane_index: IntArray = np.repeat(np.arange(len(lanes)), [len(p) for p in points]).astype(np.int64)

    def mark(self, tracks: Tracks, vehicles: Vehicles) -> Vehicles:
        """The vehicles with their zones, and what is hidden; both in the same order as the tracks."""
        return replace(vehicles, zones=self._stood_in(tracks), hidden=self._hidden(tracks, vehicles))

    def _stood_in(self, tracks: Tracks) -> IntArray | None:
        if not self._zones:
            return None
        box = tracks.xyxy_px.astype(np.float64)
        contact_px = np.column_stack([(box[:, 0] + box[:, 2]) / 2, box[:, 3]])
        bits = np.zeros(len(tracks), np.int64)
        for i, polygon_px in enumerate(self._zones):
            bits |= inside(contact_px, polygon_px).astype(np.int64) << i
        return bits

    def _hidden(self, tracks: Tracks, vehicles: Vehicles) -> FloatArray:
        """Share of each lane's points that are hidden, (L,)."""
        covered = np.zeros(len(self._points_px), bool)
        x, y = self._points_px[:, 0], self._points_px[:, 1]
        for n in np.flatnonzero(np.isin(tracks.kind, LARGE)).tolist():
            x0, y0, x1, y1 = tracks.xyxy_px[n].tolist()
            own = (int(vehicles.approach[n]), int(vehicles.lane[n]))
            mine = self._lane_index == (self._lane_of.index(own) if own in self._lane_of else -1)
            covered |= (x >= x0) & (x <= x1) & (y >= y0) & (y < y1) & ~mine
        lanes = len(self._lane_of)
        total = np.bincount(self._lane_index, minlength=lanes)
        return np.asarray(np.bincount(self._lane_index, covered, lanes) / np.maximum(total, 1), np.float64)


def _points(polygon_px: FloatArray) -> FloatArray:
    """Points spread evenly over a polygon's inside, (P, 2); its corners' mean where it is too thin for any."""
    low, high = polygon_px.min(axis=0), polygon_px.max(axis=0)
    steps = (np.arange(GRID) + 0.5) / GRID
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2) * (high - low) + low
    kept = grid[inside(grid, polygon_px)]
    return kept if len(kept) else np.asarray(polygon_px.mean(axis=0, keepdims=True), np.float64)
