"""Crossings of lines drawn in the picture, by the real motion of each vehicle.

A vehicle's point is the middle of the ground it stands on, which in a camera's oblique view lies about 0.7 of the
box's height below its top: a line is drawn on the road, and the box's centre floats above it (a large vehicle's centre
can pass beyond the end of a line that its wheels cross), while the bottom edge is the first to be hidden or cut.
On real clips every height from 0.6 to 0.8 counts the same; 0.5 misses and 1.0 is late. (On a calibrated camera the
ground-contact point is used instead.)

Direction: *forward* is from the left-hand to the right-hand side of the line, seen from its first to its second point.
With y pointing down, for a line drawn from left to right the left-hand side is above it and forward is downward.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from .data import FloatArray, Tracks

ANCHOR_HEIGHT: Final = 0.7
"""Where the vehicle's point lies in its box: share of the height, from the top."""

_CLEAR: Final = 0.05
"""A point is clearly on a side when it is this share of the box's extent across the line away from it."""

_WAY: Final = 0.3
"""A crossing vehicle has moved at least this share of its box's size; a box that only flickers has not."""

_END_SLACK: Final = 0.02
"""A crossing this share of the line's length beyond its ends still counts."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line in the picture, from its first point to its second, in pixels."""

    x1_px: float
    y1_px: float
    x2_px: float
    y2_px: float

    def __post_init__(self) -> None:
        if self.length_px() < 1:
            raise ValueError(f"a line needs two different points, got {self.x1_px},{self.y1_px} twice")

    def length_px(self) -> float:
        """Length in pixels."""
        return math.hypot(self.x2_px - self.x1_px, self.y2_px - self.y1_px)

    def normal(self) -> tuple[float, float]:
        """Unit vector that points to the right-hand side."""
        length_px = self.length_px()
        return -(self.y2_px - self.y1_px) / length_px, (self.x2_px - self.x1_px) / length_px

    def side_px(self, xy_px: FloatArray) -> FloatArray:
        """Distance of points (N, 2) to the right of the line, negative to its left, (N,)."""
        return np.asarray((xy_px - (self.x1_px, self.y1_px)) @ np.array(self.normal()))

    def share(self, xy_px: tuple[float, float]) -> float:
        """Where a point lies along the line: 0 at the first point, 1 at the second."""
        dx, dy = self.x2_px - self.x1_px, self.y2_px - self.y1_px
        return ((xy_px[0] - self.x1_px) * dx + (xy_px[1] - self.y1_px) * dy) / self.length_px() ** 2


@dataclass(frozen=True, slots=True)
class Crossing:
    """One vehicle over one line: track id, index of the line, direction, time."""

    id: int
    line: int
    forward: bool
    time_s: float


@dataclass(frozen=True, slots=True)
class _Seen:
    """A point of a track beside a line, and its distance to the right of the line."""

    x_px: float
    y_px: float
    side_px: float


@dataclass(frozen=True, slots=True)
class _Past:
    """What is remembered of one track at one line.

    start: the point farthest from the line on the side where the track began.  last: its last point.
    share: where along the line it last changed sides (0 to 1 is within the ends), None while it has not.
    """

    start: _Seen
    last: _Seen
    share: float | None = None


@dataclass(frozen=True, slots=True)
class _Limits:
    """How far beyond the line and how far altogether a vehicle of this size must have moved."""

    clear_px: float
    way_px: float


class LineCounter:
    """Tells when a track crosses one of the lines: once per track and line, whatever it does on the line.

    A crossing needs a point on one side, a point clearly on the other, and a real way between them, within the
    line's ends.  So a box that flickers on the line, or a vehicle that stops there and goes on, counts once, and one
    that turns back before it is clearly over does not count.  A vehicle that comes back after it was counted is not
    counted again.
    """

    def __init__(self, lines: tuple[Line, ...]) -> None:
        self._lines = lines
        self._past: list[dict[int, _Past]] = [{} for _ in lines]
        self._done: list[set[int]] = [set() for _ in lines]

    def update(self, tracks: Tracks) -> tuple[Crossing, ...]:
        """The crossings that this frame completes."""
        found: list[Crossing] = []
        for index in range(len(self._lines)):
            found += self._meet(index, tracks)
        self._forget(tracks)
        return tuple(found)

    def _meet(self, index: int, tracks: Tracks) -> list[Crossing]:
        line, box = self._lines[index], tracks.xyxy_px.astype(np.float64)
        size = box[:, 2:] - box[:, :2]
        point = box[:, :2] + size * (0.5, ANCHOR_HEIGHT)
        places = np.column_stack([point, line.side_px(point)]).tolist()
        limits = np.column_stack([_CLEAR * size @ np.abs(line.normal()), _WAY * np.sqrt(size.prod(axis=1))])
        found = []
        for track, place, limit in zip(tracks.id.tolist(), places, limits.tolist(), strict=True):
            if track in self._done[index]:
                continue
            forward = self._step(index, track, _Seen(*place), _Limits(*limit))
            if forward is not None:
                found.append(Crossing(track, index, forward, tracks.time_s))
        return found

    def _step(self, index: int, track: int, here: _Seen, limits: _Limits) -> bool | None:
        """Remember where the track is; the direction in which this completes a crossing, else None."""
        past = _moved(self._past[index].get(track), here, self._lines[index])
        self._past[index][track] = past
        if not _is_over(past, limits):
            return None
        if past.share is None or not -_END_SLACK <= past.share <= 1 + _END_SLACK:
            self._past[index][track] = _Past(here, here)  # it went round the line's end
            return None
        self._done[index].add(track)
        del self._past[index][track]
        return here.side_px > 0

    def _forget(self, tracks: Tracks) -> None:
        for track in tracks.gone.tolist():
            for past, done in zip(self._past, self._done, strict=True):
                past.pop(track, None)
                done.discard(track)


def _is_over(past: _Past, limits: _Limits) -> bool:
    """Whether the last point completes a real crossing from the side where the track began."""
    start, here = past.start, past.last
    return (
        not _same_side(start, here)
        and abs(here.side_px) >= limits.clear_px
        and abs(here.side_px - start.side_px) >= 2 * limits.clear_px
        and math.hypot(here.x_px - start.x_px, here.y_px - start.y_px) >= limits.way_px
    )


def _moved(past: _Past | None, here: _Seen, line: Line) -> _Past:
    """The past with one more point."""
    if past is None:
        return _Past(here, here)
    farther = _same_side(past.start, here) and abs(here.side_px) >= abs(past.start.side_px)
    return _Past(
        start=here if farther else past.start,
        last=here,
        share=past.share if _same_side(past.last, here) else line.share(_meeting(past.last, here)),
    )


def _same_side(before: _Seen, here: _Seen) -> bool:
    return (before.side_px > 0) == (here.side_px > 0)


def _meeting(before: _Seen, here: _Seen) -> tuple[float, float]:
    """Where the straight way between two points on different sides meets the line."""
    part = before.side_px / (before.side_px - here.side_px)
    return before.x_px + part * (here.x_px - before.x_px), before.y_px + part * (here.y_px - before.y_px)
