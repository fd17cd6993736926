"""One connection of the ingestor to an MQTT broker. A new one, with a new paho client, is made for every attempt, so
nothing of a broken connection lives on in the next one."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from .clock import Clock
from .errors import BrokerLostError, BrokerRefusedError, ConfigurationError
from .parcels import Delivery, Receipt

V5: Final = MQTTProtocolVersion.MQTTv5
V311: Final = MQTTProtocolVersion.MQTTv311
TOPIC: Final = "simpang/v1/+/+/#"
"""Every camera's messages, and what somebody put below a camera by mistake: that becomes a dead letter."""
PACKET_MAX: Final = 16_000_000
"""What the broker may send at all: far more than a message may have, little enough to hold a hostile one."""
CONNECT_S: Final = 5.0

_WRONG_VERSION: Final = 0x84
_NO_RIGHTS: Final = (0x86, 0x87)
_TAKEN_OVER: Final = 0x8E


class OldBroker(BrokerLostError):  # noqa: N818 - a state of the other side
    """The broker does not speak this protocol version, or closed the connection without an answer."""


class TakenOver(BrokerLostError):  # noqa: N818 - an end, which every connection has
    """Another client with the same id has connected."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to connect, as whom. unacknowledged_max: messages the broker may send before it waits (MQTT 5)."""

    url: str
    client_id: str
    username: str | None
    password: str | None
    ca_file: Path | None
    keepalive_s: int
    session_s: int
    unacknowledged_max: int


class Connection:
    """Used from one thread: nothing happens outside `open`, `poll`, `ack` and `close`.

    take: called for each message, within `poll`. session_present: the broker has kept the subscription and what came
    while nobody was connected.
    """

    def __init__(
        self, endpoint: Endpoint, version: MQTTProtocolVersion, number: int, clock: Clock,
        take: Callable[[Delivery], None],
    ) -> None:  # fmt: skip
        self.number = number
        self.session_present = False
        self._endpoint = endpoint
        self._version = version
        self._clock = clock
        self._take = take
        self._connected = False
        self._subscribed = False
        self._end: BrokerLostError | BrokerRefusedError | None = None
        self._client = self._make_client()

    def open(self) -> None:
        """Connect and subscribe. Raises `BrokerRefusedError`, `OldBroker`, `BrokerLostError`."""
        host, port, _ = _address(self._endpoint.url)
        try:
            self._client.connect(host, port, self._endpoint.keepalive_s, **self._connect_options())
        except ssl.SSLCertVerificationError as exc:
            raise BrokerRefusedError(
                f"broker {self._endpoint.url}: its certificate is not trusted ({exc.verify_message}); "
                "see broker.ca_file"
            ) from exc
        except (OSError, ValueError) as exc:
            raise BrokerLostError(f"broker {self._endpoint.url} cannot be reached: {exc}") from exc
        self._wait_for(lambda: self._connected, "no answer to the connection request")
        self._client.subscribe(TOPIC, qos=1)
        self._wait_for(lambda: self._subscribed, "no answer to the subscription")

    def poll(self, timeout_s: float) -> None:
        """Read and write what is due. Raises `BrokerLostError` when the connection has ended."""
        code = self._client.loop(timeout_s)
        if self._end is not None:
            raise self._end
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise self._closed(f"connection lost ({code.name})")

    def rest(self) -> None:
        """Only keep the connection alive: messages wait at the broker. Raises `BrokerLostError`."""
        if self._client.loop_misc() != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise self._closed("connection lost while the store was not available")

    def ack(self, mid: int) -> None:
        """Tell the broker that a message is safe. A connection that has ended shows in the next `poll`."""
        self._client.ack(mid, 1)

    def close(self) -> None:
        """Say goodbye; the broker keeps the session."""
        self._client.disconnect()

    def drop(self) -> None:
        """Close the socket without a word, if it is still open."""
        socket = self._client.socket()
        if socket is not None:
            socket.close()

    def _make_client(self) -> Client:
        endpoint = self._endpoint
        options: dict[str, Any] = {} if self._version == V5 else {"clean_session": False}
        client = Client(
            CallbackAPIVersion.VERSION2, endpoint.client_id, protocol=self._version, reconnect_on_failure=False,
            manual_ack=True, **options,
        )  # fmt: skip
        client.connect_timeout = CONNECT_S
        if endpoint.username is not None:
            client.username_pw_set(endpoint.username, endpoint.password)
        if _address(endpoint.url)[2]:
            _use_tls(client, endpoint.ca_file)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _connect_options(self) -> dict[str, Any]:
        """MQTT 5: keep the session, and how much may be under way at once."""
        if self._version != V5:
            return {}
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = self._endpoint.session_s
        properties.ReceiveMaximum = self._endpoint.unacknowledged_max
        properties.MaximumPacketSize = PACKET_MAX
        return {"clean_start": False, "properties": properties}

    def _wait_for(self, done: Callable[[], bool], otherwise: str) -> None:
        until_s = self._clock.monotonic() + CONNECT_S
        while not done():
            if self._clock.monotonic() > until_s:
                raise self._closed(f"{otherwise} within {CONNECT_S:g} s")
            self.poll(0.1)

    def _closed(self, what: str) -> BrokerLostError:
        kind = BrokerLostError if self._connected else OldBroker
        return kind(f"broker {self._endpoint.url}: {what}")

    def _on_connect(
        self, _client: Client, _data: object, flags: ConnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            self._end = self._refusal(reason)
            return
        self._connected = True
        self.session_present = bool(flags.session_present)

    def _refusal(self, reason: ReasonCode) -> BrokerLostError | BrokerRefusedError:
        url, user = self._endpoint.url, self._endpoint.username
        if reason.value == _WRONG_VERSION:
            return OldBroker(f"broker {url} does not speak this MQTT version")
        if reason.value in _NO_RIGHTS and user is None:
            return BrokerRefusedError(f"broker {url} refuses a connection without user name; set broker.username")
        if reason.value in _NO_RIGHTS:
            return BrokerRefusedError(f"broker {url} refuses user {user!r} (bad user name or password)")
        return BrokerLostError(f"broker {url} does not accept connections now ({reason})")

    def _on_disconnect(
        self, _client: Client, _data: object, _flags: DisconnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        if self._end is None:
            self._end = self._taken_over() if reason.value == _TAKEN_OVER else self._closed(f"ended ({reason})")

    def _taken_over(self) -> TakenOver:
        name = self._endpoint.client_id
        return TakenOver(f"another ingestor with client id {name!r} has connected; give each its own broker.client_id")

    def _on_subscribe(
        self, _client: Client, _data: object, _mid: int, reasons: list[ReasonCode], _properties: object
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            user = self._endpoint.username or "(none)"
            self._end = BrokerRefusedError(f"broker {self._endpoint.url}: user {user!r} may not read {TOPIC}")
        self._subscribed = True

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        receipt = Receipt(self.number, message.mid) if message.qos else None
        payload = bytes(message.payload)
        self._take(Delivery(message.topic, payload, message.retain, receipt, self._clock.now()))


def _address(url: str) -> tuple[str, int, bool]:
    """Host, port and whether TLS is used."""
    parts = urlsplit(url)
    secure = parts.scheme == "mqtts"
    return parts.hostname or "127.0.0.1", parts.port or (8883 if secure else 1883), secure


def _use_tls(client: Client, ca_file: Path | None) -> None:
    try:
        client.tls_set(ca_certs=str(ca_file) if ca_file else None)
    except (OSError, ValueError) as exc:
        raise ConfigurationError(f"broker.ca_file: {ca_file}: not a readable certificate: {exc}") from exc
