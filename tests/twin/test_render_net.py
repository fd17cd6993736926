"""A SUMO net filmed: what is drawn lies where the truth says."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from simpang_twin import approach, backdrop, film, records, scenario, simulate
from simpang_twin.camera import pinhole
from simpang_twin.network import F64
from simpang_twin.stage import Layers

FILE = Path(__file__).parents[2] / "sample_videos" / "scenarios" / "simpang_tiga.yaml"
FRAME = 10


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> tuple[scenario.Scenario, Path, Path]:
    """One drawn frame of the three roads from the north camera: (scenario, run folder, work folder)."""
    folder = tmp_path_factory.mktemp("net") / "run"
    data = yaml.safe_load(FILE.read_text()) | {"duration_s": 2, "warmup_s": 30}
    data["network"]["net_file"] = str(FILE.parent / data["network"]["net_file"])
    plan = scenario.Scenario.model_validate(data)
    simulate.simulate(plan, folder)
    film.film(folder, plan.cameras[0], folder / "work", range(FRAME, FRAME + 1), 1, lambda: None)
    return plan, folder, folder / "work"


def brightness(shot: tuple[scenario.Scenario, Path, Path], road_m: F64) -> F64:
    """Grey level of the empty road at points (N, 2) of the camera file's road frame."""
    plan, folder, work = shot
    way = approach.approach(plan.cameras[0], simulate.load(folder)[1])
    pixels = pinhole(plan.cameras[0]).project(np.insert(way.world_m(road_m), 2, 0.0, axis=1))
    grey = cv2.cvtColor(backdrop.load(film.backdrop_path(work)).image.astype(np.uint8), cv2.COLOR_BGR2GRAY)
    at = np.floor(pixels).astype(int)
    return grey[at[:, 1], at[:, 0]].astype(np.float64)


def test_the_true_stop_line_lies_on_the_drawn_one(shot: tuple[scenario.Scenario, Path, Path]) -> None:
    """The line is painted 0.45 m wide, upstream of the truth's. On it the road is clearly brighter than half a metre
    past it and than 1.2 m upstream of it, across both lanes (3.6 + 3.0 m)."""
    across = np.concatenate([np.arange(-2.9, -0.5, 0.2), np.arange(0.9, 2.9, 0.2)])
    at = {y: brightness(shot, np.stack([across, np.full(len(across), y)], axis=1)) for y in (0.22, -0.5, 1.2)}

    assert np.median(at[0.22] - at[-0.5]) > 40
    assert np.median(at[0.22] - at[1.2]) > 40
    assert (at[0.22] > at[-0.5] + 20).mean() > 0.9


def test_the_lane_line_lies_between_the_lane_polygons(
    shot: tuple[scenario.Scenario, Path, Path], tmp_path: Path
) -> None:
    """The common border of the camera file's two lanes is the painted line: 6 m before the stop line it is brighter
    than the lanes' middles there, which lie 1.8 m to its right (3.6 m wide) and 1.5 m to its left (3.0 m wide)."""
    plan, folder, _ = shot
    records.write_camera(folder, plan.cameras[0], tmp_path / "clip.mp4")
    entry = yaml.safe_load((tmp_path / "clip.camera.yaml").read_text())
    kerb, inner = (np.array(lane["polygon"]) for lane in entry["approaches"][0]["lanes"])
    # The whole line is 6.6 m wide and its middle is the origin: kerb lane 3.3 - 3.6 = -0.3 m ... 3.3 m.
    line, lanes = brightness(shot, np.array([[-0.3, 6.0]])), brightness(shot, np.array([[1.5, 6.0], [-1.8, 6.0]]))

    assert line.min() > lanes.max() + 20
    assert np.linalg.norm(kerb[0] - inner[1]) < 0.5  # the same corner at the stop line, in pixels
    assert len(kerb) > 4  # the approach bends


def test_boxes_hold_what_was_drawn(shot: tuple[scenario.Scenario, Path, Path]) -> None:
    """Inside every large box that nothing hides most pixels differ from the empty road, and the place where the truth
    has its vehicle is inside it."""
    plan, folder, work = shot
    run = simulate.load(folder)[2]
    boxes = np.load(film.boxes_path(work, FRAME))
    empty = backdrop.load(film.backdrop_path(work)).image
    changed = np.abs(cv2.imread(str(film.picture_path(work, FRAME))).astype(float) - empty).max(axis=2) > 12
    large = [box for box in boxes if box[5] < 0.05 and box[4] - box[2] > 15]
    for vehicle, x0, y0, x1, y1, _, _ in large:
        front = run.front_m[(run.frame == FRAME) & (run.vehicle == vehicle)]
        ((x, y),) = pinhole(plan.cameras[0]).project(np.insert(front, 2, 0.5, axis=1))
        assert x0 - 2 <= x <= x1 + 2
        assert y0 - 2 <= y <= y1 + 2
        assert changed[int(y0) : int(y1), int(x0) : int(x1)].mean() > 0.4
    assert len(large) >= 3


def test_nothing_beside_the_road_hides_the_approach(shot: tuple[scenario.Scenario, Path, Path]) -> None:
    """Houses and trees keep out of the camera's view of its approach: the empty road shows on all of its lanes."""
    plan, folder, work = shot
    way = approach.approach(plan.cameras[0], simulate.load(folder)[1])
    reach_m = backdrop.load(film.backdrop_path(work)).reach_m
    inside = np.zeros(reach_m.shape, np.uint8)
    for lane in way.lanes:
        outline = np.insert(approach.lane_edges_m(way, lane), 2, 0.0, axis=1)
        cv2.fillPoly(inside, [np.rint(pinhole(plan.cameras[0]).project(outline)).astype(np.int32)], 1)

    assert np.isinf(reach_m[inside > 0]).mean() > 0.98
    assert np.isfinite(reach_m).mean() > 0.02


def test_a_thing_before_a_vehicle_hides_it() -> None:
    """A body 40 m away behind a house 30 m away vanishes there, and counts as hidden; one 20 m away does not."""
    reach_m = np.full((4, 6), np.inf, np.float32)
    reach_m[:, 2:] = 30.0
    code = np.array([[1, 1, 1, 2, 2, 0]] * 4, np.int32)
    colour = np.ones((4, 6, 4), np.float32)
    nothing = np.zeros((4, 6, 3), np.float32)
    empty = backdrop.Backdrop(nothing, nothing, nothing[..., 0], nothing, reach_m)

    seen = backdrop.behind(Layers(colour, np.full((4, 6), 255, np.uint8), code), empty, [40.0, 20.0])

    assert seen.code[0].tolist() == [1, 1, 4, 2, 2, 0]
    assert seen.colour[0, :, 3].tolist() == [1, 1, 0, 1, 1, 1]
    assert seen.shadow[0].tolist() == [255, 255, 0, 0, 0, 0]
