"""Where the sun stands: a calculation from place and time, whatever the picture looks like."""

import math
from dataclasses import dataclass
from typing import Final

from .config import Camera

CIVIL_TWILIGHT_DEG: Final = -6.0
"""Below this it is night: the end of civil twilight, until when one sees without lamps (Astronomical Almanac)."""

J2000_S: Final = 946_728_000.0
"""2000-01-01 12:00 UTC, POSIX."""

DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Sun:
    """The sun over one place (WGS 84)."""

    latitude_deg: float
    longitude_deg: float

    def elevation_deg(self, time_s: float) -> float:
        """Of its centre above the horizon, without refraction, at a POSIX time.

        The Astronomical Almanac's low-precision formulas (section C, good to 0.01 degrees from 1950 to 2050).
        """
        days = (time_s - J2000_S) / DAY_S
        anomaly = math.radians(357.528 + 0.9856003 * days)
        centre_deg = 1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly)
        ecliptic = math.radians(280.460 + 0.9856474 * days + centre_deg)
        tilt = math.radians(23.439 - 0.0000004 * days)
        ascension = math.atan2(math.cos(tilt) * math.sin(ecliptic), math.cos(ecliptic))
        declination = math.asin(math.sin(tilt) * math.sin(ecliptic))
        sidereal_deg = 15 * (18.697374558 + 24.06570982441908 * days)
        hour = math.radians(sidereal_deg + self.longitude_deg) - ascension
        here = math.radians(self.latitude_deg)
        up = math.sin(here) * math.sin(declination) + math.cos(here) * math.cos(declination) * math.cos(hour)
        return math.degrees(math.asin(max(-1.0, min(1.0, up))))

    def is_night(self, time_s: float) -> bool:
        """Whether civil twilight has ended, or not yet begun."""
        return self.elevation_deg(time_s) < CIVIL_TWILIGHT_DEG


def sun_over(camera: Camera) -> Sun | None:
    """The sun over a camera; None without its position, and for a video of which nobody said when it was filmed."""
    if camera.position is None or (camera.is_file() and camera.start_time is None):
        return None
    return Sun(camera.position.latitude, camera.position.longitude)
