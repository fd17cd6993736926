"""How wrong a mean speed may be, and where no speed is told (domain reference, section 7)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ..config import SpeedRules
from ..data import FloatArray, Measurement, Sight
from .crossings import Crossing

CONTACT_M: FloatArray = np.array([0.10, 0.20, 0.30, 0.30, 0.10, 0.10, 0.15])
"""Standard error of the height above the road at which a box ends that ought to end on it, by `KINDS` [ours]."""

HEIGHT_M: Final = 6.0
"""Height of a camera where neither its calibration nor the configuration tells: low, so that the interval is rather
too wide."""

CONFIDENCE_95: Final = 1.96
NOT_SUPPORTED: Final = "speed_not_supported"


@dataclass(slots=True)
class Errors:
    """What errors of speeds are made of, by approach.

    found_height_m: of the camera, as its calibration tells; where it does not, the configured one counts.
    """

    rules: SpeedRules
    sights: tuple[Sight, ...] = ()
    found_height_m: float | None = None

    def half_mps(self, crossings: Sequence[Crossing], approach: int, mean_mps: float) -> float:
        """Half of the 95 % interval of the mean speed of crossings whose speed is known.

        Errors of the single fits become smaller with their number: sqrt(sum e^2) / n. Those of the calibration's scale
        and of the contact point are the same for all: a point h above the road moves H / (H - h) as fast (section 7),
        so a share h / (H - h). All are independent of one another and add in squares.
        """
        fits_mps = math.sqrt(sum((c.speed_error_mps or 0.0) ** 2 for c in crossings)) / len(crossings)
        lasting_ratio = self.lasting_ratio([c.kind for c in crossings], approach) or 0.0
        return math.hypot(CONFIDENCE_95 * fits_mps, lasting_ratio * mean_mps)

    def lasting_ratio(self, kinds: Sequence[int], approach: int) -> float | None:
        """Half of the 95 % interval of any speed of these kinds, as a share of it, that more vehicles do not make
        smaller: of the scale and of the contact point. None where the approach's sight is not known."""
        if approach >= len(self.sights):
            return None
        sight = self.sights[approach]
        contact_m = float(np.mean(CONTACT_M[list(kinds)]))
        contact_ratio = contact_m / ((self.found_height_m or sight.camera_height_m or HEIGHT_M) - contact_m)
        return CONFIDENCE_95 * math.hypot(sight.scale_error_ratio, contact_ratio)

    def supported(self, approach: int) -> bool:
        """Whether speeds of this approach may be told."""
        if approach >= len(self.sights):
            return True
        sight, rules = self.sights[approach], self.rules
        fine = sight.m_per_px <= rules.max_m_per_px and sight.scale_error_ratio <= rules.max_scale_error
        return bool(fine)


def withheld(row: Measurement) -> Measurement:
    """The row without its speeds, flagged. Level of service, state and the usual are made from the row afterwards."""
    quality = replace(row.quality, flags=tuple(sorted({*row.quality.flags, NOT_SUPPORTED})))
    return replace(
        row,
        quality=quality,
        speed_n=0,
        speed_time_mean_mps=None,
        speed_interval_mps=None,
        speed_error_ratio=None,
        speed_space_mean_mps=None,
        speed_ratio=None,
        speed_p15_mps=None,
        speed_p50_mps=None,
        speed_p85_mps=None,
        class_speeds=(),
        tti=None,
    )
