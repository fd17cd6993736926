"""The scene: faults laid over pictures of the sample clip, and what must not alarm."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from simpang_edge.config import SceneRules
from simpang_edge.data import Frame, ImageArray, Scene
from simpang_edge.scene import SceneWatch

CLIP = Path(__file__).parents[2] / "sample_videos" / "simpang_empat_pagi_timur.mp4"
FAULT_S = 30.0
Fault = Callable[[ImageArray, float], ImageArray]


@pytest.fixture(scope="module")
def pictures() -> list[ImageArray]:
    """One picture a second of the clip, 640x360; the signal changes in it."""
    with av.open(str(CLIP)) as clip:
        frames = [frame.to_ndarray(format="bgr24") for i, frame in enumerate(clip.decode(video=0)) if i % 12 == 0]
    return [np.asarray(image, np.uint8) for image in frames[:60]]


def scenes(pictures: list[ImageArray], fault: Fault, until_s: float, end_s: float) -> Iterator[Scene]:
    """A look each second; the fault lies over the pictures from `FAULT_S` on, until `until_s`."""
    watch = SceneWatch()
    for i in range(int(end_s)):
        image = pictures[i % len(pictures)]
        found = watch.look(Frame(float(i), fault(image, float(i)) if FAULT_S <= i < until_s else image))
        if found is not None:
            yield found


def clock(image: ImageArray, time_s: float) -> ImageArray:
    """A running clock burnt in."""
    marked = image.copy()
    cv2.putText(marked, f"{time_s:08.1f}", (10, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2)
    return marked


def shifted(x_px: float, y_px: float) -> Fault:
    """The camera was knocked: the picture lies elsewhere."""

    def fault(image: ImageArray, _time_s: float) -> ImageArray:
        size = (image.shape[1], image.shape[0])
        by = np.array([[1, 0, x_px], [0, 1, y_px]], np.float32)
        return np.asarray(cv2.warpAffine(image, by, size, borderMode=cv2.BORDER_REFLECT), np.uint8)

    return fault


def zoomed(image: ImageArray, _time_s: float) -> ImageArray:
    """The PTZ camera zoomed in by two."""
    height, width = image.shape[:2]
    middle = image[height // 4 : height * 3 // 4, width // 4 : width * 3 // 4]
    return np.asarray(cv2.resize(middle, (width, height)), np.uint8)


def dark(image: ImageArray, time_s: float) -> ImageArray:
    """No light; the clock runs."""
    return clock((image * 0.04).astype(np.uint8), time_s)


def covered(image: ImageArray, time_s: float) -> ImageArray:
    """A bag over the camera."""
    return clock(np.full_like(image, 90), time_s)


def fog(image: ImageArray, _time_s: float) -> ImageArray:
    """A fifth of the contrast."""
    return np.asarray(image * 0.2 + 150, np.uint8)


def bus(image: ImageArray, time_s: float) -> ImageArray:
    """Two thirds of the view behind a bus, with the noise that every sensor has."""
    hidden = image.copy()
    height, width = image.shape[:2]
    hidden[height // 5 :, width // 6 :] = (60, 90, 200)
    for x in range(width // 6, width, width // 8):
        cv2.rectangle(hidden, (x, height // 3), (x + width // 12, height // 2), (40, 40, 40), -1)
    noise = np.random.default_rng(int(time_s)).normal(0, 3, image.shape)
    return np.clip(hidden + noise, 0, 255).astype(np.uint8)


def headlights(image: ImageArray, time_s: float) -> ImageArray:
    """The light goes within a second, and lamps move about."""
    rng = np.random.default_rng(int(time_s))
    height, width = image.shape[:2]
    glow = np.zeros((height, width), np.float32)
    for x, y in zip(rng.integers(0, width, 12), rng.integers(height // 3, height, 12), strict=True):
        cv2.circle(glow, (int(x), int(y)), 10, 1, -1)
    soft = cv2.GaussianBlur(glow, (0, 0), 10)[..., None] * 2
    return np.asarray(np.clip(image * 0.35 + 255 * soft, 0, 255), np.uint8)


def shaken(image: ImageArray, time_s: float) -> ImageArray:
    """Wind: up to 3 pixels either way."""
    x_px, y_px = np.random.default_rng(int(time_s)).uniform(-3, 3, 2)
    return shifted(x_px, y_px)(image, time_s)


@pytest.mark.parametrize(
    ("fault", "flag", "within_s"),
    [
        pytest.param(shifted(16, 6), "moved", 12, id="knocked by a fortieth of the width"),
        pytest.param(shifted(96, 0), "moved", 12, id="turned away"),
        pytest.param(zoomed, "moved", 60, id="zoomed in"),
        pytest.param(dark, "dark", 10, id="dark but for the clock"),
        pytest.param(covered, "dark", 10, id="covered but for the clock"),
    ],
)
def test_a_fault_is_found_in_time_and_ends_with_it(
    pictures: list[ImageArray], fault: Fault, flag: str, within_s: float
) -> None:
    """The flag comes within the time, not before the fault, and goes within 10 s of its end."""
    flagged = [scene.time_s for scene in scenes(pictures, fault, 90, 105) if flag in scene.flags]
    assert FAULT_S <= flagged[0] <= FAULT_S + within_s
    assert 88 <= flagged[-1] <= 100


def test_the_shift_is_told_in_pixels(pictures: list[ImageArray]) -> None:
    """16 right and 6 down: sqrt(16² + 6²) = 17.1 pixels."""
    last = list(scenes(pictures, shifted(16, 6), 90, 50))[-1]
    assert last.shift_px == pytest.approx(17.1, abs=2.0)


def test_a_frozen_picture_is_found_under_a_running_clock(pictures: list[ImageArray]) -> None:
    """The same picture with only the clock going on, after one with traffic: found after 5 s."""
    frozen = pictures[25]
    found = [s for s in scenes(pictures, lambda _image, t: clock(frozen, t), 60, 70) if "frozen" in s.flags]
    assert FAULT_S + 4 <= found[0].time_s <= FAULT_S + 8
    assert found[0].since_s == pytest.approx(FAULT_S, abs=1.5)
    assert found[-1].time_s <= 62
    assert not any(scene.usable for scene in found)


@pytest.mark.parametrize("phase", [0, 3, 7])
def test_a_ptz_camera_that_turns_away_and_a_short_freeze_are_found(phase: int) -> None:
    """By the clip's truth, whichever picture is the first one: away is told from 1.5 s around its begin, and for 1 s
    after its end at most; a freeze of 6 s is known within 5.5 s, is taken back to the last picture that changed, and is
    over half a second after its end. No look before and none after is unusable."""
    truth = json.loads(CLIP.with_name("ptz.truth.json").read_text(encoding="utf-8"))
    (away, still) = (next(f for f in truth["faults"] if f["type"] == kind) for kind in ("ptz", "frozen"))
    watch, found = SceneWatch(), []
    with av.open(str(CLIP.with_name("ptz.mp4"))) as clip:
        for index, frame in enumerate(clip.decode(video=0)):
            if index >= phase:
                image = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
                found.append(watch.look(Frame(float(frame.time), image)))
    bad = [scene for scene in found if scene is not None and not scene.usable]
    moved = [scene for scene in bad if "moved" in scene.flags]
    frozen = [scene for scene in bad if "frozen" in scene.flags]

    assert moved[0].since_s == pytest.approx(away["begin_s"], abs=1.5)
    assert away["end_s"] - 0.5 <= moved[-1].time_s <= away["end_s"] + 1.0
    assert frozen[0].time_s <= still["begin_s"] + 5.5
    assert frozen[0].since_s == pytest.approx(still["begin_s"], abs=0.25)
    assert still["end_s"] - 1.0 <= frozen[-1].time_s <= still["end_s"] + 0.5
    assert len(bad) == len(moved) + len(frozen)


def test_a_quiet_picture_is_frozen_only_after_long(pictures: list[ImageArray]) -> None:
    """Half a grey level of noise until 30 s, then the very same picture: a quiet road may look so for 15 s at most."""
    rng = np.random.default_rng(1)
    quiet = [np.clip(pictures[0] + rng.integers(0, 2, pictures[0].shape), 0, 255).astype(np.uint8) for _ in range(30)]
    watch = SceneWatch()
    looks = [watch.look(Frame(float(i), quiet[min(i, 29)])) for i in range(60)]
    found = [scene for scene in looks if scene is not None and "frozen" in scene.flags]
    assert 29 + 14 <= found[0].time_s <= 29 + 17


@pytest.mark.parametrize(
    ("look", "until_s"),
    [
        pytest.param(bus, 50, id="a bus fills the view for 20 s"),
        pytest.param(headlights, 60, id="lights out and headlights"),
        pytest.param(shaken, 60, id="shaking in the wind"),
        pytest.param(lambda image, _t: cv2.convertScaleAbs(image, alpha=1.4, beta=20), 60, id="the sun comes out"),
        pytest.param(fog, 60, id="fog"),
        pytest.param(lambda image, _t: image, 60, id="nothing"),
    ],
)
def test_no_false_alarm(pictures: list[ImageArray], look: Fault, until_s: float) -> None:
    """None of these makes a picture unusable."""
    assert all(scene.usable for scene in scenes(pictures, look, until_s, 75))


def test_night_is_told_with_hysteresis(pictures: list[ImageArray]) -> None:
    """Median brightness 120 × 0.35 = 42 is night (below 60); at 0.6 it is 72, above 60 but below 90: night goes on."""
    day = [np.clip(image * (120 / np.median(image)), 0, 255).astype(np.uint8) for image in pictures]

    def dimmed(image: ImageArray, time_s: float) -> ImageArray:
        return np.asarray(image * (0.35 if time_s < 45 else 0.6), np.uint8)

    found = [s.time_s for s in scenes(day, dimmed, 60, 70) if "night" in s.flags]
    assert (found[0], found[-1]) == (30.0, 59.0)


def test_fog_is_low_contrast(pictures: list[ImageArray]) -> None:
    """It is a flag; the picture can still be measured."""
    found = [s for s in scenes(pictures, fog, 60, 70) if "low_contrast" in s.flags]
    assert FAULT_S <= found[0].time_s <= FAULT_S + 10
    assert all(scene.usable for scene in found)


def test_it_looks_once_a_second_and_again_after_the_clock_was_set_back(pictures: list[ImageArray]) -> None:
    """Frames at 0, 0.5, 1.0, 1.5 s, then at -100 s."""
    watch = SceneWatch(SceneRules(every_s=1))
    looked = [watch.look(Frame(t, pictures[0])) is not None for t in (0.0, 0.5, 1.0, 1.5, -100.0)]
    assert looked == [True, False, True, False, True]


def test_pictures_may_change_their_size(pictures: list[ImageArray]) -> None:
    """A camera that was set to another resolution is looked at anew."""
    watch = SceneWatch()
    sizes = [(640, 360)] * 12 + [(640, 480)] * 12
    found = [watch.look(Frame(float(i), cv2.resize(pictures[i], s))) for i, s in enumerate(sizes)]  # type: ignore[arg-type]
    assert all(scene is not None and scene.usable for scene in found)


def test_a_camera_that_was_knocked_while_the_worker_was_off_is_found(pictures: list[ImageArray]) -> None:
    """The next run compares with the view that the run before learnt; an unmoved camera is at home at once."""
    first = SceneWatch()
    for i in range(20):
        first.look(Frame(float(i), pictures[i]))
    for fault, moved in ((shifted(16, 6), True), (shifted(0, 0), False)):
        second = SceneWatch()
        second.recall(first.remember())
        found = [second.look(Frame(1000.0 + i, fault(pictures[20 + i], 0.0))) for i in range(12)]
        assert ("moved" in (found[-1].flags if found[-1] else ())) is moved


@pytest.mark.parametrize("data", [pytest.param(b"", id="empty"), pytest.param(b"PK no archive", id="no archive")])
def test_a_view_that_cannot_be_read_is_refused(data: bytes) -> None:
    """The worker says so and learns anew."""
    with pytest.raises(ValueError, match=r"not a reference picture|data"):
        SceneWatch().recall(data)
