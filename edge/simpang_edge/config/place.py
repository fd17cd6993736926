"""What a camera looks at: calibration, approaches with lanes, gates, movements, zones, signal heads."""

import math
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    Field,
    field_validator,
    model_validator,
)

from .. import standards
from .section import Ends, Identifier, MetrePoint, Outline, PixelPoint, Positive, Section, SiteReason, different


class Zone(Section):
    """A part of the picture where something is not allowed, or is counted. Contact points decide, in pixels."""

    id: Identifier
    kind: Literal["box_junction", "no_stopping", "carriageway", "crossing", "kerb", "exit", "access"]
    polygon: Outline
    approach: Identifier | None = None


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


class Roadside(Section):
    """What the capacity formulas ask of an approach beside its widths; what is not told changes nothing (factor 1)."""

    environment: standards.Environment | None = Field(None, description="signals: F_HS, with side_friction")
    side_friction: standards.Friction | None = Field(None, description="class of hambatan samping, SR to ST")
    unmotorised_ratio: Annotated[float, Field(ge=0, le=1)] = 0.0
    kerb_m: Annotated[float, Field(ge=0, le=10)] | None = Field(None, description="links: kerb to the nearest obstacle")
    shoulder_m: Annotated[float, Field(ge=0, le=10)] | None = Field(None, description="links: usable shoulder")
    grade_pct: Annotated[float, Field(ge=-10, le=10)] = 0.0
    left_ratio: Annotated[float, Field(ge=0, le=1)] = 0.0
    right_ratio: Annotated[float, Field(ge=0, le=1)] = 0.0
    parking_m: Positive | None = Field(None, description="signals: stop line to the first parked vehicle")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.kerb_m is not None and self.shoulder_m is not None:
            raise ValueError("give kerb_m or shoulder_m, not both")
        if self.left_ratio + self.right_ratio > 1:
            raise ValueError(
                f"left_ratio {self.left_ratio} and right_ratio {self.right_ratio} are shares: above 1 together"
            )
        return self


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
    saturation_factor: Positive | None = Field(None, description="the site's own, instead of the manual's product")
    road: standards.Road = "divided"
    carriageway_width_m: Positive | None = Field(None, description="both directions together, undivided roads")
    direction_share: Annotated[float, Field(ge=0.5, le=1)] = 0.5
    side_friction_factor: Annotated[float, Field(gt=0, le=1.1)] | None = Field(
        None, description="links: the site's own, instead of the manual's FC_HS"
    )
    factor_reason: SiteReason | None = Field(None, description="why the site gives a factor of its own")
    roadside: Roadside = Roadside()

    @model_validator(mode="after")
    def _lane_ids(self) -> Self:
        ids = [lane.id for lane in self.lanes]
        if len(set(ids)) != len(ids):
            raise ValueError(f"lane ids must differ, got {ids}")
        return self

    @model_validator(mode="after")
    def _own_factor(self) -> Self:
        own = self.saturation_factor is not None or self.side_friction_factor is not None
        if own != (self.factor_reason is not None):
            raise ValueError("saturation_factor or side_friction_factor and factor_reason go together")
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
right. Where the kerb is on the right, the meter takes it the other way round."""


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

    def turns_deg(self) -> tuple[float, float]:
        """Least and most change of heading where the shape of the path tells it, to the right positive."""
        if self.turned_deg is None and self.leaves is not None:
            return -math.inf, math.inf
        return self.turned_deg or TURNED_DEG[self.turn]


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
        different("approach ids", [approach.id for approach in self.approaches])
        if (self.approaches or self.gates) and self.calibration is None:
            raise ValueError("approaches and gates need a calibration (at least 4 points)")
        self._check_zones([approach.id for approach in self.approaches])
        self._heads_have_approaches([approach.id for approach in self.approaches])
        return self

    @model_validator(mode="after")
    def _exits(self) -> Self:
        """Movements lead from approaches that there are over gates that let out, each its own way."""
        different("gate ids", [gate.id for gate in self.gates])
        different("movement ids", [movement.id for movement in self.movements])
        approaches = [approach.id for approach in self.approaches]
        exits = [gate.id for gate in self.gates if gate.kind != "entry"]
        for movement in self.movements:
            where = f"movement {movement.id!r}"
            if movement.approach not in approaches:
                raise ValueError(f"{where}: approach {movement.approach!r} is not one of {approaches}")
            if movement.gate is not None and movement.gate not in exits:
                raise ValueError(f"{where}: gate {movement.gate!r} is not one of kind exit or both: {exits}")
        ways = [f"{movement.approach} to {movement.gate}" for movement in self.movements if movement.gate]
        different("the ways of movements (approach to gate)", ways)
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
