"""Records on disk until the broker has them safely (SQLite in WAL mode).

A record leaves only when `release` is called, so whatever is in the file when a worker starts or reconnects is sent
again: the same point twice is one point, a lost one is a hole. The numbers go on across restarts, and the start time
(`new_boot`) always grows, so ``(boot, seq)`` orders everything a camera ever sent.
"""

import fcntl
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .errors import DuplicateWorkerError, OutboxError
from .message import Channel
from .records import Record

HELD_MAX: Final = 1000
"""Records kept in memory while the disk is full (about 20 MB at most); beyond it the oldest is dropped and counted."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS record (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, payload BLOB NOT NULL, created REAL NOT NULL);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, text TEXT NOT NULL);
"""
_DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """How full an outbox is.

    messages: records on disk and in memory; held: those in memory because the disk is full; dropped: since the
    outbox was made; oldest_s: POSIX UTC of the oldest record, None when empty; notes: what the worker left.
    """

    messages: int
    held: int
    used_mb: float
    dropped: int
    oldest_s: float | None
    notes: tuple[tuple[str, str], ...] = ()


class Outbox:
    """The outbox of one camera. Safe to use from the worker's and the publisher's thread.

    Raises `DuplicateWorkerError` when another process has it open, `OutboxError` when the folder cannot be written.
    """

    def __init__(self, folder: Path, name: str, max_mb: float = 512, max_age_days: float = 7) -> None:
        self._max_bytes = max_mb * 1e6
        self._max_age_s = max_age_days * _DAY_S
        self._path = folder / f"{name}.sqlite"
        self._lock = threading.Lock()
        self._held: deque[tuple[Record, float]] = deque()
        self._lock_file = _lock(folder, name)
        try:
            self._db = _open(self._path)
            self._last_seq = self._stored_last_seq()
            self._dropped = self._counter("dropped")
        except OutboxError:
            os.close(self._lock_file)
            raise

    @property
    def last_seq(self) -> int:
        """The number of the newest record; 0 before the first."""
        return self._last_seq

    @property
    def path(self) -> Path:
        """The database file."""
        return self._path

    def new_boot(self, now_s: float) -> int:
        """Start time of this run in POSIX milliseconds, greater than every earlier one even if the clock stepped back.

        On a full disk it is not stored, and the promise holds as far as the clock does.
        """
        boot = max(int(now_s * 1000), self._counter("boot") + 1)
        with suppress(OutboxError), self._writing() as db:
            db.execute("INSERT OR REPLACE INTO counter VALUES ('boot', ?)", (boot,))
        return boot

    def append(self, channel: Channel, build: Callable[[int], bytes], now_s: float) -> int:
        """Store the message that `build` makes for its number; return the number once it is on disk.

        Over the size limit the oldest records go and are counted. Raises `OutboxError` when the disk takes nothing.
        """
        with self._writing() as db:
            self._store_held(db)
            record = Record(self._last_seq + 1, channel, build(self._last_seq + 1))
            _insert(db, record, now_s)
            gone = self._trim(db, now_s)
        self._stored(gone)
        self._last_seq = record.seq
        return record.seq

    def hold(self, channel: Channel, build: Callable[[int], bytes], now_s: float) -> int:
        """Keep a message in memory because the disk is full; it is stored as soon as there is room."""
        with self._lock:
            self._last_seq += 1
            self._held.append((Record(self._last_seq, channel, build(self._last_seq)), now_s))
            if len(self._held) > HELD_MAX:
                self._held.popleft()
                self._dropped += 1
            return self._last_seq

    def store_held(self, now_s: float) -> None:
        """Try to move what is held in memory to disk. Raises `OutboxError` while there is no room."""
        if not self._held:
            return
        with self._writing() as db:
            self._store_held(db)
            gone = self._trim(db, now_s)
        self._stored(gone)

    def pending(self, after_seq: int, limit: int) -> list[Record]:
        """The oldest records with a greater number, in order. Raises `OutboxError`."""
        with self._lock, _translated(self._path):
            rows = self._db.execute(
                "SELECT seq, channel, payload FROM record WHERE seq > ? ORDER BY seq LIMIT ?", (after_seq, limit)
            ).fetchall()
            stored = [Record(seq, Channel(channel), payload) for seq, channel, payload in rows]
            # A held record may just have been stored: it must not come twice.
            newest = stored[-1].seq if stored else after_seq
            held = [record for record, _ in self._held if record.seq > newest]
        return (stored + held)[:limit]

    def release(self, seqs: Sequence[int]) -> None:
        """Forget records that the broker has safely. Raises `OutboxError`; then they stay and are sent again."""
        gone = set(seqs)
        if not gone:
            return
        with self._lock:
            self._held = deque(item for item in self._held if item[0].seq not in gone)
        with self._writing() as db:
            db.executemany("DELETE FROM record WHERE seq = ?", [(seq,) for seq in seqs])

    def note(self, name: str, text: str) -> None:
        """Keep a line for ``simpang edge outbox status``; not kept on a full disk."""
        with suppress(OutboxError), self._writing() as db:
            db.execute("INSERT OR REPLACE INTO note VALUES (?, ?)", (name, text))

    def status(self) -> OutboxStatus:
        """How full it is now. Raises `OutboxError`."""
        with self._lock, _translated(self._path):
            found = _status(self._db)
            held = len(self._held)
        return OutboxStatus(found.messages + held, held, found.used_mb, self._dropped, found.oldest_s, found.notes)

    def close(self) -> None:
        """Close the file and let another worker have it."""
        with self._lock:
            self._db.close()
            os.close(self._lock_file)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _translated(self._path):
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def _store_held(self, db: sqlite3.Connection) -> None:
        for record, created_s in self._held:
            _insert(db, record, created_s)

    def _stored(self, gone: int) -> None:
        """After a commit: what was held is on disk now, and `gone` records were dropped."""
        with self._lock:
            self._held.clear()
            self._dropped += gone

    def _trim(self, db: sqlite3.Connection, now_s: float) -> int:
        """Drop what is too old or too much, oldest first; return how many went."""
        gone = db.execute("DELETE FROM record WHERE created < ?", (now_s - self._max_age_s,)).rowcount
        while _used_bytes(db) > self._max_bytes:
            oldest = db.execute("DELETE FROM record WHERE seq = (SELECT min(seq) FROM record)").rowcount
            if not oldest:
                break
            gone += oldest
        if gone:
            db.execute("INSERT OR REPLACE INTO counter VALUES ('dropped', ?)", (self._dropped + gone,))
        return gone

    def _stored_last_seq(self) -> int:
        with self._lock, _translated(self._path):
            row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'record'").fetchone()
        return int(row[0]) if row else 0

    def _counter(self, name: str) -> int:
        with self._lock, _translated(self._path):
            row = self._db.execute("SELECT value FROM counter WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0


def read_status(path: Path) -> OutboxStatus:
    """How full an outbox is, read beside a running worker. Raises `OutboxError`."""
    with _translated(path):
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
        try:
            return _status(db)
        finally:
            db.close()


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as exc:
        raise OutboxError(f"outbox {path}: {exc}; free space there or set outbox.folder to another disk") from exc


def _lock(folder: Path, name: str) -> int:
    """The lock file of a camera's outbox, held while the worker lives (the kernel frees it, whatever ends us)."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as exc:
        raise OutboxError(f"outbox folder {folder} cannot be written: {exc.strerror}; set outbox.folder") from exc
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        owner = os.read(handle, 20).decode() or "unknown"
        os.close(handle)
        raise DuplicateWorkerError(
            f"camera {name}: another worker on this machine (process {owner}) already runs it; this one stops"
        ) from exc
    # The number is for the message above only; on a full disk the lock holds without it.
    with suppress(OSError):
        os.truncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
    return handle


def _open(path: Path) -> sqlite3.Connection:
    """The database, made if need be; a damaged one is set aside, because measuring must go on."""
    try:
        return _connect(path)
    except sqlite3.OperationalError as exc:
        raise OutboxError(f"outbox {path} cannot be opened: {exc}; free space or set outbox.folder") from exc
    except sqlite3.DatabaseError:
        for part in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            if part.exists():
                part.replace(part.with_name(f"{part.name}.damaged"))
        return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        # FULL: a record that was appended survives a power cut, not only the end of the process.
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA wal_autocheckpoint=100")
        db.executescript(_SCHEMA)
    except sqlite3.Error:
        db.close()
        raise
    return db


def _insert(db: sqlite3.Connection, record: Record, created_s: float) -> None:
    db.execute(
        "INSERT INTO record (seq, channel, payload, created) VALUES (?, ?, ?, ?)",
        (record.seq, record.channel.value, record.payload, created_s),
    )


def _used_bytes(db: sqlite3.Connection) -> int:
    pages, free, size = (
        int(db.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _status(db: sqlite3.Connection) -> OutboxStatus:
    messages, oldest_s = db.execute("SELECT count(*), min(created) FROM record").fetchone()
    dropped = db.execute("SELECT value FROM counter WHERE name = 'dropped'").fetchone()
    notes = tuple(db.execute("SELECT name, text FROM note ORDER BY name").fetchall())
    return OutboxStatus(messages, 0, _used_bytes(db) / 1e6, dropped[0] if dropped else 0, oldest_s, notes)
