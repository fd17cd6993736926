"""Did everything that the boxes recorded arrive in the store? Read from both ends, not from anybody's counters."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from simpang_edge.message import Channel, decode, topic
from simpang_ingest.history import History
from simpang_ingest.points import Cities, to_rows
from simpang_ingest.rows import CameraKey, CycleRow, EventRow, GateRow, Stored, WindowRow

from .demo_parts import SITE, WINDOWS_S

FOREVER_S = 4e9

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """Rows that the boxes put in their outboxes, and how many of these the store has."""

    published: int
    stored: int

    @property
    def lost(self) -> int:
        """Rows that never arrived."""
        return self.published - self.stored


MEMORY: Final = ".memory.sqlite"
"""What a worker has learnt lies beside its outbox."""


def audit(outboxes: Path, history: History) -> Audit:
    """Compare every box's outbox (kept whole by the demo) with the store."""
    published: set[Key] = set()
    stored: set[Key] = set()
    for path in sorted(path for path in outboxes.glob("*.sqlite") if not path.name.endswith(MEMORY)):
        rows = _recorded(path)
        published |= {_key(row) for row in rows}
        for camera in {row.key for row in rows}:
            stored |= {_key(row) for row in _rows(history, camera)}
    return Audit(len(published), len(published & stored))


def _recorded(path: Path) -> list[Stored]:
    """The rows of all records of one outbox."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
    try:
        records = db.execute("SELECT channel, payload FROM record ORDER BY seq").fetchall()
    finally:
        db.close()
    cities = Cities()
    return [
        row
        for channel, payload in records
        for row in to_rows(decode(topic(SITE, path.stem, Channel(channel)), payload), cities)
    ]


def _rows(history: History, camera: CameraKey) -> list[Stored]:
    windows = [row for window_s in WINDOWS_S for row in history.windows(camera, window_s, 0.0, FOREVER_S)]
    gates = [row for window_s in WINDOWS_S for row in history.gates(camera, window_s, 0.0, FOREVER_S)]
    return [*windows, *gates, *history.cycles(camera, 0.0, FOREVER_S), *history.events(0.0, FOREVER_S, camera=camera)]


def _key(row: Stored) -> Key:
    """What makes a stored row one row."""
    match row:
        case WindowRow():
            return ("window", row.key, row.time_ns, row.window, row.scope, row.approach, row.lane, row.movement)
        case GateRow():
            return ("gate", row.key, row.time_ns, row.window, row.gate, row.direction)
        case CycleRow():
            return ("cycle", row.key, row.time_ns, row.approach)
        case EventRow():
            return ("event", row.key, row.time_ns, row.event, row.id)
        case _:
            return (row.MEASUREMENT, row.key, row.time_ns)
