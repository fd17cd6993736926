"""Queue, stops and delay of a quarter hour by the formulas of PKJI 2023, chapter 5, beside what was measured (MKJI
1997, chapter 2, has the same ones).

Only where every input is known: a capacity and a demand that are no lower bounds, whole cycles with their green. Else
nothing, and the reason.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from .. import standards
from ..config import Turn
from ..data import Measurement, Modelled, Scope
from ..standards import signal as by_formula
from ..standards.signal import SignalApproach
from .cycle_row import GREEN_BOUND
from .green import Green
from .service import CAPACITY_BOUND, DEMAND_BOUND, DOUBTED, NO_CYCLE, NO_SIGNAL

MODEL_FROM_S: Final = 900.0
"""Shorter windows have too few cycles for a mean over them."""

MIN_TRACED: Final = 0.8
"""Of so many of the crossings the movement must be known before their turning share stands for all. [ours]"""

NO_CAPACITY: Final = "no_capacity"
NO_WIDTH: Final = "no_entry_width"
NO_TURNS: Final = "no_turn_share"
BLOCKED: Final = "downstream_blocks"
BEYOND: Final = "beyond_formula"
OTHER_MANUAL: Final = "other_manual"


def turning(table: Iterable[Measurement], turns: Mapping[str, Turn]) -> dict[str, float]:
    """PB of each approach: smp that turn / smp of all movements, of those vehicles that were traced (PKJI 2023, ch. 5).

    table: the rows of a window with their smp. turns: by the movement's id. An approach of which too few were traced,
    or none came, is not in it.
    """
    traced = [(row, row.flow_smps) for row in table if row.scope is Scope.MOVEMENT and row.flow_smps is not None]
    traced = [(row, smps) for row, smps in traced if (row.traced_ratio or 0.0) >= MIN_TRACED]
    total, turned = dict.fromkeys((row.approach for row, _ in traced), 0.0), dict[str, float]()
    for row, smps in traced:
        total[row.approach] += smps
        if turns[row.movement or ""] != "through":
            turned[row.approach] = turned.get(row.approach, 0.0) + smps
    return {approach: turned.get(approach, 0.0) / smps for approach, smps in total.items() if smps > 0}


def modelled(
    row: Measurement,
    green: Green | None,
    width_m: float | None,
    turn_ratio: float | None,
    blocked: bool,
    manual: str = standards.PKJI,
) -> Modelled:
    """The model's figures of an approach's row that has its capacity and degree of saturation.

    green: of the window's cycles. width_m: of the entry, LM. turn_ratio: PB. blocked: whether a queue from downstream
    stood in the window; the formulas know none. manual: whose factors and smp the capacity is of; PKJI 2023 and MKJI
    1997 have these formulas, HCM 2010 others.
    """
    tables = standards.signal_tables(manual)
    name = f"{tables.name} formula"
    found = _inputs(row, green, width_m, turn_ratio, blocked) if tables.queue_formulas else OTHER_MANUAL
    if isinstance(found, str):
        return Modelled(standard=name, missing=found)
    stops = by_formula.stop_ratio(found)
    turns_known = turn_ratio is not None or stops >= 1.0  # where all stop, who turns is not slower: TG = 4 s
    return Modelled(
        standard=name,
        missing=None if turns_known else NO_TURNS,
        residual_smp=by_formula.residual_queue_smp(found),
        red_smp=by_formula.red_queue_smp(found),
        queue_smp=by_formula.queue_smp(found),
        queue_m=by_formula.queue_m(found),
        stops_per_smp=stops,
        traffic_delay_s=by_formula.traffic_delay_s(found),
        geometric_delay_s=by_formula.geometric_delay_s(found) if turns_known else None,
        delay_s=by_formula.delay_s(found) if turns_known else None,
    )


def _inputs(
    row: Measurement, green: Green | None, width_m: float | None, turn_ratio: float | None, blocked: bool
) -> SignalApproach | str:
    """What the formulas take, or why there is none."""
    told = next((flag for flag in (NO_SIGNAL, NO_CYCLE, CAPACITY_BOUND, DEMAND_BOUND, DOUBTED)
                 if flag in row.quality.flags), None)  # fmt: skip
    if told is not None or blocked:
        return told or BLOCKED
    if row.capacity_smps is None or row.dj is None:
        return NO_CAPACITY
    if green is None or green.at_least or row.cycle_s is None:
        return GREEN_BOUND
    if width_m is None:
        return NO_WIDTH
    if not 0 < green.share_ratio < 1 or green.share_ratio * row.dj >= 1:
        return BEYOND
    return SignalApproach(row.capacity_smps, row.dj, row.cycle_s, green.share_ratio, width_m, turn_ratio or 0.0)
