"""Two detectors in one file of the contract: both look at the input, one of them at a large one made smaller.

What fills much of a large input is found best where it is smaller, what is far only where it is not. Both lists of
boxes are put together and doubles suppressed.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
import torch
from onnx import ModelProto, NodeProto, compose
from torch import Tensor, nn
from torch.nn import functional

from simpang_models.boxes import CLASSES
from simpang_models.contract import GROUP, GROUP_SHIFT_PX, MAX_BOXES, Description, describe
from simpang_models.export import Suppression
from simpang_models.pictures import PADDING

SMALLER = 2 / 3
"""960×544 becomes 640×384 (544 is padded to 576)."""
PART, BECOMES = 3, 2
"""The same as whole pixels."""
STEP = 48
"""Sides of which two thirds are a multiple of 32."""
LARGE_PX = 800
"""Inputs wider than this are large: 960, but not 640."""
SAME_IOU = 0.5
"""Boxes of two networks that overlap by more are one vehicle; they differ more than those of one (`SUPPRESS_IOU`)."""
OUTPUTS = ("boxes", "scores", "classes")
ENDS = [f"{look}/{output}" for look in ("small", "whole") for output in OUTPUTS]
"""What the two say, by the names it has in the joined graph."""


class Smaller(nn.Module):
    """The input at two thirds: every 3×3 pixels become 2×2 by area, as OpenCV's INTER_AREA."""

    def __init__(self) -> None:
        super().__init__()
        share = torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]]) / PART
        kernels = torch.einsum("iy,jx->ijyx", share, share).reshape(BECOMES**2, 1, PART, PART)
        self.register_buffer("kernels", kernels.repeat(3, 1, 1, 1))

    def forward(self, image: Tensor) -> Tensor:
        """(1, H, W, 3) to (1, h, w, 3), uint8, sides filled up to multiples of 32."""
        x = image.permute(0, 3, 1, 2).float()
        right, below = (-x.shape[3]) % STEP, (-x.shape[2]) % STEP
        x = functional.pad(x, (0, right, 0, below), value=float(PADDING))
        parts = functional.conv2d(x, self.kernels, stride=PART, groups=3)
        return functional.pixel_shuffle(parts, BECOMES).round().to(torch.uint8).permute(0, 2, 3, 1)


class Together(nn.Module):
    """Both detectors' boxes as one list, best first."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("group", torch.tensor(GROUP, dtype=torch.float32))

    def forward(
        self,
        scale: Tensor,
        boxes: Tensor,
        scores: Tensor,
        classes: Tensor,
        far_boxes: Tensor,
        far_scores: Tensor,
        far_classes: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """(N, 4), (N,), (N,) in pixels of what the first saw and (M, …) in those of the input: at most MAX_BOXES.

        scale: () pixels of the input to one of what the first saw.
        """
        place = torch.cat([boxes * scale, far_boxes])
        score, kind = torch.cat([scores, far_scores]), torch.cat([classes, far_classes])
        shifted = place + (self.group[kind] * GROUP_SHIFT_PX)[:, None]
        limit, iou = torch.tensor([MAX_BOXES], dtype=torch.int64), torch.tensor([SAME_IOU])
        keep = Suppression.apply(shifted[None], score[None, None], limit, iou)[:, 2]
        return place[keep], score[keep], kind[keep]


def join(small: Path, whole: Path, out: Path, facts: Description) -> None:
    """Write one file of the contract out of two, of which one sees a large input made smaller.

    Raises:
        ValueError: a file names other classes than ours, in our order.
    """
    looks = [compose.add_prefix(_checked(small), "small/")]
    looks += [compose.add_prefix(_checked(whole), "whole/", rename_inputs=False)]
    with TemporaryDirectory() as folder:
        before, after = Path(folder) / "before.onnx", Path(folder) / "after.onnx"
        _write(Smaller(), (_example(),), before, ["image"], ["small/image"])
        _write(Together(), (torch.tensor(1.0), *_found(), *_found()), after, ["scale", *ENDS], list(OUTPUTS))
        first, last = (
            compose.add_prefix(onnx.load(str(p)), f"{p.stem}/", rename_inputs=False, rename_outputs=False)
            for p in (before, after)
        )
    model = _chained([_where_large(first), *looks, last])
    describe(model, facts)
    onnx.checker.check_model(model)
    onnx.save(model, str(out))


def _where_large(smaller: ModelProto) -> ModelProto:
    """The input made smaller where it is large, else as it is; and how many of its pixels one pixel then spans."""
    make, image = onnx.helper, smaller.graph.output[0].name
    scale = make.make_tensor_value_info("scale", onnx.TensorProto.FLOAT, [])
    large = make.make_graph(
        [*smaller.graph.node, _value("scale", 1.0 / SMALLER)],
        "large",
        [],
        [smaller.graph.output[0], scale],
        list(smaller.graph.initializer),
    )
    alike = make.make_graph(
        [make.make_node("Identity", ["image"], [image]), _value("scale", 1.0)],
        "alike",
        [],
        [smaller.graph.output[0], scale],
    )
    nodes = [
        make.make_node("Shape", ["image"], ["width"], start=2, end=3),
        make.make_node("Squeeze", ["width"], ["width_px"]),
        make.make_node("Constant", [], ["large_px"], value_int=LARGE_PX),
        make.make_node("Greater", ["width_px", "large_px"], ["is_large"]),
        make.make_node("If", ["is_large"], [image, "scale"], then_branch=large, else_branch=alike),
    ]
    graph = make.make_graph(nodes, "before", list(smaller.graph.input), [smaller.graph.output[0], scale])
    return make.make_model(graph, opset_imports=smaller.opset_import, ir_version=smaller.ir_version)


def _value(name: str, value: float) -> NodeProto:
    return onnx.helper.make_node("Constant", [], [name], value_float=value)


def _checked(path: Path) -> ModelProto:
    model = onnx.load(str(path))
    names = {p.key: p.value for p in model.metadata_props}.get("simpang.classes", "none")
    if names != json.dumps(list(CLASSES)):
        raise ValueError(f"{path}: classes {names}; only detectors of our seven classes can be joined")
    return model


def _chained(parts: list[ModelProto]) -> ModelProto:
    """One graph of all operators: input of the first, outputs of the last; equal names are one value."""
    nodes = [node for part in parts for node in part.graph.node]
    used = {name for node in nodes for name in node.input}
    stored = [tensor for part in parts for tensor in part.graph.initializer if tensor.name in used]
    first, last = parts[0].graph, parts[-1].graph
    graph = onnx.helper.make_graph(nodes, "joined", list(first.input), list(last.output), stored)
    return onnx.helper.make_model(graph, opset_imports=parts[0].opset_import, ir_version=parts[0].ir_version)


def _example() -> Tensor:
    return torch.zeros(1, 96, 96, 3, dtype=torch.uint8)


def _found() -> tuple[Tensor, Tensor, Tensor]:
    return torch.rand(2, 4), torch.rand(2), torch.zeros(2, dtype=torch.int64)


def _write(module: nn.Module, example: tuple[Tensor, ...], path: Path, inputs: list[str], outputs: list[str]) -> None:
    free = {1: "height", 2: "width"}
    axes = {name: free if name.endswith("image") else {0: "n"} for name in (*inputs, *outputs) if name != "scale"}
    torch.onnx.export(
        module.eval(),
        example,
        str(path),
        input_names=inputs,
        output_names=outputs,
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )
