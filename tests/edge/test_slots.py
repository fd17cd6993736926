"""Rows of arrays for vehicles."""

import numpy as np
from simpang_edge.slots import Slots


def test_a_track_keeps_its_number_and_only_new_ones_are_told() -> None:
    """7 and 9 get 0 and 1; when 9 comes again with 4, only 4 is new, at index 1, and gets 2."""
    slots = Slots()
    first, new = slots.take(np.array([7, 9]))
    assert (first.tolist(), new.tolist()) == ([0, 1], [0, 1])
    then, new = slots.take(np.array([9, 4]))
    assert (then.tolist(), new.tolist()) == ([1, 2], [1])


def test_numbers_are_used_again() -> None:
    """Ten vehicles that come and go one after another need one number, never more."""
    slots = Slots()
    for track in range(1, 11):
        assert slots.take(np.array([track]))[0].tolist() == [0]
        assert slots.release(np.array([track])).tolist() == [0]
    assert (slots.size, len(slots)) == (1, 0)


def test_releasing_an_unknown_track_frees_nothing() -> None:
    """Otherwise two vehicles would share a number."""
    slots = Slots()
    slots.take(np.array([1]))
    assert slots.release(np.array([2, 1, 1])).tolist() == [0]
    assert slots.take(np.array([3, 4]))[0].tolist() == [0, 1]
