"""The nouns between the broker and the store."""

from dataclasses import dataclass
from typing import NamedTuple

from .deadletters import DeadLetter
from .rows import Stored


class Receipt(NamedTuple):
    """What an acknowledgement needs. connection: which one it came over; on a later one the same mid is another
    message, and acknowledging that would lose it."""

    connection: int
    mid: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as the broker gave it. receipt: None for QoS 0, which nobody acknowledges. arrived_s: POSIX UTC."""

    topic: str
    payload: bytes
    retained: bool
    receipt: Receipt | None
    arrived_s: float


@dataclass(frozen=True, slots=True)
class Parcel:
    """What became of a delivery: rows to store, or a dead letter, or nothing; and its receipt for afterwards."""

    receipt: Receipt | None
    rows: tuple[Stored, ...] = ()
    letter: DeadLetter | None = None
