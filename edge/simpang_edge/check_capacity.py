"""What can be found out about the capacity of approaches: what the manual's factors ask, and what none reads."""

from collections.abc import Iterator
from typing import Final

from . import standards
from .config import Approach, Box, Camera, Roadside
from .findings import Finding, warning

FOR_SIGNALS: Final = ("environment", "unmotorised_ratio", "grade_pct", "left_ratio", "right_ratio", "parking_m")
FOR_LINKS: Final = ("kerb_m", "shoulder_m")


def of_capacity(box: Box, camera: Camera) -> Iterator[Finding]:
    """Of every approach of a camera."""
    for approach in camera.approaches:
        where = f"camera {camera.id}: approach {approach.id}"
        for text in (*_units(box, approach), *_without_effect(approach), *_unknown(box, approach)):
            yield warning(f"{where}: {text}")


def _units(box: Box, approach: Approach) -> Iterator[str]:
    """A formula's capacity in one manual's smp beside a flow in another's."""
    emp, manual = box.standards.emp, box.standards.capacity
    if emp is not None and approach.control != "unsignalised" and not emp.startswith(manual):
        yield (
            f"standards.emp {emp} counts other smp than standards.capacity {manual}: DJ by formula mixes both; "
            "leave emp out, or name the capacity of the same manual"
        )


def _without_effect(approach: Approach) -> Iterator[str]:
    """What is told of the roadside and no formula of this kind of approach reads."""
    unread = {"signal": FOR_LINKS, "link": FOR_SIGNALS}.get(approach.control, (*FOR_SIGNALS, *FOR_LINKS))
    told = [f"roadside.{key}" for key in unread if _told(approach.roadside, key)]
    if told:
        yield f"{', '.join(told)}: no effect where control is {approach.control}"


def _told(side: Roadside, key: str) -> bool:
    return bool(getattr(side, key) != Roadside.model_fields[key].default)


def _unknown(box: Box, approach: Approach) -> Iterator[str]:
    """Factors and capacities that stay unknown for want of a figure."""
    side, manual = approach.roadside, box.standards.capacity
    if approach.control == "signal" and (side.environment is None) != (side.side_friction is None):
        yield "roadside.environment and side_friction give F_HS only together: it is taken as 1"
    if approach.control == "signal" and approach.phase == "opposed":
        yield f"phase opposed: {manual} has no formula for it here; capacity only from cycles that discharged a queue"
    if approach.control == "link":
        yield from _link(approach, manual)


def _link(approach: Approach, manual: str) -> Iterator[str]:
    side = approach.roadside
    margin = side.kerb_m is not None or side.shoulder_m is not None
    if margin != (side.side_friction is not None):
        yield "roadside.side_friction and kerb_m or shoulder_m give FC_HS only together: it is taken as 1"
    if approach.road == "undivided" and approach.carriageway_width_m is None:
        yield "road is undivided without carriageway_width_m: no capacity"
    tables, lanes = standards.link_tables(manual), len(approach.lanes)
    if approach.road == "undivided" and lanes > 1 and not tables.undivided_lane_smph:
        yield f"{manual} knows undivided roads of two lanes only (2/2-TT): this one is taken for one of that width"
    by_speed = len(tables.lane_smph) > 1 and (approach.road != "undivided" or lanes > 1)
    if by_speed and approach.reference_kmh() is None:
        yield f"{manual} tells the capacity of a lane by free_flow_kmh: no capacity"
