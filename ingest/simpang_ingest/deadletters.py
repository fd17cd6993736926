"""Messages and rows that nothing could be made of, kept with the reason, bounded: for a person to look at."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .errors import HistoryError, StoreUnavailable

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS dead_letter (
  id INTEGER PRIMARY KEY AUTOINCREMENT, time_s REAL NOT NULL, topic TEXT NOT NULL, reason TEXT NOT NULL,
  size INTEGER NOT NULL, payload BLOB NOT NULL)
"""
_REASON_CHARACTERS: Final = 1000
_TOPIC_CHARACTERS: Final = 500


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What came (or its beginning), where, when, and why it is here.

    time_s: POSIX UTC of its arrival. size: bytes that came. payload: at most as many as are kept.
    """

    time_s: float
    topic: str
    reason: str
    size: int
    payload: bytes


class DeadLetters:
    """The table of dead letters in a file of its own; the oldest leave when there are too many.

    Used from one thread. Raises `StoreUnavailable` when the file cannot be written: then nothing is acknowledged.
    """

    def __init__(self, path: Path, max_rows: int = 10_000, payload_bytes: int = 4096) -> None:
        self._path = path
        self._max_rows = max_rows
        self._payload_bytes = payload_bytes
        with _translated(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=5.0, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute(_SCHEMA)

    def add(self, letters: Sequence[DeadLetter]) -> None:
        """Keep letters, cut to size."""
        values = [
            (d.time_s, d.topic[:_TOPIC_CHARACTERS], d.reason[:_REASON_CHARACTERS], d.size, self._cut(d.payload))
            for d in letters
        ]
        with _translated(self._path), self._db:
            self._db.executemany(
                "INSERT INTO dead_letter (time_s, topic, reason, size, payload) VALUES (?, ?, ?, ?, ?)", values
            )
            self._db.execute(
                "DELETE FROM dead_letter WHERE id <= (SELECT max(id) FROM dead_letter) - ?", (self._max_rows,)
            )

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _cut(self, payload: bytes) -> bytes:
        return payload[: self._payload_bytes]


def read(path: Path, limit: int = 100) -> list[DeadLetter]:
    """The newest letters in a file, newest first; none when there is no file. Raises `HistoryError`."""
    if not path.exists():
        return []
    try:
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5.0)
        try:
            rows = db.execute(
                "SELECT time_s, topic, reason, size, payload FROM dead_letter ORDER BY id DESC LIMIT ?", (limit,)
            ).fetchall()
        finally:
            db.close()
    except sqlite3.Error as exc:
        raise HistoryError(f"dead letters {path}: {exc}") from exc
    return [DeadLetter(*row) for row in rows]


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as exc:
        raise StoreUnavailable(f"dead letters {path}: {exc}") from exc
