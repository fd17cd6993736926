"""Events of a scenario in a real SUMO run of 45 s, and what the run says of them."""

from pathlib import Path

import numpy as np
import pytest
from simpang_twin import approach, incidents, poses, scenario, simulate, truth, truth_file
from simpang_twin.fleet import BY_NAME
from simpang_twin.network import F64, Network
from simpang_twin.run import Run

PLAN = scenario.Scenario.model_validate({
    "name": "events", "seed": 7, "start_time": "2026-03-02T00:15:00Z", "warmup_s": 40, "duration_s": 45, "fps": 10,
    "junction": {
        "arm_length_m": 200, "keep_clear": False, "arms": {"selatan": {"lanes_in": 2, "lane_width_m": 3.0}},
    },
    "signal": {
        "phases": [
            {"arms": ["utara", "selatan"], "green_s": 14, "movements": ["left", "through"]},
            {"arms": ["utara", "selatan"], "green_s": 6, "movements": ["right"]},
            {"arms": ["timur", "barat"], "green_s": 10},
        ],
        "changes": [{"from_s": 1, "phases": [
            {"arms": ["utara", "selatan"], "green_s": 24}, {"arms": ["timur", "barat"], "green_s": 12},
        ]}],
    },
    "demand": [
        {"arm": "utara", "flow_vph": 700, "classes": {"motorcycle": 0.7, "car": 0.2, "three_wheeler": 0.1}},
        {"arm": "selatan", "flow_vph": 500, "classes": {"motorcycle": 0.8, "bicycle": 0.2}},
    ],
    "events": [
        {"type": "stopped_vehicle", "arm": "utara", "lane": 2, "along_m": 30, "from_s": 8, "to_s": 30},
        {"type": "kerb_stop", "arm": "utara", "along_m": 45, "at_s": 6, "dwell_s": 9},
        {"type": "emergency_stop", "arm": "selatan", "lane": 1, "along_m": 60, "at_s": 12, "hold_s": 4},
        {"type": "u_turn", "arm": "utara", "at_s": 5},
        {"type": "spillback", "arm": "selatan", "from_s": 20, "to_s": 40, "speed_kmh": 4},
        {"type": "wrong_way", "arm": "utara", "from_s": 15, "speed_kmh": 18},
        {"type": "pedestrians", "arm": "utara", "from_s": -5, "to_s": 30, "flow_pph": 900},
    ],
    "cameras": [{
        "id": "utara", "approach": "utara", "position_m": [4, -19, 9.5], "look_at_m": [3, 40, 0], "focal_px": 875,
        "length_m": 60,
    }],
})  # fmt: skip
STOPPED, KERB, EMERGENCY, U_TURN, RIDER = (str(900000 + i) for i in (0, 1, 2, 3, 5))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the run is kept."""
    return tmp_path_factory.mktemp("events")


@pytest.fixture(scope="module")
def result(folder: Path) -> tuple[Network, Run]:
    """The run."""
    return simulate.simulate(PLAN, folder)


def happened(result: tuple[Network, Run], kind: str) -> incidents.Incident:
    """The one incident of a type on the north approach."""
    net, run = result
    way = approach.approach(PLAN.cameras[0], net)
    (found,) = [x for x in incidents.incidents(run, PLAN, net, way) if x.type == kind]
    return found


def rows(run: Run, name: str) -> "np.ndarray[tuple[int], np.dtype[np.intp]]":
    """The rows of one road user."""
    return np.flatnonzero(run.vehicle == run.ids.index(name))


def test_the_same_events_give_the_same_bytes(folder: Path, result: tuple[Network, Run], tmp_path: Path) -> None:
    """A second run of the scenario writes the same run.npz, byte for byte."""
    simulate.simulate(PLAN, tmp_path)

    assert result[1].frames == 450
    assert (tmp_path / "run.npz").read_bytes() == (folder / "run.npz").read_bytes()


def test_stopped_vehicle_stands_at_its_place_and_time(result: tuple[Network, Run]) -> None:
    """It stands in lane 2, 30 m before the line, from about 8 s to 30 s."""
    found = happened(result, "stopped_vehicle")

    assert (found.lane, found.id) == (2, STOPPED)
    assert found.along_m == pytest.approx(30, abs=0.5)
    assert found.begin_s == pytest.approx(8, abs=5)
    assert found.end_s == pytest.approx(30, abs=0.3)


def test_angkot_stops_at_the_kerb(result: tuple[Network, Run]) -> None:
    """It stands for its 9 s within 0.3 m of the kerb: the kerb lane's outer edge is at x = 9.75, its half width 0.8."""
    found = happened(result, "kerb_stop")
    run = result[1]
    own = rows(run, KERB)
    standing = own[run.frame[own] == round((found.begin_s + 5) / 0.1)]

    assert found.end_s is not None
    assert found.end_s - found.begin_s == pytest.approx(9, abs=0.3)
    assert 9.75 - (run.front_m[standing[0], 0] + 0.8) == pytest.approx(0.15, abs=0.1)


def test_emergency_stop_brakes_hard(result: tuple[Network, Run]) -> None:
    """The driver brakes with 7.5 m/s², no harder, and stands for 4 s."""
    run = result[1]
    speed = run.speed_mps[rows(run, EMERGENCY)]

    assert np.diff(speed).min() / 0.1 == pytest.approx(-7.5, abs=0.5)
    assert (speed < 0.01).sum() * 0.1 >= 4.0


def test_u_turn_leaves_on_its_own_arm(result: tuple[Network, Run]) -> None:
    """The vehicle comes in on the north arm and ends on the north arm's exit, counted once as a U-turn."""
    net, run = result
    lanes = [run.lane_ids[i] for i in run.lane[rows(run, U_TURN)]]
    way = approach.approach(PLAN.cameras[0], net)
    passed = [
        c
        for c in truth.crossings(truth.tracks(run, poses.poses(run), way, truth.sumo_lanes(run, way)), PLAN)
        if c.id == U_TURN
    ]

    assert lanes[0].startswith("utara_in")
    assert lanes[-1].startswith("utara_out")
    assert [c.movement for c in passed] == ["u_turn"]


def test_spillback_slows_the_exit_down(result: tuple[Network, Run]) -> None:
    """From 20 s to 40 s nobody on the south exit is faster than 4 km/h times the fastest driver's factor of 1.25."""
    run = result[1]
    on_exit = np.array([name.startswith("selatan_out") for name in run.lane_ids])[run.lane]
    time_s = run.frame * 0.1
    inside = on_exit & (time_s > 20.5) & (time_s < 39.5)

    assert inside.sum() > 50
    assert run.speed_mps[inside].max() <= 4 / 3.6 * 1.25 + 1e-6
    assert run.speed_mps[on_exit & (time_s < 10)].max(initial=99) > 4


def test_rider_goes_upstream_and_counts_nowhere(result: tuple[Network, Run], folder: Path) -> None:
    """The wrong-way rider runs from the junction to 60 m upstream at 5 m/s: 12 s on the approach, in the kerb lane
    (0.6 m inside the kerb), no crossing, in no movement."""
    net, run = result
    found = happened(result, "wrong_way")
    log = truth_file.observed(folder, PLAN.cameras[0], PLAN, net, run)

    assert found.id == RIDER
    assert found.end_s is not None
    assert found.end_s - found.begin_s == pytest.approx(60 / 5, abs=0.2)
    own = log.vehicle == log.ids.index(RIDER)
    assert ((log.front_m > 0) & own).sum() * log.step_s == pytest.approx(12, abs=0.2)
    assert set(log.lane[own].tolist()) == {1}
    assert log.movements[log.ids.index(RIDER)] == "wrong_way"
    assert RIDER not in {p.crossing.id for p in log.passed}


def test_walkers_cross_in_gaps(result: tuple[Network, Run]) -> None:
    """While they walk, the bodies of people and vehicles never come nearer than 0.3 m."""
    run = result[1]
    pose = poses.poses(run)
    person = np.array([m == "pedestrian" for m in run.models])[run.vehicle]
    walking = np.flatnonzero(person & (run.speed_mps > 0))

    assert len(walking) > 200
    for row in walking:
        others = np.flatnonzero((run.frame == run.frame[row]) & ~person)
        assert _gap_m(run, pose, row, others) > 0.3


def _gap_m(run: Run, pose: poses.Poses, row: int, others: "np.ndarray[tuple[int], np.dtype[np.intp]]") -> float:
    """Smallest distance from a person's middle to the others' bodies, less the person's half width of 0.25 m."""
    best = np.inf
    for other in others:
        model = BY_NAME[run.models[run.vehicle[other]]]
        ahead: F64 = pose.heading[other]
        gap = run.front_m[row] - pose.centre_m[other]
        beyond = np.abs([gap @ ahead, gap @ np.array([ahead[1], -ahead[0]])])
        best = min(best, float(np.hypot(*np.clip(beyond - [model.length_m / 2, model.width_m / 2], 0, None))) - 0.25)
    return best


def test_right_turn_has_its_own_phase_and_the_plan_changes(folder: Path, result: tuple[Network, Run]) -> None:
    """Plan 1: 14+3+2, 6+3+2, 10+3+2 = 45 s, begun at 0. The clip starts at 40 s, in the third phase's yellow (39..42 -
    run time) and red (to 45), so plan 2 begins at clip time 5 s: 24 s of green for both movements."""
    through = simulate.signal_states(folder, PLAN, result[0], "utara", "through")
    right = simulate.signal_states(folder, PLAN, result[0], "utara", "right")

    assert through == right == [(0.0, "red"), (5.0, "green"), (29.0, "yellow"), (32.0, "red")]


def test_protected_right_turn_runs_alone(tmp_path: Path) -> None:
    """Under plan 1 the right turn is red while through is green, and green (19 s to 25 s) while through is red."""
    plan = PLAN.model_copy(update={
        "signal": PLAN.signal and PLAN.signal.model_copy(update={"changes": ()}), "warmup_s": 0.0, "duration_s": 30.0,
        "events": (),
    })  # fmt: skip
    net, _ = simulate.simulate(plan, tmp_path)

    assert simulate.signal_states(tmp_path, plan, net, "utara", "through") == [
        (0.0, "green"), (14.0, "yellow"), (17.0, "red"),
    ]  # fmt: skip
    assert simulate.signal_states(tmp_path, plan, net, "utara", "right") == [
        (0.0, "red"), (19.0, "green"), (25.0, "yellow"), (28.0, "red"),
    ]  # fmt: skip
