"""One camera: the only file that knows the order of the stages.

    source → detector → tracker → ground → zones → meter → outbox → publisher
        ├──→ scene ────────────────────────────↑
        └──→ signal heads, where configured ───┘

Records depend on the frames alone, so the same file gives the same records; only live figures and health follow the
wall clock (its monotonic one: setting the clock does not stop them).
"""

import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import structlog

from . import convert
from .assembly import build_measurement
from .clock import Clock, SystemClock
from .config import Box, Camera, load
from .data import Frame, Readings
from .detectors import open_detector
from .errors import DuplicateWorkerError, OutboxError, RecordingError, SimpangError, SourceEnded, SourceError
from .health import ClockWatch, Health
from .message import Channel, Row
from .meta import meta_row
from .outbox import Outbox, OutboxStatus
from .pacing import EventTime, Every
from .parent import stop_with
from .publisher import Publisher
from .recall import Recall
from .records import Identity, new_owner
from .scene import SceneWatch
from .scene_sun import sun_over
from .signal_head import SignalHeads
from .source import open_source
from .stages import Frames, Logs, Publishes, Stages
from .tracker import Tracker, TrackerSettings
from .tracklog import Source as TrackSource
from .tracklog import TrackLog

READ_S: Final = 0.2
"""How long to wait for a frame before looking after the rest."""

QUIET_S: Final = 2.0
"""Without a frame for this long, a live camera's time goes on by itself, and stays this far behind the clock."""


EXIT_CRASHED: Final = 1
EXIT_UNUSABLE: Final = 2
EXIT_DUPLICATE: Final = 3

FIRST_CONNECTION_S: Final = 15.0
"""How long to wait for the broker's first answer before measuring begins without it."""

FIRST_HEALTH_S: Final = 5.0
DRAIN_S: Final = 5.0
COMPLAIN_EVERY_S: Final = 60.0
RETRY_DISK_S: Final = 5.0


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
        tracks: Logs | None = None,
    ) -> None:
        self._camera = camera
        self._identity = identity
        self._source = source
        self._stages = stages
        self._outbox = outbox
        self._publisher = publisher
        self._clock = clock
        self._tracks = tracks
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
            self._log_step(lambda log: log.scene(scene))
        detecting_s = self._clock.monotonic()
        detections = self._stages.detector.detect(frame)
        detected_s = self._clock.monotonic()
        height_px, width_px = frame.image.shape[:2]
        tracks = self._stages.tracker.update(detections)
        vehicles = self._stages.ground.locate(tracks, (width_px, height_px))
        self._record(self._stages.meter.update(self._stages.zones.mark(tracks, vehicles)))
        self._log_step(lambda log: log.frame(tracks, (width_px, height_px)))
        self._look_at_signals(frame)
        live = not self._camera.is_file()
        latency_s = self._clock.now() - frame.time_s if live else self._clock.monotonic() - begun_s
        self._health.analysed(latency_s, detected_s - detecting_s)

    def _look_at_signals(self, frame: Frame) -> None:
        """The lamps of a frame, where signal heads are in view."""
        assert self._stages is not None
        if self._stages.heads is None:
            return
        lamps = self._stages.heads.look(frame)
        self._record(self._stages.meter.look(lamps))
        self._log_step(lambda log: log.lamps(lamps))

    def _go_on_without_frames(self) -> None:
        """A live camera is silent: its windows close with what was really observed. A file's time is the file's."""
        now_s = self._time.now()
        if self._stages is not None and now_s is not None and not self._camera.is_file():
            self._record(self._stages.meter.advance(now_s - QUIET_S))
            self._log_step(lambda log: log.silence(now_s - QUIET_S))

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
        for channel, rows in convert.messages(self._identity.site, self._camera, readings):
            self._keep(channel, rows)
        if (readings.windows or readings.events) and self._recall is not None:
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

    def _log_step(self, keep: Callable[[Logs], None]) -> None:
        """Keep a step in the track log, if there is one; measuring goes on when it cannot be written."""
        if self._tracks is None:
            return
        try:
            keep(self._tracks)
        except RecordingError as exc:
            self._log.error("tracks were not kept", reason=str(exc), lost_steps=self._tracks.lost_steps)

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
            self._log_step(lambda log: log.end(now_s))
        if self._recall is not None:
            self._recall.close()
        self._publish_health(self._source.status().state)
        drained = self._publisher.stop(DRAIN_S, reason)
        self._log.info("stopped", reason=reason, everything_acknowledged=drained)


def build_stages(box: Box, camera: Camera) -> Stages | None:
    """The measuring part; None for a camera with nothing to measure. Raises `ModelError`, `ConfigurationError`."""
    if not camera.measures():
        return None
    detector = open_detector(box.model)
    tracker = Tracker(TrackerSettings().beginning_at(box.model.min_score))
    parts = build_measurement(box, camera)
    ground, scene = parts.ground, SceneWatch(box.scene, sun_over(camera))
    heads = SignalHeads(camera) if camera.signal_heads else None
    return Stages(detector, tracker, ground, parts.zones, scene, parts.meter, detector.model_id, ground.error_m, heads)


def track_log(box: Box, camera: Camera, identity: Identity) -> TrackLog | None:
    """Where tracks are kept, if the configuration asks for it. Raises `RecordingError`."""
    if box.record.folder is None or not camera.measures():
        return None
    approaches = tuple(approach.id for approach in camera.approaches)
    source = TrackSource(box.site, camera.id, identity.boot, approaches=approaches)
    return TrackLog(box.record, box.record.folder, source)


def run_camera(box: Box, camera: Camera, stop: threading.Event, clock: Clock) -> None:
    """One camera from beginning to end. Raises `SimpangError`s as the parts do."""
    outbox = Outbox(box.outbox.folder, camera.id, box.outbox.max_mb, box.outbox.max_age_days)
    stages = build_stages(box, camera)
    identity = Identity(box.site, camera.id, outbox.new_boot(clock.now()), new_owner())
    meta = meta_row(box, camera, stages.model_id if stages else None, stages.error_m if stages else None)
    tracks = track_log(box, camera, identity)
    publisher = Publisher(box.broker, identity, outbox, meta, clock, keep_acked_s=box.outbox.keep_acked_s)
    publisher.start()
    try:
        publisher.wait_tried(FIRST_CONNECTION_S)
        source = open_source(camera, clock)
        try:
            Worker(box, camera, identity, source, stages, outbox, publisher, clock, tracks).run(stop)
        finally:
            source.close()
    except SimpangError as exc:
        publisher.stop(DRAIN_S, str(exc))
        raise
    finally:
        outbox.close()


def main(config: Path, camera_id: str, parent: int | None = None, record: Path | None = None) -> int:
    """The top of a worker process; returns its exit code. It stops by itself when process `parent` is gone.

    record: keep tracks in this folder, whatever the configuration says.
    """
    stop = threading.Event()
    stop_with(parent, stop)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    log = structlog.get_logger().bind(camera=camera_id)
    try:
        box = load(config).recording_to(record)
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
