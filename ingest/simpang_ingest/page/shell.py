"""What is around every screen: the header with its counts, clock and language, and the words the browser needs."""

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from nicegui import ui

from ..clock import Clock
from .cards import Teller
from .cityevents import CityEvents
from .events import alarms, happenings
from .faces import Face
from .icons import icon
from .looks import CameraLook, tally
from .markup import Markup, join, tag
from .past import Past
from .ports import TruthView
from .present import Present
from .settings import ScreenSettings
from .words import Words

STATIC: Final = Path(__file__).parent / "static"
STATIC_URL: Final = "/static"
LOGO: Final = Markup(
    '<svg class="logo" viewBox="0 0 32 32" aria-hidden="true"><rect x="1" y="1" width="30" height="30" rx="8"/>'
    '<path d="M12 1v30M20 1v30M1 12h30M1 20h30"/><circle cx="16" cy="16" r="3.4"/></svg>'
)


@dataclass(frozen=True, slots=True)
class Room:
    """What the screens share."""

    settings: ScreenSettings
    clock: Clock
    present: Present
    past: Past
    events: CityEvents
    truth: TruthView | None


class Shell:
    """The header of one visitor's screen; `main` holds the screen itself."""

    def __init__(self, room: Room, teller: Teller, path: str) -> None:
        self._room = room
        self._teller = teller
        words = teller.words
        ui.page_title(f"{room.settings.title} · {words.tagline}")
        ui.add_head_html(_head(words))
        with ui.element("header").classes("top"):
            _html(_brand(room.settings.title, words))
            self._path = path
            self._nav = _html(_nav(path, words, 0), "nav").props(f'aria-label="{words.overview}"')
            self._alarms = 0
            self._clock = _html("").classes("clock")
            _html(_tools(path, room.settings, words)).classes("tools")
            self._chips = _html("").classes("chips")
        self._main = ui.element("div").classes("screen")
        self.update(room.present.looks())

    def main(self) -> AbstractContextManager[ui.element]:
        """Where the screen goes."""
        return self._main

    def update(self, looks: Sequence[CameraLook]) -> None:
        """Bring counts and clock up to now."""
        self._chips.set_content(_chips(looks, self._teller.words))
        count = len(alarms(happenings(self._room.events.rows, looks)))
        if count != self._alarms:
            self._nav.set_content(_nav(self._path, self._teller.words, count))
            self._alarms = count
        now_s = self._room.clock.now()
        self._clock.set_content(tag("b", self._teller.time.second(now_s)) + " " + self._teller.time.name(now_s))


def html(content: str, tag_name: str = "div") -> ui.html:
    """An element with markup of ours (`markup.tag` has escaped all that came from outside)."""
    return ui.html(content, sanitize=False, tag=tag_name)


_html = html


def _head(words: Words) -> str:
    said = {
        "s": words.s,
        "min": words.min,
        "h": words.h,
        "d": words.day,
        "lost": words.connection_lost,
        "again": words.reconnecting,
    }
    data = json.dumps(said).replace("<", "\\u003c")
    return (
        f'<link rel="stylesheet" href="{STATIC_URL}/page.css">'
        f'<script type="application/json" id="simpang-words">{data}</script>'
        f'<script defer src="{STATIC_URL}/page.js"></script>'
    )


def _brand(title: str, words: Words) -> Markup:
    return tag("a", LOGO, tag("span", tag("b", title), tag("small", words.tagline)), href="/", class_="brand")


def _nav(path: str, words: Words, alarms: int) -> Markup:
    count = tag("span", str(alarms), class_="count") if alarms else None
    links = (
        ("/", words.overview),
        ("/map", words.map),
        ("/events", join(words.happenings, count)),
        ("/health", words.health),
    )
    return join(*(tag("a", label, href=href, aria_current="page" if href == path else None) for href, label in links))


def _chips(looks: Sequence[CameraLook], words: Words) -> Markup:
    total = tag("button", words.cameras(len(looks)), type="button", data_filter="", class_="chip all")
    return join(total, *(_chip(face, count, words) for face, count in tally(looks).items() if count))


def _chip(face: Face, count: int, words: Words) -> Markup:
    return tag(
        "button",
        icon(face),
        tag("b", str(count)),
        tag("span", words.face(face)),
        type="button",
        data_filter=face.value,
        class_=f"chip face-{face.value}",
    )


def _tools(path: str, settings: ScreenSettings, words: Words) -> Markup:
    other = "en" if words.language == "id" else "id"
    there = f"/language/{other}?next={quote(path)}"
    language = tag("a", words.other_language, href=there, lang=other, class_="language")
    button = tag("button", words.sign_out, type="submit")
    leave = tag("form", button, method="post", action="/logout") if settings.needs_login else None
    return join(language, leave)
