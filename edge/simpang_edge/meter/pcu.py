"""PKJI classes of vehicles, and passenger-car units by the EMP set of their approach (domain reference, section 2)."""

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np

from .. import standards
from ..config import Approach, Camera, Standards
from ..data import KINDS, PKJI_CLASSES, FloatArray
from ..standards import EmpSet
from .crossings import Crossing
from .fleet import Rows

URBAN: Final = ("SM", "MP", "KS", "KS", "KS", None)
"""What each of `PKJI_CLASSES` counts as in urban analysis (domain reference, section 2); KTB is no traffic flow."""

HEAVY: Final = tuple(PKJI_CLASSES.index(name) for name in ("KS", "BB", "TB"))


class Sized(Protocol):
    """What has a kind and a length: a crossing of a stop line, a passage of a gate."""

    @property
    def kind(self) -> int:
        """Index in `KINDS`."""

    @property
    def length_m(self) -> float:
        """Length, metres."""

    @property
    def length_known(self) -> bool:
        """Whether it was measured."""


class Pcu:
    """Classes by kind and length, and the EMP set of each approach of a camera."""

    def __init__(self, camera: Camera, site: Standards) -> None:
        self._approaches = camera.approaches
        self._site = _site_set(site)
        self._manual = site.capacity
        rules = standards.class_rules()
        self.rules = rules.version
        self._code = tuple(_codes(rules, kind) for kind in KINDS)
        self._smp: FloatArray = np.array([self.emp(i).smp for i in range(len(camera.approaches))]).reshape(-1, 6)

    def emp(self, approach: int, flow_vps: float | None = None) -> EmpSet:
        """The EMP set of an approach: the site's, else its manual's for its control and flow."""
        if self._site is not None:
            return self._site
        one: Approach = self._approaches[approach]
        flow_vph = None if flow_vps is None else flow_vps * 3600
        width_m, lanes = one.carriageway_width_m, len(one.lanes)
        return standards.emp_choice(one.control, one.phase, one.road, width_m, lanes, flow_vph, self._manual)

    def code(self, kind: int, length_m: float, known: bool) -> int:
        """Index in `PKJI_CLASSES`, -1 for what is no vehicle."""
        unknown, bounds = self._code[kind]
        if not known:
            return unknown
        return next((code for below_m, code in bounds if length_m < below_m), unknown)

    def assumes(self, crossing: Crossing) -> bool:
        """Whether the class of this vehicle depends on its length and that is not known."""
        return not crossing.length_known and len(self._code[crossing.kind][1]) > 1

    def counts(self, crossings: Sequence[Sized]) -> tuple[int, ...]:
        """Vehicles by PKJI class."""
        codes = [self.code(c.kind, c.length_m, c.length_known) for c in crossings]
        return tuple(codes.count(i) for i in range(len(PKJI_CLASSES)))

    def urban(self, crossing: Crossing) -> str | None:
        """SM, MP or KS of a motor vehicle, None for all else."""
        code = self.code(crossing.kind, crossing.length_m, crossing.length_known)
        return URBAN[code] if code >= 0 else None

    def crossing(self, crossing: Crossing) -> float:
        """smp of one vehicle over the line."""
        return float(
            self._smp_of(crossing.approach, self.code(crossing.kind, crossing.length_m, crossing.length_known))
        )

    def rows(self, rows: Rows) -> FloatArray:
        """smp of vehicles (n,) of a fleet, (n,)."""
        values = zip(
            rows["approach"].tolist(),
            rows["kind"].tolist(),
            rows["length_m"].tolist(),
            (rows["lengths"] > 0).tolist(),
            strict=True,
        )
        return np.array([self._smp_of(a, self.code(kind, m, known)) for a, kind, m, known in values], np.float64)

    def _smp_of(self, approach: int, code: int) -> float:
        return float(self._smp[approach, code]) if code >= 0 else 0.0


def heavy_ratio(counts: Sequence[int]) -> float | None:
    """Share of KS, BB and TB among the motor vehicles; None where there were none."""
    motor = sum(counts[: len(PKJI_CLASSES) - 1])
    return sum(counts[i] for i in HEAVY) / motor if motor else None


def smp(counts: Sequence[int], emp: EmpSet) -> float:
    """Passenger-car units of counts by PKJI class: sum of N times EMP (domain reference, section 1)."""
    return sum(n * weight for n, weight in zip(counts, emp.smp, strict=True))


def _site_set(site: Standards) -> EmpSet | None:
    if site.emp_values is not None:
        return EmpSet.of("own", "the site", {str(k): v for k, v in site.emp_values.items()}, site.emp_reason)
    return None if site.emp is None else standards.emp_set(site.emp, site.emp_reason)


def _codes(rules: standards.ClassRules, kind: str) -> tuple[int, tuple[tuple[float, int], ...]]:
    """Class of a kind whose length is not known, and its bounds with their classes."""
    if kind not in rules.unknown:
        return -1, ()
    bounds = tuple((below_m, PKJI_CLASSES.index(name)) for below_m, name in rules.lengths[kind])
    return PKJI_CLASSES.index(rules.unknown[kind]), bounds
