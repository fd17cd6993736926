"""The demo, run as a user runs it: no server, no network, and its figures beside the truth."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from simpang_twin.demo_parts import find_clips, port_or_free
from simpang_twin.demo_report import summarise
from simpang_twin.demo_truth import ApproachTruth, Crossing

from ..ingest import world

DEMO = [sys.executable, "-m", "simpang_edge.cli", "demo"]

# A clip of 10 s: a car at 2 s with 10 m/s, a motorcycle at 6 s with 5 m/s; the queue is 12 m at 1 s and 30 m at 8 s.
TRUTH = ApproachTruth(
    "utara", 10.0, (Crossing(2.0, "car", 10.0), Crossing(6.0, "motorcycle", 5.0)), ((1.0, 12.0), (8.0, 30.0))
)


def test_the_truth_of_a_begun_pass_is_what_was_played() -> None:
    """After 5 s only the car has crossed, at 36 km/h, and the queue reached 12 m."""
    expected = TRUTH.expected(5.0)
    assert expected.counts == {"car": 1}
    assert expected.mean_speed_kmh == pytest.approx(36.0)
    assert expected.queue_max_m == 12.0


def test_the_truth_of_a_looping_clip_counts_every_pass() -> None:
    """After 23 s two passes and 3 s: three cars, two motorcycles, mean (3·36 + 2·18)/5 = 28.8 km/h."""
    expected = TRUTH.expected(23.0)
    assert expected.counts == {"car": 3, "motorcycle": 2}
    assert expected.mean_speed_kmh == pytest.approx(28.8)
    assert expected.queue_max_m == 30.0


def test_nothing_played_has_no_speed() -> None:
    """Before the first crossing the mean speed is unknown, not zero."""
    assert TRUTH.expected(0.5).mean_speed_kmh is None


def test_a_report_adds_windows_and_weights_speeds_by_vehicles() -> None:
    """Two windows of 2 and 6 vehicles at 30 and 10 km/h have a mean of (2·30 + 6·10)/8 = 15 km/h."""
    rows = [_window(0, 2, 30.0), _window(1, 6, 10.0)]
    report = summarise(rows, None)
    assert report.mean_speed_kmh == pytest.approx(15.0)
    assert report.counts == {"motorcycle": 16, "car": 6}
    assert report.observed_s == 90.0


def _window(minute: int, vehicles: int, speed_kmh: float) -> Any:
    """A stored window as the ingestor makes it (8 motorcycles, 3 cars, 45 s observed)."""
    from msgspec.structs import replace
    from simpang_edge.message import Channel
    from simpang_ingest.points import Cities, to_rows

    (row,) = to_rows(world.message(Channel.WINDOW, [world.flow(minute)]), Cities())
    return replace(row, speed_kmh=speed_kmh, speed_n=vehicles)  # type: ignore[type-var]


def test_a_folder_without_clips_is_refused_with_what_is_needed(tmp_path: Path) -> None:
    """The error names the three files a clip consists of, and the exit code is 2."""
    done = subprocess.run(
        [*DEMO, "--headless", "--for", "5", "--clips", str(tmp_path)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "NAME.truth.json" in done.stderr


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    """The JSON of 40 s of the demo."""
    done = subprocess.run(
        [*DEMO, "--headless", "--for", "40", "--json"], capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    parsed: dict[str, Any] = json.loads(done.stdout)
    return parsed


def test_everything_published_is_stored(result: dict[str, Any]) -> None:
    """Nothing is lost between the boxes and the store, and nothing is refused."""
    assert result["published"] > 0
    assert result["stored"] == result["published"]
    assert (result["lost"], result["dead_letters"]) == (0, 0)


def test_every_clip_is_measured_and_compared(result: dict[str, Any]) -> None:
    """Each clip's approaches are in the list, with truth and error beside the figures."""
    wanted = {item.approach for clip in find_clips(None) for item in clip.approaches}
    assert {item["approach"] for item in result["approaches"]} == wanted
    for item in result["approaches"]:
        assert item["state"] in {"free", "dense", "congested", "jammed"}, item
        assert item["reason"]
        assert {"truth", "error"} <= set(item)


def test_measured_figures_are_near_the_truth(result: dict[str, Any]) -> None:
    """Per approach, the total is within 3 vehicles or 20 % of the truth, the mean speed within 6 km/h."""
    for item in result["approaches"]:
        true = sum(item["truth"]["counts"].values())
        assert abs(item["error"]["total"]) <= max(3, 0.2 * true), item
        assert item["error"]["mean_speed_kmh"] is None or abs(item["error"]["mean_speed_kmh"]) <= 6, item


def test_ctrl_c_stops_everything(tmp_path: Path) -> None:
    """After Ctrl-C the demo reports and leaves no process of its own behind."""
    process = subprocess.Popen(
        [*DEMO, "--port", "0", "--keep", str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stderr is not None
    lines = iter(process.stderr.readline, "")
    assert any("cameras live" in line for line in lines), "the demo ended by itself"
    time.sleep(6)
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "lost" in out
    assert family, "the demo had started no processes"
    assert not [child for child in family if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def test_a_port_in_use_is_named_and_the_default_is_replaced() -> None:
    """An explicit port that somebody has is refused in one line; the default gives way to a free one."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run([*DEMO, "--port", str(port)], capture_output=True, text=True, timeout=90, check=False)
        assert port_or_free(port) not in (0, port)
    assert done.returncode == 2
    assert str(port) in done.stderr
    assert "Traceback" not in done.stderr
