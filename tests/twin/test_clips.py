"""The committed clips and what stands beside them agree with each other."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from simpang_twin import scenario
from simpang_twin.camera import pinhole

FOLDER = Path(__file__).parents[2] / "sample_videos"
CLIPS = sorted(FOLDER.glob("*.mp4"))
# Clips whose stop line's place in the world is known by hand (see _world).
BY_HAND = ("simpang_empat_pagi", "simpang_empat_pagi_timur")


@pytest.fixture(params=CLIPS, ids=lambda p: p.stem, scope="module")
def clip(request: pytest.FixtureRequest) -> Path:
    """One committed clip."""
    return Path(request.param)


def truth_of(clip: Path) -> dict[str, Any]:
    """NAME.truth.json."""
    return dict(json.loads(clip.with_name(f"{clip.stem}.truth.json").read_text()))


def boxes_of(clip: Path) -> dict[str, np.ndarray[Any, Any]]:
    """NAME.boxes.parquet as columns."""
    table = pq.read_table(clip.with_name(f"{clip.stem}.boxes.parquet"))
    return {name: np.asarray(table[name].to_pylist()) for name in table.column_names}


def camera_of(clip: Path) -> dict[str, Any]:
    """NAME.camera.yaml."""
    return dict(yaml.safe_load(clip.with_name(f"{clip.stem}.camera.yaml").read_text()))


def test_there_are_clips() -> None:
    """The repository carries at least one clip, each of at most 6 MB, the folder of at most 60 MB."""
    assert CLIPS
    assert all(path.stat().st_size <= 6_000_000 for path in CLIPS)
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) <= 60_000_000


def test_every_file_stands_beside_the_clip(clip: Path) -> None:
    """Truth, traffic, boxes, camera file and contact sheet are there, and the truth names this clip."""
    for suffix in ("truth.json", "traffic.parquet", "boxes.parquet", "camera.yaml", "sheet.jpg"):
        assert clip.with_name(f"{clip.stem}.{suffix}").stat().st_size > 0
    assert truth_of(clip)["clip"] == camera_of(clip)["source"] == clip.name


def test_readme_says_what_the_truth_says(clip: Path) -> None:
    """The clip's row in the README has the truth's length, size, vehicles, share of motorcycles and queues."""
    truth = truth_of(clip)
    (way,) = truth["approaches"]
    row = next(r for r in (FOLDER / "README.md").read_text().splitlines() if r.startswith(f"| `{clip.stem}` |"))
    _, _, _, picture, vehicles, cycles, queue, _ = (cell.strip() for cell in row.split("|"))

    length_s = truth["frames"] / truth["fps"]
    size = f"{truth['width']}×{truth['height']}"
    assert picture == f"{length_s:g} s, {size}, {truth['fps']:g} fps, {clip.stat().st_size / 1e6:.1f} MB"
    total = len(way["crossings"])
    share_pct = 100 * sum(c["class"] == "motorcycle" for c in way["crossings"]) / total
    assert vehicles == f"{total} ({share_pct:.0f} %)"
    residual = [c["residual_queue_vehicles"] for c in way["cycles"] if c["residual_queue_vehicles"] is not None]
    assert cycles == f"{len(way['cycles'])}: {', '.join(map(str, residual))}"
    assert queue.removesuffix(" vehicles") == f"{way['queue_max_m']:.0f} m, {way['queue_max_vehicles']}"


def test_vehicles_on_the_approach_are_where_the_traffic_file_says(clip: Path) -> None:
    """Every box of a vehicle on the approach has its row in traffic.parquet, the front at the same place to 1 mm."""
    b = boxes_of(clip)
    rows = pq.read_table(clip.with_name(f"{clip.stem}.traffic.parquet")).to_pydict()
    front_m = {(i, k): mm / 1000 for i, k, mm in zip(rows["id"], rows["frame"], rows["front_mm"], strict=True)}
    own = [(i, k, m) for i, k, m, lane in zip(b["id"], b["frame"], b["along_front_m"], b["lane"], strict=True) if lane]
    assert len(own) > 1000
    assert max(abs(front_m[i, k] - m) for i, k, m in own) < 0.001


def test_video_has_the_frames_and_times_of_the_truth(clip: Path) -> None:
    """Size, number of frames and every time stamp are as the truth says: frame k at k/fps, but for dropped frames."""
    truth = truth_of(clip)
    with av.open(str(clip)) as video:
        stream = video.streams.video[0]
        assert (stream.width, stream.height) == (truth["width"], truth["height"])
        times = sorted(float(p.pts * p.time_base) for p in video.demux(stream) if p.pts is not None)
    lost = set(truth.get("dropped_frames", []))
    assert times == pytest.approx([k / truth["fps"] for k in range(truth["frames"]) if k not in lost])


def test_counts_are_the_crossings(clip: Path) -> None:
    """Counts by class and the mean speed follow from the listed crossings."""
    for approach in truth_of(clip)["approaches"]:
        crossings = approach["crossings"]
        assert approach["counts"] == dict(Counter(c["class"] for c in crossings))
        assert approach["mean_speed_kmh"] == pytest.approx(np.mean([c["speed_mps"] for c in crossings]) * 3.6, abs=0.01)
        assert len({c["id"] for c in crossings}) == len(crossings)


def test_nobody_crosses_in_red(clip: Path) -> None:
    """Every crossing happens in green or yellow, or within 2 s after yellow has ended."""
    for approach in truth_of(clip)["approaches"]:
        changes = approach["signal"]
        for crossing in approach["crossings"]:
            since = [c for c in changes if c["time_s"] <= crossing["time_front_s"]][-1]
            assert since["state"] != "red" or crossing["time_front_s"] - since["time_s"] < 2.0, crossing


def test_boxes_lie_in_the_picture(clip: Path) -> None:
    """Boxes are inside the picture, not empty, and their frames exist."""
    truth, b = truth_of(clip), boxes_of(clip)
    assert (b["x0"] >= 0).all()
    assert (b["y0"] >= 0).all()
    assert (b["x1"] <= truth["width"]).all()
    assert (b["y1"] <= truth["height"]).all()
    assert ((b["x1"] > b["x0"]) & (b["y1"] > b["y0"])).all()
    assert b["frame"].min() >= 0
    assert b["frame"].max() < truth["frames"]
    assert b["time_s"] == pytest.approx(b["frame"] / truth["fps"])


def test_boxes_and_crossings_tell_the_same_story(clip: Path) -> None:
    """The frame in which a vehicle's front passes the line in the boxes file is the crossing's, for nearly all vehicles
    (one hidden behind a bus in that very frame has no box) while the camera looks where its file says."""
    truth, b = truth_of(clip), boxes_of(clip)
    away = [(f["begin_s"], f["end_s"]) for f in truth.get("faults", []) if f["type"] in ("ptz", "knocked")]
    crossings = [
        c for c in truth["approaches"][0]["crossings"] if not any(a <= c["time_front_s"] <= e + 0.2 for a, e in away)
    ]
    found = 0
    for crossing in crossings:
        own = b["id"] == crossing["id"]
        frames, along = b["frame"][own], b["along_front_m"][own]
        before = frames[along > 0]
        if len(before) and before.max() == int(crossing["time_front_s"] * truth["fps"]):
            found += 1
    assert found >= 0.9 * len(crossings)


def test_camera_file_gives_the_road_back(clip: Path) -> None:
    """A homography through the file's points brings the exact pixels of the vehicles' front bumpers back to their
    place on the road within 0.1 m, and the lanes are as wide as the scenario says."""
    entry, b = camera_of(clip), boxes_of(clip)
    points = entry["calibration"]["points"]
    image = np.array([p["image"] for p in points])
    road = np.array([p["road"] for p in points])
    homography, _ = cv2.findHomography(image, road)
    truth = truth_of(clip)
    plan = scenario.load(FOLDER / "scenarios" / f"{truth['scenario']}.yaml")
    eye = pinhole(plan.camera(entry["id"]))
    for lane in entry["approaches"][0]["lanes"]:
        corners = cv2.perspectiveTransform(np.array([lane["polygon"]]), homography)[0]
        width = plan.junction.arm(plan.camera(entry["id"]).approach).lane_width_m
        assert np.ptp(corners[:, 0]) == pytest.approx(width, abs=0.02)
    if clip.stem not in BY_HAND:
        return
    near = (b["along_front_m"] > -8) & (b["along_front_m"] < entry["approaches"][0]["length_m"])
    wanted = np.stack([b["across_m"][near], b["along_front_m"][near]], axis=1).astype(float)
    pixels = eye.project(_world(wanted, entry["id"]))
    back = cv2.perspectiveTransform(pixels[None], homography)[0]
    assert np.abs(back - wanted).max() < 0.1


def _world(road: np.ndarray[Any, Any], arm: str) -> np.ndarray[Any, Any]:
    """Road frame to world by hand: the stop line's middle is 4.875 m beside and 16.75 m from the junction's middle."""
    across, out = road[:, 0] + 4.875, road[:, 1] + 16.75
    flat = np.zeros(len(road))
    return np.stack([across, out, flat], axis=1) if arm == "utara" else np.stack([out, -across, flat], axis=1)


@pytest.mark.parametrize("name", BY_HAND)
def test_queue_builds_and_discharges(name: str) -> None:
    """The queue reaches at least 5 vehicles and is empty at some time after that."""
    queue = truth_of(FOLDER / f"{name}.mp4")["approaches"][0]["queue"]
    sizes = [sample["vehicles"] for sample in queue]
    peak = int(np.argmax(sizes))
    assert max(sizes) >= 5
    assert min(sizes[peak:]) == 0
