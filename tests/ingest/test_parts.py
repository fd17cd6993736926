"""The small parts of the ingestor, each alone, with a clock moved by hand."""

import threading
from pathlib import Path

import pytest
import structlog
from simpang_ingest.batch import BatchRule, Waiting
from simpang_ingest.clock import FakeClock, SystemClock
from simpang_ingest.counters import Counters
from simpang_ingest.deadletters import DeadLetters
from simpang_ingest.errors import StoreUnavailable
from simpang_ingest.live import LiveBoard
from simpang_ingest.parcels import Parcel, Receipt
from simpang_ingest.points import Cities, to_rows
from simpang_ingest.rows import CameraKey, Stored
from simpang_ingest.sequence import SequenceCheck
from simpang_ingest.store import Written
from simpang_ingest.writer import Pace, Writer

from .world import live, meta, wait, window

UTARA = CameraKey("tangsel", "utara")


@pytest.mark.parametrize(
    ("seen", "lost", "duplicates"),
    [
        # (boot, number) in order of arrival
        pytest.param([(1, 7), (1, 8), (1, 9)], 0, 0, id="in order, from anywhere"),
        pytest.param([(1, 1), (1, 4)], 2, 0, id="2 and 3 missing"),
        pytest.param([(1, 1), (1, 4), (1, 2), (1, 3)], 0, 0, id="late, not lost"),
        pytest.param([(1, 1), (1, 2), (1, 1), (1, 2)], 0, 2, id="sent again after a broken connection"),
        pytest.param([(1, 1), (2, 2), (2, 3)], 0, 0, id="the worker restarts, numbers go on"),
        pytest.param([(1, 1), (2, 4)], 2, 0, id="lost across a restart"),
        pytest.param([(1, 50), (2, 1), (2, 2)], 0, 0, id="a new disk begins anew"),
        pytest.param([(1, 1), (2, 2), (1, 1)], 0, 1, id="an old record comes again"),
        pytest.param([(1, 1), (1, 10**15)], 10**15 - 2, 0, id="a hole too large to remember"),
    ],
)
def test_numbering_tells_losses_from_repetitions(seen: list[tuple[int, int]], lost: int, duplicates: int) -> None:
    """Lost is what is missing now; what comes late was not lost."""
    check = SequenceCheck()
    for boot, seq in seen:
        check.see(UTARA, boot, seq)
    assert (check.lost, check.duplicates) == (lost, duplicates)


def test_the_board_knows_how_old_everything_is() -> None:
    """Ages are by arrival here, and a retained message does not make a camera look alive."""
    clock = FakeClock(1000.0)
    board = LiveBoard(clock)
    board.put(meta(), retained=True)
    (view,) = board.cameras()
    assert (view.last_age_s, view.live, view.live_age_s) == (None, None, None)
    board.put(live(queue_m=5.0))
    clock.advance(14.0)
    view = board.camera(UTARA)  # type: ignore[assignment]
    assert (view.last_age_s, view.live_age_s, view.health) == (14.0, 14.0, None)
    assert view.meta is not None
    assert view.live is not None
    assert board.camera(CameraKey("tangsel", "nobody")) is None


def test_the_board_has_an_end() -> None:
    """Made-up cameras cannot fill the memory; those known go on."""
    board = LiveBoard(FakeClock(), cameras_max=2)
    assert [board.put(live(camera=name)) for name in ("a", "b", "c", "a")] == [True, True, False, True]
    assert [view.key.camera for view in board.cameras()] == ["a", "b"]


def test_batches_are_bounded_and_do_not_wait_for_nothing() -> None:
    """Full at its size; not full when nothing more comes for a moment; empty after the timeout."""
    waiting: Waiting[int] = Waiting(BatchRule(items=3, wait_s=5.0, quiet_s=0.02), SystemClock())
    for number in range(5):
        waiting.put(number)
    assert waiting.take(1.0) == [0, 1, 2]
    assert waiting.take(1.0) == [3, 4]
    assert waiting.take(0.01) == []


class MoodyStore:
    """A store that is away for some attempts."""

    def __init__(self, away: int, retry_after_s: float | None = None) -> None:
        self.away = away
        self.retry_after_s = retry_after_s
        self.attempts = 0

    def write(self, rows: list[Stored]) -> Written:
        self.attempts += 1
        if self.attempts <= self.away:
            raise StoreUnavailable("away", self.retry_after_s)
        return Written(len(rows))

    def close(self) -> None:
        pass


def run_writer(store: MoodyStore, tmp_path: Path, drain_s: float = 10.0) -> tuple[list[Receipt], Counters, float]:
    """Let a writer deliver one parcel; receipts acknowledged, counters and seconds taken."""
    clock, counters = SystemClock(), Counters()
    acknowledged: list[Receipt] = []
    waiting: Waiting[Parcel] = Waiting(BatchRule(quiet_s=0.01), clock)
    waiting.put(Parcel(Receipt(1, 7), tuple(to_rows(window(1), Cities()))))
    writer = Writer(waiting, store, DeadLetters(tmp_path / "d.sqlite"), acknowledged.extend, counters, clock,  # type: ignore[arg-type]
                    structlog.get_logger(), lambda _: None, Pace(first_s=0.01, longest_s=0.05))  # fmt: skip
    thread = threading.Thread(target=writer.run)
    begun_s = clock.monotonic()
    thread.start()
    wait(lambda: store.attempts > store.away or store.attempts >= 3)
    writer.stop(drain_s)
    thread.join(15)
    assert not thread.is_alive()
    return acknowledged, counters, clock.monotonic() - begun_s


def test_nothing_is_acknowledged_before_it_is_stored(tmp_path: Path) -> None:
    """Four attempts fail, the fifth is acknowledged: once."""
    acknowledged, counters, _ = run_writer(MoodyStore(away=4), tmp_path)
    assert acknowledged == [Receipt(1, 7)]
    assert (counters.retries, counters.stored, counters.acknowledged) == (4, 1, 1)


def test_a_store_that_stays_away_is_given_up_at_the_end(tmp_path: Path) -> None:
    """A stop waits so long and no longer; what was not stored is not acknowledged."""
    acknowledged, counters, taken_s = run_writer(MoodyStore(away=10**9), tmp_path, drain_s=0.3)
    assert acknowledged == []
    assert (counters.stored, counters.acknowledged) == (0, 0)
    assert taken_s < 5.0


def test_the_store_is_not_asked_before_the_time_it_named(tmp_path: Path) -> None:
    """Two answers with Retry-After 0.4 s: at least 0.8 s pass, though pauses would be 0.05 s."""
    _, counters, taken_s = run_writer(MoodyStore(away=2, retry_after_s=0.4), tmp_path)
    assert counters.retries == 2
    assert taken_s >= 0.8
