"""The screen of the events of all cameras: those that last first."""

from typing import Final

from .cards import Teller
from .events import event_table, happenings
from .looks import CameraLook
from .markup import tag
from .shell import Room, html

EVERY: Final = 5
"""Ticks of the screen's timer between two looks."""
SHOWN: Final = 300


class EventScreen:
    """One table."""

    def __init__(self, room: Room, teller: Teller) -> None:
        self._room = room
        self._teller = teller
        self._ticks = 0
        html(tag("h1", teller.words.events)).classes("heading")
        self._note = html("").classes("empty")
        self._table = html("").classes("panel events")

    def update(self, looks: list[CameraLook]) -> None:
        """Show the events as they are known."""
        if self._ticks % EVERY == 0:
            city, words = self._room.events, self._teller.words
            self._note.set_content(tag("p", words.history_failed.format(why=city.fault)) if city.fault else "")
            found = happenings(city.rows, looks)[:SHOWN]
            self._table.set_content(event_table(found, self._teller, self._room.clock.now(), cameras=True))
        self._ticks += 1
