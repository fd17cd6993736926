"""Scenario files: what is wrong with them is said by key and value."""

from pathlib import Path

import pytest
import yaml
from simpang_twin import demand, scenario
from simpang_twin.errors import ScenarioError
from simpang_twin.layout import destination

SCENARIOS = Path(__file__).parents[2] / "sample_videos" / "scenarios"


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.yaml")), ids=lambda p: p.stem)
def test_shipped_scenarios_are_valid(path: Path) -> None:
    """Every scenario in the repository can be read."""
    assert scenario.load(path).frames > 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"sped": 3}, "sped", id="unknown key"),
        pytest.param({"fps": 12.3}, "whole number of milliseconds", id="frame time is not whole milliseconds"),
        pytest.param({"warmup_s": 1.01}, "warmup_s 1.01", id="warm-up is not a whole number of frames"),
        pytest.param({"start_time": "2026-03-02T00:15:00"}, "must carry its zone", id="time without zone"),
        pytest.param(
            {"demand": [{"arm": "utara", "flow_vph": 10, "classes": {"car": 0.5}}]}, "add up to 1", id="shares"
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
