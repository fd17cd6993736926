"""Vehicles that stand or roll behind a larger one: kept while the rest of the road says so."""

from dataclasses import replace

import pytest
from simpang_edge.config import QueueRules
from simpang_edge.data import LiveRow
from simpang_edge.meter import Meter, MeterSettings, QueueLimits

from .meter_road import T0, Car, Path, approach_row, camera, drive, meter, path


def standing(track: int, place_m: float, seen_until_s: float = 200.0, kind: str = "car", length_m: float = 4.0) -> Car:
    """Comes at 10 m/s from 60 m up the road, stands; it cannot be seen any more after some time."""
    arrives_s = (60 - place_m) / 10
    points = ((0.0, 60.0), (arrives_s, place_m), (seen_until_s, place_m))
    return Car(track, path(*points), kind, length_m=length_m)


def seen(cars: list[Car], at_s: float) -> LiveRow:
    """The approach as the operator sees it at a time."""
    engine = meter()
    drive(engine, cars, 0, at_s + 0.125)
    return engine.live(T0 + at_s)[0]


def test_a_queued_vehicle_that_vanishes_stays_in_the_queue() -> None:
    """Fronts at 2, 8 and 14 m; the last is hidden from 15 s on: still three vehicles, 18 m."""
    row = seen([standing(1, 2), standing(2, 8), standing(3, 14, 15)], 40)
    assert (row.queue_vehicles, row.queue_m) == (3, pytest.approx(18.0))


def test_hidden_vehicles_behind_a_hidden_one_stay_too() -> None:
    """The chain reaches from the one that is seen over those that are not: 20 + 4 m."""
    row = seen([standing(1, 2), standing(2, 8, 15), standing(3, 14, 15), standing(4, 20, 15)], 40)
    assert (row.queue_vehicles, row.queue_m) == (4, pytest.approx(24.0))


def test_it_leaves_when_the_one_ahead_has_left() -> None:
    """The one ahead drives off at 30 s and is out of the queue after 2 s above 10 km/h: nobody stands any more."""
    head = Car(1, path((0, 60), (5.8, 2), (30, 2), (33, -28)), length_m=4.0)
    other = standing(9, 2)  # somebody of another lane still waits
    other = Car(9, other.along, lane=2, across_m=4.9, length_m=4.0)
    hidden = standing(2, 8, 15)
    assert seen([head, hidden, other], 29).queue_vehicles == 3
    assert seen([head, hidden, other], 35).queue_vehicles == 1


def test_it_ends_after_the_longest_time() -> None:
    """With `hidden_s` 20: at 15 + 18 s it counts, at 15 + 23 s no more."""
    limits = QueueLimits.of(QueueRules(hidden_s=20))
    cars = [standing(1, 2), standing(2, 8, 15)]
    counts = []
    engine = Meter(camera(), MeterSettings(windows_s=(60,), queue=limits))
    for from_s, to_s in ((0, 33), (33, 39)):
        drive(engine, cars, from_s, to_s)
        counts.append(engine.live(T0 + to_s)[0].queue_vehicles)
    assert counts == [2, 1]


def test_nobody_is_kept_when_no_queue_is_seen() -> None:
    """A lane that empties all at once (a broken tracker, say) leaves no ghosts."""
    assert seen([standing(1, 2, 15), standing(2, 8, 15)], 20).queue_vehicles == 0


def test_a_new_track_at_its_place_is_the_same_vehicle() -> None:
    """Hidden from 15 to 25 s, shown again as track 22: one vehicle with one stop.

    The first stands from 5.8 to 50 s, the second from 5.2 to 52 s: 45.5 s stopped in the mean, but for about a second
    at each end in which the speed over the last second is still above 5 km/h. They come into view at 60 m at once and
    are over the line at 50.2 and 52.8 s; the free 80 m take 8 s, of which 20 m (2 s) were not seen.
    """

    def again(time_s: float) -> float | None:
        return None if time_s < 25 else path((25, 8), (52, 8), (55.5, -27))(time_s)

    head = Car(1, path((0, 60), (5.8, 2), (50, 2), (53, -28)), length_m=4.0)
    engine = meter()
    done = drive(engine, [head, standing(2, 8, 15), Car(22, again, length_m=4.0)], 0, 58)
    row = approach_row(done + engine.finish(T0 + 59))
    assert (row.counts or ())[1] == 2
    assert row.stops_per_vehicle == pytest.approx(1.0)
    assert row.stopped_delay_s == pytest.approx(45.5, abs=2.0)


def rolling(vanishes_s: float) -> Path:
    """8 m/s from 64 m; not seen any more from `vanishes_s` on."""
    return path((0, 64), (vanishes_s, 64 - 8 * vanishes_s))


def test_who_rolls_behind_a_bus_joins_the_queue_behind_it() -> None:
    """The bus stands with its rear at 2 + 10 = 12 m; the car vanishes at 40 m, 8 m/s: 26.5 m or 3.3 s to go.

    Queued from then on, 1.5 m behind the bus: its rear at 12 + 1.5 + 4 = 17.5 m.
    """
    bus = Car(1, lambda _: 2.0, "bus", length_m=10.0)
    car = Car(2, rolling(3.0), length_m=4.0)
    late = seen([bus, car], 12)
    assert (late.queue_vehicles, late.queue_m) == (2, pytest.approx(17.5))
    assert seen([bus, car], 5).queue_vehicles == 1


def test_who_vanishes_in_the_open_joins_nothing() -> None:
    """Behind a motorcycle, or behind a bus two lanes away, it cannot hide."""
    rider = Car(1, lambda _: 2.0, "motorcycle")
    assert seen([rider, Car(2, rolling(3.0), length_m=4.0)], 12).queue_vehicles == 1
    beside = Car(1, lambda _: 2.0, "bus", lane=3, across_m=8.1, length_m=10.0)
    assert seen([beside, Car(2, rolling(3.0), length_m=4.0)], 12).queue_vehicles == 1


def test_hidden_time_is_on_the_road() -> None:
    """Two cars stand from 5.8 s to 59 s; one is hidden from 15 s on: density by hand, both for the whole time.

    Seconds on the 80 m: 58.9 (the clip) each, so 2 * 58.9 / (80 * 58.9) = 25 veh/km.
    """
    engine = meter()
    done = drive(engine, [standing(1, 2), standing(2, 8, 15)], 0, 59)
    row = approach_row(done + engine.finish(T0 + 59))
    assert row.density_vpm == pytest.approx(0.025, rel=0.02)


def test_a_box_that_loses_its_wheels_does_not_lengthen_the_queue() -> None:
    """It stands at 8 m; from 15 s on its lower half is hidden and it seems to be at 12 m: the tail stays at 12 m."""
    half = Car(2, path((0, 60), (5.2, 8), (15, 8), (16, 12), (60, 12)), length_m=4.0)
    assert seen([standing(1, 2), half], 30).queue_m == pytest.approx(12.0)


def found_again(kind: str, aside_m: float = 0.0, ahead_m: float = 0.0) -> int | None:
    """In the queue at 40 s: a car at 6 m, and who stood at 16 m until 15 s and stands elsewhere from 25 s on."""
    lost = replace(standing(2, 16, 15, kind, 2.0), across_m=1.0)
    place_m = 16 - ahead_m
    again = Car(22, path((25, place_m), (60, place_m)), kind, across_m=1.0 + aside_m, length_m=2.0)
    return seen([standing(1, 6, length_m=3.5), lost, again], 40).queue_vehicles


@pytest.mark.parametrize(
    ("kind", "aside_m", "ahead_m", "queued"),
    [
        pytest.param("motorcycle", 1.9, 4.0, 2, id="a motorcycle filtered ahead"),
        pytest.param("bicycle", 1.9, 4.0, 2, id="a bicycle too"),
        pytest.param("motorcycle", 2.1, 4.0, 3, id="farther aside: another one"),
        pytest.param("motorcycle", 0.0, 4.9, 2, id="as far ahead as one moves unseen"),
        pytest.param("motorcycle", 0.0, 5.1, 3, id="farther ahead: another one"),
        pytest.param("car", 1.1, 4.0, 2, id="a car at its place"),
        pytest.param("car", 1.3, 4.0, 3, id="a car filters nowhere"),
    ],
)
def test_who_filters_unseen_to_the_head_of_the_queue_is_the_same_vehicle(
    kind: str, aside_m: float, ahead_m: float, queued: int
) -> None:
    """Two wheels may appear again up to 2.0 m aside, all others 1.2 m, and 5 m ahead; nobody is in the queue twice."""
    assert found_again(kind, aside_m, ahead_m) == queued
