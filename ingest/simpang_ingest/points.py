"""From messages to the rows that are stored. Pure; the key of a row depends on the message alone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from zlib import crc32

import msgspec
from simpang_edge.message import (
    AnyMessage,
    Channel,
    ClassSpeedX,
    Counts,
    CycleRow,
    EventRow,
    FlowRow,
    FlowX,
    GateX,
    HealthRow,
    Message,
    MetaRow,
    ModelledX,
    Words,
)

from . import rows

STATE_CODES: Final = {"free": 0, "dense": 1, "congested": 2, "jammed": 3}
"""What a state timeline draws; unknown has no number."""

LOS_BOUND: Final = "los_lower_bound"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_NO_WORDS: Final = (None, None, None)
_PKJI: Final = ("SM", "MP", "KS", "BB", "TB", "KTB")
_KINDS: Final = ("motorcycle", "car", "bus", "truck", "bicycle", "person", "three_wheeler")
_MOTOR: Final = ("motorcycle", "car", "bus", "truck", "three_wheeler")
_DIRECTIONS: Final = ("forward", "backward")
_URBAN: Final = ("SM", "MP", "KS")


class Cities:
    """Which city a site belongs to: from the configuration, because a tag must not depend on what came before."""

    def __init__(self, default: str | None = None, of_site: dict[str, str] | None = None) -> None:
        self._default = default
        self._of_site = dict(of_site or {})

    def of(self, site: str) -> str | None:
        """The city of a site, None when none is configured."""
        return self._of_site.get(site, self._default)


def time_ns(moment: datetime) -> int:
    """POSIX nanoseconds of an aware datetime, exactly (no float between)."""
    return (moment - _EPOCH) // _MICROSECOND * 1000


def to_rows(message: AnyMessage, cities: Cities) -> list[rows.Stored]:
    """The rows to store of a message; live and status messages have none."""
    city = cities.of(message.site)
    make = _MAKERS.get(message.channel)
    return [] if make is None else [made for row in message.rows for made in make(message, row, city)]


def _window(message: Message[FlowRow], row: FlowRow, city: str | None) -> list[rows.Stored]:
    """The row itself, and one for each direction of each gate, seen or not; of a camera's own row only these."""
    gates = [_gate(message, row, gate, city) for gate in row.x.gates or ()]
    gates += [_unseen(message, row, gate, way, city) for gate in row.x.gates_unseen or () for way in _DIRECTIONS]
    return [*gates] if row.x.scope == "camera" else [_flow(message, row, city), *gates]


def _gate(message: Message[FlowRow], row: FlowRow, gate: GateX, city: str | None) -> rows.GateRow:
    x = row.x
    kinds = {f"count_{kind}": gate.counts.get(kind) for kind in _KINDS}
    return rows.GateRow(
        site=message.site, camera=message.camera, city=city, time_ns=time_ns(row.date_observed_from),
        window=x.window_s, gate=gate.gate, direction=gate.direction, observed_s=x.quality.observed_s,
        observed_ratio=_observed_ratio(x), quality=x.quality.score, flags=_flags(x.quality.flags),
        intensity=sum(gate.counts.get(kind, 0) for kind in _MOTOR), **kinds, **_pkji(gate.pkji_counts),
        class_rules=x.class_rules, late=gate.late,
    )  # fmt: skip


def _unseen(message: Message[FlowRow], row: FlowRow, gate: str, direction: str, city: str | None) -> rows.GateRow:
    """A gate of whose window nothing was seen."""
    x = row.x
    return rows.GateRow(
        site=message.site, camera=message.camera, city=city, time_ns=time_ns(row.date_observed_from),
        window=x.window_s, gate=gate, direction=direction, observed_s=x.quality.observed_s,
        observed_ratio=_observed_ratio(x), quality=x.quality.score, flags=_flags(x.quality.flags),
    )  # fmt: skip


def _observed_ratio(x: FlowX) -> float:
    return min(1.0, x.quality.observed_s / x.window_s)


def _flow(message: Message[FlowRow], row: FlowRow, city: str | None) -> rows.WindowRow:
    x = row.x
    motorcycle, car, bus, truck, bicycle, person, three_wheeler = _counts(x.counts)
    reason_code, reason_id, reason_en = _words(x.reason)
    return rows.WindowRow(
        site=message.site, camera=message.camera, city=city, time_ns=time_ns(row.date_observed_from),
        window=x.window_s, scope=x.scope, approach=x.approach, lane=row.lane_id, movement=x.movement,
        observed_s=x.quality.observed_s, observed_ratio=_observed_ratio(x),
        quality=x.quality.score, flags=_flags(x.quality.flags), intensity=row.intensity,
        count_motorcycle=motorcycle, count_car=car, count_bus=bus, count_truck=truck, count_bicycle=bicycle,
        count_person=person, count_three_wheeler=three_wheeler, late=x.late,
        flow_vph=x.flow_vph, flow_smph=x.flow_smph, emp=x.emp, heavy_pct=x.heavy_pct,
        speed_kmh=row.average_vehicle_speed, speed_space_mean_kmh=x.speed_space_mean_kmh,
        speed_p15_kmh=x.speed_p15_kmh, speed_p50_kmh=x.speed_p50_kmh, speed_p85_kmh=x.speed_p85_kmh,
        **_class_speeds(x.speed_by_class), speed_n=x.speed_n, speed_error_pct=x.speed_error_pct,
        speed_low_kmh=x.speed_low_kmh, speed_high_kmh=x.speed_high_kmh, speed_ratio=x.speed_ratio,
        occupancy=row.occupancy, area_occupancy=x.area_occupancy, density_vpkm=x.density_vpkm,
        headway_s=row.average_headway_time, gap_m=row.average_gap_distance, length_m=row.average_vehicle_length,
        queue_max_m=x.queue_max_m, queue_max_vehicles=x.queue_max_vehicles, queue_storage_pct=x.queue_storage_pct,
        stopped_delay_s=x.stopped_delay_s, control_delay_s=x.control_delay_s, stops_per_vehicle=x.stops_per_vehicle,
        delay_n=x.delay_n, headway_n=x.headway_n, cycle_method=x.cycle_method,
        travel_time_s=x.travel_time_s, pedestrians=x.pedestrians, congested=row.congested,
        **_pkji(x.pkji_counts), class_rules=x.class_rules,
        saturation_flow_vph=x.saturation_flow_vph, saturation_flow_smph=x.saturation_flow_smph,
        capacity_smph=x.capacity_smph, capacity_standard=x.capacity_standard, dj=x.dj, los=_level(x),
        los_standard=x.los_standard, **_modelled(x.modelled), cycles=x.cycles, cycle_s=x.cycle_s, green_s=x.green_s,
        cycle_confidence=x.cycle_confidence, queue_at_green_vehicles=x.queue_at_green_vehicles,
        queue_at_green_smp=x.queue_at_green_smp, residual_queue_vehicles=x.residual_queue_vehicles,
        split_fail_ratio=x.split_fail_ratio, arrivals_on_green=x.arrivals_on_green,
        arrivals_on_green_margin=x.arrivals_on_green_margin, turn_share=x.turn_share,
        traced=x.traced, usual_flow_vph=x.usual_flow_vph, usual_speed_kmh=x.usual_speed_kmh, usual_n=x.usual_n,
        side_friction=x.side_friction, side_friction_class=x.side_friction_class, friction_stops=x.friction_stops,
        friction_crossings=x.friction_crossings, friction_slow=x.friction_slow, friction_entries=x.friction_entries,
        tti=x.tti, line_seen=x.line_seen, obstacles=x.obstacles,
        state=x.state, state_code=STATE_CODES.get(x.state),
        reason_code=reason_code, reason_id=reason_id, reason_en=reason_en,
    )  # fmt: skip


def _cycle(message: Message[CycleRow], row: CycleRow, city: str | None) -> rows.CycleRow:
    return rows.CycleRow(
        site=message.site, camera=message.camera, city=city, time_ns=time_ns(row.from_), approach=row.approach,
        observed_s=row.quality.observed_s, quality=row.quality.score, flags=_flags(row.quality.flags),
        method=row.method, confidence=row.confidence, cycle_s=row.cycle_s, green_s=row.green_s,
        queue_at_green_vehicles=row.queue_at_green_vehicles, queue_at_green_m=row.queue_at_green_m,
        residual_queue_vehicles=row.residual_queue_vehicles, queue_max_m=row.queue_max_m,
        queue_beyond_view=row.queue_beyond_view, discharged=row.discharged,
        saturation_flow_vph=row.saturation_flow_vph,
        saturation_flow_smph=row.saturation_flow_smph, queue_at_green_smp=row.queue_at_green_smp, red_s=row.red_s,
        intergreen_s=row.intergreen_s, plan=row.plan, arrivals=row.arrivals, arrivals_on_green=row.arrivals_on_green,
        arrivals_on_green_margin=row.arrivals_on_green_margin,
        occupancy_green=row.occupancy_green, occupancy_red=row.occupancy_red, split_fail=row.split_fail,
        control_delay_s=row.control_delay_s, stopped_delay_s=row.stopped_delay_s,
        stops_per_vehicle=row.stops_per_vehicle, delay_n=row.delay_n,
    )  # fmt: skip


def _event(message: Message[EventRow], row: EventRow, city: str | None) -> rows.EventRow:
    reason_code, reason_id, reason_en = _words(row.reason)
    begin_s = row.begin.timestamp()
    end_s = None if row.end is None else row.end.timestamp()
    return rows.EventRow(
        site=message.site, camera=message.camera, city=city, event=row.type, approach=row.approach, lane=row.lane,
        time_ns=time_ns(row.begin) + crc32(row.id.encode()) % 1000, id=row.id, begin_s=begin_s, end_s=end_s,
        duration_s=None if end_s is None else max(0.0, end_s - begin_s), severity=row.severity,
        observed_s=None if end_s is None else row.observed_s, told_s=None if row.told is None else row.told.timestamp(),
        zone=row.zone, cause=row.cause,
        reason_code=reason_code, reason_id=reason_id, reason_en=reason_en,
    )  # fmt: skip


def _health(message: Message[HealthRow], row: HealthRow, city: str | None) -> rows.HealthRow:
    return rows.HealthRow(
        site=message.site, camera=message.camera, city=city, time_ns=time_ns(message.sent), source=row.source,
        source_detail=row.source_detail or None, online=int(row.source == "online"), fps_read=row.fps_read,
        fps_analysed=row.fps_analysed, frames_missed=row.frames_missed, reconnects=row.reconnects,
        latency_ms=row.latency_ms, detect_ms=row.detect_ms, memory_mb=row.memory_mb, cpu_pct=row.cpu_pct,
        temperature_c=row.temperature_c, disk_free_mb=row.disk_free_mb, outbox_messages=row.outbox_messages,
        outbox_dropped=row.outbox_dropped, clock_offset_s=row.clock_offset_s, clock_steps=row.clock_steps,
        boot=message.boot,
    )  # fmt: skip


def _meta(message: Message[MetaRow], row: MetaRow, city: str | None) -> rows.CameraRow:
    return rows.CameraRow(
        site=message.site, camera=message.camera, city=city, time_ns=message.boot * 1_000_000, name=row.name,
        junction=row.junction, latitude=row.latitude, longitude=row.longitude,
        approaches=msgspec.json.encode(row.approaches).decode(), calibration_error_m=row.calibration_error_m,
        calibration_id=row.calibration_id, model_id=row.model_id, software=row.software,
        config_hash=row.config_hash, analysis_fps=row.analysis_fps, simulated=row.simulated,
    )  # fmt: skip


def _one(make: Callable[[Any, Any, str | None], rows.Stored]) -> Callable[[Any, Any, str | None], list[rows.Stored]]:
    """For messages whose every row is stored as one."""
    return lambda message, row, city: [make(message, row, city)]


_MAKERS: Final = cast(
    "dict[Channel, Any]",
    {
        Channel.WINDOW: _window,
        Channel.CYCLE: _one(_cycle),
        Channel.EVENT: _one(_event),
        Channel.HEALTH: _one(_health),
        Channel.META: _one(_meta),
    },
)


def _level(x: FlowX) -> str | None:
    """The letter of the level of service; "≥ D" for D or worse: a letter alone would be read as known."""
    return f"≥ {x.los}" if x.los is not None and LOS_BOUND in x.quality.flags else x.los


def _counts(counts: Counts | None) -> tuple[int | None, ...]:
    """By the kinds in their order; a kind that an older worker does not know is unknown, not 0."""
    if counts is None:
        return (None,) * len(_KINDS)
    return tuple(counts.get(kind) for kind in _KINDS)


def _pkji(counts: Counts | None) -> dict[str, Any]:
    """Counts by PKJI class as columns; None where a worker sent none."""
    return {f"count_{name.lower()}": None if counts is None else counts.get(name) for name in _PKJI}


def _class_speeds(by_class: dict[str, ClassSpeedX] | None) -> dict[str, Any]:
    """Percentiles of speed by class as columns; those of classes with too few vehicles are left out."""
    columns: dict[str, Any] = {}
    for name in _URBAN:
        one = (by_class or {}).get(name)
        if one is not None:
            columns |= {f"speed_n_{name.lower()}": one.n}
            values = (("p15", one.p15_kmh), ("p50", one.p50_kmh), ("p85", one.p85_kmh))
            columns |= {f"speed_{part}_{name.lower()}_kmh": value for part, value in values}
    return columns


def _modelled(one: ModelledX | None) -> dict[str, Any]:
    """A model's figures as columns whose names say that they are a model's."""
    return {} if one is None else {f"model_{name}": getattr(one, name) for name in ModelledX.__struct_fields__}


def _words(words: Words | None) -> tuple[str | None, str | None, str | None]:
    return _NO_WORDS if words is None else (words.code, words.id, words.en)


def _flags(flags: list[str]) -> str | None:
    """Flags in one string, ordered, so that the same flags are the same string."""
    return ",".join(sorted(flags)) if flags else None
