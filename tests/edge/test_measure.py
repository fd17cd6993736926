"""Recorded tracks measured again: the same rows with the same rules, other rows with other gates and lanes."""

import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from simpang_edge.config import Box, Recording, load
from simpang_edge.data import KINDS, Colour, Lamps, Tracks
from simpang_edge.errors import RecordingError
from simpang_edge.records import Identity
from simpang_edge.tracklog import Source, TrackLog, runs
from simpang_edge.worker import track_log
from typer.testing import CliRunner

from .recorded import record

CLIP = Path(__file__).parents[2] / "sample_videos" / "simpang_empat_pagi"
START_S = 1_800_000_000.0
FPS = 6.25


def clip_tracks(seconds: float) -> Iterator[Tracks]:
    """Every second frame of the sample clip: its boxes as a perfect tracker would give them."""
    names = ("frame", "id", "class", "x0", "y0", "x1", "y1", "occluded")
    columns = pq.read_table(CLIP.with_suffix(".boxes.parquet"), columns=list(names)).to_pydict()
    by_frame = defaultdict(list)
    for frame, track, kind, *box, hidden in zip(*(columns[name] for name in names), strict=True):
        if hidden <= 0.8 and box[2] - box[0] >= 6:
            by_frame[frame].append((int(track), KINDS.index(kind), box))
    last: dict[int, float] = {}
    for number in range(round(seconds * FPS)):
        time_s = START_S + number / FPS
        rows = by_frame[2 * number]
        last |= {track: time_s for track, _, _ in rows}
        gone = [track for track, seen_s in last.items() if time_s - seen_s > 1.5]
        for track in gone:
            del last[track]
        boxes = np.array([box for _, _, box in rows], np.float32).reshape(-1, 4)
        ids, kinds = ([row[i] for row in rows] for i in (0, 1))
        yield Tracks(time_s, np.array(ids, np.int64), boxes, np.array(kinds, np.int64), np.array(gone, np.int64))


def box(folder: Path, source: str, **camera: Any) -> Path:
    """A box file around the clip's camera."""
    entry = yaml.safe_load(CLIP.with_suffix(".camera.yaml").read_text()) | {"source": source} | camera
    file = folder / "box.yaml"
    content = {"site": "tangsel", "outbox": {"folder": "outbox"}, "record": {"part_s": 20}, "cameras": [entry]}
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return file


MOVEMENTS = {
    "gates": [
        {"id": "selatan", "line": [[330, 690], [1050, 700]]},
        {"id": "simpang", "line": [[250, 450], [1030, 450]], "kind": "both"},
    ],
    "movements": [
        {"id": "lurus", "approach": "utara", "turn": "through", "gate": "selatan"},
        {"id": "kanan", "approach": "utara", "turn": "right"},
    ],
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, list[dict[str, Any]]]:
    """A live camera for 90 s, silent for 9 s before its only whole cycle, and at the end: folder, box file and rows."""
    folder = tmp_path_factory.mktemp("recorded")
    file = box(folder, "rtsp://camera/1", **MOVEMENTS)
    frames = list(clip_tracks(90))
    late = [one for one in frames if one.time_s >= START_S + 24]
    script = [*(one for one in frames if one.time_s < START_S + 15), *[0.5] * 18, *late, *[0.5] * 30]
    return folder, file, record(folder, load(file), script, START_S)


def measured(folder: Path, file: Path, *more: str) -> list[dict[str, Any]]:
    """What ``simpang measure --json`` prints."""
    from simpang_edge.measure_cli import app

    done = CliRunner().invoke(app, [str(folder / "tracks"), "--config", str(file), "--json", *more])
    if isinstance(done.exception, RecordingError):
        raise done.exception
    assert done.exit_code == 0, done.output
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def test_the_same_configuration_gives_the_rows_that_were_published(
    recorded: tuple[Path, Path, list[dict[str, Any]]],
) -> None:
    """Windows of a minute and a quarter hour with movements and gates, a cycle, a silence that closes windows and is an
    event: all alike, to the last digit."""
    folder, file, published = recorded
    assert {row["channel"] for row in published} == {"window", "cycle", "event"}
    windows = [row["x"] for row in published if row["channel"] == "window"]
    assert {x["window_s"] for x in windows} == {60, 900}
    assert sum(sum(gate["counts"].values()) for x in windows for gate in x["gates"] or ()) > 0
    assert {row["x"]["scope"] for row in published if row["channel"] == "window"} == {"approach", "lane", "movement"}
    assert measured(folder, file) == published


def test_a_worker_that_began_again_inside_a_minute_is_measured_alike(tmp_path: Path) -> None:
    """Both its partial minute and the joined one are there: 45 s seen before the stop, 10 s after it."""
    file = box(tmp_path, "rtsp://camera/1")
    frames = list(clip_tracks(62))
    record(tmp_path, load(file), (one for one in frames if one.time_s < START_S + 45), START_S)
    again = (one for one in frames if one.time_s >= START_S + 50)
    published = record(tmp_path, load(file), again, START_S + 50, boot=2)
    rows = measured(tmp_path, file)
    assert rows == published
    minutes = [row["x"] for row in rows if row["channel"] == "window" and row["laneId"] is None]
    first = [x["quality"]["observed_s"] for x in minutes if x["window_s"] == 60][:2]
    assert first == pytest.approx([45, 55], abs=0.5)


def test_windows_that_stand_twice_are_told(recorded: tuple[Path, Path, list[dict[str, Any]]], tmp_path: Path) -> None:
    """Cut at 45 s and completed: the approach and its three lanes, in a minute and a quarter hour, are 8 rows; a log
    without a restart has none."""
    from simpang_edge.measure_cli import app

    file = box(tmp_path, "rtsp://camera/1")
    frames = list(clip_tracks(62))
    record(tmp_path, load(file), (one for one in frames if one.time_s < START_S + 45), START_S)
    record(tmp_path, load(file), (one for one in frames if one.time_s >= START_S + 50), START_S + 50, boot=2)
    cut = CliRunner().invoke(app, [str(tmp_path / "tracks"), "--config", str(file)])
    assert "8 rows stand for a part of a window that a later row completes: use the later one" in cut.stderr
    folder, whole, _ = recorded
    assert "later row" not in CliRunner().invoke(app, [str(folder / "tracks"), "--config", str(whole)]).stderr


def test_a_worker_goes_on_with_its_events_and_ends_them_when_its_lanes_have_changed(tmp_path: Path) -> None:
    """The real worker with its memory file: a camera is silent for over 10 s, offline, and the worker stops meanwhile.

    Started again it tells the same event once more and ends it with the first picture; with other gates and movements
    it cannot go on with what stood behind it, and ends it at once.
    """
    file = box(tmp_path, "rtsp://camera/1")
    frames = [*clip_tracks(30)]
    silent = [*(one for one in frames if one.time_s < START_S + 10), *[0.5] * 40]
    (begin,) = (r for r in record(tmp_path, load(file), silent, START_S) if r["channel"] == "event")
    assert (begin["type"], begin["end"]) == ("camera_offline", None)
    later = [one for one in frames if one.time_s >= START_S + 28]
    other = copytree(tmp_path, tmp_path / "other")
    rows = [r for r in record(tmp_path, load(file), later, START_S + 28, boot=2) if r["channel"] == "event"]
    assert [(r["id"], r["end"] is None) for r in rows] == [
        (begin["id"], True),
        (begin["id"], True),
        (begin["id"], False),
    ]
    changed = load(box(other, "rtsp://camera/1", **MOVEMENTS))
    rows = [r for r in record(other, changed, later, START_S + 28, boot=2) if r["channel"] == "event"]
    assert [(r["id"], r["end"] is None) for r in rows] == [(begin["id"], True), (begin["id"], False)]


def test_other_lanes_give_other_rows(recorded: tuple[Path, Path, list[dict[str, Any]]], tmp_path: Path) -> None:
    """With lane 3 taken out of the configuration its vehicles are counted nowhere (nor is one that comes from it into
    lane 2 with its track broken), and there is no row about it."""
    folder, _, published = recorded
    entry = yaml.safe_load(CLIP.with_suffix(".camera.yaml").read_text())
    entry["approaches"][0]["lanes"] = entry["approaches"][0]["lanes"][:2]
    rows = measured(folder, box(tmp_path, "rtsp://camera/1", approaches=entry["approaches"]))

    def total(rows: list[dict[str, Any]], lane: int | None) -> int:
        minutes = [r for r in rows if r["channel"] == "window" and r["x"]["window_s"] == 60]
        wanted = [r for r in minutes if r["laneId"] == lane and r["x"]["movement"] is None]
        return sum(r["intensity"] or 0 for r in wanted)

    assert {row["laneId"] for row in rows if row["channel"] == "window"} == {None, 1, 2}
    assert total(published, 3) > 0
    assert total(rows, None) <= total(published, None) - total(published, 3)


LANES = [[0, 0], [10, 0], [10, 50], [0, 50]]


def lamps_log(folder: Path, **source: Any) -> Path:
    """A worker's log of two approaches, barat and utara; utara's head is green for 20 s from 10 and from 60 s on."""
    log = TrackLog(Recording(), folder / "tracks", Source("tangsel", "simpang", 1, **source))
    nobody = Tracks(START_S, *(np.zeros(shape, kind) for shape, kind in EMPTY))
    for i in range(100 * 4):
        log.frame(replace(nobody, time_s=START_S + i / 4), (640, 360))
        green = 10 <= i / 4 % 50 < 30
        log.lamps(Lamps(START_S + i / 4, ((1, Colour.GREEN if green else Colour.RED),)))
    log.end(START_S + 100)
    return folder / "tracks"


EMPTY = (((0,), np.int64), ((0, 4), np.float32), ((0,), np.int64))


def two_approaches(folder: Path, *ids: str, heads: bool = True) -> Path:
    """A configuration with these approaches, in this order; utara has a signal head."""
    lamps = {"approach": "utara", "red": [10, 10, 20, 20], "green": [10, 30, 20, 40]}
    approaches = [
        {"id": name, "stop_line": LANES[:2], "lanes": [{"id": 1, "polygon": LANES}], "length_m": 50} for name in ids
    ]
    points = [{"image": place, "road": place} for place in LANES]
    camera = {"id": "simpang", "source": "rtsp://camera/1", "calibration": {"points": points}, "approaches": approaches}
    file = folder / "box.yaml"
    content = {"site": "tangsel", "cameras": [camera | ({"signal_heads": [lamps]} if heads else {})]}
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("ids", "heads", "expected"),
    [
        pytest.param(("barat", "utara"), True, ["utara"], id="as it was"),
        pytest.param(("utara",), True, ["utara"], id="the approach before it is left out"),
        pytest.param(("utara", "barat"), True, ["utara"], id="in another order"),
        pytest.param(("barat", "utara"), False, [], id="the head was none of the approach"),
    ],
)
def test_lamps_are_those_of_their_approach_in_any_configuration(
    tmp_path: Path, ids: tuple[str, ...], heads: bool, expected: list[str]
) -> None:
    """One cycle, green at 10 s to green at 60 s, of the approach whose head was read, wherever that stands now."""
    lamps_log(tmp_path, approaches=("barat", "utara"))
    rows = measured(tmp_path, two_approaches(tmp_path, *ids, heads=heads))
    assert [row["approach"] for row in rows if row["channel"] == "cycle"] == expected


def test_lamps_of_a_log_that_does_not_name_its_approaches_are_those_at_the_same_place(tmp_path: Path) -> None:
    """The second of the configuration; where there is none, nobody's."""
    lamps_log(tmp_path)
    assert [
        row["approach"] for row in measured(tmp_path, two_approaches(tmp_path, "barat", "utara")) if "method" in row
    ]
    assert not [row for row in measured(tmp_path, two_approaches(tmp_path, "utara")) if row["channel"] == "cycle"]


def test_the_worker_s_log_names_its_approaches(recorded: tuple[Path, Path, list[dict[str, Any]]]) -> None:
    """In the order of its configuration."""
    folder, file, _ = recorded
    one = load(file)
    log = track_log(one.recording_to(folder / "more"), one.cameras[0], Identity("tangsel", "utara", 1, "me"))
    assert log is not None
    log.end(START_S)
    assert runs(folder / "more")[0].source.approaches == ("utara",)


def test_rows_can_be_written_line_by_line(recorded: tuple[Path, Path, list[dict[str, Any]]], tmp_path: Path) -> None:
    """Every line of the file is one row; the table on the screen names places."""
    from simpang_edge.measure_cli import app

    folder, file, published = recorded
    out = tmp_path / "rows.jsonl"
    done = CliRunner().invoke(app, [str(folder / "tracks"), "--config", str(file), "--out", str(out)])
    assert done.exit_code == 0
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert lines == published
    assert "signal cycles" in done.stdout


def test_a_camera_of_another_name_can_be_measured_where_it_is_the_only_one(
    recorded: tuple[Path, Path, list[dict[str, Any]]], tmp_path: Path
) -> None:
    """The configuration calls it otherwise than the log: rows are given under its name."""
    folder, _, published = recorded
    rows = measured(folder, box(tmp_path, "rtsp://camera/1", id="baru", **MOVEMENTS))
    assert len([r for r in rows if r["channel"] == "window"]) == len([r for r in published if r["channel"] == "window"])
    assert {row["id"].split(":")[1] for row in rows if row["channel"] == "window"} == {"baru"}


def test_that_a_log_is_of_another_camera_is_said(
    recorded: tuple[Path, Path, list[dict[str, Any]]], tmp_path: Path
) -> None:
    """Beside the rows: a configuration of the wrong camera would give figures that look right."""
    from simpang_edge.measure_cli import app

    folder, _, _ = recorded
    other = box(tmp_path, "rtsp://camera/1", id="baru")
    done = CliRunner().invoke(app, [str(folder / "tracks"), "--config", str(other), "--json"])
    assert "the log is of camera utara; it is taken for camera baru of the configuration" in done.stderr
    assert json.loads(done.stdout)


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        pytest.param(lambda data: data[:-200], "not a Parquet file that can be read", id="cut off"),
        pytest.param(lambda data: data[:300] + bytes(3000) + data[3300:], "cannot be read", id="damaged within"),
        pytest.param(lambda _: b"", "not a Parquet file that can be read", id="empty"),
    ],
)
def test_a_broken_file_is_named_and_the_rest_can_be_measured(
    recorded: tuple[Path, Path, list[dict[str, Any]]], tmp_path: Path, spoil: Callable[[bytes], bytes], expected: str
) -> None:
    """Files of 20 s: the second begins within the silence (15 to 24 s), at the first step after 20 s, and ends 20 s
    later, so its frames are those of 24 to 40.5 s; they are not observed without it, and next to nothing else."""
    folder, file, published = recorded
    copy = tmp_path / "tracks"
    shutil.copytree(folder / "tracks", copy)
    second = sorted((copy / "utara").glob("*.parquet"))[1]
    second.write_bytes(spoil(second.read_bytes()))
    with pytest.raises(RecordingError, match=expected) as caught:
        measured(tmp_path, file)
    assert str(second) in str(caught.value)
    assert "move it out of the folder" in str(caught.value)
    second.unlink()
    assert seen_s(published) - seen_s(measured(tmp_path, file)) == pytest.approx(40.5 - 24, abs=0.75)


def seen_s(rows: list[dict[str, Any]]) -> float:
    """Seconds that the first quarter hour was observed."""
    row = next(row for row in rows if row["channel"] == "window" and row["x"]["window_s"] == 900)
    return float(row["x"]["quality"]["observed_s"])


def test_a_place_that_cannot_be_written_is_told(recorded: tuple[Path, Path, list[dict[str, Any]]]) -> None:
    """By its name, not with a traceback."""
    from simpang_edge.measure_cli import app

    folder, file, _ = recorded
    done = CliRunner().invoke(app, [str(folder / "tracks"), "--config", str(file), "--out", "/nowhere/rows.jsonl"])
    assert isinstance(done.exception, RecordingError)
    assert "--out /nowhere/rows.jsonl: cannot be written" in str(done.exception)


def test_a_log_that_breaks_off_is_closed_at_its_last_step(tmp_path: Path) -> None:
    """A worker that was killed wrote no end: its last window has what was observed until then."""
    file = box(tmp_path, "rtsp://camera/1")
    record(tmp_path, load(file), clip_tracks(45), START_S)
    newest = sorted((tmp_path / "tracks" / "utara").glob("*.parquet"))[-1]
    newest.unlink()
    rows = measured(tmp_path, file)
    window = next(row for row in rows if row["channel"] == "window" and row["x"]["window_s"] == 60)
    # Files of 20 s: the third, from about 40 s on, is gone.
    assert window["x"]["quality"]["observed_s"] == pytest.approx(40.2, abs=0.5)


def test_the_box_can_be_told_where_to_keep_tracks(tmp_path: Path) -> None:
    """As ``--record`` does; nothing is kept without it."""
    plain = load(box(tmp_path, "rtsp://camera/1"))
    assert isinstance(plain, Box)
    assert plain.record.folder is None
    assert plain.recording_to(tmp_path / "t").record.folder == tmp_path / "t"
    assert plain.recording_to(None) is plain
