"""The queue by its definition: 5 km/h for 2 s within 15 m; 10 km/h for 2 s or the line to leave."""

import numpy as np
import pytest
from simpang_edge.data import LiveRow, Readings, State

from .meter_road import T0, Car, approach_row, drive, lane_row, measure, meter, path


def queued(cars: list[Car], at_s: float, **road: object) -> LiveRow:
    """The approach as the operator sees it at a time."""
    engine = meter(**road)
    drive(engine, cars, 0, at_s + 0.125)
    return engine.live(T0 + at_s)[0]


def standing(track: int, place_m: float, lane: int = 1, across_m: float = 1.6, length_m: float = 4.0) -> Car:
    """A car that comes at 10 m/s from 60 m up the road and stands from then on."""
    arrives_s = (60 - place_m) / 10
    points = ((0.0, 60.0), (arrives_s, place_m), (100.0, place_m))
    return Car(track, path(*points), lane=lane, across_m=across_m, length_m=length_m)


def test_the_tail_is_the_rear_of_the_last_vehicle() -> None:
    """Fronts at 2, 8 and 14 m, cars of 4 m: three vehicles, tail at 18 m."""
    row = queued([standing(i + 1, 2 + 6 * i) for i in range(3)], 20)
    assert (row.queue_vehicles, row.queue_m) == (3, pytest.approx(18.0))


def test_a_camera_behind_the_traffic_measures_the_same_tail() -> None:
    """Heading away the contact points are the rears: 6, 12 and 18 m are the same three cars."""
    row = queued([standing(i + 1, 6 + 6 * i) for i in range(3)], 20, heading="away")
    assert (row.queue_vehicles, row.queue_m) == (3, pytest.approx(18.0))


TABLE = [
    pytest.param([standing(1, 14.9)], 1, id="14.9 m behind the line"),
    pytest.param([standing(1, 15.1)], 0, id="15.1 m behind the line"),
    # rear of the first at 2 + 4 = 6 m: 6 + 15 = 21 m
    pytest.param([standing(1, 2), standing(2, 20.9)], 2, id="14.9 m behind the one ahead"),
    pytest.param([standing(1, 2), standing(2, 21.1)], 1, id="15.1 m behind the one ahead"),
    pytest.param([standing(1, 2), standing(2, 20, lane=2, across_m=4.9)], 1, id="another lane is no queue to join"),
    pytest.param(
        [standing(1, 2, across_m=3.0), standing(2, 18, lane=2, across_m=3.6)], 2, id="on the lane line, 0.6 m beside"
    ),
]


@pytest.mark.parametrize(("cars", "vehicles"), TABLE)
def test_who_belongs_to_the_queue(cars: list[Car], vehicles: int) -> None:
    """Within 15 m behind the stop line or the rear of a queued vehicle."""
    assert queued(cars, 20).queue_vehicles == vehicles


@pytest.mark.parametrize("fps", [8.0, 2.5, 2.0, 1.5, 1.1])
def test_few_pictures_show_the_same_queue(fps: float) -> None:
    """Fronts at 2, 8 and 14 m, the last at rest from 4.6 s: at the latest 2 + 2 + 1 s later the tail is at 18 m."""
    engine = meter()
    drive(engine, [standing(i + 1, 2 + 6 * i) for i in range(3)], 0, 20, fps)
    row = engine.live(T0 + 20)[0]
    assert (row.queue_vehicles, row.queue_m) == (3, pytest.approx(18.0))


def test_pictures_a_second_apart_and_more_show_no_queue_and_no_free_road() -> None:
    """Three cars stand from 5.8 s on, a picture every 1.2 s: nothing was watched, no queue is told, nor that there is
    none."""
    engine = meter()
    done = drive(engine, [standing(i + 1, 2 + 6 * i) for i in range(3)], 0, 66, 1 / 1.2)
    row, minute = engine.live(T0 + 65)[0], approach_row(done)
    assert (row.queue_m, row.queue_vehicles, row.state) == (None, None, State.UNKNOWN)
    assert (minute.queue_max_m, minute.counts, minute.state) == (None, None, State.UNKNOWN)
    assert minute.quality.flags == ("low_rate",)
    assert minute.reason is not None
    assert minute.reason.en == "too few pictures: only 0 of 60 s observed"


def test_a_second_with_pictures_in_two_is_too_short_for_a_queue() -> None:
    """Speed needs a second and a queue two more: after every break none is told, and none denied."""
    engine, done = meter(), Readings()
    cars = [standing(i + 1, 2 + 6 * i) for i in range(3)]
    for second in range(0, 66, 2):
        done += drive(engine, cars, second, second + 1)
    minute = approach_row(done)
    assert minute.quality.observed_s == pytest.approx(30 * 7 / 8)
    assert (minute.queue_max_m, minute.state) == (None, State.UNKNOWN)


def test_two_seconds_make_a_queue() -> None:
    """It stands from 5.0 s; its speed over the last second is below 5 km/h soon after 5.8 s; 2 s later it is queued."""
    car = [Car(1, path((0, 52), (5, 2), (60, 2)))]
    assert queued(car, 6.5).queue_vehicles == 0
    assert queued(car, 9.0).queue_vehicles == 1


def test_a_far_vehicle_whose_box_trembles_stands_all_the_same() -> None:
    """Positions off by 1 m (1 sigma), as a pixel does 70 m away: a speed over 1 s of 8 pictures is then off by
    1 / sqrt(9 * 0.104) = 1 m/s, and 5 km/h are 1.4 m/s. Six seconds after they stop, 19 of 20 cars are queued."""
    scatter_m = np.random.default_rng(3).normal(0.0, 1.0, (20, 200))
    found = 0
    for own_m in scatter_m:
        still = standing(1, 12)
        car = Car(1, lambda t, still=still, own_m=own_m: (still.along(t) or 0.0) + float(own_m[round(8 * t)]))  # type: ignore[misc]
        found += queued([car], 10.8).queue_vehicles or 0
    assert found >= 19


def test_slow_but_rolling_is_no_queue() -> None:
    """8 km/h lies between entering (5) and leaving (10): not queued, and one that is queued stays."""
    rolling = Car(1, path((0, 40), (40, 40 - 40 * 8 / 3.6)))
    assert queued([rolling], 12).queue_vehicles == 0
    stays = Car(1, path((0, 40), (3, 14), (10, 14), (15, 14 - 5 * 8 / 3.6)))
    assert queued([stays], 14.5).queue_vehicles == 1


def test_the_queue_moves_off_from_its_head() -> None:
    """The first of two drives off at 20 s and leaves after 2 s above 10 km/h or at the line; the tail stays."""
    head = Car(1, path((0, 42), (4, 2), (20, 2), (23, -28)), length_m=4.0)
    row = queued([head, standing(2, 8)], 26)
    assert (row.queue_vehicles, row.queue_m) == (1, pytest.approx(12.0))


def test_a_window_keeps_the_longest_queue_per_lane() -> None:
    """Lane 1 up to 18 m, lane 2 up to 6 m; the approach has the longer tail and both lanes' vehicles."""
    cars = [standing(i + 1, 2 + 6 * i) for i in range(3)] + [standing(9, 2, lane=2, across_m=4.9)]
    done = measure(cars)
    rows = (approach_row(done), lane_row(done, 1), lane_row(done, 2))
    assert [(row.queue_max_m, row.queue_max_vehicles) for row in rows] == [
        (pytest.approx(18.0), 4),
        (pytest.approx(18.0), 3),
        (pytest.approx(6.0), 1),
    ]
    assert approach_row(done).queue_storage_ratio == pytest.approx(18 / 80)


def test_a_queue_to_the_end_of_the_view_is_flagged() -> None:
    """20 m of road: a tail at 18 m lies within 5 m of its end and may go on beyond; 12 m does not."""
    long, short = [standing(i + 1, 2 + 6 * i) for i in range(3)], [standing(i + 1, 2 + 6 * i) for i in range(2)]
    assert queued(long, 20, length_m=20.0).queue_beyond_view is True
    assert queued(short, 20, length_m=20.0).queue_beyond_view is False
    assert "queue_beyond_view" in approach_row(measure(long, length_m=20.0)).quality.flags


def test_a_flicker_does_not_empty_the_queue() -> None:
    """Unseen in two frames of eight, the vehicle is still there."""
    steady = path((0, 42), (4, 2), (100, 2))
    car = Car(1, lambda t: None if round(t * 8) % 8 in (3, 4) else steady(t))
    assert [queued([car], t).queue_vehicles for t in (19.25, 19.375, 19.5, 19.625)] == [1, 1, 1, 1]


def test_an_empty_road_has_a_queue_of_zero_not_unknown() -> None:
    """Seen and empty is 0; not seen is None."""
    row = approach_row(measure([]))
    assert (row.queue_max_m, row.queue_max_vehicles, row.stops_per_vehicle) == (0.0, 0, None)


def test_a_red_light_alone_is_no_jam() -> None:
    """Three cars wait: free, because of a red light, 18 m; the same sentence in Indonesian."""
    row = queued([standing(i + 1, 2 + 6 * i) for i in range(3)], 30)
    assert row.state is State.FREE
    assert row.reason is not None
    assert (row.reason.en, row.reason.id) == ("red light, queue 18 m", "lampu merah, antrean 18 m")


def test_a_few_seconds_are_not_enough_for_a_state() -> None:
    """Before 10 s were observed the state is unknown, with the reason."""
    row = queued([], 8)
    assert row.state is State.UNKNOWN
    assert row.reason is not None
    assert row.reason.en == "only 8 of 10 s observed"
