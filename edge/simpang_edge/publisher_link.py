"""One connection to an MQTT broker, from CONNECT to its end. A new `Link` is made for every attempt.

paho keeps unacknowledged messages inside its client and sends them again on its own; the outbox does that here, so
nothing of a broken connection may live on in the next one.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from .clock import Clock
from .config import Broker
from .errors import BrokerError, ConfigurationError

V5: Final = MQTTProtocolVersion.MQTTv5
V311: Final = MQTTProtocolVersion.MQTTv311
CONNECT_S: Final = 4.0
"""How long a broker may take to accept a connection and to answer CONNECT, each."""

_WRONG_VERSION: Final = 0x84
_NO_RIGHTS: Final = (0x86, 0x87)
_NEVER: Final = {0x85: "client id not valid", 0x8A: "banned", 0x8C: "bad authentication method"}


class LinkLost(ConnectionError):  # noqa: N818 - an end, which every connection has
    """The connection could not be made or has ended; trying again can help."""


class OldBroker(LinkLost):
    """The broker does not speak this protocol version, or closed the connection without an answer."""


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes (retained, QoS 1) when this connection ends without a farewell."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Received:
    """A message that came in; retained means that it is older than the subscription."""

    topic: str
    payload: bytes
    retained: bool


def address(broker: Broker) -> tuple[str, int, bool]:
    """Host, port and whether TLS is used, of a broker's URL."""
    parts = urlsplit(broker.url)
    secure = parts.scheme == "mqtts"
    return parts.hostname or "127.0.0.1", parts.port or (8883 if secure else 1883), secure


class Link:
    """One connection, used from one thread: nothing happens outside `open`, `poll`, `publish` and `close`.

    acked: `mid`s of QoS 1 messages that the broker has taken; received: messages of subscriptions. Both are emptied
    by their reader.
    """

    def __init__(
        self, broker: Broker, client_id: str, version: MQTTProtocolVersion, clock: Clock, will: Will | None = None
    ) -> None:
        self.acked: list[int] = []
        self.received: list[Received] = []
        self.receive_maximum = 65_535
        self._broker = broker
        self._version = version
        self._clock = clock
        self._connected = False
        self._subscribed = False
        self._end: ConnectionError | BrokerError | None = None
        self._client = self._make_client(client_id, will)

    def open(self) -> None:
        """Connect. Raises `BrokerError` (refused for good), `OldBroker`, `LinkLost`."""
        host, port, _ = address(self._broker)
        options: dict[str, Any] = {"clean_start": True} if self._version == V5 else {}
        try:
            self._client.connect(host, port, self._broker.keepalive_s, **options)
        except ssl.SSLCertVerificationError as exc:
            raise BrokerError(
                f"broker {self._broker.url}: its certificate is not trusted ({exc.verify_message}); see broker.ca_file"
            ) from exc
        except (OSError, ValueError) as exc:
            raise LinkLost(f"broker {self._broker.url} cannot be reached: {exc}") from exc
        self._wait_for(lambda: self._connected, "no answer to the connection request")

    def subscribe(self, topic: str) -> None:
        """Subscribe and wait for the answer, whatever it is. Raises `LinkLost`."""
        self._client.subscribe(topic, qos=0)
        self._wait_for(lambda: self._subscribed, "no answer to the subscription")

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool = False) -> int:
        """Send a message and return its `mid`. Raises `LinkLost`."""
        info = self._client.publish(topic, payload, qos, retain)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise LinkLost(f"broker {self._broker.url}: connection lost while sending")
        return info.mid

    def poll(self, timeout_s: float) -> None:
        """Read and write what is due. Raises `LinkLost`, or `BrokerError` when the broker refuses a message."""
        code = self._client.loop(timeout_s)
        if self._end is not None:
            raise self._end
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise self._closed(f"connection lost ({code.name})")

    def close(self) -> None:
        """Say goodbye (no last will) and close."""
        self._client.disconnect()

    def drop(self) -> None:
        """Close without a goodbye (the broker publishes the last will); does nothing after `close`."""
        socket = self._client.socket()
        if socket is not None:
            socket.close()

    def _make_client(self, client_id: str, will: Will | None) -> Client:
        options: dict[str, Any] = {} if self._version == V5 else {"clean_session": True}
        client = Client(
            CallbackAPIVersion.VERSION2, client_id, protocol=self._version, reconnect_on_failure=False, **options
        )
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages_set(20)
        if self._broker.username is not None:
            client.username_pw_set(self._broker.username, self._broker.password())
        if address(self._broker)[2]:
            _use_tls(client, self._broker)
        if will is not None:
            client.will_set(will.topic, will.payload, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _wait_for(self, done: Callable[[], bool], otherwise: str) -> None:
        until_s = self._clock.monotonic() + CONNECT_S
        while not done():
            if self._clock.monotonic() > until_s:
                raise self._closed(f"{otherwise} within {CONNECT_S:g} s")
            self.poll(0.1)

    def _closed(self, what: str) -> LinkLost:
        kind = LinkLost if self._connected else OldBroker
        return kind(f"broker {self._broker.url}: {what}")

    def _on_connect(
        self, _client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._end = self._refusal(reason)
            return
        self._connected = True
        self.receive_maximum = getattr(properties, "ReceiveMaximum", 65_535)

    def _refusal(self, reason: ReasonCode) -> ConnectionError | BrokerError:
        if reason.value == _WRONG_VERSION:
            return OldBroker(f"broker {self._broker.url} does not speak this MQTT version")
        if reason.value in _NO_RIGHTS:
            return BrokerError(_no_rights(self._broker))
        if reason.value in _NEVER:
            return BrokerError(f"broker {self._broker.url} refuses the connection ({_NEVER[reason.value]})")
        return LinkLost(f"broker {self._broker.url} does not accept connections now ({reason})")

    def _on_disconnect(
        self, _client: Client, _data: object, _flags: DisconnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        if self._end is None:
            self._end = self._closed(f"connection ended ({reason})")

    def _on_publish(self, _client: Client, _data: object, mid: int, reason: ReasonCode, _properties: object) -> None:
        if reason.is_failure:
            user = self._broker.username or "(none)"
            self._end = BrokerError(f"broker {self._broker.url} refuses messages of user {user!r} ({reason})")
            return
        self.acked.append(mid)

    def _on_subscribe(
        self, _client: Client, _data: object, _mid: int, _reasons: list[ReasonCode], _properties: object
    ) -> None:
        # A refusal is an answer too: without the right to listen there is nothing to hear, and no reason to stop.
        self._subscribed = True

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self.received.append(Received(message.topic, bytes(message.payload), message.retain))


def _use_tls(client: Client, broker: Broker) -> None:
    try:
        client.tls_set(ca_certs=str(broker.ca_file) if broker.ca_file else None)
    except (OSError, ValueError) as exc:
        raise ConfigurationError(f"broker.ca_file: {broker.ca_file}: not a readable certificate: {exc}") from exc


def _no_rights(broker: Broker) -> str:
    if broker.username is None:
        return f"broker {broker.url} refuses a connection without user name; set broker.username and its password"
    return f"broker {broker.url} refuses user {broker.username!r} (bad user name or password)"
