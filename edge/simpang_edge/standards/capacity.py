"""Capacity factors of the manuals, read from `capacity.yaml`; `meter.capacity` applies them to an approach."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Literal

from .tables import PKJI, interpolate, read

Environment = Literal["central", "commercial", "residential", "restricted"]
"""What lies beside the road: the business centre, shops and offices, dwellings, or hardly an access."""

Friction = Literal["SR", "R", "S", "T", "ST"]
"""Class of side friction (hambatan samping), PKJI 2023, chapter 4."""

Margin = Literal["kerb", "shoulder"]
Points = tuple[tuple[float, float], ...]

CITY_MILLION: Final = 2.0
"""A city whose size is not told: of 1 to 3 million, whose factor is 1.00 in PKJI 2023 and MKJI 1997."""

UNMOTORISED: Final = (0.0, 0.05, 0.10, 0.15, 0.20, 0.25)
MARGINS_M: Final = (0.5, 1.0, 1.5, 2.0)


@dataclass(frozen=True, slots=True)
class Turning:
    """What a share p of turning vehicles makes of a saturation flow: (1 + slope p) / (1 + p (equivalent - 1)).

    slope: MKJI 1997 and PKJI 2023. equivalent: through cars to which a turning one is equal, HCM.
    """

    slope: float = 0.0
    equivalent: float = 1.0

    def factor(self, ratio: float) -> float:
        """The factor at a share from 0 to 1."""
        return (1.0 + self.slope * ratio) / (1.0 + ratio * (self.equivalent - 1.0))


@dataclass(frozen=True, slots=True)
class SignalTables:
    """Saturation flow of a protected phase, smp per hour of green: by metre of entry width, or by lane.

    queue_formulas: whether the manual's queue, stops and delay are those of `standards.signal`.
    """

    name: str
    source: str
    queue_formulas: bool
    per_m_smph: float | None = None
    per_lane_smph: Points = ()
    city: Points = ()
    lane_step: Points = ()
    friction: Mapping[tuple[str, str], Points] = field(default_factory=dict)
    central: float = 1.0
    grade_up: float = 0.0
    grade_down: float = 0.0
    left: Turning = Turning()
    right: Turning = Turning()
    right_without_median_only: bool = False
    parking: bool = False

    def base_smph(self, width_m: float, lanes: int, city_million: float | None) -> float:
        """J0 of an entry so many metres wide with so many lanes; by lane with the factor of their width."""
        if self.per_m_smph is not None:
            return self.per_m_smph * width_m
        return step(self.per_lane_smph, known_city(city_million)) * lanes * step(self.lane_step, width_m / lanes)

    def grade(self, pct: float) -> float:
        """Of a grade, per cent, uphill above 0."""
        return 1.0 - (self.grade_up if pct > 0 else self.grade_down) * pct

    def side_friction(self, environment: str | None, friction: str | None, unmotorised_ratio: float) -> float:
        """F_HS; 1 where the environment or the class is not told, or the manual has no such factor."""
        if environment is None or friction is None:
            return 1.0
        place = "commercial" if environment == "central" else environment
        table = self.friction.get((place, levels()[friction]))
        return 1.0 if table is None else interpolate(table, unmotorised_ratio)


@dataclass(frozen=True, slots=True)
class LinkTables:
    """Base capacities, smp an hour, and tables of factors. lane_smph: of one lane by free-flow speed, km/h.

    `undivided_smph` is of both directions of a road of two lanes, `undivided_lane_smph` of one lane where there are
    more; without it such a road is treated as one of two lanes.
    """

    name: str
    source: str
    lane_smph: Points
    undivided_smph: float
    undivided_lane_smph: Points = ()
    lane_width: Points = ()
    undivided_width: Points = ()
    undivided_lane_width: Points = ()
    direction_share: Points = ()
    direction_share_lanes: Points = ()
    city: Points = ()
    friction: Mapping[tuple[str, str, str], Points] = field(default_factory=dict)

    def side_friction(self, road: str, lanes: bool, margin: Margin, margin_m: float, friction: Friction) -> float:
        """FC_HS by the kind of road, the kind and width of its margin and the class; 1 where the manual has none.

        lanes: an undivided road of four lanes and more, where the manual tells it apart.
        """
        wide = self.friction.get((f"{road}_lanes", margin, friction)) if lanes else None
        table = wide or self.friction.get((road, margin, friction))
        return 1.0 if table is None else interpolate(table, margin_m)


def known_city(million: float | None) -> float:
    """The size by which a city's factor is read."""
    return CITY_MILLION if million is None else million


def step(table: Points, x: float) -> float:
    """Value of the first step that lies above x; 1 without a table."""
    return next((value for below, value in table if x < below), 1.0)


def factor(table: Points, x: float) -> float:
    """Between the points of a table; 1 without a table."""
    return interpolate(table, x) if table else 1.0


def capacity_names() -> tuple[str, ...]:
    """Names of all sets."""
    return tuple(str(one["name"]) for one in read("capacity.yaml")["sets"])


@cache
def levels() -> dict[str, str]:
    """Level of side friction at signals by the class of links."""
    return {str(name): str(level) for name, level in read("capacity.yaml")["levels"].items()}


@cache
def signal_tables(name: str = PKJI) -> SignalTables:
    """Signals of one set; `KeyError` when there is none of this name."""
    content: dict[str, Any] = dict(_set(name)["signal"])
    for key in ("left", "right"):
        content[key] = Turning(**content[key])
    friction = {
        (str(place), str(level)): tuple(zip(UNMOTORISED, values, strict=True))
        for place, rows in content.pop("friction", {}).items()
        for level, values in rows.items()
    }
    return SignalTables(**_as_points(content), friction=friction)


@cache
def link_tables(name: str = PKJI) -> LinkTables:
    """Links of one set; `KeyError` when there is none of this name."""
    content: dict[str, Any] = dict(_set(name)["link"])
    friction = {
        (str(road), str(margin), str(grade)): tuple(zip(MARGINS_M, values, strict=True))
        for road, margins in content.pop("friction", {}).items()
        for margin, rows in margins.items()
        for grade, values in rows.items()
    }
    return LinkTables(**_as_points(content), friction=friction)


def _set(name: str) -> dict[str, Any]:
    for one in read("capacity.yaml")["sets"]:
        if one["name"] == name:
            found: dict[str, Any] = one
            return found
    raise KeyError(name)


def _as_points(content: dict[str, Any]) -> dict[str, Any]:
    """The same with its lists of [x, y] as `Points`."""
    lists = {key: value for key, value in content.items() if isinstance(value, list)}
    return content | {key: tuple((float(x), float(y)) for x, y in rows) for key, rows in lists.items()}
