"""The state of a window longer than the one that states are judged by: what held in it, in words of its own figures."""

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Final

from ..config import StateRules
from ..data import Measurement, State
from . import reasons
from .kept import Plain, Take, freeze, thaw
from .reasons import say
from .state import WORSE, Verdict, calm, figures_of

WORST_FIRST: Final = (State.JAMMED, State.CONGESTED, State.DENSE)


@dataclass(slots=True)
class Held:
    """The verdicts on the latest base windows of one approach, `kept` of them."""

    rules: StateRules
    kept: int
    _spans: deque[tuple[float, float, State]] = field(init=False)

    def __post_init__(self) -> None:
        self._spans = deque(maxlen=self.kept)

    def add(self, row: Measurement, verdict: Verdict) -> None:
        """Account for the verdict on a base window."""
        if verdict.state is not State.UNKNOWN:
            self._spans.append((row.from_s, row.to_s, verdict.state))

    def keep(self) -> Plain:
        """The verdicts, for the run after this one."""
        return freeze(self, "_spans")

    def take(self, kept: Plain) -> Take:
        """The verdicts of an earlier run. Raises `ValueError` for anything else."""
        return thaw(self, kept, "_spans")

    def verdict(self, row: Measurement, signal: bool) -> Verdict:
        """The state of a longer window, by what held in it and, where that was free, by its own means.

        The worst state that held, with worse ones, for `held_share` of the judged time is that of the window: five
        minutes of a quarter hour, the least that is an event of congestion.
        """
        judged = [(to_s - from_s, s) for from_s, to_s, s in self._spans if row.from_s <= from_s and to_s <= row.to_s]
        judged_s = sum(span_s for span_s, _ in judged)
        figures = replace(figures_of(row), left=row.residual_queue_vehicles, judged_minutes=judged_s / 60)
        own = calm(figures, self.rules, signal)
        for i, state in enumerate(WORST_FIRST):
            held_s = sum(span_s for span_s, s in judged if s in WORST_FIRST[: i + 1])
            if (
                held_s > 0
                and held_s >= self.rules.held_share * judged_s
                and (state in WORSE or own.state is State.FREE)
            ):
                return Verdict(state, say(reasons.HELD[state.value], replace(figures, minutes=held_s / 60)))
        return own
