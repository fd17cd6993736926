"""Augmentation moves boxes with the picture; expected values by hand."""

import numpy as np
from simpang_models.augment import Sample, _shade, _smear, flip, join, make_sample, move
from simpang_models.boxes import CAR, NO_BOXES, PERSON, make_boxes
from simpang_models.labels import Truth


def truth(boxes: list[list[float]], negative: tuple[int, ...] = tuple(range(7))) -> Truth:
    made = make_boxes(boxes, [1.0] * len(boxes), [CAR] * len(boxes))
    return Truth(made, NO_BOXES, np.isin(np.arange(7), negative))


def test_boxes_scale_and_shift_with_the_picture() -> None:
    """Twice as large and moved by (10, −5)."""
    moved = move(truth([[10, 20, 30, 40]]), (2.0, 2.0), (10.0, -5.0), (100, 100))
    # x: 2·10 + 10 = 30, 2·30 + 10 = 70; y: 2·20 − 5 = 35, 2·40 − 5 = 75
    assert moved.boxes.xyxy_px.tolist() == [[30, 35, 70, 75]]


def test_what_is_mostly_cut_off_is_ignored() -> None:
    """Of a box with 20 % left in the picture nothing is learned, neither object nor background."""
    moved = move(truth([[0, 0, 50, 20]]), (1.0, 1.0), (-40.0, 0.0), (100, 100))
    # 10 of 50 columns remain
    assert len(moved.boxes) == 0
    assert moved.ignored.xyxy_px.tolist() == [[0, 0, 10, 20]]


def test_what_is_outside_is_gone() -> None:
    """A box that left the picture leaves no trace."""
    moved = move(truth([[0, 0, 50, 20]]), (1.0, 1.0), (200.0, 0.0), (100, 100))
    assert len(moved.boxes) == len(moved.ignored) == 0


def test_flip_mirrors_boxes() -> None:
    """In a picture 100 wide, 10..30 becomes 70..90."""
    sample = flip(Sample(np.zeros((50, 100, 3), np.uint8), truth([[10, 5, 30, 25]])))
    assert sample.truth.boxes.xyxy_px.tolist() == [[70, 5, 90, 25]]


def test_joined_pictures_are_sure_only_where_all_are() -> None:
    """A class counts as absent in a mosaic only if every part labels it."""
    both = join([truth([], (CAR, PERSON)), truth([], (CAR,))])
    assert np.flatnonzero(both.negative).tolist() == [CAR]


def test_a_seed_reproduces_a_sample() -> None:
    """The same generator state gives the same pixels and boxes, single or mosaic."""
    picture = np.random.default_rng(0).integers(0, 256, (90, 160, 3), np.uint8)
    sample = Sample(picture, truth([[40, 30, 80, 70]]))
    for count in (1, 4):
        first, second = (make_sample([sample] * count, 128, 96, np.random.default_rng(3)) for _ in range(2))
        assert first.picture.shape == (96, 128, 3)
        assert np.array_equal(first.picture, second.picture)
        assert first.truth.boxes.xyxy_px.tolist() == second.truth.boxes.xyxy_px.tolist()


def test_shade_darkens_a_part_and_smear_keeps_the_sum() -> None:
    """Shade leaves 15 to 50 % of the light in its band; a point of 200 that is smeared stays 200 in all."""
    grey = np.full((120, 160, 3), 100, np.uint8)
    shaded = [_shade(grey, np.random.default_rng(seed)) for seed in range(10)]
    assert all(s.max() <= 100 for s in shaded)
    assert 15 <= min(int(s.min()) for s in shaded) <= 50
    point = np.zeros((60, 60, 3), np.uint8)
    point[30, 30] = 200
    for seed in range(5):
        smeared = _smear(point, np.random.default_rng(seed))
        assert abs(int(smeared[:, :, 0].sum()) - 200) <= 6  # each of at most 11 pixels is rounded by half a level
        assert 5 <= np.count_nonzero(smeared[:, :, 0]) <= 11
