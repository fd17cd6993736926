"""Signal plans, intergreen, lamps that fail, and approaches without a signal."""

import pytest
from simpang_edge.config import Camera
from simpang_edge.data import Colour, Cycle, Lamps, Quality
from simpang_edge.meter import Meter, MeterSettings
from simpang_edge.meter.cycle import Starts
from simpang_edge.meter.lamps import LampCycle, Shown
from simpang_edge.meter.plan import Plan
from simpang_edge.meter.signal import SignalLog

from .meter_road import T0, Car, approach_row, camera, frame, measure, meter, path
from .test_meter_cycle import queue

G, Y, R = Colour.GREEN, Colour.YELLOW, Colour.RED


def lamps(*shown: tuple[float, Colour | None]) -> list[Shown]:
    """What changes at these seconds tell; a lamp is looked at every half second until the next change."""
    cycle, found = LampCycle(), []
    for (from_s, colour), (to_s, _) in zip(shown, (*shown[1:], (shown[-1][0] + 0.5, None)), strict=True):
        for i in range(round((to_s - from_s) * 2)):
            done = cycle.look(from_s + i / 2, colour)
            found += [done] if done else []
    return found


def test_from_green_to_green() -> None:
    """The first green was running at the start: its beginning is not known."""
    assert lamps((0, G), (5, Y), (8, R), (30, G), (50, Y), (53, R), (80, G)) == [Shown(30, 50, 53, 80, 1.0)]


def test_a_signal_without_yellow() -> None:
    """Green ends when red is lit."""
    assert lamps((0, R), (10, G), (20, R), (40, G)) == [Shown(10, 20, 20, 40, 1.0)]


def test_lamps_that_cannot_be_read_for_long_break_the_cycle() -> None:
    """3 s hidden are bridged, 6 s are not; of the looks of a bridged cycle (30 s, 60 looks) 5 were blind."""
    (bridged,) = lamps((0, R), (10, G), (20, None), (22.5, R), (40, G))
    assert bridged.read_ratio == pytest.approx(55 / 60)
    assert lamps((0, R), (10, G), (20, None), (26, R), (40, G)) == []


def numbers(*cycles: tuple[float, float | None]) -> list[int]:
    """Plan numbers of (cycle, green) lengths."""
    plan = Plan()
    return [plan.follow(*one) for one in cycles]


@pytest.mark.parametrize(
    ("cycles", "plans"),
    [
        pytest.param([(60, 25), (61, 24), (60, 26)], [1, 1, 1], id="the same plan"),
        pytest.param([(60, 25)] * 3 + [(90, 40)] * 3, [1, 1, 1, 1, 2, 2], id="a longer cycle, confirmed by the second"),
        pytest.param([(60, 25)] * 3 + [(60, 35)] * 2, [1, 1, 1, 1, 2], id="the same cycle, a longer green"),
        pytest.param([(60, 25), (90, 40), (60, 25), (60, 25)], [1, 1, 1, 1], id="one odd cycle changes nothing"),
        pytest.param([(60, 25), (90, 40), (120, 40), (60, 25)], [1, 1, 1, 1], id="two odd ones that differ"),
        pytest.param([(60, None)] * 2 + [(60, 25)], [1, 1, 1], id="an unknown green is no change"),
    ],
)
def test_plans(cycles: list[tuple[float, float | None]], plans: list[int]) -> None:
    """Clearly: farther than 4 s and a tenth; and twice running."""
    assert numbers(*cycles) == plans


def test_intergreen() -> None:
    """utara's green ends at 50 s; timur's next begins at 55.5 s. Its own starts, and later ones, are none."""
    starts = Starts()
    for time_s, approach in ((30.0, "utara"), (55.5, "timur"), (80.0, "utara")):
        starts.add(time_s, approach)
    assert starts.intergreen_s(50.0, "utara") == pytest.approx(5.5)
    assert starts.intergreen_s(30.5, "utara") is None  # 25 s: another phase lies between
    assert starts.intergreen_s(60.0, "timur") == pytest.approx(20.0)


def log(*cycles: Cycle, control: str = "signal") -> SignalLog:
    """A log of these cycles."""
    made = SignalLog(control)
    for one in cycles:
        made.add(one)
    return made


def cycle(end_s: float, **figures: object) -> Cycle:
    """A cycle of 50 s."""
    return Cycle(
        from_s=T0 + end_s - 50,
        to_s=T0 + end_s,
        approach="utara",
        quality=Quality(50.0, 1.0),
        method="discharge",
        confidence=0.8,
        **figures,  # type: ignore[arg-type]
    )


def test_the_cycles_of_a_window() -> None:
    """Two cycles that showed greens of 20 and 24 s, so it is 24 s or more in both; 3 and 5 vehicles at green; of 10 and
    30 arrivals 0.5 and 0.9 on green, 0.2 and 0.1 more or less: hypot(2, 3) of 40."""
    known = {"arrivals": 10, "arrivals_on_green_ratio": 0.5, "arrivals_on_green_margin_ratio": 0.2}
    more = {"arrivals": 30, "arrivals_on_green_ratio": 0.9, "arrivals_on_green_margin_ratio": 0.1}
    made = log(
        cycle(50, green_s=20.0, queue_at_green_vehicles=3, split_fail=True, **known),
        cycle(100, green_s=24.0, queue_at_green_vehicles=5, split_fail=False, **more),
    )
    row = made.fill(approach_row(measure([])), made.of(60, T0 + 110))
    assert (row.cycles, row.cycle_s, row.green_s) == (2, 50.0, 24.0)
    assert "green_lower_bound" in row.quality.flags
    assert (row.queue_at_green_vehicles, row.split_fail_ratio) == (4.0, 0.5)
    assert row.arrivals_on_green_ratio == pytest.approx((5 + 27) / 40)
    assert row.arrivals_on_green_margin_ratio == pytest.approx(13**0.5 / 40)


def test_each_window_length_tells_a_cycle_once() -> None:
    """After the 60 s window has told it, the 900 s window still tells it, the next 60 s window does not."""
    made = log()
    assert made.of(60, T0 + 60).told == made.of(900, T0 + 60).told == ()
    made.add(cycle(100))
    assert len(made.of(60, T0 + 120).told) == 1
    assert len(made.of(60, T0 + 180).told) == 0
    assert len(made.of(900, T0 + 900).told) == 1


def test_no_signal_is_said_after_300_s_and_30_vehicles() -> None:
    """Counted from the last start of green; before that it is not known. A road without one needs no flag."""
    plain = approach_row(measure([]))

    def after(seconds: int, vehicles: int, control: str = "signal") -> tuple[str, ...]:
        made = log(control=control)
        for start_s in (None, T0):
            made.second(start_s)
        for _ in range(seconds):
            made.second(T0)
        for _ in range(vehicles):
            made.cross()
        return made.fill(plain, made.of(60, T0)).quality.flags

    assert ("no_signal" in after(300, 30), "no_signal" in after(299, 30), "no_signal" in after(300, 29)) == (
        True,
        False,
        False,
    )
    assert "no_signal" not in after(300, 30, "link")


def test_a_signal_that_died_tells_no_capacity() -> None:
    """Its last cycle ended at 100 s: known for 300 s more, and no longer."""
    made = log(cycle(100, green_s=20.0, plan=1))
    made.of(60, T0 + 120)
    assert len(made.of(60, T0 + 400).recent) == 1
    assert made.of(60, T0 + 401).recent == ()


def test_free_flow_for_long_says_that_there_is_no_signal() -> None:
    """The whole meter: a car every 5 s for 350 s, nobody ever stands; cycles are unknown, not 0."""
    done = measure([Car(i + 1, path((5 * i, 75), (5 * i + 8, -5))) for i in range(72)], 360, fps=3)
    last = [row for row in done.windows if row.lane is None][-1]
    assert "no_signal" in last.quality.flags
    assert (last.cycles, last.capacity_smps) == (None, None)


def test_a_vehicle_that_waits_within_green_is_no_new_green() -> None:
    """Green from 10 s; a turner stands from 20 to 26 s, 16 s after the start: one cycle of 50 s, not two."""
    turner = Car(999, path((10, 60), (18, 1.0), (26, 1.0), (30, -14)), lane=2, across_m=4.9)
    done = measure([*queue(0, 1), turner, *queue(1)], 80)
    assert [(c.from_s - T0, c.to_s - T0) for c in done.cycles] == [
        (pytest.approx(10, abs=1.5), pytest.approx(60, abs=1.5))
    ]


def test_the_lamps_are_believed_rather_than_the_discharge() -> None:
    """Queues discharge at 10 and 60 s, a head is read as green at 20 and 70 s: one cycle, and it is the lamps'."""
    engine = meter()
    cars = [car for i in range(2) for car in queue(i, 2)]
    cycles: list[Cycle] = []
    for i in range(8 * 72):
        cycles += engine.update(frame(i / 8, cars)).cycles
        phase_s = (i / 8 - 20) % 50
        colour = G if phase_s < 20 else Y if phase_s < 23 else R
        cycles += engine.look(Lamps(T0 + i / 8, ((0, colour),))).cycles
    assert [(c.method, c.from_s - T0, c.to_s - T0) for c in cycles] == [("signal_head", 20.0, 70.0)]


def test_a_head_gives_an_approach_without_a_signal_no_cycles() -> None:
    """A link whose configuration still has a head, green from 10 and from 60 s on."""
    content = camera().model_dump()
    content["approaches"][0]["control"] = "link"
    engine = Meter(Camera.model_validate(content), MeterSettings(windows_s=(60,)))
    cycles: list[Cycle] = []
    for i in range(8 * 72):
        engine.update(frame(i / 8, []))
        cycles += engine.look(Lamps(T0 + i / 8, ((0, G if (i / 8 - 10) % 50 < 20 else R),))).cycles
    assert cycles == []


def test_old_lamps_are_not_believed() -> None:
    """Read for the last time at 40 s: fresh until 160 s, after which the discharge is read again."""
    cycle = LampCycle()
    cycle.look(T0 + 40, G)
    assert (cycle.fresh(T0 + 160), cycle.fresh(T0 + 161)) == (True, False)
