"""The one place where metres per second and km/h, and vehicles per second and per hour, are converted."""

from typing import Final

KMH_PER_MPS: Final = 3.6
S_PER_H: Final = 3600.0
M_PER_KM: Final = 1000.0


def kmh(speed_mps: float) -> float:
    """Metres per second as km/h."""
    return speed_mps * KMH_PER_MPS


def mps(speed_kmh: float) -> float:
    """Km/h as metres per second."""
    return speed_kmh / KMH_PER_MPS
