"""The commands of the box as a person meets them."""

import json
import subprocess
import sys
import time
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml
from simpang_edge.message import Channel
from simpang_edge.outbox import Outbox

EXAMPLE = Path(__file__).parents[2] / "edge" / "simpang.example.yaml"
HEAVY = ("cv2", "onnxruntime", "av", "scipy", "numpy", "paho")


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``simpang edge …``."""
    return subprocess.run(
        [sys.executable, "-m", "simpang_edge.cli", "edge", *arguments], capture_output=True, text=True, check=False
    )


def test_the_schema_accepts_the_example_and_refuses_an_unknown_key() -> None:
    """An editor that reads the schema marks what ``check`` would."""
    done = command("schema")
    assert done.returncode == 0
    schema = json.loads(done.stdout)
    content = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    content = {key: value for key, value in content.items() if value is not None}
    for name, section in content.items():
        content[name] = section or {}
    jsonschema.validate(content, schema)
    with pytest.raises(jsonschema.ValidationError, match="Additional properties"):
        jsonschema.validate({**content, "colour": "red"}, schema)


def test_help_needs_nothing_heavy() -> None:
    """``simpang edge --help`` imports no numpy, no OpenCV, no onnxruntime, so it answers at once on a small box."""
    code = f"import sys, simpang_edge.edge_cli; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    begun_s = time.monotonic()
    shown = command("--help")
    assert "worker" in shown.stdout
    assert time.monotonic() - begun_s < 5.0  # under one second on an idle machine


def test_a_configuration_that_is_not_there_is_told_without_a_traceback(tmp_path: Path) -> None:
    """The file is named, and the exit code is 2."""
    for arguments in (("run",), ("worker", "--camera", "utara"), ("outbox", "status")):
        done = command(*arguments, str(tmp_path / "no.yaml"))
        assert done.returncode == 2
        assert "no.yaml" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_camera_that_is_not_in_the_configuration_is_told(tmp_path: Path) -> None:
    """The ids that there are, are named."""
    file = tmp_path / "box.yaml"
    file.write_text("site: a\ncameras: [{id: utara, source: x.mp4}, {id: timur, source: y.mp4}]\n", encoding="utf-8")
    done = command("worker", str(file), "--camera", "barat")
    assert done.returncode == 2
    assert "barat" in done.stderr
    assert "utara, timur" in done.stderr


def test_outbox_status_shows_what_waits_and_what_the_worker_said(tmp_path: Path) -> None:
    """Per camera: records, dropped ones, and the last words; a camera that never ran says so."""
    file = tmp_path / "box.yaml"
    file.write_text(
        "site: a\noutbox: {folder: outbox}\ncameras: [{id: utara, source: x.mp4}, {id: timur, source: y.mp4}]\n",
        encoding="utf-8",
    )
    outbox = Outbox(tmp_path / "outbox", "utara")
    outbox.append(Channel.EVENT, lambda _: b"{}", 0.0)
    outbox.append(Channel.EVENT, lambda _: b"{}", 60.0)
    outbox.note("broker", "broker mqtt://x cannot be reached")
    done = command("outbox", "status", str(file), "--json")
    outbox.close()
    assert done.returncode == 0, done.stderr
    utara, timur = json.loads(done.stdout)
    assert (utara["records"], utara["dropped"], utara["oldest"]) == (2, 0, "1970-01-01T00:00:00+00:00")
    assert "cannot be reached" in utara["said"]
    assert timur["said"] == "never ran"
    assert "utara" in command("outbox", "status", str(file)).stdout
