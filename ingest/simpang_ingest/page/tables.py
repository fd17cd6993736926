"""The tables of the page as markup; on a phone every cell carries its column's name (data-label)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from simpang_edge.message import LiveRow

from ..rows import CycleRow, WindowRow
from .bounds import BEYOND, GREEN_BOUND, LINE_HIDDEN, at_least, degree
from .cards import Teller, age, camera_path
from .faces import Face
from .figures import UNKNOWN, number, percent, span, with_unit, within
from .icons import icon
from .looks import CameraLook, RowLook, in_language
from .markup import Markup, join, tag
from .words import Words

KINDS = ("motorcycle", "car", "bus", "truck", "three_wheeler", "bicycle", "person")
PKJI = ("sm", "mp", "ks", "bb", "tb", "ktb")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """A column: its title, what it shows of a row, and whether that is a figure (set to the right)."""

    title: str
    cell: Callable[[T], str]
    figure: bool = True


def table(columns: Sequence[Column[T]], rows: Sequence[T], class_of: Callable[[T], str] = lambda _: "") -> Markup:
    """A table; the first column names the row."""
    head = tag("tr", *(tag("th", one.title, scope="col", class_="figure" if one.figure else None) for one in columns))
    body = join(*(_row(columns, row, class_of(row)) for row in rows))
    return tag("div", tag("table", tag("thead", head), tag("tbody", body)), class_="table")


def _row(columns: Sequence[Column[T]], row: T, class_: str) -> Markup:
    cells = (tag("td", one.cell(row), data_label=one.title, class_="figure" if one.figure else None) for one in columns)
    return tag("tr", *cells, class_=class_ or None)


def state(face: Face, words: Words) -> Markup:
    """Sign and word."""
    return tag("span", icon(face), words.face(face), class_=f"state face-{face.value}")


def live_table(look: CameraLook, teller: Teller) -> Markup:
    """Every approach and, under it, its lanes as they are now."""
    words = teller.words
    rows = [row for one in look.approaches for row in (one, *one.lanes)]
    columns: list[Column[RowLook]] = [
        Column(words.approach, lambda row: _who(row, words), figure=False),
        Column(words.state, lambda row: _state_and_reason(row, look, words), figure=False),
        Column(words.queue, lambda row: _queue(row, look, words)),
        Column(words.speed, lambda row: _known(row, look, lambda r: with_unit(r.speed_kmh, words.kmh, words))),
        Column(words.flow, lambda row: _known(row, look, lambda r: with_unit(r.flow_vph, words.vph, words))),
        Column(words.occupancy, lambda row: _known(row, look, lambda r: percent(r.occupancy, words))),
        Column(words.in_view, lambda row: _now(row, look, lambda r: number(r.vehicles_in_view, words))),
        Column(words.counts, lambda row: _now(row, look, lambda r: _counts(r.counts, words))),
        Column(words.quality, lambda row: _now(row, look, lambda r: _quality(r, words))),
        Column(words.observed, lambda row: _now(row, look, lambda r: span(r.observed_s, words))),
    ]
    return table(columns, rows, lambda row: "lane" if row.lane is not None else "approach")


def _who(row: RowLook, words: Words) -> str:
    return row.name if row.lane is None else f"{words.lane} {row.lane}"


def _state_and_reason(row: RowLook, look: CameraLook, words: Words) -> str:
    if not look.current:
        return state(look.face, words)
    said = in_language(row.reason, words.language)
    repeats = row.lane is not None and any(
        row in one.lanes and one.reason and row.reason and one.reason.code == row.reason.code for one in look.approaches
    )
    return join(state(row.face, words), tag("small", said) if said and not repeats else None)


def _queue(row: RowLook, look: CameraLook, words: Words) -> str:
    live = row.row
    if live is None or not look.current or row.face is Face.UNKNOWN:
        return UNKNOWN
    sign = "≥ " if live.queue_beyond_view and live.queue_m is not None else ""
    count = "" if live.queue_vehicles is None else f" · {number(live.queue_vehicles, words)} {words.vehicles}"
    return f"{sign}{with_unit(live.queue_m, words.m, words)}{count}"


def _now(row: RowLook, look: CameraLook, cell: Callable[..., str]) -> str:
    """A figure of now: only of current data."""
    return cell(row.row) if row.row and look.current else UNKNOWN


def _known(row: RowLook, look: CameraLook, cell: Callable[..., str]) -> str:
    """A figure of the road now; of what was not seen well enough to be judged none, as on the card."""
    return UNKNOWN if row.face is Face.UNKNOWN else _now(row, look, cell)


def _quality(row: LiveRow, words: Words) -> str:
    """Score of the last minute, with what takes from it in words."""
    if row.quality is None:
        return UNKNOWN
    flags = ", ".join(words.flag(flag) for flag in row.quality.flags)
    return join(number(row.quality.score, words, 2), tag("small", flags) if flags else None)


def _counts(counts: dict[str, int] | None, words: Words) -> str:
    if counts is None:
        return UNKNOWN
    total, named = tag("b", number(sum(counts.values()), words)), counts_line(counts, words)
    return join(total, tag("small", named) if named else None)


def counts_line(counts: dict[str, int], words: Words) -> str:
    """The classes of which there were any."""
    return " · ".join(f"{words.kind(kind)} {number(counts[kind], words)}" for kind in KINDS if counts.get(kind))


def pkji(counted: Callable[[str], int | None], words: Words) -> str:
    """Vehicles by class of PKJI 2023 that were there; empty where none is known."""
    known = [(name.upper(), counted(f"count_{name}")) for name in PKJI]
    return " · ".join(f"{name} {number(count, words)}" for name, count in known if count)


@dataclass(frozen=True, slots=True)
class HourSum:
    """An approach over the last hour: its name and its 60-second windows."""

    name: str
    windows: tuple[WindowRow, ...]

    def observed_s(self) -> float:
        """Seconds that were really seen, of the windows that have counts."""
        return sum(window.observed_s for window in self.windows if window.intensity is not None)

    def counted(self, kind: str) -> int | None:
        """Vehicles of a class; None where no window says so."""
        values = [getattr(window, f"count_{kind}") for window in self.windows]
        known = [value for value in values if value is not None]
        return sum(known) if known else None

    def latest(self, name: str) -> WindowRow | None:
        """The newest window that knows a figure; None where none does."""
        known = [window for window in self.windows if getattr(window, name) is not None]
        return max(known, key=lambda window: window.to_s, default=None)

    def flags(self) -> str:
        """The flags of all windows that have counts."""
        return ",".join(window.flags for window in self.windows if window.flags and window.intensity is not None)

    def intensity(self) -> int | None:
        """Vehicles in all; None where no window says so."""
        known = [window.intensity for window in self.windows if window.intensity is not None]
        return sum(known) if known else None


def hour_table(sums: Sequence[HourSum], words: Words) -> Markup:
    """Counts by class over the last hour, with the time that was really seen beside them."""
    columns: list[Column[HourSum]] = [
        Column(words.approach, lambda one: one.name, figure=False),
        Column(words.observed, lambda one: span(one.observed_s(), words)),
        Column(words.total, lambda one: _total(one, words)),
        *(Column(words.kind(kind), _counter(kind, words)) for kind in KINDS),
        Column(words.saturation_degree, lambda one: _degree(one, words)),
        Column(words.service_level, _service_level, figure=False),
    ]
    return table(columns, sums)


def _total(one: HourSum, words: Words) -> str:
    """At least so many where something hid the stop line for a while."""
    return at_least(number(one.intensity(), words), one.intensity(), one.flags(), LINE_HIDDEN)


def _degree(one: HourSum, words: Words) -> str:
    """The latest, with its sign where it is a bound."""
    row = one.latest("dj")
    return UNKNOWN if row is None else degree(row.dj, row.flags, words)


def _service_level(one: HourSum) -> str:
    """The latest letter, with the standard that gives it."""
    row = one.latest("los")
    return UNKNOWN if row is None else join(tag("b", str(row.los)), tag("small", str(row.los_standard)))


def _counter(kind: str, words: Words) -> Callable[[HourSum], str]:
    return lambda one: number(one.counted(kind), words)


@dataclass(frozen=True, slots=True)
class TurnSum:
    """A movement over the last hour: its approach, what it is called, its 60-second windows.

    traced: motor vehicles of its approach that were traced to any exit; None where that is not known.
    """

    approach: str
    sum: HourSum
    traced: int | None

    def share(self) -> float | None:
        """Of the traced vehicles of its approach, those that went this way."""
        own = self.sum.intensity()
        return own / self.traced if own is not None and self.traced else None

    def traced_share(self) -> float | None:
        """Of the vehicles that crossed, those that were traced: the mean of the windows, each by its vehicles."""
        known = [(one.traced, one.intensity or 0) for one in self.sum.windows if one.traced is not None]
        total = sum(n for _, n in known)
        if not total:
            return sum(share for share, _ in known) / len(known) if known else None
        return sum(share * n for share, n in known) / total


def turn_table(turns: Sequence[TurnSum], words: Words) -> Markup:
    """Turning movements over the last hour: counts by class, share of the traced, and how many were traced."""
    columns: list[Column[TurnSum]] = [
        Column(words.approach, lambda one: one.approach, figure=False),
        Column(words.movement, lambda one: one.sum.name, figure=False),
        Column(words.observed, lambda one: span(one.sum.observed_s(), words)),
        Column(words.total, lambda one: _total(one.sum, words)),
        Column(words.turn_share, lambda one: percent(one.share(), words)),
        Column(words.traced, lambda one: percent(one.traced_share(), words)),
        *(Column(words.kind(kind), _turn_counter(kind, words)) for kind in KINDS),
    ]
    return join(table(columns, turns), tag("small", f"{words.traced}: {words.traced_why}"))


def _turn_counter(kind: str, words: Words) -> Callable[[TurnSum], str]:
    return lambda one: number(one.sum.counted(kind), words)


def cycle_table(cycles: Sequence[tuple[str, CycleRow]], teller: Teller) -> Markup:
    """Signal cycles, newest first; each with the name of its approach."""
    words = teller.words
    if not cycles:
        return tag("p", words.cycles_none, class_="empty")
    columns: list[Column[tuple[str, CycleRow]]] = [
        Column(words.cycle_start, lambda one: teller.time.second(one[1].from_s), figure=False),
        Column(words.approach, lambda one: one[0], figure=False),
        Column(words.cycle_length, lambda one: with_unit(one[1].cycle_s, words.s, words)),
        Column(words.green, lambda one: _green(one[1], words)),
        Column(words.queue_at_green, lambda one: _at_green(one[1], words)),
        Column(words.on_green, lambda one: within(one[1].arrivals_on_green, one[1].arrivals_on_green_margin, words)),
        Column(words.residual, lambda one: with_unit(one[1].residual_queue_vehicles, words.vehicles, words)),
        Column(words.discharged, lambda one: with_unit(one[1].discharged, words.vehicles, words)),
        Column(words.saturation, lambda one: with_unit(one[1].saturation_flow_vph, words.vph, words)),
        Column(words.confidence, lambda one: percent(one[1].confidence, words)),
        Column(words.method, lambda one: words.cycle_method(one[1].method), figure=False),
    ]
    return table(columns, cycles)


def _green(row: CycleRow, words: Words) -> str:
    return at_least(with_unit(row.green_s, words.s, words), row.green_s, row.flags, GREEN_BOUND)


def _at_green(row: CycleRow, words: Words) -> str:
    shown = with_unit(row.queue_at_green_m, words.m, words)
    return at_least(shown, row.queue_at_green_m, BEYOND if row.queue_beyond_view else row.flags, BEYOND)


def health_table(looks: Sequence[CameraLook], teller: Teller) -> Markup:
    """How every worker is doing; figures that stand still because the worker is gone are not shown as current."""
    words = teller.words
    columns: list[Column[CameraLook]] = [
        Column(words.camera, lambda one: tag("a", one.name, href=camera_path(one)), figure=False),
        Column(words.state, lambda one: state(one.face, words), figure=False),
        Column(words.source, lambda one: _source(one, teller), figure=False),
        Column(words.last_message, lambda one: age(one.last_age_s, words)),
        Column(words.fps, lambda one: _fps(one, words)),
        Column(words.latency, lambda one: _health(one, "latency_ms", "ms", words)),
        Column(words.detector, lambda one: _health(one, "detect_ms", "ms", words)),
        Column(words.missed, lambda one: _health(one, "frames_missed", "", words)),
        Column(words.reconnects, lambda one: _health(one, "reconnects", "", words)),
        Column(words.outbox, lambda one: _outbox(one, words)),
        Column(words.cpu, lambda one: _health(one, "cpu_pct", "%", words)),
        Column(words.memory, lambda one: _health(one, "memory_mb", "MB", words)),
        Column(words.disk, lambda one: _disk(one, words)),
        Column(words.temperature, lambda one: _health(one, "temperature_c", "°C", words)),
        Column(words.clock_offset, lambda one: _clock(one, words)),
    ]
    return table(columns, looks, lambda one: f"face-{one.face.value}")


def _fresh(look: CameraLook) -> bool:
    """Health comes every 30 s: after three that are missing it is no longer of now."""
    return look.health is not None and look.health_age_s is not None and look.health_age_s < 90


def _source(look: CameraLook, teller: Teller) -> str:
    words = teller.words
    if look.face is Face.OFFLINE:
        said = in_language(look.reason, words.language) or words.offline
        since = None if look.since_s is None else tag("small", words.since.format(time=teller.time.full(look.since_s)))
        return join(tag("span", said), since)
    if look.health is None:
        return UNKNOWN
    detail = tag("small", look.health.source_detail) if look.health.source_detail else None
    return join(str(getattr(words, f"source_{look.health.source}")), detail)


def _health(look: CameraLook, name: str, unit: str, words: Words) -> str:
    value = getattr(look.health, name) if _fresh(look) else None
    return with_unit(value, unit, words) if unit else number(value, words)


def _fps(look: CameraLook, words: Words) -> str:
    if look.health is None or not _fresh(look):
        return UNKNOWN
    rates = (look.health.fps_read, look.health.fps_analysed)
    if rates == (None, None):
        return UNKNOWN
    return tag("span", " / ".join(number(rate, words, 1) for rate in rates), title=words.fps_note)


def _outbox(look: CameraLook, words: Words) -> str:
    dropped = look.health.outbox_dropped if look.health else 0
    note = tag("small", words.dropped.format(n=number(dropped, words)), class_="bad") if dropped else None
    return join(_health(look, "outbox_messages", "", words), note)


def _disk(look: CameraLook, words: Words) -> str:
    free_mb = look.health.disk_free_mb if look.health and _fresh(look) else None
    return with_unit(None if free_mb is None else free_mb / 1000, "GB", words, 1)


def _clock(look: CameraLook, words: Words) -> str:
    """As the box measured it; else estimated from when its message was sent and when it arrived."""
    if look.health is None or not _fresh(look):
        return UNKNOWN
    steps = look.health.clock_steps
    note = tag("small", words.clock_steps.format(n=steps), class_="bad") if steps else None
    if look.health.clock_offset_s is not None:
        return join(with_unit(look.health.clock_offset_s, words.s, words, 1), note)
    lag = with_unit(look.lag_s, words.s, words, 1)
    return join(tag("span", "≈ " if look.lag_s is not None else None, lag, title=words.clock_estimate), note)
