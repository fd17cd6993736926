"""Worker processes from end to end: a clip, the shipped model, a real broker, real signals."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest
from simpang_edge.config import load
from simpang_edge.data import Tracks
from simpang_edge.measure import replays
from simpang_edge.measure_cli import rows_of
from simpang_edge.message import AnyMessage, FlowRow, HealthRow, StatusRow, decode
from simpang_edge.tracklog import End, runs

from ..brokers import Heard, Listener, Mosquitto
from ..rtsp_server import RtspServer

START = "2026-11-24T02:00:01Z"

BOX = """
site: tangsel
broker: {{url: "{url}"}}
outbox: {{folder: {outbox}}}
model: {{size: 320x192}}
windows_s: [5, 10]
live_every_s: 0.5
health_every_s: 1
cameras:
"""

CAMERA = """
  - id: {id}
    source: {source}
    start_time: {start}
    pace: {pace}
    loop: {loop}
    analysis_fps: 4
    calibration:
      points:
        - {{image: [0, 191], road: [0, 0]}}
        - {{image: [319, 191], road: [8, 0]}}
        - {{image: [0, 20], road: [0, 50]}}
        - {{image: [319, 20], road: [8, 50]}}
    approaches:
      - id: utara
        stop_line: [[0, 170], [319, 170]]
        lanes: [{{id: 1, polygon: [[0, 170], [319, 170], [319, 20], [0, 20]]}}]
        length_m: 44
        speed_limit_kmh: 50
"""


def make_clip(file: Path, duration_s: int) -> Path:
    """Moving patterns, 320x192 at 8 frames per second, a key frame every second."""
    subprocess.run(
        [
            "ffmpeg",
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            f"testsrc2=size=320x192:rate=8:duration={duration_s}",
            "-c:v",
            "libx264",
            "-g",
            "8",
            "-bf",
            "0",
            "-pix_fmt",
            "yuv420p",
            str(file),
        ],
        check=True,
    )
    return file


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds."""
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", 12)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A Mosquitto that lets everyone in."""
    with Mosquitto(tmp_path / "broker") as running:
        yield running


class Site:
    """A box in a folder of its own."""

    def __init__(self, folder: Path, broker: Mosquitto, clip: Path) -> None:
        self.folder = folder
        self.broker = broker
        self.clip = clip
        self.processes: list[subprocess.Popen[str]] = []
        folder.mkdir(parents=True, exist_ok=True)

    def configure(
        self, *cameras: str, pace: str = "fast", loop: str = "false", address: str = "", start: str = START
    ) -> Path:
        """Write the configuration; address: of the source, default the clip; start: time of its first frame."""
        file = self.folder / "box.yaml"
        text = BOX.format(url=self.broker.url, outbox=self.folder / "outbox")
        for camera in cameras:
            text += CAMERA.format(id=camera, source=address or self.clip, start=start, pace=pace, loop=loop)
        file.write_text(text, encoding="utf-8")
        return file

    def start(self, config: Path, *command: str) -> subprocess.Popen[str]:
        """Start ``simpang edge …``; its log goes to a file in the folder."""
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        with (self.folder / "log").open("a", encoding="utf-8") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "simpang_edge.cli", "edge", command[0], str(config), *command[1:]],
                stderr=log,
                env=environment,
                text=True,
            )
        self.processes.append(process)
        return process

    def worker(self, config: Path) -> subprocess.Popen[str]:
        """Start the worker of camera utara."""
        return self.start(config, "worker", "--camera", "utara")

    def log(self) -> list[dict[str, Any]]:
        """The log's lines."""
        lines = (self.folder / "log").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


NewSite = Callable[[str], Site]


@pytest.fixture
def new_site(tmp_path: Path, broker: Mosquitto, clip: Path) -> Iterator[NewSite]:
    """Makes boxes; whatever a failed test leaves running is ended."""
    made: list[Site] = []

    def make(name: str) -> Site:
        made.append(Site(tmp_path / name, broker, clip))
        return made[-1]

    yield make
    for process in [process for site in made for process in site.processes]:
        if process.poll() is None:
            process.kill()
            process.wait()


def of(messages: list[Heard], channel: str) -> list[AnyMessage]:
    """The messages of a channel, decoded."""
    return [decode(m.topic, m.payload) for m in messages if m.topic.endswith(f"/{channel}")]


def flow_rows(messages: list[Heard]) -> list[FlowRow]:
    """The window rows heard."""
    return [row for message in of(messages, "window") for row in message.rows if isinstance(row, FlowRow)]


def observed_s(messages: list[Heard]) -> list[float]:
    """Observed seconds of the 5 s windows heard, in order."""
    rows = [row for row in flow_rows(messages) if row.x.scope == "approach" and row.x.window_s == 5]
    return [row.x.quality.observed_s for row in rows]


def source(messages: list[Heard]) -> str | None:
    """The source's state as last heard."""
    rows = [row for message in of(messages, "health") for row in message.rows if isinstance(row, HealthRow)]
    return rows[-1].source if rows else None


def state(messages: list[Heard]) -> str | None:
    """The last status heard."""
    rows = [row for message in of(messages, "status") for row in message.rows if isinstance(row, StatusRow)]
    return rows[-1].state if rows else None


def test_a_file_is_measured_to_its_end_and_every_record_arrives(broker: Mosquitto, new_site: NewSite) -> None:
    """02:00:01 to :13 in windows of 5 and 10 s: [00 05) [05 10) [10 15) and [00 10) [10 20), then goodbye."""
    site = new_site("box")
    with Listener(broker) as listener:
        process = site.worker(site.configure("utara"))
        assert process.wait(60) == 0
        heard = listener.wait(lambda m: state(m) == "offline")
    windows = of(heard, "window")
    assert [message.seq for message in windows] == list(range(1, len(windows) + 1))
    spans = set()
    for message in windows:
        rows = [row for row in message.rows if isinstance(row, FlowRow)]
        assert {row.x.scope for row in rows} >= {"approach", "lane"}
        spans.add((rows[0].date_observed_from.second, rows[0].x.window_s, round(rows[0].x.quality.observed_s)))
    # Frames 0.25 s apart from 02:00:01 to 02:00:12.75: 4, 5, 2.75 and 9, 2.75 s were observed.
    assert spans == {(0, 5, 4), (5, 5, 5), (10, 5, 3), (0, 10, 9), (10, 10, 3)}
    assert of(heard, "meta")
    assert of(heard, "health")


def test_a_camera_that_goes_and_comes_back(broker: Mosquitto, new_site: NewSite, tmp_path: Path) -> None:
    """RTSP server killed: offline in health within 10 s; started again: measuring goes on, the lost seconds show."""
    with RtspServer(make_clip(tmp_path / "long.mp4", 60)) as server, Listener(broker) as listener:
        site = new_site("box")
        process = site.worker(site.configure("utara", address=server.url))
        listener.wait(lambda m: any(seen_s >= 4.5 for seen_s in observed_s(m)), timeout_s=60)
        server.stop()
        lost_s = time.monotonic()
        listener.wait(lambda m: source(m) == "offline", timeout_s=10)
        listener.wait(lambda m: observed_s(m)[-1] == 0.0)
        server.start()
        away_s = time.monotonic() - lost_s
        listener.wait(lambda m: source(m) == "online", timeout_s=40)
        before = len(observed_s(listener.messages))
        listener.wait(lambda m: any(seen_s >= 4.5 for seen_s in observed_s(m)[before:]), timeout_s=40)
        process.terminate()
        assert process.wait(20) == 0
        heard = listener.wait(lambda m: state(m) == "offline")
    # All windows but the first and the last are whole: what is missing in them is what was lost.
    missing_s = sum(5.0 - seen_s for seen_s in observed_s(heard)[1:-1])
    assert missing_s >= away_s - 1.0
    unseen = [row for row in flow_rows(heard) if row.x.quality.observed_s == 0.0]
    assert unseen
    assert all(row.intensity is None and row.x.counts is None for row in unseen)


def test_the_same_file_gives_the_same_records(broker: Mosquitto, new_site: NewSite) -> None:
    """Two runs on two boxes differ in the time of sending and of starting only."""
    payloads = []
    for name in ("one", "two"):
        site = new_site(name)
        with Listener(broker, name=name) as listener:
            assert site.worker(site.configure("utara")).wait(60) == 0
            heard = listener.wait(lambda m: state(m) == "offline" and bool(of(m, "window")))
        records = [m.payload for m in heard if m.topic.endswith(("/window", "/cycle", "/event"))]
        payloads.append([re.sub(rb'"(boot|sent)":("[^"]*"|\d+)', b"", payload) for payload in records])
    assert len(payloads[0]) >= 5
    assert payloads[0] == payloads[1]


def test_sigterm_publishes_the_unfinished_windows_and_says_goodbye(broker: Mosquitto, new_site: NewSite) -> None:
    """Stopping a box loses nothing that it has seen; the exit code is 0."""
    site = new_site("box")
    with Listener(broker) as listener:
        process = site.worker(site.configure("utara", pace="realtime", loop="true"))
        listener.wait(lambda m: len(of(m, "live")) >= 2)
        before = len(of(listener.messages, "window"))
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        heard = listener.wait(lambda m: state(m) == "offline")
    assert len(of(heard, "window")) > before


def test_a_killed_worker_loses_no_record_that_it_had_finished(broker: Mosquitto, new_site: NewSite) -> None:
    """Killed with -9 and started again: the numbers heard have no hole, and the second start is the later one."""
    site = new_site("box")
    config = site.configure("utara", pace="realtime", loop="true")
    with Listener(broker) as listener:
        first = site.worker(config)
        listener.wait(lambda m: len(of(m, "window")) >= 1)
        first.kill()
        first.wait()
        second = site.worker(config)
        listener.wait(lambda m: len({message.boot for message in of(m, "window")}) == 2, timeout_s=40)
        second.terminate()
        assert second.wait(20) == 0
        windows = of(listener.wait(lambda m: state(m) == "offline"), "window")
    numbers = {message.seq for message in windows}
    assert numbers == set(range(1, max(numbers) + 1))
    boots = sorted({message.boot for message in windows})
    assert len(boots) == 2
    assert max(m.seq for m in windows if m.boot == boots[0]) < max(m.seq for m in windows if m.boot == boots[1])


def seen_s(messages: list[Heard]) -> dict[tuple[int, int], float]:
    """Observed seconds by start second and length of the window, as its last row says."""
    rows = [row for row in flow_rows(messages) if row.x.scope == "approach"]
    return {(row.date_observed_from.second, row.x.window_s): row.x.quality.observed_s for row in rows}


def test_a_worker_that_starts_again_completes_the_window_that_it_left(broker: Mosquitto, new_site: NewSite) -> None:
    """Frames of :01 to :12.75, then :15 to :26.75: of [10 20) the first run saw 2.75 s, the last row says 7.75."""
    site = new_site("box")
    with Listener(broker) as listener:
        assert site.worker(site.configure("utara")).wait(60) == 0
        first = seen_s(listener.wait(lambda m: state(m) == "offline"))
        assert site.worker(site.configure("utara", start="2026-11-24T02:00:15Z")).wait(60) == 0
        both = seen_s(listener.wait(lambda m: (20, 10) in seen_s(m)))
    assert first[(10, 10)] == pytest.approx(2.75, abs=0.3)
    assert both[(10, 10)] == pytest.approx(7.75, abs=0.3)
    assert both[(0, 10)] == first[(0, 10)]


def test_what_a_killed_worker_had_of_its_window_is_not_lost(broker: Mosquitto, new_site: NewSite) -> None:
    """Killed with -9 once [00 05) was told, at :08 or later; on again with :13: [10 15) has at least its last 2 s, and
    [05 10), of which the first run had noted 3 s or more when it told the window before, is told with them."""
    site = new_site("box")
    with Listener(broker) as listener:
        process = site.worker(site.configure("utara", pace="realtime"))
        listener.wait(lambda m: (0, 5) in seen_s(m), timeout_s=40)
        process.kill()
        process.wait()
        assert site.worker(site.configure("utara", start="2026-11-24T02:00:13Z")).wait(60) == 0
        found = seen_s(listener.wait(lambda m: state(m) == "offline"))
    assert 2.5 <= found[(5, 5)] <= 5.0
    assert 1.5 <= found[(10, 5)] <= 3.5


def test_two_workers_with_one_camera_id(broker: Mosquitto, new_site: NewSite) -> None:
    """On the same box the lock tells the second one, on another box the broker does; it says so and exits with 3."""
    site, other = new_site("box"), new_site("other")
    config = site.configure("utara", pace="realtime", loop="true")
    with Listener(broker) as listener:
        first = site.worker(config)
        listener.wait(lambda m: len(of(m, "live")) >= 1)
        second, third = site.worker(config), other.worker(other.configure("utara", pace="realtime", loop="true"))
        assert second.wait(40) == 3
        assert third.wait(40) == 3
        assert first.poll() is None
        assert of(listener.messages, "window") == [] or {m.boot for m in of(listener.messages, "window")} == {
            of(listener.messages, "live")[0].boot
        }
        first.terminate()
        assert first.wait(20) == 0
    assert any("another worker on this machine" in line["event"] for line in site.log())
    assert any("is online at" in line["event"] for line in other.log())


def test_a_path_that_is_wrong_is_told(new_site: NewSite) -> None:
    """The file is named, the exit code is 2, and there is no traceback."""
    site = new_site("box")
    process = site.worker(site.configure("utara", address="nowhere.mp4"))
    assert process.wait(40) == 2
    assert any("nowhere.mp4" in line["event"] for line in site.log())
    assert "Traceback" not in (site.folder / "log").read_text(encoding="utf-8")


def test_a_box_runs_all_its_cameras_and_leaves_no_process(broker: Mosquitto, new_site: NewSite) -> None:
    """Two cameras, one crashes and comes back alone; SIGTERM ends everything within ten seconds."""
    site = new_site("box")
    with Listener(broker) as listener:
        box = site.start(site.configure("utara", "selatan", pace="realtime", loop="true"), "run")
        listener.wait(lambda m: {x.camera for x in of(m, "live")} == {"utara", "selatan"}, timeout_s=40)
        workers = psutil.Process(box.pid).children(recursive=True)
        assert len(workers) == 2
        boots = {message.boot for message in of(listener.messages, "live")}
        workers[0].kill()
        listener.wait(lambda m: len({x.boot for x in of(m, "live")} - boots) == 1, timeout_s=40)
        workers = psutil.Process(box.pid).children(recursive=True)
        begun_s = time.monotonic()
        box.terminate()
        assert box.wait(20) == 0
        assert time.monotonic() - begun_s < 10
    assert not any(worker.is_running() for worker in workers)


def test_workers_do_not_outlive_a_killed_supervisor(broker: Mosquitto, new_site: NewSite) -> None:
    """Else the next supervisor would find its cameras taken."""
    site = new_site("box")
    with Listener(broker) as listener:
        box = site.start(site.configure("utara", pace="realtime", loop="true"), "run")
        listener.wait(lambda m: len(of(m, "live")) >= 1, timeout_s=40)
        workers = psutil.Process(box.pid).children()
        box.kill()
        box.wait()
        listener.wait(lambda m: state(m) == "offline")
    psutil.wait_procs(workers, timeout=10)
    assert not any(worker.is_running() for worker in workers)


def test_a_stopped_worker_leaves_a_whole_track_log(broker: Mosquitto, new_site: NewSite) -> None:
    """SIGTERM in the middle of a file of the log: every frame until then is in it, and measuring it again gives the
    windows that were published, the unfinished one included."""
    site = new_site("box")
    config = site.configure("utara", pace="realtime")
    with Listener(broker) as listener:
        process = site.start(config, "worker", "--camera", "utara", "--record", str(site.folder / "tracks"))
        listener.wait(lambda m: any(seen_s >= 3.5 for seen_s in observed_s(m)), timeout_s=60)
        process.terminate()
        assert process.wait(20) == 0
        heard = listener.wait(lambda m: state(m) == "offline")
    (run,) = runs(site.folder / "tracks")
    steps = list(run.steps())
    assert isinstance(steps[-1], End)
    assert run.source.size_px == (320, 192)
    frames = [step.time_s for step in steps if isinstance(step, Tracks)]
    assert max(later - earlier for earlier, later in pairwise(frames)) < 0.26  # 4 a second, none missing
    again = [row for _, row in rows_of(replays(site.folder / "tracks", load(config), None)) if isinstance(row, FlowRow)]
    assert again == flow_rows(heard)
