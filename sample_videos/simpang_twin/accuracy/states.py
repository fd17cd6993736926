"""Figures of the congestion state: the edge's own rules fed with true quantities say what it should have been."""

from typing import Final

from simpang_edge.config import StateRules
from simpang_edge.data import KINDS, Cycle, Measurement, Quality, Scope, State
from simpang_edge.message import FlowRow
from simpang_edge.meter.state import Judge

from .. import truth_cycles, truth_windows
from .figures import BASE_S, Figure, Sight
from .measures import share

LEAST_SEEN_S: Final = 45.0
"""A minute seen for less is not judged: measured and true quantities are of few vehicles then."""

WORSE: Final = (State.CONGESTED.value, State.JAMMED.value)


def figures(sight: Sight) -> list[Figure]:
    """Share of minutes in which the published state is the true one, and seconds from true to published congestion."""
    judged = states(sight)
    return [
        Figure("state.minutes", len(judged)),
        Figure("state.agreement", share([row.x.state == true for row, true in judged])),
        Figure("state.delay_s", _delay_s(judged)),
    ]


def states(sight: Sight) -> list[tuple[FlowRow, str]]:
    """Every 60 s row that was seen for at least 45 s, with its true state."""
    if sight.traffic is None:
        return []
    judge = Judge(StateRules())
    fed_s, cycles = 0.0, [cycle for cycle in truth_cycles.cycles(sight.traffic) if cycle.to_s is not None]
    out = []
    for row in sight.rows(BASE_S):
        begin_s, end_s = sight.span(row)
        for sample in sight.truth.samples((fed_s, end_s)):
            if sight.clip.shows(sample.time_s):
                judge.second(sample.time_s, min(1.0, sample.tail_m / sight.truth.length_m))
        for cycle in [c for c in cycles if fed_s < (c.to_s or 0.0) <= end_s]:
            judge.cycle(_cycle(sight, cycle))
        fed_s = end_s
        true = judge.window(_window(sight, row, (begin_s, end_s))).state
        if true is not State.UNKNOWN and sight.clip.seen_s((begin_s, end_s)) >= LEAST_SEEN_S:
            out.append((row, true.value))
    return out


def _window(sight: Sight, row: FlowRow, span: tuple[float, float]) -> Measurement:
    """A row of true quantities, as the rules take it. Times are seconds of the clip."""
    assert sight.traffic is not None, "asked only with a truth"
    own = truth_windows.window(sight.traffic, *span, blind=sight.clip.lost)
    speed, seen_s = own.speed_space_mean_mps, sight.clip.seen_s(span)
    return Measurement(
        from_s=span[0],
        to_s=span[0] + row.x.window_s,
        scope=Scope.APPROACH,
        approach=sight.truth.approach,
        quality=Quality(seen_s, seen_s / row.x.window_s),
        counts=tuple(own.counts.get(kind, 0) for kind in KINDS),
        speed_space_mean_mps=speed,
        speed_ratio=None if speed is None else speed / sight.traffic.speed_limit_mps,
        area_occupancy_ratio=own.area_occupancy_ratio,
        queue_max_m=own.queue_seen_max_m,
    )


def _cycle(sight: Sight, cycle: truth_cycles.Cycle) -> Cycle:
    to_s = cycle.to_s or 0.0
    return Cycle(
        from_s=cycle.from_s,
        to_s=to_s,
        approach=sight.truth.approach,
        quality=Quality(to_s - cycle.from_s, 1.0),
        method="truth",
        confidence=1.0,
        green_s=cycle.green_s,
        residual_queue_vehicles=cycle.residual_queue_vehicles,
        queue_max_m=cycle.queue_max_m,
    )


def _delay_s(judged: list[tuple[FlowRow, str]]) -> float | None:
    """From the first minute that truly is congested to the first that is published so; None without one of them."""
    true = next((row for row, state in judged if state in WORSE), None)
    found = next((row for row, _ in judged if row.x.state in WORSE), None)
    if true is None or found is None:
        return None
    return (found.date_observed_from - true.date_observed_from).total_seconds()
