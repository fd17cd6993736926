"""Scenario files: what is wrong with them is said by key and value."""

from pathlib import Path
from typing import get_args

import pytest
import yaml
from simpang_twin import demand, layout, scenario, traffic
from simpang_twin.errors import ScenarioError
from simpang_twin.layout import destination

SCENARIOS = Path(__file__).parents[2] / "sample_videos" / "scenarios"


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.yaml")), ids=lambda p: p.stem)
def test_shipped_scenarios_are_valid(path: Path) -> None:
    """Every scenario in the repository can be read."""
    assert scenario.load(path).frames > 0


CAMERA = {"id": "utara", "approach": "utara", "position_m": [4, -19, 9.5], "look_at_m": [3, 40, 0], "focal_px": 875}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"sped": 3}, "sped: no such key; did you mean seed\\? Allowed are: cameras, ", id="unknown key"),
        pytest.param({"duration_s": 0}, "duration_s: Input should be greater than 0", id="no length"),
        pytest.param({"duration_s": 0.1}, "at least two frames of 0.08 s", id="one frame"),
        pytest.param({"junction": {"lanes_in": 0}}, "junction.lanes_in: .* greater than or equal to 1", id="no lanes"),
        pytest.param(
            {"cameras": [CAMERA | {"faults": [{"type": "frozen", "from_s": 9}]}]},
            "cameras.0.faults.0.from_s 9 lies beyond the clip's end, duration_s is 6",
            id="late fault",
        ),
        pytest.param(
            {"cameras": [CAMERA | {"heigth_px": 360}]}, "cameras.0.heigth_px: .* you mean height_px", id="camera key"
        ),
        pytest.param(
            {"cameras": [CAMERA | {"position_m": [4, -19, -3]}]}, "height -3 must be 3 to 50 m", id="under the road"
        ),
        pytest.param(
            {"cameras": [CAMERA | {"look_at_m": [4, -19, 0]}]}, "look_at_m .* at least 1 m beside", id="straight down"
        ),
        pytest.param({"fps": 12.3}, "whole number of milliseconds", id="frame time is not whole milliseconds"),
        pytest.param({"warmup_s": 1.01}, "warmup_s 1.01", id="warm-up is not a whole number of frames"),
        pytest.param({"start_time": "2026-03-02T00:15:00"}, "must carry its zone", id="time without zone"),
        pytest.param(
            {"demand": [{"arm": "utara", "flow_vph": 10, "classes": {"car": 0.5}}]}, "add up to 1", id="shares"
        ),
        pytest.param(
            {"junction": {"arms": {"selatan": None}}}, "no arm selatan, only utara, timur, barat", id="missing arm"
        ),
        pytest.param({"junction": {"arms": {"utara": None, "barat": None}}}, "three or four arms", id="two arms"),
        pytest.param(
            {"junction": {"arms": {"utara": {"lanes_in": 2, "movements": [["left"]]}}}}, "has 1 lanes", id="lanes"
        ),
        pytest.param(
            {"demand": [{"arm": "utara", "flow_vph": 9, "classes": {"car": 1}, "models": {"car": {"becak": 1}}}]},
            "no model 'becak'",
            id="model",
        ),
        pytest.param(
            {"demand": [{"arm": "utara", "flow_vph": 9, "classes": {"person": 1}}]}, "are an event", id="people"
        ),
        pytest.param(
            {"signal": {"phases": [{"arms": ["timur"], "green_s": 9}, {"arms": ["barat"], "green_s": 9}]}},
            "arm utara has demand but no green",
            id="no green",
        ),
        pytest.param({"events": [{"type": "meteor"}]}, "meteor", id="unknown event"),
        pytest.param(
            {"events": [{"type": "pedestrians", "arm": "utara", "to_s": 3000, "flow_pph": 1200}]},
            "at most 800 people, got 1000",
            id="crowd",
        ),
        pytest.param(
            {"events": [{"type": "stopped_vehicle", "arm": "utara", "lane": 4, "along_m": 9, "from_s": 1, "to_s": 2}]},
            "lane 4 is not there, arm utara has 3",
            id="event lane",
        ),
        pytest.param(
            {"events": [{"type": "kerb_stop", "arm": "utara", "along_m": 240, "at_s": 1, "dwell_s": 2}]},
            "along_m 240 must be at most 210",
            id="event place",
        ),
        pytest.param(
            {"events": [{"type": "spillback", "arm": "utara", "from_s": 9, "to_s": 3}]},
            "must be after",
            id="event time",
        ),
    ],
)
def test_wrong_scenario_names_the_fault(change: dict[str, object], said: str, tmp_path: Path) -> None:
    """A wrong scenario is refused with the file, the key and what is allowed."""
    content = yaml.safe_load((SCENARIOS / "mini.yaml").read_text()) | change
    file = tmp_path / "wrong.yaml"
    file.write_text(yaml.safe_dump(content))

    with pytest.raises(ScenarioError, match=said) as caught:
        scenario.load(file)
    assert str(file) in str(caught.value)


def test_cycle_is_the_sum_of_its_phases() -> None:
    """Two phases of 15 s green, 3 s yellow and 2 s all red make a cycle of 40 s."""
    assert scenario.load(SCENARIOS / "mini.yaml").signal.cycle_s == 40.0


def test_left_hand_turns() -> None:
    """In left-hand traffic from the north: left leads east, straight on south, right west."""
    assert [destination("utara", m) for m in ("left", "through", "right")] == ["timur", "selatan", "barat"]


def test_departures_follow_the_flow() -> None:
    """1800 vehicles an hour over 600 s are 300 departures, within four standard deviations of a Poisson count."""
    plan = scenario.load(SCENARIOS / "mini.yaml")
    entry = plan.demand[0].model_copy(update={"flow_vph": 1800.0})
    long = plan.model_copy(update={"warmup_s": 0.0, "duration_s": 600.0, "demand": (entry,)})

    count = len(demand.departures(long))

    assert abs(count - 300) < 4 * 300**0.5


def test_pieces_change_the_demand() -> None:
    """Nothing before 100 s of clip time, then 3600 vehicles an hour for 100 s: 100 within four standard deviations,
    all of them bicycles that go left."""
    plan = scenario.load(SCENARIOS / "mini.yaml")
    piece = scenario.Piece(from_s=100, flow_vph=3600, classes={"bicycle": 1.0}, turns={"left": 1.0})
    entry = plan.demand[0].model_copy(update={"flow_vph": 0.0, "pieces": (piece,)})
    quiet = plan.model_copy(update={"warmup_s": 40.0, "duration_s": 200.0, "demand": (entry,)})

    found = demand.departures(quiet)

    assert found[0].time_s >= 140
    assert abs(len(found) - 100) < 4 * 100**0.5
    assert {(d.model, d.movement, d.to) for d in found} == {("bicycle", "left", "timur")}


def test_right_turns_are_protected_where_the_opposite_arm_stands() -> None:
    """With both arms green a right turn gives way; in a phase of its own arm or of right turns only it does not."""
    both = scenario.Phase(arms=("utara", "selatan"), green_s=10)
    alone = scenario.Phase(arms=("utara",), green_s=10)
    turns = scenario.Phase(arms=("utara", "selatan"), green_s=10, movements=("right",))

    assert [demand.green_letter(phase, "utara", "right") for phase in (both, alone, turns)] == ["g", "G", "G"]
    assert not turns.gives("utara", "through")


def test_every_traffic_key_is_documented() -> None:
    """Every key of roads, signal, demand and events stands in the scenarios' README."""
    text = (SCENARIOS / "README.md").read_text(encoding="utf-8")
    parts = [layout.Junction, layout.ArmLayout, layout.NetFile, layout.ArmEdges, layout.Phase, layout.PlanChange,
             layout.Signal, traffic.Piece, traffic.Demand, *get_args(get_args(traffic.Event)[0])]  # fmt: skip

    missing = [f"{part.__name__}.{key}" for part in parts for key in part.model_fields if key not in text]

    assert missing == []
