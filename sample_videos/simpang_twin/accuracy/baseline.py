"""The accuracy gate: a run's figures against a committed baseline, with a stated noise per figure."""

import json
import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from .errors import BenchError
from .goals import POOLED
from .results import ResultRow

VERSION: Final = 1
Place = tuple[str, str, float, str]
"""Scenario, detector, fps, quantity."""

EPSILON: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Noise:
    """Which way a figure gets better, and by how much it may get worse, by detector."""

    better: str
    allowed: Mapping[str, float]

    def worse_by(self, value: float, base: float) -> float:
        """How much worse than the baseline; negative: better."""
        return value - base if self.better == "lower" else base - value


@dataclass(frozen=True, slots=True)
class Baseline:
    """The figures that were committed. runs: scenario, detector and fps of every run, without the pooled ones."""

    runs: tuple[tuple[str, str, float], ...]
    values: Mapping[Place, float]


@dataclass(frozen=True, slots=True)
class Worse:
    """A figure that got worse beyond its noise; value None: it is no longer measured."""

    place: Place
    value: float | None
    base: float
    noise: float

    def __str__(self) -> str:
        scenario, detector, fps, quantity = self.place
        now = "no longer measured" if self.value is None else f"{self.value:.4g}"
        return f"{scenario}, {detector}, {fps:g} fps: {quantity} {now}, baseline {self.base:.4g} ± {self.noise:g}"


def noises() -> dict[str, Noise]:
    """The noise that comes with Simpang, by quantity."""
    content = tomllib.loads(files(__package__).joinpath("noise.toml").read_text(encoding="utf-8"))
    return {
        f"{group}.{name}": Noise(item["better"], {"perfect": item["perfect"], "model": item["model"]})
        for group, items in content.items()
        for name, item in items.items()
    }


def compare(rows: Iterable[ResultRow], base: Baseline, noise: Mapping[str, Noise]) -> list[Worse]:
    """What got worse beyond its noise, of the runs that were made."""
    now = {(row.scenario, row.detector, row.fps, row.quantity): row.value for row in rows}
    made = {place[:3] for place in now}
    watched = [(place, value) for place, value in base.values.items() if place[:3] in made and place[3] in noise]
    found = [Worse(place, now.get(place), value, _allowed(noise[place[3]], place[1])) for place, value in watched]
    return [item for item in found if _is_worse(item, noise[item.place[3]])]


def _allowed(noise: Noise, detector: str) -> float:
    return noise.allowed.get(detector, math.inf)


def _is_worse(item: Worse, noise: Noise) -> bool:
    return item.value is None or noise.worse_by(item.value, item.base) > item.noise + EPSILON


def of(rows: Sequence[ResultRow], noise: Mapping[str, Noise]) -> Baseline:
    """A baseline of the watched figures of a run; pooled figures depend on the set of clips and are left out."""
    own = [row for row in rows if row.scenario != POOLED and row.detector in ("perfect", "model")]
    runs = tuple(dict.fromkeys((row.scenario, row.detector, row.fps) for row in own))
    values = {
        (row.scenario, row.detector, row.fps, row.quantity): round(row.value, 4)
        for row in own
        if row.quantity in noise and row.value is not None
    }
    return Baseline(runs, values)


def merged(old: Baseline, new: Baseline) -> Baseline:
    """The old baseline with the runs of the new one in place of its own of the same scenario, detector and rate."""
    kept = {place: value for place, value in old.values.items() if place[:3] not in new.runs}
    return Baseline(tuple(dict.fromkeys((*old.runs, *new.runs))), {**kept, **new.values})


def write(path: Path, base: Baseline) -> None:
    """Write a baseline as JSON, a line per figure in order of name, so that a change of it can be read."""
    runs = ",\n  ".join(json.dumps(run) for run in sorted(base.runs))
    values = ",\n  ".join(json.dumps([*place, float(value)]) for place, value in sorted(base.values.items()))
    path.write_text(
        f'{{\n "version": {VERSION},\n "runs": [\n  {runs}\n ],\n "figures": [\n  {values}\n ]\n}}\n', encoding="utf-8"
    )


def read(path: Path) -> Baseline:
    """Read a baseline. Raises `BenchError` naming the file when it is none."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] != VERSION:
            raise BenchError(f"{path}: version {content['version']!r}; expected {VERSION}")
        runs = tuple((str(s), str(d), float(f)) for s, d, f in content["runs"])
        return Baseline(runs, {(s, d, float(f), q): float(v) for s, d, f, q, v in content["figures"]})
    except (OSError, KeyError, TypeError, ValueError) as exc:
        raise BenchError(f"{path}: cannot be read as a baseline: {exc!r}; make one with --update") from exc
