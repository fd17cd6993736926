"""The start of training from a detector of the Open Model Zoo; needs torch."""

import warnings
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from simpang_models.adapters import _omz_level  # noqa: E402
from simpang_models.boxes import BUS, CAR, CLASSES, PERSON  # noqa: E402
from simpang_models.network import CHANNELS, HEAD_DEPTH, Backbone, Pyramid, cells, decode  # noqa: E402
from simpang_models.published import RARER, is_published, measure_statistics, read_published  # noqa: E402

MODELS = Path(__file__).resolve().parents[2] / "models"
SIDE = 128


class Tower(torch.nn.Sequential):
    """Four convolutions, each normalised by the picture itself."""

    def __init__(self) -> None:
        def step() -> tuple[torch.nn.Module, ...]:
            norm = torch.nn.InstanceNorm2d(CHANNELS, affine=True)
            torch.nn.init.uniform_(norm.weight, 0.5, 1.5)
            torch.nn.init.uniform_(norm.bias, -0.5, 0.5)
            return torch.nn.Conv2d(CHANNELS, CHANNELS, 3, 1, 1, bias=False), norm, torch.nn.ReLU()

        super().__init__(*[layer for _ in range(HEAD_DEPTH) for layer in step()])


class Published(torch.nn.Module):
    """A detector with three anchors and three classes, weights by chance."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone, self.pyramid, self.cls_tower, self.reg_tower = Backbone(), Pyramid(), Tower(), Tower()
        self.cls, self.ctr, self.reg = (torch.nn.Conv2d(CHANNELS, n, 3, 1, 1) for n in (9, 3, 12))

    def forward(self, x: "torch.Tensor") -> list["torch.Tensor"]:
        """cls, ctr and reg of each level."""
        outputs = []
        for level in self.pyramid(self.backbone(x / 255)):
            side = self.reg_tower(level)
            scores = self.cls(self.cls_tower(level)).sigmoid()
            outputs += [scores, self.ctr(side).sigmoid(), self.reg(side)]
        return outputs


@pytest.fixture(scope="module")
def published() -> Published:
    """One for all tests."""
    torch.manual_seed(8)
    return Published().eval()


@pytest.fixture(scope="module")
def file(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a file."""
    path = tmp_path_factory.mktemp("published") / "published.onnx"
    names = [f"{what}_{level}" for level in range(4) for what in ("cls", "ctr", "reg")]
    picture = torch.zeros(1, 3, SIDE, SIDE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(published, (picture,), str(path), output_names=names, opset_version=17, dynamo=False)
    return path


def test_the_square_anchor_is_taken_over(published: Published, file: Path) -> None:
    """With the statistics of one picture, each cell of stride 8 says the box of the square anchor, and its classes."""
    picture = torch.randint(0, 256, (1, 3, SIDE, SIDE), dtype=torch.uint8)
    network = read_published(file)
    measure_statistics(network, iter([picture]), 1)
    with torch.no_grad():
        raw = network.eval()(picture.float())
        cls, ctr, reg = (output.numpy() for output in published(picture.float())[:3])
    ctr[:, [0, 2]] = 0.0  # the other anchors say nothing
    ctr[:, 1] = 1.0
    boxes, scores, kinds = _omz_level([cls, ctr, reg], 8)
    count = (SIDE // 8) ** 2
    vehicles = kinds == 0
    assert vehicles.sum() == count  # by chance every cell has a score above the threshold
    found = decode(raw.reg[0, :count], cells(SIDE, SIDE)[:count]).numpy()
    assert np.abs(found - boxes[vehicles]).max() < 2.0  # of 64 px; the variance is over one value less
    logits = np.log(scores / (1 - scores))
    assert np.abs(raw.cls[0, :count, CAR].numpy() - logits[vehicles]).max() < 0.1
    assert np.abs(raw.cls[0, :count, BUS].numpy() - (logits[vehicles] - RARER)).max() < 0.1
    assert np.abs(raw.cls[0, :count, PERSON].numpy() - logits[kinds == 1]).max() < 0.1
    assert raw.cls.shape[2] == len(CLASSES)


def test_such_a_file_is_told_from_our_own(file: Path) -> None:
    """By its outputs, not by its name."""
    assert is_published(file)
    assert not is_published(MODELS / "simpang-n-f16.onnx")


def test_another_network_is_refused() -> None:
    """The message names the file and what would do."""
    with pytest.raises(ValueError, match=r"simpang-n-f16\.onnx: not a person-vehicle-bike detector"):
        read_published(MODELS / "simpang-n-f16.onnx")
