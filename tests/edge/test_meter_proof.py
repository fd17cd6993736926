"""What never moved is no vehicle: painted kerbs, posts and shadows that a detector takes for one."""

import math

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


def test_a_box_that_trembles_far_away_has_not_moved() -> None:
    """A thing 30 m before the line is told 2 m nearer and farther, once a second: 4 m are less than the 3 m and a tenth
    of the 30 m that it takes there."""
    trembles = Car(2, lambda t: 30 + 2 * math.sin(2 * math.pi * t) if t >= 20 else None, length_m=4.0)
    assert figures([REAL, trembles]) == pytest.approx(figures([REAL]))


SLIDES = motorcycle(2, (20, 30), (30, 30), (34, -2), (35, -2), across_m=0.2)
"""A box on the painted kerb that goes along with the traffic to where the kerb ends."""


def test_by_the_kerb_no_way_is_proof_that_ends_with_the_kerb() -> None:
    """28 m along the kerb at 8 m/s and lost 2 m past the line is no vehicle; who is 10 m past it in the end is one."""
    rides = motorcycle(2, (20, 30), (24, -10), across_m=0.2)
    assert figures([REAL, SLIDES]) == pytest.approx(figures([REAL]))
    assert figures([REAL, rides])[2] == figures([REAL])[2] + 1


def test_a_box_by_the_kerb_does_not_go_on_as_a_motorcycle_that_was_lost() -> None:
    """One that stands 5 m before the line, 1 m from the kerb, is lost at 20 s; a box on the kerb beside it from 21 s on
    slides over the line at 42 s: nobody crossed."""
    lost = motorcycle(2, (2, 85), (10, 5), (20, 5), across_m=1.0)
    box = motorcycle(3, (21, 5), (40, 5), (43, -3), across_m=0.2)
    assert figures([REAL, lost, box])[2] == figures([REAL])[2]


def test_what_takes_the_place_of_a_vehicle_for_a_frame_is_none_when_that_is_seen_again() -> None:
    """A car stands 30 m before the line from 10 s on and is not found in the frame of 20 s, but a box 1 m from it is,
    which stays until 35 s: one car stood there, not two."""
    drives = path((2, 90), (10, 30), (40, 30), (50, -20))
    car = Car(1, lambda t: None if 19.9 < t < 20.1 else drives(t), length_m=4.0)
    box = motorcycle(2, (20, 31), (35, 31), across_m=2.4)
    assert figures([car, box])[0] == pytest.approx(figures([car])[0], abs=0.15)


def test_a_track_that_breaks_at_the_line_goes_on_as_a_vehicle() -> None:
    """It stands 5 m before the line from 10 s on and is lost at 20 s; a track of another kind is there from 22 s to
    40 s and over the line at 40.5 s: 18.5 s, and the 2 s between where the lost one was kept in the queue."""
    first = Car(2, path((2, 85), (10, 5), (20, 5)), length_m=4.0)
    second = Car(3, path((22, 5), (40, 5), (44, -35)), kind="truck", length_m=4.0)
    assert figures([first, second])[0] - figures([first])[0] == pytest.approx(19.5, abs=1.3)
