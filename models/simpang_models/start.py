"""Where training of the full network starts: the weights of a published file, and its head where it has one.

A head with anchors (simpang-n 2026.11) is taken over for one box per cell: its towers as they are, of its last
convolutions the rows of the square anchor, turned into our way of writing a box. It normalised each picture by itself;
ours uses fixed statistics, which cost nothing after export, so these are gathered first.
"""

import math
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from simpang_models.network import SCALE_INPUT, Backbone, Detector, PublishedFront, Tower
from simpang_models.thin import Inputs, load_published

ANCHORS, SQUARE = 3, 1
"""Anchors per cell of the published head, and which of them is square."""
ANCHOR_SIDE = 8.0
"""Side of the square anchor, in strides; it lies on the cell's corner, not its middle."""
MIDDLE_UNIT, SIDE_UNIT = 0.1, 0.2
"""What one unit of the published head's outputs moves: a share of the anchor's side, and of the logarithm of a side."""


def start_full(network: Detector, published: Path, inputs: Inputs, batches: int) -> None:
    """Fill the network, on the device where it is; `batches` inputs give the statistics.

    Raises:
        ValueError: the file holds another kind of network.
    """
    backbone, pyramid = load_published(published)
    stored = _stored(published)
    if stored:
        _unfold_input_scale(backbone)
    if "cls_tower.0.weight" in stored:
        _take_head(network, stored)
    network.backbone.load_state_dict(backbone.state_dict())
    network.pyramid.load_state_dict(pyramid.state_dict())
    gather_statistics(network, inputs, batches)


def _stored(path: Path) -> dict[str, Tensor]:
    """The tensors of the head by their short names, of a file of ours; of others none."""
    found = {}
    for tensor in onnx.load(str(path)).graph.initializer:
        if tensor.name.startswith("network.head."):
            name = tensor.name.removeprefix("network.head.").removesuffix(".half")
            found[name] = torch.from_numpy(numpy_helper.to_array(tensor).astype(np.float32))
    return found


def _unfold_input_scale(backbone: Backbone) -> None:
    """Files of our export take 0..255 in the first convolution."""
    assert isinstance(backbone.front, PublishedFront)
    with torch.no_grad():
        backbone.front.stem.weight.div_(SCALE_INPUT)


def _take_head(network: Detector, stored: dict[str, Tensor]) -> None:
    head = network.head
    with torch.no_grad():
        _take_tower(head.cls_tower, stored, "cls_tower")
        _take_tower(head.reg_tower, stored, "reg_tower")
        _take_outputs(head.cls, stored, "cls")
        _take_outputs(head.reg, stored, "reg")
        _rewrite_boxes(head.reg)


def _take_tower(tower: Tower, stored: dict[str, Tensor], name: str) -> None:
    for index, conv in enumerate(tower.convs):
        _give(conv, stored, f"{name}.{3 * index}", ("weight",))
        for norms in tower.norms:
            assert isinstance(norms, nn.ModuleList)
            _give(norms[index], stored, f"{name}.{3 * index + 1}", ("weight", "bias"))


def _give(layer: nn.Module, stored: dict[str, Tensor], name: str, parts: tuple[str, ...]) -> None:
    for part in parts:
        getattr(layer, part).copy_(stored[f"{name}.{part}"])


def _take_outputs(layer: nn.Conv2d, stored: dict[str, Tensor], name: str) -> None:
    """The rows of the square anchor."""
    weight, bias = stored[f"{name}.weight"], stored[f"{name}.bias"]
    rows = slice(SQUARE * len(bias) // ANCHORS, (SQUARE + 1) * len(bias) // ANCHORS)
    layer.weight.copy_(weight[rows])
    assert layer.bias is not None
    layer.bias.copy_(bias[rows])


def _rewrite_boxes(layer: nn.Conv2d) -> None:
    """From deltas against the anchor to offsets from the cell's middle and logarithms of sides, in strides."""
    unit = torch.tensor([MIDDLE_UNIT * ANCHOR_SIDE] * 2 + [SIDE_UNIT] * 2, device=layer.weight.device)
    shift = torch.tensor([-0.5] * 2 + [math.log(ANCHOR_SIDE)] * 2, device=layer.weight.device)
    layer.weight.mul_(unit[:, None, None, None])
    assert layer.bias is not None
    layer.bias.mul_(unit).add_(shift)


def gather_statistics(network: Detector, inputs: Inputs, batches: int) -> None:
    """Give every normalisation the mean and variance over some inputs."""
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    device = next(network.parameters()).device
    network.train()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    with torch.no_grad():
        for _ in range(batches):
            network(next(inputs).to(device).float().contiguous(memory_format=torch.channels_last))
    for norm in norms:
        norm.momentum = 0.1
