"""The truth of a clip, read from NAME.truth.json; what the file does not have is absent, never guessed.

Times are seconds since the first frame.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from simpang_edge.data import MOTOR_VEHICLES

from .errors import BenchError

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Crossing:
    """One vehicle's contact point passing the stop line. id: as in NAME.boxes.parquet, "" where the truth has none."""

    time_s: float
    kind: str
    lane: int | None
    movement: str | None
    speed_mps: float
    id: str = ""


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue at one moment; tail_m: metres upstream of the stop line."""

    time_s: float
    vehicles: int
    tail_m: float


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that an operator should be told of; end_s None: it lasts to the end of the clip."""

    type: str
    begin_s: float
    end_s: float | None
    lane: int | None


@dataclass(frozen=True, slots=True)
class ApproachTruth:
    """One approach. greens: spans of green that began in the clip; cycle_s None: no signal."""

    approach: str
    length_m: float
    crossings: tuple[Crossing, ...]
    queue: tuple[Queue, ...]
    green_starts_s: tuple[float, ...]
    cycle_s: float | None
    green_s: float | None

    def motor(self) -> tuple[Crossing, ...]:
        """The crossings that count as traffic flow."""
        return tuple(c for c in self.crossings if c.kind in MOTOR_VEHICLES)

    def crossed(self, span: Span) -> tuple[Crossing, ...]:
        """Motor vehicles that crossed in [begin, end)."""
        return tuple(c for c in self.motor() if span[0] <= c.time_s < span[1])

    def samples(self, span: Span) -> tuple[Queue, ...]:
        """The queue's samples in [begin, end)."""
        return tuple(q for q in self.queue if span[0] <= q.time_s < span[1])

    def tail_m(self, span: Span) -> float | None:
        """The farthest tail in a span, at most the measured length; None without a sample."""
        return max((min(q.tail_m, self.length_m) for q in self.samples(span)), default=None)

    def vehicles(self, span: Span) -> int | None:
        """The most vehicles queued at once in a span; None without a sample, or with the tail beyond the view."""
        samples = self.samples(span)
        if not samples or any(q.tail_m > self.length_m for q in samples):
            return None
        return max(q.vehicles for q in samples)


@dataclass(frozen=True, slots=True)
class ClipTruth:
    """A clip. lost: spans in which the camera showed nothing that can be measured. incidents None: not recorded."""

    start_s: float
    seconds: float
    fps: float
    approaches: tuple[ApproachTruth, ...]
    lost: tuple[Span, ...]
    incidents: tuple[Incident, ...] | None

    def span(self, begin: datetime, end: datetime) -> Span:
        """The part of a published interval that lies in the clip."""
        return max(begin.timestamp() - self.start_s, 0.0), min(end.timestamp() - self.start_s, self.seconds)

    def seen_s(self, span: Span) -> float:
        """Seconds of a span in which the camera really showed the road."""
        lost_s = sum(max(0.0, min(span[1], end) - max(span[0], begin)) for begin, end in self.lost)
        return max(0.0, span[1] - span[0] - lost_s)

    def shows(self, time_s: float) -> bool:
        """Whether the camera showed the road at a time."""
        return not any(begin <= time_s < end for begin, end in self.lost)


def load(path: Path) -> ClipTruth:
    """Read NAME.truth.json. Raises `BenchError` naming the file and what is wrong with it."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return _clip(content)
    except (OSError, ValueError) as exc:
        raise BenchError(f"{path}: cannot be read: {exc}") from exc
    except (KeyError, TypeError) as exc:
        raise BenchError(f"{path}: not the truth of a clip: {exc!r}") from exc


def _clip(content: dict[str, Any]) -> ClipTruth:
    seconds = content["frames"] / content["fps"]
    faults = content.get("faults", ())
    return ClipTruth(
        start_s=datetime.fromisoformat(content["start_time"]).timestamp(),
        seconds=seconds,
        fps=float(content["fps"]),
        approaches=tuple(_approach(item) for item in content["approaches"]),
        lost=merged((row["begin_s"], row["end_s"]) for row in faults if row.get("measurable") is False),
        incidents=_incidents(content),
    )


def _approach(item: dict[str, Any]) -> ApproachTruth:
    passed = [row for row in item["crossings"] if row["time_s"] is not None]
    starts = [row["time_s"] for row in item.get("signal", ()) if row["state"] == "green" and row["time_s"] > 0]
    return ApproachTruth(
        approach=item["approach"],
        length_m=float(item["length_m"]),
        crossings=tuple(
            Crossing(
                row["time_s"], row["class"], row.get("lane"), row.get("movement"), row["speed_mps"], row.get("id", "")
            )
            for row in passed
        ),
        queue=tuple(Queue(row["time_s"], row["vehicles"], row["tail_m"]) for row in item["queue"]),
        green_starts_s=tuple(starts),
        cycle_s=item.get("cycle_s"),
        green_s=item.get("green_s"),
    )


def _incidents(content: dict[str, Any]) -> tuple[Incident, ...] | None:
    if "incidents" not in content:
        return None
    return tuple(
        Incident(row["type"], row["begin_s"], row.get("end_s"), row.get("lane")) for row in content["incidents"]
    )


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Overlapping spans as one."""
    out: list[Span] = []
    for begin, end in sorted(spans):
        if out and begin <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((begin, end))
    return tuple(out)
