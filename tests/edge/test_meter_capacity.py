"""Capacity by the factors of PKJI 2023, MKJI 1997 and HCM 2010: by hand, from the tables of the manuals."""

from typing import Any

import pytest
from simpang_edge import standards
from simpang_edge.config import Approach, Standards
from simpang_edge.meter.capacity import link, parking_factor, saturation
from simpang_edge.meter.modelled import modelled
from simpang_edge.standards.tables import interpolate

from .test_meter_modelled import THIRD
from .test_meter_modelled import row as quarter_hour
from .test_meter_service import MIX, counted, with_approach

MKJI = {"capacity": "MKJI1997", "capacity_reason": "the study of 2019"}
HCM = {"capacity": "HCM2010", "capacity_reason": "the lender asks"}


def approach(**keys: Any) -> Approach:
    """The tests' approach of two lanes."""
    return with_approach(**keys).approaches[0]


def j_smph(site: dict[str, Any], width_m: float = 9.0, green_s: float = 20.0, **keys: Any) -> float:
    """Saturation flow, smp per hour of green."""
    found = saturation(approach(**keys), Standards(**site), width_m, green_s)
    assert found is not None
    return found.smps * 3600


def c_smph(site: dict[str, Any], width_m: float | None = 7.0, **keys: Any) -> float | None:
    """Capacity of a link, smp an hour."""
    found = link(approach(control="link", **keys), Standards(**site), width_m)
    return None if found is None else found.smps * 3600


ALL = {"environment": "commercial", "side_friction": "S", "unmotorised_ratio": 0.05, "grade_pct": 2.0,
       "left_ratio": 0.25, "right_ratio": 0.2}  # fmt: skip


@pytest.mark.parametrize("site", [{"city_million": 0.7}, MKJI | {"city_million": 0.7}])
def test_every_factor_of_a_signal_by_hand(site: dict[str, Any]) -> None:
    """9 m: 5400; city of 0.7 million 0.94; shops, medium friction, 5 % without motors 0.92; 2 % uphill 0.98; a quarter
    to the left 0.96: 4393.46. Without a median a fifth to the right is 1.052 more."""
    assert j_smph(site, roadside=ALL) == pytest.approx(5400 * 0.94 * 0.92 * 0.98 * 0.96)
    assert j_smph(site, roadside=ALL, road="undivided") == pytest.approx(5400 * 0.94 * 0.92 * 0.98 * 0.96 * 1.052)


def test_what_is_not_told_changes_nothing() -> None:
    """600 smp/h per metre; an environment without a class of friction is no factor, downhill 4 % is 1.02."""
    assert j_smph({}) == pytest.approx(5400)
    assert j_smph({}, roadside={"environment": "commercial"}) == pytest.approx(5400)
    assert j_smph({}, roadside={"grade_pct": -4.0}) == pytest.approx(5400 * 1.02)


@pytest.mark.parametrize(
    ("parking_m", "width_m", "green_s", "by_hand"),
    [
        pytest.param(30.0, 9.0, 20.0, (10 + 7 * 10 / 9) / 20, id="10 s of the whole width, 10 s of 7 in 9 m"),
        pytest.param(60.0, 9.0, 20.0, 1.0, id="the kerb lane feeds all of the green"),
        pytest.param(90.0, 9.0, 20.0, 1.0, id="and never more"),
    ],
)
def test_parked_vehicles_near_the_line(parking_m: float, width_m: float, green_s: float, by_hand: float) -> None:
    """A metre of kerb lane feeds a third of a second of green."""
    assert parking_factor(parking_m, width_m, green_s) == pytest.approx(by_hand)
    assert j_smph({}, width_m, green_s, roadside={"parking_m": parking_m}) == pytest.approx(5400 * by_hand)


def test_the_hcm_counts_lanes() -> None:
    """Two lanes of 4.5 m (14.8 ft, 1.04) at 1900 pc/h; a town of 0.1 million 1750; two of 2.9 m (9.5 ft) 0.96.

    In the centre 0.90, 4 % uphill 0.98, a quarter beside the kerb 1 / (1 + 0.25 * 0.18), a fifth across 1 / 1.01.
    """
    assert j_smph(HCM) == pytest.approx(1900 * 2 * 1.04)
    assert j_smph(HCM | {"city_million": 0.1}) == pytest.approx(1750 * 2 * 1.04)
    assert j_smph(HCM, width_m=5.8) == pytest.approx(1900 * 2 * 0.96)
    side = {"environment": "central", "side_friction": "ST", "grade_pct": 4.0, "left_ratio": 0.25, "right_ratio": 0.2}
    assert j_smph(HCM, roadside=side) == pytest.approx(1900 * 2 * 1.04 * 0.9 * 0.98 / 1.045 / 1.01)


def test_a_sites_own_factor_stands_for_all_and_tells_why() -> None:
    """5400 * 0.9, whatever the roadside is; both reasons are published."""
    keys = {"saturation_factor": 0.9, "factor_reason": "measured in May", "roadside": ALL}
    assert j_smph({}, **keys) == pytest.approx(4860)
    found = saturation(approach(**keys), Standards(**MKJI), 9.0, 20.0)
    assert found is not None
    assert found.standard == "MKJI1997-2 formula J (site: the study of 2019; measured in May)"


def test_an_opposed_phase_has_no_formula() -> None:
    """The manuals give its base as diagrams of the turning flows."""
    assert saturation(approach(phase="opposed"), Standards(), 9.0, 20.0) is None


@pytest.mark.parametrize(
    ("site", "keys", "by_hand"),
    [
        pytest.param({}, {}, 1700 * 2, id="PKJI: two lanes of 3.5 m"),
        pytest.param(MKJI, {}, 1650 * 2, id="MKJI: two lanes of 3.5 m"),
        pytest.param(
            MKJI, {"roadside": {"side_friction": "T", "kerb_m": 1.0}}, 3300 * 0.89, id="high friction, 1 m of kerb"
        ),
        pytest.param(
            {}, {"roadside": {"side_friction": "S", "kerb_m": 0.75}}, 3400 * 0.92, id="between 0.91 and 0.93"
        ),
        pytest.param(
            {},
            {"road": "one_way", "roadside": {"side_friction": "T", "kerb_m": 1.0}},
            3400 * 0.81,
            id="one-way roads have the friction of undivided ones",
        ),
        pytest.param(
            {},
            {"lanes": 1, "road": "undivided", "carriageway_width_m": 6.0,
             "roadside": {"side_friction": "ST", "shoulder_m": 2.0}},
            2800 * 0.87 * 0.91,
            id="PKJI: two lanes, undivided, 6 m",
        ),
        pytest.param(
            MKJI,
            {"road": "undivided", "carriageway_width_m": 13.0, "direction_share": 0.6,
             "roadside": {"side_friction": "S", "shoulder_m": 1.5}},
            1500 * 4 * 0.95 * 0.97 * 0.98,
            id="MKJI: four lanes of 3.25 m, undivided",
        ),
        pytest.param(MKJI, {"lanes": 1, "road": "undivided", "carriageway_width_m": 7.0}, 2900, id="MKJI: 2/2 UD"),
        pytest.param(HCM, {"free_flow_kmh": 80.5}, 2000 * 2, id="HCM: 50 mph"),
        pytest.param(HCM, {"free_flow_kmh": 84.5}, 2050 * 2, id="HCM: half way to 55 mph"),
        pytest.param(HCM, {"free_flow_kmh": 40.0}, 1900 * 2, id="HCM: its lowest, level beyond"),
        pytest.param(HCM, {"lanes": 1, "road": "undivided", "carriageway_width_m": 7.0}, 3200, id="HCM: two-lane road"),
        pytest.param(
            {},
            {"side_friction_factor": 0.8, "factor_reason": "survey",
             "roadside": {"side_friction": "SR", "kerb_m": 2.0}},
            3400 * 0.8,
            id="the site's own factor instead",
        ),
    ],
)  # fmt: skip
def test_the_capacity_of_a_link_by_hand(site: dict[str, Any], keys: dict[str, Any], by_hand: float) -> None:
    """C0 times the factors of the manual."""
    assert c_smph(site, **keys) == pytest.approx(by_hand)


def test_without_its_figures_a_link_has_no_capacity() -> None:
    """No width, no width of the carriageway, no free-flow speed where the manual asks for it."""
    assert c_smph({}, None) is None
    assert c_smph({}, road="undivided") is None
    assert c_smph(HCM, free_flow_kmh=None, speed_limit_kmh=None) is None


def test_the_units_follow_the_manual() -> None:
    """The same six vehicles: SM 0.2 by MKJI (3.8 smp), SM 1.0 and heavy 2.0 by HCM (1 + 1 + 2 + 2 = 6 pc)."""
    old, _ = counted(MIX, Standards(**MKJI))
    us, _ = counted(MIX, Standards(**HCM))
    assert (old.flow_smps, old.emp) == (pytest.approx(3.8 / old.quality.observed_s), "MKJI1997-signal-protected")
    assert (us.flow_smps, us.emp) == (pytest.approx(6.0 / us.quality.observed_s), "HCM2010-signal")


@pytest.mark.parametrize(
    ("manual", "missing", "standard"),
    [
        ("PKJI2023", None, "PKJI2023-5 formula"),
        ("MKJI1997", None, "MKJI1997-2 formula"),
        ("HCM2010", "other_manual", "HCM2010-18 formula"),
    ],
)
def test_the_queue_formulas_are_of_the_indonesian_manuals(manual: str, missing: str | None, standard: str) -> None:
    """HCM's passenger cars, where a motorcycle is one, do not fit 20 m² a smp."""
    found = modelled(quarter_hour(), THIRD, 6.0, 0.25, blocked=False, manual=manual)
    assert (found.missing, found.standard, found.queue_m is None) == (missing, standard, missing is not None)


@pytest.mark.parametrize("name", standards.capacity_names())
def test_more_friction_never_raises_a_capacity(name: str) -> None:
    """From SR to ST, from a wide margin to a narrow one, and with more vehicles without motors, every factor falls."""
    for (road, margin, _), _table in standards.link_tables(name).friction.items():
        tables = [standards.link_tables(name).friction[road, margin, grade] for grade in ("SR", "R", "S", "T", "ST")]
        for margin_m in (0.5, 0.8, 1.2, 2.0):
            values = [interpolate(table, margin_m) for table in tables]
            assert values == sorted(values, reverse=True)
        assert all([y for _, y in table] == sorted(y for _, y in table) for table in tables)
    for table in standards.signal_tables(name).friction.values():
        assert [y for _, y in table] == sorted((y for _, y in table), reverse=True)


@pytest.mark.parametrize("name", standards.capacity_names())
def test_every_set_names_its_source(name: str) -> None:
    """No number without where it comes from."""
    assert standards.signal_tables(name).source.startswith(("PKJI 2023", "MKJI 1997", "HCM 2010"))
    assert standards.link_tables(name).source.startswith(("PKJI 2023", "MKJI 1997", "HCM 2010"))
