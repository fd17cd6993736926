"""`simpang models` as a user meets it."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from simpang_models.cli import app, parse_size, training_sets
from typer.testing import CliRunner

KINDS = {"motorcycle", "car", "bus", "truck", "bicycle", "person", "three_wheeler"}


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A road-like picture: sky, asphalt, and a dark car seen from behind."""
    canvas = np.full((360, 640, 3), (200, 190, 180), np.uint8)
    canvas[150:] = (95, 95, 95)
    cv2.rectangle(canvas, (280, 190), (380, 270), (40, 20, 20), -1)
    cv2.rectangle(canvas, (292, 198), (368, 225), (120, 110, 100), -1)
    cv2.rectangle(canvas, (282, 235), (300, 245), (30, 30, 220), -1)
    cv2.rectangle(canvas, (360, 235), (378, 245), (30, 30, 220), -1)
    path = tmp_path / "road.png"
    assert cv2.imwrite(str(path), canvas)
    return path


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.stdout, result.stderr


def test_detect_prints_the_promised_json(picture: Path) -> None:
    """One object per picture with image and detections; each detection has class, score and box in its picture."""
    code, out, _ = run("detect", str(picture), str(picture), "--min-score", "0.05", "--json")
    assert code == 0
    rows = json.loads(out)
    assert [r["image"] for r in rows] == [str(picture)] * 2
    assert rows[0]["detections"] == rows[1]["detections"]
    for found in rows[0]["detections"]:
        assert set(found) == {"class", "score", "box"}
        assert found["class"] in KINDS
        assert 0.05 <= found["score"] <= 1
        x0, y0, x1, y1 = found["box"]
        assert 0 <= x0 < x1 <= 640
        assert 0 <= y0 < y1 <= 360


def test_detect_honours_the_lowest_score(picture: Path) -> None:
    """Nothing below --min-score is printed."""
    code, out, _ = run("detect", str(picture), "--min-score", "0.99", "--json")
    assert code == 0
    assert json.loads(out) == [{"image": str(picture), "detections": []}]


@pytest.mark.parametrize("content", [None, b"this is no picture"], ids=["missing", "unreadable"])
def test_a_bad_picture_is_named(tmp_path: Path, content: bytes | None) -> None:
    """A missing or unreadable picture ends with exit code 2 and its path on standard error."""
    path = tmp_path / "bad.jpg"
    if content is not None:
        path.write_bytes(content)
    code, out, said = run("detect", str(path), "--json")
    assert (code, out) == (2, "")
    assert str(path) in said


@pytest.mark.parametrize("content", [None, b"this is no model"], ids=["missing", "corrupt"])
def test_a_bad_model_is_named(picture: Path, tmp_path: Path, content: bytes | None) -> None:
    """A missing or corrupt model ends with exit code 2 and its path on standard error."""
    path = tmp_path / "bad.onnx"
    if content is not None:
        path.write_bytes(content)
    code, out, said = run("detect", str(picture), "--model", str(path), "--json")
    assert (code, out) == (2, "")
    assert str(path) in said


@pytest.mark.parametrize("text", ["640", "640x", "640x380", "0x32", "x"])
def test_impossible_sizes_are_refused(text: str) -> None:
    """A size is WIDTHxHEIGHT, both positive multiples of 32; the message quotes what was given."""
    with pytest.raises(ValueError, match=f"size '{text}'"):
        parse_size(text)


def test_size_is_width_by_height() -> None:
    """640x384 is 640 wide and 384 high."""
    assert parse_size("640x384") == (640, 384)


def test_verify_accepts_what_is_shipped() -> None:
    """`verify` says of the shipped model that it is as registered."""
    code, out, _ = run("verify")
    assert code == 0
    assert "simpang-n.onnx: as registered" in out


def test_list_shows_figures() -> None:
    """`list --json` names the default model with its measured figures."""
    code, out, _ = run("list", "--json")
    assert code == 0
    entry = next(e for e in json.loads(out) if e["name"] == "simpang-n")
    assert set(entry["classes"]) == KINDS
    assert entry["figures"]


def test_evaluation_sets_are_never_trained_on(tmp_path: Path) -> None:
    """Folders ending in _eval are left out; an unknown folder counts as frames without labels."""
    for name in ("bogor_cctv", "bogor_cctv_eval", "frames", "twin_a"):
        (tmp_path / name / "images").mkdir(parents=True)
    found = training_sets(tmp_path)
    assert [s.name for s in found] == ["bogor_cctv", "frames", "twin_a"]
    assert found[1].labelled == ()
    assert found[2].complete


def test_torch_is_not_needed_to_look() -> None:
    """Importing the command does not import torch or onnx, which the edge does not have."""
    code = "import sys, simpang_models.cli; sys.exit(bool({'torch', 'onnx'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
