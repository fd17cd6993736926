"""What every part of the file has: unknown keys are errors; names, shares, lines and outlines are checked."""

import re
from itertools import combinations
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

IDENTIFIER: Final = r"^[a-z0-9][a-z0-9_-]{0,63}$"


def _identifier(value: str) -> str:
    """A name that topics, files and stores can bear. Raises `ValueError`."""
    if re.fullmatch(IDENTIFIER, value) is None:
        raise ValueError("must be small letters, digits, - and _ only, up to 64, such as utara-1")
    return value


Identifier = Annotated[str, AfterValidator(_identifier), Field(json_schema_extra={"pattern": IDENTIFIER})]
PixelPoint = tuple[float, float]
MetrePoint = tuple[float, float]
Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
SiteReason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=80)]
"""Why a site departs from the published rule: stands beside every figure that it changes."""


class Section(BaseModel):
    """A part of the file: unknown keys are errors, values do not change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_default(cls, value: Any) -> Any:
        """In YAML a section whose keys are all commented out is null."""
        return {} if value is None else value

    @model_validator(mode="before")
    @classmethod
    def _no_yes_for_a_number(cls, value: Any) -> Any:
        """YAML's yes, no, on and off are truth values; as numbers they would be 1 and 0, silently."""
        for key, one in value.items() if isinstance(value, dict) else ():
            field = cls.model_fields.get(key)
            if isinstance(one, bool) and field is not None and field.annotation is not bool:
                raise ValueError(f"{key}: must not be {str(one).lower()} (YAML's yes, no, on, off)")
        return value


def _outline(points: tuple[PixelPoint, ...]) -> tuple[PixelPoint, ...]:
    """A polygon that encloses an area and whose edges do not cross. Raises `ValueError`."""
    edges = list(zip(points, (*points[1:], points[0]), strict=True))
    for (i, one), (j, other) in combinations(enumerate(edges, start=1), 2):
        if _cross(*one, *other):
            raise ValueError(f"edges {i} and {j} cross; give the corners in order, one after the other")
    if abs(_area(points)) <= 0:
        raise ValueError("the corners lie on a line; give three or more that enclose an area")
    return points


def _line(ends: tuple[PixelPoint, PixelPoint]) -> tuple[PixelPoint, PixelPoint]:
    """A line between two different points. Raises `ValueError`."""
    if ends[0] == ends[1]:
        raise ValueError("its two points must differ")
    return ends


def _area(points: tuple[PixelPoint, ...]) -> float:
    """Twice the signed area of a polygon."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, (*points[1:], points[0]), strict=True))


def _cross(a: PixelPoint, b: PixelPoint, c: PixelPoint, d: PixelPoint) -> bool:
    """Whether the segments a-b and c-d cross within both; touching is no crossing."""
    return _area((a, b, c)) * _area((a, b, d)) < 0 and _area((c, d, a)) * _area((c, d, b)) < 0


Outline = Annotated[tuple[PixelPoint, ...], Field(min_length=3), AfterValidator(_outline)]
Ends = Annotated[tuple[PixelPoint, PixelPoint], AfterValidator(_line)]


def different(what: str, ids: list[str]) -> None:
    """Raises `ValueError` where two are the same."""
    if len(set(ids)) != len(ids):
        raise ValueError(f"{what} must differ, got {ids}")
