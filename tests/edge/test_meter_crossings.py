"""Counting at the stop line: by real motion, once per vehicle."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import pytest
from simpang_edge.data import EventType, Measurement, Readings

from .meter_road import T0, Car, Path, approach_row, counted, drive, frame, lane_row, measure, meter, path

PASSES = path((0, 40), (6, -20))
"""10 m/s from 40 m upstream to 20 m past: over the line at 4 s."""


def wiggle(centre_m: float, swing_m: float) -> Path:
    """A box that jitters around a place, one swing per two frames."""
    return lambda t: centre_m + swing_m * np.sin(2 * np.pi * 4 * t + 0.3) if t < 40 else None


def then(first: Path, second: Path, change_s: float) -> Path:
    """One path, and from a time on another."""
    return lambda t: first(t) if t < change_s else second(t)


def test_a_vehicle_that_passes_counts_once_in_its_lane_and_kind() -> None:
    """The plain case: one bus on lane 2."""
    done = measure([Car(7, PASSES, kind="bus", lane=2)])
    assert approach_row(done).counts == (0, 0, 1, 0, 0, 0, 0)
    assert lane_row(done, 2).counts == (0, 0, 1, 0, 0, 0, 0)
    assert lane_row(done, 1).counts == (0, 0, 0, 0, 0, 0, 0)


STANDS = path((0, 30), (3, 0.6), (40, 0.6))

NOT_COUNTED: dict[str, Path] = {
    #  +5 ........ +0.2 | ........ +5      came near, went back
    "turned back before the line": path((0, 20), (2, 0.2), (4, 0.2), (6, 20)),
    "flickers on the line": wiggle(0.0, 0.4),
    "flickers just past the line": wiggle(-1.0, 0.4),
    "stands past the line": path((0, -2), (30, -2)),
    "drives against the traffic": path((0, -15), (6, 45)),
    # +0.6 ---- -1.7 for 0.4 s ---- +0.6
    "waits while its box grows for a moment": then(then(STANDS, path((20, -1.7), (20.4, -1.7)), 20), STANDS, 20.4),
    "waits until its track goes off with a walker": then(STANDS, path((20, -2.5), (30, -2.5)), 20),
    "stands before the line to the end": path((0, 30), (3, 1), (55, 1)),
    "lost standing 1 m before the line": path((0, 30), (3, 1), (10, 1)),
    "lost braking 5 m before the line": path((0, 30), (3, 5)),
    "appears past the line too far for a late detection": path((0, -9), (3, -14)),
}


@pytest.mark.parametrize("along", NOT_COUNTED.values(), ids=NOT_COUNTED.keys())
def test_who_did_not_come_over_the_line_does_not_count(along: Path) -> None:
    """Only motion from clearly upstream to clearly past the line is a crossing."""
    assert counted(measure([Car(1, along)])) == 0


ONCE: dict[str, Path] = {
    # standing with its contact point swinging over the line, then away: counted 15 times elsewhere
    "stop and go on the line": then(then(path((0, 30), (3, 0)), wiggle(0.0, 0.45), 3), path((33, 0), (36, -14)), 33),
    "over, back, over": path((0, 20), (2, -1), (4, 2), (6, -1), (8, 2), (10, -14)),
    "box jumps by 0.9 m while it creeps over": lambda t: 10 - 0.5 * t + 0.45 * np.sin(25 * t) if t < 45 else None,
    "seen only from 0.3 m upstream": path((1, 0.3), (2, -9.7)),
    "first seen 1 m past at 10 m/s": path((1, -1), (2, -11)),
    "out of view 1 m before the line at 8 m/s": path((0, 33), (4, 1)),
    "waits 20 s on the line": path((0, 30), (3, 0), (23, 0), (26, -14)),
}


@pytest.mark.parametrize("along", ONCE.values(), ids=ONCE.keys())
def test_who_came_over_the_line_counts_once(along: Path) -> None:
    """However it stops, swings or is seen late: one vehicle, one count."""
    assert counted(measure([Car(1, along)])) == 1


# line at 0:  ---1---1---1(lost)   2---2---2   the same vehicle, tracked under a second id
BROKEN: dict[str, Callable[[], list[Car]]] = {
    "before the line": lambda: [Car(1, path((0, 40), (3.9, 1))), Car(2, path((4.2, -2), (6, -20)))],
    "after the line": lambda: [Car(1, path((0, 40), (4.1, -1))), Car(2, path((4.4, -4), (6, -20)))],
    "well before the line": lambda: [Car(1, path((0, 40), (2, 20))), Car(2, path((2.3, 17), (6, -20)))],
}


@pytest.mark.parametrize("cars", BROKEN.values(), ids=BROKEN.keys())
def test_a_track_that_breaks_near_the_line_counts_once(cars: Callable[[], list[Car]]) -> None:
    """A new id for the same vehicle is neither a second crossing nor a lost one."""
    assert counted(measure(cars())) == 1


def test_two_motorcycles_side_by_side_are_two() -> None:
    """Taking over a lost track must not swallow a neighbour that is still seen."""
    beside = [Car(1, PASSES, "motorcycle", across_m=1.0), Car(2, PASSES, "motorcycle", across_m=1.9)]
    assert counted(measure(beside)) == 2


def test_two_boxes_around_one_vehicle_are_one() -> None:
    """A truck that is also detected as a car, 0.5 m beside and 1 m ahead, cannot be two vehicles."""
    twice = [Car(1, PASSES, "truck", across_m=1.6), Car(2, path((0, 39), (6, -21)), "car", across_m=2.1)]
    assert counted(measure(twice)) == 1


def test_a_motorcycle_beside_a_car_is_its_own_vehicle() -> None:
    """1.3 m between the middles leaves room for both (0.85 m + 0.375 m)."""
    pair = [Car(1, PASSES, "car", across_m=2.0), Car(2, PASSES, "motorcycle", across_m=0.7)]
    assert counted(measure(pair)) == 2


def test_a_frame_rate_that_varies_and_lost_frames_do_not_change_the_count() -> None:
    """20 cars, 10 m/s, 3 s apart; every tenth frame is missing and the rest are unevenly spaced."""
    cars = [Car(i + 1, path((3 * i, 40), (3 * i + 5.5, -15))) for i in range(20)]
    engine = meter()
    rng = np.random.default_rng(3)
    times = np.cumsum(rng.uniform(0.05, 0.2, 600))
    for i, time_s in enumerate(times[times < 75]):
        if i % 10:
            engine.update(frame(float(time_s), cars))
    assert sum(engine.live(T0 + 75)[0].counts or ()) == 20


def test_unconfirmed_tracks_do_not_count() -> None:
    """Ids below 1 are not vehicles (a phantom count of id -1 elsewhere)."""
    assert counted(measure([Car(-1, PASSES), Car(0, PASSES)])) == 0


def test_a_person_over_the_line_is_not_traffic() -> None:
    """Persons are counted by their kind and leave flow, speed and density alone."""
    row = approach_row(measure([Car(1, path((0, 10), (15, -10)), "person")]))
    assert row.counts == (0, 0, 0, 0, 0, 1, 0)
    assert (row.flow_vps, row.density_vpm, row.speed_space_mean_mps) == (0.0, 0.0, None)


def test_the_wrong_way_is_an_event() -> None:
    """Against the traffic at 10 m/s: told within 5 s of its first sighting; out of view it ends, under the same id."""
    events = measure([Car(1, path((0, -14), (8, 66)))]).events
    assert [(e.type, e.end_s is None) for e in events] == [(EventType.WRONG_WAY, True), (EventType.WRONG_WAY, False)]
    assert events[0].id == events[1].id
    assert events[0].begin_s - T0 < 5.0


def test_crossings_do_not_depend_on_who_else_was_there_before() -> None:
    """A second meter in the same process starts with nothing of the first."""
    engine = meter()
    drive(engine, [Car(1, PASSES)], 0, 8)
    assert counted(measure([Car(1, PASSES)])) == 1


def test_one_that_waits_a_little_past_the_line_crosses_when_it_leaves() -> None:
    """Its front is measured 0.6 m past the line from 12 s on, which may be before it; it leaves at 40 s and is clearly
    past it half a second later. One that stands 1.5 m past the line has crossed it at 11 s."""
    near = Car(1, path((1, 60), (11, 0), (12, -0.6), (40, -0.6), (50, -30)))
    clear = Car(2, path((1, 60), (11, 0), (12, -1.5), (40, -1.5), (50, -30)), lane=2, across_m=4.9)
    rows = measure_windows([near, clear])
    assert [sum(row.counts or ()) for row in rows if row.lane == 1] == [0, 1]
    assert [sum(row.counts or ()) for row in rows if row.lane == 2] == [1, 0]


def measure_windows(cars: list[Car]) -> list[Measurement]:
    """The rows of both half minutes."""
    engine = meter(30)
    return list((drive(engine, cars, 0, 59) + engine.finish(T0 + 59)).windows)


def test_a_car_that_a_motorcycle_came_up_to_is_no_second_box() -> None:
    """The car stands 1 m before the line from 8 s on; the motorcycle comes at 20 s, from 60 m up the road, and stands
    in front of it, in its outline; at 40 s both drive off with 5 m/s and cross within 0.3 s."""
    car = Car(1, path((0, 60), (8, 1), (40, 1), (50, -49)), length_m=4.4)
    bike = Car(2, path((20, 60), (28, 0.4), (40, 0.4), (50, -49.6)), kind="motorcycle", across_m=1.8, length_m=1.9)
    assert counted(measure([car, bike])) == 2


@pytest.mark.parametrize(("to_m", "n"), [pytest.param(-0.6, 1, id="rolls on"), pytest.param(0.3, 0, id="stays before")])
def test_a_track_that_ends_just_past_the_line_while_it_rolls_counts(to_m: float, n: int) -> None:
    """At 1.2 m/s, slower than what counts before the line, hidden before it is clearly past."""
    from_m = to_m + 1.2 * 10
    assert counted(measure([Car(1, path((0, from_m), (10, to_m)))])) == n


@pytest.mark.parametrize(("others", "n"), [pytest.param((), 1, id="alone"), pytest.param((1.2,), 0, id="taken")])
def test_a_track_that_ends_in_the_place_of_another_did_not_cross(others: tuple[float, ...], n: int) -> None:
    """At 10 m/s its box comes to 1.2 m before the line and ends: hidden there it counts; where a car stands in that
    very place the box has gone over to that one."""
    stands = [Car(2 + i, path((0, place_m), (59, place_m))) for i, place_m in enumerate(others)]
    assert counted(measure([Car(1, path((0, 61.2), (6, 1.2))), *stands])) == n


def test_one_first_seen_standing_on_the_line_crosses_when_it_leaves() -> None:
    """It stands 0.3 m before the line, as far as is known, and starts at 29 s with 2.5 m/s²: on the line 0.5 s later,
    in the first half minute; a straight line through its last 6 s would say 30.8 s."""

    def leaves(time_s: float) -> float | None:
        return 0.3 - 1.25 * max(0.0, time_s - 29) ** 2 if time_s < 32.4 else None

    rows = [row for row in measure_windows([Car(1, leaves)]) if row.lane == 1]
    assert [sum(row.counts or ()) for row in rows] == [1, 0]


def test_a_track_that_goes_back_over_the_line_to_the_one_behind_makes_two() -> None:
    """Motorcycles 4 m apart at 5 m/s, over the line at 8 and 8.8 s. At 8.5 s the track of the first goes over to the
    second, from 2.5 m past the line to 1.5 m before it, and a new one begins on the first."""
    first, second = path((0, 40), (12, -20)), path((0, 44), (12, -16))
    swaps = Car(1, then(first, second, 8.5), "motorcycle")
    goes_on = Car(2, lambda t: first(t) if t >= 8.6 else None, "motorcycle")
    assert counted(measure([swaps, goes_on])) == 2


def test_one_found_late_past_the_line_counts_by_its_motion_alone() -> None:
    """At 5 m/s, first seen 2 m past the line, so on it 0.4 s before: counted. One that stands there, or crosses before
    the line to the side, is neither counted nor in the queue."""
    assert counted(measure([Car(1, path((10, -2), (13, -17)))])) == 1
    stands = measure([Car(1, path((10, -2), (40, -2)))])
    assert (counted(stands), approach_row(stands).queue_max_vehicles) == (0, 0)


def test_who_drives_up_from_the_junction_is_on_the_approach_from_its_line_on() -> None:
    """First seen 5 m past the line or on it, against the traffic at 10 m/s: the same density, to one of 36 frames."""
    from_junction, from_line = path((9.5, -5), (14.5, 45)), path((10, 0), (14.5, 45))
    found = [approach_row(measure([Car(1, way)])).density_vpm for way in (from_junction, from_line)]
    assert found[0] == pytest.approx(found[1], rel=1 / 30)


def test_who_follows_close_behind_a_counted_one_that_speeds_up_is_no_second_box() -> None:
    """The first motorcycle crosses at 11 s with 1 m/s and speeds up by 4 m/s²: at 12.5 s it is at 1.5 + 4.5 = 6 m past,
    not at 1.5 m, where the second one is then."""
    slow = path((0, 40), (10, 1), (11, 0))

    def ahead(time_s: float) -> float | None:
        late_s = time_s - 11
        return slow(time_s) if late_s <= 0 else -late_s - 2 * late_s**2 if late_s < 3 else None

    after = Car(2, path((0, 42), (10, 4), (12.5, -1.5), (13.5, -3.7), (14, -8)), "motorcycle")
    assert counted(measure([Car(1, ahead, "motorcycle"), after])) == 2


@dataclass(frozen=True)
class Swerves:
    """A car that seems to be in another lane from a moment on, or in every so-many-th frame."""

    track: int
    along: Path
    other_from_s: float = math.inf
    every: int = 0
    kind: str = "car"
    across_m: float = 1.6
    length_m: float = float("nan")
    approach: int = 0
    now_s: list[float] = field(default_factory=lambda: [0.0])

    @property
    def lane(self) -> int:
        """1, else 2."""
        frames = round(self.now_s[0] * 8)
        return 2 if self.now_s[0] >= self.other_from_s or (self.every and frames % self.every == 0) else 1


def seen_in_lanes(car: Swerves) -> Readings:
    """A minute with this car alone."""
    engine = meter()
    done = Readings()
    for i in range(59 * 8):
        car.now_s[0] = i / 8
        done += engine.update(frame(i / 8, [cast(Car, car)]))
    return done + engine.finish(T0 + 59)


SWERVES: dict[str, tuple[Swerves, int]] = {
    # over the line at 4 s
    "turns over the other lane's end past the line": (Swerves(1, PASSES, other_from_s=4.2), 1),
    "changes its lane 10 m before the line": (Swerves(1, PASSES, other_from_s=3.0), 2),
    "waits on the border and is seen beyond it in every third frame": (
        Swerves(1, path((0, 40), (4, 1), (30, 1), (32, -15)), every=3),
        1,
    ),
}


@pytest.mark.parametrize(("car", "lane"), SWERVES.values(), ids=SWERVES.keys())
def test_a_vehicle_counts_in_the_lane_in_which_it_came_to_the_line(car: Swerves, lane: int) -> None:
    """Not in that of a later moment, nor in one that it only seems to be in."""
    done = seen_in_lanes(car)
    assert [lane_row(done, number).counts == (0, 1, 0, 0, 0, 0, 0) for number in (1, 2)] == [lane == 1, lane == 2]
