"""What a perfect measurement of a looping clip would say, from NAME.truth.json. Needs only the standard library."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Crossing:
    """One vehicle passing the stop line; the time is that of the contact point that the camera sees."""

    time_s: float
    kind: str
    speed_mps: float


@dataclass(frozen=True, slots=True)
class Expected:
    """The truth of the first seconds of a clip that is played again and again.

    counts: crossings by class.
    mean_speed_kmh: mean speed at the line; None without a crossing.
    queue_max_m: farthest tail of the queue, metres upstream of the stop line.
    """

    counts: dict[str, int]
    mean_speed_kmh: float | None
    queue_max_m: float


@dataclass(frozen=True, slots=True)
class ApproachTruth:
    """The truth of one approach of one clip that lasts `seconds`."""

    approach: str
    seconds: float
    crossings: tuple[Crossing, ...]
    queue: tuple[tuple[float, float], ...]

    def expected(self, observed_s: float) -> Expected:
        """The truth of what was played: whole passes of the clip and the begun one."""
        passes, rest_s = divmod(observed_s, self.seconds)
        seen = list(self.crossings) * int(passes) + [c for c in self.crossings if c.time_s <= rest_s]
        limit_s = self.seconds if passes else rest_s
        return Expected(
            counts=dict(Counter(c.kind for c in seen)),
            mean_speed_kmh=3.6 * sum(c.speed_mps for c in seen) / len(seen) if seen else None,
            queue_max_m=max((tail_m for time_s, tail_m in self.queue if time_s <= limit_s), default=0.0),
        )


@dataclass(frozen=True, slots=True)
class ClipTruth:
    """A clip and the truth of its approaches."""

    clip: Path
    approaches: tuple[ApproachTruth, ...]

    @property
    def camera_file(self) -> Path:
        """The camera's configuration beside the clip."""
        return self.clip.with_name(f"{self.clip.stem}.camera.yaml")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read ``NAME.truth.json``. Raises `OSError` or `KeyError` for a file that is not one."""
        content = json.loads(path.read_text(encoding="utf-8"))
        seconds = content["frames"] / content["fps"]
        return cls(path.with_name(content["clip"]), tuple(_approach(item, seconds) for item in content["approaches"]))


def _approach(item: dict[str, Any], seconds: float) -> ApproachTruth:
    return ApproachTruth(
        approach=item["approach"],
        seconds=seconds,
        crossings=tuple(Crossing(row["time_s"], row["class"], row["speed_mps"]) for row in item["crossings"]),
        queue=tuple((row["time_s"], row["tail_m"]) for row in item["queue"]),
    )
