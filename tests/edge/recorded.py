"""A track log made by the real worker from boxes whose truth is known, and the rows that it published meanwhile."""

import json
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
from simpang_edge.assembly import build_measurement
from simpang_edge.clock import FakeClock
from simpang_edge.config import Box
from simpang_edge.data import Detections, Frame, Tracks
from simpang_edge.errors import SourceEnded
from simpang_edge.message import Channel, decode
from simpang_edge.outbox import Outbox
from simpang_edge.records import Identity
from simpang_edge.scene import SceneWatch
from simpang_edge.scene_sun import sun_over
from simpang_edge.stages import Stages
from simpang_edge.tracklog import Source, TrackLog
from simpang_edge.worker import Worker

SIZE_PX = (1280, 720)
Script = Iterable[Tracks | float]
"""Tracks: a frame. A number: the clock goes on by so many seconds without one."""


@dataclass
class Facts:
    """What the scripted source says about itself."""

    state: Literal["online", "offline", "connecting", "ended"] = "online"
    detail: str = ""
    missed: int = 0
    reconnects: int = 0
    fps_read: float | None = None


def _wall() -> list[Any]:
    """A patterned wall with sensor noise, (3, H, W, 3): no two successive pictures are the same."""
    rng = np.random.default_rng(1)
    tiles = rng.integers(60, 200, (SIZE_PX[1] // 20, SIZE_PX[0] // 20, 1))
    wall = np.kron(tiles, np.ones((20, 20, 3), np.int64))
    return [(wall + rng.integers(0, 8, wall.shape)).astype(np.uint8) for _ in range(3)]


@dataclass
class Playback:
    """Source, detector and tracker in one: pictures of a patterned wall, and the tracks that a script gives."""

    clock: FakeClock
    script: Iterator[Tracks | float]
    tracks: Tracks | None = None
    pictures: Iterator[Any] = field(default_factory=lambda: cycle(_wall()))

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame, or silence."""
        step = next(self.script, None)
        if step is None:
            raise SourceEnded("the script ended")
        if isinstance(step, float):
            self.clock.advance(step)
            return None
        del timeout_s
        self.tracks = step
        return Frame(step.time_s, next(self.pictures))

    def status(self) -> Facts:
        """Always well."""
        return Facts()

    def close(self) -> None:
        """Nothing to let go of."""

    def detect(self, frame: Frame) -> Detections:
        """Nothing; the tracks are known already."""
        return Detections(frame.time_s, np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))

    def update(self, detections: Detections) -> Tracks:
        """The tracks of the frame that was read."""
        assert self.tracks is not None
        assert self.tracks.time_s == detections.time_s
        return self.tracks


class Mailbox:
    """A publisher that nobody listens to."""

    def check(self) -> None:
        """All is well."""

    def offer(self, channel: Channel, payload: bytes) -> None:
        """Dropped."""

    def stop(self, drain_s: float = 5.0, reason: str = "stopped") -> bool:
        """At once."""
        return bool(drain_s and reason)


def record(folder: Path, box: Box, script: Script, start_s: float, boot: int = 1) -> list[dict[str, Any]]:
    """Run the worker over a script; the rows that it and earlier runs published, as `simpang measure` writes them."""
    kept = box.outbox.model_copy(update={"folder": folder / "outbox"})
    box = box.model_copy(update={"outbox": kept})
    camera, clock = box.cameras[0], FakeClock(start_s)
    playback, outbox = Playback(clock, iter(script)), Outbox(box.outbox.folder, camera.id)
    parts = build_measurement(box, camera)
    ground, scene = parts.ground, SceneWatch(box.scene, sun_over(camera))
    stages = Stages(playback, playback, ground, parts.zones, scene, parts.meter, "none", ground.error_m)
    identity = Identity(box.site, camera.id, boot, "me")
    log = TrackLog(box.record, folder / "tracks", Source(box.site, camera.id, boot))
    Worker(box, camera, identity, playback, stages, outbox, Mailbox(), clock, log).run(threading.Event())
    rows = list(published(outbox, box.site, camera.id))
    outbox.close()
    return rows


def published(outbox: Outbox, site: str, camera: str) -> Iterator[dict[str, Any]]:
    """Every row in the outbox with its channel, in order."""
    for one in outbox.pending(0, 100_000):
        message = decode(f"simpang/v1/{site}/{camera}/{one.channel.value}", one.payload)
        for row in message.rows:
            yield json.loads(json.dumps({"channel": one.channel.value, **msgspec.to_builtins(row)}))
