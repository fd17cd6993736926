"""The true quantities of any time window, lane and movement of a clip: what a perfect measurement would publish.

    logs = truth_windows.load(Path("NAME.truth.json"))          # {"utara": Traffic}
    row = truth_windows.window(logs["utara"], 0, 60, lane=2)     # Window, [from, to), SI units

Names are those of the edge's `Measurement`; definitions are domain.md §1 and §4. All functions are pure;
None means that there is nothing to say (no vehicle passed), never 0. Motor vehicles only, but for `counts`.
"""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from simpang_twin import traffic_log
from simpang_twin.fleet import BY_NAME
from simpang_twin.network import F64
from simpang_twin.traffic_log import Bools, Passed, Traffic
from simpang_twin.truth import Crossing, Journey

Span = tuple[float, float]
Spans = tuple[Span, ...]

# Length of the virtual detector at the stop line (domain.md §1).
DETECTOR_M = 2.0
NO_FLOW = ("bicycle", "person")


@dataclass(frozen=True)
class Window:
    """True quantities of [from_s, to_s), of an approach, a lane or a movement.

    observed_s: part of the window inside the clip, without the blind spans; all else is of that part. counts, pkji:
    crossings of the contact point that the camera sees.
    Speeds at the line over `speed_n` crossings; space-mean speed, density and flow by Edie over the measured length.
    occupancy_ratio: a 2 m detector before the line (mean of the lanes); area_occupancy_ratio: footprints over area.
    Queue: the largest in the window, over the whole approach, and `queue_seen_max_m` only as far as the measured
    length. Delay, stops and travel time: means over the vehicles that crossed and were traced over at least half of
    the measured length (`traced_n`); the whole-approach delay over those that entered after the run's start.
    """

    from_s: float
    to_s: float
    lane: int | None
    movement: str | None
    observed_s: float
    counts: dict[str, int]
    pkji: dict[str, int]
    flow_vps: float | None
    speed_n: int
    speed_time_mean_mps: float | None
    speed_p15_mps: float | None
    speed_p50_mps: float | None
    speed_p85_mps: float | None
    speed_space_mean_mps: float | None
    density_vpm: float | None
    flow_edie_vps: float | None
    occupancy_ratio: float | None
    area_occupancy_ratio: float | None
    headway_mean_s: float | None
    gap_mean_m: float | None
    queue_max_m: float | None
    queue_seen_max_m: float | None
    queue_max_vehicles: int | None
    traced_n: int
    control_delay_s: float | None
    control_delay_whole_s: float | None
    stopped_delay_s: float | None
    stops_per_vehicle: float | None
    travel_time_s: float | None
    arrivals: int
    arrivals_on_green_ratio: float | None
    turn_share_ratio: float | None
    pedestrians: int


def load(truth_json: Path) -> dict[str, Traffic]:
    """The traffic of every approach of a clip, by approach, from NAME.truth.json and NAME.traffic.parquet beside it.

    Raises OSError for a missing file, KeyError for a truth of an older version.
    """
    content = json.loads(truth_json.read_text(encoding="utf-8"))
    rows = truth_json.with_name(truth_json.name.replace(".truth.json", ".traffic.parquet"))
    return {item["approach"]: _traffic(content, item, rows) for item in content["approaches"]}


def _traffic(content: dict[str, Any], item: dict[str, Any], rows: Path) -> Traffic:
    vehicles = item["vehicles"]
    ids = tuple(v["id"] for v in vehicles)
    return Traffic(
        approach=item["approach"], heading=item["heading"], length_m=item["length_m"],
        lane_widths_m=tuple(item["lane_widths_m"]), speed_limit_mps=item["speed_limit_kmh"] / 3.6,
        step_s=1.0 / content["fps"], frames=content["frames"], ids=ids, models=tuple(v["model"] for v in vehicles),
        movements=tuple(v["movement"] for v in vehicles), **traffic_log.read_rows(rows, ids),
        passed=tuple(_passed(row) for row in item["crossings"]),
        signals={m: [(c["time_s"], c["state"]) for c in changes] for m, changes in item["signals"].items()},
        pedestrians=tuple((p["begin_s"], p["end_s"]) for p in item["pedestrians"]),
    )  # fmt: skip


def _passed(row: dict[str, Any]) -> Passed:
    crossing = Crossing(
        row["id"], row["class"], row["model"], row["pkji"], row["lane"], row["movement"], row["time_front_s"],
        row["time_rear_s"], row["speed_mps"], row["length_m"],
    )  # fmt: skip
    way = Journey(row["from_s"], row["from_m"], row["stopped_s"], row["stops"], row["arrived_s"])
    return Passed(crossing, way, row["delay_whole_s"], row["time_s"])


def window(
    log: Traffic,
    from_s: float,
    to_s: float,
    lane: int | None = None,
    movement: str | None = None,
    free_mps: float | None = None,
    blind: Spans = (),
) -> Window:
    """The truth of [from_s, to_s): of the approach, of one lane (1 is at the kerb), or of one movement.

    free_mps: free-flow speed of the delays, default the speed limit. blind: spans in which the camera did not show the
    road; they are cut out, and vehicles whose way over the near half was not seen in one piece have no delay. Raises
    ValueError for a window without length.
    """
    if to_s <= from_s:
        raise ValueError(f"to_s {to_s:g} must be after from_s {from_s:g}")
    span = without((max(from_s, 0.0), min(to_s, log.duration_s)), blind)
    chosen = _rows(log, lane, movement)
    everyone = [p for p in log.passed if p.time_seen_s is not None and _is_in(p.time_seen_s, span)]
    crossed = [p for p in everyone if _is(p, lane, movement)]
    motor = [p for p in crossed if p.crossing.kind not in NO_FLOW]
    observed_s = _seconds(span)
    return Window(
        from_s=from_s, to_s=to_s, lane=lane, movement=movement, observed_s=observed_s,
        counts=dict(sorted(Counter(p.crossing.kind for p in crossed).items())),
        pkji=dict(sorted(Counter(p.crossing.pkji for p in crossed).items())),
        flow_vps=len(motor) / observed_s if observed_s else None,
        **_speeds(motor), **_edie(log, chosen, span), **_covered(log, chosen, span, lane),
        headway_mean_s=_headway_s(log, crossed, lane, movement), gap_mean_m=_gap_m(log, chosen, span),
        **_queue(log, chosen, span),
        **_delays(log, motor, free_mps or log.speed_limit_mps, blind), **_arrivals(log, lane, movement, span),
        turn_share_ratio=_share(motor, everyone, movement),
        pedestrians=sum(_is_in(begin, span) for begin, _ in log.pedestrians),
    )  # fmt: skip


def without(span: Span, blind: Spans) -> Spans:
    """The parts of a span that lie in none of the blind ones, in order of time."""
    parts = [span]
    for begin, end in blind:
        parts = [part for a, b in parts for part in ((a, min(b, begin)), (max(a, end), b)) if part[1] > part[0]]
    return tuple(part for part in parts if part[1] > part[0])


def _seconds(spans: Spans) -> float:
    return sum(end - begin for begin, end in spans)


def _is_in(time_s: float, spans: Spans) -> bool:
    return any(begin - 1e-9 <= time_s < end - 1e-9 for begin, end in spans)


def _rows_in(log: Traffic, spans: Spans) -> Bools:
    """Rows (N,) whose frame lies in one of the spans."""
    time_s = log.frame * log.step_s
    parts = [(time_s >= begin - 1e-9) & (time_s < end - 1e-9) for begin, end in spans]
    return np.any(parts, axis=0) if parts else np.zeros(len(time_s), dtype=bool)


def _is(p: Passed, lane: int | None, movement: str | None) -> bool:
    return lane in (None, p.crossing.lane) and movement in (None, p.crossing.movement)


def _rows(log: Traffic, lane: int | None, movement: str | None) -> Bools:
    """Rows (N,) of the lane and movement."""
    own = np.array([movement in (None, name) for name in log.movements], dtype=bool)
    chosen = own[log.vehicle] if len(own) else np.zeros(0, dtype=bool)
    return chosen if lane is None else chosen & (log.lane == lane)


def _motor(log: Traffic) -> Bools:
    flow = np.array([BY_NAME[m].kind not in NO_FLOW for m in log.models], dtype=bool)
    return flow[log.vehicle] if len(flow) else np.zeros(0, dtype=bool)


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _speeds(motor: list[Passed]) -> dict[str, Any]:
    speeds = [p.crossing.speed_mps for p in motor]
    p15, p50, p85 = np.percentile(speeds, (15, 50, 85)).tolist() if speeds else (None, None, None)
    return {"speed_n": len(speeds), "speed_time_mean_mps": _mean(speeds), "speed_p15_mps": p15, "speed_p50_mps": p50,
            "speed_p85_mps": p85}  # fmt: skip


def _edie(log: Traffic, chosen: Bools, span: Spans) -> dict[str, Any]:
    """Edie's generalised speed, density and flow over [0, length] × span (domain.md §1), from front bumpers."""
    seconds = _seconds(span)
    if seconds <= 0:
        return {"speed_space_mean_mps": None, "density_vpm": None, "flow_edie_vps": None}
    a, b = _steps(log, chosen & _motor(log))
    share = _overlap(log, a, span)
    before, after = log.front_m[a], log.front_m[b]
    inside_m = np.clip(before, 0, log.length_m) - np.clip(after, 0, log.length_m)
    moved_m = before - after
    still = np.abs(moved_m) < 1e-9
    part = np.where(still, (after >= 0) & (after <= log.length_m), inside_m / np.where(still, 1.0, moved_m))
    time_s = float((part * share).sum() * log.step_s)
    distance_m = float((inside_m * share).sum())
    area = log.length_m * seconds
    return {"speed_space_mean_mps": distance_m / time_s if time_s else None, "density_vpm": time_s / area,
            "flow_edie_vps": distance_m / area}  # fmt: skip


def bodies_inside(log: Traffic, from_s: float, to_s: float, lane: int | None = None) -> npt.NDArray[np.intp]:
    """Rows with any part of the body over the measured length, as SUMO's area detectors count."""
    inside = (log.rear_m > 0) & (log.front_m < log.length_m) & _rows_in(log, ((from_s, to_s),))
    return np.flatnonzero(_rows(log, lane, None) & inside)


def _steps(log: Traffic, chosen: Bools) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Pairs of rows (i, i + 1) of one vehicle in successive frames, both chosen by the first."""
    a = np.flatnonzero(chosen[:-1]) if len(chosen) else np.zeros(0, dtype=np.intp)
    same = (log.vehicle[a] == log.vehicle[a + 1]) & (log.frame[a] + 1 == log.frame[a + 1])
    return a[same], a[same] + 1


def _overlap(log: Traffic, rows: npt.NDArray[np.intp], spans: Spans) -> F64:
    """Share (K,) of the time from each row's frame to the next that lies in the spans."""
    begin, total = log.frame[rows] * log.step_s, np.zeros(len(rows))
    for from_s, to_s in spans:
        share = (np.minimum(begin + log.step_s, to_s) - np.maximum(begin, from_s)) / log.step_s
        total += np.clip(share, 0.0, 1.0)
    return total


def _covered(log: Traffic, chosen: Bools, span: Spans, lane: int | None) -> dict[str, Any]:
    seconds = _seconds(span)
    if seconds <= 0:
        return {"occupancy_ratio": None, "area_occupancy_ratio": None}
    lanes = (lane,) if lane else tuple(range(1, len(log.lane_widths_m) + 1))
    point = [_point_occupancy(log, chosen & (log.lane == number), span) for number in lanes]
    width_m = sum(log.lane_widths_m[number - 1] for number in lanes)
    rows = np.flatnonzero(chosen)
    size = np.array([BY_NAME[m].width_m for m in log.models], dtype=np.float64)
    long_m = np.abs(np.clip(log.rear_m[rows], 0, log.length_m) - np.clip(log.front_m[rows], 0, log.length_m))
    area = (
        float((long_m * size[log.vehicle[rows]] * _overlap(log, rows, span)).sum() * log.step_s) if len(rows) else 0.0
    )
    return {"occupancy_ratio": float(np.mean(point)),
            "area_occupancy_ratio": area / (width_m * log.length_m * seconds)}  # fmt: skip


def _point_occupancy(log: Traffic, chosen: Bools, span: Spans) -> float:
    """Share of the span in which a body lies over the 2 m before the line."""
    low_m, high_m = np.minimum(log.front_m, log.rear_m), np.maximum(log.front_m, log.rear_m)
    rows = np.flatnonzero(chosen & (low_m < DETECTOR_M) & (high_m > 0))
    _, first = np.unique(log.frame[rows], return_index=True)
    return float(_overlap(log, rows[first], span).sum() * log.step_s / _seconds(span))


def _headway_s(log: Traffic, crossed: list[Passed], lane: int | None, movement: str | None) -> float | None:
    """Mean front-to-front time of successive vehicles of a lane; the later one crosses in the window."""
    wanted, found, last = {p.crossing.id for p in crossed}, [], dict[int, float]()
    for p in log.passed:
        if not _is(p, lane, movement):
            continue
        number, time_s = p.crossing.lane, p.crossing.time_front_s
        if p.crossing.id in wanted and number in last:
            found.append(time_s - last[number])
        last[number] = time_s
    return _mean(found)


def _gap_m(log: Traffic, chosen: Bools, span: Spans) -> float | None:
    """Mean over time of the distances rear to front of successive motor vehicles of a lane in the measured length."""
    inside = (log.front_m > 0) & (log.front_m <= log.length_m) & _rows_in(log, span)
    rows = np.flatnonzero(chosen & _motor(log) & inside)
    order = rows[np.lexsort((log.front_m[rows], log.lane[rows], log.frame[rows]))]
    ahead, behind = order[:-1], order[1:]
    gap_m = log.front_m[behind] - log.rear_m[ahead]
    same = (log.frame[ahead] == log.frame[behind]) & (log.lane[ahead] == log.lane[behind]) & (gap_m >= 0)
    return float(gap_m[same].mean()) if same.any() else None


def _queue(log: Traffic, chosen: Bools, span: Spans) -> dict[str, Any]:
    rows = np.flatnonzero(chosen & log.queued & _rows_in(log, span))
    if not span:
        return {"queue_max_m": None, "queue_seen_max_m": None, "queue_max_vehicles": None}
    tail_m = float(log.rear_m[rows].max(initial=0.0))
    return {"queue_max_m": tail_m, "queue_seen_max_m": min(tail_m, log.length_m),
            "queue_max_vehicles": int(np.bincount(log.frame[rows]).max(initial=0))}  # fmt: skip


def _delays(log: Traffic, motor: list[Passed], free_mps: float, blind: Spans) -> dict[str, Any]:
    traced = [p for p in motor if p.journey.from_m >= log.length_m / 2 and _in_one_piece(log, p.crossing, blind)]
    delay_s = _mean([p.journey.delay_s(p.crossing.time_front_s, free_mps) for p in traced])
    return {
        "traced_n": len(traced), "control_delay_s": None if delay_s is None else max(delay_s, 0.0),
        "control_delay_whole_s": _mean([p.delay_whole_s for p in motor if p.delay_whole_s is not None]),
        "stopped_delay_s": _mean([p.journey.stopped_s for p in traced]),
        "stops_per_vehicle": _mean([float(p.journey.stops) for p in traced]),
        "travel_time_s": None if delay_s is None else max(delay_s + log.length_m / free_mps, 0.0),
    }  # fmt: skip


def _in_one_piece(log: Traffic, crossing: Crossing, blind: Spans) -> bool:
    """Whether no blind span lies on a vehicle's way from half of the measured length to the line."""
    if not blind:
        return True
    own = np.flatnonzero((log.vehicle == log.ids.index(crossing.id)) & (log.front_m <= log.length_m / 2))
    begin_s = float(log.frame[own[0]] * log.step_s)
    return not any(begin_s < end and begin < crossing.time_front_s for begin, end in blind)


def _arrivals(log: Traffic, lane: int | None, movement: str | None, span: Spans) -> dict[str, Any]:
    """Arrivals of those that crossed: the begin of the first stop, or the crossing; and the share in green."""
    arrived = [
        (p.journey.arrived_s, p.crossing.movement)
        for p in log.passed
        if _is(p, lane, movement) and p.journey.arrived_s is not None and p.crossing.kind not in NO_FLOW
    ]
    inside = [(time_s, name) for time_s, name in arrived if _is_in(time_s, span)]
    states = [state_at(log, time_s, name) for time_s, name in inside]
    known = [state for state in states if state is not None]
    return {"arrivals": len(inside), "arrivals_on_green_ratio": _mean([float(s == "green") for s in known])}


def projected_arrivals(log: Traffic, from_s: float, to_s: float) -> tuple[int, int]:
    """Arrivals in [from_s, to_s) whose signal is known, and how many of them fall in green, where a motor vehicle
    arrives when it would be at the stop line at free-flow speed (HCM 7, as the edge publishes it): of those that came
    into view in the far half of the measured length."""
    motor = np.flatnonzero(_motor(log) & (log.front_m <= log.length_m))
    vehicle, first = np.unique(log.vehicle[motor], return_index=True)
    rows = motor[first]
    far = log.front_m[rows] >= log.length_m / 2
    arrived_s = log.frame[rows] * log.step_s + log.front_m[rows] / log.speed_limit_mps
    inside = np.flatnonzero(far & (arrived_s >= from_s) & (arrived_s < to_s)).tolist()
    states = [state_at(log, float(arrived_s[n]), log.movements[vehicle[n]]) for n in inside]
    return sum(state is not None for state in states), states.count("green")


def state_at(log: Traffic, time_s: float, movement: str = "through") -> str | None:
    """green, yellow or red of a movement; None without a signal."""
    changes = log.signals.get(movement) or next(iter(log.signals.values()), [])
    past = [state for begin, state in changes if begin <= time_s + 1e-9]
    return past[-1] if past else None


def _share(motor: list[Passed], everyone: list[Passed], movement: str | None) -> float | None:
    flow = [p for p in everyone if p.crossing.kind not in NO_FLOW]
    return None if movement is None or not flow else len(motor) / len(flow)


def queue_at(log: Traffic, time_s: float, lane: int | None = None, movement: str | None = None) -> tuple[int, float]:
    """Queued vehicles and the queue's tail (rear of the last, metres) in the frame at or just before a time."""
    frame = int(np.floor(time_s / log.step_s + 1e-6))
    rows = np.flatnonzero(_rows(log, lane, movement) & log.queued & (log.frame == frame))
    return len(rows), float(log.rear_m[rows].max(initial=0.0))


def bar_occupancy(log: Traffic, from_s: float, to_s: float | None) -> float | None:
    """Occupancy of the stop bar's detector, mean of the lanes; None where the clip ends before."""
    if to_s is None or to_s > log.duration_s:
        return None
    everything = np.ones(len(log.frame), dtype=bool)
    ratio: float = _covered(log, everything, ((from_s, to_s),), None)["occupancy_ratio"]
    return ratio
