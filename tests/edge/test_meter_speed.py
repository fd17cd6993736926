"""Speed, density, occupancy, headway and delay against hand arithmetic."""

import math
from pathlib import Path as File

import numpy as np
import pytest
import yaml
from simpang_edge.config import Camera
from simpang_edge.meter.crossings import speed_at
from simpang_edge.meter.fits import bend, fit
from simpang_edge.meter.layout import Layout

from .meter_road import Car, Path, approach_row, lane_row, measure, path

CLIPS = File(__file__).parents[2] / "sample_videos"


def test_speed_at_the_line_by_hand() -> None:
    """40 m to -20 m in 6 s is 10 m/s."""
    row = approach_row(measure([Car(1, path((0, 40), (6, -20)))]))
    assert row.speed_time_mean_mps == pytest.approx(10.0, abs=1e-6)
    assert row.speed_n == 1


def test_speed_of_a_vehicle_that_starts_from_the_queue() -> None:
    """8 m from standing with 2 m/s²: v = sqrt(2·2·8) = 5.66 m/s at the line, not the mean of the run-up."""
    row = approach_row(measure([Car(1, lambda t: 8 - max(0, t - 10) ** 2 if t < 14.8 else None)]))
    assert row.speed_time_mean_mps == pytest.approx(5.657, abs=0.15)


@pytest.mark.parametrize("fps", [5.0, 8.0, 12.5, 25.0])
def test_speed_does_not_depend_on_the_frame_rate(fps: float) -> None:
    """Metres over seconds: 12 m/s at every rate."""
    row = approach_row(measure([Car(1, path((0, 48), (5, -12)))], fps=fps))
    assert row.speed_time_mean_mps == pytest.approx(12.0, abs=1e-6)


NO_SPEED: dict[str, Path] = {
    "two sightings near the line": lambda t: {0: 60.0, 2: 40.0, 4: 4.0, 5: -4.0}.get(round(t * 8)),
    "creeps 1.6 m over the line and stands": path((0, 1), (5, 0.8), (10, -0.8), (30, -0.8)),
}


@pytest.mark.parametrize("along", NO_SPEED.values(), ids=NO_SPEED.keys())
def test_too_little_for_a_speed_is_none(along: Path) -> None:
    """The vehicle counts, its speed is unknown: no figure is made up."""
    row = approach_row(measure([Car(1, along)]))
    assert sum(row.counts or ()) == 1
    assert (row.speed_time_mean_mps, row.speed_n, row.speed_interval_mps) == (None, 0, None)


@pytest.mark.parametrize("far_m", [4.5, 12.0])
def test_a_track_that_jumps_follows_another_vehicle(far_m: float) -> None:
    """9 or 24 m in one frame (1536 km/h in another program) from a standstill: neither a speed nor a crossing."""
    row = approach_row(measure([Car(1, lambda t: far_m if t < 3 else (-far_m if t < 6 else None))]))
    assert (sum(row.counts or ()), row.speed_n) == (0, 0)
    assert row.speed_space_mean_mps == 0.0


def test_the_standard_error_of_a_fit_by_hand() -> None:
    """Points 0, 1, 1, 2 at t = 0..3: slope 0.6, residuals -0.1, 0.3, -0.3, 0.1, SSR 0.2, Sxx 5: sqrt(0.2/2/5).

    With 2 degrees of freedom Student's t is 4.303 where it is 1.96 with many: the error is told 4.303 / 1.96 as large.
    """
    line = fit(np.arange(4.0), np.array([0.0, 1.0, 1.0, 2.0]))
    assert line is not None
    assert line.slope_mps == pytest.approx(0.6)
    assert line.error_mps == pytest.approx(np.sqrt(0.02) * 4.303 / 1.96)


def test_the_bend_of_a_parabola_by_hand() -> None:
    """x = 3 - 2 t + 5 t^2 bends by 5, at times whose mean is 0: -3, -1, 0 and 4 s."""
    time_s = np.array([-3.0, -1.0, 0.0, 4.0])
    assert bend(time_s, 3 - 2 * time_s + 5 * time_s**2) == pytest.approx(5.0)


def test_percentiles_need_thirty_vehicles() -> None:
    """29 speeds give a mean and no percentile; 30 give the three: 5.0, 5.1 ... 7.9 m/s has its median at 6.45."""

    def cars(n: int) -> list[Car]:
        return [Car(i + 1, path((1.5 * i, 20), (1.5 * i + 30 / (5 + i / 10), -10)), lane=1 + i % 2) for i in range(n)]

    few, enough = approach_row(measure(cars(29))), approach_row(measure(cars(30)))
    assert (few.speed_n, few.speed_p50_mps) == (29, None)
    assert enough.speed_n == 30
    # numpy's linear rule: 15 % of 29 intervals is 4.35 -> 5.435; 85 % is 24.65 -> 7.465
    assert (enough.speed_p15_mps, enough.speed_p50_mps, enough.speed_p85_mps) == pytest.approx(
        (5.435, 6.45, 7.465), abs=1e-6
    )


def test_percentiles_of_a_class_need_thirty_of_it() -> None:
    """30 cars at 5.0, 5.1 ... 7.9 m/s and 29 motorcycles at 10 m/s: MP has percentiles, SM none, all 59 some."""
    cars = [Car(i + 1, path((0.9 * i, 20), (0.9 * i + 30 / (5 + i / 10), -10))) for i in range(30)]
    bikes = [
        Car(i + 101, path((0.9 * i, 20), (0.9 * i + 3, -10)), kind="motorcycle", lane=2, across_m=4.9)
        for i in range(29)
    ]
    row = approach_row(measure(cars + bikes))
    assert row.speed_n == 59
    (one,) = row.class_speeds
    assert (one.pkji, one.n) == ("MP", 30)
    assert (one.p15_mps, one.p50_mps, one.p85_mps) == pytest.approx((5.435, 6.45, 7.465), abs=1e-6)


def test_edie_by_hand() -> None:
    """Two cars over 80 m: 8 s at 10 m/s and 16 s at 5 m/s. v = 160/24 m/s; k = 24 s / (80 m · 58.875 s)."""
    fast, slow = Car(1, path((1, 80), (10, -10))), Car(2, path((10, 80), (28, -10)), lane=2)
    row = approach_row(measure([fast, slow]))
    assert row.quality.observed_s == pytest.approx(58.875)
    assert row.speed_space_mean_mps == pytest.approx(160 / 24, rel=1e-3)
    assert row.density_vpm == pytest.approx(24 / (80 * 58.875), rel=1e-3)
    assert row.speed_ratio == pytest.approx(160 / 24 / 10, rel=1e-3)
    assert row.flow_vps == pytest.approx(2 / 58.875)


@pytest.mark.parametrize(("clip", "width_m"), [("insiden", 3.5), ("malam", 3.6), ("hujan", 3.0)])
def test_the_area_of_a_lane_is_as_wide_as_it_is_drawn(clip: str, width_m: float) -> None:
    """The widths of the scenarios' lanes, `lane_width_m` there; the approach has those of all its lanes together."""
    content = yaml.safe_load((CLIPS / f"{clip}.camera.yaml").read_text(encoding="utf-8"))
    approach, *lanes = Layout(Camera.model_validate(content), 3.25).cells
    assert [lane.area_m2 / lane.length_m for lane in lanes] == pytest.approx([width_m] * len(lanes), abs=0.02)
    assert approach.area_m2 == pytest.approx(sum(lane.area_m2 for lane in lanes))


def test_area_occupancy_by_hand() -> None:
    """One car 4.0 m long and 1.7 m wide for 8 s on 80 m of two lanes of 3.25 m: 6.8·8 / (520·58.875)."""
    row = approach_row(measure([Car(1, path((1, 80), (10, -10)), length_m=4.0)]))
    assert row.area_occupancy_ratio == pytest.approx(6.8 * 8 / (520 * 58.875), rel=1e-3)


def test_occupancy_of_the_two_metre_detector() -> None:
    """A car of 4 m at 1 m/s covers the detector from front at +2 m to rear at 0: 6 s of 58.875; half per approach."""
    done = measure([Car(1, path((0, 20), (30, -10)), length_m=4.0)])
    assert lane_row(done, 1).occupancy_ratio == pytest.approx(6 / 58.875, abs=0.125 / 58.875)
    assert lane_row(done, 2).occupancy_ratio == 0.0
    assert approach_row(done).occupancy_ratio == pytest.approx(3 / 58.875, abs=0.125 / 58.875)


def test_a_camera_behind_the_traffic_sees_rear_bumpers() -> None:
    """Heading away: the contact point is the rear, so the detector is covered while it is between 0 and 2 + 4 m."""
    done = measure([Car(1, path((0, 20), (30, -10)), length_m=4.0)], heading="away")
    assert lane_row(done, 1).occupancy_ratio == pytest.approx(6 / 58.875, abs=0.125 / 58.875)


def test_headway_and_gap_by_hand() -> None:
    """Same lane, 2 s and 4 s apart: mean headway 3 s. At 10 m/s the gaps are 20 - 4 = 16 m and 40 - 4 = 36 m."""
    cars = [Car(i + 1, path((t, 80), (t + 9, -10)), length_m=4.0) for i, t in enumerate((1, 3, 7))]
    done = measure([*cars, Car(9, path((2, 80), (11, -10)), lane=2)])
    assert lane_row(done, 1).headway_mean_s == pytest.approx(3.0, abs=1e-6)
    assert approach_row(done).headway_mean_s == pytest.approx(3.0, abs=1e-6)
    assert (lane_row(done, 1).headway_n, lane_row(done, 2).headway_n) == (2, 0)
    assert lane_row(done, 2).headway_mean_s is None
    # while both are in view: the pair 16 m apart for 7 s, the pair 36 m apart for 5 s: (16·7 + 36·5) / 12
    assert lane_row(done, 1).gap_mean_m == pytest.approx((16 * 7 + 36 * 5) / 12, rel=0.05)


def test_delay_and_stops_by_hand() -> None:
    """80 m: 6 s at 10 m/s, 20 s standing, 2 s at 10 m/s. Actual 28 s, free 8 s: control delay 20 s, one stop."""
    row = approach_row(measure([Car(1, path((0, 80), (6, 20), (26, 20), (29.5, -15)))]))
    assert row.control_delay_s == pytest.approx(20.0, abs=0.1)
    assert row.travel_time_s == pytest.approx(28.0, abs=0.1)
    assert row.stopped_delay_s == pytest.approx(20.0, abs=1.0)
    assert row.stops_per_vehicle == 1.0


def test_delay_is_unknown_for_vehicles_first_seen_half_way() -> None:
    """A track that begins 30 m from the line says nothing of what came before."""
    row = approach_row(measure([Car(1, path((0, 30), (4, -10)))]))
    assert (row.control_delay_s, row.stopped_delay_s, row.stops_per_vehicle) == (None, None, None)


def test_without_a_reference_speed_there_is_no_ratio_and_no_delay() -> None:
    """No speed limit configured: unknown, not a guess. The travel time needs none: 80 m at 10 m/s are 8 s."""
    row = approach_row(measure([Car(1, path((0, 80), (9, -10)))], limit_kmh=None))
    assert (row.speed_ratio, row.control_delay_s, row.tti) == (None, None, None)
    assert row.travel_time_s == pytest.approx(8.0)
    assert row.speed_space_mean_mps == pytest.approx(10.0, rel=1e-3)


def test_the_speed_of_a_vehicle_that_speeds_up_is_known_less_well() -> None:
    """At the line at 2 m/s with 2 m/s²: a front known to 0.25 m is there 0.25 / 2 s early or late, so 0.25 m/s. At
    10 m/s without a change nothing is added."""
    time_s = np.arange(-8, 9) / 8
    starts_m, steady_m = -(2 * time_s + time_s**2), -10 * time_s
    starts, plain = speed_at(time_s, starts_m, 0.0), fit(time_s, starts_m)
    steady = speed_at(time_s, steady_m, 0.0)

    assert starts is not None
    assert plain is not None
    assert steady is not None
    assert starts.error_mps == pytest.approx(math.hypot(plain.error_mps, 0.25))
    assert steady.error_mps == pytest.approx(0.0, abs=1e-6)
