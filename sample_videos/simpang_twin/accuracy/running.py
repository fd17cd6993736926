"""Runs the edge worker as a process on one clip and gives back what it published, read from the broker."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml
from simpang_edge.message import Channel, FlowRow, decode, parse_topic

from . import detections, perfect
from .brokers import LOOPBACK, Heard, Listener, broker
from .cases import Case
from .errors import BenchError
from .perfect import Eyes
from .published import Published, read

SITE: Final = "bench"
WINDOWS_S: Final = (1, 60, 900)
"""The usual windows, and short ones: they place counts, queues and speeds in time."""

TURNS: Final = ("left", "through", "right")

OUTBOX: Final = "outbox"

STALL_S: Final = 180.0
"""A worker that publishes nothing for so long hangs."""

GOODBYE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Detector:
    """What finds the vehicles: `model` (a file, None: the default model) or `perfect` (the truth's boxes).

    size: width x height that the model's input has; None: the configuration's default. kept: folder in which the
    model's detections are kept, and taken from where they are there; None: they are found anew.
    """

    name: str
    model: Path | None = None
    eyes: Eyes | None = None
    size: str | None = None
    kept: Path | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One worker's run over one clip. folder: holds its configuration (box.yaml) and logs."""

    case: Case
    detector: Detector
    fps: float
    published: Published
    heard: tuple[Heard, ...]
    took_s: float
    folder: Path


Progress = Callable[[float], None]
"""Told how many seconds of the clip have been measured."""


def run(
    case: Case,
    detector: Detector,
    fps: float,
    folder: Path,
    progress: Progress,
    stop: threading.Event | None = None,
) -> Run:
    """Measure one clip with one detector at one analysis rate; `folder` holds configuration and logs.

    Raises `BenchError` when the worker fails or hangs, or when `stop` is set; then no process is left.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / OUTBOX, ignore_errors=True)  # what an earlier run left there would be published again
    truth = json.loads(case.truth.read_text(encoding="utf-8"))
    start_s = datetime.fromisoformat(truth["start_time"]).timestamp()
    began_s = time.monotonic()
    with broker(folder) as port:
        box = write_box(case, detector, fps, truth, port, folder)
        watch = _Watch(start_s, progress, stop or threading.Event())
        with Listener(port, watch.heard) as listener:
            _work(box, case, folder, watch)
            heard = _all(listener)
    return Run(case, detector, fps, read(heard), heard, time.monotonic() - began_s, folder)


class _Watch:
    """Notes when the last message came and how far the clip is, and whether the run is to stop."""

    def __init__(self, start_s: float, progress: Progress, stop: threading.Event) -> None:
        self.stop = stop
        self._start_s = start_s
        self._progress = progress
        self.last_s = time.monotonic()

    def heard(self, message: Heard) -> None:
        self.last_s = time.monotonic()
        if parse_topic(message.topic)[2] is not Channel.WINDOW:
            return
        for row in decode(message.topic, message.payload).rows[:1]:
            if isinstance(row, FlowRow) and row.x.window_s == WINDOWS_S[0]:
                self._progress(row.date_observed_to.timestamp() - self._start_s)


def write_box(case: Case, detector: Detector, fps: float, truth: dict[str, Any], port: int, folder: Path) -> Path:
    """The configuration of a run, as box.yaml in its folder; with kept detections, these in place of the model."""
    path = _write_box(case, detector, fps, truth, port, folder)
    if detector.kept is None or detector.eyes is not None:
        return path
    found = detections.kept(detections.file_of(detector.kept, case.name, fps), path)
    return _write_box(case, replace(detector, model=found, size=None), fps, truth, port, folder)


def _write_box(case: Case, detector: Detector, fps: float, truth: dict[str, Any], port: int, folder: Path) -> Path:
    model: dict[str, Any] = {"path": str(detector.model.resolve())} if detector.model else {}
    if detector.size:
        model["size"] = detector.size
    if detector.eyes is not None:
        recording = folder / f"{case.name}.seen.parquet"
        perfect.record(case.boxes, (truth["width"], truth["height"]), detector.eyes, recording)
        model = {"path": str(recording.resolve())}
    content = {
        "site": SITE,
        "broker": {"url": f"mqtt://{LOOPBACK}:{port}", "protocol": "3.1.1"},
        "outbox": {"folder": str((folder / OUTBOX).resolve())},
        "model": model,
        "windows_s": list(WINDOWS_S),
        "log_level": "warning",
        "cameras": [_camera(case, fps, truth)],
    }
    path = folder / "box.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def _camera(case: Case, fps: float, truth: dict[str, Any]) -> dict[str, Any]:
    start = datetime.fromisoformat(truth["start_time"]).astimezone(UTC).isoformat()
    entry = case.camera()
    entry.setdefault("movements", [move for item in entry["approaches"] for move in movements(item["id"])])
    played = {"source": str(case.clip.resolve()), "pace": "fast", "loop": False, "start_time": start}
    return entry | played | {"simulated": True, "analysis_fps": fps}


def movements(approach: str) -> list[dict[str, str]]:
    """The three turns of an approach by the shape of the path, for a camera file that names none."""
    return [{"id": f"{approach}-{turn}", "approach": approach, "turn": turn} for turn in TURNS]


def _work(box: Path, case: Case, folder: Path, watch: _Watch) -> None:
    """The worker's process from start to end."""
    command = [sys.executable, "-m", "simpang_edge.cli", "edge", "worker", str(box), "--camera", case.camera()["id"]]
    log = folder / "worker.log"
    with log.open("ab") as out:
        process = subprocess.Popen([*command, "--parent", str(os.getpid())], stdout=out, stderr=out)
    try:
        while process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
            if watch.stop.is_set():
                raise BenchError(f"{case.name}: stopped")
            if time.monotonic() - watch.last_s > STALL_S:
                raise BenchError(f"{case.name}: the worker has published nothing for {STALL_S:.0f} s; see {log}")
    finally:
        _end(process)
    if process.returncode != 0:
        raise BenchError(f"{case.name}: the worker ended with code {process.returncode}: {_last_lines(log)}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(15)
            return
        process.kill()
        process.wait()


def _last_lines(log: Path) -> str:
    return " | ".join(log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:])


def _all(listener: Listener) -> tuple[Heard, ...]:
    """All messages, once the worker's goodbye has come."""
    until_s = time.monotonic() + GOODBYE_S
    while not read(listener.heard).ended:
        if time.monotonic() > until_s:
            raise BenchError("the worker's goodbye did not arrive at the broker's subscriber")
        time.sleep(0.05)
    return listener.heard
