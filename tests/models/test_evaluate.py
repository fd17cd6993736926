"""The evaluation command on a tiny set made for the purpose."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from simpang_models.adapters import COCO_TO_KIND, Model, open_model
from simpang_models.boxes import BUS, CAR, HEAVY_UNKNOWN, MOTORCYCLE, TRUCK, Boxes, make_boxes
from simpang_models.evaluate import Result, figures
from simpang_models.labels import LabelSet
from simpang_models.pictures import letterbox, to_source

MODEL = Path(__file__).resolve().parents[2] / "models" / "simpang-n.onnx"
ROAD = LabelSet("road", (MOTORCYCLE, CAR, HEAVY_UNKNOWN), True, 0.0)
CARS_ONLY = LabelSet("cars", (CAR,), True, 0.0)


@pytest.fixture(scope="module")
def model() -> Model:
    return open_model(MODEL, (416, 256))


def value(model: Model, labelled: LabelSet, found: Boxes, truth: Boxes, metric: str) -> float | None:
    rows = figures(model, labelled.name, [(labelled, Result(found, truth, 12.0, 100))])
    return next(r.value for r in rows if r.metric == metric)


def test_any_vehicle_does_not_ask_for_the_kind(model: Model) -> None:
    """A truck found where a "bus or truck" stands is right for "any vehicle"."""
    truth = make_boxes([[0, 0, 40, 40]], [1], [HEAVY_UNKNOWN])
    found = make_boxes([[0, 0, 40, 40]], [0.9], [TRUCK])
    assert value(model, ROAD, found, truth, "any_vehicle_ap0.5") == 1.0
    assert value(model, ROAD, found, truth, "bus_ap0.5") is None


def test_unlabelled_motorcycles_are_no_errors(model: Model) -> None:
    """Where motorcycles were not labelled, finding one is not held against the model."""
    truth = make_boxes([[0, 0, 40, 40]], [1], [CAR])
    found = make_boxes([[60, 0, 80, 30], [0, 0, 40, 40]], [0.95, 0.9], [MOTORCYCLE, CAR])
    assert value(model, CARS_ONLY, found, truth, "any_vehicle_ap0.4") == 1.0
    # With motorcycles labelled the first, better-scored box is wrong: precision 1/2 at recall 1.
    assert value(model, ROAD, found, truth, "any_vehicle_ap0.4") == pytest.approx(0.5)


def test_the_time_is_the_median(model: Model) -> None:
    """The reported time is that of the middle frame."""
    empty = make_boxes([], [], [])
    results = [(ROAD, Result(empty, empty, ms, 100)) for ms in (10.0, 90.0, 20.0)]
    rows = {r.metric: r.value for r in figures(model, "road", results)}
    assert rows["ms_per_frame_median"] == 20.0


def test_letterbox_and_back() -> None:
    """A box in the network's input returns to the picture's pixels, cut at the picture's border."""
    picture = np.zeros((200, 800, 3), np.uint8)
    canvas, scale = letterbox(picture, 416, 256)
    # scale = min(416/800, 256/200) = 0.52; picture 416×104, grey below
    assert scale == pytest.approx(0.52)
    assert canvas.shape == (256, 416, 3)
    assert (canvas[104:] == 114).all()
    assert (canvas[:104] == 0).all()
    back = to_source(make_boxes([[52, 26, 416, 130]], [1], [CAR]), scale, picture)
    # 52/0.52 = 100, 26/0.52 = 50, 416/0.52 = 800, 130/0.52 = 250 cut to 200
    np.testing.assert_allclose(back.xyxy_px, [[100, 50, 800, 200]], rtol=1e-5)


def test_coco_classes_are_mapped_by_their_published_ids() -> None:
    """COCO's car is 2, motorcycle 3, bus 5, truck 7."""
    assert (COCO_TO_KIND[2], COCO_TO_KIND[3], COCO_TO_KIND[5], COCO_TO_KIND[7]) == (CAR, MOTORCYCLE, BUS, TRUCK)


def test_the_command_prints_rows(tmp_path: Path) -> None:
    """`eval --json` gives rows of model, size, engine, set, metric, value for each set and for all."""
    from simpang_models.cli import app
    from typer.testing import CliRunner

    for name in ("bogor_cctv_eval", "delhi_signal_cameras_eval", "rf100_tollroad_id_eval"):
        folder = tmp_path / name
        (folder / "images").mkdir(parents=True)
        (folder / "labels").mkdir()
        cv2.imwrite(str(folder / "images" / "a.png"), np.full((120, 200, 3), 90, np.uint8))
        (folder / "labels" / "a.txt").write_text("1 0.5 0.5 0.2 0.2\n")
    words = ["eval", "--data", str(tmp_path), "--model", str(MODEL), "--size", "416x256", "--json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0
    rows = json.loads(result.stdout)
    assert set(rows[0]) == {"model", "size", "engine", "set", "metric", "value"}
    assert {r["set"] for r in rows} >= {"bogor_cctv_eval", "all"}
