"""The start of the full network from a published head; needs torch."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from simpang_models.network import PLANS, Detector, cells, decode  # noqa: E402
from simpang_models.start import gather_statistics, start_full  # noqa: E402

FINE = 16 * 16


class Anchored(torch.nn.Module):
    """The published layout: towers normalised by picture, three anchors per cell; random weights."""

    def __init__(self) -> None:
        super().__init__()
        whole = Detector(7, PLANS["n"])
        self.backbone, self.pyramid = whole.backbone, whole.pyramid
        self.head = torch.nn.ModuleDict({name: self._tower() for name in ("cls_tower", "reg_tower")})
        self.head["cls"] = torch.nn.Conv2d(32, 21, 3, 1, 1)
        self.head["reg"] = torch.nn.Conv2d(32, 12, 3, 1, 1)

    @staticmethod
    def _tower() -> "torch.nn.Sequential":
        layers: list[torch.nn.Module] = []
        for _ in range(4):
            norm = torch.nn.InstanceNorm2d(32, affine=True)
            norm.weight.data.uniform_(0.5, 1.5)
            norm.bias.data.uniform_(-0.5, 0.5)
            layers += [torch.nn.Conv2d(32, 32, 3, 1, 1, bias=False), norm, torch.nn.ReLU()]
        return torch.nn.Sequential(*layers)

    def maps(self, picture: "torch.Tensor") -> "list[torch.Tensor]":
        maps: list[torch.Tensor] = self.pyramid(self.backbone(picture))
        return maps

    def forward(self, picture: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
        first = self.maps(picture)
        cls, reg = ([self.head[n](self.head[f"{n}_tower"](m)) for m in first] for n in ("cls", "reg"))
        return torch.cat([c.flatten(2) for c in cls], 2), torch.cat([r.flatten(2) for r in reg], 2)


class Network(torch.nn.Module):
    """Names the published parts as a file of ours does."""

    def __init__(self, network: Anchored) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
        found: tuple[torch.Tensor, torch.Tensor] = self.network(picture / 255)
        return found


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning", "ignore:ONNX export mode:UserWarning")
def test_the_square_anchor_is_taken_over(tmp_path: Path) -> None:
    """On the one picture that gave the statistics, classes and boxes are those of the published square anchor.

    Compared at stride 8, 16·16 cells: the unbiased variance that is stored differs by 1/256 there.
    """
    torch.manual_seed(5)
    published = Anchored().eval()
    picture = torch.randint(0, 256, (1, 3, 128, 128)).float()
    file = tmp_path / "published.onnx"
    torch.onnx.export(Network(published), (picture,), str(file), opset_version=17, dynamo=False)
    network = Detector(7, PLANS["n"])
    start_full(network, file, iter([picture]), 1)
    network.backbone.front.stem.weight.data.mul_(1 / 255)  # this file takes 0..1, files of ours 0..255
    gather_statistics(network, iter([picture]), 1)
    raw = network.eval()(picture)
    cls, reg = published(picture / 255)
    assert torch.allclose(raw.cls[0, :FINE], cls[0, 7:14, :FINE].T, atol=0.05)
    # anchor of side 8 strides on the cell's corner; a unit is a tenth of a side, or a fifth of its logarithm
    cell, delta = cells(128, 128)[:FINE], reg[0, 4:8, :FINE].T
    side = 8 * cell[:, 2:]
    middle = cell[:, :2] - cell[:, 2:] / 2 + 0.1 * delta[:, :2] * side
    half = side * torch.exp(0.2 * delta[:, 2:]) / 2
    assert torch.allclose(decode(raw.reg[0, :FINE], cell), torch.cat([middle - half, middle + half], 1), atol=1.0)
