"""Lanes that a large vehicle hides for long: seconds in which nothing can be said about them."""

from dataclasses import dataclass, field

import numpy as np

from ..config import SceneRules
from ..data import FloatArray, Scope
from .layout import Layout


@dataclass(slots=True)
class Cover:
    """Counts for how long each lane of a camera has been hidden without a break."""

    layout: Layout
    rules: SceneRules
    _run_s: dict[int, float] = field(default_factory=dict)

    def second(self, hidden: FloatArray) -> FloatArray:
        """Seconds that were lost with this second, by cell (C,); hidden: share of each lane (L,), may be empty.

        A lane is lost once it was hidden for `hidden_s`, from the first of those seconds on; an approach when all its
        lanes are.
        """
        lost_s = np.zeros(len(self.layout))
        lanes = [i for i, cell in enumerate(self.layout.cells) if cell.scope is Scope.LANE]
        for cell, share in zip(lanes, hidden.tolist(), strict=False):
            self._run_s[cell] = self._run_s.get(cell, 0.0) + 1 if share >= self.rules.hidden_ratio else 0.0
            lost_s[cell] = self._newly(self._run_s[cell])
        for approach, cell in enumerate(self.layout.approach_cell.tolist()):
            own = self.layout.lanes_of(approach).tolist()
            lost_s[cell] = self._newly(min((self._run_s.get(lane, 0.0) for lane in own), default=0.0))
        return lost_s

    def line(self, hidden: FloatArray) -> FloatArray:
        """Of this second the part in which the stop line could not be seen, by cell (C,): of a lane all or nothing, of
        an approach the mean of its lanes; hidden: share of each lane's part of the line (L,), may be empty."""
        lost_s = np.zeros(len(self.layout))
        if not hidden.any():
            return lost_s
        lanes = [i for i, cell in enumerate(self.layout.cells) if cell.scope is Scope.LANE]
        lost_s[lanes] = hidden >= self.rules.hidden_ratio
        for approach, cell in enumerate(self.layout.approach_cell.tolist()):
            lost_s[cell] = lost_s[self.layout.lanes_of(approach)].mean()
        return lost_s

    def hidden(self, cell: int) -> bool:
        """Whether this cell cannot be seen now."""
        scope = self.layout.cells[cell]
        own = [cell] if scope.scope is Scope.LANE else self.layout.lanes_of(scope.index).tolist()
        return bool(own) and all(self._run_s.get(lane, 0.0) >= self.rules.hidden_s for lane in own)

    def clear(self) -> None:
        """Nothing is hidden."""
        self._run_s.clear()

    def _newly(self, run_s: float) -> float:
        if run_s < self.rules.hidden_s:
            return 0.0
        return run_s if run_s - 1 < self.rules.hidden_s else 1.0
