"""History over the embedded store. A connection per question: cheap in SQLite, and safe from any thread."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from .errors import HistoryError
from .rows import CameraKey, CameraRow, CycleRow, EventRow, GateRow, HealthRow, Stored, WindowRow

RowT = TypeVar("RowT", bound=Stored)


class SqliteHistory:
    """Implements `History` over the file that a `SqliteStore` writes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def cameras(self) -> list[CameraRow]:
        """The newest description of every camera."""
        return self._select(
            CameraRow,
            "time_ns = (SELECT max(time_ns) FROM camera_meta m WHERE m.site = t.site AND m.camera = t.camera)",
            {}, "site, camera",
        )  # fmt: skip

    def windows(
        self, camera: CameraKey, window_s: int, from_s: float, to_s: float, *,
        scope: str | None = None, approach: str | None = None, lane: int | None = None,
    ) -> list[WindowRow]:  # fmt: skip
        """Windows of a camera that start in a range."""
        wanted = {"window": window_s, "scope": scope, "approach": approach, "lane": lane}
        return self._range(WindowRow, camera, from_s, to_s, wanted)

    def latest(self, window_s: int, since_s: float) -> list[WindowRow]:
        """The newest window per camera and approach."""
        newest = (
            "(site, camera, approach, time_ns) IN (SELECT site, camera, approach, max(time_ns) FROM traffic_window "
            "WHERE window = :window AND scope = 'approach' AND time_ns >= :since GROUP BY site, camera, approach)"
        )
        where = f"window = :window AND scope = 'approach' AND time_ns >= :since AND {newest}"
        return self._select(WindowRow, where, {"window": window_s, "since": _ns(since_s)}, "site, camera, approach")

    def gates(self, camera: CameraKey, window_s: int, from_s: float, to_s: float) -> list[GateRow]:
        """Vehicles over the gates of a camera in a range."""
        return self._range(GateRow, camera, from_s, to_s, {"window": window_s})

    def cycles(self, camera: CameraKey, from_s: float, to_s: float, *, approach: str | None = None) -> list[CycleRow]:
        """Signal cycles that start in a range."""
        return self._range(CycleRow, camera, from_s, to_s, {"approach": approach})

    def events(self, from_s: float, to_s: float, *, camera: CameraKey | None = None) -> list[EventRow]:
        """Events that begin in a range."""
        return self._range(EventRow, camera, from_s, to_s, {})

    def health(self, camera: CameraKey, from_s: float, to_s: float) -> list[HealthRow]:
        """Health in a range."""
        return self._range(HealthRow, camera, from_s, to_s, {})

    def _range(
        self, kind: type[RowT], camera: CameraKey | None, from_s: float, to_s: float, wanted: dict[str, Any]
    ) -> list[RowT]:
        equal = wanted | ({} if camera is None else {"site": camera.site, "camera": camera.camera})
        equal = {name: value for name, value in equal.items() if value is not None}
        where = " AND ".join(["time_ns >= :from", "time_ns < :to", *(f"{name} = :{name}" for name in equal)])
        return self._select(kind, where, equal | {"from": _ns(from_s), "to": _ns(to_s)}, "time_ns")

    def _select(self, kind: type[RowT], where: str, values: dict[str, Any], order: str) -> list[RowT]:
        names = kind.__struct_fields__
        sql = f"SELECT {', '.join(names)} FROM {kind.MEASUREMENT} t WHERE {where} ORDER BY {order}"
        with self._connected() as db:
            found = db.execute(sql, values).fetchall()
        return [_row(kind, names, values) for values in found]

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        db: sqlite3.Connection | None = None
        try:
            db = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=5.0)
            yield db
        except sqlite3.Error as exc:
            raise HistoryError(f"store {self._path}: {exc}") from exc
        finally:
            if db is not None:
                db.close()


def _row(kind: type[RowT], names: tuple[str, ...], values: tuple[Any, ...]) -> RowT:
    """A typed row; a tag that is empty in the key is one that the row does not have."""
    tags = {*kind.TAGS, "city"}
    known = {n: v for n, v in zip(names, values, strict=True) if v is not None and not (n in tags and v in ("", 0))}
    return msgspec.convert(known, kind, strict=False)


def _ns(time_s: float) -> int:
    """POSIX nanoseconds; rounded to microseconds, which is what a float holds."""
    return round(time_s * 1e6) * 1000
