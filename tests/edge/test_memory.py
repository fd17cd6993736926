"""The memory file of a camera."""

import sqlite3
from pathlib import Path

import pytest
from simpang_edge.data import UsualDay
from simpang_edge.errors import MemoryFileError
from simpang_edge.memory import Memory


def day(ordinal: int, flow_vps: float = 0.5) -> UsualDay:
    """One quarter hour of a day."""
    return UsualDay("utara", 165, ordinal, flow_vps, None)


def test_days_survive_a_restart_and_a_day_measured_again_replaces_itself(tmp_path: Path) -> None:
    """Two days, the second one twice."""
    first = Memory(tmp_path, "utara")
    first.learn([day(100), day(107, 0.1)], weeks=8)
    first.learn([day(107, 0.9)], weeks=8)
    first.close()
    second = Memory(tmp_path, "utara")
    assert second.usual() == [day(100), day(107, 0.9)]
    assert not second.damaged


def test_it_is_bounded(tmp_path: Path) -> None:
    """Of a quarter hour of the week the latest nine days stay, of another its own."""
    memory = Memory(tmp_path, "utara")
    other = UsualDay("utara", 166, 93, 0.5, None)
    memory.learn([other], weeks=8)
    for ordinal in range(100, 177, 7):
        memory.learn([day(ordinal)], weeks=8)
    assert memory.usual() == [other, *(day(ordinal) for ordinal in range(114, 177, 7))]


def test_a_clock_that_was_ahead_does_not_cost_what_is_usual(tmp_path: Path) -> None:
    """A quarter hour of ten years later is one day among others."""
    memory = Memory(tmp_path, "utara")
    memory.learn([day(100), day(107), day(114)], weeks=8)
    memory.learn([day(114 + 3650)], weeks=8)
    assert [d.day for d in memory.usual()] == [100, 107, 114, 3764]


def test_something_kept_by_another_version_is_not_given(tmp_path: Path) -> None:
    """The sums of windows of another configuration mean something else."""
    memory = Memory(tmp_path, "utara")
    memory.keep("parts", "1 abc", b"old")
    memory.keep("parts", "1 abc", b"new")
    assert (memory.kept("parts", "1 abc"), memory.kept("parts", "2 abc")) == (b"new", None)


@pytest.mark.parametrize("content", [b"this is no database, but long enough to be taken for one " * 50, b"short"])
def test_a_damaged_file_is_set_aside(tmp_path: Path, content: bytes) -> None:
    """Measuring goes on with an empty one, and the worker can say so."""
    (tmp_path / "utara.memory.sqlite").write_bytes(content)
    memory = Memory(tmp_path, "utara")
    assert memory.damaged
    memory.learn([day(100)], weeks=8)
    assert memory.usual() == [day(100)]
    assert (tmp_path / "utara.memory.sqlite.damaged").read_bytes() == content


def test_a_page_that_rotted_is_found(tmp_path: Path) -> None:
    """The file opens, but its content is not sound."""
    memory = Memory(tmp_path, "utara")
    memory.learn([UsualDay("utara", slot, 100, 0.5, None) for slot in range(600)], weeks=8)
    memory.close()
    file = tmp_path / "utara.memory.sqlite"
    sqlite3.connect(file).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    data = bytearray(file.read_bytes())
    data[8192 : 8192 + 3000] = b"\xa5" * 3000
    file.write_bytes(bytes(data))
    assert Memory(tmp_path, "utara").damaged


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """The message names the file and what to do."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(MemoryFileError, match=r"utara\.memory\.sqlite.*outbox\.folder"):
        Memory(tmp_path / "taken", "utara")
