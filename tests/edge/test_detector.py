"""Detector: pictures fitted, boxes mapped back, and every wrong model refused by name."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from simpang_edge.data import KINDS, Frame
from simpang_edge.detector import OnnxDetector, fit, to_source
from simpang_edge.errors import ModelError

BUS, PERSON, MOTORCYCLE = KINDS.index("bus"), KINDS.index("person"), KINDS.index("motorcycle")

METADATA = {
    "simpang.contract": "1",
    "simpang.name": "tiny",
    "simpang.version": "2026.11",
    "simpang.classes": '["person", "bus", "motorcycle"]',
    "simpang.sizes": '["96x96", "128x64"]',
    "simpang.licence": "Apache-2.0",
}


def frame(width_px: int, height_px: int, value: int = 0) -> Frame:
    """A picture of one colour."""
    return Frame(1000.0, np.full((height_px, width_px, 3), value, np.uint8))


def tiny(
    path: Path,
    boxes: Sequence[Sequence[float]] = (),
    scores: Sequence[float] = (),
    classes: Sequence[int] = (),
    metadata: dict[str, str] | None = None,
    input_name: str = "image",
    input_shape: Sequence[Any] = (1, "height", "width", 3),
    output_names: tuple[str, str, str] = ("boxes", "scores", "classes"),
) -> Path:
    """A model that gives the same boxes for every picture."""
    values: dict[str, Any] = {
        output_names[0]: np.array(boxes, np.float32).reshape(-1, 4),
        output_names[1]: np.array(scores, np.float32),
        output_names[2]: np.array(classes, np.int64),
    }
    nodes = [helper.make_node("Shape", [input_name], ["unused"])]
    nodes += [
        helper.make_node("Constant", [], [name], value=numpy_helper.from_array(array)) for name, array in values.items()
    ]
    shapes: tuple[list[str | int | None], ...] = (["n", 4], ["n"], ["n"])
    types = (TensorProto.FLOAT, TensorProto.FLOAT, TensorProto.INT64)
    outputs = [helper.make_tensor_value_info(*item) for item in zip(output_names, types, shapes, strict=True)]
    inputs = [helper.make_tensor_value_info(input_name, TensorProto.UINT8, list(input_shape))]
    return save(helper.make_graph(nodes, "tiny", inputs, outputs), path, metadata)


def mean_model(path: Path) -> Path:
    """A model whose only box is as wide as the input's mean value, so that the test sees what went in."""
    nodes = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["pixels"], ["mean"], axes=[0, 1, 2, 3], keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "axis"], ["mean_1"]),
        helper.make_node("Concat", ["zeros", "mean_1", "ten"], ["flat"], axis=0),
        helper.make_node("Unsqueeze", ["flat", "axis"], ["boxes"]),
        helper.make_node("Identity", ["one"], ["scores"]),
        helper.make_node("Identity", ["first"], ["classes"]),
    ]
    constants: dict[str, Any] = {
        "axis": np.array([0], np.int64),
        "zeros": np.zeros(2, np.float32),
        "ten": np.array([10], np.float32),
        "one": np.ones(1, np.float32),
        "first": np.zeros(1, np.int64),
    }
    graph = helper.make_graph(
        nodes,
        "mean",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, [1, "height", "width", 3])],
        [
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["n", 4]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n"]),
            helper.make_tensor_value_info("classes", TensorProto.INT64, ["n"]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return save(graph, path)


def save(graph: onnx.GraphProto, path: Path, metadata: dict[str, str] | None = None) -> Path:
    """The graph in a file, with metadata."""
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, METADATA if metadata is None else metadata)
    onnx.save(model, str(path))
    return path


def test_boxes_come_back_in_pixels_of_the_picture_with_kinds_mapped_by_name(tmp_path: Path) -> None:
    """The model's class 1 is its own "bus"; its box is scaled back by the factor that fitted the picture."""
    # 192×96 into 96×96: factor min(96/192, 96/96) = 1/2, so a box of 10..40 × 8..24 was 20..80 × 16..48.
    model = tiny(tmp_path / "m.onnx", [[10, 8, 40, 24], [0, 0, 4, 4]], [0.9, 0.5], [1, 0])
    found = OnnxDetector(model, (96, 96)).detect(frame(192, 96))
    assert found.xyxy_px.tolist() == [[20, 16, 80, 48], [0, 0, 8, 8]]
    assert found.kind.tolist() == [BUS, PERSON]
    assert found.score == pytest.approx([0.9, 0.5])
    assert found.time_s == 1000.0


def test_boxes_are_cut_at_the_border_and_those_outside_are_left_out(tmp_path: Path) -> None:
    """A box in the grey fill below the picture, and one that is no box, are not detections."""
    # 192×96 into 96×96 leaves rows 48..95 grey. [-4, 40, 20, 60] → ×2 → [-8, 80, 40, 120] → cut [0, 80, 40, 96].
    boxes: list[list[float]] = [[-4, 40, 20, 60], [10, 60, 30, 80], [float("nan"), 0, 10, 10], [30, 5, 20, 10]]
    model = tiny(tmp_path / "m.onnx", boxes, [0.9, 0.8, 0.7, 0.6], [0, 0, 0, 0])
    found = OnnxDetector(model, (96, 96)).detect(frame(192, 96))
    assert found.xyxy_px.tolist() == [[0, 80, 40, 96]]


def test_weak_boxes_are_left_out(tmp_path: Path) -> None:
    """Only boxes of at least the minimum score are given."""
    model = tiny(tmp_path / "m.onnx", [[0, 0, 9, 9]] * 3, [0.75, 0.5, 0.25], [2, 2, 2])
    found = OnnxDetector(model, (96, 96), min_score=0.5).detect(frame(96, 96))
    assert found.score.tolist() == [0.75, 0.5]
    assert found.kind.tolist() == [MOTORCYCLE, MOTORCYCLE]


def test_an_empty_picture_gives_no_detections(tmp_path: Path) -> None:
    """N may be 0."""
    assert len(OnnxDetector(tiny(tmp_path / "m.onnx")).detect(frame(50, 20))) == 0


def test_the_graph_sees_the_picture_with_grey_fill(tmp_path: Path) -> None:
    """The input is the picture in its full range, and 114 where there is none."""
    # 192×96 of value 30 into 96×96: upper half 30, lower half 114, mean 72; the box is 72 wide in input pixels, ×2.
    found = OnnxDetector(mean_model(tmp_path / "m.onnx"), (96, 96)).detect(frame(192, 96, value=30))
    assert found.xyxy_px[0].tolist() == pytest.approx([0, 0, 144, 20])


def test_fitting_keeps_the_aspect_and_starts_at_the_top_left() -> None:
    """A tall picture fills the height and leaves grey at the right."""
    # 50×100 into 64×64: factor 0.64 → 32×64.
    image, ratio = fit(np.full((100, 50, 3), 200, np.uint8), 64, 64)
    assert ratio == (0.64, 0.64)
    assert image.shape == (64, 64, 3)
    assert np.all(image[:, :32] == 200)
    assert np.all(image[:, 32:] == 114)


def test_a_picture_of_the_right_size_is_not_copied() -> None:
    """A sub-stream of the model's size costs nothing."""
    picture = np.zeros((64, 96, 3), np.uint8)
    assert fit(picture, 96, 64)[0] is picture


def test_rounding_to_whole_pixels_does_not_shift_boxes() -> None:
    """Each axis is mapped back with its true scale, so the picture's far corner comes back exactly."""
    # 1000×333 into 640×384: factor 0.64, height 213.12 rounded to 213; y is mapped back by 213/333.
    picture = np.zeros((333, 1000, 3), np.uint8)
    _, ratio = fit(picture, 640, 384)
    corner = to_source(np.array([[0, 0, 640, 213]], np.float32), ratio, picture)
    assert corner[0].tolist() == pytest.approx([0, 0, 1000, 333], abs=0.01)


def test_the_model_is_named_by_its_metadata(tmp_path: Path) -> None:
    """What analysed the video is published with the figures."""
    detector = OnnxDetector(tiny(tmp_path / "m.onnx"))
    assert detector.model_id == "tiny 2026.11"
    assert detector.size_px == (96, 96)  # made for 96x96 first, and not for 640x384


def test_the_model_that_comes_with_simpang_runs_at_each_of_its_sizes() -> None:
    """The default model keeps the contract; a grey picture has nothing in it."""
    for size in ((416, 256), (640, 384), (960, 544)):
        detector = OnnxDetector(size=size, min_score=0.5)
        assert detector.model_id.startswith("simpang-n ")
        assert len(detector.detect(frame(640, 360, value=114))) == 0


def without(key: str) -> dict[str, str]:
    """The metadata less one entry."""
    return {name: value for name, value in METADATA.items() if name != key}


WRONG = [
    pytest.param({"metadata": without("simpang.contract")}, "expected contract 1", id="some other ONNX model"),
    pytest.param({"metadata": METADATA | {"simpang.contract": "2"}}, "'2'; expected contract 1", id="newer contract"),
    pytest.param({"metadata": without("simpang.classes")}, "simpang.classes is None", id="no classes"),
    pytest.param({"metadata": METADATA | {"simpang.classes": "[car"}}, "JSON list of strings", id="broken classes"),
    pytest.param(
        {"metadata": METADATA | {"simpang.classes": json.dumps(["bus", "tank"])}}, "unknown classes tank", id="class"
    ),
    pytest.param({"metadata": METADATA | {"simpang.sizes": '["big"]'}}, "sizes such as 640x384", id="broken sizes"),
    pytest.param({"input_name": "pixels"}, "expected input image", id="input name"),
    pytest.param({"input_shape": (1, 3, "height")}, "expected input image", id="input rank"),
    pytest.param({"input_shape": (1, 3, 64, 64)}, "expected 96x96, 3", id="channels first"),
    pytest.param({"input_shape": (1, 64, 128, 3)}, "expected 96x96, 3", id="fixed to another size"),
    pytest.param({"output_names": ("boxes", "scores", "labels")}, "expected output boxes", id="output name"),
    pytest.param({"boxes": [[0, 0, 9, 9]], "scores": [0.9], "classes": [3]}, "names 3 classes", id="class index"),
    pytest.param({"boxes": [[0, 0, 9, 9]], "scores": [0.9, 0.8], "classes": [0]}, r"expected boxes \(N, 4\)", id="N"),
]


@pytest.mark.parametrize(("change", "message"), WRONG)
def test_a_model_that_breaks_the_contract_is_refused_by_name(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    """The message names the file and what is expected, before any video is read."""
    path = tiny(tmp_path / "other.onnx", **change)
    with pytest.raises(ModelError, match=message) as caught:
        OnnxDetector(path, (96, 96))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("size", [(100, 96), (96, 0), (-32, 64)], ids=str)
def test_a_size_that_the_model_cannot_take_is_refused(size: tuple[int, int], tmp_path: Path) -> None:
    """Sides are multiples of 32."""
    with pytest.raises(ModelError, match="multiples of 32"):
        OnnxDetector(tiny(tmp_path / "m.onnx"), size)


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    """The message says where the file was looked for."""
    with pytest.raises(ModelError, match=r"nowhere\.onnx: no such model file"):
        OnnxDetector(tmp_path / "nowhere.onnx")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a model", None], ids=["empty", "other file", "cut short"])
def test_a_corrupt_model_is_named(content: bytes | None, tmp_path: Path) -> None:
    """A file that is no ONNX model, or half of one, is a clear error."""
    path = tmp_path / "broken.onnx"
    whole = tiny(tmp_path / "m.onnx", [[0, 0, 9, 9]], [0.9], [0]).read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(ModelError, match=r"broken\.onnx: .*contract 1"):
        OnnxDetector(path)


def test_a_folder_is_not_a_model(tmp_path: Path) -> None:
    """A path to a folder is refused as such."""
    with pytest.raises(ModelError, match="no such model file"):
        OnnxDetector(tmp_path)
