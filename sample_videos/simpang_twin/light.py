"""Sun, sky and haze in figures, shared by the painted ground and the vehicles' shader (linear RGB)."""

import numpy as np

from simpang_twin.network import F64
from simpang_twin.scenario import Light

SKY = np.array([0.50, 0.55, 0.62])
BOUNCE = np.array([0.20, 0.19, 0.17])
HAZE = np.array([0.62, 0.68, 0.74])
_SUN = np.array([1.0, 0.93, 0.80]) * 1.1


def sun_direction(light: Light) -> F64:
    """Unit vector toward the sun, x east, y north, z up."""
    up, bearing = np.radians([light.sun_elevation_deg, light.sun_bearing_deg])
    return np.array([np.cos(up) * np.sin(bearing), np.cos(up) * np.cos(bearing), np.sin(up)])


def sun_colour(light: Light) -> F64:
    """The sun's strength on a surface that faces it."""
    return np.asarray(_SUN * light.sun_strength)


def on_the_road(light: Light) -> F64:
    """Light on the flat road: sky and sun."""
    return np.asarray(SKY + sun_colour(light) * sun_direction(light)[2])


def shadow_share(light: Light) -> F64:
    """What remains of the road's light inside a cast shadow."""
    return np.asarray(SKY * 0.85 / on_the_road(light))


def hazed(colours: F64, reach_m: F64, light: Light) -> F64:
    """Blend linear colours (N, 3) into the haze with distance (N,)."""
    veil = (1 - np.exp(-reach_m / light.haze_m))[:, None]
    return np.asarray(colours * (1 - veil) + HAZE * veil)


def sky(ray: F64, light: Light) -> F64:
    """A pale tropical sky for directions (N, 3): haze at the horizon, bluer above."""
    height = np.clip(ray[:, 2] / np.linalg.norm(ray, axis=1), 0, 1)[:, None]
    blue = np.array([0.34, 0.50, 0.74])
    return np.asarray((HAZE * 1.12 * (1 - height**0.6) + blue * height**0.6) * min(1.0, 0.8 + 0.2 * light.sun_strength))
