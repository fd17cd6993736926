"""What the live page may be told."""

import ipaddress
from dataclasses import dataclass, field
from typing import Final, Literal
from zoneinfo import ZoneInfo

from ..errors import ConfigurationError

Language = Literal["id", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("id", "en")
PASSWORD_MIN: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenSettings:
    """Settings of the live page; impossible ones raise `ConfigurationError`.

    host, port: where it listens; port 0 takes any free one. password: needed for every host but loopback, and
    asked for wherever it is given. stale_s: live data older than this is no longer shown as current. offline_s:
    after this long without data a camera counts as offline. tile_url: map tiles of the city's own server (no tiles
    and no outside request without it). require_login: ask for the password on loopback too.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    password: str | None = field(default=None, repr=False)
    language: Language = "id"
    timezone: str = "Asia/Jakarta"
    title: str = "Simpang"
    stale_s: float = 10.0
    offline_s: float = 60.0
    tile_url: str | None = None
    require_login: bool = False

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise ConfigurationError(f"page.language: {self.language!r}: expected one of {', '.join(LANGUAGES)}")
        if not 0 <= self.port <= 65535:
            raise ConfigurationError(f"page.port: {self.port}: expected 0 to 65535")
        if not 0 < self.stale_s < self.offline_s:
            raise ConfigurationError(f"page.stale_s: {self.stale_s}: expected more than 0 and less than offline_s")
        self._check_password()
        self._check_zone()

    def _check_password(self) -> None:
        if self.needs_login and self.password is None:
            raise ConfigurationError(
                f"page.password_env: a password is required to listen on {self.host}; "
                "give one, or listen on 127.0.0.1 only"
            )
        if self.password is not None and len(self.password) < PASSWORD_MIN:
            raise ConfigurationError(f"page.password_env: the password needs at least {PASSWORD_MIN} characters")

    def _check_zone(self) -> None:
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError):
            raise ConfigurationError(
                f"page.timezone: {self.timezone!r} is not known here; expected a name such as Asia/Jakarta "
                "(on a system without time zones: pip install tzdata)"
            ) from None

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the screens."""
        return ZoneInfo(self.timezone)

    @property
    def needs_login(self) -> bool:
        """Whether a visitor must show the password."""
        return self.require_login or self.password is not None or not is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a listener on that host name or address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
