"""What a check found."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault (must be corrected) or a warning (works, but worse than it could)."""

    level: Literal["fault", "warning"]
    text: str


def fault(text: str) -> Finding:
    """What must be corrected."""
    return Finding("fault", text)


def warning(text: str) -> Finding:
    """What works, but worse than it could."""
    return Finding("warning", text)
