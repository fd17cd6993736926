"""A camera's windows as a CSV file, over HTTP, from the embedded store."""

import csv
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import uvicorn
from fastapi import FastAPI
from simpang_ingest.clock import FakeClock
from simpang_ingest.errors import HistoryError
from simpang_ingest.history_sqlite import SqliteHistory
from simpang_ingest.page.export import add_export, lines
from simpang_ingest.rows import CameraKey, WindowRow
from simpang_ingest.store_sqlite import SqliteStore

JAKARTA = ZoneInfo("Asia/Jakarta")
FIRST_S = 1_772_298_000  # 2026-03-01T00:00+07:00, which is 17:00 UTC of the day before
FILE = "/camera/s/c/windows.csv"


def row(start_s: int, **figures: Any) -> WindowRow:
    """A quarter hour of which 810 s were seen."""
    known = {"scope": "approach", "approach": "utara", "observed_s": 810.0, "observed_ratio": 0.9} | figures
    return WindowRow(site="s", camera="c", time_ns=start_s * 10**9, window=900, **known)


@contextmanager
def served(outer: FastAPI) -> Iterator[HTTPConnection]:
    """A connection to a real server of the application."""
    server = uvicorn.Server(uvicorn.Config(outer, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    connection = HTTPConnection(*server.servers[0].sockets[0].getsockname()[:2])
    yield connection
    connection.close()
    server.should_exit = True
    thread.join(5)


def get(page: HTTPConnection, address: str) -> tuple[int, str]:
    """Status and text of an answer."""
    page.request("GET", address)
    answer = page.getresponse()
    return answer.status, answer.read().decode()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HTTPConnection]:
    """Quarter hours at midnight of 1 March, at its end, and of 2 and 31 March; a minute among them; it is 31 March."""
    path = tmp_path_factory.mktemp("export") / "simpang.sqlite"
    clock = FakeClock(FIRST_S + 30 * 86_400 + 3600)
    store = SqliteStore(path, clock)
    store.write([row(FIRST_S, intensity=95, control_delay_s=31.4, model_delay_s=33.0, flags="night"),
                 row(FIRST_S + 86_400 - 900, intensity=0), row(FIRST_S + 86_400, intensity=7),
                 row(FIRST_S + 30 * 86_400, movement="=1+1", scope="movement"),
                 WindowRow(site="s", camera="c", time_ns=FIRST_S * 10**9, window=60, scope="approach", approach="utara",
                           observed_s=60.0, observed_ratio=1.0)])  # fmt: skip
    outer = FastAPI()
    add_export(outer, SqliteHistory(path), JAKARTA, clock)
    with served(outer) as connection:
        yield connection
    store.close()


def table(page: HTTPConnection, query: str) -> list[dict[str, str]]:
    """The rows of an answer by the names in its first line."""
    status, text = get(page, f"{FILE}?{query}")
    assert status == 200, text
    return list(csv.DictReader(text.splitlines()))


def test_a_day_is_the_local_day_and_every_column_is_there(page: HTTPConnection) -> None:
    """1 March in Jakarta: the windows at 00:00 and 23:45, not that of the next midnight."""
    found = table(page, "from=2026-03-01&to=2026-03-01")
    assert [one["begin_local"] for one in found] == ["2026-03-01T00:00:00+07:00", "2026-03-01T23:45:00+07:00"]
    assert set(found[0]) == {"begin_local", *WindowRow.__struct_fields__} - {"time_ns"}
    assert (found[0]["intensity"], found[0]["control_delay_s"], found[0]["model_delay_s"]) == ("95", "31.4", "33.0")
    assert (found[0]["observed_s"], found[0]["observed_ratio"], found[0]["flags"]) == ("810.0", "0.9", "night")


def test_unknown_is_an_empty_cell_and_zero_is_zero(page: HTTPConnection) -> None:
    """Nobody came from 23:45 on, and no speed is known."""
    last = table(page, "from=2026-03-01&to=2026-03-01")[1]
    assert (last["intensity"], last["speed_kmh"], last["dj"]) == ("0", "", "")


def test_thirty_days_up_to_today_are_the_default(page: HTTPConnection) -> None:
    """On 31 March: from 2 to 31 March, both included; two quarter hours, no minute."""
    found = table(page, "")
    assert [one["begin_local"][:10] for one in found] == ["2026-03-02", "2026-03-31"]


def test_a_text_is_no_formula(page: HTTPConnection) -> None:
    """A movement that is called =1+1 does not compute in a spreadsheet."""
    assert table(page, "from=2026-03-31&to=2026-03-31")[0]["movement"] == "'=1+1"


@pytest.mark.parametrize(
    ("query", "says"),
    [
        pytest.param("window_s=300", "window_s=300: use one of 900, 60", id="no such window"),
        pytest.param("from=1.3.2026", "from=1.3.2026: use a day such as", id="no day"),
        pytest.param("from=2026-03-02&to=2026-03-01", "from must not be after to", id="backwards"),
        pytest.param("from=2025-03-01&to=2026-03-02", "at most 366 days", id="367 days"),
    ],
)
def test_a_wrong_question_is_told_what_is_allowed(page: HTTPConnection, query: str, says: str) -> None:
    """400 with the key, the value and what is allowed."""
    status, text = get(page, f"{FILE}?{query}")
    assert status == 400
    assert says in text


def test_a_store_that_does_not_answer_is_an_error_and_no_empty_file(tmp_path: Path) -> None:
    """503 with the store's reason, not a header without rows."""
    outer = FastAPI()
    add_export(outer, SqliteHistory(tmp_path / "none" / "simpang.sqlite"), JAKARTA, FakeClock(FIRST_S))
    with served(outer) as connection:
        assert get(connection, FILE)[0] == 503
    with pytest.raises(HistoryError):
        next(lines(SqliteHistory(tmp_path / "none" / "x"), CameraKey("s", "c"), 900, (date(2026, 3, 1),) * 2, JAKARTA))
