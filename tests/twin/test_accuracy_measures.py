"""The measures of error, each against arithmetic that can be followed by hand."""

import math

import pytest
from simpang_twin.accuracy.measures import (
    cumulative,
    effectiveness,
    geh,
    match,
    median_abs,
    nwrmse,
    percentile_abs,
    share,
    wape_pct,
)


def test_wape_weighs_errors_by_the_true_total() -> None:
    """(10 for 12) and (5 for 3): 100 · (2 + 2) / 15 = 26.67 %."""
    assert wape_pct([(10, 12), (5, 3)]) == pytest.approx(26.667, abs=1e-3)


def test_wape_of_nothing_is_unknown() -> None:
    """Without a true vehicle there is nothing to divide by."""
    assert wape_pct([(3, 0)]) is None
    assert wape_pct([]) is None


def test_geh_of_hourly_rates() -> None:
    """M 800, C 1000: √(2 · 200² / 1800) = √44.44 = 6.667; two zeros agree."""
    assert geh(800, 1000) == pytest.approx(6.667, abs=1e-3)
    assert geh(0, 0) == 0.0


def test_nwrmse_weighs_late_segments_more() -> None:
    """k = 2: w = 1/3, 2/3. Cumulative 1, 3 for 2, 4: wRMSE = √(1/3 + 2/3) = 1; score 1 − 1/4 = 0.75."""
    assert nwrmse([1, 3], [2, 4]) == pytest.approx(0.75)
    # An error in the first segment only: √(1/3 · 1²) = 0.577; 1 − 0.577/4 = 0.8557; in the last only: √(2/3)/4.
    assert nwrmse([1, 4], [2, 4]) == pytest.approx(1 - math.sqrt(1 / 3) / 4)
    assert nwrmse([2, 3], [2, 4]) == pytest.approx(1 - math.sqrt(2 / 3) / 4)


def test_nwrmse_is_never_negative_and_unknown_for_an_empty_stream() -> None:
    """10 counted for 1: the error exceeds the truth, score 0; nothing counted where nothing was: unknown."""
    assert nwrmse([10, 10], [1, 1]) == 0.0
    assert nwrmse([0, 0], [0, 0]) is None
    assert nwrmse([1, 2], [0, 0]) == 0.0


def test_effectiveness_weighs_streams_by_their_vehicles() -> None:
    """A perfect stream of 9 and a stream of 1 with score 0: (9 · 1 + 1 · 0) / 10 = 0.9."""
    assert effectiveness([([4, 9], [4, 9]), ([0, 5], [0, 1])]) == pytest.approx(0.9)


def test_cumulative_counts_end_with_the_total() -> None:
    """Ones in 25 windows, 10 segments end after round(2.5·i) windows: 2, 5, 8, 10, 12, 15, 18, 20, 22, 25."""
    assert cumulative([1] * 25) == [2, 5, 8, 10, 12, 15, 18, 20, 22, 25]


@pytest.mark.parametrize(
    ("intervals", "times_s", "missed", "doubled"),
    [
        pytest.param([(0, 1), (1, 2)], [0.5, 1.5], 0, 0, id="each in its own second"),
        pytest.param([(0, 1)], [1.4], 0, 0, id="half a second late is the same vehicle"),
        pytest.param([(0, 1)], [3.0], 1, 1, id="two seconds late is another"),
        pytest.param([(0, 1), (0, 1)], [0.5], 0, 1, id="counted twice"),
        pytest.param([(0, 1)], [0.4, 0.6], 1, 0, id="one of two missed"),
        # Taking the nearest first would give 1.0 to (0, 1) and leave 0.2 with (2, 3), 1.8 s away: both must fit.
        pytest.param([(0, 1), (2, 3)], [0.2, 1.0], 0, 0, id="as many as can be"),
    ],
)
def test_counts_are_matched_with_crossings(
    intervals: list[tuple[float, float]], times_s: list[float], missed: int, doubled: int
) -> None:
    """Each count takes one crossing of its interval, 1.5 s of tolerance on both sides."""
    found = match([(one, "car") for one in intervals], [(time_s, "car") for time_s in times_s], 1.5)
    assert (len(found.missed_s), len(found.doubled)) == (missed, doubled)


def test_a_wrong_class_is_not_matched_away() -> None:
    """A truck counted as a car, then two cars 1.2 s apart. All in their own seconds, one class wrong: 0.8 s. Class by
    class the first count would take the next car (0.2 s off), that one's the next (0.3 s), and the last would be alone,
    as the truck: 0.5 + 2 · 1.5 = 3.5 s."""
    counts = [((10.0, 11.0), "car"), ((11.0, 12.0), "car"), ((12.0, 13.0), "car")]
    found = match(counts, [(10.5, "truck"), (11.2, "car"), (12.4, "car")], 1.5)
    assert (found.missed_s, found.doubled) == ((), ())


def test_one_missed_and_one_doubled_far_apart_do_not_make_up_for_each_other() -> None:
    """Cars at 10.5, 12.5, 14.5 and 16.5 s; of the first no count, of the last two. To shift each by one costs
    1.5 + 1.5 + 1.5 s, more than the 2 · 1.5 s of leaving one of each alone."""
    counts = [((begin_s, begin_s + 1.0), "car") for begin_s in (12.0, 14.0, 16.0, 16.0)]
    found = match(counts, [(time_s, "car") for time_s in (10.5, 12.5, 14.5, 16.5)], 1.5)
    assert found.missed_s == (10.5,)
    assert found.doubled == ((16.0, 17.0),)


def test_spread_of_errors() -> None:
    """|errors| 1, 2, 3, 4: median 2.5; the 95th percentile by nearest rank is the 4th, the 50th the 2nd."""
    errors = [-1.0, 2.0, -3.0, 4.0]
    assert median_abs(errors) == 2.5
    assert percentile_abs(errors, 95) == 4.0
    assert percentile_abs(errors, 50) == 2.0


def test_nothing_measured_is_unknown() -> None:
    """No error, no share: None, not 0."""
    assert median_abs([]) is None
    assert percentile_abs([], 95) is None
    assert share([]) is None
