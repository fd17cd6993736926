"""Which clips are measured: names, paths, or scenario files (simulated and drawn first)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from simpang_edge.resources import shipped

from .errors import BenchError

SCENARIOS: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Case:
    """A clip with its truth, camera and boxes beside it."""

    clip: Path

    @property
    def name(self) -> str:
        """The clip's name without its suffix."""
        return self.clip.stem

    @property
    def truth(self) -> Path:
        """NAME.truth.json."""
        return self.clip.with_name(f"{self.name}.truth.json")

    @property
    def boxes(self) -> Path:
        """NAME.boxes.parquet; may be missing, only perfect detection needs it."""
        return self.clip.with_name(f"{self.name}.boxes.parquet")

    def camera(self) -> dict[str, Any]:
        """The camera's entry for the edge's configuration, from NAME.camera.yaml."""
        path = self.clip.with_name(f"{self.name}.camera.yaml")
        entry: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        return entry

    def check(self) -> "Case":
        """Itself. Raises `BenchError` naming the file that is missing."""
        for path in (self.clip, self.truth, self.clip.with_name(f"{self.name}.camera.yaml")):
            if not path.is_file():
                raise BenchError(f"{path}: no such file; a clip to measure has NAME.mp4, .truth.json and .camera.yaml")
        return self


def clips_folder() -> Path:
    """Where the clips that come with Simpang lie: in the wheel beside the code, in a checkout one folder up."""
    inside = shipped("simpang_twin", "clips")
    return inside if inside.is_dir() else shipped("simpang_twin", "scenarios").parent


def committed() -> tuple[Case, ...]:
    """All clips that come with Simpang."""
    return tuple(Case(path.with_name(path.name.replace(".truth.json", ".mp4"))) for path in _truths(clips_folder()))


def find(names: Sequence[str], drawn: bool, cache: Path, processes: int) -> tuple[Case, ...]:
    """The cases of names of clips, paths of clips (.mp4) and scenario files (.yaml, one case per camera; .yaml@SEED is
    the same with another seed).

    drawn: whether a scenario's pictures are needed; else outlines are enough. Raises `BenchError`.
    """
    if not names:
        return tuple(case.check() for case in committed())
    return tuple(case.check() for name in names for case in _of(name, drawn, cache, processes))


def _of(name: str, drawn: bool, cache: Path, processes: int) -> tuple[Case, ...]:
    file, _, seed = name.partition("@")
    path = Path(file)
    if seed and (path.suffix not in SCENARIOS or not seed.isdigit()):
        raise BenchError(f"{name!r}: after @ comes the seed of a scenario file, such as junction.yaml@21")
    if path.suffix == ".mp4":
        return (Case(path),)
    if path.suffix in SCENARIOS:
        from .scenes import prepare

        return tuple(Case(clip) for clip in prepare(path, int(seed) if seed else None, drawn, cache, processes))
    known = {case.name: case for case in committed()}
    if name not in known:
        raise BenchError(f"no clip {name!r}; known are {', '.join(known)}; or give a path to a .mp4 or scenario .yaml")
    return (known[name],)


def _truths(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.truth.json"))
