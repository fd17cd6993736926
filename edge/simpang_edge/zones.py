"""Which configured zones each vehicle stands in, and which lanes a large vehicle hides from the camera. In pixels."""

from dataclasses import replace
from typing import Final

import numpy as np

from .config import Camera
from .data import KINDS, FloatArray, IntArray, Tracks, Vehicles
from .plane import Outlines, inside

IS_LARGE: Final = np.array([kind in ("bus", "truck") for kind in KINDS])
"""bool (7,), by `KINDS`: what hides a lane: in a queue of cars the roof of the hidden one is still seen."""

GRID: Final = 12
"""A lane is looked at in so many points both ways of its bounding box."""

LINE_POINTS: Final = 48
INWARD: Final = 0.03
"""A point of the stop line belongs to the lane in which it lies when it is moved so far toward the lane's middle."""


class Zones:
    """The zones and lanes of one camera, asked once per frame.

    A vehicle stands where the middle of its box's lower edge is. A point of a lane is hidden when it lies in the box of
    a bus or truck that belongs to another lane and whose lower edge is nearer (lower in the picture) than the point;
    so is a point of the stop line.
    """

    def __init__(self, camera: Camera) -> None:
        zones = [np.array(zone.polygon, np.float64) for zone in camera.zones]
        self._zones = Outlines(zones) if zones else None
        self._bits: IntArray = np.left_shift(1, np.arange(len(zones)), dtype=np.int64)[:, None]
        lanes = [(i, lane) for i, approach in enumerate(camera.approaches) for lane in approach.lanes]
        self._index_of = {(i, lane.id): n for n, (i, lane) in enumerate(lanes)}
        outlines = [np.array(lane.polygon, np.float64) for _, lane in lanes]
        points = [_points(outline) for outline in outlines]
        lines = [np.array(camera.approaches[i].stop_line, np.float64) for i, _ in lanes]
        points += [_on_line(line, outline) for line, outline in zip(lines, outlines, strict=True)]
        self._points_px: FloatArray = np.concatenate([*points, np.zeros((0, 2))]).T.copy()
        counts = [len(p) for p in points]
        self._place: IntArray = np.repeat(np.arange(len(points)), counts).astype(np.int64)
        self._lane_index: IntArray = self._place % max(1, len(lanes))
        self._counts: FloatArray = np.array(counts, np.float64)

    def mark(self, tracks: Tracks, vehicles: Vehicles) -> Vehicles:
        """The vehicles with their zones, and what is hidden; both in the same order as the tracks."""
        hidden, line_hidden = np.split(self._hidden(tracks, vehicles), 2)
        return replace(vehicles, zones=self._stood_in(tracks), hidden=hidden, line_hidden=line_hidden)

    def _stood_in(self, tracks: Tracks) -> IntArray | None:
        if self._zones is None:
            return None
        box = tracks.xyxy_px.astype(np.float64)
        contact_px = np.column_stack([(box[:, 0] + box[:, 2]) / 2, box[:, 3]])
        bits: IntArray = (self._zones.hold(contact_px) * self._bits).sum(axis=0)
        return bits

    def _hidden(self, tracks: Tracks, vehicles: Vehicles) -> FloatArray:
        """Share of the points that are hidden, of each lane, then of each lane's part of the stop line, (2 L,)."""
        large = IS_LARGE[tracks.kind].nonzero()[0]
        if not len(large):
            return np.zeros(len(self._counts))
        places = zip(vehicles.approach[large].tolist(), vehicles.lane[large].tolist(), strict=True)
        own = np.array([[self._index_of.get(place, -1)] for place in places])
        x, y = self._points_px
        x0, y0, x1, y1 = tracks.xyxy_px[large].astype(np.float64).T[:, :, None]
        covers = (x >= x0) & (x <= x1) & (y >= y0) & (y < y1) & (self._lane_index != own)
        covered = np.bincount(self._place, covers.any(axis=0), len(self._counts))
        return np.asarray(covered / self._counts, np.float64)


def _points(polygon_px: FloatArray) -> FloatArray:
    """Points spread evenly over a polygon's inside, (P, 2); its corners' mean where it is too thin for any."""
    low, high = polygon_px.min(axis=0), polygon_px.max(axis=0)
    steps = (np.arange(GRID) + 0.5) / GRID
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2) * (high - low) + low
    kept = grid[inside(grid, polygon_px)]
    return kept if len(kept) else np.asarray(polygon_px.mean(axis=0, keepdims=True), np.float64)


def _on_line(line_px: FloatArray, polygon_px: FloatArray) -> FloatArray:
    """Points of the stop line (2, 2) that belong to a lane, (P, 2); the one nearest to its middle where none does."""
    steps = (np.arange(LINE_POINTS) + 0.5)[:, None] / LINE_POINTS
    points, middle = line_px[0] + steps * (line_px[1] - line_px[0]), polygon_px.mean(axis=0)
    kept = points[inside(points + INWARD * (middle - points), polygon_px)]
    nearest = points[[int(np.argmin(((points - middle) ** 2).sum(axis=1)))]]
    return np.asarray(kept if len(kept) else nearest, np.float64)
