"""Perfect detection: the truth's boxes as recorded detections for the worker, with a stated noise.

What a detector that finds everything visible would give: the visible extent of every vehicle, each side off by a
normally distributed error, and nothing of vehicles that are mostly hidden or only a few pixels wide.
"""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from simpang_edge.data import KINDS

from .errors import BenchError


@dataclass(frozen=True, slots=True)
class Eyes:
    """How perfect detection sees.

    noise_px: standard deviation of each side of a box. hidden_ratio: a vehicle with more than this share of its
    outline hidden is not found. least_px: nor is one that is narrower or lower than this. seed: of the noise.
    """

    noise_px: float = 1.0
    hidden_ratio: float = 0.7
    least_px: float = 6.0
    seed: int = 1
    score: float = 0.9


def record(boxes: Path, size_px: tuple[int, int], eyes: Eyes, target: Path) -> None:
    """Write the detections of `eyes` from a clip's NAME.boxes.parquet. Raises `BenchError`."""
    if not boxes.is_file():
        raise BenchError(f"{boxes}: no such file; perfect detection needs the true boxes of a clip")
    table = pq.read_table(boxes)
    true_px = np.column_stack([np.asarray(table[side], np.float64) for side in ("x0", "y0", "x1", "y1")]).reshape(-1, 4)
    kinds = np.asarray(table["class"].to_pylist(), dtype=object)
    seen = visible(true_px, np.asarray(table["occluded"], np.float64), eyes) & np.isin(kinds, KINDS)
    noisy_px = jitter(true_px, size_px, eyes, zlib.crc32(boxes.name.encode()))
    columns: dict[str, Any] = {
        side: noisy_px[seen, i].astype(np.float32) for i, side in enumerate(("x0", "y0", "x1", "y1"))
    }
    columns |= {
        "time_s": np.asarray(table["time_s"], np.float64)[seen],
        "class": kinds[seen].tolist(),
        "score": np.full(int(seen.sum()), eyes.score, np.float32),
    }
    pq.write_table(pa.table(columns), target)


def visible(xyxy_px: np.ndarray[Any, Any], occluded: np.ndarray[Any, Any], eyes: Eyes) -> np.ndarray[Any, Any]:
    """bool (N,): which boxes (N, 4) of vehicles hidden by these shares (N,) are found."""
    sides_px = xyxy_px[:, 2:] - xyxy_px[:, :2]
    return np.asarray((occluded <= eyes.hidden_ratio) & (sides_px >= eyes.least_px).all(axis=1))


def jitter(xyxy_px: np.ndarray[Any, Any], size_px: tuple[int, int], eyes: Eyes, seed: int) -> np.ndarray[Any, Any]:
    """The boxes (N, 4) with noise on each side, inside the picture; a side at the border stays there."""
    noise = np.random.default_rng([eyes.seed, seed]).normal(0.0, eyes.noise_px, xyxy_px.shape) if eyes.noise_px else 0.0
    limit = np.array(size_px * 2, np.float64)
    at_border = (xyxy_px <= 0) | (xyxy_px >= limit)
    return np.asarray(np.clip(np.where(at_border, xyxy_px, xyxy_px + noise), 0, limit))
