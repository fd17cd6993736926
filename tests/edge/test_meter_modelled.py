"""What a quarter hour says by PKJI's formulas beside what was measured: by hand, and when it says nothing and why."""

from dataclasses import astuple, replace
from typing import Any

import numpy as np
import pytest
from simpang_edge import convert
from simpang_edge.data import Colour, Lamps, Measurement, Modelled, Quality, Readings, Scope
from simpang_edge.meter import Meter, MeterSettings
from simpang_edge.meter.approach import ApproachWatch, Shared
from simpang_edge.meter.cycle import Starts
from simpang_edge.meter.green import Green
from simpang_edge.meter.layout import Layout
from simpang_edge.meter.modelled import modelled, turning
from simpang_edge.meter.pcu import Pcu
from simpang_edge.meter.queue import QueueNow
from simpang_edge.meter.service import Service, doubted
from simpang_edge.meter.speeds import Errors

from .meter_road import T0, approach_row, camera, frame
from .test_meter_service import WIDE, with_approach

THIRD = Green(30.0, 1 / 3, at_least=False)
NAMES = ("residual_smp", "red_smp", "queue_smp", "queue_m", "stops_per_smp", "traffic_delay_s", "geometric_delay_s",
         "delay_s")  # fmt: skip


def row(flags: tuple[str, ...] = (), **figures: Any) -> Measurement:
    """A quarter hour with C = 720 smp/h, DJ 0.8 and cycles of 90 s."""
    known = {"capacity_smps": 0.2, "dj": 0.8, "cycle_s": 90.0, "flow_smps": 0.16} | figures
    return Measurement(
        from_s=T0, to_s=T0 + 900, scope=Scope.APPROACH, approach="utara", quality=Quality(900.0, 1.0, flags), **known
    )


def test_every_figure_by_hand() -> None:
    """C = 720 smp/h, q = 576, s = 90 s, RH 1/3, LM 6 m, a quarter turns (PKJI 2023, ch. 5).

    Nq1 = 180 (-0.2 + sqrt(0.04 + 2.4/720)) = 1.4700; Nq2 = 60 / (1 - 0.8/3) * 0.16 = 13.0909; Nq = 14.5609;
    PA = 14.5609 * 20 / 6 = 48.536 m; RKH = 0.9 * 14.5609 * 3600 / (576 * 90) = 0.9101;
    TLL = 45 (2/3)^2 / 0.73333 + 1.47 * 3600 / 720 = 34.623; TG = 0.0899 * 0.25 * 6 + 0.9101 * 4 = 3.775.
    """
    found = modelled(row(), THIRD, 6.0, 0.25, blocked=False)
    by_hand = [1.4700, 13.0909, 14.5609, 48.536, 0.9101, 34.623, 3.775, 38.398]
    assert [getattr(found, name) for name in NAMES] == pytest.approx(by_hand, rel=2e-4)
    assert (found.standard, found.missing) == ("PKJI2023-5 formula", None)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        pytest.param({"row": row(("no_signal",))}, "no_signal", id="no signal"),
        pytest.param({"row": row(("no_whole_cycle",), dj=None)}, "no_whole_cycle", id="no whole cycle"),
        pytest.param({"row": row(("capacity_lower_bound",))}, "capacity_lower_bound", id="capacity only a bound"),
        pytest.param({"row": row(("demand_lower_bound",))}, "demand_lower_bound", id="demand only a bound"),
        pytest.param({"row": row(("low_score",))}, "low_score", id="a doubted window"),
        pytest.param({"row": row(capacity_smps=None, dj=None)}, "no_capacity", id="no capacity"),
        pytest.param({"green": replace(THIRD, at_least=True)}, "green_lower_bound", id="green only a bound"),
        pytest.param({"width_m": None}, "no_entry_width", id="no width"),
        pytest.param({"blocked": True}, "downstream_blocks", id="a queue from downstream"),
        pytest.param({"row": row(dj=3.0)}, "beyond_formula", id="RH DJ = 1: no queue that green ends"),
    ],
)
def test_where_an_input_is_missing_there_is_a_reason_and_no_figure(changes: dict[str, Any], missing: str) -> None:
    """Every figure is None, never 0, and the reason names the input."""
    known = {"row": row(), "green": THIRD, "width_m": 6.0, "turn_ratio": 0.25, "blocked": False} | changes
    found = modelled(**known)
    assert found == Modelled(standard="PKJI2023-5 formula", missing=missing)


def test_without_a_turning_share_only_the_geometric_delay_is_missing() -> None:
    """TLL and the queue need no PB; TG and T do, but where all stop (RKH 2.8 at DJ 1.1): TG = 4 s whoever turns."""
    found = modelled(row(), THIRD, 6.0, None, blocked=False)
    assert (found.missing, found.geometric_delay_s, found.delay_s) == ("no_turn_share", None, None)
    assert found.traffic_delay_s == pytest.approx(34.623, rel=2e-4)
    full = modelled(row(dj=1.1), THIRD, 6.0, None, blocked=False)
    assert (full.missing, full.geometric_delay_s) == (None, 4.0)


def move(name: str, smps: float | None, traced: float = 0.9, approach: str = "utara") -> Measurement:
    """The row of a movement."""
    figures = {"flow_smps": smps, "traced_ratio": traced, "movement": name, "approach": approach}
    return replace(row(), scope=Scope.MOVEMENT, **figures)  # type: ignore[arg-type]


def test_the_turning_share_is_of_smp() -> None:
    """0.02 left, 0.01 right and 0.01 back of 0.16 smp/s turn: 0.25. An approach traced to 70 %, or empty, has none."""
    turns = {"kiri": "left", "lurus": "through", "kanan": "right", "balik": "u_turn", "timur-kiri": "left"}
    table = [row(), move("kiri", 0.02), move("lurus", 0.12), move("kanan", 0.01), move("balik", 0.01)]
    others = [move("timur-kiri", 0.1, 0.7, "timur"), move("timur-kiri", 0.0, 0.9, "barat"), move("kiri", None)]
    assert turning([*table, *others], turns) == {"utara": pytest.approx(0.25)}  # type: ignore[arg-type]


def test_only_those_who_go_straight_turn_nowhere() -> None:
    """A share of 0 is known, not missing."""
    assert turning([move("lurus", 0.1)], {"lurus": "through"}) == {"utara": 0.0}


def empty_quarter(engine: Meter, until_s: float = 900.0) -> Readings:
    """Nobody comes; the lamps show 30 s of green in every 90, from second 30 on."""
    done = Readings()
    for i in range(round(until_s * 4)):
        time_s = i / 4
        done += engine.update(frame(time_s, ()))
        lit = Colour.GREEN if 30 <= time_s % 90 < 60 else Colour.RED
        done += engine.look(Lamps(T0 + time_s, ((0, lit),)))
    return done + engine.finish(T0 + until_s)


def test_a_quarter_hour_of_the_meter_carries_the_model_and_a_minute_does_not() -> None:
    """Nobody comes: no queue and no stops; who would come waits 45 (2/3)^2 = 20 s. No movement is drawn: no PB."""
    engine = Meter(with_approach(entry_width_m=6.0), MeterSettings(windows_s=(60, 900)), sights=WIDE)
    rows = [one for one in empty_quarter(engine).windows if one.scope is Scope.APPROACH]
    assert {one.modelled for one in rows if one.to_s - one.from_s == 60} == {None}
    (quarter,) = [one for one in rows if one.to_s - one.from_s == 900]
    assert (quarter.cycle_s, quarter.green_s, quarter.dj) == (90.0, 30.0, 0.0)
    found = quarter.modelled
    assert found is not None
    assert (found.queue_smp, found.queue_m, found.stops_per_smp, found.delay_s) == (0.0, 0.0, 0.0, None)
    assert (found.traffic_delay_s, found.missing) == (pytest.approx(20.0), "no_turn_share")


def test_a_road_without_a_signal_has_no_model_of_one() -> None:
    """A link's quarter hour carries no figures of chapter 5."""
    engine = Meter(with_approach(control="link"), MeterSettings(windows_s=(900,)), sights=WIDE)
    assert approach_row(empty_quarter(engine)).modelled is None


NONE = np.zeros(3, int)
EMPTY = QueueNow(np.zeros(3), NONE, np.zeros(3, bool), NONE, NONE, np.zeros(3), NONE)
"""Nobody queued in the approach and its two lanes."""


def watch() -> ApproachWatch:
    """The watch of the tests' approach."""
    one, settings = with_approach(entry_width_m=6.0), MeterSettings(windows_s=(60, 900))
    pcu = Pcu(one, settings.standards)
    shared = Shared(pcu, Service(one, settings.standards, pcu, WIDE), Starts(), Errors(settings.speed, WIDE))
    return ApproachWatch(one, 0, Layout(one, settings.lane_width_m), settings, shared)


@pytest.mark.parametrize(
    ("cause", "missing"), [("spillback", "downstream_blocks"), ("blocked_box", "downstream_blocks"),
                           ("stopped_vehicle", "no_turn_share")],
)  # fmt: skip
def test_a_queue_from_downstream_in_one_of_its_minutes_takes_the_model(cause: str, missing: str) -> None:
    """Of the quarter hour in which it stood, and not of the next; what stops on the approach itself does not."""
    engine = watch()
    counted = replace(row(capacity_smps=None, dj=None, cycle_s=None), counts=(0,) * 7)
    found = []
    for quarter in (0, 900):
        for second in range(quarter, quarter + 900):
            engine.second(T0 + second, EMPTY, np.zeros(3), float(second))
            engine.look(T0 + second, Colour.GREEN if 30 <= second % 90 < 60 else Colour.RED)
        window = replace(counted, from_s=T0 + quarter, to_s=T0 + quarter + 900)
        engine.judge(replace(window, from_s=window.to_s - 60), cause if quarter == 0 else None)
        found.append(engine.serve(window, 900).modelled)
    assert [one and one.missing for one in found] == [missing, "no_turn_share"]


def test_a_doubted_window_says_so_instead_of_the_models_figures() -> None:
    """Score 0.4 is below the 0.5 that a state needs."""
    known = replace(row(), modelled=modelled(row(), THIRD, 6.0, 0.25, blocked=False), quality=Quality(360.0, 0.4))
    poor = doubted(known, 0.5).modelled
    assert poor == Modelled(standard="PKJI2023-5 formula", missing="low_score")


def test_on_the_wire_the_figures_are_rounded_to_what_they_can_bear() -> None:
    """Seconds and metres to a tenth, smp and stops to a hundredth; a row without a model has null."""
    found = modelled(row(), THIRD, 6.0, 0.25, blocked=False)
    sent = convert.window_row("tangsel", camera(), replace(row(), modelled=found)).x.modelled
    assert sent is not None
    assert [getattr(sent, name) for name in NAMES] == [1.47, 13.09, 14.56, 48.5, 0.91, 34.6, 3.8, 38.4]
    assert sent.standard == "PKJI2023-5 formula"
    assert convert.window_row("tangsel", camera(), row()).x.modelled is None
    assert len(astuple(found)) == len(sent.__struct_fields__)
