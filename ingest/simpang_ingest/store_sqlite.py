"""The embedded store: SQLite in WAL mode, for a demo and for small sites. Readers never wait for the writer."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, get_type_hints

from .clock import Clock
from .errors import StoreUnavailable
from .rows import TABLES, EventRow, GateRow, HealthRow, Stored, WindowRow
from .store import RowsRefused, Written, write_around_bad_rows

KEEP_FOREVER_FROM_S: Final = 900
"""Windows at least this long, cycles and events are never pruned: they are small, and reports live on them."""

PRUNE_EVERY_S: Final = 3600.0

_TYPES: Final[dict[Any, str]] = {int: "INTEGER", float: "REAL", bool: "INTEGER", str: "TEXT"}
_BUSY_S: Final = 5.0


class SqliteStore:
    """Writes rows to a file, made if it is not there. Raises `StoreUnavailable` when it cannot be opened.

    keep_days: after how many days windows shorter than 900 s and health leave; None keeps all.
    """

    def __init__(self, path: Path, clock: Clock, keep_days: float | None = None) -> None:
        self._path = path
        self._clock = clock
        self._keep_s = None if keep_days is None else keep_days * 86_400.0
        self._pruned_s: float | None = None
        with _translated(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
            self._prepare()

    def write(self, rows: Sequence[Stored]) -> Written:
        """All rows in one transaction; a row with a number that SQLite cannot hold is rejected alone."""
        with _translated(self._path):
            self._prune_when_due()
            return write_around_bad_rows(rows, self._write)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        # FULL: with NORMAL a power cut may take the last commits, and their messages are acknowledged by then.
        self._db.execute("PRAGMA synchronous = FULL")
        for kind in TABLES:
            self._db.execute(_create(kind))
            self._add_columns(kind)
        for kind in (WindowRow, EventRow):  # asked for by time over all cameras
            name = kind.MEASUREMENT
            self._db.execute(f"CREATE INDEX IF NOT EXISTS {name}_time ON {name} (time_ns)")

    def _prune_when_due(self) -> None:
        """Once an hour, let go of what is too old."""
        now_s = self._clock.monotonic()
        if self._keep_s is None or (self._pruned_s is not None and now_s - self._pruned_s < PRUNE_EVERY_S):
            return
        self._pruned_s = now_s
        limit_ns = int((self._clock.now() - self._keep_s) * 1e9)
        for kind in (WindowRow, GateRow):
            short = f"DELETE FROM {kind.MEASUREMENT} WHERE time_ns < ? AND window < ?"
            self._db.execute(short, (limit_ns, KEEP_FOREVER_FROM_S))
        self._db.execute(f"DELETE FROM {HealthRow.MEASUREMENT} WHERE time_ns < ?", (limit_ns,))

    def _add_columns(self, kind: type[Stored]) -> None:
        """A file made by an older version gets the columns that came later."""
        there = {name for _, name, *_ in self._db.execute(f"PRAGMA table_info({kind.MEASUREMENT})")}
        for name in columns(kind):
            if name not in there:
                self._db.execute(f"ALTER TABLE {kind.MEASUREMENT} ADD COLUMN {name} {_type(kind, name)}")

    def _write(self, rows: Sequence[Stored]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for kind, group in groupby(rows, type):
                self._db.executemany(_upsert(kind), map(attrgetter(*columns(kind)), group))
            self._db.execute("COMMIT")
        except (OverflowError, UnicodeEncodeError, sqlite3.IntegrityError, sqlite3.DataError) as exc:
            raise RowsRefused(str(exc)) from exc
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")


def columns(kind: type[Stored]) -> tuple[str, ...]:
    """All columns of a table, in the order of the row's type."""
    return kind.__struct_fields__


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.OperationalError, sqlite3.DatabaseError, OSError) as exc:
        raise StoreUnavailable(f"store {path}: {exc}") from exc


def _primary_key(kind: type[Stored]) -> tuple[str, ...]:
    """Camera and time first: every question asks for a range of time of one camera."""
    first = tuple(name for name in ("site", "camera", "window") if name in kind.TAGS)
    return (*first, "time_ns", *(name for name in kind.TAGS if name not in first))


def _create(kind: type[Stored]) -> str:
    key = _primary_key(kind)
    lines = [f"{name} {_type(kind, name)}{' NOT NULL' if name in key else ''}" for name in columns(kind)]
    return (
        f"CREATE TABLE IF NOT EXISTS {kind.MEASUREMENT} ({', '.join(lines)}, PRIMARY KEY ({', '.join(key)})) "
        "WITHOUT ROWID"
    )


def _mark(name: str) -> str:
    """A place for a value of the key; a tag that a row does not have is empty there: a key cannot hold NULL."""
    return {"lane": "coalesce(?, 0)", "movement": "coalesce(?, '')", "approach": "coalesce(?, '')"}.get(name, "?")


def _type(kind: type[Stored], name: str) -> str:
    hint = _hints(kind)[name]
    plain = next((part for part in getattr(hint, "__args__", ()) if part is not type(None)), hint)
    return _TYPES[plain]


@cache
def _hints(kind: type[Stored]) -> dict[str, Any]:
    return get_type_hints(kind)


@cache
def _upsert(kind: type[Stored]) -> str:
    """What is known replaces, what is unknown leaves what was known: as InfluxDB merges the fields of one point."""
    names, key = columns(kind), _primary_key(kind)
    updates = ", ".join(f"{n} = coalesce(excluded.{n}, {n})" for n in names if n not in key)
    marks = ", ".join(_mark(name) if name in key else "?" for name in names)
    return (
        f"INSERT INTO {kind.MEASUREMENT} ({', '.join(names)}) VALUES ({marks}) "
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {updates}"
    )
