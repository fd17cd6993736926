"""Figures and times as text for a person: a dash for unknown, the language's separators, local time with its zone."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from .words import Words

UNKNOWN = "–"


def number(value: float | None, words: Words, digits: int = 0) -> str:
    """A figure with the language's separators; a dash where it is unknown."""
    if value is None:
        return UNKNOWN
    plain = f"{value:z,.{digits}f}"  # z: no minus before a zero
    return plain.translate(str.maketrans(",.-", f"{words.thousands}{words.decimal}−"))


def with_unit(value: float | None, unit: str, words: Words, digits: int = 0) -> str:
    """A figure and its unit; a lone dash where it is unknown."""
    return UNKNOWN if value is None else f"{number(value, words, digits)} {unit}"


def percent(share: float | None, words: Words) -> str:
    """A share 0 to 1 as a percentage."""
    return with_unit(None if share is None else 100 * share, words.percent, words)


def within(share: float | None, margin: float | None, words: Words) -> str:
    """A share 0 to 1 with so much more or less, as percentages; without a margin that is not known."""
    if share is None or margin is None:
        return percent(share, words)
    return f"{number(100 * share, words)} ± {percent(margin, words)}"


def span(seconds_s: float | None, words: Words) -> str:
    """A duration in its largest unit, cut off like an age: 59 s, 1 min, 3 h. page.js says the same."""
    if seconds_s is None:
        return UNKNOWN
    for size_s, unit in ((86400.0, words.day), (3600.0, words.h), (60.0, words.min)):
        if seconds_s >= size_s:
            return f"{int(seconds_s // size_s)} {unit}"
    return f"{int(max(0.0, seconds_s))} {words.s}"


@dataclass(frozen=True, slots=True)
class LocalTime:
    """Times of one zone as they stand on the screens."""

    zone: ZoneInfo

    def at(self, time_s: float) -> datetime:
        """POSIX seconds UTC as a local time."""
        return datetime.fromtimestamp(time_s, self.zone)

    def minute(self, time_s: float) -> str:
        """14:05, for axes."""
        return f"{self.at(time_s):%H:%M}"

    def second(self, time_s: float) -> str:
        """14:05:09, for tables."""
        return f"{self.at(time_s):%H:%M:%S}"

    def full(self, time_s: float) -> str:
        """14:05:09 WIB, for sentences."""
        return f"{self.at(time_s):%H:%M:%S %Z}"

    def day_and_second(self, time_s: float, now_s: float) -> str:
        """14:05:09, with the date before it when that is not today."""
        local = self.at(time_s)
        return f"{local:%H:%M:%S}" if local.date() == self.at(now_s).date() else f"{local:%d-%m %H:%M:%S}"

    def name(self, now_s: float) -> str:
        """WIB."""
        return f"{self.at(now_s):%Z}"
