"""The data files: classes, EMP sets, factors and letters, as their sources print them."""

import pytest
from simpang_edge import standards
from simpang_edge.data import KINDS, PKJI_CLASSES
from simpang_edge.standards.capacity import known_city, step
from simpang_edge.standards.tables import CLASSES, interpolate


@pytest.mark.parametrize(
    ("kind", "length_m", "pkji"),
    [
        pytest.param("motorcycle", 1.9, "SM", id="motorcycle"),
        pytest.param("car", 4.4, "MP", id="car"),
        pytest.param("truck", 4.8, "MP", id="pickup, up to 5.5 m"),
        pytest.param("truck", 6.2, "KS", id="two-axle truck"),
        pytest.param("truck", 12.5, "TB", id="truck above 12 m"),
        pytest.param("truck", None, "KS", id="truck of unknown length"),
        pytest.param("bus", 5.2, "MP", id="minibus, up to 5.5 m"),
        pytest.param("bus", 7.2, "KS", id="medium bus"),
        pytest.param("bus", 11.5, "BB", id="bus above 9 m"),
        pytest.param("bus", 13.5, "TB", id="bus above 12 m"),
        pytest.param("bus", None, "KS", id="bus of unknown length"),
        pytest.param("three_wheeler", 2.4, "SM", id="three wheels below 2.5 m"),
        pytest.param("three_wheeler", 2.65, "MP", id="bajaj, 2.65 m: not SM by the text"),
        pytest.param("three_wheeler", None, "SM", id="three wheels of unknown length"),
        pytest.param("bicycle", 1.8, "KTB", id="bicycle"),
        pytest.param("person", 0.5, None, id="a person is no vehicle"),
    ],
)
def test_the_class_of_a_vehicle(kind: str, length_m: float | None, pkji: str | None) -> None:
    """PKJI 2023, vehicle classes; domain reference, section 2."""
    assert standards.class_rules().of(kind, length_m) == pkji


def test_the_files_use_the_names_of_the_types() -> None:
    """Kinds and classes in the data files are those of the rest of the software."""
    rules = standards.class_rules()
    assert set(rules.unknown) == set(KINDS) - {"person"}
    assert CLASSES == PKJI_CLASSES
    assert {name for bounds in rules.lengths.values() for _, name in bounds} <= set(PKJI_CLASSES)


@pytest.mark.parametrize(
    ("control", "phase", "road", "width_m", "lanes", "flow_vph", "name", "weights"),
    [
        ("signal", "protected", "divided", None, 3, 2000, "PKJI2023-5-2-protected", (0.15, 1.0, 1.3)),
        ("signal", "opposed", "divided", None, 3, 100, "PKJI2023-5-2-opposed", (0.40, 1.0, 1.3)),
        ("unsignalised", "protected", "divided", None, 2, 999, "PKJI2023-6-9-quiet", (0.5, 1.0, 1.3)),
        ("unsignalised", "protected", "divided", None, 2, 1000, "PKJI2023-6-9-busy", (0.2, 1.0, 1.8)),
        ("link", "protected", "undivided", 6.0, 1, 1799, "PKJI2023-4-10-narrow-quiet", (0.50, 1.0, 1.3)),
        ("link", "protected", "undivided", 6.0, 1, 1800, "PKJI2023-4-10-narrow-busy", (0.35, 1.0, 1.2)),
        ("link", "protected", "undivided", 7.0, 1, 1799, "PKJI2023-4-10-wide-quiet", (0.40, 1.0, 1.3)),
        ("link", "protected", "undivided", 7.0, 1, 1800, "PKJI2023-4-10-wide-busy", (0.25, 1.0, 1.2)),
        ("link", "protected", "divided", None, 2, 2099, "PKJI2023-4-11-quiet", (0.40, 1.0, 1.3)),
        ("link", "protected", "divided", None, 2, 2100, "PKJI2023-4-11-busy", (0.25, 1.0, 1.2)),
        ("link", "protected", "divided", None, 3, 3299, "PKJI2023-4-11-quiet", (0.40, 1.0, 1.3)),
        ("link", "protected", "divided", None, 3, 3300, "PKJI2023-4-11-busy", (0.25, 1.0, 1.2)),
        ("link", "protected", "divided", None, 3, None, "PKJI2023-4-11-quiet", (0.40, 1.0, 1.3)),
    ],
)
def test_the_emp_set_of_an_approach(
    control: standards.Control,
    phase: str,
    road: standards.Road,
    width_m: float | None,
    lanes: int,
    flow_vph: float | None,
    name: str,
    weights: tuple[float, float, float],
) -> None:
    """PKJI 2023, Tables 5-2, 6-9, 4-10 and 4-11; two lanes of 1050 veh/h are 2100, three of 1100 are 3300."""
    emp = standards.emp_choice(control, phase, road, width_m, lanes, flow_vph)
    assert (emp.name, emp.label, emp.smp[:3]) == (name, name, weights)
    assert emp.smp[3:] == (weights[2], weights[2], 0.0)


def test_every_set_has_a_source_and_a_choice_names_only_known_sets() -> None:
    """No number without where it comes from."""
    sets = [standards.emp_set(name) for name in standards.emp_names()]
    assert all(one.source for one in sets)
    assert standards.emp_set("MKJI1997-signal-protected").smp[0] == 0.20
    assert standards.emp_set("MKJI1997-unsignalised").smp[:3] == (0.5, 1.0, 1.3)
    with pytest.raises(KeyError):
        standards.emp_set("PKJI1066")


def test_the_hcm_knows_heavy_vehicles_and_passenger_cars() -> None:
    """HCM 2010, signals: E_T 2.0 for more than four tyres; all else, motorcycles too, is a passenger car."""
    assert standards.emp_set("HCM2010-signal").smp == (1.0, 1.0, 2.0, 2.0, 2.0, 0.0)


@pytest.mark.parametrize(
    ("delay_s", "pm96", "hcm"),
    [
        (4.9, "A", "A"),
        (5.0, "B", "A"),
        (10.0, "B", "A"),
        (10.1, "B", "B"),
        (15.0, "C", "B"),
        (24.9, "C", "C"),
        (25.0, "D", "C"),
        (40.0, "E", "D"),
        (60.0, "E", "E"),
        (60.1, "F", "E"),
        (80.1, "F", "F"),
    ],
)
def test_the_letter_of_a_delay(delay_s: float, pm96: str, hcm: str) -> None:
    """Permenhub PM 96/2015 (A below 5 s … E to 60 s, F beyond) and HCM 7 (A to 10 s … E to 80 s)."""
    assert standards.delay_los("PM96-2015").by_delay(delay_s) == pm96
    assert standards.delay_los("HCM7-signal").by_delay(delay_s) == hcm


def test_over_capacity_is_f_where_the_standard_says_so() -> None:
    """HCM: F when v/c > 1, whatever the delay; PM 96/2015 has no such rule."""
    assert standards.delay_los("HCM7-signal").by_delay(8.0, dj=1.01) == "F"
    assert standards.delay_los("PM96-2015").by_delay(8.0, dj=1.01) == "B"
    assert standards.speed_los("HCM2010-street").by_speed_share(0.9, dj=1.01) == "F"


@pytest.mark.parametrize(
    ("share", "letter"), [(0.86, "A"), (0.85, "B"), (0.67, "C"), (0.50, "D"), (0.40, "E"), (0.30, "F")]
)
def test_the_letter_of_a_speed_share(share: float, letter: str) -> None:
    """HCM 2010: A above 85 %, B above 67, C above 50, D above 40, E above 30 % of free-flow speed."""
    assert standards.speed_los("HCM2010-street").by_speed_share(share) == letter


def test_factors_between_the_points_of_a_table() -> None:
    """FC_LJ of a lane of 3.125 m lies halfway between 0.92 (3.00) and 0.96 (3.25); beyond the ends it is level."""
    table = standards.link_tables().lane_width
    assert interpolate(table, 3.125) == pytest.approx(0.94)
    assert (interpolate(table, 2.0), interpolate(table, 5.0)) == (0.92, 1.08)


@pytest.mark.parametrize(
    ("million", "factor"), [(0.05, 0.86), (0.1, 0.90), (0.7, 0.94), (1.4, 1.00), (3.0, 1.04), (None, 1.0)]
)
def test_the_factor_of_a_citys_size(million: float | None, factor: float) -> None:
    """PKJI 2023, FC_UK."""
    assert step(standards.link_tables().city, known_city(million)) == factor
