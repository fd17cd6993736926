"""Light, lamps, weather and shutter on small pictures from the real renderer, and their parts by hand."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from simpang_twin import backdrop, film, garage, light, motion, rain, scenario, shutter, simulate
from simpang_twin.camera import pinhole
from simpang_twin.conditions import Light, Weather
from simpang_twin.run import Run
from simpang_twin.stage import Placed, Stage

MINI = Path(__file__).parents[2] / "sample_videos" / "scenarios" / "mini.yaml"
FRAME = 20

Shot = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], film.CameraUnit]
Look = Callable[[Light, Weather], Shot]


@pytest.fixture(scope="module")
def look(tmp_path_factory: pytest.TempPathFactory) -> Look:
    """Films frame 20 of the short scenario at 320x180 in any light: (picture, boxes, unit)."""
    folder = tmp_path_factory.mktemp("run")
    plan = scenario.load(MINI).model_copy(update={"duration_s": 2.0})
    simulate.simulate(plan, folder)
    plan, net, run = simulate.load(folder)
    camera = plan.cameras[0].model_copy(update={"width_px": 320, "height_px": 180, "focal_px": 437.0})

    @lru_cache
    def shoot(sky: Light, weather: Weather) -> Shot:
        lit = plan.model_copy(update={"light": sky, "weather": weather})
        eye = pinhole(camera)
        stage = Stage(eye, light.air(sky, weather))
        empty = backdrop.Set(stage, lit, net).seen_by(eye, supersample=1)
        stage.close()
        unit = film.CameraUnit(lit, net, run, camera, empty, folder)
        picture, boxes = unit.shoot(FRAME)
        unit.close()
        return picture, boxes, unit

    return shoot


def test_night_is_much_darker_than_noon_and_has_the_same_boxes(look: Look) -> None:
    """By mean grey level less than half of noon's (pictures are gamma 2.2: a fifth of the light); where the bodies are
    does not depend on the light."""
    noon, boxes, _ = look(Light(), Weather())
    night, dark_boxes, _ = look(Light(sky="night"), Weather())

    assert night.mean() < noon.mean() / 2
    assert np.array_equal(boxes, dark_boxes)


def test_headlights_are_bright_where_the_truth_has_their_vehicle(look: Look) -> None:
    """At night every near vehicle that faces the camera has white pixels in its box, as bright as nothing else on the
    road around it."""
    night, boxes, unit = look(Light(sky="night"), Weather())

    faced = [b for b in boxes if _faces(unit, int(b[0])) and b[5] < 0.2 and b[4] - b[2] > 12 and b[4] < 178]
    assert len(faced) >= 2
    for box in faced:
        x0, y0, x1, y1 = (int(v) for v in box[1:5])
        assert night[y0:y1, x0:x1].min(axis=2).max() >= 245
        assert np.median(night[y0:y1, x0:x1]) < 120


def _faces(unit: film.CameraUnit, vehicle: int) -> bool:
    """Whether a vehicle comes in on the north arm, so that the camera in the south sees its front."""
    row = np.flatnonzero((unit.run.frame == FRAME) & (unit.run.vehicle == vehicle))[0]
    return unit.run.lane_ids[unit.run.lane[row]].startswith("utara_in")


def test_a_wet_road_mirrors_the_headlights(look: Look) -> None:
    """On the road in front of the queue, the picture is brighter at night when the road is wet."""
    dry, boxes, _ = look(Light(sky="night"), Weather())
    wet, _, _ = look(Light(sky="night"), Weather(wet_road=1.0))

    free = np.ones(dry.shape[:2], bool)
    for _, x0, y0, x1, y1, _, _ in boxes:
        free[int(y0) - 2 : int(y1) + 2, int(x0) - 2 : int(x1) + 2] = False
    road = free & (np.arange(180)[:, None] > 30) & (np.abs(np.arange(320)[None] - 180) < 60)
    assert np.percentile(wet[road], 99) > np.percentile(dry[road], 99) + 10


def test_rain_is_the_same_for_the_same_seed_and_frame() -> None:
    """Bit for bit; and it takes contrast: at 10 mm/h the haze range falls from 700 m to
    1/(1/700 + 0.00013·10^0.7) = 1/(0.0014286 + 0.0006515) = 480.7 m."""
    grey = np.full((90, 160, 3), 90.0, np.float32)

    assert np.array_equal(rain.falling(grey, 20.0, 1, 1), rain.falling(grey, 20.0, 1, 1))
    assert light.haze_m(Light(haze_m=700), Weather(rain_mmph=10)) == pytest.approx(480.7, abs=0.1)


def test_streaks_change_from_frame_to_frame() -> None:
    """Rain that stood still would be dirt; more rain means more changed pixels."""
    grey = np.full((90, 160, 3), 90.0, np.float32)
    one, two = rain.falling(grey, 20.0, 1, 1), rain.falling(grey, 20.0, 1, 2)

    assert not np.array_equal(one, two)
    assert (rain.falling(grey, 60.0, 1, 1) > 93).sum() > (rain.falling(grey, 5.0, 1, 1) > 93).sum()


def test_light_under_a_street_lamp_follows_the_inverse_square() -> None:
    """Under a lamp at 10 m: strength/100; 10 m beside it both cosines are 1/√2, the distance² is 200: strength/400."""
    lamps = np.array([[0.0, 0.0, 10.0]])
    got = light.lamp_light(np.array([[0.0, 0.0], [10.0, 0.0]]), lamps)
    assert got == pytest.approx([light.LAMP_STRENGTH / 100, light.LAMP_STRENGTH / 400])


def test_brake_lights_shine_while_slowing_and_standing() -> None:
    """10 frames of 0.1 s: steady, slowing by 0.1 m/s per frame (1 m/s²), standing, starting off."""
    speed = np.array([1.0, 1.0, 0.9, 0.8, 0.7, 0.1, 0.0, 0.0, 0.3, 0.6])
    n = len(speed)
    zero = np.zeros(n, np.int32)
    run = Run(0.1, n, ("1",), ("mpv",), ("a",), np.arange(n, dtype=np.int32), zero, zero, np.zeros((n, 2)),
              np.zeros(n), speed)  # fmt: skip

    moved = motion.motion(run)

    # Frame 1 is lit because the very next frame is slower: the foot is on the pedal before the speed shows it.
    assert moved.braking.tolist() == [False, True, True, True, True, True, True, True, False, False]
    # Trapezium rule: (1+1)/2·0.1 = 0.1, then 0.095, 0.085, 0.075, 0.04, 0.005, 0, 0.015, 0.045.
    assert moved.way_m == pytest.approx([0, 0.1, 0.195, 0.28, 0.355, 0.395, 0.4, 0.4, 0.415, 0.46])


def test_motion_blur_smears_along_the_way_only() -> None:
    """A square of 10 px that moves 8 px to the right is about 8 px wider and no higher; its light is kept."""
    code = np.zeros((40, 60), np.int32)
    code[15:25, 20:30] = 1
    colour = np.zeros((40, 60, 4), np.float32)
    colour[15:25, 20:30] = (200, 200, 200, 1)

    out = shutter.smear(colour, code, np.array([[8.0, 0.0]]), [0])

    rows, columns = np.flatnonzero(out[..., 3].max(axis=1) > 0.1), np.flatnonzero(out[..., 3].max(axis=0) > 0.1)
    assert (rows[0], rows[-1]) == (15, 24)
    assert 6 <= len(columns) - 10 <= 9
    assert out[..., 3].sum() == pytest.approx(100, rel=0.01)
    assert np.array_equal(shutter.smear(colour, code, np.array([[0.5, 0.0]]), [0]), colour)


def test_wheels_turn_with_the_way() -> None:
    """The wheels of 0.31 m look the same after a whole turn, 2π·0.31 = 1.948 m, and differ after a tenth of one."""
    plan = scenario.load(MINI)
    camera = plan.cameras[0].model_copy(update={"position_m": (0.0, -20.0, 3.0), "look_at_m": (0.0, 0.0, 0.6)})
    stage = Stage(pinhole(camera.model_copy(update={"width_px": 320, "height_px": 180})), light.air(Light(), Weather()))
    node = stage.body(garage.mesh_of("mpv", 5).vertices())

    start, tenth, whole = (stage.draw([Placed(node, 0.0, 0.0, 90.0, way_m=way)]).colour for way in (0.0, 0.195, 1.948))
    stage.close()

    assert np.abs(start - tenth).max() > 30
    assert np.abs(start - whole).max() < 8


def test_a_camera_takes_the_airs_veil_for_black_by_day_only() -> None:
    """haze_m 700: 1 − e^(−40/700) = 0.0555; the haze's mean (0.62 + 0.68 + 0.74)/3 = 0.68 makes a veil of 0.0378, on
    display 255·0.0378^(1/2.2) = 57.5, of which 85 % = 48.9 are taken; at night nothing."""
    assert light.levels(light.air(Light(haze_m=700), Weather()))[0] == pytest.approx(48.9, abs=0.2)
    assert light.levels(light.air(Light(sky="night"), Weather())) == (0.0, 255.0)
