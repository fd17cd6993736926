"""Gates over the exits that a camera sees, by hand arithmetic."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from simpang_edge.config import Camera
from simpang_twin import exits, network, records, scenario, simulate
from simpang_twin.approach import approach
from simpang_twin.camera import pinhole

FOLDER = Path(__file__).parents[2] / "sample_videos" / "scenarios"
PLAN = scenario.load(FOLDER / "mini.yaml")
# mini: three lanes in, two out, of 3.25 m, so every exit begins 3 · 3.25 + 7 = 16.75 m from the middle.
EXIT_M = 16.75


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> network.Network:
    """The junction of `mini`."""
    return network.build(PLAN, tmp_path_factory.mktemp("net"))


def camera(height_m: float, focal_px: float) -> scenario.Camera:
    """High above the middle of the junction, looking down, top of the picture north (a millimetre off the plumb)."""
    place = {"position_m": (0.0, 0.0, height_m), "look_at_m": (0.0, 0.001, 0.0), "focal_px": focal_px}
    return PLAN.cameras[0].model_copy(update=place | {"width_px": 640, "height_px": 640})


def gates(net: network.Network, height_m: float) -> dict[str, np.ndarray]:
    """Gates of the north approach seen from above: at 320 px the view reaches as far from the middle as it is high."""
    own = camera(height_m, 320.0)
    found = exits.gates_m(pinhole(own), net, approach(own, net), exits.turns(PLAN, "utara"))
    return {str(turn): line for turn, line in found.items()}


def test_gates_lie_where_the_exits_begin(net: network.Network) -> None:
    """In left-hand traffic left from the north leads east, through south, right west. The gate of the east exit (two
    lanes of 3.25 m north of the middle) runs from 3 m beyond its kerb, y = 9.5, to 1 m over the middle, y = -1."""
    found = gates(net, 40.0)
    assert set(found) == {"left", "through", "right"}
    assert found["left"] == pytest.approx(np.array([[EXIT_M, 9.5], [EXIT_M, -1.0]]), abs=0.01)
    assert found["through"] == pytest.approx(np.array([[9.5, -EXIT_M], [-1.0, -EXIT_M]]), abs=0.01)
    assert found["right"] == pytest.approx(np.array([[-EXIT_M, -9.5], [-EXIT_M, 1.0]]), abs=0.01)


def test_a_gate_moves_into_the_junction_where_the_exit_is_out_of_the_picture(net: network.Network) -> None:
    """From 15 m the view reaches 15 m, less the margin of 3 % of 30 m: 14.1 m. The first whole metre inside is
    16.75 - 3 = 13.75."""
    assert gates(net, 15.0)["left"][:, 0] == pytest.approx([EXIT_M - 3, EXIT_M - 3], abs=0.01)


def test_an_exit_that_is_not_seen_has_no_gate(net: network.Network) -> None:
    """From 10 m the view reaches 9.4 m. On the left, where through traffic passes near, a gate lies at most 6 m before
    the exit, at 10.75 m: none; else at most 8 m, at 8.75 m, but over its width of 9.5 m: none either."""
    assert gates(net, 10.0) == {}


def test_the_camera_file_leads_every_movement_over_its_gate(tmp_path: Path) -> None:
    """The edge accepts the file; a camera that sees no exit has neither gates nor movements in it."""
    simulate.simulate(PLAN.model_copy(update={"duration_s": 0.8, "warmup_s": 0.8}), tmp_path)
    for own, wanted in ((camera(90.0, 320.0), 3), (PLAN.cameras[0], 0)):
        records.write_camera(tmp_path, own, tmp_path / "mini.mp4")
        entry = Camera.model_validate(yaml.safe_load((tmp_path / "mini.camera.yaml").read_text()))
        assert len(entry.gates) == wanted
        assert [move.gate for move in entry.movements] == ["keluar-timur", "keluar-selatan", "keluar-barat"][:wanted]
