"""The screen of one camera, and of a junction with all its cameras: now, the last hour, cycles, events."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nicegui import background_tasks, ui
from simpang_edge.message import MovementMeta

from ..errors import HistoryError
from ..rows import CycleRow, WindowRow
from .cards import Teller, camera_path, place_name, reason_line, state_line, truth_line
from .charts import Curve, hour, spark
from .events import Happening, event_table, happenings
from .figures import with_unit
from .gates import GatePass, gate_table, passes, sums
from .looks import CameraLook
from .markup import Markup, classes, join, tag
from .overview import truth_of
from .past import CameraPast
from .shell import Room, html
from .tables import HourSum, TurnSum, cycle_table, hour_table, live_table, turn_table
from .words import Words

Chosen = Callable[[CameraLook], bool]
HISTORY_EVERY = 15
"""Ticks of the screen's timer (one a second) between two questions to the store."""
CYCLES_SHOWN = 40
EVENTS_SHOWN = 50


@dataclass(slots=True)
class Live:
    """The part of one camera that shows now."""

    element: ui.html
    chart: ui.echart
    look: CameraLook | None = None
    point_s: float | None = None


class Detail:
    """Everything known about the chosen cameras."""

    def __init__(self, room: Room, teller: Teller, title: str, chosen: Chosen, path: str) -> None:
        self._room = room
        self._teller = teller
        self._title = title
        self._chosen = chosen
        self._ticks = 0
        more = tag("a", teller.words.figures, href=f"{path}/figures", class_="more")
        self._heading = html(join(tag("h1", title), tag("div", more, class_="where"))).classes("heading")
        self._missing = html(tag("p", teller.words.not_found_why.format(name=title))).classes("nothing")
        self._now = ui.element("section").classes("now")
        self._lives: list[Live] = []
        self._below = ui.element("section")
        with self._below:
            self._past = PastPart(teller)

    def update(self, looks: list[CameraLook]) -> None:
        """Show the cameras as they are, and every few seconds what the store has of them (it may take its time)."""
        chosen = sorted((look for look in looks if self._chosen(look)), key=lambda look: (look.name, look.key))
        self._missing.style("display:none" if chosen else "display:block")
        self._below.style("display:block" if chosen else "display:none")
        self._show_now(chosen)
        due = self._ticks % HISTORY_EVERY == 0
        self._ticks += 1 if chosen else 0
        if due and chosen:
            background_tasks.create_lazy(self._show_past(chosen), name=f"past {id(self)}")

    def _show_now(self, looks: Sequence[CameraLook]) -> None:
        while len(self._lives) < len(looks):
            self._lives.append(self._new_live())
        for live, look in zip(self._lives, looks, strict=False):
            if live.look != look:
                live.element.set_content(_now(look, self._teller, self._room, named=len(looks) > 1))
                live.look = look
            self._show_trail(live, look)
        if len(looks) == 1 and self._title != looks[0].name:
            self._title = looks[0].name
            self._heading.set_content(_heading(looks[0], self._teller))

    def _new_live(self) -> Live:
        teller = self._teller
        with self._now, ui.element("div").classes("panel"):
            element = html("")
            html(_legend(teller)).classes("legend")
            return Live(element, ui.echart(spark((), teller.words, teller.time)).classes("spark"))

    def _show_trail(self, live: Live, look: CameraLook) -> None:
        points = self._room.present.trails.of(look.key)
        if points and points[-1].time_s != live.point_s:
            live.chart.options.update(spark(points, self._teller.words, self._teller.time))
            live.chart.update()
            live.point_s = points[-1].time_s

    async def _show_past(self, looks: Sequence[CameraLook]) -> None:
        try:
            pasts = [(look, await self._room.past.of(look.key)) for look in looks]
        except HistoryError as exc:
            self._past.say(self._teller.words.history_failed.format(why=exc))
            return
        self._past.show(pasts, self._room.clock.now())


def _legend(teller: Teller) -> Markup:
    words = teller.words
    return join(
        tag("span", words.last_minutes),
        tag("span", f"{words.queue_longest} ({words.m})", class_="key-queue"),
        tag("span", f"{words.speed_lowest} ({words.kmh})", class_="key-speed"),
    )


def _heading(look: CameraLook, teller: Teller) -> Markup:
    words = teller.words
    junction = tag("a", place_name(look.junction), href=f"/junction/{look.junction}") if look.junction else None
    error_m = look.meta.calibration_error_m if look.meta else None
    facts = (
        None if error_m is None else f"{words.calibration} {with_unit(error_m, words.m, words, 2)}",
        None if look.meta is None or not look.meta.model_id else f"{words.model} {look.meta.model_id}",
        None if look.meta is None else f"{words.software} {look.meta.software}",
    )
    badge = tag("span", words.simulated, class_="badge", title=words.simulated_why) if look.simulated else None
    more = tag("a", words.figures, href=f"{camera_path(look)}/figures", class_="more")
    spans = (tag("span", fact) for fact in facts if fact)
    return join(
        tag("h1", look.name), tag("div", junction, tag("span", look.key.site), badge, *spans, more, class_="where")
    )


def _now(look: CameraLook, teller: Teller, room: Room, named: bool) -> Markup:
    words = teller.words
    truth = (truth_line(row, compared, look, words) for row, compared in truth_of(look, room.truth))
    return tag(
        "div",
        tag("h2", tag("a", look.name, href=camera_path(look))) if named else None,
        state_line(look, teller),
        reason_line(look, teller),
        live_table(look, teller) if look.approaches else tag("p", words.no_approaches, class_="empty"),
        *truth,
        class_=classes("body", f"face-{look.face.value}", None if look.current else "is-stale"),
        data_stale_after=teller.settings.stale_s,
        data_sent=look.live_sent_s,
    )


Pasts = Sequence[tuple[CameraLook, CameraPast]]


class PastPart:
    """Charts and tables of the last hour."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        words = teller.words
        html(join(tag("h2", words.last_hour), tag("small", words.last_hour_note))).classes("part")
        self._note = html("").classes("empty")
        with ui.element("section").classes("charts"):
            self._charts = [
                (_chart(words.flow, words.vph), _flow),
                (_chart(words.speed, words.kmh), _speed),
                (_chart(words.queue, words.m), _queue),
            ]
        self._sums = html("").classes("panel")
        self._turns_title = html("").classes("part")
        self._turns = html("").classes("panel")
        self._turns.style("display:none")
        self._gates_title = html("").classes("part")
        self._gates = html("").classes("panel")
        self._gates.style("display:none")
        html(tag("h2", words.events)).classes("part")
        self._events = html("").classes("panel tall events")
        html(tag("h2", words.cycles)).classes("part")
        self._cycles = html("").classes("panel tall")

    def say(self, text: str) -> None:
        """A sentence in place of what cannot be shown."""
        self._note.set_content(tag("p", text))

    def show(self, pasts: Pasts, now_s: float) -> None:
        """Fill everything; now_s is POSIX UTC."""
        curves = _curves(pasts)
        words = self._teller.words
        self._note.set_content("" if any(curve.windows for curve in curves) else tag("p", words.no_windows))
        for chart, value in self._charts:
            chart.options.update(hour(curves, value, now_s, self._teller.time, words))
            chart.update()
        self._sums.set_content(hour_table([HourSum(curve.name, curve.windows) for curve in curves], words))
        self._show_turns(_turns(pasts, words))
        self._show_gates(_gates(pasts), now_s)
        self._events.set_content(event_table(_events(pasts), self._teller, now_s, cameras=len(pasts) > 1))
        self._cycles.set_content(cycle_table(_cycles(pasts), self._teller))

    def _show_turns(self, turns: Sequence[TurnSum]) -> None:
        """A table where movements are configured; nothing where there are none."""
        self._turns.style("display:block" if turns else "display:none")
        self._turns_title.set_content(tag("h2", self._teller.words.turns) if turns else "")
        self._turns.set_content(turn_table(turns, self._teller.words) if turns else "")

    def _show_gates(self, found: Sequence[GatePass], now_s: float) -> None:
        """A table where gates are drawn; nothing where there are none."""
        self._gates.style("display:block" if found else "display:none")
        self._gates_title.set_content(tag("h2", self._teller.words.gates) if found else "")
        self._gates.set_content(gate_table(sums(found, now_s), self._teller) if found else "")


def _chart(title: str, unit: str) -> ui.echart:
    with ui.element("figure").classes("panel"):
        html(join(title, " ", tag("small", unit)), "figcaption")
        return ui.echart({"series": []}).classes("chart")


def _flow(window: WindowRow) -> float | None:
    return window.flow_vph


def _speed(window: WindowRow) -> float | None:
    return window.speed_kmh if window.speed_kmh is not None else window.speed_space_mean_kmh


def _queue(window: WindowRow) -> float | None:
    return window.queue_max_m


def _curves(pasts: Pasts) -> list[Curve]:
    """One per approach: as configured, then those that only the store knows."""
    curves = []
    for look, past in pasts:
        ids = dict.fromkeys([one.approach for one in look.approaches] + [window.approach for window in past.windows])
        for approach in ids:
            windows = tuple(window for window in past.windows if window.approach == approach)
            curves.append(Curve(place_of(look, approach, len(pasts) > 1), windows))
    return curves


def _turns(pasts: Pasts, words: Words) -> list[TurnSum]:
    """One per movement, in the order in which they are configured, then those that only the store knows."""
    found = []
    for look, past in pasts:
        metas = {one.id: one for one in look.meta.movements} if look.meta else {}
        for movement in dict.fromkeys([*metas, *(row.movement for row in past.moves if row.movement)]):
            rows = tuple(row for row in past.moves if row.movement == movement)
            if rows:
                approach = rows[0].approach
                own = HourSum("", tuple(row for row in past.moves if row.approach == approach))
                name = turn_name(movement, metas.get(movement), words)
                found.append(TurnSum(place_of(look, approach, len(pasts) > 1), HourSum(name, rows), own.intensity()))
    return found


def _gates(pasts: Pasts) -> list[GatePass]:
    """Both directions of every gate of the cameras."""
    several = len(pasts) > 1
    return [
        one
        for look, past in pasts
        for one in passes(look.name if several else "", look.meta.gates if look.meta else (), past.gates)
    ]


def turn_name(movement: str, meta: MovementMeta | None, words: Words) -> str:
    """As configured, else the turn and the movement's id."""
    if meta is None:
        return movement
    turn = str(getattr(words, f"turn_{meta.turn}", meta.turn))
    return f"{turn} · {meta.name}"


def place_of(look: CameraLook, approach: str | None, several: bool) -> str:
    """The approach's name, with its camera's where there are several."""
    named = next((one.name for one in look.approaches if one.approach == approach), approach)
    if named is None:
        return look.name
    return f"{look.name} · {named}" if several and named != look.name else named


def _events(pasts: Pasts) -> list[Happening]:
    looks = [look for look, _ in pasts]
    return happenings([event for _, past in pasts for event in past.events], looks)[:EVENTS_SHOWN]


def _cycles(pasts: Pasts) -> list[tuple[str, CycleRow]]:
    several = len(pasts) > 1
    rows = [(place_of(look, cycle.approach, several), cycle) for look, past in pasts for cycle in past.cycles]
    return sorted(rows, key=lambda row: -row[1].from_s)[:CYCLES_SHOWN]
