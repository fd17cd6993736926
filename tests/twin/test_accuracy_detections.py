"""A model's detections are found once and measured again by other rules."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from simpang_twin.accuracy import detections
from simpang_twin.accuracy.errors import BenchError
from simpang_twin.accuracy.running import Detector, write_box

from . import scripted
from .scripted import FPS, Actor, way


def test_detections_are_kept_with_their_frames_and_taken_again(tmp_path: Path) -> None:
    """Of 2 s at 12.5 pictures a second, all of them analysed, there are 25 frames, 0.08 s apart; the second run reads
    the same file, and one of another input size is refused."""
    case = scripted.write(tmp_path, "short", [Actor(way((0, 50), (2, 30)), None)], 2.0, range(25))
    truth = json.loads(case.truth.read_text())
    kept = tmp_path / "kept"
    first = write_box(case, Detector("model", kept=kept), FPS, truth, 1, tmp_path)
    file = detections.file_of(kept, "short", FPS)
    assert str(file) in first.read_text()
    times_s = detections.frame_times_s(file)
    assert len(times_s) == 25
    assert times_s[24] == pytest.approx(24 * 0.08, abs=0.01)
    assert {"time_s", "x0", "y0", "x1", "y1", "class", "score"} == set(pq.read_schema(file).names)
    made_ns = file.stat().st_mtime_ns
    write_box(case, Detector("model", kept=kept), FPS, truth, 1, tmp_path)
    assert file.stat().st_mtime_ns == made_ns
    with pytest.raises(BenchError, match="name another folder"):
        write_box(case, Detector("model", kept=kept, size="416x256"), FPS, truth, 1, tmp_path)
