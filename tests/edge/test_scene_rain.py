"""Falling rain is told by its streaks, on rendered clips and on pictures made by hand."""

from pathlib import Path

import av
import numpy as np
import pytest
from simpang_edge.data import Float32Array, ImageArray
from simpang_edge.scene_rain import Rain, streaks

CLIPS = Path(__file__).parents[2] / "sample_videos"


def looks(clip: str, seconds: int) -> list[bool]:
    """What is said of each second of a clip."""
    rain, said = Rain(), []
    with av.open(str(CLIPS / f"{clip}.mp4")) as video:
        for frame in video.decode(video=0):
            if float(frame.time or 0.0) >= len(said):
                said.append(rain.look(frame.to_ndarray(format="bgr24")))
            if len(said) >= seconds:
                break
    return said


def test_rain_is_told_within_twenty_seconds() -> None:
    """Ten looks of fifteen, of which the first two have no neighbours."""
    said = looks("hujan", 30)
    assert not any(said[:11])
    assert all(said[20:])


@pytest.mark.parametrize("clip", ["malam", "lancar", "jenuh"], ids=["night with noise, wet road", "dry", "full road"])
def test_no_rain_where_none_falls(clip: str) -> None:
    """Noise has no direction, and traffic is not still."""
    assert not any(looks(clip, 30))


def picture(seed: int) -> Float32Array:
    """A grey picture with a little noise."""
    return (100 + np.random.default_rng(seed).normal(0, 1.0, (360, 640))).astype(np.float32)


def marked(rows: int, columns: int, levels: float) -> Float32Array:
    """The picture with 150 marks of this size in it."""
    image, rng = picture(2), np.random.default_rng(9)
    for y, x in zip(rng.integers(40, 320, 150), rng.integers(0, 600, 150), strict=True):
        image[y : y + rows, x : x + columns] += levels
    return image


@pytest.mark.parametrize(
    ("middle", "rains"),
    [
        pytest.param(marked(16, 1, 25), True, id="bright and upright"),
        pytest.param(marked(1, 16, 25), False, id="bright and level"),
        pytest.param(marked(16, 1, -25), False, id="dark and upright"),
        pytest.param(picture(2), False, id="noise"),
    ],
)
def test_streaks_are_bright_and_upright(middle: Float32Array, rains: bool) -> None:
    """Between two pictures without marks."""
    assert streaks(picture(1), middle, picture(3)) is rains


def test_nothing_is_said_where_everything_moves() -> None:
    """A picture that changed all over, by 30 levels."""
    assert streaks(picture(1), picture(2), picture(3) + 30) is None


def test_a_large_picture_is_reduced_first() -> None:
    """1280 pixels wide, twice as large as is needed; another size begins anew."""
    rain = Rain()
    small, large = (np.zeros((side, 2 * side, 3), np.uint8) for side in (320, 640))
    images: list[ImageArray] = [small, small, large, large]
    assert not any(rain.look(image) for image in images)
