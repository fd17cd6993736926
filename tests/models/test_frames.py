"""Frames of the twin become labelled pictures."""

from pathlib import Path

import numpy as np
import pytest
from simpang_models.boxes import BUS, CAR, MOTORCYCLE, TRUCK, make_boxes
from simpang_models.frames import from_scenario, yolo_lines
from simpang_models.labels import label_path, pictures_of, read_yolo
from simpang_models.pictures import read_picture

MINI = Path(__file__).resolve().parents[2] / "sample_videos" / "scenarios" / "mini.yaml"


def test_yolo_lines_by_hand() -> None:
    """Corners in pixels become centre and size in fractions."""
    boxes = make_boxes([[400, 80, 600, 120], [0, 0, 10, 20]], [1, 1], [CAR, MOTORCYCLE])
    # (400+600)/2/1000 = 0.5, (80+120)/2/400 = 0.25, 200/1000 = 0.2, 40/400 = 0.1; then 5/1000, 10/400, 10/1000, 20/400
    assert yolo_lines(boxes, 1000, 400) == [
        "1 0.50000 0.25000 0.20000 0.10000\n",
        "0 0.00500 0.02500 0.01000 0.05000\n",
    ]


def test_pictures_of_a_scenario_carry_its_boxes(tmp_path: Path) -> None:
    """Every 60th of 75 frames of the short scenario: two pictures, with vehicles inside them and their kinds."""
    drawn: list[None] = []
    assert from_scenario(MINI, tmp_path / "twin_a", 60, lambda: drawn.append(None)) == 2
    assert len(drawn) == 2
    pictures = pictures_of(tmp_path, "twin_a")
    assert [p.name for p in pictures] == ["mini_00000.jpg", "mini_00060.jpg"]
    assert read_picture(pictures[1]).shape == (360, 640, 3)
    found = read_yolo(label_path(pictures[1]), 640, 360)
    assert len(found) >= 3
    assert set(found.kind.tolist()) <= {MOTORCYCLE, CAR, BUS, TRUCK}
    assert np.all(found.xyxy_px[:, 2:] - found.xyxy_px[:, :2] >= 3.9)  # 4 px, rounded to five digits of a fraction


def test_faults_of_the_stream_do_not_part_pictures_from_their_boxes(tmp_path: Path) -> None:
    """A camera that loses half its frames and freezes gives the same pictures and labels as one that does not: each
    picture is drawn at its own time, and its boxes are those of that time."""
    faults = "[{type: dropped, from_s: 0, share: 0.5}, {type: frozen, from_s: 1, to_s: 5}]"
    whole, faulty = MINI.read_text(), tmp_path / "mini.yaml"
    faulty.write_text(whole.replace("    length_m: 60", f"    length_m: 60\n    faults: {faults}"))
    assert faulty.read_text() != whole

    for file, name in ((MINI, "twin_whole"), (faulty, "twin_faulty")):
        assert from_scenario(file, tmp_path / name, 37, lambda: None) == 3  # frames 0, 37 and 74 of 75

    for part in ("images", "labels"):
        first, second = (sorted((tmp_path / name / part).iterdir()) for name in ("twin_whole", "twin_faulty"))
        assert [p.name for p in first] == [p.name for p in second]
        assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]
    assert len({p.read_bytes() for p in second}) == 3  # the traffic moves on in the labels while the stream is frozen


def test_a_wrong_scenario_is_said(tmp_path: Path) -> None:
    """A file that is no scenario is named."""
    (tmp_path / "bad.yaml").write_text("name: bad")
    with pytest.raises(ValueError, match=r"bad\.yaml"):
        from_scenario(tmp_path / "bad.yaml", tmp_path / "twin_b", 60, lambda: None)
