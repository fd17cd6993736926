"""What a store promises, and how the one bad point in a batch is found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from .rows import Stored


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that the store will never take, and what it said."""

    row: Stored
    reason: str


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a batch: every row is either accepted or rejected."""

    accepted: int
    rejected: tuple[Rejected, ...] = ()

    def __add__(self, other: "Written") -> "Written":
        return Written(self.accepted + other.accepted, self.rejected + other.rejected)


class Store(Protocol):
    """Where rows are kept. Writing the same row twice is writing it once. Used from one thread."""

    def write(self, rows: Sequence[Stored]) -> Written:
        """Write all rows. Raises `StoreUnavailable` when none may be counted as written: the same batch comes again."""

    def close(self) -> None:
        """Let go of files and connections."""


class RowsRefused(Exception):  # noqa: N818 - an answer of the store, not a fault of ours
    """The store refuses something in these rows, and would again."""


def write_around_bad_rows(rows: Sequence[Stored], write: Callable[[Sequence[Stored]], None]) -> Written:
    """Write rows so that only the bad ones are rejected: halve what is refused until each bad row stands alone.

    write: raises `RowsRefused`. Rows may be written several times, which is harmless. One bad row of n costs about
    2 log2(n) writes.
    """
    if not rows:
        return Written(0)
    try:
        write(rows)
    except RowsRefused as exc:
        if len(rows) == 1:
            return Written(0, (Rejected(rows[0], str(exc)),))
        half = len(rows) // 2
        return write_around_bad_rows(rows[:half], write) + write_around_bad_rows(rows[half:], write)
    return Written(len(rows))
