"""The rows of every channel."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from .fields import ClassSpeedX, Count, Counts, GateX, ModelledX, Name, NotNegative, QualityX, Share, Time, Words


class FlowX(Struct, frozen=True, kw_only=True):
    """Our own fields of a window row; definitions in the measurement reference.

    gates: all gates of the camera, in the row of its first approach only; where nothing was observed null, with their
    ids in gates_unseen. scope camera: the one row of a camera that
    has gates and no approaches; approach is then the camera's id.
    """

    scope: Literal["approach", "lane", "movement", "camera"]
    approach: Name
    movement: str | None = None
    window_s: Annotated[int, Meta(gt=0)]
    quality: QualityX
    counts: Counts | None = None
    late: Count = 0
    flow_vph: NotNegative | None = None
    flow_smph: NotNegative | None = None
    emp: str | None = None
    heavy_pct: NotNegative | None = None
    speed_space_mean_kmh: NotNegative | None = None
    speed_p15_kmh: NotNegative | None = None
    speed_p50_kmh: NotNegative | None = None
    speed_p85_kmh: NotNegative | None = None
    speed_by_class: dict[str, ClassSpeedX] | None = None
    speed_n: Count = 0
    speed_low_kmh: NotNegative | None = None
    speed_high_kmh: NotNegative | None = None
    speed_error_pct: NotNegative | None = None
    speed_ratio: NotNegative | None = None
    area_occupancy: Share | None = None
    density_vpkm: NotNegative | None = None
    queue_max_m: NotNegative | None = None
    queue_max_vehicles: Count | None = None
    queue_storage_pct: NotNegative | None = None
    stopped_delay_s: NotNegative | None = None
    control_delay_s: float | None = None
    stops_per_vehicle: NotNegative | None = None
    travel_time_s: NotNegative | None = None
    delay_n: Count | None = None
    headway_n: Count | None = None
    pedestrians: Count | None = None
    pkji_counts: Counts | None = None
    class_rules: str | None = None
    saturation_flow_vph: NotNegative | None = None
    saturation_flow_smph: NotNegative | None = None
    capacity_smph: NotNegative | None = None
    capacity_standard: str | None = None
    dj: NotNegative | None = None
    los: str | None = None
    los_standard: str | None = None
    modelled: ModelledX | None = None
    cycles: Count | None = None
    cycle_s: NotNegative | None = None
    green_s: NotNegative | None = None
    cycle_confidence: Share | None = None
    cycle_method: str | None = None
    queue_at_green_vehicles: NotNegative | None = None
    queue_at_green_smp: NotNegative | None = None
    residual_queue_vehicles: NotNegative | None = None
    split_fail_ratio: Share | None = None
    arrivals_on_green: Share | None = None
    arrivals_on_green_margin: Share | None = None
    turn_share: Share | None = None
    traced: Share | None = None
    usual_flow_vph: NotNegative | None = None
    usual_speed_kmh: NotNegative | None = None
    usual_n: Count | None = None
    side_friction: NotNegative | None = None
    side_friction_class: str | None = None
    friction_stops: Count | None = None
    friction_crossings: Count | None = None
    friction_slow: Count | None = None
    friction_entries: Count | None = None
    tti: NotNegative | None = None
    line_seen: Share | None = None
    obstacles: Count | None = None
    gates: list[GateX] | None = None
    gates_unseen: list[str] | None = None
    state: str = "unknown"
    reason: Words | None = None


class FlowRow(Struct, frozen=True, kw_only=True, rename="camel"):
    """One TrafficFlowObserved: an approach, a lane, a movement or all gates of a camera in one window."""

    id: str
    type: Literal["TrafficFlowObserved"] = "TrafficFlowObserved"
    lane_id: Annotated[int, Meta(ge=1)] | None = None
    date_observed_from: Time
    date_observed_to: Time
    intensity: Count | None = None
    occupancy: Share | None = None
    average_vehicle_speed: NotNegative | None = None
    average_vehicle_length: NotNegative | None = None
    average_headway_time: NotNegative | None = None
    average_gap_distance: NotNegative | None = None
    congested: bool | None = None
    x: FlowX


class CycleRow(Struct, frozen=True, kw_only=True):
    """One signal cycle of one approach, from start of green to the next start of green."""

    approach: Name
    from_: Time = msgspec.field(name="from")
    to: Time
    quality: QualityX
    method: str
    confidence: Share | None = None
    cycle_s: NotNegative
    green_s: NotNegative | None = None
    queue_at_green_vehicles: Count | None = None
    queue_at_green_m: NotNegative | None = None
    residual_queue_vehicles: Count | None = None
    queue_max_m: NotNegative | None = None
    queue_beyond_view: bool | None = None
    discharged: Count | None = None
    saturation_flow_vph: NotNegative | None = None
    saturation_flow_smph: NotNegative | None = None
    queue_at_green_smp: NotNegative | None = None
    red_s: NotNegative | None = None
    intergreen_s: NotNegative | None = None
    plan: Count | None = None
    arrivals: Count | None = None
    arrivals_on_green: Share | None = None
    arrivals_on_green_margin: Share | None = None
    occupancy_green: Share | None = None
    occupancy_red: Share | None = None
    split_fail: bool | None = None
    control_delay_s: float | None = None
    stopped_delay_s: NotNegative | None = None
    stops_per_vehicle: NotNegative | None = None
    delay_n: Count | None = None


class EventRow(Struct, frozen=True, kw_only=True):
    """Something that began (end null) or ended. told: when this message was due, on the frames' own clock. observed_s:
    seconds of it that were seen, null for what is about the camera itself. A worker that starts again tells what still
    lasts once more, with the same id."""

    id: str
    type: str
    begin: Time
    end: Time | None = None
    severity: Literal["info", "warning", "serious"]
    approach: Name | None = None
    lane: Annotated[int, Meta(ge=1)] | None = None
    zone: str | None = None
    cause: str | None = None
    reason: Words | None = None
    told: Time | None = None
    observed_s: NotNegative | None = None


class LiveRow(Struct, frozen=True, kw_only=True):
    """What the operator sees now, per approach and per lane. observed_s: since the worker started. quality: of the last
    minute, as a window's."""

    scope: Literal["approach", "lane"]
    approach: Name
    lane: Annotated[int, Meta(ge=1)] | None = None
    vehicles_in_view: Count | None = None
    counts: Counts | None = None
    observed_s: NotNegative = 0.0
    flow_vph: NotNegative | None = None
    speed_kmh: NotNegative | None = None
    queue_m: NotNegative | None = None
    queue_vehicles: Count | None = None
    queue_beyond_view: bool | None = None
    occupancy: Share | None = None
    quality: QualityX | None = None
    state: str = "unknown"
    reason: Words | None = None


class HealthRow(Struct, frozen=True, kw_only=True):
    """How the worker itself is doing."""

    source: Literal["online", "offline", "connecting", "ended"]
    source_detail: str = ""
    fps_read: NotNegative | None = None
    fps_analysed: NotNegative | None = None
    frames_missed: Count = 0
    reconnects: Count = 0
    latency_ms: NotNegative | None = None
    detect_ms: NotNegative | None = None
    memory_mb: NotNegative | None = None
    cpu_pct: NotNegative | None = None
    temperature_c: float | None = None
    disk_free_mb: NotNegative | None = None
    outbox_messages: Count | None = None
    outbox_dropped: Count = 0
    clock_offset_s: float | None = None
    clock_steps: Count = 0


class LaneMeta(Struct, frozen=True, kw_only=True):
    """A lane as configured."""

    id: Annotated[int, Meta(ge=1)]


class ApproachMeta(Struct, frozen=True, kw_only=True):
    """An approach as configured."""

    id: Name
    name: str
    lanes: list[LaneMeta] = []
    length_m: NotNegative
    free_flow_kmh: NotNegative | None = None


class MovementMeta(Struct, frozen=True, kw_only=True):
    """A movement as configured; gate None: told by the shape of the path."""

    id: Name
    name: str
    approach: Name
    turn: str
    gate: str | None = None


class GateMeta(Struct, frozen=True, kw_only=True):
    """A gate as configured; line: its first and second point in the picture, pixels."""

    id: Name
    name: str
    kind: str
    line: list[tuple[float, float]]


class MetaRow(Struct, frozen=True, kw_only=True):
    """What does not change while a worker runs; retained on the broker."""

    name: str
    junction: str | None = None
    city: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    approaches: list[ApproachMeta] = []
    calibration_error_m: NotNegative | None = None
    calibration_id: str | None = None
    model_id: str | None = None
    software: str
    config_hash: str
    analysis_fps: NotNegative
    simulated: bool = False
    movements: list[MovementMeta] = []
    gates: list[GateMeta] = []


class StatusRow(Struct, frozen=True, kw_only=True):
    """Birth (online), and last will or a clean stop (offline)."""

    state: Literal["online", "offline"]
    reason: str | None = None
    since: Time | None = None
    owner: str | None = None
