"""How well an approach is seen: scale, its error, and what that does to published speeds."""

import math
from dataclasses import replace

import numpy as np
import pytest
from simpang_edge.config import Camera, SpeedRules
from simpang_edge.data import Sight, State
from simpang_edge.meter import Meter, MeterSettings
from simpang_edge.sight import sights

from .meter_road import T0, Car, approach_row, camera, drive, frame, path

SPEED = SpeedRules()


def flat(scale_m: float = 0.1, points: int = 4, noise_px: float = 0.0) -> Camera:
    """A picture straight from above: `scale_m` metres per pixel, 20 m x 80 m of road; stop line 10 m wide."""
    corners = [(0, 0), (200, 0), (0, 800), (200, 800), (100, 400), (0, 400), (200, 400), (100, 800)][:points]
    off = [noise_px * (-1) ** i for i in range(points)]
    return Camera.model_validate(
        {
            "id": "utara",
            "source": "a.mp4",
            "height_m": 10.0,
            "calibration": {
                "points": [
                    {"image": (x + off[i], y), "road": (x * scale_m, y * scale_m)} for i, (x, y) in enumerate(corners)
                ]
            },
            "approaches": [
                {
                    "id": "utara",
                    "stop_line": [(50, 100), (150, 100)],
                    "lanes": [{"id": 1, "polygon": [(50, 100), (150, 100), (150, 700), (50, 700)]}],
                    "length_m": 60,
                }
            ],
        }
    )


def test_a_flat_picture_by_hand() -> None:
    """100 px at 0.1 m are a stop line of 10 m."""
    (one,) = sights(flat(), 2.0)
    assert (one.width_m, one.m_per_px) == (pytest.approx(10.0), pytest.approx(0.1))
    assert one.camera_height_m == 10.0


def test_the_scale_is_as_exact_as_the_clicks() -> None:
    """Twice the error of a click is twice the error of the scale; 2 px of 800 are some tenths of a per cent."""
    (one,), (two,) = sights(flat(), 1.0), sights(flat(), 2.0)
    assert two.scale_error_ratio == pytest.approx(2 * one.scale_error_ratio, rel=0.1)
    assert 0.001 < two.scale_error_ratio < 0.03


def test_residuals_count_where_they_are_larger_than_a_click() -> None:
    """Eight points that miss by 10 px tell of larger errors than a click of 1 px."""
    (fine,), (rough,) = sights(flat(points=8), 1.0), sights(flat(points=8, noise_px=10.0), 1.0)
    assert rough.scale_error_ratio > 3 * fine.scale_error_ratio


def test_without_calibration_there_is_no_sight() -> None:
    """A camera that only records has nothing to tell."""
    assert sights(Camera.model_validate({"id": "a", "source": "a.mp4"}), 2.0) == ()


def passing(sight: Sight) -> Meter:
    """A meter that saw one car at 10 m/s."""
    meter = Meter(camera(), MeterSettings(windows_s=(60,)), sights=(sight,))
    drive(meter, [Car(1, path((0, 80), (9.5, -15)))], 0, 20)
    return meter


def test_the_interval_adds_errors_in_squares() -> None:
    """The fit of a steady car is exact. Scale 3 %; a car's contact point 0.2 m high, seen from 10 m, moves 10 / 9.8
    as fast: 2.04 %.

    1.96 * sqrt(0.03² + 0.0204²) = 7.11 % of 10 m/s.
    """
    row = approach_row(passing(Sight(6.5, 0.02, 0.03, 10.0)).finish(T0 + 20))
    low, high = row.speed_interval_mps or (0, 0)
    half_mps = 1.96 * math.hypot(0.03, 0.2 / 9.8) * 10
    assert (low, high) == (pytest.approx(10 - half_mps, abs=1e-3), pytest.approx(10 + half_mps, abs=1e-3))


def test_the_error_that_stays_is_told_of_every_speed_of_the_row() -> None:
    """7.11 % as above, without the fits, also where a vehicle stands and none crossed; none of an empty road, nor
    where speeds are withheld, nor where nothing is known of the camera."""
    fine, coarse = Sight(6.5, 0.02, 0.03, 10.0), Sight(6.5, 0.02, 0.2, 10.0)
    lasting = pytest.approx(1.96 * math.hypot(0.03, 0.2 / 9.8), rel=1e-6)
    assert approach_row(passing(fine).finish(T0 + 20)).speed_error_ratio == lasting
    engine = Meter(camera(), MeterSettings(windows_s=(60,)), sights=(fine,))
    done = drive(engine, [Car(1, path((62, 80), (70, 5), (119, 5)))], 0, 119) + engine.finish(T0 + 119)
    assert [approach_row(done, number).speed_error_ratio for number in (0, 1)] == [None, lasting]
    assert approach_row(passing(coarse).finish(T0 + 20)).speed_error_ratio is None
    unknown = Meter(camera(), MeterSettings(windows_s=(60,)))
    drive(unknown, [Car(1, path((0, 80), (9.5, -15)))], 0, 20)
    assert approach_row(unknown.finish(T0 + 20)).speed_error_ratio is None


@pytest.mark.parametrize(
    ("found_m", "configured_m", "used_m"),
    [
        pytest.param(5.0, 10.0, 5.0, id="the calibration tells"),
        pytest.param(None, 10.0, 10.0, id="only the configuration does"),
        pytest.param(None, None, 6.0, id="neither: taken to be low"),
    ],
)
def test_the_height_of_the_interval(found_m: float | None, configured_m: float | None, used_m: float) -> None:
    """A car's contact point is 0.2 m high and moves H / (H - 0.2) as fast (measurement reference, section 7)."""
    engine = Meter(camera(), MeterSettings(windows_s=(60,)), sights=(Sight(6.5, 0.02, 0.0, configured_m),))
    car = Car(1, path((0, 80), (9.5, -15)))
    for i in range(160):
        engine.update(replace(frame(i / 8, [car], [1] if i == 100 else []), camera_height_m=found_m))
    low, high = approach_row(engine.finish(T0 + 20)).speed_interval_mps or (0, 0)
    assert (high - low) / 2 == pytest.approx(1.96 * 0.2 / (used_m - 0.2) * 10, rel=1e-3)


@pytest.mark.parametrize(
    ("m_per_px", "scale", "told"),
    [
        pytest.param(0.30, 0.15, True, id="at both limits"),
        pytest.param(0.31, 0.05, False, id="a pixel spans 0.31 m"),
        pytest.param(0.10, 0.16, False, id="lengths wrong by 16 %"),
    ],
)
def test_a_speed_that_the_calibration_does_not_support_is_not_told(m_per_px: float, scale: float, told: bool) -> None:
    """Unknown with a flag, not a number that looks like one; counts stay."""
    row = approach_row(passing(Sight(6.5, m_per_px, scale, 10.0)).finish(T0 + 20))
    assert (row.speed_time_mean_mps is not None, row.speed_space_mean_mps is not None) == (told, told)
    assert ("speed_not_supported" in row.quality.flags) is not told
    assert row.counts is not None
    assert sum(row.counts) == 1


@pytest.mark.parametrize(
    ("m_per_px", "sentence"),
    [
        pytest.param(0.30, "free flow, 36 km/h", id="fine"),
        # Eight cars of 4.4 m by 1.7 m over 80 m at 10 m/s, 8 s each: 8 * 8 s * 7.48 m2 of 60 s * 260 m2 are 3.1 %.
        pytest.param(0.31, "free, 3 % of the road filled", id="coarse"),
    ],
)
def test_what_speeds_make_is_withheld_with_them(m_per_px: float, sentence: str) -> None:
    """No sentence, level of service, travel-time index or usual speed from a speed that is refused, live neither."""
    link = camera(lanes=1)
    link = link.model_copy(update={"approaches": (link.approaches[0].model_copy(update={"control": "link"}),)})
    engine = Meter(link, MeterSettings(windows_s=(60,)), sights=(Sight(3.25, m_per_px, 0.05, 10.0),))
    cars = [Car(i + 1, path((6 * i + 1, 80), (6 * i + 10.5, -15))) for i in range(8)]
    done = drive(engine, cars, 0, 60)
    (live, *_) = engine.live(T0 + 59.875)
    row = approach_row(done + engine.finish(T0 + 60))
    told = sentence.endswith("km/h")
    assert (row.tti is not None, row.los is not None, row.speed_ratio is not None) == (told, told, told)
    assert [one.reason and one.reason.en for one in (row, live)] == [sentence, sentence]
    assert (row.state, live.state) == (State.FREE, State.FREE)


@pytest.mark.parametrize(
    ("m_per_px", "told"), [pytest.param(0.30, True, id="fine"), pytest.param(0.31, False, id="coarse")]
)
def test_the_live_speed_is_withheld_too(m_per_px: float, told: bool) -> None:
    """One page must not show what the other refuses."""
    engine = Meter(camera(), MeterSettings(windows_s=(60,)), sights=(Sight(6.5, m_per_px, 0.05, 10.0),))
    drive(engine, [Car(1, path((0, 80), (9.5, -15)))], 0, 6)
    (row, *_) = engine.live(T0 + 6)
    assert (row.speed_mps is not None) is told


def test_errors_of_single_fits_shrink_with_their_number() -> None:
    """Four fits of 0.4 m/s: sqrt(4 * 0.16) / 4 = 0.2 m/s; the scale's share stays."""
    from simpang_edge.meter.crossings import Crossing
    from simpang_edge.meter.speeds import Errors

    one = Crossing(0.0, 1, 1, 0, 1, 10.0, 0.4, 4.4, False, math.nan, 0.0, 80.0, 0.0, 0)
    half = Errors(SPEED).half_mps([one] * 4, 0, 10.0)
    assert half == pytest.approx(1.96 * 0.2)
    with_scale = Errors(SPEED, (Sight(6.5, 0.02, 0.03, 1e9),)).half_mps([one] * 4, 0, 10.0)
    assert with_scale == pytest.approx(1.96 * np.hypot(0.2, 0.3))
