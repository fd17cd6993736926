"""Figures of one approach from small published rows and a small truth, each by hand."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from msgspec import structs
from simpang_edge.message import CycleRow, EventRow, FlowRow, FlowX, QualityX
from simpang_twin.accuracy import counting, honesty, incidents, queues, signals, speeds
from simpang_twin.accuracy.boxes import Boxes
from simpang_twin.accuracy.figures import Figure, Sight
from simpang_twin.accuracy.flowing import OnGreen, on_green_of_all
from simpang_twin.accuracy.published import Published
from simpang_twin.accuracy.truths import ApproachTruth, ClipTruth, Crossing, Incident, Queue, merged

START_S = 1_800_000_000.0
KINDS = ("motorcycle", "car", "bus", "truck", "bicycle", "person", "three_wheeler")


def at(second: float) -> datetime:
    """A time of the clip."""
    return datetime.fromtimestamp(START_S + second, UTC)


def row(
    second: float,
    window_s: int = 1,
    counts: dict[str, int] | None = None,
    lane: int | None = None,
    observed_s: float | None = None,
    speed_kmh: float | None = None,
    **more: Any,
) -> FlowRow:
    """A window row of approach utara from a second of the clip on."""
    seen = {kind: (counts or {}).get(kind, 0) for kind in KINDS}
    total = sum(n for kind, n in seen.items() if kind not in ("bicycle", "person"))
    return FlowRow(
        id="x",
        lane_id=lane,
        date_observed_from=at(second),
        date_observed_to=at(second + window_s),
        intensity=None if counts is None else total,
        average_vehicle_speed=speed_kmh,
        x=FlowX(
            scope="approach" if lane is None else "lane",
            approach="utara",
            window_s=window_s,
            quality=QualityX(observed_s=window_s if observed_s is None else observed_s),
            counts=None if counts is None else seen,
            speed_n=0 if speed_kmh is None else total,
            **more,
        ),
    )


def crossing(time_s: float, kind: str = "car", lane: int = 1, speed_mps: float = 5.0) -> Crossing:
    """A true crossing."""
    return Crossing(time_s, kind, lane, "through", speed_mps)


def sight(
    rows: Sequence[FlowRow] = (),
    crossings: Sequence[Crossing] = (),
    queue: Sequence[Queue] = (),
    greens_s: tuple[float, ...] = (),
    seconds: float = 60.0,
    lost: tuple[tuple[float, float], ...] = (),
    happened: tuple[Incident, ...] | None = None,
    cycles: Sequence[CycleRow] = (),
    events: Sequence[EventRow] = (),
) -> Sight:
    """What was published beside its truth: an approach of 50 m with a cycle of 30 s and 12 s of green."""
    truth = ApproachTruth("utara", 50.0, tuple(crossings), tuple(queue), greens_s, 30.0, 12.0)
    published = Published(windows=tuple(rows), cycles=tuple(cycles), events=tuple(events))
    return Sight(published, ClipTruth(START_S, seconds, 12.5, (truth,), lost, happened), truth, None)


def value(figures: list[Figure], quantity: str) -> float | None:
    """The value of a figure; fails when it is not there."""
    (found,) = [figure.value for figure in figures if figure.quantity == quantity]
    return found


def test_a_vehicle_counted_twice_is_doubled_and_none_is_missed() -> None:
    """Two true cars at 10.5 and 20.5 s; one count at 10 s, two at 20 s."""
    seen = sight([row(10, counts={"car": 1}), row(20, counts={"car": 2})], [crossing(10.5), crossing(20.5)])
    found = counting.figures(seen)
    assert (value(found, "counts.missed"), value(found, "counts.doubled")) == (0, 1)


def test_a_vehicle_on_the_line_at_the_clips_edge_is_not_held_against_anyone() -> None:
    """Cars at 0.4 s and 59.5 s of a 60 s clip, not counted: seen in part only; the one at 30 s is missed."""
    seen = sight([row(5, counts={})], [crossing(0.4), crossing(30.0), crossing(59.5)])
    assert value(counting.figures(seen), "counts.missed") == 1


def test_a_vehicle_that_crosses_while_the_camera_shows_nothing_is_not_missed() -> None:
    """Frozen from 20 to 26 s; of the cars at 19, 20 and 25 s none was counted: only the one at 19 s could be seen."""
    seen = sight([row(5, counts={})], [crossing(19.0), crossing(20.0), crossing(25.0)], lost=((20.0, 26.0),))
    assert value(counting.figures(seen), "counts.missed") == 1


def test_a_wrong_class_counts_in_the_class_error_only() -> None:
    """A truck called a car: total right; WAPE by class 100 · (1 + 1) / 1 = 200 %; nothing missed."""
    found = counting.figures(sight([row(10, counts={"car": 1})], [crossing(10.5, "truck")]))
    assert value(found, "counts.class_wape_pct") == pytest.approx(200.0)
    assert (value(found, "counts.missed"), value(found, "counts.geh")) == (0, 0.0)


def test_a_missed_vehicle_is_the_one_of_its_class() -> None:
    """A car and a hidden motorcycle 1 s apart; a car is counted: the motorcycle is missed, and nobody could see it."""
    car, hidden = crossing(10.5), replace(crossing(9.5, "motorcycle"), id="7")
    boxes = Boxes(frozenset({"7"}), np.zeros(0), np.zeros(0), 0.1, np.zeros(0), np.zeros(0))
    seen = replace(sight([row(10, counts={"car": 1})], [hidden, car]), boxes=boxes)
    found = counting.matching(seen)
    assert found is not None
    assert found.missed_s == (9.5,)
    assert value(counting.figures(seen), "counts.missed_hidden") == 1


def test_the_density_of_what_could_be_seen() -> None:
    """Two vehicles seen for 3 s each of [0, 6) on 50 m: 6 s / (50 m · 6 s) = 0.02 per metre; past the line is out. Of
    [0, 1) and [2, 6) alone: 2 + 2 s / (50 m · 5 s) = 0.016."""
    times = np.repeat(np.arange(30) / 10, 3)
    along = np.tile([10.0, 20.0, -5.0], 30)
    assert Boxes(frozenset(), times, along, 0.1, times, np.zeros(0)).density_vpm(((0.0, 6.0),), 50.0) == pytest.approx(
        0.02
    )
    parts = Boxes(frozenset(), times, along, 0.1, times, np.zeros(0)).density_vpm(((0.0, 1.0), (2.0, 6.0)), 50.0)
    assert parts == pytest.approx(0.016)


def test_pedestrians_and_bicycles_are_not_traffic_flow() -> None:
    """A bicycle that crosses is no missed motor vehicle."""
    found = counting.figures(sight([row(10, counts={"bicycle": 1})], [crossing(10.5, "bicycle")]))
    assert (value(found, "counts.true"), value(found, "counts.missed"), value(found, "counts.doubled")) == (0, 0, 0)


def test_counts_that_were_never_published_are_unknown() -> None:
    """No window with a count: nothing is missed, nothing is zero."""
    found = counting.figures(sight([row(10)], [crossing(10.5)]))
    assert value(found, "counts.measured") is None
    assert value(found, "counts.missed") is None


def test_the_share_of_traced_vehicles_is_weighted_by_vehicles() -> None:
    """30 vehicles at 0.5 and 10 at 0.9: (30 · 0.5 + 10 · 0.9) / 40 = 0.6."""
    rows = [row(0, 60, counts={"car": 30}), row(60, 60, counts={"car": 10})]
    moves = [movement(0, 0.5), movement(60, 0.9)]
    assert value(counting.figures(sight([*rows, *moves], seconds=120.0)), "counts.traced") == pytest.approx(0.6)


def movement(second: float, traced: float, name: str = "utara-left", cars: int = 0) -> FlowRow:
    """A movement row of one minute."""
    base = row(second, 60, counts={"car": cars})
    return structs.replace(base, x=structs.replace(base.x, scope="movement", movement=name, traced=traced))


def test_speeds_are_those_of_vehicles_alone_in_their_lane_and_second() -> None:
    """20 km/h for 5 m/s = 18 km/h in lane 1: +2. Lane 2 holds two vehicles: their mean says nothing about each."""
    rows = [
        row(10, counts={"car": 1}, lane=1, speed_kmh=20.0, speed_low_kmh=17.0, speed_high_kmh=23.0),
        row(10, counts={"car": 2}, lane=2, speed_kmh=50.0, speed_low_kmh=49.0, speed_high_kmh=51.0),
    ]
    true = [crossing(10.4), crossing(10.5, lane=2, speed_mps=9), crossing(10.6, lane=2, speed_mps=9)]
    found = speeds.figures(sight(rows, true))
    assert value(found, "speed.n") == 1
    assert value(found, "speed.mean_error_kmh") == pytest.approx(2.0)
    assert value(found, "speed.inside_interval") == 1.0


def test_a_speed_is_compared_with_the_vehicle_of_its_class_beside_it() -> None:
    """A car (10 km/h) and a motorcycle (36 km/h) cross together; the published motorcycle is the motorcycle."""
    rows = [row(10, counts={"motorcycle": 1}, lane=1, speed_kmh=36.0)]
    true = [crossing(10.5, "car", speed_mps=10 / 3.6), crossing(10.9, "motorcycle", speed_mps=10.0)]
    assert value(speeds.figures(sight(rows, true)), "speed.mean_error_kmh") == pytest.approx(0.0)


def test_speeds_that_could_be_swapped_are_not_compared() -> None:
    """Two motorcycles of one second, counted in lanes 1 and 2, cross in lane 2 at 10.3 and 10.6 s: nobody can say which
    was counted in lane 1. The car of its own lane and second is compared."""
    rows = [row(10, counts={"motorcycle": 1}, lane=lane, speed_kmh=18.0) for lane in (1, 2)]
    rows.append(row(20, counts={"car": 1}, lane=1, speed_kmh=18.0))
    true = [crossing(10.3, "motorcycle", 2), crossing(10.6, "motorcycle", 2), crossing(20.5)]
    assert [speed.time_s for speed in speeds.speeds(sight(rows, true))] == [20.5]


def test_arrivals_on_green_are_those_of_all_cycles_together() -> None:
    """10 arrivals at 0.5 and 30 at 0.3 against 12 at 0.25 and 28 at 0.5: 14/40 = 0.35 and 17/40 = 0.425."""
    cycles = [OnGreen(0.5, 10, 0.25, 12), OnGreen(0.3, 30, 0.5, 28)]
    assert on_green_of_all(cycles) == [(pytest.approx(0.35), pytest.approx(0.425))]
    assert on_green_of_all([]) == []


def test_movements_are_judged_by_the_geh_of_hourly_rates() -> None:
    """In 60 s: 3 of 4 through, a turn counted once that nobody made. As hourly rates 180 and 240: GEH
    √(2 · 60² / 420) = 4.14; 60 and 0: √(2 · 60² / 60) = 10.95, the largest."""
    rows = [row(0, 60, counts={"car": 4}), movement(0, 1.0, "utara-through", 3), movement(0, 1.0, "utara-left", 1)]
    found = counting.figures(sight(rows, [crossing(t) for t in (10.0, 20.0, 30.0, 40.0)]))
    assert value(found, "counts.movement_geh_max") == pytest.approx(10.954, abs=0.001)


def test_who_crossed_unseen_is_in_no_truth_of_counts() -> None:
    """Away from 20 to 30 s: of cars at 10 and 25 s only the first is due; counted once, all errors are 0."""
    seen = sight([row(10, counts={"car": 1})], [crossing(10.5), crossing(25.0)], lost=((20.0, 30.0),))
    found = counting.figures(seen)
    assert (value(found, "counts.true"), value(found, "counts.class_wape_pct")) == (1, 0.0)


def test_a_queue_is_near_by_metres_or_by_vehicles() -> None:
    """5 m off; 20 m off but the same number of vehicles (a bus); 20 m and 3 vehicles off: 2 of 3 are near."""
    rows = [
        row(10, counts={}, queue_max_m=25.0, queue_max_vehicles=9),
        row(11, counts={}, queue_max_m=10.0, queue_max_vehicles=4),
        row(12, counts={}, queue_max_m=10.0, queue_max_vehicles=1),
    ]
    true = [Queue(10.0, 4, 30.0), Queue(11.0, 4, 30.0), Queue(12.0, 4, 30.0)]
    found = queues.figures(sight(rows, queue=true))
    assert value(found, "queue.tail_near_share") == pytest.approx(2 / 3)
    assert value(found, "queue.tail_median_abs_m") == 20.0


def test_a_queue_beyond_the_measured_length_is_compared_up_to_it() -> None:
    """True tail 80 m, measured 50 m of 50 m: no error; how many vehicles stand there cannot be compared."""
    found = queues.tails(sight([row(10, counts={}, queue_max_m=50.0, queue_max_vehicles=9)], queue=[Queue(10, 20, 80)]))
    assert [(tail.error_m, tail.true_vehicles) for tail in found] == [(0.0, None)]


def test_queues_are_judged_per_cycle() -> None:
    """Greens at 5 s and 35 s of 60 s: the first 5 s are too short; the longest of [5, 35) and of [35, 60) count."""
    rows = [row(second, counts={}, queue_max_m=m) for second, m in ((10, 8.0), (30, 20.0), (50, 40.0))]
    true = [Queue(10.0, 1, 8.0), Queue(30.0, 4, 24.0), Queue(50.0, 4, 25.0)]
    found = queues.figures(sight(rows, queue=true, greens_s=(5.0, 35.0)))
    assert value(found, "queue.cycles") == 2
    assert value(found, "queue.cycle_max_abs_m") == 15.0
    assert value(found, "queue.cycle_near_share") == 0.5


def cycle(begin_s: float, end_s: float, green_s: float | None) -> CycleRow:
    """A published cycle."""
    quality = QualityX(observed_s=end_s - begin_s)
    return CycleRow(
        approach="utara", from_=at(begin_s), to=at(end_s), quality=quality, method="discharge",
        cycle_s=end_s - begin_s, green_s=green_s,
    )  # fmt: skip


def test_cycles_are_held_against_the_plan() -> None:
    """31 s for 30 s, 13.5 s of green for 12 s; the second cycle's green is unknown and counts neither way."""
    found = signals.figures(sight(greens_s=(5.0, 35.0), cycles=[cycle(5, 36, 13.5), cycle(36, 66, None)]))
    assert value(found, "signal.cycle_max_abs_s") == pytest.approx(1.0)
    assert value(found, "signal.green_max_abs_s") == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("published", "wrong"),
    [
        pytest.param(row(0, 60, counts={"car": 2}), 0, id="the truth"),
        pytest.param(row(0, 60, counts={}), 1, id="nothing counted where two crossed"),
        pytest.param(row(0, 60, counts={}, observed_s=0.0), 1, id="zero without having looked"),
        pytest.param(row(0, 60), 0, id="unknown is not zero"),
        pytest.param(row(0, 60, counts={"car": 2}, queue_max_m=0.0), 1, id="no queue where three stood"),
        pytest.param(row(0, 60, counts={}, lane=2), 0, id="an empty lane is empty"),
    ],
)
def test_a_zero_must_be_true(published: FlowRow, wrong: int) -> None:
    """Two cars crossed in lane 1 and three vehicles queued; a published zero is held against that."""
    seen = sight([published], [crossing(10), crossing(20)], [Queue(15.0, 3, 20.0)])
    assert value(honesty.figures(seen), "honesty.wrong_zeros") == wrong


def test_seconds_that_were_lost_must_not_be_claimed() -> None:
    """The camera was frozen from 20 to 30 s: 50 s were to be seen, 60 s are claimed: 10 s off."""
    assert (
        value(honesty.figures(sight([row(0, 60, counts={})], lost=((20.0, 30.0),))), "coverage.window_max_abs_s") == 10
    )
    honest = sight([row(0, 60, counts={}, observed_s=50.0)], lost=((20.0, 30.0),))
    assert value(honesty.figures(honest), "coverage.window_max_abs_s") == 0


def test_lost_spans_that_overlap_are_lost_once() -> None:
    """[1, 3) and [2, 5) are [1, 5)."""
    assert merged([(2.0, 5.0), (1.0, 3.0), (8.0, 9.0)]) == ((1.0, 5.0), (8.0, 9.0))


def alarm(kind: str, begin_s: float, told_s: float, name: str = "a") -> EventRow:
    """A published alarm: since when it holds, and when it was told."""
    return EventRow(
        id=name, type=kind, begin=at(begin_s), severity="warning", approach="utara", told=at(told_s)
    )  # fmt: skip


def test_incidents_found_missed_and_invented() -> None:
    """Stopped at 10 s, told at 25 s with a begin of 11 s: 15 s.

    A wrong-way rider at 40 s is missed. An alarm at 5 s is false. The end of an event is no second alarm.
    """
    happened = (Incident("stopped_vehicle", 10.0, 40.0, 1), Incident("wrong_way", 40.0, 45.0, 2))
    events = [
        alarm("stopped_vehicle", 5.0, 9.0, "b"),
        alarm("stopped_vehicle", 11.0, 25.0, "a"),
        alarm("stopped_vehicle", 11.0, 45.0, "a"),
    ]
    found = incidents.figures(sight(happened=happened, events=events))
    assert value(found, "incident.stopped_vehicle_detect_s") == pytest.approx(15.0)
    assert value(found, "incident.recall") == 0.5
    assert value(found, "incident.false_alarms") == 1
    assert value(found, "incident.precision") == 0.5


def test_a_stop_at_the_kerb_explains_an_alarm_but_asks_for_none() -> None:
    """An angkot that stops for passengers need not be reported; when it is, the alarm is not false."""
    happened = (Incident("kerb_stop", 10.0, 40.0, 1),)
    silent, reported = sight(happened=happened), sight(happened=happened, events=[alarm("stopped_vehicle", 25.0, 30.0)])
    assert value(incidents.figures(silent), "incident.true") == 0
    assert value(incidents.figures(reported), "incident.false_alarms") == 0
