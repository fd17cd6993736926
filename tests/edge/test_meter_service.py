"""Classes, passenger-car units, capacity, degree of saturation, level of service: by hand."""

from dataclasses import replace
from typing import Any

import pytest
from simpang_edge.config import Camera, Standards
from simpang_edge.data import Cycle, Measurement, Quality, Scope, Sight
from simpang_edge.meter import Meter, MeterSettings
from simpang_edge.meter.green import Signal
from simpang_edge.meter.pcu import Pcu
from simpang_edge.meter.service import Service, doubted

from .meter_road import T0, Car, Path, approach_row, camera, drive, lane_row, path

WIDE = (Sight(9.0, 0.02, 0.01, 8.0),)


def with_approach(**keys: Any) -> Camera:
    """The tests' camera with more said about its approach."""
    content = camera(lanes=keys.pop("lanes", 2)).model_dump()
    approach = content["approaches"][0] | keys
    return Camera.model_validate(content | {"approaches": [approach]})


def passing(at_s: float) -> Path:
    """Over the line at this second with 10 m/s."""
    return path((at_s - 8, 80), (at_s + 1.5, -15))


def counted(cars: list[Car], site: Standards | None = None, **keys: Any) -> tuple[Measurement, Measurement]:
    """The minute of the approach, and of its first lane."""
    settings = MeterSettings(windows_s=(60,), standards=site or Standards())
    meter = Meter(with_approach(**keys), settings)
    done = drive(meter, cars, 0, 59) + meter.finish(T0 + 60)
    return approach_row(done), lane_row(done)


MIX = [
    Car(1, passing(10), "motorcycle"),
    Car(2, passing(12), "truck", length_m=4.8),
    Car(3, passing(15), "truck", length_m=6.2),
    Car(4, passing(18), "bus", length_m=11.5, lane=2, across_m=4.9),
    Car(5, passing(21), "bicycle"),
    Car(6, passing(24), "person"),
]


def test_classes_by_length() -> None:
    """A pickup is MP, a box truck KS, a long bus BB, a bicycle KTB, a person none; 2 of 4 motor vehicles are heavy."""
    row, lane = counted(MIX)
    assert row.pkji_counts == (1, 1, 1, 1, 0, 1)
    assert lane.pkji_counts == (1, 1, 1, 0, 0, 1)
    assert (row.class_rules, row.heavy_ratio) == ("pkji-2023.2", 0.5)
    assert row.length_mean_m == pytest.approx((4.8 + 6.2 + 11.5) / 3)
    assert "length_assumed" not in row.quality.flags


def test_without_a_length_the_class_is_assumed_and_flagged() -> None:
    """A bus and a truck without a measured length are KS."""
    row, _ = counted([Car(1, passing(10), "truck"), Car(2, passing(15), "bus")])
    assert row.pkji_counts == (0, 0, 2, 0, 0, 0)
    assert "length_assumed" in row.quality.flags


def test_the_median_of_a_tracks_lengths_decides() -> None:
    """Nine of ten looks say 4.8 m, one in ten 9 m: a pickup."""
    steady = passing(10)
    cars = [Car(1, steady, "truck", length_m=4.8)]
    engine = Meter(camera(), MeterSettings(windows_s=(60,)))
    done = drive(engine, cars, 0, 5)
    odd = Car(1, lambda t: steady(t) if 5 <= t < 5.4 else None, "truck", length_m=9.0)
    done += drive(engine, [odd], 5, 5.4)
    done += drive(engine, cars, 5.4, 30) + engine.finish(T0 + 60)
    assert approach_row(done).pkji_counts == (0, 1, 0, 0, 0, 0)


def test_passenger_car_units_by_hand() -> None:
    """SM 0.15 + MP 1.0 + KS 1.3 + BB 1.3 = 3.75 smp over the 58.9 s that were seen; opposed: SM 0.40, so 4.0."""
    row, lane = counted(MIX)
    observed_s = row.quality.observed_s
    assert (row.flow_smps, row.emp) == (pytest.approx(3.75 / observed_s), "PKJI2023-5-2-protected")
    assert lane.flow_smps == pytest.approx(2.45 / observed_s)
    opposed, _ = counted(MIX, phase="opposed")
    assert (opposed.flow_smps, opposed.emp) == (pytest.approx(4.0 / observed_s), "PKJI2023-5-2-opposed")


def test_a_site_may_use_another_set_with_a_reason_and_it_shows() -> None:
    """MKJI 1997: SM 0.2, so 3.8 smp; own values: 0.3 + 1 + 2 + 2 = 5.3 smp."""
    named, _ = counted(MIX, Standards(emp="MKJI1997-signal-protected", emp_reason="the city's older counts"))
    own, _ = counted(MIX, Standards(emp_values={"SM": 0.3, "MP": 1.0, "KS": 2.0}, emp_reason="survey"))
    assert (named.flow_smps, named.emp) == (
        pytest.approx(3.8 / named.quality.observed_s),
        "MKJI1997-signal-protected (site: the city's older counts)",
    )
    assert (own.flow_smps, own.emp) == (pytest.approx(5.3 / own.quality.observed_s), "own (site: survey)")


def minutes(*vehicles: int, from_minute: int = 0, site: Service | None = None) -> list[str | None]:
    """The sets of an unsignalised approach in minutes of so many motorcycles."""
    made = site or service(control="unsignalised")
    sets = []
    for n, count in enumerate(vehicles, from_minute):
        one = replace(
            row(flow_vps=count / 60, counts=(count, *[0] * 6), pkji_counts=(count, *[0] * 5)),
            from_s=T0 + 60 * n,
            to_s=T0 + 60 * n + 60,
        )
        sets.append(made.smp([one])[0].emp)
    return sets


def test_the_set_follows_the_flow_of_the_quarter_hour_and_not_of_the_minute() -> None:
    """Busy from 1000 veh/h on, 16.7 a minute. 10 and 20 are 900 an hour together, with 24 more 1080; after 15 minutes
    of 24, minutes of 10 make the quarter hour quiet once eight of them are in it: (7·24 + 8·10) / 15 = 16.5."""
    quiet, busy = "PKJI2023-6-9-quiet", "PKJI2023-6-9-busy"
    assert minutes(10, 20, 24) == [quiet, quiet, busy]
    assert minutes(*[24] * 15, *[10] * 8)[15:] == [busy] * 7 + [quiet]


def test_the_flow_of_windows_that_come_again_is_not_counted_twice() -> None:
    """Twenty a minute, then the clock is set back by two minutes: the minute that follows is judged by itself."""
    one = service(control="unsignalised")
    assert minutes(20, 20, site=one) == ["PKJI2023-6-9-busy"] * 2
    assert minutes(10, from_minute=0, site=one) == ["PKJI2023-6-9-quiet"]


def row(**figures: Any) -> Measurement:
    """An approach's minute: 0.5 vehicles or 0.3 smp a second."""
    known = {"flow_vps": 0.5, "flow_smps": 0.3, "counts": (0, 30, 0, 0, 0, 0, 0)} | figures
    return Measurement(
        from_s=T0, to_s=T0 + 60, scope=Scope.APPROACH, approach="utara", quality=Quality(60.0, 1.0), **known
    )


def cycle(end_s: float, **figures: Any) -> Cycle:
    """50 s that end at this second, 20 s of them green, in which 25 vehicles or 15 smp were served."""
    known = {"green_s": 20.0, "plan": 1, "discharged": 25, "discharged_smp": 15.0} | figures
    return Cycle(
        from_s=T0 + end_s - 50,
        to_s=T0 + end_s,
        approach="utara",
        quality=Quality(50.0, 1.0),
        method="discharge",
        confidence=0.9,
        **known,
    )


def service(site: Standards | None = None, **keys: Any) -> Service:
    """The service figures of the tests' approach, whose stop line is 9 m wide."""
    one = with_approach(**keys)
    return Service(one, site or Standards(), Pcu(one, site or Standards()), WIDE)


def test_capacity_by_the_formula() -> None:
    """J0 = 600 * 9 = 5400 smp/h of green; green share 20/50: C = 2160 smp/h; q = 15/50 * 3600 = 1080: DJ 0.5."""
    told = (cycle(50),)
    done = service().complete(row(), 0, Signal(told, told))
    assert done.capacity_smps == pytest.approx(2160 / 3600)
    assert (done.capacity_standard, done.dj) == ("PKJI2023-5 formula J", pytest.approx(0.5))
    adjusted = service(saturation_factor=0.9, factor_reason="survey", entry_width_m=6.0).complete(
        row(), 0, Signal(told, told)
    )
    assert adjusted.capacity_smps == pytest.approx(0.9 * 600 * 6 * 0.4 / 3600)
    assert adjusted.capacity_standard == "PKJI2023-5 formula J (site: survey)"


def test_a_measured_saturation_flow_comes_first() -> None:
    """Three cycles measured 1.0, 1.2 and 1.4 smp/s of green: J = 1.2, C = 1.2 * 0.4 = 0.48; two are too few."""
    cycles = tuple(cycle(50 * (i + 1), saturation_flow_smps=1.0 + 0.2 * i) for i in range(3))
    done = service().complete(row(), 0, Signal(cycles[-1:], cycles))
    assert (done.capacity_smps, done.capacity_standard) == (pytest.approx(0.48), "PKJI2023-5 measured J")
    few = service().complete(row(), 0, Signal(cycles[-1:], cycles[1:]))
    assert few.capacity_standard == "PKJI2023-5 formula J"


def test_the_formula_does_not_fit_an_opposed_phase() -> None:
    """J0 of an opposed phase is not 600 LE: unknown until the saturation flow is measured."""
    done = service(phase="opposed").complete(row(), 0, Signal((cycle(50),), (cycle(50),)))
    assert (done.capacity_smps, done.capacity_standard, done.dj) == (None, None, None)


def test_without_a_green_time_there_is_no_capacity() -> None:
    """No cycle, or a green whose end was not seen."""
    unseen = (cycle(50, green_s=None),)
    assert service().complete(row(), 0, Signal()).capacity_smps is None
    assert service().complete(row(), 0, Signal(unseen, unseen)).capacity_smps is None


def test_demand_is_what_was_served_and_what_stayed() -> None:
    """The residual queue grew from 2 to 12 vehicles in 50 s: 0.2 veh/s, at 0.6 smp a vehicle 0.12 smp/s more.

    C = 2160 smp/h = 0.6 smp/s; DJ = (0.3 + 0.12) / 0.6 = 0.7. Served 0.58 smp/s of 1 veh/s, growing alike: > 1. An
    unknown residual leaves what was served, as a lower bound; one that shrinks from 12 to 2 leaves it too.
    """
    before, last = cycle(50, residual_queue_vehicles=2), cycle(100, residual_queue_vehicles=12)
    done = service().complete(row(), 0, Signal((last,), (before, last), before))
    assert done.dj == pytest.approx(0.7)
    more = cycle(100, residual_queue_vehicles=12, discharged=50, discharged_smp=29.0)
    full = service().complete(row(), 0, Signal((more,), (before, more), before))
    assert full.dj == pytest.approx((0.58 + 0.2 * 0.58) / 0.6)
    unknown = service().complete(row(), 0, Signal((cycle(100),), (before, last), before))
    assert (unknown.dj, "demand_lower_bound" in unknown.quality.flags) == (pytest.approx(0.5), True)
    shrinks = (cycle(50, residual_queue_vehicles=12), cycle(100, residual_queue_vehicles=2))
    assert service().complete(row(), 0, Signal(shrinks[1:], shrinks, shrinks[0])).dj == pytest.approx(0.5)


def test_without_a_whole_cycle_there_is_no_degree_of_saturation() -> None:
    """A minute of red or of green alone says nothing of demand; the capacity of the cycles before it stands."""
    done = service().complete(row(), 0, Signal((), (cycle(50),)))
    assert (done.capacity_smps, done.dj) == (pytest.approx(0.6), None)
    assert "no_whole_cycle" in done.quality.flags


def test_nobody_is_served_above_capacity() -> None:
    """35 smp in 50 s with nobody left: 0.7 smp/s, more than 600 LE gives for the green that was shown (0.6): DJ 1.0."""
    busy = cycle(50, discharged_smp=35.0, residual_queue_vehicles=0, saturated=False)
    done = service().complete(row(), 0, Signal((busy,), (busy,)))
    assert (done.capacity_smps, done.dj) == (pytest.approx(0.7), pytest.approx(1.0))
    assert "capacity_lower_bound" in done.quality.flags


def test_the_longest_green_of_alike_cycles() -> None:
    """Greens of 12, 20 and 16 s shown in cycles of 50 s, one of 30 s in a cycle of 90: 20/50, a lower bound.

    Once a cycle was saturated to its end at 18 s, that is the green: 5400 * 18/50 smp/h.
    """
    shown = [cycle(50, green_s=12.0), cycle(100), cycle(150, green_s=16.0, saturated=False)]
    odd = replace(cycle(240, green_s=30.0), from_s=T0 + 150)
    done = service().complete(row(), 0, Signal((shown[0],), (odd, *shown)))
    assert (done.capacity_smps, "capacity_lower_bound" in done.quality.flags) == (pytest.approx(1.5 * 0.4), True)
    full = cycle(200, green_s=18.0, saturated=True, residual_queue_vehicles=3)
    sure = service().complete(row(), 0, Signal((shown[0],), (*shown, full)))
    assert sure.capacity_smps == pytest.approx(1.5 * 18 / 50)
    assert "capacity_lower_bound" not in sure.quality.flags


def test_saturated_cycles_are_the_capacity() -> None:
    """28, 30 and 32 smp in 50 s each, more left every time: 0.6 smp/s, whatever J and the green say."""
    full = tuple(
        cycle(50 * (i + 1), discharged_smp=smp, saturated=True, residual_queue_vehicles=5, saturation_flow_smps=2.0)
        for i, smp in enumerate((28.0, 30.0, 32.0))
    )
    done = service().complete(row(), 0, Signal(full[-1:], full, full[1]))
    assert (done.capacity_smps, done.dj) == (pytest.approx(0.6), pytest.approx(32 / 30))
    assert done.capacity_standard == "PKJI2023-5 measured discharge"


def test_a_queue_beyond_the_view_bounds_demand() -> None:
    """Who joins the queue where nobody sees it is missing from the demand."""
    long = cycle(50, queue_beyond_view=True, residual_queue_vehicles=9)
    assert "demand_lower_bound" in service().complete(row(), 0, Signal((long,), (long,))).quality.flags


def test_a_doubted_window_has_neither_letter_nor_degree() -> None:
    """Score 0.4 is below the 0.5 that a state needs; capacity is of the cycles, not of the window."""
    done = service().complete(row(control_delay_s=24.0), 0, Signal((cycle(50),), (cycle(50),)))
    poor = doubted(replace(done, quality=Quality(24.0, 0.4)), 0.5)
    assert (poor.los, poor.los_standard, poor.dj, poor.quality.flags) == (None, None, None, ("low_score",))
    assert poor.capacity_smps == pytest.approx(0.6)
    assert doubted(done, 0.5) == done


def test_a_junctions_level_of_service_is_by_delay() -> None:
    """24 s a vehicle: C by PM 96/2015, C by HCM; without a delay there is no letter."""
    done = service().complete(row(control_delay_s=24.0), 0, Signal())
    assert (done.los, done.los_standard) == ("C", "PM96-2015")
    other = Standards(los_junction="HCM7-signal", los_reason="study of the university")
    hcm = service(other).complete(row(control_delay_s=19.0), 0, Signal())
    assert (hcm.los, hcm.los_standard) == ("B", "HCM7-signal (site: study of the university)")
    none = service().complete(row(), 0, Signal())
    assert (none.los, none.los_standard) == (None, None)


def test_a_links_capacity_and_level_of_service() -> None:
    """Two lanes of 4.5 m: 1700 * 2 * 1.08 = 3672 smp/h in a city of 1.4 million (1.00), side friction 0.95: 3488.4.

    q = 1080 smp/h: DJ 0.31. Speed 60 % of free flow: C.
    """
    link = service(Standards(city_million=1.4), control="link", side_friction_factor=0.95, factor_reason="survey")
    done = link.complete(row(speed_ratio=0.6), 0, Signal())
    assert done.capacity_smps == pytest.approx(3488.4 / 3600)
    assert done.dj == pytest.approx(1080 / 3488.4)
    assert (done.capacity_standard, done.los, done.los_standard) == (
        "PKJI2023-4 formula (site: survey)",
        "C",
        "HCM2010-street",
    )


def test_an_undivided_links_capacity_is_of_both_directions() -> None:
    """7 m, 60-40: 2800 * 1.00 * 0.94 = 2632 smp/h; this camera knows one direction's flow, so no DJ."""
    link = service(control="link", lanes=1, road="undivided", carriageway_width_m=7.0, direction_share=0.6)
    done = link.complete(row(speed_ratio=0.9), 0, Signal())
    assert (done.capacity_smps, done.dj, done.los) == (pytest.approx(2632 / 3600), None, "A")


def test_an_unsignalised_approach_has_no_capacity_of_its_own() -> None:
    """PKJI 2023, chapter 6, is about the whole junction."""
    done = service(control="unsignalised").complete(row(control_delay_s=8.0), 0, Signal())
    assert (done.capacity_smps, done.dj, done.los) == (None, None, "B")
