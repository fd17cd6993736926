"""The goals that figures are held against, from goals.toml."""

import operator
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib.resources import files
from typing import Any, Final

from .errors import BenchError

POOLED: Final = "all"
COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {"<=": operator.le, ">=": operator.ge, "==": operator.eq}


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure's limit; detector and fps None: any; scenarios: name patterns."""

    quantity: str
    sign: str
    bound: float
    detector: str | None
    fps: float | None
    scenarios: tuple[str, ...]
    source: str

    @property
    def limit(self) -> str:
        """As written in tables."""
        return f"{self.sign} {self.bound:g}"

    def fits(self, scenario: str, detector: str, fps: float, quantity: str) -> bool:
        """Whether this goal is one for that figure."""
        return (
            quantity == self.quantity
            and self.detector in (None, detector)
            and self.fps in (None, fps)
            and any(fnmatch(scenario, pattern) for pattern in self.scenarios)
        )

    def holds(self, value: float) -> bool:
        """Whether a value keeps the limit."""
        return COMPARE[self.sign](value, self.bound)


def shipped() -> tuple[Goal, ...]:
    """The goals that come with Simpang."""
    return parse(tomllib.loads(files(__package__).joinpath("goals.toml").read_text(encoding="utf-8")))


def parse(content: dict[str, Any]) -> tuple[Goal, ...]:
    """The goals of a file's content. Raises `BenchError` for one that is not right."""
    return tuple(_goal(item) for item in content["goal"])


def _goal(item: dict[str, Any]) -> Goal:
    sign, _, bound = str(item.get("limit", "")).partition(" ")
    if sign not in COMPARE or not bound:
        raise BenchError(f"goal {item.get('quantity')}: limit {item.get('limit')!r}; expected for example '<= 1.0'")
    scenarios: Sequence[str] = item.get("scenarios", ("*",))
    return Goal(
        item["quantity"], sign, float(bound), item.get("detector"), item.get("fps"), tuple(scenarios), item["source"]
    )
