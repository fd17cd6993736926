"""The whole file of a box, and what is not about a camera: broker, outbox, model, recording."""

import hashlib
import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from ..config_text import faults, parse
from ..errors import ConfigurationError
from .place import Camera
from .rules import FrictionRules, IncidentRules, QueueRules, SceneRules, SpeedRules, Standards, StateRules, UsualRules
from .section import Fraction, Identifier, Positive, Section, different


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
            return read_text(self.password_file, "broker.password_file").strip()
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
    min_score: Fraction = Field(0.42, description="a detection at least this good may begin a vehicle")
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
    min_observed_s: Annotated[float, Field(ge=1, le=60)] = 10
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
        different("camera ids", [camera.id for camera in self.cameras])
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
    text = read_text(path, "configuration")
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


def read_text(path: Path, what: str) -> str:
    """The text of a file. Raises `ConfigurationError` naming the file and what it was to be."""
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
