"""What the page asks of the rest of the ingestor, and of a demo that knows the truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from ..live import CameraView
from ..rows import CameraKey


class BoardView(Protocol):
    """The newest messages per camera; `live.LiveBoard` is one. Called from the page's thread."""

    def cameras(self) -> Sequence[CameraView]:
        """Every camera heard of."""


Quantity = Literal["count", "speed", "queue"]


@dataclass(frozen=True, slots=True)
class Compared:
    """A measured figure beside the true one, over the same time: vehicles, km/h, or metres; None is unknown."""

    quantity: Quantity
    measured: float | None
    true: float | None


class TruthView(Protocol):
    """Knows what really happened, because the video was made from it. Called from the page's thread: be quick."""

    def compare(self, camera: CameraKey, approach: str) -> tuple[Compared, ...]:
        """What was measured there beside what is true; empty where nothing is known."""
