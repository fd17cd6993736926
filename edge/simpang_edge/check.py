"""``simpang edge check``: everything that can be found out about a configuration without touching the network."""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .address import hide_password
from .check_camera import of_camera
from .check_capacity import of_capacity
from .check_road import of_road
from .check_rules import of_box, of_rules
from .clock import SystemClock
from .config import Box, Camera, Model, load
from .detector import DEFAULT_SIZE, OnnxDetector
from .detectors import open_detector
from .errors import ConfigurationError, ModelError, SimpangError
from .findings import Finding, fault, warning
from .ground import Ground
from .outbox import read_status
from .recorded_detector import RecordedDetector
from .source import open_source
from .view import View


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


def check(path: Path, live_px: tuple[int, int] | None = None) -> Report:
    """Check a box configuration; the network is not touched.

    live_px: width and height of the pictures of live cameras; without it nothing is said about what lies outside them.
    """
    try:
        box = load(path)
    except ConfigurationError as exc:
        return Report(str(path), findings=tuple(fault(line) for line in str(exc).splitlines()))
    cameras, found = check_cameras(box, live_px)
    return Report(str(path), cameras, (*_broker(box), *_outbox(box), *_model(box), *of_box(box), *found))


def check_cameras(
    box: Box, live_px: tuple[int, int] | None = None
) -> tuple[tuple[CameraCheck, ...], tuple[Finding, ...]]:
    """The cameras of a valid configuration, and what was found about them."""
    checked = [_camera(box, camera, live_px) for camera in box.cameras]
    return tuple(row for row, _ in checked), tuple(one for _, found in checked for one in found)


def _broker(box: Box) -> Iterator[Finding]:
    broker = box.broker
    try:
        broker.password()
    except ConfigurationError as exc:
        yield fault(str(exc))
    if broker.ca_file is not None and not broker.ca_file.is_file():
        yield fault(f"broker.ca_file: {broker.ca_file}: no such file")
    if broker.username and not (broker.password_env or broker.password_file):
        yield warning("broker.username: set without password_env or password_file")
    if broker.url.startswith("mqtt://") and broker.username and "127.0.0.1" not in broker.url:
        yield warning(f"broker.url: {broker.url}: the password goes over the network unprotected; use mqtts://")


def _outbox(box: Box) -> Iterator[Finding]:
    folder = box.outbox.folder
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        yield fault(f"outbox.folder: {folder}: cannot be written")
        return
    free_mb = os.statvfs(existing).f_bavail * os.statvfs(existing).f_frsize / 1e6
    needed_mb = box.outbox.max_mb * len(box.cameras)
    if free_mb < needed_mb:
        yield warning(
            f"outbox.max_mb: {box.outbox.max_mb:g} for each camera (of {len(box.cameras)}), "
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
            yield warning(str(exc))
            continue
        if notes.get("broker", "online") != "online":
            yield warning(f"camera {camera.id}: its worker last said: {notes['broker']}")


def _model(box: Box) -> Iterator[Finding]:
    if not any(camera.measures() for camera in box.cameras):
        return
    try:
        detector = open_detector(box.model)
    except ModelError as exc:
        yield fault(f"model.path: {exc}")
        return
    yield from _input(box.model, detector)


def _input(model: Model, detector: OnnxDetector | RecordedDetector) -> Iterator[Finding]:
    """An input at which the detector finds less than it could (figures: models/MODEL_CARD.md)."""
    if not isinstance(detector, OnnxDetector):
        return
    pixels, best = math.prod(model.width_height_px()), math.prod(DEFAULT_SIZE)
    if model.path is None and pixels > best:
        yield warning(
            f"model.size: {model.size}: the model that comes with Simpang finds less at inputs above 640x384, near "
            "vehicles and at night most of all"
        )
    elif pixels < min(math.prod(size) for size in detector.made_for_px):
        made_for = ", ".join(f"{width}x{height}" for width, height in detector.made_for_px)
        yield warning(f"model.size: {model.size}: {detector.model_id} was made for {made_for}")


def _camera(box: Box, camera: Camera, live_px: tuple[int, int] | None) -> tuple[CameraCheck, list[Finding]]:
    findings: list[Finding] = []
    size_px = _size_px(camera, findings) if camera.is_file() else live_px
    ground = _ground(camera, findings)
    if not camera.approaches:
        told = "no approaches: it publishes what passes its gates" if camera.gates else "neither approaches nor gates"
        findings.append(warning(f"camera {camera.id}: {told}{'' if camera.gates else ': it publishes health only'}"))
    findings += of_road(camera, ground, size_px, box.queue.max_gap_m)
    findings += of_rules(camera)
    view = _view(camera, ground, size_px, findings)
    findings += of_camera(box, camera, view, placed=ground is not None)
    findings += of_capacity(box, camera)
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
            warning(
                f"camera {camera.id}: calibration.points do not determine the camera's height to a tenth: no vehicle "
                "lengths, and hidden vehicles are not corrected; add points over the whole depth and width of the road"
            )
        )
    return view


def _ground(camera: Camera, findings: list[Finding]) -> Ground | None:
    try:
        return Ground(camera)
    except ConfigurationError as exc:
        findings.append(fault(str(exc)))
        return None


def _size_px(camera: Camera, findings: list[Finding]) -> tuple[int, int] | None:
    """Width and height of a file's picture; None, with a finding, where it cannot be read."""
    try:
        source = open_source(camera, SystemClock())
    except SimpangError as exc:
        findings.append(fault(f"camera {camera.id}: source: {exc}"))
        return None
    try:
        frame = source.read(5.0)
    except SimpangError as exc:
        findings.append(fault(f"camera {camera.id}: source: {exc}"))
        return None
    finally:
        source.close()
    return (frame.image.shape[1], frame.image.shape[0]) if frame else None
