"""The outbox: order, persistence, bounds, a real full disk, kill -9, one owner."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from simpang_edge import outbox as outbox_module
from simpang_edge.errors import DuplicateWorkerError, OutboxError
from simpang_edge.message import Channel
from simpang_edge.outbox import Outbox, read_status

DAY_S = 86_400.0


def put(outbox: Outbox, text: str = "x", now_s: float = 1000.0) -> int:
    """Append one window whose payload is its number and a text."""
    return outbox.append(Channel.WINDOW, lambda seq: f"{seq}:{text}".encode(), now_s)


def payloads(outbox: Outbox, after: int = 0, limit: int = 10_000) -> list[bytes]:
    """What waits."""
    return [record.payload for record in outbox.pending(after, limit)]


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """An empty outbox."""
    made = Outbox(tmp_path, "utara")
    yield made
    made.close()


def test_records_come_out_in_order_with_their_number(outbox: Outbox) -> None:
    """The number is known to the payload's maker, and the oldest comes first."""
    assert [put(outbox, t) for t in "abc"] == [1, 2, 3]
    assert payloads(outbox) == [b"1:a", b"2:b", b"3:c"]
    assert payloads(outbox, after=1, limit=1) == [b"2:b"]


def test_a_released_record_is_gone_and_the_others_stay(outbox: Outbox) -> None:
    """Only what the broker has safely leaves."""
    for text in "abc":
        put(outbox, text)
    outbox.release([1, 3])
    assert payloads(outbox) == [b"2:b"]


def test_numbers_go_on_after_a_restart_even_when_all_was_released(tmp_path: Path) -> None:
    """A gap in the numbers is a loss, so a restart must not make one, nor use a number twice."""
    first = Outbox(tmp_path, "utara")
    put(first)
    put(first)
    first.release([1, 2])
    first.close()
    second = Outbox(tmp_path, "utara")
    assert second.last_seq == 2
    assert put(second) == 3
    second.close()


def test_the_start_time_grows_even_if_the_clock_stepped_back(tmp_path: Path) -> None:
    """(boot, seq) orders all that a camera ever sent: 5000 s, then a start an hour earlier gives 5000.001 s."""
    first = Outbox(tmp_path, "utara")
    assert first.new_boot(5000.0) == 5_000_000
    first.close()
    second = Outbox(tmp_path, "utara")
    assert second.new_boot(1400.0) == 5_000_001
    second.close()


def test_too_old_records_are_dropped_and_counted(tmp_path: Path) -> None:
    """After seven days (here one) nobody waits for a record any more."""
    outbox = Outbox(tmp_path, "utara", max_age_days=1)
    put(outbox, "old", now_s=0.0)
    put(outbox, "young", now_s=0.5 * DAY_S)
    put(outbox, "new", now_s=1.2 * DAY_S)
    assert payloads(outbox) == [b"2:young", b"3:new"]
    assert outbox.status().dropped == 1
    outbox.close()


def test_beyond_the_size_the_oldest_are_dropped_and_counted_across_restarts(tmp_path: Path) -> None:
    """1 MB holds fewer than 100 records of 20 kB: the newest stay, every other one is counted."""
    outbox = Outbox(tmp_path, "utara", max_mb=1)
    for _ in range(100):
        put(outbox, "x" * 20_000)
    status = outbox.status()
    assert status.used_mb <= 1.0
    assert status.messages + status.dropped == 100
    assert 30 <= status.messages <= 49  # 1 MB / 20 kB = 50, less pages half used
    assert [r.seq for r in outbox.pending(0, 1000)] == list(range(100 - status.messages + 1, 101))
    outbox.close()
    again = Outbox(tmp_path, "utara", max_mb=1)
    assert again.status().dropped == status.dropped
    again.close()
    assert (tmp_path / "utara.sqlite").stat().st_size < 2e6


def test_a_second_worker_on_the_machine_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    """Two workers of one camera would use the same numbers; the lock goes with its holder."""
    first = Outbox(tmp_path, "utara")
    with pytest.raises(DuplicateWorkerError, match=f"process {os.getpid()}"):
        Outbox(tmp_path, "utara")
    Outbox(tmp_path, "selatan").close()
    first.close()
    Outbox(tmp_path, "utara").close()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The message says which folder and which key."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OutboxError, match=r"file.*set outbox\.folder"):
        Outbox(tmp_path / "file", "utara")


def test_a_damaged_file_is_set_aside_and_measuring_goes_on(tmp_path: Path) -> None:
    """A disk that lost its mind does not keep a camera from working; the damaged file is kept for whoever asks."""
    (tmp_path / "utara.sqlite").write_bytes(b"this is no database" * 1000)
    outbox = Outbox(tmp_path, "utara")
    assert put(outbox) == 1
    outbox.close()
    assert (tmp_path / "utara.sqlite.damaged").exists()


def test_status_can_be_read_beside_a_running_worker(outbox: Outbox) -> None:
    """``simpang edge outbox status`` does not disturb the worker."""
    put(outbox, now_s=1234.0)
    outbox.note("broker", "online")
    status = read_status(outbox.path)
    assert (status.messages, status.oldest_s, status.notes) == (1, 1234.0, (("broker", "online"),))


def test_held_records_come_after_the_stored_ones_and_keep_their_number(outbox: Outbox) -> None:
    """While the disk is full, records in memory are published like the others, in order."""
    put(outbox, "disk")
    outbox.hold(Channel.EVENT, lambda seq: f"{seq}:memory".encode(), 1000.0)
    assert payloads(outbox) == [b"1:disk", b"2:memory"]
    assert put(outbox, "disk again") == 3
    assert payloads(outbox) == [b"1:disk", b"2:memory", b"3:disk again"]
    assert outbox.status().held == 0


def test_memory_is_bounded_and_what_it_drops_is_counted(outbox: Outbox) -> None:
    """Of 1005 held records the five oldest go."""
    for _ in range(outbox_module.HELD_MAX + 5):
        outbox.hold(Channel.WINDOW, lambda seq: b"%d" % seq, 1000.0)
    assert payloads(outbox)[0] == b"6"
    assert outbox.status().dropped == 5


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of one megabyte (the tests run as root, like the install on a box)."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Fill a disk to its last byte; the file that does it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    return ballast


def put_many(outbox: Outbox, count: int) -> None:
    """Append records of 4 kB."""
    for _ in range(count):
        put(outbox, "y" * 4000)


def test_a_full_disk_is_told_and_nothing_stored_is_lost(small_disk: Path) -> None:
    """On a full disk append says so, all records can still be read, and all are stored once there is room."""
    outbox = Outbox(small_disk, "utara")
    put(outbox, "before")
    ballast = fill(small_disk)
    with pytest.raises(OutboxError, match=r"full.*set outbox\.folder"):
        put_many(outbox, 200)
    stored = len(payloads(outbox))
    outbox.hold(Channel.WINDOW, lambda seq: b"%d:held" % seq, 1000.0)
    assert payloads(outbox)[0] == b"1:before"
    assert payloads(outbox)[-1] == b"%d:held" % (stored + 1)
    with pytest.raises(OutboxError):
        outbox.store_held(1000.0)
    ballast.unlink()
    outbox.store_held(1000.0)
    assert outbox.status().held == 0
    outbox.close()
    again = Outbox(small_disk, "utara")
    assert len(payloads(again)) == stored + 1
    assert again.last_seq == stored + 1
    again.close()


def test_an_outbox_cannot_be_opened_on_a_full_disk_and_says_so(small_disk: Path) -> None:
    """The message names the file and the key; once there is room it opens, and no lock is left behind."""
    ballast = fill(small_disk)
    with pytest.raises(OutboxError, match=r"set outbox\.folder"):
        Outbox(small_disk, "utara")
    ballast.unlink()
    outbox = Outbox(small_disk, "utara")
    assert put(outbox) == 1
    outbox.close()


WRITER = """
import sys
from pathlib import Path
from simpang_edge.message import Channel
from simpang_edge.outbox import Outbox
outbox = Outbox(Path(sys.argv[1]), "utara")
while True:
    seq = outbox.append(Channel.WINDOW, lambda seq: b"%d" % seq, 1000.0)
    print(seq, flush=True)
"""


def test_what_was_appended_survives_kill_9(tmp_path: Path) -> None:
    """A number that append returned is on disk, whatever happens to the process in the next instant."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    told = [int(process.stdout.readline()) for _ in range(50)]
    time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    told += [int(line) for line in process.stdout.read().split(b"\n")[:-1] if line]
    process.wait()
    process.stdout.close()
    outbox = Outbox(tmp_path, "utara")
    found = [record.seq for record in outbox.pending(0, 100_000)]
    outbox.close()
    # One more than told may be there: stored, but killed before it could say so.
    assert found == list(range(1, len(found) + 1))
    assert len(told) <= len(found) <= len(told) + 1


def test_the_file_is_an_ordinary_sqlite_file(outbox: Outbox) -> None:
    """Whoever has to rescue records needs no program of ours."""
    put(outbox, "rescue me")
    with sqlite3.connect(outbox.path) as db:
        assert db.execute("SELECT seq, channel, payload FROM record").fetchall() == [(1, "window", b"1:rescue me")]
    db.close()
