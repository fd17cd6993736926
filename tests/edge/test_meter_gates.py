"""Who passes a gate and which way: by class, once each, also those that came through no approach."""

import numpy as np
import pytest
from simpang_edge import convert
from simpang_edge.data import GateCounts, Scene, Scope
from simpang_edge.meter import Meter, MeterSettings
from simpang_edge.meter.gates import Gates

from .test_meter_movements import BY_GATE, LEFT, MIXED, RIGHT, T0, THROUGH, Car, camera, drive, frame

# The south gate is drawn from left to right in the picture: forward is down the picture, out of the junction. The west
# and the east gate are drawn upward: forward is to the right, so out of the junction in the east, into it in the west.
MINUTE = MeterSettings(windows_s=(60,))

Ways = dict[tuple[str, str], int]


def gates(cars: list[Car], mirrored: bool = False) -> tuple[GateCounts, ...]:
    """The gates of the first minute."""
    engine = Meter(camera(BY_GATE, mirrored), MINUTE)
    done = drive(engine, cars, 58, -1 if mirrored else 1) + engine.finish(T0 + 58)
    found = next(row.gates for row in done.windows if row.scope is Scope.APPROACH)
    assert found is not None
    return found


def passed(found: tuple[GateCounts, ...] | None) -> Ways:
    """Vehicles of all kinds by gate and direction, those that were passed at all."""
    return {(one.gate, one.direction): sum(one.counts) for one in found or () if sum(one.counts)}


@pytest.mark.parametrize("mirrored", [False, True])
def test_gates_are_counted_by_class_and_direction(mirrored: bool) -> None:
    """Two go south, one east, a truck west; the direction is that of the drawn line, whatever the road's axes."""
    found = gates(MIXED, mirrored)
    assert passed(found) == {("south", "forward"): 2, ("east", "forward"): 1, ("west", "backward"): 1}
    south = next(one for one in found if (one.gate, one.direction) == ("south", "forward"))
    assert south.counts == (1, 1, 0, 0, 0, 0, 0)  # a motorcycle and a car
    assert south.pkji_counts == (1, 1, 0, 0, 0, 0)  # SM, MP
    west = next(one for one in found if (one.gate, one.direction) == ("west", "backward"))
    assert west.pkji_counts == (0, 0, 1, 0, 0, 0)  # a truck whose length is not known counts as KS


def test_cross_traffic_is_counted_at_its_gates() -> None:
    """It comes through no approach: into the junction over the west gate, out of it over the east gate."""
    assert passed(gates([Car(1, ((-20, 5), (20, 5)))])) == {("west", "forward"): 1, ("east", "forward"): 1}


def test_passing_beside_a_gate_is_no_passage() -> None:
    """The south gate is 12 m wide, from x = -6 to 6 m."""
    assert passed(gates([Car(1, ((8, 5), (8, -15)))])) == {}


def test_standing_on_a_gate_and_swaying_counts_once() -> None:
    """Five times 0.9 m to either side of the line is not clear of it; then it drives on."""
    swaying = [(2.0, -10 + 0.9 * (-1) ** n) for n in range(10)]
    assert passed(gates([Car(1, ((2, 50), (2, -9.1), *swaying, (2, -15)))])) == {("south", "forward"): 1}


def test_over_and_back_counts_once_in_each_direction() -> None:
    """Over the south gate, back and over it again."""
    there_and_back = ((2, 50), (2, -15), (2, -5), (2, -15))
    assert passed(gates([Car(1, there_and_back)])) == {("south", "forward"): 1, ("south", "backward"): 1}


def test_a_passage_belongs_to_the_window_of_its_time() -> None:
    """From y = 50 m at 54.03 s, at 10 m/s, over the gate (y = -10 m) at 60.03 s: the second minute."""
    engine = Meter(camera([]), MINUTE)
    done = drive(engine, [Car(1, THROUGH, 54.03)], 130) + engine.finish(T0 + 130)
    rows = [row.gates for row in done.windows if row.scope is Scope.APPROACH]
    assert [passed(found) for found in rows] == [{}, {("south", "forward"): 1}, {}]


def test_a_passage_that_is_known_too_late_is_told_as_late() -> None:
    """It is 1.1 m before the gate at 56.875 s, stands on it, and is 4 m past it at 65.125 s: over it, on the straight
    between, at 56.875 + 8.25 * 1.1 / 5.1 = 58.65 s, in a minute that was closed at 61 s."""
    engine = Meter(camera([]), MeterSettings(windows_s=(60,), grace_s=1.0))
    car = Car(1, THROUGH, 51.0)
    car.path = lambda time_s: (2.0, float(np.interp(time_s, [0, 5.875, 6, 14, 14.125], [50, -8.9, -9.5, -9.5, -14])))
    car.took_s = 14.5
    done = drive(engine, [car], 130) + engine.finish(T0 + 130)
    rows = [row.gates or () for row in done.windows if row.scope is Scope.APPROACH]
    assert [passed(found) for found in rows] == [{}, {}, {}]
    assert [sum(one.late for one in found) for found in rows] == [0, 1, 0]


def test_gates_stand_in_the_row_of_the_first_approach_only() -> None:
    """So that their sum over a message counts nobody twice."""
    engine = Meter(camera(BY_GATE), MINUTE)
    done = drive(engine, MIXED, 58) + engine.finish(T0 + 58)
    assert [row.scope for row in done.windows if row.gates is not None] == [Scope.APPROACH]


def test_gates_are_unknown_where_nothing_was_observed() -> None:
    """A minute without a frame: None, not a count of zero."""
    engine = Meter(camera(BY_GATE), MINUTE)
    done = drive(engine, [], 12) + engine.advance(T0 + 140)
    rows = [row for row in done.windows if row.scope is Scope.APPROACH]
    assert [row.gates is None for row in rows] == [False, True]
    assert convert.window_row("tangsel", camera(BY_GATE), rows[1]).x.gates is None


def test_without_gates_there_are_no_gate_counts() -> None:
    """None, because there is nothing that could be counted."""
    bare = camera([]).model_copy(update={"gates": ()})
    engine = Meter(bare, MINUTE)
    done = drive(engine, MIXED, 58) + engine.finish(T0 + 58)
    assert {row.gates for row in done.windows} == {None}


def test_passages_of_a_picture_that_could_not_be_trusted_are_taken_back() -> None:
    """The car passes the gate at 6 s; at 10 s it shows that the picture had moved since 5 s."""
    engine = Meter(camera([]), MINUTE)
    done = drive(engine, [Car(1, THROUGH)], 10)
    done += engine.note(Scene(T0 + 10, ("moved",), since_s=T0 + 5))
    done += engine.finish(T0 + 30)
    assert [passed(row.gates) for row in done.windows if row.scope is Scope.APPROACH] == [{}]


def test_a_worker_that_starts_again_keeps_the_passages_of_its_minute() -> None:
    """Three before the restart, one after it: four in the minute's row."""
    first = Meter(camera([]), MINUTE)
    drive(first, [Car(1, THROUGH), Car(2, LEFT, 1.0), Car(3, RIGHT, 2.0)], 12)
    text = first.parts()
    assert text is not None
    again = Meter(camera([]), MINUTE)
    again.resume(text)
    later = Car(9, THROUGH, 20.0)
    done = again.update(frame(20.0, [later], []))
    for i in range(161, 240):
        done += again.update(frame(i / 8, [later], []))
    done += again.finish(T0 + 30)
    found = next(row.gates for row in done.windows if row.scope is Scope.APPROACH)
    assert passed(found) == {("south", "forward"): 2, ("east", "forward"): 1, ("west", "backward"): 1}


def test_what_is_kept_of_a_vehicle_goes_with_it() -> None:
    """After 200 vehicles nothing is left."""
    engine = Meter(camera([]), MINUTE)
    drive(engine, [Car(i, THROUGH, i * 0.5) for i in range(1, 200)], 125)
    assert isinstance(engine._gates, Gates)
    assert len(engine._gates) == 0
