"""Who passes each gate, and which way: every vehicle of the picture, also one that came through no approach."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..config import Camera
from ..data import FloatArray, IntArray, Vehicles
from ..plane import camera_plane
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


class Gates:
    """Counts each vehicle once at most per gate and direction. What is kept of a vehicle goes with it."""

    def __init__(self, camera: Camera) -> None:
        plane = camera_plane(camera) if camera.gates else None
        lines = [] if plane is None else [plane.to_road(np.array(gate.line, np.float64)) for gate in camera.gates]
        ends = np.array(lines, np.float64).reshape(-1, 2, 2)
        along = ends[:, 1] - ends[:, 0]
        self._length_m: FloatArray = np.hypot(along[:, 0], along[:, 1])
        self._start = ends[:, 0]
        self._along = along / self._length_m[:, None]
        sign = -1 if plane is not None and plane.mirrored else 1
        self._forward = sign * np.column_stack([self._along[:, 1], -self._along[:, 0]])
        self._slot_of: dict[int, int] = {}
        self._free = list(range(MOST))
        size = MOST if lines else 0
        self._away_m: FloatArray = np.full((size, len(lines)), np.nan)
        self._there_m: FloatArray = np.full((size, len(lines)), np.nan)
        self._seen_s: FloatArray = np.full((size, len(lines)), np.nan)
        self._done: NDArray[np.bool_] = np.zeros((size, len(lines), len(DIRECTIONS)), bool)

    def __len__(self) -> int:
        return len(self._slot_of)

    def follow(self, vehicles: Vehicles, fleet: Fleet) -> tuple[Passage, ...]:
        """The passages that became clear in this frame; fleet knows the lengths."""
        if not len(self._start):
            return ()
        self._forget(vehicles.gone)
        row, slot = self._slots(vehicles)
        off_m = vehicles.xy_m[row][:, None, :] - self._start
        away_m, there_m = (off_m * self._forward).sum(axis=2), (off_m * self._along).sum(axis=2)
        clear = np.abs(away_m) >= CLEAR_M
        changed = clear & (away_m * self._away_m[slot] < 0)
        found = []
        for n, gate in np.argwhere(changed).tolist():
            time_s = self._passed_s(slot[n], gate, away_m[n, gate], there_m[n, gate], vehicles.time_s)
            if time_s is not None:
                found.append(_passage(time_s, gate, int(away_m[n, gate] < 0), vehicles, int(row[n]), fleet))
        for kept, now in ((self._away_m, away_m), (self._there_m, there_m)):
            kept[slot] = np.where(clear, now, kept[slot])
        self._seen_s[slot] = np.where(clear, vehicles.time_s, self._seen_s[slot])
        return tuple(found)

    def clear(self) -> None:
        """Forget all vehicles: the picture could not be trusted, or the clock was set."""
        self._forget(np.array(list(self._slot_of), np.int64))

    def _slots(self, vehicles: Vehicles) -> tuple[IntArray, IntArray]:
        """Rows (n,) of the vehicles whose place is known, and where each is kept, (n,)."""
        usable = np.flatnonzero((vehicles.id >= 1) & np.isfinite(vehicles.xy_m).all(axis=1))
        ids = vehicles.id[usable].tolist()
        if len(self._free) < len(ids):
            self.clear()
        for track in ids:
            if track not in self._slot_of and self._free:
                self._slot_of[track] = self._free.pop()
        slots = np.array([self._slot_of.get(track, -1) for track in ids], np.int64)
        return usable[slots >= 0], slots[slots >= 0]

    def _passed_s(self, slot: int, gate: int, away_m: float, there_m: float, time_s: float) -> float | None:
        """When a vehicle was on the gate's line, on the straight between its last two clear sightings; None when that
        was beside the gate, or when it was counted in this direction before."""
        before_m, way = self._away_m[slot, gate], int(away_m < 0)
        share = before_m / (before_m - away_m)
        over = (self._there_m[slot, gate] * (1 - share) + there_m * share) / self._length_m[gate]
        if not -END_SLACK <= over <= 1 + END_SLACK or self._done[slot, gate, way]:
            return None
        self._done[slot, gate, way] = True
        return float(self._seen_s[slot, gate] * (1 - share) + time_s * share)

    def _forget(self, ids: IntArray) -> None:
        for track in ids.tolist():
            slot = self._slot_of.pop(track, None)
            if slot is not None:
                self._away_m[slot] = np.nan
                self._done[slot] = False
                self._free.append(slot)


def _passage(time_s: float, gate: int, direction: int, vehicles: Vehicles, row: int, fleet: Fleet) -> Passage:
    known = fleet.rows[fleet.rows_of(vehicles.id[row : row + 1])]
    measured = bool(len(known) and known["lengths"][0] > 0)
    length_m = float(known["length_m"][0]) if measured else float("nan")
    return Passage(time_s, gate, direction, int(vehicles.kind[row]), length_m, measured)
