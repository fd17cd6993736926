"""Event time: how far it moved with each frame, what of it was observed, and when the clock was set."""

from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """What one frame does to time. FIRST: the first frame. ON: time moved. STALE: an older or repeated frame, to be
    ignored. BACK, FORWARD: the clock was set."""

    FIRST = auto()
    ON = auto()
    STALE = auto()
    BACK = auto()
    FORWARD = auto()


@dataclass(frozen=True, slots=True)
class Move:
    """From the previous frame to this one; observed_s is 0 where the gap is too long to have been watched."""

    kind: Kind
    from_s: float
    to_s: float
    observed_s: float = 0.0


@dataclass(slots=True)
class Timeline:
    """The time of the newest frame, and the watermark: the latest time that anybody told of."""

    max_gap_s: float
    step_back_s: float
    jump_s: float
    frame_s: float | None = None
    now_s: float | None = None
    observed_s: float = 0.0

    def frame(self, time_s: float) -> Move:
        """Move to a frame's time."""
        before_s = self.frame_s
        move = self._move(before_s, time_s)
        if move.kind is Kind.STALE:
            return move
        restart = self.now_s is None or move.kind in (Kind.BACK, Kind.FORWARD)
        self.frame_s = time_s
        self.now_s = time_s if restart or self.now_s is None else max(self.now_s, time_s)
        self.observed_s += move.observed_s
        return move

    def advance(self, time_s: float) -> Move:
        """Move the watermark without a frame; it never goes back."""
        before_s = self.now_s
        if before_s is None or time_s <= before_s:
            self.now_s = time_s if before_s is None else before_s
            return Move(Kind.FIRST if before_s is None else Kind.STALE, time_s, time_s)
        self.now_s = time_s
        kind = Kind.FORWARD if time_s - before_s > self.jump_s else Kind.ON
        return Move(kind, before_s, time_s)

    def _move(self, before_s: float | None, time_s: float) -> Move:
        if before_s is None:
            # Without a frame yet, the watermark says where time stands.
            if self.now_s is not None and time_s < self.now_s - self.step_back_s - self.max_gap_s:
                return Move(Kind.BACK, self.now_s, time_s)
            return Move(Kind.FIRST, time_s, time_s)
        gap_s = time_s - before_s
        if gap_s < -self.step_back_s:
            return Move(Kind.BACK, max(before_s, self.now_s or before_s), time_s)
        if gap_s <= 0:
            return Move(Kind.STALE, before_s, before_s)
        if time_s - max(before_s, self.now_s or before_s) > self.jump_s:
            return Move(Kind.FORWARD, max(before_s, self.now_s or before_s), time_s)
        return Move(Kind.ON, before_s, time_s, gap_s if gap_s <= self.max_gap_s else 0.0)
