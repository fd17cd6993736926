"""Recorded tracks through the same stages as in the worker, with any configuration: no video, no detector."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .assembly import build_measurement
from .config import Box, Camera
from .data import Lamps, Readings, Scene, Tracks, Vehicles
from .meter.decisions import Decisions
from .tracklog import End, Run, Silence, Step, runs


@dataclass(slots=True)
class Replay:
    """One run of a worker, measured again.

    steps: how many were read. decisions: those of the meter, where somebody asked for them. before: the running windows
    of the run before, to go on with. left: those of this run, for the next; known once it has been read.
    """

    box: Box
    camera: Camera
    run: Run
    decisions: Decisions | None = None
    steps: int = field(default=0, init=False)
    before: bytes | None = None
    left: bytes | None = field(default=None, init=False)

    def readings(self) -> Iterator[Readings]:
        """What the meter finishes with each step."""
        for _, _, readings in self.watch():
            yield readings

    def watch(self) -> Iterator[tuple[Step, Vehicles | None, Readings]]:
        """Every step, where the vehicles of a frame are (None without a frame), and what the meter finishes with it.

        A log that breaks off is closed at its last step.
        """
        parts = build_measurement(self.box, self.camera, self.decisions)
        meter = parts.meter
        if self.before is not None:
            meter.resume(self.before)
        last_s: float | None = None
        for step in self.run.steps():
            self.steps += 1
            vehicles, done = None, Readings()
            if isinstance(step, Tracks):
                vehicles = parts.place(step, self.run.source.size_px)
                done = meter.update(vehicles)
            elif isinstance(step, Scene):
                done = meter.note(step)
            elif isinstance(step, Lamps):
                done = meter.look(self._read_now(step))
            elif isinstance(step, Silence):
                done = meter.advance(step.time_s)
            elif isinstance(step, End):
                done = meter.finish(step.time_s)
            last_s = None if isinstance(step, End) else step.time_s
            yield step, vehicles, done
        if last_s is not None:
            yield End(last_s), None, meter.finish(last_s)
        self.left = meter.parts()

    def _read_now(self, lamps: Lamps) -> Lamps:
        """What the heads show whose approach has one in this configuration, too, by its index there."""
        now = [approach.id for approach in self.camera.approaches]
        then = now if self.run.source.approaches is None else self.run.source.approaches
        heads = {head.approach for head in self.camera.signal_heads}
        named = [(then[index], colour) for index, colour in lamps.shown if index < len(then)]
        return Lamps(lamps.time_s, tuple((now.index(name), colour) for name, colour in named if name in heads))


def replays(path: Path, box: Box, camera_id: str | None) -> tuple[Replay, ...]:
    """The runs of a track log, ready to be measured with this configuration.

    camera_id: whose tracks; its entry in the configuration has the same id, or is the only one. Raises
    `RecordingError`, `ConfigurationError`.
    """
    found = runs(path, camera_id)
    ids = [camera.id for camera in box.cameras]
    recorded = found[0].source.camera
    camera = box.cameras[0] if len(ids) == 1 and recorded not in ids else box.camera(recorded)
    return tuple(Replay(box, camera, run) for run in found)
