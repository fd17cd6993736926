"""The signal cycle as the lamps of a head in view show it."""

from dataclasses import dataclass, field
from typing import Final

from ..data import Colour

GAP_S: Final = 3.0
"""Lamps that cannot be read for longer than this break the running cycle."""

FRESH_S: Final = 120.0
"""Without a readable lamp for this long the cycle is read from the discharge instead."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One cycle of the lamps: green from start to green_end, red from red_start (None where no red was seen).

    read_ratio: share of the looks at which a lamp could be read.
    """

    start_s: float
    green_end_s: float
    red_start_s: float | None
    end_s: float
    read_ratio: float


@dataclass(slots=True)
class LampCycle:
    """Follows the lamps of one approach from green to green.

    Green ends when another lamp is lit (yellow, or red where there is no yellow). A cycle in which the lamps could not
    be read for more than 3 s is not told.
    """

    known_s: float | None = None
    green_s: float | None = None
    _colour: Colour | None = None
    _green_end_s: float | None = None
    _red_s: float | None = None
    _looks: list[int] = field(default_factory=lambda: [0, 0])

    def look(self, time_s: float, colour: Colour | None) -> Shown | None:
        """Account for one look; the cycle that begins a new green, if it ends one."""
        self._looks[0] += 1
        if colour is None:
            return None
        if self.known_s is not None and time_s - self.known_s > GAP_S:
            self._colour = self.green_s = None
        self.known_s = time_s
        self._looks[1] += 1
        before, self._colour = self._colour, colour
        return self._turn(time_s, before, colour) if before not in (None, colour) else None

    def fresh(self, now_s: float) -> bool:
        """Whether the lamps were read lately."""
        return self.known_s is not None and now_s - self.known_s <= FRESH_S

    def is_green(self, now_s: float) -> bool:
        """Whether the green lamp is lit."""
        return self._colour is Colour.GREEN and self.fresh(now_s)

    def reset(self) -> None:
        """Forget the running cycle."""
        self.known_s = self.green_s = self._colour = self._green_end_s = self._red_s = None
        self._looks = [0, 0]

    def _turn(self, time_s: float, before: Colour | None, colour: Colour) -> Shown | None:
        if before is Colour.GREEN:
            self._green_end_s = time_s
        if colour is Colour.RED:
            self._red_s = time_s
        if colour is not Colour.GREEN:
            return None
        done = self._done(time_s)
        self.green_s, self._green_end_s, self._red_s = time_s, None, None
        self._looks = [0, 0]
        return done

    def _done(self, end_s: float) -> Shown | None:
        if self.green_s is None or self._green_end_s is None:
            return None
        looks, read = self._looks
        return Shown(self.green_s, self._green_end_s, self._red_s, end_s, read / max(looks, 1))
