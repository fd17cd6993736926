"""PKJI 2023, chapter 5, by hand: C = 720 smp/h, cycle 90 s, RH = 1/3, LM = 6 m, a quarter turns."""

import pytest
from simpang_edge.standards import signal
from simpang_edge.standards.signal import SignalApproach


def approach(dj: float, capacity_smph: float = 720.0, green_ratio: float = 1 / 3) -> SignalApproach:
    """The approach of the hand arithmetic at this degree of saturation."""
    return SignalApproach(capacity_smph / 3600, dj, 90.0, green_ratio, 6.0, 0.25)


@pytest.mark.parametrize(
    ("dj", "residual", "red", "queue_m", "stops", "traffic_s", "geometric_s"),
    [
        # q = 288/h. Nq2 = 90 * 2/3 / (1 - 0.4/3) * 0.08 = 60 / 0.86667 * 0.08 = 5.5385; PA = 5.5385 * 20/6;
        # RKH = 0.9 * 5.5385 * 3600 / (288 * 90); TLL = 45 * 4/9 / 0.86667; TG = 0.3077 * 0.25 * 6 + 0.6923 * 4
        pytest.param(0.4, 0.0, 5.5385, 18.462, 0.6923, 23.077, 3.2308, id="0.4: nothing is left"),
        # q = 576/h. Nq1 = 180 * (-0.2 + sqrt(0.04 + 2.4/720)) = 180 * 0.008167 = 1.4700; Nq2 = 60/0.73333 * 0.16;
        # PA = 14.5609 * 20/6; RKH = 0.9 * 14.5609 * 3600 / 51840; TLL = 20/0.73333 + 1.47 * 5; TG = 0.1349 + 3.6402
        pytest.param(0.8, 1.4700, 13.0909, 48.536, 0.9101, 34.623, 3.7751, id="0.8: a little"),
        # q = 792/h. Nq1 = 180 * (0.1 + sqrt(0.01 + 4.8/720)) = 180 * 0.229099 = 41.2379; Nq2 = 60/0.63333 * 0.22;
        # PA = 62.0800 * 20/6; RKH = 0.9 * 62.08 * 3600 / 71280; TLL = 20/0.63333 + 41.2379 * 5; all stop: TG = 4
        pytest.param(1.1, 41.2379, 20.8421, 206.933, 2.8218, 237.768, 4.0, id="1.1: more than a cycle can serve"),
    ],
)
def test_by_hand(
    dj: float, residual: float, red: float, queue_m: float, stops: float, traffic_s: float, geometric_s: float
) -> None:
    """Every figure of chapter 5 for one approach; T is the sum of both delays."""
    one = approach(dj)
    found = [
        signal.residual_queue_smp(one),
        signal.red_queue_smp(one),
        signal.queue_m(one),
        signal.stop_ratio(one),
        signal.traffic_delay_s(one),
        signal.geometric_delay_s(one),
    ]
    assert found == pytest.approx([residual, red, queue_m, stops, traffic_s, geometric_s], rel=2e-4)
    assert signal.delay_s(one) == pytest.approx(traffic_s + geometric_s, rel=2e-4)


def test_nobody_comes() -> None:
    """q = 0: no queue and no stops; TLL = 45 * 4/9 = 20 s for who would come."""
    one = approach(0.0)
    assert (signal.queue_m(one), signal.stop_ratio(one)) == (0.0, 0.0)
    assert signal.traffic_delay_s(one) == pytest.approx(20.0)


@pytest.mark.parametrize(("dj", "green_ratio", "capacity"), [(3.0, 1 / 3, 720), (0.5, 1.0, 720), (0.5, 0.4, 0)])
def test_where_the_formulas_have_no_value(dj: float, green_ratio: float, capacity: float) -> None:
    """RH DJ of 1 and more, green for the whole cycle, no capacity: refused, not infinite."""
    with pytest.raises(ValueError, match="expected"):
        approach(dj, capacity, green_ratio)
