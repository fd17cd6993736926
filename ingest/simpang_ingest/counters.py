"""What the ingestor counts, published as metrics and in its totals."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """Counted since the start. Each number is written by one thread only.

    received, ignored, undecodable, dropped: messages (broker's thread). stored, rejected: rows. dead_letters: kept
    letters. acknowledged: messages. batches, retries: writes that succeeded, and that have to come again.
    """

    received: int = 0
    ignored: int = 0
    undecodable: int = 0
    dropped: int = 0
    stored: int = 0
    rejected: int = 0
    dead_letters: int = 0
    acknowledged: int = 0
    batches: int = 0
    retries: int = 0
    store_trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """What a person wants to know of a run; lost: records missing now, duplicates: records that came again."""

    received: int
    stored: int
    rejected: int
    dead_letters: int
    acknowledged: int
    retries: int
    lost: int
    duplicates: int
