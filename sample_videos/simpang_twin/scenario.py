"""A scenario: junction, signal, demand and cameras, read from YAML and checked without touching anything else."""

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from simpang_twin import consistency
from simpang_twin.conditions import Fault, Light, Move, Weather
from simpang_twin.errors import ScenarioError
from simpang_twin.faulty_keys import described
from simpang_twin.layout import (
    ARMS,
    BEARING_DEG,
    Arm,
    ArmEdges,
    ArmLayout,
    ArmShape,
    Junction,
    Movement,
    NetFile,
    Phase,
    PlanChange,
    Signal,
    destination,
)
from simpang_twin.layout import Strict as _Strict
from simpang_twin.traffic import Demand, Event, Kind, Piece, Share

__all__ = [
    "ARMS",
    "BEARING_DEG",
    "Arm",
    "ArmEdges",
    "ArmLayout",
    "ArmShape",
    "Camera",
    "Demand",
    "Event",
    "Fault",
    "Junction",
    "Kind",
    "Light",
    "Move",
    "Movement",
    "NetFile",
    "Phase",
    "Piece",
    "PlanChange",
    "Scenario",
    "Share",
    "Signal",
    "Weather",
    "destination",
    "from_json",
    "load",
]


# A camera lower than this sees no queue behind the first vehicle; one higher is no camera on a pole or a house.
_HEIGHTS_M = (3.0, 50.0)


class Camera(_Strict):
    """A camera. Position: metres from the junction's middle, x east, y north, z up; PTZ moves and faults over time."""

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    approach: Arm
    heading: Literal["toward", "away"] = "toward"
    position_m: tuple[float, float, float]
    look_at_m: tuple[float, float, float]
    focal_px: float = Field(gt=100, description="focal length in pixels of the rendered picture")
    width_px: int = Field(default=1280, ge=320, le=1920, multiple_of=2)
    height_px: int = Field(default=720, ge=180, le=1080, multiple_of=2)
    length_m: float = Field(default=70.0, gt=10, description="measured length upstream of the stop line")
    bitrate_kbps: int = Field(default=520, ge=40, le=8000)
    keyframe_s: float = Field(default=4.0, gt=0, le=30, description="time between two key frames")
    noise_level: float = Field(default=1.6, ge=0, le=20, description="sensor noise by day, grey levels, 1 sigma")
    exposure_s: float = Field(default=0.0, ge=0, le=0.1, description="shutter time: what moves is blurred along it")
    clock_text: str = Field(default="CAM", max_length=40)
    moves: tuple[Move, ...] = ()
    faults: tuple[Fault, ...] = ()

    @model_validator(mode="after")
    def _aimed(self) -> "Camera":
        low, high = _HEIGHTS_M
        if not low <= self.position_m[2] <= high:
            raise ValueError(f"position_m: height {self.position_m[2]:g} must be {low:g} to {high:g} m above the road")
        for where, target in [("look_at_m", self.look_at_m), *(("moves.look_at_m", m.look_at_m) for m in self.moves)]:
            aside = math.hypot(target[0] - self.position_m[0], target[1] - self.position_m[1])
            if aside < 1:
                raise ValueError(f"{where} {list(target)} must lie at least 1 m beside position_m, not below it")
        return self


class Scenario(_Strict):
    """Everything that decides a run: the same file and seed give the same truth."""

    name: str = Field(pattern=r"^[a-z0-9_-]+$")
    seed: int = Field(default=1, ge=0)
    start_time: datetime = Field(description="UTC time of the first frame")
    warmup_s: float = Field(default=120.0, ge=0)
    duration_s: float = Field(default=90.0, gt=0, le=3600)
    fps: float = Field(default=12.5, description="frames per second; 1/fps must be a whole number of milliseconds")
    junction: Junction = Junction()
    network: NetFile | None = Field(default=None, description="a SUMO net instead of `junction`")
    signal: Signal | None = Field(description="null: no signal, the arms' priority rules")
    demand: tuple[Demand, ...] = Field(min_length=1)
    events: tuple[Event, ...] = ()
    cameras: tuple[Camera, ...] = Field(min_length=1)
    light: Light = Light()
    weather: Weather = Weather()

    @model_validator(mode="after")
    def _usable(self) -> "Scenario":
        step_ms = 1000.0 / self.fps
        if not 10 <= step_ms <= 100 or abs(step_ms - round(step_ms)) > 1e-9:
            raise ValueError(f"fps {self.fps} must be 10 to 100 with a whole number of milliseconds per frame")
        if abs(self.warmup_s * self.fps - round(self.warmup_s * self.fps)) > 1e-6:
            raise ValueError(f"warmup_s {self.warmup_s} must be a whole number of frames of {step_ms / 1000} s")
        if self.frames < 2:
            raise ValueError(f"duration_s {self.duration_s:g} must be at least two frames of {step_ms / 1000:g} s")
        if self.start_time.tzinfo is None:
            raise ValueError("start_time must carry its zone, for example 2026-03-02T00:15:00Z")
        consistency.check(self)
        return self

    @property
    def arms(self) -> tuple[Arm, ...]:
        """The arms that exist."""
        return self.junction.present if self.network is None else tuple(self.network.approaches)

    def leads_somewhere(self, arm: Arm, movement: Movement) -> bool:
        """Whether a movement from an arm ends on an arm that exists."""
        return destination(arm, movement) in self.arms

    @property
    def step_s(self) -> float:
        """Simulation step = time between two frames, so nothing is interpolated."""
        return 1.0 / self.fps

    @property
    def frames(self) -> int:
        """Number of frames of a clip."""
        return round(self.duration_s * self.fps)

    @property
    def start_utc(self) -> datetime:
        """Time of the first frame in UTC."""
        return self.start_time.astimezone(UTC)

    def camera(self, camera_id: str | None) -> Camera:
        """The camera of this id, or the first one. Raises ScenarioError for an id that is not there."""
        for camera in self.cameras:
            if camera_id in (None, camera.id):
                return camera
        known = ", ".join(c.id for c in self.cameras)
        raise ScenarioError(f"no camera {camera_id!r} in scenario {self.name}; it has: {known}")


def load(path: Path) -> Scenario:
    """Read and check a scenario file. Raises ScenarioError naming file, key and value."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Scenario.model_validate(_beside(data, path))
    except OSError as exc:
        raise ScenarioError(f"{path}: cannot be read ({exc.strerror})") from exc
    except yaml.YAMLError as exc:
        raise ScenarioError(f"{path}: not valid YAML: {exc}") from exc
    except ValidationError as exc:
        raise ScenarioError(f"{path}:\n{described(exc, Scenario)}") from exc


def from_json(path: Path) -> Scenario:
    """Read the scenario that a run keeps."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return Scenario.model_validate(_beside(data, path))


def _beside(data: Any, path: Path) -> Any:
    """A net file is named from where the scenario lies."""
    network = data.get("network") if isinstance(data, dict) else None
    if isinstance(network, dict) and isinstance(network.get("net_file"), str):
        return data | {"network": network | {"net_file": str(path.parent / network["net_file"])}}
    return data
