"""Events and what is usual over a restart of the worker: the same event, with the outage told in it."""

from dataclasses import replace
from typing import Any

import pytest
from simpang_edge.config import Camera
from simpang_edge.data import Event, EventType, Readings, Scene, UsualDay
from simpang_edge.meter import Meter, MeterSettings
from simpang_edge.meter.gaps import KEPT, Gaps

from .meter_road import T0, Car, camera, drive, frame, path
from .test_meter_faults import watch
from .test_meter_live import flowing, jam

LIVE: dict[str, Any] = {"source": "rtsp://camera/1"}


def live(**more: Any) -> Meter:
    """A meter of a live camera, which may start again; minutes only."""
    return Meter(Camera.model_validate({**camera().model_dump(), **LIVE, **more}), MeterSettings(windows_s=(60,)))


def again(first: Meter, stopped_s: float | None = None) -> Meter:
    """The meter of the run after this one; stopped_s: when it was stopped, None where it was killed."""
    if stopped_s is not None:
        assert all(event.end_s is None for event in first.finish(T0 + stopped_s).events)
    second = live()
    second.resume(first.parts() or b"")
    return second


def congested() -> tuple[Meter, Event]:
    """A meter that has watched a jam for seven minutes, and the congestion that it told after five."""
    first = live()
    (begin,) = (e for e in drive(first, jam(0), 0, 424, fps=2).events if e.type is EventType.CONGESTION)
    return first, begin


def of(done: Readings, kind: EventType) -> list[Event]:
    """The events of one kind."""
    return [event for event in done.events if event.type is kind]


@pytest.mark.parametrize("stopped_s", [pytest.param(424.0, id="stopped"), pytest.param(None, id="killed")])
def test_a_congestion_goes_on_after_a_restart(stopped_s: float | None) -> None:
    """Jammed from 0 to 424 s, away until 524 s, jammed until 724 s, then an empty road.

    It is told once more when the worker is back, ends with its last sign in the minute that ends at 780 s (the jam left
    within it), and says that 100 s of it, from the last frame at 423.5 s to the first at 524 s, were not seen.
    """
    first, begin = congested()
    second = again(first, stopped_s)
    back = of(drive(second, jam(500), 524, 724, fps=2), EventType.CONGESTION)
    assert [(e.id, e.begin_s, e.end_s, e.told_s) for e in back] == [(begin.id, begin.begin_s, None, T0 + 524)]
    over = of(drive(second, [], 724, 1400, fps=2), EventType.CONGESTION)
    assert [(e.id, e.begin_s) for e in over] == [(begin.id, begin.begin_s)]
    end_s = over[0].end_s or 0.0
    assert T0 + 724 <= end_s <= T0 + 780
    assert over[0].observed_s == pytest.approx(end_s - begin.begin_s - 100.5, abs=0.01)


def test_a_congestion_whose_road_is_free_after_the_outage_ends_with_its_last_sign() -> None:
    """The last minute that was judged ended at 420 s; that of the stop, 420 to 480 s, is told with its 4 s and judges
    nothing. It is over when five clear minutes were seen."""
    first, begin = congested()
    over = of(drive(again(first, 424), [], 524, 1000, fps=2), EventType.CONGESTION)
    assert [(e.id, None if e.end_s is None else e.end_s - T0) for e in over] == [(begin.id, None), (begin.id, 420.0)]
    assert over[1].observed_s == pytest.approx(T0 + 420 - begin.begin_s, abs=0.6)


def test_too_long_an_outage_ends_a_congestion_with_its_last_sign() -> None:
    """Away for 16 minutes (900 s are the most): over at 420 s, told with the first frame; the same jam is another."""
    first, begin = congested()
    second = again(first)
    (end,) = of(drive(second, jam(1400), 1400, 1401, fps=2), EventType.CONGESTION)
    assert (end.id, end.end_s, end.told_s) == (begin.id, T0 + 420, T0 + 1400)
    (other,) = of(drive(second, jam(1400), 1401, 1830, fps=2), EventType.CONGESTION)
    assert other.id != begin.id
    assert other.begin_s >= T0 + 1380  # the minute of the first frame


def test_a_jam_seen_for_three_minutes_before_the_restart_counts_for_the_event_after_it() -> None:
    """Slow minutes 0 to 3 before, away for 20 s, slow on: told when five minutes of it have passed, from its begin."""
    first = live()
    assert of(drive(first, jam(0), 0, 244, fps=2), EventType.CONGESTION) == []
    (begin,) = of(drive(again(first, 244), jam(0), 264, 370, fps=2), EventType.CONGESTION)
    assert begin.begin_s <= T0 + 60


def test_a_file_that_ends_ends_its_events() -> None:
    """There is no run after it: as before."""
    engine = Meter(camera(), MeterSettings(windows_s=(60,)))
    drive(engine, jam(0), 0, 424, fps=2)
    ended = of(engine.finish(T0 + 424), EventType.CONGESTION)
    assert [e.end_s is not None for e in ended] == [True]


def stopped_car() -> list[Car]:
    """A car that stands 40 m upstream from 4 s on, passed by others in the next lane every 3 s."""
    others = [Car(i + 2, path((3 * i, 80), (3 * i + 9, -10)), lane=2, across_m=4.9) for i in range(60)]
    return [Car(1, path((0, 80), (4, 40), (200, 40))), *others]


def test_a_stopped_vehicle_that_still_stands_is_the_same_event() -> None:
    """Told before 25 s; the worker is away from 30 to 50 s; its new track takes the event over, and it does not end."""
    first = live()
    (begin,) = of(drive(first, stopped_car(), 0, 30), EventType.STOPPED_VEHICLE)
    second = again(first, 30)
    cars = [Car(100 + car.track, car.along, lane=car.lane, across_m=car.across_m) for car in stopped_car()]
    told = of(drive(second, cars, 50, 120), EventType.STOPPED_VEHICLE)
    assert [(e.id, e.end_s) for e in told] == [(begin.id, None)]


def test_a_stopped_vehicle_that_has_left_ends_with_its_last_sign() -> None:
    """It stood until the stop at 30 s and is not there at 50 s: over at 29 s, told 45 s later and the usual 5 s on."""
    first = live()
    (begin,) = of(drive(first, stopped_car(), 0, 30), EventType.STOPPED_VEHICLE)
    _, end = of(drive(again(first, 30), [], 50, 110), EventType.STOPPED_VEHICLE)
    assert (end.id, end.end_s, end.told_s) == (begin.id, T0 + 29, T0 + 100)


def test_a_camera_that_is_still_dark_after_a_restart_is_the_same_fault() -> None:
    """Dark from 10 s on, told at 20 s; away from 30 to 40 s, dark until 60 s: one event, over with its last look."""
    first = live()
    (begin,) = watch(first, [], 0, 10).events + watch(first, [], 10, 30, "dark", since_s=10).events
    second = again(first, 30)
    told = watch(second, [], 40, 60, "dark", since_s=40).events + watch(second, [], 60, 110).events
    assert [(e.id, None if e.end_s is None else e.end_s - T0) for e in told] == [(begin.id, None), (begin.id, 59.0)]
    assert (begin.type, told[1].observed_s) == (EventType.CAMERA_DARK, None)


def test_events_of_a_run_whose_rest_cannot_be_read_are_ended() -> None:
    """Another version or other lanes: over with the last sign, told with the first frame."""
    first, begin = congested()
    second = live()
    second.end(first.open())
    (end,) = of(drive(second, jam(0), 444, 445, fps=2), EventType.CONGESTION)
    assert (end.id, end.end_s) == (begin.id, T0 + 420)


def test_parts_without_what_stands_are_refused_and_nothing_is_taken() -> None:
    """Written by a file's meter, which keeps no events."""
    first = Meter(camera(), MeterSettings(windows_s=(60,)))
    drive(first, [], 0, 10)
    with pytest.raises(ValueError, match="not what this version keeps"):
        live().resume(first.parts() or b"")


def test_seconds_of_an_event_in_which_nothing_was_seen_do_not_count_as_observed() -> None:
    """No frames for half a minute within a jam of seven: 29.5 + 0.5 s until the next frame."""
    engine = live()
    done = drive(engine, jam(0), 0, 100, fps=2) + drive(engine, jam(0), 129.5, 424, fps=2)
    begin, *_ = of(done, EventType.CONGESTION)
    assert begin.begin_s <= T0 + 60
    assert begin.observed_s == pytest.approx((begin.told_s or 0) - begin.begin_s - 30, abs=0.01)


def test_an_event_that_ends_because_the_clock_was_set_keeps_its_seconds() -> None:
    """A jam of ten minutes, then the clock goes back by fifty: the event ends with the last frame, all of it seen."""
    engine = live()
    drive(engine, jam(0), 0, 600, fps=2)
    done = engine.update(replace(frame(600, jam(0)), time_s=T0 - 2400))
    (end,) = of(done, EventType.CONGESTION)
    assert end.end_s == end.told_s == T0 + 599.5
    assert end.observed_s == pytest.approx(T0 + 599.5 - end.begin_s)


def test_a_fault_of_the_camera_does_not_last_until_a_clock_set_back_has_caught_up() -> None:
    """Dark from 20 s on, told; at 60 s the clock goes back by an hour: that is its end, a clear picture has none."""
    engine = live()
    watch(engine, [], 0, 20)
    done = watch(engine, [], 20, 60, "dark", since_s=20)
    done += watch(engine, [], 60 - 3600, 120 - 3600)
    ends = [(e.begin_s - T0, (e.end_s or 0) - T0) for e in of(done, EventType.CAMERA_DARK) if e.end_s is not None]
    assert ends == [(20.0, 59.875)]


def test_seconds_of_a_false_picture_do_not_count_as_observed() -> None:
    """Told as dark at 24 s, dark since 20 s, until 30 s: of 10 to 40 s ten were not seen."""
    engine = live()
    watch(engine, [], 0, 24)
    watch(engine, [], 24, 30, "dark", since_s=20)
    watch(engine, [], 30, 41)
    event = Event(id="a", type=EventType.CONGESTION, begin_s=T0 + 10, end_s=T0 + 40, severity="info")
    told = engine._gaps.told(event, T0 + 41, T0 + 41)
    assert told.observed_s == pytest.approx(20, abs=0.3)


def test_gaps_are_bounded_and_their_seconds_are_not_lost() -> None:
    """One second in ten, 250 times: over all of them 250 s are missing, and no more than 200 are remembered."""
    gaps = Gaps()
    for n in range(250):
        gaps.lose(10.0 * n, 10.0 * n + 1)
    assert gaps.observed_s(0, 2500) == pytest.approx(2250)
    assert len(gaps.keep()["_gaps"]) == KEPT
    assert gaps.observed_s(2000, 2500) == pytest.approx(450)
    assert gaps.observed_s(2400.5, 2401.5) == pytest.approx(0.5)


def test_the_running_quarter_hour_of_the_usual_goes_on_after_a_restart() -> None:
    """Ten vehicles a minute where twenty are usual: eight minutes before a stop of 20 s, six after it. With the 14th
    13.7 minutes were seen, over four fifths of the quarter hour (six are not), and the sentence says so."""
    cars = flowing(140)
    first = live()
    first.know(usual_days())
    drive(first, cars, 0, 480, fps=4)
    second = again(first, 480)
    second.know(usual_days())
    rows = [row for row in drive(second, cars, 500, 844, fps=4).windows if row.lane is None]
    last = rows[-1]
    assert last.to_s == T0 + 840
    assert last.reason is not None
    assert ", flow 50 % under the usual" in last.reason.en


def usual_days() -> list[UsualDay]:
    """Twenty vehicles a minute in every quarter hour of five earlier weeks."""
    day = int((T0 + 7 * 3600) // 86400) + 719163
    return [UsualDay("utara", slot, day - 7 * week, 1 / 3, 10.0) for week in range(1, 6) for slot in range(7 * 96)]


def test_a_picture_noted_before_the_first_frame_goes_on_too() -> None:
    """The worker notes the picture before it measures the frame: the fault of before is not begun anew by it."""
    first = live()
    watch(first, [], 0, 30, "dark", since_s=0)
    second = again(first, 30)
    done = second.note(Scene(T0 + 40, ("dark",), since_s=T0 + 40))
    assert [e.begin_s for e in done.events] == [T0]
