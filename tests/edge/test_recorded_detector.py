"""Recorded detections replayed in place of a model."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from simpang_edge.config import Box
from simpang_edge.data import KINDS, Frame
from simpang_edge.detectors import open_detector
from simpang_edge.errors import ModelError
from simpang_edge.recorded_detector import RecordedDetector

ROWS = {
    "time_s": [0.08, 0.0, 0.08],
    "x0": [11.0, 10.0, 50.0],
    "y0": [20.0, 20.0, 60.0],
    "x1": [31.0, 30.0, 80.0],
    "y1": [40.0, 40.0, 90.0],
    "class": ["car", "car", "motorcycle"],
}


def written(folder: Path, **columns: list[Any]) -> Path:
    """A recording of two frames: one box, then two."""
    path = folder / "clip.boxes.parquet"
    pq.write_table(pa.table({**ROWS, **columns}), path)
    return path


def frame(time_s: float) -> Frame:
    """A black picture."""
    return Frame(time_s, np.zeros((100, 100, 3), np.uint8))


def test_each_frame_gets_the_boxes_recorded_for_its_time(tmp_path: Path) -> None:
    """Time counts from the first frame; 2 ms of rounding in a container do not matter."""
    detector = RecordedDetector(written(tmp_path))
    first, second, third = (detector.detect(frame(1000.0 + since_s)) for since_s in (0.0, 0.082, 0.16))
    assert first.xyxy_px.tolist() == [[10, 20, 30, 40]]
    assert second.xyxy_px.tolist() == [[11, 20, 31, 40], [50, 60, 80, 90]]
    assert [KINDS[kind] for kind in second.kind] == ["car", "motorcycle"]
    assert len(third) == 0


def test_scores_are_one_unless_recorded(tmp_path: Path) -> None:
    """A recording without scores is sure of its boxes; one with them keeps them."""
    assert RecordedDetector(written(tmp_path)).detect(frame(0.0)).score.tolist() == [1.0]
    scored = RecordedDetector(written(tmp_path, score=[0.5, 0.25, 0.5]))
    assert scored.detect(frame(0.0)).score.tolist() == [0.25]


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        pytest.param({"class": ["car", "tank", "car"]}, "tank", id="a class that is none of ours"),
        pytest.param({"x9": [1.0, 2.0, 3.0]}, "", id="a further column is no fault"),
    ],
)
def test_a_recording_is_checked_when_it_is_opened(tmp_path: Path, columns: dict[str, list[Any]], named: str) -> None:
    """The error names what is wrong and what is allowed."""
    path = written(tmp_path, **columns)
    if not named:
        assert RecordedDetector(path).model_id == "recorded clip.boxes.parquet"
        return
    with pytest.raises(ModelError, match=named):
        RecordedDetector(path)


def test_a_file_that_is_no_recording_is_named(tmp_path: Path) -> None:
    """A missing column, a file of another kind and a missing file give an error with the file's name."""
    short = tmp_path / "short.parquet"
    pq.write_table(pa.table({"time_s": [0.0]}), short)
    wrong = tmp_path / "wrong.parquet"
    wrong.write_text("no Parquet")
    for path in (short, wrong, tmp_path / "none.parquet"):
        with pytest.raises(ModelError, match=path.name):
            RecordedDetector(path)


def test_a_configuration_chooses_the_recording_by_its_suffix(tmp_path: Path) -> None:
    """model.path NAME.parquet opens a recording."""
    box = Box.model_validate(
        {"site": "s", "model": {"path": written(tmp_path)}, "cameras": [{"id": "c", "source": "clip.mp4"}]}
    )
    assert isinstance(open_detector(box.model), RecordedDetector)


@pytest.mark.parametrize(
    "cameras",
    [
        pytest.param([{"id": "a", "source": "a.mp4"}, {"id": "b", "source": "b.mp4"}], id="two cameras"),
        pytest.param([{"id": "a", "source": "a.mp4", "loop": True}], id="looped"),
        pytest.param([{"id": "a", "source": "rtsp://10.0.0.1/1"}], id="live"),
    ],
)
def test_a_recording_belongs_to_one_video_played_once(cameras: list[dict[str, Any]]) -> None:
    """Otherwise its end, or another picture, would be published as an empty road."""
    with pytest.raises(ValueError, match="recorded detections belong to one camera"):
        Box.model_validate({"site": "s", "model": {"path": "x.parquet"}, "cameras": cameras})
