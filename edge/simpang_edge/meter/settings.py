"""What the meter needs to know, in SI units, and the sizes of vehicles by class."""

from dataclasses import dataclass, field

import numpy as np

from ..config import (
    Box,
    FrictionRules,
    IncidentRules,
    QueueRules,
    SceneRules,
    SpeedRules,
    Standards,
    StateRules,
    UsualRules,
)
from ..data import KINDS, MOTOR_VEHICLES, FloatArray
from ..units import mps

LENGTH_M: FloatArray = np.array([1.9, 4.4, 9.5, 6.2, 1.8, 0.5, 2.6])
"""Vehicle length by `KINDS` where the ground stage knows none. [ours]: round figures of the common vehicles of an
Indonesian city (scooter, MPV, city bus, two-axle truck, bicycle, person, bajaj)."""

WIDTH_M: FloatArray = np.array([0.75, 1.7, 2.4, 2.1, 0.6, 0.5, 1.3])
"""Vehicle width by `KINDS`, for the footprint in the area occupancy. [ours], as `LENGTH_M`."""

IS_MOTOR = np.array([kind in MOTOR_VEHICLES for kind in KINDS])
"""bool (7,), by `KINDS`: what counts as traffic flow."""

MOTORCYCLE = KINDS.index("motorcycle")


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """The queued vehicle, in SI units (`config.QueueRules`)."""

    enter_mps: float
    enter_s: float
    max_gap_m: float
    leave_mps: float
    leave_s: float
    hidden_s: float = 120.0

    @classmethod
    def of(cls, rules: QueueRules) -> "QueueLimits":
        """The same limits in SI."""
        return cls(
            mps(rules.enter_kmh), rules.enter_s, rules.max_gap_m, mps(rules.leave_kmh), rules.leave_s, rules.hidden_s
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterSettings:
    """Every number the meter uses.

    windows_s: window lengths; the shortest of at least 60 s (else the longest) is the one states are judged by.
    min_observed_s: observed seconds from which on a window says something.
    max_gap_s: longest time between two frames that still counts as observed: with fewer pictures than one a second
    tracks jump, and queues and counts are wrong (docs/accuracy.md, by frame rate).
    grace_s: how long a window stays open after its end, for crossings whose speed is still being measured.
    move_grace_s: the same where movements are traced, which takes as long as a vehicle needs to its exit.
    stale_s: without a frame for this long the live state is unknown.
    step_back_s: a frame older than its predecessor by more than this means that the clock was set back.
    jump_s: a frame later than its predecessor by more than this means that the clock was set forward.
    hold_s: after a step back of at most this, windows that were already published are not published again.
    standing_flags: flags that hold all the time, by approach (such as low_resolution).
    lane_width_m: for the area occupancy, where no calibration tells the widths of the lanes.
    """

    windows_s: tuple[int, ...] = (60, 900)
    min_observed_s: float = 10.0
    queue: QueueLimits = field(default_factory=lambda: QueueLimits.of(QueueRules()))
    state: StateRules = field(default_factory=StateRules)
    scene: SceneRules = field(default_factory=SceneRules)
    incidents: IncidentRules = field(default_factory=IncidentRules)
    friction: FrictionRules = field(default_factory=FrictionRules)
    usual: UsualRules = field(default_factory=UsualRules)
    timezone: str = "Asia/Jakarta"
    standing_flags: tuple[tuple[str, str], ...] = ()
    speed: SpeedRules = field(default_factory=SpeedRules)
    standards: Standards = field(default_factory=Standards)
    max_gap_s: float = 0.95
    grace_s: float = 3.0
    move_grace_s: float = 12.0
    stale_s: float = 10.0
    step_back_s: float = 2.0
    jump_s: float = 3600.0
    hold_s: float = 7200.0
    lane_width_m: float = 3.25

    @classmethod
    def of(cls, box: Box) -> "MeterSettings":
        """The meter's part of a box configuration."""
        return cls(
            windows_s=box.windows_s,
            min_observed_s=box.min_observed_s,
            queue=QueueLimits.of(box.queue),
            state=box.state,
            scene=box.scene,
            incidents=box.incidents,
            friction=box.friction,
            usual=box.usual,
            timezone=box.timezone,
            speed=box.speed,
            standards=box.standards,
        )

    @property
    def base_s(self) -> int:
        """The window length by which the congestion state is judged."""
        return min((w for w in self.windows_s if w >= 60), default=max(self.windows_s))
