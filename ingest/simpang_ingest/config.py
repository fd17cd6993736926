"""The configuration of the centre: a YAML file, validated completely without touching the network.

Unknown keys are errors. Every message names the key path, the value and what is allowed. Every key, with its default,
stands commented in ``ingest/simpang.ingest.example.yaml``; a test compares the two. Secrets are never in the file: it
names the environment variable that holds them.
"""

import os
import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from .errors import ConfigurationError

Positive = Annotated[float, Field(gt=0)]
Port = Annotated[int, Field(ge=0, le=65_535)]
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
CityName = Annotated[str, Field(pattern=r"^[^\\\n\r]{1,100}$")]
HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s/]+.*$")]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address; a name other than localhost counts as reachable."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def secret(key: str, variable: str | None) -> str | None:
    """The value of an environment variable that a key names. Raises `ConfigurationError` when it is not set."""
    if variable is None:
        return None
    value = os.environ.get(variable)
    if not value:
        raise ConfigurationError(f"{key}: environment variable {variable} is not set")
    return value


class Section(BaseModel):
    """A part of the file: unknown keys are errors, values do not change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Broker(Section):
    """Where messages come from."""

    url: str = Field("mqtt://127.0.0.1:1883", pattern=r"^mqtts?://[^/\s:]+(:\d{1,5})?$")
    username: str | None = None
    password_env: Variable | None = None
    ca_file: Path | None = None
    protocol: Literal["auto", "5", "3.1.1"] = "auto"
    client_id: str = Field("simpang-ingest", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    keepalive_s: Annotated[int, Field(ge=5, le=600)] = 30
    session_days: Annotated[float, Field(gt=0, le=365)] = 14

    def password(self) -> str | None:
        """The password, read when it is needed. Raises `ConfigurationError` when its variable is not set."""
        return secret("broker.password_env", self.password_env)


class SqliteSettings(Section):
    """The embedded store: one file."""

    kind: Literal["sqlite"] = "sqlite"
    path: Path = Path("/var/lib/simpang/ingest/simpang.sqlite")
    keep_days: Positive | None = 92


class InfluxSettings(Section):
    """InfluxDB: written through its v2 write API, read in InfluxQL."""

    kind: Literal["influxdb"]
    url: HttpUrl
    org: str = ""
    bucket: str = Field(min_length=1)
    token_env: Variable | None = None
    timeout_s: Positive = 10
    database: str | None = None
    retention_policy: str | None = None
    username: str | None = None
    password_env: Variable | None = None

    def token(self) -> str | None:
        """The token. Raises `ConfigurationError` when its variable is not set."""
        return secret("store.token_env", self.token_env)

    def password(self) -> str | None:
        """The password for InfluxQL (1.x). Raises `ConfigurationError` when its variable is not set."""
        return secret("store.password_env", self.password_env)


class Batch(Section):
    """How many messages go to the store at once, and how long the first of them waits for the others."""

    messages: Annotated[int, Field(ge=1, le=20_000)] = 1000
    wait_s: Annotated[float, Field(gt=0, le=60)] = 0.5


class DeadLetterSettings(Section):
    """Where messages go that nothing can be made of."""

    path: Path = Path("/var/lib/simpang/ingest/dead-letters.sqlite")
    max_rows: Annotated[int, Field(ge=1)] = 10_000
    payload_bytes: Annotated[int, Field(ge=0, le=65_536)] = 4096


class PageSettings(Section):
    """The live page."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: Port = 8080
    password_env: Variable | None = None
    language: Literal["id", "en"] = "id"
    timezone: str = "Asia/Jakarta"

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as exc:
            raise ValueError("not a time zone; write one such as Asia/Jakarta") from exc
        return value

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if self.enabled and not is_loopback(self.host) and self.password_env is None:
            raise ValueError(f"host {self.host} can be reached by others: set password_env, or host 127.0.0.1")
        return self

    def password(self) -> str | None:
        """The page's password. Raises `ConfigurationError` when its variable is not set."""
        return secret("page.password_env", self.password_env)


class MetricsSettings(Section):
    """Prometheus metrics and the health endpoint."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: Port = 9108


class Settings(Section):
    """The whole file."""

    city: CityName | None = None
    cities: dict[str, CityName] = {}
    broker: Broker = Broker()
    store: Annotated[SqliteSettings | InfluxSettings, Field(discriminator="kind")] = SqliteSettings()
    batch: Batch = Batch()
    dead_letters: DeadLetterSettings = DeadLetterSettings()
    page: PageSettings = PageSettings()
    metrics: MetricsSettings = MetricsSettings()
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    def check_secrets(self) -> None:
        """Raises `ConfigurationError` when an environment variable that the file names is not set."""
        self.broker.password()
        self.page.password()
        if isinstance(self.store, InfluxSettings):
            self.store.token()
            self.store.password()


def load(path: Path) -> Settings:
    """Read and validate a file; relative paths in it count from its folder.

    Raises `ConfigurationError` with one line per fault.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigurationError(f"configuration: cannot read {path}: {exc}") from exc
    except yaml.YAMLError as exc:
        raise ConfigurationError(f"{path}: not valid YAML: {exc}") from exc
    return parse({} if content is None else content, path)


def parse(content: object, path: Path) -> Settings:
    """The settings of a file's content. Raises `ConfigurationError`."""
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path}: expected keys such as broker and store, got {type(content).__name__}")
    store = content.get("store")
    if isinstance(store, dict):
        content = content | {"store": {"kind": "sqlite"} | store}
    try:
        return _anchored(Settings.model_validate(content), path.resolve().parent)
    except ValidationError as exc:
        faults = [_fault(item) for item in exc.errors(include_url=False)]
        raise ConfigurationError("\n".join(f"{path}: {fault}" for fault in faults)) from exc


def _fault(item: Any) -> str:
    path = _key_path(tuple(part for part in item["loc"] if part not in ("sqlite", "influxdb")))
    if item["type"] == "extra_forbidden":
        secretive = any(word in path for word in ("password", "token"))
        return f"{path}: unknown key" + ("" if secretive else f" (value {item['input']!r})")
    if item["type"] == "missing":
        return f"{path}: required key is missing"
    value = re.sub(r"://[^/\s'\"]*@", "://***@", repr(item["input"]))
    shown = value if len(value) <= 80 else value[:77] + "..."
    return f"{path}: {shown}: {item['msg'].removeprefix('Value error, ')}"


def _key_path(location: tuple[str | int, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.lstrip(".") or "(file)"


def _anchored(settings: Settings, folder: Path) -> Settings:
    """The settings with relative file paths made absolute."""
    letters = settings.dead_letters.model_copy(update={"path": folder / settings.dead_letters.path})
    changes: dict[str, Any] = {"dead_letters": letters}
    if isinstance(settings.store, SqliteSettings):
        changes["store"] = settings.store.model_copy(update={"path": folder / settings.store.path})
    if settings.broker.ca_file is not None:
        changes["broker"] = settings.broker.model_copy(update={"ca_file": folder / settings.broker.ca_file})
    return settings.model_copy(update=changes)
