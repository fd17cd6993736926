"""The true signal cycles of a clip, with the queue, the discharge and the arrivals of each.

    truth_cycles.cycles(truth_windows.load(path)["utara"])       # one Cycle per green that begins in the clip

Names are those of the edge's `Cycle`; definitions are domain.md §1 and §4. All functions are pure.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from simpang_twin.traffic_log import Traffic
from simpang_twin.truth_windows import NO_FLOW, bar_occupancy, queue_at, window

# Saturation flow [ours, near domain.md §4]: lost time at the start, longest time between two, fewest vehicles.
_LOST_S, _PERSISTS_S, _LEAST_N = 4.0, 4.0, 5
# Split failure: domain.md §4.
_FULL_RATIO, _FIRST_RED_S = 0.8, 5.0


@dataclass(frozen=True)
class Cycle:
    """One signal cycle of an approach, from a green's start to the next (to_s None: the clip ends first).

    queue_at_green_*: the queue when green begins (N_q). residual_queue_vehicles: vehicles that had been queued and
    have not crossed when red begins (N_q1). queue_max_m: largest back of queue in the cycle. discharged: motor
    vehicles that crossed. saturation_flow_vps: discharge of the vehicles that had queued, from 4 s after green on,
    while at most 4 s lie between two of them; None for fewer than 5 or less than 4 s (domain.md §4). arrivals: vehicles
    that stopped first, or crossed without a stop, within the cycle.
    """

    from_s: float
    to_s: float | None
    green_s: float | None
    yellow_s: float | None
    red_s: float | None
    queue_at_green_vehicles: int
    queue_at_green_m: float
    residual_queue_vehicles: int | None
    queue_max_m: float
    queue_max_vehicles: int
    discharged: int
    saturation_flow_vps: float | None
    arrivals: int
    arrivals_on_green_ratio: float | None
    occupancy_green_ratio: float | None
    occupancy_red_ratio: float | None
    split_fail: bool | None


def cycles(log: Traffic, movement: str = "through") -> tuple[Cycle, ...]:
    """The cycles whose green begins in the clip, by the signal of one movement; () without a signal."""
    changes = log.signals.get(movement) or next(iter(log.signals.values()), [])
    starts = [time_s for time_s, state in changes if state == "green" and time_s > 0]
    return tuple(_cycle(log, changes, a, b) for a, b in zip(starts, [*starts[1:], None], strict=False))


def _next(changes: list[tuple[float, str]], state: str, after_s: float) -> float | None:
    return next((time_s for time_s, name in changes if name == state and time_s > after_s), None)


def _cycle(log: Traffic, changes: list[tuple[float, str]], from_s: float, to_s: float | None) -> Cycle:
    end_s = log.duration_s if to_s is None else to_s
    yellow_s, red_s = _next(changes, "yellow", from_s), _next(changes, "red", from_s)
    row = window(log, from_s, end_s)
    vehicles, tail_m = queue_at(log, from_s)
    green = bar_occupancy(log, from_s, yellow_s)
    red = None if red_s is None else bar_occupancy(log, red_s, red_s + _FIRST_RED_S)
    return Cycle(
        from_s=from_s, to_s=to_s, green_s=None if yellow_s is None else yellow_s - from_s,
        yellow_s=None if red_s is None or yellow_s is None else red_s - yellow_s,
        red_s=None if to_s is None or red_s is None else to_s - red_s,
        queue_at_green_vehicles=vehicles, queue_at_green_m=tail_m,
        residual_queue_vehicles=None if red_s is None else _residual(log, red_s),
        queue_max_m=row.queue_max_m or 0.0, queue_max_vehicles=row.queue_max_vehicles or 0,
        discharged=row.speed_n, saturation_flow_vps=_saturation_vps(log, from_s, end_s),
        arrivals=row.arrivals, arrivals_on_green_ratio=row.arrivals_on_green_ratio,
        occupancy_green_ratio=green, occupancy_red_ratio=red,
        split_fail=None if green is None or red is None else green >= _FULL_RATIO and red >= _FULL_RATIO,
    )  # fmt: skip


def _saturation_vps(log: Traffic, from_s: float, to_s: float) -> float | None:
    """(n - 1) vehicles in the time from the first to the last of the saturated stream."""
    queued = {log.ids[v] for v in np.unique(log.vehicle[log.queued])}
    motor = [p.crossing for p in log.passed if p.crossing.kind not in NO_FLOW and p.crossing.id in queued]
    times = sorted(c.time_front_s for c in motor if from_s + _LOST_S <= c.time_front_s < to_s)
    late = next((i for i, (a, b) in enumerate(pairwise(times), 1) if b - a > _PERSISTS_S), len(times))
    span_s = times[late - 1] - times[0] if late else 0.0
    return (late - 1) / span_s if late >= _LEAST_N and span_s >= _LOST_S else None


def _residual(log: Traffic, time_s: float) -> int:
    """Vehicles that have been queued up to now and are still before the line."""
    frame = int(np.floor(time_s / log.step_s + 1e-6))
    were = set(log.vehicle[log.queued & (log.frame <= frame)].tolist())
    here = set(log.vehicle[(log.frame == frame) & (log.front_m > 0)].tolist())
    return len(were & here)
