"""What export does to scores and names, and what storing does to weights; needs torch and onnx."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

import onnxruntime  # noqa: E402
from simpang_models.boxes import BUS, CAR, CLASSES  # noqa: E402
from simpang_models.cli import app  # noqa: E402
from simpang_models.contract import Description  # noqa: E402
from simpang_models.export import export  # noqa: E402
from simpang_models.network import Detector  # noqa: E402
from simpang_models.quantise import restore_full, store_half  # noqa: E402
from torch import nn  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning", "ignore::DeprecationWarning")
FACTS = Description("tiny", "1", "Apache-2.0", ("64x64",))
PICTURE = np.full((1, 192, 192, 3), 90, np.uint8)
CAR_LOGIT, BUS_LOGIT = 1.0, 1.5


def torn() -> Detector:
    """A network that says everywhere: a bus with logit 1.5, or a car with 1.0."""
    network = Detector(len(CLASSES))
    network.eval()
    logits = torch.full((len(CLASSES),), -9.0)
    logits[CAR], logits[BUS] = CAR_LOGIT, BUS_LOGIT
    assert isinstance(network.head.cls.bias, nn.Parameter)
    with torch.no_grad():
        network.head.cls.weight.zero_()
        network.head.cls.bias.copy_(logits)
    return network


def said(path: Path) -> tuple[set[float], set[int]]:
    """The scores (to four digits) and classes of all boxes that a file finds."""
    _, scores, classes = onnxruntime.InferenceSession(str(path)).run(None, {"image": PICTURE})
    return {round(float(s), 4) for s in scores}, {int(c) for c in classes}


def test_without_options_the_best_class_and_its_probability_come_out(tmp_path: Path) -> None:
    """1 / (1 + e^-1.5) = 0.8176, a bus."""
    export(torn(), FACTS, tmp_path / "m.onnx")
    assert said(tmp_path / "m.onnx") == ({0.8176}, {BUS})


def test_power_rescales_the_scores(tmp_path: Path) -> None:
    """The root of 0.8176 is 0.9042; the name stays."""
    export(torn(), FACTS, tmp_path / "m.onnx", power=0.5)
    assert said(tmp_path / "m.onnx") == ({0.9042}, {BUS})


@pytest.mark.parametrize(("taken", "name"), [(0.4, BUS), (0.6, CAR)])
def test_a_handicap_changes_the_name_and_not_the_score(tmp_path: Path, taken: float, name: int) -> None:
    """The bus is 0.5 ahead of the car: 0.4 taken from it changes nothing, 0.6 makes it a car of the same score."""
    export(torn(), FACTS, tmp_path / "m.onnx", handicap={BUS: taken})
    assert said(tmp_path / "m.onnx") == ({0.8176}, {name})


def test_the_command_takes_both(tmp_path: Path) -> None:
    """`--power 0.5 --handicap bus=0.6` from a file of weights: a car of 0.9042."""
    torch.save(torn().state_dict(), tmp_path / "average.pt")
    words = ["export", str(tmp_path / "average.pt"), str(tmp_path / "m.onnx"), "--power", "0.5"]
    result = CliRunner().invoke(app, [*words, "--handicap", "bus=0.6"])
    assert result.exit_code == 0, result.output
    assert said(tmp_path / "m.onnx") == ({0.9042}, {CAR})


@pytest.mark.parametrize("words", ["bus", "bus=", "lorry=1"])
def test_a_wrong_handicap_is_refused(tmp_path: Path, words: str) -> None:
    """The message repeats what was given and lists the classes."""
    result = CliRunner().invoke(app, ["export", "a.pt", str(tmp_path / "m.onnx"), "--handicap", words])
    assert result.exit_code == 2
    assert f"--handicap {words}: expected CLASS=NUMBER, classes motorcycle, car" in " ".join(result.stderr.split())


def test_float16_weights_come_back_as_float32(tmp_path: Path) -> None:
    """Stored in 16 bits and restored: the same names, each weight its 16-bit value, the same answer."""
    export(torn(), FACTS, tmp_path / "m.onnx")
    store_half(tmp_path / "m.onnx", tmp_path / "half.onnx")
    restore_full(tmp_path / "half.onnx", tmp_path / "full.onnx")
    before, after = (
        {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(str(tmp_path / f)).graph.initializer}
        for f in ("m.onnx", "full.onnx")
    )
    assert before.keys() == after.keys()
    big = [n for n, v in before.items() if v.dtype == np.float32 and v.size >= 64]
    assert big
    assert all(np.array_equal(after[n], before[n].astype(np.float16).astype(np.float32)) for n in big)
    assert said(tmp_path / "full.onnx") == ({0.8176}, {BUS})


def test_options_that_a_file_has_built_in_are_refused(tmp_path: Path) -> None:
    """Another power for a finished file: exit code 2, and what is needed instead."""
    result = CliRunner().invoke(app, ["export", "m.onnx", str(tmp_path / "o.onnx"), "--power", "2"])
    assert result.exit_code == 2
    assert "need average.pt" in result.stderr
