"""Which texts the live page has: one field per text, so that no language can lack one."""

from dataclasses import dataclass

from .faces import Face
from .settings import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The texts of one language; fields in braces are filled in."""

    language: Language
    decimal: str
    thousands: str
    tagline: str
    overview: str
    map: str
    health: str
    other_language: str
    sign_out: str
    jammed: str
    congested: str
    dense: str
    free: str
    unknown: str
    stale: str
    offline: str
    simulated: str
    simulated_why: str
    queue: str
    queue_longest: str
    speed: str
    speed_lowest: str
    flow: str
    occupancy: str
    in_view: str
    counts: str
    observed: str
    state: str
    reason: str
    approach: str
    lane: str
    junction: str
    camera: str
    m: str
    kmh: str
    vph: str
    vehicles: str
    percent: str
    s: str
    min: str
    h: str
    day: str
    ago: str
    stopped_ago: str
    no_data_since: str
    since: str
    last_known: str
    not_measured: str
    beyond_view: str
    no_live_yet: str
    never_seen: str
    no_approaches: str
    no_row: str
    worker_offline: str
    source_offline: str
    source_ended: str
    source_connecting: str
    source_online: str
    no_cameras: str
    no_cameras_why: str
    cameras_count: str
    cameras_one: str
    last_minutes: str
    now: str
    last_hour: str
    last_hour_note: str
    no_windows: str
    turns: str
    movement: str
    turn_share: str
    traced: str
    traced_why: str
    turn_left: str
    turn_through: str
    turn_right: str
    turn_u_turn: str
    gates: str
    gate: str
    direction: str
    forward: str
    backward: str
    interval: str
    late_more: str
    gates_note: str
    figures: str
    figures_why: str
    export: str
    export_why: str
    back_live: str
    window_of: str
    no_window: str
    turning_sheet: str
    quality: str
    quality_score: str
    quality_short: str
    flags: str
    flags_none: str
    flow_smp: str
    smph: str
    smp: str
    heavy: str
    classes: str
    pkji_classes: str
    late: str
    headway: str
    gap: str
    vehicle_length: str
    usual_flow: str
    usual_speed: str
    speed_line: str
    speed_space: str
    speed_ratio: str
    density_part: str
    storage: str
    density: str
    vpkm: str
    area_occupancy: str
    obstacles: str
    line_seen: str
    delay_part: str
    control_delay: str
    stopped_delay: str
    s_veh: str
    stops: str
    travel_time: str
    tti: str
    signal_part: str
    cycles_count: str
    split_fail: str
    red: str
    intergreen: str
    plan: str
    yes: str
    no: str
    capacity_part: str
    capacity: str
    model_part: str
    model_basis: str
    model_residual: str
    model_red: str
    model_queue: str
    model_queue_m: str
    model_stops: str
    model_traffic_delay: str
    model_geometric_delay: str
    model_delay: str
    measured: str
    s_smp: str
    friction_part: str
    friction: str
    pedestrians: str
    friction_stops: str
    friction_crossings: str
    friction_entries: str
    friction_slow: str
    basis_measured_discharge: str
    basis_measured_j: str
    basis_formula_j: str
    basis_formula: str
    method_discharge: str
    method_signal_head: str
    flag_night: str
    flag_low_light: str
    flag_rain: str
    flag_dark: str
    flag_frozen: str
    flag_moved: str
    flag_offline: str
    flag_occluded: str
    flag_dirty: str
    flag_low_contrast: str
    flag_low_resolution: str
    flag_low_rate: str
    flag_speed_not_supported: str
    flag_length_assumed: str
    flag_queue_beyond_view: str
    flag_no_signal: str
    flag_green_end_unseen: str
    flag_green_lower_bound: str
    flag_capacity_lower_bound: str
    flag_demand_lower_bound: str
    flag_no_whole_cycle: str
    flag_low_score: str
    flag_no_capacity: str
    flag_no_entry_width: str
    flag_no_turn_share: str
    flag_downstream_blocks: str
    flag_beyond_formula: str
    flag_other_manual: str
    flag_maybe_two_cycles: str
    flag_clock_step: str
    flag_one_side: str
    flag_friction_partial: str
    flag_obstruction: str
    flag_one_movement: str
    flag_faster_than_reference: str
    flag_line_hidden: str
    flag_los_lower_bound: str
    flag_hardly_observed: str
    cycles: str
    cycles_none: str
    events: str
    events_none: str
    ongoing: str
    happenings: str
    where: str
    zone: str
    cause: str
    camera_itself: str
    end_unknown: str
    end_unknown_since: str
    of_it_seen: str
    end_unknown_why: str
    more_events: str
    cause_slow: str
    cause_queue_not_cleared: str
    cause_storage_full: str
    cause_recovering: str
    cause_stopped_vehicle: str
    cause_parked_vehicle: str
    cause_stopped_in_zone: str
    cause_wrong_way: str
    cause_blocked_box: str
    cause_pedestrian: str
    cause_spillback: str
    cause_spillback_blocks: str
    cause_dark: str
    cause_frozen: str
    cause_moved: str
    cause_offline: str
    begin: str
    end: str
    duration: str
    severity: str
    info: str
    warning: str
    serious: str
    event: str
    event_congestion: str
    event_stopped_vehicle: str
    event_wrong_way: str
    event_blocked_box: str
    event_pedestrian: str
    event_spillback: str
    event_camera_offline: str
    event_camera_moved: str
    event_camera_dark: str
    event_camera_frozen: str
    cycle_start: str
    saturation_degree: str
    service_level: str
    on_green: str
    cycle_length: str
    green: str
    queue_at_green: str
    residual: str
    discharged: str
    saturation: str
    confidence: str
    method: str
    total: str
    motorcycle: str
    car: str
    bus: str
    truck: str
    bicycle: str
    person: str
    three_wheeler: str
    source: str
    fps: str
    fps_note: str
    latency: str
    detector: str
    missed: str
    reconnects: str
    outbox: str
    dropped: str
    cpu: str
    memory: str
    disk: str
    temperature: str
    clock_offset: str
    clock_estimate: str
    clock_steps: str
    last_message: str
    model: str
    calibration: str
    software: str
    truth: str
    truth_why: str
    truth_count: str
    truth_of: str
    history_failed: str
    not_found_why: str
    map_nowhere: str
    map_note: str
    login_title: str
    login_password: str
    login_button: str
    login_wrong: str
    login_wait: str
    login_why: str
    connection_lost: str
    reconnecting: str

    def cameras(self, n: int) -> str:
        """How many cameras."""
        return self.cameras_one if n == 1 else self.cameras_count.format(n=n)

    def face(self, face: Face) -> str:
        """The word of a state."""
        return str(getattr(self, face.value))

    def event_type(self, event: str) -> str:
        """The word of an event type; its code where this version has no word."""
        return str(getattr(self, f"event_{event}", event))

    def kind(self, kind: str) -> str:
        """The word of a vehicle class; its code where this version has no word."""
        return str(getattr(self, kind, kind))

    def cause_of(self, cause: str) -> str:
        """The word of an event's cause; its code where this version has no word."""
        return str(getattr(self, f"cause_{cause}", cause))

    def flag(self, flag: str) -> str:
        """The word of a quality flag; its code where this version has no word."""
        return str(getattr(self, f"flag_{flag}", flag))

    def standard(self, name: str) -> str:
        """A standard's name, and in words how its figure came about; as it is where this version has no words."""
        plain, bracket, reason = name.partition(" (")
        document, _, basis = plain.partition(" ")
        known = getattr(self, "basis_" + basis.lower().replace(" ", "_"), basis)
        return f"{document} {known}".strip() + bracket + reason

    def cycle_method(self, method: str) -> str:
        """How a cycle was found; the code where this version has no word."""
        return str(getattr(self, f"method_{method}", method))
