"""Demand, capacity, degree of saturation, level of service of an approach (PKJI 2023; domain reference, §2 to §5)."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import Final

from .. import standards
from ..config import Approach, Camera, Standards
from ..data import Measurement, Modelled, Scope, Sight
from .capacity import Capacity, link, saturation, signal_name
from .green import MEASURED_CYCLES, Signal, demand, discharge_smps, green, served_smps
from .pcu import Pcu, smp
from .rows import flagged
from .running import RunningFlow

NO_SIGNAL: Final = "no_signal"
NO_CYCLE: Final = "no_whole_cycle"
CAPACITY_BOUND: Final = "capacity_lower_bound"
DEMAND_BOUND: Final = "demand_lower_bound"
DOUBTED: Final = "low_score"


class Service:
    """Fills the figures of a closed window that follow from standards."""

    def __init__(self, camera: Camera, site: Standards, pcu: Pcu, sights: Sequence[Sight]) -> None:
        self._approaches = camera.approaches
        self._site = site
        self._pcu = pcu
        self._sights = sights
        self._running = RunningFlow()

    def smp(self, table: Sequence[Measurement]) -> list[Measurement]:
        """The rows with their flow in passenger-car units: q_smp = sum N EMP / T, over the observed time.

        The EMP set of an approach follows its own flow of the quarter hour that ends with the window (the tables are of
        hourly flows, and a minute of 17 or 18 vehicles is chance); its lanes and movements use the same one.
        """
        flows = {row.approach: self._running.after(row) for row in table if row.scope is Scope.APPROACH}
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
        row = self._by_signal(row, approach, signal) if one.control == "signal" else self._by_link(row, approach)
        los, los_standard = self._los(row, one, row.dj)
        return replace(row, los=los, los_standard=los_standard)

    def _by_link(self, row: Measurement, index: int) -> Measurement:
        one = self._approaches[index]
        if one.control == "unsignalised":
            return row
        capacity = link(one, self._site, self.width_m(index))
        if capacity is None:
            return row
        known = one.road != "undivided" and row.flow_smps is not None
        dj = (row.flow_smps or 0.0) / capacity.smps if known else None
        return replace(row, capacity_smps=capacity.smps, capacity_standard=capacity.standard, dj=dj)

    def _by_signal(self, row: Measurement, index: int, signal: Signal) -> Measurement:
        """DJ over the window's whole cycles. When all was served, what was served is no more than the capacity."""
        capacity, wanted = self._signal_capacity(index, signal), demand(signal)
        if capacity and wanted and wanted.cleared and wanted.smps > capacity.smps:
            capacity = replace(capacity, smps=wanted.smps, at_least=True)
        told = (
            (NO_CYCLE, wanted is None and NO_SIGNAL not in row.quality.flags),
            (CAPACITY_BOUND, capacity is not None and capacity.at_least),
            (DEMAND_BOUND, wanted is not None and wanted.at_least),
        )
        row = replace(row, quality=flagged(row.quality, *(flag for flag, holds in told if holds)))
        if capacity is None:
            return row
        dj = None if wanted is None or row.flow_smps is None else wanted.smps / capacity.smps
        return replace(row, capacity_smps=capacity.smps, capacity_standard=capacity.standard, dj=dj)

    def _signal_capacity(self, index: int, signal: Signal) -> Capacity | None:
        """What saturated cycles discharged, else C = J wH / s (PKJI 2023, chapter 5).

        None without a cycle lately: whether a signal works is not known then. Of two lower bounds the higher one: a
        cycle also served what it did.
        """
        discharged_smps = discharge_smps(signal)
        if discharged_smps is not None:
            return Capacity(discharged_smps, signal_name(self._site, "measured discharge"))
        shown = green(signal)
        base = None if shown is None else self._saturation(index, signal, shown.mean_s)
        if shown is None or base is None:
            return None
        smps = base.smps * shown.share_ratio
        return replace(base, smps=max(smps, served_smps(signal) if shown.at_least else 0.0), at_least=shown.at_least)

    def _saturation(self, index: int, signal: Signal, green_s: float) -> Capacity | None:
        """J, smp per second of green: measured in three of the latest cycles or more, else by the manual's factors."""
        one, width_m = self._approaches[index], self.width_m(index)
        measured = [c.saturation_flow_smps for c in signal.recent if c.saturation_flow_smps is not None]
        if len(measured) >= MEASURED_CYCLES:
            return Capacity(median(measured), signal_name(self._site, "measured J"))
        return None if width_m is None else saturation(one, self._site, width_m, green_s)

    @property
    def manual(self) -> str:
        """The set of capacity factors that the site uses."""
        return self._site.capacity

    def width_m(self, index: int) -> float | None:
        """Width of an approach's entry: as configured, else the length of its stop line on the road."""
        one = self._approaches[index]
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
        table = standards.delay_los(self._site.los_junction)
        return table.by_delay(row.control_delay_s, dj), standards.chosen(table.name, self._site.los_reason)


def doubted(row: Measurement, min_quality: float) -> Measurement:
    """The row without a letter, a degree of saturation and what a model makes of it, when too little of its window was
    seen, or too badly."""
    if (row.quality.score or 0.0) >= min_quality or (row.los is None and row.dj is None):
        return row
    model = None if row.modelled is None else Modelled(standard=row.modelled.standard, missing=DOUBTED)
    quality = flagged(row.quality, DOUBTED)
    return replace(row, dj=None, los=None, los_standard=None, modelled=model, quality=quality)
