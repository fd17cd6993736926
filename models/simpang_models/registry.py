"""Which model files there are, and proof that a file is the one that was measured."""

import hashlib
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simpang_edge.resources import shipped

REGISTRY = "models.toml"
FOLDER = shipped("simpang_models", REGISTRY).parent


class RegistryError(ValueError):
    """The registry or a model file is not as it should be; the message names the file."""


@dataclass(frozen=True)
class Entry:
    """One model of the registry.

    Attributes:
        figures: measured figures by name, as the registry states them.
    """

    name: str
    file: Path
    sha256: str
    licence: str
    classes: tuple[str, ...]
    sizes: tuple[str, ...]
    figures: dict[str, float]


def read_registry(folder: Path = FOLDER) -> tuple[Entry, ...]:
    """All entries of `models.toml` in `folder`.

    Raises:
        RegistryError: missing or malformed file, or an entry without a required key.
    """
    path = folder / REGISTRY
    try:
        with path.open("rb") as stream:
            tables = tomllib.load(stream)["model"]
        return tuple(_entry(folder, table) for table in tables)
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise RegistryError(f"{path}: not a readable model registry ({error!r})") from error


def _entry(folder: Path, table: dict[str, Any]) -> Entry:
    return Entry(
        name=table["name"],
        file=folder / table["file"],
        sha256=table["sha256"],
        licence=table["licence"],
        classes=tuple(table["classes"]),
        sizes=tuple(table["sizes"]),
        figures=dict(table["figures"]),
    )


def find(name: str, folder: Path = FOLDER) -> Entry:
    """The entry of that name.

    Raises:
        RegistryError: unknown name; the message lists the known ones.
    """
    entries = {e.name: e for e in read_registry(folder)}
    if name not in entries:
        raise RegistryError(f"no model named {name!r}; known: {', '.join(entries) or 'none'}")
    return entries[name]


def verify(entry: Entry) -> Path:
    """The entry's file, if it is there and unchanged.

    Raises:
        RegistryError: missing, or another hash than registered.
    """
    if not entry.file.is_file():
        raise RegistryError(f"{entry.file}: missing; it belongs to model {entry.name!r}")
    found = sha256_of(entry.file)
    if found != entry.sha256:
        raise RegistryError(f"{entry.file}: refused, its SHA-256 is {found}, registered is {entry.sha256}")
    return entry.file


def copy_verified(entry: Entry, target: Path) -> Path:
    """Copy the entry's file to `target` (a file, or a folder to put it in); an interrupted copy leaves nothing there.

    Raises:
        RegistryError: missing, or another hash than registered; then nothing is written.
    """
    source = verify(entry)
    goal = target / source.name if target.is_dir() else target
    part = goal.with_name(f".{goal.name}.part")
    shutil.copyfile(source, part)
    if sha256_of(part) != entry.sha256:
        part.unlink()
        raise RegistryError(f"{goal}: not written, the copy differs from {source}")
    return part.replace(goal)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
