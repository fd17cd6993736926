"""True quantities of windows and cycles, checked on hand-made vehicles, and the truth against SUMO's detectors."""

import json
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from simpang_twin import scenario, simulate, truth_cycles, truth_file, truth_windows
from simpang_twin.traffic_log import Passed, Traffic
from simpang_twin.truth import Crossing, Journey, Track, journey

STEP_S = 0.1
FOLDER = Path(__file__).parents[2] / "sample_videos"


def traffic(*vehicles: tuple[str, str, int, list[float], list[bool]], frames: int = 100, **more: Any) -> Traffic:
    """An approach of two lanes of 3 m, 40 m long, limit 20 m/s. A vehicle: model, movement, lane, front by frame,
    queued by frame; a car is 4.4 m long and 1.7 m wide."""
    front = [np.array(v[3], dtype=np.float64) for v in vehicles]
    speed = [np.append(-np.diff(f) / STEP_S, 0.0) for f in front]
    length = {"mpv": 4.4, "scooter": 1.9}
    return Traffic(
        approach="utara", heading="toward", length_m=40.0, lane_widths_m=(3.0, 3.0), speed_limit_mps=20.0,
        step_s=STEP_S, frames=frames, ids=tuple(str(i) for i in range(len(vehicles))),
        models=tuple(v[0] for v in vehicles), movements=tuple(v[1] for v in vehicles),
        vehicle=np.concatenate([np.full(len(f), i) for i, f in enumerate(front)]).astype(np.int32),
        frame=np.concatenate([np.arange(len(f)) for f in front]).astype(np.int32), front_m=np.concatenate(front),
        rear_m=np.concatenate([f + length[v[0]] for f, v in zip(front, vehicles, strict=True)]),
        speed_mps=np.concatenate(speed),
        lane=np.concatenate([np.full(len(f), v[2]) for f, v in zip(front, vehicles, strict=True)]).astype(np.int32),
        queued=np.concatenate([np.array(v[4], dtype=bool) for v in vehicles]), **more,
    )  # fmt: skip


def passed(name: str, kind: str, lane: int, movement: str, time_s: float, **way: Any) -> Passed:
    """A crossing at 10 m/s of a vehicle that came into the measured length 4 s before."""
    crossing = Crossing(name, kind, "mpv", "MP", lane, movement, time_s, time_s + 0.44, 10.0, 4.4)
    journey = Journey(
        **({"from_s": time_s - 4, "from_m": 40.0, "stopped_s": 0.0, "stops": 0, "arrived_s": time_s} | way)
    )
    return Passed(crossing, journey, 3.0, time_s)


def steady() -> Traffic:
    """A car from 50 m upstream at 10 m/s for 10 s: over the line at 5.0 s."""
    front = [50.0 - k for k in range(100)]
    return traffic(("mpv", "through", 1, front, [False] * 100), passed=(passed("0", "car", 1, "through", 5.0),))


def test_edie_of_one_steady_vehicle() -> None:
    """40 m in 4 s: 10 m/s; density 4/(40·10) = 0.01 vehicles per metre; flow 40/(40·10) = 0.1 per second."""
    row = truth_windows.window(steady(), 0, 10)

    assert row.speed_space_mean_mps == pytest.approx(10.0)
    assert row.density_vpm == pytest.approx(0.01)
    assert row.flow_edie_vps == pytest.approx(0.1)
    assert (row.counts, row.flow_vps, row.speed_time_mean_mps) == ({"car": 1}, 0.1, 10.0)


def test_windows_are_half_open_and_split_what_they_share() -> None:
    """The crossing at 5.0 s belongs to [5, 10) alone; the density of [0, 5) and [5, 10) averages to the whole's."""
    first, second = truth_windows.window(steady(), 0, 5), truth_windows.window(steady(), 5, 10)

    assert (first.counts, second.counts) == ({}, {"car": 1})
    assert first.speed_time_mean_mps is None
    # In the region from 1 s (40 m) to 5 s (0 m): 4 s of the first window, none of the second.
    assert (first.density_vpm, second.density_vpm) == (pytest.approx(4 / (40 * 5)), pytest.approx(0.0))


def test_occupancy_of_the_detector_and_of_the_area() -> None:
    """Front below 2 m from 4.9 s on (frame 49), rear above 0 m until 50 + 4.4 m are run (frame 54): 6 frames of 100 in
    lane 1, none in lane 2: 0.06 and 0.03. Footprint 1.7 m wide: each metre of the body passes 40 m in 4 s, so
    4.4 m·1.7 m·4 s / (40 m·3 m·10 s) = 0.02493 in the lane and half of it on the approach."""
    log = steady()

    assert truth_windows.window(log, 0, 10, lane=1).occupancy_ratio == pytest.approx(0.06)
    assert truth_windows.window(log, 0, 10, lane=2).occupancy_ratio == 0.0
    assert truth_windows.window(log, 0, 10).occupancy_ratio == pytest.approx(0.03)
    assert truth_windows.window(log, 0, 10, lane=1).area_occupancy_ratio == pytest.approx(0.02493, rel=0.01)
    assert truth_windows.window(log, 0, 10).area_occupancy_ratio == pytest.approx(0.012467, rel=0.01)


def test_delay_is_the_time_beyond_free_flow() -> None:
    """40 m in 4 s: at 20 m/s free flow takes 2 s, so 2 s delay and 4 s travel time; at 10 m/s none."""
    log = steady()

    assert truth_windows.window(log, 0, 10).control_delay_s == pytest.approx(2.0)
    assert truth_windows.window(log, 0, 10).travel_time_s == pytest.approx(4.0)
    assert truth_windows.window(log, 0, 10, free_mps=10.0).control_delay_s == pytest.approx(0.0)


def test_vehicle_followed_over_less_than_half_says_nothing_of_delay() -> None:
    """A vehicle that was 15 m before the line at the clip's start (of 40 m) is counted, but has no delay."""
    log = traffic(
        ("mpv", "through", 1, [15.0 - k for k in range(20)], [False] * 20),
        passed=(passed("0", "car", 1, "through", 1.5, from_s=0.0, from_m=15.0),),
    )

    row = truth_windows.window(log, 0, 10)

    assert (row.speed_n, row.traced_n, row.control_delay_s, row.stops_per_vehicle) == (1, 0, None, None)


def test_lane_and_movement_select() -> None:
    """Two crossings: lane 1 left, lane 2 through; the shares of the movements add up to 1."""
    still = [30.0] * 100
    log = traffic(
        ("mpv", "left", 1, still, [False] * 100), ("mpv", "through", 2, still, [True] * 100),
        passed=(passed("0", "car", 1, "left", 3.0), passed("1", "motorcycle", 2, "through", 4.0)),
    )  # fmt: skip

    left, through = (truth_windows.window(log, 0, 10, movement=m) for m in ("left", "through"))

    assert (left.counts, through.counts) == ({"car": 1}, {"motorcycle": 1})
    assert (left.turn_share_ratio, through.turn_share_ratio) == (0.5, 0.5)
    assert truth_windows.window(log, 0, 10, lane=2).counts == {"motorcycle": 1}
    # The queued one stands at 30 m with its rear at 34.4 m, in lane 2.
    assert truth_windows.window(log, 0, 10, lane=1).queue_max_m == 0.0
    assert truth_windows.window(log, 0, 10, lane=2).queue_max_m == pytest.approx(34.4)
    assert truth_windows.queue_at(log, 3.0) == (1, pytest.approx(34.4))


def test_headway_is_taken_within_a_lane() -> None:
    """Lane 1 at 1, 3 and 6 s, lane 2 at 2 s: headways 2 and 3 s, mean 2.5 s; in [5, 10) only the 3 s."""
    log = traffic(
        ("mpv", "through", 1, [-1.0], [False]),
        passed=tuple(passed(str(t), "car", lane, "through", t) for lane, t in ((1, 1.0), (2, 2.0), (1, 3.0), (1, 6.0))),
    )

    assert truth_windows.window(log, 0, 10).headway_mean_s == pytest.approx(2.5)
    assert truth_windows.window(log, 5, 10).headway_mean_s == pytest.approx(3.0)


def test_bicycles_are_counted_but_are_no_flow() -> None:
    """A bicycle stands in the counts and nowhere in flow and speed."""
    log = traffic(
        ("mpv", "through", 1, [-1.0], [False]), passed=(passed("0", "bicycle", 1, "through", 1.0),),
    )  # fmt: skip

    row = truth_windows.window(log, 0, 10)

    assert (row.counts, row.speed_n, row.flow_vps, row.speed_time_mean_mps) == ({"bicycle": 1}, 0, 0.0, None)


def test_cycle_with_a_residual_queue() -> None:
    """Green 2 s to 5 s, red from 6 s, next green at 9 s. Two cars queue from the start; the first crosses at 3 s, the
    second starts, leaves the queue at 5 s and still stands before the line when red begins: N_q 2, residual 1."""
    first = [10.0 - max(k - 20, 0) for k in range(60)]
    second = [20.0] * 100
    log = traffic(
        ("mpv", "through", 1, first, [k < 30 for k in range(60)]),
        ("mpv", "through", 1, second, [k < 50 for k in range(100)]),
        passed=(passed("0", "car", 1, "through", 3.0, arrived_s=2.5),),
        signals={"through": [(0.0, "red"), (2.0, "green"), (5.0, "yellow"), (6.0, "red"), (9.0, "green")]},
    )

    first_cycle, last = truth_cycles.cycles(log)

    assert (first_cycle.from_s, first_cycle.to_s) == (2.0, 9.0)
    assert (first_cycle.green_s, first_cycle.yellow_s, first_cycle.red_s) == (3.0, 1.0, 3.0)
    assert (first_cycle.queue_at_green_vehicles, first_cycle.queue_at_green_m) == (2, pytest.approx(24.4))
    assert (first_cycle.residual_queue_vehicles, first_cycle.discharged) == (1, 1)
    assert first_cycle.arrivals_on_green_ratio == 1.0
    assert (last.from_s, last.to_s, last.green_s, last.residual_queue_vehicles) == (9.0, None, None, None)


def test_who_would_be_at_the_line_in_green_arrives_on_green() -> None:
    """At 20 m/s from 40 m: in view at 0 s there at 2.0 s (red), in view at 1.0 s there at 3.0 s (green): 1 of 2. Who
    is first seen at 15 m, in the near half, says nothing."""
    ways = [40.0 - 0.3 * k for k in range(100)], [50.0 - k for k in range(100)], [15.0] * 100
    log = traffic(
        *(("mpv", "through", 1, front, [False] * 100) for front in ways),
        signals={"through": [(0.0, "red"), (2.5, "green"), (8.0, "red")]},
    )

    assert truth_windows.projected_arrivals(log, 0, 8) == (2, 1)
    assert truth_windows.projected_arrivals(log, 5, 8) == (0, 0)


def test_blind_seconds_are_cut_out_of_a_window() -> None:
    """The steady car is 40 to 0 m away from 1 to 5 s. Blind from 3 to 6 s: 7 s observed with 2 s and 20 m of it:
    density 2/(40·7); it crosses at 5.0 s, unseen, so neither count nor delay. Blind from 1.5 to 2 s: the near half,
    20 m from 3 s on, was seen whole, so its delay is known."""
    row = truth_windows.window(steady(), 0, 10, blind=((3.0, 6.0),))

    assert (row.observed_s, row.counts, row.traced_n) == (pytest.approx(7.0), {}, 0)
    assert row.density_vpm == pytest.approx(2 / (40 * 7))
    assert row.speed_space_mean_mps == pytest.approx(10.0)
    assert truth_windows.window(steady(), 0, 10, blind=((1.5, 2.0),)).traced_n == 1
    assert truth_windows.window(steady(), 0, 10, blind=((4.0, 4.5),)).traced_n == 0


def test_spans_are_cut_in_order_of_time() -> None:
    """[0, 10) without [2, 4) and [8, 12): [0, 2) and [4, 8)."""
    assert truth_windows.without((0.0, 10.0), ((2.0, 4.0), (8.0, 12.0))) == ((0.0, 2.0), (4.0, 8.0))


def test_who_drives_against_the_traffic_is_on_the_road() -> None:
    """A rider from the line upstream at 5 m/s for 8 s covers the 40 m: 8 s in 10 s of 40 m are 0.02 per metre, and the
    way counts against the traffic's, -5 m/s. Its body of 4.4 m (rear behind, so nearer the line) covers the 2 m before
    the line from the start until its rear has passed 2 m: 6.4 m at 5 m/s, 1.28 s of 10 in one lane of two."""
    front = [0.5 * k for k in range(100)]
    log = traffic(("mpv", "wrong_way", 1, front, [False] * 100))
    log = replace(log, rear_m=log.front_m - 4.4)

    row = truth_windows.window(log, 0, 10)

    assert row.density_vpm == pytest.approx(0.02)
    assert row.speed_space_mean_mps == pytest.approx(-5.0)
    assert row.occupancy_ratio == pytest.approx(1.28 / 10 / 2, abs=0.006)  # whole frames of 0.1 s


def test_gaps_run_from_rear_to_front_within_a_lane() -> None:
    """Lane 1: fronts at 10, 20 and 39 m, bodies of 4.4 m: gaps 5.6 and 14.6 m, mean 10.1 m; lane 2 alone has none."""
    still = [[m] * 20 for m in (10.0, 20.0, 39.0)]
    log = traffic(
        *(("mpv", "through", 1, front, [False] * 20) for front in still),
        ("mpv", "through", 2, [12.0] * 20, [False] * 20),
    )

    assert truth_windows.window(log, 0, 2).gap_mean_m == pytest.approx(10.1)
    assert truth_windows.window(log, 0, 2, lane=2).gap_mean_m is None


def test_saturation_flow_of_the_queue() -> None:
    """Green at 2 s: of queued cars that cross at 3, 6, 8, 10, 12, 14 and 20 s the first is too early and the last comes
    6 s late: 4 headways in 8 s, 0.5 a second. One car fewer is too few to tell."""
    times = (3.0, 6.0, 8.0, 10.0, 12.0, 14.0, 20.0)
    cars = [("mpv", "through", 1, [5.0] * 5, [True] * 5) for _ in times]
    signals = {"through": [(0.0, "red"), (2.0, "green"), (22.0, "yellow"), (25.0, "red"), (40.0, "green")]}
    some = [
        tuple(passed(str(i), "car", 1, "through", t) for i, t in enumerate(times) if t != out) for out in (0.0, 10.0)
    ]

    whole, short = (truth_cycles.cycles(traffic(*cars, frames=500, passed=p, signals=signals))[0] for p in some)

    assert whole.saturation_flow_vps == pytest.approx(4 / 8)
    assert short.saturation_flow_vps is None


def test_window_without_length_is_refused() -> None:
    """A window must end after it begins."""
    with pytest.raises(ValueError, match="must be after"):
        truth_windows.window(steady(), 5, 5)


def way(front_m: list[float], speed_mps: list[float]) -> Journey:
    """The journey of a car in lane 1 over 40 m."""
    lane = tuple(1 if m > 0 else None for m in front_m)
    front = np.array(front_m)
    return journey(
        Track("0", "mpv", np.arange(len(front)) * 1.0, front, front + 4.4, np.array(speed_mps), lane), 40.0, STEP_S
    )


def test_journey_counts_one_stop() -> None:
    """Fast for 1 s (it enters the 40 m at 0.5 s), below 5 km/h for 3 s from 1.0 s on, then over the line: one stop, 3 s
    stopped, arrived at 1.0 s."""
    front = [45.0 - k for k in range(10)] + [35.0] * 30 + [35.0 - 5 * k for k in range(1, 9)]
    found = way(front, [10.0] * 10 + [0.0] * 30 + [50.0] * 8)

    assert (found.stops, found.stopped_s, found.arrived_s) == (1, pytest.approx(3.0), pytest.approx(1.0))
    assert (found.from_s, found.from_m) == (pytest.approx(0.5), 40.0)


def test_short_slowness_is_no_stop() -> None:
    """Below 5 km/h for 1.5 s only: no stop; the arrival is the crossing, 35 m / 5 m a frame = 7 frames after 2.4 s."""
    front = [45.0 - k for k in range(10)] + [35.0] * 15 + [35.0 - 5 * k for k in range(1, 9)]
    found = way(front, [10.0] * 10 + [0.0] * 15 + [50.0] * 8)

    assert (found.stops, found.stopped_s) == (0, pytest.approx(1.5))
    assert found.arrived_s == pytest.approx(3.1)


def test_vehicle_that_stands_at_the_start_has_no_arrival() -> None:
    """Who stands when the clip begins has stopped before: neither its arrival nor that stop is known."""
    found = way([20.0] * 30 + [20.0 - 5 * k for k in range(1, 6)], [0.0] * 30 + [50.0] * 5)

    assert (found.arrived_s, found.stops) == (None, 0)


def test_truth_agrees_with_sumos_detectors(tmp_path: Path) -> None:
    """On 40 s of traffic every comparison holds: the same crossings as E1, speeds within 0.5 km/h at the line
    and 0.2 km/h over the area (E2), travel time within 0.2 s (E3), time spent within 1 % or 1 s,
    queues within 3 m."""
    plan = scenario.load(FOLDER / "scenarios" / "mini.yaml").model_copy(update={"duration_s": 40.0})
    simulate.simulate(plan, tmp_path)

    truth_file.write(tmp_path, plan.cameras[0], tmp_path / "mini.mp4")

    rows = json.loads((tmp_path / "mini.truth.json").read_text())["check"]
    assert {row["quantity"] for row in rows} >= {
        "crossings", "mean speed at the line", "time over the line", "time spent in the measured length",
        "mean speed in the measured length", "longest queue in red",
    }  # fmt: skip
    assert [row for row in rows if not row["holds"]] == []
    assert next(row for row in rows if row["quantity"] == "crossings")["ours"] >= 8


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.truth.json")), ids=lambda p: p.name.split(".")[0])
def test_files_give_the_truth_back(file: Path) -> None:
    """What is read from truth.json and traffic.parquet gives the clip's own window again, and every check holds."""
    content = json.loads(file.read_text())
    (item,) = content["approaches"]

    log = truth_windows.load(file)[item["approach"]]
    row = truth_windows.window(log, 0, log.duration_s)

    assert row.counts == item["counts"]
    assert row.queue_max_m == pytest.approx(item["queue_max_m"], abs=0.01)
    assert row.speed_space_mean_mps == pytest.approx(item["clip"][0]["speed_space_mean_mps"], abs=0.001)
    assert all(check["holds"] for check in content["check"])
    assert [c.from_s for c in truth_cycles.cycles(log)] == [c["from_s"] for c in item["cycles"]]


@pytest.mark.parametrize(
    ("name", "clips"),
    [
        ("simpang_empat_pagi", ("simpang_empat_pagi", "simpang_empat_pagi_timur")),
        ("jenuh", ("jenuh",)),  # two queues in one lane when green ends
    ],
)
def test_the_sample_clips_show_what_their_scenario_gives_today(
    name: str, clips: tuple[str, ...], tmp_path: Path
) -> None:
    """Simulating the scenario again gives the committed truth, byte for byte: the clips need not be filmed again."""
    kept = [FOLDER / f"{clip}.truth.json" for clip in clips]
    if json.loads(kept[0].read_text())["sumo"] != version("eclipse-sumo"):
        pytest.skip("the clips were made with another version of SUMO")
    plan = scenario.load(FOLDER / "scenarios" / f"{name}.yaml")
    simulate.simulate(plan, tmp_path / "run")

    for camera, file in zip(plan.cameras, kept, strict=True):
        truth_file.write(tmp_path / "run", camera, tmp_path / file.name.replace(".truth.json", ".mp4"))
        assert (tmp_path / file.name).read_bytes() == file.read_bytes()
