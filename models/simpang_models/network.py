"""The network: MobileNetV2, a feature pyramid of 32 channels, and one small head that all levels share.

The layout (strides 8 to 128, three anchors per cell, class score times centredness) is that of Intel's
crossroad detectors of the Open Model Zoo, whose published weights (Apache-2.0) are the starting point;
ReLU and ReLU6 only, because they cost nothing on a CPU. The input is BGR, 0..255.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

STRIDES = (8, 16, 32, 64, 128)
RATIOS = (0.5, 1.0, 2.0)
ANCHORS = len(RATIOS)
ANCHOR_SCALE = 8
CHANNELS = 32
# Expansion, output channels, blocks, stride: table 2 of the MobileNetV2 paper (arXiv 1801.04381).
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
SCALE_INPUT = 1 / 255


@dataclass(frozen=True)
class Raw:
    """What the network says, for all A anchors of all levels.

    Attributes:
        cls: (B, A, classes) logits.
        ctr: (B, A) logits of centredness.
        reg: (B, A, 4) deltas x y w h against the anchor.
    """

    cls: Tensor
    ctr: Tensor
    reg: Tensor


class Block(nn.Module):
    """Inverted residual: widen, depthwise 3×3, narrow; with a shortcut where the shape allows it."""

    def __init__(self, inputs: int, outputs: int, expansion: int, stride: int) -> None:
        super().__init__()
        middle = 32 if expansion == 1 else inputs * expansion
        self.widen = nn.Conv2d(inputs, middle, 1)
        self.depthwise = nn.Conv2d(middle, middle, 3, stride, 1, groups=middle)
        self.narrow = nn.Conv2d(middle, outputs, 1)
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H/stride, W/stride)."""
        y = nn.functional.relu6(self.widen(x))
        y = nn.functional.relu6(self.depthwise(y))
        y = self.narrow(y)
        return x + y if self.shortcut else y


class Tower(nn.Sequential):
    """Four 3×3 convolutions, each normalised per picture and channel (robust to light), with ReLU."""

    def __init__(self) -> None:
        layers: list[nn.Module] = []
        for _ in range(4):
            layers += [nn.Conv2d(CHANNELS, CHANNELS, 3, 1, 1, bias=False)]
            layers += [nn.InstanceNorm2d(CHANNELS, affine=True), nn.ReLU()]
        super().__init__(*layers)


class Head(nn.Module):
    """Class, centredness and box of the three anchors of each cell of one level."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.cls_tower = Tower()
        self.reg_tower = Tower()
        self.cls = nn.Conv2d(CHANNELS, ANCHORS * classes, 3, 1, 1)
        self.ctr = nn.Conv2d(CHANNELS, ANCHORS, 3, 1, 1)
        self.reg = nn.Conv2d(CHANNELS, ANCHORS * 4, 3, 1, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Feature map (B, 32, H, W) to rows in the order cell (row by row), anchor."""
        a, b = self.cls_tower(x), self.reg_tower(x)
        cls, ctr, reg = self.cls(a), self.ctr(b), self.reg(b)
        return _rows(cls), _rows(ctr), _rows(reg)


def _rows(x: Tensor) -> Tensor:
    """(B, 3·n, H, W), anchor-major channels, to (B, H·W·3, n)."""
    batch, depth = x.shape[0], x.shape[1] // ANCHORS
    return x.permute(0, 2, 3, 1).reshape(batch, -1, depth)


class Detector(nn.Module):
    """The whole network, from (B, 3, H, W) BGR 0..255 to Raw."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.input_scale = SCALE_INPUT
        self.stem = nn.Conv2d(3, 32, 3, 2, 1)
        self.stages = nn.ModuleList(_stages())
        self.lateral = nn.ModuleList(nn.Conv2d(c, CHANNELS, 1) for c in (32, 96, 320))
        self.smooth = nn.ModuleList(nn.Conv2d(CHANNELS, CHANNELS, 3, 1, 1) for _ in range(3))
        self.down = nn.ModuleList(nn.Conv2d(CHANNELS, CHANNELS, 3, 2, 1) for _ in range(2))
        self.head = Head(classes)
        self.reg_scale = nn.Parameter(torch.ones(len(STRIDES)))

    def forward(self, picture: Tensor) -> Raw:
        """Raw outputs for a batch of pictures whose sides are multiples of 32."""
        parts = [self.head(x) for x in self.pyramid(picture)]
        cls, ctr = (torch.cat([p[i] for p in parts], dim=1) for i in (0, 1))
        reg = torch.cat([p[2] * scale for p, scale in zip(parts, self.reg_scale, strict=True)], dim=1)
        return Raw(cls, ctr.squeeze(-1), reg)

    def fold_input_scale(self) -> None:
        """Move the scaling of the input into the first convolution's weights: same result, one step less."""
        with torch.no_grad():
            self.stem.weight.mul_(self.input_scale)
        self.input_scale = 1.0

    def pyramid(self, picture: Tensor) -> list[Tensor]:
        """Feature maps of strides 8, 16, 32, 64, 128, each of 32 channels."""
        x = picture if self.input_scale == 1.0 else picture * self.input_scale
        x = nn.functional.relu6(self.stem(x))
        taps = []
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in (2, 4, 6):
                taps.append(x)
        c8, c16, c32 = (lateral(t) for lateral, t in zip(self.lateral, taps, strict=True))
        c16 = c16 + nn.functional.interpolate(c32, scale_factor=2.0, mode="nearest")
        c8 = c8 + nn.functional.interpolate(c16, scale_factor=2.0, mode="nearest")
        maps = [smooth(c) for smooth, c in zip(self.smooth, (c8, c16, c32), strict=True)]
        for down in self.down:
            maps.append(down(maps[-1]))
        return maps


def _stages() -> list[nn.Sequential]:
    stages, channels = [], 32
    for expansion, outputs, count, stride in STAGES:
        blocks = []
        for i in range(count):
            blocks.append(Block(channels, outputs, expansion, stride if i == 0 else 1))
            channels = outputs
        stages.append(nn.Sequential(*blocks))
    return stages


def anchors(height: int, width: int) -> Tensor:
    """(A, 4) cx cy w h in input pixels, in the row order of Raw; ratio is height over width."""
    return torch.cat([_level_anchors((height + s - 1) // s, (width + s - 1) // s, s) for s in STRIDES])


def _level_anchors(rows: int, columns: int, stride: int) -> Tensor:
    y = torch.arange(rows).float() * stride
    x = torch.arange(columns).float() * stride
    centre = torch.stack([x[None, :].expand(rows, columns), y[:, None].expand(rows, columns)], dim=-1)
    root = torch.tensor(RATIOS).sqrt()
    shape = ANCHOR_SCALE * stride * torch.stack([1 / root, root], dim=-1)
    grid = torch.cat(
        [
            centre[:, :, None, :].expand(rows, columns, ANCHORS, 2),
            shape[None, None].expand(rows, columns, ANCHORS, 2),
        ],
        dim=-1,
    )
    return grid.reshape(-1, 4)


def decode(reg: Tensor, anchor: Tensor) -> Tensor:
    """Deltas (…, 4) against anchors (…, 4) cx cy w h give corners x0 y0 x1 y1 in input pixels."""
    centre = anchor[..., :2] + reg[..., :2] * 0.1 * anchor[..., 2:]
    half = anchor[..., 2:] * torch.exp((reg[..., 2:] * 0.2).clamp(max=4.0)) / 2
    return torch.cat([centre - half, centre + half], dim=-1)


# Which class of the starting network (vehicle, person, bike) each of ours starts from, and a first
# guess of how much rarer it is than the class it comes from (added to the logit).
START_FROM = ((2, 0.0), (0, 0.0), (0, -2.0), (0, -2.0), (2, -1.5), (1, 0.0), (0, -2.5))
Weights = dict[str, npt.NDArray[np.float32]]


def load_start(network: Detector, path: Path) -> None:
    """Fill the network from the published ONNX, class rows by START_FROM.

    The convolutions of the file are taken in the order of its nodes: first the backbone with its
    laterals, then pyramid and heads by following each level's data.
    """
    graph = _Graph(path)
    with torch.no_grad():
        _load_backbone(network, graph)
        _load_heads(network, graph)


class _Graph:
    """Look-ups in the starting network's ONNX graph."""

    def __init__(self, path: Path) -> None:
        model = onnx.load(str(path))
        self.values = {t.name: numpy_helper.to_array(t).astype(np.float32) for t in model.graph.initializer}
        nodes = [n for n in model.graph.node if n.op_type != "Cast"]
        self.casts = {n.output[0]: n.input[0] for n in model.graph.node if n.op_type == "Cast"}
        self.convs = [n for n in nodes if n.op_type == "Conv"]
        self.maker = {o: n for n in nodes for o in n.output}

    def value(self, name: str) -> Tensor:
        return torch.from_numpy(self.values[self.casts.get(name, name)].copy())

    def source(self, name: str) -> onnx.NodeProto:
        return self.maker[self.casts.get(name, name)]

    def chain(self, name: str) -> list[onnx.NodeProto]:
        """The convolutions and normalisations from `name` up to the pyramid's output, last first."""
        found: list[onnx.NodeProto] = []
        node = self.source(name)
        while len([n for n in found if n.op_type == "Conv"]) < 5:
            if node.op_type in ("Conv", "InstanceNormalization"):
                found.append(node)
            node = self.source(node.input[0])
        return found


def _copy(layer: nn.Module, graph: _Graph, node: onnx.NodeProto) -> None:
    for name, tensor in zip(("weight", "bias"), node.input[1:], strict=False):
        getattr(layer, name).copy_(graph.value(tensor))


def _load_backbone(network: Detector, graph: _Graph) -> None:
    layers: list[nn.Module] = [network.stem]
    for index, stage in enumerate(network.stages):
        layers += [m for m in stage.modules() if isinstance(m, nn.Conv2d)]
        if index in (2, 4, 6):
            layers.append(network.lateral[(index - 2) // 2])
    for layer, node in zip(layers, graph.convs, strict=False):
        _copy(layer, graph, node)


def _load_heads(network: Detector, graph: _Graph) -> None:
    """The file repeats the shared head for each level, box layers multiplied by the level's scale."""
    head = network.head
    cls, reg = graph.chain("cls_0"), graph.chain("reg_0")
    _copy_tower(head.cls_tower, graph, cls[1:])
    _copy_tower(head.reg_tower, graph, reg[1:])
    _copy(head.reg, graph, reg[0])
    _copy(head.ctr, graph, graph.chain("ctr_0")[0])
    _copy_classes(head.cls, graph, cls[0])
    for level, layer in enumerate((*network.smooth, *network.down)):
        scaled = graph.value(graph.chain(f"reg_{level}")[0].input[1])
        network.reg_scale[level] = (scaled * head.reg.weight).sum() / (head.reg.weight**2).sum()
        first = next(n for n in reversed(graph.chain(f"cls_{level}")) if n.op_type == "Conv")
        _copy(layer, graph, graph.source(first.input[0]))


def _copy_tower(tower: nn.Module, graph: _Graph, nodes: list[onnx.NodeProto]) -> None:
    layers = [m for m in tower.children() if not isinstance(m, nn.ReLU)]
    for layer, node in zip(reversed(layers), nodes, strict=True):
        _copy(layer, graph, node)


def _copy_classes(layer: nn.Conv2d, graph: _Graph, node: onnx.NodeProto) -> None:
    weight = graph.value(node.input[1]).reshape(ANCHORS, 3, CHANNELS, 3, 3)
    bias = graph.value(node.input[2]).reshape(ANCHORS, 3)
    rows = torch.tensor([source for source, _ in START_FROM])
    shift = torch.tensor([offset for _, offset in START_FROM])
    layer.weight.copy_(weight[:, rows].reshape(-1, CHANNELS, 3, 3))
    assert layer.bias is not None
    layer.bias.copy_((bias[:, rows] + shift).reshape(-1))
