"""Where training starts: one of our finished files (float16 weights), read back as a network that can be trained.

The file holds each normalisation of the head as part of its convolution, one for each level. Here they are parted
again: the weights that the levels share, and what each level makes of them. Inputs then give every normalisation the
mean and variance it would have measured, and what it multiplies and adds is changed so that nothing else changes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from simpang_models.boxes import CLASSES
from simpang_models.network import SCALE_INPUT, STRIDES, Detector, Head, Tower

Array = npt.NDArray[np.float32]
Inputs = Iterator[Tensor]
"""Batches (B, 3, H, W) uint8, endless."""


@dataclass(frozen=True)
class _Conv:
    """One convolution of a file."""

    weight: Array
    bias: Array


def read_finished(path: Path) -> Detector:
    """The network of a file that our export wrote with float32 or float16 weights, ready for use.

    Raises:
        ValueError: the file holds another kind of network.
    """
    network = Detector(len(CLASSES))
    try:
        convs = iter(_convolutions(path))
        for layer in _before_head(network):
            _copy(layer, next(convs))
        levels = [_read_level(network.head, convs) for _ in STRIDES]
    except (StopIteration, RuntimeError) as error:
        raise ValueError(f"{path}: not a network that training can start from, for example simpang-n-f16") from error
    _part_towers(network.head, levels)
    _unfold_input_scale(network)
    return network.eval()


def _convolutions(path: Path) -> Iterator[_Conv]:
    """Those of the graph, in its order, with their weights as float32."""
    graph = onnx.load(str(path)).graph
    stored = {t.name: numpy_helper.to_array(t).astype(np.float32) for t in graph.initializer}
    origins = {n.output[0]: n.input[0] for n in graph.node if n.op_type in ("Cast", "Identity")}
    for node in graph.node:
        names = [origins.get(name, name) for name in node.input[1:]]
        if node.op_type == "Conv" and len(names) == 2 and all(name in stored for name in names):
            yield _Conv(*(stored[name] for name in names))


def _before_head(network: Detector) -> list[nn.Conv2d]:
    pyramid = network.pyramid
    parts = (network.backbone, pyramid.lateral, pyramid.smooth, pyramid.down)
    return [m for part in parts for m in part.modules() if isinstance(m, nn.Conv2d)]


def _copy(layer: nn.Conv2d, conv: _Conv) -> None:
    """RuntimeError where the shapes differ (of torch)."""
    if tuple(layer.weight.shape) != conv.weight.shape:
        raise RuntimeError("another shape")
    assert layer.bias is not None
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(conv.weight))
        layer.bias.copy_(torch.from_numpy(conv.bias))


Folded = dict[Tower, list[_Conv]]
"""The convolutions of each tower, as one level has them."""


def _towers(head: Head) -> list[tuple[Tower, nn.Conv2d]]:
    """Each tower and the convolution behind it, in the order in which the head uses them."""
    naming = (head.naming.tower, head.naming.cls)
    return [(head.cls_tower, head.cls), naming, (head.reg_tower, head.reg)]


def _read_level(head: Head, convs: Iterator[_Conv]) -> Folded:
    level = {}
    for tower, last in _towers(head):
        level[tower] = [next(convs) for _ in tower.convs]
        _copy(last, next(convs))
    return level


def _part_towers(head: Head, levels: list[Folded]) -> None:
    for tower, _ in _towers(head):
        for index, conv in enumerate(tower.convs):
            assert isinstance(conv, nn.Conv2d)
            folded = [level[tower][index] for level in levels]
            _part(conv, [tower.norm(number, index) for number in range(len(levels))], folded)


def _part(conv: nn.Conv2d, norms: list[nn.BatchNorm2d], folded: list[_Conv]) -> None:
    """The finest level's weights for all; each level's normalisation multiplies by its share of them."""
    shared = folded[0].weight.reshape(len(folded[0].weight), -1)
    power = np.maximum((shared**2).sum(axis=1), 1e-12)
    with torch.no_grad():
        conv.weight.copy_(torch.from_numpy(folded[0].weight))
        for norm, level in zip(norms, folded, strict=True):
            share = (level.weight.reshape(shared.shape) * shared).sum(axis=1) / power
            norm.running_var.fill_(1 - norm.eps)
            norm.weight.copy_(torch.from_numpy(share))
            norm.bias.copy_(torch.from_numpy(level.bias))


def _unfold_input_scale(network: Detector) -> None:
    """Files of our export take 0..255 in the first convolution."""
    with torch.no_grad():
        network.backbone.front.stem.weight.div_(SCALE_INPUT)


def gather_statistics(head: Head, network: Detector, inputs: Inputs, batches: int) -> None:
    """Give the normalisations of the head the statistics of some inputs, without changing what the network says."""
    norms = [m for m in head.modules() if isinstance(m, nn.BatchNorm2d)]
    device = next(network.parameters()).device
    with _watched(norms) as seen, torch.no_grad():
        for _ in range(batches):
            network.eval()(next(inputs).to(device).float().contiguous(memory_format=torch.channels_last))
    for norm in norms:
        _set_statistics(norm, torch.stack(seen[norm]).mean(dim=0))


@contextmanager
def _watched(norms: list[nn.BatchNorm2d]) -> Iterator[dict[nn.Module, list[Tensor]]]:
    """Mean and mean square (2, C) of what comes to each of `norms`, input by input."""
    seen: dict[nn.Module, list[Tensor]] = {norm: [] for norm in norms}

    def note(norm: nn.Module, came: tuple[Tensor]) -> None:
        x = came[0].float()
        seen[norm].append(torch.stack([x.mean(dim=(0, 2, 3)), (x**2).mean(dim=(0, 2, 3))]))

    hooks = [norm.register_forward_pre_hook(partial(note)) for norm in norms]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def _set_statistics(norm: nn.BatchNorm2d, moments: Tensor) -> None:
    """From what `_watched` noted; the same function of its input as before."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    mean, var = moments[0], (moments[1] - moments[0] ** 2).clamp(min=1e-6)
    with torch.no_grad():
        gain = norm.weight / (norm.running_var + norm.eps).sqrt()
        norm.bias.add_(gain * (mean - norm.running_mean))
        norm.weight.copy_(gain * (var + norm.eps).sqrt())
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(var)
