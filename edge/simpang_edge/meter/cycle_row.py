"""What is said of one signal cycle: pure, from its span and what happened in it (domain reference, §1 and §4)."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from ..data import Cycle, Quality
from .crossings import Crossing
from .layout import Cell
from .memory import Memory, QueueSample
from .trips import FASTER, trip

LOST_START_S: Final = 4.0
MIN_SATURATION_N: Final = 5
MIN_SATURATION_S: Final = 4.0
PERSISTS_S: Final = 4.0
"""A queue whose vehicles cross farther apart than this has been served."""

SPLIT_RATIO: Final = 0.8
SPLIT_RED_S: Final = 5.0

DISCHARGE: Final = "discharge"
SIGNAL_HEAD: Final = "signal_head"

DRIVERS_S: Final = 0.7
"""[ours] Drivers are later than their signal: the first one stands for about this long after green begins, and the last
one crosses about as long after it ended, in yellow, also when nobody came close behind."""

END_FROM_LAST_S: Final = (-1.8, 1.2)
"""[measured] Green ends between these, from the last crossing, in nine of ten cycles: the last vehicle crosses 0.3 s
after it, 0.9 s more or less (1 sigma; 40 cycles, docs/accuracy.md)."""

START_EITHER_S: Final = 0.4
"""[measured] The first of a queue moves 0.7 s after green begins, 0.2 s more or less, and is looked at 8 times a
second."""

PROJECTED_S: Final = 0.3
"""Where the lamps tell, only the projection of a vehicle to the line is left: half a second at 90 % and 50 m."""

BRAKES_S: Final = 5.0
"""Who counts as queued has stood for 2 s, and braked for the light for 3 s before (from 35 km/h at 3 m/s²)."""

GREEN_UNSEEN: Final = "green_end_unseen"
TWO_CYCLES: Final = "maybe_two_cycles"
BEYOND: Final = "queue_beyond_view"
GREEN_BOUND: Final = "green_lower_bound"


@dataclass(frozen=True, slots=True)
class Span:
    """One cycle. green_end_s: None where it cannot be told. shown: whether that was seen to be the end of green.
    red_s: begin of red, where it was seen. double: whether another green may have begun within it."""

    start_s: float
    end_s: float
    green_end_s: float | None
    shown: bool
    red_s: float | None
    method: str
    confidence: float
    double: bool = False


def cycle_row(
    approach: str,
    cell: Cell,
    span: Span,
    memory: Memory,
    smp: Callable[[Crossing], float],
    plan: tuple[int, float | None],
    intergreen_s: float | None,
) -> Cycle:
    """The row of a cycle. plan: its number, and the usual green of that plan."""
    start_s, end_s = span.start_s, span.end_s
    samples, crossed = memory.samples(start_s, end_s), memory.crossed(start_s, end_s)
    beyond = any(s.beyond for s in samples) if samples else None
    way = trip(crossed, cell)
    saturated = _saturated(span, samples, crossed)
    figures: dict[str, Any] = {
        **_lights(span),
        **_queue(span, samples, memory.before(start_s)),
        **_saturation(crossed, start_s, smp),
        **_arrivals(span, memory, cell, plan[1], bool(beyond)),
        **_split(span, memory),
    }
    observed_s = min(end_s - start_s, float(len(samples)))
    return Cycle(
        from_s=start_s,
        to_s=end_s,
        approach=approach,
        quality=Quality(
            observed_s, min(1.0, observed_s / (end_s - start_s)), _flags(span, bool(beyond), saturated, way.faster)
        ),
        method=span.method,
        confidence=span.confidence * _shown_share(span, crossed, saturated),
        plan=plan[0],
        intergreen_s=intergreen_s,
        discharged=len(crossed),
        discharged_smp=sum(smp(c) for c in crossed),
        saturated=saturated,
        queue_beyond_view=beyond,
        control_delay_s=way.control_delay_s,
        stopped_delay_s=way.stopped_delay_s,
        stops_per_vehicle=way.stops_per_vehicle,
        delay_n=way.n,
        **figures,
    )


def _flags(span: Span, beyond: bool, saturated: bool | None, faster: bool) -> tuple[str, ...]:
    bound = span.method == DISCHARGE and saturated is False
    told = (
        (GREEN_UNSEEN, not span.shown), (TWO_CYCLES, span.double), (BEYOND, beyond), (GREEN_BOUND, bound),
        (FASTER, faster),
    )  # fmt: skip
    return tuple(flag for flag, holds in told if holds)


def _lights(span: Span) -> dict[str, Any]:
    if span.green_end_s is None or not span.shown:
        return {}
    red_s = None if span.red_s is None else span.end_s - span.red_s
    return {"green_s": span.green_end_s - span.start_s, "red_s": red_s}


def _queue(span: Span, samples: list[QueueSample], at_green: QueueSample | None) -> dict[str, Any]:
    """Queue at the start of green, residual queue at its end, maximum back of queue."""
    end_s = span.green_end_s
    residual = None if end_s is None else next((s for s in samples if s.time_s >= end_s), None)
    return {
        "queue_at_green_vehicles": at_green.vehicles if at_green else None,
        "queue_at_green_m": at_green.tail_m if at_green else None,
        "queue_at_green_smp": at_green.smp if at_green else None,
        "residual_queue_vehicles": residual.waiting if residual else None,
        "queue_max_m": max((s.tail_m for s in samples), default=None),
    }


def _saturation(crossed: list[Crossing], start_s: float, smp: Callable[[Crossing], float]) -> dict[str, Any]:
    """Discharge of the whole approach while its queue persists, after the first 4 s: vehicles and smp a second (§4).

    From the first of those vehicles to the last, at most 4 s apart; the first one is not counted, its headway lies
    before. Unknown for fewer than 5 vehicles or less than 4 s.
    """
    queued = _persisting(_after_start(crossed, start_s))
    span_s = queued[-1].time_s - queued[0].time_s if queued else 0.0
    if len(queued) < MIN_SATURATION_N or span_s < MIN_SATURATION_S:
        return {}
    return {
        "saturation_flow_vps": (len(queued) - 1) / span_s,
        "saturation_flow_smps": sum(smp(c) for c in queued[1:]) / span_s,
    }


def _saturated(span: Span, samples: list[QueueSample], crossed: list[Crossing]) -> bool | None:
    """Whether the queue discharged to the end of green and did not clear: then the whole green was used."""
    if span.green_end_s is None or not span.shown:
        return None
    closed_s = max(span.green_end_s, span.red_s or span.green_end_s)
    left = next((s.waiting for s in samples if s.time_s >= closed_s), 0)
    return left > 0 and _dry_s(span, crossed) >= span.green_end_s - PERSISTS_S


def _dry_s(span: Span, crossed: list[Crossing]) -> float:
    """When the last of the queue crossed before one came late; the start of green where none did."""
    queued = _persisting(_after_start(crossed, span.start_s))
    return queued[-1].time_s if queued else span.start_s


def _shown_share(span: Span, crossed: list[Crossing], saturated: bool | None) -> float:
    """What a green by discharge leaves of the confidence: the share of it in which the queue crossed. After that the
    end of green shows only by who came next."""
    if span.method != DISCHARGE or saturated is not False or span.green_end_s is None:
        return 1.0
    return min(1.0, (_dry_s(span, crossed) - span.start_s) / max(span.green_end_s - span.start_s, 1e-9))


def _after_start(crossed: list[Crossing], start_s: float) -> list[Crossing]:
    """Those of the queue that crossed when the start of green was over."""
    return [c for c in crossed if c.was_queued and c.time_s >= start_s + LOST_START_S]


def _persisting(queued: list[Crossing]) -> list[Crossing]:
    """The first of them, by time, until one comes late."""
    ordered = sorted(queued, key=lambda c: c.time_s)
    late = next((i for i, (a, b) in enumerate(pairwise(ordered), 1) if b.time_s - a.time_s > PERSISTS_S), None)
    return ordered[:late]


def _arrivals(span: Span, memory: Memory, cell: Cell, usual_green_s: float | None, beyond: bool) -> dict[str, Any]:
    """Vehicles that arrived in the cycle, and the share of them on green (HCM 7: P, proportion arriving on green).

    A vehicle arrives when it would be at the stop line at free-flow speed. Where the end of green was not seen, the
    plan's usual green is taken. Unknown where the queue reaches beyond the view: who joins it there arrived earlier.
    """
    if cell.reference_mps is None or beyond:
        return {}
    arrived = memory.arrived(span.start_s, span.end_s)
    end_s = span.green_end_s if span.shown else None
    if end_s is None and usual_green_s is not None:
        end_s = span.start_s + usual_green_s
    times_s = [a.time_s for a in arrived]
    if not times_s or end_s is None:
        return {"arrivals": len(times_s)}
    stood_s = next((s.time_s for s in memory.samples(end_s, span.end_s) if s.vehicles), end_s)
    least, likely, most = (_green(times_s, *red) for red in _red(span, end_s, stood_s - BRAKES_S))
    return {
        "arrivals": len(times_s),
        "arrivals_on_green_ratio": likely / len(times_s),
        "arrivals_on_green_margin_ratio": _margin(len(times_s), likely, max(likely - least, most - likely)),
    }


def _red(span: Span, end_s: float, proof_s: float) -> tuple[tuple[float, float], ...]:
    """From when to when green was not lit: at the longest, probably, and at the shortest, each (from, to).

    By discharge green ends about the last crossing; where nobody came close behind it may have lasted until `proof_s`,
    when the first who stopped began to brake.
    """
    if span.method != DISCHARGE:
        early_s, late_s = end_s - PROJECTED_S, end_s + PROJECTED_S
        return (early_s, span.end_s), (end_s, span.end_s), (late_s, span.end_s)
    early_s, late_s = (end_s + by_s for by_s in END_FROM_LAST_S)
    again_s = span.end_s - DRIVERS_S
    return (
        (early_s, again_s + START_EITHER_S),
        (end_s - DRIVERS_S, again_s),
        (max(late_s, proof_s), again_s - START_EITHER_S),
    )


def _green(times_s: list[float], red_s: float, again_s: float) -> int:
    """How many of the arrivals came while green was lit."""
    return sum(time_s < red_s or time_s >= again_s for time_s in times_s)


def _margin(n: int, green: int, doubtful: int) -> float:
    """Half of the interval that holds the share in nine of ten cycles: by those that came while the light may have
    changed, and by one vehicle that was not told, or told twice."""
    share = green / n
    return math.hypot(doubtful / n, max(share, 1 - share) / (n + 1))


def _split(span: Span, memory: Memory) -> dict[str, Any]:
    """Split failure (§4): the zone at the stop line covered for 80 % of green and for 80 % of the first 5 s of red.

    Told of the lane that is covered most in both; its occupancies are published.
    """
    if span.green_end_s is None or not span.shown or span.red_s is None:
        return {}
    green = memory.bar_share(span.start_s, span.green_end_s)
    red = memory.bar_share(span.red_s, min(span.red_s + SPLIT_RED_S, span.end_s))
    if not green or len(green) != len(red):
        return {}
    worst = max(zip(green, red, strict=True), key=lambda pair: (min(pair), pair[0]))
    return {
        "occupancy_green_ratio": worst[0],
        "occupancy_red_ratio": worst[1],
        "split_fail": min(worst) >= SPLIT_RATIO,
    }
