"""Average precision and its companions, against arithmetic by hand."""

import numpy as np
import pytest
from simpang_models.boxes import CAR, NO_BOXES, Boxes, make_boxes, pairwise_iou, suppress
from simpang_models.metrics import (
    Matches,
    average_precision,
    match,
    merge,
    recall_at_precision,
    threshold_at_precision,
)

THREE = Matches(np.array([0.9, 0.8, 0.7], np.float32), np.array([True, False, True]), truths=2)


def cars(*boxes: tuple[float, float, float, float], score: tuple[float, ...] = ()) -> Boxes:
    return make_boxes(boxes, score or [1.0] * len(boxes), [CAR] * len(boxes))


def test_iou_by_hand() -> None:
    """Two 10×10 boxes shifted by half their width share a third of their union."""
    found = pairwise_iou(cars((0, 0, 10, 10)).xyxy_px, cars((5, 0, 15, 10), (20, 0, 30, 10)).xyxy_px)
    # intersection 5·10 = 50, union 100 + 100 − 50 = 150
    np.testing.assert_allclose(found, [[50 / 150, 0]], rtol=1e-6)


def test_average_precision_by_hand() -> None:
    """Hit, miss, hit with two truths: AP is 1/2·1 + 1/2·2/3."""
    # precision after each: 1, 1/2, 2/3; recall: 1/2, 1/2, 1; monotone from the right: 1, 2/3, 2/3
    # area: (1/2 − 0)·1 + 0·2/3 + (1 − 1/2)·2/3 = 5/6
    assert average_precision(THREE) == pytest.approx(5 / 6)


def test_recall_at_precision_by_hand() -> None:
    """At precision 0.6 both truths are reached (2 of 3 right); at 0.85 only the first."""
    assert recall_at_precision(THREE, 0.6) == pytest.approx(1.0)
    assert recall_at_precision(THREE, 0.85) == pytest.approx(0.5)


def test_threshold_at_precision_is_the_lowest_good_score() -> None:
    """The score to cut at for precision 0.6 is that of the last prediction, 0.7; 1.1 is never reached."""
    assert threshold_at_precision(THREE, 0.6) == pytest.approx(0.7)
    assert threshold_at_precision(THREE, 1.1) is None


def test_nothing_to_find_is_unknown_not_zero() -> None:
    """Without truths there is no AP, whatever was found."""
    empty = Matches(np.array([0.9], np.float32), np.array([False]), truths=0)
    assert average_precision(empty) is None
    assert recall_at_precision(empty, 0.5) is None


def test_nothing_found_is_zero() -> None:
    """Truths without predictions have AP 0."""
    assert average_precision(merge([match(NO_BOXES, cars((0, 0, 9, 9)), NO_BOXES, 0.5)])) == 0.0


def test_a_truth_is_found_once() -> None:
    """Of two boxes on one truth the better-scored is right and the other wrong."""
    found = cars((0, 0, 10, 10), (0, 0, 10, 9), score=(0.6, 0.9))
    result = match(found, cars((0, 0, 10, 10)), NO_BOXES, 0.5)
    assert result.score.tolist() == pytest.approx([0.9, 0.6])
    assert result.hit.tolist() == [True, False]


def test_a_box_on_an_ignored_region_is_neither_right_nor_wrong() -> None:
    """It vanishes from the statistics; a box elsewhere stays wrong."""
    found = cars((0, 0, 10, 10), (50, 50, 60, 60), score=(0.9, 0.8))
    result = match(found, NO_BOXES, cars((0, 0, 12, 12)), 0.5)
    assert result.score.tolist() == pytest.approx([0.8])
    assert result.hit.tolist() == [False]


def test_merge_sorts_pictures_together() -> None:
    """Scores of all pictures are ranked in one list and truths add up."""
    both = merge([THREE, Matches(np.array([0.85], np.float32), np.array([True]), truths=3)])
    assert both.score.tolist() == pytest.approx([0.9, 0.85, 0.8, 0.7])
    assert both.hit.tolist() == [True, True, False, True]
    assert both.truths == 5


def test_suppression_keeps_the_best_of_each_class() -> None:
    """Overlapping boxes of one class leave the best; another class stays unless suppression is agnostic."""
    boxes = make_boxes([[0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 10]], [0.5, 0.9, 0.7], [1, 1, 0])
    # IoU of the first two: 90 / 100 = 0.9
    assert suppress(boxes, 0.6).score.tolist() == pytest.approx([0.9, 0.7])
    assert suppress(boxes, 0.6, agnostic=True).score.tolist() == pytest.approx([0.9])


def test_boxes_of_unequal_length_are_refused() -> None:
    """The message says which shapes were expected and which came."""
    with pytest.raises(ValueError, match=r"expected boxes \(2, 4\)"):
        Boxes(np.zeros((1, 4), np.float32), np.zeros(2, np.float32), np.zeros(2, np.int64))
