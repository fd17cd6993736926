"""The configuration of one camera box: a YAML file, validated completely without touching the network.

Unknown keys are errors. Every message names the key path, the value and what is allowed. Every key, with its default,
stands commented in ``edge/simpang.example.yaml``; a test compares the two.
"""

import hashlib
import os
import re
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from . import standards
from .config_text import faults, parse
from .errors import ConfigurationError

IDENTIFIER: Final = r"^[a-z0-9][a-z0-9_-]{0,63}$"


def _identifier(value: str) -> str:
    """A name that topics, files and stores can bear. Raises `ValueError`."""
    if re.fullmatch(IDENTIFIER, value) is None:
        raise ValueError("must be small letters, digits, - and _ only, up to 64, such as utara-1")
    return value


Identifier = Annotated[str, AfterValidator(_identifier), Field(json_schema_extra={"pattern": IDENTIFIER})]
PixelPoint = tuple[float, float]
MetrePoint = tuple[float, float]
Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Section(BaseModel):
    """A part of the file: unknown keys are errors, values do not change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_default(cls, value: Any) -> Any:
        """In YAML a section whose keys are all commented out is null."""
        return {} if value is None else value

    @model_validator(mode="before")
    @classmethod
    def _no_yes_for_a_number(cls, value: Any) -> Any:
        """YAML's yes, no, on and off are truth values; as numbers they would be 1 and 0, silently."""
        for key, one in value.items() if isinstance(value, dict) else ():
            field = cls.model_fields.get(key)
            if isinstance(one, bool) and field is not None and field.annotation is not bool:
                raise ValueError(f"{key}: must not be {str(one).lower()} (YAML's yes, no, on, off)")
        return value


class Broker(Section):
    """Where messages go."""

    url: str = Field("mqtt://127.0.0.1:1883", pattern=r"^mqtts?://[^/\s:]+(:\d{1,5})?$")
    username: str | None = None
    password_env: str | None = Field(None, description="name of the environment variable that holds the password")
    password_file: Path | None = None
    ca_file: Path | None = Field(None, description="certificate authority for mqtts; default: the system's")
    protocol: Literal["auto", "5", "3.1.1"] = "auto"
    keepalive_s: Annotated[int, Field(ge=5, le=600)] = 10

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if self.password_env and self.password_file:
            raise ValueError("give password_env or password_file, not both")
        return self

    def password(self) -> str | None:
        """The password, read when it is needed. Raises `ConfigurationError` when its source is not there."""
        if self.password_env:
            value = os.environ.get(self.password_env)
            if value is None:
                raise ConfigurationError(f"broker.password_env: environment variable {self.password_env} is not set")
            return value
        if self.password_file:
            return _read_text(self.password_file, "broker.password_file").strip()
        return None


class Outbox(Section):
    """What is kept on disk until the broker has it safely."""

    folder: Path = Path("/var/lib/simpang/outbox")
    max_mb: Positive = 512
    max_age_days: Positive = 7
    keep_acked_s: Annotated[float, Field(ge=0)] = 30


class Model(Section):
    """The detector."""

    path: Path | None = Field(None, description="ONNX file, or recorded detections (Parquet); default: our model")
    size: str = Field("640x384", pattern=r"^\d{2,4}x\d{2,4}$")
    min_score: Fraction = Field(0.5, description="a detection at least this good may begin a vehicle")
    threads: Annotated[int, Field(ge=1, le=64)] = 1

    @field_validator("size")
    @classmethod
    def _multiple_of_32(cls, value: str) -> str:
        if any(side % 32 or side < 96 for side in map(int, value.split("x"))):
            raise ValueError("width and height must be multiples of 32 and at least 96")
        return value

    @property
    def is_recording(self) -> bool:
        """Whether recorded detections are replayed instead of running a model."""
        return self.path is not None and self.path.suffix == ".parquet"

    def width_height_px(self) -> tuple[int, int]:
        """Input width and height in pixels."""
        width, height = self.size.split("x")
        return int(width), int(height)


class Recording(Section):
    """The anonymous tracks that are kept on the box when somebody asks for it; never a picture."""

    folder: Path | None = Field(None, description="where to; default: nothing is kept")
    max_mb: Positive = Field(256, description="per camera; then the oldest parts go")
    max_age_days: Positive = 7
    part_s: Annotated[float, Field(ge=10, le=3600)] = Field(300, description="a file is closed after this long")


class StateRules(Section):
    """Thresholds of the congestion state (domain reference, section 6)."""

    on_speed_ratio: Fraction = 0.40
    on_speed_kmh: Positive = 10
    on_area_occupancy: Fraction = 0.35
    on_windows: Annotated[int, Field(ge=1, le=30)] = 3
    on_residual_cycles: Annotated[int, Field(ge=1, le=30)] = 3
    residual_vehicles: Annotated[int, Field(ge=1, le=50)] = 2
    cycle_memory_s: Annotated[float, Field(ge=60, le=3600)] = 600
    on_storage_ratio: Fraction = 0.80
    on_storage_s: Positive = 180
    storage_break_s: Annotated[float, Field(ge=1, le=60)] = 5
    jammed_kmh: Positive = 5
    off_speed_ratio: Fraction = 0.55
    off_area_occupancy: Fraction = 0.25
    off_s: Positive = 300
    dense_speed_ratio: Fraction = 0.70
    dense_area_occupancy: Fraction = 0.20
    min_quality: Fraction = 0.5
    forget_s: Annotated[float, Field(ge=60, le=7200)] = 900
    provisional_s: Annotated[float, Field(ge=1, le=60)] = 10
    stands_windows: Annotated[float, Field(ge=1, le=30)] = 2.5
    fresh_cycles: Annotated[float, Field(ge=1, le=10)] = 2
    held_share: Annotated[float, Field(gt=0, le=1)] = 0.33
    min_event_s: Annotated[float, Field(ge=0)] = 300
    merge_event_s: Annotated[float, Field(ge=0)] = 300

    @model_validator(mode="after")
    def _hysteresis(self) -> Self:
        if self.off_speed_ratio <= self.on_speed_ratio:
            raise ValueError("off_speed_ratio must be greater than on_speed_ratio")
        if self.off_area_occupancy >= self.on_area_occupancy:
            raise ValueError("off_area_occupancy must be less than on_area_occupancy")
        return self


class QueueRules(Section):
    """The queued vehicle (domain reference, section 1)."""

    enter_kmh: Positive = 5
    enter_s: Positive = 2
    max_gap_m: Positive = 15
    leave_kmh: Positive = 10
    leave_s: Positive = 2
    hidden_s: Annotated[float, Field(ge=0, le=600)] = 120

    @model_validator(mode="after")
    def _hysteresis(self) -> Self:
        if self.leave_kmh <= self.enter_kmh:
            raise ValueError("leave_kmh must be greater than enter_kmh")
        return self


class SceneRules(Section):
    """When the picture itself cannot be trusted. [ours]"""

    every_s: Annotated[float, Field(gt=0, le=10)] = 1
    night_brightness: Annotated[float, Field(ge=0, le=255)] = 60
    frozen_s: Annotated[float, Field(ge=5, le=60)] = 15
    moved_ratio: Annotated[float, Field(gt=0, le=0.5)] = 0.0125
    moved_s: Annotated[float, Field(ge=1, le=60)] = 5
    lost_s: Annotated[float, Field(ge=5, le=60)] = 30
    hidden_ratio: Annotated[float, Field(gt=0, le=1)] = 0.6
    hidden_s: Annotated[float, Field(ge=1, le=120)] = 10
    fault_event_s: Annotated[float, Field(ge=0, le=60)] = 10
    fault_clear_s: Annotated[float, Field(ge=0, le=600)] = 20


class IncidentRules(Section):
    """When a vehicle or person is where it should not be, and for how long (measurement reference, sections 6, 12).
    [ours]"""

    stopped_s: Annotated[float, Field(ge=5, le=120)] = 15
    long_stop_s: Annotated[float, Field(ge=15, le=1800)] = 120
    overtakers: Annotated[int, Field(ge=1, le=10)] = 2
    wrong_way_kmh: Annotated[float, Field(ge=3, le=50)] = 7.2
    wrong_way_s: Annotated[float, Field(ge=0.5, le=10)] = 1.5
    wrong_way_m: Annotated[float, Field(ge=2, le=50)] = 5
    box_s: Annotated[float, Field(ge=5, le=120)] = 10
    box_vehicles: Positive = 3
    box_long_s: Annotated[float, Field(ge=20, le=600)] = 90
    pedestrian_s: Annotated[float, Field(ge=0.5, le=60)] = 3
    spillback_s: Annotated[float, Field(ge=5, le=120)] = 20
    spillback_vehicles: Positive = 3
    clear_s: Annotated[float, Field(ge=1, le=120)] = 5


class FrictionRules(Section):
    """Side friction (PKJI 2023, chapter 4): weights per event, and what a kerb stop and a slow vehicle are."""

    pedestrian: Annotated[float, Field(ge=0)] = 0.5
    stopping: Annotated[float, Field(ge=0)] = 1.0
    entering: Annotated[float, Field(ge=0)] = 0.7
    slow: Annotated[float, Field(ge=0)] = 0.4
    stop_s: Annotated[float, Field(ge=1, le=120)] = 5
    both_sides: bool = False


class UsualRules(Section):
    """What is usual for a weekday and quarter hour. [ours]"""

    weeks: Annotated[int, Field(ge=1, le=52)] = 8
    min_days: Annotated[int, Field(ge=1, le=52)] = 3
    min_quality: Fraction = 0.6
    compared_share: Annotated[float, Field(gt=0, le=1)] = 0.8
    tell_ratio: Fraction = 0.15


def _outline(points: tuple[PixelPoint, ...]) -> tuple[PixelPoint, ...]:
    """A polygon that encloses an area and whose edges do not cross. Raises `ValueError`."""
    edges = list(zip(points, (*points[1:], points[0]), strict=True))
    for (i, one), (j, other) in combinations(enumerate(edges, start=1), 2):
        if _cross(*one, *other):
            raise ValueError(f"edges {i} and {j} cross; give the corners in order, one after the other")
    if abs(_area(points)) <= 0:
        raise ValueError("the corners lie on a line; give three or more that enclose an area")
    return points


def _line(ends: tuple[PixelPoint, PixelPoint]) -> tuple[PixelPoint, PixelPoint]:
    """A line between two different points. Raises `ValueError`."""
    if ends[0] == ends[1]:
        raise ValueError("its two points must differ")
    return ends


def _area(points: tuple[PixelPoint, ...]) -> float:
    """Twice the signed area of a polygon."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, (*points[1:], points[0]), strict=True))


def _cross(a: PixelPoint, b: PixelPoint, c: PixelPoint, d: PixelPoint) -> bool:
    """Whether the segments a-b and c-d cross within both; touching is no crossing."""
    return _area((a, b, c)) * _area((a, b, d)) < 0 and _area((c, d, a)) * _area((c, d, b)) < 0


Outline = Annotated[tuple[PixelPoint, ...], Field(min_length=3), AfterValidator(_outline)]
Ends = Annotated[tuple[PixelPoint, PixelPoint], AfterValidator(_line)]


class Zone(Section):
    """A part of the picture where something is not allowed, or is counted. Contact points decide, in pixels."""

    id: Identifier
    kind: Literal["box_junction", "no_stopping", "carriageway", "crossing", "kerb", "exit", "access"]
    polygon: Outline
    approach: Identifier | None = None


class SpeedRules(Section):
    """When a calibration supports speeds, and how exact its clicked points are (domain reference, section 7)."""

    max_m_per_px: Positive = 0.3
    max_scale_error: Fraction = 0.15
    click_px: Positive = 2.0


LEGAL_LOS: Final = "PM96-2015"
SiteReason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=80)]
"""Why a site departs from the published rule: stands beside every figure that it changes."""


class Standards(Section):
    """What the site uses instead of the published rule, and why (domain reference, sections 2 to 5)."""

    emp: str | None = None
    emp_values: dict[Literal["SM", "MP", "KS"], Positive] | None = None
    emp_reason: SiteReason | None = None
    los_junction: str = LEGAL_LOS
    los_reason: SiteReason | None = Field(None, description="why not the table of PM 96/2015")
    los_link: str = "HCM2010-street"
    city_million: Positive | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        own = [key for key in ("emp", "emp_values") if getattr(self, key) is not None]
        if len(own) > 1:
            raise ValueError("give emp or emp_values, not both")
        if bool(own) != (self.emp_reason is not None):
            raise ValueError("emp or emp_values and emp_reason go together")
        if (self.los_junction != LEGAL_LOS) != (self.los_reason is not None):
            raise ValueError(f"los_junction other than {LEGAL_LOS} and los_reason go together")
        if self.emp_values is not None and len(self.emp_values) < 3:
            raise ValueError(f"emp_values needs SM, MP and KS, got {', '.join(self.emp_values) or 'none'}")
        _one_of("emp", self.emp, standards.emp_names())
        _one_of("los_junction", self.los_junction, standards.los_names("delay"))
        _one_of("los_link", self.los_link, standards.los_names("speed_share"))
        return self


def _one_of(key: str, value: str | None, allowed: tuple[str, ...]) -> None:
    if value is not None and value not in allowed:
        raise ValueError(f"{key} {value!r} is not known: use one of {', '.join(allowed)}")


class CalibrationPoint(Section):
    """A point seen in the picture and measured on the road."""

    image: PixelPoint
    road: MetrePoint


class Calibration(Section):
    """Point pairs from which the road plane is computed."""

    points: Annotated[tuple[CalibrationPoint, ...], Field(min_length=4)]
    max_error_m: Positive = 1.0


class Lane(Section):
    """One lane of an approach; lane 1 is nearest the kerb."""

    id: Annotated[int, Field(ge=1, le=32)]
    polygon: Outline


class Approach(Section):
    """One arm of the junction as this camera sees it."""

    id: Identifier
    name: str | None = None
    heading: Literal["toward", "away"] = "toward"
    stop_line: Ends
    lanes: Annotated[tuple[Lane, ...], Field(min_length=1)]
    length_m: Positive
    motorcycle_box: Outline | None = Field(None, description="where motorcycles wait ahead of the stop line (RHK)")
    free_flow_kmh: Annotated[float, Field(gt=0, le=200)] | None = None
    speed_limit_kmh: Annotated[float, Field(gt=0, le=200)] | None = None
    control: standards.Control = "signal"
    phase: Literal["protected", "opposed"] = "protected"
    entry_width_m: Positive | None = Field(None, description="default: the length of the stop line on the road")
    saturation_factor: Positive = Field(1.0, description="product of the adjustments of PKJI 2023, chapter 5")
    road: standards.Road = "divided"
    carriageway_width_m: Positive | None = Field(None, description="both directions together, undivided roads")
    direction_share: Annotated[float, Field(ge=0.5, le=1)] = 0.5
    side_friction_factor: Annotated[float, Field(gt=0, le=1)] = 1.0

    @model_validator(mode="after")
    def _lane_ids(self) -> Self:
        ids = [lane.id for lane in self.lanes]
        if len(set(ids)) != len(ids):
            raise ValueError(f"lane ids must differ, got {ids}")
        return self

    def reference_kmh(self) -> float | None:
        """Free-flow speed for ratios: measured where given, else the limit."""
        return self.free_flow_kmh or self.speed_limit_kmh


class Gate(Section):
    """A line in the picture over which vehicles leave the junction, come into it, or both."""

    id: Identifier
    name: str | None = None
    line: Ends
    kind: Literal["entry", "exit", "both"] = "exit"


Side = Literal["left", "right", "top", "bottom"]
Turn = Literal["left", "through", "right", "u_turn"]

TURNED_DEG: Final[dict[str, tuple[float, float]]] = {
    "left": (-150.0, -30.0),
    "through": (-30.0, 30.0),
    "right": (30.0, 150.0),
    "u_turn": (150.0, 360.0),
}
"""How much each turn changes the heading, to the right positive [ours]; driving on the left, one turns round by the
right."""


class Movement(Section):
    """From an approach over its stop line to an exit.

    The exit is a gate or, where none is in view, the shape of the path: by how much it turns, and over which side of
    the picture it leaves. With neither, the turn says how much: `TURNED_DEG`.
    """

    id: Identifier
    name: str | None = None
    approach: Identifier
    turn: Turn
    gate: Identifier | None = None
    turned_deg: tuple[float, float] | None = Field(None, description="least and most, to the right positive")
    leaves: Side | None = None

    @model_validator(mode="after")
    def _one_exit(self) -> Self:
        if self.gate is not None and (self.turned_deg is not None or self.leaves is not None):
            raise ValueError("give gate, or turned_deg and leaves for an exit out of view, not both")
        if self.turned_deg is not None and not -360 <= self.turned_deg[0] < self.turned_deg[1] <= 360:
            raise ValueError("turned_deg must be two angles from -360 to 360, the lower one first")
        return self


PixelBox = tuple[float, float, float, float]


class SignalHead(Section):
    """A signal head in the picture: the boxes (x0, y0, x1, y1 in pixels) of its lamps."""

    approach: Identifier
    red: PixelBox
    green: PixelBox
    yellow: PixelBox | None = None

    @field_validator("red", "green", "yellow")
    @classmethod
    def _not_empty(cls, value: PixelBox | None) -> PixelBox | None:
        if value is not None and (value[2] - value[0] < 2 or value[3] - value[1] < 2):
            raise ValueError("a lamp's box is x0, y0, x1, y1 and at least 2 pixels wide and high")
        return value


class Position(Section):
    """Where the camera stands (WGS 84)."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]

    @field_validator("latitude", mode="before")
    @classmethod
    def _not_swapped(cls, value: Any) -> Any:
        if isinstance(value, int | float) and 90 < abs(value) <= 180:
            raise ValueError("must be -90 to 90 (south negative); latitude and longitude look swapped")
        return value


STREAMS: Final = ("rtsp", "rtsps", "http", "https")
"""Kinds of addresses that a camera may have."""


class Camera(Section):
    """One camera and what it looks at."""

    id: Identifier
    name: str | None = None
    junction: Identifier | None = None
    position: Position | None = None
    source: str = Field(min_length=1, description="file, rtsp://, http(s)://, or /dev/videoN")
    substream: str | None = Field(None, description="a smaller stream of the same camera, preferred for analysis")
    start_time: str | None = Field(None, description="RFC 3339 capture time of a file's first frame")
    pace: Literal["fast", "realtime"] = "fast"
    loop: bool = False
    simulated: bool = False
    analysis_fps: Annotated[float, Field(gt=0, le=60)] = 8
    calibration: Calibration | None = None
    height_m: Annotated[float, Field(gt=0, le=100)] | None = Field(None, description="of the camera above the road")
    approaches: tuple[Approach, ...] = ()
    gates: tuple[Gate, ...] = ()
    movements: tuple[Movement, ...] = ()
    zones: Annotated[tuple[Zone, ...], Field(max_length=60)] = ()
    signal_heads: tuple[SignalHead, ...] = ()

    @field_validator("source", "substream")
    @classmethod
    def _known_kind(cls, value: str | None) -> str | None:
        kind, marker, _ = (value or "").partition("://")
        if marker and kind.lower() not in STREAMS:
            raise ValueError(
                f"{kind}:// is not known: give a file, {', '.join(f'{s}://' for s in STREAMS)} or /dev/videoN"
            )
        return value

    @field_validator("start_time", mode="before")
    @classmethod
    def _with_zone(cls, value: Any) -> Any:
        """YAML reads an unquoted time as one; a time without its zone would be off by hours, silently."""
        if not isinstance(value, str | datetime):
            return value
        try:
            time = datetime.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            time = None
        if time is None or time.tzinfo is None:
            raise ValueError("expected a time with its zone, such as 2026-11-24T07:00:00+07:00")
        return time.isoformat()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _different("approach ids", [approach.id for approach in self.approaches])
        if (self.approaches or self.gates) and self.calibration is None:
            raise ValueError("approaches and gates need a calibration (at least 4 points)")
        self._check_zones([approach.id for approach in self.approaches])
        self._heads_have_approaches([approach.id for approach in self.approaches])
        return self

    @model_validator(mode="after")
    def _exits(self) -> Self:
        """Movements lead from approaches that there are over gates that let out, each its own way."""
        _different("gate ids", [gate.id for gate in self.gates])
        _different("movement ids", [movement.id for movement in self.movements])
        approaches = [approach.id for approach in self.approaches]
        exits = [gate.id for gate in self.gates if gate.kind != "entry"]
        for movement in self.movements:
            where = f"movement {movement.id!r}"
            if movement.approach not in approaches:
                raise ValueError(f"{where}: approach {movement.approach!r} is not one of {approaches}")
            if movement.gate is not None and movement.gate not in exits:
                raise ValueError(f"{where}: gate {movement.gate!r} is not one of kind exit or both: {exits}")
        ways = [f"{movement.approach} to {movement.gate}" for movement in self.movements if movement.gate]
        _different("the ways of movements (approach to gate)", ways)
        return self

    def _check_zones(self, approaches: list[str]) -> None:
        zones = [zone.id for zone in self.zones]
        if len(set(zones)) != len(zones):
            raise ValueError(f"zone ids must differ, got {zones}")
        if self.zones and not self.approaches:
            raise ValueError("zones need at least one approach")
        for zone in self.zones:
            if zone.approach is not None and zone.approach not in approaches:
                raise ValueError(f"zone {zone.id}: approach {zone.approach!r} is none of {approaches}")
            if zone.kind in ("exit", "access", "kerb") and zone.approach is None and len(approaches) > 1:
                raise ValueError(f"zone {zone.id}: a zone of kind {zone.kind} needs its approach")

    def _heads_have_approaches(self, ids: list[str]) -> None:
        heads = [head.approach for head in self.signal_heads]
        unknown = sorted(set(heads) - set(ids))
        if unknown:
            raise ValueError(f"signal_heads: no approach is called {', '.join(unknown)}; there are: {', '.join(ids)}")
        if len(set(heads)) != len(heads):
            raise ValueError(f"signal_heads: one head per approach, got {heads}")

    def measures(self) -> bool:
        """Whether there is anything to be measured; else only the camera's health is published."""
        return bool(self.approaches or self.gates)

    def is_file(self) -> bool:
        """Whether the source is a recorded file rather than something live."""
        return "://" not in self.source and not self.source.startswith("/dev/video")


def _different(what: str, ids: list[str]) -> None:
    if len(set(ids)) != len(ids):
        raise ValueError(f"{what} must differ, got {ids}")


class Box(Section):
    """The whole file."""

    site: Identifier
    city: str | None = None
    timezone: str = "Asia/Jakarta"
    broker: Broker = Broker()
    outbox: Outbox = Outbox()
    model: Model = Model()
    state: StateRules = StateRules()
    queue: QueueRules = QueueRules()
    record: Recording = Recording()
    scene: SceneRules = SceneRules()
    incidents: IncidentRules = IncidentRules()
    friction: FrictionRules = FrictionRules()
    usual: UsualRules = UsualRules()
    speed: SpeedRules = SpeedRules()
    standards: Standards = Standards()
    windows_s: Annotated[tuple[Annotated[int, Field(ge=1, le=3600)], ...], Field(min_length=1)] = (60, 900)
    live_every_s: Positive = 2
    health_every_s: Positive = 30
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    cameras: Annotated[tuple[Camera, ...], Field(min_length=1)]

    @field_validator("windows_s")
    @classmethod
    def _aligned(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        """Windows begin with the hour."""
        odd = [length_s for length_s in value if 3600 % length_s]
        if odd:
            raise ValueError(f"{odd[0]} does not divide an hour (3600 s): use 60, 300, 900 or such")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as exc:
            raise ValueError("expected a time zone of the IANA list, such as Asia/Jakarta") from exc
        return value

    @model_validator(mode="after")
    def _camera_ids(self) -> Self:
        _different("camera ids", [camera.id for camera in self.cameras])
        return self

    @model_validator(mode="after")
    def _one_video_per_recording(self) -> Self:
        played_once = len(self.cameras) == 1 and self.cameras[0].is_file() and not self.cameras[0].loop
        if self.model.is_recording and not played_once:
            raise ValueError("model.path: recorded detections belong to one camera with a file as source, not looped")
        return self

    def camera(self, identifier: str) -> Camera:
        """The camera with this id. Raises `ConfigurationError` naming the ids there are."""
        for camera in self.cameras:
            if camera.id == identifier:
                return camera
        known = ", ".join(camera.id for camera in self.cameras)
        raise ConfigurationError(f"camera {identifier!r} is not in the configuration; it has: {known}")

    def recording_to(self, folder: Path | None) -> "Box":
        """The same box that keeps tracks in `folder`; unchanged for None."""
        if folder is None:
            return self
        return self.model_copy(update={"record": self.record.model_copy(update={"folder": folder.absolute()})})

    def hash(self) -> str:
        """First 12 hex digits of the SHA-256 of the configuration, defaults included."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]


def load(path: Path) -> Box:
    """Read and validate a box configuration; relative paths in it count from the file's folder.

    Raises `ConfigurationError` with one line per fault.
    """
    text = _read_text(path, "configuration")
    try:
        content = parse(text)
    except ConfigurationError as exc:
        raise ConfigurationError(f"{path}: {exc}") from exc
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path}: expected keys such as site and cameras, got {type(content).__name__}")
    try:
        return _anchored(Box.model_validate(content), path.resolve().parent)
    except ValidationError as exc:
        raise ConfigurationError("\n".join(f"{path}: {line}" for line in faults(exc))) from exc


def json_schema() -> dict[str, Any]:
    """JSON Schema of the configuration file, for editors."""
    return Box.model_json_schema()


def _read_text(path: Path, what: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigurationError(f"{what}: cannot read {path}: {exc}") from exc


def _anchored(box: Box, folder: Path) -> Box:
    """The box with relative file paths made absolute."""
    cameras = tuple(
        camera.model_copy(update={"source": str(folder / camera.source)}) if camera.is_file() else camera
        for camera in box.cameras
    )
    model = box.model
    if model.path is not None:
        model = model.model_copy(update={"path": folder / model.path})
    outbox = box.outbox.model_copy(update={"folder": folder / box.outbox.folder})
    record = box.record
    if record.folder is not None:
        record = record.model_copy(update={"folder": folder / record.folder})
    broker = box.broker.model_copy(
        update={
            key: folder / value
            for key in ("ca_file", "password_file")
            if (value := getattr(box.broker, key)) is not None
        }
    )
    return box.model_copy(
        update={"cameras": cameras, "model": model, "outbox": outbox, "broker": broker, "record": record}
    )
