"""Reads the data files beside this module; nothing here measures."""

import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, Final, Literal

import yaml

Control = Literal["signal", "unsignalised", "link"]
Road = Literal["divided", "undivided", "one_way"]
PKJI: Final = "PKJI2023"
"""The set that is used where a site names no other."""

CLASSES = ("SM", "MP", "KS", "BB", "TB", "KTB")


@dataclass(frozen=True, slots=True)
class ClassRules:
    """PKJI class by kind and length: for each kind the class of an unmeasured one, and bounds with their classes."""

    version: str
    unknown: dict[str, str]
    lengths: dict[str, tuple[tuple[float, str], ...]]

    def of(self, kind: str, length_m: float | None) -> str | None:
        """Class of one vehicle; None for what is no vehicle (a person)."""
        if kind not in self.unknown:
            return None
        if length_m is None:
            return self.unknown[kind]
        return next(name for below_m, name in self.lengths[kind] if length_m < below_m)


@dataclass(frozen=True, slots=True)
class EmpSet:
    """smp per vehicle, by PKJI class in the order of `CLASSES`. reason: why the site chose it; None: the rule did."""

    name: str
    source: str
    smp: tuple[float, ...]
    reason: str | None = None

    @classmethod
    def of(cls, name: str, source: str, weights: dict[str, float], reason: str | None = None) -> "EmpSet":
        """From the three urban classes: BB and TB count as KS, KTB is not converted (PKJI 2023)."""
        sm, mp, ks = (float(weights[key]) for key in ("SM", "MP", "KS"))
        return cls(name, source, (sm, mp, ks, ks, ks, 0.0), reason)

    @property
    def label(self) -> str:
        """The name as it is published."""
        return chosen(self.name, self.reason)


def chosen(name: str, reason: str | None) -> str:
    """The name of a standard as it is published: with the site's reason where the site chose it."""
    return name if reason is None else f"{name} (site: {reason})"


@dataclass(frozen=True, slots=True)
class LosTable:
    """Letters with their bounds, A first."""

    name: str
    source: str
    bounds: tuple[tuple[str, float], ...]
    closed: bool = False
    last_closed: bool = False
    over_capacity_is_f: bool = False

    def by_delay(self, delay_s: float, dj: float | None = None) -> str:
        """Letter of a delay in seconds per vehicle."""
        if self.over_capacity_is_f and dj is not None and dj > 1:
            return "F"
        for letter, bound in self.bounds:
            closed = self.closed or (self.last_closed and letter == "E")
            if delay_s < bound or (closed and delay_s == bound):
                return letter
        return "F"

    def by_speed_share(self, share: float, dj: float | None = None) -> str:
        """Letter of a speed over the free-flow speed."""
        if self.over_capacity_is_f and dj is not None and dj > 1:
            return "F"
        return next((letter for letter, bound in self.bounds if share > bound), "F")


def interpolate(table: tuple[tuple[float, float], ...], x: float) -> float:
    """Linear between the points of a table, level beyond them."""
    for (low, first), (high, last) in pairwise(table):
        if x < high:
            return first + max(0.0, x - low) * (last - first) / (high - low)
    return table[-1][1]


@cache
def class_rules() -> ClassRules:
    """The rules of `classes.yaml`."""
    content = read("classes.yaml")
    kinds: dict[str, Any] = content["kinds"]
    lengths = {
        kind: tuple((float(rule.get("below_m", math.inf)), str(rule["class"])) for rule in entry["lengths"])
        for kind, entry in kinds.items()
    }
    return ClassRules(str(content["version"]), {kind: str(entry["unknown"]) for kind, entry in kinds.items()}, lengths)


def emp_names() -> tuple[str, ...]:
    """Names of all sets."""
    return tuple(str(entry["name"]) for entry in read("emp.yaml")["sets"])


def emp_set(name: str, reason: str | None = None) -> EmpSet:
    """One set by its name, reason: why the site chose it; `KeyError` when there is none."""
    for entry in read("emp.yaml")["sets"]:
        if entry["name"] == name:
            return EmpSet.of(name, str(entry["source"]), entry, reason)
    raise KeyError(name)


def emp_choice(
    control: Control,
    phase: str,
    road: Road,
    width_m: float | None,
    lanes: int,
    flow_vph: float | None,
    manual: str = PKJI,
) -> EmpSet:
    """The set that a manual names for an approach and its flow (below the bound where the flow is unknown); PKJI 2023's
    where it names none."""
    content = read("emp.yaml")
    wanted = _choice(control, phase, road, width_m, lanes, content["narrow_up_to_m"])
    rule = (content["choice"][PKJI] | content["choice"][manual])[wanted]
    from_vph = rule.get("from_vph")
    if "from_vph_per_lane" in rule:
        from_vph = lanes * rule["from_vph_per_lane" if lanes <= 2 else "from_vph_per_lane_wide"]
    busy = from_vph is not None and flow_vph is not None and flow_vph >= from_vph
    return emp_set(rule["busy" if busy else "quiet"])


def _choice(control: Control, phase: str, road: Road, width_m: float | None, lanes: int, narrow_up_to_m: float) -> str:
    if control == "signal":
        return f"signal_{phase}"
    if control == "unsignalised":
        return "unsignalised"
    if road != "undivided":
        return "divided"
    if lanes > 1:
        return "undivided_lanes"
    return "undivided_narrow" if width_m is not None and width_m <= narrow_up_to_m else "undivided_wide"


def los_names(kind: Literal["delay", "speed_share"]) -> tuple[str, ...]:
    """Names of the tables of one kind."""
    return tuple(str(entry["name"]) for entry in read("los.yaml")[kind])


def delay_los(name: str) -> LosTable:
    """A table by delay; `KeyError` when there is none of this name."""
    return _los("delay", name)


def speed_los(name: str) -> LosTable:
    """A table by speed share; `KeyError` when there is none of this name."""
    return _los("speed_share", name)


def _los(kind: str, name: str) -> LosTable:
    for entry in read("los.yaml")[kind]:
        if entry["name"] == name:
            bounds = tuple((letter, float(bound)) for letter, bound in entry["bounds"].items())
            flags = {key: bool(entry.get(key, False)) for key in ("closed", "last_closed", "over_capacity_is_f")}
            return LosTable(name, str(entry["source"]), bounds, **flags)
    raise KeyError(name)


@cache
def read(name: str) -> dict[str, Any]:
    """A data file beside this module, read once."""
    content: dict[str, Any] = yaml.safe_load(files(__package__).joinpath(name).read_text(encoding="utf-8"))
    return content
