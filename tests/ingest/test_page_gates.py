"""The table of the gates: sums by direction over a quarter hour and an hour, with what was really seen."""

import re

import pytest
from simpang_edge.message import GateMeta
from simpang_ingest.page.cards import Teller
from simpang_ingest.page.figures import LocalTime
from simpang_ingest.page.gates import GateSum, arrow, end_of, gate_table, passes, sums
from simpang_ingest.page.settings import ScreenSettings
from simpang_ingest.page.words import ID
from simpang_ingest.rows import GateRow

NOON_S = 1_795_485_600  # 2026-11-24T02:00:00Z, 09:00:00 in Jakarta
TELLER = Teller(ID, LocalTime(ScreenSettings().zone), ScreenSettings())
EXIT = GateMeta(id="keluar", name="Keluar", kind="exit", line=[(100.0, 500.0), (900.0, 500.0)])


def row(minute: int, cars: int, motorcycles: int = 0, direction: str = "forward", observed_s: float = 60.0) -> GateRow:
    """One minute of one direction, so many minutes after nine; minus before."""
    return GateRow(
        site="s", camera="c", time_ns=(NOON_S + 60 * minute) * 10**9, window=60, gate="keluar", direction=direction,
        observed_s=observed_s, observed_ratio=observed_s / 60, intensity=cars + motorcycles, count_car=cars,
        count_motorcycle=motorcycles, count_mp=cars, count_sm=motorcycles,
    )  # fmt: skip


def of(rows: list[GateRow], now_s: float = NOON_S) -> dict[tuple[str, int], GateSum]:
    """The sums by direction and span."""
    return {(one.one.direction, one.span_s): one for one in sums(passes("", [EXIT], rows), now_s)}


def test_a_quarter_hour_sums_its_minutes_and_the_hour_all() -> None:
    """4 cars in the quarter hour, 7 more twenty minutes ago; seen 60 + 30 of 900 s, and 60 s more in the hour."""
    found = of([row(-21, 7), row(-2, 3, observed_s=30.0), row(-1, 1)])
    quarter, hour = found["forward", 900], found["forward", 3600]
    assert (quarter.counted("count_car"), quarter.observed_s()) == (4, 90.0)
    assert (hour.counted("count_car"), hour.observed_s()) == (11, 150.0)
    assert quarter.flow_vph() == 160.0  # 4 · 3600 / 90
    assert of([row(-1, 1, observed_s=3.0)])["forward", 900].flow_vph() is None  # 1200 an hour would be made of 3 s


def test_a_direction_that_was_not_seen_is_unknown_and_a_true_zero_is_zero() -> None:
    """Backward sent no window at all; forward was watched for a minute in which nobody came."""
    found = of([row(-1, 0)])
    assert found["forward", 900].counted("intensity") == 0
    blind = found["backward", 900]
    assert (blind.counted("intensity"), blind.flow_vph(), blind.observed_s()) == (None, None, 0.0)
    cells = re.findall(r"<td[^>]*>(.*?)</td>", gate_table([blind], TELLER))
    # gate, direction, interval, observed 0 s of it; then total, flow and seven classes that nobody knows
    assert cells[3] == "0 s<small>0 %</small>"
    assert cells[4:] == ["–"] * 9


def test_the_sums_end_with_the_newest_window_and_with_now_when_it_is_old() -> None:
    """The minute that has just ended may not have come yet; a camera that fell silent does not keep its old quarter."""
    assert end_of([row(-3, 1)], NOON_S + 20.0) == NOON_S - 120
    assert end_of([row(-9, 1)], NOON_S + 20.0) == NOON_S
    assert end_of([], NOON_S + 20.0) == NOON_S


def test_the_table_says_gate_way_interval_coverage_and_classes() -> None:
    """810 of 900 s seen are 90 %: 14 minutes of 54 s, one of 54 s; 15 · 2 motorcycles and 15 cars."""
    found = of([row(-n, 1, 2, observed_s=54.0) for n in range(1, 16)])
    text = gate_table([found["forward", 900]], TELLER)
    cells = re.findall(r"<td[^>]*>(.*?)</td>", text)
    assert cells[:4] == ["Keluar", "↓ maju", "15 mnt", "810 s<small>90 %</small>"]
    assert cells[4] == "<b>45</b><small>SM 30 · MP 15</small>"
    assert cells[5] == "200 kend/jam"  # 45 · 3600 / 810
    assert "09:00:00 WIB" in text


@pytest.mark.parametrize(
    ("line", "way"),
    [
        pytest.param([(0, 0), (9, 0)], "↓", id="drawn to the right: its right-hand side is below"),
        pytest.param([(9, 0), (0, 0)], "↑", id="drawn to the left: above"),
        pytest.param([(0, 0), (0, 9)], "←", id="drawn downwards: left"),
        pytest.param([(0, 9), (0, 0)], "→", id="drawn upwards: right"),
        pytest.param([(0, 9), (9, 0)], "↘", id="drawn to the upper right: lower right"),
    ],
)
def test_an_arrow_points_from_the_left_hand_to_the_right_hand_side(line: list[tuple[float, float]], way: str) -> None:
    """Forward as the contract defines it, in the picture, whose rows run downwards; backward is opposite."""
    assert arrow(line, "forward") == way
    opposite = dict(zip("→↘↓↙←↖↑↗", "←↖↑↗→↘↓↙", strict=True))
    assert arrow(line, "backward") == opposite[way]


def test_a_gate_that_only_the_store_knows_is_shown_by_its_id() -> None:
    """Its camera is away and said nothing of its gates; the camera's name stands before it where there are several."""
    first, second = passes("Utara", [], [row(-1, 2)])
    assert (first.gate, first.direction, first.arrow, len(first.rows)) == ("Utara · keluar", "forward", "", 1)
    assert (second.direction, second.rows) == ("backward", ())
