"""What the demo starts: an embedded broker and the edge workers, each in its own process."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import yaml
from iotcore import Broker
from simpang_edge.errors import ConfigurationError
from simpang_edge.message import MAX_BYTES
from simpang_edge.resources import shipped

from .demo_truth import ClipTruth

SITE: Final = "demo"
LOOPBACK: Final = "127.0.0.1"
POSITION: Final = {"latitude": -6.2886, "longitude": 106.7179}
"""Somewhere in Kota Tangerang Selatan: the simulated junction has no place of its own."""

WINDOWS_S: Final = (60, 900)
KEEP_ALL_S: Final = 86_400.0
"""The outboxes keep every record for the whole demo, so that the end can compare them with the store."""


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def port_or_free(wanted: int) -> int:
    """The wanted port of the loopback interface, or another one where somebody has it already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, wanted))
        except OSError:
            return free_port()
    return wanted


DEMO_CLIPS: Final = ("simpang_empat_pagi", "simpang_empat_pagi_timur")
"""What the demo plays without being told: two cameras of one junction, which a machine of two cores keeps up with."""


def find_clips(folder: Path | None) -> list[ClipTruth]:
    """The clips with truth and camera file in a folder (default: DEMO_CLIPS, which come with Simpang).

    Raises `ConfigurationError` when there is none.
    """
    where = folder or shipped("simpang_twin", "clips")
    where = where if where.is_dir() else shipped("simpang_twin", "scenarios").parent
    names = DEMO_CLIPS if folder is None else ("*",)
    clips = [ClipTruth.load(path) for name in names for path in sorted(where.glob(f"{name}.truth.json"))]
    if not clips:
        raise ConfigurationError(f"no clip with NAME.mp4, NAME.truth.json and NAME.camera.yaml in {where}")
    return clips


def camera_entry(clip: ClipTruth) -> dict[str, Any]:
    """The camera of a clip, played like a live stream, again and again; its id is the clip's name, so none clash."""
    entry: dict[str, Any] = yaml.safe_load(clip.camera_file.read_text(encoding="utf-8"))
    name = clip.clip.stem.replace("_", "-")
    place = {"name": f"Simpang Empat, {entry['id']}", "junction": "simpang-empat", "position": POSITION}
    played = {"id": name, "source": str(clip.clip.resolve()), "pace": "realtime", "loop": True, "simulated": True}
    return place | entry | played


def write_box(folder: Path, clips: Sequence[ClipTruth], broker_port: int) -> Path:
    """The edge's configuration for all clips; returns its path."""
    content = {
        "site": SITE,
        "city": "Demo",
        "broker": {"url": f"mqtt://{LOOPBACK}:{broker_port}", "protocol": "3.1.1"},
        "outbox": {"folder": str((folder / "outbox").resolve()), "keep_acked_s": KEEP_ALL_S},
        "windows_s": list(WINDOWS_S),
        "log_level": "warning",
        "cameras": [camera_entry(clip) for clip in clips],
    }
    path = folder / "box.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


@contextmanager
def broker() -> Iterator[int]:
    """The embedded broker on loopback; yields its port."""
    port = free_port()
    with Broker(port=port, listen=LOOPBACK, max_payload_size=MAX_BYTES):
        yield port


@contextmanager
def edge(box: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """``simpang edge run`` on a configuration; stopped by SIGTERM, so that it drains."""
    command = [sys.executable, "-m", "simpang_edge.cli", "edge", "run", str(box), "--parent", str(os.getpid())]
    with log.open("ab") as out, subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True) as process:
        try:
            yield process
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes], wait_s: float = 15) -> None:
    """Ask a process to end and wait; kill it only when it does not answer."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(wait_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
