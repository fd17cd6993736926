"""The track log: what comes back, what stays within its limits, what is told when it cannot be kept."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from simpang_edge.config import Recording
from simpang_edge.data import Scene, Tracks
from simpang_edge.errors import RecordingError
from simpang_edge.tracklog import End, Run, Silence, Source, Step, TrackLog, runs

T0 = 1_800_000_000.0
SIZE_PX = (1280, 720)


def tracks(time_s: float, *ids: int, gone: tuple[int, ...] = ()) -> Tracks:
    """A frame with boxes whose numbers have no short decimal form."""
    n = len(ids)
    boxes = (np.arange(4 * n, dtype=np.float32).reshape(-1, 4) + np.float32(1 / 3)).astype(np.float32)
    return Tracks(time_s, np.array(ids, np.int64), boxes, np.arange(n) % 7, np.array(gone, np.int64))


def log(folder: Path, run: int = 1, camera: str = "utara", **rules: float) -> TrackLog:
    """A log of one camera."""
    return TrackLog(Recording.model_validate(rules), folder, Source("tangsel", camera, run))


def same(a: Step, b: Step) -> bool:
    """Equal to the last bit, arrays and their types too."""
    if isinstance(a, Tracks) and isinstance(b, Tracks):
        pairs = ((getattr(a, name), getattr(b, name)) for name in ("id", "xyxy_px", "kind", "gone"))
        return a.time_s == b.time_s and all(x.dtype == y.dtype and np.array_equal(x, y) for x, y in pairs)
    return a == b


def only(found: tuple[Run, ...]) -> Run:
    """The one run of a log."""
    assert len(found) == 1
    return found[0]


def test_what_is_kept_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    """Frames with and without vehicles, vehicles that went, a look at the scene, silence and the end, in order."""
    steps: list[Step] = [
        tracks(T0 + 1 / 3, 1, 2, 3), tracks(T0 + 0.5, gone=(4,)), tracks(T0 + 0.7, 2, gone=(1, 3)),
        Scene(T0 + 0.7, ("night", "rain"), 0.1 + 0.2), Scene(T0 + 0.8), Silence(T0 + 5.1), tracks(T0 + 6.0),
        End(T0 + 7),
    ]  # fmt: skip
    one = log(tmp_path)
    for step in steps:
        if isinstance(step, Tracks):
            one.frame(step, SIZE_PX)
        elif isinstance(step, Scene):
            one.scene(step)
        elif isinstance(step, Silence):
            one.silence(step.time_s)
        else:
            one.end(step.time_s)
    run = only(runs(tmp_path))
    assert run.source == Source("tangsel", "utara", 1, SIZE_PX)
    back = list(run.steps())
    assert len(back) == len(steps)
    assert all(same(a, b) for a, b in zip(steps, back, strict=True))


def test_files_are_closed_after_their_time_and_read_in_order(tmp_path: Path) -> None:
    """25 s in files of 10 s: three of them; the last one when the log is closed."""
    one = log(tmp_path, part_s=10)
    for second in range(26):
        one.frame(tracks(T0 + second, 1), SIZE_PX)
    assert len(list((tmp_path / "utara").glob("*.parquet"))) == 2
    one.close()
    run = only(runs(tmp_path))
    assert len(run.files) == 3
    assert [step.time_s - T0 for step in run.steps()] == list(range(26))


def test_every_file_that_is_there_is_whole(tmp_path: Path) -> None:
    """A worker killed while it writes leaves only a file of another name, which nobody reads."""
    one = log(tmp_path, part_s=10)
    for second in range(12):
        one.frame(tracks(T0 + second, 1), SIZE_PX)
    (tmp_path / "utara" / "20270115T080000-1-000002.unfinished").write_bytes(b"PAR1 half of it")
    assert len(list(only(runs(tmp_path)).steps())) == 11


def test_another_run_is_told_apart(tmp_path: Path) -> None:
    """Ids begin anew with the worker, so the meter must, too."""
    for number in (1, 2):
        one = log(tmp_path, run=number)
        one.frame(tracks(T0 + number, 1), SIZE_PX)
        one.close()
    assert [run.source.run for run in runs(tmp_path)] == [1, 2]


def test_the_log_stays_within_its_size(tmp_path: Path) -> None:
    """Each file holds about 40 kB here; with 0.2 MB allowed the oldest go and the newest stays."""
    one = log(tmp_path, part_s=10, max_mb=0.2)
    rng = np.random.default_rng(0)
    for number in range(200):
        boxes = rng.uniform(0, 1000, (300, 4)).astype(np.float32)
        frame = Tracks(T0 + number, np.arange(1, 301), boxes, np.zeros(300, np.int64))
        one.frame(frame, SIZE_PX)
    files = sorted((tmp_path / "utara").glob("*.parquet"))
    assert sum(file.stat().st_size for file in files) <= 0.2e6
    assert files[-1].name.endswith("-000018.parquet")  # 200 s in files of 11 frames: 18 are full


def test_the_log_stays_within_its_age(tmp_path: Path) -> None:
    """With one day allowed, a file of two days ago goes when a new one is written."""
    old = log(tmp_path, max_age_days=1)
    old.frame(tracks(T0, 1), SIZE_PX)
    old.close()
    new = log(tmp_path, run=2, max_age_days=1)
    new.frame(tracks(T0 + 2 * 86400, 1), SIZE_PX)
    new.close()
    assert [run.source.run for run in runs(tmp_path)] == [2]


@pytest.mark.parametrize("ahead_days", [3, 3650])
def test_a_clock_that_was_ahead_does_not_cost_the_files_of_now(tmp_path: Path, ahead_days: int) -> None:
    """A run of a wrong clock fills the log; of the next, with the right one, the newest files stay, and of those ten
    years ahead none does."""
    rng = np.random.default_rng(0)

    def write(one: TrackLog, from_s: float, seconds: int) -> None:
        for second in range(seconds):
            boxes = rng.uniform(0, 1000, (300, 4)).astype(np.float32)
            one.frame(Tracks(from_s + second, np.arange(1, 301), boxes, np.zeros(300, np.int64)), SIZE_PX)

    write(log(tmp_path, part_s=10, max_mb=0.4), T0 + ahead_days * 86400, 60)
    write(log(tmp_path, run=2, part_s=10, max_mb=0.4), T0, 33)  # 11 frames a file: three
    files = list((tmp_path / "utara").glob("*.parquet"))
    assert sum("-2-" in file.name for file in files) == 3
    assert sum(file.stat().st_size for file in files) <= 0.4e6
    assert any("-1-" in file.name for file in files) == (ahead_days <= 7)


def test_what_a_killed_worker_left_half_written_goes(tmp_path: Path) -> None:
    """When the next one begins: nobody can read it, and it would stay for ever."""
    (tmp_path / "utara").mkdir()
    (tmp_path / "utara" / "20270115T080000-1-000002.unfinished").write_bytes(b"PAR1 half of it")
    log(tmp_path, run=2)
    assert list((tmp_path / "utara").iterdir()) == []


def test_a_picture_of_another_size_begins_another_file(tmp_path: Path) -> None:
    """What the border cuts depends on it."""
    one = log(tmp_path)
    one.frame(tracks(T0, 1), SIZE_PX)
    one.frame(tracks(T0 + 1, 1), (640, 360))
    one.close()
    assert [run.source.size_px for run in runs(tmp_path)] == [SIZE_PX, (640, 360)]


def test_a_picture_that_changes_its_size_to_and_fro_stays_in_order(tmp_path: Path) -> None:
    """A stream that falls back to another size for a second: three stretches, not the first and third as one."""
    one = log(tmp_path)
    for second, size_px in enumerate((SIZE_PX, (640, 360), SIZE_PX)):
        one.frame(tracks(T0 + second, 1), size_px)
    one.close()
    assert [step.time_s - T0 for run in runs(tmp_path) for step in run.steps()] == [0, 1, 2]


def test_silence_before_the_first_picture_belongs_to_its_run(tmp_path: Path) -> None:
    """Two files, the first without a picture and so without a size: one run, of the size that came."""
    one = log(tmp_path, part_s=10)
    one.silence(T0)
    one.silence(T0 + 10)
    one.frame(tracks(T0 + 11, 1), SIZE_PX)
    one.close()
    run = only(runs(tmp_path))
    assert (len(run.files), run.source.size_px) == (2, SIZE_PX)


def test_a_log_of_several_cameras_asks_for_one(tmp_path: Path) -> None:
    """The message names those there are."""
    for camera in ("utara", "timur"):
        one = log(tmp_path, camera=camera)
        one.frame(tracks(T0, 1), SIZE_PX)
        one.close()
    with pytest.raises(RecordingError, match="timur, utara: name one with --camera"):
        runs(tmp_path)
    with pytest.raises(RecordingError, match="'barat' is not one of them"):
        runs(tmp_path, "barat")
    assert only(runs(tmp_path, "timur")).source.camera == "timur"
    assert only(runs(tmp_path / "utara")).source.camera == "utara"


def test_a_folder_without_a_log_is_told(tmp_path: Path) -> None:
    """And how to make one."""
    with pytest.raises(RecordingError, match="no track log there; simpang edge run --record"):
        runs(tmp_path)


@pytest.mark.parametrize("content", [b"", b"PAR1 and nothing else", b"\0" * 4096])
def test_a_file_that_is_none_of_ours_is_refused(tmp_path: Path, content: bytes) -> None:
    """The message names the file."""
    file = tmp_path / "tracks.parquet"
    file.write_bytes(content)
    with pytest.raises(RecordingError, match=r"tracks\.parquet"):
        runs(file)


def test_a_parquet_file_of_another_program_is_refused(tmp_path: Path) -> None:
    """It can be read, but it is no track log."""
    boxes = Path(__file__).parents[2] / "sample_videos" / "simpang_empat_pagi.boxes.parquet"
    with pytest.raises(RecordingError, match="not a track log"):
        runs(boxes)
    assert tmp_path.exists()


def test_a_full_disk_is_told_and_the_next_file_is_tried(tmp_path: Path) -> None:
    """On a real full disk the steps of the file are lost and counted; with room again the log goes on."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], check=True)
    try:
        one = log(disk)
        ballast = disk / "ballast"
        ballast.write_bytes(b"\0" * 60_000)
        one.frame(tracks(T0, *range(1, 2000)), SIZE_PX)
        with pytest.raises(RecordingError, match="cannot write"):
            one.close()
        assert one.lost_steps == 1
        ballast.unlink()
        one.frame(tracks(T0 + 1, 1), SIZE_PX)
        one.close()
        assert [step.time_s for step in only(runs(disk)).steps()] == [T0 + 1]
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_no_file_says_more_than_boxes_and_kinds(tmp_path: Path) -> None:
    """No picture, no name, nothing that leads to a person (UU 27/2022)."""
    one = log(tmp_path)
    one.frame(tracks(T0, 1), SIZE_PX)
    one.close()
    schema = pq.read_schema(only(runs(tmp_path)).files[0])
    assert schema.names == ["what", "time_s", "id", "kind", "xyxy_px", "gone", "scene"]
    assert {key.decode() for key in schema.metadata} == {"simpang.tracks", "site", "camera", "run", "part", "size_px"}


def test_without_pyarrow_the_extra_is_named(tmp_path: Path) -> None:
    """In an interpreter that cannot import it."""
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from pathlib import Path\n"
        "from simpang_edge.tracklog import runs\n"
        "from simpang_edge.errors import RecordingError\n"
        f"file = Path({str(tmp_path)!r}) / 'a.parquet'; file.touch()\n"
        "try:\n    runs(file)\nexcept RecordingError as exc:\n    print(exc)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert "pip install 'simpang[record]'" in done.stdout


def test_a_part_of_a_long_log_is_read_without_the_rest(tmp_path: Path) -> None:
    """60 s in files of 10 s, track n in second n: by time one file, by track the one it is in and its neighbours."""
    one = log(tmp_path, part_s=10)
    for second in range(60):
        one.frame(tracks(T0 + second, second + 1), SIZE_PX)
    one.close()
    run = only(runs(tmp_path))
    # A file is closed by the step that is 10 s after its first: seconds 0 to 10, 11 to 21, 22 to 32, ...
    assert [step.time_s - T0 for step in run.around(T0 + 23, T0 + 25).steps()] == list(range(22, 33))
    assert [step.time_s - T0 for step in run.holding(24).steps()] == list(range(11, 44))
    assert run.holding(99).files == ()
    assert run.tracks() == (1, 60)
