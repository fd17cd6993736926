"""What is told as now after the picture was away: nothing from before, and nothing before enough was seen again."""

import pytest
from simpang_edge.config import StateRules
from simpang_edge.data import LiveRow, Scene, State
from simpang_edge.meter import Meter, MeterSettings

from .meter_road import T0, Car, approach_row, camera, drive, meter, path
from .test_meter_faults import hide, watch


def at(engine: Meter, time_s: float) -> LiveRow:
    """The approach at this second after T0."""
    return engine.live(T0 + time_s)[0]


def away(engine: Meter, from_s: int, to_s: int) -> None:
    """Time passes without frames, told every second."""
    for second in range(from_s, to_s):
        engine.advance(T0 + second)


def words(row: LiveRow) -> str:
    """The English sentence."""
    assert row.reason is not None
    return row.reason.en


def flowing(cars: int = 10) -> list[Car]:
    """A car over the line every 6 s at 10 m/s."""
    return [Car(i + 1, path((6 * i - 6, 90), (6 * i + 4, -10))) for i in range(cars)]


def test_traffic_of_before_an_outage_is_not_told_as_now() -> None:
    """Ten cars in a minute, half an hour without frames, then an empty road.

    A second after the picture is back 1 s of it was seen: too little for a state (10 s) and for a flow; 15 s after it
    the road is known to be empty, with a flow of 0.
    """
    engine = meter()
    drive(engine, flowing(), 0, 60)
    away(engine, 61, 1860)
    drive(engine, [], 1860, 1861.125)
    row = at(engine, 1861)
    assert (row.state, row.flow_vps, row.occupancy_ratio) == (State.UNKNOWN, None, None)
    assert words(row) == "only 1 of 10 s observed"
    drive(engine, [], 1861.125, 1875.125)
    row = at(engine, 1875)
    assert (row.state, row.flow_vps, row.occupancy_ratio) == (State.FREE, 0.0, 0.0)
    assert words(row) == "no vehicles"


def test_a_short_hiccup_of_the_stream_keeps_the_minute() -> None:
    """Five seconds without frames (under 10 s: never told as unknown): the flow is that of the rest of the minute.

    Frames to 39.875 s and from 45 s: the marks of 0 and of 60 s are 39.875 + 15 = 54.875 observed seconds apart. Cars
    cross at 3 + 6 i s: all ten, that of 45 s seen on both sides of the gap.
    """
    engine = meter()
    drive(engine, flowing(), 0, 40)
    drive(engine, flowing(), 45, 60.125)
    row = at(engine, 60)
    assert row.state is State.FREE
    assert row.flow_vps == pytest.approx(10 / 54.875, abs=0.1 / 54.875)


def test_a_quarter_hour_whose_last_minute_is_empty_is_not_called_empty() -> None:
    """140 cars at 36 km/h in 14 minutes, nobody in the fifteenth: the minute has no vehicles, the quarter has."""
    engine = meter(60, 900)
    done = drive(engine, flowing(140), 0, 905, fps=4)
    minute, quarter = (row for row in done.windows if row.lane is None and row.to_s == T0 + 900)
    assert (sum(minute.counts or ()), sum(quarter.counts or ())) == (0, 140)
    assert minute.reason is not None
    assert quarter.reason is not None
    assert (minute.reason.en, quarter.reason.en) == ("no vehicles", "free flow, 36 km/h")


def jam(from_s: float) -> list[Car]:
    """Twelve cars that creep at 0.5 m/s in each of two lanes: 5.5 m apart from 10 to 70.5 m, never at the line.

    24 · 4.4 m · 1.7 m = 180 m² of 80 m · 6.5 m = 520 m²: 35 %, and the first in each lane is a bus: 9.5 m · 2.4 m
    instead of 7.5 m², 30.6 m² more: 40 %.
    """
    return [
        Car(
            100 * lane + i,
            path((from_s, 10 + 5.5 * i + (5 if i else 0)), (from_s + 600, 9 + 5.5 * i + (5 if i else 0))),
            kind="car" if i else "bus",
            lane=lane,
            across_m=3.25 * lane - 1.6,
        )
        for lane in (1, 2)
        for i in range(12)
    ]


def test_a_congestion_of_before_a_long_outage_is_unknown_until_it_is_judged_again() -> None:
    """Congested for four minutes, eight minutes without frames, and the same jam again.

    15 s after the picture is back it is unknown: the last judged minute ended eight minutes ago. The first whole
    minute judged makes it congested again.
    """
    engine = meter()
    drive(engine, jam(0), 0, 244, fps=4)
    assert at(engine, 243.75).state in (State.CONGESTED, State.JAMMED)
    away(engine, 245, 720)
    drive(engine, jam(720), 720, 735.25, fps=4)
    row = at(engine, 735)
    assert row.state is State.UNKNOWN
    assert words(row) == "only 15 of 60 s observed"
    drive(engine, jam(720), 735.25, 784, fps=4)
    assert at(engine, 783.75).state in (State.CONGESTED, State.JAMMED)


def test_for_how_long_a_judged_congestion_is_now_is_a_setting() -> None:
    """As above, told as now for 30 windows instead of 2.5: the minute judged last ended some eight before."""
    engine = Meter(camera(), MeterSettings(windows_s=(60,), state=StateRules(stands_windows=30, forget_s=7200)))
    drive(engine, jam(0), 0, 244, fps=4)
    away(engine, 245, 720)
    drive(engine, jam(720), 720, 735.25, fps=4)
    assert at(engine, 735).state in (State.CONGESTED, State.JAMMED)


def quality(row: LiveRow) -> tuple[float, float, tuple[str, ...]]:
    """Observed seconds, score and flags, rounded."""
    assert row.quality is not None
    return round(row.quality.observed_s), round(row.quality.score or 0.0, 2), row.quality.flags


def test_live_says_how_well_the_last_minute_was_seen() -> None:
    """A plain road for a minute: all of it, score 1; then 20 s of rain, a third of the last minute: 0.9. The minute
    begins with a whole second, and is never longer than 60 s."""
    engine = meter()
    watch(engine, [], 0, 60)
    assert quality(at(engine, 60)) == (60, 1.0, ())
    watch(engine, [], 60, 61)
    watch(engine, [], 61, 81, "rain")
    row = at(engine, 81)
    assert quality(row) == (60, 0.9, ("rain",))
    assert row.state is State.FREE


def test_a_picture_that_is_too_poor_to_judge_a_window_is_too_poor_to_be_called_free_now() -> None:
    """Dirty lens, low contrast and rain at night: 0.8 · 0.8 · 0.9 · 0.9 = 0.518 is judged, with low light 0.467 is not;
    live and window say the same, and why."""
    engine, flags = meter(), ("dirty", "low_contrast", "night", "rain")
    watch(engine, [], 0, 61, *flags)
    assert (quality(at(engine, 61))[1], at(engine, 61).state) == (0.52, State.FREE)
    engine = meter()
    done = watch(engine, [], 0, 64, *flags, "low_light")
    row, minute = at(engine, 64), approach_row(done)
    assert (quality(row)[1], row.state, minute.state) == (0.47, State.UNKNOWN, State.UNKNOWN)
    assert minute.reason == row.reason
    assert row.reason is not None
    assert row.reason.en == (
        "poor picture (dirty lens, low contrast, low light, night, rain): quality 0.47, needs 0.50"
    )
    assert row.reason.id == (
        "gambar kurang baik (lensa kotor, kontras rendah, kurang cahaya, malam, hujan): kualitas 0,47, perlu 0,50"
    )


def test_a_stream_that_stutters_is_unknown_live_as_it_is_in_its_window() -> None:
    """One second in three with pictures, 20 of 60 s: ten seconds are enough to begin, a third of a minute is not; and
    1.875 s between pictures are few pictures, × 0.8."""
    engine = meter()
    for second in range(0, 63, 3):
        drive(engine, [], second, second + 1.125)
    row = at(engine, 61.2)
    assert row.state is State.UNKNOWN
    assert row.quality is not None
    assert row.quality.score == pytest.approx(0.8 / 3, abs=0.05)
    assert words(row) == "only 20 of 60 s observed"


@pytest.mark.parametrize("flag", ["dark", "frozen", "moved"])
def test_a_false_picture_has_no_quality_and_says_why(flag: str) -> None:
    """Since 28 s: of the last 60 s the first 28 were seen; the score is 0."""
    engine = meter()
    watch(engine, [], 0, 30)
    watch(engine, [], 30, 40, flag, since_s=28)
    assert quality(at(engine, 40)) == (28, 0.0, (flag,))


def test_an_approach_is_not_called_free_while_one_of_its_lanes_cannot_be_seen() -> None:
    """A bus hides lane 2 of an empty road for 12 s: the lane is unknown and so is the whole; what is seen of lane 1
    stays. A minute later the window's own score decides."""
    engine = meter()
    hide(engine, 0, 60, 0, 0)
    hide(engine, 60, 72, 0, 0.9)
    rows = {row.lane: row for row in engine.live(T0 + 72)}
    assert {row.state for row in rows.values()} == {State.UNKNOWN}
    assert words(rows[None]) == "the lane is hidden by a large vehicle that stands"
    assert (rows[1].queue_m, rows[2].queue_m) == (0.0, None)


def test_a_moved_camera_whose_shift_is_not_known_says_no_pixels() -> None:
    """With 61 px it says so; where nothing of the old view is found it says only what to do."""
    engine = meter()
    watch(engine, [], 0, 30)
    engine.note(Scene(T0 + 30, ("moved",), shift_px=61.0, since_s=T0 + 28))
    drive(engine, [], 30, 31)
    assert "(shift 61 pixels)" in words(at(engine, 31))
    engine.note(Scene(T0 + 31, ("moved",), since_s=T0 + 28))
    drive(engine, [], 31, 32)
    assert words(at(engine, 32)) == (
        "the camera no longer looks where it did: return it to its preset or calibrate again"
    )


@pytest.mark.parametrize(
    ("control", "said"),
    [("signal", "red light, queue 13 m"), ("unsignalised", "free, longest queue 13 m"), ("link", "free, longest")],
)
def test_nobody_waits_at_red_where_there_is_no_signal(control: str, said: str) -> None:
    """Two cars stand 2 and 9 m from the line for 12 s: the tail is 9 + 4.4 = 13.4 m back."""
    road = camera()
    approach = road.approaches[0].model_copy(update={"control": control})
    engine = Meter(road.model_copy(update={"approaches": (approach,)}), MeterSettings(windows_s=(60,)))
    drive(engine, [Car(1, path((0, 80), (8, 2), (40, 2))), Car(2, path((2, 80), (10, 9), (40, 9)))], 0, 22)
    assert words(at(engine, 21.9)).startswith(said)


def test_nobody_waits_at_red_where_no_signal_works_any_more() -> None:
    """Thirty-one cars drive through within 310 s, the last of them waits at the line: 300 s and 30 vehicles without a
    start of green are enough to say that there is none."""
    engine = meter()
    cars = [Car(i + 1, path((10 * i, 80), (10 * i + 9, -10))) for i in range(31)]
    drive(engine, [*cars, Car(99, path((310, 80), (318, 2), (400, 2)))], 0, 332, fps=4)
    assert words(at(engine, 331.9)) == "free, longest queue 6 m"
