"""The signal cycle from discharge: start to start, green, residual; and none where there is no signal."""

import math
from collections import deque

import pytest
from simpang_edge.data import Colour, Cycle, Readings
from simpang_edge.meter import Meter, MeterSettings
from simpang_edge.meter.cycle import CycleFinder
from simpang_edge.meter.cycle_row import DISCHARGE, Span, cycle_row
from simpang_edge.meter.layout import Layout
from simpang_edge.meter.memory import Memory, QueueSample
from simpang_edge.meter.trips import Arrival

from .meter_road import T0, Car, camera, drive, meter, path

CYCLE_S = 50.0
"""Green starts at 10, 60, 110 s after T0; the first car of a queue stands 2 m behind the line until then."""


def waiting(cycle: int, place: int, leaves_s: float, lane: int) -> Car:
    """Comes in red, stands as the n-th of its lane, drives off at `leaves_s` with 2 m/s², over and away."""
    stands_m = 2.0 + 7.0 * place
    green_s = 10 + CYCLE_S * cycle
    arrives_s = green_s - 20 + 3 * place
    come = path((arrives_s - 6, stands_m + 60), (arrives_s, stands_m))

    def along(time_s: float) -> float | None:
        if time_s < arrives_s:
            return come(time_s)
        place_m = stands_m - max(0.0, time_s - leaves_s) ** 2
        return place_m if place_m > -14 else None

    return Car(1 + 100 * cycle + 10 * place + lane, along, lane=lane, across_m=3.25 * lane - 1.6)


def queue(cycle: int, length: int = 4, served: int | None = None) -> list[Car]:
    """Both lanes stand `length` deep; each car starts 1.5 s after the one ahead. The unserved go in the next green."""
    green_s = 10 + CYCLE_S * cycle
    cars = []
    for place in range(length):
        late = served is not None and place >= served
        leaves_s = green_s + (CYCLE_S if late else 0.0) + 1.5 * (place - (served or 0) if late else place)
        cars += [waiting(cycle, place, leaves_s, lane) for lane in (1, 2)]
    return cars


def cycles(cars: list[Car], to_s: float) -> tuple[Cycle, ...]:
    """What one meter finds."""
    return drive(meter(), cars, 0, to_s).cycles


def test_a_cycle_lasts_from_green_to_green() -> None:
    """Greens at 10, 60 and 110 s: two cycles of 50 s, each start within 1.5 s."""
    found = cycles([car for i in range(3) for car in queue(i)], 130)
    assert [(c.from_s - T0, c.to_s - T0) for c in found] == [
        (pytest.approx(10, abs=1.5), pytest.approx(60, abs=1.5)),
        (pytest.approx(60, abs=1.5), pytest.approx(110, abs=1.5)),
    ]
    assert all(c.method == "discharge" and c.confidence is not None and c.confidence >= 0.5 for c in found)


def test_the_first_green_counts_when_its_queue_was_seen_standing() -> None:
    """Watched from 6 s on: the head stands for 4 s before the green of 10 s, less than a pause, and shows the red."""
    done = drive(meter(), [car for i in range(2) for car in queue(i)], 6, 80)
    (found,) = done.cycles
    assert (found.from_s - T0, found.to_s - T0) == (pytest.approx(10, abs=1.5), pytest.approx(60, abs=1.5))


def test_a_first_discharge_that_began_before_is_no_green() -> None:
    """Watched from 11 s on, when the heads roll: only the green of 60 s begins in view, and its cycle is not over."""
    assert drive(meter(), [car for i in range(2) for car in queue(i)], 11, 80).cycles == ()


def test_what_a_cycle_says_of_its_queue() -> None:
    """Four rows of two: 8 at green, tail 2 + 3·7 + 4.4 = 27.4 m, all discharged, none left.

    Nobody comes until 20 s later, so nothing shows when the green ended: its length is unknown, and says so.
    """
    cycle = cycles([car for i in range(2) for car in queue(i)], 80)[0]
    assert (cycle.queue_at_green_vehicles, cycle.discharged, cycle.residual_queue_vehicles) == (8, 8, 0)
    assert cycle.queue_at_green_m == pytest.approx(27.4)
    assert cycle.green_s is None
    assert cycle.quality.flags == ("green_end_unseen",)
    assert cycle.queue_beyond_view is False


def test_who_waits_for_a_second_green_is_residual() -> None:
    """Six rows of two, four served: 4 vehicles are left when the discharge ends, and show that the green has ended.

    The last served stands 23 m behind the line and leaves 4.5 s after green: over it sqrt(23) = 4.8 s later, so 9.3 s.
    """
    cycle = cycles([*queue(0, 6, served=4), *queue(2)], 130)[0]
    assert (cycle.discharged, cycle.residual_queue_vehicles) == (8, 4)
    assert cycle.green_s == pytest.approx(9.3, abs=1.5)
    assert cycle.quality.flags == ()


def test_saturation_flow_by_hand() -> None:
    """Ten rows of two; row n is over the line 1.5·n + sqrt(2 + 7·n) s after green.

    Later than 4 s: rows 1 (4.5 s) to 9 (21.6 s), so 17 headways in 17.1 s, 1.00 vehicles a second; should the start
    be taken 0.5 s later, rows 2 (7.0 s) to 9: 15 headways in 14.6 s, 1.03.
    """
    cycle = cycles([*queue(0, 10), *queue(1)], 80)[0]
    assert cycle.saturation_flow_vps == pytest.approx(1.0, abs=0.04)


def test_a_road_without_a_signal_has_no_cycle() -> None:
    """The same queues where the camera file says that nobody has a signal."""
    cars = [car for i in range(2) for car in queue(i)]
    road = camera()
    (approach,) = road.approaches
    plain = road.model_copy(update={"approaches": (approach.model_copy(update={"control": "unsignalised"}),)})
    assert drive(Meter(plain, MeterSettings()), cars, 0, 80).cycles == ()
    assert len(drive(Meter(road, MeterSettings()), cars, 0, 80).cycles) == 1


@pytest.mark.parametrize(
    ("arrivals_s", "on_green"),
    [
        pytest.param([15.0, 29.2, 32.0], 2, id="29.2 s: green ended at 29.3 s"),
        pytest.param([15.0, 29.4, 32.0], 1, id="29.4 s came in yellow, and drove on"),
        pytest.param([15.0, 29.4, 55.0], 1, id="and so whether the next one came soon or not"),
        pytest.param([15.0, 45.0, 59.5], 2, id="59.5 s: the next green is lit, its first driver starts at 60 s"),
    ],
)
def test_drivers_are_later_than_their_signal(arrivals_s: list[float], on_green: int) -> None:
    """A cycle from 10 to 60 s by discharge, its last crossing at 30 s; 0.7 s at either end."""
    memory = Memory(arrivals=deque(Arrival(time_s, 0) for time_s in arrivals_s))
    span = Span(10.0, 60.0, 30.0, True, 30.0, DISCHARGE, 1.0)
    cell = Layout(camera(), 3.25).cells[0]
    found = cycle_row("utara", cell, span, memory, lambda _: 1.0, (1, None), None)
    assert found.arrivals_on_green_ratio == pytest.approx(on_green / len(arrivals_s))


@pytest.mark.parametrize(
    ("arrivals_s", "stood_s", "margin"),
    [
        # one of three came between 28.2 and 31.2 s; or one more on green: hypot(1/3, (2/3)/4)
        pytest.param([15.0, 29.2, 32.0], None, math.hypot(1 / 3, 1 / 6), id="at the change of the light"),
        # nobody did: (5/6)/7
        pytest.param([15.0, 33.0, 50.0, 51.0, 52.0, 53.0], None, 5 / 42, id="nobody near the change"),
        # nobody stood before 40 s, so that green may have lasted until 35 s: 33 s is doubtful too
        pytest.param([15.0, 33.0, 50.0, 51.0, 52.0, 53.0], 40.0, math.hypot(1 / 6, 5 / 42), id="nobody stopped soon"),
        # the next green is lit between 58.9 and 59.7 s
        pytest.param([15.0, 59.0], None, math.hypot(1 / 2, 1 / 6), id="at the next green"),
    ],
)
def test_arrivals_on_green_say_how_far_they_may_be_off(
    arrivals_s: list[float], stood_s: float | None, margin: float
) -> None:
    """The cycle above: green ends 1.8 s before the last crossing to 1.2 s after it, or when the first one who stopped
    began to brake, 5 s before he counted as queued; and one vehicle may not have been told."""
    stood = [] if stood_s is None else [QueueSample(stood_s, 1, 5.0, False, 1)]
    memory = Memory(queue=deque(stood), arrivals=deque(Arrival(time_s, 0) for time_s in arrivals_s))
    span = Span(10.0, 60.0, 30.0, True, 30.0, DISCHARGE, 1.0)
    cell = Layout(camera(), 3.25).cells[0]
    found = cycle_row("utara", cell, span, memory, lambda _: 1.0, (1, None), None)
    assert found.arrivals_on_green_margin_ratio == pytest.approx(margin)


def test_free_flow_has_no_cycle() -> None:
    """Nobody ever stands: no signal evidence, no rows."""
    cars = [Car(i + 1, path((2.5 * i, 60), (2.5 * i + 7.5, -15))) for i in range(45)]
    assert cycles(cars, 120) == ()


def test_one_motorcycle_that_creeps_over_the_line_is_no_green() -> None:
    """In red at 52 s one rider rolls over the line while the others stand: still one cycle of 50 s."""
    rider = Car(999, path((20, 60), (26, 1.5), (50, 1.5), (54, -2), (60, -2), (62, -14)), "motorcycle", across_m=0.4)
    found = cycles([*queue(0), *queue(1), rider], 80)
    assert [(c.from_s - T0, c.to_s - T0) for c in found] == [
        (pytest.approx(10, abs=1.5), pytest.approx(60, abs=1.5)),
    ]


def alone(cycle: int, kind: str = "car", lane: int = 1) -> Car:
    """The only one of its lane: stands 2 m before the line in red, drives off when green begins."""
    car = waiting(cycle, 0, 10 + CYCLE_S * cycle, lane)
    return Car(car.track, car.along, kind, lane=lane, across_m=car.across_m)


def test_one_vehicle_alone_shows_a_green() -> None:
    """At 60 s the only vehicle in sight drives off, and 5 s later nobody stands: the green of 60 s."""
    (found,) = cycles([*queue(0), alone(1)], 80)
    assert (found.from_s - T0, found.to_s - T0) == (pytest.approx(10, abs=1.5), pytest.approx(60, abs=1.5))


def test_one_vehicle_that_crosses_in_red_is_no_green_where_others_stop_behind_it() -> None:
    """In red at 36 s the box of a rider who waits takes in a person who walks past: 2 m over the line at once. Two cars
    come and stand from 38 s on until the green of 60 s: one cycle of 50 s, and nothing of its green is after 36 s."""
    rider = Car(
        999, path((24, 60), (30, 1.5), (35.9, 1.5), (36.4, -2), (60, -2), (62, -14)), "motorcycle", across_m=0.4
    )
    come = [Car(n, path((32, 62), (38, 2), (60, 2), (63, -14)), lane=n, across_m=3.25 * n - 1.6) for n in (1, 2)]
    (found,) = cycles([*queue(0), rider, *come], 80)
    assert (found.from_s - T0, found.to_s - T0) == (pytest.approx(10, abs=1.5), pytest.approx(60, abs=1.5))
    assert found.green_s is None or found.green_s < 20
    assert "maybe_two_cycles" not in found.quality.flags


def test_a_bicycle_shows_the_green_as_a_car_does() -> None:
    """At 60 s a car and a bicycle that both waited drive off together: two of the queue, a green. The bicycle is none
    of the vehicles that are discharged: 8 in the first cycle, the car in the second."""
    found = cycles([*queue(0), alone(1), alone(1, "bicycle", lane=2), *queue(2)], 130)
    assert [(c.to_s - T0, c.discharged) for c in found] == [
        (pytest.approx(60, abs=1.5), 8),
        (pytest.approx(110, abs=1.5), 1),
    ]


def test_a_discharge_that_was_running_at_the_start_is_no_green() -> None:
    """The worker starts 4 s into the green: the first start it can know is the next one."""
    engine = meter()
    cars = [car for i in range(3) for car in queue(i)]
    done = drive(engine, cars, 14, 130)
    assert [round(c.from_s - T0, -1) for c in done.cycles] == [60]


def test_a_cycle_that_was_not_watched_is_not_told() -> None:
    """25 of 50 s without a picture: what happened in them is unknown."""
    engine = meter()
    cars = [car for i in range(3) for car in queue(i)]
    done = drive(engine, cars, 0, 25) + drive(engine, cars, 45, 130)
    assert [round(c.from_s - T0, -1) for c in done.cycles] == [60]


def test_cycles_are_told_once() -> None:
    """Nothing comes again at the end."""
    engine = meter()
    drive(engine, [car for i in range(2) for car in queue(i)], 0, 80)
    assert (engine.finish(T0 + 80) + Readings()).cycles == ()


@pytest.mark.parametrize(("alone", "flags"), [(True, ["maybe_two_cycles"]), (False, [])])
def test_a_cycle_that_may_be_two_says_so(alone: bool, flags: list[str]) -> None:
    """Greens at 10 and 110 s. At 60 s one of two standing cars goes and the other stays: a green whose head did not see
    it, or a turn that needs none? Nobody knows. Without that car it is one cycle of 100 s."""
    goes, stays, comes = waiting(1, 0, 60, 1), waiting(1, 0, 110, 2), waiting(2, 0, 110, 1)
    (cycle,) = cycles([*queue(0), *([goes] if alone else []), stays, comes], 130)
    assert cycle.to_s - cycle.from_s == pytest.approx(100, abs=1.5)
    assert [flag for flag in cycle.quality.flags if flag == "maybe_two_cycles"] == flags


def test_since_when_a_queue_has_been_free_to_go_by_its_plan() -> None:
    """A plan of 60 s with 25 s of green that began at 100 s: free since then, perhaps red from 125 s on, due at 160."""
    finder = CycleFinder("utara", Layout(camera(), 3.25).cells[0], lambda _: 1.0)
    assert finder.free_since_s(7.0) == 7.0
    finder.plan.follow(60.0, 25.0)
    finder._start_s = 100.0
    assert [finder.free_since_s(now_s) for now_s in (110.0, 130.0, 170.0)] == [100.0, 130.0, 160.0]


def test_since_when_a_queue_has_been_free_to_go_by_its_lamps() -> None:
    """Red to 40 s, green from 40 s, yellow at 65 s."""
    finder = CycleFinder("utara", Layout(camera(), 3.25).cells[0], lambda _: 1.0)
    free = []
    for second in range(30, 70):
        colour = Colour.RED if second < 40 else Colour.GREEN if second < 65 else Colour.YELLOW
        finder.look(float(second), colour)
        free.append(finder.free_since_s(float(second)))
    assert (free[5], free[12], free[30], free[37]) == (35.0, 40.0, 40.0, 67.0)
