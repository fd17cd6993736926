"""A short simulation with the real SUMO."""

from pathlib import Path

import numpy as np
import pytest
from simpang_twin import approach, poses, scenario, simulate, truth
from simpang_twin.errors import ScenarioError
from simpang_twin.network import Network
from simpang_twin.simulate import Run

MINI = Path(__file__).parents[2] / "sample_videos" / "scenarios" / "mini.yaml"


@pytest.fixture(scope="module")
def plan() -> scenario.Scenario:
    """The short scenario."""
    return scenario.load(MINI)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the run is kept."""
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def result(plan: scenario.Scenario, folder: Path) -> tuple[Network, Run]:
    """One simulated run."""
    return simulate.simulate(plan, folder)


def test_same_seed_gives_the_same_run(plan: scenario.Scenario, result: tuple[Network, Run], tmp_path: Path) -> None:
    """Simulating twice with one seed gives bit-identical positions and identical crossings; another seed does not."""
    net, first = result
    _, second = simulate.simulate(plan, tmp_path / "again")
    _, other = simulate.simulate(plan.model_copy(update={"seed": 4}), tmp_path / "other")
    way = approach.approach(plan.cameras[0], net)

    assert np.array_equal(first.front_m, second.front_m)
    assert _crossings(first, way, plan) == _crossings(second, way, plan)
    assert not np.array_equal(first.front_m, other.front_m)


def _crossings(run: Run, way: approach.Approach, plan: scenario.Scenario) -> list[truth.Crossing]:
    return truth.crossings(truth.tracks(run, poses.poses(run), way, truth.sumo_lanes(run, way)), plan)


def test_run_survives_saving(plan: scenario.Scenario, folder: Path, result: tuple[Network, Run]) -> None:
    """What is read back from the folder is what was simulated."""
    loaded_plan, net, run = simulate.load(folder)

    assert loaded_plan == plan
    assert run.ids == result[1].ids
    assert np.array_equal(run.front_m, result[1].front_m)
    assert len(net.edge("utara_in")) == 3


def test_traffic_keeps_left(result: tuple[Network, Run]) -> None:
    """South-bound traffic on the north arm drives on the east side (left in its direction), kerb lane outermost."""
    lanes = result[0].edge("utara_in")

    # Three lanes of 3.25 m from the centre line: middles at 1.625, 4.875 and 8.125 m, the kerb lane (0) outermost.
    assert [lane.shape_m[0, 0] for lane in lanes] == pytest.approx([8.125, 4.875, 1.625])


def test_bodies_follow_their_path(result: tuple[Network, Run]) -> None:
    """Rear bumpers lie a vehicle's length behind the front; nobody drives sideways: drift stays below 25 degrees."""
    run = result[1]
    pose = poses.poses(run)
    lengths = np.linalg.norm(run.front_m - pose.rear_m, axis=1)
    for vehicle in range(len(run.ids)):
        rows = np.flatnonzero(run.vehicle == vehicle)
        step = np.diff(run.front_m[rows], axis=0)
        moving = np.linalg.norm(step, axis=1) > 0.2
        ahead = (step[moving] * pose.heading[rows[1:]][moving]).sum(axis=1) / np.linalg.norm(step[moving], axis=1)
        assert (ahead > np.cos(np.radians(25))).all(), run.ids[vehicle]
    assert lengths.min() > 1.8


def test_signal_follows_the_plan(plan: scenario.Scenario, folder: Path, result: tuple[Network, Run]) -> None:
    """The clip starts 40 s = one whole cycle after the plan's start: the north arm is green for all 6 s."""
    assert simulate.signal_states(folder, plan, result[0], "utara") == [(0.0, "green")]
    assert simulate.signal_states(folder, plan, result[0], "timur") == [(0.0, "red")]


@pytest.mark.parametrize(("heading", "road"), [("toward", (3.25, 10.0)), ("away", (-3.25, -10.0))])
def test_road_frame_follows_the_camera(
    heading: str, road: tuple[float, float], plan: scenario.Scenario, result: tuple[Network, Run]
) -> None:
    """A point 10 m upstream in the kerb lane's middle is 10 m along for both headings; the road frame is the camera's.

    The north arm's stop line lies at y = 16.75 with its middle at x = 4.875; the kerb lane's middle is x = 8.125,
    3.25 m to the right for a camera that looks north (toward) and to the left for one that looks south (away).
    """
    camera = plan.cameras[0].model_copy(update={"heading": heading})
    way = approach.approach(camera, result[0])
    point = np.array([[8.125, 26.75]])

    assert way.along_m(point) == pytest.approx([10.0])
    assert way.road_m(point)[0] == pytest.approx(road)
    assert way.world_m(way.road_m(point))[0] == pytest.approx([8.125, 26.75])


def test_stopped_simulation_leaves_the_old_run(plan: scenario.Scenario, tmp_path: Path) -> None:
    """When SUMO fails, the folder still holds the run that was there, and nothing half-written lies beside it."""
    run = tmp_path / "run"
    simulate.simulate(plan, run)
    before = (run / "run.npz").read_bytes()
    net = tmp_path / "not.net.xml"
    net.write_text("<net/>")
    edges = {
        "utara": scenario.ArmEdges(edge_in="a", edge_out="b"),
        "timur": scenario.ArmEdges(edge_in="c", edge_out="d"),
    }
    broken = plan.model_copy(update={"network": scenario.NetFile(net_file=net, approaches=edges)})

    with pytest.raises(ScenarioError, match="there is no edge"):
        simulate.simulate(broken, run)

    assert (run / "run.npz").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["not.net.xml", "run"]


def test_folder_without_a_run_is_named(tmp_path: Path) -> None:
    """Loading a folder in which nothing was simulated says so, with the command that makes a run."""
    with pytest.raises(ScenarioError, match="no run in it; make one with: simpang twin simulate"):
        simulate.load(tmp_path)
