"""A real broker on loopback for one run, and a client that reads back what was published."""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from simpang_edge.message import MAX_BYTES, ROOT

from .errors import BenchError

LOOPBACK: Final = "127.0.0.1"
START_S: Final = 10.0
DEBIAN_PATH: Final = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"
"""Debian puts Mosquitto in sbin, which is not on everyone's PATH."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One message as it came."""

    topic: str
    payload: bytes


@contextmanager
def broker(folder: Path) -> Iterator[int]:
    """Mosquitto where it is installed, else the embedded broker; yields its port. Raises `BenchError`."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path=DEBIAN_PATH)
    with _mosquitto(program, folder) if program else _embedded() as port:
        yield port


@contextmanager
def _mosquitto(program: str, folder: Path) -> Iterator[int]:
    port = _free_port()
    config = folder / "mosquitto.conf"
    lines = (
        f"listener {port} {LOOPBACK}",
        "allow_anonymous true",
        "max_queued_messages 0",
        "log_type error",
        "user root",
    )
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with (folder / "mosquitto.log").open("ab") as log:
        process = subprocess.Popen([program, "-c", str(config)], stdout=log, stderr=log)
    try:
        _wait_port(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def _embedded() -> Iterator[int]:
    try:
        from iotcore import Broker
    except ImportError as exc:
        raise BenchError(
            "no MQTT broker: install Debian's mosquitto, or pip install 'simpang[demo]' for the embedded one"
        ) from exc
    port = _free_port()
    with Broker(port=port, listen=LOOPBACK, max_payload_size=MAX_BYTES):
        _wait_port(port)
        yield port


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _wait_port(port: int) -> None:
    until_s = time.monotonic() + START_S
    while True:
        try:
            socket.create_connection((LOOPBACK, port), timeout=1).close()
            return
        except OSError as exc:
            if time.monotonic() > until_s:
                raise BenchError(f"the broker does not listen on {LOOPBACK}:{port} after {START_S:.0f} s") from exc
            time.sleep(0.02)


class Listener:
    """Subscribes to everything on a broker; a context manager. on_message: called from the client's thread."""

    def __init__(self, port: int, on_message: Callable[[Heard], None]) -> None:
        self._heard: list[Heard] = []
        self._ready = threading.Event()
        self._on_message = on_message
        self._client = Client(
            CallbackAPIVersion.VERSION2, "simpang-bench", clean_session=True, protocol=MQTTProtocolVersion.MQTTv311
        )
        self._client.on_connect = lambda client, *_: client.subscribe(f"{ROOT}/#", qos=1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._take
        self._client.connect(LOOPBACK, port)

    @property
    def heard(self) -> tuple[Heard, ...]:
        """All that came so far."""
        return tuple(self._heard)

    def _take(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        heard = Heard(message.topic, bytes(message.payload))
        self._heard.append(heard)
        self._on_message(heard)

    def __enter__(self) -> Self:
        self._client.loop_start()
        if not self._ready.wait(START_S):
            raise BenchError("the broker does not answer a subscription")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()
