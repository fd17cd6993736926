"""What of a clip's traffic could be seen at all, from NAME.boxes.parquet."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq
from simpang_edge.data import MOTOR_VEHICLES

from .perfect import Eyes
from .truths import Span

SHOWN_FRAMES: Final = 3
COLUMNS: Final = ("id", "class", "time_s", "lane", "along_front_m", "occluded")


@dataclass(frozen=True, slots=True)
class Boxes:
    """hidden: ids of vehicles that showed 30 % or more in fewer than three pictures before the line.

    time_s, along_m (N,): of every box of a motor vehicle on the approach that shows so much; step_s: between frames.
    all_s, all_ids (M,): of every box of the clip.
    """

    hidden: frozenset[str]
    time_s: np.ndarray[Any, Any]
    along_m: np.ndarray[Any, Any]
    step_s: float
    all_s: np.ndarray[Any, Any]
    all_ids: np.ndarray[Any, Any]

    def at(self, time_s: float) -> frozenset[str]:
        """Ids of all that are in the picture in the last frame before a time."""
        last = (self.all_s < time_s - 1e-6) & (self.all_s > time_s - 1.5 * self.step_s)
        return frozenset(self.all_ids[last].tolist())

    def density_vpm(self, spans: Sequence[Span], length_m: float) -> float:
        """Edie's density of what could be seen in some spans: Σ time / (length · time), domain reference section 1."""
        on_road = (self.along_m > 0) & (self.along_m < length_m)
        inside = sum(int((on_road & (self.time_s >= a) & (self.time_s < b)).sum()) for a, b in spans)
        return float(inside * self.step_s / (length_m * sum(b - a for a, b in spans)))


def load(path: Path, fps: float) -> Boxes | None:
    """Read the boxes; None where there are none, or where they do not say how far along each is."""
    if not path.is_file():
        return None
    table = pq.read_table(path)
    if not set(COLUMNS) <= set(table.column_names):
        return None
    column = {name: np.asarray(table[name].to_pylist(), dtype=object) for name in COLUMNS}
    along_m = column["along_front_m"].astype(np.float64)
    shown = column["occluded"].astype(np.float64) <= Eyes().hidden_ratio
    before = along_m > 0
    often = Counter(column["id"][before & shown].tolist())
    hidden = frozenset(name for name in set(column["id"][before].tolist()) if often[name] < SHOWN_FRAMES)
    flow = shown & np.isin(column["class"], MOTOR_VEHICLES) & (column["lane"] != None)  # noqa: E711  # elementwise
    time_s = column["time_s"].astype(np.float64)
    return Boxes(hidden, time_s[flow], along_m[flow], 1 / fps, time_s, column["id"])
