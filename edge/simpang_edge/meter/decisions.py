"""What was decided about a vehicle at the stop line, and by which rule: kept only for whoever asks why."""

import math
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from numpy.typing import NDArray

Row = NDArray[Any]
"""One row of the fleet (`fleet.ROW`)."""

KEPT: Final = 10_000
"""More decisions than this are not kept; the oldest go."""


class Rule(StrEnum):
    """The rule that decided.

    CROSSED, CAME_OVER, VANISHED count: seen on both sides of the line; first seen past it, but by its motion it came
    over it just before; lost just before it while moving toward it. SECOND_BOX, SAME_VEHICLE do not: another box around
    a vehicle that was counted; a counted vehicle seen again. BEGAN_PAST, ENDED_BEFORE do not: its track began past the
    line, or ended before it. NO_VEHICLE does not: it never moved as one (`proof`). CONTINUED: it goes on as another
    track. JUMPED: it moved as no vehicle can, so it is taken for another one from there on. MOVED: the exit to which it
    was traced. GATE: it passed a gate, and counts there. TAKEN_BACK: what was decided since, about all vehicles, holds
    no more: the picture was false.
    """

    CROSSED = "crossed"
    CAME_OVER = "came_over"
    VANISHED = "vanished"
    SECOND_BOX = "second_box"
    SAME_VEHICLE = "same_vehicle"
    BEGAN_PAST = "began_past"
    ENDED_BEFORE = "ended_before"
    NO_VEHICLE = "no_vehicle"
    CONTINUED = "continued"
    JUMPED = "jumped"
    MOVED = "moved"
    GATE = "gate"
    TAKEN_BACK = "taken_back"


COUNTING: Final = frozenset({Rule.CROSSED, Rule.CAME_OVER, Rule.VANISHED})
"""The rules by which a vehicle counts."""


NOBODY: Final = 0
"""Track of a decision that is about all vehicles."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision; figures that the rule does not use are None.

    time_s: when it was decided. along_m: metres upstream of its line then (for BEGAN_PAST: where it was first seen).
    speed_mps: toward the line. lane: the one in which it counts, -1 none. moved_m: from where it was first seen. other:
    the other track. movement: id of the movement. gate, direction: the gate, and which way.
    """

    time_s: float
    track: int
    rule: Rule
    approach: int
    along_m: float | None = None
    speed_mps: float | None = None
    lane: int | None = None
    moved_m: float | None = None
    other: int | None = None
    movement: str | None = None
    gate: str | None = None
    direction: str | None = None


@dataclass(slots=True)
class Decisions:
    """The latest decisions, in the order in which they were made."""

    made: deque[Decision] = field(default_factory=lambda: deque(maxlen=KEPT))

    def tell(self, decision: Decision) -> None:
        """Keep one."""
        self.made.append(decision)

    def about(self, rule: Rule, one: Row, time_s: float, along_m: float, other: int | None = None) -> None:
        """Keep a decision about one vehicle, a row of the fleet."""
        speed_mps = float(one["speed_mps"])
        self.tell(
            Decision(
                time_s=time_s,
                track=int(one["id"]),
                rule=rule,
                approach=int(one["approach"]),
                along_m=along_m,
                speed_mps=None if math.isnan(speed_mps) else speed_mps,
                lane=lane_at_line(one),
                moved_m=abs(float(one["first_m"] - one["along_m"])),
                other=other,
            )
        )

    def gated(self, time_s: float, track: int, gate: str, direction: str) -> None:
        """Keep which gate a vehicle passed at this time, and which way."""
        self.tell(Decision(time_s, track, Rule.GATE, -1, gate=gate, direction=direction))

    def taken_back(self, since_s: float) -> None:
        """Keep that all counts since a time were taken back."""
        self.tell(Decision(since_s, NOBODY, Rule.TAKEN_BACK, -1))

    def moved(self, time_s: float, track: int, approach: int, movement: str) -> None:
        """Keep to which exit a vehicle was traced that crossed at this time."""
        self.tell(Decision(time_s, track, Rule.MOVED, approach, movement=movement))


def lane_at_line(one: Row) -> int:
    """The lane in which a vehicle counts: the one in which it came to the line, else where it was seen last."""
    return int(one["line_lane"] if one["line_lane"] >= 0 else one["lane"])
