"""Nothing lost, nothing twice: real Mosquitto, real InfluxDB, an ingestor that is killed, servers that go away."""

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from simpang_ingest.config import Settings
from simpang_ingest.rows import CameraKey
from simpang_ingest.service import Service

from ..brokers import Mosquitto
from ..influx_adapter import Adapter
from ..influxd import Influxd
from .world import START_S, Sender, health, live, meta, settings, status, wait, window

SESSION = "max_queued_messages 0\nmax_inflight_messages 2000"
UTARA = CameraKey("tangsel", "utara")


class Process:
    """``simpang ingest run`` as a user starts it."""

    def __init__(self, folder: Path, chosen: Settings) -> None:
        self._file = folder / "ingest.yaml"
        self._file.write_text(yaml.safe_dump(chosen.model_dump(mode="json")))
        self._log = folder / "ingest.log"
        self.start()

    def start(self) -> None:
        """Start it."""
        command = [sys.executable, "-m", "simpang_edge.cli", "ingest", "run", "--config", str(self._file)]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self) -> None:
        """Take it away without a chance to store or acknowledge anything."""
        self.process.kill()
        self.process.wait(10)

    def terminate(self) -> int:
        """Ask it to stop; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def log(self) -> str:
        """What it has said."""
        return self._log.read_text()


def stored(path: Path) -> int:
    """Rows in the embedded store; 0 before there is one."""
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5) as db:
            return int(db.execute("SELECT count(*) FROM traffic_window").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def greet(chosen: Settings) -> None:
    """Let an ingestor connect once, so that the broker has its session."""
    with Service(chosen) as service:
        wait(lambda: service.health().broker, what=service.health)


def send_slowly(sender: Sender, numbers: range) -> None:
    """One after the other, each once the broker has the one before."""
    for number in numbers:
        sender.send(window(number))


def test_an_ingestor_killed_in_the_middle_of_a_batch_loses_nothing(tmp_path: Path) -> None:
    """Killed (-9) with 600 records received and none stored, and again in full flow: 2000 sent, 2000 rows."""
    path = tmp_path / "simpang.sqlite"
    with Mosquitto(tmp_path / "broker", extra=SESSION) as broker, Sender(broker.port) as sender:
        chosen = settings(tmp_path, broker.url, batch={"messages": 300, "wait_s": 0.3}, metrics={"enabled": False})
        greet(chosen)
        process = Process(tmp_path, chosen)
        wait(lambda: "connected" in process.log(), what=process.log)
        with closing(sqlite3.connect(path)) as db:
            db.execute("BEGIN IMMEDIATE")  # nobody else can write: what arrives now waits in the ingestor
            sender.send(*(window(n) for n in range(600)))
            time.sleep(0.5)
            process.kill()
            db.rollback()
        assert stored(path) == 0
        process.start()
        flow = threading.Thread(target=send_slowly, args=[sender, range(600, 1400)])
        flow.start()
        wait(lambda: stored(path) > 650, what=process.log)
        process.kill()
        flow.join()
        process.start()
        sender.send(*(window(n) for n in range(1400, 2000)))
        wait(lambda: stored(path) >= 2000, what=lambda: (stored(path), process.log()[-2000:]))
        assert process.terminate() == 0
    assert stored(path) == 2000  # the key is camera and time: a row cannot be there twice, and all 2000 differ


def influx_settings(folder: Path, broker: Mosquitto, adapter: Adapter, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """InfluxDB as the store."""
    monkeypatch.setenv("TEST_INFLUX_TOKEN", adapter.token)
    store = {"kind": "influxdb", "url": adapter.url, "org": "simpang", "bucket": "simpang/autogen", "timeout_s": 2,
             "token_env": "TEST_INFLUX_TOKEN", "database": "simpang"}  # fmt: skip
    return settings(folder, broker.url, store=store, batch={"messages": 200, "wait_s": 0.2})


def test_an_influxdb_that_is_away_for_a_while_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """InfluxDB is down at the start and again in the middle: all arrives, and meanwhile health says why."""
    influx = Influxd(tmp_path / "influx")
    with Mosquitto(tmp_path / "broker", extra=SESSION) as broker, Adapter(influx.url) as adapter:
        chosen = influx_settings(tmp_path, broker, adapter, monkeypatch)
        with Sender(broker.port) as sender, Service(chosen) as service:
            wait(lambda: service.health().broker)
            sender.send(*(window(n) for n in range(300)))
            wait(lambda: not service.health().store)
            assert "503" in service.health().reasons[0]
            assert service.totals().acknowledged == 0
            sender.send(live(queue_m=77.0), qos=0)
            wait(lambda: service.board.camera(UTARA) is not None)  # the live page goes on while the store is away
            influx.start()
            wait(lambda: service.totals().stored >= 300, what=service.health)
            influx.stop()
            sender.send(*(window(n) for n in range(300, 900)))
            time.sleep(1.0)
            influx.start()
            wait(lambda: service.totals().acknowledged >= 900, 30.0, service.health)
            assert service.health().state == "ok"
            assert (service.totals().lost, service.totals().dead_letters) == (0, 0)
            assert len(service.history.windows(UTARA, 60, START_S, START_S + 900 * 60)) == 900
        assert influx.count("traffic_window", "observed_s") == 900
        influx.kill()


def test_ingestor_and_influxdb_gone_together_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ingestor is killed while InfluxDB is down and messages wait unacknowledged; both come back."""
    with (
        Mosquitto(tmp_path / "broker", extra=SESSION) as broker,
        Influxd(tmp_path / "influx") as influx,
        Adapter(influx.url) as adapter,
        Sender(broker.port) as sender,
    ):
        chosen = influx_settings(tmp_path, broker, adapter, monkeypatch)
        greet(chosen)
        process = Process(tmp_path, chosen)
        sender.send(*(window(n) for n in range(200)))
        wait(lambda: influx.count("traffic_window", "observed_s") == 200, what=process.log)
        influx.kill()
        sender.send(*(window(n) for n in range(200, 700)))
        time.sleep(0.5)
        process.kill()
        sender.send(*(window(n) for n in range(700, 800)))
        influx.start()
        process.start()
        wait(lambda: influx.count("traffic_window", "observed_s") >= 800, 30.0, process.log)
        assert process.terminate() == 0
        assert influx.count("traffic_window", "observed_s") == 800


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_broker_that_stops_and_starts_loses_nothing(tmp_path: Path, protocol: str) -> None:
    """The session survives the broker's restart; old receipts are not used on the new connection."""
    extra = SESSION + "\nmax_inflight_messages 20"
    broker = Mosquitto(tmp_path / "broker", persistence=True, extra=extra)
    with (
        broker, Sender(broker.port) as sender,
        Service(settings(tmp_path, broker.url, broker={"protocol": protocol})) as service,
    ):  # fmt: skip
        wait(lambda: service.health().broker)
        sender.send(*(window(n) for n in range(500)))
        broker.stop()
        wait(lambda: not service.health().broker)
        broker.start()
        sender.send(*(window(n) for n in range(500, 1000)))
        wait(lambda: service.totals().stored >= 1000, what=service.totals)
        wait(lambda: stored(tmp_path / "simpang.sqlite") == 1000)
        assert service.totals().lost == 0
        assert service.health().state == "ok"


def test_no_broker_at_the_start_is_waited_for(tmp_path: Path) -> None:
    """The ingestor starts, says why it is degraded, and works when the broker comes."""
    broker = Mosquitto(tmp_path / "broker")
    with Service(settings(tmp_path, broker.url)) as service:
        wait(lambda: "cannot be reached" in " ".join(service.health().reasons))
        with broker, Sender(broker.port) as sender:
            wait(lambda: service.health().state == "ok", what=service.health)
            sender.send(window(1))
            wait(lambda: service.totals().stored == 1)


def test_a_wrong_password_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason names the user; the ingestor goes on trying."""
    monkeypatch.setenv("TEST_PASSWORD", "wrong")
    with Mosquitto(tmp_path / "broker", users={"ingest": "right"}) as broker:
        login = {"username": "ingest", "password_env": "TEST_PASSWORD"}
        with Service(settings(tmp_path, broker.url, broker=login)) as service:
            wait(lambda: "refuses user 'ingest'" in " ".join(service.health().reasons), what=service.health)


def test_two_ingestors_with_one_session_are_told_apart(tmp_path: Path) -> None:
    """They push each other out; soon one says why and lets the other work."""
    with (
        Mosquitto(tmp_path / "broker") as broker,
        Service(settings(tmp_path / "a", broker.url)) as first,
        Service(settings(tmp_path / "b", broker.url)) as second,
    ):
        both = (first, second)
        said = "is another ingestor using client id 'simpang-ingest'"
        wait(lambda: any(said in " ".join(service.health().reasons) for service in both))
        wait(lambda: any(service.health().state == "ok" for service in both))


def test_user_password_and_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ingestor works against a broker with authentication and a certificate of an own authority."""
    monkeypatch.setenv("TEST_PASSWORD", "right")
    with Mosquitto(tmp_path / "broker", users={"ingest": "right"}, tls=True) as broker:
        login: dict[str, Any] = {"username": "ingest", "password_env": "TEST_PASSWORD"}
        with Service(settings(tmp_path, broker.url, broker=login | {"ca_file": tmp_path / "broker/ca.crt"})) as service:
            wait(lambda: service.health().state == "ok", what=service.health)
        with Service(settings(tmp_path, broker.url, broker=login)) as service:
            wait(lambda: "certificate is not trusted" in " ".join(service.health().reasons), what=service.health)


def test_a_stop_stores_and_acknowledges_what_has_arrived(tmp_path: Path) -> None:
    """After a stop nothing comes again: a second ingestor with the same session gets nothing."""
    with Mosquitto(tmp_path / "broker", extra=SESSION) as broker, Sender(broker.port) as sender:
        chosen = settings(tmp_path, broker.url, batch={"messages": 10_000, "wait_s": 30})
        with Service(chosen) as service:
            wait(lambda: service.health().broker)
            sender.send(*(window(n) for n in range(300)))
            wait(lambda: service.totals().received == 300)
        assert stored(tmp_path / "simpang.sqlite") == 300
        with Service(chosen) as service:
            wait(lambda: service.health().broker)
            time.sleep(0.5)
            assert service.totals().received == 0


def test_everything_a_camera_says_reaches_store_and_board(tmp_path: Path) -> None:
    """Records, health and meta are stored; live, health, status and meta are on the board."""
    with Mosquitto(tmp_path / "broker") as broker, Sender(broker.port) as sender:
        sender.send(meta(), status(), retain=True)
        with Service(settings(tmp_path, broker.url)) as service:
            wait(lambda: service.health().broker)
            sender.send(window(1), health(), live(queue_m=12.0))
            wait(lambda: service.totals().stored == 3, what=service.totals)
            view = service.board.camera(UTARA)
            assert view is not None
            assert view.live
            assert view.live.rows[0].queue_m == 12.0
            assert view.health
            assert view.health.rows[0].source == "online"
            assert view.status
            assert view.status.rows[0].state == "online"
            assert view.meta
            assert view.meta.rows[0].name == "Simpang Utara"
            assert [camera.name for camera in service.history.cameras()] == ["Simpang Utara"]


def test_missing_and_repeated_records_are_counted(tmp_path: Path) -> None:
    """Numbers 1 2 5 5 are two lost and one repeated; 3 coming later leaves one lost."""
    with (
        Mosquitto(tmp_path / "broker") as broker, Sender(broker.port) as sender,
        Service(settings(tmp_path, broker.url)) as service,
    ):  # fmt: skip
        wait(lambda: service.health().broker)
        sender.send(window(1), window(2), window(5), window(5))
        wait(lambda: service.totals().received == 4)
        assert (service.totals().lost, service.totals().duplicates) == (2, 1)
        sender.send(window(3))
        wait(lambda: service.totals().received == 5)
        assert (service.totals().lost, service.totals().duplicates) == (1, 1)
