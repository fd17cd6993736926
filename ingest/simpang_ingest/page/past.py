"""The last hour of a camera from the store: asked in a thread, and shared by all who look at the same camera."""

import asyncio
from dataclasses import dataclass
from typing import Final

from ..clock import Clock
from ..history import History
from ..rows import CameraKey, CycleRow, EventRow, GateRow, WindowRow
from .charts import HOUR_S, SLOT_S

KEEP_S: Final = 10.0
"""An answer this old is given again rather than asked for anew."""
DAY_S: Final = 86400.0


@dataclass(frozen=True, slots=True)
class CameraPast:
    """60-second windows and cycles of the last hour, events of the last day, in order of time.

    windows: scope approach. moves: scope movement. gates: of 60 seconds too.
    """

    windows: tuple[WindowRow, ...]
    cycles: tuple[CycleRow, ...]
    events: tuple[EventRow, ...]
    moves: tuple[WindowRow, ...] = ()
    gates: tuple[GateRow, ...] = ()


class Past:
    """Questions to the history; raises what the history raises."""

    def __init__(self, history: History, clock: Clock) -> None:
        self._history = history
        self._clock = clock
        self._asked: dict[CameraKey, tuple[float, asyncio.Task[CameraPast]]] = {}

    async def of(self, camera: CameraKey) -> CameraPast:
        """The past of a camera up to now."""
        now_s = self._clock.monotonic()
        self._asked = {key: asked for key, asked in self._asked.items() if now_s - asked[0] < KEEP_S}
        if camera not in self._asked:
            self._asked[camera] = (now_s, asyncio.create_task(asyncio.to_thread(self._ask, camera)))
        return await asyncio.shield(self._asked[camera][1])

    def _ask(self, camera: CameraKey) -> CameraPast:
        now_s = self._clock.now()
        from_s = now_s // SLOT_S * SLOT_S - HOUR_S
        return CameraPast(
            tuple(self._history.windows(camera, SLOT_S, from_s, now_s, scope="approach")),
            tuple(self._history.cycles(camera, from_s, now_s)),
            tuple(self._history.events(now_s - DAY_S, now_s, camera=camera)),
            tuple(self._history.windows(camera, SLOT_S, from_s, now_s, scope="movement")),
            tuple(self._history.gates(camera, SLOT_S, from_s, now_s)),
        )
