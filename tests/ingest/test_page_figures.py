"""The planner's sheet: every published quantity is there, with its unit and its doubt; unknown is a dash."""

import re
from typing import Any, get_type_hints

import pytest
from msgspec import structs
from simpang_edge.meter import modelled
from simpang_edge.meter.trust import FACTORS
from simpang_ingest.page.movesheet import Line, cycle_sheet, turning_sheet
from simpang_ingest.page.sheet import Place, sheet
from simpang_ingest.page.words import EN, ID
from simpang_ingest.rows import CycleRow, WindowRow

from .test_page_gates import NOON_S, TELLER

SHOWN_ELSEWHERE = {
    "site", "camera", "city", "time_ns", "window", "scope", "approach", "lane", "movement", "observed_ratio",
    "turn_share", "traced", "congested", "state_code", "reason_code", "reason_id", "reason_en",
    "speed_n_mp", "speed_n_ks",
}  # fmt: skip
"""Keys, what the turning sheet shows, and what only says again what the sheet says."""


def row(**figures: Any) -> WindowRow:
    """A quarter hour of the north approach of which 810 s were seen."""
    return WindowRow(
        site="s", camera="c", time_ns=NOON_S * 10**9, window=900, scope="approach", approach="utara",
        observed_s=810.0, observed_ratio=0.9, **figures,
    )  # fmt: skip


def cells(markup: str) -> dict[str, str]:
    """What the first column's sheet says of each quantity."""
    found = re.findall(r"<tr><td[^>]*>(.*?)</td><td[^>]*>(.*?)</td></tr>", markup)
    return dict(found)


def of(**figures: Any) -> dict[str, str]:
    """The sheet of one window."""
    return cells(sheet([Place("Utara", None, row(**figures))], ID))


def test_what_is_not_known_is_a_dash_and_the_seconds_stand_beside_it() -> None:
    """Only the seconds, the flags, late vehicles and the state are said of a window without figures; nothing is 0."""
    shown = of()
    assert shown.pop("Teramati") == "810 s<small>90 %</small>"
    assert shown.pop("Tanda") == "tanpa tanda"
    assert shown.pop("Terlambat diketahui") == "0"
    assert "Tidak diketahui" in shown.pop("Keadaan")
    assert shown.pop("Rata-rata waktu di garis henti") == "–<small>n 0</small>"
    assert set(shown.values()) == {"–"}
    assert len(shown) > 40


@pytest.mark.parametrize(
    ("name", "figures", "text"),
    [
        pytest.param("Rata-rata waktu di garis henti",
                     {"speed_kmh": 22.44, "speed_low_kmh": 21.0, "speed_high_kmh": 23.8, "speed_n": 34},
                     "22,4<small>21,0–23,8 (95 %) · n 34</small>", id="speed with its interval and number"),
        pytest.param("v15 / v50 / v85",
                     {"speed_p15_kmh": 14.2, "speed_p50_kmh": 23.0, "speed_p85_kmh": 34.4, "speed_n": 255},
                     "14 / 23 / 34<small>n 255</small>", id="percentiles with their number"),
        pytest.param("Rata-rata ruang", {"speed_space_mean_kmh": 19.44, "speed_error_pct": 6.4},
                     "19,4<small>± 6 % (95 %)</small>", id="space mean with the error that stays"),
        pytest.param("v15 / v50 / v85 SM",
                     {"speed_p15_sm_kmh": 15.0, "speed_p50_sm_kmh": 24.0, "speed_p85_sm_kmh": 36.0, "speed_n_sm": 181},
                     "15 / 24 / 36<small>n 181</small>", id="percentiles of motorcycles"),
        pytest.param("Tingkat pelayanan", {"los": "D", "los_standard": "PM96-2015"},
                     "<b>D</b><small>PM96-2015</small>", id="level of service with its standard"),
        pytest.param("Kapasitas", {"capacity_smph": 668.0, "capacity_standard": "PKJI2023-5"},
                     "668 smp/jam<small>PKJI2023-5</small>", id="capacity with its standard"),
        pytest.param("Kapasitas", {"capacity_smph": 668.0, "capacity_standard": "PKJI2023-5 formula J (site: 2024)",
                                   "flags": "capacity_lower_bound,rain"},
                     "≥ 668 smp/jam<small>PKJI2023-5 J menurut rumus (site: 2024)</small>", id="a bound of capacity"),
        pytest.param("Derajat kejenuhan", {"dj": 0.684}, "0,68", id="degree of saturation"),
        pytest.param("Derajat kejenuhan", {"dj": 0.684, "flags": "capacity_lower_bound"}, "≤ 0,68",
                     id="a capacity that is a lower bound makes it an upper one"),
        pytest.param("Derajat kejenuhan", {"dj": 0.684, "flags": "demand_lower_bound"}, "≥ 0,68",
                     id="a demand that is a lower bound makes it one"),
        pytest.param("Derajat kejenuhan", {"dj": 0.684, "flags": "capacity_lower_bound,demand_lower_bound"}, "0,68",
                     id="both bounds: it is neither, the flags say so"),
        pytest.param("Hijau", {"green_s": 31.0, "flags": "green_lower_bound"}, "≥ 31,0 s", id="a green that is one"),
        pytest.param("Tundaan terukur", {"control_delay_s": 31.4, "delay_n": 268}, "31,4 s/kend<small>n 268</small>",
                     id="delay with its number"),
        pytest.param("T tundaan rata-rata", {"model_delay_s": 31.92, "control_delay_s": 29.4},
                     "31,9 s/smp<small>terukur 29,4 s/kend</small>", id="a model's delay with the measured one"),
        pytest.param("PA panjang antrean", {"model_queue_m": 29.37}, "29 m", id="a model's queue"),
        pytest.param("RKH rasio kendaraan henti", {"model_stops_per_smp": 0.812, "stops_per_vehicle": 0.7},
                     "0,81<small>terukur 0,70</small>", id="a model's stops with the measured ones"),
        pytest.param("Rumus, dan sebab kosong",
                     {"model_standard": "PKJI2023-5 formula", "model_missing": "capacity_lower_bound"},
                     "PKJI2023-5 rumus<small>kapasitas: batas bawah</small>", id="why there is no model"),
        pytest.param("Antrean terpanjang", {"queue_max_m": 98.0, "flags": "queue_beyond_view,rain"}, "≥ 98 m",
                     id="a queue that passes the view is a lower bound"),
        pytest.param("Per jam dan 200 m",
                     {"side_friction": 340.0, "side_friction_class": "S", "flags": "one_side"},
                     "≥ 340<small>S · PKJI 2023</small>", id="friction of one side is a lower bound"),
        pytest.param("Tanda", {"flags": "moved,night"}, "kamera bergeser, malam", id="flags in words"),
        pytest.param("Arus smp", {"flow_smph": 455.0, "emp": "PKJI2023-5-2-opposed"},
                     "455 smp/jam<small>PKJI2023-5-2-opposed</small>", id="smp with its set"),
        pytest.param("Menurut kelas PKJI", {"count_sm": 195, "count_mp": 75, "count_ks": 0, "class_rules": "1"},
                     "SM 195 · MP 75<small>1</small>", id="PKJI classes with the version of the rules"),
    ],
)  # fmt: skip
def test_a_figure_stands_with_its_unit_and_its_doubt(name: str, figures: dict[str, Any], text: str) -> None:
    """Interval, number of vehicles, standard or bound under the figure."""
    assert of(**figures)[name] == text


def full() -> WindowRow:
    """A row that has every field: every number 7, every text x."""
    plain: dict[str, Any] = {"int": 7, "float": 7.0, "str": "x", "bool": True}
    hints = {name: str(hint) for name, hint in get_type_hints(WindowRow).items() if "ClassVar" not in str(hint)}
    kinds = {name: next(kind for kind in plain if kind in hint) for name, hint in hints.items()}
    return WindowRow(**{name: plain[kind] for name, kind in kinds.items()})


@pytest.mark.parametrize("name", [f for f in WindowRow.__struct_fields__ if f not in SHOWN_ELSEWHERE])
def test_no_published_quantity_is_missing(name: str) -> None:
    """The sheet of a row that has every figure looks different when one is another."""
    before = getattr(full(), name)
    other = "free" if name == "state" else f"{before}y" if isinstance(before, str) else type(before)(93)
    first, second = (sheet([Place("", None, one)], ID) for one in (full(), structs.replace(full(), **{name: other})))
    assert first != second


def test_what_only_approaches_have_stays_in_the_approachs_column() -> None:
    """Under lane 1 stands nothing, not even a dash, so that a planner reads down one column."""
    shown = sheet([Place("Utara", None, row(dj=0.68)), Place("Utara", 1, row())], ID)
    found = re.search(r"<tr><td[^>]*>Derajat kejenuhan</td><td[^>]*>(.*?)</td><td[^>]*>(.*?)</td></tr>", shown)
    assert found is not None
    assert found.groups() == ("0,68", "")


def test_a_lane_is_named_with_its_approach_where_there_are_several() -> None:
    """Two lanes 1 of two approaches are told apart."""
    north, east = Place("Utara", 1, row()), Place("Timur", 1, row())
    assert "Utara · lajur 1" in sheet([north, east], ID)
    assert "Lajur 1" in sheet([north], ID)


MISSING = {getattr(modelled, name) for name in ("NO_CAPACITY", "NO_WIDTH", "NO_TURNS", "BLOCKED", "BEYOND")}


@pytest.mark.parametrize("flag", sorted({*FACTORS, *MISSING}))
def test_every_flag_that_lowers_the_score_or_takes_the_model_has_words(flag: str) -> None:
    """No code of a flag reaches the screen."""
    for words in (ID, EN):
        assert words.flag(flag) == getattr(words, f"flag_{flag}")


def test_the_turning_sheet_has_a_line_for_every_movement_and_window() -> None:
    """Share, traced share, classes and coverage of a quarter hour; a movement nobody saw has dashes."""
    seen = row(intensity=60, count_motorcycle=45, count_car=15, count_sm=45, count_mp=15)
    lines = [Line("Utara", "lurus", seen, 0.65, 0.89, 96.0, "PKJI2023-5-2-opposed"), Line("Utara", "kanan", row())]
    found = [
        re.findall(r"<td[^>]*>(.*?)</td>", one) for one in re.findall(r"<tr>(.*?)</tr>", turning_sheet(lines, TELLER))
    ]
    assert found[1][:5] == ["09:00", "Utara", "lurus", "810 s<small>90 %</small>",
                            "<b>60</b><small>SM 45 · MP 15</small>"]  # fmt: skip
    assert found[1][5:8] == ["65 %", "89 %", "96 smp/jam<small>PKJI2023-5-2-opposed</small>"]
    assert set(found[2][4:]) == {"–"}


def test_the_cycle_sheet_names_method_with_confidence_and_what_decides_a_split_failure() -> None:
    """85 % covered in green and 90 % in the first red seconds: a failure; confidence 0.6 of the discharge."""
    cycle = CycleRow(
        site="s", camera="c", time_ns=NOON_S * 10**9, approach="utara", observed_s=90.0, method="discharge",
        confidence=0.6, cycle_s=90.0, green_s=31.0, split_fail=True, occupancy_green=0.85, occupancy_red=0.9,
    )  # fmt: skip
    text = cycle_sheet([("Utara", cycle)], TELLER)
    assert "lepasnya antrean<small>60 %</small>" in text
    assert "ya<small>85 % · 90 %</small>" in text
    assert "discharge" not in text
