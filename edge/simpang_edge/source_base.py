"""What every source of frames has in common."""

from dataclasses import dataclass
from typing import Literal, Protocol

from .data import Frame

State = Literal["online", "offline", "connecting", "ended"]


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How a source is doing.

    detail: a sentence for people; empty when there is nothing to say. Never holds a password.
    read: frames decoded. analysed: frames handed out. missed: frames that the analysis rate asked for and that were
    not handed out, because newer ones came first.
    reconnects: how often a lost stream came back.
    damaged: packets that could not be decoded.
    fps_read: frames decoded per second lately; None where unknown.
    """

    state: State
    detail: str = ""
    read: int = 0
    analysed: int = 0
    missed: int = 0
    reconnects: int = 0
    damaged: int = 0
    fps_read: float | None = None


class Source(Protocol):
    """Frames of one camera at its analysis rate."""

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame; None when none came in time, or after `close`.

        Raises `SourceEnded` at the end of a file, `SourceError` when a file is of no use any more.
        """

    def status(self) -> SourceStatus:
        """How it is doing; may be asked at any time, from any thread."""

    def close(self) -> None:
        """Stop; interrupts every wait, from any thread."""


def size_change(first: tuple[int, int], now: tuple[int, int]) -> str:
    """What is wrong with a picture of another size."""
    return f"the picture changes from {first[0]}x{first[1]} to {now[0]}x{now[1]}"
