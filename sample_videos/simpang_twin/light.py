"""Sun, sky, haze and lamps in figures, shared by the painted ground and the vehicles' shader (linear RGB)."""

import math
from dataclasses import dataclass

import numpy as np

from simpang_twin.conditions import Light, Sky, Weather
from simpang_twin.network import F64

# Colour of the street lamps, and their strength: light on the road under one is strength / height² [ours].
LAMP_COLOUR = np.array([1.0, 0.84, 0.60])
LAMP_STRENGTH = 44.0
LAMP_HEIGHT_M = 8.7
_LEVELLED_M = 40.0
HEADLIGHT_COLOUR = np.array([1.0, 0.96, 0.88])

_SUN = np.array([1.0, 0.93, 0.80]) * 1.1


@dataclass(frozen=True)
class _Look:
    """Colours of one kind of sky: light from above, light from the road, haze at the horizon, zenith (linear RGB); the
    share of light that is left under a vehicle; how strongly lamps outshine the rest; sensor noise by the day's."""

    sky: tuple[float, float, float]
    bounce: tuple[float, float, float]
    haze: tuple[float, float, float]
    zenith: tuple[float, float, float]
    under: float
    glow: float
    noise: float


_LOOKS: dict[Sky, _Look] = {
    "clear": _Look((0.50, 0.55, 0.62), (0.20, 0.19, 0.17), (0.62, 0.68, 0.74), (0.34, 0.50, 0.74), 0.85, 0.0, 1.0),
    "overcast": _Look((0.92, 0.95, 0.99), (0.30, 0.30, 0.29), (0.72, 0.75, 0.77), (0.60, 0.64, 0.69), 0.42, 0.12, 1.2),
    "dusk": _Look((0.145, 0.150, 0.185), (0.050, 0.046, 0.050), (0.27, 0.21, 0.20), (0.09, 0.12, 0.20),
                  0.45, 0.75, 2.2),
    "night": _Look((0.035, 0.037, 0.045), (0.045, 0.040, 0.032), (0.022, 0.022, 0.027), (0.006, 0.007, 0.012),
                   0.40, 1.0, 2.4),
}  # fmt: skip


@dataclass(frozen=True)
class Air:
    """All light of a scene. Colours are linear RGB (3,); `sun` is its strength on a surface that faces it, `to_sun` the
    unit vector (x east, y north, z up) along which shadows fall, `shadow` what remains of the road's light in them,
    `soft_px` their blur at 720 lines. `glow`: how strongly lamps outshine the rest, 0 to 1. `noise`: over the day's."""

    sky: F64
    bounce: F64
    haze: F64
    zenith: F64
    haze_m: float
    sun: F64
    to_sun: F64
    shadow: F64
    soft_px: float
    street_lamps: bool
    headlights: bool
    glow: float
    noise: float
    wet: float
    rain_mmph: float
    unlit: float

    @property
    def on_the_road(self) -> F64:
        """Light of sky and sun on the flat road."""
        return np.asarray(self.sky + self.sun * self.to_sun[2])


def air(light: Light, weather: Weather) -> Air:
    """The light of a scenario."""
    look = _LOOKS[light.sky]
    dark = light.sky in ("dusk", "night")
    clear = light.sky == "clear"
    rain = min(weather.rain_mmph / 50.0, 1.0)
    sky, haze = np.array(look.sky) * (1 - 0.25 * rain), np.array(look.haze) * (1 - 0.06 * rain)
    sun = _SUN * light.sun_strength if clear else np.zeros(3)
    to_sun = sun_direction(light) if clear else np.array([0.0, 0.0, 1.0])
    road = sky + sun * to_sun[2]
    headlights = (dark or rain > 0) if light.headlights is None else light.headlights
    return Air(
        sky, np.array(look.bounce), haze, np.array(look.zenith), haze_m(light, weather), sun, to_sun,
        sky * look.under / road, 1.1 if clear else 4.0,
        dark if light.street_lamps is None else light.street_lamps, headlights, max(look.glow, 0.2 * (rain > 0)),
        look.noise, weather.wetness, weather.rain_mmph, 1.5 if clear else 2.7 * float(sky.mean()),
    )  # fmt: skip


def haze_m(light: Light, weather: Weather) -> float:
    """Range at which contrast falls to 1/e: the air's, and shorter the more it rains [ours: 700 m without rain, 482 m
    at 10 mm/h, 352 m at 30 mm/h]."""
    return float(1 / (1 / light.haze_m + 0.00013 * weather.rain_mmph**0.7))


def levels(scene: Air) -> tuple[float, float]:
    """Display values (0–255) that a camera makes black and white: by day it takes most of the veil off that the air
    lays over what is 40 m away; when lamps light the scene it leaves the picture as it is."""
    if scene.glow > 0.5:
        return 0.0, 255.0
    veil = float(scene.haze.mean()) * (1 - math.exp(-_LEVELLED_M / scene.haze_m))
    return 0.85 * 255.0 * veil ** (1 / 2.2), 232.0


def sun_direction(light: Light) -> F64:
    """Unit vector toward the sun, x east, y north, z up."""
    up, bearing = np.radians([light.sun_elevation_deg, light.sun_bearing_deg])
    return np.array([np.cos(up) * np.sin(bearing), np.cos(up) * np.cos(bearing), np.sin(up)])


def lamp_light(points_m: F64, lamps_m: F64) -> F64:
    """Strength (N,) of the street lamps (M, 3) on the flat road at points (N, 2): both cosines over the distance²."""
    total = np.zeros(len(points_m))
    for x, y, z in lamps_m:
        r2 = (points_m[:, 0] - x) ** 2 + (points_m[:, 1] - y) ** 2 + z * z
        total += LAMP_STRENGTH * z * z / (r2 * r2)
    return total


def hazed(colours: F64, reach_m: F64, scene: Air) -> F64:
    """Blend linear colours (N, 3) into the haze with distance (N,)."""
    veil = (1 - np.exp(-reach_m / scene.haze_m))[:, None]
    return np.asarray(colours * (1 - veil) + scene.haze * veil)


def sky(ray: F64, scene: Air) -> F64:
    """The sky for directions (N, 3): haze at the horizon, the zenith's colour above."""
    height = np.clip(ray[:, 2] / np.linalg.norm(ray, axis=1), 0, 1)[:, None] ** 0.6
    dim = min(1.0, 0.8 + 0.2 * float(scene.sun[0]) / float(_SUN[0])) if scene.sun.any() else 1.0
    return np.asarray((scene.haze * 1.12 * (1 - height) + scene.zenith * height) * dim)


def nearest(at_m: F64, lamps_m: F64, count: int = 3) -> F64:
    """The street lamps that light a body at (2,), (≤ count, 4): place and strength."""
    if len(lamps_m) == 0:
        return np.zeros((0, 4))
    order = np.argsort(((lamps_m[:, :2] - at_m) ** 2).sum(axis=1))[:count]
    return np.hstack([lamps_m[order], np.full((len(order), 1), LAMP_STRENGTH)])
