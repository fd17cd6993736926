"""Tracks → Vehicles: where on the road, in metres, each track stands.

The road is taken as a plane. A homography from at least four measured points maps the picture to it; the point of a
box that touches the road is the middle of its bottom edge. Each approach has its own axes: *along*, the distance to
the stop line at right angles to it, upstream positive; *across*, the distance along the stop line from its
kerb-side end.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from .config import Approach, Camera
from .data import FloatArray, IntArray, Tracks, Vehicles
from .ground_bodies import OVERHANG_M, Bodies, Seen, edge_error_m, hidden_below
from .plane import (
    Axes,
    BoolArray,
    Outlines,
    Plane,
    approach_axes,
    box_depth_m,
    camera_plane,
    point_pairs,
    range_at_line,
)
from .view import View, known_view

KEPT_PAST_M: Final = 15.0
"""A vehicle that came through an approach stays in it so far past the stop line."""

_NEAR_LINE_M: Final = 5.0
"""Lanes are often drawn to end a little before the stop line; a vehicle of the approach stays in it there too."""

_BEGINS_M: Final = 8.0
"""A track that begins in a lane's way, at most so far past the stop line, may be of a vehicle that came over it and was
found late: what came over it half a second before at 50 km/h is 7 m past it."""

_BOX: Final = 0
"""Stands for the motorcycle box where lane ids are expected; those begin at 1."""

EDGE_PX: Final = 2.0
"""A box this near the picture's border is cut by it, so its bottom middle is not where the vehicle stands."""


@dataclass(frozen=True, slots=True)
class _Lane:
    """A lane's outline in the picture, and its extent across at the stop line in metres."""

    id: int
    polygon_px: FloatArray
    from_m: float
    to_m: float


@dataclass(frozen=True, slots=True)
class _Arm:
    """One approach, ready to be asked. box_m: how far its motorcycle box reaches past the stop line, 0 without one."""

    axes: Axes
    lanes: tuple[_Lane, ...]
    toward: bool
    box_px: FloatArray | None
    box_m: float

    def outlines(self) -> list[tuple[int, FloatArray]]:
        """Lane id (`_BOX` for the motorcycle box) and polygon of all its parts, in the order in which they claim a
        vehicle."""
        lanes = [(lane.id, lane.polygon_px) for lane in self.lanes]
        return lanes if self.box_px is None else [*lanes, (_BOX, self.box_px)]

    def lane_by_range(self, across_m: float, otherwise: int) -> int:
        """Lane id by the distance from the kerb, as it is past the stop line."""
        for lane in self.lanes:
            if lane.from_m <= across_m < lane.to_m:
                return lane.id
        return otherwise

    def lane_in_box(self, xy_m: list[float]) -> int:
        """Lane id of a point in the motorcycle box."""
        return self.lane_by_range(self.axes.along_across_of(*xy_m)[1], self.lanes[0].id)


class Ground:
    """Places the tracks of one camera on the road.

    A vehicle belongs to the approach whose lane it stands in; having been in one, it stays in it until
    `KEPT_PAST_M` past the stop line (or past its motorcycle box), its lane there read from its distance to the kerb.
    So does one whose track begins just past the line, as a vehicle that is found late: its motion tells the meter
    whether it came over the line.
    Traffic that merely crosses the junction in front of a stop line belongs to no approach. A box cut by the
    picture's border has no reliable contact point: it gets no approach in that frame (along and across NaN).

    Of traffic that comes toward the camera, the position is the front bumper: the front overhang of its class is
    added to where the tyres stand, and where the camera is known (`view`) and a nearer vehicle hides the lower
    edge, the upper edge tells (`ground_bodies`). Of traffic that goes away it is the rear bumper.

    plane: the road. error_m, max_error_m: root mean square and largest error of the calibration points. All None
    without calibration.
    """

    def __init__(self, camera: Camera) -> None:
        self.plane = self._plane = camera_plane(camera)
        self._points = point_pairs(camera.calibration) if camera.calibration else None
        self.error_m = self._plane.error_m if self._plane else None
        self.max_error_m = self._plane.max_error_m if self._plane else None
        self._arms = tuple(
            _arm(self._plane, a, f"camera {camera.id}: approach {a.id}") for a in camera.approaches if self._plane
        )
        parts = [(index, *part) for index, arm in enumerate(self._arms) for part in arm.outlines()]
        self._outlines = Outlines([polygon_px for _, _, polygon_px in parts]) if parts else None
        self._part_approach: IntArray = np.array([index for index, _, _ in parts], np.int64)
        self._part_lane: IntArray = np.array([lane for _, lane, _ in parts], np.int64)
        self._up = np.array([arm.axes.up for arm in self._arms]).reshape(-1, 2)
        self._toward = np.array([arm.toward for arm in self._arms], bool)
        self._last: dict[int, tuple[int, int]] = {}
        self._known: set[int] = set()
        self._view: View | None = None
        self._bodies: Bodies | None = None
        self._size_px: tuple[int, int] | None = None

    def locate(self, tracks: Tracks, size_px: tuple[int, int] | None = None) -> Vehicles:
        """The tracks in metres.

        size_px: width and height of the picture; with it, boxes cut by the right or bottom border are known too, and
        the camera can be worked out.
        """
        self._look_through(size_px)
        self._forget(tracks.gone)
        contact_px = contact_points(tracks)
        whole = ~cut_by_border(tracks, size_px)
        xy_m = self.to_road(contact_px)
        approach, lane = self._belong(tracks.id, contact_px, xy_m, whole & np.isfinite(xy_m).all(axis=1))
        self._to_rear(tracks, approach, xy_m)
        length_m = self._to_front(tracks, approach, xy_m, whole)
        along_m, across_m = self._distances(xy_m, approach)
        return Vehicles(
            tracks.time_s,
            tracks.id,
            tracks.kind,
            xy_m,
            approach,
            lane,
            along_m,
            across_m,
            length_m,
            tracks.gone,
            cut=cut_below(tracks, size_px),
            camera_height_m=self._view.height_m if self._view else None,
        )

    def view(self, size_px: tuple[int, int]) -> View | None:
        """The camera above the road, None where the calibration does not determine it."""
        return known_view(*self._points, size_px) if self._points else None

    def metres_per_pixel(self, xy_px: FloatArray) -> FloatArray:
        """Metres on the road that one pixel spans at picture points (N, 2), (N,); NaN without calibration."""
        return self._plane.metres_per_pixel(xy_px) if self._plane else np.full(len(xy_px), np.nan)

    def to_road(self, xy_px: FloatArray) -> FloatArray:
        """Road coordinates (N, 2) of picture points (N, 2); NaN above the horizon or without calibration."""
        return self._plane.to_road(xy_px) if self._plane else np.full((len(xy_px), 2), np.nan)

    def _look_through(self, size_px: tuple[int, int] | None) -> None:
        """Work out the camera when the picture's size is first told."""
        if size_px is None or size_px == self._size_px:
            return
        self._size_px, self._view = size_px, self.view(size_px)
        self._bodies = Bodies(self._view.height_m) if self._view else None

    def _forget(self, gone: IntArray) -> None:
        for track in gone.tolist():
            self._last.pop(track, None)
            self._known.discard(track)
        if self._bodies is not None:
            self._bodies.forget(gone)

    def _to_rear(self, tracks: Tracks, approach: IntArray, xy_m: FloatArray) -> None:
        """Move the positions (N, 2) of traffic that goes away to its rear bumper, in place."""
        if self._toward.all():
            return
        going = (approach >= 0).nonzero()[0]
        going = going[~self._toward[approach[going]]]
        xy_m[going] += self._up[approach[going]] * OVERHANG_M[tracks.kind[going]][:, None]

    def _to_front(self, tracks: Tracks, approach: IntArray, xy_m: FloatArray, whole: BoolArray) -> FloatArray:
        """Move the positions (N, 2) of oncoming traffic to its front bumper, in place; lengths (N,) where known."""
        length_m = np.full(len(tracks), np.nan)
        coming = (approach >= 0).nonzero()[0]
        coming = coming[self._toward[approach[coming]]]
        if not len(coming):
            return length_m
        up = self._up[approach[coming]]
        front_m = xy_m[coming] - up * OVERHANG_M[tracks.kind[coming]][:, None]
        if self._view is not None and self._bodies is not None:
            seen = self._seen(self._view, tracks, coming, up, front_m, whole)
            nearer_m, length_m[coming] = self._bodies.see(seen)
            front_m -= up * nearer_m[:, None]
        xy_m[coming] = front_m
        return length_m

    def _seen(
        self, view: View, tracks: Tracks, row: IntArray, up: FloatArray, front_m: FloatArray, whole: BoolArray
    ) -> Seen:
        """What the boxes of rows (n,) show; up (n, 2) points upstream, front_m (n, 2) is where they stand."""
        box = tracks.xyxy_px.astype(np.float64)
        mine = box[row]
        top_m = self.to_road(np.column_stack([(mine[:, 0] + mine[:, 2]) / 2, mine[:, 1]]))
        top_m[mine[:, 1] <= EDGE_PX] = np.nan
        front, top = (np.einsum("ij,ij->i", place - view.foot_m, up) for place in (front_m, top_m))
        return Seen(
            id=tracks.id[row],
            kind=tracks.kind[row],
            front_m=front,
            top_m=top,
            front_error_m=edge_error_m(front, view),
            top_error_m=edge_error_m(top, view),
            whole=whole[row],
            hidden=hidden_below(box)[row],
        )

    def _belong(
        self, ids: IntArray, contact_px: FloatArray, xy_m: FloatArray, usable: BoolArray
    ) -> tuple[IntArray, IntArray]:
        """Approach index and lane id of each track, -1 where none, both (N,)."""
        if self._outlines is None:
            return np.full(len(ids), -1, np.int64), np.full(len(ids), -1, np.int64)
        held = self._outlines.hold(contact_px) & usable
        first, inside = held.argmax(axis=0), held.any(axis=0)
        approach, lane = np.where(inside, self._part_approach[first], -1), np.where(inside, self._part_lane[first], -1)
        for row in (lane == _BOX).nonzero()[0].tolist():
            lane[row] = self._arms[approach[row]].lane_in_box(xy_m[row].tolist())
        for row in (usable & ~inside).nonzero()[0].tolist():
            track, place_m = int(ids[row]), xy_m[row].tolist()
            known = track in self._known
            approach[row], lane[row] = self._kept(track, place_m) if known else self._begun(place_m)
        self._known.update(ids.tolist())
        on = approach >= 0
        places = zip(approach[on].tolist(), lane[on].tolist(), strict=True)
        self._last.update(zip(ids[on].tolist(), places, strict=True))
        return approach, lane

    def _kept(self, track: int, xy_m: list[float]) -> tuple[int, int]:
        """Approach and lane of a vehicle that stands in no lane but came through one."""
        index, lane = self._last.get(track, (-1, -1))
        if index < 0:
            return -1, -1
        arm = self._arms[index]
        along_m, across_m = arm.axes.along_across_of(*xy_m)
        if not -KEPT_PAST_M - arm.box_m <= along_m <= _NEAR_LINE_M:
            return -1, -1
        return index, arm.lane_by_range(across_m, lane)

    def _begun(self, xy_m: list[float]) -> tuple[int, int]:
        """Approach and lane in whose way, just past the stop line, a new track begins that stands in no lane."""
        for index, arm in enumerate(self._arms):
            along_m, across_m = arm.axes.along_across_of(*xy_m)
            if -_BEGINS_M <= along_m <= 0 and (lane := arm.lane_by_range(across_m, -1)) >= 0:
                return index, lane
        return -1, -1

    def _distances(self, xy_m: FloatArray, approach: IntArray) -> tuple[FloatArray, FloatArray]:
        along_m, across_m = np.full(len(approach), np.nan), np.full(len(approach), np.nan)
        for index, arm in enumerate(self._arms):
            mine = approach == index
            along_m[mine], across_m[mine] = arm.axes.along_across(xy_m[mine])
        return along_m, across_m


def contact_points(tracks: Tracks) -> FloatArray:
    """The middle of each box's bottom edge, where the vehicle touches the road, (N, 2) in pixels."""
    box = tracks.xyxy_px.astype(np.float64)
    return np.column_stack([(box[:, 0] + box[:, 2]) / 2, box[:, 3]])


def cut_by_border(tracks: Tracks, size_px: tuple[int, int] | None) -> BoolArray:
    """Which boxes touch the picture's left, right or bottom border, (N,); without a size, the left one only.

    At the top border the bottom edge, and so the contact point, is still whole.
    """
    box = tracks.xyxy_px
    cut = box[:, 0] <= EDGE_PX
    if size_px is not None:
        cut = cut | (box[:, 2] >= size_px[0] - EDGE_PX) | (box[:, 3] >= size_px[1] - EDGE_PX)
    return np.asarray(cut)


def cut_below(tracks: Tracks, size_px: tuple[int, int] | None) -> BoolArray | None:
    """Which boxes the picture's lower border cuts, (N,); None without a size."""
    return None if size_px is None else np.asarray(tracks.xyxy_px[:, 3] >= size_px[1] - EDGE_PX)


def _arm(plane: Plane, approach: Approach, where: str) -> _Arm:
    axes = approach_axes(plane, approach, where)
    lanes = tuple(_lane(plane, axes, lane.id, np.array(lane.polygon, np.float64)) for lane in approach.lanes)
    box = approach.motorcycle_box
    box_px = None if box is None else np.array(box, np.float64)
    return _Arm(axes, lanes, approach.heading == "toward", box_px, box_depth_m(plane, axes, approach, where))


def _lane(plane: Plane, axes: Axes, number: int, outline_px: FloatArray) -> _Lane:
    return _Lane(number, outline_px, *range_at_line(plane, axes, outline_px))
