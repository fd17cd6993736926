"""Late vehicles, clocks that are set and starts within a window: from the tracks of frames to the rows of messages."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from simpang_edge.config import load
from simpang_edge.data import KINDS, Tracks

from .meter_road import Path as Way
from .meter_road import path
from .recorded import Script, record
from .test_counting_station import config as station
from .test_explain import OVERHANG_M, T0, config

GONE_S = 1.5


def frames(from_s: float, to_s: float, ways: dict[int, Way], set_by_s: float = 0.0) -> Iterator[Tracks]:
    """Cars in the one lane of the road seen from above, eight frames a second; set_by_s: by what the clock is wrong."""
    last: dict[int, float] = {}
    for i in range(round(from_s * 8), round(to_s * 8)):
        time_s = i / 8
        seen = {track: place for track, way in ways.items() if (place := way(time_s)) is not None}
        last |= dict.fromkeys(seen, time_s)
        gone = [track for track, seen_s in last.items() if time_s - seen_s > GONE_S]
        last = {track: seen_s for track, seen_s in last.items() if track not in gone}
        feet = [500 - 10 * (place + OVERHANG_M) for place in seen.values()]
        yield Tracks(
            T0 + time_s + set_by_s,
            np.array(list(seen), np.int64),
            np.array([[342, foot - 40, 358, foot] for foot in feet], np.float32).reshape(-1, 4),
            np.full(len(seen), KINDS.index("car"), np.int64),
            np.array(gone, np.int64),
        )


def minutes(folder: Path, script: Script) -> list[dict[str, Any]]:
    """The published rows of the approach's minutes: begin in seconds after T0, and what stands in the row."""
    rows = record(folder, load(config(folder)), script, T0)
    return [row for row in rows if row["channel"] == "window" and row["laneId"] is None and row["x"]["window_s"] == 60]


def begins_s(rows: list[dict[str, Any]]) -> list[float]:
    """When each begins, in seconds after T0."""
    return [datetime.fromisoformat(row["dateObservedFrom"]).timestamp() - T0 for row in rows]


def seen_s(row: dict[str, Any]) -> float:
    """Seconds observed."""
    return float(row["x"]["quality"]["observed_s"])


def over(line_s: float) -> Way:
    """At 10 m/s over the stop line at this second."""
    return path((line_s - 3, 30), (line_s + 1, -10))


def test_a_start_within_a_window_is_published_with_what_was_seen(tmp_path: Path) -> None:
    """From the 37th second on: 23 s of the first minute, whose begin is the clock's; all of the second."""
    rows = minutes(tmp_path, frames(37, 125, {1: over(45), 2: over(80)}))
    assert begins_s(rows) == [0, 60, 120]
    assert [seen_s(row) for row in rows] == pytest.approx([23, 60, 4.875], abs=0.01)
    assert [row["intensity"] for row in rows] == [1, 1, None]  # under 10 s are hardly observed


def standing_on_the_gate(time_s: float) -> float | None:
    """A car's foot, in pixels down the picture: 1.1 m before the gate (y = 360) at 56.875 s, then on it, and 4.4 m past
    it at 65.125 s."""
    if not 54 <= time_s <= 67:
        return None
    if time_s <= 56.875:
        return 349 - 100 * (56.875 - time_s)
    return 355.0 if time_s < 65.125 else 404 + 100 * (time_s - 65.125)


def test_a_vehicle_that_is_known_too_late_is_told_as_late(tmp_path: Path) -> None:
    """Over the gate, on the straight between, at 56.875 + 8.25 * 1.1 / 5.5 = 58.525 s, but known at 65.125 s, when
    minute one was out: "1 late" in minute two."""
    script = []
    for i in range(131 * 8):
        foot = standing_on_the_gate(i / 8)
        seen = np.array([] if foot is None else [[440, foot - 40, 460, foot]], np.float32).reshape(-1, 4)
        ids, gone = np.ones(len(seen), np.int64), np.array([1] if i == 69 * 8 else [], np.int64)
        script.append(Tracks(T0 + i / 8, ids, seen, np.full(len(seen), KINDS.index("car"), np.int64), gone))
    rows = record(tmp_path, load(station(tmp_path)), script, T0)
    gates = [row["x"]["gates"][0] for row in rows if row["channel"] == "window" and row["x"]["window_s"] == 60]
    assert [(sum(gate["counts"].values()), gate["late"]) for gate in gates] == [(0, 0), (0, 1), (0, 0)]


def test_a_clock_set_back_sends_no_window_twice(tmp_path: Path) -> None:
    """Back by 100 s at 150 s: minutes 0, 1 and the cut 2 are out, not sent again; minute 3 is new, and says
    that one crossed (at 80 s, the second time round) in a time that was out already."""
    rows = minutes(tmp_path, [*frames(0, 150, {1: over(30)}), *frames(150, 300, {2: over(180)}, -100.0)])
    assert begins_s(rows) == [0, 60, 120, 180]
    assert [seen_s(row) for row in rows] == pytest.approx([60, 60, 29.875, 19.875], abs=0.01)
    assert [row["x"]["late"] for row in rows] == [0, 0, 0, 1]
    assert ["clock_step" in row["x"]["quality"]["flags"] for row in rows] == [False, False, True, True]


def test_a_clock_set_forward_sends_nothing_for_the_time_between(tmp_path: Path) -> None:
    """By two hours at 90 s: the minute is closed with what was seen of it, and the next is two hours later."""
    rows = minutes(tmp_path, [*frames(0, 90, {1: over(30)}), *frames(90, 130, {2: over(110)}, 7200.0)])
    assert begins_s(rows) == [0, 60, 7260, 7320]
    assert [seen_s(row) for row in rows] == pytest.approx([60, 29.875, 30, 9.875], abs=0.01)
    assert [row["intensity"] for row in rows] == [1, 0, 1, None]  # under 10 s are hardly observed
    assert "clock_step" in rows[1]["x"]["quality"]["flags"]
