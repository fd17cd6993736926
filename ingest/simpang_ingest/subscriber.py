"""In from the broker: a persistent session that is acknowledged by hand, and that comes back by itself.

A message is acknowledged only when whoever stores it says so, over the connection it came on: after a reconnect the
broker gives the same numbers to other messages, and an acknowledgement of before would lose one of those.
"""

import random
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from paho.mqtt.enums import MQTTProtocolVersion

from .clock import Clock
from .errors import BrokerLostError, BrokerRefusedError
from .parcels import Delivery, Receipt
from .subscriber_connection import V5, V311, Connection, Endpoint, OldBroker, TakenOver

Log = Any

SHORT_CONNECTIONS: Final = 3
"""So many connections that end at once, one after the other, are no accident."""


@dataclass(frozen=True, slots=True)
class Pace:
    """first_s, longest_s: pauses between attempts, with full jitter, doubling. refused_s: after a refusal, and when
    another ingestor has taken the session. poll_s: how soon an acknowledgement goes out when nothing comes in.
    steady_s: a connection that ends earlier counts as another failure."""

    first_s: float = 0.5
    longest_s: float = 15.0
    refused_s: float = 10.0
    poll_s: float = 0.02
    complain_every_s: float = 60.0
    steady_s: float = 10.0


@dataclass(frozen=True, slots=True)
class SubscriberStatus:
    """trouble: why it is not connected, None when it is. sessions_lost: how often the broker had forgotten us."""

    connected: bool
    trouble: str | None
    connections: int
    sessions_lost: int


class Subscriber:
    """Gives every message to `take`, in its own thread (`run`).

    protocol: auto, 5 or 3.1.1. has_room: asked before reading; while it says no, messages wait at the broker.
    """

    def __init__(
        self, endpoint: Endpoint, protocol: str, clock: Clock, take: Callable[[Delivery], None],
        has_room: Callable[[], bool], log: Log, pace: Pace | None = None,
    ) -> None:  # fmt: skip
        self._endpoint = endpoint
        self._all_versions = {"5": [V5], "3.1.1": [V311], "auto": [V5, V311]}[protocol]
        self._versions = list(self._all_versions)
        self._clock = clock
        self._take = take
        self._has_room = has_room
        self._log = log
        self._pace = pace or Pace()
        self._random = random.Random()
        self._receipts: deque[Receipt] = deque()
        self._stop = threading.Event()
        self._paused = threading.Event()
        self._connected = False
        self._trouble: str | None = "not connected yet"
        self._connections = 0
        self._sessions_lost = 0
        self._failures = 0
        self._short_connections = 0
        self._connected_s = 0.0
        self._complained_s: float | None = None

    def ack(self, receipts: Iterable[Receipt]) -> None:
        """These messages are safe. From any thread."""
        self._receipts.extend(receipts)

    def pause(self) -> None:
        """Take no more messages, but go on acknowledging: what comes now comes again in the next session."""
        self._paused.set()

    def stop(self) -> None:
        """Acknowledge what is safe, say goodbye, end."""
        self._stop.set()

    def status(self) -> SubscriberStatus:
        """How it is going."""
        return SubscriberStatus(self._connected, self._trouble, self._connections, self._sessions_lost)

    def run(self) -> None:
        """One connection after the other, and a pause that fits the reason why the last one ended."""
        while not self._stop.is_set():
            pause_s = self._attempt()
            self._connected = False
            self._stop.wait(pause_s)

    def _attempt(self) -> float:
        """One connection from beginning to end; returns the seconds to wait before the next."""
        try:
            self._serve(self._versions[0])
        except OldBroker as exc:
            return self._other_version(exc)
        except (TakenOver, BrokerRefusedError) as exc:
            return self._failed(exc, self._pace.refused_s * self._random.uniform(0.7, 1.3))
        except BrokerLostError as exc:
            self._versions = list(self._all_versions)
            return self._lost(exc)
        return 0.0

    def _lost(self, exc: BrokerLostError) -> float:
        """Connections that end as soon as they are made are what two ingestors with one session do to each other;
        MQTT 5 has a word for it, which Mosquitto 2.0 does not say."""
        if self._connected:
            steady = self._clock.monotonic() - self._connected_s >= self._pace.steady_s
            self._short_connections = 0 if steady else self._short_connections + 1
            self._failures = 0 if steady else self._failures
        if self._short_connections < SHORT_CONNECTIONS:
            return self._failed(exc, self._backoff_s())
        self._short_connections = 0
        name = self._endpoint.client_id
        guess = f"{exc}; it ends again and again: is another ingestor using client id {name!r}?"
        return self._failed(BrokerLostError(guess), self._pace.refused_s * self._random.uniform(0.7, 1.3))

    def _serve(self, version: MQTTProtocolVersion) -> None:
        connection = Connection(self._endpoint, version, self._connections + 1, self._clock, self._offer)
        try:
            connection.open()
            self._now_connected(connection)
            while not self._stop.is_set():
                self._step(connection)
            self._acknowledge(connection)
            connection.poll(self._pace.poll_s)
            connection.close()
        finally:
            connection.drop()

    def _step(self, connection: Connection) -> None:
        if self._has_room():
            connection.poll(self._pace.poll_s)
        else:
            self._stop.wait(self._pace.poll_s)
            connection.rest()
        self._acknowledge(connection)

    def _offer(self, delivery: Delivery) -> None:
        if not self._paused.is_set():
            self._take(delivery)

    def _acknowledge(self, connection: Connection) -> None:
        """In the order of arrival; receipts of an earlier connection are worth nothing on this one."""
        while self._receipts:
            receipt = self._receipts.popleft()
            if receipt.connection == connection.number:
                connection.ack(receipt.mid)

    def _now_connected(self, connection: Connection) -> None:
        if self._connections and not connection.session_present:
            self._sessions_lost += 1
            self._log.warning("the broker has forgotten the session; boxes send again what they still have")
        self._connections += 1
        self._connected_s = self._clock.monotonic()
        self._trouble = None
        self._connected = True
        self._log.info("connected to the broker", broker=self._endpoint.url)

    def _other_version(self, exc: OldBroker) -> float:
        """MQTT 5 first, 3.1.1 where that is all there is: no pause before the other version's first try."""
        self._versions = self._versions[1:] + self._versions[:1]
        again = len(self._versions) > 1 and self._versions[0] == V311
        return 0.0 if again else self._failed(exc, self._backoff_s())

    def _backoff_s(self) -> float:
        self._failures += 1
        longest_s = min(self._pace.longest_s, self._pace.first_s * 2.0 ** min(self._failures - 1, 10))
        return self._random.uniform(0.1, 1.0) * longest_s

    def _failed(self, exc: Exception, pause_s: float) -> float:
        """Remember the trouble, and say it at once and then once a minute."""
        now_s = self._clock.monotonic()
        if self._connected or self._complained_s is None or now_s - self._complained_s >= self._pace.complain_every_s:
            self._complained_s = now_s
            self._log.warning("not connected to the broker; messages wait there", reason=str(exc))
        self._trouble = str(exc)
        return pause_s
