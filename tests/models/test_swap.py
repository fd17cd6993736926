"""Vehicles that take the place of others in training pictures; expected values by hand."""

import numpy as np
from simpang_models.augment import Sample
from simpang_models.boxes import BUS, CAR, NO_BOXES, THREE_WHEELER, TRUCK, make_boxes
from simpang_models.labels import Truth
from simpang_models.swap import Bank, Patch, make_bank, paint, swap


def sample(*boxes: tuple[list[float], int], score: float = 1.0) -> Sample:
    """A grey picture of 100, each vehicle as dark as its class number times 20."""
    picture = np.full((100, 160, 3), 100, np.uint8)
    for (x0, y0, x1, y1), kind in boxes:
        picture[int(y0) : int(y1), int(x0) : int(x1)] = 20 * kind
    made = make_boxes([b for b, _ in boxes], [score] * len(boxes), [k for _, k in boxes])
    return Sample(picture, Truth(made, NO_BOXES, np.ones(7, bool)))


def only(kind: int, rows: int, columns: int) -> Bank:
    """A bank in which every kind drawn gives the same patch of brightness 100."""
    patch = Patch(np.full((rows, columns, 3), 100, np.uint8), kind)
    return {k: [patch] for k in (CAR, BUS, TRUCK, THREE_WHEELER)}


def test_a_patch_takes_place_and_kind() -> None:
    """A bus of brightness 100 over a car of 20, both 40×40: √((20 + 8) / (100 + 8)) = 0.51 of 100 in the middle."""
    before = sample(([20, 20, 60, 60], CAR))
    after = swap(before, only(BUS, 40, 40), np.random.default_rng(1))
    assert after.truth.boxes.kind.tolist() == [BUS]
    assert after.truth.boxes.xyxy_px.tolist() == [[20, 20, 60, 60]]
    assert after.picture[40, 40].tolist() == [50, 50, 50]
    assert (after.picture[:20] == 100).all()
    assert before.picture[40, 40].tolist() == [20, 20, 20]


def test_covered_small_and_guessed_vehicles_stay() -> None:
    """Two that overlap, one of 20 px, and one that only a teacher labelled are left as they are."""
    bank, random = only(BUS, 40, 40), np.random.default_rng(1)
    two = swap(sample(([20, 20, 60, 60], CAR), ([30, 20, 70, 60], CAR)), bank, random)
    assert two.truth.boxes.kind.tolist() == [CAR, CAR]
    assert swap(sample(([20, 20, 40, 40], CAR)), bank, random).truth.boxes.kind.tolist() == [CAR]
    assert swap(sample(([20, 20, 60, 60], CAR), score=0.8), bank, random).truth.boxes.kind.tolist() == [CAR]


def test_another_shape_or_a_far_smaller_patch_does_not_fit() -> None:
    """A patch twice as wide, and one that would have to be enlarged twice, are not used."""
    for rows, columns in ((40, 80), (20, 20)):
        after = swap(sample(([20, 20, 60, 60], CAR)), only(BUS, rows, columns), np.random.default_rng(1))
        assert after.truth.boxes.kind.tolist() == [CAR]


def test_the_bank_holds_free_vehicles_by_kind() -> None:
    """A car and a bus apart give a patch each, cut at their boxes."""
    bank = make_bank([sample(([0, 0, 30, 40], CAR), ([60, 10, 110, 50], BUS))])
    assert [p.picture.shape for p in bank[CAR]] == [(40, 30, 3)]
    assert [p.picture.shape for p in bank[BUS]] == [(40, 50, 3)]
    assert bank[TRUCK] == bank[THREE_WHEELER] == []


def test_paint_changes_a_vehicles_colour_and_nothing_else() -> None:
    """Of a grey vehicle the middle gets channels that differ, of one that a teacher found none; the road stays grey."""
    for score, coloured in ((1.0, True), (0.8, False)):
        before = sample(([20, 20, 80, 80], TRUCK), score=score)
        painted = [paint(before, np.random.default_rng(seed)) for seed in range(8)]
        spread = [int(np.ptp(p.picture[50, 50].astype(int))) for p in painted]
        assert any(s > 5 for s in spread) == coloured
        assert all((p.picture[:20] == 100).all() for p in painted)
        assert all(p.truth == before.truth for p in painted)
