"""Signal plans, intergreen, lamps that fail, and approaches without a signal."""

from statistics import mean

import pytest
from simpang_edge.data import Colour, Cycle, Quality
from simpang_edge.meter.cycle import CycleFinder, Starts
from simpang_edge.meter.lamps import LampCycle, Shown
from simpang_edge.meter.layout import Layout
from simpang_edge.meter.memory import QueueSample
from simpang_edge.meter.plan import Plan
from simpang_edge.meter.signal import SignalLog

from .meter_road import T0, Car, approach_row, camera, measure, path
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
    """Two cycles with greens of 20 and 24 s, 3 and 5 vehicles at green; arrivals 10 and 30 of which 0.5 and 0.9."""
    made = log(
        cycle(50, green_s=20.0, queue_at_green_vehicles=3, arrivals=10, arrivals_on_green_ratio=0.5, split_fail=True),
        cycle(100, green_s=24.0, queue_at_green_vehicles=5, arrivals=30, arrivals_on_green_ratio=0.9, split_fail=False),
    )
    row = made.fill(approach_row(measure([])), made.of(60, T0 + 110))
    assert (row.cycles, row.cycle_s, row.green_s) == (2, 50.0, 22.0)
    assert (row.queue_at_green_vehicles, row.split_fail_ratio) == (4.0, 0.5)
    assert row.arrivals_on_green_ratio == pytest.approx((5 + 27) / 40)


def test_each_window_length_tells_a_cycle_once() -> None:
    """After the 60 s window has told it, the 900 s window still tells it, the next 60 s window does not."""
    made = log()
    assert made.of(60, T0 + 60).told == made.of(900, T0 + 60).told == ()
    made.add(cycle(100))
    assert len(made.of(60, T0 + 120).told) == 1
    assert len(made.of(60, T0 + 180).told) == 0
    assert len(made.of(900, T0 + 900).told) == 1


def test_no_signal_is_said_after_300_s_and_30_vehicles() -> None:
    """Before that it is not known; a green forgets it. A road that is not said to have a signal needs no flag."""
    plain = approach_row(measure([]))

    def after(seconds: int, vehicles: int, control: str = "signal") -> tuple[str, ...]:
        made = log(control=control)
        for _ in range(seconds):
            made.second(False)
        for _ in range(vehicles):
            made.cross()
        return made.fill(plain, made.of(60, T0)).quality.flags

    assert ("no_signal" in after(300, 30), "no_signal" in after(299, 30), "no_signal" in after(300, 29)) == (
        True,
        False,
        False,
    )
    assert "no_signal" not in after(300, 30, "link")


def test_free_flow_for_long_says_that_there_is_no_signal() -> None:
    """The whole meter: a car every 5 s for 350 s, nobody ever stands; cycles are unknown, not 0."""
    done = measure([Car(i + 1, path((5 * i, 75), (5 * i + 8, -5))) for i in range(72)], 360, fps=4)
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


def finder() -> CycleFinder:
    """An approach with three cycles of 50 s from lamps."""
    one = CycleFinder("utara", Layout(camera(), 3.25).cells[0], lambda _: 1.0)
    for second in range(200):
        one.sample(QueueSample(T0 + second, 0, 0.0, False, 0, 0.0, (0.0, 0.0), float(second)))
        phase = (second - 10) % 50
        one.look(T0 + second, G if 0 <= phase < 20 else Y if phase < 23 else R)
    return one


def test_the_lamps_are_believed_rather_than_the_discharge() -> None:
    """Where a head is read the queue's discharge makes no cycles; when it falls silent for 120 s the discharge does."""
    one = finder()
    assert one.lamps.fresh(T0 + 300)
    assert not one.lamps.fresh(T0 + 320)
    assert one.signalled(T0 + 200)
    assert mean(cycle for cycle, _ in [one.plan.usual()]) == pytest.approx(50.0)
