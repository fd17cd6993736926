"""Perceptual hashes: the committed proof that no evaluation picture was trained on, and the command that repeats it."""

import json
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from simpang_models.cli import app
from simpang_models.leak import hash_picture, nearest, read_hashes
from simpang_models.pictures import PictureError
from simpang_models.review import read_excluded
from typer.testing import CliRunner

# Stated in models/MODEL_CARD.md; unrelated pictures of such a number come no nearer than about 86 of 256 bits.
STATED = {"bogor_cctv_eval": 92, "delhi_signal_cameras_eval": 86, "rf100_tollroad_id_eval": 44}


def scene(seed: int) -> npt.NDArray[np.uint8]:
    """A picture of some soft blobs, different for each seed."""
    noise = np.random.default_rng(seed).integers(0, 256, (12, 20, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(noise, (320, 192), interpolation=cv2.INTER_CUBIC), np.uint8)


def write(folder: Path, name: str, picture: npt.NDArray[np.uint8]) -> Path:
    path = folder / name / "images" / "a.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture)
    return path


def test_the_committed_lists_are_as_far_apart_as_stated() -> None:
    """No evaluation picture comes nearer to any training picture, upright or mirrored, than the card says."""
    found = {n.set: n.distance for n in nearest(read_hashes(True), read_hashes(False))}
    assert set(found) == set(STATED)
    assert all(found[name] >= least for name, least in STATED.items()), found


def test_no_evaluation_set_and_no_excluded_picture_is_in_the_training_list() -> None:
    """The training list holds neither evaluation sets nor what was taken out of training."""
    training = read_hashes(False)
    assert len(training) > 1500
    assert not any(t.set.endswith("_eval") for t in training)
    assert not {t.sha256 for t in training} & (read_excluded() | {e.sha256 for e in read_hashes(True)})


@pytest.mark.parametrize("change", ["recompressed", "smaller", "mirrored"])
def test_a_copy_is_found_and_another_picture_is_far(tmp_path: Path, change: str) -> None:
    """A copy is nearer than 20 bits, another picture beyond 80."""
    picture = scene(1)
    copy = {"recompressed": picture, "smaller": picture[::2, ::2], "mirrored": picture[:, ::-1]}[change]
    evaluation = [hash_picture("e", write(tmp_path, "e", picture))]
    (near,) = nearest(evaluation, [hash_picture("t", write(tmp_path, "t", np.ascontiguousarray(copy)))])
    (far,) = nearest(evaluation, [hash_picture("t", write(tmp_path, "o", scene(2)))])
    assert near.distance < 20
    assert far.distance > 80


def test_an_unreadable_picture_is_named(tmp_path: Path) -> None:
    """The error says which file."""
    path = tmp_path / "bad.jpg"
    path.write_text("no picture")
    with pytest.raises(PictureError, match=r"bad\.jpg"):
        hash_picture("s", path)


def test_the_command_finds_a_copy_in_folders(tmp_path: Path) -> None:
    """With --data the folders are hashed; a copy gives exit code 1; --write leaves both lists."""
    for name in ("bogor_cctv_eval", "delhi_signal_cameras_eval", "rf100_tollroad_id_eval"):
        write(tmp_path, name, scene(len(name)))
    write(tmp_path, "mine", scene(len("bogor_cctv_eval")))
    lists = tmp_path / "lists"
    words = ["leak", "--data", str(tmp_path), "--write", str(lists), "--json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 1
    rows = {r["set"]: r for r in json.loads(result.stdout)}
    assert rows["bogor_cctv_eval"]["distance"] == 0
    assert rows["bogor_cctv_eval"]["training"]["set"] == "mine"
    assert rows["delhi_signal_cameras_eval"]["distance"] > 80
    assert [t.set for t in read_hashes(False, lists)] == ["mine"]
    assert len(read_hashes(True, lists)) == 3


def test_the_command_without_folders_repeats_the_committed_comparison() -> None:
    """One line per evaluation set, exit code 0."""
    result = CliRunner().invoke(app, ["leak"])
    assert result.exit_code == 0
    assert all(name in result.stdout for name in STATED)


def test_writing_needs_folders() -> None:
    """--write without --data is refused with what to do."""
    result = CliRunner().invoke(app, ["leak", "--write", "x"])
    assert result.exit_code == 2
    assert "--write needs --data" in result.stderr
