"""Where training starts: our thin network, made to imitate the published one as well as it can without any label.

Our front and first block learn by gradient to give the features of the published ones. Then, block by block, the
channels that contribute most are kept, and the narrowing convolution is solved by least squares so that the block's
output comes as near as possible to the published one's (reconstruction as in arXiv 1707.06168). At stride 8 gradient
steps over all that lies before polish the result, because training leaves these layers alone.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from simpang_models.network import (
    CHANNELS,
    OUTPUTS,
    PUBLISHED_WIDTHS,
    SCALE_INPUT,
    TAPS,
    Backbone,
    Block,
    Detector,
    PublishedFront,
    Pyramid,
)

SIDE_PX = 224
FIRST_RATE, POLISH_RATE = 4e-3, 1e-3
POLISH_BLOCKS = TAPS[0] + 1
POINTS = 400
"""Places per picture whose features enter the least squares."""
RIDGE = 1e-3


@dataclass(frozen=True)
class Imitation:
    """How much work the start is.

    Attributes:
        first_steps: gradient steps for the front and the first block.
        polish_steps: gradient steps for everything down to stride 8.
        crops: batches of crops that the gradient steps go through again and again.
        wholes: batches of whole inputs for the least squares.
    """

    first_steps: int = 1200
    polish_steps: int = 500
    crops: int = 40
    wholes: int = 6


Inputs = Iterator[Tensor]
"""Batches (B, 3, H, W) uint8, endless."""
Report = Callable[[str, int, int], None]
"""What is being done, steps done, steps in all."""


def load_published(path: Path) -> tuple[Backbone, Pyramid]:
    """The backbone and the pyramid, of full width, of a published file of the same family.

    The convolutions of the file are taken in the order of its nodes wherever the shape is the one that comes next;
    so the laterals may stand between the backbone's (Open Model Zoo 2004) or behind them (simpang-n 2026.11).

    Raises:
        ValueError: the file holds another kind of network.
    """
    backbone, pyramid = Backbone(PublishedFront(), PUBLISHED_WIDTHS), Pyramid()
    convs = _convolutions(path)
    rest = _fill([m for m in backbone.modules() if isinstance(m, nn.Conv2d)], convs, path)
    _fill(list(pyramid.lateral), rest, path)
    _fill_pyramid(pyramid, rest)
    return backbone, pyramid


Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class _Conv:
    """One convolution of a file: tensors, stride, output, and output, kind and place of the operator that feeds it."""

    weight: Array
    bias: Array
    stride: int
    output: str
    fed_from: str
    fed_by: str
    fed_at: int


def _convolutions(path: Path) -> list[_Conv]:
    graph = onnx.load(str(path)).graph
    stored = {t.name: numpy_helper.to_array(t).astype(np.float32) for t in graph.initializer}
    casts = {n.output[0]: n.input[0] for n in graph.node if n.op_type == "Cast"}
    makers = {o: (n.op_type, i) for i, n in enumerate(graph.node) for o in n.output}
    found = []
    for node in graph.node:
        names = [casts.get(name, name) for name in node.input[1:]]
        if node.op_type == "Conv" and len(names) == 2 and all(name in stored for name in names):
            weight, bias = (stored[name] for name in names)
            stride = next((a.ints[0] for a in node.attribute if a.name == "strides"), 1)
            fed_by, fed_at = makers.get(node.input[0], ("", -1))
            found.append(_Conv(weight, bias, stride, node.output[0], node.input[0], fed_by, fed_at))
    return found


def _fill(layers: Sequence[nn.Module], convs: list[_Conv], path: Path) -> list[_Conv]:
    """Give each layer the next weights of its shape; returns those passed over."""
    left, waiting = [], list(layers)
    for conv in convs:
        if waiting and isinstance(waiting[0], nn.Conv2d) and tuple(waiting[0].weight.shape) == conv.weight.shape:
            _copy(waiting.pop(0), conv)
        else:
            left.append(conv)
    if waiting:
        raise ValueError(f"{path}: not a network that training can start from: {len(waiting)} layers are not in it")
    return left


def _fill_pyramid(pyramid: Pyramid, convs: list[_Conv]) -> None:
    """The layers behind the laterals: fed by the coarsest lateral itself, or by a sum; the coarser sum comes first."""
    coarsest = next(c.output for c in convs if c.weight.shape[1] == OUTPUTS[-1])
    square = [c for c in convs if c.weight.shape == (CHANNELS, CHANNELS, 3, 3)]
    smooth = sorted((c for c in square if c.fed_by == "Add" or c.fed_from == coarsest), key=lambda c: c.fed_at)
    for layer, conv in zip(reversed(pyramid.smooth), smooth, strict=True):
        _copy(layer, conv)
    _copy(pyramid.down, next(c for c in square if c.fed_from == smooth[0].output and c.stride == 2))


def _copy(layer: nn.Module, conv: _Conv) -> None:
    assert isinstance(layer, nn.Conv2d)
    assert layer.bias is not None
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(conv.weight))
        layer.bias.copy_(torch.from_numpy(conv.bias))


def start_thin(network: Detector, published: Path, inputs: Inputs, work: Imitation, report: Report) -> None:
    """Fill the network, on the device where it is, from the published file by imitation.

    Raises:
        ValueError: the file holds another kind of network.
    """
    full, pyramid = load_published(published)
    network.pyramid.load_state_dict(pyramid.state_dict())
    device = next(network.parameters()).device
    full = full.to(device, memory_format=torch.channels_last).eval().requires_grad_(False)
    thin = network.backbone
    crops = [_crop(next(inputs).to(device)) for _ in range(work.crops)]
    wholes = [_scaled(next(inputs), device) for _ in range(work.wholes)]
    imitate(_beginning(thin, 1), _beginning(full, 1), crops, (work.first_steps, FIRST_RATE), report)
    solve(thin, full, range(1, POLISH_BLOCKS), wholes, report)
    both = (_beginning(thin, POLISH_BLOCKS), _beginning(full, POLISH_BLOCKS))
    imitate(*both, crops, (work.polish_steps, POLISH_RATE), report)
    solve(thin, full, range(POLISH_BLOCKS, len(thin.blocks)), wholes, report)


def _beginning(backbone: Backbone, blocks: int) -> nn.Sequential:
    return nn.Sequential(backbone.front, *backbone.blocks[:blocks])


def _crop(picture: Tensor) -> Tensor:
    """The middle: the front sees a few pixels around each place, so small inputs teach it as well as large ones."""
    top, left = (max(0, n - SIDE_PX) // 2 for n in picture.shape[2:])
    crop = picture[:, :, top : top + SIDE_PX, left : left + SIDE_PX]
    return crop.contiguous(memory_format=torch.channels_last)


def _scaled(picture: Tensor, device: torch.device) -> Tensor:
    return picture.to(device).float().contiguous(memory_format=torch.channels_last) * SCALE_INPUT


def imitate(
    ours: nn.Sequential, theirs: nn.Sequential, pictures: list[Tensor], plan: tuple[int, float], report: Report
) -> None:
    """Train our layers to give their features: mean squared error, channels weighing the same.

    `plan` is the number of steps and the highest learning rate.
    """
    steps, rate = plan
    wanted = [_half(theirs, p) for p in pictures]
    spread = torch.stack([w.float().var(dim=(0, 2, 3)) for w in wanted]).mean(dim=0).sqrt()[:, None, None]
    optimiser = torch.optim.AdamW(ours.parameters(), rate, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, steps, pct_start=0.15)
    ours.train()
    for step in range(steps):
        which = step % len(pictures)
        with torch.autocast(pictures[which].device.type, torch.bfloat16):
            found = ours(pictures[which].float() * SCALE_INPUT)
        loss = (((found.float() - wanted[which].float()) / spread) ** 2).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        report(f"{len(ours) - 1} blocks, unexplained share {float(loss.detach()):.3f}", step + 1, steps)
    ours.eval()


def _half(module: nn.Module, picture: Tensor) -> Tensor:
    """The module's output for pictures 0..255, stored in 16 bits."""
    with torch.no_grad(), torch.autocast(picture.device.type, torch.bfloat16):
        wanted: Tensor = module(picture.float() * SCALE_INPUT)
    return wanted.bfloat16()


def solve(thin: Backbone, full: Backbone, which: range, pictures: list[Tensor], report: Report) -> None:
    """Choose and solve block after block, each on what the thin network before it really gives."""
    with torch.no_grad():
        ours = [_beginning(thin, which.start)(p) for p in pictures]
        theirs = [_beginning(full, which.start)(p) for p in pictures]
        for index in which:
            small, large = thin.blocks[index], full.blocks[index]
            assert isinstance(small, Block)
            assert isinstance(large, Block)
            goal = [large(x) for x in theirs]
            _cut(small, large, _strongest(large, theirs, small.widen.out_channels))
            error = _solve_block(small, ours, goal)
            ours, theirs = [small(x) for x in ours], goal
            report(f"block {index}, unexplained share {error:.3f}", index + 1, len(thin.blocks))


def _strongest(block: Block, inputs: list[Tensor], count: int) -> Tensor:
    """Indices of the middle channels that move the block's output most."""
    power = torch.stack([block.inner(x).var(dim=(0, 2, 3)) for x in inputs]).mean(dim=0)
    effect = power.sqrt() * block.narrow.weight.flatten(1).norm(dim=0)
    return effect.topk(count).indices.sort().values


def _cut(small: Block, large: Block, keep: Tensor) -> None:
    for name in ("widen", "depthwise"):
        mine, theirs = getattr(small, name), getattr(large, name)
        mine.weight.copy_(theirs.weight[keep])
        mine.bias.copy_(theirs.bias[keep])


def _solve_block(block: Block, inputs: list[Tensor], goal: list[Tensor]) -> float:
    """Least squares for the narrowing convolution; returns the share of the goal's variance left unexplained."""
    features, wanted, outputs = [], [], []
    for x, y in zip(inputs, goal, strict=True):
        inner = block.inner(x)
        target = y - x if block.shortcut else y
        places = torch.randint(inner.shape[2] * inner.shape[3], (POINTS,), device=x.device)
        features.append(inner.flatten(2)[:, :, places].transpose(1, 2).flatten(0, 1))
        wanted.append(target.flatten(2)[:, :, places].transpose(1, 2).flatten(0, 1))
        outputs.append(y.flatten(2)[:, :, places].transpose(1, 2).flatten(0, 1))
    a, b = torch.cat(features), torch.cat(wanted)
    solution = _least_squares(a, b)
    block.narrow.weight.copy_(solution[:-1].T[:, :, None, None])
    block.narrow.bias.copy_(solution[-1])
    rest = b - a @ solution[:-1] - solution[-1]
    return float((rest.var(dim=0) / torch.cat(outputs).var(dim=0)).mean())


def _least_squares(a: Tensor, b: Tensor) -> Tensor:
    """(N, C) and (N, O) give (C + 1, O), the last row the constant; slightly damped."""
    a = torch.cat([a, torch.ones_like(a[:, :1])], dim=1).double()
    square = a.T @ a
    damping = RIDGE * square.diagonal().mean() * torch.eye(len(square), dtype=a.dtype, device=a.device)
    damping[-1, -1] = 0
    return torch.linalg.solve(square + damping, a.T @ b.double()).float()
