"""Delay and travel time from parts of the way, arrivals on green, split failure: by hand."""

import math
from dataclasses import replace

import pytest
from simpang_edge.config import Camera
from simpang_edge.data import Colour, Cycle, Lamps, Scene
from simpang_edge.meter import Meter, MeterSettings
from simpang_edge.meter.crossings import Crossing
from simpang_edge.meter.layout import Layout
from simpang_edge.meter.trips import trip

from .meter_road import T0, Car, approach_row, camera, counted, drive, frame, meter, path

CELL = Layout(camera(), 3.25).cells[0]
"""80 m at 10 m/s: eighths of 10 m, 1 s each when free."""


def crossing(*passes_s: float, line_s: float = 100.0, start_m: float = 80.0, stops: int = 0) -> Crossing:
    """A vehicle over the line at 100 s; it came to 10, 20, … 80 m at these seconds, nan where that was not seen."""
    given = (*passes_s, *[math.nan] * (8 - len(passes_s)))
    start_s = min((t for t in passes_s if t == t), default=line_s)
    return Crossing(line_s, 1, 1, 0, 1, 10.0, 0.1, 4.4, True, 90.0, start_s, start_m, 5.0 * stops, stops, True, given)


def passing(from_s: float, *parts_s: float) -> tuple[float, ...]:
    """Times at 10, 20, … m of a vehicle at the line at `from_s` that took so long for each part, nearest first."""
    times, at_s = [], from_s
    for part_s in parts_s:
        at_s -= part_s
        times.append(at_s)
    return tuple(times)


def test_few_whole_ways_are_too_quick_to_be_a_mean() -> None:
    """Free passers at 8 s each, others that breaks of the picture cut: with half of them whole the delay is 0 s, with
    fewer it is unknown."""
    free = crossing(*passing(100.0, *[1.0] * 8))
    cut = replace(free, whole=False)
    assert trip([free, free, cut, cut], CELL).control_delay_s == pytest.approx(0.0)
    assert trip([free, cut, cut], CELL).control_delay_s is None


def test_the_delay_of_a_whole_way() -> None:
    """Seven parts in 1 s each and one, the second, in 21 s: 28 s, 8 s of them free: 20 s of delay."""
    way = trip([crossing(*passing(100, 1, 21, 1, 1, 1, 1, 1, 1), stops=1)], CELL)
    assert (way.travel_time_s, way.control_delay_s) == (pytest.approx(28.0), pytest.approx(20.0))
    assert (way.stopped_delay_s, way.stops_per_vehicle) == (5.0, 1.0)


def test_parts_that_were_not_seen_come_from_the_others() -> None:
    """A: 10 s in the last part and 1 s in each other. B was seen from 40 m on: 4 s in each of the four near parts.

    Means: near part (10 + 4)/2 = 7, three of (1 + 4)/2 = 2.5, four of 1: 7 + 7.5 + 4 = 18.5 s; less 8 s: 10.5 s.
    """
    a = crossing(*passing(100, 10, 1, 1, 1, 1, 1, 1, 1))
    b = crossing(*passing(100, 4, 4, 4, 4), start_m=40.0)
    assert trip([a, b], CELL).control_delay_s == pytest.approx(10.5)
    assert trip([a, b], CELL).n == 2


def test_the_part_in_which_it_came_into_view_counts_in_proportion() -> None:
    """First seen at 76 m, 0.9 s before it came to 70 m: 6 of the 10 m, so 1.5 s for the part: 7 + 1.5 s, delay 0.5."""
    times = passing(100, 1, 1, 1, 1, 1, 1, 1)
    one = crossing(*times, start_m=76.0)
    late = Crossing(
        *[getattr(one, name) for name in one.__slots__][:10], times[-1] - 0.9, 76.0, 0.0, 0, True, one.passes_s
    )
    assert trip([late], CELL).control_delay_s == pytest.approx(0.5)


def test_a_part_that_few_have_passed_in_view_makes_the_delay_unknown() -> None:
    """One of four was seen beyond 40 m: less than 0.3 of them."""
    far = crossing(*passing(100, *[1] * 8))
    near = crossing(*passing(100, 1, 1, 1, 1), start_m=40.0)
    assert trip([far, near, near], CELL).control_delay_s == pytest.approx(0.0)
    way = trip([far, near, near, near], CELL)
    assert (way.control_delay_s, way.travel_time_s) == (None, None)


def test_who_came_out_from_behind_others_near_the_line_does_not_make_the_delay_smaller() -> None:
    """One of 20 s of delay; another stood hidden and was seen over the last 20 m only, 1 s for each of two parts."""
    seen = crossing(*passing(100, 1, 21, 1, 1, 1, 1, 1, 1))
    hidden = crossing(*passing(100, 1, 1), start_m=20.0)
    assert trip([seen, hidden], CELL).control_delay_s == pytest.approx(20.0)


def test_who_stood_there_when_the_camera_came_back_has_no_delay() -> None:
    """Away until 30 s. One stands at 20 m then and crosses at 42 s; two come in at 80 m at 34 and 35 s, at 10 m/s: they
    take 8 s for the 80 m, so the delay is 0."""
    stands = Car(1, path((0, 20), (40, 20), (42, 0), (43, -10)))
    free = [Car(2 + i, path((34 + i, 80), (43 + i, -10)), lane=2, across_m=4.9) for i in range(2)]
    engine = meter()
    engine.note(Scene(T0, ("moved",), since_s=T0))
    done = drive(engine, [stands, *free], 0, 30)
    engine.note(Scene(T0 + 30, ()))
    done += drive(engine, [stands, *free], 30, 59) + engine.finish(T0 + 59)
    row = approach_row(done)
    assert counted(done) == 3
    assert row.control_delay_s == pytest.approx(0.0, abs=0.3)


def test_who_drives_faster_than_the_reference_makes_the_mean_smaller_not_zero() -> None:
    """8 s are free. One takes 6 s (-2 s), one 14 s (+6 s): the mean is 2 s, not the 3 s of a delay cut off at 0."""
    way = trip([crossing(*passing(100, *[0.75] * 8)), crossing(*passing(100, *[1.75] * 8))], CELL)
    assert (way.control_delay_s, way.faster) == (pytest.approx(2.0), False)


@pytest.mark.parametrize(
    ("part_s", "faster"), [pytest.param(0.75, True, id="2 s ahead"), pytest.param(0.95, False, id="0.4 s ahead")]
)
def test_a_mean_below_zero_is_no_delay(part_s: float, faster: bool) -> None:
    """Eight parts of 0.75 s are 6 s, of 0.95 s 7.6 s, where 8 s are free: told as 0, and the travel time as it is."""
    way = trip([crossing(*passing(100, *[part_s] * 8))], CELL)
    assert (way.control_delay_s, way.travel_time_s) == (0.0, pytest.approx(8 * part_s))
    assert way.faster is faster


def test_a_row_says_that_its_reference_speed_is_too_low() -> None:
    """A car at 20 m/s over 80 m of 36 km/h (10 m/s): 4 s in place of 8: no delay, TTI 0.5."""
    row = approach_row(drive(meter(), [Car(1, path((20, 80), (24.5, -10)))], 0, 63.2))
    assert (row.control_delay_s, "faster_than_reference" in row.quality.flags) == (0.0, True)
    assert row.tti == pytest.approx(0.5, rel=0.05)


def test_nobody_has_no_delay() -> None:
    """No vehicle: unknown, not 0."""
    assert (trip([], CELL).control_delay_s, trip([], CELL).n) == (None, 0)


def lit(time_s: float) -> Colour:
    """Green from 20 to 40 s and from 70 to 90 s, yellow for 3 s, red otherwise."""
    phase_s = (time_s - 20) % 50
    return Colour.GREEN if phase_s < 20 else Colour.YELLOW if phase_s < 23 else Colour.RED


def with_lamps(
    cars: list[Car], to_s: float, one: Camera | None = None, gone: dict[float, int] | None = None
) -> list[Cycle]:
    """The cycles of these cars with the lamps in view. gone: which track the tracker gives up at which second."""
    meter = Meter(one or camera(), MeterSettings(windows_s=(60,)))
    cycles: list[Cycle] = []
    for i in range(round(to_s * 8)):
        meter.update(frame(i / 8, cars, [(gone or {})[i / 8]] if i / 8 in (gone or {}) else []))
        cycles += meter.look(Lamps(T0 + i / 8, ((0, lit(i / 8)),))).cycles
    return cycles


def passes(track: int, line_s: float) -> Car:
    """Free over the line at this second: 10 m/s."""
    return Car(track, path((line_s - 8, 80), (line_s + 1.5, -15)))


def test_the_cycle_of_the_lamps() -> None:
    """Green 20 s, red 27 s, cycle 50 s, from lamps that are read in every look."""
    (cycle,) = with_lamps([], 72)
    assert (cycle.method, cycle.confidence) == ("signal_head", pytest.approx(1.0))
    assert (cycle.from_s - T0, cycle.to_s - T0) == (20.0, 70.0)
    assert (cycle.green_s, cycle.red_s, cycle.plan) == (20.0, 27.0, 1)


def test_arrivals_on_green_by_hand() -> None:
    """Free arrivals at 25, 35, 50, 60 s and at 80 s, of the next green: 4 in the cycle, 2 of them on green."""
    (cycle,) = with_lamps([passes(i + 1, s) for i, s in enumerate((25, 35, 50, 60, 80))], 72)
    assert (cycle.arrivals, cycle.arrivals_on_green_ratio) == (4, 0.5)


def test_who_waits_has_arrived_on_red() -> None:
    """It stands from 44 s, 2 m before the line; without the red it would have been there at 44.2 s: not on green."""
    waits = Car(1, path((36.2, 80), (44, 2), (71, 2), (74, -13)))
    (cycle,) = with_lamps([waits, passes(2, 30)], 72)
    assert (cycle.arrivals, cycle.arrivals_on_green_ratio) == (2, 0.5)


def test_without_a_reference_speed_arrivals_are_unknown() -> None:
    """No free-flow speed: nothing says when it would have been at the line."""
    (cycle,) = with_lamps([passes(1, 30)], 72, camera(limit_kmh=None))
    assert (cycle.arrivals, cycle.arrivals_on_green_ratio) == (None, None)


def test_a_split_failure() -> None:
    """One car stands at the line from 10 s to 60 s: covered for all of green and all of the first 5 s of red."""
    (cycle,) = with_lamps([Car(1, path((2, 80), (10, 2), (60, 2), (62, -15)))], 72)
    assert (cycle.occupancy_green_ratio, cycle.occupancy_red_ratio, cycle.split_fail) == (
        pytest.approx(1.0, abs=0.01),
        pytest.approx(1.0, abs=0.01),
        True,
    )


def test_a_cleared_green_is_no_split_failure() -> None:
    """It leaves at 30 s: covered for 10 s and a little of 20 s of green, and not in red."""
    (cycle,) = with_lamps([Car(1, path((2, 80), (10, 2), (30, 2), (32, -15)))], 72)
    assert cycle.occupancy_green_ratio == pytest.approx(0.53, abs=0.05)
    assert (cycle.occupancy_red_ratio, cycle.split_fail) == (pytest.approx(0.0), False)


def test_who_is_in_a_queue_when_first_seen_arrived_before() -> None:
    """Two pass freely. A third is first seen at 70 m at 30 s, standing in a queue that hid it: it came nobody knows
    when, so the arrivals are two, one of them on green."""
    hidden = Car(3, path((30, 70), (40, 70), (68, 2)))
    (cycle,) = with_lamps([passes(1, 30), passes(2, 50), hidden], 72)
    assert (cycle.arrivals, cycle.arrivals_on_green_ratio) == (2, 0.5)


@pytest.mark.parametrize(("mps", "share"), [(4.0, 1.0), (10.0, 0.5)])
def test_a_slow_vehicle_that_is_found_a_little_late_came_over_the_far_end_before(mps: float, share: float) -> None:
    """Green ends at 40 s. Found at 75.5 m at 33 s, at 4 m/s: over the far end, 80 m, 4.5 / 4 = 1.1 s earlier, so
    it would be at the line at 33 - 1.1 + 8 = 39.9 s, on green; at 10 m/s at 33 - 0.45 + 8 = 40.6 s, on red."""
    stands_s = 33 + (75.5 - 2) / mps
    slow = Car(1, path((33, 75.5), (stands_s, 2), (71, 2), (74, -13)))
    (cycle,) = with_lamps([slow, passes(2, 30)], 72)
    assert (cycle.arrivals, cycle.arrivals_on_green_ratio) == (2, share)


@pytest.mark.parametrize(("again_s", "arrivals"), [(31.0, 2), (43.0, 3)])
def test_who_is_lost_and_found_again_arrives_once(again_s: float, arrivals: int) -> None:
    """One passes freely at 60 s. Another comes into view at 25 s and is lost 62 m before the line at 28 s; a track that
    begins 55 m before the line 3 s later is that vehicle, one that begins 15 s later is another, the third."""
    lost, again = Car(1, path((25, 80), (28, 62))), Car(2, path((again_s, 55), (again_s + 10, 5)))
    (cycle,) = with_lamps([lost, again, passes(3, 60)], 72, gone={29.5: 1})
    assert cycle.arrivals == arrivals


def test_who_was_found_again_under_another_track_counts_in_the_delay() -> None:
    """Its second track began at 20 m, but when it passed each part is known from the first: 20 s of delay."""
    found_again = crossing(*passing(100, 1, 21, 1, 1, 1, 1, 1, 1), start_m=20.0)
    assert trip([found_again], CELL).control_delay_s == pytest.approx(20.0)
