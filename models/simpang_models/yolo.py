"""Any YOLO of the user's as ONNX. The one file that touches ultralytics (AGPL-3.0, extra [ultralytics]).

The package is asked to stay offline and to install nothing; only a model given by name is downloaded.
"""

import os
import shutil
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx

from simpang_models.wrap import OPSET, read_onnx

NOTICE = (
    "Ultralytics YOLO (code and weights) is licensed under AGPL-3.0, which asks for the source of what is distributed "
    "or offered as a service with it; Ultralytics sells another licence. Read it before you install this at a camera. "
    "Simpang itself stays Apache-2.0 and does not contain it."
)
DESCRIPTIONS = (".yaml", ".yml")


class YoloError(ValueError):
    """A YOLO cannot be read or exported; the message says what and what to do."""


def is_yolo(source: str) -> bool:
    """Whether `source` is for ultralytics: a model by name, a .yaml, or a .pt that ultralytics wrote."""
    path = Path(source)
    if path.suffix in DESCRIPTIONS or path.suffix == "":
        return True
    return path.suffix == ".pt" and path.is_file() and _pickled_by_ultralytics(path)


def _pickled_by_ultralytics(path: Path) -> bool:
    """Read without unpickling, which would run code of the file."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(b"ultralytics" in archive.read(n) for n in archive.namelist() if n.endswith("/data.pkl"))


def to_onnx(source: str) -> onnx.ModelProto:
    """ultralytics' own ONNX, height and width left open: of a name ("yolo11n"), a .pt, or a .yaml (random weights).

    A .yaml without a folder that is no file, such as yolo11n.yaml, is one that ultralytics brings along.

    Raises:
        YoloError: no such file; not a detector; or ultralytics cannot read or export it.
    """
    path = Path(source)
    named = path.suffix == ""
    theirs = path.suffix in DESCRIPTIONS and path.name == source and not path.is_file()
    if not (named or theirs or path.is_file()):
        raise YoloError(f"{source}: no such file; expected a .pt or .yaml of YOLO, or a name such as yolo11n")
    yolo = _import(offline=not named)
    with TemporaryDirectory() as folder:
        local = Path(folder) / (f"{source}.pt" if named else path.name)
        if theirs:
            local = path
        elif not named:
            shutil.copyfile(path, local)
        try:
            return _export(yolo(str(local)), Path(folder))
        except (OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError, ImportError) as error:
            hint = "; a model by name is downloaded, which needs the internet" if named else ""
            raise YoloError(f"{source}: ultralytics cannot export it ({error}){hint}") from error


def _export(model: Any, folder: Path) -> onnx.ModelProto:
    if model.task != "detect":
        raise YoloError(f"the model is for {model.task!r}; expected a detector")
    model.model.pt_path = str(folder / "network.pt")  # names the ONNX file that ultralytics writes
    written = model.export(format="onnx", dynamic=True, opset=OPSET, simplify=False, device="cpu")
    return read_onnx(Path(written))


def _import(offline: bool) -> Any:
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    os.environ.setdefault("YOLO_VERBOSE", "false")
    if offline:
        os.environ.setdefault("YOLO_OFFLINE", "true")
    from ultralytics import YOLO

    return YOLO
