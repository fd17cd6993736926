"""Windows of a camera over days or months as a CSV file for a planner's own tools: every stored column, the observed
seconds and the flags in every row; what is unknown is an empty cell, never 0."""

import csv
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from io import StringIO
from itertools import chain
from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from ..clock import Clock
from ..errors import HistoryError
from ..history import History
from ..rows import CameraKey, WindowRow
from .figurescreen import WINDOWS_S

DAYS: Final = 30
MOST_DAYS: Final = 366
COLUMNS: Final = tuple(name for name in WindowRow.__struct_fields__ if name != "time_ns")
RISKY: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula at the begin of a text."""


def add_export(outer: FastAPI, history: History, zone: ZoneInfo, clock: Clock) -> None:
    """Serve `/camera/SITE/CAMERA/windows.csv?window_s=&from=&to=`: local days, both included; default the last 30."""

    @outer.get("/camera/{site}/{camera}/windows.csv")
    def windows(request: Request, site: str, camera: str) -> Response:
        try:
            window_s, first, last = _asked(request.query_params.get, datetime.fromtimestamp(clock.now(), zone).date())
        except ValueError as exc:
            return PlainTextResponse(str(exc), 400)
        text = lines(history, CameraKey(site, camera), window_s, (first, last), zone)
        try:
            begun = next(text)  # so that a store that does not answer is an error, and not an empty file
        except HistoryError as exc:
            return PlainTextResponse(str(exc), 503)
        name = f"{camera}-{window_s}s-{first}-{last}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(chain((begun,), text), media_type="text/csv; charset=utf-8", headers=headers)


def lines(history: History, camera: CameraKey, window_s: int, days: tuple[date, date], zone: ZoneInfo) -> Iterator[str]:
    """The file in parts, one a day: header, then windows of every approach, lane and movement that begin on local days
    from the first to the last. Raises `HistoryError`."""
    first, last = days
    head = [("begin_local", *COLUMNS)]
    for number in range((last - first).days + 1):
        from_s, to_s = (_midnight_s(first + timedelta(number + more), zone) for more in (0, 1))
        rows = history.windows(camera, window_s, from_s, to_s)
        yield _text([*head, *(_cells(row, zone) for row in rows)])
        head = []


def _asked(of: Callable[[str], str | None], today: date) -> tuple[int, date, date]:
    """Window length, first and last day of a query. Raises `ValueError`, which names what is allowed."""
    length = of("window_s") or str(WINDOWS_S[0])
    if length not in map(str, WINDOWS_S):
        raise ValueError(f"window_s={length}: use one of {', '.join(map(str, WINDOWS_S))}")
    last = _day("to", of("to"), today)
    first = _day("from", of("from"), last - timedelta(DAYS - 1))
    if not 0 <= (last - first).days < MOST_DAYS:
        raise ValueError(f"from={first}, to={last}: from must not be after to, and at most {MOST_DAYS} days")
    return int(length), first, last


def _day(name: str, text: str | None, default: date) -> date:
    try:
        return date.fromisoformat(text) if text else default
    except ValueError:
        raise ValueError(f"{name}={text}: use a day such as 2026-03-31") from None


def _midnight_s(day: date, zone: ZoneInfo) -> float:
    return datetime.combine(day, time(), zone).timestamp()


def _cells(row: WindowRow, zone: ZoneInfo) -> tuple[Any, ...]:
    begin = datetime.fromtimestamp(row.time_s, zone).isoformat()
    return (begin, *(_cell(getattr(row, name)) for name in COLUMNS))


def _cell(value: object) -> object:
    """A text that a spreadsheet would run as a formula gets an apostrophe; None is an empty cell."""
    return f"'{value}" if isinstance(value, str) and value.startswith(RISKY) else value


def _text(table: list[tuple[Any, ...]]) -> str:
    out = StringIO()
    csv.writer(out).writerows(table)
    return out.getvalue()
