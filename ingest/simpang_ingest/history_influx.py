"""History over InfluxDB, in InfluxQL through ``/query``: works on 1.x, on 2.x (with a DBRP mapping) and on 3.x."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import requests

from .errors import HistoryError
from .rows import CameraKey, CameraRow, CycleRow, EventRow, GateRow, HealthRow, Stored, WindowRow

RowT = TypeVar("RowT", bound=Stored)


@dataclass(frozen=True, slots=True)
class InfluxSource:
    """Where to ask. token (2.x, 3.x) or username and password (1.x); neither where none is asked for."""

    url: str
    database: str
    retention_policy: str | None = None
    token: str | None = None
    username: str | None = None
    password: str | None = None
    timeout_s: float = 10.0


class InfluxHistory:
    """Implements `History`."""

    def __init__(self, source: InfluxSource) -> None:
        self._source = source
        self._parameters = {"db": source.database, "epoch": "ns"}
        if source.retention_policy:
            self._parameters["rp"] = source.retention_policy
        self._headers = {"Authorization": f"Token {source.token}"} if source.token else {}
        self._auth = (source.username, source.password or "") if source.username else None

    def cameras(self) -> list[CameraRow]:
        """The newest description of every camera."""
        newest = "GROUP BY site, camera ORDER BY time DESC LIMIT 1"
        return sorted(self._select(CameraRow, "", newest), key=lambda row: row.key)

    def windows(
        self, camera: CameraKey, window_s: int, from_s: float, to_s: float, *,
        scope: str | None = None, approach: str | None = None, lane: int | None = None,
    ) -> list[WindowRow]:  # fmt: skip
        """Windows of a camera that start in a range."""
        number = None if lane is None else str(lane)
        wanted = {"window": str(window_s), "scope": scope, "approach": approach, "lane": number}
        return self._range(WindowRow, camera, from_s, to_s, wanted)

    def latest(self, window_s: int, since_s: float) -> list[WindowRow]:
        """The newest window per camera and approach."""
        where = _where({"window": str(window_s), "scope": "approach"}, [f"time >= {_ns(since_s)}"])
        newest = "GROUP BY site, camera, approach ORDER BY time DESC LIMIT 1"
        return sorted(self._select(WindowRow, where, newest), key=lambda row: (row.key, row.approach))

    def gates(self, camera: CameraKey, window_s: int, from_s: float, to_s: float) -> list[GateRow]:
        """Vehicles over the gates of a camera in a range."""
        return self._range(GateRow, camera, from_s, to_s, {"window": str(window_s)})

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
        self, kind: type[RowT], camera: CameraKey | None, from_s: float, to_s: float, wanted: dict[str, str | None]
    ) -> list[RowT]:
        equal = wanted | ({} if camera is None else {"site": camera.site, "camera": camera.camera})
        where = _where(equal, [f"time >= {_ns(from_s)}", f"time < {_ns(to_s)}"])
        return self._select(kind, where, "ORDER BY time")

    def _select(self, kind: type[RowT], where: str, rest: str) -> list[RowT]:
        answer = self._query(f'SELECT * FROM "{kind.MEASUREMENT}" {where} {rest}')
        return [msgspec.convert(values, kind, strict=False) for values in _values(answer)]

    def _query(self, statement: str) -> dict[str, Any]:
        try:
            response = requests.get(
                f"{self._source.url.rstrip('/')}/query", params=self._parameters | {"q": statement},
                headers=self._headers, auth=self._auth, timeout=self._source.timeout_s,
            )  # fmt: skip
            answer: dict[str, Any] = response.json()
        except (requests.RequestException, ValueError) as exc:
            raise HistoryError(f"InfluxDB {self._source.url}: {exc}") from exc
        fault = _fault(answer)
        if fault or not response.ok:
            raise HistoryError(f"InfluxDB {self._source.url}: {response.status_code} {fault}")
        return answer


def _fault(answer: dict[str, Any]) -> str | None:
    """What InfluxDB complains of: for the request, or for the one statement in it."""
    whole = answer.get("error") or answer.get("message")
    return whole or next((result["error"] for result in answer.get("results", []) if "error" in result), None)


def _values(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Name and value of what each row has; tags that the rows were grouped by stand beside the columns."""
    for result in answer.get("results", []):
        for series in result.get("series", []):
            tags = {name: value for name, value in series.get("tags", {}).items() if value != ""}
            for row in series["values"]:
                known = {n: v for n, v in zip(series["columns"], row, strict=True) if v is not None and v != ""}
                yield tags | known | {"time_ns": known["time"]}


def _where(equal: dict[str, str | None], conditions: list[str]) -> str:
    tags = [f'"{name}" = {_text(value)}' for name, value in equal.items() if value is not None]
    return "WHERE " + " AND ".join([*tags, *conditions])


def _text(value: str) -> str:
    """A string literal; nothing in a value can end it."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


def _ns(time_s: float) -> int:
    """POSIX nanoseconds; rounded to microseconds, which is what a float holds."""
    return round(time_s * 1e6) * 1000
