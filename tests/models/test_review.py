"""The reviewed label faults and what they do to the labels."""

from pathlib import Path

import pytest
from simpang_models.boxes import CAR, CLASSES, MOTORCYCLE, VEHICLE_UNKNOWN, Boxes, make_boxes
from simpang_models.labels import EVAL_SETS, LabelError
from simpang_models.review import Faults, Scene, read_excluded, read_faults, read_scenes

HEAD = "sha256,set,action,class,x0,y0,x1,y1,reason\n"


def box(x0: float, y0: float, x1: float, y1: float, kind: int = VEHICLE_UNKNOWN) -> Boxes:
    return make_boxes([[x0, y0, x1, y1]], [1.0], [kind])


def test_added_and_removed_labels() -> None:
    """What is added is there, what is removed is gone, the rest stays."""
    labels = make_boxes([[0, 0, 10, 10], [50, 50, 60, 60]], [1, 1], [MOTORCYCLE, CAR])
    # 10·9 / 10·10 = 0.9 of overlap: the first label is the one meant
    after = Faults(add=box(20, 0, 30, 10, CAR), remove=box(0, 0, 10, 9)).apply(labels)
    assert after.boxes.xyxy_px.tolist() == [[50, 50, 60, 60], [20, 0, 30, 10]]
    assert after.boxes.kind.tolist() == [CAR, CAR]


def test_labels_inside_an_ignored_region_go_with_it() -> None:
    """Nothing is judged there in either direction: a label more than half inside counts no longer."""
    labels = make_boxes([[0, 0, 10, 10], [0, 5, 10, 25]], [1, 1], [CAR, CAR])
    after = Faults(ignore=box(0, 0, 40, 12)).apply(labels)
    # the first lies inside; of the second 7 of 20 rows do
    assert after.boxes.xyxy_px.tolist() == [[0, 5, 10, 25]]
    assert after.ignored.xyxy_px.tolist() == [[0, 0, 40, 12]]


def test_what_looks_like_a_vehicle_stays_an_error() -> None:
    """A place marked as nothing is not ignored: finding something there is wrong."""
    after = Faults(nothing=box(0, 0, 9, 9)).apply(make_boxes([], [], []))
    assert len(after.ignored) == 0
    assert after.nothing.xyxy_px.tolist() == [[0, 0, 9, 9]]


@pytest.mark.parametrize(
    "line",
    ["a,s,add,tram,0,0,9,9,", "a,s,add,car,0,0,nine,9,", "a,s,change,car,0,0,9,9,", "a,s,ignore,,9,0,0,9,", "a,s,add"],
    ids=["unknown class", "no number", "unknown action", "inside out", "too short"],
)
def test_a_wrong_line_names_file_and_line(tmp_path: Path, line: str) -> None:
    """The error says where the fault is; comments count as lines."""
    path = tmp_path / "label_faults.csv"
    path.write_text(f"# a comment\n{HEAD}b,s,ignore,,0,0,9,9,fine\n{line}\n")
    with pytest.raises(LabelError) as caught:
        read_faults(tmp_path)
    assert f"{path}:4" in str(caught.value)


def test_without_a_list_nothing_is_corrected(tmp_path: Path) -> None:
    """No file is no correction."""
    assert read_faults(tmp_path) == {}


def test_light_groups() -> None:
    """Dry daylight is day; a wet night is both night and wet."""
    assert Scene(night=False, wet=False).words() == ("day",)
    assert Scene(night=True, wet=True).words() == ("night", "wet")
    assert Scene(night=False, wet=True).words() == ("wet",)


def test_the_committed_lists_are_readable_and_belong_together() -> None:
    """Every evaluation picture has its light, corrections name known sets, and none of the pictures is trained on."""
    scenes, faults = read_scenes(), read_faults()
    assert len(scenes) == 14 + 98 + 100  # the pictures of the three evaluation sets
    assert len(EVAL_SETS) == 3
    assert sum(key in scenes for key in faults) > 150
    assert not read_excluded() & set(scenes)
    kinds = {int(k) for f in faults.values() for k in f.add.kind}
    assert kinds <= {*range(len(CLASSES)), VEHICLE_UNKNOWN}
