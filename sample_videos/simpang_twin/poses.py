"""From SUMO's front-bumper points to whole bodies on the road.

The rear axle is drawn along behind the front bumper (a tractrix), so headings are smooth and follow the path that the
vehicle really drove, also while it slides sideways inside its lane.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simpang_twin.fleet import BY_NAME
from simpang_twin.network import F64
from simpang_twin.run import Run

# Distance front bumper to rear axle as a share of the length [ours].
_REAR_AXLE = 0.8


@dataclass(frozen=True)
class Poses:
    """Per row of the run: unit heading (N, 2), rear-bumper middle (N, 2), body middle (N, 2), metres."""

    heading: F64
    rear_m: F64
    centre_m: F64


def poses(run: Run) -> Poses:
    """Headings and bodies for every row of a run."""
    lengths = np.array([BY_NAME[m].length_m for m in run.models])
    heading = np.zeros_like(run.front_m)
    for vehicle in range(len(run.ids)):
        rows = np.flatnonzero(run.vehicle == vehicle)
        if len(rows):
            heading[rows] = _tractrix(run.front_m[rows], run.angle_deg[rows[0]], lengths[vehicle] * _REAR_AXLE)
    length = lengths[run.vehicle][:, None]
    return Poses(heading, run.front_m - heading * length, run.front_m - heading * length / 2)


def _tractrix(front_m: F64, first_angle_deg: float, arm_m: float) -> F64:
    angle = np.radians(first_angle_deg)
    axle = front_m[0] - arm_m * np.array([np.sin(angle), np.cos(angle)])
    out = np.empty_like(front_m)
    for i, front in enumerate(front_m):
        pull = front - axle
        out[i] = pull / np.linalg.norm(pull)
        axle = front - arm_m * out[i]
    return out


def corners(pose_centre_m: F64, heading: F64, length_m: float, width_m: float) -> npt.NDArray[np.float64]:
    """The four ground corners (4, 2) of one body."""
    side = np.array([heading[1], -heading[0]])
    ahead, across = heading * length_m / 2, side * width_m / 2
    return np.stack([pose_centre_m + a * ahead + s * across for a, s in ((1, -1), (1, 1), (-1, 1), (-1, -1))])
