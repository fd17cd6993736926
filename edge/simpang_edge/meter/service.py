"""Demand, capacity, degree of saturation, level of service of an approach (PKJI 2023; domain reference, §2 to §5)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from .. import standards
from ..config import Approach, Camera, Standards
from ..data import Cycle, Measurement, Scope, Sight
from ..standards.tables import interpolate
from .pcu import Pcu, smp

MEASURED_CYCLES: Final = 3
"""So many cycles with a measured saturation flow are needed before it replaces the formula."""

S_PER_H: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Signal:
    """What the cycles say to one window: `told` are those completed in it, `recent` the latest, `before` the last one
    completed earlier."""

    told: tuple[Cycle, ...] = ()
    recent: tuple[Cycle, ...] = ()
    before: Cycle | None = None


class Service:
    """Fills the figures of a closed window that follow from standards."""

    def __init__(self, camera: Camera, site: Standards, pcu: Pcu, sights: Sequence[Sight]) -> None:
        self._approaches = camera.approaches
        self._site = site
        self._pcu = pcu
        self._sights = sights

    def smp(self, table: Sequence[Measurement]) -> list[Measurement]:
        """The rows with their flow in passenger-car units: q_smp = sum N EMP / T, over the observed time.

        The EMP set of an approach follows its own flow; its lanes and movements use the same one.
        """
        flows = {row.approach: row.flow_vps for row in table if row.scope is Scope.APPROACH}
        sets = {one.id: self._pcu.emp(i, flows.get(one.id)) for i, one in enumerate(self._approaches)}
        done = []
        for row in table:
            if row.pkji_counts is not None and row.flow_vps is not None:
                emp = sets[row.approach]
                flow_smps = smp(row.pkji_counts, emp) / row.quality.observed_s
                row = replace(row, flow_smps=flow_smps, emp=emp.label)
            done.append(row)
        return done

    def complete(self, row: Measurement, approach: int, signal: Signal) -> Measurement:
        """The approach's row with capacity, degree of saturation and level of service, where they can be told."""
        one = self._approaches[approach]
        capacity_smps, standard = self._capacity(approach, one, signal)
        demand_smps = _demand_smps(row, signal)
        two_way = one.control == "link" and one.road == "undivided"
        dj = demand_smps / capacity_smps if capacity_smps and demand_smps is not None and not two_way else None
        los, los_standard = self._los(row, one, dj)
        return replace(
            row, capacity_smps=capacity_smps, capacity_standard=standard, dj=dj, los=los, los_standard=los_standard
        )

    def _capacity(self, index: int, one: Approach, signal: Signal) -> tuple[float | None, str | None]:
        if one.control == "link":
            return link_capacity_smps(one, self._site.city_million, self._width_m(index, one)), _link_name()
        if one.control == "unsignalised":
            return None, None
        return self._signal_capacity(index, one, signal)

    def _signal_capacity(self, index: int, one: Approach, signal: Signal) -> tuple[float | None, str | None]:
        """C = J wH / s (PKJI 2023, chapter 5): J measured in three of the latest cycles or more, else 600 LE."""
        share = _green_share(signal)
        if share is None:
            return None, None
        name = standards.signal_tables().name
        measured = [c.saturation_flow_smps for c in signal.recent if c.saturation_flow_smps is not None]
        if len(measured) >= MEASURED_CYCLES:
            return median(measured) * share, f"{name} measured J"
        width_m = self._width_m(index, one)
        if one.phase != "protected" or width_m is None:
            return None, None
        base_smps = standards.signal_tables().base_smph_per_m * width_m * one.saturation_factor / S_PER_H
        return base_smps * share, f"{name} formula J"

    def _width_m(self, index: int, one: Approach) -> float | None:
        if one.entry_width_m is not None:
            return one.entry_width_m
        return self._sights[index].width_m if index < len(self._sights) else None

    def _los(self, row: Measurement, one: Approach, dj: float | None) -> tuple[str | None, str | None]:
        """Junctions by control delay, links by speed over free-flow speed; the standard stands beside the letter."""
        if one.control == "link":
            if row.speed_ratio is None:
                return None, None
            return standards.speed_los(self._site.los_link).by_speed_share(row.speed_ratio, dj), self._site.los_link
        if row.control_delay_s is None:
            return None, None
        return standards.delay_los(self._site.los_junction).by_delay(row.control_delay_s, dj), self._site.los_junction


def link_capacity_smps(one: Approach, city_million: float | None, width_m: float | None) -> float | None:
    """C = C0 FC_LJ FC_PA FC_HS FC_UK (PKJI 2023, chapter 4), smp per second; of both directions on an undivided road.

    FC_LJ by the lane's width (entry width over the lanes), or by the whole carriageway where the road is undivided.
    """
    tables = standards.link_tables()
    common = one.side_friction_factor * tables.city(city_million) / S_PER_H
    if one.road == "undivided":
        if one.carriageway_width_m is None:
            return None
        split = interpolate(tables.direction_share, one.direction_share)
        return (
            tables.base_undivided_smph * interpolate(tables.undivided_width, one.carriageway_width_m) * split * common
        )
    if width_m is None:
        return None
    lanes = len(one.lanes)
    return tables.base_lane_smph * lanes * interpolate(tables.lane_width, width_m / lanes) * common


def _link_name() -> str:
    return f"{standards.link_tables().name} formula"


def _green_share(signal: Signal) -> float | None:
    """wH / s of the window's cycles, else of the latest; green and cycle of the same cycles."""
    for cycles in (signal.told, signal.recent):
        known = [(c.green_s, c.to_s - c.from_s) for c in cycles if c.green_s is not None]
        if known:
            return sum(green for green, _ in known) / sum(length for _, length in known)
    return None


def _demand_smps(row: Measurement, signal: Signal) -> float | None:
    """Served flow and, while a residual queue grows, what was added to it (smp a second)."""
    if row.flow_smps is None or not row.flow_vps:
        return row.flow_smps
    return max(0.0, row.flow_smps + _growth_vps(signal) * row.flow_smps / row.flow_vps)


def _growth_vps(signal: Signal) -> float:
    """Growth of the residual queue, vehicles a second, from the end of green before the window's cycles to the last
    end of green in them; 0 where no queue is left or the residual is not known at both."""
    if signal.before is None or not signal.told:
        return 0.0
    first, last = signal.before, signal.told[-1]
    if not first.residual_queue_vehicles and not last.residual_queue_vehicles:
        return 0.0
    if first.residual_queue_vehicles is None or last.residual_queue_vehicles is None:
        return 0.0
    return (last.residual_queue_vehicles - first.residual_queue_vehicles) / (last.to_s - first.to_s)
