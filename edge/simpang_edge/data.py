"""The nouns that flow between the stages of one camera worker.

Frozen dataclasses of arrays, shapes checked when they are built, N may be 0. Everything is SI: metres, seconds,
metres per second; times are POSIX seconds UTC. ``None`` (or NaN inside an array) means unknown, never zero.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]
IntArray = NDArray[np.int64]
ImageArray = NDArray[np.uint8]

KINDS: Final = ("motorcycle", "car", "bus", "truck", "bicycle", "person", "three_wheeler")
"""What the detector tells apart; the index in this tuple is the ``kind`` everywhere."""

MOTOR_VEHICLES: Final = ("motorcycle", "car", "bus", "truck", "three_wheeler")
"""The kinds that count as traffic flow; bicycles and persons are counted apart (side friction, PKJI 2023)."""

PKJI_CLASSES: Final = ("SM", "MP", "KS", "BB", "TB", "KTB")
"""Vehicle classes of PKJI 2023 (domain reference, section 2), in the order of `Measurement.pkji_counts`."""


def _check(name: str, array: NDArray[Any], shape: tuple[int | None, ...]) -> None:
    if array.shape == shape:
        return
    same = array.ndim == len(shape) and all(
        want is None or want == got for want, got in zip(shape, array.shape, strict=True)
    )
    if not same:
        raise ValueError(f"{name}: expected shape {shape} (None = any), got {array.shape}")


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture and its capture time.

    time_s: POSIX UTC at capture (stream clock where there is one, else arrival).
    image: uint8, shape (H, W, 3), BGR.
    """

    time_s: float
    image: ImageArray

    def __post_init__(self) -> None:
        _check("Frame.image", self.image, (None, None, 3))


@dataclass(frozen=True, slots=True)
class Detections:
    """What the detector found in one frame.

    xyxy_px: float32 (N, 4), x0 y0 x1 y1 in pixels of the source picture.
    score: float32 (N,), 0 to 1.
    kind: int64 (N,), index in `KINDS`.
    """

    time_s: float
    xyxy_px: Float32Array
    score: Float32Array
    kind: IntArray

    def __post_init__(self) -> None:
        n = self.xyxy_px.shape[0]
        _check("Detections.xyxy_px", self.xyxy_px, (n, 4))
        _check("Detections.score", self.score, (n,))
        _check("Detections.kind", self.kind, (n,))

    def __len__(self) -> int:
        return int(self.xyxy_px.shape[0])


@dataclass(frozen=True, slots=True)
class Tracks:
    """Confirmed tracks that were seen in this frame.

    id: int64 (N,), unique per tracker instance, never reused, >= 1.
    xyxy_px: float32 (N, 4), the measured box in source pixels.
    kind: int64 (N,), voted over the track's life.
    gone: int64 (M,), ids that ended since the previous frame: whatever is kept per vehicle goes with them.
    """

    time_s: float
    id: IntArray
    xyxy_px: Float32Array
    kind: IntArray
    gone: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        n = self.id.shape[0]
        _check("Tracks.id", self.id, (n,))
        _check("Tracks.xyxy_px", self.xyxy_px, (n, 4))
        _check("Tracks.kind", self.kind, (n,))

    def __len__(self) -> int:
        return int(self.id.shape[0])


@dataclass(frozen=True, slots=True)
class Vehicles:
    """Tracks on the road, in metres.

    id, kind: int64 (N,), as in `Tracks`.
    xy_m: float64 (N, 2), ground-contact point in the camera's road plane.
    approach: int64 (N,), index of the approach in the camera's configuration, -1 where none.
    lane: int64 (N,), lane id (>= 1) within the approach, -1 where none.
    along_m: float64 (N,), distance upstream of the stop line (< 0 past it), NaN where no approach.
    across_m: float64 (N,), distance from the kerb-side end of the stop line, NaN where no approach.
    length_m: float64 (N,), vehicle length, NaN where unknown.
    gone: int64 (M,), ids that ended since the previous frame.
    zones: int64 (N,), bit i is set where the vehicle stands in zone i of the camera's configuration; None: no zones.
    hidden: float64 (L,), share of each lane, in the order of the configuration, that a large vehicle of another lane
    hides from the camera; empty: not looked at.
    cut: bool (N,), whether the picture's lower border cuts the box, so that nobody knows how far it has come; None: not
    looked at.
    camera_height_m: of the camera above the road, as its calibration tells; None where it does not.
    """

    time_s: float
    id: IntArray
    kind: IntArray
    xy_m: FloatArray
    approach: IntArray
    lane: IntArray
    along_m: FloatArray
    across_m: FloatArray
    length_m: FloatArray
    gone: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    zones: IntArray | None = None
    hidden: FloatArray = field(default_factory=lambda: np.zeros(0))
    cut: NDArray[np.bool_] | None = None
    camera_height_m: float | None = None

    def __post_init__(self) -> None:
        n = self.id.shape[0]
        _check("Vehicles.id", self.id, (n,))
        _check("Vehicles.kind", self.kind, (n,))
        _check("Vehicles.xy_m", self.xy_m, (n, 2))
        _check("Vehicles.approach", self.approach, (n,))
        _check("Vehicles.lane", self.lane, (n,))
        _check("Vehicles.along_m", self.along_m, (n,))
        _check("Vehicles.across_m", self.across_m, (n,))
        _check("Vehicles.length_m", self.length_m, (n,))
        if self.zones is not None:
            _check("Vehicles.zones", self.zones, (n,))
        if self.cut is not None:
            _check("Vehicles.cut", self.cut, (n,))

    def __len__(self) -> int:
        return int(self.id.shape[0])


@dataclass(frozen=True, slots=True)
class Scene:
    """What the picture itself is like, apart from the vehicles in it; looked at about once a second.

    flags: night, low_light, rain, dark, frozen, moved, dirty, low_contrast; with those of `UNUSABLE` nothing can be
    measured.
    shift_px: how far the picture has moved from its reference, None where that cannot be told. since_s: when what
    makes it unusable began, which is before it could be told; None while it is usable.
    """

    time_s: float
    flags: tuple[str, ...] = ()
    shift_px: float | None = None
    since_s: float | None = None

    UNUSABLE: ClassVar[frozenset[str]] = frozenset({"dark", "frozen", "moved"})

    @property
    def usable(self) -> bool:
        """Whether vehicles found in such a picture may be measured."""
        return not self.UNUSABLE.intersection(self.flags)


class Colour(StrEnum):
    """The lamp that is lit."""

    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"


@dataclass(frozen=True, slots=True)
class Lamps:
    """What the signal heads in view show, by the index of their approach; None where it cannot be read."""

    time_s: float
    shown: tuple[tuple[int, Colour | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Sight:
    """How well the camera sees one approach: what the error of a speed at its stop line is made of.

    width_m: length of the stop line on the road. m_per_px: metres that one pixel spans there. scale_error_ratio:
    standard error of the scale along the road, a share that more vehicles do not make smaller. camera_height_m: above
    the road, None where it is not known.
    """

    width_m: float
    m_per_px: float
    scale_error_ratio: float
    camera_height_m: float | None = None


class Scope(StrEnum):
    """What a row is about."""

    APPROACH = "approach"
    LANE = "lane"
    MOVEMENT = "movement"
    CAMERA = "camera"


class State(StrEnum):
    """Congestion state (domain reference, section 6)."""

    FREE = "free"
    DENSE = "dense"
    CONGESTED = "congested"
    JAMMED = "jammed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class UsualDay:
    """What one quarter hour of one day was like, in one approach: a stone of what is usual.

    slot: 0 to 671, quarter hours of the local week from Monday 00:00. day: proleptic ordinal of the local date.
    """

    approach: str
    slot: int
    day: int
    flow_vps: float
    speed_mps: float | None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a state or event holds, in words a person can act on, from one template in both languages."""

    code: str
    id: str
    en: str


@dataclass(frozen=True, slots=True)
class Quality:
    """How far a figure can be trusted.

    observed_s: seconds of the window that were really seen.
    score: 0 to 1.
    flags: night, low_light, low_contrast, dirty, moved, dark, frozen, occluded, low_resolution, low_rate,
    queue_beyond_view, clock_step, one_side, friction_partial, ... (docs/engineer.md says what each takes from the
    score).
    """

    observed_s: float
    score: float | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassSpeeds:
    """15th, 50th and 85th percentile of the speeds at the line of n vehicles of one class (domain reference, §1).

    pkji: SM, MP or KS; BB and TB count as KS, as in urban analysis (section 2).
    """

    pkji: str
    n: int
    p15_mps: float
    p50_mps: float
    p85_mps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Modelled:
    """Queue, stops and delay of a signal approach by formula, not measured (PKJI 2023, ch. 5; domain reference, §4).

    residual_smp Nq1, red_smp Nq2, queue_smp Nq = Nq1 + Nq2 at the start of green; queue_m PA; stops_per_smp RKH;
    traffic_delay_s TLL, geometric_delay_s TG, delay_s T = TLL + TG, seconds per smp. missing: why those that are None
    are, a flag or code of `meter.modelled`; None where all are known.
    """

    standard: str
    missing: str | None = None
    residual_smp: float | None = None
    red_smp: float | None = None
    queue_smp: float | None = None
    queue_m: float | None = None
    stops_per_smp: float | None = None
    traffic_delay_s: float | None = None
    geometric_delay_s: float | None = None
    delay_s: float | None = None


@dataclass(frozen=True, slots=True)
class GateCounts:
    """Vehicles that passed one gate in one direction (forward, backward), whichever way they came.

    counts follow `KINDS`, pkji_counts `PKJI_CLASSES`. late: passages of earlier windows that became known after those
    had closed.
    """

    gate: str
    direction: str
    counts: tuple[int, ...]
    pkji_counts: tuple[int, ...]
    late: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One row per approach, lane or movement and window ``[from_s, to_s)``; None is unknown.

    counts follow `KINDS`, pkji_counts `PKJI_CLASSES` (by the rules of version class_rules); they are None when nothing
    of the window was observed. Names and definitions are those of the domain reference, sections 1 to 5 and 10.

    flow_smps, saturation_flow_smps, capacity_smps: smp per second by the EMP set named in `emp`. dj: degree of
    saturation (derajat kejenuhan). los: letter of `los_standard`. cycles: signal cycles that ended in the window;
    cycle_s, green_s, queue_at_green_*, residual_queue_vehicles: means over them. turn_share_ratio: share of the
    approach's traced vehicles that made this movement; traced_ratio: share of its crossings that could be traced.
    usual_flow_vps, usual_speed_mps: the usual figures of this weekday and quarter hour, from usual_n days.
    side_friction: weighted events per hour and 200 m (PKJI 2023, both sides), with its class SR to ST and its parts.
    speed_error_ratio: half of the 95 % interval that the scale and the contact height leave on every speed of the row,
    as a share of it; speed_interval_mps, of the time mean, has the fits as well. headway_n: headways behind the mean.
    delay_n: vehicles behind delays, stops and travel time. cycle_method: of the cycles, as in `Cycle`; both with a +
    between.
    modelled: queue, stops and delay by formula beside the measured ones, of approaches in quarter hours only.
    tti: travel time over free-flow travel time. gates: all gates of the camera, in the row of its first approach only;
    a camera without approaches has one row of scope CAMERA about them, whose `approach` is the camera's id.
    gates_unseen: where they would stand, the ids of the gates of whose window nothing was observed.
    """

    from_s: float
    to_s: float
    scope: Scope
    approach: str
    lane: int | None = None
    movement: str | None = None
    quality: Quality
    counts: tuple[int, ...] | None = None
    late: int = 0
    flow_vps: float | None = None
    speed_time_mean_mps: float | None = None
    speed_space_mean_mps: float | None = None
    speed_p15_mps: float | None = None
    speed_p50_mps: float | None = None
    speed_p85_mps: float | None = None
    class_speeds: tuple[ClassSpeeds, ...] = ()
    speed_n: int = 0
    speed_interval_mps: tuple[float, float] | None = None
    speed_error_ratio: float | None = None
    speed_ratio: float | None = None
    occupancy_ratio: float | None = None
    area_occupancy_ratio: float | None = None
    density_vpm: float | None = None
    headway_mean_s: float | None = None
    headway_n: int | None = None
    gap_mean_m: float | None = None
    length_mean_m: float | None = None
    queue_max_m: float | None = None
    queue_max_vehicles: int | None = None
    queue_storage_ratio: float | None = None
    stopped_delay_s: float | None = None
    control_delay_s: float | None = None
    stops_per_vehicle: float | None = None
    travel_time_s: float | None = None
    delay_n: int | None = None
    pedestrians: int | None = None
    pkji_counts: tuple[int, ...] | None = None
    class_rules: str | None = None
    flow_smps: float | None = None
    emp: str | None = None
    heavy_ratio: float | None = None
    saturation_flow_vps: float | None = None
    saturation_flow_smps: float | None = None
    capacity_smps: float | None = None
    capacity_standard: str | None = None
    dj: float | None = None
    los: str | None = None
    los_standard: str | None = None
    modelled: Modelled | None = None
    cycles: int | None = None
    cycle_s: float | None = None
    green_s: float | None = None
    cycle_confidence: float | None = None
    cycle_method: str | None = None
    queue_at_green_vehicles: float | None = None
    queue_at_green_smp: float | None = None
    residual_queue_vehicles: float | None = None
    split_fail_ratio: float | None = None
    arrivals_on_green_ratio: float | None = None
    turn_share_ratio: float | None = None
    traced_ratio: float | None = None
    usual_flow_vps: float | None = None
    usual_speed_mps: float | None = None
    usual_n: int | None = None
    side_friction: float | None = None
    side_friction_class: str | None = None
    friction_stops: int | None = None
    friction_crossings: int | None = None
    friction_slow: int | None = None
    friction_entries: int | None = None
    tti: float | None = None
    gates: tuple[GateCounts, ...] | None = None
    gates_unseen: tuple[str, ...] = ()
    state: State = State.UNKNOWN
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """One signal cycle of one approach, from start of green to the next start of green.

    method: discharge (from the vehicles) or signal_head (from the lamps in view). intergreen_s: from the end of this
    approach's green to the start of another's, where both are seen. plan: number of the signal plan, +1 when it
    changes. split_fail: stop-bar occupancy of 80 % or more both in green and in the first 5 s of red. delay_n: vehicles
    behind delays and stops. discharged_smp: the discharged vehicles in smp. saturated: whether the queue discharged to
    the end of green and more was left, None where that end is not known.
    """

    from_s: float
    to_s: float
    approach: str
    quality: Quality
    method: str
    confidence: float | None
    green_s: float | None = None
    queue_at_green_vehicles: int | None = None
    queue_at_green_m: float | None = None
    residual_queue_vehicles: int | None = None
    queue_max_m: float | None = None
    queue_beyond_view: bool | None = None
    discharged: int | None = None
    discharged_smp: float | None = None
    saturated: bool | None = None
    saturation_flow_vps: float | None = None
    saturation_flow_smps: float | None = None
    queue_at_green_smp: float | None = None
    red_s: float | None = None
    intergreen_s: float | None = None
    plan: int | None = None
    arrivals: int | None = None
    arrivals_on_green_ratio: float | None = None
    occupancy_green_ratio: float | None = None
    occupancy_red_ratio: float | None = None
    split_fail: bool | None = None
    control_delay_s: float | None = None
    stopped_delay_s: float | None = None
    stops_per_vehicle: float | None = None
    delay_n: int | None = None


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
