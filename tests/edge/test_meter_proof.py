"""What never moved is no vehicle: painted kerbs, posts and shadows that a detector takes for one."""

import pytest

from .meter_road import T0, Car, approach_row, drive, meter, path

REAL = Car(1, path((2, 90), (10, 10), (40, 10), (50, -40)), length_m=4.0)
"""Over 80 m at 3 s, stands 10 m before the line from 10 s to 40 s."""


def figures(cars: list[Car], to_s: float = 59.0) -> tuple[float, float, float]:
    """Vehicle-seconds on the 80 m, the longest queue in metres and the vehicles counted, of one minute."""
    engine = meter()
    row = approach_row(drive(engine, cars, 0, to_s) + engine.finish(T0 + to_s))
    assert row.density_vpm is not None
    assert row.queue_max_m is not None
    assert row.counts is not None
    return row.density_vpm * 80 * (to_s - 0.125), row.queue_max_m, sum(row.counts)


def motorcycle(track: int, *points: tuple[float, float], across_m: float = 1.6) -> Car:
    """One that is first seen at the first of these points."""
    return Car(track, path(*points), kind="motorcycle", across_m=across_m, length_m=1.9)


def test_what_never_moves_is_in_no_figure() -> None:
    """A box that appears at 20 s, 30 m before the line, and stays: 39 s and a queue of 30 m if it were believed."""
    false = motorcycle(2, (20, 30), (59, 30))
    assert figures([REAL, false]) == pytest.approx(figures([REAL]))


def test_the_time_until_it_moves_counts_when_it_does() -> None:
    """It appears at 20 s 30 m before the line, stands until 40 s and is over the line at 10 m/s at 43 s: 23 s."""
    late = motorcycle(2, (20, 30), (40, 30), (44, -10), across_m=6.6)
    alone_s, _, n = figures([REAL])
    both_s, _, both_n = figures([REAL, late])
    assert both_s - alone_s == pytest.approx(23.0, abs=0.3)
    assert both_n == n + 1


def test_what_stands_when_the_camera_begins_is_a_queue() -> None:
    """Nobody saw it move, but a queue may stand there at first: 40 s and the 1 s to the line at 10 m/s."""
    there = motorcycle(2, (0, 10), (40, 10), (44, -30))
    assert figures([there])[0] == pytest.approx(41.0, abs=0.3)


def test_by_the_kerb_it_takes_more_than_a_slide() -> None:
    """Boxes on a painted kerb slide some metres with the traffic that passes: 8 m in 2 s is no proof there, 30 m is."""
    slides = motorcycle(2, (20, 30), (30, 30), (32, 22), (59, 22), across_m=0.2)
    rides = motorcycle(2, (20, 30), (24, -10), across_m=0.2)
    assert figures([REAL, slides]) == pytest.approx(figures([REAL]))
    assert figures([REAL, rides])[2] == figures([REAL])[2] + 1


def test_a_track_that_breaks_at_the_line_goes_on_as_a_vehicle() -> None:
    """It stands 5 m before the line from 10 s on and is lost at 20 s; a track of another kind is there from 22 s to
    40 s and over the line at 40.5 s: 18.5 s, and the 2 s between where the lost one was kept in the queue."""
    first = Car(2, path((2, 85), (10, 5), (20, 5)), length_m=4.0)
    second = Car(3, path((22, 5), (40, 5), (44, -35)), kind="truck", length_m=4.0)
    assert figures([first, second])[0] - figures([first])[0] == pytest.approx(19.5, abs=1.3)
