"""``simpang edge check``: finds what is wrong without touching the network."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from simpang_edge.check import Report, check
from simpang_edge.message import Channel
from simpang_edge.outbox import Outbox

# The road plane of the tests: 32 pixels are 1 m across, 4 pixels are 1 m along; no perspective, so that lengths can
# be worked out by hand. Picture 320x240: 10 m wide, 60 m long.
BOX = """
site: tangsel
outbox: {{folder: outbox}}
{top}
cameras:
  - id: utara
    source: {source}
    calibration:
      points:
        - {{image: [0, 240], road: [0, 0]}}
        - {{image: [320, 240], road: [10, 0]}}
        - {{image: [320, 0], road: [10, {far}]}}
        - {{image: [0, 0], road: [0, 60]}}
        - {{image: [160, 120], road: [5, {middle}]}}
    approaches:
      - id: utara
        stop_line: [[0, 232], [320, 232]]
        lanes: [{{id: 1, polygon: {polygon}}}]
        length_m: {length}
        {speed}
"""
WHOLE = "[[0, 232], [320, 232], [320, 12], [0, 12]]"  # 220 px = 55 m


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second of 320x240."""
    file = tmp_path_factory.mktemp("clip") / "clip.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=8:duration=1", str(file)], check=True
    )
    return file


def report(folder: Path, clip: str | Path, **changes: str) -> Report:
    """Write a configuration and check it."""
    values = {
        "source": str(clip),
        "top": "",
        "far": "60",
        "middle": "30",
        "polygon": WHOLE,
        "length": "55",
        "speed": "speed_limit_kmh: 50",
        **changes,
    }
    file = folder / "box.yaml"
    file.write_text(BOX.format(**values), encoding="utf-8")
    return check(file)


def texts(report: Report, level: str) -> list[str]:
    """The findings of a level."""
    return [finding.text for finding in report.findings if finding.level == level]


def test_a_good_configuration_is_ok_and_shows_the_calibration_error(tmp_path: Path, clip: Path) -> None:
    """Exact points give an error of 0.00 m; the picture's size is read from the file."""
    result = report(tmp_path, clip)
    assert result.ok
    # 32 px are 1 m across: a motorcycle of 0.75 m is 24 px wide everywhere. Without perspective there is no camera.
    # The one lane is 320 px wide.
    wide, narrow, unknown = texts(result, "warning")
    assert "lane 1 is 10.0 m wide at the stop line" in wide
    assert "beyond 0 m a motorcycle is narrower than 30 px (its kind is uncertain); length_m is 55" in narrow
    assert "do not determine the camera's height" in unknown
    camera = result.cameras[0]
    assert camera.error_m == pytest.approx(0.0, abs=1e-6)
    assert (camera.size_px, camera.approaches, camera.lanes) == ((320, 240), 1, 1)


def test_points_that_do_not_fit_are_told_in_metres(tmp_path: Path, clip: Path) -> None:
    """One corner measured 20 m wrong cannot be a plane's picture; the allowed error is named."""
    result = report(tmp_path, clip, far="40")
    assert not result.ok
    assert any("calibration.points" in text and "max_error_m allows 1" in text for text in texts(result, "fault"))


def test_a_small_error_is_shown(tmp_path: Path, clip: Path) -> None:
    """The middle point half a metre off: an error between 0 and half a metre is shown, and that is no fault."""
    result = report(tmp_path, clip, middle="30.5")
    assert result.ok
    error_m = result.cameras[0].error_m
    assert error_m is not None
    assert 0.05 < error_m < 0.5


FAULTS = [
    pytest.param({"source": "nowhere.mp4"}, "nowhere.mp4", id="source file missing"),
    pytest.param({"source": "box.yaml"}, "box.yaml", id="source is no video"),
    pytest.param({"top": "model: {path: no.onnx}"}, "no.onnx", id="model file missing"),
    pytest.param({"top": "broker: {username: a, password_env: SIMPANG_NOT_SET}"}, "SIMPANG_NOT_SET", id="password"),
    pytest.param({"top": "broker: {url: 'mqtts://b', ca_file: no.crt}"}, "no.crt", id="certificate"),
    pytest.param({"top": "colour: red"}, "colour: 'red': unknown key", id="unknown key"),
]


@pytest.mark.parametrize(("changes", "expected"), FAULTS)
def test_faults(tmp_path: Path, clip: Path, changes: dict[str, str], expected: str) -> None:
    """What keeps a worker from running is a fault that names the thing."""
    result = report(tmp_path, clip, **changes)
    assert not result.ok
    assert any(expected in text for text in texts(result, "fault")), result.findings


WARNINGS = [
    pytest.param({"speed": ""}, "no speed ratio", id="no speed to compare with"),
    # 60 px / 4 px per metre = 15 m
    pytest.param(
        {"polygon": "[[0, 232], [320, 232], [320, 172], [0, 172]]", "length": "15"},
        "lane 1 reaches 15 m upstream; 20 m or more is needed",
        id="short lane",
    ),
    # 40 px / 4 px per metre = 10 m
    pytest.param(
        {"polygon": "[[0, 232], [320, 232], [320, 192], [0, 192]]", "length": "10"},
        "lane 1 reaches 10 m upstream; a queue cannot be told in less than queue.max_gap_m (15 m)",
        id="lane too short for a queue",
    ),
    pytest.param({"length": "120"}, "lane 1 reaches 55 m upstream of the stop line, length_m says 120", id="length"),
    pytest.param(
        {"polygon": "[[0, 232], [420, 232], [320, 12], [0, 12]]"},
        "outside the picture (320x240): lane 1",
        id="outside the picture",
    ),
    pytest.param(
        {"top": "broker: {url: 'mqtt://mqtt.example.org', username: a, password_file: box.yaml}"},
        "use mqtts://",
        id="password in clear",
    ),
    # 960 · 544 is more than 640 · 384, 320 · 192 less than the least that simpang-n was made for, 416 · 256
    pytest.param({"top": "model: {size: 960x544}"}, "finds less at inputs above 640x384", id="input too large"),
    pytest.param({"top": "model: {size: 320x192}"}, "was made for 416x256, 640x384, 960x544", id="input too small"),
]


@pytest.mark.parametrize(("changes", "expected"), WARNINGS)
def test_warnings(tmp_path: Path, clip: Path, changes: dict[str, str], expected: str) -> None:
    """What works, but worse than it could, is a warning."""
    result = report(tmp_path, clip, **changes)
    assert result.ok, result.findings
    assert any(expected in text for text in texts(result, "warning")), result.findings


def test_an_address_on_the_network_is_not_touched(tmp_path: Path) -> None:
    """The address belongs to nobody: a check that tried it would take long or fail."""
    result = report(tmp_path, "rtsp://192.0.2.1/stream")
    assert result.ok
    assert result.cameras[0].size_px is None


def test_the_last_trouble_of_a_worker_is_shown(tmp_path: Path, clip: Path) -> None:
    """A wrong password shows here too, from what the worker wrote down."""
    outbox = Outbox(tmp_path / "outbox", "utara")
    outbox.append(Channel.EVENT, lambda _: b"{}", 0.0)
    outbox.note("broker", "broker refuses user 'a' (bad user name or password)")
    outbox.close()
    assert any("refuses user 'a'" in text for text in texts(report(tmp_path, clip), "warning"))


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``simpang edge …``."""
    return subprocess.run(
        [sys.executable, "-m", "simpang_edge.cli", "edge", *arguments], capture_output=True, text=True, check=False
    )


def test_the_command_prints_a_table_and_its_exit_code_tells(tmp_path: Path, clip: Path) -> None:
    """0 when a worker can run, 1 when something must be corrected; the same in JSON."""
    assert report(tmp_path, clip).ok
    good = command("check", str(tmp_path / "box.yaml"))
    assert good.returncode == 0, good.stderr
    assert "0.00 m" in good.stdout
    assert "ok" in good.stdout.splitlines()[-1]
    report(tmp_path, "nowhere.mp4")
    bad = command("check", str(tmp_path / "box.yaml"), "--json")
    assert bad.returncode == 1
    found = json.loads(bad.stdout)
    assert found["ok"] is False
    assert "nowhere.mp4" in found["findings"][0]["text"]


def test_a_camera_s_password_is_not_shown(tmp_path: Path) -> None:
    """A report is something that one sends to others."""
    (tmp_path / "box.yaml").write_text("site: a\ncameras: [{id: a, source: 'rtsp://admin:hush@10.0.0.1/s'}]\n")
    (row,) = check(tmp_path / "box.yaml").cameras
    assert row.source == "rtsp://***@10.0.0.1/s"


# The same camera with perspective, looking along the road from 8 m above (u = 160 + 250·x/d, v = 250·8/d, d the
# distance): a motorcycle of 0.75 m is 250·0.75/d px wide, 20 px at d = 9.4 m.
EXITS = """
site: tangsel
outbox: {{folder: outbox}}
cameras:
  - id: utara
    source: {source}
    calibration:
      points:
        - {{image: [35, 200], road: [-5, 10]}}
        - {{image: [285, 200], road: [5, 10]}}
        - {{image: [97.5, 100], road: [-5, 20]}}
        - {{image: [222.5, 100], road: [5, 20]}}
    approaches:
      - id: utara
        stop_line: [[35, 200], [285, 200]]
        lanes:
          - {{id: 1, polygon: [[160, 200], [285, 200], [191, 50], [160, 50]]}}
          - {{id: 2, polygon: [[35, 200], [{inner}, 200], [{inner}, 50], [129, 50]]}}
        length_m: 30
        speed_limit_kmh: 50
    gates: [{{id: keluar, line: {gate}}}]
    movements: {movements}
"""
TWO = "[{id: lurus, approach: utara, turn: through, gate: keluar}, {id: kiri, approach: utara, turn: left}]"
THROUGH = "[{id: lurus, approach: utara, turn: through, gate: keluar}]"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, "beyond 0 m a motorcycle is narrower than 20 px (may not be counted)", id="pixels"),
        pytest.param({"gate": "[[10, 239], [500, 239]]"}, "gate keluar: outside the picture (320x240)", id="outside"),
        pytest.param({"gate": "[[10, -20], [300, 230]]"}, "line: point 1 [10, -20] lies above the horizon", id="sky"),
        pytest.param({"movements": "[]"}, "gate keluar: no movement leads to it", id="unused gate"),
        pytest.param({}, "only movement lurus can be told: its turn_share is always 1.0", id="one movement"),
        pytest.param({"movements": TWO}, "only movement lurus can be told", id="the other one's exit is not in view"),
        # The lower border, v = 240, lies at d = 250·8/240 = 8.3 m, the stop line at 10 m: 1.7 m of the junction.
        pytest.param({"movements": TWO}, "the picture ends 2 m past the stop line", id="no room to turn"),
        # Lane 2 from x = 35 to 210 px takes 50 of the 125 px of lane 1 at the line, and more farther up.
        pytest.param({"inner": "210"}, "approach utara: lanes 1 and 2 cross", id="crossing lanes"),
    ],
)
def test_warnings_about_exits_lanes_and_pixels(
    tmp_path: Path, clip: Path, changes: dict[str, str], expected: str
) -> None:
    """Each with its figure."""
    values = {"source": str(clip), "gate": "[[10, 239], [310, 239]]", "movements": THROUGH, "inner": "160", **changes}
    file = tmp_path / "box.yaml"
    file.write_text(EXITS.format(**values), encoding="utf-8")
    result = check(file)
    assert result.ok, result.findings
    assert any(expected in text for text in texts(result, "warning")), texts(result, "warning")


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        ("windows_s: [60, 300]", "warning: windows_s: without 900: what is usual is not learned"),
        ("windows_s: [300, 900]", "by windows of 300 s, so that state.on_windows (3) is 15 minutes"),
        ("record: {folder: /etc/hostname/tracks}", "fault: record.folder: /etc/hostname/tracks: cannot be written"),
    ],
)
def test_rules_of_the_box_that_leave_figures_unknown_are_told(
    tmp_path: Path, clip: Path, top: str, expected: str
) -> None:
    """Which figures, and why; with the defaults nothing of it is said."""
    found = [f"{one.level}: {one.text}" for one in report(tmp_path, clip, top=top).findings]
    assert any(expected in line for line in found)
    plain = [one.text for one in report(tmp_path, clip).findings]
    assert not [text for text in plain if "windows_s" in text or "record" in text]
