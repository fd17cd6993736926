"""Is another worker already publishing this camera? Asked before every connection, with a client id of its own.

Connecting as the camera would take over the other's session and both would fight for ever. A worker that lives says
something at least every two seconds, so a newcomer that finds the camera announced as online listens for a while:
what it then hears from another run is proof; silence means that the other died without its last will.
"""

import secrets
from typing import Final

from paho.mqtt.enums import MQTTProtocolVersion

from .clock import Clock
from .config import Broker
from .errors import DuplicateWorkerError
from .message import ROOT, AnyMessage, Channel, MessageError, StatusRow, decode
from .publisher_link import Link, Received
from .records import Identity

SETTLE_S: Final = 0.3
"""How long after the subscription's answer a broker may take to deliver what it retains."""


class OwnerCheck:
    """Looks for another worker with this camera's id; listen_s: how long one that seems online may be silent."""

    def __init__(self, broker: Broker, identity: Identity, clock: Clock, listen_s: float) -> None:
        self._broker = broker
        self._identity = identity
        self._clock = clock
        self._listen_s = listen_s

    def run(self, version: MQTTProtocolVersion) -> None:
        """Raises `DuplicateWorkerError` when there is one; `BrokerError`, `OldBroker`, `LinkLost` as the link does."""
        identity = self._identity
        client_id = f"simpang-probe-{identity.site}-{identity.camera}-{secrets.token_hex(3)}"
        link = Link(self._broker, client_id, version, self._clock)
        link.open()
        try:
            link.subscribe(f"{ROOT}/{identity.site}/{identity.camera}/+")
            self._listen(link)
        finally:
            link.close()

    def _listen(self, link: Link) -> None:
        heard = self._hear(link, SETTLE_S)
        if any(_is_online(message) for message, _ in heard):
            heard += self._hear(link, self._listen_s)
        if alive := [message for message, retained in heard if not retained and not _is_offline(message)]:
            raise DuplicateWorkerError(self._words(alive[-1], [message for message, _ in heard]))

    def _hear(self, link: Link, seconds_s: float) -> list[tuple[AnyMessage, bool]]:
        """What other runs of this camera say within a time, and whether it is only retained; ends at the first sign."""
        heard: list[tuple[AnyMessage, bool]] = []
        until_s = self._clock.monotonic() + seconds_s
        while self._clock.monotonic() < until_s and all(retained for _, retained in heard):
            link.poll(0.05)
            heard += [item for received in link.received if (item := self._of_another(received))]
            link.received.clear()
        return heard

    def _of_another(self, received: Received) -> tuple[AnyMessage, bool] | None:
        try:
            message = decode(received.topic, received.payload)
        except MessageError:
            return None
        return None if message.boot == self._identity.boot else (message, received.retained)

    def _words(self, alive: AnyMessage, heard: list[AnyMessage]) -> str:
        owners = [row.owner for message in heard for row in message.rows if isinstance(row, StatusRow) and row.owner]
        return (
            f"camera {alive.site}/{alive.camera}: another worker ({owners[-1] if owners else 'unnamed'}) is online at "
            f"{self._broker.url}; this one stops. Stop the other, or give this camera an id of its own"
        )


def _is_online(message: AnyMessage) -> bool:
    return _state(message) == "online"


def _is_offline(message: AnyMessage) -> bool:
    return _state(message) == "offline"


def _state(message: AnyMessage) -> str | None:
    """The state of a status message; None for other channels."""
    if message.channel is not Channel.STATUS:
        return None
    rows = [row for row in message.rows if isinstance(row, StatusRow)]
    return rows[0].state if rows else None
