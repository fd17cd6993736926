"""InfluxDB as the store, through influxdb-client's v2 write API (InfluxDB 1.8, 2 and 3).

What a refusal means is decided here and nowhere else: the rows are bad (400, 413, 422: the bad ones are found and
rejected alone), or the server is not ready for good ones (all else: nothing is lost, they come again).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException

from .errors import StoreUnavailable
from .lines import line
from .rows import Stored
from .store import RowsRefused, Written, write_around_bad_rows

ROWS_PER_WRITE: Final = 5000
"""InfluxDB is quickest with 1000 to 5000 points a request (measured: 50 000 points/s)."""

NANOSECONDS: Final[Any] = WritePrecision.NS  # a str, which the library declares as something else

_BAD_ROWS: Final = (400, 413, 422)
_HINTS: Final = {
    401: "the token is not valid",
    403: "the token may not write this bucket",
    404: "there is no such bucket or organisation",
}


@dataclass(frozen=True, slots=True)
class InfluxTarget:
    """Where to write. timeout_s: for one request, from connecting to the answer."""

    url: str
    token: str
    org: str
    bucket: str
    timeout_s: float = 10.0


class InfluxStore:
    """Writes rows to a bucket. Makes no connection until the first write, so a server that is down is waited for."""

    def __init__(self, target: InfluxTarget) -> None:
        self._target = target
        self._client = InfluxDBClient(
            url=target.url, token=target.token, org=target.org, timeout=int(target.timeout_s * 1000), enable_gzip=True
        )
        self._api = self._client.write_api(write_options=SYNCHRONOUS)

    def write(self, rows: Sequence[Stored]) -> Written:
        """All rows, a few thousand a request. Raises `StoreUnavailable`; what was written by then is written again."""
        written = Written(0)
        for start in range(0, len(rows), ROWS_PER_WRITE):
            written += write_around_bad_rows(rows[start : start + ROWS_PER_WRITE], self._write)
        return written

    def close(self) -> None:
        """Close connections."""
        self._client.close()  # type: ignore[no-untyped-call]

    def _write(self, rows: Sequence[Stored]) -> None:
        try:
            text = "\n".join(map(line, rows))
            self._api.write(self._target.bucket, record=text, write_precision=NANOSECONDS)
        except ApiException as exc:
            raise self._meaning(exc) from exc
        except (urllib3.exceptions.HTTPError, OSError) as exc:
            raise StoreUnavailable(f"InfluxDB {self._target.url}: {exc}") from exc

    def _meaning(self, exc: ApiException) -> RowsRefused | StoreUnavailable:
        said = _said(exc)
        if exc.status in _BAD_ROWS:
            return RowsRefused(f"InfluxDB: {exc.status} {said}")
        hint = _HINTS.get(exc.status)
        text = f"InfluxDB {self._target.url}, bucket {self._target.bucket!r}: {exc.status} {said}"
        return StoreUnavailable(f"{text} ({hint})" if hint else text, _retry_after_s(exc))


def _said(exc: ApiException) -> str:
    body = exc.body.decode("utf-8", "replace") if isinstance(exc.body, bytes) else str(exc.body or exc.reason)
    return body.strip()[:500]


def _retry_after_s(exc: ApiException) -> float | None:
    """Seconds of a Retry-After header; a date there is not understood and counts as not given."""
    headers: Any = exc.headers or {}
    try:
        return max(0.0, float(headers.get("Retry-After", "")))
    except ValueError:
        return None
