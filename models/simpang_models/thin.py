"""Where training starts: our thin network, made to imitate the published one as well as it can without any label.

Our front and first block learn by gradient to give the features of the published ones. Then, block by block, the
channels that contribute most are kept, and the narrowing convolution is solved by least squares so that the block's
output comes as near as possible to the published one's (reconstruction as in arXiv 1707.06168). At stride 8 gradient
steps over all that lies before polish the result, because training leaves these layers alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from simpang_models.network import SCALE_INPUT, TAPS, Backbone, Block, Detector
from simpang_models.start import Inputs

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


Report = Callable[[str, int, int], None]
"""What is being done, steps done, steps in all."""


def start_thin(network: Detector, full: Detector, inputs: Inputs, work: Imitation, report: Report) -> None:
    """Fill the thin network, on the device where it is, by imitation of the full one; pyramid and head are its own."""
    device = next(network.parameters()).device
    full = full.to(device, memory_format=torch.channels_last).eval().requires_grad_(False)
    network.pyramid.load_state_dict(full.pyramid.state_dict())
    network.head.load_state_dict(full.head.state_dict())
    crops = [_crop(next(inputs).to(device)) for _ in range(work.crops)]
    wholes = [_scaled(next(inputs), device) for _ in range(work.wholes)]
    _start_backbone(network.backbone, full.backbone, (crops, wholes), work, report)


def _start_backbone(
    thin: Backbone, full: Backbone, pictures: tuple[list[Tensor], list[Tensor]], work: Imitation, report: Report
) -> None:
    crops, wholes = pictures
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
