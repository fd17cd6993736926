"""Out to the broker: records at QoS 1 in order from the outbox, live figures at QoS 0, birth, last will and meta.

A thread of its own, so that no broker, however slow, holds up measuring. Whatever was sent before a connection broke
is sent again after it: a broker that dies may lose even what it has acknowledged (its persistence is a snapshot),
therefore a record leaves the outbox only `keep_acked_s` after its PUBACK.
"""

import random
import threading
from collections import deque
from dataclasses import dataclass
from typing import Final

import structlog
from paho.mqtt.enums import MQTTProtocolVersion

from .clock import Clock
from .config import Broker
from .errors import BrokerError, OutboxError, SimpangError
from .message import Channel, MetaRow, StatusRow, utc
from .publisher_link import V5, V311, Link, LinkLost, OldBroker, Will
from .publisher_owner import OwnerCheck
from .publisher_session import Offer, Pace, Session
from .records import Identity, Records

OFFERS_MAX: Final = 8
"""Live and health messages that may wait for the publisher's thread; more are dropped and counted."""


@dataclass(frozen=True, slots=True)
class PublisherStatus:
    """How the publisher is doing.

    trouble: why it is not online, None when it is. acked: records acknowledged. dropped: live and health messages
    that nobody could get. connections: how often it came online.
    """

    online: bool
    trouble: str | None
    acked: int
    dropped: int
    connections: int


class Publisher:
    """The publisher of one camera.

    Raises `ConfigurationError` when the password or the certificate named in the configuration is not there.
    """

    def __init__(
        self,
        broker: Broker,
        identity: Identity,
        records: Records,
        meta: MetaRow,
        clock: Clock,
        *,
        keep_acked_s: float = 30.0,
        pace: Pace | None = None,
    ) -> None:
        self._broker = broker
        self._identity = identity
        self._records = records
        self._meta = meta
        self._clock = clock
        self._keep_acked_s = keep_acked_s
        self._pace = pace or Pace()
        self._owner_check = OwnerCheck(broker, identity, clock, self._pace.listen_s)
        self._birth = StatusRow(state="online", since=utc(clock.now()), owner=identity.owner)
        self._versions = _versions(broker)
        self._random = random.Random()
        self._log = structlog.get_logger().bind(camera=identity.camera)
        self._offers: deque[Offer] = deque()
        self._ack_counts: dict[int, int] = {}
        self._stop = threading.Event()
        self._tried = threading.Event()
        self._online = threading.Event()
        self._drain_until_s = 0.0
        self._drained = False
        self._reason = "stopped"
        self._trouble: str | None = None
        self._complained_s: float | None = None
        self._fatal: SimpangError | None = None
        self._acked = 0
        self._dropped = 0
        self._connections = 0
        self._failures = 0
        Link(broker, "check", V5, clock)  # finds a missing password or certificate before anything runs
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def start(self) -> None:
        """Begin to connect, in the background."""
        self._thread.start()

    def wait_tried(self, timeout_s: float) -> None:
        """Wait until the first attempt has ended: online, refused or not there. Raises as `check` does."""
        self._tried.wait(timeout_s)
        self.check()

    def check(self) -> None:
        """Raises `DuplicateWorkerError` when another worker publishes this camera; then this publisher has stopped.

        Raises `RuntimeError` when its thread died of a fault in the program: measuring in silence helps nobody.
        """
        if self._fatal is not None:
            raise self._fatal
        if self._thread.ident is not None and not self._thread.is_alive() and not self._stop.is_set():
            raise RuntimeError("the publisher's thread has died; see the traceback above")

    def offer(self, channel: Channel, payload: bytes) -> None:
        """Send a live or health message if connected; else it is dropped and counted: it is stale in seconds."""
        if self._online.is_set() and len(self._offers) < OFFERS_MAX:
            self._offers.append(Offer(channel, payload))
        else:
            self._dropped += 1

    def status(self) -> PublisherStatus:
        """How it is going."""
        online = self._online.is_set()
        trouble = None if online else self._trouble
        return PublisherStatus(online, trouble, self._acked, self._dropped, self._connections)

    def stop(self, drain_s: float = 5.0, reason: str = "stopped") -> bool:
        """Send what waits for at most `drain_s`, say goodbye, end. True when every record was acknowledged."""
        self._reason = reason
        self._drain_until_s = self._clock.monotonic() + drain_s
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(drain_s + 2 * self._pace.listen_s)
        return self._drained

    def _run(self) -> None:
        """The thread: one connection after the other, and a pause that fits the reason why the last one ended."""
        while not self._stop.is_set():
            pause_s = self._attempt()
            self._online.clear()
            self._offers.clear()
            if pause_s or self._stop.is_set():
                self._tried.set()
            self._stop.wait(pause_s)

    def _attempt(self) -> float:
        """One connection from beginning to end; returns the seconds to wait before the next."""
        try:
            self._connect_and_serve()
        except OldBroker as exc:
            return self._other_version(exc)
        except LinkLost as exc:
            self._versions = _versions(self._broker)
            return self._failed(exc, self._backoff_s())
        except (BrokerError, OutboxError) as exc:
            return self._failed(exc, self._pace.refused_s * self._random.uniform(0.7, 1.3))
        except SimpangError as exc:
            self._fatal = exc
            self._stop.set()
        return 0.0

    def _connect_and_serve(self) -> None:
        version = self._versions[0]
        self._owner_check.run(version)
        identity = self._identity
        will = StatusRow(state="offline", reason="connection lost", owner=identity.owner)
        payload = identity.encode(Channel.STATUS, [will], self._records.last_seq, self._clock.now())
        client_id = f"simpang-{identity.site}-{identity.camera}"
        will_message = Will(identity.topic(Channel.STATUS), payload)
        link = Link(self._broker, client_id, version, self._clock, will_message)
        link.open()
        try:
            self._serve(link)
            link.close()
        finally:
            link.drop()

    def _serve(self, link: Link) -> None:
        session = Session(
            link, self._identity, self._records, self._clock, self._pace, self._keep_acked_s, self._ack_counts
        )
        session.announce(self._meta, self._birth)
        self._now_online()
        before = self._acked
        while not (self._stop.is_set() and self._finished(session)):
            session.step(self._offers)
            self._acked = before + session.acked_count
        session.farewell(self._reason, max(self._drain_until_s, self._clock.monotonic() + 1.0))

    def _finished(self, session: Session) -> bool:
        self._drained = session.settled()
        return self._drained or self._clock.monotonic() >= self._drain_until_s

    def _now_online(self) -> None:
        self._failures = 0
        self._connections += 1
        self._complained_s = None
        self._online.set()
        self._tried.set()
        self._records.note("broker", "online")
        self._log.info("online at the broker", broker=self._broker.url)

    def _other_version(self, exc: OldBroker) -> float:
        """MQTT 5 first, 3.1.1 where that is all there is: no pause before the other version's first try."""
        self._versions = self._versions[1:] + self._versions[:1]
        again = len(self._versions) > 1 and self._versions[0] == V311
        return 0.0 if again else self._failed(exc, self._backoff_s())

    def _backoff_s(self) -> float:
        """Full jitter: many boxes that lost one broker must not come back all at once."""
        self._failures += 1
        longest_s = min(self._pace.backoff_max_s, self._pace.backoff_first_s * 2.0 ** min(self._failures - 1, 10))
        return self._random.uniform(0.1, 1.0) * longest_s

    def _failed(self, exc: Exception, pause_s: float) -> float:
        """Remember the trouble, and say it at once and then once a minute."""
        now_s = self._clock.monotonic()
        if self._complained_s is None or now_s - self._complained_s >= self._pace.complain_every_s:
            self._complained_s = now_s
            self._records.note("broker", str(exc))
            self._log.warning("not connected; measuring goes on, records wait on disk", reason=str(exc))
        self._trouble = str(exc)
        return pause_s


def _versions(broker: Broker) -> list[MQTTProtocolVersion]:
    return {"5": [V5], "3.1.1": [V311], "auto": [V5, V311]}[broker.protocol]
