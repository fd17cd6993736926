"""Two detectors in one file; needs torch."""

from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from simpang_models.adapters import open_model  # noqa: E402
from simpang_models.boxes import Boxes, concatenate, suppress  # noqa: E402
from simpang_models.contract import GROUP, MAX_BOXES, Description  # noqa: E402
from simpang_models.join import SAME_IOU, Smaller, join  # noqa: E402

MODELS = Path(__file__).resolve().parents[2] / "models"


def noise(height: int, width: int) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    """The detector finds hundreds of weak boxes in it."""
    return np.random.default_rng(3).integers(0, 256, (height, width, 3)).astype(np.uint8)


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
@pytest.mark.parametrize(("height", "width", "scale"), [(288, 480, 1.0), (192, 960, 1.5)])
def test_both_lists_together(height: int, width: int, scale: float, tmp_path: Path) -> None:
    """What the two files find alone, with doubles suppressed group by group; the first sees a wide input at two thirds,
    another as it is."""
    small, whole, picture = MODELS / "simpang-n.onnx", MODELS / "simpang-n-f16.onnx", noise(height, width)
    join(small, whole, tmp_path / "joined.onnx", Description("s", "1", "Apache-2.0", ("480x288",)))
    found = look(tmp_path / "joined.onnx", picture)
    far = look(whole, picture)
    seen = picture if scale == 1.0 else Smaller()(torch.from_numpy(picture[None])).numpy()[0]
    near = look(small, seen)
    every = concatenate([Boxes(near.xyxy_px * np.float32(scale), near.score, near.kind), far])
    group = np.array(GROUP)[every.kind]
    kept = concatenate([suppress(every[group == g], SAME_IOU, agnostic=True) for g in range(3)])
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
