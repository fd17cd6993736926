"""A sketched clip: the camera turns, freezes and loses frames as its scenario says."""

from pathlib import Path

import av
import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from simpang_twin import scenario
from simpang_twin.accuracy.scenes import prepare
from simpang_twin.camera import pinhole
from simpang_twin.faults import dropped_frames

MINI = Path(__file__).parents[2] / "sample_videos" / "scenarios" / "mini.yaml"
# 12.5 frames a second: frame k at 0.08 k s. Turned away from 1.6 to 2.4 s, for good; frozen from 4.0 to 4.8 s.
MOVE = {"at_s": 1.6, "over_s": 0.8, "look_at_m": [-15.0, 40.0, 0.0], "focal_px": 700}
FAULTS = [{"type": "frozen", "from_s": 4.0, "to_s": 4.8}, {"type": "dropped", "from_s": 5.2, "to_s": 6.0, "share": 0.5}]
HELD, MOVING = (56, 57, 58, 59), (45, 49, 61, 63)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`mini` with seed 5, its camera moved and faulty."""
    folder = tmp_path_factory.mktemp("sketch")
    content = yaml.safe_load(MINI.read_text())
    content["cameras"][0] |= {"moves": [MOVE], "faults": FAULTS}
    (folder / "mini.yaml").write_text(yaml.safe_dump(content))
    (made,) = prepare(folder / "mini.yaml", 5, False, folder / "cache", 1)
    return made


@pytest.fixture(scope="module")
def pictures(clip: Path) -> dict[int, np.ndarray]:
    """The clip's pictures by frame number."""
    with av.open(str(clip)) as video:
        return {round(float(frame.time) * 12.5): frame.to_ndarray(format="gray") for frame in video.decode(video=0)}


def test_another_seed_is_another_clip(clip: Path) -> None:
    """The seed stands in the name and in the truth."""
    assert clip.name == "mini-5_utara.mp4"
    assert '"seed": 5' in clip.with_name("mini-5_utara.truth.json").read_text()


def test_a_frozen_stream_repeats_its_picture(pictures: dict[int, np.ndarray]) -> None:
    """Frames 50 to 59 show the picture of frame 50 (the encoder still refines it at first); before and after, grain
    changes every picture."""
    step = {k: float(np.abs(pictures[k].astype(float) - pictures[k - 1]).mean()) for k in HELD + MOVING}
    assert min(step[k] for k in MOVING) > 5 * max(step[k] for k in HELD)


def test_dropped_frames_are_missing(clip: Path, pictures: dict[int, np.ndarray]) -> None:
    """The file lacks exactly the frames that the truth names, some of the ten from 5.2 s on."""
    plan = scenario.load(clip.parents[2] / "mini.yaml").model_copy(update={"seed": 5})
    lost = dropped_frames(plan, plan.cameras[0])
    assert lost
    assert set(range(75)) - set(pictures) == lost


def test_boxes_follow_the_turned_camera(clip: Path) -> None:
    """The front bumper of a vehicle in the turned view lies in its box, seen by the camera of that time; in the first
    view it would lie elsewhere."""
    camera = scenario.load(clip.parents[2] / "mini.yaml").cameras[0]
    first, turned = pinhole(camera), pinhole(camera, 3.2)
    rows = [r for r in pq.read_table(clip.with_name("mini-5_utara.boxes.parquet")).to_pylist() if r["frame"] == 40]
    own = [r for r in rows if r["lane"] and r["occluded"] < 0.1 and r["x0"] > 5 and r["along_front_m"] > 1]
    assert own
    for r in own:
        # By hand: the stop line's middle is 4.875 m beside and 16.75 m from the middle (three lanes of 3.25 m).
        place = np.array([[r["across_m"] + 4.875, r["along_front_m"] + 16.75, 0.5]])
        (x, y), (before, _) = turned.project(place)[0], first.project(place)[0]
        assert r["x0"] - 3 <= x <= r["x1"] + 3
        assert r["y0"] - 3 <= y <= r["y1"] + 3
        assert abs(before - x) > 50
