"""From the sums of a window to its published figures: one pure function per family, None where nothing is known."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np

from ..data import KINDS, ClassSpeeds, FloatArray, GateCounts, Measurement, Quality, Scope
from .crossings import Crossing
from .exposure import Amount
from .gates import DIRECTIONS
from .layout import Cell, Layout
from .pcu import Pcu, heavy_ratio
from .settings import IS_MOTOR
from .speeds import Errors
from .trips import FASTER, Trip, trip
from .windows import Tally

TURNS_UNSEEN: Final = "turns_unseen"
TURNS_S: Final = 0.55
"""Pictures farther apart than this, fewer than 1.8 a second, do not show which way vehicles turn. Not a flag: rows of
movements are withheld where it held for most of the observed time, and say ``low_rate``."""

HALF: Final = 0.5

MIN_RATE_S: Final = 10.0
"""Below this many observed seconds nothing is told of a rate, a mean over time or a share of it."""

CAR: Final = KINDS.index("car")

MIN_PERCENTILE_N: Final = 30

LENGTH_ASSUMED: Final = "length_assumed"
"""Vehicles whose class depends on their length were counted without it."""

HARDLY: Final = "hardly_observed"
"""So little of the window was observed that it says nothing."""

ONE_MOVEMENT: Final = "one_movement"
"""No other movement of the approach is configured: a turn share of 1.0 says nothing."""

LINE_HIDDEN: Final = "line_hidden"
"""The stop line was hidden for more than `LINE_SHARE` of the time: who crossed behind is missing, counts are lower
bounds."""

LINE_SHARE: Final = 0.05
OBSTRUCTION: Final = "obstruction"
"""Vehicles stood in the way of a link; they are not in its speed, density, area occupancy, gaps and queue."""


@dataclass(frozen=True, slots=True)
class Group:
    """The crossings of one cell in one window: all, and motor vehicles only."""

    all: list[Crossing]
    motor: list[Crossing]

    @classmethod
    def of(cls, crossings: list[Crossing], cell: Cell) -> "Group":
        """The crossings of this cell, by time."""
        own = [c for c in crossings if c.approach == cell.index and cell.lane in (None, c.lane)]
        own.sort(key=lambda c: (c.time_s, c.track))
        return cls(own, [c for c in own if IS_MOTOR[c.kind]])


@dataclass(frozen=True, slots=True)
class Means:
    """What rows are made with besides the sums of the window: classes, the error of speeds by approach, and for how
    long a window must have been observed to say anything."""

    pcu: Pcu
    errors: Errors
    min_observed_s: float

    def enough(self, tally: Tally) -> bool:
        """Whether so much of a window was observed that it says something: a zero of a moment is no zero [ours].

        Of a window shorter than twice the least time half of it.
        """
        return tally.observed_s >= min(self.min_observed_s, (tally.to_s - tally.from_s) / 2)

    def quality(self, tally: Tally, index: int | None) -> Quality:
        """The quality of a cell's row, of None that of what has no queue; with a flag where too little was observed, or
        the stop line was hidden for a while."""
        hardly = tally.observed_s > 0 and not self.enough(tally)
        line = index is not None and tally.observed_s > 0 and _line_seen(tally, index) < 1 - LINE_SHARE
        told = ((HARDLY, hardly), (LINE_HIDDEN, line))
        return flagged(quality(tally, index), *(flag for flag, holds in told if holds))


def measurements(tally: Tally, layout: Layout, means: Means) -> list[Measurement]:
    """One row per approach and lane, then one per movement."""
    rows = [_row(tally, layout, i, means) for i in range(len(layout))]
    return rows + [_movement_row(tally, layout, number, means) for number in range(len(layout.movements))]


def gate_row(tally: Tally, camera: str, layout: Layout, means: Means) -> Measurement:
    """All gates of a camera without approaches; no counts of its own, for who passes two gates would count twice."""
    seen = means.enough(tally)
    return Measurement(
        from_s=tally.from_s,
        to_s=tally.to_s,
        scope=Scope.CAMERA,
        approach=camera,
        quality=means.quality(tally, None),
        class_rules=means.pcu.rules if seen else None,
        gates=_gates(tally, layout, means.pcu) if seen else None,
        gates_unseen=() if seen else layout.gates,
    )


def _movement_row(tally: Tally, layout: Layout, number: int, means: Means) -> Measurement:
    """Counts of one movement, its share of the approach's traced vehicles, and the share that was traced."""
    name, approach = layout.movements[number]
    index = int(layout.approach_cell[approach])
    cell = layout.cells[index]
    row = Measurement(
        from_s=tally.from_s,
        to_s=tally.to_s,
        scope=Scope.MOVEMENT,
        approach=cell.approach,
        movement=name,
        quality=flagged(means.quality(tally, index), *(() if _has_others(layout, number) else (ONE_MOVEMENT,))),
        late=int(tally.late_moves[number]),
    )
    if not means.enough(tally) or tally.scene_s.get(TURNS_UNSEEN, 0.0) > HALF * tally.observed_s:
        return row
    own = [move.crossing for move in tally.moves if move.movement == number]
    group = Group.of(own, replace(cell, lane=None))
    traced = sum(move.crossing.approach == approach and bool(IS_MOTOR[move.crossing.kind]) for move in tally.moves)
    crossed = len(Group.of(tally.crossings, cell).motor)
    figures: dict[str, Any] = {
        **_flow(group, tally.observed_s),
        **_classes(group, means.pcu),
        "turn_share_ratio": len(group.motor) / traced if traced else None,
        "traced_ratio": _share(traced / crossed) if crossed else None,
    }
    return replace(row, **figures)


def _has_others(layout: Layout, number: int) -> bool:
    """Whether other movements lead from the approach of this one."""
    return sum(approach == layout.movements[number][1] for _, approach in layout.movements) > 1


def _row(tally: Tally, layout: Layout, index: int, means: Means) -> Measurement:
    cell = layout.cells[index]
    row = Measurement(
        from_s=tally.from_s,
        to_s=tally.to_s,
        scope=cell.scope,
        approach=cell.approach,
        lane=cell.lane,
        quality=means.quality(tally, index),
        late=int(tally.late[index]),
    )
    if not means.enough(tally):
        return replace(row, gates_unseen=layout.gates if index == 0 else ())
    group = Group.of(tally.crossings, cell)
    way = trip(group.motor, cell)
    figures: dict[str, Any] = {
        **_flow(group, tally.observed_s),
        **_classes(group, means.pcu),
        **_speeds(group, cell, means),
        **_space(tally.exposure[:, index], tally.observed_s, cell),
        **_queue(tally, index, cell),
        "line_seen_ratio": _line_seen(tally, index),
        "obstacles": int(tally.obstacles[index]) if layout.link[cell.index] else None,
        **_trip(way, cell),
        "gates": _gates(tally, layout, means.pcu) if index == 0 else None,
    }
    if figures["speed_n"] or figures.get("speed_space_mean_mps") is not None:
        figures["speed_error_ratio"] = means.errors.lasting_ratio(_kinds(group), cell.index)
    told = (
        (LENGTH_ASSUMED, any(means.pcu.assumes(c) for c in group.all)),
        (FASTER, way.faster),
        (OBSTRUCTION, bool(figures["obstacles"])),
    )
    figures["quality"] = flagged(row.quality, *(flag for flag, holds in told if holds))
    return replace(row, **figures)


def _gates(tally: Tally, layout: Layout, pcu: Pcu) -> tuple[GateCounts, ...] | None:
    """Vehicles over each gate in each direction; None where no gate is drawn."""
    found = []
    for number, name in enumerate(layout.gates):
        for way, direction in enumerate(DIRECTIONS):
            own = [one for one in tally.passages if (one.gate, one.direction) == (number, way)]
            counts = np.bincount([one.kind for one in own], minlength=len(KINDS))
            late = int(tally.late_gates[number * len(DIRECTIONS) + way])
            found.append(GateCounts(name, direction, tuple(counts.tolist()), pcu.counts(own), late))
    return tuple(found) or None


def flagged(quality: Quality, *flags: str) -> Quality:
    """The same quality with more flags."""
    return replace(quality, flags=tuple(sorted({*quality.flags, *flags})))


def quality(tally: Tally, index: int | None) -> Quality:
    """Score: observed share of the window. index: of a cell, None for what has no queue."""
    beyond = index is not None and bool(tally.beyond[index])
    flags = tally.flags | ({"queue_beyond_view"} if beyond else set())
    return scored(tally.observed_s, tally.to_s - tally.from_s, flags)


def scored(observed_s: float, span_s: float, flags: Iterable[str]) -> Quality:
    """The score of a span: what was seen of it."""
    return Quality(observed_s, min(1.0, observed_s / span_s) if span_s > 0 else 0.0, tuple(sorted({*flags})))


def _flow(group: Group, observed_s: float) -> dict[str, Any]:
    counts = np.bincount([c.kind for c in group.all], minlength=len(KINDS))
    return {
        "counts": tuple(int(n) for n in counts),
        "flow_vps": len(group.motor) / observed_s if observed_s >= MIN_RATE_S else None,
        **_headway(group.motor),
    }


def _classes(group: Group, pcu: Pcu) -> dict[str, Any]:
    """Counts by PKJI class, share of heavy vehicles (KS, BB, TB), mean of the lengths that were measured."""
    counts = pcu.counts(group.all)
    return {
        "pkji_counts": counts,
        "class_rules": pcu.rules,
        "heavy_ratio": heavy_ratio(counts),
        "length_mean_m": _mean([c.length_m for c in group.motor if c.length_known]),
    }


def _headway(motor: list[Crossing]) -> dict[str, Any]:
    """Mean front-front time of successive vehicles of the same lane, within the window, and of how many."""
    lanes = sorted({c.lane for c in motor if c.lane >= 0})
    times = [[c.time_s for c in motor if c.lane == lane] for lane in lanes]
    gaps_s = [b - a for lane in times for a, b in pairwise(lane)]
    return {"headway_mean_s": _mean(gaps_s), "headway_n": len(gaps_s)}


def _speeds(group: Group, cell: Cell, means: Means) -> dict[str, Any]:
    """Time mean at the line with its 95 % interval; 15/50/85th percentile from 30 vehicles on, also by class (§1)."""
    known = [c for c in group.motor if c.speed_mps is not None]
    if not known:
        return {"speed_n": 0}
    speed = np.array([c.speed_mps for c in known], np.float64)
    mean = float(speed.mean())
    half = means.errors.half_mps(known, cell.index, mean)
    figures: dict[str, Any] = {
        "speed_n": len(speed),
        "speed_time_mean_mps": mean,
        "speed_interval_mps": (max(0.0, mean - half), mean + half),
    }
    if len(speed) >= MIN_PERCENTILE_N:
        p15, p50, p85 = np.percentile(speed, (15, 50, 85))
        figures |= {"speed_p15_mps": float(p15), "speed_p50_mps": float(p50), "speed_p85_mps": float(p85)}
        figures["class_speeds"] = _class_speeds(known, means.pcu)
    return figures


def _kinds(group: Group) -> list[int]:
    """The kinds whose contact points speeds are of; where nobody crossed, cars stand for who is on the road."""
    return [c.kind for c in group.motor if c.speed_mps is not None] or [CAR]


def _class_speeds(known: list[Crossing], pcu: Pcu) -> tuple[ClassSpeeds, ...]:
    """Percentiles of the classes of which 30 vehicles or more have a speed."""
    found = []
    for name in ("SM", "MP", "KS"):
        own = [c.speed_mps for c in known if c.speed_mps is not None and pcu.urban(c) == name]
        if len(own) >= MIN_PERCENTILE_N:
            found.append(ClassSpeeds(name, len(own), *np.percentile(own, (15, 50, 85)).tolist()))
    return tuple(found)


def space_mean_mps(exposure: FloatArray) -> float | None:
    """Edie's v = sum(d) / sum(t) of one cell's amounts (len(Amount),); None where no vehicle was."""
    time_s = float(exposure[Amount.TIME_S])
    return max(0.0, float(exposure[Amount.DISTANCE_M]) / time_s) if time_s > 0 else None


def _space(exposure: FloatArray, observed_s: float, cell: Cell) -> dict[str, Any]:
    """Edie's density k = sum(t) / (L T), occupancies, mean gap; nothing below 10 observed seconds, as of flow."""
    if observed_s < MIN_RATE_S:
        return {}
    speed = space_mean_mps(exposure)
    gap_s = float(exposure[Amount.GAP_S])
    return {
        "speed_space_mean_mps": speed,
        "speed_ratio": None if speed is None or cell.reference_mps is None else speed / cell.reference_mps,
        "density_vpm": float(exposure[Amount.TIME_S]) / (cell.length_m * observed_s),
        "occupancy_ratio": _share(exposure[Amount.OCCUPIED_S] / observed_s),
        "area_occupancy_ratio": _share(exposure[Amount.AREA_M2S] / (cell.area_m2 * observed_s)),
        "gap_mean_m": float(exposure[Amount.GAP_MS]) / gap_s if gap_s > 0 else None,
    }


def _queue(tally: Tally, index: int, cell: Cell) -> dict[str, Any]:
    if not tally.queue_samples:
        return {}
    tail_m = float(tally.queue_max_m[index])
    return {
        "queue_max_m": tail_m,
        "queue_max_vehicles": int(tally.queue_max_vehicles[index]),
        "queue_storage_ratio": tail_m / cell.length_m,
    }


def _line_seen(tally: Tally, index: int) -> float:
    """Share of the observed time in which the stop line was in view."""
    return _share(1 - tally.line_hidden_s[index] / tally.observed_s) if tally.observed_s > 0 else 0.0


def _trip(way: Trip, cell: Cell) -> dict[str, Any]:
    """Delay, stops and travel time to the stop line; TTI = travel time / free-flow time (§1)."""
    free_s = None if cell.reference_mps is None else cell.length_m / cell.reference_mps
    return {
        "stopped_delay_s": way.stopped_delay_s,
        "stops_per_vehicle": way.stops_per_vehicle,
        "control_delay_s": way.control_delay_s,
        "travel_time_s": way.travel_time_s,
        "delay_n": way.n,
        "tti": None if way.travel_time_s is None or free_s is None else way.travel_time_s / free_s,
    }


def is_approach(row: Measurement) -> bool:
    """Whether the row is about a whole approach."""
    return row.scope is Scope.APPROACH


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _share(value: float) -> float:
    return min(1.0, max(0.0, float(value)))
