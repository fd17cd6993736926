"""Real Mosquitto brokers on 127.0.0.1 for tests, and a client that listens to one.

with Mosquitto(tmp_path) as broker, Listener(broker) as listener:
    ...
    listener.wait(lambda messages: len(messages) >= 3)
"""

import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_port(port: int, timeout_s: float = 10.0) -> None:
    """Wait until somebody listens on a port of 127.0.0.1."""
    until_s = time.monotonic() + timeout_s
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.02)


def _program(name: str) -> str:
    """Path of a program that Debian puts in sbin, which is not on everyone's PATH."""
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    assert found, f"{name} is not installed: apt-get install mosquitto"
    return found


def make_certificates(folder: Path) -> None:
    """A certificate authority (ca.crt) and a server certificate for 127.0.0.1 (server.crt, server.key)."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    (folder / "san.txt").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    openssl(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "ca.key",
        "-out",
        "ca.crt",
        "-days",
        "2",
        "-subj",
        "/CN=Simpang test authority",
    )
    openssl(
        "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=127.0.0.1"
    )
    openssl(
        "x509",
        "-req",
        "-in",
        "server.csr",
        "-CA",
        "ca.crt",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-out",
        "server.crt",
        "-days",
        "2",
        "-extfile",
        "san.txt",
    )


@dataclass
class Mosquitto:
    """A Mosquitto of its own; stopping and starting it keeps port, configuration and (if asked) its persistence.

    users: user name to password; None lets everyone in. tls: serve TLS only, certificates in `folder`.
    extra: more lines of configuration.
    """

    folder: Path
    users: dict[str, str] | None = None
    tls: bool = False
    persistence: bool = False
    extra: str = ""
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """For `broker.url` of a configuration."""
        return f"{'mqtts' if self.tls else 'mqtt'}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it listens."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / f"mosquitto-{self.port}.conf"
        config.write_text("\n".join(self._lines()) + "\n")
        with (self.folder / "mosquitto.log").open("ab") as log:
            self.process = subprocess.Popen([_program("mosquitto"), "-c", str(config)], stdout=log, stderr=log)
        wait_port(self.port)

    def stop(self) -> None:
        """Stop it as an administrator would."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Take it away without a chance to save anything."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(10)
            self.process = None

    def _lines(self) -> list[str]:
        lines = [f"listener {self.port} 127.0.0.1", "user root", "log_type all", "log_timestamp_format %H:%M:%S"]
        lines += self._access()
        if self.tls:
            if not (self.folder / "server.crt").exists():
                make_certificates(self.folder)
            lines += [f"certfile {self.folder}/server.crt", f"keyfile {self.folder}/server.key"]
        if self.persistence:
            lines += ["persistence true", f"persistence_location {self.folder}/", "autosave_interval 1"]
        return [*lines, self.extra]

    def _access(self) -> list[str]:
        if self.users is None:
            return ["allow_anonymous true"]
        file = self.folder / "passwords"
        file.write_text("")
        for user, password in self.users.items():
            subprocess.run(
                [_program("mosquitto_passwd"), "-b", str(file), user, password], check=True, capture_output=True
            )
        return ["allow_anonymous false", f"password_file {file}"]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


@dataclass(frozen=True)
class Heard:
    """A message that a listener got."""

    topic: str
    payload: bytes
    retained: bool


class Listener:
    """Listens to topics of a broker (persistent session, so that it misses nothing while the broker is away)."""

    def __init__(
        self,
        broker: Mosquitto,
        topic: str = "simpang/v1/#",
        name: str = "listener",
        user: tuple[str, str] | None = None,
    ) -> None:
        self._topic = topic
        self._messages: list[Heard] = []
        self._ready = threading.Event()
        self._client = Client(
            CallbackAPIVersion.VERSION2, f"test-{name}", clean_session=False, protocol=MQTTProtocolVersion.MQTTv311
        )
        self._client.reconnect_delay_set(1, 1)
        if user:
            self._client.username_pw_set(*user)
        if broker.tls:
            self._client.tls_set(str(broker.folder / "ca.crt"))
        self._client.on_connect = lambda client, *_: client.subscribe(self._topic, qos=1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._take
        self._client.connect("127.0.0.1", broker.port)

    def _take(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._messages.append(Heard(message.topic, bytes(message.payload), message.retain))

    @property
    def messages(self) -> list[Heard]:
        """All that came so far."""
        return list(self._messages)

    def wait(self, done: Callable[[list[Heard]], bool], timeout_s: float = 20.0) -> list[Heard]:
        """Wait until the messages are as expected; fails with the topics heard when they never are."""
        until_s = time.monotonic() + timeout_s
        while not done(self.messages):
            assert time.monotonic() < until_s, f"heard only {[heard.topic for heard in self._messages][-20:]}"
            time.sleep(0.02)
        return self.messages

    def publish(self, topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> None:
        """Publish something and wait until the broker has it."""
        self._client.publish(topic, payload, qos, retain).wait_for_publish(10)

    def __enter__(self) -> Self:
        self._client.loop_start()
        assert self._ready.wait(10), "the broker did not answer the subscription"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()
