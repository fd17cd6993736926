"""Another detector's ONNX file becomes one of the contract: pixels in, our kinds out."""

import json
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper, parser
from simpang_edge.data import KINDS, Frame
from simpang_edge.detector import OnnxDetector
from simpang_models.boxes import BUS, CAR, CLASSES, MOTORCYCLE, TRUCK
from simpang_models.class_names import COCO_NAMES, kind_of, kinds_of
from simpang_models.cli import app
from simpang_models.contract import Description
from simpang_models.wrap import Layout, Origin, layout_of, names_or_coco, save, sizes_of, wrap
from simpang_models.yolo import is_yolo
from typer.testing import CliRunner

NAMES = ("car", "truck", "boat", "motorbike")
FACTS = Description("other", "1", "MIT", ("64x64",))


def network(raw: list[list[float]], height: int | str = "h", width: int | str = "w") -> onnx.ModelProto:
    """A "detector" that gives `raw` whatever it sees, in the raw layout of its rows."""
    model = parser.parse_model(f"""
    <ir_version: 8, opset_import: ["" : 17]>
    g (float[1, 3, {height}, {width}] images) => (float[1, a, b] output0)
    {{
        any = ReduceMean <keepdims = 0> (images)
        nothing = Mul (any, zero)
        output0 = Add (raw, nothing)
    }}""")
    for name, value in (("raw", [raw]), ("zero", 0.0)):
        model.graph.initializer.append(numpy_helper.from_array(np.array(value, np.float32), name))
    return model


def columns(*anchors: tuple[float, ...]) -> list[list[float]]:
    """Anchors (cx, cy, w, h, score per class) as the rows of the YOLO layout."""
    return [list(row) for row in zip(*anchors, strict=True)]


def found(model: onnx.ModelProto, folder: Path) -> list[tuple[str, float, list[float]]]:
    """What the edge's own detector reads from the model in a 64×64 picture: kind, score, box."""
    path = folder / "other.onnx"
    save(model, path)
    seen = OnnxDetector(path, (64, 64)).detect(Frame(time_s=0.0, image=np.zeros((64, 64, 3), np.uint8)))
    rows = zip(seen.kind.tolist(), seen.score.tolist(), seen.xyxy_px.tolist(), strict=True)
    return [(KINDS[k], round(s, 3), [round(v, 2) for v in box]) for k, s, box in rows]


def yolo(*anchors: tuple[float, ...]) -> onnx.ModelProto:
    return wrap(network(columns(*anchors)), Origin(Layout.YOLO, kinds_of(NAMES, {})), FACTS)


def test_boxes_become_corners_of_our_kinds_best_first(tmp_path: Path) -> None:
    """Centre and size become corners, class names our kinds, and the best score comes first."""
    model = yolo((20, 30, 10, 20, 0.3, 0, 0, 0), (50, 20, 8, 16, 0, 0, 0, 0.8))
    # 20 ± 5, 30 ± 10; 50 ± 4, 20 ± 8
    assert found(model, tmp_path) == [
        ("motorcycle", 0.8, [46.0, 12.0, 54.0, 28.0]),
        ("car", 0.3, [15.0, 20.0, 25.0, 40.0]),
    ]


def test_classes_without_a_kind_are_dropped(tmp_path: Path) -> None:
    """A boat is not reported, and does not hide the weaker car at its place."""
    assert [k for k, *_ in found(yolo((20, 30, 10, 20, 0.3, 0, 0.9, 0)), tmp_path)] == ["car"]


def test_weak_boxes_are_left_out(tmp_path: Path) -> None:
    """Below 0.02 nothing leaves the graph; the edge's detector leaves out what its own setting says."""
    path = tmp_path / "other.onnx"
    save(yolo((20, 30, 10, 20, 0.03, 0, 0, 0), (50, 30, 10, 20, 0.01, 0, 0, 0)), path)
    seen = OnnxDetector(path, (64, 64), min_score=0.0).detect(Frame(0.0, np.zeros((64, 64, 3), np.uint8)))
    assert seen.score.tolist() == pytest.approx([0.03])


def test_doubles_of_four_wheels_go_and_a_motorcycle_before_a_car_stays(tmp_path: Path) -> None:
    """Car and truck at one place are one vehicle; a motorcycle there is another."""
    same = (20.0, 30.0, 10.0, 20.0)
    model = yolo((*same, 0.6, 0, 0, 0), (*same, 0, 0.7, 0, 0), (*same, 0, 0, 0, 0.5))
    assert [(k, s) for k, s, _ in found(model, tmp_path)] == [("truck", 0.7), ("motorcycle", 0.5)]


def test_the_network_sees_rgb_of_0_to_1() -> None:
    """BGR bytes become RGB fractions: blue 51, green 102, red 204 are 0.8, 0.4, 0.2 in the order red, green, blue."""
    import onnxruntime

    model = parser.parse_model("""
    <ir_version: 8, opset_import: ["" : 17]>
    g (float[1, 3, h, w] images) => (float[1, a, b] output0)
    <float hundred = {100}, int64[3] form = {1, 3, 1}, float[1, 2, 1] rest = {1, 1}>
    {
        mean = ReduceMean <axes = [2, 3], keepdims = 0> (images)
        percent = Mul (mean, hundred)
        three = Reshape (percent, form)
        output0 = Concat <axis = 1> (three, rest)
    }""")
    whole = wrap(model, Origin(Layout.YOLO, (CAR,)), FACTS)
    session = onnxruntime.InferenceSession(whole.SerializeToString(), providers=["CPUExecutionProvider"])
    picture = np.full((1, 64, 64, 3), (51, 102, 204), np.uint8)
    boxes, scores, _ = session.run(None, {"image": picture})
    # cx = 100·0.8, cy = 100·0.4, w = 100·0.2, h = 1: corners 80 ± 10, 40 ± 0.5
    np.testing.assert_allclose(boxes, [[70, 39.5, 90, 40.5]], rtol=1e-4)
    assert scores.tolist() == [1.0]


def test_the_end_to_end_layout(tmp_path: Path) -> None:
    """Rows of corners, score and class; unknown classes and weak rows are left out."""
    rows = [[10.0, 10, 20, 30, 0.9, 2], [30, 10, 40, 30, 0.6, 3], [50, 10, 60, 30, 0.4, 0], [1, 1, 9, 9, 0.01, 0]]
    model = wrap(network(rows), Origin(Layout.END2END, kinds_of(NAMES, {})), FACTS)
    assert found(model, tmp_path) == [("motorcycle", 0.6, [30, 10, 40, 30]), ("car", 0.4, [50, 10, 60, 30])]


def test_the_file_says_what_it_is() -> None:
    """Name, version, licence, classes and sizes stand in the metadata."""
    facts = {p.key: p.value for p in yolo((20, 30, 10, 20, 0.3, 0, 0, 0)).metadata_props}
    assert (facts["simpang.name"], facts["simpang.version"], facts["simpang.licence"]) == ("other", "1", "MIT")
    assert json.loads(facts["simpang.classes"]) == ["motorcycle", "car", "truck"]  # what it can name, and no more
    assert json.loads(facts["simpang.sizes"]) == ["64x64"]


def test_another_number_of_classes_is_refused() -> None:
    """The message says what was expected of the output and what is there."""
    model = network(columns((20, 30, 10, 20, 0.3)))
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 5
    with pytest.raises(ValueError, match=r"with 4 classes: expected \(1, 8, anchors\), got"):
        wrap(model, Origin(Layout.YOLO, kinds_of(NAMES, {})), FACTS)


def test_a_file_of_one_size_names_that_size() -> None:
    """A network with a fixed input can run at no other size, whatever is asked for."""
    raw = columns((20, 30, 10, 20, 0.3))
    assert sizes_of(network(raw, 384, 640), ("416x256",)) == ("640x384",)
    assert sizes_of(network(raw), ("416x256",)) == ("416x256",)


def test_names_and_layout_come_from_the_file() -> None:
    """ultralytics writes both; a file without names, or with 80 numbers for names, is taken for COCO."""
    model = network(columns((20, 30, 10, 20, 0.3)))
    assert names_or_coco(model) == COCO_NAMES
    assert layout_of(model) == Layout.YOLO
    onnx.helper.set_model_props(model, {"names": str({i: str(i) for i in range(80)}), "end2end": "True"})
    assert names_or_coco(model) == COCO_NAMES
    assert layout_of(model) == Layout.END2END
    onnx.helper.set_model_props(model, {"names": "{0: 'car', 1: 'angkot'}"})
    assert names_or_coco(model) == ("car", "angkot")
    onnx.helper.set_model_props(model, {"names": "cars"})
    with pytest.raises(ValueError, match="metadata names is 'cars'"):
        names_or_coco(model)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Motorbike", MOTORCYCLE), ("mini-van", None), ("Auto-Rickshaw", CLASSES.index("three_wheeler")), ("van", CAR)],
)
def test_class_names_in_other_words(name: str, kind: int | None) -> None:
    """Usual words of other data sets are known; what could mean several things is not guessed."""
    assert kind_of(name) == kind


def test_a_class_map_comes_first_and_is_checked() -> None:
    """--map decides over the usual meaning; an unknown class or kind is named."""
    assert kinds_of(("van", "bus", "tree"), {"van": "truck"}) == [TRUCK, BUS, None]
    with pytest.raises(ValueError, match="van=lorry"):
        kinds_of(("van",), {"van": "lorry"})
    with pytest.raises(ValueError, match="none of the classes tree"):
        kinds_of(("tree",), {})


def test_the_command_wraps_a_file(tmp_path: Path) -> None:
    """`wrap` writes a file that the edge opens, and says which classes are dropped."""
    source, out = tmp_path / "net.onnx", tmp_path / "new" / "out.onnx"
    source.write_bytes(network(columns((20, 30, 10, 20, 0.3, 0, 0, 0))).SerializeToString())
    words = ["wrap", str(source), str(out), "--classes", ",".join(NAMES), "--size", "64x64"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "3 of 4 classes kept; dropped: boat" in result.stderr
    assert OnnxDetector(out).model_id == "net unknown"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["wrap", "{folder}/none.onnx", "{folder}/o"], "no such file", id="missing"),
        pytest.param(["wrap", "{folder}/text.onnx", "{folder}/o"], "not a readable ONNX model", id="no ONNX"),
        pytest.param(["export", "{folder}/none.yaml", "{folder}/o"], "no such file", id="no YOLO description"),
        pytest.param(["wrap", "{folder}/net.onnx", "{folder}/o", "--layout", "ssd"], "ssd", id="unknown layout"),
        pytest.param(["wrap", "{folder}/net.onnx", "{folder}/o", "--map", "x"], "CLASS=KIND", id="half a map"),
        pytest.param(["wrap", "{folder}/net.onnx", "{folder}/o", "--size", "65x64"], "size '65x64'", id="size"),
    ],
)
def test_what_cannot_be_wrapped_is_named(tmp_path: Path, words: list[str], said: str) -> None:
    """One line on standard error and exit code 2; nothing is written."""
    (tmp_path / "text.onnx").write_text("no model")
    (tmp_path / "net.onnx").write_bytes(network(columns((20, 30, 10, 20, 0.3))).SerializeToString())
    result = CliRunner().invoke(app, [word.format(folder=tmp_path) for word in words])
    assert result.exit_code == 2
    assert said in result.stderr
    assert not (tmp_path / "o").exists()


def test_which_weights_are_a_yolos(tmp_path: Path) -> None:
    """A bare name, a .yaml and a .pt that ultralytics pickled; a checkpoint of ours is not."""
    for name, content in (("theirs.pt", b"\x80cultralytics.nn.tasks\nDetectionModel"), ("ours.pt", b"\x80network")):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("archive/data.pkl", content)
    assert is_yolo("yolo11n")
    assert is_yolo("some/model.yaml")
    assert is_yolo(str(tmp_path / "theirs.pt"))
    assert not is_yolo(str(tmp_path / "ours.pt"))
    assert not is_yolo(str(tmp_path / "missing.pt"))


@pytest.mark.skipif(find_spec("ultralytics") is not None, reason="ultralytics is installed")
def test_a_yolo_without_its_package_says_what_to_install(tmp_path: Path) -> None:
    """The licence is named first, then the package and the extra that brings it."""
    (tmp_path / "mine.yaml").write_text("nc: 80\n")
    result = CliRunner().invoke(app, ["export", str(tmp_path / "mine.yaml"), str(tmp_path / "o.onnx")])
    assert result.exit_code == 2
    assert "AGPL-3.0" in result.stderr
    assert "pip install 'simpang[ultralytics]'" in result.stderr


def test_a_yolo_is_not_quantised(tmp_path: Path) -> None:
    """--calibrate belongs to our own models; for a YOLO it is refused instead of ignored."""
    result = CliRunner().invoke(app, ["export", "yolo11n", str(tmp_path / "o.onnx"), "--calibrate", str(tmp_path)])
    assert result.exit_code == 2
    assert "--calibrate is for our own models" in result.stderr
