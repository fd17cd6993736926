"""The network: MobileNetV2, a feature pyramid of 32 channels, and one small head that all levels share.

Each cell of strides 8 to 64 says one box (no anchors). ReLU and ReLU6 only; batch normalisation where training needs
it, none after export. The input is BGR, 0..255.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

STRIDES = (8, 16, 32, 64)
CHANNELS = 32
SCALE_INPUT = 1 / 255
FRONT_CHANNELS = 24
# Outputs, stride and middle width of each block behind the front: MobileNetV2 (arXiv 1801.04381, table 2) with the
# expansion of 6.
OUTPUTS = (24, 32, 32, 32, 64, 64, 64, 64, 96, 96, 96, 160, 160, 160, 320)
BLOCK_STRIDES = (1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1)
WIDTHS = (144, 144, 192, 192, 192, 384, 384, 384, 384, 576, 576, 576, 960, 960, 960)
TAPS = (3, 10, 14)
"""Blocks whose output goes to the pyramid: strides 8, 16 and 32."""
MAX_LOG_SIDE = 5.0
PRIOR = 0.01
"""Score of every class before training: nearly every cell is background."""
FIRST_SIDE = 3.0
"""Side of every box before training, in strides."""


HEAD_DEPTH, NAMING_DEPTH = 4, 2
NAMING_WIDTH = 64


@dataclass(frozen=True)
class Raw:
    """What the network says, for all A cells of all levels, row by row and level by level.

    Attributes:
        cls: (B, A, classes) logits.
        reg: (B, A, 4) offset of the middle from the cell's, and logarithm of width and height, in strides.
    """

    cls: Tensor
    reg: Tensor


class Block(nn.Module):
    """Inverted residual: widen, depthwise 3×3, narrow; with a shortcut where the shape allows it."""

    def __init__(self, inputs: int, middle: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.widen = nn.Conv2d(inputs, middle, 1)
        self.depthwise = nn.Conv2d(middle, middle, 3, stride, 1, groups=middle)
        self.narrow = nn.Conv2d(middle, outputs, 1)
        self.shortcut = stride == 1 and inputs == outputs

    def inner(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, middle, H/stride, W/stride)."""
        y = nn.functional.relu6(self.widen(x))
        return nn.functional.relu6(self.depthwise(y))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H/stride, W/stride)."""
        y: Tensor = self.narrow(self.inner(x))
        return x + y if self.shortcut else y


class Front(nn.Module):
    """The beginning, (B, 3, H, W) to (B, 24, H/4, W/4)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 3, 2, 1)
        self.blocks = nn.Sequential(Block(32, 32, 16, 1), Block(16, 96, FRONT_CHANNELS, 2))

    def forward(self, x: Tensor) -> Tensor:
        """Pictures 0..1 to features."""
        y: Tensor = self.blocks(nn.functional.relu6(self.stem(x)))
        return y


class Backbone(nn.Module):
    """A front and the blocks behind it; gives the features of strides 8, 16 and 32."""

    def __init__(self) -> None:
        super().__init__()
        self.front = Front()
        steps = zip(pairwise((FRONT_CHANNELS, *OUTPUTS)), WIDTHS, BLOCK_STRIDES, strict=True)
        self.blocks = nn.ModuleList(Block(i, middle, o, stride) for (i, o), middle, stride in steps)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Pictures 0..1 to three maps of 32, 96 and 320 channels."""
        return self.finish(self.begin(x, 0), 0)

    def begin(self, x: Tensor, blocks: int) -> list[Tensor]:
        """The front and the first `blocks` blocks: the taps among them, and behind these the last output."""
        return self._through([self.front(x)], range(blocks))

    def finish(self, begun: list[Tensor], blocks: int) -> list[Tensor]:
        """The other blocks, from what `begin` gave with the same number, to all three maps."""
        return self._through(begun, range(blocks, len(self.blocks)))[:-1]

    def _through(self, begun: list[Tensor], which: range) -> list[Tensor]:
        *taps, x = begun
        for index in which:
            x = self.blocks[index](x)
            if index in TAPS:
                taps.append(x)
        return [*taps, x]


class Pyramid(nn.Module):
    """Feature pyramid (arXiv 1612.03144): the coarse maps help the fine ones; one more level of stride 64."""

    def __init__(self) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv2d(OUTPUTS[tap], CHANNELS, 1) for tap in TAPS)
        self.smooth = nn.ModuleList(nn.Conv2d(CHANNELS, CHANNELS, 3, 1, 1) for _ in TAPS)
        self.down = nn.Conv2d(CHANNELS, CHANNELS, 3, 2, 1)

    def forward(self, taps: list[Tensor]) -> list[Tensor]:
        """Maps of the backbone to maps of strides 8, 16, 32 and 64, each of 32 channels."""
        c8, c16, c32 = (lateral(t) for lateral, t in zip(self.lateral, taps, strict=True))
        c16 = c16 + nn.functional.interpolate(c32, scale_factor=2.0, mode="nearest")
        c8 = c8 + nn.functional.interpolate(c16, scale_factor=2.0, mode="nearest")
        maps = [smooth(c) for smooth, c in zip(self.smooth, (c8, c16, c32), strict=True)]
        return [*maps, self.down(maps[-1])]


class Tower(nn.Module):
    """3×3 convolutions shared by all levels, each normalised per level (as RTMDet, arXiv 2212.07784)."""

    def __init__(self, depth: int, width: int) -> None:
        super().__init__()
        widths = pairwise((CHANNELS, *[width] * depth))
        self.convs = nn.ModuleList(nn.Conv2d(i, o, 3, 1, 1, bias=False) for i, o in widths)
        self.norms = nn.ModuleList(nn.ModuleList(nn.BatchNorm2d(width) for _ in range(depth)) for _ in STRIDES)

    def forward(self, x: Tensor, level: int) -> Tensor:
        """(B, 32, H, W) to (B, width, H, W)."""
        for index, conv in enumerate(self.convs):
            x = nn.functional.relu(self.norm(level, index)(conv(x)))
        return x

    def norm(self, level: int, index: int) -> nn.BatchNorm2d:
        """The normalisation behind convolution `index` on one level."""
        norms = self.norms[level]
        assert isinstance(norms, nn.ModuleList)
        found = norms[index]
        assert isinstance(found, nn.BatchNorm2d)
        return found


class Naming(nn.Module):
    """A wider tower that corrects the class logits; it begins by correcting nothing."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.tower = Tower(NAMING_DEPTH, width)
        self.cls = nn.Conv2d(width, classes, 1)
        nn.init.zeros_(self.cls.weight)
        assert self.cls.bias is not None
        nn.init.zeros_(self.cls.bias)

    def forward(self, x: Tensor, level: int) -> Tensor:
        """(B, 32, H, W) to (B, classes, H, W)."""
        y: Tensor = self.cls(self.tower(x, level))
        return y


class Head(nn.Module):
    """Classes and box of each cell of one level."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.cls_tower = Tower(HEAD_DEPTH, CHANNELS)
        self.reg_tower = Tower(HEAD_DEPTH, CHANNELS)
        self.cls = nn.Conv2d(CHANNELS, classes, 3, 1, 1)
        self.reg = nn.Conv2d(CHANNELS, 4, 3, 1, 1)
        self.naming = Naming(NAMING_WIDTH, classes)
        assert self.cls.bias is not None
        assert self.reg.bias is not None
        with torch.no_grad():
            self.cls.bias.fill_(-math.log(1 / PRIOR - 1))
            self.reg.bias.copy_(torch.tensor([0.0, 0.0, *[math.log(FIRST_SIDE)] * 2]))

    def forward(self, x: Tensor, level: int) -> tuple[Tensor, Tensor]:
        """Feature map (B, 32, H, W) to rows (B, H·W, classes) and (B, H·W, 4)."""
        cls = self.cls(self.cls_tower(x, level)) + self.naming(x, level)
        reg = self.reg(self.reg_tower(x, level))
        return cls.flatten(2).transpose(1, 2), reg.flatten(2).transpose(1, 2)


class Detector(nn.Module):
    """The whole network, from (B, 3, H, W) BGR 0..255 to Raw."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.input_scale = SCALE_INPUT
        self.frozen = 0
        self.backbone = Backbone()
        self.pyramid = Pyramid()
        self.head = Head(classes)

    def forward(self, picture: Tensor) -> Raw:
        """Raw outputs for a batch of pictures whose sides are multiples of 32."""
        return self.finish(self.begin(picture))

    def begin(self, picture: Tensor) -> list[Tensor]:
        """What the frozen beginning makes of the pictures: it stays the same in training, so it may be kept."""
        x = picture if self.input_scale == 1.0 else picture * self.input_scale
        return self.backbone.begin(x, self.frozen) if self.frozen else [x]

    def finish(self, begun: list[Tensor]) -> Raw:
        """Raw outputs from what `begin` gave."""
        taps = self.backbone.finish(begun, self.frozen) if self.frozen else self.backbone(begun[0])
        maps = self.pyramid(taps)
        parts = [self.head(m, level) for level, m in enumerate(maps)]
        cls, reg = (torch.cat([p[i] for p in parts], dim=1) for i in (0, 1))
        return Raw(cls, reg)

    def freeze(self, blocks: int) -> None:
        """Keep the front and the first `blocks` blocks as they are, in training too; 0 freezes nothing."""
        self.frozen = blocks
        if blocks:
            for part in (self.backbone.front, *self.backbone.blocks[:blocks]):
                part.requires_grad_(False).eval()

    def fold_input_scale(self) -> None:
        """Move the scaling of the input into the first convolution's weights: same result, one step less."""
        with torch.no_grad():
            self.backbone.front.stem.weight.mul_(self.input_scale)
        self.input_scale = 1.0


def cell_counts(height: int, width: int) -> list[tuple[int, int]]:
    """Rows and columns of the cells of each level for an input of multiples of 32."""
    return [((height + s - 1) // s, (width + s - 1) // s) for s in STRIDES]


def cells(height: int, width: int) -> Tensor:
    """(A, 3): middle x, middle y and stride of every cell, input pixels, in the row order of Raw."""
    parts = []
    for (rows, columns), stride in zip(cell_counts(height, width), STRIDES, strict=True):
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        middle = (torch.stack([x, y], dim=-1).reshape(-1, 2).float() + 0.5) * stride
        parts.append(torch.cat([middle, torch.full((len(middle), 1), float(stride))], dim=1))
    return torch.cat(parts)


def cells_at(index: Tensor, height: int, width: int) -> Tensor:
    """The rows `index` (K,) of `cells`, computed without the others: cheap inside the exported graph."""
    x, y, size = torch.zeros_like(index), torch.zeros_like(index), torch.zeros_like(index)
    start = 0
    for (rows, columns), stride in zip(cell_counts(height, width), STRIDES, strict=True):
        place = index - start
        here = place >= 0
        x = torch.where(here, place % columns, x)
        y = torch.where(here, place // columns, y)
        size = torch.where(here, torch.full_like(index, stride), size)
        start = start + rows * columns
    stride_px = size.float()
    return torch.stack([(x.float() + 0.5) * stride_px, (y.float() + 0.5) * stride_px, stride_px], dim=1)


def decode(reg: Tensor, cell: Tensor) -> Tensor:
    """Rows (…, 4) of Raw and their cells (…, 3) give corners x0 y0 x1 y1 in input pixels."""
    stride = cell[..., 2:]
    middle = cell[..., :2] + reg[..., :2] * stride
    half = torch.exp(reg[..., 2:].clamp(max=MAX_LOG_SIDE)) * stride / 2
    return torch.cat([middle - half, middle + half], dim=-1)
