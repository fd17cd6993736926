"""The evaluation command on tiny sets made for the purpose."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from simpang_models.adapters import COCO_TO_KIND, Model, contract_kinds, open_model
from simpang_models.boxes import (
    BUS,
    CAR,
    FOUR_WHEELS,
    HEAVY_UNKNOWN,
    MOTORCYCLE,
    THREE_WHEELER,
    TRUCK,
    VEHICLE_UNKNOWN,
    Boxes,
    make_boxes,
    pairwise_iou,
)
from simpang_models.cli import app
from simpang_models.evaluate import Result, Row, Run, figures, load_cases, operating_score, rows, run
from simpang_models.labels import LabelSet
from simpang_models.pictures import letterbox, to_source
from simpang_models.review import Corrected
from simpang_models.tables import markdown
from simpang_models.worst import sheet, worst
from typer.testing import CliRunner

MODEL = Path(__file__).resolve().parents[2] / "models" / "simpang-n.onnx"
ROAD = LabelSet("road", (MOTORCYCLE, CAR, HEAVY_UNKNOWN), True, 0.0)
CARS_ONLY = LabelSet("cars", (CAR,), True, 0.0)
ALL_KINDS = LabelSet("all_kinds", (MOTORCYCLE, CAR, BUS, TRUCK), True, 0.0)
HERE, THERE = [0, 0, 40, 40], [60, 0, 80, 30]


@pytest.fixture(scope="module")
def model() -> Model:
    return open_model(MODEL, (416, 256))


def value(
    model: Model, labelled: LabelSet, found: Boxes, truth: Boxes | Corrected, metric: str, score: float | None = 0.5
) -> float | None:
    corrected = truth if isinstance(truth, Corrected) else Corrected(truth)
    return dict(figures(model, [Result(labelled, found, corrected, 12.0)], score))[metric]


@pytest.mark.parametrize(
    ("label", "found", "any_vehicle", "heavy", "bus"),
    [
        pytest.param(HEAVY_UNKNOWN, TRUCK, 1.0, 1.0, None, id="a truck where bus or truck stands"),
        pytest.param(HEAVY_UNKNOWN, CAR, 1.0, 0.0, None, id="a car where bus or truck stands"),
        pytest.param(VEHICLE_UNKNOWN, CAR, 1.0, None, None, id="a car where some vehicle stands"),
        pytest.param(BUS, TRUCK, 1.0, 1.0, 0.0, id="a truck where a bus stands"),
    ],
)
def test_labels_that_leave_the_kind_open(
    model: Model, label: int, found: int, any_vehicle: float, heavy: float | None, bus: float | None
) -> None:
    """ "Bus or truck" is right for either and "vehicle" for any kind; for single classes they are neither way."""
    truth, boxes = make_boxes([HERE], [1], [label]), make_boxes([HERE], [0.9], [found])
    assert value(model, ALL_KINDS, boxes, truth, "any_vehicle_ap0.5") == any_vehicle
    assert value(model, ALL_KINDS, boxes, truth, "bus_or_truck_ap0.5") == heavy
    assert value(model, ALL_KINDS, boxes, truth, "bus_ap0.5") == bus


def test_a_truck_on_an_open_label_is_no_false_truck(model: Model) -> None:
    """Where "some vehicle" stands beside a labelled truck, finding a truck on either is no error."""
    truth = make_boxes([HERE, THERE], [1, 1], [VEHICLE_UNKNOWN, TRUCK])
    found = make_boxes([HERE, THERE], [0.9, 0.8], [TRUCK, TRUCK])
    assert value(model, ALL_KINDS, found, truth, "truck_ap0.5") == 1.0


@pytest.mark.parametrize("kind", [MOTORCYCLE, THREE_WHEELER])
def test_unlabelled_kinds_are_no_errors(model: Model, kind: int) -> None:
    """Where a kind was not labelled, finding one is not held against the model."""
    truth = make_boxes([HERE], [1], [CAR])
    found = make_boxes([THERE, HERE], [0.95, 0.9], [kind, CAR])
    assert value(model, CARS_ONLY, found, truth, "any_vehicle_ap0.4") == 1.0
    # With the kind labelled the first, better-scored box is wrong: precision 1/2 at recall 1.
    labelled = replace(CARS_ONLY, labelled=(CAR, kind))
    assert value(model, labelled, found, truth, "any_vehicle_ap0.4") == pytest.approx(0.5)


def test_ignored_regions_count_neither_way(model: Model) -> None:
    """A box in a region that cannot be judged is no error, for any vehicle and for its class."""
    truth = Corrected(make_boxes([HERE], [1], [CAR]), ignored=make_boxes([[50, 0, 90, 40]], [1], [VEHICLE_UNKNOWN]))
    found = make_boxes([THERE, HERE], [0.95, 0.9], [CAR, CAR])
    assert value(model, ROAD, found, truth, "any_vehicle_ap0.4") == 1.0
    assert value(model, ROAD, found, truth, "car_ap0.5") == 1.0


def test_a_kind_the_model_cannot_name_is_unknown_not_zero(model: Model) -> None:
    """A model that knows only "vehicle" has no figure for cars, and still one for any vehicle."""
    truth, found = make_boxes([HERE], [1], [CAR]), make_boxes([HERE], [0.9], [VEHICLE_UNKNOWN])
    coarse = replace(model, kinds=(VEHICLE_UNKNOWN,))
    assert value(coarse, ROAD, found, truth, "car_ap0.5") is None
    assert value(coarse, ROAD, found, truth, "any_vehicle_ap0.5") == 1.0
    assert value(model, ROAD, found, truth, "car_ap0.5") == 0.0


def test_figures_at_the_operating_score(model: Model) -> None:
    """Recall and wrong boxes per picture count only boxes of at least that score; without a score both are unknown."""
    truth = make_boxes([HERE, THERE], [1, 1], [CAR, CAR])
    found = make_boxes([HERE, [100, 0, 120, 20], THERE], [0.9, 0.6, 0.3], [CAR, CAR, CAR])
    # at 0.5: the first right, the second wrong, the third not used: recall 1/2, one wrong box in one picture
    assert value(model, ROAD, found, truth, "recall_at_operating_score") == 0.5
    assert value(model, ROAD, found, truth, "false_boxes_per_frame") == 1.0
    assert value(model, ROAD, found, truth, "false_boxes_per_frame", score=None) is None


def test_the_operating_score_keeps_the_precision() -> None:
    """The lowest score at which 85 of 100 boxes are right: with one wrong of two that is the first box's."""
    found = make_boxes([HERE, THERE], [0.9, 0.6], [CAR, CAR])
    result = Result(ROAD, found, Corrected(make_boxes([HERE], [1], [CAR])), 1.0)
    assert operating_score([result]) == pytest.approx(0.9)


@pytest.mark.parametrize(("height", "band"), [(19, "small_lt20px"), (20, "mid_20_48px"), (48, "large_gt48px")])
def test_size_bands(model: Model, height: int, band: str) -> None:
    """A vehicle counts in the band of its own height in pixels of the picture, and in no other."""
    truth, found = make_boxes([[0, 0, 30, height]], [1], [CAR]), make_boxes([[0, 0, 30, height]], [0.9], [CAR])
    for name in ("small_lt20px", "mid_20_48px", "large_gt48px"):
        expected = 1.0 if name == band else None
        assert value(model, ROAD, found, truth, f"any_vehicle_ap0.4_{name}") == expected


def test_the_times_are_median_and_ninetieth_percentile(model: Model) -> None:
    """Of 10, 20 and 90 ms the median is 20 and the 90th percentile 20 + 0.8·70 = 76."""
    empty = Corrected(make_boxes([], [], []))
    results = [Result(ROAD, empty.boxes, empty, ms) for ms in (10.0, 90.0, 20.0)]
    found = dict(figures(model, results, 0.5))
    assert found["ms_per_frame_median"] == 20.0
    assert found["ms_per_frame_p90"] == pytest.approx(76.0)


def test_the_classes_of_a_contract_file_may_come_in_any_order() -> None:
    """Class 0 of a file is what its own list says; other names are refused with the list."""
    assert contract_kinds(MODEL, '["bus", "car"]') == (BUS, CAR)
    with pytest.raises(ValueError, match=r"simpang-n.onnx: metadata simpang.classes is"):
        contract_kinds(MODEL, '["tram"]')


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


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two of the known evaluation sets with one grey picture each, in which a car is said to stand."""
    for name, grey in (("bogor_cctv_eval", 90), ("rf100_tollroad_id_eval", 140)):
        folder = tmp_path / name
        (folder / "images").mkdir(parents=True)
        (folder / "labels").mkdir()
        picture = np.full((120, 200, 3), grey, np.uint8)
        picture[: grey // 2] = 255 - grey
        cv2.imwrite(str(folder / "images" / "a.png"), picture)
        (folder / "labels" / "a.txt").write_text("1 0.5 0.5 0.2 0.2\n")
    return tmp_path


def command(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["eval", "--size", "416x256", *words])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_prints_rows(data: Path) -> None:
    """`eval --json` gives rows of model, size, engine, set, metric, value, by set and overall, reviewed and raw."""
    code, out, said = command("--data", str(data), "--model", str(MODEL), "--model", f"{MODEL}@640x384", "--json")
    assert code == 0
    found = json.loads(out)
    assert set(found[0]) == {"model", "size", "engine", "set", "metric", "value"}
    assert {r["size"] for r in found} == {"416x256", "640x384"}
    assert {r["engine"] for r in found} == {"ort-int8"}
    sets = {"bogor_cctv_eval", "rf100_tollroad_id_eval", "unseen_cameras", "all"}
    assert {r["set"] for r in found} == sets | {f"{s}.raw" for s in sets}
    labels = {r["set"]: r["value"] for r in found if r["metric"] == "any_vehicle_labels"}
    assert (labels["all"], labels["unseen_cameras"]) == (2, 1)  # the toll road's camera is one that was trained on
    assert "delhi_signal_cameras_eval: not there, left out" in said


def test_raw_labels_on_request(data: Path) -> None:
    """With --labels raw every row is against the labels as they came, and says so."""
    code, out, _ = command("--data", str(data), "--model", str(MODEL), "--labels", "raw", "--json")
    assert code == 0
    assert all(r["set"].endswith(".raw") for r in json.loads(out))


def test_the_table_is_for_people(data: Path) -> None:
    """Without --json there are Markdown tables: overall, by class, by set."""
    code, out, _ = command("--data", str(data), "--model", str(MODEL))
    assert code == 0
    assert "| model | input | engine | any AP.4 |" in out
    assert "| simpang-n | 416x256 | ort-int8 |" in out


def test_tables_tell_unknown_from_zero() -> None:
    """An unknown figure is a dash, nothing found is 0."""
    some = [Row("m", "64x64", "ort-f32", "all", m, v) for m, v in (("car_ap0.5", 0.0), ("bus_ap0.5", None))]
    line = next(text for text in markdown(some).splitlines() if text.startswith("| m |") and "0.000" in text)
    assert line.split(" | ")[5:8] == ["0.000", "–", "–"]


def test_a_set_of_ones_own(data: Path) -> None:
    """--set NAME=classes measures on any folder, with the classes that it labels."""
    (data / "bogor_cctv_eval").rename(data / "mine")
    code, out, _ = command("--data", str(data), "--model", str(MODEL), "--set", "mine=car", "--json")
    assert code == 0
    assert {r["set"] for r in json.loads(out)} == {
        "mine",
        "mine.raw",
        "unseen_cameras",
        "unseen_cameras.raw",
        "all",
        "all.raw",
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["--data", "{data}", "--model", "none.onnx"], "none.onnx: no such model file", id="model"),
        pytest.param(["--data", "{data}/mine", "--model", "{model}"], "none of the evaluation sets", id="no set"),
        pytest.param(["--data", "{data}", "--model", "{model}@65x64"], "size '65x64'", id="size"),
        pytest.param(["--data", "{data}", "--model", "{model}", "--set", "x"], "expected NAME=CLASS", id="set"),
        pytest.param(
            ["--data", "{data}", "--model", "{model}", "--engine", "gpu"], "one of ort, openvino", id="engine"
        ),
        pytest.param(["--data", "{data}", "--model", "{model}", "--labels", "new"], "reviewed or raw", id="labels"),
    ],
)
def test_what_cannot_be_measured_is_named(data: Path, words: list[str], said: str) -> None:
    """One line on standard error and exit code 2."""
    code, out, err = command(*(word.format(data=data, model=MODEL) for word in words))
    assert (code, out) == (2, "")
    assert said in err


def test_openvino_finds_the_same_and_says_its_arithmetic(model: Model) -> None:
    """The 8-bit file runs in 8 bits there too, and finds the same drawn vehicle."""
    other = open_model(MODEL, (416, 256), engine="openvino")
    assert other.network.name == "openvino-int8"
    picture = np.full((360, 640, 3), (200, 190, 180), np.uint8)
    picture[150:] = 95
    picture[190:270, 280:380] = (40, 20, 20)
    picture[198:225, 292:368] = (120, 110, 100)
    picture[235:245, 282:300] = picture[235:245, 360:378] = (30, 30, 220)
    ours, theirs = model.detect(picture), other.detect(picture)
    assert ours.kind[0] == theirs.kind[0]
    assert ours.kind[0] in FOUR_WHEELS
    assert pairwise_iou(ours.xyxy_px[:1], theirs.xyxy_px[:1])[0, 0] > 0.85


def test_the_worst_pictures_come_first_and_only_once(data: Path, model: Model) -> None:
    """The picture with two misses precedes that with one; a repetition of the same view is left out."""
    folder = data / "bogor_cctv_eval"
    (folder / "images" / "b.png").write_bytes((folder / "images" / "a.png").read_bytes())
    other = data / "rf100_tollroad_id_eval"
    (other / "labels" / "a.txt").write_text("1 0.5 0.5 0.2 0.2\n1 0.2 0.2 0.2 0.2\n")
    known = [LabelSet(f.name, (CAR,), True, 0.0) for f in (folder, other)]
    cases = load_cases(data, known)
    empty = make_boxes([], [], [])
    bad = worst(Run(model, (empty,) * 3, (1.0,) * 3), cases, 0.5, 12)
    assert [(b.case.labelled.name, b.missed, b.wrong) for b in bad] == [(other.name, 2, 0), (folder.name, 1, 0)]
    assert sheet(bad).shape == (400, 3 * 640, 3)


def test_every_model_is_warmed_up_before_it_is_timed(data: Path, model: Model) -> None:
    """The clock is read twice per run: once more on the first picture, which does not count."""
    ticks = iter([0.0, 9.0, 10.0, 10.5, 20.0, 20.25])
    cases = load_cases(
        data, [LabelSet("bogor_cctv_eval", (CAR,), True, 0.0), LabelSet("rf100_tollroad_id_eval", (CAR,), True, 0.0)]
    )
    (done,) = run([model], cases, clock=lambda: next(ticks))
    assert done.ms == (500.0, 250.0)
    names = {r.set for r in rows(done, cases)}
    assert "all" in names
