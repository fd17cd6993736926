"""Standing vehicles that others pass, on a link: left out of what the road carries, and told; a queue's never."""

import pytest
from simpang_edge.config import Camera
from simpang_edge.data import Readings, State
from simpang_edge.meter import Meter, MeterSettings

from .meter_place import Thing, play, zone, zoned_camera
from .meter_road import Car, Path, approach_row, camera, counted, drive, lane_row, path

SPAN = 80 * 60
"""Metres of the road times seconds of a window."""


def link(one: Camera | None = None, control: str = "link") -> Meter:
    """A meter of a road of two lanes, 80 m, free flow 10 m/s."""
    one = one or camera()
    road = one.approaches[0].model_copy(update={"control": control})
    return Meter(one.model_copy(update={"approaches": (road,)}), MeterSettings(windows_s=(60,)))


def by(first_s: float) -> Path:
    """Drives through at 10 m/s."""
    return path((first_s, 80), (first_s + 9, -10))


def passing(minutes: int) -> list[Car]:
    """A car in lane 2 every 3 s."""
    return [Car(100 + i, by(3.0 * i), lane=2, across_m=4.9) for i in range(20 * minutes)]


def standing(*alongs_m: float, to_s: float = 900) -> list[Car]:
    """Cars that stand in lane 1 from the beginning."""
    return [Car(1 + i, path((0, along_m), (to_s, along_m))) for i, along_m in enumerate(alongs_m)]


def seen(cars: list[Car], minutes: int, control: str = "link") -> Readings:
    """What the meter says of so many minutes."""
    return drive(link(control=control), cars, 0, 60 * minutes + 4)


def test_a_parked_car_is_not_in_the_speed_of_a_link() -> None:
    """20 cars pass it in the second minute, each 8 s over 80 m: 10 m/s, all of free flow, 160 s / (80 m * 60 s)."""
    row = approach_row(seen([*standing(40), *passing(3)], 2), 1)
    assert (row.speed_space_mean_mps, row.speed_ratio) == (pytest.approx(10, rel=1e-3), pytest.approx(1, rel=1e-3))
    assert row.density_vpm == pytest.approx(160 / SPAN, rel=0.01)
    assert (row.obstacles, "obstruction" in row.quality.flags) == (1, True)
    assert (row.state, row.los, sum(row.counts or ())) == (State.FREE, "A", 20)


def test_nor_in_the_area_that_is_filled() -> None:
    """Its lane carries nobody else in the second minute: no density, no area occupancy, no gap; one obstacle."""
    row = [r for r in seen([*standing(40), *passing(3)], 2).windows if r.lane == 1][1]
    assert (row.density_vpm, row.area_occupancy_ratio, row.gap_mean_m, row.obstacles) == (0, 0, None, 1)


def test_at_a_signal_it_stays_in_the_sums() -> None:
    """Who stands there may wait: 20 * 80 m / (160 s + 60 s) = 7.27 m/s, and no obstacles are told."""
    row = approach_row(seen([*standing(40), *passing(3)], 2, "signal"), 1)
    assert row.speed_space_mean_mps == pytest.approx(1600 / 220, rel=0.01)
    assert (row.obstacles, "obstruction" in row.quality.flags) == (None, False)


def test_a_queue_that_another_lane_passes_keeps_its_vehicles() -> None:
    """Three stand 8 m apart for the first minute: 3 * 60 s on the road in lane 1."""
    row = lane_row(seen([*standing(30, 38, 46), *passing(2)], 1))
    assert row.density_vpm == pytest.approx(180 / SPAN, rel=0.02)
    assert row.obstacles == 0


def test_a_road_on_which_nothing_moves_keeps_its_vehicles() -> None:
    """Three stand for four minutes and nobody passes: in the fourth 3 * 60 s on the road."""
    row = approach_row(seen(standing(30, 38, 46), 4), 3)
    assert (row.density_vpm, row.obstacles) == (pytest.approx(180 / SPAN, rel=0.01), 0)


def test_a_row_of_cars_that_is_passed_for_two_minutes_is_parked() -> None:
    """Three stand close together, so only `long_stop_s` (120 s) tells them from a queue: gone in minute three."""
    rows = [r for r in seen([*standing(30, 38, 46), *passing(4)], 3).windows if r.lane == 1]
    assert [(r.obstacles, (r.density_vpm or 0.0) > 0) for r in rows] == [(0, True), (0, True), (3, False)]


def test_a_lone_parked_car_on_an_empty_road_leaves_the_speed_unknown() -> None:
    """After 120 s alone it is no traffic: no speed, no level of service, a free road."""
    row = approach_row(seen(standing(40), 4), 3)
    assert (row.speed_space_mean_mps, row.los, row.state, row.obstacles) == (None, None, State.FREE, 1)


def test_who_drives_on_is_traffic_again() -> None:
    """It stands for 70 s and drives 40 m to the line and on at 10 m/s: 4 s on the road, and counted."""
    parks = Car(1, path((0, 40), (70, 40), (75, -10)))
    done = seen([parks, *passing(3)], 3)
    rows = [r for r in done.windows if r.lane == 1]
    assert 3 / SPAN <= (rows[1].density_vpm or 0.0) <= 4 / SPAN  # told within a second that it left its place
    assert [r.obstacles for r in rows] == [1, 1, 0]
    assert counted(done) == 58 + 1  # those of 174 and 177 s cross after the third minute


def test_a_new_track_in_its_place_is_the_same_car() -> None:
    """Its track breaks at 70 s; the next one is known after the 2 s from which on a vehicle stands: 3 s on the road."""
    broken = [Car(1, path((0, 40), (70, 40))), Car(2, path((70.2, 40), (300, 40)))]
    row = [r for r in seen([*broken, *passing(3)], 2).windows if r.lane == 1][1]
    assert (row.density_vpm or 0.0) <= 3.2 / SPAN
    assert row.obstacles == 1


def test_near_the_line_it_is_no_queue() -> None:
    """It stands 8 m before the counting line, where a queue would begin: in the second minute none is told."""
    row = approach_row(seen([*standing(8), *passing(3)], 2), 1)
    assert (row.queue_max_m, row.queue_max_vehicles, row.obstacles) == (0, 0, 1)


@pytest.mark.parametrize(
    ("zones", "told"), [pytest.param("kerb", 2, id="kerb zone"), pytest.param("crossing", 0, id="another zone")]
)
def test_a_kerb_zone_tells_of_a_row_at_once(zones: str, told: int) -> None:
    """Two stand 8 m apart in lane 1 for the first minute, and cars pass: parked where parking is drawn."""
    cars = [
        Thing(1 + i, path((0, at), (99, at)), zone(zones), along=path((0, at), (99, at)))
        for i, at in enumerate((30, 38))
    ]
    others = [Thing(100 + i, by(3.0 * i), zone(), along=by(3.0 * i), lane=2) for i in range(20)]
    done = play(link(zoned_camera("kerb", "crossing")), [*cars, *others], 64, "kerb", "crossing")
    assert approach_row(done).obstacles == told
