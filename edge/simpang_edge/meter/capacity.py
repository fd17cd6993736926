"""Capacity of an approach by the factors of a manual (`standards/capacity.yaml`), smp per second.

The parts that measurement can tell (saturation flow, discharge) are in `service`; this fills what it cannot.
"""

from dataclasses import dataclass
from typing import Final

from .. import standards
from ..config import Approach, Standards
from ..standards.capacity import LinkTables, SignalTables, factor, known_city, step

S_PER_H: Final = 3600.0

PARKED_S_PER_M: Final = 1.0 / 3.0
"""A metre of kerb lane before the first parked vehicle feeds a third of a second of green (MKJI 1997, chapter 2)."""

KERB_LANE_M: Final = 2.0


@dataclass(frozen=True, slots=True)
class Capacity:
    """smp a second by a standard. at_least: a lower bound."""

    smps: float
    standard: str
    at_least: bool = False


def signal_name(site: Standards, how: str, own: str | None = None) -> str:
    """The manual's chapter of signals and the method, with the site's reasons; own: for a factor of its own."""
    return _named(standards.signal_tables(site.capacity).name, how, site, own)


def _named(name: str, how: str, site: Standards, own: str | None) -> str:
    reasons = [reason for reason in (site.capacity_reason, own) if reason is not None]
    return standards.chosen(f"{name} {how}", "; ".join(reasons) or None)


def saturation(one: Approach, site: Standards, width_m: float, green_s: float) -> Capacity | None:
    """J, smp per second of green; None for an opposed phase, whose base the manuals give as diagrams.

    PKJI 2023, ch. 5: J = 600 LE F_HS F_UK F_G F_P F_BKi F_BKa; MKJI 1997, ch. 2, the same; HCM 2010, ch. 18: s = s0 N
    f_w f_g f_a f_LT f_RT. width_m: of the entry. green_s: for F_P. The site's own factor stands for all of theirs.
    """
    if one.phase != "protected":
        return None
    tables = standards.signal_tables(site.capacity)
    smps = tables.base_smph(width_m, len(one.lanes), site.city_million) / S_PER_H
    if one.saturation_factor is not None:
        return Capacity(smps * one.saturation_factor, signal_name(site, "formula J", one.factor_reason))
    smps *= _signal_factors(one, tables, site.city_million, width_m, green_s)
    return Capacity(smps, signal_name(site, "formula J"))


def _signal_factors(
    one: Approach, tables: SignalTables, city_million: float | None, width_m: float, green_s: float
) -> float:
    side = one.roadside
    without_median = one.road == "undivided" or not tables.right_without_median_only
    product = tables.side_friction(side.environment, side.side_friction, side.unmotorised_ratio)
    product *= step(tables.city, known_city(city_million)) * tables.grade(side.grade_pct)
    product *= tables.central if side.environment == "central" else 1.0
    product *= tables.left.factor(side.left_ratio)
    product *= tables.right.factor(side.right_ratio if without_median else 0.0)
    parked = side.parking_m is not None and tables.parking
    return product * (parking_factor(side.parking_m or 0.0, width_m, green_s) if parked else 1.0)


def parking_factor(parking_m: float, width_m: float, green_s: float) -> float:
    """F_P = [LP/3 - (LA - 2) (LP/3 - g) / LA] / g, at most 1 (MKJI 1997, chapter 2; PKJI 2023, chapter 5).

    parking_m: LP, stop line to the first parked vehicle. width_m: LA. green_s: g. Until LP/3 s the whole width
    discharges, after it that without the 2 m of the kerb lane.
    """
    fed_s = parking_m * PARKED_S_PER_M
    if fed_s >= green_s:
        return 1.0
    return (fed_s - (width_m - KERB_LANE_M) * (fed_s - green_s) / width_m) / green_s


def link(one: Approach, site: Standards, width_m: float | None) -> Capacity | None:
    """C = C0 FC_LJ FC_PA FC_HS FC_UK (PKJI 2023, ch. 4; MKJI 1997, ch. 5); HCM 2010: C0 by free-flow speed alone.

    Of both directions on an undivided road. None without the width, or the free-flow speed where the manual asks it.
    """
    tables = standards.link_tables(site.capacity)
    base = _undivided(one, tables) if one.road == "undivided" else _divided(one, tables, width_m)
    if base is None:
        return None
    smps = base * _friction(one, tables) * step(tables.city, known_city(site.city_million)) / S_PER_H
    own = None if one.side_friction_factor is None else one.factor_reason
    return Capacity(smps, _named(tables.name, "formula", site, own))


def _divided(one: Approach, tables: LinkTables, width_m: float | None) -> float | None:
    """Lanes of this direction: C0 a lane by its width (entry width over the lanes)."""
    lane_smph = _lane_smph(one, tables.lane_smph)
    if width_m is None or lane_smph is None:
        return None
    lanes = len(one.lanes)
    return lane_smph * lanes * factor(tables.lane_width, width_m / lanes)


def _undivided(one: Approach, tables: LinkTables) -> float | None:
    """Both directions together; with two lanes and more each way by lane, where the manual has such roads."""
    if one.carriageway_width_m is None:
        return None
    if len(one.lanes) == 1 or not tables.undivided_lane_smph:
        split = factor(tables.direction_share, one.direction_share)
        return tables.undivided_smph * factor(tables.undivided_width, one.carriageway_width_m) * split
    lanes, lane_smph = 2 * len(one.lanes), _lane_smph(one, tables.undivided_lane_smph)
    if lane_smph is None:
        return None
    width = factor(tables.undivided_lane_width, one.carriageway_width_m / lanes)
    return lane_smph * lanes * width * factor(tables.direction_share_lanes, one.direction_share)


def _lane_smph(one: Approach, by_speed: standards.Points) -> float | None:
    if len(by_speed) == 1:
        return by_speed[0][1]
    free_flow_kmh = one.reference_kmh()
    return None if free_flow_kmh is None else factor(by_speed, free_flow_kmh)


def _friction(one: Approach, tables: LinkTables) -> float:
    """FC_HS: the site's, else by class and margin; 1 where either is not told."""
    side = one.roadside
    if one.side_friction_factor is not None:
        return one.side_friction_factor
    margin: standards.Margin = "kerb" if side.kerb_m is not None else "shoulder"
    margin_m = side.kerb_m if side.kerb_m is not None else side.shoulder_m
    if side.side_friction is None or margin_m is None:
        return 1.0
    road = "divided" if one.road == "divided" else "undivided"
    wide = one.road == "undivided" and len(one.lanes) > 1
    return tables.side_friction(road, wide, margin, margin_m, side.side_friction)
