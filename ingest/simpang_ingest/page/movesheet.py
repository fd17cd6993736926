"""Sheets by window, newest first: turning movements, gates, and signal cycles with all that is known of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..rows import CycleRow, GateRow, WindowRow
from .bounds import AT_LEAST, GREEN_BOUND, at_least
from .cards import Teller
from .figures import UNKNOWN, number, percent, with_unit, within
from .markup import Markup, join, tag
from .sheet import flags, seen
from .tables import KINDS, Column, pkji, table
from .words import Words


@dataclass(frozen=True, slots=True)
class Line:
    """One movement, or one direction of a gate, in one window. place: its approach or gate; way: which way."""

    place: str
    way: str
    row: WindowRow | GateRow
    share: float | None = None
    traced: float | None = None
    flow_smph: float | None = None
    emp: str | None = None


def turning_sheet(lines: Sequence[Line], teller: Teller) -> Markup:
    """Movement × window × class, with share, traced share, smp and coverage."""
    words = teller.words
    more: list[Column[Line]] = [
        Column(words.turn_share, lambda one: percent(one.share, words)),
        Column(words.traced, lambda one: percent(one.traced, words)),
        Column(words.flow_smp, lambda one: _smp(one, words)),
    ]
    return _by_window(words.approach, words.movement, more, lines, teller)


def gate_sheet(lines: Sequence[Line], teller: Teller) -> Markup:
    """Gate × direction × window × class, with coverage."""
    return _by_window(teller.words.gate, teller.words.direction, [], lines, teller)


def _by_window(place: str, way: str, more: Sequence[Column[Line]], lines: Sequence[Line], teller: Teller) -> Markup:
    words, time = teller.words, teller.time
    columns: list[Column[Line]] = [
        Column(words.begin, lambda one: time.minute(one.row.time_s), figure=False),
        Column(place, lambda one: one.place, figure=False),
        Column(way, lambda one: one.way, figure=False),
        Column(words.observed, lambda one: seen(one.row.observed_s, one.row.window, words)),
        Column(words.total, lambda one: _total(one, words)),
        *more,
        *(Column(words.kind(kind), _counter(kind, words)) for kind in KINDS),
    ]
    return table(columns, lines)


def _total(one: Line, words: Words) -> str:
    """All vehicles, by class of PKJI under it."""
    if one.row.intensity is None:
        return UNKNOWN
    classes = pkji(lambda name: getattr(one.row, name), words)
    return join(tag("b", number(one.row.intensity, words)), tag("small", classes) if classes else None)


def _smp(one: Line, words: Words) -> str:
    if one.flow_smph is None:
        return UNKNOWN
    return join(with_unit(one.flow_smph, words.smph, words), tag("small", one.emp) if one.emp else None)


def _counter(kind: str, words: Words) -> Callable[[Line], str]:
    return lambda one: number(getattr(one.row, f"count_{kind}"), words)


def cycle_sheet(cycles: Sequence[tuple[str, CycleRow]], teller: Teller) -> Markup:
    """Signal cycles, newest first, with all that is known of each."""
    words = teller.words
    if not cycles:
        return tag("p", words.cycles_none, class_="empty")
    columns: list[Column[tuple[str, CycleRow]]] = [
        Column(words.cycle_start, lambda one: teller.time.second(one[1].from_s), figure=False),
        Column(words.approach, lambda one: one[0], figure=False),
        *(Column(title, _of(cell)) for title, cell in _times(words) + _served(words)),
        Column(words.flags, lambda one: flags(one[1].flags, words), figure=False),
    ]
    return table(columns, cycles)


CycleCell = Callable[[CycleRow], str]


def _of(cell: CycleCell) -> Callable[[tuple[str, CycleRow]], str]:
    return lambda one: cell(one[1])


def _times(words: Words) -> list[tuple[str, CycleCell]]:
    s = words.s
    return [
        (words.cycle_length, lambda row: with_unit(row.cycle_s, s, words, 1)),
        (words.green, lambda row: at_least(with_unit(row.green_s, s, words, 1), row.green_s, row.flags, GREEN_BOUND)),
        (words.red, lambda row: with_unit(row.red_s, s, words, 1)),
        (words.intergreen, lambda row: with_unit(row.intergreen_s, s, words, 1)),
        (words.plan, lambda row: number(row.plan, words)),
        (words.method, lambda row: _method(row, words)),
    ]


def _method(row: CycleRow, words: Words) -> str:
    return join(words.cycle_method(row.method), tag("small", percent(row.confidence, words)))


def _served(words: Words) -> list[tuple[str, CycleCell]]:
    return [
        (words.queue_at_green, lambda row: _waiting(row, words)),
        (words.residual, lambda row: with_unit(row.residual_queue_vehicles, words.vehicles, words)),
        (words.discharged, lambda row: with_unit(row.discharged, words.vehicles, words)),
        (words.saturation, lambda row: _saturation(row, words)),
        (words.on_green, lambda row: _arrivals(row, words)),
        (words.split_fail, lambda row: _split(row, words)),
        (words.control_delay, lambda row: _delay(row, words)),
        (words.stopped_delay, lambda row: with_unit(row.stopped_delay_s, words.s_veh, words, 1)),
        (words.stops, lambda row: number(row.stops_per_vehicle, words, 2)),
    ]


def _small(value: float | None, unit: str, words: Words, digits: int = 0) -> Markup | None:
    return None if value is None else tag("small", with_unit(value, unit, words, digits))


def _waiting(row: CycleRow, words: Words) -> str:
    """A lower bound where the queue passed the edge of the view."""
    vehicles = with_unit(row.queue_at_green_vehicles, words.vehicles, words)
    sign = AT_LEAST if row.queue_beyond_view and row.queue_at_green_vehicles is not None else ""
    return join(
        sign + vehicles,
        _small(row.queue_at_green_m, words.m, words),
        _small(row.queue_at_green_smp, words.smp, words, 1),
    )


def _saturation(row: CycleRow, words: Words) -> str:
    vehicles = with_unit(row.saturation_flow_vph, words.vph, words)
    return join(vehicles, _small(row.saturation_flow_smph, words.smph, words))


def _arrivals(row: CycleRow, words: Words) -> str:
    return join(
        within(row.arrivals_on_green, row.arrivals_on_green_margin, words), _small(row.arrivals, words.vehicles, words)
    )


def _delay(row: CycleRow, words: Words) -> str:
    n = tag("small", f"n {row.delay_n}") if row.delay_n is not None and row.control_delay_s is not None else None
    return join(with_unit(row.control_delay_s, words.s_veh, words, 1), n)


def _split(row: CycleRow, words: Words) -> str:
    """Yes or no, with the occupancies of green and of the first red seconds that decide it."""
    if row.split_fail is None:
        return UNKNOWN
    both = f"{percent(row.occupancy_green, words)} · {percent(row.occupancy_red, words)}"
    return join(words.yes if row.split_fail else words.no, tag("small", both))
