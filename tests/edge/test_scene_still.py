"""When a picture that stood still goes on, step by step: by hand-made pictures of noise-free tiles."""

from itertools import accumulate

import numpy as np
import pytest
from simpang_edge.data import ImageArray
from simpang_edge.scene_still import Stillness

STEP_S = 0.25
SIDE_PX = 10
"""Of a tile; the picture is 6 tiles high and 8 wide."""


def picture(turn: int, tiles: int) -> ImageArray:
    """Grey; in the first so many tiles of the first row 100 levels brighter at every other turn."""
    image = np.full((6 * SIDE_PX, 8 * SIDE_PX), 80, np.uint8)
    image[:SIDE_PX, : tiles * SIDE_PX] += np.uint8(100 * (turn % 2))
    return image


def told(after: str, tiles: int = 5) -> list[bool]:
    """Whether the picture is frozen at each step of `after`, an A for a step that changes it and an S for one that does
    not; before it 4 s of traffic and 8 s of the very same picture."""
    steps = "A" * 16 + "S" * 32 + after
    turns = accumulate(step == "A" for step in steps)
    still = Stillness(15.0)
    marked = [still.look(picture(turn, 5 if i < 48 else tiles), i * STEP_S) for i, turn in enumerate(turns)]
    assert marked[47] == pytest.approx(15 * STEP_S)  # frozen since the last picture of traffic
    return [since_s is not None for since_s in marked[48:]]


@pytest.mark.parametrize(
    ("after", "frozen"),
    [
        pytest.param("AA", [True, False], id="two steps running"),
        pytest.param("ASA", [True, True, False], id="two of three"),
        pytest.param("ASSA", [True, True, True, False], id="two of four"),
        pytest.param("ASSSA", [True] * 5, id="two of five are key frames of an encoder"),
        pytest.param("ASSSASSSA", [True] * 9, id="one a second: key frames, however long"),
        pytest.param("A", [True], id="one step alone"),
    ],
)
def test_a_freeze_ends_with_two_of_four_steps_that_show_the_road(after: str, frozen: list[bool]) -> None:
    """Something moves in five tiles of 48 in each step marked A, by 100 grey levels."""
    assert told(after) == frozen


def test_a_clock_that_runs_over_a_frozen_picture_does_not_end_the_freeze() -> None:
    """Four tiles may change in every step; five may not."""
    assert told("A" * 8, tiles=4) == [True] * 8
    assert told("A" * 8, tiles=5) == [True] + [False] * 7
