"""Which signal plan runs: the number goes up when cycle or green changes clearly and stays changed."""

from collections import deque
from dataclasses import dataclass, field
from statistics import median
from typing import Final

SLACK_S: Final = 4.0
SLACK_SHARE: Final = 0.1
"""Two times differ clearly when they are farther apart than 4 s and a tenth of the longer one."""

CONFIRMED: Final = 2
SETTLED: Final = 3


@dataclass(slots=True)
class Plan:
    """Follows (cycle, green) lengths.

    A plan changes when two cycles running are alike and both differ clearly from the median of the plan's last five,
    in the cycle or in the green (where the green is known). A single odd cycle changes nothing.
    """

    number: int = 1
    _seen: deque[tuple[float, float | None]] = field(default_factory=lambda: deque(maxlen=5))
    _odd: list[tuple[float, float | None]] = field(default_factory=list)

    def follow(self, cycle_s: float, green_s: float | None) -> int:
        """Account for a cycle; the number of its plan."""
        one = (cycle_s, green_s)
        if not self._seen or not self._differs(one):
            self._odd.clear()
            self._seen.append(one)
            return self.number
        if self._odd and not alike(self._odd[-1], one):
            self._odd.clear()
        self._odd.append(one)
        if len(self._odd) >= CONFIRMED:
            self.number += 1
            self._seen.clear()
            self._seen.extend(self._odd)
            self._odd.clear()
        return self.number

    @property
    def settled(self) -> bool:
        """Whether enough cycles of the running plan were seen to expect the next."""
        return len(self._seen) >= SETTLED

    def usual(self) -> tuple[float, float | None]:
        """Median cycle and green of the running plan; (nan, None) before the first cycle."""
        greens = [green for _, green in self._seen if green is not None]
        cycle_s = median(c for c, _ in self._seen) if self._seen else float("nan")
        return cycle_s, median(greens) if greens else None

    def likeness(self, cycle_s: float) -> float | None:
        """How alike a cycle is to those before it, 0 to 1; None without one to compare with."""
        usual_s, _ = self.usual()
        return max(0.0, 1.0 - abs(cycle_s - usual_s) / usual_s) if self._seen else None

    def reset(self) -> None:
        """Compare with nothing that was before; the number stays."""
        self._seen.clear()
        self._odd.clear()

    def _differs(self, one: tuple[float, float | None]) -> bool:
        return not alike(self.usual(), one)


def alike(a: tuple[float, float | None], b: tuple[float, float | None]) -> bool:
    """Whether two (cycle, green) lengths may be of one plan."""
    return all(
        x is None or y is None or abs(x - y) <= max(SLACK_S, SLACK_SHARE * max(x, y)) for x, y in zip(a, b, strict=True)
    )
