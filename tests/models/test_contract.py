"""The shipped files keep the contract that the edge relies on (models/README.md)."""

import json
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

MODELS = Path(__file__).resolve().parents[2] / "models"
SMALL = {"416x256", "640x384", "960x544"}
SHIPPED = {"simpang-n": SMALL, "simpang-n-f16": SMALL, "simpang-s": {"640x384", "960x544"}}
"""Each with the sizes that it was made for."""
KINDS = ["motorcycle", "car", "bus", "truck", "bicycle", "person", "three_wheeler"]


@pytest.fixture(scope="module", params=SHIPPED)
def shipped(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def session(shipped: str) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(str(MODELS / f"{shipped}.onnx"), options, providers=["CPUExecutionProvider"])


def picture(width: int, height: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Noise: contents that no detector should be sure about, the same each time."""
    return np.random.default_rng(5).integers(0, 256, (1, height, width, 3), np.uint8)


def test_input_is_one_uint8_picture_of_free_size(session: ort.InferenceSession) -> None:
    """The one input is named image, is uint8, and leaves height and width open."""
    (entry,) = session.get_inputs()
    assert (entry.name, entry.type) == ("image", "tensor(uint8)")
    batch, height, width, channels = entry.shape
    assert (batch, channels) == (1, 3)
    assert isinstance(height, str)
    assert isinstance(width, str)


def test_outputs_are_boxes_scores_classes(session: ort.InferenceSession) -> None:
    """The three outputs come in the contract's order with the contract's types."""
    found = [(o.name, o.type) for o in session.get_outputs()]
    assert found == [("boxes", "tensor(float)"), ("scores", "tensor(float)"), ("classes", "tensor(int64)")]


@pytest.mark.parametrize("size", [(416, 256), (640, 384), (960, 544), (384, 640)], ids=str)
def test_every_size_gives_consistent_outputs(session: ort.InferenceSession, size: tuple[int, int]) -> None:
    """At any size that is a multiple of 32, N boxes come with N sorted scores and N known classes."""
    boxes, scores, classes = session.run(None, {"image": picture(*size)})
    count = len(scores)
    assert count <= 300
    assert boxes.shape == (count, 4)
    assert classes.shape == (count,)
    assert np.all(np.diff(scores) <= 0)
    assert np.all((scores >= 0.05) & (scores <= 1))
    assert np.all((classes >= 0) & (classes < len(KINDS)))
    assert np.all(boxes[:, 2:] > boxes[:, :2])


def test_metadata_says_what_the_edge_needs(session: ort.InferenceSession, shipped: str) -> None:
    """Contract number, name, classes and sizes stand in the file itself."""
    facts = session.get_modelmeta().custom_metadata_map
    assert facts["simpang.contract"] == "1"
    assert facts["simpang.name"] == shipped
    assert json.loads(facts["simpang.classes"]) == KINDS
    assert set(json.loads(facts["simpang.sizes"])) == SHIPPED[shipped]
    assert facts["simpang.licence"] == "Apache-2.0"
    assert facts["simpang.version"]


def test_a_grey_picture_holds_nothing(session: ort.InferenceSession) -> None:
    """An empty grey input gives no box with a score that a tracker would start from (0.4)."""
    _, scores, _ = session.run(None, {"image": np.full((1, 384, 640, 3), 114, np.uint8)})
    assert not np.any(scores >= 0.4)


def test_file_is_small_enough_to_ship(shipped: str) -> None:
    """At most 6 MB, so that it can live in the repository."""
    assert (MODELS / f"{shipped}.onnx").stat().st_size <= 6_000_000
