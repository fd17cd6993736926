"""The meter as a whole: what it costs, that it forgets, and that it says the same twice."""

import pickle
import time
from dataclasses import replace

import numpy as np
import pytest
from simpang_edge.bench_measure import measure_cost
from simpang_edge.data import LiveRow, Readings, State, Vehicles

from .meter_road import T0, Car, drive, frame, meter, path


def crowd(frames: int, vehicles: int, fast: float = 1.0) -> list[Vehicles]:
    """A road that always carries this many vehicles: who has left comes again under a new id."""
    rng = np.random.default_rng(0)
    ids = np.arange(1, vehicles + 1)
    along_m, speed = np.linspace(-10, 80, vehicles), rng.uniform(4, 14, vehicles) * fast
    made = []
    for i in range(frames):
        along_m = along_m - speed / 8
        left = along_m < -14
        gone = ids[left]
        ids = np.where(left, ids.max() + np.cumsum(left), ids)
        along_m = np.where(left, 80.0, along_m)
        made.append(
            Vehicles(
                time_s=T0 + i / 8,
                id=ids,
                kind=ids % 4,
                xy_m=np.zeros((vehicles, 2)),
                approach=np.zeros(vehicles, np.int64),
                lane=1 + ids % 2,
                along_m=along_m,
                across_m=np.linspace(0, 6, vehicles),
                length_m=np.full(vehicles, np.nan),
                gone=gone,
            )
        )
    return made


def run(frames: list[Vehicles]) -> tuple[Readings, tuple[LiveRow, ...]]:
    """Everything a fresh meter says."""
    engine = meter(60, 900)
    done = Readings()
    for vehicles in frames:
        done += engine.update(vehicles)
    live = engine.live(frames[-1].time_s)
    return done + engine.finish(frames[-1].time_s), live


def test_the_same_frames_give_the_same_readings() -> None:
    """No clock, no chance: equal to the last bit."""
    frames = crowd(600, 20)
    assert run(frames) == run(frames)


def test_a_frame_with_fifty_vehicles_costs_little() -> None:
    """The target is 1 ms of one core (0.7 here); 3 leaves room for a busy machine."""
    frames = crowd(240, 50)
    engine = meter(60, 900)
    costs = []
    for vehicles in frames:
        begin = time.process_time()
        engine.update(vehicles)
        costs.append(time.process_time() - begin)
    assert np.median(costs) < 0.003


def test_memory_is_flat_over_ten_thousand_vehicles() -> None:
    """All that the meter keeps is no larger after 10 000 vehicles (2.6 s in view each) than after 3 000.

    10 % are allowed for the queue of the last 6 minutes, which is not full yet at 3 000.
    """
    engine = meter(5)
    sizes: dict[int, int] = {}
    first_id = 0
    frames = crowd(240, 60, fast=4.0)
    for _ in range(18):
        for vehicles in frames:
            time_s = vehicles.time_s + 30 * len(sizes)
            engine.update(replace(vehicles, time_s=time_s, id=vehicles.id + first_id, gone=vehicles.gone + first_id))
            last_ids = vehicles.id + first_id
        engine.update(frame(30 * len(sizes) + 30 - 1 / 16, [], last_ids.tolist()))
        first_id = int(last_ids.max())
        sizes[first_id] = len(pickle.dumps(engine))
    early = min(seen for seen in sizes if seen > 3000)
    assert first_id > 10_000
    assert sizes[first_id] <= sizes[early] * 1.1


def test_a_vehicle_whose_end_was_never_told_is_forgotten() -> None:
    """A tracker that loses count must not fill the box's memory: after 30 s unseen a vehicle is dropped."""
    engine = meter()
    engine.update(frame(0.0, [Car(1, path((0, 40), (1, 30)))]))
    for i in range(1, 33):
        engine.update(frame(float(i), []))
    assert len(engine._fleet) == 0


def test_live_rows_by_hand() -> None:
    """40 s with a car every 4 s at 10 m/s: at 40 s nine are over the line (4 s + 8 s·…), flow per observed second.

    Car i is over the line at 4·i + 8 s: 8, 12 ... 40 s; the one at 40.0 s is handed out one second later, so eight.
    In view between 80 m and the line: those entered at 32 and 36 s; that of 40 s has not moved yet.
    """
    cars = [Car(i + 1, path((4 * i, 80), (4 * i + 9.5, -15)), lane=1 + i % 2) for i in range(15)]
    engine = meter()
    drive(engine, cars, 0, 40.125)
    top, lane1, lane2 = engine.live(T0 + 40)
    assert sum(top.counts or ()) == 8
    assert sum(lane1.counts or ()) + sum(lane2.counts or ()) == 8
    assert top.observed_s == pytest.approx(40.0)
    assert top.flow_vps == pytest.approx(8 / 40, rel=0.01)
    assert top.speed_mps == pytest.approx(10.0, rel=1e-3)
    assert (top.vehicles_in_view, top.queue_m, top.queue_vehicles) == (2, 0.0, 0)
    assert top.state is State.FREE


def test_live_figures_of_a_dead_camera_are_unknown() -> None:
    """12 s after the last frame nothing is said of the road but the counts so far; the reason names the seconds."""
    engine = meter()
    drive(engine, [Car(1, path((0, 40), (5, -10)))], 0, 20.125)
    row = engine.live(T0 + 32)[0]
    assert (row.state, row.queue_m, row.speed_mps, row.vehicles_in_view, row.flow_vps) == (
        State.UNKNOWN, None, None, None, None,
    )  # fmt: skip
    assert sum(row.counts or ()) == 1
    assert row.reason is not None
    assert (row.reason.en, row.reason.id) == ("no picture for 12 s", "tidak ada gambar selama 12 detik")


def test_before_the_first_frame_everything_is_unknown() -> None:
    """Not zero vehicles: no picture."""
    row = meter().live(T0)[0]
    assert (row.counts, row.vehicles_in_view, row.state) == (None, None, State.UNKNOWN)


def test_the_benchmark_prints_its_rows() -> None:
    """A short run: figures of both stages, and a goal for the meter's cost and for memory."""
    rows = {row["quantity"]: row for row in measure_cost(vehicles=10, passing=100).rows()}
    assert {"meter_median_ms_per_frame", "ground_median_ms_per_frame", "kept_growth_ratio"} <= set(rows)
    assert rows["meter_median_ms_per_frame"]["goal"] == 1.0
    assert all(row["passed"] >= 100 and row["value"] is not None for row in rows.values())
