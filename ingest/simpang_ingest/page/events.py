"""Events in words: what, where, since when, how grave, why, and whether it is over."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ..rows import CameraKey, EventRow
from .cards import Teller, camera_path
from .figures import UNKNOWN, span
from .looks import CameraLook
from .markup import Markup, classes, join, tag
from .tables import Column, table
from .words import Words

GRAVITY: Final = {"serious": 0, "warning": 1, "info": 2}
UNSEEN_S: Final = 10.0
"""Less than this that was not seen of an event is not told: a hiccup of the stream."""
ON_CARD: Final = 2
"""A card stays calm: so many events at most, the rest as a number."""


class End(StrEnum):
    """Whether an event is over."""

    OVER = "over"
    LASTS = "ongoing"
    UNSURE = "unsure"
    """Nobody said its end, and nobody can: its worker began anew and spoke of it no more, or is silent."""


@dataclass(frozen=True, slots=True)
class Happening:
    """An event and its camera as it is now; None when nothing was heard of the camera."""

    look: CameraLook | None
    row: EventRow

    @property
    def end(self) -> End:
        """A fault of the camera may last while its pictures stop, an event on the road nobody watches any more; of a
        camera that is gone nothing is known."""
        if self.row.end_s is not None:
            return End.OVER
        look = self.look
        if look is None or look.gone or self._forgotten(look):
            return End.UNSURE
        return End.LASTS if look.current or self.row.event.startswith("camera_") else End.UNSURE

    @property
    def unsure_since_s(self) -> float | None:
        """Since when nobody can say whether it lasts, POSIX UTC: since the camera fell silent, or its worker began anew
        without it; None where that is not known either."""
        if self.look is None:
            return None
        anew_s = self.look.boot_s if self._forgotten(self.look) else None
        return anew_s if anew_s is not None else self.look.since_s or self.look.live_sent_s

    def _forgotten(self, look: CameraLook) -> bool:
        """Whether its worker began anew since, and spoke of it no more."""
        told_s = max(self.row.told_s or self.row.begin_s, self.row.begin_s)
        return look.boot_s is not None and look.boot_s > told_s


def happenings(rows: Iterable[EventRow], looks: Iterable[CameraLook]) -> list[Happening]:
    """Those that last first, the gravest first, then the newest."""
    by_key = {look.key: look for look in looks}
    found = [Happening(by_key.get(row.key), row) for row in rows]
    return sorted(found, key=lambda one: (one.end is not End.LASTS, _gravity(one), -one.row.begin_s))


def _gravity(one: Happening) -> int:
    """Over is over: of those, only the time counts."""
    return GRAVITY.get(one.row.severity, 1) if one.end is End.LASTS else 0


def alarms(found: Iterable[Happening]) -> list[Happening]:
    """Those that last and ask for somebody."""
    return [one for one in found if one.end is End.LASTS and one.row.severity != "info"]


def by_camera(found: Iterable[Happening]) -> dict[CameraKey, tuple[Happening, ...]]:
    """The alarms of each camera that has some."""
    keyed: dict[CameraKey, list[Happening]] = {}
    for one in alarms(found):
        keyed.setdefault(one.row.key, []).append(one)
    return {key: tuple(ones) for key, ones in keyed.items()}


def event_table(found: Sequence[Happening], teller: Teller, now_s: float, cameras: bool) -> Markup:
    """A line per event; cameras: whether each is named, where there are several."""
    words, time = teller.words, teller.time
    if not found:
        return tag("p", words.events_none, class_="empty")
    named: list[Column[Happening]] = [Column(words.camera, _camera, figure=False)]
    columns: list[Column[Happening]] = [
        Column(words.event, lambda one: words.event_type(one.row.event), figure=False),
        *(named if cameras else ()),
        Column(words.where, lambda one: where(one, words), figure=False),
        Column(words.begin, lambda one: time.day_and_second(one.row.begin_s, now_s), figure=False),
        Column(words.end, lambda one: _end(one, teller, now_s), figure=False),
        Column(words.duration, lambda one: _lasted(one, now_s, words)),
        Column(words.severity, lambda one: _severity(one.row, words), figure=False),
        Column(words.cause, lambda one: words.cause_of(one.row.cause) if one.row.cause else UNKNOWN, figure=False),
        Column(words.reason, lambda one: _why(one.row, words), figure=False),
    ]
    return table(columns, found, lambda one: f"severity-{one.row.severity} {one.end.value}")


def _camera(one: Happening) -> str:
    return tag("a", one.look.name, href=camera_path(one.look)) if one.look else one.row.camera


def where(one: Happening, words: Words) -> str:
    """Approach, lane and zone; a fault of the camera is at the camera itself."""
    row = one.row
    named = next((a.name for a in one.look.approaches if a.approach == row.approach), None) if one.look else None
    lane = None if row.lane is None else f"{words.lane.lower()} {row.lane}"
    parts = [part for part in (named or row.approach, lane, row.zone and f"{words.zone} {row.zone}") if part]
    return " · ".join(parts) or (words.camera_itself if row.event.startswith("camera_") else UNKNOWN)


def _end(one: Happening, teller: Teller, now_s: float) -> str:
    if one.row.end_s is not None:
        return teller.time.day_and_second(one.row.end_s, now_s)
    if one.end is End.LASTS:
        return tag("b", teller.words.ongoing)
    since_s = one.unsure_since_s
    words, time = teller.words, teller.time
    since = None if since_s is None else words.end_unknown_since.format(time=time.day_and_second(since_s, now_s))
    return tag("span", since or words.end_unknown, title=words.end_unknown_why)


def _lasted(one: Happening, now_s: float, words: Words) -> str:
    """Nobody knows how long an event lasted whose end nobody saw. Where some of it was not seen, how much was."""
    if one.end is End.UNSURE:
        return UNKNOWN
    whole_s = max(0.0, (now_s if one.row.end_s is None else one.row.end_s) - one.row.begin_s)
    seen_s = one.row.observed_s
    if seen_s is None or whole_s - seen_s < UNSEEN_S:
        return span(whole_s, words)
    return join(span(whole_s, words), tag("small", words.of_it_seen.format(span=span(seen_s, words))))


def _severity(row: EventRow, words: Words) -> str:
    return tag("span", str(getattr(words, row.severity, row.severity)), class_=f"grave-{row.severity}")


def _why(row: EventRow, words: Words) -> str:
    return (row.reason_en if words.language == "en" else row.reason_id) or UNKNOWN


def card_events(found: Sequence[Happening], teller: Teller) -> Markup | None:
    """The alarms of a camera for its card: what, where, since when."""
    if not found:
        return None
    more = len(found) - ON_CARD
    rest = tag("li", teller.words.more_events.format(n=more)) if more > 0 else None
    return tag("ul", *(_card_event(one, teller) for one in found[:ON_CARD]), rest, class_="happenings")


def _card_event(one: Happening, teller: Teller) -> Markup:
    words = teller.words
    since = words.since.format(time=teller.time.minute(one.row.begin_s))
    place = None if one.row.event.startswith("camera_") else f" · {where(one, words)}"
    return tag(
        "li",
        join(tag("b", words.event_type(one.row.event)), place, f" · {since}"),
        class_=classes(f"grave-{one.row.severity}"),
        title=_why(one.row, words),
    )
