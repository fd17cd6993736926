"""Reading labels, and filling their gaps from a teacher."""

from pathlib import Path

import numpy as np
import pytest
from simpang_models.boxes import BICYCLE, BUS, CAR, HEAVY_UNKNOWN, MOTORCYCLE, NO_BOXES, PERSON, make_boxes
from simpang_models.labels import (
    LabelError,
    LabelSet,
    Teacher,
    combine,
    label_path,
    manifest_hash,
    pictures_of,
    read_yolo,
)

OPEN = LabelSet("open", (MOTORCYCLE, CAR), complete=False, weight=1.0)
FULL = LabelSet("full", (MOTORCYCLE, CAR), complete=True, weight=1.0)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_fractions_become_pixels(tmp_path: Path) -> None:
    """A centre and size in fractions becomes corners in pixels of the picture."""
    found = read_yolo(write(tmp_path / "a.txt", "1 0.5 0.25 0.2 0.1\n"), 1000, 400)
    # x: 500 ± 100; y: 100 ± 20
    np.testing.assert_allclose(found.xyxy_px, [[400, 80, 600, 120]], rtol=1e-5)
    assert found.kind.tolist() == [CAR]
    assert found.score.tolist() == [1.0]


def test_boxes_are_cut_at_the_border(tmp_path: Path) -> None:
    """A label that reaches over the border ends at it."""
    found = read_yolo(write(tmp_path / "a.txt", "0 0.0 0.5 0.2 0.2"), 100, 100)
    # x: 0 ± 10 cut to 0..10; y: 50 ± 10
    np.testing.assert_allclose(found.xyxy_px, [[0, 40, 10, 60]], atol=1e-4)


def test_a_missing_file_is_an_empty_picture(tmp_path: Path) -> None:
    """No label file means that nothing is in the picture."""
    assert len(read_yolo(tmp_path / "none.txt", 10, 10)) == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param("1 0.5 0.5 0.1", "expected class cx cy w h", id="too few numbers"),
        pytest.param("car 0.5 0.5 0.1 0.1", "expected five numbers", id="a word for a class"),
        pytest.param("9 0.5 0.5 0.1 0.1", "is not one of 0..8", id="unknown class"),
        pytest.param("0.5 0.5 0.5 0.1 0.1", "is not one of 0..8", id="half a class"),
    ],
)
def test_a_wrong_line_names_file_and_line(tmp_path: Path, line: str, said: str) -> None:
    """The error says where the fault is and what was expected."""
    path = write(tmp_path / "bad.txt", f"1 0.5 0.5 0.1 0.1\n{line}\n")
    with pytest.raises(LabelError, match=said) as caught:
        read_yolo(path, 10, 10)
    assert f"{path}:2" in str(caught.value)


def test_without_teacher_only_labelled_classes_count_as_absent() -> None:
    """Where a class was not labelled, "no label" teaches nothing."""
    truth = combine(NO_BOXES, None, OPEN)
    assert np.flatnonzero(truth.negative).tolist() == [MOTORCYCLE, CAR]


def test_a_sure_teacher_box_fills_an_incomplete_set() -> None:
    """What the labels do not explain is added when sure, ignored when possible, dropped when doubtful."""
    teacher = Teacher(make_boxes([[0, 0, 9, 9], [20, 0, 29, 9], [40, 0, 49, 9]], [0.8, 0.4, 0.2], [CAR] * 3))
    truth = combine(NO_BOXES, teacher, OPEN)
    assert truth.boxes.xyxy_px.tolist() == [[0, 0, 9, 9]]
    assert truth.boxes.score.tolist() == pytest.approx([0.8])
    assert truth.ignored.xyxy_px.tolist() == [[20, 0, 29, 9]]
    assert truth.negative.all()


def test_a_complete_set_is_not_added_to() -> None:
    """In a completely labelled set a teacher's car is at most ignored, but an unlabelled class is added; whether it
    is a bus or a truck the teacher's word does not decide."""
    teacher = Teacher(make_boxes([[0, 0, 9, 9], [20, 0, 29, 9]], [0.8, 0.8], [CAR, BUS]))
    truth = combine(NO_BOXES, teacher, FULL)
    assert truth.boxes.kind.tolist() == [HEAVY_UNKNOWN]
    assert truth.ignored.kind.tolist() == [CAR]


def test_a_hand_label_explains_the_teachers_box_and_the_rider() -> None:
    """The same object is not counted twice, and a rider belongs to the motorcycle."""
    hand = make_boxes([[0, 0, 20, 40]], [1], [MOTORCYCLE])
    teacher = Teacher(make_boxes([[1, 0, 20, 40], [4, 0, 16, 24]], [0.9, 0.9], [BICYCLE, PERSON]))
    truth = combine(hand, teacher, OPEN)
    assert truth.boxes.kind.tolist() == [MOTORCYCLE]
    assert len(truth.ignored) == 0


def test_a_part_of_a_labelled_vehicle_is_not_added() -> None:
    """A teacher's box on the cab of a labelled lorry is left out of the loss, not taught as a second vehicle."""
    hand = make_boxes([[0, 0, 40, 100]], [1], [CAR])
    truth = combine(hand, Teacher(make_boxes([[5, 60, 38, 100]], [0.9], [CAR])), OPEN)
    assert truth.boxes.xyxy_px.tolist() == [[0, 0, 40, 100]]
    assert truth.ignored.xyxy_px.tolist() == [[5, 60, 38, 100]]


def test_the_review_decides_over_the_teacher() -> None:
    """Where the review saw nothing a sure teacher is dropped; where it could not judge, nothing is taught."""
    teacher = Teacher(make_boxes([[0, 0, 9, 9], [20, 0, 29, 9]], [0.9, 0.9], [CAR, CAR]))
    nothing, unclear = make_boxes([[0, 0, 10, 10]], [1], [CAR]), make_boxes([[15, 0, 40, 20]], [1], [CAR])
    truth = combine(NO_BOXES, teacher, OPEN, ignored=unclear, nothing=nothing)
    assert len(truth.boxes) == 0
    assert truth.ignored.xyxy_px.tolist() == [[20, 0, 29, 9], [15, 0, 40, 20]]


def test_teacher_labels_survive_the_file(tmp_path: Path) -> None:
    """What was saved is what is loaded, empty pictures included."""
    for name, boxes in (("one", make_boxes([[1, 2, 3, 4]], [0.5], [PERSON])), ("none", NO_BOXES)):
        path = tmp_path / "deep" / f"{name}.json"
        Teacher(boxes).save(path)
        again = Teacher.load(path).boxes
        assert again.xyxy_px.tolist() == boxes.xyxy_px.tolist()
        assert again.kind.tolist() == boxes.kind.tolist()


def test_the_manifest_changes_with_a_label(tmp_path: Path) -> None:
    """The recorded hash depends on pictures and labels, so it says exactly what was trained on."""
    picture = write(tmp_path / "set" / "images" / "a.jpg", "pixels")
    label = write(label_path(picture), "1 0.5 0.5 0.1 0.1")
    first = manifest_hash(pictures_of(tmp_path, "set"))
    assert first == manifest_hash(pictures_of(tmp_path, "set"))
    write(label, "2 0.5 0.5 0.1 0.1")
    assert manifest_hash(pictures_of(tmp_path, "set")) != first
