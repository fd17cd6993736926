"""Two detectors in one file; needs torch."""

from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from simpang_models.adapters import open_model  # noqa: E402
from simpang_models.boxes import Boxes, concatenate, suppress  # noqa: E402
from simpang_models.contract import GROUP, MAX_BOXES, SUPPRESS_IOU, Description  # noqa: E402
from simpang_models.join import Smaller, join  # noqa: E402

MODELS = Path(__file__).resolve().parents[2] / "models"


@pytest.fixture(scope="module")
def picture() -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    """Noise of 480×288: the detector finds hundreds of weak boxes in it."""
    return np.random.default_rng(3).integers(0, 256, (288, 480, 3)).astype(np.uint8)


def look(file: Path, canvas: np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]) -> Boxes:
    """The boxes of a file, also what of them lies outside the picture."""
    height, width = canvas.shape[:2]
    model = open_model(file, (width, height))
    return model.decode(model.network.run(model.prepare(canvas)), width, height)


def test_smaller_by_area() -> None:
    """As OpenCV's INTER_AREA at two thirds; 50 rows are filled up with grey to 96, of which two thirds are 64."""
    picture = np.random.default_rng(1).integers(0, 256, (50, 96, 3)).astype(np.uint8)
    filled = np.full((96, 96, 3), 114, np.uint8)
    filled[:50] = picture
    wanted = cv2.resize(filled, (64, 64), interpolation=cv2.INTER_AREA)
    found = Smaller()(torch.from_numpy(picture[None])).numpy()[0]
    assert np.abs(found.astype(int) - wanted).max() <= 1


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning", "ignore:Constant folding:UserWarning")
def test_both_lists_together(picture: np.ndarray[tuple[int, int, int], np.dtype[np.uint8]], tmp_path: Path) -> None:
    """What the two files find alone, with doubles suppressed group by group."""
    small, whole = MODELS / "simpang-n.onnx", MODELS / "simpang-n-f16.onnx"
    join(small, whole, tmp_path / "joined.onnx", Description("s", "1", "Apache-2.0", ("480x288",)))
    found = look(tmp_path / "joined.onnx", picture)
    far = look(whole, picture)
    near = look(small, Smaller()(torch.from_numpy(picture[None])).numpy()[0])
    every = concatenate([Boxes(near.xyxy_px * np.float32(1.5), near.score, near.kind), far])
    group = np.array(GROUP)[every.kind]
    kept = concatenate([suppress(every[group == g], SUPPRESS_IOU, agnostic=True) for g in range(3)])
    wanted = np.sort(kept.score)[::-1][:MAX_BOXES]
    assert len(found) > 20
    assert len(found) == len(wanted)
    assert np.abs(found.score - wanted).max() < 0.01
    assert (np.diff(found.score) <= 0).all()


def test_other_classes_are_refused(tmp_path: Path) -> None:
    """A file that says nothing of its classes is named."""
    import onnx

    model = onnx.load(str(MODELS / "simpang-n.onnx"))
    del model.metadata_props[:]
    onnx.save(model, str(tmp_path / "other.onnx"))
    with pytest.raises(ValueError, match=r"other\.onnx: classes none; only detectors of our seven classes"):
        join(MODELS / "simpang-n.onnx", tmp_path / "other.onnx", tmp_path / "out.onnx", Description("s", "1", "", ()))
