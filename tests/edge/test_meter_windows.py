"""Windows of event time: aligned, honest about what was observed, never published twice.

In the timelines one character is 5 s: ``=`` frames, ``.`` none, ``|`` a whole minute, ``x`` a car over the line.
"""

from collections.abc import Iterator

import pytest
from simpang_edge.data import Measurement, Readings, Scope, State
from simpang_edge.meter import Meter, MeterSettings

from .meter_road import T0, Car, approach_row, camera, counted, drive, frame, measure, meter, path


def minutes(done: Readings) -> list[tuple[float, float]]:
    """Start (s after T0) and observed seconds of the approach's windows."""
    return [(row.from_s - T0, row.quality.observed_s) for row in rows(done)]


def rows(done: Readings) -> list[Measurement]:
    """The approach's windows in the order in which they came."""
    return [row for row in done.windows if row.scope is Scope.APPROACH]


def crossing_at(time_s: float, track: int = 1, lane: int = 1) -> Car:
    """A car over the line at this time, at 10 m/s, from 10 m up to 10 m past."""
    return Car(track, path((time_s - 1, 10), (time_s + 1, -10)), lane=lane, across_m=3.25 * lane - 1.6)


def test_a_window_closes_a_little_after_its_end_and_holds_its_own_crossings() -> None:
    """|=====x======|=x==: the first window has one car though the second one crossed before it was published.

    [0, 60) is published at the first frame at or after 63 s (3 s of grace).
    """
    engine = meter()
    cars = [crossing_at(30), crossing_at(61, 2, lane=2)]
    assert drive(engine, cars, 0, 63).windows == ()
    done = drive(engine, cars, 63, 64)
    assert minutes(done) == [(0.0, 60.0)]
    assert counted(done) == 1
    drive(engine, cars, 64, 71)
    assert counted(engine.finish(T0 + 71)) == 1


def test_a_crossing_on_the_boundary_belongs_to_the_window_that_begins() -> None:
    """[start, end): exactly 60 s is the second minute's; 59.9 s the first one's."""
    engine = meter()
    done = drive(engine, [crossing_at(60.0), crossing_at(59.9, 2, lane=2)], 0, 63.5)
    row = approach_row(done)
    assert (row.from_s, sum(row.counts or ())) == (T0, 1)
    drive(engine, [], 63.5, 71)
    assert counted(engine.finish(T0 + 71)) == 1


def test_a_start_in_the_middle_is_published_with_what_was_seen() -> None:
    """|......=====|==: from 40 s on, 20 s of the window."""
    engine = meter()
    done = drive(engine, [], 40, 64)
    assert minutes(done) == [(0.0, 20.0)]
    assert rows(done)[0].quality.score == pytest.approx(20 / 60)


def test_finish_publishes_the_running_window() -> None:
    """|============|====: at 80 s, 20 s of the second window."""
    engine = meter()
    drive(engine, [], 0, 80.125)
    assert minutes(engine.finish(T0 + 80)) == [(60.0, 20.0)]


def test_a_gap_is_not_observed() -> None:
    """|==....======|: frames 0 to 10 s and 30 to 64 s: 10 - 1/8 and 30 s were seen, flow is per observed second."""
    engine = meter()
    drive(engine, [], 0, 10)
    done = drive(engine, [crossing_at(40)], 30, 64)
    row = approach_row(done)
    assert row.quality.observed_s == pytest.approx(39.875)
    assert row.flow_vps == pytest.approx(1 / 39.875)


def test_ten_seconds_must_be_seen_for_a_density() -> None:
    """Seen for 9.5 s, a car that stands says nothing of density, occupancy or gap; for 10.5 s: 1 / 80 m."""
    car = Car(1, path((0, 20), (100, 20)))
    few, enough = (next(r for r in measure([car], to_s).windows if r.lane is None) for to_s in (9.6, 10.6))
    assert (few.density_vpm, few.occupancy_ratio, few.area_occupancy_ratio, few.flow_vps) == (None,) * 4
    assert enough.density_vpm == pytest.approx(1 / 80)


@pytest.mark.parametrize(
    ("windows_s", "to_s", "known", "flagged"),
    [
        pytest.param(60, 9.6, False, True, id="9.5 s of a minute"),
        pytest.param(60, 10.6, True, False, id="10.5 s of a minute"),
        pytest.param(900, 9.6, False, True, id="9.5 s of a quarter hour"),
        pytest.param(10, 4.6, False, True, id="4.5 s of ten: less than half"),
        pytest.param(10, 5.6, True, False, id="5.5 s of ten"),
    ],
)
def test_a_window_that_was_hardly_observed_counts_nothing(
    windows_s: int, to_s: float, known: bool, flagged: bool
) -> None:
    """One car crosses at 3 s; below 10 s, or half of a shorter window, nothing is told but the seconds."""
    engine = meter(windows_s)
    row = approach_row(drive(engine, [crossing_at(3)], 0, to_s) + engine.finish(T0 + to_s))
    assert (row.counts is not None, "hardly_observed" in row.quality.flags) == (known, flagged)
    assert row.quality.observed_s == pytest.approx(to_s - 0.1, abs=0.13)
    assert (row.counts is None) == (row.pkji_counts is None) == (row.queue_max_m is None)


def test_how_long_a_window_must_be_observed_is_a_setting() -> None:
    """With 3 s a minute of which 5 s were seen counts its car."""
    engine = Meter(camera(), MeterSettings(windows_s=(60,), min_observed_s=3))
    assert counted(drive(engine, [crossing_at(3)], 0, 5) + engine.finish(T0 + 5)) == 1


def test_an_interval_over_a_boundary_is_split_exactly() -> None:
    """Frames at 59.6 and 60.4 s: 0.4 s belong to each minute, and the car standing between to both."""
    engine, done = meter(), Readings()
    car = Car(1, path((0, 20), (100, 20)))
    for i in range(26):  # every 0.8 s from 50 s on: 60.4 s is the fourteenth
        done += engine.update(frame(50.0 + 0.8 * i, [car]))
    done += engine.finish(T0 + 71)
    assert minutes(done) == [(0.0, pytest.approx(10.0)), (60.0, pytest.approx(10.0))]
    # one car in view all the time: k = 1 / 80 m in both
    assert [row.density_vpm for row in rows(done)] == pytest.approx([1 / 80, 1 / 80])


def test_a_minute_without_a_picture_is_a_row_of_unknowns() -> None:
    """|====........|............|: time goes on by `advance`; the second minute is published and says nothing."""
    engine = meter()
    drive(engine, [], 0, 20.125)
    done = Readings()
    for second in range(21, 130):
        done += engine.advance(T0 + second)
    assert minutes(done) == [(0.0, 20.0), (60.0, 0.0)]
    empty = rows(done)[1]
    assert (empty.counts, empty.flow_vps, empty.queue_max_m, empty.occupancy_ratio) == (None, None, None, None)
    assert (empty.state, empty.quality.score) == (State.UNKNOWN, 0.0)


def test_after_an_outage_the_picture_counts_again() -> None:
    """|====....|........|====x===|: the third minute is measured as if nothing had been."""
    engine = meter()
    drive(engine, [], 0, 20)
    engine.advance(T0 + 100)
    done = drive(engine, [crossing_at(150)], 121, 184)
    assert minutes(done) == [(60.0, 0.0), (120.0, 59.0)]
    assert counted(done) == 1


def test_both_lengths_hold_the_same_vehicles() -> None:
    """15 minutes with a car each: fifteen windows of 60 s with one, one of 900 s with fifteen."""
    engine = meter(60, 900)
    cars = [crossing_at(60 * i + 30, i + 1) for i in range(15)]
    done = drive(engine, cars, 0, 905, fps=4)
    sizes = [(row.to_s - row.from_s, sum(row.counts or ())) for row in rows(done)]
    assert sizes == [(60.0, 1)] * 15 + [(900.0, 15)]


def test_a_crossing_that_is_known_too_late_is_counted_as_late() -> None:
    """At 0.6 m/s it is on the line at 59.9 s and 0.75 m past it, so over it, at 61.15 s; windows are kept open for 1 s
    here: minute one is out, minute two says "1 late"."""
    engine = Meter(camera(), MeterSettings(windows_s=(60,), grace_s=1.0))
    slow = Car(1, path((50, 8), (56.9, 1.8), (63.9, -2.4), (66, -10)))
    done = drive(engine, [slow], 0, 80) + engine.finish(T0 + 80)
    assert [(sum(row.counts or ()), row.late) for row in rows(done)] == [(0, 0), (0, 1)]
    assert sum(engine.live(T0 + 80)[0].counts or ()) == 1


def test_an_older_or_repeated_frame_is_ignored() -> None:
    """Frames at 1.0, 1.0 and 0.5 s after 1.125: time does not move."""
    engine = meter()
    drive(engine, [], 0, 1.25)
    for time_s in (1.0, 1.125, 0.5):
        assert engine.update(frame(time_s, [])) == Readings()
    drive(engine, [], 1.25, 2.125)
    assert minutes(engine.finish(T0 + 2)) == [(0.0, pytest.approx(2.0))]


def stepped(engine: Meter, back_s: float) -> Iterator[Readings]:
    """Two and a half minutes, the clock is set back, two and a half minutes more."""
    yield drive(engine, [crossing_at(30)], 0, 150)
    yield drive(engine, [crossing_at(30 - back_s + 150, 2)], 150 - back_s, 300 - back_s)


def test_a_clock_set_back_publishes_no_window_twice() -> None:
    """Back by 100 s at 150 s: minutes 0, 1 and the cut 2 are out; minutes 0 to 2 come again and are held; 3 is new.

    The car that crossed in the held time (at 80 s, the second time round) is late in minute 3. Its frames end at
    199.875 s.
    """
    engine = meter()
    before, after = stepped(engine, 100)
    after += engine.finish(T0 + 200)
    assert minutes(before + after) == [(0.0, 60.0), (60.0, 60.0), (120.0, 29.875), (180.0, 19.875)]
    assert "clock_step" in rows(after)[0].quality.flags
    assert "clock_step" in rows(after)[1].quality.flags
    assert rows(after)[1].late == 1


def test_a_clock_set_back_an_hour_keeps_live_figures_going() -> None:
    """While windows are held, the operator still sees vehicles and counts."""
    engine = meter()
    before, after = stepped(engine, 3600)
    assert [row.from_s for row in rows(before + after)] == [T0, T0 + 60, T0 + 120]
    live = engine.live(T0 + 300 - 3600)[0]
    assert sum(live.counts or ()) == 2
    assert live.state is State.FREE


def test_a_clock_that_was_far_ahead_does_not_silence_the_camera() -> None:
    """Back by a day: the box had started without a clock, so the right minutes are published from now on."""
    engine = meter()
    before, after = stepped(engine, 86_400)
    begins = [row.from_s - T0 for row in rows(after)]
    assert begins == [120.0, -86_400 + 120.0, -86_400 + 180.0]
    assert len(rows(before)) == 2


def test_a_clock_set_forward_makes_no_rows_in_between() -> None:
    """Forward by two hours at 90 s: the running minute is closed with the flag, the next one is two hours later."""
    engine = meter()
    done = drive(engine, [], 0, 90) + drive(engine, [], 7290, 7290 + 40) + engine.finish(T0 + 7330)
    assert [begin for begin, _ in minutes(done)] == [0.0, 60.0, 7260.0, 7320.0]
    assert "clock_step" in rows(done)[1].quality.flags


def test_vehicles_on_both_sides_of_a_clock_step_are_not_joined() -> None:
    """A car at +5 m before and at -5 m after the step has not been seen to cross."""
    engine = meter()
    drive(engine, [Car(1, path((0, 9), (4, 5)))], 0, 4)
    done = drive(engine, [Car(1, path((-100, -5), (-98, -5.5)))], -100, -98) + engine.finish(T0 - 98)
    assert counted(done) == 0


def test_few_frames_are_flagged() -> None:
    """2 frames/s are fewer than the 3 that the meter needs: score 0.8 at most."""
    engine = meter()
    row = approach_row(drive(engine, [], 0, 64, fps=2))
    assert "low_rate" in row.quality.flags
    assert row.quality.score == pytest.approx(0.8)


def test_a_camera_without_approaches_has_no_rows() -> None:
    """Nothing to measure is not an error."""
    bare = Meter(camera().model_copy(update={"approaches": ()}))
    assert drive(bare, [], 0, 70).windows == ()
    assert bare.live(T0 + 70) == ()
