"""The commands, from scenario file to clip with truth."""

import json
from pathlib import Path

import av
import pyarrow.parquet as pq
import yaml
from simpang_twin.cli import app
from typer.testing import CliRunner

MINI = Path(__file__).parents[2] / "sample_videos" / "scenarios" / "mini.yaml"


def test_render_makes_clip_and_truth_from_a_scenario(tmp_path: Path) -> None:
    """`render SCENARIO --out clip.mp4` simulates, films and leaves the clip with its three files: 5 frames of 0.4 s."""
    file = tmp_path / "short.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(MINI.read_text()) | {"duration_s": 0.4}, default_flow_style=None))
    clip = tmp_path / "clip.mp4"

    done = CliRunner().invoke(app, ["render", str(file), "--out", str(clip), "--processes", "2"])

    assert done.exit_code == 0, done.output
    assert "5 frames drawn" in done.output
    assert "s of processor time a frame" in done.output
    truth = json.loads((tmp_path / "clip.truth.json").read_text())
    with av.open(str(clip)) as video:
        assert sum(1 for _ in video.decode(video=0)) == truth["frames"] == 5
    assert set(pq.read_table(tmp_path / "clip.boxes.parquet")["frame"].to_pylist()) == {0, 1, 2, 3, 4}
    camera = yaml.safe_load((tmp_path / "clip.camera.yaml").read_text())
    assert camera["source"] == "clip.mp4"
    assert len(camera["calibration"]["points"]) >= 6


def test_wrong_scenario_ends_with_a_message(tmp_path: Path) -> None:
    """A wrong scenario ends with exit code 1 and names the key; nothing is written."""
    file = tmp_path / "wrong.yaml"
    file.write_text(MINI.read_text() + "sped: 3\n")

    done = CliRunner().invoke(app, ["simulate", str(file), "--out", str(tmp_path / "run")])

    assert done.exit_code == 1
    assert "sped" in done.output
    assert not (tmp_path / "run").exists()


def test_unknown_camera_ends_with_the_known_ones(tmp_path: Path) -> None:
    """Asking for a camera that the scenario does not have names those that it has."""
    run = tmp_path / "run"
    CliRunner().invoke(app, ["simulate", str(MINI), "--out", str(run)])

    done = CliRunner().invoke(app, ["render", str(run), "--out", str(tmp_path / "x.mp4"), "--camera", "langit"])

    assert done.exit_code == 1
    assert "utara" in done.output
