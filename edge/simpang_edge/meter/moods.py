"""What the picture was like over the last minutes: for a signal cycle, which lies in no single window."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..data import FloatArray, IntArray
from .memory import KEPT


@dataclass(frozen=True, slots=True)
class Mood:
    """A span. scene_s: seconds by flag of the picture. hidden_s: in which its lanes could not be seen, in the mean."""

    from_s: float
    to_s: float
    scene_s: dict[str, float]
    hidden_s: float


@dataclass(slots=True)
class Moods:
    """Looks at the picture, and hidden seconds by cell, as long as a cycle may be."""

    _looks: deque[tuple[float, float, tuple[str, ...]]] = field(default_factory=deque)
    _hidden: deque[tuple[float, FloatArray]] = field(default_factory=lambda: deque(maxlen=KEPT))

    def look(self, from_s: float, to_s: float, flags: Iterable[str]) -> None:
        """Account for what the picture was like in this span."""
        self._looks.append((from_s, to_s, tuple(flags)))
        while self._looks[0][1] < to_s - KEPT:
            self._looks.popleft()

    def hide(self, time_s: float, lost_s: FloatArray) -> None:
        """Account for seconds (C,) in which cells could not be seen."""
        if lost_s.any():
            self._hidden.append((time_s, lost_s))

    def over(self, from_s: float, to_s: float, lanes: IntArray) -> Mood:
        """The mood of a span in the lanes with these cells, (n,)."""
        scene_s: dict[str, float] = {}
        for begin_s, end_s, flags in self._looks:
            part_s = min(to_s, end_s) - max(from_s, begin_s)
            for flag in flags if part_s > 0 else ():
                scene_s[flag] = scene_s.get(flag, 0.0) + part_s
        hidden_s = sum(float(lost_s[lanes].mean()) for time_s, lost_s in self._hidden if from_s <= time_s < to_s)
        return Mood(from_s, to_s, scene_s, hidden_s)

    def clear(self) -> None:
        """Forget everything: the clock was set."""
        self._looks.clear()
        self._hidden.clear()
