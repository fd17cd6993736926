"""Standing vehicles that others pass, on links: an obstruction, not traffic (a rule of ours).

A car at the kerb of a road away from junctions waits for nothing. In Edie's sums it would make the speed of the road a
fraction of what everybody drives, and with it the level of service and the state.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..config import IncidentRules
from ..data import IntArray
from .fleet import Fleet, Rows
from .layout import Layout
from .queue import HOLD_S
from .stood import Stood, in_place

GROUP_M: Final = 15.0
"""Vehicles that stand closer to one another than this may be a queue."""

ACROSS_M: Final = 1.2
FORGET_S: Final = 60.0
"""An obstacle that has not been seen for so long is gone; until then one that stands in its place is the same."""

SIGNS: Final = 2


@dataclass(slots=True)
class _Place:
    """Where an obstacle stands, and when it was last seen there."""

    approach: int
    across_m: float
    along_m: float
    seen_s: float

    def holds(self, one: Rows) -> bool:
        """Whether a vehicle is in this place."""
        beside = self.approach == one["approach"] and abs(float(one["across_m"]) - self.across_m) <= ACROSS_M
        return bool(beside and in_place(float(one["along_m"]), self.along_m))


@dataclass(slots=True)
class Obstacles:
    """Marks in the fleet who stands on a link as an obstacle, from then until it leaves its place.

    After `stopped_s` in its place, two of these make it one: `overtakers` others went past it; it stands alone, nobody
    else standing within 15 m of it along the road; it has stood for `long_stop_s`, or stands in a kerb zone. So a queue
    in one lane that another lane passes keeps its vehicles (they stand close together and move up within two
    minutes), and so does a road on which nothing moves.
    """

    layout: Layout
    rules: IncidentRules
    _places: dict[int, _Place] = field(default_factory=dict)

    def look(self, fleet: Fleet, stood: Stood, standing: IntArray, now_s: float, at_kerb: frozenset[int]) -> None:
        """Mark them; standing: rows of all that stand, (n,); at_kerb: tracks in a kerb zone."""
        if not self.layout.has_links:
            return
        rows = fleet.rows
        self._keep(rows, fleet.fresh(now_s, HOLD_S), now_s)
        standing = standing[self.layout.link[rows["approach"][standing]]]
        for r in standing[~rows["obstacle"][standing]].tolist():
            if self._inherits(rows[r], now_s) or self._is_one(rows, r, stood, standing, now_s, at_kerb):
                self._mark(rows, r, now_s)

    def clear(self) -> None:
        """Forget all places."""
        self._places.clear()

    def _keep(self, rows: Rows, fresh: IntArray, now_s: float) -> None:
        """Let go of those that left their place or were not seen for long."""
        for r in fresh[rows["obstacle"][fresh]].tolist():
            track = int(rows["id"][r])
            place = self._places.get(track)
            if place is not None and place.holds(rows[r]):
                place.seen_s = now_s
            else:
                self._places.pop(track, None)
                rows["obstacle"][r] = False
        for track in [t for t, place in self._places.items() if now_s - place.seen_s > FORGET_S]:
            del self._places[track]

    def _inherits(self, one: Rows, now_s: float) -> bool:
        """Whether it stands where an obstacle stood whose track is gone: the same vehicle."""
        gone = [t for t, place in self._places.items() if place.seen_s < now_s and place.holds(one)]
        for track in gone[:1]:
            del self._places[track]
        return bool(gone)

    def _is_one(
        self, rows: Rows, row: int, stood: Stood, standing: IntArray, now_s: float, at_kerb: frozenset[int]
    ) -> bool:
        track = int(rows["id"][row])
        stands_s = now_s - stood.since_s(track)
        if stands_s < self.rules.stopped_s:
            return False
        passed = stood.passed_by(track) >= self.rules.overtakers
        alone = not _neighbours(rows, row, standing).any()
        return passed + alone + (stands_s >= self.rules.long_stop_s or track in at_kerb) >= SIGNS

    def _mark(self, rows: Rows, row: int, now_s: float) -> None:
        """From here on it is no traffic; nor was it ever in a queue."""
        one = rows[row]
        self._places[int(one["id"])] = _Place(
            int(one["approach"]), float(one["across_m"]), float(one["along_m"]), now_s
        )
        rows["obstacle"][row] = True
        rows["queued"][row] = rows["was_queued"][row] = False


def _neighbours(rows: Rows, row: int, standing: IntArray) -> NDArray[np.bool_]:
    """Which of the rows that stand (n,) are others close to this one along the road, (n,)."""
    near = np.abs(rows["along_m"][standing] - rows["along_m"][row]) <= GROUP_M
    return np.asarray(near & (rows["approach"][standing] == rows["approach"][row]) & (standing != row))
