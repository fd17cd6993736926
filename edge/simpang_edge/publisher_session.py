"""What one connection carries: birth and meta, records in order with their acknowledgements, live figures, farewell."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from .clock import Clock
from .errors import OutboxError
from .message import Channel, MetaRow, StatusRow, utc
from .publisher_link import Link, LinkLost
from .records import Identity, Records

PRUNE_EVERY_S: Final = 1.0

ACKS_ENOUGH: Final = 3
"""A record acknowledged on this many connections is safe at once: else a link that breaks more often than every
`keep_acked_s` would carry the beginning of a long outbox again and again, and never its end."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often and how long; the defaults are for the field, tests shorten them.

    in_flight: records sent and not yet acknowledged. heartbeat_s: after this silence the birth is repeated, so that
    another worker with the same id sees that this one lives. listen_s: how long a newcomer listens for that.
    refused_s: between attempts at a broker that refuses us. ack_s: a broker that owes an acknowledgement longer is
    connected to anew.
    """

    poll_s: float = 0.05
    backoff_first_s: float = 1.0
    backoff_max_s: float = 30.0
    refused_s: float = 30.0
    in_flight: int = 16
    ack_s: float = 30.0
    heartbeat_s: float = 2.0
    listen_s: float = 5.0
    complain_every_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Offer:
    """A message that is worth sending only now."""

    channel: Channel
    payload: bytes


class Session:
    """One connection. Everything still in the outbox is sent from the beginning, also what an earlier one had sent.

    ack_counts: number of a record to the connections that acknowledged it; it outlives the connection.
    """

    def __init__(
        self,
        link: Link,
        identity: Identity,
        records: Records,
        clock: Clock,
        pace: Pace,
        keep_acked_s: float,
        ack_counts: dict[int, int],
    ) -> None:
        self.acked_count = 0
        self._link = link
        self._identity = identity
        self._records = records
        self._clock = clock
        self._pace = pace
        self._keep_acked_s = keep_acked_s
        self._ack_counts = ack_counts
        self._in_flight: dict[int, tuple[int, float]] = {}
        self._kept: deque[tuple[int, float]] = deque()
        self._sent_seq = 0
        self._published_s = clock.monotonic()
        self._pruned_s = clock.monotonic()

    def announce(self, meta: MetaRow, birth: StatusRow) -> None:
        """Retained: what this camera is, and that it is online."""
        self._birth = birth
        payload = self._identity.encode(Channel.META, [meta], self._records.last_seq, self._clock.now())
        self._publish(Channel.META, payload, qos=1, retain=True)
        self._publish_status(birth)

    def step(self, offers: deque[Offer]) -> None:
        """One round: read, then send what is due. Raises `LinkLost`, `BrokerError`, `OutboxError`."""
        self._link.poll(self._pace.poll_s)
        self._take_acks()
        self._send_records()
        while offers:
            offer = offers.popleft()
            self._publish(offer.channel, offer.payload, qos=0 if offer.channel is Channel.LIVE else 1)
        if self._clock.monotonic() - self._published_s >= self._pace.heartbeat_s:
            self._publish_status(self._birth)
        if self._clock.monotonic() - self._pruned_s >= PRUNE_EVERY_S:
            self._prune()

    def settled(self) -> bool:
        """Whether every record there is has been sent and acknowledged on this connection."""
        return not self._in_flight and self._sent_seq >= self._records.last_seq

    def farewell(self, reason: str, until_s: float) -> None:
        """Retained: offline on purpose; waits for its acknowledgement until a time on the monotonic clock."""
        mid = self._publish_status(StatusRow(state="offline", reason=reason, since=utc(self._clock.now())))
        while mid not in self._link.acked and self._clock.monotonic() < until_s:
            self._link.poll(self._pace.poll_s)

    def _publish_status(self, row: StatusRow) -> int:
        payload = self._identity.encode(Channel.STATUS, [row], self._records.last_seq, self._clock.now())
        return self._publish(Channel.STATUS, payload, qos=1, retain=True)

    def _publish(self, channel: Channel, payload: bytes, qos: int, retain: bool = False) -> int:
        self._published_s = self._clock.monotonic()
        return self._link.publish(self._identity.topic(channel), payload, qos, retain)

    def _send_records(self) -> None:
        room = min(self._pace.in_flight, self._link.receive_maximum) - len(self._in_flight)
        if room <= 0 or self._sent_seq >= self._records.last_seq:
            self._check_overdue()
            return
        for record in self._records.pending(self._sent_seq, room):
            mid = self._publish(record.channel, record.payload, qos=1)
            self._in_flight[mid] = (record.seq, self._clock.monotonic())
            self._sent_seq = record.seq

    def _check_overdue(self) -> None:
        """A broker that answers pings but owes an acknowledgement for long has forgotten it."""
        oldest_s = min((sent_s for _, sent_s in self._in_flight.values()), default=self._clock.monotonic())
        if self._clock.monotonic() - oldest_s > self._pace.ack_s:
            raise LinkLost(f"broker did not acknowledge a record within {self._pace.ack_s:g} s")

    def _take_acks(self) -> None:
        now_s = self._clock.monotonic()
        for mid in self._link.acked:
            if mid in self._in_flight:
                seq = self._in_flight.pop(mid)[0]
                self._kept.append((seq, now_s))
                self._ack_counts[seq] = self._ack_counts.get(seq, 0) + 1
                self.acked_count += 1
        self._link.acked.clear()

    def _prune(self) -> None:
        """Let go of records that are safe; on a full disk they stay, and are sent again some day."""
        self._pruned_s = self._clock.monotonic()
        safe = [seq for seq, acked_s in self._kept if self._is_safe(seq, acked_s)]
        try:
            self._records.release(safe)
        except OutboxError:
            return
        for seq in safe:
            self._ack_counts.pop(seq, None)
        gone = set(safe)
        self._kept = deque(item for item in self._kept if item[0] not in gone)

    def _is_safe(self, seq: int, acked_s: float) -> bool:
        long_ago = acked_s <= self._pruned_s - self._keep_acked_s
        return long_ago or self._ack_counts.get(seq, 0) >= ACKS_ENOUGH
