"""Vehicles that come out from behind others were on the road before: their time counts."""

import pytest

from .meter_road import T0, Car, approach_row, drive, meter, path


def density_vpkm(cars: list[Car], to_s: float = 59.0) -> float:
    """Of the minute in which these cars are seen."""
    engine = meter()
    row = approach_row(drive(engine, cars, 0, to_s) + engine.finish(T0 + to_s))
    assert row.density_vpm is not None
    return 1000 * row.density_vpm


def seen_s(row_vpkm: float) -> float:
    """Seconds that all vehicles together spent on the 80 m in the 59 s (less the first frame) that were watched."""
    return row_vpkm / 1000 * 80 * 58.875


BUS = Car(1, path((2, 90), (10, 10), (40, 10), (50, -40)), kind="bus", length_m=10.0)
"""Over 80 m at 3 s; stands 10 m before the line from 10 s on, drives off at 40 s with 5 m/s and is past it at 42 s."""


def late(track: int, *points: tuple[float, float], lane: int = 1, across_m: float = 1.6) -> Car:
    """A car that is not seen before the first of these points."""
    return Car(track, path(*points), lane=lane, across_m=across_m, length_m=4.0)


def test_a_car_that_comes_out_from_behind_a_queued_bus_was_there_before() -> None:
    """First seen at 41 s, 26 m before the line; then 5 m/s.

    The bus came over 80 m at 3 s. Nobody is behind, so it came at 41 - (80 - 26) / 10 = 35.6 s at the latest; a third
    of the time between, 10.9 s, is counted: from 24.7 s to 41 s, 16.3 s more than the way that was seen.
    """
    car = late(2, (41, 26), (50, -19))
    alone_s = seen_s(density_vpkm([car]))
    both_s = seen_s(density_vpkm([BUS, car]))
    bus_s = seen_s(density_vpkm([BUS]))
    assert both_s - bus_s - alone_s == pytest.approx(16.3, abs=0.3)


def test_it_is_not_counted_where_nothing_hides_it() -> None:
    """A detector that finds late is no reason to count what was not there: with the bus 12 m beside, only what was
    seen counts."""
    beside = Car(1, BUS.along, kind="bus", length_m=10.0, lane=2, across_m=13.6)
    car = late(2, (41, 26), (50, -19))
    assert seen_s(density_vpkm([beside, car])) - seen_s(density_vpkm([beside])) == pytest.approx(
        seen_s(density_vpkm([car])), abs=0.1
    )


def test_a_second_box_around_a_vehicle_was_not_there_before() -> None:
    """It begins in the body of a car that has been seen all the way, and goes with it: its time counts from when it is
    believed, 4.6 m of 5 m/s later (3 m and a tenth of the 15.9 m that are left); the frame before was 0.875 s after its
    begin."""
    ahead = Car(3, path((4, 90), (12, 24), (41, 24), (51, -26)), length_m=4.0)
    box = late(2, (42, 20.5), (50, -19.5))
    plain_s = seen_s(density_vpkm([BUS, ahead])) + seen_s(density_vpkm([box]))
    assert seen_s(density_vpkm([BUS, ahead, box])) == pytest.approx(plain_s - 0.875, abs=0.1)


def test_what_does_not_move_was_not_there_before() -> None:
    """A false box that stands in the shadow of the bus is left as it is."""
    box = late(2, (20, 26), (59, 26))
    plain_s = seen_s(density_vpkm([BUS])) + seen_s(density_vpkm([box]))
    assert seen_s(density_vpkm([BUS, box])) == pytest.approx(plain_s, abs=0.1)


def test_a_track_that_breaks_on_the_way_loses_no_time() -> None:
    """At 5 m/s: lost at 60 m after 8 s, found under another id 2 s later at 50 m; 2 s were not seen, and count."""
    first = Car(1, path((2, 90), (8, 60)), length_m=4.0)
    second = late(2, (10, 50), (24, -20))
    apart_s = seen_s(density_vpkm([first])) + seen_s(density_vpkm([second]))
    assert seen_s(density_vpkm([first, second])) == pytest.approx(apart_s + 2.0, abs=0.15)


def test_it_is_another_vehicle_when_it_is_farther_than_any_can_drive() -> None:
    """40 m in one second is no vehicle of a town."""
    first = Car(1, path((2, 90), (8, 60)), length_m=4.0)
    second = late(2, (9, 20), (17, -20))
    apart_s = seen_s(density_vpkm([first])) + seen_s(density_vpkm([second]))
    assert seen_s(density_vpkm([first, second])) == pytest.approx(apart_s, abs=0.1)


def test_a_hidden_vehicle_goes_when_more_have_crossed_than_stood_ahead() -> None:
    """One car stands ahead of the hidden one, at 8 m, and one 3 m before the line in the other lane.

    Three cars go past it over the line in its lane, each a new one: the third is the second more than stood ahead.
    """
    engine = meter()
    hidden = Car(2, path((0, 60), (5.2, 8), (12, 8)), length_m=4.0)
    waits = Car(9, path((0, 60), (5.7, 3), (200, 3)), lane=2, across_m=2.9, length_m=4.0)
    head = Car(1, path((0, 60), (5.8, 2), (30, 2), (33, -28)), length_m=4.0)
    others = [Car(10 + i, path((30 + 3 * i, 70), (40 + 3 * i, -30)), across_m=1.0, length_m=4.0) for i in range(3)]
    cars = [hidden, waits, head, *others]
    drive(engine, cars, 0, 28)
    assert engine.live(T0 + 28)[0].queue_vehicles == 3
    drive(engine, cars, 28, 48)
    assert engine.live(T0 + 48)[0].queue_vehicles == 1
