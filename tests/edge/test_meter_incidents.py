"""Incidents on an approach and in zones: found in time, told once, and what must not alarm."""

import math

import pytest
from simpang_edge.config import IncidentRules
from simpang_edge.data import Event, EventType, Readings
from simpang_edge.meter import Meter, MeterSettings

from .meter_place import Thing, play, zone, zoned_camera, zoned_meter
from .meter_road import T0, Car, camera, drive, meter, path
from .test_meter_cycle import queue

STOPPED = EventType.STOPPED_VEHICLE


def begins(events: tuple[Event, ...]) -> list[tuple[EventType, str]]:
    """Kind and severity of what began."""
    return [(e.type, e.severity) for e in events if e.end_s is None]


def passing(count: int, every_s: float, kind: str = "car", seconds: float = 9.0, first: int = 100) -> list[Car]:
    """Vehicles that drive through lane 2 in `seconds`."""
    return [
        Car(first + i, path((every_s * i, 80), (every_s * i + seconds, -10)), kind, lane=2, across_m=4.9)
        for i in range(count)
    ]


def test_a_lone_breakdown_is_told_within_twenty_seconds() -> None:
    """It stands from 4 s on, 40 m from the line, with nobody else on the road: told by 24 s."""
    found = drive(meter(), [Car(1, path((0, 80), (4, 40), (90, 40)))], 0, 24).events
    assert begins(found) == [(STOPPED, "warning")]


def test_an_event_says_since_when_it_holds_and_when_it_was_told() -> None:
    """It stands from 4 s on: begin within a second of that; told after the 15 s that the rule asks for, by 24 s."""
    (event,) = drive(meter(), [Car(1, path((0, 80), (4, 40), (90, 40)))], 0, 24).events
    assert event.begin_s - T0 == pytest.approx(4.0, abs=1.0)
    assert event.told_s is not None
    assert 19.0 <= event.told_s - T0 <= 24.0


def controlled(control: str) -> Meter:
    """A meter of an approach of this kind."""
    road = camera()
    approach = road.approaches[0].model_copy(update={"control": control})
    return Meter(road.model_copy(update={"approaches": (approach,)}), MeterSettings(windows_s=(60,)))


def test_on_a_link_nobody_waits_at_the_line() -> None:
    """It stands from 8 s on, 8 m from the line of a road away from junctions, alone: told by 28 s. At a signal it may
    wait at red."""
    car = Car(1, path((0, 80), (8, 8), (90, 8)))
    (event,) = drive(controlled("link"), [car], 0, 28).events
    assert event.reason is not None
    assert event.reason.en == "vehicle stopped for 15 s outside the queue, 8 m from the stop line"
    assert drive(controlled("signal"), [car], 0, 60).events == ()


@pytest.mark.parametrize(("leaves_s", "told"), [(400, True), (115, False)])
def test_who_does_not_go_at_green_is_told_when_others_do(leaves_s: float, told: bool) -> None:
    """The head of lane 1 stands 2 m from the line from 5 s on, while lane 2 goes at the greens of 10, 60, 110, 160 s:
    told after 120 s and more than a cycle of 50 s. One that goes at 115 s, when its own arrow shows, is not."""
    others = [car for i in range(4) for car in queue(i) if car.lane == 2]
    head = Car(999, path((0, 60), (5, 2), (leaves_s, 2), (leaves_s + 4, -14)))
    found = drive(meter(), [head, *others], 0, 175).events
    assert [e.cause for e in found] == ["stopped_vehicle"] * told
    for event in found:
        assert (event.told_s or 0) - T0 == pytest.approx(126, abs=3)
        assert event.reason is not None
        assert event.reason.en.startswith("vehicle at the head of the queue has not moved for 12")
        assert event.reason.id.startswith("kendaraan di kepala antrean diam 12")


def test_of_a_row_behind_a_breakdown_only_the_first_is_told() -> None:
    """Three stand behind it in the lane while others pass in lane 2: one root cause, one event."""
    row = [Car(i + 1, path((2 * i, 80), (2 * i + 4, 40 + 8 * i), (60, 40 + 8 * i))) for i in range(4)]
    found = drive(meter(), [*row, *passing(18, 3)], 0, 58).events
    assert [e.reason.en for e in found if e.reason] == [
        "vehicle stopped for 15 s outside the queue, 40 m from the stop line"
    ]


def test_a_new_track_of_the_same_vehicle_is_the_same_event() -> None:
    """Its track breaks at 40 s and goes on under another id at once: one begin, no end."""
    broken = [Car(1, path((0, 80), (4, 40), (40, 40))), Car(2, path((40.2, 40), (90, 40)))]
    found = drive(meter(), [*broken, *passing(28, 3)], 0, 88).events
    assert [e.end_s for e in found] == [None]


NO_ALARM = [
    pytest.param(
        [Car(i + 1, path((0, 80), (5, 30 + 7 * i), (38, 30 + 7 * i), (45, -14))) for i in range(3)],
        id="a queue whose head the detector missed",
    ),
    pytest.param(
        [
            *[Car(i + 1, path((0, 80), (5, 30 + 7 * i), (38, 30 + 7 * i), (45, -14))) for i in range(3)],
            *passing(10, 4, "motorcycle", seconds=22),
        ],
        id="motorcycles filter past it at 15 km/h",
    ),
    pytest.param([Car(1, path((0, 80), (6, 20), (50, 20), (54, -14)))], id="stops 20 m short of the line at red"),
    pytest.param(
        [Car(1, path((0, 80), (4, 40), (16, 40), (20, -14))), *passing(10, 3)], id="lets a passenger out for 12 s"
    ),
    pytest.param(
        [Car(1, path((0, 80), (5, 5), (40, 5), (44, -14))), Car(2, path((0, 80), (6, 13), (41, 13), (46, -14)))],
        id="an ordinary queue",
    ),
    pytest.param(
        [Car(i + 1, path((6 * i, 60), (6 * i + 4, 30 + i), (6 * i + 5.9, 30 + i))) for i in range(9)],
        id="ids that switch in a slow stream",
    ),
    pytest.param(
        [Car(1, path((0, 80), (6, 25), (8, 22), (9.5, 24.5), (11, 22), (14, -14)))], id="rolls back 2.5 m on the slope"
    ),
]


@pytest.mark.parametrize("cars", NO_ALARM)
def test_no_false_alarm_on_an_approach(cars: list[Car]) -> None:
    """Ordinary traffic begins no event."""
    assert drive(meter(), cars, 0, 60).events == ()


def test_the_tail_of_a_queue_is_no_breakdown_though_others_pass_it() -> None:
    """Four stand in lane 1 down to 23 m; a fifth, 30 m from the line, jitters by 1.2 m so that it never counts as one.

    Three that pass it in lane 2 only join the queue there.
    """

    def jitters(t: float) -> float:
        return max(30.0, 80 - 12.5 * t) + (1.2 * math.sin(math.pi * t) if t > 4 else 0.0)

    queue = [Car(i + 1, path((0, 60 + 7 * i), (4, 2 + 7 * i), (60, 2 + 7 * i))) for i in range(4)]
    joining = [Car(20 + i, path((9 + 2 * i, 80), (15 + 2 * i, 4 + 7 * i), (60, 4 + 7 * i)), lane=2) for i in range(3)]
    assert drive(meter(), [*queue, Car(9, jitters), *joining], 0, 50).events == ()


def test_one_that_was_there_from_the_start_is_a_note_only() -> None:
    """Parked before the worker started: told after 120 s, as info, with a cause of its own."""
    found = drive(meter(), [Car(1, path((0, 40), (140, 40))), *passing(30, 4)], 0, 128, fps=4).events
    assert begins(found) == [(STOPPED, "info")]
    assert found[0].cause == "parked_vehicle"
    early = drive(meter(), [Car(1, path((0, 40), (140, 40))), *passing(20, 4)], 0, 100, fps=4).events
    assert early == ()


def test_wrong_way_is_told_within_five_seconds() -> None:
    """A motorcycle rides upstream at 5 m/s from 10 s on."""
    rider = Car(1, path((10, 2), (24, 72)), "motorcycle")
    early = drive(meter(), [rider], 0, 15).events
    assert begins(early) == [(EventType.WRONG_WAY, "serious")]
    assert early[0].begin_s - T0 == pytest.approx(10.3, abs=1.0)


def test_the_thresholds_are_settings() -> None:
    """With stopped_s 40 nothing is told at 30 s of standing."""
    rules = IncidentRules(stopped_s=40, long_stop_s=120)
    engine = Meter(camera(), MeterSettings(windows_s=(60,), incidents=rules))
    assert drive(engine, [Car(1, path((0, 80), (4, 40), (90, 40)))], 0, 35).events == ()


STANDS = path((0, 0), (300, 0))


def still(track: int, *kinds: str, y_m: float = 0.0, kind: str = "car") -> Thing:
    """Stands in zones all the time."""
    return Thing(track, STANDS, zone(*kinds), kind, y_m)


def through(track: int, at_s: float, *kinds: str, seconds: float = 4.0, kind: str = "car") -> Thing:
    """Drives 30 m through zones of these kinds."""
    return Thing(track, path((at_s, 0), (at_s + seconds, 30)), zone(*kinds), kind)


def test_a_vehicle_in_a_no_stopping_zone() -> None:
    """Standing since 0 s: told at 15 s, with the zone."""
    found = play(zoned_meter("no_stopping"), [still(1, "no_stopping")], 17, "no_stopping").events
    assert [(e.type, e.zone) for e in found] == [(STOPPED, "z-no-stopping")]
    assert play(zoned_meter("no_stopping"), [still(1, "no_stopping")], 14, "no_stopping").events == ()


def test_a_blocked_box_needs_three_cars_or_a_long_wait() -> None:
    """Three for 10 s block it; two do not; one does after 90 s."""
    box = "box_junction"
    three = play(zoned_meter(box), [still(i, box, y_m=4.0 * i) for i in (1, 2, 3)], 12, box).events
    assert begins(three) == [(EventType.BLOCKED_BOX, "warning")]
    assert three[0].reason is not None
    assert three[0].reason.en == "box junction z-box-junction blocked by 3 vehicles for 10 s"
    assert play(zoned_meter(box), [still(i, box, y_m=4.0 * i) for i in (1, 2)], 60, box).events == ()
    assert len(play(zoned_meter(box), [still(1, box)], 93, box).events) == 1


def test_twelve_motorcycles_stand_where_three_cars_do() -> None:
    """12 × 0.25 = 3 cars' worth; eleven are less."""
    box = "box_junction"

    def riders(n: int) -> list[Thing]:
        return [still(i + 1, box, y_m=3.0 * i, kind="motorcycle") for i in range(n)]

    assert len(play(zoned_meter(box), riders(12), 12, box).events) == 1
    assert play(zoned_meter(box), riders(11), 12, box).events == ()


FULL = [still(i, "exit", y_m=4.0 * i) for i in (1, 2, 3)]
HELD = Thing(9, STANDS, zone(), y_m=50.0, along=path((0, 60), (5, 3), (300, 3)))


def exits(control: str) -> Meter:
    """A meter of an approach with an exit zone, and this kind of control."""
    road = zoned_camera("exit")
    approach = road.approaches[0].model_copy(update={"control": control})
    return Meter(road.model_copy(update={"approaches": (approach,)}), MeterSettings(windows_s=(60,)))


def test_who_waited_at_the_line_may_not_stop_beyond_it_either() -> None:
    """It queues from 6 to 20 s, crosses at about 21 s and stands in the zone from 26 s on: told after 15 s."""
    stops = Thing(
        1,
        path((0, 0), (6, 57), (20, 57), (26, 90), (60, 90)),
        zone("no_stopping", from_s=25),
        along=path((0, 60), (6, 3), (20, 3), (24, -14)),
    )
    (event,) = play(zoned_meter("no_stopping"), [stops], 50, "no_stopping").events
    assert (event.told_s or 0) - T0 == pytest.approx(41, abs=1.5)


def test_a_full_exit_is_spillback_and_serious_when_the_queue_cannot_go() -> None:
    """Three stand in the exit for 20 s: a warning; with a queue at the line from which nobody crosses: serious, at once
    where no red can keep it."""
    found = play(zoned_meter("exit"), FULL, 22, "exit").events
    assert begins(found) == [(EventType.SPILLBACK, "warning")]
    found = play(exits("unsignalised"), [*FULL, HELD], 30, "exit").events
    assert begins(found) == [(EventType.SPILLBACK, "serious")]
    assert found[0].cause == "spillback_blocks"


def test_a_queue_at_red_is_not_held_back_by_a_full_exit_and_one_that_stays_is_told_once_more() -> None:
    """Nothing is known of the plan: a green is due 130 s after the watching began, and 20 s later the queue of 3 + 4.4
    = 7.4 m is held back: the same event, serious now."""
    found = play(exits("signal"), [*FULL, HELD], 200, "exit").events
    assert begins(found) == [(EventType.SPILLBACK, "warning"), (EventType.SPILLBACK, "serious")]
    assert found[0].id == found[1].id
    assert (found[1].told_s or 0) - T0 == pytest.approx(150, abs=1.5)
    assert found[1].reason is not None
    assert found[1].reason.en == "exit z-exit is full (3 vehicles), the queue of 7 m cannot discharge"
    assert found[1].reason.id == "jalan keluar z-exit penuh (3 kendaraan), antrean 7 m tidak dapat lepas"


def test_a_bus_at_its_stop_in_the_exit_is_no_spillback() -> None:
    """One vehicle, however long."""
    assert play(zoned_meter("exit"), [still(1, "exit", kind="bus")], 90, "exit").events == ()


def test_somebody_on_foot_on_the_carriageway() -> None:
    """Walks 1.2 m/s for 12 s: told after 3 s, one event for two people, over 5 s after they left."""
    walkers = [Thing(i, path((10, 0), (22, 14.4)), zone("carriageway"), "person", y_m=3.0 * i) for i in (1, 2)]
    found = play(zoned_meter("carriageway"), walkers, 40, "carriageway").events
    assert [(e.type, e.end_s is None) for e in found] == [(EventType.PEDESTRIAN, True), (EventType.PEDESTRIAN, False)]
    assert found[0].begin_s == T0 + 10
    assert 20 <= (found[1].end_s or 0) - T0 <= 23


NOBODY = [
    pytest.param([through(1, 10, "carriageway", seconds=3, kind="person")], id="10 m/s: no pedestrian"),
    pytest.param(
        [
            Thing(1, path((0, 0), (30, 60)), zone("carriageway"), "person"),
            Thing(2, path((0, 0), (30, 60)), zone("carriageway"), "motorcycle", y_m=0.6),
        ],
        id="the rider of a motorcycle in slow traffic",
    ),
    pytest.param([Thing(1, path((10, 0), (22, 14)), zone("carriageway", "crossing"), "person")], id="on the crossing"),
    pytest.param([Thing(1, path((10, 0), (12, 2)), zone("carriageway"), "person")], id="for two seconds"),
]


@pytest.mark.parametrize("things", NOBODY)
def test_no_pedestrian_alarm(things: list[Thing]) -> None:
    """Riders, the crossing and short glimpses."""
    assert play(zoned_meter("carriageway", "crossing"), things, 40, "carriageway", "crossing").events == ()


ORDINARY = [
    pytest.param([through(i, 3.0 * i, "box_junction", "exit") for i in range(1, 15)], id="flowing traffic"),
    pytest.param(
        [Thing(1, path((0, 0), (4, 15), (60, 15), (64, 30)), zone("box_junction"))], id="waits to turn right for 56 s"
    ),
    pytest.param([Thing(1, path((0, 0), (6, 14), (9, 14), (15, 0)), zone("box_junction", "exit"))], id="a U-turn"),
    pytest.param([still(1, "kerb", kind="bus")], id="a bus at its stop"),
]


@pytest.mark.parametrize("things", ORDINARY)
def test_no_false_alarm_in_zones(things: list[Thing]) -> None:
    """Ordinary traffic in a junction begins no event."""
    assert play(zoned_meter(), things, 70).events == ()


def test_a_bus_that_stops_in_the_kerb_zone_of_its_lane_is_no_incident() -> None:
    """It stands 60 s at its stop, 40 m from the line, while cars pass in lane 2."""
    bus = Thing(
        1,
        path((0, 0), (4, 40), (64, 40), (70, 100)),
        zone("kerb"),
        "bus",
        along=path((0, 80), (4, 40), (64, 40), (68, 0)),
    )
    others = [
        Thing(
            10 + i, path((3 * i, 0), (3 * i + 9, 90)), zone(), y_m=4, along=path((3 * i, 80), (3 * i + 9, -10)), lane=2
        )
        for i in range(20)
    ]
    assert play(zoned_meter("kerb"), [bus, *others], 70, "kerb").events == ()


def test_what_is_open_when_congestion_begins_is_its_cause() -> None:
    """Spillback since 20 s; the approach is full from 10 s on and judged congested: the event names the spillback."""
    full = [still(i, "exit", y_m=4.0 * i) for i in (1, 2, 3)]
    queue = [
        Thing(20 + i, STANDS, zone(), y_m=60.0 + i, along=path((0, 79), (8, 2 + 13.0 * i), (900, 2 + 13.0 * i)))
        for i in range(6)
    ]
    long = [
        Thing(t.track, path((0, t.x(0) or 0.0), (900, t.x(0) or 0.0)), t.zones, t.kind, t.y_m, t.along)
        for t in (*full, *queue)
    ]
    done: Readings = play(zoned_meter("exit"), long, 430, "exit", fps=2.0)
    congestion = [e for e in done.events if e.type is EventType.CONGESTION]
    assert [(e.cause, e.end_s) for e in congestion] == [("spillback", None)]
