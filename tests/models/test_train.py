"""Training on a handful of pictures: it resumes exactly, and records what it did; needs torch."""

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from simpang_models.augment import Sample  # noqa: E402
from simpang_models.boxes import BUS, CAR, CLASSES, NO_BOXES, make_boxes  # noqa: E402
from simpang_models.data import Drawn, Store  # noqa: E402
from simpang_models.labels import Truth  # noqa: E402
from simpang_models.network import Detector  # noqa: E402
from simpang_models.train import Settings, choose_device, load_network, train  # noqa: E402

SETTINGS = Settings(steps=3, batch=1, workers=0, gathered=1)


@pytest.fixture(scope="module")
def store() -> Store:
    """Two pictures with one car each."""
    random = np.random.default_rng(4)
    truth = Truth(make_boxes([[60, 40, 120, 90]], [1.0], [CAR]), NO_BOXES, np.ones(7, bool))
    samples = tuple(Sample(random.integers(0, 256, (180, 320, 3), np.uint8), truth) for _ in range(2))
    return Store(samples, np.array([0.5, 0.5]), "0" * 64)


@pytest.fixture(scope="module")
def published() -> Path:
    """The file in the repository that training starts from."""
    return Path(__file__).resolve().parents[2] / "models" / "simpang-n-f16.onnx"


def minutes_pass(stop_after: int | None = None) -> Callable[[], float]:
    """A clock that goes on two minutes at each look, so that every step is saved; it may break off like Ctrl-C."""
    looks = itertools.count()

    def clock() -> float:
        look = next(looks)
        if look == stop_after:
            raise KeyboardInterrupt
        return 120.0 * look

    return clock


def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(store: Store, published: Path, tmp_path: Path) -> None:
    """Stopped after two steps and started again, it ends with the weights of a run in one go, but for rounding."""
    whole = load_network(train(store, published, tmp_path / "whole", SETTINGS, minutes_pass())).state_dict()
    # looks: 1 before the first step, 1 after each step; the fourth look breaks off after two steps are saved
    with pytest.raises(KeyboardInterrupt):
        train(store, published, tmp_path / "parts", SETTINGS, minutes_pass(stop_after=3))
    assert json.loads((tmp_path / "parts" / "record.json").read_text())["steps"] == 2
    parts = load_network(train(store, published, tmp_path / "parts", SETTINGS, minutes_pass())).state_dict()
    assert all(torch.allclose(whole[name], parts[name], rtol=0, atol=1e-6) for name in whole)


def test_reused_batches_train_the_rest(store: Store, published: Path, tmp_path: Path) -> None:
    """With a frozen backbone and each batch used twice, three steps need two batches; backbone still, head moved."""
    settings = replace(SETTINGS, frozen=15, reuse=2)
    weights = load_network(train(store, published, tmp_path / "run", settings, minutes_pass())).state_dict()
    start = load_network(train(store, published, tmp_path / "start", replace(settings, steps=1, rate=0.0))).state_dict()
    still = [name for name in weights if name.startswith("backbone.")]
    assert all(torch.equal(weights[name], start[name]) for name in still)
    assert not torch.equal(weights["head.reg.weight"], start["head.reg.weight"])


def test_a_quarter_of_the_way_back_to_the_start(store: Store, published: Path, tmp_path: Path) -> None:
    """Every weight lies a quarter of the way from average.pt to start.pt, but for the naming tower, which stays."""
    end = train(store, published, tmp_path, replace(SETTINGS, frozen=15, steps=2), minutes_pass())
    start, trained = (load_network(tmp_path / name).state_dict() for name in ("start.pt", end.name))
    found = load_network(end, tmp_path / "start.pt").state_dict()
    wanted = 0.25 * start["head.reg.weight"] + 0.75 * trained["head.reg.weight"]
    assert torch.allclose(found["head.reg.weight"], wanted, atol=1e-6)
    assert not torch.equal(start["head.reg.weight"], trained["head.reg.weight"])
    tower = "head.naming.tower.convs.0.weight"
    assert torch.equal(found[tower], trained[tower])


def test_the_record_says_what_was_done(store: Store, published: Path, tmp_path: Path) -> None:
    """Steps, data hash, settings and the curve; a run that goes on with other settings adds a session."""
    once = replace(SETTINGS, steps=1)
    train(store, published, tmp_path, once, minutes_pass())
    train(store, published, tmp_path, SETTINGS, minutes_pass())
    record = json.loads((tmp_path / "record.json").read_text())
    assert [s["from_step"] for s in record["sessions"]] == [0, 1]
    assert [s["settings"]["steps"] for s in record["sessions"]] == [1, 3]
    assert {s["data_sha256"] for s in record["sessions"]} == {"0" * 64}
    assert record["steps"] == record["curve"][-1]["step"] == 3
    assert record["curve"][-1]["cls"] > 0


def test_a_batch_depends_on_seed_and_number_only(store: Store) -> None:
    """The same batch twice is the same, another number is another; all have the pixels of one 640×384 picture."""
    drawn = Drawn(store, seed=7, batch=4, length=10)
    first, again, other = drawn[3][0], drawn[3][0], drawn[4][0]
    assert torch.equal(first, again)
    assert first.shape != other.shape or not torch.equal(first, other)
    for index in range(10):
        pictures, targets = drawn[index]
        assert len(pictures) == len(targets)
        # four pictures of 640×384, rounded to whole pictures of the batch's size: at most half a picture off
        assert abs(pictures[:, 0].numel() - 4 * 640 * 384) <= pictures[0, 0].numel() / 2


def test_names_of_a_start_that_knows_none_stay_as_trained(tmp_path: Path) -> None:
    """What corrects them is kept, and what rarer kinds were held back by at the start is not gone back to."""
    start, trained = Detector(len(CLASSES)), Detector(len(CLASSES))
    torch.nn.init.ones_(trained.head.naming.cls.weight)
    torch.nn.init.zeros_(start.head.reg.weight)
    torch.nn.init.ones_(trained.head.reg.weight)
    for name, network in (("start.pt", start), ("average.pt", trained)):
        torch.save(network.state_dict(), tmp_path / name)
    found = load_network(tmp_path / "average.pt", tmp_path / "start.pt", 0.25)
    assert found.head.naming.cls.weight.min().item() == 1.0
    assert found.head.reg.weight.max().item() == 0.75  # a quarter of the way from 1 to 0
    # all classes begin with the same logit; a bus was held back by 1.5, of which a quarter is given back
    bias = found.head.cls.bias - trained.head.cls.bias
    assert (bias[CAR].item(), bias[BUS].item()) == pytest.approx((0.0, 0.25 * 1.5), abs=1e-6)


def test_inputs_have_the_sizes_asked_for(store: Store) -> None:
    """One size gives only inputs of that size; 4 · 640 · 384 pixels are 1.88 pictures of 960×544, so two."""
    drawn = Drawn(store, seed=7, batch=4, length=5, sizes=((960, 544),))
    assert [drawn[index][0].shape for index in range(5)] == [(2, 3, 544, 960)] * 5


def test_a_missing_card_is_said() -> None:
    """Asking for CUDA without a card says what to do instead."""
    if torch.cuda.is_available():
        pytest.skip("there is a card")
    with pytest.raises(ValueError, match="--device cpu"):
        choose_device("cuda")
