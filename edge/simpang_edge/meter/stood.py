"""Who stands in its place, since when, and who went past it meanwhile: looked at once a second."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ..data import IntArray
from ..units import mps
from .fleet import Fleet, Rows
from .settings import IS_MOTOR, MOTORCYCLE

FRESH_S: Final = 1.0
STANDS_S: Final = 2.0
PAST_M: Final = 3.0
BEHIND_M: Final = 2.0
OVERTAKES_MPS: Final = mps(10.0)
RIDES_BY_MPS: Final = mps(25.0)
"""A motorcycle that passes more slowly than this may be filtering through a queue whose head was not detected."""

PLACE_M: Final = 1.5
PLACE_SHARE: Final = 0.03
"""A vehicle stands while it is within 1.5 m and 3 % of its distance of where it stopped."""


@dataclass(slots=True)
class Stood:
    """Vehicles upstream of the stop line, by track: where each has been since when, and the tracks that passed it."""

    _still: dict[int, tuple[float, float]] = field(default_factory=dict)
    _passed: dict[int, set[int]] = field(default_factory=dict)

    def look(self, fleet: Fleet, now_s: float) -> IntArray:
        """Rows of vehicles that have stood for `STANDS_S`, nearest the line first; who goes past is remembered."""
        rows, fresh = fleet.rows, fleet.fresh(now_s, FRESH_S)
        upstream = fresh[~rows["counted"][fresh] & (rows["along_m"][fresh] > 0)]
        self._watch_places(rows, upstream, now_s)
        since_s = np.array([self._still[int(i)][0] for i in rows["id"][upstream]], np.float64)
        standing = upstream[now_s - since_s >= STANDS_S]
        self._watch_passing(rows, fresh, standing)
        ordered: IntArray = standing[np.argsort(rows["along_m"][standing], kind="stable")]
        return ordered

    def since_s(self, track: int) -> float:
        """Since when this vehicle has been in its place. Raises `KeyError` for one that the last look did not see."""
        return self._still[track][0]

    def passed_by(self, track: int) -> int:
        """How many went past it since it stood."""
        return len(self._passed.get(track, ()))

    def clear(self) -> None:
        """Forget everybody."""
        self._still.clear()
        self._passed.clear()

    def _watch_places(self, rows: Rows, upstream: IntArray, now_s: float) -> None:
        """Since when each vehicle has been in its place. By place, not by speed: far away a box jitters faster than
        5 km/h while its vehicle stands."""
        here: dict[int, tuple[float, float]] = {}
        for r in upstream.tolist():
            track, along_m = int(rows["id"][r]), float(rows["along_m"][r])
            since_s, place_m = self._still.get(track, (now_s, along_m))
            here[track] = (since_s, place_m) if in_place(along_m, place_m) else (now_s, along_m)
        self._still = here

    def _watch_passing(self, rows: Rows, fresh: IntArray, standing: IntArray) -> None:
        """Remember who went past each vehicle that stands: from 2 m behind it to 3 m ahead, since it stood."""
        tracks = {int(i) for i in rows["id"][standing]}
        for track in [t for t in self._passed if t not in tracks]:
            del self._passed[track]
        least_mps = np.where(rows["kind"][fresh] == MOTORCYCLE, RIDES_BY_MPS, OVERTAKES_MPS)
        moving = fresh[(rows["speed_mps"][fresh] >= least_mps) & IS_MOTOR[rows["kind"][fresh]]]
        for r in standing.tolist():
            one = rows[r]
            ahead = moving[rows["along_m"][moving] < one["along_m"] - PAST_M]
            ahead = ahead[rows["approach"][ahead] == one["approach"]]
            since_s = self.since_s(int(one["id"]))
            was = (rows["alongs_m"][ahead] > one["along_m"] + BEHIND_M) & (rows["times_s"][ahead] > since_s + 1)
            passed = self._passed.setdefault(int(one["id"]), set())
            passed |= {int(i) for i in rows["id"][ahead[was.any(axis=1)]]}


def in_place(along_m: float, place_m: float) -> bool:
    """Whether a vehicle there has not left the place where it stood."""
    return abs(along_m - place_m) <= PLACE_M + PLACE_SHARE * along_m
