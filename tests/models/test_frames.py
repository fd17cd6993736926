"""Frames of the twin become labelled pictures."""

from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from simpang_models.boxes import CAR, CLASSES, MOTORCYCLE, make_boxes
from simpang_models.frames import from_twin, yolo_lines
from simpang_models.labels import label_path, pictures_of, read_yolo
from simpang_models.pictures import read_picture

CLIP = Path(__file__).resolve().parents[2] / "sample_videos" / "simpang_empat_pagi.mp4"


def test_yolo_lines_by_hand() -> None:
    """Corners in pixels become centre and size in fractions."""
    boxes = make_boxes([[400, 80, 600, 120], [0, 0, 10, 20]], [1, 1], [CAR, MOTORCYCLE])
    # (400+600)/2/1000 = 0.5, (80+120)/2/400 = 0.25, 200/1000 = 0.2, 40/400 = 0.1; then 5/1000, 10/400, 10/1000, 20/400
    assert yolo_lines(boxes, 1000, 400) == [
        "1 0.50000 0.25000 0.20000 0.10000\n",
        "0 0.00500 0.02500 0.01000 0.05000\n",
    ]


def test_labels_are_the_twins_truth(tmp_path: Path) -> None:
    """Each written picture carries the boxes that the clip's truth states for that frame, hidden ones left out."""
    assert from_twin(CLIP, tmp_path / "twin_a", every=500) == 3  # frames 0, 500, 1000 of 1125
    pictures = pictures_of(tmp_path, "twin_a")
    picture = read_picture(pictures[1])
    found = read_yolo(label_path(pictures[1]), picture.shape[1], picture.shape[0])
    rows = [
        r for r in parquet.read_table(CLIP.with_name(f"{CLIP.stem}.boxes.parquet")).to_pylist() if r["frame"] == 500
    ]
    seen = [r for r in rows if r["occluded"] <= 0.8 and min(r["x1"] - r["x0"], r["y1"] - r["y0"]) >= 4]
    assert [CLASSES[k] for k in found.kind] == [r["class"] for r in seen]
    assert found.xyxy_px[:, 0].tolist() == pytest.approx([r["x0"] for r in seen], abs=0.1)
