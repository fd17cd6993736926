"""The events of the whole city, asked of the store now and then for everybody who looks."""

import asyncio
from typing import Final

from ..clock import Clock
from ..errors import HistoryError
from ..history import History
from ..rows import EventRow

REFRESH_S: Final = 5.0
DAY_S: Final = 86400.0
LOOK_BACK_S: Final = 7 * DAY_S
"""An event that lasts is shown for so long."""
OLD_EVERY_S: Final = 60.0
"""How often those that began more than a day ago are asked for."""


def recent(rows: list[EventRow], now_s: float) -> tuple[EventRow, ...]:
    """Those of the last day, and older ones that have no end."""
    return tuple(row for row in rows if row.end_s is None or row.begin_s >= now_s - DAY_S)


class CityEvents:
    """rows: the events of the last day and older ones that last. fault: why they are not those of now, else None."""

    def __init__(self, history: History, clock: Clock) -> None:
        self.rows: tuple[EventRow, ...] = ()
        self.fault: str | None = None
        self._history = history
        self._clock = clock
        self._old: tuple[EventRow, ...] = ()
        self._old_due_s = 0.0

    async def refresh(self) -> None:
        """Ask, in a thread; what was known stays when the store does not answer."""
        try:
            self.rows = await asyncio.to_thread(self._ask)
            self.fault = None
        except HistoryError as exc:
            self.fault = str(exc)

    def _ask(self) -> tuple[EventRow, ...]:
        now_s, steady_s = self._clock.now(), self._clock.monotonic()
        if steady_s >= self._old_due_s:
            self._old = recent(self._history.events(now_s - LOOK_BACK_S, now_s - DAY_S), now_s)
            self._old_due_s = steady_s + OLD_EVERY_S
        return (*self._old, *self._history.events(now_s - DAY_S, now_s + 1.0))
