"""Our truth beside SUMO's own detectors: two computations of the same run that must agree.

E1 loops at the stop line give crossings, speeds and occupancy, E2 areas over the measured length give time spent, speed
and jams per lane, E3 sections give travel times. Where a definition differs the tolerance is wider; `why` says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simpang_twin import detectors, truth_windows
from simpang_twin.network import Network
from simpang_twin.scenario import Scenario
from simpang_twin.traffic_log import Traffic
from simpang_twin.truth import SLOW_MPS

# The largest gap inside one jam, as E2's jamThreshold in `detectors`.
_JAM_GAP_M = 15.0


@dataclass(frozen=True)
class Check:
    """One comparison over the clip. lane None: the whole approach. holds: |ours - sumo| <= tolerance."""

    quantity: str
    lane: int | None
    unit: str
    ours: float
    sumo: float
    tolerance: float
    holds: bool
    why: str


def check(folder: Path, scenario: Scenario, net: Network, log: Traffic) -> list[Check]:
    """All comparisons for one approach; empty where the run has no detectors (a run of an older version)."""
    if not (folder / "instant.xml").exists():
        return []
    arm = next(a for a in scenario.arms if a == log.approach)
    lanes = net.edge(f"{arm}_in")
    reach_m = detectors.length_m(scenario, arm, lanes)
    found = [*_loops(folder, scenario, log, [lane.id for lane in lanes])]
    if abs(reach_m - log.length_m) < 1e-6:
        for number, lane in enumerate(lanes, 1):
            found += _occupancy(folder, scenario, log, lane.id, number)
            found += _area(folder, scenario, log, lane.id, number)
        found += _section(folder, scenario, log, arm)
    return found


def _row(quantity: str, lane: int | None, unit: str, ours: float, sumo: float, tolerance: float, why: str) -> Check:
    return Check(quantity, lane, unit, round(ours, 4), round(sumo, 4), round(tolerance, 4),
                 abs(ours - sumo) <= tolerance + 1e-9, why)  # fmt: skip


def _loops(folder: Path, scenario: Scenario, log: Traffic, lane_ids: list[str]) -> Iterator[Check]:
    passed = [p for p in detectors.passages(folder, scenario) if p.lane_id in lane_ids]
    ours = {p.crossing.id: p.crossing for p in log.passed}
    theirs = {p.id: p for p in passed}
    both = sorted(ours.keys() & theirs.keys())
    yield _row("crossings", None, "vehicles", len(ours), len(theirs), 0, "E1 at the line, equal")
    yield _row("crossings in both", None, "vehicles", len(both), len(ours), 0, "the same vehicles")
    if both:
        kmh = [(ours[i].speed_mps - theirs[i].speed_mps) * 3.6 for i in both]
        late = [abs(ours[i].time_front_s - theirs[i].enter_s) for i in both]
        mean = float(np.mean([ours[i].speed_mps for i in both])) * 3.6
        yield _row("mean speed at the line", None, "km/h", mean, mean - float(np.mean(kmh)), 0.5, "E1 per vehicle")
        yield _row("largest time difference at the line", None, "s", float(max(late)), 0.0, 2 * log.step_s,
                   "the loop lies 0.05 m before the line; a slow vehicle needs two frames for it")  # fmt: skip


def _occupancy(folder: Path, scenario: Scenario, log: Traffic, lane_id: str, number: int) -> Iterator[Check]:
    """Time that bodies spend over the loop, a line across the lane, as a share of the clip."""
    theirs = detectors.intervals(folder, scenario, "e1.xml", lane_id, ("occupancy",))
    begin_s, end_s = theirs.span_s
    if end_s <= begin_s:
        return
    time_s = log.frame * log.step_s
    over = (log.lane == number) & (log.front_m <= 0.05) & (log.rear_m > 0.05) & (time_s >= begin_s) & (time_s < end_s)
    yield _row("time over the line", number, "share", int(over.sum()) * log.step_s / (end_s - begin_s),
               float(np.nanmean(theirs.values)) / 100, 0.02,
               "E1's occupancy: the vehicles' times added up, also of those side by side")  # fmt: skip


def _area(folder: Path, scenario: Scenario, log: Traffic, lane_id: str, number: int) -> Iterator[Check]:
    names = ("sampledSeconds", "meanSpeed", "maxJamLengthInMeters")
    theirs = detectors.intervals(folder, scenario, "e2.xml", lane_id, names)
    if not len(theirs.begin_s):
        return
    rows = truth_windows.bodies_inside(log, *theirs.span_s, number)
    spent_s, ours_s = float(np.nansum(theirs.values[:, 0])), len(rows) * log.step_s
    yield _row("time spent in the measured length", number, "s", ours_s, spent_s, max(0.01 * spent_s, 1.0),
               "E2, whole bodies, a frame at the interval's ends")  # fmt: skip
    if spent_s > 30:
        mean_mps = float(np.nansum(theirs.values[:, 0] * np.nan_to_num(theirs.values[:, 1])) / spent_s)
        yield _row("mean speed in the measured length", number, "km/h", float(log.speed_mps[rows].mean()) * 3.6,
                   mean_mps * 3.6, 0.2, "E2, whole bodies, weighted by time")  # fmt: skip
    yield from _jam(scenario, log, theirs, number)


def _jam(scenario: Scenario, log: Traffic, theirs: detectors.Intervals, number: int) -> Iterator[Check]:
    """The longest queue in red, when it reaches to the line: E2 has jams from their head on, ours from the line on."""
    red = [
        k for k in range(len(theirs.begin_s))
        if truth_windows.state_at(log, float(theirs.begin_s[k])) == "red"
        and truth_windows.state_at(log, float(theirs.end_s[k]) - 1e-6) == "red"
        and _one_jam(log, float(theirs.end_s[k]) - log.step_s, number)
        and _stands(log, float(theirs.begin_s[k]), float(theirs.end_s[k]) - log.step_s, number)
    ]  # fmt: skip
    stands = any(event.type in ("stopped_vehicle", "kerb_stop", "emergency_stop") for event in scenario.events)
    if not red or stands:
        return
    tails = [truth_windows.queue_at(log, float(theirs.end_s[k]) - log.step_s, number)[1] for k in red]
    ours_m = min(max(tails), log.length_m)
    jam_m = float(np.nanmax(theirs.values[red, 2], initial=0.0))
    yield _row("longest queue in red", number, "m", ours_m, jam_m, 3.0,
               "E2 begins at the first vehicle's front, about 1 m before the line")  # fmt: skip


def _one_jam(log: Traffic, time_s: float, number: int) -> bool:
    """Whether the lane's queue stands without a hole from the line on. Just after green ends in saturated traffic it
    does not: the old queue still creeps far back while the new one begins at the line, and E2 counts only one."""
    rows = np.flatnonzero((log.lane == number) & log.queued & (log.frame == int(np.floor(time_s / log.step_s + 1e-6))))
    rows = rows[np.argsort(log.front_m[rows])]
    ends_m = np.maximum.accumulate(np.concatenate([[0.0], log.rear_m[rows]]))[:-1]
    return bool((log.front_m[rows] - ends_m <= _JAM_GAP_M).all())


def _stands(log: Traffic, begin_s: float, end_s: float, number: int) -> bool:
    """Whether the same vehicles are queued in the lane all the while, and all below 5 km/h: a queued one that creeps on
    remains queued by our definition up to 10 km/h, E2 has left it out by then."""
    queues = [
        np.flatnonzero((log.lane == number) & log.queued & (log.frame == int(np.floor(time_s / log.step_s + 1e-6))))
        for time_s in (begin_s, end_s)
    ]
    same = set(log.vehicle[queues[0]].tolist()) == set(log.vehicle[queues[1]].tolist())
    return same and bool((log.speed_mps[queues[1]] < SLOW_MPS).all())


def _section(folder: Path, scenario: Scenario, log: Traffic, arm: str) -> Iterator[Check]:
    """Travel times of those that left after everybody had left who was inside at the clip's start."""
    sums = detectors.intervals(folder, scenario, "e3.xml", arm, ("vehicleSum", "meanTravelTime"))
    inside = [p.crossing.time_rear_s or log.duration_s for p in log.passed if p.journey.from_m < log.length_m - 1e-9]
    later = sums.begin_s > max(inside, default=0.0) + 0.2
    if not later.any():
        return
    span = float(sums.begin_s[later][0]), float(sums.end_s[-1])
    ours = [p for p in log.passed if p.crossing.time_rear_s and span[0] <= p.crossing.time_rear_s < span[1]]
    n, mean = np.nan_to_num(sums.values[later]).T
    if n.sum() and ours:
        times_s = np.array([p.crossing.time_front_s - p.journey.from_s for p in ours])
        mean_s = float(times_s.mean())
        other_s = 0.0 if len(ours) == n.sum() else float(np.abs(times_s - mean_s).max()) / len(ours)
        yield _row("vehicles through the measured length", None, "vehicles", len(ours), float(n.sum()), 1,
                   "E3, one may leave at the edge of an interval")  # fmt: skip
        yield _row("travel time through the measured length", None, "s", mean_s, float((n * mean).sum() / n.sum()),
                   0.2 + other_s, "E3, front to front; more where one left at the edge of an interval")  # fmt: skip
