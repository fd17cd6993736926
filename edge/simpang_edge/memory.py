"""What a camera's worker knows beyond one run: the usual traffic, open events, the sums of windows not complete.

One small SQLite file beside the outbox. It only makes figures better: a damaged file is set aside and begun anew, and
a full disk is no reason to stop measuring.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from .data import UsualDay
from .errors import MemoryFileError

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS usual (
  approach TEXT NOT NULL, slot INTEGER NOT NULL, day INTEGER NOT NULL, flow_vps REAL NOT NULL, speed_mps REAL,
  PRIMARY KEY (approach, slot, day)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, version TEXT NOT NULL, data BLOB NOT NULL);
"""

_DROP: Final = """
DELETE FROM usual WHERE approach = ? AND slot = ?
  AND day NOT IN (SELECT day FROM usual WHERE approach = ? AND slot = ? ORDER BY day DESC LIMIT ?);
"""


class Memory:
    """The memory of one camera. Raises `MemoryFileError` when its folder cannot be written.

    damaged: whether a file that could not be read was set aside, so that everything begins anew.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / f"{name}.memory.sqlite"
        self.damaged = False
        with _translated(self._path):
            try:
                self._db = _connect(self._path)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                self.damaged = True
                for part in (self._path, Path(f"{self._path}-wal"), Path(f"{self._path}-shm")):
                    if part.exists():
                        part.replace(part.with_name(f"{part.name}.damaged"))
                self._db = _connect(self._path)

    def usual(self) -> list[UsualDay]:
        """All days that are known, oldest first."""
        with _translated(self._path):
            rows = self._db.execute(
                "SELECT approach, slot, day, flow_vps, speed_mps FROM usual ORDER BY day"
            ).fetchall()
        return [UsualDay(*row) for row in rows]

    def learn(self, days: Iterable[UsualDay], weeks: int) -> None:
        """Keep new days; of each quarter hour of the week the latest `weeks` + 1. By number, not by age: a clock that
        was ahead must not cost what is known."""
        rows = [(d.approach, d.slot, d.day, d.flow_vps, d.speed_mps) for d in days]
        if not rows:
            return
        with _translated(self._path), self._db:
            self._db.executemany("INSERT OR REPLACE INTO usual VALUES (?, ?, ?, ?, ?)", rows)
            self._db.executemany(_DROP, [(*row[:2], *row[:2], weeks + 1) for row in rows])

    def keep(self, name: str, version: str, data: bytes) -> None:
        """Keep something under a name, instead of what was there."""
        self.keep_all((name, version, data))

    def keep_all(self, *things: tuple[str, str, bytes]) -> None:
        """Keep several things (name, version, data), all or none."""
        with _translated(self._path), self._db:
            self._db.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", things)

    def kept(self, name: str, version: str) -> bytes | None:
        """What was kept under this name by the same version; None when there is none."""
        with _translated(self._path):
            row = self._db.execute("SELECT data FROM kept WHERE name = ? AND version = ?", (name, version)).fetchone()
        return None if row is None else bytes(row[0])

    def close(self) -> None:
        """Close the file."""
        self._db.close()


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as exc:
        raise MemoryFileError(f"memory {path}: {exc}; free space there or set outbox.folder to another disk") from exc


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path, timeout=5)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.executescript(_SCHEMA)
        if db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("damaged")
    except sqlite3.Error:
        db.close()
        raise
    return db
