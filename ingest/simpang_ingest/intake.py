"""What is done with a message the moment it arrives: decode, show, number, queue. Runs in the broker's thread."""

from typing import Final

from simpang_edge.message import RECORDS, AnyMessage, MessageError, decode

from .batch import Waiting
from .counters import Counters
from .deadletters import DeadLetter
from .live import BOARD_CHANNELS, LiveBoard
from .parcels import Delivery, Parcel
from .points import Cities, to_rows
from .rows import CameraKey
from .sequence import SequenceCheck

OTHER_CHANNELS: Final = ("/cmd", "/ack")
"""Topics of the contract that are not for the ingestor."""
LETTER_BYTES: Final = 65_536
"""At most so much of a bad payload waits for the dead-letter table."""


class Intake:
    """Takes deliveries and puts parcels in the queue.

    unasked_max: how many parcels may wait before those that nobody acknowledges (QoS 0) are dropped and counted;
    the others are bounded by what the broker sends unacknowledged.
    """

    def __init__(
        self, board: LiveBoard, sequence: SequenceCheck, cities: Cities, waiting: Waiting[Parcel],
        counters: Counters, unasked_max: int = 10_000,
    ) -> None:  # fmt: skip
        self._board = board
        self._sequence = sequence
        self._cities = cities
        self._waiting = waiting
        self._counters = counters
        self._unasked_max = unasked_max

    def __call__(self, delivery: Delivery) -> None:
        """Take one delivery. Never raises for what is in it."""
        self._counters.received += 1
        parcel = self._parcel(delivery)
        if parcel.receipt is not None:
            self._waiting.put(parcel)
        elif parcel.rows or parcel.letter:
            self._put_unasked(parcel)

    def _put_unasked(self, parcel: Parcel) -> None:
        if len(self._waiting) < self._unasked_max:
            self._waiting.put(parcel)
        else:
            self._counters.dropped += 1

    def _parcel(self, delivery: Delivery) -> Parcel:
        if delivery.topic.endswith(OTHER_CHANNELS):
            self._counters.ignored += 1
            return Parcel(delivery.receipt)
        try:
            message = decode(delivery.topic, delivery.payload)
            rows = to_rows(message, self._cities)
        except (MessageError, ValueError, OverflowError) as exc:
            self._counters.undecodable += 1
            return Parcel(delivery.receipt, letter=_letter(delivery, str(exc)))
        self._note(message, delivery.retained)
        return Parcel(delivery.receipt, tuple(rows))

    def _note(self, message: AnyMessage, retained: bool) -> None:
        if message.channel in BOARD_CHANNELS:
            self._board.put(message, retained)  # type: ignore[arg-type]  # the channel tells the type of the rows
        elif message.channel in RECORDS:
            self._sequence.see(CameraKey(message.site, message.camera), message.boot, message.seq)


def _letter(delivery: Delivery, reason: str) -> DeadLetter:
    size = len(delivery.payload)
    return DeadLetter(delivery.arrived_s, delivery.topic, reason, size, delivery.payload[:LETTER_BYTES])
