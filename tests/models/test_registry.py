"""The registry names each model's file by its hash, and refuses another one."""

import hashlib
from pathlib import Path

import pytest
from simpang_models.registry import RegistryError, copy_verified, find, read_registry, verify

ENTRY = """
[[model]]
name = "tiny"
file = "tiny.onnx"
sha256 = "{hash}"
licence = "Apache-2.0"
classes = ["car"]
sizes = ["64x32"]
[model.figures]
ap = 0.5
"""


def folder_with(path: Path, content: bytes, registered: bytes) -> Path:
    (path / "tiny.onnx").write_bytes(content)
    (path / "models.toml").write_text(ENTRY.format(hash=hashlib.sha256(registered).hexdigest()))
    return path


def test_the_right_file_is_accepted(tmp_path: Path) -> None:
    """A file whose hash is as registered is given back by its path."""
    folder = folder_with(tmp_path, b"model", b"model")
    assert verify(find("tiny", folder)) == folder / "tiny.onnx"


def test_a_wrong_hash_is_refused(tmp_path: Path) -> None:
    """One changed byte is enough; the message names the file and both hashes."""
    folder = folder_with(tmp_path, b"Model", b"model")
    with pytest.raises(RegistryError, match="refused") as caught:
        verify(find("tiny", folder))
    assert str(folder / "tiny.onnx") in str(caught.value)
    assert hashlib.sha256(b"Model").hexdigest() in str(caught.value)


@pytest.mark.parametrize("name", ["copy.onnx", "."], ids=["file", "folder"])
def test_a_copy_is_the_registered_file(tmp_path: Path, name: str) -> None:
    """A copy to a file or into a folder has the registered contents, and nothing else is left there."""
    (tmp_path / "out").mkdir()
    folder = folder_with(tmp_path, b"model", b"model")
    written = copy_verified(find("tiny", folder), tmp_path / "out" / name)
    assert written.read_bytes() == b"model"
    assert list((tmp_path / "out").iterdir()) == [written]


def test_a_changed_file_is_never_copied(tmp_path: Path) -> None:
    """A file with another hash is refused before anything is written."""
    folder = folder_with(tmp_path, b"Model", b"model")
    with pytest.raises(RegistryError, match="refused"):
        copy_verified(find("tiny", folder), tmp_path / "copy.onnx")
    assert not (tmp_path / "copy.onnx").exists()


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    """A registered file that is not there is named."""
    folder = folder_with(tmp_path, b"model", b"model")
    (folder / "tiny.onnx").unlink()
    with pytest.raises(RegistryError, match=r"tiny\.onnx: missing"):
        verify(find("tiny", folder))


def test_an_unknown_name_lists_the_known(tmp_path: Path) -> None:
    """Asking for a model that is not registered says which are."""
    with pytest.raises(RegistryError, match="known: tiny"):
        find("huge", folder_with(tmp_path, b"model", b"model"))


@pytest.mark.parametrize(
    "text", ["not toml [", "[other]", "[[model]]\nname = 'x'"], ids=["syntax", "no models", "keys"]
)
def test_a_broken_registry_is_said(tmp_path: Path, text: str) -> None:
    """A registry that cannot be used names its file."""
    (tmp_path / "models.toml").write_text(text)
    with pytest.raises(RegistryError, match=r"models\.toml"):
        read_registry(tmp_path)


def test_the_shipped_model_is_the_registered_one() -> None:
    """The repository's own default model has the hash that the registry states."""
    assert verify(find("simpang-n")).name == "simpang-n.onnx"
