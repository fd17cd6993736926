"""The colour of a signal head: on the sample clips against their truth, and at night on a drawn head."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import yaml
from simpang_edge.config import Camera, load
from simpang_edge.data import Colour, Frame, ImageArray
from simpang_edge.signal_head import SignalHeads, lit

CLIPS = Path(__file__).parents[2] / "sample_videos"
HEADS = {
    "simpang_empat_pagi": {"red": (170, 160, 182, 172), "yellow": (172, 175, 183, 187), "green": (173, 190, 184, 201)},
    "simpang_empat_pagi_timur": {"red": (110, 61, 117, 67), "yellow": (111, 67, 118, 74), "green": (112, 74, 119, 81)},
}
LONG_S = 36.0


def camera(clip: str) -> Camera:
    """The clip's camera with its head configured."""
    content = yaml.safe_load((CLIPS / f"{clip}.camera.yaml").read_text())
    head = HEADS[clip] | {"approach": content["approaches"][0]["id"]}
    return Camera.model_validate(content | {"signal_heads": [head]})


def frames(clip: str, fps: float) -> Iterator[Frame]:
    """The first seconds of a clip, two of three frames; time counts from its first."""
    with av.open(str(CLIPS / f"{clip}.mp4")) as video:
        for number, picture in enumerate(video.decode(video=0)):
            if number / fps > LONG_S:
                return
            if number % 3 != 2:
                yield Frame(number / fps, picture.to_ndarray(format="bgr24"))


@pytest.mark.parametrize("clip", sorted(HEADS))
def test_the_lamps_of_a_clip(clip: str) -> None:
    """Every change of the signal is told within 0.5 s of the truth, and nothing else is told."""
    truth: dict[str, Any] = json.loads((CLIPS / f"{clip}.truth.json").read_text())
    heads, told = SignalHeads(camera(clip)), []
    for frame in frames(clip, truth["fps"]):
        ((approach, colour),) = heads.look(frame).shown
        assert approach == 0
        if colour is not None and (not told or told[-1][1] != colour):
            told.append((frame.time_s, colour.value))
    true = [(s["time_s"], s["state"]) for s in truth["approaches"][0]["signal"] if s["time_s"] < LONG_S - 1]
    assert [colour for _, colour in told] == [state for _, state in true]
    assert all(-0.01 <= seen_s - true_s <= 0.5 for (seen_s, _), (true_s, _) in zip(told, true, strict=True))


def test_the_example_has_the_lamps_of_its_clip() -> None:
    """Those that follow the clip's truth above."""
    (head,) = load(CLIPS.parent / "edge" / "simpang.example.yaml").cameras[0].signal_heads
    assert {colour: getattr(head, colour) for colour in ("red", "yellow", "green")} == HEADS["simpang_empat_pagi"]


LAMPS = (
    (Colour.RED, (10.0, 10.0, 20.0, 20.0)),
    (Colour.YELLOW, (10.0, 22.0, 20.0, 32.0)),
    (Colour.GREEN, (10.0, 34.0, 20.0, 44.0)),
)
BGR = {Colour.RED: (30, 30, 250), Colour.YELLOW: (30, 170, 250), Colour.GREEN: (170, 240, 40)}


def drawn(colour: Colour | None, light: float = 0.0, core: bool = False) -> ImageArray:
    """A head of 10 px lamps: `light` is the picture's grey level; `core` overexposes the lamp and throws a halo."""
    image = np.full((60, 40, 3), light)
    for other, (x0, y0, x1, y1) in LAMPS:
        lamp = image[int(y0) : int(y1), int(x0) : int(x1)]
        lamp[:] = np.array(BGR[other]) * (1.0 if other is colour else 0.1)
        if core and other is colour:
            lamp[2:8, 2:8] = 255
    if core:
        image[8:46, 8:22] = np.maximum(image[8:46, 8:22], 60)
    return image.astype(np.uint8)


@pytest.mark.parametrize("colour", list(Colour))
@pytest.mark.parametrize(
    ("light", "core"),
    [pytest.param(120.0, False, id="day"), pytest.param(4.0, True, id="night, overexposed with a halo")],
)
def test_a_lit_lamp(colour: Colour, light: float, core: bool) -> None:
    """Each colour is read by day and by night."""
    assert lit(drawn(colour, light, core), LAMPS) is colour


def test_a_dark_head_is_unknown() -> None:
    """No lamp lit, as in a power cut; and a grey picture, as behind a bus that hides the head."""
    assert lit(drawn(None, 90.0), LAMPS) is None
    assert lit(np.full((60, 40, 3), 180, np.uint8), LAMPS) is None


def looks(*colours: Colour | None) -> list[Colour | None]:
    """What is told when single frames, 0.1 s apart, show these lamps."""
    heads = SignalHeads(
        Camera.model_validate(
            camera("simpang_empat_pagi").model_dump()
            | {"signal_heads": [{"approach": "utara"} | {c.value: box for c, box in LAMPS}]}
        )
    )
    told = [heads.look(Frame(100 + 0.1 * i, drawn(c, 60.0))) for i, c in enumerate(colours)]
    return [lamps.shown[0][1] for lamps in told]


def test_a_flash_is_no_change() -> None:
    """One frame of green amid red is not told; 0.2 s of it is."""
    r, g = Colour.RED, Colour.GREEN
    assert looks(r, r, r, g, r, r, r)[3:] == [r, r, r, r]
    assert looks(r, r, r, g, g, g, g)[-1] is g


def test_a_hidden_head_is_soon_unknown() -> None:
    """Its last colour stands for one second."""
    told = looks(*[Colour.RED] * 4, *[None] * 14)
    assert (told[8], told[-1]) == (Colour.RED, None)
