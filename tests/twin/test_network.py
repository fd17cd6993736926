"""Junctions of other shapes, and nets that are not ours."""

import subprocess
from pathlib import Path

import pytest
import yaml
from simpang_twin import approach, network, poses, production, scenario, simulate, truth
from simpang_twin.errors import RenderError, ScenarioError

CAMERA = {
    "id": "utara", "approach": "utara", "position_m": [4, -19, 9.5], "look_at_m": [3, 40, 0], "focal_px": 875,
    "length_m": 60,
}  # fmt: skip
HALF = {"motorcycle": 0.5, "car": 0.5}


def described(**more: object) -> dict[str, object]:
    """A scenario of 30 s with one camera."""
    return {
        "name": "shape", "seed": 5, "start_time": "2026-03-02T00:15:00Z", "warmup_s": 30, "duration_s": 30, "fps": 10,
        "cameras": [CAMERA],
    } | more  # fmt: skip


def crossed(plan: scenario.Scenario, folder: Path) -> list[truth.Crossing]:
    """Crossings of the camera's approach in a real run."""
    net, run = simulate.simulate(plan, folder)
    way = approach.approach(plan.cameras[0], net)
    return truth.crossings(truth.tracks(run, poses.poses(run), way, truth.sumo_lanes(run, way)), plan)


def test_three_arms_without_signal(tmp_path: Path) -> None:
    """Without a west arm nobody from the north turns right (west); there is no signal, and traffic still flows."""
    plan = scenario.Scenario.model_validate(described(
        junction={"arms": {"barat": None, "timur": {"priority": "minor", "lanes_in": 1}}, "lanes_in": 2},
        signal=None,
        demand=[{"arm": arm, "flow_vph": 700, "classes": HALF} for arm in ("utara", "selatan")],
    ))  # fmt: skip

    passed = crossed(plan, tmp_path)
    net = network.read(tmp_path / "net.xml")

    assert len(passed) >= 3
    assert {c.movement for c in passed} <= {"left", "through"}
    assert simulate.signal_states(tmp_path, plan, net, "utara") == []
    assert [len(net.edge(f"{arm}_in")) for arm in ("utara", "timur", "barat")] == [2, 1, 0]


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A net of SUMO's own generator: 3 x 3 junctions with signals."""
    file = tmp_path_factory.mktemp("grid") / "grid.net.xml"
    subprocess.run(
        [network.tool("netgenerate"), "--grid", "--grid.number", "3", "--grid.length", "150", "--lefthand", "true",
         "-L", "2", "--tls.guess", "true", "-o", str(file)], check=True, capture_output=True,
    )  # fmt: skip
    return file


def on_grid(grid: Path, **changed: dict[str, str]) -> dict[str, object]:
    """A scenario on the grid's middle junction."""
    arms = {
        "utara": {"edge_in": "B2B1", "edge_out": "B1B2"}, "timur": {"edge_in": "C1B1", "edge_out": "B1C1"},
        "selatan": {"edge_in": "B0B1", "edge_out": "B1B0", "from_edge": "A0B0"},
        "barat": {"edge_in": "A1B1", "edge_out": "B1A1"},
    } | changed  # fmt: skip
    demand = [{"arm": arm, "flow_vph": 900, "classes": HALF} for arm in ("utara", "selatan")]
    return described(network={"net_file": str(grid), "approaches": arms}, signal=None, demand=demand, duration_s=60)


def test_any_sumo_net_can_be_used(grid: Path, tmp_path: Path) -> None:
    """The approach lies around the junction's own middle, its net's own signal runs, vehicles cross in green."""
    plan = scenario.Scenario.model_validate(on_grid(grid))

    passed = crossed(plan, tmp_path)
    loaded, net, _ = simulate.load(tmp_path)

    assert net.origin_m == (150.0, 150.0)
    assert loaded.arms == ("utara", "timur", "selatan", "barat")
    assert {state for _, state in simulate.signal_states(tmp_path, plan, net, "utara")} == {"green", "yellow", "red"}
    assert len(passed) >= 5
    assert {c.movement for c in passed} <= {"left", "through", "right"}


def test_unknown_edge_is_named(grid: Path, tmp_path: Path) -> None:
    """An edge that the net lacks is named with the approach."""
    plan = scenario.Scenario.model_validate(on_grid(grid, utara={"edge_in": "X9", "edge_out": "B1B2"}))

    with pytest.raises(ScenarioError, match="approach utara: there is no edge 'X9'"):
        simulate.simulate(plan, tmp_path)


def test_net_file_is_named_from_the_scenario(grid: Path, tmp_path: Path) -> None:
    """A net file lies beside the scenario file, wherever the command is run; a missing one is an error of the file."""
    file = tmp_path / "far.yaml"
    file.write_text(yaml.safe_dump(on_grid(Path("other.net.xml"))))

    with pytest.raises(ScenarioError, match=r"net_file .*other\.net\.xml does not exist"):
        scenario.load(file)

    (tmp_path / "other.net.xml").write_bytes(grid.read_bytes())
    assert scenario.load(file).network is not None


def test_a_run_on_a_net_is_not_filmed(grid: Path, tmp_path: Path) -> None:
    """The renderer refuses a net that it cannot draw, before any work."""
    plan = scenario.Scenario.model_validate(on_grid(grid) | {"duration_s": 2, "warmup_s": 0})
    simulate.simulate(plan, tmp_path / "run")

    with pytest.raises(RenderError, match="draws junctions"):
        production.produce(tmp_path / "run", tmp_path / "x.mp4", None, 1, None)
    assert not (tmp_path / "x.mp4").exists()
