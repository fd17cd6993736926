"""Vehicles over each gate and direction, over the last quarter hour and hour. Not observed is unknown, never 0."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from simpang_edge.message import GateMeta

from ..rows import GateRow
from .cards import Teller
from .figures import UNKNOWN, LocalTime, number, percent, span
from .markup import Markup, join, tag
from .tables import KINDS, Column, pkji, table
from .words import Words

DIRECTIONS: Final = ("forward", "backward")
SPANS_S: Final = (900, 3600)
SETTLE_S: Final = 180.0
"""A minute's window comes some seconds after its end: the sums end where the newest one does, unless that is older."""
RATE_FROM_S: Final = 60.0
"""A flow per hour is not made of fewer observed seconds [ours]: one vehicle in 3 s would be 1200 an hour."""
ARROWS: Final = "→↘↓↙←↖↑↗"
"""By eighths of a turn in the picture, clockwise from the right, whose rows run downwards."""


@dataclass(frozen=True, slots=True)
class GatePass:
    """One direction of one gate: what it is called, the way in the picture where known, and its windows."""

    gate: str
    direction: str
    arrow: str
    rows: tuple[GateRow, ...]


@dataclass(frozen=True, slots=True)
class GateSum:
    """A direction of a gate over the span_s that ends at to_s (POSIX UTC)."""

    one: GatePass
    span_s: int
    to_s: float

    def rows(self) -> list[GateRow]:
        """The windows that lie in the span."""
        return [r for r in self.one.rows if r.time_s >= self.to_s - self.span_s and r.time_s + r.window <= self.to_s]

    def observed_s(self) -> float:
        """Seconds that were really seen, of the windows that have counts."""
        return sum(row.observed_s for row in self.rows() if row.intensity is not None)

    def counted(self, name: str) -> int | None:
        """A column's sum; None where no window says so."""
        known = [value for row in self.rows() if (value := getattr(row, name)) is not None]
        return sum(known) if known else None

    def flow_vph(self) -> float | None:
        """Vehicles per observed hour; None where too little was seen."""
        total, observed_s = self.counted("intensity"), self.observed_s()
        return None if total is None or observed_s < RATE_FROM_S else total * 3600 / observed_s


def passes(camera: str, metas: Sequence[GateMeta], rows: Sequence[GateRow]) -> list[GatePass]:
    """Both directions of every gate: as configured, then those that only the store knows. camera: put before names."""
    known = {meta.id: meta for meta in metas}
    gates = dict.fromkeys([*known, *(row.gate for row in rows)])
    return [_pass(camera, known.get(gate), gate, way, rows) for gate in gates for way in DIRECTIONS]


def _pass(camera: str, meta: GateMeta | None, gate: str, way: str, rows: Sequence[GateRow]) -> GatePass:
    own = tuple(row for row in rows if (row.gate, row.direction) == (gate, way))
    name = meta.name if meta else gate
    return GatePass(f"{camera} · {name}" if camera else name, way, arrow(meta.line, way) if meta else "", own)


def arrow(line: Sequence[tuple[float, float]], direction: str) -> str:
    """Which way vehicles of a direction drive in the picture: forward is from the left-hand to the right-hand side of
    the line, seen from its first to its second point."""
    (x1, y1), (x2, y2) = line[0], line[-1]
    sign = 1 if direction == "forward" else -1
    turn = math.atan2(sign * (x2 - x1), sign * (y1 - y2)) / math.tau
    return ARROWS[round(turn * len(ARROWS)) % len(ARROWS)]


def end_of(rows: Sequence[GateRow], now_s: float) -> float:
    """Where the sums end: at the end of the newest window, or at the last whole minute when that is too old."""
    newest_s = max((row.time_s + row.window for row in rows), default=0.0)
    return newest_s if now_s - newest_s <= SETTLE_S else now_s // 60 * 60


def sums(found: Sequence[GatePass], now_s: float) -> list[GateSum]:
    """Every direction over the quarter hour and over the hour."""
    to_s = end_of([row for one in found for row in one.rows], now_s)
    return [GateSum(one, span_s, to_s) for one in found for span_s in SPANS_S]


def gate_table(found: Sequence[GateSum], teller: Teller) -> Markup:
    """Gate × direction × class, with the seconds observed and their share of the span."""
    words = teller.words
    columns: list[Column[GateSum]] = [
        Column(words.gate, lambda one: one.one.gate, figure=False),
        Column(words.direction, lambda one: _way(one.one, words), figure=False),
        Column(words.interval, lambda one: _span(one, words), figure=False),
        Column(words.observed, lambda one: _seen(one, words)),
        Column(words.total, lambda one: _total(one, words)),
        Column(words.flow, lambda one: _flow(one, words)),
        *(Column(words.kind(kind), _counter(kind, words)) for kind in KINDS),
    ]
    return join(table(columns, found, _class_of), tag("small", _note(found, teller.time, words)))


def _class_of(one: GateSum) -> str:
    return "approach" if one.span_s == SPANS_S[0] else "lane same"


def _way(one: GatePass, words: Words) -> str:
    return f"{one.arrow} {getattr(words, one.direction, one.direction)}".strip()


def _span(one: GateSum, words: Words) -> str:
    return span(one.span_s, words)


def _seen(one: GateSum, words: Words) -> str:
    share = one.observed_s() / one.span_s
    return join(f"{number(one.observed_s(), words)} {words.s}", tag("small", percent(share, words)))


def _total(one: GateSum, words: Words) -> str:
    total = one.counted("intensity")
    if total is None:
        return UNKNOWN
    late = one.counted("late")
    more = words.late_more.format(n=number(late, words)) if late else None
    notes = [text for text in (pkji(one.counted, words), more) if text]
    return join(tag("b", number(total, words)), tag("small", " · ".join(notes)) if notes else None)


def _flow(one: GateSum, words: Words) -> str:
    flow_vph = one.flow_vph()
    return UNKNOWN if flow_vph is None else f"{number(flow_vph, words)} {words.vph}"


def _counter(kind: str, words: Words) -> Callable[[GateSum], str]:
    return lambda one: number(one.counted(f"count_{kind}"), words)


def _note(found: Sequence[GateSum], time: LocalTime, words: Words) -> str:
    return words.gates_note.format(time=time.full(found[0].to_s))
