"""A model's detections of a clip, found once and kept: the same detections can then be measured by other rules."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from simpang_edge.clock import SystemClock
from simpang_edge.config import Box, load
from simpang_edge.data import KINDS, Detections
from simpang_edge.detectors import open_detector
from simpang_edge.errors import ConfigurationError, ModelError, SourceEnded
from simpang_edge.source import open_source

from .errors import BenchError

MODEL = b"simpang.model"
TIMES = b"simpang.times_s"


def file_of(folder: Path, name: str, fps: float) -> Path:
    """Where a clip's detections are kept."""
    return folder / f"{name}.{fps:g}fps.detections.parquet"


def kept(target: Path, box_file: Path) -> Path:
    """The detections of the only camera of a configuration, in `target`; found now where they are not there.

    Raises `BenchError` for a file that another model made, and for what the model or the clip raises.
    """
    try:
        box = load(box_file)
        detector = open_detector(box.model)
        if not target.exists():
            _write(target, box, detector)
        made_by = (pq.read_schema(target).metadata or {}).get(MODEL, b"?").decode()
    except (ConfigurationError, ModelError) as exc:
        raise BenchError(str(exc)) from exc
    if made_by != _stamp(box, detector):
        raise BenchError(
            f"{target}: made by {made_by}, not by {_stamp(box, detector)}: name another folder, or remove it"
        )
    return target


def frame_times_s(target: Path) -> list[float]:
    """When the frames of kept detections were, also those in which nothing was found, seconds since the first."""
    times_s: list[float] = json.loads((pq.read_schema(target).metadata or {})[TIMES])
    return times_s


def _stamp(box: Box, detector: Any) -> str:
    return json.dumps([detector.model_id, box.model.size, box.cameras[0].analysis_fps])


def _write(target: Path, box: Box, detector: Any) -> None:
    """Read the clip as the worker does, and keep what the detector finds."""
    columns: dict[str, list[Any]] = {name: [] for name in ("time_s", "x0", "y0", "x1", "y1", "class", "score")}
    source = open_source(box.cameras[0], SystemClock())
    times_s: list[float] = []
    begin_s: float | None = None
    try:
        while True:
            frame = source.read(1.0)
            if frame is not None:
                begin_s = frame.time_s if begin_s is None else begin_s
                times_s.append(frame.time_s - begin_s)
                _add(columns, detector.detect(frame), times_s[-1])
    except SourceEnded:
        pass
    finally:
        source.close()
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".unfinished")
    facts = {MODEL: _stamp(box, detector).encode(), TIMES: json.dumps(times_s).encode()}
    table = pa.table(columns).replace_schema_metadata(facts)
    pq.write_table(table, unfinished, compression="zstd")
    unfinished.replace(target)


def _add(columns: dict[str, list[Any]], found: Detections, time_s: float) -> None:
    columns["time_s"] += [time_s] * len(found)
    for side, values in zip(("x0", "y0", "x1", "y1"), found.xyxy_px.T.tolist(), strict=True):
        columns[side] += values
    columns["class"] += [KINDS[kind] for kind in found.kind.tolist()]
    columns["score"] += found.score.tolist()
