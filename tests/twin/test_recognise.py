"""Recall of a detector on a clip, and contact sheets."""

from pathlib import Path

import cv2
import pyarrow.parquet as pq
import pytest
from simpang_twin import garage, recognise, sheet
from simpang_twin.errors import RenderError

ROOT = Path(__file__).parents[2]
CLIP = ROOT / "sample_videos" / "simpang_empat_pagi_timur.mp4"
WEIGHTS = ROOT / "models" / "simpang-n.onnx"


def test_every_well_visible_box_is_asked_for_once() -> None:
    """Frames 0 and 600 of the 640x360 clip: as many boxes asked for as the file has with at most 40 % hidden and at
    least 30 px of height, and most of its cars are found by a detector."""
    outcome = recognise.recognise(CLIP, WEIGHTS, every=600)

    t = pq.read_table(CLIP.with_name(f"{CLIP.stem}.boxes.parquet")).to_pylist()
    asked = [r for r in t if r["frame"] in (0, 600) and r["occluded"] <= 0.4 and r["y1"] - r["y0"] >= 30]
    assert outcome.frames == 2
    assert sum(r.asked for r in outcome.by_class) == sum(r.asked for r in outcome.by_model) == len(asked)
    cars = next(r for r in outcome.by_class if r.name == "car")
    assert 0.5 * cars.asked <= cars.found <= cars.asked
    assert cars.named <= cars.found


def test_a_clip_without_boxes_is_refused(tmp_path: Path) -> None:
    """The message names the missing file."""
    (tmp_path / "x.mp4").write_bytes(CLIP.read_bytes()[:2000])
    with pytest.raises(RenderError, match="x"):
        recognise.recognise(tmp_path / "x.mp4", WEIGHTS, every=1)


def test_a_contact_sheet_is_small_and_holds_all_tiles(tmp_path: Path) -> None:
    """Four frames in three columns are two rows of 424x238 px; at most 300 kB."""
    out = tmp_path / "s.jpg"

    sheet.write(CLIP, out, 4, boxes=False)

    assert out.stat().st_size <= 300_000
    assert cv2.imread(str(out)).shape == (2 * 238, 3 * 424, 3)


def test_steps_follow_the_way() -> None:
    """A pedestrian's cycle is 1.5 m in 8 drawn steps: 0.4 m is step int(0.4/1.5·8) = 2; what rolls has one pose."""
    assert garage.step_of("pedestrian", 0.4) == 2
    assert garage.step_of("pedestrian", 1.9) == 2
    assert garage.step_of("mpv", 12.3) == 0


def test_a_bicycles_wheels_turn_twice_with_its_cranks() -> None:
    """Two turns of a wheel of 0.34 m are 4·π·0.34 = 4.27 m, one cycle of 8 steps: 3 m are step int(3/4.27·8) = 5."""
    assert garage.step_of("bicycle", 3.0) == 5
    assert garage.step_of("bicycle", 3.0 + 4.2726) == 5


def test_a_name_picks_colours_like_a_number() -> None:
    """Ids that are numbers keep their looks; others have a fixed one of their own."""
    assert garage.look_of("17") == 17
    assert garage.look_of("bus-3") == garage.look_of("bus-3") != garage.look_of("bus-4")
