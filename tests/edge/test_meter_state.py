"""The congestion state: hysteresis, reasons in both languages, and events that are worth telling."""

from dataclasses import replace

import pytest
from simpang_edge.config import StateRules
from simpang_edge.data import Cycle, EventType, Measurement, Quality, Scope, State
from simpang_edge.meter.events import CongestionEvents
from simpang_edge.meter.held import Held
from simpang_edge.meter.reasons import Figures, Template, say
from simpang_edge.meter.state import Judge, Verdict

from .meter_road import T0, Car, drive, meter, path

RULES = StateRules()
FREE, DENSE, CONGESTED, JAMMED, UNKNOWN = State.FREE, State.DENSE, State.CONGESTED, State.JAMMED, State.UNKNOWN


def minute(n: int, ratio: float = 0.9, area: float = 0.1, score: float = 1.0, queue_m: float = 0.0) -> Measurement:
    """Minute n of an approach of 80 m with 50 km/h: 13.9 m/s times the ratio."""
    return Measurement(
        from_s=60.0 * n,
        to_s=60.0 * n + 60,
        scope=Scope.APPROACH,
        approach="utara",
        quality=Quality(60.0 * score, score),
        counts=(0,) * 7,
        speed_space_mean_mps=13.9 * ratio,
        speed_ratio=ratio,
        area_occupancy_ratio=area,
        queue_max_m=queue_m,
        queue_storage_ratio=queue_m / 80,
    )


def states(rows: list[Measurement]) -> list[State]:
    """The verdicts of one judge over windows."""
    judge = Judge(RULES)
    return [judge.window(row).state for row in rows]


def cycle(n: int, residual: int, length_s: float = 60.0) -> Cycle:
    """Cycle n with its residual queue."""
    return Cycle(
        from_s=length_s * n,
        to_s=length_s * (n + 1),
        approach="utara",
        quality=Quality(length_s, 1.0),
        method="discharge",
        confidence=0.9,
        residual_queue_vehicles=residual,
    )


def test_three_slow_and_full_minutes_are_congestion() -> None:
    """Ratio 0.3 (< 0.40) with 40 % of the road filled (> 35 %): the third window running switches on."""
    assert states([minute(n, 0.3, 0.4) for n in range(4)]) == [DENSE, DENSE, CONGESTED, CONGESTED]


def test_two_slow_minutes_and_a_free_one_are_not() -> None:
    """The windows must follow one another."""
    slow, free = (0.3, 0.4), (0.9, 0.1)
    rows = [minute(n, *figures) for n, figures in enumerate([slow, slow, free, slow, slow])]
    assert CONGESTED not in states(rows)


def test_a_slow_but_empty_road_is_not_congested() -> None:
    """Slow vehicles make no jam while 6 % of the road is filled."""
    assert states([minute(n, 0.2, 0.06) for n in range(5)]) == [DENSE] * 5


@pytest.mark.parametrize(("signal", "state"), [(True, FREE), (False, DENSE)])
def test_a_queue_explains_slow_traffic_only_where_there_is_a_signal(signal: bool, state: State) -> None:
    """Ratio 0.3 (4.17 m/s, 15 km/h) with a tenth of the road filled and a queue of 20 m: red, or slow traffic."""
    verdict = Judge(RULES, signal).window(minute(0, 0.3, 0.1, queue_m=20))
    assert verdict.state is state
    assert signal or verdict.reason.en == "slowing, 15 km/h (30 % of free flow)"


def test_one_slow_vehicle_is_not_dense_traffic() -> None:
    """Ratio 0.2 with 5 % of the road filled (not above a twentieth) is free, and the sentence says how full it is."""
    verdict = Judge(RULES).window(minute(0, 0.2, 0.05))
    assert verdict.state is FREE
    assert verdict.reason.en == "free, 5 % of the road filled"


def test_congestion_ends_after_five_clear_minutes() -> None:
    """On at minute 2; clear from minute 3 (ratio 0.6 > 0.55, 20 % < 25 %); five minutes are full with minute 7."""
    rows = [minute(n, 0.3, 0.4) for n in range(3)] + [minute(n, 0.6, 0.2) for n in range(3, 9)]
    assert states(rows)[2:] == [CONGESTED] * 5 + [DENSE, DENSE]


def test_between_the_thresholds_it_stays() -> None:
    """Ratio 0.5 lies between 0.40 and 0.55: no longer slow, not yet clear."""
    rows = [minute(n, 0.3, 0.4) for n in range(3)] + [minute(n, 0.5, 0.3) for n in range(3, 12)]
    assert states(rows)[2:] == [CONGESTED] * 10


def test_three_cycles_that_do_not_clear_are_congestion() -> None:
    """Residual queues of 3, 4 and 5 vehicles; the reason says so in both languages."""
    judge = Judge(RULES)
    for n, residual in enumerate((3, 4, 5)):
        judge.cycle(cycle(n, residual))
    verdict = judge.window(minute(3, 0.3, 0.2, queue_m=62))
    assert verdict.state is CONGESTED
    assert verdict.since_s == 0.0
    assert verdict.reason.code == "queue_not_cleared"
    assert verdict.reason.id == "antrean 62 m, 3 siklus tidak habis"
    assert verdict.reason.en == "queue 62 m, 3 cycles not cleared"


@pytest.mark.parametrize(("left", "state"), [((3, 0, 5), DENSE), ((3, 4, 1), FREE), ((0, 0, 9), DENSE)])
def test_cycles_that_clear_between_are_not(left: tuple[int, ...], state: State) -> None:
    """Three running; one vehicle left over is a late arrival. While the latest cycle left more it is not free."""
    judge = Judge(RULES)
    for n, residual in enumerate(left):
        judge.cycle(cycle(n, residual))
    assert judge.window(minute(3, 0.3, 0.1)).state is state


def test_an_approach_that_does_not_clear_is_not_called_free() -> None:
    """Two cycles left 12 and 17 vehicles, with a queue of 62 m at 9 % of the road filled: dense, for that reason.

    Cycle 1 ends at 120 s and is 60 s long: from 240 s on it says nothing of now, minute 4 ends at 300 s.
    """
    judge = Judge(RULES)
    for n, residual in enumerate((12, 17)):
        judge.cycle(cycle(n, residual))
    verdict = judge.window(minute(2, 0.3, 0.09, queue_m=62))
    assert verdict.state is DENSE
    assert verdict.reason.code == "queue_left_over"
    assert verdict.reason.id == "padat, 17 kendaraan tersisa setelah hijau, antrean 62 m"
    assert verdict.reason.en == "dense, 17 vehicles left over after green, queue 62 m"
    assert judge.window(minute(4, 0.3, 0.09, queue_m=20)).state is FREE


@pytest.mark.parametrize(("cycles", "state"), [(2.0, FREE), (4.0, DENSE)])
def test_for_how_long_a_cycle_is_now_is_a_setting(cycles: float, state: State) -> None:
    """A cycle of 60 s that ended at 120 s, left 17 vehicles: at 300 s three cycle lengths later."""
    judge = Judge(StateRules(fresh_cycles=cycles))
    judge.cycle(cycle(1, 17))
    assert judge.window(minute(4, 0.3, 0.09, queue_m=20)).state is state


@pytest.mark.parametrize(("share", "state"), [(0.33, CONGESTED), (0.5, DENSE), (0.7, FREE)])
def test_the_share_that_must_have_held_is_a_setting(share: float, state: State) -> None:
    """Congested in 7 of 15 minutes (0.47), dense or congested in 9 (0.6)."""
    quarter = replace(minute(0, 0.8, 0.1, queue_m=68), to_s=900.0, residual_queue_vehicles=0.0)
    assert long(quarter, "sssss" + "c" * 10, StateRules(held_share=share)).state is state


def test_a_queue_that_fills_the_storage_through_a_whole_cycle_is_dense() -> None:
    """66 m of 80 m from 30 to 93 s: 63 s, more than the window of 60 s: dense, not yet congested (180 s)."""
    judge = Judge(RULES)
    judge.window(minute(0))
    for second in range(30, 94):
        judge.second(float(second), 66 / 80)
    verdict = judge.window(replace(minute(1, 0.3, 0.1, queue_m=66), from_s=30.0, to_s=90.0))
    assert verdict.state is DENSE
    assert verdict.reason.en == "dense, queue 66 m, 82 % of the storage filled through a whole cycle"


def test_a_queue_over_four_fifths_for_three_minutes_is_congestion() -> None:
    """66 m of 80 m is 83 %; full from 0 s: at minute 2 it has been full for 120 s, at 3 for 180 s."""
    judge = Judge(RULES)
    found = []
    for n in range(4):
        for second in range(60 * n, 60 * n + 63):
            judge.second(float(second), 66 / 80)
        found.append(judge.window(minute(n, 0.3, 0.22, queue_m=66)))
    assert [v.state for v in found] == [DENSE, DENSE, CONGESTED, CONGESTED]
    assert found[2].reason.en == "queue 66 m, 82 % of the storage full for 3 min"


def test_a_full_queue_that_clears_in_every_green_is_not() -> None:
    """50 s full, 10 s gone, again and again: the three minutes never come together."""
    judge = Judge(RULES)
    found = []
    for n in range(5):
        for second in range(60 * n, 60 * n + 60):
            judge.second(float(second), 0.9 if second % 60 < 50 else 0.0)
        found.append(judge.window(minute(n, 0.3, 0.1, queue_m=72)).state)
    assert found == [FREE] * 5


def test_a_full_queue_that_hardly_moves_is_a_jam() -> None:
    """Full for three minutes and 13.9 · 0.05 = 0.7 m/s (2.5 km/h, under 5)."""
    judge = Judge(RULES)
    for second in range(200):
        judge.second(float(second), 0.95)
    assert judge.window(minute(2, 0.05, 0.4, queue_m=76)).state is JAMMED


def test_a_minute_hardly_seen_is_unknown_and_changes_nothing() -> None:
    """Score 0.4 (< 0.5) in between: unknown, and the run of slow windows goes on after it."""
    rows = [minute(0, 0.3, 0.4), minute(1, 0.3, 0.4, score=0.4), minute(2, 0.3, 0.4), minute(3, 0.3, 0.4)]
    assert states(rows) == [DENSE, UNKNOWN, DENSE, CONGESTED]


def test_unseen_is_never_free() -> None:
    """A window without counts is unknown, with the seconds in its reason."""
    empty = replace(minute(0), counts=None, quality=Quality(0.0, 0.0))
    verdict = Judge(RULES).window(empty)
    assert verdict.state is UNKNOWN
    assert verdict.reason.en == "only 0 of 60 s observed"


def test_a_sentence_has_its_figures_in_both_languages() -> None:
    """One template, both languages, km/h for people: 5 m/s is 18 km/h; unknown is a dash."""
    template = Template("x", "{speed} km/jam, {queue} m", "{speed} km/h, {queue} m")
    reason = say(template, Figures(speed_mps=5.0))
    assert (reason.code, reason.id, reason.en) == ("x", "18 km/jam, – m", "18 km/h, – m")


def test_a_quarter_hour_tells_of_itself_not_of_its_last_minute() -> None:
    """Four quarters of one approach: what held for 5 of 15 minutes is the state, the figures are the quarter's own."""
    quarter = replace(minute(0, 0.8, 0.1, queue_m=68), to_s=900.0, residual_queue_vehicles=0.0)
    assert long(quarter, "c" * 15).reason.en == "free, longest queue 68 m"
    assert long(quarter, "sssss" + "c" * 10).state is CONGESTED  # judged in minutes 2 to 8: 7 of 15
    assert long(quarter, "sssss" + "c" * 10).reason.en == "congested for 7 of 15 min, longest queue 68 m"
    assert long(quarter, "sssss" + "c" * 10).reason.id == "macet 7 dari 15 menit, antrean terpanjang 68 m"
    assert long(quarter, "c" * 13 + "ss").state is FREE  # 2 of 15 are dense
    assert long(quarter, "sscss" + "c" * 5 + "sscss").reason.en == "dense for 8 of 15 min, longest queue 68 m"


def test_a_quarter_hour_that_is_dense_in_the_mean_says_why() -> None:
    """No minute was judged (a worker that went on after a restart): 3 vehicles a cycle were left over."""
    quarter = replace(minute(0, 0.3, 0.1, queue_m=68), to_s=900.0, residual_queue_vehicles=3.0)
    assert long(quarter, "u" * 15).reason.en == "dense, 3 vehicles left over after green, queue 68 m"


def long(quarter: Measurement, minutes: str, rules: StateRules = RULES) -> Verdict:
    """The verdict on a quarter hour with these minutes."""
    judge, held = Judge(rules), Held(rules, 16)
    for n, letter in enumerate(minutes):
        row = minute(n, *FIGURES[letter])
        held.add(row, judge.window(row))
    return held.verdict(quarter, signal=True)


FIGURES = {"s": (0.3, 0.4, 1.0), "c": (0.9, 0.1, 1.0), "u": (0.9, 0.1, 0.0)}
"""Slow, clear and unknown minutes: ratio, filled share, score."""


def events() -> CongestionEvents:
    """Congestion events of one approach with the usual five minutes."""
    return CongestionEvents("kamera", "utara", RULES.min_event_s, RULES.merge_event_s)


def told(follow: CongestionEvents, on: list[bool]) -> list[tuple[float, float | None]]:
    """Begin and end (minutes) of the events told over minutes of congestion or not; `since` is the run's start."""
    found, since = [], 0.0
    reason = say(Template("x", "x", "x"), Figures())
    for n, congested in enumerate(on):
        since = 60.0 * n if n == 0 or congested != on[n - 1] else since
        verdict = Verdict(CONGESTED, reason, since) if congested else Verdict(FREE, reason, None, since)
        found += list(follow.follow(verdict, 60.0 * n + 60))
    return [(e.begin_s / 60, None if e.end_s is None else e.end_s / 60) for e in found]


YES, NO = True, False


def test_congestion_shorter_than_five_minutes_is_no_event() -> None:
    """Four minutes of it are told to nobody."""
    assert told(events(), [YES] * 4 + [NO] * 12) == []


def test_an_event_is_told_at_five_minutes_and_ended_after_five_free_ones() -> None:
    """Minutes 2 to 8: told with begin 2; over since the begin of minute 9, told when that has lasted 5 minutes."""
    assert told(events(), [NO] * 2 + [YES] * 7 + [NO] * 8) == [(2.0, None), (2.0, 9.0)]


def test_events_less_than_five_minutes_apart_are_one() -> None:
    """Six minutes, three free, six minutes: one event."""
    assert told(events(), [YES] * 6 + [NO] * 3 + [YES] * 6 + [NO] * 8) == [(0.0, None), (0.0, 15.0)]


def judged(minutes: str) -> list[tuple[int, str, float, float | None]]:
    """Minutes of slow (s), clear (c) and unknown (u) through judge and events: (told in minute, kind, begin, end)."""
    judge, follow, found = Judge(RULES), events(), []
    for n, letter in enumerate(minutes):
        for event in follow.follow(judge.window(minute(n, *FIGURES[letter])), 60.0 * n + 60):
            ended = event.end_s is not None
            found.append((n + 1, "end" if ended else "begin", event.begin_s / 60, (event.end_s or 0.0) / 60))
    return [(n, kind, begin, end if kind == "end" else None) for n, kind, begin, end in found]


@pytest.mark.parametrize(
    ("minutes", "found"),
    [
        pytest.param("ccsssccccccccccc", [], id="3-minutes-are-no-event-though-judged-over-5-minutes-later"),
        pytest.param("ccssssccccccccc", [], id="nor-are-4"),
        pytest.param("ccssscuuuuuuucccccccc", [], id="nor-3-before-an-outage"),
        pytest.param("ccsssssccccccccc", [(7, "begin", 2.0, None), (12, "end", 2.0, 7.0)], id="5-are-one-of-2-to-7"),
        pytest.param("ssscsssccccccccc", [(5, "begin", 0.0, None), (12, "end", 0.0, 7.0)], id="a-clear-minute-inside"),
        pytest.param("ssssssuucccccccc", [(5, "begin", 0.0, None), (13, "end", 0.0, 6.0)], id="unseen-when-it-ended"),
    ],
)
def test_an_event_lasts_from_its_first_sign_to_its_last(minutes: str, found: list[object]) -> None:
    """Slow minutes make the time that counts, not the five clear ones after which they are judged over."""
    assert judged(minutes) == found


def test_two_unknown_minutes_end_what_runs() -> None:
    """One slow minute, two unknown and two slow ones are not three running; the third after them is, since minute 3."""
    rows = [minute(n, 0.3, 0.4, score=0.0 if n in (1, 2) else 1.0) for n in range(6)]
    assert states(rows) == [DENSE, UNKNOWN, UNKNOWN, DENSE, DENSE, CONGESTED]
    judge = Judge(RULES)
    assert [judge.window(row).since_s for row in rows][-1] == 180.0


def test_clear_minutes_before_and_after_an_outage_are_not_five_running() -> None:
    """Congested at minute 2, clear in 3, unknown in 4 to 10, clear from 11: over with minute 15, five seen clear."""
    rows = [minute(n, 0.3, 0.4) if n < 3 else minute(n, score=0.0 if 4 <= n <= 10 else 1.0) for n in range(16)]
    assert states(rows)[11:] == [CONGESTED] * 4 + [FREE]


def test_cycles_before_and_after_an_outage_are_not_three_running() -> None:
    """Cycles 0 and 1 and, four cycles later, 6 did not clear: dense by the last one, not congested."""
    judge = Judge(RULES)
    for n in (0, 1, 6):
        judge.cycle(cycle(n, 3))
    assert judge.window(minute(7, 0.3, 0.2)).state is DENSE


def test_event_ids_are_made_of_place_kind_and_begin() -> None:
    """The same happening has the same id in both messages and in a second run."""
    follow = events()
    reason = say(Template("x", "x", "x"), Figures())
    event = follow.follow(Verdict(CONGESTED, reason, 1_800_000_000.0), 1_800_000_300.0)[0]
    assert event.id == "kamera-utara-congestion-1800000000"
    assert event.type is EventType.CONGESTION
    ended = follow.close(1_800_000_400.0)[0]
    assert (ended.id, ended.end_s) == (event.id, 1_800_000_400.0)


def test_a_stopped_vehicle_that_others_pass_is_told_within_twenty_seconds() -> None:
    """It stands 40 m upstream from 4 s on; cars in the other lane pass every 3 s; at 60 s it drives off."""
    broken = Car(1, path((0, 80), (4, 40), (60, 40), (66, -14)))
    others = [Car(i + 2, path((3 * i, 80), (3 * i + 9, -10)), lane=2, across_m=4.9) for i in range(20)]
    found = drive(meter(), [broken, *others], 0, 75).events
    assert [(e.type, e.end_s is None) for e in found] == [
        (EventType.STOPPED_VEHICLE, True),
        (EventType.STOPPED_VEHICLE, False),
    ]
    assert found[0].begin_s - T0 == pytest.approx(5, abs=1)
    assert found[0].reason is not None
    assert found[0].reason.en.endswith("outside the queue, 40 m from the stop line")
    early = drive(meter(), [broken, *others], 0, 24).events
    assert len(early) == 1


def test_a_queue_whose_head_was_missed_is_no_stopped_vehicle() -> None:
    """Nobody goes past the two that stand 30 m behind the line for half a minute: a red light, not a breakdown."""
    cars = [Car(i + 1, path((0, 80), (5, 30 + 7 * i), (38, 30 + 7 * i), (45, -14))) for i in range(2)]
    assert drive(meter(), cars, 0, 60).events == ()


def test_waiting_at_red_is_not_called_free_flow() -> None:
    """Under a signal whose queue clears, 10 km/h in the mean is free, and the sentence says why it is so slow."""
    judge = Judge(RULES)
    judge.cycle(cycle(0, 0))
    # 13.9 m/s * 0.2 * 3.6 = 10 km/h
    verdict = judge.window(minute(1, 0.2, 0.1))
    assert verdict.state is FREE
    assert verdict.reason.code == "queue_cleared"
    assert verdict.reason.en == "free, the queue clears at green (10 km/h including the wait)"


def test_a_congestion_that_becomes_jammed_is_told_once_more_as_serious() -> None:
    """Begun at 0, told at 300 s as a warning; jammed at 420 s: the same event; told no more when it eases or jams
    again; its end is serious too."""
    events = CongestionEvents("k", "utara", min_s=300, merge_s=300)
    verdicts = [(300, CONGESTED), (360, CONGESTED), (420, JAMMED), (480, CONGESTED), (540, JAMMED)]
    told = []
    for now_s, state in verdicts:
        reason = say(Template(f"since_{now_s}", "", ""), Figures())
        told += events.follow(Verdict(state, reason, since_s=0.0, last_sign_s=now_s), now_s)
    assert [(e.severity, e.begin_s, e.end_s, e.reason.code) for e in told if e.reason] == [
        ("warning", 0.0, None, "since_300"),
        ("serious", 0.0, None, "since_420"),
    ]
    assert told[0].id == told[1].id
    (end,) = events.close(600.0)
    assert end.severity == "serious"
