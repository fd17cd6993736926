"""Types of the contract's values, and the parts that rows are made of."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
NotNegative = Annotated[float, Meta(ge=0.0)]
Count = Annotated[int, Meta(ge=0)]
Counts = dict[str, Count]
Time = Annotated[datetime, Meta(tz=True)]


class Words(Struct, frozen=True, omit_defaults=False):
    """One sentence in both languages, and the code of its template."""

    code: str
    id: str
    en: str


class QualityX(Struct, frozen=True, kw_only=True):
    """How far the row can be trusted."""

    observed_s: NotNegative
    score: Share | None = None
    flags: list[str] = []


class ClassSpeedX(Struct, frozen=True, kw_only=True):
    """Percentiles of the speeds of n vehicles of one class."""

    n: Count
    p15_kmh: NotNegative
    p50_kmh: NotNegative
    p85_kmh: NotNegative


class ModelledX(Struct, frozen=True, kw_only=True):
    """Queue, stops and delay of a signal approach by the formulas of a standard: a model's values, not measured ones.

    queue: at the start of green, smp, and its length. missing: why what is null is.
    """

    standard: str
    missing: str | None = None
    residual_smp: NotNegative | None = None
    red_smp: NotNegative | None = None
    queue_smp: NotNegative | None = None
    queue_m: NotNegative | None = None
    stops_per_smp: NotNegative | None = None
    traffic_delay_s: NotNegative | None = None
    geometric_delay_s: NotNegative | None = None
    delay_s: NotNegative | None = None


class GateX(Struct, frozen=True, kw_only=True):
    """Vehicles over one gate in one direction.

    forward: from the left-hand to the right-hand side of the gate in the picture, seen from its first to its second
    point.
    """

    gate: Name
    direction: Literal["forward", "backward"]
    counts: Counts
    pkji_counts: Counts
    late: Count = 0
