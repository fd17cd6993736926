"""A picture that cannot be trusted: what is not observed, told, and not told."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from simpang_edge.data import EventType, Readings, Scene, State
from simpang_edge.meter import Meter

from .meter_place import looks
from .meter_road import T0, Car, approach_row, counted, drive, frame, lane_row, meter, path
from .test_meter_cycle import queue

SERIOUS = "serious"


def watch(engine: Meter, cars: list[Car], from_s: float, to_s: float, *flags: str, since_s: float = 0.0) -> Readings:
    """Frames of these cars with a look at the picture each second."""
    done = Readings()
    for second in range(round(from_s), round(to_s)):
        fault = T0 + since_s if Scene.UNUSABLE.intersection(flags) else None
        done += engine.note(Scene(T0 + second, flags, since_s=fault))
        done += drive(engine, cars, second, second + 1)
    return done


@pytest.mark.parametrize("flag", ["dark", "frozen", "moved"])
def test_seconds_of_a_false_picture_are_not_observed(flag: str) -> None:
    """From 20 s on the picture is false, which is told at 24 s: 20 of 60 s were observed, and the flag says why."""
    engine = meter()
    done = watch(engine, [], 0, 24) + watch(engine, [], 24, 60, flag, since_s=20) + engine.finish(T0 + 60)
    row = approach_row(done)
    assert row.quality.observed_s == pytest.approx(20, abs=0.3)
    assert flag in row.quality.flags
    assert row.state is State.UNKNOWN
    assert row.reason is not None
    assert row.reason.en.endswith("only 20 of 60 s observed")


def test_what_was_counted_since_the_fault_began_is_taken_back() -> None:
    """Cars cross at 10 and at 22 s; the picture was false from 20 s on: one is counted."""
    engine = meter()
    cars = [Car(1, path((2, 80), (11, -10))), Car(2, path((14, 80), (23, -10)))]
    done = watch(engine, cars, 0, 24) + watch(engine, [], 24, 60, "moved", since_s=20) + engine.finish(T0 + 60)
    assert counted(done) == 1


def test_the_queue_of_a_false_picture_is_taken_back_too() -> None:
    """A car stands 10 m before the line from 11 to 16 s and drives off; six stand from 21 s on, at 6 to 41 m, when the
    picture was false: the longest queue is the first one's 10 + 4.4 m, of one vehicle.
    """
    engine = meter()
    cars = [
        Car(1, path((4, 80), (11, 10), (16, 10), (18.5, -14))),
        *[Car(2 + i, path((20.5 - i, 80), (21, 6 + 7 * i), (60, 6 + 7 * i))) for i in range(6)],
    ]
    done = watch(engine, cars, 0, 27) + watch(engine, [], 27, 60, "moved", since_s=20)
    row = approach_row(done + engine.finish(T0 + 60))
    assert row.queue_max_m == pytest.approx(14.4, abs=0.1)
    assert row.queue_max_vehicles == 1


def test_a_car_that_crossed_in_a_false_picture_is_taken_out_of_the_live_count() -> None:
    """Cars cross at 10 and at 22 s; the picture was false from 20 s on: one is told live too."""
    engine = meter()
    cars = [Car(1, path((2, 80), (11, -10))), Car(2, path((14, 80), (23, -10)))]
    watch(engine, cars, 0, 24)
    watch(engine, [], 24, 40, "moved", since_s=20)
    assert sum(engine.live(T0 + 40)[0].counts or ()) == 1


def test_a_window_without_a_true_picture_has_no_zeros() -> None:
    """All 60 s dark: counts, flow, queue and occupancy are unknown."""
    engine = meter()
    row = approach_row(watch(engine, [], 0, 60, "dark") + engine.finish(T0 + 60))
    assert (row.counts, row.flow_vps, row.queue_max_m, row.occupancy_ratio) == (None, None, None, None)
    assert row.quality.observed_s == 0


def test_live_is_unknown_with_its_reason_and_comes_back() -> None:
    """While the camera is turned away nothing is shown as now; when it is back, measuring goes on."""
    engine = meter()
    watch(engine, [], 0, 30)
    watch(engine, [], 30, 40, "moved", since_s=28)
    row = engine.live(T0 + 40)[0]
    assert (row.state, row.queue_m, row.vehicles_in_view) == (State.UNKNOWN, None, None)
    assert row.reason is not None
    assert row.reason.code == "camera_moved"
    watch(engine, [], 40, 52)
    assert engine.live(T0 + 52)[0].queue_m == 0.0


def test_a_fault_is_one_event_with_its_true_begin() -> None:
    """Moved since 28 s, told at 38 s (10 s long), gone at 50 s, told as ended when that has lasted 20 s."""
    engine = meter()
    done = watch(engine, [], 0, 33) + watch(engine, [], 33, 50, "moved", since_s=28) + watch(engine, [], 50, 90)
    begin, end = done.events
    assert (begin.type, begin.begin_s - T0, begin.end_s, begin.severity) == (EventType.CAMERA_MOVED, 28, None, SERIOUS)
    assert (end.id, end.end_s) == (begin.id, T0 + 49)


def test_a_short_fault_is_no_event_and_a_flickering_one_is_one() -> None:
    """Dark for 5 s: none. Dark for 12 s, light for 10 s, dark for 12 s: one, because 10 s are less than 20."""
    engine = meter()
    assert (watch(engine, [], 0, 10) + watch(engine, [], 10, 15, "dark", since_s=10)).events == ()
    engine = meter()
    done = watch(engine, [], 0, 12, "dark") + watch(engine, [], 12, 22) + watch(engine, [], 22, 34, "dark", since_s=22)
    assert [e.end_s for e in done.events] == [None]


def test_one_cause_is_one_alarm() -> None:
    """A dark picture is also a still one: only the darkness is told; and no stopped vehicle out of a frozen picture."""
    engine = meter()
    assert [e.type for e in watch(engine, [], 0, 30, "dark", "frozen").events] == [EventType.CAMERA_DARK]
    engine = meter()
    standing = Car(1, path((0, 80), (4, 40), (200, 40)))
    done = watch(engine, [standing], 0, 8) + watch(engine, [standing], 8, 160, "frozen", since_s=8)
    assert {e.type for e in done.events} == {EventType.CAMERA_FROZEN}


def test_a_silent_camera_is_offline_after_ten_seconds_and_back_with_the_first_picture() -> None:
    """Frames until 20 s, silence told each second, a frame at 50 s."""
    engine = meter()
    drive(engine, [], 0, 20)
    events = [event for second in range(21, 50) for event in engine.advance(T0 + second).events]
    assert [(e.type, e.begin_s - T0) for e in events] == [(EventType.CAMERA_OFFLINE, 19.875)]
    back = engine.update(frame(50, [])).events
    assert [(e.id, e.end_s) for e in back] == [(events[0].id, T0 + 50)]


def silent(engine: Meter, from_s: int, to_s: int) -> Readings:
    """Time that passes without a frame, told each second."""
    done = Readings()
    for second in range(from_s, to_s):
        done += engine.advance(T0 + second)
    return done


def test_windows_of_an_offline_camera_say_so() -> None:
    """Pictures until 50 s and from 130 s on: the first three minutes were 50, 0 and 50 s observed, each with the flag,
    the second unknown because of it."""
    engine = meter()
    done = drive(engine, [], 0, 50) + silent(engine, 51, 130) + drive(engine, [], 130, 180) + engine.finish(T0 + 180)
    rows = [approach_row(done, number) for number in range(3)]
    assert [row.quality.observed_s for row in rows] == pytest.approx([50, 0, 50], abs=0.5)
    assert ["offline" in row.quality.flags for row in rows] == [True, True, True]
    assert rows[1].counts is None
    assert rows[1].reason is not None
    assert (rows[1].reason.code, rows[1].reason.en) == ("camera_offline", "camera offline: only 0 of 60 s observed")


def test_a_hitch_of_the_stream_is_no_offline_camera() -> None:
    """Eight seconds without a picture: less than the ten after which a camera is told offline."""
    engine = meter()
    done = drive(engine, [], 0, 20) + silent(engine, 21, 28) + drive(engine, [], 28, 60) + engine.finish(T0 + 60)
    assert "offline" not in approach_row(done).quality.flags


@pytest.mark.parametrize(
    ("flags", "score"),
    [
        pytest.param((), 1.0, id="day"),
        pytest.param(("night",), 0.9, id="night"),
        pytest.param(("low_light",), 0.9, id="dawn, dusk, storm"),
        pytest.param(("night", "low_contrast"), 0.72, id="night and rain: 0.9 × 0.8"),
    ],
)
def test_the_score_is_the_observed_share_times_what_the_flags_take(flags: tuple[str, ...], score: float) -> None:
    """All 60 s were observed."""
    engine = meter()
    row = approach_row(watch(engine, [], 0, 61, *flags) + engine.finish(T0 + 61))
    assert row.quality.score == pytest.approx(score, abs=0.01)
    assert set(flags) <= set(row.quality.flags)


def test_a_signal_cycle_carries_the_flags_of_its_own_seconds() -> None:
    """Greens at 10, 60 and 110 s; rain from 65 s on: the first cycle has a full score, the second 0.9 with the flag."""
    engine = meter()
    cars = [car for number in range(3) for car in queue(number)]
    done = watch(engine, cars, 0, 65) + watch(engine, cars, 65, 130, "rain")
    assert [cycle.quality.flags.count("rain") for cycle in done.cycles] == [0, 1]
    assert [cycle.quality.score for cycle in done.cycles] == pytest.approx([1.0, 0.9], abs=0.03)


def test_a_mood_of_a_moment_is_not_told_of_the_window() -> None:
    """Three seconds of haze are less than a tenth of 60."""
    engine = meter()
    done = watch(engine, [], 0, 20) + watch(engine, [], 20, 23, "low_contrast") + watch(engine, [], 23, 60)
    assert "low_contrast" not in approach_row(done + engine.finish(T0 + 60)).quality.flags


def hide(engine: Meter, from_s: int, to_s: int, *shares: float) -> Readings:
    """Frames of an empty road whose lanes are hidden to these shares."""
    done = Readings()
    for second in range(from_s, to_s):
        for part in range(4):
            empty = frame(second + part / 4, [])
            fields: dict[str, Any] = {name: getattr(empty, name) for name in empty.__slots__}
            done += engine.update(type(empty)(**{**fields, "hidden": np.array(shares)}))
    return done


def test_a_hidden_stop_line_makes_a_count_a_lower_bound() -> None:
    """Lane 2's part of the line hidden in 15 of 60 s: seen 0.75 there, the mean 0.875 for the approach, 1 in lane 1."""
    engine, done = meter(), Readings()
    for i in range(60 * 4 + 1):
        shares = np.array([0.0, 0.7 if 20 <= i / 4 < 35 else 0.3])
        done += engine.update(replace(frame(i / 4, []), line_hidden=shares))
    done += engine.finish(T0 + 60)
    rows = (approach_row(done), lane_row(done, 1), lane_row(done, 2))
    assert [row.line_seen_ratio for row in rows] == pytest.approx([0.875, 1.0, 0.75])
    assert ["line_hidden" in row.quality.flags for row in rows] == [True, False, True]


def test_a_bus_that_only_drives_past_the_line_is_not_told() -> None:
    """Hidden in 3 of 60 s, the twentieth that is let pass: no flag."""
    engine, done = meter(), Readings()
    for i in range(60 * 4 + 1):
        done += engine.update(replace(frame(i / 4, []), line_hidden=np.array([0.0, float(20 <= i / 4 < 23)])))
    row = lane_row(done + engine.finish(T0 + 60), 2)
    assert (row.line_seen_ratio, "line_hidden" in row.quality.flags) == (pytest.approx(0.95), False)


def test_a_lane_hidden_by_a_standing_bus_is_unknown_not_empty() -> None:
    """Lane 2 hidden for 45 of 60 s: its row has no figures, 15 s observed; lane 1 is as seen."""
    engine = meter()
    done = hide(engine, 0, 15, 0, 0) + hide(engine, 15, 60, 0, 0.8) + engine.finish(T0 + 60)
    hidden, seen = lane_row(done, 2), lane_row(done, 1)
    assert (hidden.counts, hidden.flow_vps, hidden.state) == (None, None, State.UNKNOWN)
    assert hidden.quality.observed_s == pytest.approx(15, abs=1)
    assert "occluded" in hidden.quality.flags
    assert hidden.reason is not None
    assert hidden.reason.code == "lane_hidden"
    assert (seen.counts, seen.quality.flags) == ((0,) * 7, ())


def test_an_approach_says_that_one_of_its_lanes_was_hidden() -> None:
    """One of two lanes for 60 s: half of the road was seen, and a flag takes a tenth: 0.5 × 0.9 = 0.45, less than the
    0.5 from which a state is judged, so that it is unknown and not free; its figures are of all 60 s watched. The lane
    that was seen inherits the state with its reason."""
    engine = meter()
    done = hide(engine, 0, 60, 0, 1.0) + engine.finish(T0 + 60)
    whole, seen = approach_row(done), lane_row(done, 1)
    assert whole.quality.score == pytest.approx(0.45, abs=0.01)
    assert "occluded" in whole.quality.flags
    assert whole.quality.observed_s == pytest.approx(60, abs=0.3)
    assert (whole.state, seen.state) == (State.UNKNOWN, State.UNKNOWN)
    assert [row.reason and row.reason.code for row in (whole, seen)] == ["lane_hidden", "lane_hidden"]


def test_rates_of_a_lane_hidden_for_a_while_are_over_its_observed_seconds() -> None:
    """Hidden from 20 to 40 s, while its queue stood; six cross in lane 2 before and after: 6 in 60 s are 360 an hour,
    and so says its count over its observed seconds. A third is lost: 2/3 × 0.9 = 0.6; the approach loses half as much:
    5/6 × 0.9 = 0.75."""
    engine = meter()
    cars = [Car(n, path((4 * n - 3, 60), (4 * n + 3, -10)), lane=2, across_m=4.9) for n in (1, 2, 3, 11, 12, 13)]
    done = Readings()
    for i in range(480):
        share = 1.0 if 20 <= i / 8 < 40 else 0.0
        done += engine.update(replace(frame(i / 8, cars), hidden=np.array([0.0, share])))
    done += engine.finish(T0 + 60)
    lane, whole = lane_row(done, 2), approach_row(done)
    assert lane.counts is not None
    assert lane.flow_vps == pytest.approx(sum(lane.counts) / lane.quality.observed_s)
    assert lane.flow_vps == pytest.approx(6 / 60, rel=0.01)
    assert [row.quality.score for row in (lane, whole)] == pytest.approx([0.6, 0.75], abs=0.01)


def test_a_bus_that_passes_hides_nothing() -> None:
    """Nine seconds are less than ten."""
    engine = meter()
    done = hide(engine, 0, 9, 0, 1.0) + hide(engine, 9, 60, 0, 0) + engine.finish(T0 + 60)
    assert lane_row(done, 2).quality.flags == ()


def test_a_lane_that_is_hidden_now_is_unknown_live() -> None:
    """After 12 s behind the bus."""
    engine = meter()
    hide(engine, 0, 30, 0, 0)
    hide(engine, 30, 42, 0, 0.9)
    rows = {row.lane: row for row in engine.live(T0 + 42)}
    assert (rows[2].state, rows[2].queue_m) == (State.UNKNOWN, None)
    assert rows[1].queue_m == 0.0


def test_the_first_looks_of_a_dark_camera_are_no_zeros_either() -> None:
    """Dark from the very first frame: nothing is observed."""
    engine = meter()
    looks(engine, 0, 60, "dark", since_s=0)
    assert engine.live(T0 + 60)[0].observed_s == 0
