"""Who stays where: vehicles and persons in configured zones, or on foot on a lane, looked at twice a second.

The fleet knows vehicles of an approach, along it; this knows anybody in a zone, by place on the road.
"""

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ..config import Zone
from ..data import KINDS, IntArray, Vehicles
from .settings import IS_MOTOR

EVERY_S: Final = 0.5
STANDS_M: Final = 1.5
"""Within this distance of where it stopped a vehicle stands; a box's jitter stays below it up to some 60 m."""

FRESH_S: Final = 1.0
FORGET_S: Final = 3.0
HEIR_M: Final = 2.0
ON_FOOT_MPS: Final = 3.0
RIDER_M: Final = 1.5
"""A person this close to a motorcycle or bicycle is taken for its rider."""

PERSON: Final = KINDS.index("person")
RIDDEN: Final = (KINDS.index("motorcycle"), KINDS.index("bicycle"))


@dataclass(slots=True)
class Stay:
    """One vehicle or person. x_m, y_m: where it stood since `still_s`. zones: bits now; ever: bits so far.

    since_s: by zone index, when it came in. on_road: seen on a lane. rider: was close to a two-wheeler.
    moved_m: the way it made, jitter included. fast: went faster than a person walks or runs.
    """

    kind: int
    approach: int
    first_s: float
    seen_s: float
    x_m: float
    y_m: float
    last_m: tuple[float, float]
    still_s: float
    zones: int = 0
    ever: int = 0
    since_s: dict[int, float] = field(default_factory=dict)
    on_road: bool = False
    rider: bool = False
    fast: bool = False
    moved_m: float = 0.0
    told: set[str] = field(default_factory=set)

    def stands_s(self, now_s: float) -> float:
        """For how long it has stood in its place."""
        return now_s - self.still_s

    @property
    def on_foot(self) -> bool:
        """Whether it is a pedestrian."""
        return self.kind == PERSON and not self.rider and not self.fast

    def move(self, x_m: float, y_m: float, now_s: float) -> None:
        """It is here now."""
        step_m = math.hypot(x_m - self.last_m[0], y_m - self.last_m[1])
        self.fast = self.fast or step_m > ON_FOOT_MPS * max(now_s - self.seen_s, EVERY_S) + 0.5
        self.moved_m += step_m
        self.last_m, self.seen_s = (x_m, y_m), now_s
        if math.hypot(x_m - self.x_m, y_m - self.y_m) > STANDS_M:
            self.x_m, self.y_m, self.still_s = x_m, y_m, now_s

    def enter(self, zones: int, now_s: float) -> None:
        """It stands in these zones now."""
        self.zones, self.ever = zones, self.ever | zones
        for zone in [z for z in self.since_s if not zones >> z & 1]:
            del self.since_s[zone]
        rest, zone = zones, 0
        while rest:
            if rest & 1:
                self.since_s.setdefault(zone, now_s)
            rest, zone = rest >> 1, zone + 1


class Stays:
    """The memory of all that are in a zone now or were a moment ago, and of persons on lanes."""

    def __init__(self, zones: tuple[Zone, ...]) -> None:
        self.zones = zones
        self.all: dict[int, Stay] = {}
        self._next_s = -math.inf

    def follow(self, vehicles: Vehicles) -> bool:
        """Account for a frame, twice a second at most; whether it did. Costs nothing without zones."""
        now_s = vehicles.time_s
        if vehicles.zones is None or self._next_s - 60 < now_s < self._next_s:
            return False
        self._next_s = now_s + EVERY_S
        place = np.isfinite(vehicles.xy_m).all(axis=1) & (vehicles.id >= 1)
        person = vehicles.kind == PERSON
        known = np.isin(vehicles.id, list(self.all))
        picked = np.flatnonzero(place & ((vehicles.zones > 0) | (person & (vehicles.approach >= 0)) | known))
        for n in picked.tolist():
            self._see(vehicles, n, vehicles.zones)
        self._riders(vehicles, [n for n in picked.tolist() if person[n]])
        self._forget(now_s)
        return True

    def inside(self, zone: int) -> list[Stay]:
        """Those in the zone with this index, seen within a second of the last look: a flicker is no leaving."""
        fresh_s = self._next_s - EVERY_S - FRESH_S
        return [stay for stay in self.all.values() if stay.zones >> zone & 1 and stay.seen_s >= fresh_s]

    def at(self, kind: str) -> frozenset[int]:
        """Tracks in zones of this kind, as of the last look."""
        bits = sum(1 << i for i, zone in enumerate(self.zones) if zone.kind == kind)
        return frozenset(track for track, stay in self.all.items() if stay.zones & bits)

    def clear(self) -> None:
        """Forget everybody."""
        self.all.clear()
        self._next_s = -math.inf

    def _see(self, vehicles: Vehicles, n: int, zones: IntArray) -> None:
        track, now_s = int(vehicles.id[n]), vehicles.time_s
        x_m, y_m = float(vehicles.xy_m[n, 0]), float(vehicles.xy_m[n, 1])
        stay = self.all.get(track) or self._heir(int(vehicles.kind[n]), x_m, y_m, now_s, vehicles)
        if stay is None:
            stay = Stay(int(vehicles.kind[n]), -1, now_s, now_s, x_m, y_m, (x_m, y_m), now_s)
        self.all[track] = stay
        stay.kind = int(vehicles.kind[n])
        stay.move(x_m, y_m, now_s)
        stay.enter(int(zones[n]), now_s)
        if vehicles.approach[n] >= 0:
            stay.approach, stay.on_road = int(vehicles.approach[n]), True

    def _heir(self, kind: int, x_m: float, y_m: float, now_s: float, vehicles: Vehicles) -> Stay | None:
        """One of the same kind that was lost in this place a moment ago: its track broke."""
        seen = set(vehicles.id.tolist())
        for track, stay in self.all.items():
            near = math.hypot(stay.last_m[0] - x_m, stay.last_m[1] - y_m) <= HEIR_M
            if track not in seen and near and stay.kind == kind and now_s - stay.seen_s <= FORGET_S:
                return self.all.pop(track)
        return None

    def _riders(self, vehicles: Vehicles, persons: list[int]) -> None:
        """Persons that sit on a two-wheeler are no pedestrians."""
        ridden = vehicles.xy_m[np.isin(vehicles.kind, RIDDEN)]
        for n in persons:
            away_m = np.hypot(*(ridden - vehicles.xy_m[n]).T) if len(ridden) else np.zeros(0)
            if (away_m <= RIDER_M).any():
                self.all[int(vehicles.id[n])].rider = True

    def _forget(self, now_s: float) -> None:
        for track in [t for t, stay in self.all.items() if now_s - stay.seen_s > FORGET_S]:
            del self.all[track]


def load(stays: list[Stay]) -> float:
    """How many cars' worth of vehicles these are: a two-wheeler or three-wheeler is a quarter and a half of one."""
    return sum(WEIGHT[stay.kind] for stay in stays)


WEIGHT: Final = tuple(
    0.0 if not motor else {"motorcycle": 0.25, "three_wheeler": 0.5}.get(kind, 1.0)
    for kind, motor in zip(KINDS, IS_MOTOR.tolist(), strict=True)
)
"""[ours]: four motorcycles stand where a car does."""
