"""Between the meter and its memory: what an earlier run left, and what this one leaves."""

import hashlib
from collections.abc import Callable
from importlib.metadata import version
from typing import Final, Protocol

import structlog

from .clock import Clock
from .config import Box, Camera
from .data import UsualDay
from .errors import MemoryFileError
from .memory import Memory
from .pacing import Every

PARTS: Final = "parts"
PARTS_EVERY_S: Final = 10.0
"""A worker that is killed loses at most so much of its running windows, and their `observed_s` says so."""

OPEN: Final = "open"
OPEN_FORMAT: Final = "1"
"""Open events are read whatever the version of the rest, so that each of them ends."""

VIEW: Final = "view"
VIEW_EVERY_S: Final = 600.0

COMPLAIN_EVERY_S: Final = 600.0


class Remembers(Protocol):
    """A meter, as far as its memory goes."""

    def know(self, days: list[UsualDay]) -> None: ...
    def learned(self) -> tuple[UsualDay, ...]: ...
    def parts(self) -> bytes | None: ...
    def resume(self, parts: bytes) -> None: ...
    def open(self) -> bytes: ...
    def end(self, left: bytes) -> None: ...


class Sees(Protocol):
    """A judge of the picture, as far as its memory goes."""

    def remember(self) -> bytes: ...
    def recall(self, data: bytes) -> None: ...


class Recall:
    """Keeps the meter and the scene of one camera going across runs. Its faults are told, and stop nothing."""

    def __init__(self, meter: Remembers, scene: Sees, box: Box, camera: Camera, clock: Clock) -> None:
        self._meter = meter
        self._scene = scene
        self._weeks = box.usual.weeks
        self._version = _version(box, camera)
        self._due = Every(clock, PARTS_EVERY_S, PARTS_EVERY_S)
        self._view_due = Every(clock, VIEW_EVERY_S, VIEW_EVERY_S)
        self._complain_due = Every(clock, COMPLAIN_EVERY_S, 0.0)
        self._log = structlog.get_logger().bind(camera=camera.id)
        self._memory: Memory | None = None
        try:
            self._memory = Memory(box.outbox.folder, camera.id)
            self._take_up(self._memory)
        except MemoryFileError as exc:
            self._complain(exc)

    def look_after(self, at_once: bool = False) -> None:
        """Write down what is due: the running windows every 10 s or at once, and what was learned."""
        if self._memory is None or not (self._due.due() or at_once):
            return
        try:
            parts = self._meter.parts()
            if parts is not None:
                self._memory.keep_all((PARTS, self._version, parts), (OPEN, OPEN_FORMAT, self._meter.open()))
            self._memory.learn(self._meter.learned(), self._weeks)
            if self._view_due.due():
                self._memory.keep(VIEW, self._version, self._scene.remember())
        except MemoryFileError as exc:
            self._complain(exc)

    def close(self) -> None:
        """Write everything down and close the file."""
        self._view_due.now()
        self.look_after(at_once=True)
        if self._memory is not None:
            self._memory.close()

    def _take_up(self, memory: Memory) -> None:
        if memory.damaged:
            self._log.warning("the memory of the usual traffic was damaged; it begins anew")
        self._meter.know(memory.usual())
        if not self._taken(memory, PARTS, self._version, self._meter.resume):
            self._taken(memory, OPEN, OPEN_FORMAT, self._meter.end)
        self._taken(memory, VIEW, self._version, self._scene.recall)

    def _taken(self, memory: Memory, name: str, version: str, take: Callable[[bytes], None]) -> bool:
        """Whether there was something under this name, and it could be used."""
        data = memory.kept(name, version)
        try:
            take(data) if data is not None else None
        except ValueError as exc:
            self._log.warning("what the run before left cannot be used", what=name, reason=str(exc))
            return False
        return data is not None

    def _complain(self, exc: MemoryFileError) -> None:
        if self._complain_due.due():
            self._log.error("what is usual is not kept", reason=str(exc))


def _version(box: Box, camera: Camera) -> str:
    """Changes with the software and with all that the sums of windows depend on."""
    shape = camera.model_dump_json(include={"id", "calibration", "approaches", "zones", "gates", "movements"})
    return f"{version('simpang')} {hashlib.sha256(f'{shape}{box.windows_s}{box.queue}'.encode()).hexdigest()[:12]}"
