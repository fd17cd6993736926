"""Data preparation: what goes into the training folder, and what stays out."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from simpang_models.cli import app
from simpang_models.leak import Hashed, shows_evaluation
from typer.testing import CliRunner

imagehash = pytest.importorskip("imagehash")
Image = pytest.importorskip("PIL.Image")


def a_set(folder: Path, name: str, labels: str | None) -> None:
    picture = folder / name / "images" / "a.png"
    picture.parent.mkdir(parents=True)
    cv2.imwrite(str(picture), np.full((32, 32, 3), len(name), np.uint8))
    if labels is not None:
        (folder / name / "labels").mkdir()
        (folder / name / "labels" / "a.txt").write_text(labels)


def a_clip(path: Path, frames: int) -> Path:
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 32))
    for number in range(frames):
        video.write(np.full((32, 64, 3), 20 * number, np.uint8))
    video.release()
    return path


def test_sets_and_clip_frames_are_collected(tmp_path: Path) -> None:
    """Evaluation sets stay out; of 7 frames each third, 0, 3 and 6, comes in; a second run changes nothing."""
    a_set(tmp_path / "in", "road", "1 0.5 0.5 0.2 0.2\n")
    a_set(tmp_path / "in", "road_eval", "1 0.5 0.5 0.2 0.2\n")
    clip = a_clip(tmp_path / "night.avi", 7)
    words = ["prepare", "--images", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--clip", str(clip)]
    for _ in range(2):
        assert CliRunner().invoke(app, [*words, "--every", "3"]).exit_code == 0
    found = sorted(str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*") if p.is_file())
    frames = [f"clip_night/images/night_{n:05d}.jpg" for n in (0, 3, 6)]
    assert found == [*frames, "manifest.json", "road/images/a.png", "road/labels/a.txt"]
    facts = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert [(f["set"], f["pictures"], f["labelled"]) for f in facts] == [("clip_night", 3, 0), ("road", 1, 1)]


def test_a_frame_of_an_evaluation_camera_is_known() -> None:
    """A picture whose hash is on the list is known, also mirrored; its negative, all bits turned, is not."""
    picture = np.random.default_rng(3).integers(0, 256, (64, 96, 3), np.uint8)
    grey = Image.fromarray(picture[:, :, ::-1]).convert("L")
    phash = str(imagehash.phash(grey, 16))
    turned = "".join(f"{15 - int(c, 16):x}" for c in phash)
    assert shows_evaluation(picture, [Hashed("set", "", phash, turned)])
    assert shows_evaluation(picture, [Hashed("set", "", turned, phash)])
    assert not shows_evaluation(picture, [Hashed("set", "", turned, turned)])


def test_what_is_no_folder_of_sets_is_named(tmp_path: Path) -> None:
    """Exit code 2, and the folder on standard error."""
    result = CliRunner().invoke(app, ["prepare", "--images", str(tmp_path), "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert str(tmp_path) in result.stderr
