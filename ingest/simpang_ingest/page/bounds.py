"""Figures that are bounds: the sign that the flags of a row put before them."""

from typing import Final

from .figures import number
from .words import Words

CAPACITY_BOUND: Final = "capacity_lower_bound"
DEMAND_BOUND: Final = "demand_lower_bound"
GREEN_BOUND: Final = "green_lower_bound"
LINE_HIDDEN: Final = "line_hidden"
BEYOND: Final = "queue_beyond_view"

AT_LEAST: Final = "≥ "
AT_MOST: Final = "≤ "


def has(flags: str | None, flag: str) -> bool:
    """Whether a flag is among those of a row."""
    return flag in (flags or "").split(",")


def at_least(shown: str, value: float | None, flags: str | None, flag: str) -> str:
    """A figure that is a lower bound where its row has the flag."""
    return AT_LEAST + shown if value is not None and has(flags, flag) else shown


def degree(dj: float | None, flags: str | None, words: Words) -> str:
    """DJ: at most so much where the capacity is a lower bound, at least where the demand is; with both neither."""
    bounds = (has(flags, CAPACITY_BOUND), has(flags, DEMAND_BOUND))
    sign = {(True, False): AT_MOST, (False, True): AT_LEAST}.get(bounds, "")
    return number(dj, words, 2) if dj is None else sign + number(dj, words, 2)
