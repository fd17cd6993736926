"""How pixels enter the 8-bit network; needs torch and onnx."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

import cv2  # noqa: E402
import onnxruntime  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from simpang_models.feed import feed_pixels, over_blocks  # noqa: E402
from simpang_models.quantise import quantise, restore_full  # noqa: E402

SIZE = (256, 192)


def weights() -> "np.ndarray":
    """(4, 3, 3, 3) weights by chance."""
    return np.random.default_rng(3).integers(-63, 64, (4, 3, 3, 3)).astype(np.int8)


def test_a_convolution_over_blocks_is_the_one_over_pixels() -> None:
    """Stride 2 over pixels and stride 1 over 2×2 of them give the same whole numbers, at the edges too."""
    picture = np.random.default_rng(4).integers(0, 256, (1, 64, 96, 3)).astype(np.float32)
    pixels = torch.from_numpy(picture).permute(0, 3, 1, 2)
    wanted = torch.nn.functional.conv2d(pixels, torch.from_numpy(weights().astype(np.float32)), stride=2, padding=1)
    blocks = picture.reshape(1, 32, 2, 48, 6).transpose(0, 1, 3, 2, 4).reshape(1, 32, 48, 12).transpose(0, 3, 1, 2)
    padded = torch.nn.functional.pad(torch.from_numpy(blocks.copy()), (1, 0, 1, 0))
    found = torch.nn.functional.conv2d(padded, torch.from_numpy(over_blocks(weights()).astype(np.float32)))
    assert torch.equal(found, wanted)


def rounded_model(path: Path) -> None:
    """A first convolution as quantisation leaves it: pixels to float32, rounded with a scale of 1, and back."""
    nodes = [
        helper.make_node("Transpose", ["image"], ["chw"], perm=[0, 3, 1, 2]),
        helper.make_node("Cast", ["chw"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("QuantizeLinear", ["real", "scale", "zero"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["x"]),
        helper.make_node("DequantizeLinear", ["w8", "scale_w", "zero_w"], ["w"]),
        helper.make_node("Conv", ["x", "w"], ["y"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
    ]
    stored = {"scale": np.float32(1), "zero": np.uint8(0), "scale_w": np.float32(0.5), "zero_w": np.int8(0)}
    tensors = [numpy_helper.from_array(np.array(v), k) for k, v in (stored | {"w8": weights()}).items()]
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, [1, "height", "width", 3])
    found = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4, "rows", "columns"])
    graph = helper.make_graph(nodes, "first", [image], [found], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))


@pytest.mark.parametrize("size", [(64, 96), (384, 640)])
def test_the_changed_file_says_the_same_at_every_size(tmp_path: Path, size: tuple[int, int]) -> None:
    """Before and after the change the first convolution of a file gives the same, whatever the size of the picture."""
    file, picture = tmp_path / "m.onnx", np.random.default_rng(5).integers(0, 256, (1, *size, 3), np.uint8)
    rounded_model(file)
    (wanted,) = onnxruntime.InferenceSession(str(file)).run(None, {"image": picture})
    feed_pixels(file)
    (found,) = onnxruntime.InferenceSession(str(file)).run(None, {"image": picture})
    assert found.shape == (1, 4, size[0] // 2, size[1] // 2)
    assert np.array_equal(found, wanted)


def test_the_whole_network_in_8_bits_takes_blocks(tmp_path: Path) -> None:
    """The published network, put in 8 bits anew, begins with the convolution over blocks and runs."""
    models = Path(__file__).resolve().parents[2] / "models"
    restore_full(models / "simpang-n-f16.onnx", tmp_path / "full.onnx")
    picture = np.random.default_rng(6).integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8)
    cv2.imwrite(str(tmp_path / "picture.png"), picture)
    quantise(tmp_path / "full.onnx", tmp_path / "m.onnx", [tmp_path / "picture.png"], SIZE)
    model = onnx.load(str(tmp_path / "m.onnx"))
    first = next(n for n in model.graph.node if n.op_type == "Conv")
    assert [list(a.ints) for a in first.attribute if a.name == "kernel_shape"] == [[2, 2]]
    boxes, scores, _ = onnxruntime.InferenceSession(str(tmp_path / "m.onnx")).run(None, {"image": picture[None]})
    assert boxes.shape == (len(scores), 4)
