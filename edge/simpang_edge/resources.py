"""Where the files that come with Simpang lie: in the wheel beside the code, in a checkout one folder up."""

from importlib.util import find_spec
from pathlib import Path


def shipped(package: str, name: str) -> Path:
    """Path of a file or folder that comes with a package (it may not exist: the caller says what it needs it for)."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return Path(package, name)
    folder = Path(next(iter(spec.submodule_search_locations)))
    inside = folder / name
    return inside if inside.exists() else folder.parent / name


def default_model() -> Path:
    """The detector that comes with Simpang."""
    return shipped("simpang_models", "simpang-n.onnx")
