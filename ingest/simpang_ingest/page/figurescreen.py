"""The planner's screen of a camera or a junction: every published quantity of the newest window, turning movements and
gates by window, and signal cycles."""

from collections.abc import Sequence
from typing import Final

from nicegui import background_tasks

from ..errors import HistoryError
from ..rows import CycleRow, WindowRow
from .cards import Teller
from .detail import CYCLES_SHOWN, Chosen, place_of, turn_name
from .figures import span
from .gates import passes
from .looks import CameraLook
from .markup import Markup, join, tag
from .movesheet import Line, cycle_sheet, gate_sheet, turning_sheet
from .past import CameraSheet
from .sheet import Place, sheet
from .shell import Room, html
from .words import Words

WINDOWS_S: Final = (900, 60)
"""The lengths that are published, the first by default."""
EVERY: Final = 15
"""Ticks of the screen's timer between two questions to the store."""

Sheets = Sequence[tuple[CameraLook, CameraSheet]]


class FigureScreen:
    """Sheets of the chosen cameras, for windows of one length."""

    def __init__(self, room: Room, teller: Teller, chosen: Chosen, path: str, window_s: int) -> None:
        self._room = room
        self._teller = teller
        self._chosen = chosen
        self._window_s = window_s if window_s in WINDOWS_S else WINDOWS_S[0]
        self._ticks = 0
        words = teller.words
        html(_heading(words.figures, path, self._window_s, words)).classes("heading")
        html(tag("p", words.figures_why)).classes("note")
        self._note = html("").classes("empty")
        self._sheet = html("")
        self._moves = _Section(words.turning_sheet)
        self._gates = _Section(words.gates)
        self._cycles = _Section(words.cycles)

    def update(self, looks: list[CameraLook]) -> None:
        """Ask the store now and then."""
        chosen = sorted((look for look in looks if self._chosen(look)), key=lambda look: (look.name, look.key))
        due = self._ticks % EVERY == 0
        self._ticks += 1 if chosen else 0
        if due and chosen:
            background_tasks.create_lazy(self._show(chosen), name=f"sheet {id(self)}")

    async def _show(self, looks: Sequence[CameraLook]) -> None:
        words = self._teller.words
        try:
            found = [(look, await self._room.past.sheet(look.key, self._window_s)) for look in looks]
        except HistoryError as exc:
            self._note.set_content(tag("p", words.history_failed.format(why=exc)))
            return
        self._note.set_content("")
        self._sheet.set_content(join(*(self._camera(look, past) for look, past in found)))
        several = len(found) > 1
        moves, gates = _moves(found, several, words), _gates(found, several, words)
        self._moves.show(turning_sheet(moves, self._teller), bool(moves))
        self._gates.show(gate_sheet(gates, self._teller), bool(gates))
        self._cycles.show(cycle_sheet(_cycles(found, several), self._teller), True)

    def _camera(self, look: CameraLook, past: CameraSheet) -> Markup:
        teller = self._teller
        newest_s = max((row.time_s for row in past.windows), default=None)
        if newest_s is None:
            length = span(self._window_s, teller.words)
            text: str = teller.words.no_window.format(length=length)
            return tag("div", tag("h2", look.name), tag("p", text, class_="empty"), class_="panel")
        rows = [row for row in past.windows if row.time_s == newest_s]
        end_s = newest_s + self._window_s
        begin, end = teller.time.minute(newest_s), f"{teller.time.minute(end_s)} {teller.time.name(end_s)}"
        when = teller.words.window_of.format(length=span(self._window_s, teller.words), begin=begin, end=end)
        file = f"/camera/{look.key.site}/{look.key.camera}/windows.csv?window_s={self._window_s}"
        link = tag("a", teller.words.export, href=file, title=teller.words.export_why)
        head = tag("div", tag("h2", look.name), tag("small", when), link, class_="part")
        return tag("div", head, sheet(places(look, rows), teller.words), class_="panel")


class _Section:
    """A titled panel that is not there while it has nothing to show."""

    def __init__(self, title: str) -> None:
        self._title = html(tag("h2", title)).classes("part")
        self._panel = html("").classes("panel tall")
        self.show("", False)

    def show(self, content: str, there: bool) -> None:
        """Fill it, or hide it."""
        for element in (self._title, self._panel):
            element.style("display:" + ("flex" if element is self._title else "block") if there else "display:none")
        self._panel.set_content(content)


def _heading(title: str, path: str, window_s: int, words: Words) -> Markup:
    links = (
        tag("a", span(one, words), href=f"?window_s={one}", aria_current="page" if one == window_s else None)
        for one in WINDOWS_S
    )
    back = tag("a", words.back_live, href=path)
    return join(tag("h1", title), tag("nav", *links, class_="windows"), tag("div", back, class_="where"))


def places(look: CameraLook, rows: Sequence[WindowRow]) -> list[Place]:
    """A column per approach, its lanes after it: as configured, then those that only the store knows."""
    found = {(row.approach, row.lane): row for row in rows if row.scope in ("approach", "lane", "camera")}
    lanes = {(one.approach, lane.lane) for one in look.approaches for lane in one.lanes} | set(found)
    approaches = dict.fromkeys([one.approach for one in look.approaches] + [row.approach for row in rows])
    columns = [
        (approach, lane)
        for approach in approaches
        for lane in [None, *sorted(n for a, n in lanes if a == approach and n is not None)]
    ]
    return [Place(place_of(look, approach, False), lane, found.get((approach, lane))) for approach, lane in columns]


def _moves(found: Sheets, several: bool, words: Words) -> list[Line]:
    lines = []
    for look, past in found:
        metas = {one.id: one for one in look.meta.movements} if look.meta else {}
        for row in past.windows:
            if row.movement:
                name = turn_name(row.movement, metas.get(row.movement), words)
                place = place_of(look, row.approach, several)
                lines.append(Line(place, name, row, row.turn_share, row.traced, row.flow_smph, row.emp))
    return sorted(lines, key=lambda line: -line.row.time_s)


def _gates(found: Sheets, several: bool, words: Words) -> list[Line]:
    lines = []
    for look, past in found:
        for one in passes(look.name if several else "", look.meta.gates if look.meta else (), past.gates):
            way = f"{one.arrow} {getattr(words, one.direction, one.direction)}".strip()
            lines += [Line(one.gate, way, row) for row in one.rows]
    return sorted(lines, key=lambda line: -line.row.time_s)


def _cycles(found: Sheets, several: bool) -> list[tuple[str, CycleRow]]:
    rows = [(place_of(look, cycle.approach, several), cycle) for look, past in found for cycle in past.cycles]
    return sorted(rows, key=lambda row: -row[1].from_s)[:CYCLES_SHOWN]
