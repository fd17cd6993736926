"""The publisher against real brokers: order, loss, refusal, TLS, birth and last will, two workers of one camera."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from simpang_edge.clock import SystemClock
from simpang_edge.config import Broker
from simpang_edge.errors import ConfigurationError, DuplicateWorkerError
from simpang_edge.message import Channel, EventRow, LiveRow, MetaRow, StatusRow, decode, utc
from simpang_edge.outbox import Outbox
from simpang_edge.publisher import Publisher, PublisherStatus
from simpang_edge.publisher_session import Pace
from simpang_edge.records import Identity, new_owner
from structlog.testing import capture_logs

from ..brokers import Heard, Listener, Mosquitto, free_port, wait_port

CLOCK = SystemClock()
QUICK = Pace(backoff_first_s=0.1, backoff_max_s=0.3, refused_s=0.3, heartbeat_s=0.5, listen_s=1.5)
META = MetaRow(name="Utara", software="0", config_hash="0", analysis_fps=8)


class Edge:
    """An outbox and a publisher, as a worker has them."""

    def __init__(
        self, folder: Path, broker: Broker, pace: Pace = QUICK, keep_acked_s: float = 30.0, start: bool = True
    ) -> None:
        self.outbox = Outbox(folder, "utara")
        self.identity = Identity("tangsel", "utara", self.outbox.new_boot(CLOCK.now()), new_owner())
        self.publisher = Publisher(
            broker, self.identity, self.outbox, META, CLOCK, keep_acked_s=keep_acked_s, pace=pace
        )
        if start:
            self.publisher.start()

    def put(self, count: int) -> None:
        """Append events."""
        for _ in range(count):
            self.outbox.append(Channel.EVENT, self._payload, CLOCK.now())

    def _payload(self, seq: int) -> bytes:
        row = EventRow(id=f"event-{seq}", type="congestion", begin=utc(0.0), severity="info")
        return self.identity.encode(Channel.EVENT, [row], seq, CLOCK.now())

    def live(self) -> None:
        """Offer live figures."""
        payload = self.identity.encode(Channel.LIVE, [LiveRow(scope="approach", approach="a")], 0, CLOCK.now())
        self.publisher.offer(Channel.LIVE, payload)

    def wait(self, done: Callable[[PublisherStatus], bool], timeout_s: float = 15.0) -> PublisherStatus:
        """Wait for a status of the publisher."""
        until_s = time.monotonic() + timeout_s
        while not done(self.publisher.status()):
            assert time.monotonic() < until_s, self.publisher.status()
            time.sleep(0.02)
        return self.publisher.status()

    def close(self) -> bool:
        """Stop; whether everything was acknowledged."""
        drained = self.publisher.stop(5.0)
        self.outbox.close()
        return drained


def numbers(messages: list[Heard]) -> list[int]:
    """The numbers of the events heard, in the order of arrival."""
    return [decode(m.topic, m.payload).seq for m in messages if m.topic.endswith("/event")]


def states(messages: list[Heard]) -> list[StatusRow]:
    """The status rows heard."""
    rows = [row for m in messages if m.topic.endswith("/status") for row in decode(m.topic, m.payload).rows]
    return [row for row in rows if isinstance(row, StatusRow)]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A Mosquitto that lets everyone in."""
    with Mosquitto(tmp_path / "broker") as running:
        yield running


def test_records_arrive_in_order_and_the_goodbye_is_retained(tmp_path: Path, broker: Mosquitto) -> None:
    """200 records in order, each once; afterwards the broker knows the camera as stopped on purpose."""
    with Listener(broker) as listener:
        edge = Edge(tmp_path / "outbox", Broker(url=broker.url))
        edge.put(200)
        listener.wait(lambda m: len(numbers(m)) >= 200)
        assert edge.close()
        heard = listener.wait(lambda m: states(m)[-1].state == "offline")
    assert numbers(heard) == list(range(1, 201))
    with Listener(broker, name="late") as late:
        retained = late.wait(lambda m: len(m) >= 2)
    assert {m.topic.rsplit("/", 1)[1] for m in retained} == {"meta", "status"}
    assert states(retained)[0].reason == "stopped"


def test_the_last_will_says_offline_when_the_worker_dies(tmp_path: Path, broker: Mosquitto) -> None:
    """A worker that is killed cannot say goodbye; the broker does."""
    code = (
        "import sys, time; from pathlib import Path; from simpang_edge.clock import SystemClock;"
        "from simpang_edge.config import Broker; from simpang_edge.message import MetaRow;"
        "from simpang_edge.outbox import Outbox; from simpang_edge.publisher import Publisher;"
        "from simpang_edge.records import Identity;"
        "clock = SystemClock(); meta = MetaRow(name='u', software='0', config_hash='0', analysis_fps=8);"
        "p = Publisher(Broker(url=sys.argv[1]), Identity('tangsel', 'utara', 1, 'x'),"
        " Outbox(Path(sys.argv[2]), 'utara'), meta, clock); p.start(); time.sleep(60)"
    )
    with Listener(broker) as listener:
        process = subprocess.Popen([sys.executable, "-c", code, broker.url, str(tmp_path / "outbox")])
        listener.wait(lambda m: bool(states(m)) and states(m)[-1].state == "online")
        process.kill()
        process.wait()
        heard = listener.wait(lambda m: states(m)[-1].state == "offline")
    assert states(heard)[-1].reason == "connection lost"


def test_a_stopped_and_started_broker_loses_nothing(tmp_path: Path) -> None:
    """Records of the time without a broker arrive after it; live figures of that time are dropped and counted."""
    # With persistence, as deployed: else the broker forgets the listener, and it may come back later than the edge.
    with Mosquitto(tmp_path / "broker", persistence=True) as broker, Listener(broker) as listener:
        edge = Edge(tmp_path / "outbox", Broker(url=broker.url))
        edge.put(10)
        listener.wait(lambda m: len(numbers(m)) >= 10)
        broker.stop()
        edge.wait(lambda s: not s.online)
        edge.put(10)
        edge.live()
        broker.start()
        listener.wait(lambda m: set(numbers(m)) == set(range(1, 21)))
        assert edge.publisher.status().dropped == 1
        assert edge.publisher.status().connections == 2
        assert edge.close()


def test_a_killed_broker_gets_again_even_what_it_had_acknowledged(tmp_path: Path, broker: Mosquitto) -> None:
    """Mosquitto acknowledges before it saves: its queue for an absent ingestor dies with it; the edge sends again."""
    with Listener(broker):
        pass  # leaves its session behind: the broker queues for it in memory
    edge = Edge(tmp_path / "outbox", Broker(url=broker.url))
    edge.put(50)
    edge.wait(lambda s: s.acked == 50)
    broker.kill()
    edge.wait(lambda s: not s.online)
    broker.start()
    with Listener(broker) as listener:
        edge.put(1)
        listener.wait(lambda m: set(numbers(m)) >= set(range(1, 52)))
    edge.close()


def test_a_broker_that_hangs_is_left_and_found_again(tmp_path: Path, broker: Mosquitto) -> None:
    """A frozen broker or a cut cable gives no error, only silence: noticed by the keep-alive, nothing is lost."""
    assert broker.process is not None
    edge = Edge(tmp_path / "outbox", Broker(url=broker.url, keepalive_s=5))
    edge.wait(lambda s: s.online)
    broker.process.send_signal(signal.SIGSTOP)
    edge.put(10)
    edge.wait(lambda s: not s.online, timeout_s=20.0)
    broker.process.send_signal(signal.SIGCONT)
    edge.wait(lambda s: s.acked >= 10, timeout_s=20.0)
    edge.close()


def test_a_record_leaves_the_outbox_only_some_time_after_its_acknowledgement(tmp_path: Path, broker: Mosquitto) -> None:
    """Acknowledged records stay `keep_acked_s` (here 3 s), then go."""
    edge = Edge(tmp_path / "outbox", Broker(url=broker.url), keep_acked_s=3.0)
    edge.put(5)
    edge.wait(lambda s: s.acked == 5)
    acked_s = time.monotonic()
    time.sleep(1.5)
    assert edge.outbox.status().messages == 5
    while edge.outbox.status().messages:
        assert time.monotonic() - acked_s < 10
        time.sleep(0.1)
    assert time.monotonic() - acked_s >= 2.9
    edge.close()


def test_a_link_that_breaks_often_still_empties_the_outbox(tmp_path: Path, broker: Mosquitto) -> None:
    """Broken before `keep_acked_s` each time: what three connections have acknowledged is let go all the same."""
    edge = Edge(tmp_path / "outbox", Broker(url=broker.url), keep_acked_s=600.0)
    edge.put(5)
    for connection in (1, 2, 3):
        edge.wait(lambda s, n=5 * connection: s.acked == n)  # type: ignore[misc]
        assert edge.outbox.status().messages == 5
        if connection < 3:
            broker.stop()
            edge.wait(lambda s: not s.online)
            broker.start()
    until_s = time.monotonic() + 5
    while edge.outbox.status().messages:
        assert time.monotonic() < until_s
        time.sleep(0.05)
    edge.close()


def test_no_broker_at_the_start_is_said_once_and_measuring_goes_on(tmp_path: Path) -> None:
    """Five failed attempts are one line in the log; the records are there when the broker comes."""
    broker = Mosquitto(tmp_path / "broker")
    with capture_logs() as logs:
        edge = Edge(tmp_path / "outbox", Broker(url=broker.url))
        edge.put(3)
        time.sleep(1.5)
    told = [line for line in logs if line["log_level"] == "warning"]
    assert len(told) == 1
    assert "cannot be reached" in told[0]["reason"]
    assert "cannot be reached" in str(edge.publisher.status().trouble)
    with broker, Listener(broker) as listener:
        listener.wait(lambda m: set(numbers(m)) == {1, 2, 3})
        edge.close()


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_wrong_password_is_told_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: str
) -> None:
    """The message names the user and the reason; once the password is right, everything that waited arrives."""
    monkeypatch.setenv("SIMPANG_TEST_PASSWORD", "wrong")
    with Mosquitto(tmp_path / "broker", users={"box": "right", "reader": "r"}) as broker:
        section = Broker.model_validate(
            {"url": broker.url, "username": "box", "password_env": "SIMPANG_TEST_PASSWORD", "protocol": protocol}
        )
        edge = Edge(tmp_path / "outbox", section)
        edge.put(2)
        status = edge.wait(lambda s: s.trouble is not None)
        assert "refuses user 'box' (bad user name or password)" in str(status.trouble)
        assert dict(edge.outbox.status().notes)["broker"] == status.trouble
        monkeypatch.setenv("SIMPANG_TEST_PASSWORD", "right")
        with Listener(broker, user=("reader", "r")) as listener:
            listener.wait(lambda m: set(numbers(m)) == {1, 2})
        edge.close()


def test_a_broker_that_wants_a_user_says_so_to_one_without(tmp_path: Path) -> None:
    """The message says which keys are missing."""
    with Mosquitto(tmp_path / "broker", users={"box": "right"}) as broker:
        edge = Edge(tmp_path / "outbox", Broker(url=broker.url))
        status = edge.wait(lambda s: s.trouble is not None)
        assert "set broker.username" in str(status.trouble)
        edge.close()


def test_a_password_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    """A configuration that cannot work is told before anything runs."""
    section = Broker.model_validate({"username": "box", "password_env": "SIMPANG_NOT_SET"})
    with pytest.raises(ConfigurationError, match="SIMPANG_NOT_SET"):
        Edge(tmp_path / "outbox", section, start=False)


def test_tls_with_an_own_authority(tmp_path: Path) -> None:
    """With the authority's certificate records arrive; without it the broker is not trusted, and the key is named."""
    with Mosquitto(tmp_path / "broker", tls=True) as broker, Listener(broker) as listener:
        distrusting = Edge(tmp_path / "other", Broker(url=broker.url))
        status = distrusting.wait(lambda s: s.trouble is not None)
        assert "not trusted" in str(status.trouble)
        assert "broker.ca_file" in str(status.trouble)
        distrusting.close()
        edge = Edge(tmp_path / "outbox", Broker(url=broker.url, ca_file=broker.folder / "ca.crt"))
        edge.put(3)
        listener.wait(lambda m: numbers(m) == [1, 2, 3])
        assert edge.close()


def test_a_broker_without_mqtt_5_is_spoken_to_in_3_1_1(tmp_path: Path) -> None:
    """The embedded broker of the demo knows only 3.1.1; nothing has to be configured for it."""
    port = free_port()
    code = f"import iotcore; iotcore.IotCoreBroker(listen='127.0.0.1', port={port}).run_forever()"
    embedded = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_port(port)
        broker = Mosquitto(tmp_path, port=port)
        with Listener(broker) as listener:
            edge = Edge(tmp_path / "outbox", Broker(url=broker.url))
            edge.put(30)
            listener.wait(lambda m: len(numbers(m)) >= 30)
            assert numbers(listener.messages) == list(range(1, 31))
            assert edge.close()
    finally:
        embedded.kill()
        embedded.wait()


def test_messages_that_the_broker_refuses_stay_in_the_outbox(tmp_path: Path) -> None:
    """A user without the right to write a topic is told so; the records wait for the right to be given."""
    acl = tmp_path / "acl"
    acl.write_text("user box\ntopic readwrite simpang/v1/+/+/status\ntopic readwrite simpang/v1/+/+/meta\n")
    with Mosquitto(tmp_path / "broker", users={"box": "p"}, extra=f"acl_file {acl}") as broker:
        (tmp_path / "password").write_text("p\n")
        section = Broker(url=broker.url, username="box", password_file=tmp_path / "password")
        edge = Edge(tmp_path / "outbox", section)
        edge.put(1)
        status = edge.wait(lambda s: s.trouble is not None)
        assert "refuses messages of user 'box'" in str(status.trouble)
        assert edge.outbox.status().messages == 1
        edge.close()


def test_the_second_worker_of_a_camera_says_so_and_stops(tmp_path: Path, broker: Mosquitto) -> None:
    """Two boxes with the same camera id: the newcomer hears the first one's heartbeat and leaves it alone."""
    first = Edge(tmp_path / "one", Broker(url=broker.url))
    first.wait(lambda s: s.online)
    second = Edge(tmp_path / "two", Broker(url=broker.url))
    with pytest.raises(DuplicateWorkerError, match=f"tangsel/utara.*{first.identity.owner}"):
        second.publisher.wait_tried(10.0)
    assert first.publisher.status().connections == 1
    assert second.publisher.status().connections == 0
    second.close()
    first.close()


def test_a_worker_that_died_without_a_last_will_does_not_block_its_successor(tmp_path: Path, broker: Mosquitto) -> None:
    """After a power cut the broker may still say online; nobody speaks, so the newcomer takes over after `listen_s`."""
    with Listener(broker) as listener:
        ghost = Identity("tangsel", "utara", 1, "ghost")
        row = StatusRow(state="online", since=utc(0.0), owner="ghost")
        listener.publish(ghost.topic(Channel.STATUS), ghost.encode(Channel.STATUS, [row], 0, 0.0), retain=True)
        begun_s = time.monotonic()
        edge = Edge(tmp_path / "outbox", Broker(url=broker.url))
        edge.wait(lambda s: s.online)
        assert time.monotonic() - begun_s >= QUICK.listen_s
        edge.close()


def test_the_same_worker_comes_back_at_once(tmp_path: Path, broker: Mosquitto) -> None:
    """After a broken connection the retained birth is its own: no need to listen."""
    edge = Edge(tmp_path / "outbox", Broker(url=broker.url), replace(QUICK, listen_s=30.0))
    edge.wait(lambda s: s.online)
    with Listener(broker):
        broker.stop()
        edge.wait(lambda s: not s.online)
        broker.start()
        edge.wait(lambda s: s.connections == 2, timeout_s=5.0)
    edge.close()
