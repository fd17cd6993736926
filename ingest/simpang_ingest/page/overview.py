"""The first screen: every camera as a card, worst first."""

from dataclasses import dataclass, field

from nicegui import ui

from ..rows import CameraKey
from .cards import Teller, card_body, card_head
from .charts import spark
from .events import Happening, by_camera, card_events, happenings
from .looks import CameraLook, RowLook
from .markup import Markup, join, tag
from .ports import Compared, TruthView
from .shell import Room, html


@dataclass(slots=True)
class Card:
    """The elements of one camera's card, and what they show now."""

    frame: ui.element
    head: ui.html
    body: ui.html
    chart: ui.echart
    place: int | None = None
    look: CameraLook | None = None
    events: tuple[Happening, ...] = ()
    truth: list[tuple[RowLook, tuple[Compared, ...]]] = field(default_factory=list)
    point_s: float | None = None


class Overview:
    """The cards of one visitor; `update` changes only what differs from what is shown."""

    def __init__(self, room: Room, teller: Teller) -> None:
        self._room = room
        self._teller = teller
        self._cards: dict[CameraKey, Card] = {}
        self._grid = ui.element("div").classes("cards")
        self._empty = html(_nothing(teller)).classes("nothing")

    def update(self, looks: list[CameraLook]) -> None:
        """Show the cameras as they are."""
        self._empty.style("display:none" if looks else "display:block")
        for key in self._cards.keys() - {look.key for look in looks}:
            self._cards.pop(key).frame.delete()
        events = by_camera(happenings(self._room.events.rows, looks))
        for place, look in enumerate(looks):
            card = self._cards.get(look.key) or self._new_card(look.key)
            self._show(card, look, place, events.get(look.key, ()))

    def _new_card(self, key: CameraKey) -> Card:
        with self._grid, ui.element("article").classes("card") as frame:
            head = html("").classes("head")
            body = html("")
            chart = ui.echart(spark((), self._teller.words, self._teller.time)).classes("spark")
        self._cards[key] = Card(frame, head, body, chart)
        return self._cards[key]

    def _show(self, card: Card, look: CameraLook, place: int, events: tuple[Happening, ...]) -> None:
        if card.place != place:
            card.frame.style(f"order:{place}")
            card.place = place
        truth = truth_of(look, self._room.truth)
        if card.look != look or card.truth != truth or card.events != events:
            card.head.set_content(card_head(look, self._teller.words))
            card.body.set_content(card_body(look, self._teller, truth, card_events(events, self._teller)))
            card.look, card.truth, card.events = look, truth, events
        self._show_trail(card, look.key)

    def _show_trail(self, card: Card, key: CameraKey) -> None:
        points = self._room.present.trails.of(key)
        if points and points[-1].time_s != card.point_s:
            card.chart.options.update(spark(points, self._teller.words, self._teller.time))
            card.chart.update()
            card.point_s = points[-1].time_s


def truth_of(look: CameraLook, truth: TruthView | None) -> list[tuple[RowLook, tuple[Compared, ...]]]:
    """What is known to be true of each approach; only beside current figures."""
    if truth is None or not look.current:
        return []
    return [(one, truth.compare(look.key, one.approach)) for one in look.approaches]


def _nothing(teller: Teller) -> Markup:
    return join(tag("h2", teller.words.no_cameras), tag("p", teller.words.no_cameras_why))
