"""Agreement of two detectors, by hand arithmetic on made-up boxes."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from simpang_models.agree import agreement
from simpang_models.boxes import BUS, CAR, NO_BOXES, Boxes, make_boxes
from simpang_models.cli import app
from typer.testing import CliRunner

MODELS = Path(__file__).resolve().parents[2] / "models"
CLIP = MODELS.parent / "sample_videos" / "simpang_empat_pagi.mp4"

PICTURE = np.zeros((100, 100, 3), np.uint8)


def says(*rows: tuple[list[float], float, int]) -> Boxes:
    return make_boxes([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows])


def test_the_same_boxes_agree_fully() -> None:
    """A detector agrees with itself: F1 1, every class the same, no shift of scores."""
    boxes = says(([0, 0, 20, 20], 0.9, CAR), ([50, 50, 80, 90], 0.5, BUS))
    found = agreement(lambda _: boxes, lambda _: boxes, [PICTURE, PICTURE])
    assert (found.pictures, found.reference, found.other, found.pairs) == (2, 4, 4, 4)
    assert (found.f1, found.class_share, found.score_shift) == (1.0, 1.0, 0.0)


def test_f1_counts_what_only_one_found() -> None:
    """Two against one box with one pair: 2·1 / (2 + 1); the class differs and the score by 0.2."""
    one = says(([0, 0, 20, 20], 0.9, CAR), ([50, 50, 80, 90], 0.5, BUS))
    two = says(([0, 0, 20, 19], 0.7, BUS))
    found = agreement(lambda _: one, lambda _: two, [PICTURE])
    assert found.f1 == pytest.approx(2 / 3)
    assert found.class_share == 0.0
    assert found.score_shift == pytest.approx(0.2)


def test_boxes_apart_are_no_pair() -> None:
    """20×20 against 20×13 of it overlaps by 13/20 = 0.65, less than 0.7."""
    one, two = says(([0, 0, 20, 20], 0.9, CAR)), says(([0, 0, 20, 13], 0.9, CAR))
    assert agreement(lambda _: one, lambda _: two, [PICTURE]).f1 == 0.0


def test_each_box_has_one_partner() -> None:
    """Two boxes on the same place against one: one pair, so 2·1 / (2 + 1)."""
    one = says(([0, 0, 20, 20], 0.9, CAR), ([0, 0, 20, 19], 0.8, CAR))
    two = says(([0, 0, 20, 20], 0.9, CAR))
    assert agreement(lambda _: one, lambda _: two, [PICTURE]).f1 == pytest.approx(2 / 3)


def test_weak_boxes_do_not_count() -> None:
    """A box below the score that is asked for is left out on both sides."""
    one = says(([0, 0, 20, 20], 0.9, CAR), ([50, 50, 80, 90], 0.29, BUS))
    two = says(([0, 0, 20, 20], 0.9, CAR))
    assert agreement(lambda _: one, lambda _: two, [PICTURE], 0.3).f1 == 1.0


def test_nothing_found_is_unknown() -> None:
    """Where neither finds anything there is no agreement to speak of."""
    found = agreement(lambda _: NO_BOXES, lambda _: NO_BOXES, [PICTURE])
    assert (found.f1, found.class_share, found.score_shift) == (None, None, None)


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three frames of the twin's clip, 20 s apart."""
    folder = tmp_path_factory.mktemp("street")
    clip = cv2.VideoCapture(str(CLIP))
    for index in (100, 350, 600):
        clip.set(cv2.CAP_PROP_POS_FRAMES, index)
        done, frame = clip.read()
        assert done
        cv2.imwrite(str(folder / f"{index}.png"), frame)
    return folder


def test_the_shipped_8_bit_file_says_what_the_float_file_says(street: Path) -> None:
    """On frames with traffic both find vehicles, and nine of ten boxes agree."""
    files = [str(MODELS / name) for name in ("simpang-n-f16.onnx", "simpang-n.onnx")]
    result = CliRunner().invoke(app, ["agree", *files, "--pictures", str(street), "--json"])
    assert result.exit_code == 0
    rows = {row["metric"]: row for row in json.loads(result.stdout)}
    assert rows["boxes_reference"]["value"] >= 10
    assert rows["agreement_f1_iou0.7"]["value"] >= 0.9
    assert rows["agreement_f1_iou0.7"]["pictures"] == 3
    assert rows["agreement_f1_iou0.7"]["model"] == "simpang-n ort-int8"
    assert rows["agreement_f1_iou0.7"]["reference"] == "simpang-n-f16 ort-f32"


def test_a_folder_without_pictures_is_said(tmp_path: Path) -> None:
    """An empty folder ends with exit code 2 and its name."""
    model = str(MODELS / "simpang-n.onnx")
    result = CliRunner().invoke(app, ["agree", model, model, "--pictures", str(tmp_path)])
    assert result.exit_code == 2
    assert str(tmp_path) in result.stderr
