"""Side friction (hambatan samping): what beside and across the road takes its capacity. PKJI 2023, chapter 4.

Per hour and 200 m: 0.5 × pedestrians + 1.0 × stopping vehicles + 0.7 × entries and exits + 0.4 × slow vehicles; classes
SR below 100, R to 299, S to 499, T to 899, ST from 900. PKJI means both sides of the road; a camera that sees one side
gives a lower bound and says so (flag ``one_side``; parts that are not configured: ``friction_partial``).
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

import numpy as np

from ..config import FrictionRules, Zone
from ..data import KINDS, IntArray, Measurement, Scope
from ..units import S_PER_H
from .fleet import Fleet
from .layout import Layout
from .queue import QueueNow
from .settings import IS_MOTOR
from .stays import Stay, Stays

LENGTH_M: Final = 200.0
MIN_OBSERVED_S: Final = 50.0
"""Below this many observed seconds nothing is counted up to an hour [ours]."""

CLASS_WINDOW_S: Final = 900.0
"""A class is given for windows of at least this length: one stop in a minute counts as 60 an hour [ours]."""

CLASS_SHARE: Final = 0.5
"""And of those, ones of which this share was observed."""

BEHIND_QUEUE_M: Final = 5.0

CLASSES: Final = ((100.0, "SR"), (300.0, "R"), (500.0, "S"), (900.0, "T"), (float("inf"), "ST"))
SEEN_S: Final = 1.0
CROSSED_M: Final = 2.0
BICYCLE: Final = KINDS.index("bicycle")
KERB_LANE: Final = 1
SEEN_KINDS: Final = ("kerb", "crossing", "carriageway")
FRICTION_KINDS: Final = (*SEEN_KINDS, "access")
WHOLE: Final = ("kerb", "access")
"""Without one of these, stops beside the lanes or entries are not seen: a part of it is missing."""


class Side(IntEnum):
    """What is counted, rows of a tally's `side` (len(Side), A)."""

    STOPS = 0
    CROSSINGS = 1
    PEDESTRIANS = 2
    ENTRIES = 3


@dataclass(slots=True)
class Friction:
    """Counts the events of one camera, each vehicle or person once for each kind of event.

    stops: a motor vehicle that stands `stop_s` in a kerb zone, or in lane 1; where a queue stands, upstream of its
    tail. crossings: somebody on
    foot who went 2 m or more on a lane or crossing. pedestrians: anybody on foot in a kerb, crossing or carriageway
    zone or on a lane for a second. entries: a vehicle seen both in an access zone and on a lane, in either order.
    """

    layout: Layout
    rules: FrictionRules
    zones: tuple[Zone, ...]

    def configured(self, approach: str) -> bool:
        """Whether anything of it can be seen on this approach."""
        return bool(self._drawn(approach))

    def _drawn(self, approach: str) -> set[str]:
        """The kinds of zones of this approach by which it is seen."""
        return {zone.kind for zone in self.zones if zone.kind in FRICTION_KINDS and self._of(zone) == approach}

    def count(self, stays: Stays, fleet: Fleet, queue: QueueNow, now_s: float) -> IntArray:
        """New events, int64 (len(Side), A)."""
        found = np.zeros((len(Side), len(self.layout.ids)), np.int64)
        if not self.zones:
            return found
        queued, came_by_road = self._in_queue(fleet, queue), set(fleet.rows["id"][fleet.active()].tolist())
        for track, stay in stays.all.items():
            approach = self._approach(stay)
            if approach < 0:
                continue
            stay.on_road |= track in came_by_road
            for side in self._events(stay, track in queued, now_s):
                if side.name not in stay.told:
                    stay.told.add(side.name)
                    found[side, approach] += 1
        self._lane_stops(found, fleet, stays, queued, now_s)
        return found

    def _events(self, stay: Stay, queued: bool, now_s: float) -> list[Side]:
        events = []
        if IS_MOTOR[stay.kind]:
            stands = stay.stands_s(now_s) >= self.rules.stop_s and stay.zones & self._bits("kerb")
            events += [Side.STOPS] if stands and not queued else []
            events += [Side.ENTRIES] if stay.on_road and stay.ever & self._bits("access") else []
        elif stay.on_foot and now_s - stay.first_s >= SEEN_S:
            near = stay.on_road or stay.ever & self._bits(*SEEN_KINDS)
            events += [Side.PEDESTRIANS] if near else []
            crosses = stay.on_road or stay.ever & self._bits("crossing", "carriageway")
            events += [Side.CROSSINGS] if crosses and stay.moved_m >= CROSSED_M else []
        return events

    def _lane_stops(self, found: IntArray, fleet: Fleet, stays: Stays, queued: set[int], now_s: float) -> None:
        """Stops in the kerb lane itself, told once per vehicle by the field `kerb_told`."""
        rows, row = fleet.rows, fleet.fresh(now_s, 1.0)
        here = rows[row]
        stands = (now_s - here["slow_since_s"] >= self.rules.stop_s) & (here["lane"] == KERB_LANE)
        stands &= ~np.isin(here["id"], list(queued)) & ~here["counted"] & ~here["kerb_told"] & (here["stops"] > 0)
        for r in row[stands & IS_MOTOR[here["kind"]]].tolist():
            rows["kerb_told"][r] = True
            stay = stays.all.get(int(rows["id"][r]))
            if stay is not None and Side.STOPS.name in stay.told:
                continue
            if stay is not None:
                stay.told.add(Side.STOPS.name)
            found[Side.STOPS, int(rows["approach"][r])] += 1

    def _in_queue(self, fleet: Fleet, queue: QueueNow) -> set[int]:
        """Tracks before the line that were queued, or are not upstream of the tail of a queue that stands."""
        rows = fleet.rows[fleet.active()]
        tail_m = queue.tail_m[self.layout.approach_cell[rows["approach"]]]
        waits = (tail_m > 0) & (rows["along_m"] <= tail_m + BEHIND_QUEUE_M)
        return {int(i) for i in rows["id"][(rows["was_queued"] | waits) & ~rows["counted"]]}

    def _bits(self, *kinds: str) -> int:
        return sum(1 << i for i, zone in enumerate(self.zones) if zone.kind in kinds)

    def _of(self, zone: Zone) -> str | None:
        return zone.approach or (self.layout.ids[0] if len(self.layout.ids) == 1 else None)

    def _approach(self, stay: Stay) -> int:
        """Index of the approach it belongs to, by the zones that count, else by its lane; -1 for none."""
        for i, zone in enumerate(self.zones):
            approach = self._of(zone) if zone.kind in FRICTION_KINDS else None
            if stay.ever >> i & 1 and approach is not None:
                return self.layout.ids.index(approach)
        return stay.approach

    def fill(self, row: Measurement, side: IntArray, length_m: float) -> Measurement:
        """The row of an approach with its side friction; side: (len(Side),) of the window."""
        if row.scope is not Scope.APPROACH or row.counts is None or not self.configured(row.approach):
            return row
        slow = row.counts[BICYCLE]
        drawn = self._drawn(row.approach)
        entries = int(side[Side.ENTRIES]) if "access" in drawn else None
        per_hour = self._per_hour(side, slow, row.quality.observed_s, length_m)
        flags = {*row.quality.flags} | (set() if self.rules.both_sides else {"one_side"})
        flags |= set() if drawn.issuperset(WHOLE) else {"friction_partial"}
        return replace(
            row,
            quality=replace(row.quality, flags=tuple(sorted(flags))) if per_hour is not None else row.quality,
            pedestrians=int(side[Side.PEDESTRIANS]),
            friction_stops=int(side[Side.STOPS]),
            friction_crossings=int(side[Side.CROSSINGS]),
            friction_slow=slow,
            friction_entries=entries,
            side_friction=per_hour,
            side_friction_class=side_class(per_hour) if _judged(row) else None,
        )

    def _per_hour(self, side: IntArray, slow: int, observed_s: float, length_m: float) -> float | None:
        """Weighted events per hour and 200 m (PKJI 2023, chapter 4); None when too little was observed."""
        if observed_s < MIN_OBSERVED_S:
            return None
        rules = self.rules
        weighted = (
            rules.pedestrian * side[Side.PEDESTRIANS]
            + rules.stopping * side[Side.STOPS]
            + rules.entering * side[Side.ENTRIES]
            + rules.slow * slow
        )
        return float(weighted) * S_PER_H / observed_s * LENGTH_M / length_m


def _judged(row: Measurement) -> bool:
    """Whether the window is long enough, and enough of it was seen, for a class."""
    span_s = row.to_s - row.from_s
    return span_s >= CLASS_WINDOW_S and row.quality.observed_s >= CLASS_SHARE * span_s


def side_class(per_hour: float | None) -> str | None:
    """SR, R, S, T or ST of weighted events per hour and 200 m, both sides (PKJI 2023, chapter 4)."""
    return None if per_hour is None else next(name for below, name in CLASSES if per_hour < below)
