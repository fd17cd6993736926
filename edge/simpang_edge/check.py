"""``simpang edge check``: everything that can be found out about a configuration without touching the network."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final, Literal

import numpy as np

from .address import hide_password
from .assembly import COUNT_PX, MOTORCYCLE_M
from .clock import SystemClock
from .config import Approach, Box, Camera, PixelPoint, load
from .data import FloatArray
from .detectors import open_detector
from .errors import ConfigurationError, ModelError, SimpangError
from .ground import Ground
from .outbox import read_status
from .plane import inside
from .source import open_source
from .view import View

SHORT_M: Final = 20.0
"""A lane seen over less than this gives poor speeds and no queue worth the name."""

CLASS_PX: Final = 30.0
"""Width in the picture that a vehicle needs to be told in kind; to be counted, `COUNT_PX` (domain reference, §7)."""

OVERLAP_SHARE: Final = 0.05
"""Lanes of one approach may share so much of the smaller one, as hand-drawn edges do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault (must be corrected) or a warning (works, but worse than it could)."""

    level: Literal["fault", "warning"]
    text: str


@dataclass(frozen=True, slots=True)
class CameraCheck:
    """What is known about one camera.

    size_px None: the source is not a readable file; error_m None: not calibrated. height_m, tilt_deg: of the camera, as
    its calibration points tell; None where they do not.
    """

    id: str
    source: str
    approaches: int
    lanes: int
    error_m: float | None
    max_error_m: float | None
    size_px: tuple[int, int] | None
    height_m: float | None = None
    tilt_deg: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a check."""

    file: str
    cameras: tuple[CameraCheck, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether a worker can run with it."""
        return not any(finding.level == "fault" for finding in self.findings)


def check(path: Path) -> Report:
    """Check a box configuration; the network is not touched."""
    try:
        box = load(path)
    except ConfigurationError as exc:
        return Report(str(path), findings=tuple(_fault(line) for line in str(exc).splitlines()))
    cameras, findings = [], [*_broker(box), *_outbox(box), *_model(box)]
    for camera in box.cameras:
        row, found = _camera(camera, box.queue.max_gap_m)
        cameras.append(row)
        findings += found
    return Report(str(path), tuple(cameras), tuple(findings))


def _fault(text: str) -> Finding:
    return Finding("fault", text)


def _warning(text: str) -> Finding:
    return Finding("warning", text)


def _broker(box: Box) -> Iterator[Finding]:
    broker = box.broker
    try:
        broker.password()
    except ConfigurationError as exc:
        yield _fault(str(exc))
    if broker.ca_file is not None and not broker.ca_file.is_file():
        yield _fault(f"broker.ca_file: {broker.ca_file}: no such file")
    if broker.username and not (broker.password_env or broker.password_file):
        yield _warning("broker.username: set without password_env or password_file")
    if broker.url.startswith("mqtt://") and broker.username and "127.0.0.1" not in broker.url:
        yield _warning(f"broker.url: {broker.url}: the password goes over the network unprotected; use mqtts://")


def _outbox(box: Box) -> Iterator[Finding]:
    folder = box.outbox.folder
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        yield _fault(f"outbox.folder: {folder}: cannot be written")
        return
    free_mb = os.statvfs(existing).f_bavail * os.statvfs(existing).f_frsize / 1e6
    needed_mb = box.outbox.max_mb * len(box.cameras)
    if free_mb < needed_mb:
        yield _warning(
            f"outbox.max_mb: {box.outbox.max_mb:g} for each of {len(box.cameras)} cameras, "
            f"but {existing} has only {free_mb:.0f} MB free"
        )
    yield from _last_trouble(box)


def _last_trouble(box: Box) -> Iterator[Finding]:
    """What the workers that ran here last said about the broker."""
    for camera in box.cameras:
        file = box.outbox.folder / f"{camera.id}.sqlite"
        if not file.exists():
            continue
        try:
            notes = dict(read_status(file).notes)
        except SimpangError as exc:
            yield _warning(str(exc))
            continue
        if notes.get("broker", "online") != "online":
            yield _warning(f"camera {camera.id}: its worker last said: {notes['broker']}")


def _model(box: Box) -> Iterator[Finding]:
    if not any(camera.approaches for camera in box.cameras):
        return
    try:
        open_detector(box.model)
    except ModelError as exc:
        yield _fault(f"model.path: {exc}")


def _camera(camera: Camera, queue_gap_m: float) -> tuple[CameraCheck, list[Finding]]:
    findings: list[Finding] = []
    size_px = _size_px(camera, findings)
    ground = _ground(camera, findings)
    if not camera.approaches:
        findings.append(_warning(f"camera {camera.id}: no approaches: it publishes health only"))
    for approach in camera.approaches:
        findings += _approach(camera, approach, ground, size_px, queue_gap_m)
    findings += _exits(camera, ground, size_px)
    view = _view(camera, ground, size_px, findings)
    row = CameraCheck(
        camera.id,
        hide_password(os.path.normpath(camera.source) if camera.is_file() else camera.source),
        len(camera.approaches),
        sum(len(approach.lanes) for approach in camera.approaches),
        ground.error_m if ground else None,
        ground.max_error_m if ground else None,
        size_px,
        view.height_m if view else None,
        view.tilt_deg if view else None,
    )
    return row, findings


def _view(
    camera: Camera, ground: Ground | None, size_px: tuple[int, int] | None, findings: list[Finding]
) -> View | None:
    """The camera above the road; None where it is not known."""
    if ground is None or size_px is None:
        return None
    view = ground.view(size_px)
    if view is None and camera.approaches:
        findings.append(
            _warning(
                f"camera {camera.id}: calibration.points do not determine the camera's height to a tenth: no vehicle "
                "lengths, and hidden vehicles are not corrected; add points over the whole depth and width of the road"
            )
        )
    return view


def _ground(camera: Camera, findings: list[Finding]) -> Ground | None:
    try:
        return Ground(camera)
    except ConfigurationError as exc:
        findings.append(_fault(str(exc)))
        return None


def _size_px(camera: Camera, findings: list[Finding]) -> tuple[int, int] | None:
    """Width and height of a file's picture; None for anything on the network or a device."""
    if not camera.is_file():
        return None
    try:
        source = open_source(camera, SystemClock())
    except SimpangError as exc:
        findings.append(_fault(f"camera {camera.id}: source: {exc}"))
        return None
    try:
        frame = source.read(5.0)
    except SimpangError as exc:
        findings.append(_fault(f"camera {camera.id}: source: {exc}"))
        return None
    finally:
        source.close()
    return (frame.image.shape[1], frame.image.shape[0]) if frame else None


def _approach(
    camera: Camera, approach: Approach, ground: Ground | None, size_px: tuple[int, int] | None, queue_gap_m: float
) -> Iterator[Finding]:
    where = f"camera {camera.id}: approach {approach.id}"
    if approach.reference_kmh() is None:
        yield _warning(f"{where}: neither free_flow_kmh nor speed_limit_kmh: no speed ratio, no delay")
    if size_px is not None and (outside := list(_outside(approach, size_px))):
        yield _warning(f"{where}: outside the picture ({size_px[0]}x{size_px[1]}): {', '.join(outside)}")
    yield from _lanes_apart(where, approach)
    if ground is not None:
        yield from _lane_lengths(where, approach, queue_gap_m, ground)
        yield from _on_the_road(where, "stop_line", approach.stop_line, ground)
        yield from _widths(where, approach, ground)


def _exits(camera: Camera, ground: Ground | None, size_px: tuple[int, int] | None) -> Iterator[Finding]:
    """Gates: in the picture, on the road, and used."""
    used = {movement.gate for movement in camera.movements}
    for gate in camera.gates:
        where = f"camera {camera.id}: gate {gate.id}"
        if size_px is not None and _is_outside(gate.line, size_px):
            yield _warning(f"{where}: outside the picture ({size_px[0]}x{size_px[1]}): nobody can pass it")
        if ground is not None:
            yield from _on_the_road(where, "line", gate.line, ground)
        if gate.kind != "entry" and gate.id not in used:
            yield _warning(f"{where}: no movement leads to it: who passes it is counted, but has no turn share")
    for approach in camera.approaches:
        turns = [movement for movement in camera.movements if movement.approach == approach.id]
        if camera.movements and not turns:
            yield _warning(f"camera {camera.id}: approach {approach.id}: no movement leads from it: no turn shares")


def _on_the_road(where: str, name: str, points: tuple[PixelPoint, ...], ground: Ground) -> Iterator[Finding]:
    """Points at or above the horizon have no place on the road."""
    places = ground.to_road(np.array(points, np.float64))
    for number, place in enumerate(places, start=1):
        if not np.isfinite(place).all():
            x, y = points[number - 1]
            yield _warning(f"{where}: {name}: point {number} [{x:g}, {y:g}] lies above the horizon, not on the road")


def _lanes_apart(where: str, approach: Approach) -> Iterator[Finding]:
    """Lanes that lie on each other: a vehicle in both counts in the first."""
    for one, other in combinations(approach.lanes, 2):
        share = _shared(np.array(one.polygon), np.array(other.polygon))
        if share > OVERLAP_SHARE:
            yield _warning(
                f"{where}: lanes {one.id} and {other.id} cross: {100 * share:.0f} % of the smaller one lies in both; "
                f"vehicles there count in lane {one.id}"
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
        yield _warning(f"{where}: {', '.join(said)}; length_m is {approach.length_m:g}")


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


def _outside(approach: Approach, size_px: tuple[int, int]) -> Iterable[str]:
    named = [("stop_line", approach.stop_line), *((f"lane {lane.id}", lane.polygon) for lane in approach.lanes)]
    if approach.motorcycle_box is not None:
        named.append(("motorcycle_box", approach.motorcycle_box))
    for name, points in named:
        if _is_outside(points, size_px):
            yield name


def _is_outside(points: tuple[PixelPoint, ...], size_px: tuple[int, int]) -> bool:
    """Whether a point lies outside the picture, by more than a pixel."""
    return any(not (-1 <= x <= size_px[0] and -1 <= y <= size_px[1]) for x, y in points)


def _lane_lengths(where: str, approach: Approach, queue_gap_m: float, ground: Ground) -> Iterator[Finding]:
    ends_m = ground.to_road(np.array(approach.stop_line, np.float64))
    for lane in approach.lanes:
        seen_m = _reach_m(ends_m, ground.to_road(np.array(lane.polygon, np.float64)))
        if seen_m < queue_gap_m:
            yield _warning(
                f"{where}: lane {lane.id} reaches {seen_m:.0f} m upstream; a queue cannot be told in less than "
                f"queue.max_gap_m ({queue_gap_m:g} m)"
            )
        elif seen_m < SHORT_M:
            yield _warning(f"{where}: lane {lane.id} reaches {seen_m:.0f} m upstream; {SHORT_M:g} m or more is needed")
        elif not 0.75 <= seen_m / approach.length_m <= 1.34:
            yield _warning(
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
