"""The clip benchmark: counted crossings of real videos beside the truth counted by hand.

A clip's ``NAME.truth.json`` holds ``line`` (two points in pixels), ``frame_range`` (first and last frame that
count), ``counts`` by class, ``total``, ``by_direction`` (up, down, left or right in the picture, by class) and the
same again for each of its ``extra_lines``.
"""

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from .count import VEHICLES, CountSettings, LineResult, count_video
from .data import KINDS
from .errors import ConfigurationError
from .lines import Line

_WAYS: Final = {"up": (0.0, -1.0), "down": (0.0, 1.0), "left": (-1.0, 0.0), "right": (1.0, 0.0)}


@dataclass(frozen=True, slots=True)
class LineTruth:
    """What was counted by hand over one line: its span in seconds from the first frame, and the figures."""

    line: Line
    span_s: tuple[float, float]
    counts: dict[str, int]
    directions: dict[str, int]

    def total(self) -> int:
        """All vehicles."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Clip:
    """A video and its truth."""

    video: Path
    lines: tuple[LineTruth, ...]


@dataclass(frozen=True, slots=True)
class LineScore:
    """One line of one clip: truth and count, in total, by class and by direction (truth, count)."""

    clip: str
    number: int
    truth: int
    count: int
    classes: dict[str, tuple[int, int]]
    directions: dict[str, tuple[int, int]]
    frames: int
    took_s: float

    def error(self) -> int:
        """Counted too many (positive) or too few."""
        return self.count - self.truth

    def frames_per_s(self) -> float:
        """Frames analysed per second of processing, decoding and loading included."""
        return self.frames / self.took_s

    def as_object(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "clip": self.clip,
            "line": self.number,
            "truth": self.truth,
            "count": self.count,
            "error": self.error(),
            "classes": {k: {"truth": t, "count": c, "error": c - t} for k, (t, c) in self.classes.items()},
            "directions": {k: {"truth": t, "count": c, "error": c - t} for k, (t, c) in self.directions.items()},
            "frames": self.frames,
            "frames_per_s": round(self.frames_per_s(), 2),
        }


def clips(folder: Path) -> tuple[Clip, ...]:
    """The clips of a folder that have a truth. Raises `ConfigurationError` when there is none or one is not right."""
    found = tuple(_clip(path) for path in sorted(folder.glob("*.truth.json")) if _counts_lines(path))
    if not found:
        raise ConfigurationError(f"{folder}: no NAME.truth.json with a line to count over")
    return found


def measure(clip: Clip, settings: CountSettings) -> tuple[LineScore, ...]:
    """Count one clip and compare."""
    spans = tuple(truth.span_s for truth in clip.lines)
    lines = tuple(truth.line for truth in clip.lines)
    began_s = time.perf_counter()
    result = count_video(str(clip.video), lines, replace(settings, spans_s=spans))
    took_s = time.perf_counter() - began_s
    return tuple(
        _score(clip.video.name, number, truth, row, result.frames, took_s)
        for number, (truth, row) in enumerate(zip(clip.lines, result.lines, strict=True), start=1)
    )


def _score(clip: str, number: int, truth: LineTruth, row: LineResult, frames: int, took_s: float) -> LineScore:
    counts = row.counts()
    classes = {kind: (truth.counts.get(kind, 0), int(counts[KINDS.index(kind)])) for kind in VEHICLES}
    return LineScore(
        clip=clip,
        number=number,
        truth=truth.total(),
        count=row.total(),
        classes={kind: pair for kind, pair in classes.items() if any(pair)},
        directions={way: (n, _one_way(way, row)) for way, n in truth.directions.items()},
        frames=frames,
        took_s=took_s,
    )


def _one_way(way: str, row: LineResult) -> int:
    """Vehicles counted in a direction of the picture: forward when it leads to the line's right-hand side."""
    (x, y), (nx, ny) = _WAYS[way], row.line.normal()
    counts = row.forward if x * nx + y * ny > 0 else row.backward
    return int(sum(counts[KINDS.index(kind)] for kind in VEHICLES))


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise ConfigurationError(f"{path}: cannot be read as JSON: {exc}") from exc
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path}: expected a JSON object")
    return content


def _counts_lines(path: Path) -> bool:
    return "line" in _content(path)


def _clip(path: Path) -> Clip:
    content = _content(path)
    try:
        fps = float(content["fps"])
        lines = tuple(_line_truth(item, fps) for item in (content, *content.get("extra_lines", ())))
        return Clip(path.with_name(content["clip"]), lines)
    except (KeyError, TypeError, ValueError) as exc:
        raise ConfigurationError(f"{path}: not the truth of a clip: {exc!r}") from exc


def _line_truth(item: dict[str, Any], fps: float) -> LineTruth:
    (x1, y1), (x2, y2) = item["line"]
    first, last = item["frame_range"]
    directions = {way: sum(counts.values()) for way, counts in item["by_direction"].items()}
    return LineTruth(Line(x1, y1, x2, y2), (first / fps, last / fps), item["counts"], directions)
