"""Every quality flag arises from what it stands for, and stands in the published row."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import av
import numpy as np
import pytest
import yaml
from simpang_edge import convert
from simpang_edge.assembly import build_measurement
from simpang_edge.config import Box, Camera, load
from simpang_edge.data import Frame, ImageArray, Readings, Scope, Tracks
from simpang_edge.errors import ConfigurationError
from simpang_edge.message import QualityX
from simpang_edge.scene import SceneWatch
from simpang_edge.scene_sun import Sun

from .meter_road import T0, camera, drive, lane_row, meter
from .test_meter_faults import hide
from .test_scene import Fault, dark, fog, shifted

CLIPS = Path(__file__).parents[2] / "sample_videos"
ALWAYS, LATER = 0, 15
"""From which second on a fault lies over the pictures: a camera that moves must have been learnt before."""


def pictures(clip: str, seconds: int) -> list[ImageArray]:
    """The picture of each second of a clip."""
    found: list[ImageArray] = []
    with av.open(str(CLIPS / f"{clip}.mp4")) as video:
        for frame in video.decode(video=0):
            if float(frame.time or 0.0) >= len(found):
                found.append(np.asarray(frame.to_ndarray(format="bgr24"), np.uint8))
            if len(found) >= seconds:
                break
    return found


def published(done: Readings) -> QualityX:
    """The quality of the approach's latest row of a minute, as it goes to the broker."""
    rows = [row for row in done.windows if row.scope is Scope.APPROACH and row.to_s - row.from_s == 60]
    return convert.window_row("tangsel", camera(), rows[-1]).x.quality


def watched(images: Iterable[ImageArray], scene: SceneWatch | None = None, base_s: float = T0) -> QualityX:
    """An empty road in which these pictures are looked at, one a second, by the real scene stage.

    base_s: hour of the first picture, as the scene stage sees it.
    """
    engine, scene, done = meter(), scene or SceneWatch(), Readings()
    second = 0
    for second, image in enumerate(images):
        found = scene.look(Frame(base_s + second, image))
        if found is not None:
            done += engine.note(replace(found, time_s=T0 + second))
        done += drive(engine, (), second, second + 1)
    return published(done + engine.finish(T0 + 60 * (second // 60 + 1)))


def same(image: ImageArray, _time_s: float) -> ImageArray:
    """As it is."""
    return image


def stuck(images: list[ImageArray]) -> list[ImageArray]:
    """The eleventh picture for the rest of the minute."""
    return images[:10] + [images[10]] * 50


@pytest.mark.parametrize(
    ("flag", "clip", "fault", "from_s"),
    [
        pytest.param("night", "malam", same, ALWAYS, id="night"),
        pytest.param("rain", "hujan", same, ALWAYS, id="rain"),
        pytest.param("dark", "simpang_empat_pagi_timur", dark, LATER, id="dark"),
        pytest.param("moved", "simpang_empat_pagi_timur", shifted(64, 20), LATER, id="moved"),
        pytest.param("low_contrast", "simpang_empat_pagi_timur", fog, LATER, id="fog"),
    ],
)
def test_a_flag_of_the_picture_stands_in_the_row(flag: str, clip: str, fault: Fault, from_s: int) -> None:
    """Of 50 pictures; without them the same minute has no flag."""
    images = [fault(image, i) if i >= from_s else image for i, image in enumerate(pictures(clip, 50))]
    assert flag in watched(images).flags


JAKARTA = Sun(-6.2, 106.8)


@pytest.mark.parametrize(
    ("clip", "hour", "expected"),
    [
        pytest.param("lancar", None, ["low_light"], id="dawn, place unknown: dim, but with a bright sky"),
        pytest.param("malam", None, ["night"], id="night, place unknown: dim, no sky"),
        # In Jakarta (WIB, UTC+7) the sun rises at 5:56 on 8 March and civil twilight begins 21 minutes before.
        pytest.param("lancar", "2026-03-08T06:10:00+07:00", ["low_light"], id="dawn: the sun is up"),
        pytest.param("lancar", "2026-03-08T05:45:00+07:00", ["low_light"], id="civil twilight"),
        pytest.param("malam", "2026-03-05T20:40:00+07:00", ["night"], id="night"),
        pytest.param("simpang_empat_pagi_timur", "2026-03-05T20:40:00+07:00", ["night"], id="a night lit like day"),
        pytest.param("malam", "2026-03-05T12:00:00+07:00", ["low_light"], id="a sky as black as night at noon"),
        pytest.param("simpang_empat_pagi_timur", "2026-03-05T09:00:00+07:00", [], id="day"),
    ],
)
def test_night_is_the_sun_s_and_low_light_the_picture_s(clip: str, hour: str | None, expected: list[str]) -> None:
    """Without a place the picture decides both: night has no bright sky."""
    base_s = T0 if hour is None else datetime.fromisoformat(hour).timestamp()
    quality = watched(pictures(clip, 15), SceneWatch(sun=None if hour is None else JAKARTA), base_s)
    assert [flag for flag in quality.flags if flag in ("night", "low_light")] == expected
    # 15 of 60 s were observed; either flag takes a tenth.
    assert quality.score == pytest.approx(0.25 * (0.9 if expected else 1.0), abs=0.02)


def test_a_dirty_lens_stands_in_the_row() -> None:
    """A quarter of the picture smeared from the twentieth second on is told after 120 looks: in the third minute."""
    clean = pictures("simpang_empat_pagi_timur", 60) * 3
    assert "dirty" in watched([image if i < 20 else smeared(image) for i, image in enumerate(clean)]).flags


def smeared(image: ImageArray) -> ImageArray:
    """Without edges in its middle quarter."""
    height, width = image.shape[:2]
    found = image.copy()
    part = found[height // 4 : -height // 4, width // 4 : -width // 4]
    part[:] = part.mean(axis=(0, 1)).astype(np.uint8)
    return found


def test_a_frozen_stream_stands_in_the_row() -> None:
    """Its seconds are not observed."""
    quality = watched(stuck(pictures("simpang_empat_pagi_timur", 12)))
    assert "frozen" in quality.flags
    assert quality.observed_s < 15


def test_a_plain_picture_has_no_flag() -> None:
    """By day, dry, still, with the whole minute observed; only, no cycle of the signal ended in it."""
    quality = watched(pictures("simpang_empat_pagi_timur", 60))
    assert quality.flags == ["no_whole_cycle"]
    assert quality.score == pytest.approx(1.0, abs=0.01)


def test_a_hidden_lane_stands_in_its_row() -> None:
    """Behind a standing bus for 45 of 60 s."""
    engine = meter()
    done = hide(engine, 0, 15, 0, 0) + hide(engine, 15, 60, 0, 0.8) + engine.finish(T0 + 60)
    row = convert.window_row("tangsel", camera(), lane_row(done, 2))
    assert "occluded" in row.x.quality.flags
    assert row.intensity is None


def box_of(clip: str, **changes: object) -> Box:
    """A box with the camera of a clip."""
    text = (CLIPS / f"{clip}.camera.yaml").read_text(encoding="utf-8")
    one = Camera.model_validate(yaml.safe_load(text))
    return Box.model_validate({"site": "tangsel", "cameras": [one], **changes})


def empty_minute(box: Box) -> QualityX:
    """Quality of the first approach, nobody on the road."""
    parts, nobody = build_measurement(box, box.cameras[0]), np.zeros(0, np.int64)
    for i in range(240):
        tracks = Tracks(T0 + i / 4, nobody, np.zeros((0, 4), np.float32), nobody)
        parts.meter.update(parts.place(tracks, (640, 360)))
    return convert.window_row("tangsel", box.cameras[0], parts.meter.finish(T0 + 60).windows[0]).x.quality


def test_too_few_pixels_stand_in_the_row() -> None:
    """232 px for 9.75 m at the stop line make a motorcycle of 0.75 m 17.8 px wide, under 20."""
    assert "low_resolution" in empty_minute(box_of("simpang_empat_pagi_timur")).flags


def test_a_calibration_that_is_too_coarse_stands_in_the_row() -> None:
    """Speeds are withheld where a pixel spans more than is allowed: a millimetre is less than any camera's."""
    coarse = box_of("simpang_empat_pagi", speed={"max_m_per_px": 0.001})
    assert "speed_not_supported" in empty_minute(coarse).flags


def test_an_approach_without_a_calibration_is_refused(tmp_path: Path) -> None:
    """So no row can lack it: the configuration's error says what is missing and where."""
    text = yaml.safe_load((CLIPS / "simpang_empat_pagi.camera.yaml").read_text(encoding="utf-8"))
    del text["calibration"]
    file = tmp_path / "box.yaml"
    file.write_text(yaml.safe_dump({"site": "tangsel", "cameras": [text]}), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="need a calibration"):
        load(file)
