"""The last hour of a camera from the store: asked in a thread, and shared by all who look at the same camera."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ..clock import Clock
from ..history import History
from ..rows import CameraKey, CycleRow, EventRow, GateRow, WindowRow
from .charts import HOUR_S, SLOT_S
from .cityevents import LOOK_BACK_S, recent

SHEET_WINDOWS: Final = 8
"""So many windows are listed: two hours of quarter hours."""
KEEP_S: Final = 10.0
"""An answer this old is given again rather than asked for anew."""

Question = tuple[CameraKey, int]
"""Of which camera, and which length of window; 0 is its last hour."""


@dataclass(frozen=True, slots=True)
class CameraPast:
    """60-second windows and cycles of the last hour, events of the last day and older
    ones that last, in order of time.

    windows: scope approach. moves: scope movement. gates: of 60 seconds too.
    """

    windows: tuple[WindowRow, ...]
    cycles: tuple[CycleRow, ...]
    events: tuple[EventRow, ...]
    moves: tuple[WindowRow, ...] = ()
    gates: tuple[GateRow, ...] = ()


@dataclass(frozen=True, slots=True)
class CameraSheet:
    """The newest windows of one length, of every scope and of gates, and the cycles of the last hour."""

    windows: tuple[WindowRow, ...]
    gates: tuple[GateRow, ...]
    cycles: tuple[CycleRow, ...]


class Past:
    """Questions to the history; raises what the history raises."""

    def __init__(self, history: History, clock: Clock) -> None:
        self._history = history
        self._clock = clock
        self._asked: dict[Question, tuple[float, asyncio.Task[Any]]] = {}

    async def of(self, camera: CameraKey) -> CameraPast:
        """The past of a camera up to now."""
        past: CameraPast = await self._shared((camera, 0), lambda: self._ask(camera))
        return past

    async def sheet(self, camera: CameraKey, window_s: int) -> CameraSheet:
        """The newest windows of a camera."""
        found: CameraSheet = await self._shared((camera, window_s), lambda: self._ask_sheet(camera, window_s))
        return found

    async def _shared(self, question: Question, ask: Callable[[], Any]) -> Any:
        now_s = self._clock.monotonic()
        self._asked = {key: asked for key, asked in self._asked.items() if now_s - asked[0] < KEEP_S}
        if question not in self._asked:
            self._asked[question] = (now_s, asyncio.create_task(asyncio.to_thread(ask)))
        return await asyncio.shield(self._asked[question][1])

    def _ask(self, camera: CameraKey) -> CameraPast:
        now_s = self._clock.now()
        from_s = now_s // SLOT_S * SLOT_S - HOUR_S
        return CameraPast(
            tuple(self._history.windows(camera, SLOT_S, from_s, now_s, scope="approach")),
            tuple(self._history.cycles(camera, from_s, now_s)),
            recent(self._history.events(now_s - LOOK_BACK_S, now_s, camera=camera), now_s),
            tuple(self._history.windows(camera, SLOT_S, from_s, now_s, scope="movement")),
            tuple(self._history.gates(camera, SLOT_S, from_s, now_s)),
        )

    def _ask_sheet(self, camera: CameraKey, window_s: int) -> CameraSheet:
        now_s = self._clock.now()
        from_s = now_s // window_s * window_s - SHEET_WINDOWS * window_s
        return CameraSheet(
            tuple(self._history.windows(camera, window_s, from_s, now_s)),
            tuple(self._history.gates(camera, window_s, from_s, now_s)),
            tuple(self._history.cycles(camera, now_s - HOUR_S, now_s)),
        )
