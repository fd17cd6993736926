"""How the vehicles of a run move from frame to frame: way driven and braking, for what a picture shows of it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simpang_twin.network import F64
from simpang_twin.run import Run

# A driver's foot is on the brake above this deceleration, and while standing [ours].
_BRAKING_MPS2 = 0.5
_STANDING_MPS = 0.2


@dataclass(frozen=True)
class Motion:
    """Per row of the run: metres driven since the vehicle's first row (N,), whether its brake lights shine (N,)."""

    way_m: F64
    braking: npt.NDArray[np.bool_]


def motion(run: Run) -> Motion:
    """Way and braking for every row of a run."""
    order = np.lexsort((run.frame, run.vehicle))
    way, braking = np.zeros(len(order)), np.zeros(len(order), dtype=bool)
    vehicle = run.vehicle[order]
    first = np.flatnonzero(np.r_[True, vehicle[1:] != vehicle[:-1]]) if len(order) else np.zeros(0, int)
    for rows in np.split(order, first[1:]):
        speed = run.speed_mps[rows]
        way[rows] = np.r_[0.0, np.cumsum((speed[1:] + speed[:-1]) / 2 * run.step_s)][: len(rows)]
        slower = np.r_[0.0, np.diff(speed)] / run.step_s < -_BRAKING_MPS2
        braking[rows] = slower | np.r_[slower[1:], False] | (speed < _STANDING_MPS)
    return Motion(way, braking)
