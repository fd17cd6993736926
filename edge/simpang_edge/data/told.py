"""What is told at once: events, live rows, and all that the meter has finished."""

from dataclasses import dataclass
from enum import StrEnum

from .measured import Cycle, Measurement, Quality, Reason, Scope, State


class EventType(StrEnum):
    """What can begin and end."""

    CONGESTION = "congestion"
    STOPPED_VEHICLE = "stopped_vehicle"
    WRONG_WAY = "wrong_way"
    BLOCKED_BOX = "blocked_box"
    PEDESTRIAN = "pedestrian"
    SPILLBACK = "spillback"
    CAMERA_OFFLINE = "camera_offline"
    CAMERA_MOVED = "camera_moved"
    CAMERA_DARK = "camera_dark"
    CAMERA_FROZEN = "camera_frozen"

    @property
    def about_camera(self) -> bool:
        """Whether it is about the camera itself, not the road."""
        return self.value.startswith("camera_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that began (end_s None) or ended; the id is the same in both messages.

    severity: info | warning | serious. cause: the code of what was found to cause it. zone: id of the configured zone.
    told_s: when it was told, on the frames' own clock (begin_s is since when it holds). observed_s: seconds of it that
    were seen; until it was told, while it lasts. None for what is about the camera.
    """

    id: str
    type: EventType
    begin_s: float
    end_s: float | None
    severity: str
    approach: str | None = None
    lane: int | None = None
    zone: str | None = None
    cause: str | None = None
    reason: Reason | None = None
    told_s: float | None = None
    observed_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRow:
    """What the operator sees now, per approach and per lane.

    counts: vehicles that crossed the stop line since the worker started, by `KINDS`; observed_s: seconds seen since.
    quality: of the last minute, as a window's. Where nothing can be told now its score is 0.
    flow_vps: over the last `flow_window_s` seconds that were observed.
    """

    time_s: float
    scope: Scope
    approach: str
    lane: int | None = None
    vehicles_in_view: int | None = None
    counts: tuple[int, ...] | None = None
    observed_s: float = 0.0
    flow_vps: float | None = None
    speed_mps: float | None = None
    queue_m: float | None = None
    queue_vehicles: int | None = None
    queue_beyond_view: bool | None = None
    occupancy_ratio: float | None = None
    quality: Quality | None = None
    state: State = State.UNKNOWN
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Readings:
    """What the meter has finished since it was last asked."""

    windows: tuple[Measurement, ...] = ()
    cycles: tuple[Cycle, ...] = ()
    events: tuple[Event, ...] = ()

    def __add__(self, other: "Readings") -> "Readings":
        return Readings(self.windows + other.windows, self.cycles + other.cycles, self.events + other.events)
