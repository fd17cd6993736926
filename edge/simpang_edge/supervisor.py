"""One process per camera: one crash is one camera. Starts them, starts them again, stops them together."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog

from .clock import Clock
from .parent import stop_with

POLL_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Restarts:
    """When to start a worker again; all in seconds.

    first, longest: back-off after a crash, doubled each time. steady: a worker that ran this long begins anew at
    `first`. unusable: after exit code 2 (a missing file, a wrong model). duplicate: after exit code 3.
    stop: how long workers may take to publish what they have; then they are killed (the outbox keeps the rest).
    """

    first_s: float = 1.0
    longest_s: float = 60.0
    steady_s: float = 60.0
    unusable_s: float = 30.0
    duplicate_s: float = 60.0
    stop_s: float = 10.0


@dataclass(slots=True)
class Child:
    """A camera's process; process None: it ended and is due again at `next_s`, or done for good."""

    camera: str
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    next_s: float = 0.0
    crashes: int = 0
    done: bool = False
    exits: list[int] = field(default_factory=list)


def worker_command(config: Path, camera: str, log_json: bool, record: Path | None = None) -> list[str]:
    """How a worker process is started."""
    command = [sys.executable, "-m", "simpang_edge.cli", "edge", "worker", str(config), "--camera", camera]
    recording = ["--record", str(record)] if record else []
    return [*command, "--parent", str(os.getpid()), *recording, *(["--log-json"] if log_json else [])]


class Supervisor:
    """Runs the workers of one box until all files have ended or until it is told to stop."""

    def __init__(
        self,
        cameras: Sequence[str],
        command: Callable[[str], list[str]],
        clock: Clock,
        restarts: Restarts | None = None,
    ) -> None:
        self.children = tuple(Child(camera) for camera in cameras)
        self._command = command
        self._clock = clock
        self._restarts = restarts or Restarts()
        self._random = random.Random()
        self._log = structlog.get_logger()

    def run(self, stop: threading.Event) -> None:
        """Until every worker ended by itself with exit code 0, or `stop` is set; then no process is left."""
        try:
            while not stop.is_set() and not all(child.done for child in self.children):
                for child in self.children:
                    self._look_after(child)
                stop.wait(POLL_S)
        finally:
            self._stop_all()

    def _look_after(self, child: Child) -> None:
        if child.process is not None:
            code = child.process.poll()
            if code is not None:
                self._ended(child, code)
        elif not child.done and self._clock.monotonic() >= child.next_s:
            self._start(child)

    def _start(self, child: Child) -> None:
        # No terminal input: a worker is stopped by signals only.
        child.process = subprocess.Popen(self._command(child.camera), stdin=subprocess.DEVNULL)
        child.started_s = self._clock.monotonic()
        self._log.info("worker started", camera=child.camera, process=child.process.pid)

    def _ended(self, child: Child, code: int) -> None:
        child.process = None
        child.exits.append(code)
        del child.exits[:-10]
        if code == 0:
            child.done = True
            self._log.info("worker finished", camera=child.camera)
            return
        pause_s = self._pause_s(child, code)
        child.next_s = self._clock.monotonic() + pause_s
        self._log.warning("worker ended; it is started again", camera=child.camera, code=code, after_s=round(pause_s))

    def _pause_s(self, child: Child, code: int) -> float:
        if code == 3:
            return self._restarts.duplicate_s
        if code == 2:
            return self._restarts.unusable_s
        ran_s = self._clock.monotonic() - child.started_s
        child.crashes = 1 if ran_s >= self._restarts.steady_s else child.crashes + 1
        longest_s = min(self._restarts.longest_s, self._restarts.first_s * 2.0 ** min(child.crashes - 1, 10))
        return longest_s * self._random.uniform(0.5, 1.0)

    def _stop_all(self) -> None:
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        until_s = self._clock.monotonic() + self._restarts.stop_s
        for process in running:
            try:
                process.wait(max(0.1, until_s - self._clock.monotonic()))
            except subprocess.TimeoutExpired:
                self._log.warning("worker did not stop in time and is killed", process=process.pid)
                process.kill()
                process.wait()


def run_box(
    config: Path,
    cameras: Sequence[str],
    log_json: bool,
    clock: Clock,
    parent: int | None = None,
    record: Path | None = None,
) -> None:
    """The workers of a box until SIGTERM or SIGINT, until process `parent` is gone, or until all files have ended."""
    stop = threading.Event()
    stop_with(parent, stop)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    Supervisor(cameras, lambda camera: worker_command(config, camera, log_json, record), clock).run(stop)
