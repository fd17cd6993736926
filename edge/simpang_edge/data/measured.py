"""What is measured: the row of a window, the row of a signal cycle, and how far they can be trusted."""

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What a row is about."""

    APPROACH = "approach"
    LANE = "lane"
    MOVEMENT = "movement"
    CAMERA = "camera"


class State(StrEnum):
    """Congestion state (domain reference, section 6)."""

    FREE = "free"
    DENSE = "dense"
    CONGESTED = "congested"
    JAMMED = "jammed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class UsualDay:
    """What one quarter hour of one day was like, in one approach: a stone of what is usual.

    slot: 0 to 671, quarter hours of the local week from Monday 00:00. day: proleptic ordinal of the local date.
    """

    approach: str
    slot: int
    day: int
    flow_vps: float
    speed_mps: float | None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a state or event holds, in words a person can act on, from one template in both languages."""

    code: str
    id: str
    en: str


@dataclass(frozen=True, slots=True)
class Quality:
    """How far a figure can be trusted.

    observed_s: seconds of the window that were really seen.
    score: 0 to 1.
    flags: night, low_light, low_contrast, dirty, moved, dark, frozen, occluded, low_resolution, low_rate,
    queue_beyond_view, clock_step, one_side, friction_partial, ... (docs/engineer.md says what each takes from the
    score).
    """

    observed_s: float
    score: float | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassSpeeds:
    """15th, 50th and 85th percentile of the speeds at the line of n vehicles of one class (domain reference, §1).

    pkji: SM, MP or KS; BB and TB count as KS, as in urban analysis (section 2).
    """

    pkji: str
    n: int
    p15_mps: float
    p50_mps: float
    p85_mps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Modelled:
    """Queue, stops and delay of a signal approach by formula, not measured (PKJI 2023, ch. 5; domain reference, §4).

    residual_smp Nq1, red_smp Nq2, queue_smp Nq = Nq1 + Nq2 at the start of green; queue_m PA; stops_per_smp RKH;
    traffic_delay_s TLL, geometric_delay_s TG, delay_s T = TLL + TG, seconds per smp. missing: why those that are None
    are, a flag or code of `meter.modelled`; None where all are known.
    """

    standard: str
    missing: str | None = None
    residual_smp: float | None = None
    red_smp: float | None = None
    queue_smp: float | None = None
    queue_m: float | None = None
    stops_per_smp: float | None = None
    traffic_delay_s: float | None = None
    geometric_delay_s: float | None = None
    delay_s: float | None = None


@dataclass(frozen=True, slots=True)
class GateCounts:
    """Vehicles that passed one gate in one direction (forward, backward), whichever way they came.

    counts follow `KINDS`, pkji_counts `PKJI_CLASSES`. late: passages of earlier windows that became known after those
    had closed.
    """

    gate: str
    direction: str
    counts: tuple[int, ...]
    pkji_counts: tuple[int, ...]
    late: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One row per approach, lane or movement and window ``[from_s, to_s)``; None is unknown.

    counts follow `KINDS`, pkji_counts `PKJI_CLASSES` (by the rules of version class_rules); they are None when nothing
    of the window was observed. Names and definitions are those of the domain reference, sections 1 to 5 and 10.

    flow_smps, saturation_flow_smps, capacity_smps: smp per second by the EMP set named in `emp`. dj: degree of
    saturation (derajat kejenuhan). los: letter of `los_standard`. cycles: signal cycles that ended in the window;
    cycle_s, green_s, queue_at_green_*, residual_queue_vehicles: means over them. turn_share_ratio: share of the
    approach's traced vehicles that made this movement; traced_ratio: share of its crossings that could be traced.
    usual_flow_vps, usual_speed_mps: the usual figures of this weekday and quarter hour, from usual_n days.
    side_friction: weighted events per hour and 200 m (PKJI 2023, both sides), with its class SR to ST and its parts.
    speed_error_ratio: half of the 95 % interval that the scale and the contact height leave on every speed of the row,
    as a share of it; speed_interval_mps, of the time mean, has the fits as well. headway_n: headways behind the mean.
    delay_n: vehicles behind delays, stops and travel time. cycle_method: of the cycles, as in `Cycle`; both with a +
    between.
    modelled: queue, stops and delay by formula beside the measured ones, of approaches in quarter hours only.
    line_seen_ratio: share of the observed time in which no bus or truck of another lane hid the stop line.
    tti: travel time over free-flow travel time. obstacles: of links, the most vehicles at a time that stood in the way
    and are in none of speed, density, area occupancy, gap and queue.
    gates: all gates of the camera, in the row of its first approach only;
    a camera without approaches has one row of scope CAMERA about them, whose `approach` is the camera's id.
    gates_unseen: where they would stand, the ids of the gates of whose window nothing was observed.
    """

    from_s: float
    to_s: float
    scope: Scope
    approach: str
    lane: int | None = None
    movement: str | None = None
    quality: Quality
    counts: tuple[int, ...] | None = None
    late: int = 0
    flow_vps: float | None = None
    speed_time_mean_mps: float | None = None
    speed_space_mean_mps: float | None = None
    speed_p15_mps: float | None = None
    speed_p50_mps: float | None = None
    speed_p85_mps: float | None = None
    class_speeds: tuple[ClassSpeeds, ...] = ()
    speed_n: int = 0
    speed_interval_mps: tuple[float, float] | None = None
    speed_error_ratio: float | None = None
    speed_ratio: float | None = None
    occupancy_ratio: float | None = None
    area_occupancy_ratio: float | None = None
    line_seen_ratio: float | None = None
    obstacles: int | None = None
    density_vpm: float | None = None
    headway_mean_s: float | None = None
    headway_n: int | None = None
    gap_mean_m: float | None = None
    length_mean_m: float | None = None
    queue_max_m: float | None = None
    queue_max_vehicles: int | None = None
    queue_storage_ratio: float | None = None
    stopped_delay_s: float | None = None
    control_delay_s: float | None = None
    stops_per_vehicle: float | None = None
    travel_time_s: float | None = None
    delay_n: int | None = None
    pedestrians: int | None = None
    pkji_counts: tuple[int, ...] | None = None
    class_rules: str | None = None
    flow_smps: float | None = None
    emp: str | None = None
    heavy_ratio: float | None = None
    saturation_flow_vps: float | None = None
    saturation_flow_smps: float | None = None
    capacity_smps: float | None = None
    capacity_standard: str | None = None
    dj: float | None = None
    los: str | None = None
    los_standard: str | None = None
    modelled: Modelled | None = None
    cycles: int | None = None
    cycle_s: float | None = None
    green_s: float | None = None
    cycle_confidence: float | None = None
    cycle_method: str | None = None
    queue_at_green_vehicles: float | None = None
    queue_at_green_smp: float | None = None
    residual_queue_vehicles: float | None = None
    split_fail_ratio: float | None = None
    arrivals_on_green_ratio: float | None = None
    arrivals_on_green_margin_ratio: float | None = None
    turn_share_ratio: float | None = None
    traced_ratio: float | None = None
    usual_flow_vps: float | None = None
    usual_speed_mps: float | None = None
    usual_n: int | None = None
    side_friction: float | None = None
    side_friction_class: str | None = None
    friction_stops: int | None = None
    friction_crossings: int | None = None
    friction_slow: int | None = None
    friction_entries: int | None = None
    tti: float | None = None
    gates: tuple[GateCounts, ...] | None = None
    gates_unseen: tuple[str, ...] = ()
    state: State = State.UNKNOWN
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """One signal cycle of one approach, from start of green to the next start of green.

    method: discharge (from the vehicles) or signal_head (from the lamps in view). intergreen_s: from the end of this
    approach's green to the start of another's, where both are seen. plan: number of the signal plan, +1 when it
    changes. split_fail: stop-bar occupancy of 80 % or more both in green and in the first 5 s of red. delay_n: vehicles
    behind delays and stops. discharged_smp: the discharged vehicles in smp. saturated: whether the queue discharged to
    the end of green and more was left, None where that end is not known. arrivals_on_green_margin_ratio: so much more
    or less the share may be, in nine of ten cycles.
    """

    from_s: float
    to_s: float
    approach: str
    quality: Quality
    method: str
    confidence: float | None
    green_s: float | None = None
    queue_at_green_vehicles: int | None = None
    queue_at_green_m: float | None = None
    residual_queue_vehicles: int | None = None
    queue_max_m: float | None = None
    queue_beyond_view: bool | None = None
    discharged: int | None = None
    discharged_smp: float | None = None
    saturated: bool | None = None
    saturation_flow_vps: float | None = None
    saturation_flow_smps: float | None = None
    queue_at_green_smp: float | None = None
    red_s: float | None = None
    intergreen_s: float | None = None
    plan: int | None = None
    arrivals: int | None = None
    arrivals_on_green_ratio: float | None = None
    arrivals_on_green_margin_ratio: float | None = None
    occupancy_green_ratio: float | None = None
    occupancy_red_ratio: float | None = None
    split_fail: bool | None = None
    control_delay_s: float | None = None
    stopped_delay_s: float | None = None
    stops_per_vehicle: float | None = None
    delay_n: int | None = None
