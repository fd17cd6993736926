"""The truth of a sample clip, worked out from where every vehicle was in every frame, apart from the software."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

CLIPS = Path(__file__).parents[2] / "sample_videos"
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Vehicle:
    """One vehicle that came through the approach: its rows of the boxes file, straight between them where hidden.

    Times are those of the clip's frames from its first row in the approach to its last; bumpers in metres upstream.
    """

    kind: str
    time_s: Array
    front_m: Array
    rear_m: Array
    speed_mps: Array
    lane: Array

    def at(self, place_m: float) -> float | None:
        """When its front came to a place, None when it did not."""
        i = np.flatnonzero((self.front_m[:-1] > place_m) & (self.front_m[1:] <= place_m))
        if not len(i):
            return None
        a, b = self.front_m[i[0]], self.front_m[i[0] + 1]
        return float(self.time_s[i[0]] + (a - place_m) / (a - b) * (self.time_s[1] - self.time_s[0]))


@dataclass(frozen=True)
class Truth:
    """All vehicles of a clip, and what its truth file says of the approach."""

    content: dict[str, Any]
    vehicles: tuple[Vehicle, ...]

    @property
    def approach(self) -> dict[str, Any]:
        """The truth file's approach."""
        first: dict[str, Any] = self.content["approaches"][0]
        return first

    @property
    def length_m(self) -> float:
        """Measured length."""
        return float(self.approach["length_m"])

    @property
    def duration_s(self) -> float:
        """Of the clip."""
        return float(self.content["frames"] / self.content["fps"])

    def crossed(self, from_s: float, to_s: float) -> list[Vehicle]:
        """Vehicles whose front crossed the line in [from, to)."""
        return [v for v in self.vehicles if (t := v.at(0.0)) is not None and from_s <= t < to_s]

    def delay_s(self, vehicles: Iterable[Vehicle], free_mps: float) -> float:
        """Mean of actual minus free-flow time from the far end to the line, of those that did both in the clip."""
        times = [(v.at(self.length_m), v.at(0.0)) for v in vehicles]
        return float(np.mean([b - a - self.length_m / free_mps for a, b in times if a is not None and b is not None]))

    def density_vpm(self, from_s: float, to_s: float) -> float:
        """Edie: seconds spent on the measured length over length times seconds."""
        step_s = 1 / self.content["fps"]
        inside = [
            ((v.front_m > 0) & (v.front_m <= self.length_m) & (v.time_s >= from_s) & (v.time_s < to_s)).sum()
            for v in self.vehicles
        ]
        return float(sum(inside) * step_s / (self.length_m * (to_s - from_s)))

    def occupancy_ratio(self, from_s: float, to_s: float) -> float:
        """Share of frames in which somebody covers the 2 m before the line, mean of the lanes."""
        frames = {
            (lane, round(t * self.content["fps"]))
            for v in self.vehicles
            for t, front, rear, lane in zip(v.time_s, v.front_m, v.rear_m, v.lane, strict=True)
            if from_s <= t < to_s and front < 2 and rear > 0
        }
        return len(frames) / ((to_s - from_s) * self.content["fps"]) / float(self.approach["lanes"])

    def greens(self) -> list[tuple[float, float]]:
        """(start, end) of the greens whose start lies in the clip; the end is when yellow comes."""
        signal = self.approach["signal"]
        pairs = zip(signal, [*signal[1:], {"time_s": self.duration_s}], strict=True)
        return [(a["time_s"], b["time_s"]) for a, b in pairs if a["state"] == "green" and a["time_s"] > 0]


def read(clip: str) -> Truth:
    """The truth of a clip of `sample_videos`."""
    content = json.loads((CLIPS / f"{clip}.truth.json").read_text())
    columns = ("id", "class", "time_s", "along_front_m", "along_rear_m", "speed_mps", "lane")
    table = pq.read_table(CLIPS / f"{clip}.boxes.parquet", columns=list(columns)).to_pydict()
    rows: dict[str, list[int]] = defaultdict(list)
    for i, vehicle in enumerate(table["id"]):
        rows[vehicle].append(i)
    found = [_vehicle(table, own, content["fps"]) for own in rows.values()]
    return Truth(content, tuple(v for v in found if v is not None))


def _vehicle(table: dict[str, list[Any]], rows: list[int], fps: float) -> Vehicle | None:
    """A vehicle from its first row in a lane of the approach on; None for one that never was in it."""
    begin = next((n for n, i in enumerate(rows) if table["lane"][i]), None)
    if begin is None or len(rows) - begin < 2:
        return None
    rows = rows[begin:]
    seen_s = np.array([table["time_s"][i] for i in rows])
    time_s = np.arange(round(seen_s[0] * fps), round(seen_s[-1] * fps) + 1) / fps

    def between(name: str) -> Array:
        return np.asarray(np.interp(time_s, seen_s, [float(table[name][i]) for i in rows]))

    lanes = np.array([float(table["lane"][i] or np.nan) for i in rows])
    known = np.flatnonzero(np.isfinite(lanes))
    latest = lanes[known[np.searchsorted(known, np.arange(len(rows)), side="right") - 1]]
    nearest = np.clip(np.searchsorted(seen_s, time_s, side="right") - 1, 0, None)
    return Vehicle(
        table["class"][rows[0]],
        time_s,
        between("along_front_m"),
        between("along_rear_m"),
        between("speed_mps"),
        latest[nearest],
    )
