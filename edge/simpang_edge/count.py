"""The quick count: vehicles of a video file over lines drawn in the picture, by class and direction.

No calibration: what is counted is a crossing of a line (see `lines`), its class the one the tracker voted for by the
time the vehicle was last seen.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from .clock import SystemClock
from .config import Camera
from .data import KINDS, Frame, IntArray, Tracks
from .detector import OnnxDetector
from .errors import SourceEnded, SourceError
from .lines import Crossing, Line, LineCounter
from .source import open_source
from .tracker import Tracker, TrackerSettings

VEHICLES: Final = tuple(kind for kind in KINDS if kind != "person")
"""The kinds that a total counts."""

_PATIENCE_S: Final = 30.0
"""A file that gives no frame for so long cannot be read."""


@dataclass(frozen=True, slots=True)
class LineResult:
    """Vehicles over one line; forward and backward are int64 (kinds,) in the order of `KINDS`."""

    line: Line
    forward: IntArray
    backward: IntArray

    def counts(self) -> IntArray:
        """Both directions together, (kinds,)."""
        return np.asarray(self.forward + self.backward)

    def total(self) -> int:
        """All vehicles; persons are not vehicles."""
        return int(sum(self.counts()[KINDS.index(kind)] for kind in VEHICLES))


@dataclass(frozen=True, slots=True)
class CountResult:
    """The whole count.

    frames: frames analysed.  seconds: video time they stand for.
    """

    lines: tuple[LineResult, ...]
    frames: int
    seconds: float

    def analysed_fps(self) -> float | None:
        """Frames analysed per second of video; None when there was no time between frames."""
        return self.frames / self.seconds if self.seconds > 0 else None


@dataclass(frozen=True, slots=True)
class CountSettings:
    """How a video is counted.

    fps: frames analysed per second of video.  model, size_px: the detector (default: the one that comes with
    Simpang, at its usual size).  threads: of the detector.  spans_s: for each line the time from the video's first
    frame in which a crossing counts; empty means always.
    """

    fps: float = 10.0
    model: Path | None = None
    size_px: tuple[int, int] | None = None
    threads: int = 1
    tracker: TrackerSettings = field(default_factory=TrackerSettings)
    spans_s: tuple[tuple[float, float], ...] = ()


class Tally:
    """Adds up crossings. A vehicle's class may still change while it is in view, so it is settled when it is gone."""

    def __init__(self, lines: tuple[Line, ...]) -> None:
        self._lines = lines
        self._settled = np.zeros((len(lines), 2, len(KINDS)), np.int64)
        self._open: dict[int, list[Crossing]] = {}
        self._kind: dict[int, int] = {}

    def update(self, tracks: Tracks, crossings: tuple[Crossing, ...]) -> None:
        """One frame's tracks and the crossings among them."""
        for crossing in crossings:
            self._open.setdefault(crossing.id, []).append(crossing)
        for track, kind in zip(tracks.id.tolist(), tracks.kind.tolist(), strict=True):
            if track in self._open:
                self._kind[track] = kind
        for track in tracks.gone.tolist():
            self._add(self._settled, track)
            self._open.pop(track, None)
            self._kind.pop(track, None)

    def results(self) -> tuple[LineResult, ...]:
        """The count so far, a row per line."""
        table = self._settled.copy()
        for track in self._open:
            self._add(table, track)
        return tuple(LineResult(line, row[0], row[1]) for line, row in zip(self._lines, table, strict=True))

    def _add(self, table: IntArray, track: int) -> None:
        for crossing in self._open.get(track, ()):
            table[crossing.line, 0 if crossing.forward else 1, self._kind[track]] += 1


@dataclass(frozen=True, slots=True)
class Seen:
    """One analysed frame, for whoever watches: the picture, its tracks and the count so far."""

    frame: Frame
    tracks: Tracks
    results: tuple[LineResult, ...]
    elapsed_s: float


def count_video(
    video: str, lines: tuple[Line, ...], settings: CountSettings, watch: Callable[[Seen], None] = lambda _: None
) -> CountResult:
    """Count a video file from its first frame to its end.

    Raises `SourceError` when the file cannot be read, `ModelError` when the detector cannot.
    """
    detector = OnnxDetector(settings.model, settings.size_px, threads=settings.threads)
    source = open_source(Camera(id="count", source=video, analysis_fps=settings.fps), SystemClock())
    counter = _Counter(lines, settings, detector)
    try:
        while True:
            frame = source.read(_PATIENCE_S)
            if frame is None:
                raise SourceError(f"{video}: no frame within {_PATIENCE_S:g} s")
            watch(counter.take(frame))
    except SourceEnded:
        return counter.result()
    finally:
        source.close()


class _Counter:
    """Detector, tracker and lines in their order, and the time that has been covered."""

    def __init__(self, lines: tuple[Line, ...], settings: CountSettings, detector: OnnxDetector) -> None:
        self._detector, self._settings = detector, settings
        self._tracker = Tracker(settings.tracker)
        self._lines = LineCounter(lines)
        self._tally = Tally(lines)
        self._frames = 0
        self._first_s = self._last_s = 0.0

    def take(self, frame: Frame) -> Seen:
        self._first_s = frame.time_s if self._frames == 0 else self._first_s
        self._last_s = frame.time_s
        self._frames += 1
        tracks = self._tracker.update(self._detector.detect(frame))
        self._tally.update(tracks, tuple(c for c in self._lines.update(tracks) if self._wanted(c)))
        return Seen(frame, tracks, self._tally.results(), frame.time_s - self._first_s)

    def result(self) -> CountResult:
        """The count; the last frame stands for as long as the others did on average."""
        between_s = self._last_s - self._first_s
        seconds = between_s * self._frames / (self._frames - 1) if self._frames > 1 else 0.0
        return CountResult(self._tally.results(), self._frames, seconds)

    def _wanted(self, crossing: Crossing) -> bool:
        if not self._settings.spans_s:
            return True
        from_s, to_s = self._settings.spans_s[crossing.line]
        return from_s <= crossing.time_s - self._first_s <= to_s
