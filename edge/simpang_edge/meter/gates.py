"""Who passes each gate, and which way: every vehicle of the picture, also one that came through no approach."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..config import Camera
from ..data import FloatArray, IntArray, Vehicles
from ..plane import camera_plane
from ..slots import Slots
from .decisions import Decisions
from .fleet import Fleet

CLEAR_M: Final = 1.0
"""A vehicle is on a side of a gate when it is so far from it [ours]: one that stands on the line or whose box flickers
there passes it once."""

END_SLACK: Final = 0.02
"""A passage this share of the gate's length beyond its ends still counts."""

MOST: Final = 1000
"""More vehicles than this are not followed at a time."""

DIRECTIONS: Final = ("forward", "backward")
"""forward: from the left-hand to the right-hand side of the gate in the picture, seen from its first to its second
point, as in `simpang count`."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One vehicle over one gate: index of the gate, index in `DIRECTIONS`, time between its sightings beside it."""

    time_s: float
    gate: int
    direction: int
    kind: int
    length_m: float
    length_known: bool


AWAY, THERE, TIME = range(3)
"""What is kept of a vehicle and a gate from when it was last clear of it: metres across it, forward positive; metres
along it from its first point; when."""


class Gates:
    """Counts each vehicle once at most per gate and direction. What is kept of a vehicle goes with it."""

    def __init__(self, camera: Camera, decisions: Decisions | None = None) -> None:
        self._names = tuple(gate.id for gate in camera.gates)
        self._decisions = decisions
        plane = camera_plane(camera) if camera.gates else None
        lines = [] if plane is None else [plane.to_road(np.array(gate.line, np.float64)) for gate in camera.gates]
        ends = np.array(lines, np.float64).reshape(-1, 2, 2)
        way = ends[:, 1] - ends[:, 0]
        self._length_m: FloatArray = np.hypot(way[:, 0], way[:, 1])
        along = way / self._length_m[:, None]
        sign = -1 if plane is not None and plane.mirrored else 1
        forward = sign * np.column_stack([along[:, 1], -along[:, 0]])
        self._axes: FloatArray = np.concatenate([forward, along]).T
        self._origin: FloatArray = (np.concatenate([ends[:, 0], ends[:, 0]]) * self._axes.T).sum(axis=1)
        self._slots = Slots()
        size = MOST if lines else 0
        self._kept: FloatArray = np.full((size, 3, len(lines)), np.nan)
        self._done: NDArray[np.bool_] = np.zeros((size, len(lines), len(DIRECTIONS)), bool)

    def __len__(self) -> int:
        return len(self._slots)

    def follow(self, vehicles: Vehicles, fleet: Fleet) -> tuple[Passage, ...]:
        """The passages that became clear in this frame; fleet knows the lengths."""
        gates = len(self._length_m)
        if not gates:
            return ()
        self._slots.release(vehicles.gone)
        row, slot = self._places(vehicles)
        now = np.empty((len(row), 3, gates))
        now[:, :TIME] = (vehicles.xy_m[row] @ self._axes - self._origin).reshape(-1, 2, gates)
        now[:, TIME] = vehicles.time_s
        before, clear = self._kept[slot], np.abs(now[:, AWAY]) >= CLEAR_M
        self._kept[slot] = np.where(clear[:, None], now, before)
        changed = clear & (now[:, AWAY] * before[:, AWAY] < 0)
        if not changed.any():
            return ()
        found = []
        for n, gate in np.argwhere(changed).tolist():
            direction = int(now[n, AWAY, gate] < 0)
            time_s = self._passed_s(gate, before[n, :, gate], now[n, :, gate])
            if time_s is not None and not self._done[slot[n], gate, direction]:
                self._done[slot[n], gate, direction] = True
                found.append(_passage(time_s, gate, direction, vehicles, int(row[n]), fleet))
                if self._decisions is not None:
                    track = int(vehicles.id[row[n]])
                    self._decisions.gated(time_s, track, self._names[gate], DIRECTIONS[direction])
        return tuple(found)

    def clear(self) -> None:
        """Forget all vehicles: the picture could not be trusted, or the clock was set."""
        self._slots = Slots()

    def _places(self, vehicles: Vehicles) -> tuple[IntArray, IntArray]:
        """Rows (n,) of the vehicles whose place is known, and where each is kept, (n,)."""
        row = ((vehicles.id >= 1) & np.isfinite(vehicles.xy_m[:, 0])).nonzero()[0][:MOST]
        if len(self._slots) + len(row) > MOST:
            self.clear()
        slot, new = self._slots.take(vehicles.id[row])
        self._kept[slot[new]] = np.nan
        self._done[slot[new]] = False
        return row, slot

    def _passed_s(self, gate: int, before: FloatArray, now: FloatArray) -> float | None:
        """When a vehicle was on the gate's line, on the straight between two sightings (3,) clear of it on either side;
        None when it passed beside the gate."""
        share = before[AWAY] / (before[AWAY] - now[AWAY])
        there_m, time_s = (before + share * (now - before))[THERE:].tolist()
        over = there_m / self._length_m[gate]
        return float(time_s) if -END_SLACK <= over <= 1 + END_SLACK else None


def _passage(time_s: float, gate: int, direction: int, vehicles: Vehicles, row: int, fleet: Fleet) -> Passage:
    known = fleet.rows[fleet.rows_of(vehicles.id[row : row + 1])]
    measured = bool(len(known) and known["lengths"][0] > 0)
    length_m = float(known["length_m"][0]) if measured else float("nan")
    return Passage(time_s, gate, direction, int(vehicles.kind[row]), length_m, measured)
