"""What a simulation leaves: every road user's place in every frame."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simpang_twin.network import F64

I32 = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Run:
    """One simulated run. Rows are sorted by frame; row i is vehicle `vehicle[i]` in frame `frame[i]`.

    frame (N,), vehicle (N,) index into `ids` and `models`; front_m (N, 2) front-bumper middle, metres from the
    junction's middle, x east, y north; angle_deg (N,) SUMO's heading, clockwise from north; speed_mps (N,);
    lane (N,) index into `lane_ids`; time of frame k is k·step_s after the clip's start.
    """

    step_s: float
    frames: int
    ids: tuple[str, ...]
    models: tuple[str, ...]
    lane_ids: tuple[str, ...]
    frame: I32
    vehicle: I32
    lane: I32
    front_m: F64
    angle_deg: F64
    speed_mps: F64

    def __post_init__(self) -> None:
        n = len(self.frame)
        shapes = [a.shape for a in (self.vehicle, self.lane, self.angle_deg, self.speed_mps)]
        if any(s != (n,) for s in shapes) or self.front_m.shape != (n, 2):
            raise ValueError(f"expected arrays of {n} rows, got {shapes} and front {self.front_m.shape}")
