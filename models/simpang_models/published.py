"""Where a new line of weights starts: Intel's person-vehicle-bike detectors of the Open Model Zoo, head and all.

They have our backbone, pyramid and towers, but three anchors per cell, a centredness beside the class score, one
level more (stride 128) and normalisations that look at each picture by itself. Taken over is the square anchor, turned
into our way of writing a box; each of our classes begins as the one of theirs that it belongs to.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import GraphProto, NodeProto, numpy_helper
from torch import Tensor, nn

from simpang_models.boxes import BICYCLE, CAR, CLASSES, MOTORCYCLE, PERSON
from simpang_models.network import Detector, Tower

Array = npt.NDArray[np.float32]
ANCHORS, SQUARE = 3, 1
"""Anchors per cell, and which of them is square."""
ANCHOR_SIDE = 8.0
"""Side of the square anchor, in strides; it lies on the cell's corner, not its middle."""
MIDDLE_UNIT, SIDE_UNIT = 0.1, 0.2
"""What one unit of their outputs moves: a share of the anchor's side, and of the logarithm of a side."""
VEHICLE, HUMAN, BIKE = 0, 1, 2
"""Their classes."""
RARER = 1.5
HELD_BACK = np.array([RARER * (kind not in (MOTORCYCLE, CAR, PERSON)) for kind in range(len(CLASSES))], np.float32)
"""Taken from the logit of a class that begins as a commoner one's twin: buses, trucks and three-wheelers, bicycles."""


@dataclass(frozen=True)
class _Graph:
    """A file's weights by name, and which operator makes what."""

    stored: dict[str, Array]
    makers: dict[str, NodeProto]
    nodes: list[NodeProto]

    def weights(self, node: NodeProto) -> list[Array]:
        """What an operator has besides its input."""
        return [self.stored[name] for name in node.input[1:]]

    def back(self, output: str) -> Iterator[NodeProto]:
        """The operators before an output, along their first inputs, up to a junction."""
        while output in self.makers and self.makers[output].op_type not in ("Add", "Resize"):
            yield self.makers[output]
            output = self.makers[output].input[0]


def is_published(path: Path) -> bool:
    """Whether the file names its outputs as these detectors do."""
    return "ctr_0" in [o.name for o in onnx.load(str(path)).graph.output]


def read_published(path: Path) -> Detector:
    """A network of ours with the weights of theirs; its normalisations still need the statistics of some inputs.

    Raises:
        ValueError: the file holds another network.
    """
    graph = _read(onnx.load(str(path)).graph)
    network = Detector(len(CLASSES))
    try:
        with torch.no_grad():
            _take_body(network, graph)
            _take_head(network, graph)
    except (StopIteration, IndexError, KeyError, RuntimeError) as error:
        raise ValueError(f"{path}: not a person-vehicle-bike detector of the 2000 series") from error
    return network


def _read(graph: GraphProto) -> _Graph:
    stored = {t.name: numpy_helper.to_array(t).astype(np.float32) for t in graph.initializer}
    casts = {n.output[0]: n.input[0] for n in graph.node if n.op_type == "Cast"}
    stored |= {name: stored[origin] for name, origin in casts.items() if origin in stored}
    return _Graph(stored, {o: n for n in graph.node for o in n.output}, list(graph.node))


def _take_body(network: Detector, graph: _Graph) -> None:
    """Backbone and laterals by shape in the graph's order (the laterals stand between); the rest by what it feeds."""
    convs = [graph.weights(n) for n in graph.nodes if n.op_type == "Conv" and len(n.input) == 3]
    rest = _fill([m for m in network.backbone.modules() if isinstance(m, nn.Conv2d)], convs)
    _fill(list(network.pyramid.lateral), rest)
    for layer, level in zip((*network.pyramid.smooth, network.pyramid.down), range(4), strict=True):
        _give(layer, _into_head(graph, level))


def _fill(layers: list[nn.Module], convs: list[list[Array]]) -> list[list[Array]]:
    """Give each layer the next weights of its shape; returns those passed over."""
    left, waiting = [], iter(layers)
    layer = next(waiting, None)
    for conv in convs:
        if layer is not None and layer.weight.shape == conv[0].shape:
            _give(layer, conv)
            layer = next(waiting, None)
        else:
            left.append(conv)
    if layer is not None:
        raise RuntimeError("a layer is missing")
    return left


def _give(layer: nn.Module, values: list[Array]) -> None:
    """RuntimeError where the shapes differ (of torch)."""
    for parameter, value in zip((layer.weight, layer.bias), values, strict=False):
        assert isinstance(parameter, Tensor)
        parameter.copy_(torch.from_numpy(value))


def _into_head(graph: _Graph, level: int) -> list[Array]:
    """The convolution, with a bias, that makes the map of a level."""
    return graph.weights([n for n in graph.back(f"reg_{level}") if n.op_type == "Conv" and len(n.input) == 3][1])


def _take_head(network: Detector, graph: _Graph) -> None:
    head = network.head
    _take_tower(head.cls_tower, graph, "cls_0")
    _take_tower(head.reg_tower, graph, "reg_0")
    _take_classes(head.cls, _last(graph, "cls_0"))
    _take_boxes(head.reg, _last(graph, "reg_0"))


def _last(graph: _Graph, output: str) -> list[Array]:
    return graph.weights(next(n for n in graph.back(output) if n.op_type == "Conv"))


def _take_tower(tower: Tower, graph: _Graph, output: str) -> None:
    """All levels share theirs; ours have normalisations of their own, which begin alike."""
    steps = list(graph.back(output))[::-1]
    convs = [graph.weights(n) for n in steps if n.op_type == "Conv" and len(n.input) == 2]
    scales = [graph.weights(n) for n in steps if n.op_type == "InstanceNormalization"]
    for index, (conv, scale) in enumerate(zip(convs, scales, strict=True)):
        _give(tower.convs[index], conv)
        for level in range(len(tower.norms)):
            _give(tower.norm(level, index), scale)


def _square(values: Array) -> Array:
    """The rows of the square anchor."""
    return values.reshape(ANCHORS, -1, *values.shape[1:])[SQUARE]


def _take_classes(layer: nn.Conv2d, values: list[Array]) -> None:
    origin = [VEHICLE] * len(CLASSES)
    origin[MOTORCYCLE] = origin[BICYCLE] = BIKE
    origin[PERSON] = HUMAN
    weight, bias = (_square(v)[origin] for v in values)
    _give(layer, [weight, bias - HELD_BACK])


def _take_boxes(layer: nn.Conv2d, values: list[Array]) -> None:
    """From deltas against the anchor to offsets from the cell's middle and logarithms of sides, in strides."""
    unit = np.array([MIDDLE_UNIT * ANCHOR_SIDE] * 2 + [SIDE_UNIT] * 2, np.float32)
    shift = np.array([-0.5] * 2 + [math.log(ANCHOR_SIDE)] * 2, np.float32)
    weight, bias = (_square(v) for v in values)
    _give(layer, [weight * unit[:, None, None, None], bias * unit + shift])


def measure_statistics(network: Detector, inputs: Iterator[Tensor], batches: int) -> None:
    """Give every normalisation mean and variance over some inputs (B, 3, H, W) uint8."""
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    device = next(network.parameters()).device
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    with torch.no_grad():
        for _ in range(batches):
            network.train()(next(inputs).to(device).float().contiguous(memory_format=torch.channels_last))
    for norm in norms:
        norm.momentum = 0.1
