"""What is told as now after the picture was away: nothing from before, and nothing before enough was seen again."""

import pytest
from simpang_edge.data import LiveRow, State
from simpang_edge.meter import Meter

from .meter_road import T0, Car, drive, meter, path


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
