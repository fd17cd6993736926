"""Ground and meter on the perfect boxes of the sample clip, against its exact truth."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from simpang_edge.config import Camera
from simpang_edge.data import KINDS, LiveRow, Readings, Tracks
from simpang_edge.ground import Ground
from simpang_edge.meter import Meter
from simpang_edge.meter.decisions import Decisions, Rule

from .meter_road import approach_row

CLIP = Path(__file__).parents[2] / "sample_videos" / "simpang_empat_pagi"
HIDDEN = 0.8
"""A vehicle with more than this share of it hidden is not given to the meter: no detector would find it."""


def truth() -> dict[str, Any]:
    """The clip's truth file."""
    content: dict[str, Any] = json.loads(CLIP.with_suffix(".truth.json").read_text())
    return content


def frames(content: dict[str, Any], start_s: float) -> Iterator[Tracks]:
    """The boxes of every frame, as a perfect detector and tracker would give them."""
    table = pq.read_table(CLIP.with_suffix(".boxes.parquet")).to_pylist()
    by_frame = defaultdict(list)
    for row in table:
        if row["occluded"] <= HIDDEN and row["x1"] - row["x0"] >= 6:
            by_frame[row["frame"]].append(row)
    last: dict[int, float] = {}
    for number in range(content["frames"]):
        time_s = start_s + number / content["fps"]
        rows = by_frame[number]
        last |= {int(row["id"]): time_s for row in rows}
        gone = [track for track, seen_s in last.items() if time_s - seen_s > 1.5]
        for track in gone:
            del last[track]
        yield Tracks(
            time_s=time_s,
            id=np.array([int(row["id"]) for row in rows], np.int64),
            xyxy_px=np.array([[row[k] for k in ("x0", "y0", "x1", "y1")] for row in rows], np.float32).reshape(-1, 4),
            kind=np.array([KINDS.index(row["class"]) for row in rows], np.int64),
            gone=np.array(gone, np.int64),
        )


@pytest.fixture(scope="module")
def measured() -> tuple[dict[str, Any], Readings, list[LiveRow]]:
    """Truth, readings, and the approach's live row at every whole second."""
    content = truth()
    camera = Camera.model_validate(yaml.safe_load(CLIP.with_suffix(".camera.yaml").read_text()))
    start_s = datetime.fromisoformat(content["start_time"]).timestamp()
    ground, meter = Ground(camera), Meter(camera)
    done, live = Readings(), []
    for number, tracks in enumerate(frames(content, start_s)):
        done += meter.update(ground.locate(tracks, (content["width"], content["height"])))
        if number / content["fps"] >= len(live):
            live.append(meter.live(tracks.time_s)[0])
    return content, done + meter.finish(start_s + content["frames"] / content["fps"]), live


def test_every_vehicle_counts_once_and_in_its_kind(measured: tuple[dict[str, Any], Readings, list[LiveRow]]) -> None:
    """The counts of the clip's windows are exactly the truth's."""
    content, done, _ = measured
    total: Counter[str] = Counter()
    for row in done.windows:
        if row.lane is None and row.to_s - row.from_s == 60:
            total.update({kind: n for kind, n in zip(KINDS, row.counts or (0,) * 7, strict=True) if n})
    assert dict(total) == content["approaches"][0]["counts"]


def test_speed_at_the_line(measured: tuple[dict[str, Any], Readings, list[LiveRow]]) -> None:
    """Mean over the clip within 3 km/h or 10 %: class A of the accuracy classes is 3 km/h or 5 %."""
    content, done, _ = measured
    rows = [row for row in done.windows if row.lane is None and row.to_s - row.from_s == 60]
    n = sum(row.speed_n for row in rows)
    mean_mps = sum(row.speed_n * (row.speed_time_mean_mps or 0.0) for row in rows) / n
    assert mean_mps * 3.6 == pytest.approx(content["approaches"][0]["mean_speed_kmh"], abs=3.0)


def test_the_queue_follows_the_truth(measured: tuple[dict[str, Any], Readings, list[LiveRow]]) -> None:
    """Second by second the tail is within 6 m in the median, hidden vehicles notwithstanding."""
    content, _, live = measured
    exact = {round(q["time_s"]): q["tail_m"] for q in content["approaches"][0]["queue"]}
    misses = [abs((row.queue_m or 0.0) - exact[second]) for second, row in enumerate(live) if second in exact]
    assert len(misses) >= 80
    assert median(misses) <= 6.0


def test_the_signal_cycle(measured: tuple[dict[str, Any], Readings, list[LiveRow]]) -> None:
    """The clip holds one cycle from green to green: its length within 1 s, its green within 3 s."""
    content, done, _ = measured
    signal = content["approaches"][0]
    assert len(done.cycles) == 1
    found = done.cycles[0]
    assert found.to_s - found.from_s == pytest.approx(signal["cycle_s"], abs=1.0)
    assert found.green_s == pytest.approx(signal["green_s"], abs=3.0)


def test_a_red_light_is_not_reported_as_congestion(
    measured: tuple[dict[str, Any], Readings, list[LiveRow]],
) -> None:
    """A queue that clears in its green is no jam, in no second of the clip."""
    _, done, live = measured
    assert {row.state.value for row in live} <= {"unknown", "free", "dense"}
    assert approach_row(done).state.value in {"free", "dense"}
    assert done.events == ()


def test_positions_are_front_bumpers(measured: tuple[dict[str, Any], Readings, list[LiveRow]]) -> None:
    """Over all boxes from 0 to 70 m: median error at most 0.1 m, 95 % within 1.5 m, hidden lower edges included.

    The box's lower edge alone is 0.64 m and 3.7 m off: the tyres stand behind the bumper, and other vehicles hide them.
    """
    content, _, _ = measured
    camera = Camera.model_validate(yaml.safe_load(CLIP.with_suffix(".camera.yaml").read_text()))
    ground = Ground(camera)
    fronts: dict[int, dict[int, float | None]] = defaultdict(dict)
    for row in pq.read_table(CLIP.with_suffix(".boxes.parquet"), columns=["frame", "id", "along_front_m"]).to_pylist():
        fronts[row["frame"]][int(row["id"])] = row["along_front_m"]
    misses: list[float] = []
    for number, tracks in enumerate(frames(content, 0.0)):
        seen = ground.locate(tracks, (content["width"], content["height"]))
        for track, along_m in zip(seen.id.tolist(), seen.along_m.tolist(), strict=True):
            exact_m = fronts[number][track]
            if np.isfinite(along_m) and exact_m is not None and 0 <= exact_m <= 70:
                misses.append(abs(along_m - exact_m))
    assert len(misses) > 5000
    assert np.median(misses) <= 0.1
    assert np.quantile(misses, 0.95) <= 1.5


def test_turns_are_told_by_the_shape_of_the_path() -> None:
    """No exit is in view, only the first 12 m past the line: still at least 37 of the 43 turns are right."""
    content = truth()
    entry = yaml.safe_load(CLIP.with_suffix(".camera.yaml").read_text())
    entry["movements"] = [{"id": turn, "approach": "utara", "turn": turn} for turn in ("left", "through", "right")]
    camera = Camera.model_validate(entry)
    decisions = Decisions()
    ground, meter = Ground(camera), Meter(camera, decisions=decisions)
    for tracks in frames(content, 1_800_000_000.0):
        meter.update(ground.locate(tracks, (content["width"], content["height"])))
    meter.finish(1_800_000_090.0)
    turned = {one.track: one.movement for one in decisions.made if one.rule is Rule.MOVED}
    exact = {int(one["id"]): one["movement"] for one in content["approaches"][0]["crossings"]}
    assert sum(turned.get(track) == turn for track, turn in exact.items()) >= 37
