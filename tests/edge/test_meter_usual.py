"""What is usual: same weekday and quarter hour, earlier days only, and the sentence about it."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from simpang_edge.config import UsualRules
from simpang_edge.data import Measurement, Quality, Reason, Scope, State, UsualDay
from simpang_edge.meter.usual import Usual

JAKARTA = ZoneInfo("Asia/Jakarta")
TUESDAY = datetime(2026, 11, 24, 17, 15, tzinfo=JAKARTA)
"""A Tuesday, 17:15 in Jakarta."""


def usual() -> Usual:
    """An empty table with the default rules: 8 weeks, at least 3 days."""
    return Usual(UsualRules(), JAKARTA)


def quarter(weeks_ago: float, flow_vps: float = 0.5, speed_mps: float | None = 8.0, score: float = 1.0) -> Measurement:
    """The row of 17:15 so many weeks before the Tuesday."""
    from_s = TUESDAY.timestamp() - weeks_ago * 7 * 86_400
    return Measurement(
        from_s=from_s,
        to_s=from_s + 900,
        scope=Scope.APPROACH,
        approach="utara",
        quality=Quality(900 * score, score),
        flow_vps=flow_vps,
        speed_space_mean_mps=speed_mps,
        state=State.CONGESTED,
        reason=Reason("x", "antrean 140 m", "queue 140 m"),
    )


def taught(*flows_vps: float) -> Usual:
    """A table that saw these flows one, two, … weeks before."""
    table = usual()
    for i, flow_vps in enumerate(flows_vps):
        table.learn(quarter(len(flows_vps) - i, flow_vps))
    return table


def test_the_usual_is_the_median_of_three_days_or_more() -> None:
    """0.2, 0.9 and 0.5 vehicles/s: median 0.5, of 3 days; with two days nothing is usual yet."""
    row = taught(0.2, 0.9, 0.5).fill(quarter(0))
    assert (row.usual_flow_vps, row.usual_speed_mps, row.usual_n) == (0.5, 8.0, 3)
    row = taught(0.2, 0.9).fill(quarter(0))
    assert (row.usual_flow_vps, row.usual_n) == (None, 2)


def test_another_quarter_hour_or_weekday_is_another_matter() -> None:
    """Wednesday 17:15 and Tuesday 17:30 are not known."""
    table = taught(0.5, 0.5, 0.5)
    assert table.figures("utara", TUESDAY.timestamp() + 86_400) is None
    assert table.figures("utara", TUESDAY.timestamp() + 900) is None
    assert table.figures("selatan", TUESDAY.timestamp()) is None
    assert table.figures("utara", TUESDAY.timestamp() + 60) is not None


def test_the_day_itself_is_not_usual() -> None:
    """The same recording measured again gives the same figures: its own day is left out."""
    table = taught(0.5, 0.5, 0.5)
    before = table.figures("utara", TUESDAY.timestamp())
    table.learn(quarter(0, 9.9))
    assert table.figures("utara", TUESDAY.timestamp()) == before


def test_it_forgets_what_is_older_than_eight_weeks() -> None:
    """Twelve weeks of 0.9, then eight of 0.1: only the eight count."""
    figures = taught(*[0.9] * 12, *[0.1] * 8).figures("utara", TUESDAY.timestamp())
    assert figures is not None
    assert (figures.flow_vps, figures.days) == (0.1, 8)


def test_what_was_before_a_long_outage_is_not_usual() -> None:
    """Taught 30 to 28 weeks ago and last week: of the last eight weeks one day is known."""
    table = usual()
    for weeks_ago in (30, 29, 28, 1):
        table.learn(quarter(weeks_ago))
    row = table.fill(quarter(0))
    assert (row.usual_flow_vps, row.usual_n) == (None, 1)


def test_poor_quarters_and_minutes_are_not_learned() -> None:
    """Half seen, or only a minute long."""
    table = usual()
    for weeks in (1, 2, 3):
        table.learn(quarter(weeks, score=0.5))
        table.learn(replace(quarter(weeks), to_s=quarter(weeks).from_s + 60))
    assert table.learned() == ()


def test_what_was_learned_is_handed_out_once_and_can_be_given_to_the_next_run() -> None:
    """Slot: Tuesday is day 1, 1 × 96 + 17 × 4 + 1 = 165."""
    table = taught(0.2, 0.9, 0.5)
    days = table.learned()
    assert days[-1] == UsualDay("utara", 165, TUESDAY.toordinal() - 7, 0.5, 8.0)
    assert table.learned() == ()
    again = usual()
    again.know(days)
    assert again.figures("utara", TUESDAY.timestamp()) == table.figures("utara", TUESDAY.timestamp())


def test_the_sentence_says_how_it_differs_from_the_usual() -> None:
    """0.3 where 0.5 is usual: 40 % under; 0.48 is less than 15 % off and not worth telling."""
    table = taught(0.5, 0.5, 0.5)
    reason = table.compare(table.fill(quarter(0, 0.3))).reason
    assert reason is not None
    assert reason.id == "antrean 140 m, arus 40 % di bawah Selasa 17.15 biasanya"
    assert reason.en == "queue 140 m, flow 40 % under the usual Tuesday 17:15"
    same = table.compare(table.fill(quarter(0, 0.48))).reason
    assert same is not None
    assert same.en == "queue 140 m"


def minutes(table: Usual, flows_vps: list[float], first: int = 0) -> list[str]:
    """What is said of minutes of these flows, from 17:15 of the Tuesday on."""
    said = []
    for n, flow_vps in enumerate(flows_vps, first):
        row = quarter(0, flow_vps)
        row = replace(row, from_s=row.from_s + 60 * n, to_s=row.from_s + 60 * n + 60, quality=Quality(60.0, 1.0))
        reason = table.compare(table.fill(row)).reason
        assert reason is not None
        said.append(reason.en)
    return said


@pytest.mark.parametrize(("share", "told"), [(0.8, False), (0.6, True)])
def test_how_much_of_a_quarter_hour_is_compared_is_a_setting(share: float, told: bool) -> None:
    """0.3 vehicles/s where 0.5 are usual, of a quarter hour of which 0.7 was seen."""
    table = Usual(UsualRules(compared_share=share), JAKARTA)
    for weeks_ago in (3, 2, 1):
        table.learn(quarter(weeks_ago, 0.5))
    row = table.compare(table.fill(quarter(0, 0.3, score=0.7)))
    assert row.reason is not None
    assert ("under the usual" in row.reason.en) is told


def test_green_and_red_minutes_of_a_usual_demand_are_not_compared_each() -> None:
    """15 vehicles go in the first 30 s of every 90 s: minutes of 15, 15 and 0, in the quarter hour 10 each, as usual.

    After the twelfth minute there is enough to compare: 12 minutes hold 120 vehicles, 13 hold 135 (+4 %), and so on.
    """
    table = taught(1 / 6, 1 / 6, 1 / 6)
    assert minutes(table, [15 / 60, 15 / 60, 0.0] * 5) == ["queue 140 m"] * 15


def test_a_demand_under_the_usual_is_said_of_the_running_quarter_hour() -> None:
    """6 vehicles a minute where 10 are usual: 40 % under, from the twelfth minute (720 s of 900) on."""
    table = taught(1 / 6, 1 / 6, 1 / 6)
    said = minutes(table, [0.1] * 15)
    assert said[:11] == ["queue 140 m"] * 11
    assert said[11:] == ["queue 140 m, flow 40 % under the usual Tuesday 17:15"] * 4


def test_what_was_measured_before_the_clock_was_set_back_is_not_compared() -> None:
    """Twelve minutes, then the third minute again: it stands alone."""
    table = taught(1 / 6, 1 / 6, 1 / 6)
    minutes(table, [0.1] * 12)
    assert minutes(table, [0.1], first=2) == ["queue 140 m"]


def test_a_lane_has_no_usual() -> None:
    """Only approaches are learned: the table stays small."""
    table = usual()
    table.learn(replace(quarter(1), scope=Scope.LANE, lane=1))
    assert table.learned() == ()
