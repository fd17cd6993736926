"""Recorded detections instead of a model: a Parquet file in, the boxes of each frame out. The one file here that
touches pyarrow, and only when such a file is opened.

``model.path: NAME.boxes.parquet`` replays what a detector (or a simulation) found in the camera's video before, so that
tracker, ground and meter run exactly as in the street without the cost, or the errors, of detection. One row per box:

- ``time_s``: seconds since the first frame of the video
- ``x0 y0 x1 y1``: pixels of the video's picture (x1, y1 exclusive)
- ``class``: one of `KINDS`
- ``score``: 0 to 1 (left out: 1)

Other columns are ignored. A frame of which the file has no row holds no vehicle.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np

from .data import KINDS, Detections, Frame
from .errors import ModelError

NEEDED: Final = ("time_s", "x0", "y0", "x1", "y1", "class")

SAME_S: Final = 0.01
"""A recorded time at most this far from a frame's is that frame's: containers round time stamps."""


class RecordedDetector:
    """Replays the detections of a file. Time zero is that of the first frame it is asked about.

    Raises `ModelError` naming the file when it is missing, not of this form, or when pyarrow is not installed.
    """

    def __init__(self, path: Path) -> None:
        table = _read(path)
        order = np.argsort(np.asarray(table["time_s"], np.float64), kind="stable")
        self._time_s = np.asarray(table["time_s"], np.float64)[order]
        sides = [np.asarray(table[side], np.float32) for side in ("x0", "y0", "x1", "y1")]
        self._xyxy_px = np.column_stack(sides).reshape(-1, 4)[order]
        self._kind = _kinds(path, table["class"])[order]
        self._score = _scores(table, len(order))[order]
        self._path = path
        self._begin_s: float | None = None

    @property
    def model_id(self) -> str:
        """Says that no model ran."""
        return f"recorded {self._path.name}"

    def detect(self, frame: Frame) -> Detections:
        """The recorded boxes of this frame; none where the file has none."""
        if self._begin_s is None:
            self._begin_s = frame.time_s
        since_s = frame.time_s - self._begin_s
        begin, end = np.searchsorted(self._time_s, (since_s - SAME_S, since_s + SAME_S))
        rows = slice(int(begin), int(end))
        return Detections(frame.time_s, self._xyxy_px[rows], self._score[rows], self._kind[rows])


def _read(path: Path) -> dict[str, Any]:
    """The file's columns as lists."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as exc:
        raise ModelError(
            f"{path}: recorded detections need the Python package pyarrow: pip install 'simpang[record]'"
        ) from exc
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as exc:
        raise ModelError(f"{path}: cannot be read as recorded detections (Parquet): {exc}") from exc
    missing = [name for name in NEEDED if name not in table.column_names]
    if missing:
        raise ModelError(f"{path}: no column {', '.join(missing)}; recorded detections have {', '.join(NEEDED)}")
    wanted = [name for name in (*NEEDED, "score") if name in table.column_names]
    return {name: table[name].to_pylist() for name in wanted}


def _kinds(path: Path, names: list[str]) -> np.ndarray[Any, np.dtype[np.int64]]:
    unknown = sorted(set(names) - set(KINDS))
    if unknown:
        raise ModelError(f"{path}: unknown classes {', '.join(unknown)}; expected some of {', '.join(KINDS)}")
    number = {name: index for index, name in enumerate(KINDS)}
    return np.array([number[name] for name in names], np.int64)


def _scores(table: dict[str, Any], n: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.asarray(table["score"], np.float32) if "score" in table else np.ones(n, np.float32)
