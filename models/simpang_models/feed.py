"""How pixels enter the 8-bit network: as they are, and each 2×2 of them at once.

The first convolution (3×3, stride 2, three channels) gathers nine scraps of three bytes for each of its outputs, which
takes longer than its arithmetic. Written as a 2×2 convolution over blocks of 2×2 pixels, twelve channels each, it
gathers two pieces of 24: the same sums, exactly.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import GraphProto, NodeProto, helper, numpy_helper

PREFIX = "feed."
BLOCK_NODES = (
    helper.make_node("Shape", ["image"], [f"{PREFIX}width"], start=2, end=3),
    helper.make_node("Div", [f"{PREFIX}width", f"{PREFIX}2"], [f"{PREFIX}columns"]),
    helper.make_node("Concat", [f"{PREFIX}-1", f"{PREFIX}2", f"{PREFIX}columns", f"{PREFIX}6"], ["feed.rows"], axis=0),
    helper.make_node("Reshape", ["image", f"{PREFIX}rows"], [f"{PREFIX}pairs"]),
    helper.make_node("Transpose", [f"{PREFIX}pairs"], [f"{PREFIX}together"], perm=[0, 2, 1, 3]),
    helper.make_node("Concat", [f"{PREFIX}1", f"{PREFIX}-1", f"{PREFIX}columns", f"{PREFIX}12"], ["feed.four"], axis=0),
    helper.make_node("Reshape", [f"{PREFIX}together", f"{PREFIX}four"], [f"{PREFIX}blocks"]),
    helper.make_node("Transpose", [f"{PREFIX}blocks"], [f"{PREFIX}image"], perm=[0, 3, 1, 2]),
)
"""`image` (1, H, W, 3) to `feed.image` (1, 12, H/2, W/2)."""
NUMBERS = (-1, 1, 2, 6, 12)


def feed_pixels(path: Path) -> None:
    """Change the 8-bit model at `path`; what it says stays the same but for the rounding of pixels, which goes away."""
    model = onnx.load(str(path))
    _without_rounding(model.graph)
    _in_blocks(model.graph)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _without_rounding(graph: GraphProto) -> None:
    """Pixels are 8-bit numbers already: no way through float32 and back."""
    makers = {o: n for n in graph.node for o in n.output}
    cast = next(n for n in graph.node if n.op_type == "Cast" and makers[n.input[0]].op_type == "Transpose")
    rounding, back = (_only_user(graph, cast), _only_user(graph, _only_user(graph, cast)))
    scale = _tensor(graph, rounding.input[1])
    scale.CopyFrom(numpy_helper.from_array(np.ones_like(numpy_helper.to_array(scale)), scale.name))
    back.input[0] = cast.input[0]
    for node in (cast, rounding):
        graph.node.remove(node)


def _in_blocks(graph: GraphProto) -> None:
    whole = next(n for n in graph.node if n.op_type == "Transpose" and n.input[0] == "image")
    pixels = _only_user(graph, whole)
    conv = _only_user(graph, pixels)
    weights = next(n for n in graph.node if n.output[0] == conv.input[1])
    stored = _tensor(graph, weights.input[0])
    stored.CopyFrom(numpy_helper.from_array(over_blocks(numpy_helper.to_array(stored)), stored.name))
    shape = helper.make_node("Conv", conv.input, conv.output, conv.name, kernel_shape=[2, 2], pads=[1, 1, 0, 0])
    conv.CopyFrom(shape)
    pixels.input[0] = f"{PREFIX}image"
    graph.node.remove(whole)
    graph.initializer.extend(numpy_helper.from_array(np.array([n]), f"{PREFIX}{n}") for n in NUMBERS)
    for node in reversed(BLOCK_NODES):
        graph.node.insert(0, node)


def over_blocks(weight: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """(O, 3, 3, 3) of stride 2, padded by 1, to (O, 12, 2, 2) over blocks of 2×2 pixels, padded before.

    The block holds its pixels row by row, each with its three channels. Of the first of two blocks the kernel reaches
    only the second row and column.
    """
    grown = np.pad(weight, ((0, 0), (0, 0), (1, 0), (1, 0)))
    parts = grown.reshape(len(weight), 3, 2, 2, 2, 2)  # output, channel, block down, row in it, block right, column
    return np.ascontiguousarray(parts.transpose(0, 3, 5, 1, 2, 4).reshape(len(weight), 12, 2, 2))


def _only_user(graph: GraphProto, node: NodeProto) -> NodeProto:
    (user,) = (n for n in graph.node if node.output[0] in n.input)
    return user


def _tensor(graph: GraphProto, name: str) -> onnx.TensorProto:
    return next(t for t in graph.initializer if t.name == name)
