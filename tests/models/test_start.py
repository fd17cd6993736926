"""The start of training from one of our finished files; needs torch."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from simpang_models.contract import Description  # noqa: E402
from simpang_models.export import export  # noqa: E402
from simpang_models.network import Detector  # noqa: E402
from simpang_models.quantise import store_half  # noqa: E402
from simpang_models.start import gather_statistics, read_finished  # noqa: E402

MODELS = Path(__file__).resolve().parents[2] / "models"


@pytest.fixture(scope="module")
def network() -> Detector:
    """A network with weights by chance, and normalisations that differ from level to level."""
    torch.manual_seed(5)
    made = Detector(7).eval()
    torch.nn.init.normal_(made.head.naming.cls.weight)
    for norm in (m for m in made.modules() if isinstance(m, torch.nn.BatchNorm2d)):
        for value in (norm.weight, norm.running_var):
            value.data.uniform_(0.5, 1.5)
        for value in (norm.bias, norm.running_mean):
            value.data.uniform_(-0.5, 0.5)
    return made


@pytest.fixture(scope="module")
def picture() -> "torch.Tensor":
    """One input."""
    return torch.randint(0, 256, (1, 3, 128, 128)).float()


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning", "ignore:ONNX export mode:UserWarning")
@pytest.mark.parametrize("half", [False, True])
def test_what_was_exported_is_read_back(network: Detector, picture: "torch.Tensor", tmp_path: Path, half: bool) -> None:
    """The network read from a file says of a picture what the one that was written says, to 11 bits where stored so."""
    import copy

    full, file = tmp_path / "full.onnx", tmp_path / "half.onnx"
    export(copy.deepcopy(network), Description("x", "1", "Apache-2.0", ("128x128",)), full)
    store_half(full, file)
    with torch.no_grad():
        found, wanted = read_finished(file if half else full)(picture), network(picture)
    close = 0.02 if half else 1e-4
    assert float((found.cls - wanted.cls).abs().max() / wanted.cls.std()) < close
    assert float((found.reg - wanted.reg).abs().max() / wanted.reg.std()) < close


def test_statistics_change_nothing_but_themselves(network: Detector, picture: "torch.Tensor") -> None:
    """With statistics of the picture the network says the same as before, and the same while it is trained on it."""
    import copy

    ours = copy.deepcopy(network)
    wanted = ours(picture)
    gather_statistics(ours.head, ours, iter([picture.to(torch.uint8)]), 1)
    assert torch.allclose(ours(picture).cls, wanted.cls, atol=1e-4)
    ours.head.train()
    assert torch.allclose(ours(picture).cls, wanted.cls, atol=1e-3)


def test_another_network_is_refused() -> None:
    """A file without these layers is named, and so is one that would do."""
    with pytest.raises(ValueError, match=r"simpang-n\.onnx: not a network that training can start from.*simpang-n-f16"):
        read_finished(MODELS / "simpang-n.onnx")


def test_the_published_model_can_be_gone_on_from() -> None:
    """The float16 file in the repository is one to start from."""
    assert read_finished(MODELS / "simpang-n-f16.onnx").input_scale == 1 / 255
