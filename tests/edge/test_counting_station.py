"""A camera at a road's middle, with gates and no approach: from its configuration to its messages, and asked why."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import yaml
from simpang_edge.config import load
from simpang_edge.data import KINDS, Tracks
from simpang_edge.explain import explain_track
from simpang_edge.measure import replays
from simpang_edge.message import Channel, FlowRow, Message
from simpang_edge.worker import build_stages
from simpang_ingest.points import Cities, to_rows
from simpang_ingest.rows import GateRow
from typer.testing import CliRunner

from .recorded import Script, record

# Seen from straight above: 10 px are 1 m. The gate is drawn from left to right at y = 360 px: forward is downward.
T0 = 1_800_000_000.0
CORNERS = [[0, 0], [1280, 0], [1280, 720], [0, 720]]
GONE_S = 1.5

# (track, kind, x px, second, speed in px a second): over the gate 3 s later at 100 px/s from y = 60 or 660 px.
CARS = [
    (1, "car", 300.0, 5.0, 100.0),
    (2, "motorcycle", 400.0, 10.0, 100.0),
    (3, "bicycle", 500.0, 12.0, 100.0),
    (4, "truck", 800.0, 15.0, -100.0),
    (5, "car", 1100.0, 16.0, 100.0),
    (6, "car", 300.0, 70.0, 100.0),
]
"""Track 5 passes beside the gate, which ends at x = 1000 px; the others are 2 forward and 1 backward in the first
minute, not counting the bicycle, and 1 forward in the second."""


def config(folder: Path) -> Path:
    """Only a calibration and a gate."""
    camera = {
        "id": "ruas",
        "source": "rtsp://camera/1",
        "calibration": {"points": [{"image": [x, y], "road": [x / 10, (720 - y) / 10]} for x, y in CORNERS]},
        "gates": [{"id": "ruas-1", "line": [[200, 360], [1000, 360]], "kind": "both"}],
    }
    file = folder / "box.yaml"
    file.write_text(
        yaml.safe_dump({"site": "tangsel", "outbox": {"folder": "o"}, "cameras": [camera]}), encoding="utf-8"
    )
    return file


def frames(from_s: float, to_s: float) -> Iterator[Tracks]:
    """Eight a second; a track is in view for 6 s."""
    for i in range(round(from_s * 8), round(to_s * 8)):
        time_s = i / 8
        seen = [car for car in CARS if 0 <= time_s - car[3] < 6]
        feet = [(60 if v > 0 else 660) + v * (time_s - start_s) for _, _, _, start_s, v in seen]
        boxes = [[x - 10, y - 40, x + 10, y] for (_, _, x, _, _), y in zip(seen, feet, strict=True)]
        gone = [track for track, _, _, start_s, _ in CARS if time_s == start_s + 6 + GONE_S]
        yield Tracks(
            T0 + time_s,
            np.array([car[0] for car in seen], np.int64),
            np.array(boxes, np.float32).reshape(-1, 4),
            np.array([KINDS.index(car[1]) for car in seen], np.int64),
            np.array(gone, np.int64),
        )


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, list[dict[str, Any]]]:
    """Folder, configuration and published rows of 125 s, silent from 30 to 40 s."""
    folder = tmp_path_factory.mktemp("station")
    file = config(folder)
    script: Script = [*frames(0, 30), *[0.5] * 20, *frames(40, 125)]
    return folder, file, record(folder, load(file).recording_to(folder / "tracks"), script, T0)


def minutes(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of minutes."""
    return [row for row in rows if row["channel"] == "window" and row["x"]["window_s"] == 60]


def test_a_counting_station_is_measured(tmp_path: Path) -> None:
    """It has a detector and a meter, though no approach."""
    box = load(config(tmp_path))
    assert build_stages(box, box.cameras[0]) is not None


def test_it_publishes_what_passes_its_gates(station: tuple[Path, Path, list[dict[str, Any]]]) -> None:
    """Per minute one row, per gate and direction by class, with the seconds that were seen."""
    _, _, rows = station
    first, second, third = minutes(rows)
    assert (first["id"], first["x"]["scope"], first["intensity"]) == ("tangsel:ruas:ruas:camera", "camera", None)
    forward, backward = first["x"]["gates"]
    assert (forward["gate"], forward["direction"], backward["direction"]) == ("ruas-1", "forward", "backward")
    assert {kind: n for kind, n in forward["counts"].items() if n} == {"car": 1, "motorcycle": 1, "bicycle": 1}
    assert {kind: n for kind, n in forward["pkji_counts"].items() if n} == {"SM": 1, "MP": 1, "KTB": 1}
    assert {kind: n for kind, n in backward["counts"].items() if n} == {"truck": 1}
    assert sum(second["x"]["gates"][0]["counts"].values()) == 1
    # Ten seconds of silence are not observed: from the last frame at 29.875 s to the first at 40 s.
    assert first["x"]["quality"]["observed_s"] == pytest.approx(60 - 10.125, abs=0.01)
    assert second["x"]["quality"]["observed_s"] == pytest.approx(60, abs=0.01)
    assert third["x"]["quality"]["observed_s"] == pytest.approx(5, abs=0.2)


def test_a_minute_of_which_nothing_was_seen_is_a_row_without_counts(tmp_path: Path) -> None:
    """Silent from 50 to 130 s: of the minute from 60 to 120 s nothing is known of the gate, and it is named."""
    script: Script = [*frames(0, 50), *[0.5] * 160, *frames(130, 150)]
    _, blind, _ = minutes(record(tmp_path, load(config(tmp_path)), script, T0))
    assert (blind["x"]["gates"], blind["x"]["gates_unseen"]) == (None, ["ruas-1"])
    assert blind["x"]["quality"]["observed_s"] == 0
    found = to_rows(window_of(blind), Cities())
    assert all(isinstance(row, GateRow) for row in found)
    told = [(r.gate, r.direction, r.observed_s, r.intensity, r.count_car) for r in found if isinstance(r, GateRow)]
    assert told == [("ruas-1", way, 0.0, None, None) for way in ("forward", "backward")]


def window_of(row: dict[str, Any]) -> Message[FlowRow]:
    """The message of one window row."""
    flow = msgspec.convert({name: value for name, value in row.items() if name != "channel"}, FlowRow)
    return Message(
        channel=Channel.WINDOW, site="tangsel", camera="ruas", boot=1, seq=1, sent=flow.date_observed_to, rows=[flow]
    )


def test_recorded_tracks_of_a_counting_station_give_the_same_rows(
    station: tuple[Path, Path, list[dict[str, Any]]],
) -> None:
    """Digit by digit."""
    from simpang_edge.measure_cli import app

    folder, file, rows = station
    done = CliRunner().invoke(app, [str(folder / "tracks"), "--config", str(file), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == rows


@pytest.mark.parametrize(
    ("track", "counted", "code"),
    [
        pytest.param(1, True, "gate", id="over the gate"),
        pytest.param(5, False, "at_no_gate", id="beside the gate"),
    ],
)
def test_why_a_vehicle_was_counted_at_a_gate(
    station: tuple[Path, Path, list[dict[str, Any]]], track: int, counted: bool, code: str
) -> None:
    """The gate and the direction; or that it passed none."""
    folder, file, _ = station
    (replay,) = replays(folder / "tracks", load(file), None)
    answer = explain_track(replay, track)
    assert (answer.counted, [finding.reason.code for finding in answer.findings]) == (counted, [code])
