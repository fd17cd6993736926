"""What can be found out about lines and lanes that were drawn in a picture: in it, on the road, and long enough."""

import math
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Final

import numpy as np

from .assembly import COUNT_PX, MOTORCYCLE_M
from .config import Approach, Camera, PixelPoint
from .data import FloatArray
from .findings import Finding, warning
from .ground import Ground
from .meter.movements import LEAST_PATH_M
from .plane import Plane, approach_axes, inside, kerb_on_left, outline_m, range_at_line

SHORT_M: Final = 20.0
"""A lane seen over less than this gives poor speeds and no queue worth the name."""

CLASS_PX: Final = 30.0
"""Width in the picture that a vehicle needs to be told in kind; to be counted, `COUNT_PX` (domain reference, §7)."""

OVERLAP_SHARE: Final = 0.05
"""Lanes of one approach may share so much of the smaller one, as hand-drawn edges do."""

PAST_M: Final = 2.0
"""Lanes may be drawn so far past the stop line, as hand-drawn edges are."""

WIDE_M: Final = (1.8, 6.5)
"""Widths of one lane."""

NEARER: Final = 1.2
"""So many times the metres per pixel show that a place is farther away."""


def of_road(
    camera: Camera, ground: Ground | None, size_px: tuple[int, int] | None, queue_gap_m: float
) -> Iterator[Finding]:
    """Of all that was drawn; size_px: width and height of the picture, None where they are not known."""
    for approach in camera.approaches:
        yield from _approach(camera, approach, ground, size_px, queue_gap_m)
    yield from _approaches_apart(camera)
    yield from _exits(camera, ground, size_px)
    yield from _beside(camera, size_px)


def _approach(
    camera: Camera, approach: Approach, ground: Ground | None, size_px: tuple[int, int] | None, queue_gap_m: float
) -> Iterator[Finding]:
    where = f"camera {camera.id}: approach {approach.id}"
    if approach.reference_kmh() is None:
        yield warning(f"{where}: neither free_flow_kmh nor speed_limit_kmh: no speed ratio, no delay")
    if outside := list(_outside(approach, size_px)):
        yield warning(f"{where}: {_picture(size_px)}: {', '.join(outside)}")
    yield from _lanes_apart(where, approach)
    if ground is not None and ground.plane is not None:
        yield from _lane_lengths(where, approach, queue_gap_m, ground)
        yield from _lanes_at_line(where, approach, ground.plane)
        yield from _heading(where, approach, ground)
        yield from _widths(where, approach, ground)


def _exits(camera: Camera, ground: Ground | None, size_px: tuple[int, int] | None) -> Iterator[Finding]:
    """Gates: in the picture, on the road, and used."""
    used = {movement.gate for movement in camera.movements}
    for gate in camera.gates:
        where = f"camera {camera.id}: gate {gate.id}"
        if _is_outside(gate.line, size_px):
            yield warning(f"{where}: {_picture(size_px)}: nobody can pass it there")
        if ground is not None:
            yield from _on_the_road(where, "line", gate.line, ground)
        if camera.approaches and gate.kind != "entry" and gate.id not in used:
            yield warning(f"{where}: no movement leads to it: who passes it is counted, but has no turn share")
    yield from _exits_upstream(camera)
    for approach in camera.approaches if camera.movements else ():
        yield from _turns(camera, approach, ground, size_px)


def _turns(
    camera: Camera, approach: Approach, ground: Ground | None, size_px: tuple[int, int] | None
) -> Iterator[Finding]:
    """Movements of an approach: some, and more than one whose exit can be seen; one alone has all of the share."""
    where = f"camera {camera.id}: approach {approach.id}"
    turns = [movement for movement in camera.movements if movement.approach == approach.id]
    if not turns:
        yield warning(f"{where}: no movement leads from it: no turn shares")
        return
    out = {gate.id for gate in camera.gates if _is_outside(gate.line, size_px)}
    room_m = (
        _room_m(approach, ground.plane, size_px, where) if ground is not None and ground.plane is not None else None
    )
    by_shape = room_m is None or room_m >= LEAST_PATH_M
    seen = [one.id for one in turns if (by_shape if one.gate is None else one.gate not in out)]
    if not by_shape and any(one.gate is None for one in turns):
        yield warning(
            f"{where}: the picture ends {room_m:.0f} m past the stop line; a movement without a gate is told by its "
            f"path from {LEAST_PATH_M:g} m on"
        )
    if len(seen) == 1:
        yield warning(
            f"{where}: only movement {seen[0]} can be told: its turn_share is always 1.0, whatever the others do; give "
            "all movements of the approach, or read traced instead"
        )


def _room_m(approach: Approach, plane: Plane, size_px: tuple[int, int] | None, where: str) -> float | None:
    """How far past the stop line traffic that comes toward the camera is in view; None where that is not known."""
    if size_px is None or approach.heading != "toward":
        return None
    middle_px = np.array(approach.stop_line, np.float64).mean(axis=0)
    border_m = plane.to_road(np.array([[middle_px[0], size_px[1]]]))
    return -float(approach_axes(plane, approach, where).along_across(border_m)[0][0])


def _exits_upstream(camera: Camera) -> Iterator[Finding]:
    """Gates in the lanes from which their movement comes: nobody reaches them after the stop line."""
    lines = {gate.id: np.array(gate.line, np.float64) for gate in camera.gates}
    lanes = {one.id: [np.array(lane.polygon, np.float64) for lane in one.lanes] for one in camera.approaches}
    for movement in camera.movements:
        if movement.gate is None:
            continue
        middle_px = lines[movement.gate].mean(axis=0, keepdims=True)
        if any(inside(middle_px, lane)[0] for lane in lanes[movement.approach]):
            yield warning(
                f"camera {camera.id}: gate {movement.gate}: lies in a lane of approach {movement.approach}, before its "
                f"stop line; draw it where movement {movement.id} leaves the junction"
            )


def _beside(camera: Camera, size_px: tuple[int, int] | None) -> Iterator[Finding]:
    """Zones, lamps and calibration points that are not in the picture."""
    named = [(f"zone {zone.id}", zone.polygon) for zone in camera.zones]
    for head in camera.signal_heads:
        lamps = {"red": head.red, "yellow": head.yellow, "green": head.green}
        named += [
            (f"signal_heads of {head.approach}: {colour}", ((box[0], box[1]), (box[2], box[3])))
            for colour, box in lamps.items()
            if box is not None
        ]
    if camera.calibration is not None:
        points = enumerate(camera.calibration.points)
        named += [(f"calibration.points[{number}]", (point.image,)) for number, point in points]
    for name, shown in named:
        if _is_outside(shown, size_px):
            yield warning(f"camera {camera.id}: {name}: {_picture(size_px)}")


def _on_the_road(where: str, name: str, points: tuple[PixelPoint, ...], ground: Ground) -> Iterator[Finding]:
    """Points at or above the horizon have no place on the road."""
    places = ground.to_road(np.array(points, np.float64))
    for number, place in enumerate(places, start=1):
        if not np.isfinite(place).all():
            x, y = points[number - 1]
            yield warning(f"{where}: {name}: point {number} [{x:g}, {y:g}] lies above the horizon, not on the road")


def _lanes_apart(where: str, approach: Approach) -> Iterator[Finding]:
    """Lanes that lie on each other: a vehicle in both counts in the first."""
    for one, other in combinations(approach.lanes, 2):
        share = _shared(np.array(one.polygon), np.array(other.polygon))
        if share > OVERLAP_SHARE:
            yield warning(
                f"{where}: lanes {one.id} and {other.id} cross: {100 * share:.0f} % of the smaller one lies in both; "
                f"vehicles there count in lane {one.id}"
            )


def _approaches_apart(camera: Camera) -> Iterator[Finding]:
    """Approaches that lie on each other: all vehicles there belong to the first, and the other is told as empty."""
    for one, other in combinations(camera.approaches, 2):
        shares = (_shared(np.array(a.polygon), np.array(b.polygon)) for a in one.lanes for b in other.lanes)
        share = max(shares)
        if share > OVERLAP_SHARE:
            yield warning(
                f"camera {camera.id}: approaches {one.id} and {other.id} cross: a lane of the smaller one lies in the "
                f"other to {100 * share:.0f} %; vehicles there belong to {one.id} only"
            )


def _shared(one: FloatArray, other: FloatArray) -> float:
    """Share of the smaller polygon that lies in both, from a grid of 100 x 100 points."""
    low, high = np.minimum(one.min(axis=0), other.min(axis=0)), np.maximum(one.max(axis=0), other.max(axis=0))
    x, y = np.meshgrid(*(np.linspace(a, b, 100) for a, b in zip(low, high, strict=True)))
    grid = np.column_stack([x.ravel(), y.ravel()])
    in_one, in_other = inside(grid, one), inside(grid, other)
    smaller = min(in_one.sum(), in_other.sum())
    return float((in_one & in_other).sum() / smaller) if smaller else 0.0


def _widths(where: str, approach: Approach, ground: Ground) -> Iterator[Finding]:
    """From which distance on the narrowest vehicle has too few pixels."""
    ends = np.array(approach.stop_line, np.float64)
    said = []
    for needed_px, what in ((COUNT_PX, "may not be counted"), (CLASS_PX, "its kind is uncertain")):
        beyond_m = _beyond_m(ends, approach, ground, needed_px / MOTORCYCLE_M)
        if beyond_m is not None and beyond_m < approach.length_m - 1:
            said.append(f"beyond {beyond_m:.0f} m a motorcycle is narrower than {needed_px:g} px ({what})")
    if said:
        yield warning(f"{where}: {', '.join(said)}; length_m is {approach.length_m:g}")


def _beyond_m(ends: FloatArray, approach: Approach, ground: Ground, px_per_m: float) -> float | None:
    """The distance from the stop line at which a metre across spans fewer pixels than this; None: nowhere in a lane."""
    ends_m = ground.to_road(ends)
    corners = np.concatenate([np.array(lane.polygon, np.float64) for lane in approach.lanes])
    far = corners[int(np.nanargmax(_away_m(ends_m, ground.to_road(corners))))]
    track = ends.mean(axis=0) + np.linspace(0, 1, 400)[:, None] * (far - ends.mean(axis=0))
    beside = ground.to_road(track + np.array([1.0, 0.0])) - ground.to_road(track)
    seen = 1 / np.linalg.norm(beside, axis=1)
    narrow = np.flatnonzero(seen < px_per_m)
    return float(_away_m(ends_m, ground.to_road(track[narrow[:1]]))[0]) if len(narrow) else None


def _outside(approach: Approach, size_px: tuple[int, int] | None) -> Iterable[str]:
    named = [("stop_line", approach.stop_line), *((f"lane {lane.id}", lane.polygon) for lane in approach.lanes)]
    if approach.motorcycle_box is not None:
        named.append(("motorcycle_box", approach.motorcycle_box))
    for name, points in named:
        if _is_outside(points, size_px):
            yield name


def _is_outside(points: tuple[PixelPoint, ...], size_px: tuple[int, int] | None) -> bool:
    """Whether a point lies outside the picture, by more than a pixel; where its size is not known, left or above it."""
    width_px, height_px = size_px or (math.inf, math.inf)
    return any(not (-1 <= x <= width_px and -1 <= y <= height_px) for x, y in points)


def _picture(size_px: tuple[int, int] | None) -> str:
    return "outside the picture" + ("" if size_px is None else f" ({size_px[0]}x{size_px[1]})")


def _lanes_at_line(where: str, approach: Approach, plane: Plane) -> Iterator[Finding]:
    """Each lane at the stop line: as wide as a lane, ending there; lane 1 at the kerb."""
    axes = approach_axes(plane, approach, where)
    for lane in approach.lanes:
        outline_px = np.array(lane.polygon, np.float64)
        past_m = -float(axes.along_across(outline_m(plane, outline_px))[0].min())
        if past_m > PAST_M:
            yield warning(f"{where}: lane {lane.id} reaches {past_m:.0f} m past the stop line; draw it up to the line")
            continue
        from_m, to_m = range_at_line(plane, axes, outline_px)
        if not WIDE_M[0] <= to_m - from_m <= WIDE_M[1]:
            yield warning(
                f"{where}: lane {lane.id} is {to_m - from_m:.1f} m wide at the stop line; {WIDE_M[0]:g} to "
                f"{WIDE_M[1]:g} m are usual: is it one lane, and are the roads of calibration.points in metres?"
            )
    if len(approach.lanes) > 1 and not kerb_on_left(axes, mirrored=plane.mirrored):
        yield warning(
            f"{where}: lane {min(lane.id for lane in approach.lanes)} lies on the right of traffic to the stop line; "
            "lane 1 is nearest the kerb, on the left where one drives on the left"
        )


def _heading(where: str, approach: Approach, ground: Ground) -> Iterator[Finding]:
    """Traffic toward the camera comes from lanes farther away than the stop line: a pixel spans more metres there."""
    lanes_px = np.concatenate([np.array(lane.polygon, np.float64) for lane in approach.lanes])
    line_px = np.array(approach.stop_line, np.float64)
    middles_px = np.stack([line_px.mean(axis=0), lanes_px.mean(axis=0)])
    line, lanes = ground.metres_per_pixel(middles_px).tolist()
    nearer = lanes < line / NEARER if approach.heading == "toward" else lanes > line * NEARER
    if nearer:
        side = "nearer to" if approach.heading == "toward" else "farther from"
        yield warning(
            f"{where}: heading is {approach.heading}, but its lanes lie {side} the camera than its stop line: "
            "is the stop line drawn where vehicles wait, and heading right?"
        )


def _lane_lengths(where: str, approach: Approach, queue_gap_m: float, ground: Ground) -> Iterator[Finding]:
    ends_m = ground.to_road(np.array(approach.stop_line, np.float64))
    for lane in approach.lanes:
        seen_m = _reach_m(ends_m, ground.to_road(np.array(lane.polygon, np.float64)))
        if seen_m < queue_gap_m:
            yield warning(
                f"{where}: lane {lane.id} reaches {seen_m:.0f} m upstream; a queue cannot be told in less than "
                f"queue.max_gap_m ({queue_gap_m:g} m)"
            )
        elif seen_m < SHORT_M:
            yield warning(f"{where}: lane {lane.id} reaches {seen_m:.0f} m upstream; {SHORT_M:g} m or more is needed")
        elif not 0.75 <= seen_m / approach.length_m <= 1.34:
            yield warning(
                f"{where}: lane {lane.id} reaches {seen_m:.0f} m upstream of the stop line, "
                f"length_m says {approach.length_m:g}"
            )


def _reach_m(ends_m: FloatArray, outline_m: FloatArray) -> float:
    """Largest distance of an outline (N, 2) from the line through two points (2, 2), in metres."""
    return float(np.nanmax(_away_m(ends_m, outline_m)))


def _away_m(ends_m: FloatArray, points_m: FloatArray) -> FloatArray:
    """Distances of points (N, 2) from the line through two points (2, 2), in metres, (N,)."""
    along, away = ends_m[1] - ends_m[0], points_m - ends_m[0]
    return np.asarray(np.abs(along[0] * away[:, 1] - along[1] * away[:, 0]) / np.linalg.norm(along))
