"""One camera: the only file that knows the order of the stages.

    source → detector → tracker → ground → zones → meter → outbox → publisher
        └──→ scene ────────────────────────────↑

Records depend on the frames alone, so the same file gives the same records; only live figures and health follow the
wall clock (its monotonic one: setting the clock does not stop them).
"""

import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import structlog

from . import convert
from .clock import Clock, SystemClock
from .config import Box, Camera, load
from .data import Detections, Frame, LiveRow, Measurement, Readings, Scene, Tracks, UsualDay, Vehicles
from .detector import OnnxDetector
from .errors import DuplicateWorkerError, OutboxError, SimpangError, SourceEnded, SourceError
from .ground import Ground
from .health import ClockWatch, Health, SourceFacts
from .message import Channel, Row
from .meta import meta_row
from .meter import Meter, MeterSettings
from .outbox import Outbox, OutboxStatus
from .pacing import EventTime, Every
from .parent import stop_with
from .publisher import Publisher
from .recall import Recall
from .records import Identity, new_owner
from .scene import SceneWatch
from .source import open_source
from .tracker import Tracker, TrackerSettings
from .zones import Zones

READ_S: Final = 0.2
"""How long to wait for a frame before looking after the rest."""

QUIET_S: Final = 2.0
"""Without a frame for this long, a live camera's time goes on by itself, and stays this far behind the clock."""

MOTORCYCLE_M: Final = 0.75
MIN_WIDTH_PX: Final = 20.0

EXIT_CRASHED: Final = 1
EXIT_UNUSABLE: Final = 2
EXIT_DUPLICATE: Final = 3

FIRST_CONNECTION_S: Final = 15.0
"""How long to wait for the broker's first answer before measuring begins without it."""

FIRST_HEALTH_S: Final = 5.0
DRAIN_S: Final = 5.0
COMPLAIN_EVERY_S: Final = 60.0
RETRY_DISK_S: Final = 5.0


class Frames(Protocol):
    """Frames of one camera."""

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame; None when none came in time. Raises `SourceEnded`, `SourceError`."""

    def status(self) -> SourceFacts:
        """How it is doing."""

    def close(self) -> None:
        """Let go of it."""


class Finds(Protocol):
    """A detector."""

    def detect(self, frame: Frame) -> Detections: ...


class Follows(Protocol):
    """A tracker."""

    def update(self, detections: Detections) -> Tracks: ...


class Locates(Protocol):
    """From pixels to metres."""

    def locate(self, tracks: Tracks, size_px: tuple[int, int] | None = None) -> Vehicles: ...


class Marks(Protocol):
    """Zones, and what hides the lanes."""

    def mark(self, tracks: Tracks, vehicles: Vehicles) -> Vehicles: ...


class Looks(Protocol):
    """The judge of the picture."""

    def look(self, frame: Frame) -> Scene | None: ...
    def remember(self) -> bytes: ...
    def recall(self, data: bytes) -> None: ...


class Measures(Protocol):
    """A meter."""

    def note(self, scene: Scene) -> Readings: ...
    def update(self, vehicles: Vehicles) -> Readings: ...
    def advance(self, time_s: float) -> Readings: ...
    def live(self, time_s: float) -> tuple[LiveRow, ...]: ...
    def finish(self, time_s: float) -> Readings: ...
    def know(self, days: list[UsualDay]) -> None: ...
    def learned(self) -> tuple[UsualDay, ...]: ...
    def parts(self) -> bytes | None: ...
    def resume(self, parts: bytes) -> None: ...


class Publishes(Protocol):
    """A publisher, as the worker's loop needs it."""

    def check(self) -> None: ...
    def offer(self, channel: Channel, payload: bytes) -> None: ...
    def stop(self, drain_s: float = 5.0, reason: str = "stopped") -> bool: ...


@dataclass(frozen=True, slots=True)
class Stages:
    """The measuring part of one camera; a camera without approaches has none.

    error_m: the calibration's reprojection error.
    """

    detector: Finds
    tracker: Follows
    ground: Locates
    zones: Marks
    scene: Looks
    meter: Measures
    model_id: str
    error_m: float | None


class Worker:
    """Runs one camera until its file ends, or until it is told to stop."""

    def __init__(
        self,
        box: Box,
        camera: Camera,
        identity: Identity,
        source: Frames,
        stages: Stages | None,
        outbox: Outbox,
        publisher: Publishes,
        clock: Clock,
    ) -> None:
        self._camera = camera
        self._identity = identity
        self._source = source
        self._stages = stages
        self._outbox = outbox
        self._publisher = publisher
        self._clock = clock
        self._log = structlog.get_logger().bind(camera=camera.id)
        self._health = Health(clock, box.outbox.folder)
        self._watch = ClockWatch(clock)
        self._time = EventTime(clock, live=not camera.is_file())
        self._live_due = Every(clock, box.live_every_s, box.live_every_s)
        self._health_due = Every(clock, box.health_every_s, min(FIRST_HEALTH_S, box.health_every_s))
        self._disk_due = Every(clock, RETRY_DISK_S, RETRY_DISK_S)
        self._complain_due = Every(clock, COMPLAIN_EVERY_S, 0.0)
        self._state = ""
        self._recall = None if stages is None else Recall(stages.meter, stages.scene, box, camera, clock)

    def run(self, stop: threading.Event) -> None:
        """Measure until the file ends or `stop` is set; then publish what is unfinished and say goodbye.

        Raises `SourceError` for a source that cannot be used (after publishing what was measured) and
        `DuplicateWorkerError` when another worker has this camera (without publishing more).
        """
        reason = "stopped"
        try:
            while not stop.is_set():
                self._publisher.check()
                self._round()
        except SourceEnded:
            reason = "the file ended"
        except SourceError as exc:
            self._leave(str(exc))
            raise
        self._leave(reason)

    def _round(self) -> None:
        frame = self._source.read(READ_S)
        if frame is not None:
            self._time.saw(frame)
            self._measure(frame)
        elif self._time.silence_s() > QUIET_S:
            self._go_on_without_frames()
        self._look_after()

    def _measure(self, frame: Frame) -> None:
        """One frame through all stages."""
        if self._stages is None:
            return
        begun_s = self._clock.monotonic()
        scene = self._stages.scene.look(frame)
        if scene is not None:
            self._record(self._stages.meter.note(scene))
        detecting_s = self._clock.monotonic()
        detections = self._stages.detector.detect(frame)
        detected_s = self._clock.monotonic()
        height_px, width_px = frame.image.shape[:2]
        tracks = self._stages.tracker.update(detections)
        vehicles = self._stages.ground.locate(tracks, (width_px, height_px))
        self._record(self._stages.meter.update(self._stages.zones.mark(tracks, vehicles)))
        live = not self._camera.is_file()
        latency_s = self._clock.now() - frame.time_s if live else self._clock.monotonic() - begun_s
        self._health.analysed(latency_s, detected_s - detecting_s)

    def _go_on_without_frames(self) -> None:
        """A live camera is silent: its windows close with what was really observed. A file's time is the file's."""
        now_s = self._time.now()
        if self._stages is not None and now_s is not None and not self._camera.is_file():
            self._record(self._stages.meter.advance(now_s - QUIET_S))

    def _look_after(self) -> None:
        """Live figures, health and the disk, each when it is due."""
        if step_s := self._watch.look():
            self._log.warning("the system clock was set", step_s=round(step_s, 3))
        if self._live_due.due():
            self._publish_live()
        state = self._source.status().state
        if self._health_due.due() or state != self._state:
            self._publish_health(state)
        if self._disk_due.due():
            self._retry_disk()
        if self._recall is not None:
            self._recall.look_after()

    def _publish_live(self) -> None:
        now_s = self._time.now()
        if self._stages is None or now_s is None:
            return
        self._offer(Channel.LIVE, convert.live_rows(self._stages.meter.live(now_s)))

    def _publish_health(self, state: str) -> None:
        source = self._source.status()
        if state != self._state:
            self._log.info("source", state=state, detail=source.detail)
            self._outbox.note("source", f"{state} {source.detail}".strip())
        self._state = state
        self._offer(Channel.HEALTH, [self._health.row(source, self._outbox_status(), self._watch.steps)])

    def _outbox_status(self) -> OutboxStatus | None:
        try:
            return self._outbox.status()
        except OutboxError:
            return None

    def _offer(self, channel: Channel, rows: Sequence[Row]) -> None:
        payload = self._identity.encode(channel, rows, self._outbox.last_seq, self._clock.now())
        self._publisher.offer(channel, payload)

    def _record(self, readings: Readings) -> None:
        """Every window in one message with all rows of the camera; a cycle or event each in its own."""
        site, camera = self._identity.site, self._camera
        for _, rows in groupby(readings.windows, key=_window):
            self._keep(Channel.WINDOW, [convert.window_row(site, camera, row) for row in rows])
        for cycle in readings.cycles:
            self._keep(Channel.CYCLE, [convert.cycle_row(cycle)])
        for event in readings.events:
            self._keep(Channel.EVENT, [convert.event_row(event)])
        if readings.windows and self._recall is not None:
            self._recall.look_after(at_once=True)

    def _keep(self, channel: Channel, rows: Sequence[Row]) -> None:
        """To disk; while the disk is full in memory, from where it is published all the same."""
        now_s = self._clock.now()

        def build(seq: int) -> bytes:
            return self._identity.encode(channel, rows, seq, now_s)

        try:
            self._outbox.append(channel, build, now_s)
        except OutboxError as exc:
            self._outbox.hold(channel, build, now_s)
            self._complain(exc)

    def _retry_disk(self) -> None:
        try:
            self._outbox.store_held(self._clock.now())
        except OutboxError as exc:
            self._complain(exc)

    def _complain(self, exc: OutboxError) -> None:
        if self._complain_due.due():
            self._log.error("records are kept in memory only, until there is room on disk", reason=str(exc))

    def _leave(self, reason: str) -> None:
        """Publish the windows that are still open, wait a little for acknowledgements, say goodbye."""
        now_s = self._time.now()
        if self._stages is not None and now_s is not None:
            self._record(self._stages.meter.finish(now_s))
        if self._recall is not None:
            self._recall.close()
        self._publish_health(self._source.status().state)
        drained = self._publisher.stop(DRAIN_S, reason)
        self._log.info("stopped", reason=reason, everything_acknowledged=drained)


def _window(row: Measurement) -> tuple[float, float]:
    return row.from_s, row.to_s


def build_stages(box: Box, camera: Camera) -> Stages | None:
    """The measuring part; None for a camera without approaches. Raises `ModelError`, `ConfigurationError`."""
    if not camera.approaches:
        return None
    model = box.model
    detector = OnnxDetector(model.path, model.width_height_px(), threads=model.threads)
    tracker = Tracker(TrackerSettings().beginning_at(model.min_score))
    ground = Ground(camera)
    settings = replace(MeterSettings.of(box), standing_flags=standing_flags(camera, ground))
    meter = Meter(camera, settings)
    scene = SceneWatch(box.scene)
    return Stages(detector, tracker, ground, Zones(camera), scene, meter, detector.model_id, ground.error_m)


def standing_flags(camera: Camera, ground: Ground) -> tuple[tuple[str, str], ...]:
    """``low_resolution`` for approaches whose stop line shows a motorcycle narrower than 20 pixels (section 7)."""
    flags = []
    for approach in camera.approaches:
        ends_px = np.array(approach.stop_line, np.float64)
        px_per_m = np.linalg.norm(np.subtract(*ends_px)) / np.linalg.norm(np.subtract(*ground.to_road(ends_px)))
        if px_per_m * MOTORCYCLE_M < MIN_WIDTH_PX:
            flags.append((approach.id, "low_resolution"))
    return tuple(flags)


def run_camera(box: Box, camera: Camera, stop: threading.Event, clock: Clock) -> None:
    """One camera from beginning to end. Raises `SimpangError`s as the parts do."""
    outbox = Outbox(box.outbox.folder, camera.id, box.outbox.max_mb, box.outbox.max_age_days)
    stages = build_stages(box, camera)
    identity = Identity(box.site, camera.id, outbox.new_boot(clock.now()), new_owner())
    meta = meta_row(box, camera, stages.model_id if stages else None, stages.error_m if stages else None)
    publisher = Publisher(box.broker, identity, outbox, meta, clock, keep_acked_s=box.outbox.keep_acked_s)
    publisher.start()
    try:
        publisher.wait_tried(FIRST_CONNECTION_S)
        source = open_source(camera, clock)
        try:
            Worker(box, camera, identity, source, stages, outbox, publisher, clock).run(stop)
        finally:
            source.close()
    except SimpangError as exc:
        publisher.stop(DRAIN_S, str(exc))
        raise
    finally:
        outbox.close()


def main(config: Path, camera_id: str, parent: int | None = None) -> int:
    """The top of a worker process; returns its exit code. It stops by itself when process `parent` is gone."""
    stop = threading.Event()
    stop_with(parent, stop)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    log = structlog.get_logger().bind(camera=camera_id)
    try:
        box = load(config)
        run_camera(box, box.camera(camera_id), stop, SystemClock())
    except DuplicateWorkerError as exc:
        log.error(str(exc))
        return EXIT_DUPLICATE
    except SimpangError as exc:
        log.error(str(exc))
        return EXIT_UNUSABLE
    except Exception:
        log.exception("the worker crashed")
        return EXIT_CRASHED
    return 0
