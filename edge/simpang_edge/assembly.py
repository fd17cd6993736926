"""How the measuring stages of a camera are put together: for the worker, and for whoever measures recorded tracks."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from .config import Box, Camera
from .data import Tracks, Vehicles
from .ground import Ground
from .meter import Meter, MeterSettings
from .meter.decisions import Decisions
from .sight import sights
from .zones import Zones

MOTORCYCLE_M: Final = 0.75
"""Width of the narrowest vehicle that counts."""

COUNT_PX: Final = 20.0
"""Width in the picture that a vehicle needs to be counted (domain reference, section 7)."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """From tracks to readings: ground and zones place vehicles, the meter measures them."""

    ground: Ground
    zones: Zones
    meter: Meter

    def place(self, tracks: Tracks, size_px: tuple[int, int] | None) -> Vehicles:
        """The tracks on the road, with the zones they are in; size_px: width and height of the picture."""
        return self.zones.mark(tracks, self.ground.locate(tracks, size_px))


def build_measurement(box: Box, camera: Camera, decisions: Decisions | None = None) -> Measurement:
    """The stages from tracks to readings. Raises `ConfigurationError`.

    decisions: where the meter tells each decision at a stop line.
    """
    ground = Ground(camera)
    settings = replace(MeterSettings.of(box), standing_flags=standing_flags(camera, ground))
    meter = Meter(camera, settings, decisions, sights=sights(camera, box.speed.click_px))
    return Measurement(ground, Zones(camera), meter)


def standing_flags(camera: Camera, ground: Ground) -> tuple[tuple[str, str], ...]:
    """``low_resolution`` for approaches whose stop line shows a motorcycle narrower than 20 pixels (section 7)."""
    flags = []
    for approach in camera.approaches:
        ends_px = np.array(approach.stop_line, np.float64)
        px_per_m = np.linalg.norm(np.subtract(*ends_px)) / np.linalg.norm(np.subtract(*ground.to_road(ends_px)))
        if px_per_m * MOTORCYCLE_M < COUNT_PX:
            flags.append((approach.id, "low_resolution"))
    return tuple(flags)
