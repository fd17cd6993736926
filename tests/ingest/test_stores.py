"""Both stores keep the same rows and answer the same questions; InfluxDB is a real one behind the v2 write API."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
from simpang_edge.message import Channel, GateX, Message
from simpang_ingest.clock import FakeClock
from simpang_ingest.errors import HistoryError, StoreUnavailable
from simpang_ingest.history import History
from simpang_ingest.history_influx import InfluxHistory, InfluxSource
from simpang_ingest.history_sqlite import SqliteHistory
from simpang_ingest.points import Cities, to_rows
from simpang_ingest.rows import CameraKey, HealthRow, Stored, WindowRow
from simpang_ingest.store import Store
from simpang_ingest.store_influx import InfluxStore, InfluxTarget
from simpang_ingest.store_sqlite import SqliteStore

from ..influx_adapter import Adapter
from ..influxd import Influxd
from .world import BOOT, START_S, cycle, event, flow, health, message, meta, window

CITIES = Cities("Kota Tangerang Selatan")
UTARA = CameraKey("tangsel", "utara")
ALWAYS = (0.0, 4e9)
WAYS: tuple[Literal["forward", "backward"], ...] = ("forward", "backward")


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influxd]:
    """One real InfluxDB for this file."""
    with Influxd(tmp_path_factory.mktemp("influx")) as server:
        yield server


@pytest.fixture
def adapter(influx: Influxd) -> Iterator[Adapter]:
    """The v2 write API in front of it, on an empty database."""
    influx.query('DROP DATABASE "simpang"')
    influx.query('CREATE DATABASE "simpang"')
    with Adapter(influx.url) as adapter:
        yield adapter


def influx_store(adapter: Adapter, **changes: str) -> InfluxStore:
    """The store as the service makes it."""
    values = {"token": adapter.token, "org": "simpang", "bucket": "simpang/autogen"} | changes
    return InfluxStore(InfluxTarget(adapter.url, timeout_s=5.0, **values))


@pytest.fixture(params=["sqlite", "influxdb"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Store, History]:
    """A store and the history over it, of each kind."""
    if request.param == "sqlite":
        path = tmp_path / "s.sqlite"
        return SqliteStore(path, FakeClock(START_S)), SqliteHistory(path)
    adapter = request.getfixturevalue("adapter")
    return influx_store(adapter), InfluxHistory(InfluxSource(adapter.url, "simpang"))


def rows(*messages: Message[Any]) -> list[Stored]:
    """The rows of messages."""
    return [row for message_ in messages for row in to_rows(message_, CITIES)]


def test_what_is_written_is_read_again(both: tuple[Store, History]) -> None:
    """Every row of every kind comes back as it was, unknowns included."""
    store, history = both
    window_, cycle_, health_, meta_ = rows(window(3), cycle(), health(), meta())
    begun, ended = rows(event("a"), event("b", ended=True))
    written = store.write([window_, cycle_, health_, meta_, begun, ended])
    assert (written.accepted, written.rejected) == (6, ())
    assert history.windows(UTARA, 60, *ALWAYS) == [window_]
    assert history.cycles(UTARA, *ALWAYS) == [cycle_]
    assert history.health(UTARA, *ALWAYS) == [health_]
    assert history.cameras() == [meta_]
    assert sorted(history.events(*ALWAYS), key=lambda e: e.id) == [begun, ended]


def test_gates_are_written_and_read_again(both: tuple[Store, History]) -> None:
    """Both directions of a gate, of the window that was asked for; twice the same is one."""
    store, history = both
    gates = [GateX(gate="selatan", direction=way, counts={"car": 3}, pkji_counts={"MP": 3}) for way in WAYS]
    window_, *own = rows(window(3, gates=gates))
    store.write([window_, *own, *own])
    store.write(rows(window(3, window_s=900, gates=gates)))
    found = history.gates(UTARA, 60, *ALWAYS)
    assert sorted(found, key=lambda row: row.direction, reverse=True) == own


def test_any_text_is_kept_as_it_is(both: tuple[Store, History]) -> None:
    """Quotes, backslashes, line breaks and letters of all kinds neither break a row nor change."""
    store, history = both
    (row,) = rows(health())
    strange = msgspec.structs.replace(row, source_detail='a "b" \\ c\\" d\ne,f=g é 😀 \\')
    store.write([strange, *rows(health(5.0))])
    assert history.health(UTARA, *ALWAYS) == [strange, *rows(health(5.0))]


def test_the_same_point_twice_is_one_point(both: tuple[Store, History]) -> None:
    """Redelivery changes nothing, within one batch and in a later one."""
    store, history = both
    for _ in range(2):
        store.write(rows(window(1), window(1), cycle(), cycle()))
    assert len(history.windows(UTARA, 60, *ALWAYS)) == 1
    assert len(history.cycles(UTARA, *ALWAYS)) == 1


def test_a_beginning_that_comes_again_does_not_undo_the_end(both: tuple[Store, History]) -> None:
    """A worker sends again what a broken connection may have taken, oldest first."""
    store, history = both
    for message_ in (event("a"), event("a", ended=True), event("a")):
        store.write(rows(message_))
    (found,) = history.events(*ALWAYS, camera=UTARA)
    assert found.duration_s == 300.0


def test_an_event_that_is_told_again_as_graver_is_the_same_event_and_graver(both: tuple[Store, History]) -> None:
    """Congestion that became jammed: one point, serious."""
    store, history = both
    warned = event("a")
    serious = msgspec.structs.replace(warned, rows=[msgspec.structs.replace(warned.rows[0], severity="serious")])
    for message_ in (warned, serious):
        store.write(rows(message_))
    assert [one.severity for one in history.events(*ALWAYS, camera=UTARA)] == ["serious"]


def test_questions_select(both: tuple[Store, History]) -> None:
    """Range, window, approach, lane and scope each narrow an answer; the range's end is not part of it."""
    store, history = both
    several = message(
        Channel.WINDOW,
        [flow(0), flow(1), flow(2), flow(1, lane=1), flow(1, lane=2), flow(1, "barat"), flow(0, window_s=900)],
    )
    store.write(rows(several, window(1, camera="timur")))
    at = history.windows(UTARA, 60, START_S + 60, START_S + 120)
    assert sorted((r.approach, r.lane) for r in at if r.approach == "barat" or r.lane) == [
        ("barat", None), ("utara", 1), ("utara", 2),
    ]  # fmt: skip
    assert len(at) == 4
    assert len(history.windows(UTARA, 60, *ALWAYS)) == 6
    assert len(history.windows(UTARA, 900, *ALWAYS)) == 1
    assert [r.lane for r in history.windows(UTARA, 60, *ALWAYS, lane=2)] == [2]
    assert [r.time_s for r in history.windows(UTARA, 60, *ALWAYS, scope="approach", approach="utara")] == [
        START_S, START_S + 60, START_S + 120,
    ]  # fmt: skip
    newest = [(r.camera, r.approach, r.time_s - START_S) for r in history.latest(60, START_S)]
    assert newest == [("timur", "utara", 60.0), ("utara", "barat", 60.0), ("utara", "utara", 120.0)]
    assert history.latest(60, START_S + 121) == []


def test_the_newest_description_of_a_camera_counts(both: tuple[Store, History]) -> None:
    """A worker that starts with another configuration describes its camera anew."""
    store, history = both
    store.write(rows(meta("old"), meta("new", boot=BOOT + 1000)))
    assert [camera.name for camera in history.cameras()] == ["new"]


def test_names_from_outside_cannot_change_a_question(both: tuple[Store, History]) -> None:
    """A camera called like a piece of a query is a camera that nobody has heard of."""
    store, history = both
    store.write(rows(window(1)))
    assert history.windows(CameraKey("tangsel", "x' OR 'a'='a"), 60, *ALWAYS) == []
    assert history.windows(UTARA, 60, *ALWAYS, approach="' OR \"site\"='tangsel") == []


def huge(minute: int) -> WindowRow:
    """A row with a number that no store can hold: 2**70 vehicles."""
    (row,) = rows(window(minute, queue_max_vehicles=2**70))
    assert isinstance(row, WindowRow)
    return row


def test_a_bad_row_is_rejected_alone(both: tuple[Store, History]) -> None:
    """The rest of its batch is stored; the bad ones are named with the store's reason."""
    store, history = both
    good = rows(*(window(minute) for minute in range(100)))
    bad = [huge(200), huge(201)]
    written = store.write([*good[:37], bad[0], *good[37:], bad[1]])
    assert written.accepted == 100
    assert [rejected.row for rejected in written.rejected] == bad
    assert all(rejected.reason for rejected in written.rejected)
    assert len(history.windows(UTARA, 60, *ALWAYS)) == 100


def test_a_field_of_another_type_is_rejected_alone(adapter: Adapter, influx: Influxd) -> None:
    """InfluxDB fixes a field's type by its first point and answers with a partial write: only that row is lost."""
    influx.write('camera_health,site=other temperature_c="warm" 1795485600000000000')
    (wrong,) = rows(health(2.0))
    assert isinstance(wrong, HealthRow)
    wrong = msgspec.structs.replace(wrong, temperature_c=41.5)
    written = influx_store(adapter).write([*rows(health(1.0)), wrong, *rows(health(3.0))])
    assert written.accepted == 2
    assert [rejected.row for rejected in written.rejected] == [wrong]
    assert "field type conflict" in written.rejected[0].reason


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_a_server_that_is_not_ready_is_not_a_bad_row(adapter: Adapter, status: int) -> None:
    """Nothing is rejected, so nothing is acknowledged: the batch comes again."""
    store = influx_store(adapter)
    adapter.fail_next(status, Retry_After="7")
    with pytest.raises(StoreUnavailable) as caught:
        store.write(rows(window(1)))
    assert caught.value.retry_after_s == 7.0
    assert store.write(rows(window(1))).accepted == 1


def test_a_wrong_token_says_so(adapter: Adapter) -> None:
    """The message names the server, the bucket and what to look at."""
    with pytest.raises(StoreUnavailable, match=r"bucket 'simpang/autogen': 401 .*the token is not valid"):
        influx_store(adapter, token="wrong").write(rows(window(1)))


def test_a_missing_database_is_waited_for(adapter: Adapter) -> None:
    """InfluxDB's own 404 counts as not ready: a bucket can still be made."""
    with pytest.raises(StoreUnavailable, match="no such bucket"):
        influx_store(adapter, bucket="nowhere").write(rows(window(1)))


def test_no_server_at_all_is_waited_for(tmp_path: Path) -> None:
    """Nobody listens: the store is unavailable and history says why."""
    store = InfluxStore(InfluxTarget("http://127.0.0.1:9", "t", "o", "b", timeout_s=1.0))
    with pytest.raises(StoreUnavailable, match=r"http://127\.0\.0\.1:9"):
        store.write(rows(window(1)))
    with pytest.raises(HistoryError):
        InfluxHistory(InfluxSource("http://127.0.0.1:9", "b", timeout_s=1.0)).cameras()
    with pytest.raises(HistoryError):
        SqliteHistory(tmp_path / "none.sqlite").cameras()


def test_a_connection_that_closes_without_an_answer_is_waited_for(adapter: Adapter) -> None:
    """A proxy that dies in the middle has not stored anything for sure."""
    adapter.down = True
    with pytest.raises(StoreUnavailable):
        influx_store(adapter).write(rows(window(1)))


def test_old_short_windows_leave_and_long_ones_stay(tmp_path: Path) -> None:
    """The embedded store keeps 60 s windows and health for so many days, 900 s windows, cycles and events for ever."""
    clock = FakeClock(START_S + 86_400 * 3)
    store = SqliteStore(tmp_path / "s.sqlite", clock, keep_days=2)
    store.write(rows(window(0), message(Channel.WINDOW, [flow(0, window_s=900)]), health(), cycle()))
    clock.advance(3600)
    store.write(rows(window(1)))
    history = SqliteHistory(tmp_path / "s.sqlite")
    assert [row.time_s for row in history.windows(UTARA, 60, *ALWAYS)] == [START_S + 60]
    assert history.health(UTARA, *ALWAYS) == []
    assert len(history.windows(UTARA, 900, *ALWAYS)) == len(history.cycles(UTARA, *ALWAYS)) == 1


def test_a_file_of_an_older_version_gets_the_new_columns(tmp_path: Path) -> None:
    """Upgrading needs no migration by hand."""
    path = tmp_path / "s.sqlite"
    SqliteStore(path, FakeClock()).close()
    with sqlite3.connect(path) as db:
        db.execute("ALTER TABLE traffic_cycle DROP COLUMN discharged")
    SqliteStore(path, FakeClock()).write(rows(cycle()))
    assert SqliteHistory(path).cycles(UTARA, *ALWAYS)[0].discharged == 11
