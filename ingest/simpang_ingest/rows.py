"""The nouns of the centre: what is stored and what history answers with, one type per measurement.

A row is a point: its tags and `time_ns` are its key (the same point twice is one point), the rest are its fields.
Names are those of the columns and of the InfluxDB fields; units are in the names. None is unknown, never 0.
"""

from typing import ClassVar, NamedTuple

from msgspec import Struct


class CameraKey(NamedTuple):
    """Which camera: camera ids are unique within a site."""

    site: str
    camera: str


class Stored(Struct, frozen=True, kw_only=True):
    """What every stored row has.

    time_ns: POSIX nanoseconds UTC. MEASUREMENT: the name in the store. TAGS: in the order of the key.
    """

    MEASUREMENT: ClassVar[str] = ""
    TAGS: ClassVar[tuple[str, ...]] = ("site", "camera")

    site: str
    camera: str
    city: str | None = None
    time_ns: int

    @property
    def key(self) -> CameraKey:
        """Which camera the row is of."""
        return CameraKey(self.site, self.camera)

    @property
    def time_s(self) -> float:
        """POSIX seconds UTC of the row's time."""
        return self.time_ns / 1e9


class WindowRow(Stored, frozen=True, kw_only=True):
    """One approach, lane or movement in one window; time_ns is the window's start, `window` its length in seconds.

    count_*: vehicles that crossed, by kind, and by class of PKJI 2023 (sm, mp, ks, bb, tb, ktb).
    los: a letter, "≥ D" for D or worse.
    model_*: by the formulas of model_standard, not measured; model_missing: why what is None of them is.
    state_code: 0 free, 1 dense, 2 congested, 3 jammed, None unknown.
    """

    MEASUREMENT: ClassVar[str] = "traffic_window"
    TAGS: ClassVar[tuple[str, ...]] = ("site", "camera", "window", "scope", "approach", "lane", "movement")

    window: int
    scope: str
    approach: str
    lane: int | None = None
    movement: str | None = None
    observed_s: float
    observed_ratio: float
    quality: float | None = None
    flags: str | None = None
    intensity: int | None = None
    count_motorcycle: int | None = None
    count_car: int | None = None
    count_bus: int | None = None
    count_truck: int | None = None
    count_bicycle: int | None = None
    count_person: int | None = None
    count_three_wheeler: int | None = None
    late: int = 0
    flow_vph: float | None = None
    flow_smph: float | None = None
    emp: str | None = None
    heavy_pct: float | None = None
    speed_kmh: float | None = None
    speed_space_mean_kmh: float | None = None
    speed_p15_kmh: float | None = None
    speed_p50_kmh: float | None = None
    speed_p85_kmh: float | None = None
    speed_p15_sm_kmh: float | None = None
    speed_p50_sm_kmh: float | None = None
    speed_p85_sm_kmh: float | None = None
    speed_n_sm: int | None = None
    speed_p15_mp_kmh: float | None = None
    speed_p50_mp_kmh: float | None = None
    speed_p85_mp_kmh: float | None = None
    speed_n_mp: int | None = None
    speed_p15_ks_kmh: float | None = None
    speed_p50_ks_kmh: float | None = None
    speed_p85_ks_kmh: float | None = None
    speed_n_ks: int | None = None
    speed_n: int = 0
    speed_low_kmh: float | None = None
    speed_high_kmh: float | None = None
    speed_error_pct: float | None = None
    speed_ratio: float | None = None
    occupancy: float | None = None
    area_occupancy: float | None = None
    density_vpkm: float | None = None
    headway_s: float | None = None
    gap_m: float | None = None
    length_m: float | None = None
    queue_max_m: float | None = None
    queue_max_vehicles: int | None = None
    queue_storage_pct: float | None = None
    stopped_delay_s: float | None = None
    control_delay_s: float | None = None
    stops_per_vehicle: float | None = None
    travel_time_s: float | None = None
    delay_n: int | None = None
    headway_n: int | None = None
    pedestrians: int | None = None
    count_sm: int | None = None
    count_mp: int | None = None
    count_ks: int | None = None
    count_bb: int | None = None
    count_tb: int | None = None
    count_ktb: int | None = None
    class_rules: str | None = None
    saturation_flow_vph: float | None = None
    saturation_flow_smph: float | None = None
    capacity_smph: float | None = None
    capacity_standard: str | None = None
    dj: float | None = None
    los: str | None = None
    los_standard: str | None = None
    model_standard: str | None = None
    model_missing: str | None = None
    model_residual_smp: float | None = None
    model_red_smp: float | None = None
    model_queue_smp: float | None = None
    model_queue_m: float | None = None
    model_stops_per_smp: float | None = None
    model_traffic_delay_s: float | None = None
    model_geometric_delay_s: float | None = None
    model_delay_s: float | None = None
    cycles: int | None = None
    cycle_s: float | None = None
    green_s: float | None = None
    cycle_confidence: float | None = None
    cycle_method: str | None = None
    queue_at_green_vehicles: float | None = None
    queue_at_green_smp: float | None = None
    residual_queue_vehicles: float | None = None
    split_fail_ratio: float | None = None
    arrivals_on_green: float | None = None
    arrivals_on_green_margin: float | None = None
    turn_share: float | None = None
    traced: float | None = None
    usual_flow_vph: float | None = None
    usual_speed_kmh: float | None = None
    usual_n: int | None = None
    side_friction: float | None = None
    side_friction_class: str | None = None
    friction_stops: int | None = None
    friction_crossings: int | None = None
    friction_slow: int | None = None
    friction_entries: int | None = None
    tti: float | None = None
    line_seen: float | None = None
    obstacles: int | None = None
    congested: bool | None = None
    state: str = "unknown"
    state_code: int | None = None
    reason_code: str | None = None
    reason_id: str | None = None
    reason_en: str | None = None

    @property
    def from_s(self) -> float:
        """Start of the window, POSIX UTC."""
        return self.time_s

    @property
    def to_s(self) -> float:
        """End of the window, POSIX UTC; not part of it."""
        return self.time_s + self.window


class GateRow(Stored, frozen=True, kw_only=True):
    """Vehicles over one gate in one direction (forward, backward) in one window; time_ns is the window's start.

    Where nothing of the window was observed the counts are unknown, and observed_s and flags say so.
    """

    MEASUREMENT: ClassVar[str] = "traffic_gate"
    TAGS: ClassVar[tuple[str, ...]] = ("site", "camera", "window", "gate", "direction")

    window: int
    gate: str
    direction: str
    observed_s: float
    observed_ratio: float
    quality: float | None = None
    flags: str | None = None
    intensity: int | None = None
    count_motorcycle: int | None = None
    count_car: int | None = None
    count_bus: int | None = None
    count_truck: int | None = None
    count_bicycle: int | None = None
    count_person: int | None = None
    count_three_wheeler: int | None = None
    count_sm: int | None = None
    count_mp: int | None = None
    count_ks: int | None = None
    count_bb: int | None = None
    count_tb: int | None = None
    count_ktb: int | None = None
    class_rules: str | None = None
    late: int = 0


class CycleRow(Stored, frozen=True, kw_only=True):
    """One signal cycle of an approach; time_ns is its start of green."""

    MEASUREMENT: ClassVar[str] = "traffic_cycle"
    TAGS: ClassVar[tuple[str, ...]] = ("site", "camera", "approach")

    approach: str
    observed_s: float
    quality: float | None = None
    flags: str | None = None
    method: str
    confidence: float | None = None
    cycle_s: float
    green_s: float | None = None
    queue_at_green_vehicles: int | None = None
    queue_at_green_m: float | None = None
    residual_queue_vehicles: int | None = None
    queue_max_m: float | None = None
    queue_beyond_view: bool | None = None
    discharged: int | None = None
    saturation_flow_vph: float | None = None
    saturation_flow_smph: float | None = None
    queue_at_green_smp: float | None = None
    red_s: float | None = None
    intergreen_s: float | None = None
    plan: int | None = None
    arrivals: int | None = None
    arrivals_on_green: float | None = None
    arrivals_on_green_margin: float | None = None
    occupancy_green: float | None = None
    occupancy_red: float | None = None
    split_fail: bool | None = None
    control_delay_s: float | None = None
    stopped_delay_s: float | None = None
    stops_per_vehicle: float | None = None
    delay_n: int | None = None

    @property
    def from_s(self) -> float:
        """Start of green, POSIX UTC."""
        return self.time_s

    @property
    def to_s(self) -> float:
        """The next start of green, POSIX UTC."""
        return self.time_s + self.cycle_s


class EventRow(Stored, frozen=True, kw_only=True):
    """Something that began; end_s and duration_s are None while it lasts.

    time_ns: its beginning in microseconds, and in the last three digits a number made of the event's id, so that two
    events of one kind that began in the same frame are two points, and beginning and end of one event are one.
    event: what happened (congestion, stopped_vehicle, ...). begin_s, end_s, told_s: POSIX UTC; told_s: when its worker
    spoke of it last. observed_s: seconds of it that were seen until its end, None while it lasts and for a camera's own
    faults.
    """

    MEASUREMENT: ClassVar[str] = "traffic_event"
    TAGS: ClassVar[tuple[str, ...]] = ("site", "camera", "event", "approach", "lane")

    event: str
    approach: str | None = None
    lane: int | None = None
    id: str
    begin_s: float
    end_s: float | None = None
    duration_s: float | None = None
    observed_s: float | None = None
    told_s: float | None = None
    severity: str
    zone: str | None = None
    cause: str | None = None
    reason_code: str | None = None
    reason_id: str | None = None
    reason_en: str | None = None


class HealthRow(Stored, frozen=True, kw_only=True):
    """How a worker was doing; time_ns is when it said so. online: 1 when its source delivers pictures, else 0."""

    MEASUREMENT: ClassVar[str] = "camera_health"

    source: str
    source_detail: str | None = None
    online: int
    fps_read: float | None = None
    fps_analysed: float | None = None
    frames_missed: int = 0
    reconnects: int = 0
    latency_ms: float | None = None
    detect_ms: float | None = None
    memory_mb: float | None = None
    cpu_pct: float | None = None
    temperature_c: float | None = None
    disk_free_mb: float | None = None
    outbox_messages: int | None = None
    outbox_dropped: int = 0
    clock_offset_s: float | None = None
    clock_steps: int = 0
    boot: int


class CameraRow(Stored, frozen=True, kw_only=True):
    """What a camera is; time_ns is the start of the worker that said so. approaches: JSON, as in the meta message."""

    MEASUREMENT: ClassVar[str] = "camera_meta"

    name: str
    junction: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    approaches: str = "[]"
    calibration_error_m: float | None = None
    calibration_id: str | None = None
    model_id: str | None = None
    software: str
    config_hash: str
    analysis_fps: float
    simulated: bool = False


TABLES: tuple[type[Stored], ...] = (WindowRow, GateRow, CycleRow, EventRow, HealthRow, CameraRow)
"""Every kind of row."""
