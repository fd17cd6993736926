"""What a camera meets: light, weather, its own moves and its faults. Every key of these sections with its unit."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from simpang_twin.layout import Strict

Share = Annotated[float, Field(ge=0, le=1)]
Sky = Literal["clear", "overcast", "dusk", "night"]


class Light(Strict):
    """Sky, sun, air and lamps.

    sky: `clear` (sun and cast shadows), `overcast`, `dusk` (after sunset) or `night`; the sun's keys count for `clear`.
    sun_elevation_deg, sun_bearing_deg: where the sun stands, bearing clockwise from north; sun_strength: 1 is noon.
    haze_m: range at which contrast falls to 1/e. street_lamps: default on at dusk and night. headlights: default on at
    dusk and night and in rain (motorcycles have theirs on always, as the law asks). glare: how strongly the low sun
    shines into the lens, 0 to 1.
    """

    sky: Sky = "clear"
    sun_elevation_deg: float = Field(default=42.0, gt=5, le=90)
    sun_bearing_deg: float = Field(default=75.0, ge=0, le=360)
    sun_strength: float = Field(default=1.0, ge=0, le=2)
    haze_m: float = Field(default=700.0, ge=50)
    street_lamps: bool | None = None
    headlights: bool | None = None
    glare: Share = 0.0


class Weather(Strict):
    """Rain and what it leaves. rain_mmph: intensity, mm per hour (streaks, lower contrast); wet_road: 0 dry to 1
    covered by a film of water that mirrors (default: 1 in rain, else 0); lens_drops: drops on the lens, 0 to 1."""

    rain_mmph: float = Field(default=0.0, ge=0, le=150)
    wet_road: Share | None = None
    lens_drops: Share = 0.0

    @property
    def wetness(self) -> float:
        """How wet the road is, 0 to 1."""
        return (1.0 if self.rain_mmph > 0 else 0.0) if self.wet_road is None else self.wet_road


class Move(Strict):
    """A PTZ camera turns and zooms: begins at `at_s`, takes `over_s` seconds, ends looking at `look_at_m` with
    `focal_px` (default: as before). Its position stays."""

    at_s: float = Field(ge=0)
    over_s: float = Field(default=2.0, gt=0, le=60)
    look_at_m: tuple[float, float, float]
    focal_px: float | None = Field(default=None, gt=100)


class Fault(Strict):
    """One fault from `from_s` to `to_s` (default: the clip's end), seconds after the first frame.

    dropped: frames are missing from the file, each with the chance `share`; the others keep their true time stamps.
    frozen: the picture of `from_s` is repeated while time stamps go on. dirty_lens: dirt and a veil, `strength` 0 to 1.
    knocked: the camera's view jumps by `pan_deg` (right), `tilt_deg` (down) and `roll_deg` (clockwise).
    """

    type: Literal["dropped", "frozen", "dirty_lens", "knocked"]
    from_s: float = Field(ge=0)
    to_s: float | None = Field(default=None, gt=0)
    share: Share = 1.0
    strength: Share = 0.6
    pan_deg: float = Field(default=0.0, ge=-45, le=45)
    tilt_deg: float = Field(default=0.0, ge=-45, le=45)
    roll_deg: float = Field(default=0.0, ge=-45, le=45)

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.to_s is not None and self.to_s <= self.from_s:
            raise ValueError(f"to_s {self.to_s} must lie after from_s {self.from_s}")
        if self.type == "knocked" and self.pan_deg == self.tilt_deg == self.roll_deg == 0:
            raise ValueError("a knocked camera needs pan_deg, tilt_deg or roll_deg")
        return self

    def covers(self, time_s: float) -> bool:
        """Whether the fault lasts at this time ([from_s, to_s))."""
        return self.from_s - 1e-9 <= time_s and (self.to_s is None or time_s < self.to_s - 1e-9)
