"""Junctions of other shapes, and nets that are not ours."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import yaml
from simpang_twin import approach, layout, network, poses, roadmap, scenario, simulate, streets, truth
from simpang_twin.errors import ScenarioError

THREE_ROADS = Path(__file__).parents[2] / "sample_videos" / "scenarios" / "simpang_tiga.yaml"
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


def test_pavements_are_no_lanes(tmp_path: Path) -> None:
    """In a right-hand net with pavements lane 1 is the first for vehicles, the pavement is drawn but not numbered, and
    the net's own crossings are its zebras."""
    file = tmp_path / "walks.net.xml"
    subprocess.run(
        [network.tool("netgenerate"), "--grid", "--grid.number", "2", "--grid.length", "120", "-L", "2",
         "--sidewalks.guess", "true", "--crossings.guess", "true", "-o", str(file)], check=True, capture_output=True,
    )  # fmt: skip
    arms = {"utara": layout.ArmEdges(edge_in="A1A0", edge_out="A0A1"), "timur": layout.ArmEdges(edge_in="B0A0",
            edge_out="A0B0")}  # fmt: skip

    net = network.read(file, layout.NetFile(net_file=file, approaches=arms))
    roads = roadmap.read(file, net.origin_m)

    assert [(lane.id, lane.index) for lane in net.edge("utara_in")] == [("A1A0_1", 0), ("A1A0_2", 1)]
    assert [lane.id for lane in roads.lanes if lane.edge == "A1A0" and lane.walk] == ["A1A0_0"]
    assert net.kerb_side == roads.kerb_side == 1
    assert roads.crossings


def test_lane_borders_follow_from_the_net() -> None:
    """Of the bent approach's two lanes the kerb lane is bounded by the kerb (left, in left-hand traffic) and a lane
    line, the other by that line and the centre line, because the other direction lies beside it; both end at a stop
    line, and lead left and right, right only."""
    plan = scenario.load(THREE_ROADS)
    assert plan.network is not None
    net = network.read(plan.network.net_file, plan.network)

    kerb, inner = roadmap.read(net.file, net.origin_m).edge("utara_masuk")

    assert (kerb.left, kerb.right, inner.left, inner.right) == ("edge", "dash", "dash", "double")
    assert kerb.stops
    assert inner.stops
    assert (kerb.arrows, inner.arrows) == ({"l", "r"}, {"r"})


def test_distance_to_the_carriageway_is_metric() -> None:
    """A point 2 m outside the kerb of the east approach (lanes of 3.2 m: 3.6 m left of the kerb lane's middle) lies
    3.6 - 1.6 = 2 m off the carriageway, the lane's middle on it."""
    plan = scenario.load(THREE_ROADS)
    assert plan.network is not None
    net = network.read(plan.network.net_file, plan.network)
    surface = streets.Streets(roadmap.read(net.file, net.origin_m))
    kerb = net.edge("timur_in")[0]
    ahead = (kerb.shape_m[-1] - kerb.shape_m[0]) / kerb.length_m
    middle = kerb.shape_m[-1] - 30 * ahead

    off = surface.outside_m(np.array([middle, middle + 3.6 * np.array([-ahead[1], ahead[0]])]))

    assert off[0] < 0
    assert off[1] == pytest.approx(2.0, abs=0.1)


def test_a_way_that_the_net_lacks_is_named(tmp_path: Path) -> None:
    """Edges the wrong way round: the message names the approach, the movement and both edges."""
    data = yaml.safe_load(THREE_ROADS.read_text())
    arms = data["network"]["approaches"]
    arms["barat"] = {"edge_in": "barat_keluar", "edge_out": "barat_masuk"}
    data["network"]["net_file"] = str(THREE_ROADS.parent / data["network"]["net_file"])
    plan = scenario.Scenario.model_validate(data)

    with pytest.raises(ScenarioError, match="nothing leads through from approach timur, from edge 'timur_masuk' to 'b"):
        simulate.simulate(plan, tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"look_at_m": [0, -90, 0]}, "the picture shows 0 of 8 points of approach utara", id="looks-away"),
        pytest.param({"position_m": [4, -900, 9]}, "917 m from the stop line", id="far"),
        pytest.param({"length_m": 500}, "length_m 500 must be at most 23", id="too-long"),
    ],
)
def test_a_camera_that_cannot_measure_is_refused(change: dict[str, object], said: str, tmp_path: Path) -> None:
    """Before anything is simulated, a camera without its approach in view is refused with the reason. The stop line
    of the usual junction lies 17 m north of the middle (900 + 17 = 917 m), its arm is 250 m long (250 - 17 = 233)."""
    demand = [{"arm": "utara", "flow_vph": 300, "classes": HALF}]
    plan = scenario.Scenario.model_validate(described(cameras=[CAMERA | change], signal=None, demand=demand))

    with pytest.raises(ScenarioError, match=said):
        simulate.simulate(plan, tmp_path)
    assert not list(tmp_path.iterdir())
