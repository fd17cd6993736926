"""The planner's sheet: every quantity that is published of a window, one per line, a column per approach and lane."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..rows import WindowRow
from .bounds import AT_LEAST, BEYOND, CAPACITY_BOUND, GREEN_BOUND, LINE_HIDDEN, at_least, degree, has
from .faces import traffic_face
from .figures import UNKNOWN, number, percent, with_unit, within
from .markup import Markup, join, tag
from .tables import KINDS, Column, counts_line, pkji, state, table
from .words import Words

Cell = Callable[[WindowRow], str]
URBAN = ("sm", "mp", "ks")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A line of the sheet: what it is called, and what it shows of a window."""

    name: str
    cell: Cell


@dataclass(frozen=True, slots=True)
class Part:
    """Lines that belong together. lanes: whether lanes have them too."""

    title: str
    lines: tuple[Quantity, ...]
    lanes: bool = True


@dataclass(frozen=True, slots=True)
class Place:
    """A column: an approach or a lane, and its window; None where it has none."""

    name: str
    lane: int | None
    row: WindowRow | None


BLANK: Column[Quantity] = Column("", lambda _: "")
"""Under a lane in a part that only approaches have: every table keeps its columns in their place."""


def sheet(places: Sequence[Place], words: Words) -> Markup:
    """All parts, one table each, their columns alike."""
    parts = (_quality, _flow, _speed, _density, _delay, _signal, _capacity, _model, _friction)
    return join(*(_part(make(words), places, words) for make in parts))


def _part(part: Part, places: Sequence[Place], words: Words) -> Markup:
    several = len({place.name for place in places}) > 1
    columns: list[Column[Quantity]] = [
        Column(part.title, lambda line: line.name, figure=False),
        *(
            Column(_title(place, several, words), _filled(place)) if part.lanes or place.lane is None else BLANK
            for place in places
        ),
    ]
    return tag("div", table(columns, part.lines), class_="sheet")


def _title(place: Place, several: bool, words: Words) -> str:
    """A lane with its approach where there are several: on a phone nothing else tells them apart."""
    if place.lane is None:
        return place.name
    return f"{place.name} · {words.lane.lower()} {place.lane}" if several else f"{words.lane} {place.lane}"


def _filled(place: Place) -> Callable[[Quantity], str]:
    row = place.row
    return lambda line: UNKNOWN if row is None else line.cell(row)


def _quality(words: Words) -> Part:
    return Part(
        words.quality,
        (
            Quantity(words.observed, lambda row: seen(row.observed_s, row.window, words)),
            Quantity(words.quality_score, lambda row: number(row.quality, words, 2)),
            Quantity(words.flags, lambda row: flags(row.flags, words)),
            Quantity(words.state, lambda row: state(traffic_face(row.state), words)),
        ),
    )


def seen(observed_s: float, span_s: float, words: Words) -> str:
    """Seconds observed, and their share."""
    return join(f"{number(observed_s, words)} {words.s}", tag("small", percent(observed_s / span_s, words)))


def flags(text: str | None, words: Words) -> str:
    """The flags of a row in words; none at all is said too."""
    return ", ".join(words.flag(one) for one in text.split(",")) if text else words.flags_none


def _flow(words: Words) -> Part:
    return Part(
        words.flow,
        (
            Quantity(words.total, lambda row: _passed(row, row.intensity, words.vehicles, words)),
            Quantity(words.line_seen, lambda row: percent(row.line_seen, words)),
            Quantity(words.flow, lambda row: _passed(row, row.flow_vph, words.vph, words)),
            Quantity(words.flow_smp, lambda row: _named(row.flow_smph, words.smph, row.emp, words)),
            Quantity(words.heavy, lambda row: with_unit(row.heavy_pct, words.percent, words)),
            Quantity(words.classes, lambda row: _kinds(row, words)),
            Quantity(words.pkji_classes, lambda row: _pkji(row, words)),
            Quantity(words.late, lambda row: number(row.late, words)),
            Quantity(words.headway, lambda row: _headway(row, words)),
            Quantity(words.gap, lambda row: with_unit(row.gap_m, words.m, words, 1)),
            Quantity(words.vehicle_length, lambda row: with_unit(row.length_m, words.m, words, 1)),
            Quantity(words.usual_flow, lambda row: _usual(row.usual_flow_vph, words.vph, row, words)),
        ),
    )


def _passed(row: WindowRow, value: float | None, unit: str, words: Words) -> str:
    """At least so many where something hid the line that they cross."""
    return at_least(with_unit(value, unit, words), value, row.flags, LINE_HIDDEN)


def _named(value: float | None, unit: str, name: str | None, words: Words) -> str:
    """A figure with the standard that gives it."""
    return join(with_unit(value, unit, words), tag("small", name) if name and value is not None else None)


def _kinds(row: WindowRow, words: Words) -> str:
    if row.intensity is None:
        return UNKNOWN
    return counts_line({kind: getattr(row, f"count_{kind}") or 0 for kind in KINDS}, words) or "0"


def _pkji(row: WindowRow, words: Words) -> str:
    if row.count_sm is None:
        return UNKNOWN
    return join(pkji(lambda name: getattr(row, name), words) or "0", tag("small", row.class_rules))


def _headway(row: WindowRow, words: Words) -> str:
    """A mean with its number of headways."""
    return join(with_unit(row.headway_s, words.s, words, 1), _of(row.headway_n) if row.headway_s is not None else None)


def _usual(value: float | None, unit: str, row: WindowRow, words: Words) -> str:
    return join(with_unit(value, unit, words), _of(row.usual_n) if value is not None else None)


def _of(n: int | None) -> Markup | None:
    return tag("small", f"n {n}") if n is not None else None


def _speed(words: Words) -> Part:
    by_class = (Quantity(f"v15 / v50 / v85 {one.upper()}", _class_cell(one, words)) for one in URBAN)
    return Part(
        f"{words.speed} ({words.kmh})",
        (
            Quantity(words.speed_line, lambda row: _interval(row, words)),
            Quantity(
                words.speed_space, lambda row: join(number(row.speed_space_mean_kmh, words, 1), _error(row, words))
            ),
            Quantity("v15 / v50 / v85", lambda row: _percentiles(row, "", words)),
            *by_class,
            Quantity(words.speed_ratio, lambda row: percent(row.speed_ratio, words)),
            Quantity(words.usual_speed, lambda row: _usual(row.usual_speed_kmh, "", row, words)),
        ),
    )


def _interval(row: WindowRow, words: Words) -> str:
    """The mean with its 95 % interval and the number of vehicles."""
    if row.speed_kmh is None:
        return join(UNKNOWN, _of(row.speed_n))
    ends = (row.speed_low_kmh, row.speed_high_kmh)
    both = "" if None in ends else "–".join(number(end, words, 1) for end in ends) + " (95 %) · "
    return join(number(row.speed_kmh, words, 1), tag("small", f"{both}n {row.speed_n}"))


def _class_cell(name: str, words: Words) -> Cell:
    return lambda row: _percentiles(row, f"_{name}", words)


def _percentiles(row: WindowRow, name: str, words: Words) -> str:
    values = [getattr(row, f"speed_p{part}{name}_kmh") for part in (15, 50, 85)]
    if None in values:
        return UNKNOWN
    n = getattr(row, f"speed_n{name}")
    return join(" / ".join(number(value, words) for value in values), _error(row, words), _of(n))


def _error(row: WindowRow, words: Words) -> Markup | None:
    """What scale and contact height leave of doubt on every speed (95 %)."""
    return None if row.speed_error_pct is None else tag("small", f"± {number(row.speed_error_pct, words, 0)} % (95 %)")


def _density(words: Words) -> Part:
    return Part(
        words.density_part,
        (
            Quantity(words.queue_longest, lambda row: _longest(row, words)),
            Quantity(words.storage, lambda row: with_unit(row.queue_storage_pct, words.percent, words)),
            Quantity(words.density, lambda row: with_unit(row.density_vpkm, words.vpkm, words)),
            Quantity(words.occupancy, lambda row: percent(row.occupancy, words)),
            Quantity(words.area_occupancy, lambda row: percent(row.area_occupancy, words)),
            Quantity(words.obstacles, lambda row: with_unit(row.obstacles, words.vehicles, words)),
        ),
    )


def _longest(row: WindowRow, words: Words) -> str:
    """At least so long when it passes the edge of the view."""
    if row.queue_max_m is None:
        return UNKNOWN
    sign = AT_LEAST if has(row.flags, BEYOND) else ""
    vehicles = None if row.queue_max_vehicles is None else with_unit(row.queue_max_vehicles, words.vehicles, words)
    return join(sign + with_unit(row.queue_max_m, words.m, words), tag("small", vehicles) if vehicles else None)


def _delay(words: Words) -> Part:
    return Part(
        words.delay_part,
        (
            Quantity(words.control_delay, lambda row: _control_delay(row, words)),
            Quantity(words.stopped_delay, lambda row: _cut_off(row, row.stopped_delay_s, words.s_veh, words)),
            Quantity(words.stops, lambda row: number(row.stops_per_vehicle, words, 2)),
            Quantity(words.travel_time, lambda row: _cut_off(row, row.travel_time_s, words.s, words)),
            Quantity(words.tti, lambda row: number(row.tti, words, 2)),
        ),
    )


def _control_delay(row: WindowRow, words: Words) -> str:
    """With the number of vehicles behind it, stops and travel time too."""
    shown = _cut_off(row, row.control_delay_s, words.s_veh, words)
    return shown if row.control_delay_s is None or row.delay_n is None else join(shown, _of(row.delay_n))


def _cut_off(row: WindowRow, value: float | None, unit: str, words: Words) -> str:
    """At least so long where the queue reaches beyond the view: who waits there is not in it."""
    return at_least(with_unit(value, unit, words, 1), value, row.flags, BEYOND)


def _signal(words: Words) -> Part:
    return Part(
        words.signal_part,
        (
            Quantity(words.cycles_count, lambda row: number(row.cycles, words)),
            Quantity(words.cycle_length, lambda row: _cycle(row, words)),
            Quantity(words.green, lambda row: _green(row, words)),
            Quantity(words.confidence, lambda row: percent(row.cycle_confidence, words)),
            Quantity(words.queue_at_green, lambda row: _at_green(row, words)),
            Quantity(words.residual, lambda row: with_unit(row.residual_queue_vehicles, words.vehicles, words, 1)),
            Quantity(words.on_green, lambda row: within(row.arrivals_on_green, row.arrivals_on_green_margin, words)),
            Quantity(words.split_fail, lambda row: percent(row.split_fail_ratio, words)),
        ),
        lanes=False,
    )


def _cycle(row: WindowRow, words: Words) -> str:
    """With how it was found."""
    method = tag("small", words.cycle_method(row.cycle_method)) if row.cycle_method else None
    return join(with_unit(row.cycle_s, words.s, words, 1), method)


def _at_green(row: WindowRow, words: Words) -> str:
    vehicles = with_unit(row.queue_at_green_vehicles, words.vehicles, words, 1)
    smp = None if row.queue_at_green_smp is None else with_unit(row.queue_at_green_smp, words.smp, words, 1)
    return join(vehicles, tag("small", smp) if smp else None)


def _capacity(words: Words) -> Part:
    return Part(
        words.capacity_part,
        (
            Quantity(words.saturation, lambda row: _saturation(row, words)),
            Quantity(words.capacity, lambda row: _capacity_cell(row, words)),
            Quantity(words.saturation_degree, lambda row: degree(row.dj, row.flags, words)),
            Quantity(words.service_level, lambda row: _level(row)),
        ),
        lanes=False,
    )


def _capacity_cell(row: WindowRow, words: Words) -> str:
    """A lower bound where it is one, with the standard and how it came about."""
    standard = row.capacity_standard and words.standard(row.capacity_standard)
    shown = _named(row.capacity_smph, words.smph, standard, words)
    return join(AT_LEAST, shown) if row.capacity_smph is not None and has(row.flags, CAPACITY_BOUND) else shown


def _green(row: WindowRow, words: Words) -> str:
    return at_least(with_unit(row.green_s, words.s, words, 1), row.green_s, row.flags, GREEN_BOUND)


def _saturation(row: WindowRow, words: Words) -> str:
    smp = None if row.saturation_flow_smph is None else with_unit(row.saturation_flow_smph, words.smph, words)
    return join(with_unit(row.saturation_flow_vph, words.vph, words), tag("small", smp) if smp else None)


def _level(row: WindowRow) -> str:
    return UNKNOWN if row.los is None else join(tag("b", row.los), tag("small", row.los_standard))


def _model(words: Words) -> Part:
    """What PKJI's formulas make of capacity, DJ, cycle and green; the measured figure stands under the model's."""
    smp, s_smp = words.smp, words.s_smp
    return Part(
        words.model_part,
        (
            Quantity(words.model_basis, lambda row: _basis(row, words)),
            Quantity(words.model_residual, lambda row: _beside(row.model_residual_smp, smp, _left(row, words), words)),
            Quantity(words.model_red, lambda row: with_unit(row.model_red_smp, smp, words, 1)),
            Quantity(words.model_queue, lambda row: _beside(row.model_queue_smp, smp, _queued(row, words), words)),
            Quantity(words.model_queue_m, lambda row: with_unit(row.model_queue_m, words.m, words)),
            Quantity(words.model_stops, lambda row: _stops(row, words)),
            Quantity(words.model_traffic_delay, lambda row: with_unit(row.model_traffic_delay_s, s_smp, words, 1)),
            Quantity(words.model_geometric_delay, lambda row: with_unit(row.model_geometric_delay_s, s_smp, words, 1)),
            Quantity(words.model_delay, lambda row: _beside(row.model_delay_s, s_smp, _delayed(row, words), words)),
        ),
        lanes=False,
    )


def _basis(row: WindowRow, words: Words) -> str:
    """The standard's name, and why figures of it are missing."""
    if row.model_standard is None:
        return UNKNOWN
    return join(
        words.standard(row.model_standard), tag("small", words.flag(row.model_missing)) if row.model_missing else None
    )


def _beside(value: float | None, unit: str, measured: str, words: Words) -> str:
    """A model's figure with the measured one under it."""
    return UNKNOWN if value is None else join(with_unit(value, unit, words, 1), _measured(measured, words))


def _measured(text: str, words: Words) -> Markup | None:
    return None if text == UNKNOWN else tag("small", words.measured.format(value=text))


def _left(row: WindowRow, words: Words) -> str:
    return with_unit(row.residual_queue_vehicles, words.vehicles, words, 1)


def _queued(row: WindowRow, words: Words) -> str:
    return with_unit(row.queue_at_green_smp, words.smp, words, 1)


def _delayed(row: WindowRow, words: Words) -> str:
    return with_unit(row.control_delay_s, words.s_veh, words, 1)


def _stops(row: WindowRow, words: Words) -> str:
    if row.model_stops_per_smp is None:
        return UNKNOWN
    return join(number(row.model_stops_per_smp, words, 2), _measured(number(row.stops_per_vehicle, words, 2), words))


def _friction(words: Words) -> Part:
    return Part(
        words.friction_part,
        (
            Quantity(words.friction, lambda row: _friction_class(row, words)),
            Quantity(words.pedestrians, lambda row: number(row.pedestrians, words)),
            Quantity(words.friction_stops, lambda row: number(row.friction_stops, words)),
            Quantity(words.friction_crossings, lambda row: number(row.friction_crossings, words)),
            Quantity(words.friction_entries, lambda row: number(row.friction_entries, words)),
            Quantity(words.friction_slow, lambda row: number(row.friction_slow, words)),
        ),
        lanes=False,
    )


def _friction_class(row: WindowRow, words: Words) -> str:
    """A lower bound where one side or a part of it is not in view."""
    if row.side_friction is None:
        return UNKNOWN
    bound = has(row.flags, "one_side") or has(row.flags, "friction_partial")
    value = ("≥ " if bound else "") + number(row.side_friction, words)
    return join(value, tag("small", f"{row.side_friction_class} · PKJI 2023") if row.side_friction_class else None)
