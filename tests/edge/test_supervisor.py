"""The supervisor with real processes: restarts with a pause, patience with duplicates, nothing left behind."""

import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from simpang_edge.clock import SystemClock
from simpang_edge.supervisor import Restarts, Supervisor, worker_command

QUICK = Restarts(first_s=0.2, longest_s=0.4, unusable_s=60.0, duplicate_s=60.0, stop_s=1.0)
IGNORES_SIGTERM = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"


def supervise(programs: dict[str, str], seconds_s: float) -> Supervisor:
    """Run Python programs as if they were workers, for a time or until all are done."""
    stop = threading.Event()
    supervisor = Supervisor(
        list(programs), lambda camera: [sys.executable, "-c", programs[camera]], SystemClock(), QUICK
    )
    timer = threading.Timer(seconds_s, stop.set)
    timer.start()
    supervisor.run(stop)
    timer.cancel()
    return supervisor


def test_it_ends_when_every_file_has_ended() -> None:
    """Exit code 0 is the end of a file: not started again, and when all have ended the box is done."""
    begun_s = time.monotonic()
    supervisor = supervise({"a": "pass", "b": "pass"}, 30.0)
    assert [child.exits for child in supervisor.children] == [[0], [0]]
    assert time.monotonic() - begun_s < 20


def test_a_crashed_worker_is_started_again_and_the_others_go_on() -> None:
    """One crash is one camera: the other one runs through."""
    supervisor = supervise({"bad": "raise SystemExit(1)", "good": "import time; time.sleep(60)"}, 3.0)
    bad, good = supervisor.children
    assert len(bad.exits) >= 2
    assert set(bad.exits) == {1}
    assert good.exits == []


@pytest.mark.parametrize(
    "code", [pytest.param(3, id="another worker has the camera"), pytest.param(2, id="unusable configuration")]
)
def test_what_only_a_person_can_change_is_not_tried_in_a_tight_loop(code: int) -> None:
    """A duplicate or an unusable configuration is tried again much later."""
    supervisor = supervise({"a": f"raise SystemExit({code})"}, 2.0)
    assert supervisor.children[0].exits == [code]


def test_a_worker_that_does_not_stop_is_killed_in_the_end() -> None:
    """After stop no process is left, whatever it does with signals."""
    begun_s = time.monotonic()
    supervisor = supervise({"a": IGNORES_SIGTERM, "b": "import time; time.sleep(60)"}, 1.5)
    assert time.monotonic() - begun_s < 10
    processes = [child.process for child in supervisor.children]
    assert all(process is not None and not psutil.pid_exists(process.pid) for process in processes)


def test_a_worker_is_started_through_the_public_command() -> None:
    """What the supervisor starts can be typed by a person too."""
    command = worker_command(Path("box.yaml"), "utara", log_json=True)
    assert command[1:7] == ["-m", "simpang_edge.cli", "edge", "worker", "box.yaml", "--camera"]
    assert "--log-json" in command


def test_every_worker_is_told_where_to_keep_tracks() -> None:
    """`edge run --record` is handed on; without it nothing is said."""
    assert "--record" not in worker_command(Path("box.yaml"), "utara", log_json=False)
    told = worker_command(Path("box.yaml"), "utara", log_json=False, record=Path("tracks"))
    assert told[told.index("--record") + 1] == "tracks"
