"""From the meter's rows (SI) to the rows of messages (FIWARE names, km/h, veh/h). Unknown stays unknown."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Final

from . import data
from .config import Camera
from .data import KINDS, MOTOR_VEHICLES, PKJI_CLASSES, Measurement, Quality, Reason, State
from .message import (
    Channel,
    ClassSpeedX,
    CycleRow,
    EventRow,
    FlowRow,
    FlowX,
    GateX,
    LiveRow,
    ModelledX,
    QualityX,
    Words,
    utc,
)
from .units import M_PER_KM, S_PER_H, kmh

CONGESTED: Final = (State.CONGESTED, State.JAMMED)


def messages(site: str, camera: Camera, readings: data.Readings) -> Iterator[tuple[Channel, list[Any]]]:
    """What is published of readings, each the rows of one message.

    Every window is one message with all its `FlowRow`s; a `CycleRow` or `EventRow` is one by itself.
    """
    for _, rows in groupby(readings.windows, key=_window):
        yield Channel.WINDOW, [window_row(site, camera, row) for row in rows]
    for cycle in readings.cycles:
        yield Channel.CYCLE, [cycle_row(cycle)]
    for event in readings.events:
        yield Channel.EVENT, [event_row(event)]


def _window(row: Measurement) -> tuple[float, float]:
    return row.from_s, row.to_s


def window_row(site: str, camera: Camera, row: Measurement) -> FlowRow:
    """One TrafficFlowObserved."""
    flow = intensity(row.counts)
    return FlowRow(
        id=entity_id(site, camera.id, row),
        lane_id=row.lane,
        date_observed_from=utc(row.from_s),
        date_observed_to=utc(row.to_s),
        intensity=flow,
        occupancy=_ratio(row.occupancy_ratio),
        average_vehicle_speed=_kmh(row.speed_time_mean_mps),
        average_vehicle_length=_round(row.length_mean_m, 2),
        average_headway_time=_round(row.headway_mean_s, 2),
        average_gap_distance=_round(row.gap_mean_m, 1),
        congested=None if row.state is State.UNKNOWN else row.state in CONGESTED,
        x=_own(row),
    )


def cycle_row(cycle: data.Cycle) -> CycleRow:
    """One signal cycle."""
    return CycleRow(
        approach=cycle.approach,
        from_=utc(cycle.from_s),
        to=utc(cycle.to_s),
        quality=_quality(cycle.quality),
        method=cycle.method,
        confidence=_round(cycle.confidence, 2),
        cycle_s=round(cycle.to_s - cycle.from_s, 1),
        green_s=_round(cycle.green_s, 1),
        queue_at_green_vehicles=cycle.queue_at_green_vehicles,
        queue_at_green_m=_round(cycle.queue_at_green_m, 1),
        residual_queue_vehicles=cycle.residual_queue_vehicles,
        queue_max_m=_round(cycle.queue_max_m, 1),
        queue_beyond_view=cycle.queue_beyond_view,
        discharged=cycle.discharged,
        saturation_flow_vph=_per_hour(cycle.saturation_flow_vps),
        saturation_flow_smph=_per_hour(cycle.saturation_flow_smps),
        queue_at_green_smp=_round(cycle.queue_at_green_smp, 1),
        red_s=_round(cycle.red_s, 1),
        intergreen_s=_round(cycle.intergreen_s, 1),
        plan=cycle.plan,
        arrivals=cycle.arrivals,
        arrivals_on_green=_ratio(cycle.arrivals_on_green_ratio),
        arrivals_on_green_margin=_ratio(cycle.arrivals_on_green_margin_ratio),
        occupancy_green=_ratio(cycle.occupancy_green_ratio),
        occupancy_red=_ratio(cycle.occupancy_red_ratio),
        split_fail=cycle.split_fail,
        control_delay_s=_round(cycle.control_delay_s, 1),
        stopped_delay_s=_round(cycle.stopped_delay_s, 1),
        stops_per_vehicle=_round(cycle.stops_per_vehicle, 2),
        delay_n=cycle.delay_n,
    )


def event_row(event: data.Event) -> EventRow:
    """A begin or an end."""
    return EventRow(
        id=event.id,
        type=event.type.value,
        begin=utc(event.begin_s),
        end=None if event.end_s is None else utc(event.end_s),
        severity=event.severity,  # type: ignore[arg-type]  # the contract's three words
        approach=event.approach,
        lane=event.lane,
        zone=event.zone,
        cause=event.cause,
        reason=_words(event.reason),
        told=None if event.told_s is None else utc(event.told_s),
        observed_s=_round(event.observed_s, 1),
    )


def live_rows(rows: Iterable[data.LiveRow]) -> list[LiveRow]:
    """What the operator sees now."""
    return [_live(row) for row in rows]


def intensity(counts: tuple[int, ...] | None) -> int | None:
    """Motor vehicles in the period (FIWARE: in the period, not per hour); None when nothing was seen of it."""
    named = named_counts(counts)
    return None if named is None else sum(named[kind] for kind in MOTOR_VEHICLES)


def named_counts(counts: tuple[int, ...] | None) -> dict[str, int] | None:
    """Counts by the name of the kind, all kinds."""
    return None if counts is None else dict(zip(KINDS, counts, strict=True))


def entity_id(site: str, camera: str, row: Measurement) -> str:
    """The same for every window of one approach, lane or movement."""
    base = f"{site}:{camera}:{row.approach}:{row.scope.value}"
    part = row.lane if row.lane is not None else row.movement
    return base if part is None else f"{base}:{part}"


def _own(row: Measurement) -> FlowX:
    low_mps, high_mps = row.speed_interval_mps or (None, None)
    return FlowX(
        scope=row.scope.value,
        approach=row.approach,
        movement=row.movement,
        window_s=round(row.to_s - row.from_s),
        quality=_quality(row.quality),
        counts=named_counts(row.counts),
        late=row.late,
        flow_vph=_per_hour(row.flow_vps),
        flow_smph=_per_hour(row.flow_smps),
        emp=row.emp,
        heavy_pct=None if row.heavy_ratio is None else round(100 * row.heavy_ratio, 1),
        speed_space_mean_kmh=_kmh(row.speed_space_mean_mps),
        speed_p15_kmh=_kmh(row.speed_p15_mps),
        speed_p50_kmh=_kmh(row.speed_p50_mps),
        speed_p85_kmh=_kmh(row.speed_p85_mps),
        speed_by_class={one.pkji: _class_speed(one) for one in row.class_speeds} or None,
        speed_n=row.speed_n,
        speed_low_kmh=_kmh(low_mps),
        speed_high_kmh=_kmh(high_mps),
        speed_error_pct=None if row.speed_error_ratio is None else round(100 * row.speed_error_ratio, 1),
        speed_ratio=_round(row.speed_ratio, 3),
        area_occupancy=_ratio(row.area_occupancy_ratio),
        density_vpkm=None if row.density_vpm is None else round(row.density_vpm * M_PER_KM, 1),
        queue_max_m=_round(row.queue_max_m, 1),
        queue_max_vehicles=row.queue_max_vehicles,
        queue_storage_pct=None if row.queue_storage_ratio is None else round(100 * row.queue_storage_ratio, 1),
        stopped_delay_s=_round(row.stopped_delay_s, 1),
        control_delay_s=_round(row.control_delay_s, 1),
        stops_per_vehicle=_round(row.stops_per_vehicle, 2),
        travel_time_s=_round(row.travel_time_s, 1),
        delay_n=row.delay_n,
        headway_n=row.headway_n,
        pedestrians=row.pedestrians,
        **_junction(row),
        **_surroundings(row),
        state=row.state.value,
        reason=_words(row.reason),
    )


def _class_speed(one: data.ClassSpeeds) -> ClassSpeedX:
    p15, p50, p85 = (round(kmh(speed_mps), 1) for speed_mps in (one.p15_mps, one.p50_mps, one.p85_mps))
    return ClassSpeedX(n=one.n, p15_kmh=p15, p50_kmh=p50, p85_kmh=p85)


def _modelled(one: data.Modelled | None) -> ModelledX | None:
    if one is None:
        return None
    return ModelledX(
        standard=one.standard,
        missing=one.missing,
        residual_smp=_round(one.residual_smp, 2),
        red_smp=_round(one.red_smp, 2),
        queue_smp=_round(one.queue_smp, 2),
        queue_m=_round(one.queue_m, 1),
        stops_per_smp=_round(one.stops_per_smp, 2),
        traffic_delay_s=_round(one.traffic_delay_s, 1),
        geometric_delay_s=_round(one.geometric_delay_s, 1),
        delay_s=_round(one.delay_s, 1),
    )


def _gate(one: data.GateCounts) -> GateX:
    return GateX(
        gate=one.gate,
        direction=one.direction,  # type: ignore[arg-type]  # the contract's two words
        counts=dict(zip(KINDS, one.counts, strict=True)),
        pkji_counts=_pkji(one.pkji_counts),
        late=one.late,
    )


def _pkji(counts: tuple[int, ...]) -> dict[str, int]:
    return dict(zip(PKJI_CLASSES, counts, strict=True))


def _junction(row: Measurement) -> dict[str, Any]:
    """Saturation, capacity, signal and turning."""
    return {
        "pkji_counts": None if row.pkji_counts is None else _pkji(row.pkji_counts),
        "class_rules": row.class_rules,
        "saturation_flow_vph": _per_hour(row.saturation_flow_vps),
        "saturation_flow_smph": _per_hour(row.saturation_flow_smps),
        "capacity_smph": _per_hour(row.capacity_smps),
        "capacity_standard": row.capacity_standard,
        "dj": _round(row.dj, 3),
        "los": row.los,
        "los_standard": row.los_standard,
        "modelled": _modelled(row.modelled),
        "cycles": row.cycles,
        "cycle_s": _round(row.cycle_s, 1),
        "green_s": _round(row.green_s, 1),
        "cycle_confidence": _round(row.cycle_confidence, 2),
        "cycle_method": row.cycle_method,
        "queue_at_green_vehicles": _round(row.queue_at_green_vehicles, 1),
        "queue_at_green_smp": _round(row.queue_at_green_smp, 1),
        "residual_queue_vehicles": _round(row.residual_queue_vehicles, 1),
        "split_fail_ratio": _ratio(row.split_fail_ratio),
        "arrivals_on_green": _ratio(row.arrivals_on_green_ratio),
        "arrivals_on_green_margin": _ratio(row.arrivals_on_green_margin_ratio),
        "turn_share": _ratio(row.turn_share_ratio),
        "traced": _ratio(row.traced_ratio),
    }


def _surroundings(row: Measurement) -> dict[str, Any]:
    """What is usual, side friction, travel-time index, gates."""
    return {
        "usual_flow_vph": _per_hour(row.usual_flow_vps),
        "usual_speed_kmh": _kmh(row.usual_speed_mps),
        "usual_n": row.usual_n,
        "side_friction": _round(row.side_friction, 1),
        "side_friction_class": row.side_friction_class,
        "friction_stops": row.friction_stops,
        "friction_crossings": row.friction_crossings,
        "friction_slow": row.friction_slow,
        "friction_entries": row.friction_entries,
        "tti": _round(row.tti, 3),
        "line_seen": _ratio(row.line_seen_ratio),
        "obstacles": row.obstacles,
        "gates": None if row.gates is None else [_gate(one) for one in row.gates],
        "gates_unseen": list(row.gates_unseen) or None,
    }


def _live(row: data.LiveRow) -> LiveRow:
    return LiveRow(
        scope="lane" if row.scope is data.Scope.LANE else "approach",
        approach=row.approach,
        lane=row.lane,
        vehicles_in_view=row.vehicles_in_view,
        counts=named_counts(row.counts),
        observed_s=round(row.observed_s, 1),
        flow_vph=_per_hour(row.flow_vps),
        speed_kmh=_kmh(row.speed_mps),
        queue_m=_round(row.queue_m, 1),
        queue_vehicles=row.queue_vehicles,
        queue_beyond_view=row.queue_beyond_view,
        occupancy=_ratio(row.occupancy_ratio),
        quality=None if row.quality is None else _quality(row.quality),
        state=row.state.value,
        reason=_words(row.reason),
    )


def _quality(quality: Quality) -> QualityX:
    return QualityX(observed_s=round(quality.observed_s, 2), score=_ratio(quality.score), flags=list(quality.flags))


def _words(reason: Reason | None) -> Words | None:
    return None if reason is None else Words(reason.code, reason.id, reason.en)


def _kmh(speed_mps: float | None) -> float | None:
    return None if speed_mps is None else round(kmh(speed_mps), 1)


def _per_hour(per_second: float | None) -> float | None:
    return None if per_second is None else round(per_second * S_PER_H, 1)


def _ratio(value: float | None) -> float | None:
    return _round(value, 3)


def _round(value: float | None, digits: int) -> float | None:
    """Rounded to what the figure can bear, so that a message is short and two runs can be compared."""
    return None if value is None else round(value, digits)
