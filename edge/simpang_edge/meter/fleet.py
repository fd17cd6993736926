"""What is remembered of every vehicle in view: one row of a structured array each, gone with the vehicle."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..data import KINDS, FloatArray, IntArray, Vehicles
from .decisions import Decisions, Rule
from .fits import MAX_MPS, ends, slopes
from .proof import KERB_M, doubt, prove, replaced
from .settings import LENGTH_M

LENGTHS: Final = 15
"""Estimates of a vehicle's length that are kept; their median counts."""

SEGMENTS: Final = 8
"""Equal parts of the measured length at whose ends the time of passing is kept."""

HEIR_S: Final = 1.6
HEIR_AHEAD_M: Final = 5.0
HEIR_BACK_M: Final = 8.0
HEIR_ACROSS_M: Final = 1.2
CLEAR_M: Final = 0.5
BACK_S: Final = 2.0
FASTEST_MPS: Final = 15.0
FILTERS_M: Final = 2.0
"""How far to the side a vehicle may be when it appears again: a motorcycle filters to the head of the queue
meanwhile."""

HISTORY: Final = 48
"""Positions kept per vehicle: 6 s at 8 frames/s, 1.9 s at 25."""

SPEED_S: Final = 1.0
NEARLY_S: Final = 0.9
LONG_S: Final = 2.0
UNSURE_MPS: Final = 0.5
"""A speed over one second with a larger standard error than this (far away, where a pixel is half a metre) is taken
over two instead: its error is a third of that, and standing vehicles do not seem to move."""

MIN_SPAN_S: Final = 0.2
FORGET_S: Final = 30.0
JUMP_M: Final = 4.0
JUMP_SHARE: Final = 0.1
BACK_MPS: Final = 5.0
START_M: Final = 2.5
STILL_S: Final = 0.4
PERSON: Final = KINDS.index("person")
TWO_WHEELS: Final = (KINDS.index("motorcycle"), KINDS.index("bicycle"))

Rows = NDArray[Any]

ROW = np.dtype(
    [
        ("id", "i8"), ("kind", "i8"), ("approach", "i8"), ("lane", "i8"),
        ("seen_s", "f8"), ("along_m", "f8"), ("across_m", "f8"), ("length_m", "f8"), ("speed_mps", "f8"),
        ("first_s", "f8"), ("first_m", "f8"),
        ("samples", "i8"), ("times_s", "f8", (HISTORY,)), ("alongs_m", "f8", (HISTORY,)),
        ("slow_since_s", "f8"), ("fast_since_s", "f8"), ("still_s", "f8"), ("queued", "?"), ("was_queued", "?"),
        ("ran", "?"), ("stopped", "?"), ("stops", "i8"), ("stopped_s", "f8"),
        ("line_lane", "i8"), ("lane_votes", "f8"),
        ("armed", "?"), ("counted", "?"), ("passed_s", "f8"), ("crossed_s", "f8"),
        ("back_since_s", "f8"), ("back_from_m", "f8"), ("kerb_told", "?"),
        ("lengths_m", "f8", (LENGTHS,)), ("lengths", "i8"), ("passes_s", "f8", (SEGMENTS,)), ("arrived", "?"),
        ("held", "?"), ("held_s", "f8"), ("accounted_m", "f8"), ("orphan", "?"),
        ("reach_m", "f8"), ("reach_s", "f8"), ("reach_mps", "f8"), ("settled", "?"),
        ("proven", "?"), ("proven_s", "f8"), ("proven_m", "f8"), ("replaces", "i8"), ("inner", "i8"),
        ("obstacle", "?"),
    ],
    align=True,
)  # fmt: skip
"""One vehicle. speed_mps: toward the stop line, over the last second, NaN where unknown. still_s: when it last stood.
ran, stopped: has been fast since its last stop; is in a stop. line_lane: the lane in which it comes to the line, -1
where it was never before it; lane_votes: how much speaks for that lane. armed: was upstream of the line. counted: will
not be counted (again). passed_s: when the contact point last went over 0. crossed_s: crossing not yet handed out, else
NaN. back_*: moving against the traffic since, from. kerb_told: its stop at the kerb was counted. times_s, alongs_m: a
ring of the latest `HISTORY` sightings. lengths_m: a ring of the latest measured lengths, `lengths` of them ever.
passes_s: when the contact point came to the end of each part of the measured length, the one nearest the line first,
NaN where that was not seen. arrived: its arrival was told. held: queued and hidden. held_s, accounted_m: until when and
where its hidden way is accounted for. orphan: its track ended but it may be hidden. reach_*: how far it ever came,
when, and how fast then; a box whose lower part is hidden makes it seem to move back. settled: where it came from was
looked for. proven: is a vehicle, not something that stands beside the road (`proof`); proven_*: last sighting before
that was known. replaces: the vehicle in whose place it began and for which it is believed, -1 for none. inner:
sightings before the line away from the kerb, less those by it. obstacle: stands where others pass, no traffic
(`obstacles`)."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The vehicles of one frame that are on an approach; all arrays (n,).

    row: index in `Fleet.rows`. before_s, before_m: its previous sighting (this one for a new vehicle). dt_s: the time
    since, 0 where that is too long to have been watched. hidden_s: where the road was watched but the vehicle was not
    seen for longer than that, the time that is not yet accounted for, else 0.
    """

    time_s: float
    row: IntArray
    before_s: FloatArray
    before_m: FloatArray
    dt_s: FloatArray
    hidden_s: FloatArray

    def __len__(self) -> int:
        return len(self.row)


class Fleet:
    """The vehicles in view, by track id.

    toward, length_m: (A,), whether traffic comes toward the camera, and measured length, by approach.
    exchanged: in the latest frame, tracks that went over to another vehicle, each with the one that goes on for it.
    """

    def __init__(
        self, toward: NDArray[np.bool_], decisions: Decisions | None = None, length_m: FloatArray | None = None
    ) -> None:
        self._toward = toward
        self._length_m = np.full(len(toward), np.inf) if length_m is None else length_m
        self._decisions = decisions
        self._row_of: dict[int, int] = {}
        self._free: list[int] = []
        self._active: IntArray | None = None
        self._frames_s = _NO_FRAMES
        self._watched_s = -np.inf
        self.rows: Rows = np.zeros(0, ROW)
        self.exchanged: list[tuple[int, int]] = []

    def __len__(self) -> int:
        return len(self._row_of)

    def observe(self, vehicles: Vehicles, max_gap_s: float) -> Seen:
        """Remember one frame. A vehicle that was out of sight for longer than `max_gap_s` has dt_s 0.

        Vehicles on no approach and those without a confirmed id (>= 1) are left out.
        """
        self.exchanged.clear()
        picked = ((vehicles.approach >= 0) & np.isfinite(vehicles.along_m) & (vehicles.id >= 1)).nonzero()[0]
        row = self._admit(vehicles, picked)
        for n in self._others(vehicles, picked, row).tolist():
            self._replace(vehicles, int(picked[n]), int(row[n]))
        self._enter_by_exit(vehicles, picked, row)
        seen = self._seen(row, vehicles.time_s, max_gap_s)
        rows = self.rows
        rows["held"][row] = rows["orphan"][row] = False
        rows["held_s"][row] = rows["accounted_m"][row] = np.nan
        self._write(vehicles, picked, row)
        rows["speed_mps"][row] = self._speeds(row, vehicles.time_s)
        self._reach(row, vehicles.time_s)
        doubt(rows, row)
        prove(rows, row, seen.before_s, seen.before_m, self.watched_s, self._length_m)
        return seen

    def _seen(self, row: IntArray, now_s: float, max_gap_s: float) -> Seen:
        """What these rows (n,) remember of before this frame."""
        before_s, before_m = self.rows["seen_s"][row], self.rows["along_m"][row]
        if now_s - self._frames_s[-1] > max_gap_s:
            self._watched_s = now_s
        self._frames_s = (*self._frames_s[1:], now_s)
        dt_s, hidden_s = now_s - before_s, np.zeros(len(row))
        long = dt_s > max_gap_s
        if long.any():
            hidden = long & (before_s >= self._watched_s)
            hidden_s[hidden] = now_s - np.fmax(before_s, self.rows["held_s"][row])[hidden]
            dt_s[long] = 0.0
        return Seen(now_s, row, before_s, before_m, dt_s, hidden_s)

    def _speeds(self, row: IntArray, now_s: float) -> FloatArray:
        """Speeds toward the stop line of rows (n,), NaN where unknown or more than a vehicle can have, (n,)."""
        times_s, alongs_m = self.rows["times_s"][row], self.rows["alongs_m"][row]
        slope_mps, error_mps = slopes(times_s, alongs_m, now_s - SPEED_S, MIN_SPAN_S)
        unsure = (error_mps > UNSURE_MPS).nonzero()[0]
        if len(unsure):
            slope_mps[unsure] = slopes(times_s[unsure], alongs_m[unsure], now_s - LONG_S, MIN_SPAN_S)[0]
        few = np.isnan(slope_mps).nonzero()[0] if now_s - self._frames_s[0] > SPEED_S else ()
        if len(few):
            slope_mps[few] = ends(times_s[few], alongs_m[few], self._since_s(now_s))
        return np.where(np.abs(slope_mps) <= MAX_MPS, -slope_mps, np.nan)

    def _since_s(self, now_s: float) -> float:
        """Where fewer than three pictures came in a second: since when sightings make a speed. The newest picture of
        about a second ago or more; of none before which the road was not watched."""
        about = [time_s for time_s in self._frames_s[:-1] if now_s - time_s >= NEARLY_S]
        return max(*about, self._watched_s)

    @property
    def watched_s(self) -> float:
        """Since when the road has been watched without a break."""
        return float(self._watched_s)

    @property
    def frame_s(self) -> float:
        """When the latest frame was."""
        return float(self._frames_s[-1])

    def rows_of(self, ids: IntArray) -> IntArray:
        """Rows of those of the ids that are remembered, int64 (m,)."""
        return np.array([self._row_of[i] for i in ids.tolist() if i in self._row_of], np.int64)

    def forget(self, ids: IntArray) -> None:
        """Drop vehicles that ended."""
        for i in ids.tolist():
            row = self._row_of.pop(i, None)
            if row is not None:
                self._free.append(row)
                self._active = None

    def stale(self, now_s: float) -> IntArray:
        """Ids not seen for so long that their end must have been missed."""
        active = self.active()
        old = (now_s - self.rows["seen_s"][active] > FORGET_S) & ~self.rows["orphan"][active]
        ids: IntArray = self.rows["id"][active[old]]
        return ids

    def held(self) -> IntArray:
        """Rows of queued vehicles that are hidden, int64 (n,)."""
        active = self.active()
        kept: IntArray = active[self.rows["held"][active]]
        return kept

    def active(self) -> IntArray:
        """Rows in use, in the order in which the vehicles came, int64 (n,); not to be written to."""
        if self._active is None:
            self._active = np.array(list(self._row_of.values()), np.int64)
        return self._active

    def _absent(self, ids: IntArray) -> IntArray:
        """Rows in use of vehicles that are not among these, in the order in which they came, int64 (n,)."""
        here = set(ids.tolist())
        return np.array([row for track, row in self._row_of.items() if track not in here], np.int64)

    def fresh(self, now_s: float, hold_s: float, unproven: bool = False) -> IntArray:
        """Rows of vehicles (persons apart) seen within the last `hold_s`: a flicker does not empty the road.

        unproven: also of those that are not believed yet.
        """
        rows, active = self.rows, self.active()
        here = (now_s - rows["seen_s"][active] <= hold_s) & (rows["kind"][active] != PERSON)
        kept: IntArray = active[here & (rows["proven"][active] | unproven)]
        return kept

    def extent_m(self, row: IntArray) -> tuple[FloatArray, FloatArray]:
        """Positions of front and rear bumper, (n,) each.

        The position is the bumper that the camera sees: the front of traffic that comes toward it, else the rear.
        """
        rows = self.rows
        along_m, length_m = rows["along_m"][row], rows["length_m"][row]
        front_m = np.where(self._toward[rows["approach"][row]], along_m, along_m - length_m)
        return front_m, front_m + length_m

    def clear(self) -> None:
        """Forget everything: positions before and after a step of the clock have nothing to do with each other."""
        self._row_of.clear()
        self._active = None
        self._frames_s = _NO_FRAMES
        self._watched_s = -np.inf
        self._free = list(range(len(self.rows)))

    def _admit(self, vehicles: Vehicles, picked: IntArray) -> IntArray:
        """The rows of the vehicles `picked` (n,) of a frame, (n,); new ones are given one."""
        tracks = vehicles.id[picked].tolist()
        new = [n for n, track in enumerate(tracks) if track not in self._row_of]
        for n in new:
            self._enter(vehicles, int(picked[n]), tracks[n])
        return np.array([self._row_of[track] for track in tracks], np.int64)

    def _enter(self, vehicles: Vehicles, n: int, track: int) -> None:
        """Give a new track a row: that of a vehicle which it continues, else a clean one."""
        by_kerb = vehicles.across_m[n] < KERB_M
        absent = np.zeros(0, np.int64) if by_kerb else self._absent(vehicles.id)
        row = self._heir(vehicles, n, absent) if len(absent) else None
        row = self._appeared(vehicles, n, absent) if row is None and len(absent) else row
        row = self._left(vehicles, n, track) if row is None and vehicles.along_m[n] < -CLEAR_M else row
        if row is None:
            row = self._new_row()
            self.rows[row] = _blank(vehicles, n)
            self.rows["replaces"][row] = replaced(self.rows, row, absent)
            self.rows["proven"][row] = self.rows["replaces"][row] >= 0
        elif self._decisions is not None:
            self._decisions.about(Rule.CONTINUED, self.rows[row], vehicles.time_s, float(vehicles.along_m[n]), track)
        self.rows["id"][row] = track
        self._row_of[track] = row
        self._active = None

    def _others(self, vehicles: Vehicles, picked: IntArray, row: IntArray) -> IntArray:
        """Indices of vehicles that changed their approach, or moved as none can, so that their tracks now follow other
        ones, (m,).

        More than 4 m and a tenth of the distance (a metre is less than 4 pixels there) beyond 50 m/s downstream or
        5 m/s upstream; and more than 2.5 m from a standstill over the stop line within 0.4 s, for which it would take
        more than 30 m/s².
        """
        rows, along_m = self.rows, vehicles.along_m[picked]
        gap_s = vehicles.time_s - rows["seen_s"][row]
        moved_m = rows["along_m"][row] - along_m
        slack_m = JUMP_M + JUMP_SHARE * np.abs(along_m)
        far = (moved_m > MAX_MPS * gap_s + slack_m) | (moved_m < -BACK_MPS * gap_s - slack_m)
        stood = rows["seen_s"][row] - rows["still_s"][row] < STILL_S
        far |= stood & (rows["along_m"][row] > 0) & (along_m < 0) & (moved_m > START_M) & (gap_s < STILL_S)
        other: IntArray = (far | (rows["approach"][row] != vehicles.approach[picked])).nonzero()[0]
        return other

    def _replace(self, vehicles: Vehicles, n: int, row: int) -> None:
        """From here on the row is that of vehicle `n` of a frame, another one than before."""
        if self._decisions is not None and self.rows["approach"][row] == vehicles.approach[n]:
            self._decisions.about(Rule.JUMPED, self.rows[row], vehicles.time_s, float(vehicles.along_m[n]))
        self.rows[row] = _blank(vehicles, n)
        self.rows["settled"][row] = True

    def _enter_by_exit(self, vehicles: Vehicles, picked: IntArray, row: IntArray) -> None:
        """Who was first seen past the line and drives up the approach, against its traffic, begins where it enters."""
        rows = self.rows
        n = (rows["first_m"][row] < 0).nonzero()[0]
        if not len(n):
            return
        came = (vehicles.along_m[picked[n]] > 0) & (rows["along_m"][row[n]] <= 0)
        came &= ~rows["counted"][row[n]] & ~rows["armed"][row[n]]
        for k in n[came].tolist():
            rows[int(row[k])] = _blank(vehicles, int(picked[k]))

    def _heir(self, vehicles: Vehicles, n: int, absent: IntArray) -> int | None:
        """Row of a vehicle lost a moment ago, one of `absent`, that the new track `n` continues near the line; it
        changes its id.

        Without this a track that breaks on the line would be counted twice, or not at all.
        """
        absent = absent[vehicles.time_s - self.rows["seen_s"][absent] <= HEIR_S]
        if not len(absent):
            return None
        rows = self.rows[absent]
        gap_s = vehicles.time_s - rows["seen_s"]
        expected_m = rows["along_m"] - np.nan_to_num(rows["speed_mps"]) * gap_s
        miss_m = np.abs(expected_m - vehicles.along_m[n])
        good = (gap_s > 0) & (rows["approach"] == vehicles.approach[n]) & (np.abs(expected_m) <= 8)
        good &= rows["inner"] >= 0
        good &= miss_m <= 1.5 + np.abs(np.nan_to_num(rows["speed_mps"])) * gap_s * 0.3
        good &= (np.abs(rows["across_m"] - vehicles.across_m[n]) <= 1.2) & (rows["kind"] == vehicles.kind[n])
        if not good.any():
            return None
        best = int(np.argmin(np.where(good, miss_m, np.inf)))
        return self._row_of.pop(int(rows["id"][best]))

    def _appeared(self, vehicles: Vehicles, n: int, absent: IntArray) -> int | None:
        """Row of a hidden vehicle whose track ended, one of `absent`, and that the new track `n` shows again: the same
        kind, about where it stood or would have rolled to."""
        absent = absent[self.rows["orphan"][absent]]
        if not len(absent):
            return None
        rows = self.rows[absent]
        rolled_m = np.nan_to_num(rows["reach_mps"]) * (vehicles.time_s - rows["reach_s"])
        moved_m = rows["reach_m"] - np.where(rows["queued"], 0.0, rolled_m) - vehicles.along_m[n]
        good = (rows["approach"] == vehicles.approach[n]) & (rows["kind"] == vehicles.kind[n])
        aside_m = FILTERS_M if vehicles.kind[n] in TWO_WHEELS else HEIR_ACROSS_M
        good &= np.abs(rows["across_m"] - vehicles.across_m[n]) <= aside_m
        good &= (moved_m >= -HEIR_BACK_M) & (moved_m <= HEIR_AHEAD_M)
        if not good.any():
            return None
        best = int(np.argmin(np.where(good, np.abs(moved_m), np.inf)))
        return self._row_of.pop(int(rows["id"][best]))

    def _left(self, vehicles: Vehicles, n: int, track: int) -> int | None:
        """Row of a vehicle that left over the line and whose track is seen before it again: that track went over to
        the vehicle behind it, which gets a row of its own, and the new track `n` just past the line goes on with it.

        Vehicles neither drive back over the line nor appear past it; each explains the other.
        """
        here = ((vehicles.along_m > CLEAR_M) & (vehicles.approach == vehicles.approach[n])).nonzero()[0]
        here = np.array([m for m in here.tolist() if int(vehicles.id[m]) in self._row_of], np.int64)
        row = np.array([self._row_of[track] for track in vehicles.id[here].tolist()], np.int64)
        since_s = vehicles.time_s - self.rows["passed_s"][row]
        good = self.rows["counted"][row] & (since_s <= BACK_S) & (self.rows["kind"][row] == vehicles.kind[n])
        good &= np.abs(self.rows["across_m"][row] - vehicles.across_m[n]) <= HEIR_ACROSS_M
        good &= -vehicles.along_m[n] <= FASTEST_MPS * since_s
        if not good.any():
            return None
        return self._exchange(vehicles, int(here[good][0]), n, track)

    def _exchange(self, vehicles: Vehicles, old: int, new: int, track: int) -> int:
        """The row of vehicle `old` of a frame is that of `new` from now on, and `old` gets a clean one."""
        before = int(vehicles.id[old])
        row, clean = self._row_of.pop(before), self._new_row()
        self.rows[clean] = _blank(vehicles, old)
        self.rows["settled"][clean] = True
        self._row_of[before] = clean
        self.rows["along_m"][row] = vehicles.along_m[new]
        self.exchanged.append((before, track))
        return row

    def _new_row(self) -> int:
        if not self._free:
            old = len(self.rows)
            self.rows = np.concatenate((self.rows, np.zeros(max(32, old), ROW)))
            self._free = list(range(len(self.rows) - 1, old - 1, -1))
        return self._free.pop()

    def _write(self, vehicles: Vehicles, picked: IntArray, row: IntArray) -> None:
        rows, along_m = self.rows, vehicles.along_m[picked]
        rows["kind"][row], rows["lane"][row] = vehicles.kind[picked], vehicles.lane[picked]
        rows["along_m"][row], rows["across_m"][row] = along_m, vehicles.across_m[picked]
        self._measure_length(row, vehicles.length_m[picked])
        rows["seen_s"][row] = vehicles.time_s
        samples = rows["samples"][row]
        at = samples % HISTORY
        rows["times_s"][row, at] = vehicles.time_s
        rows["alongs_m"][row, at] = along_m
        rows["samples"][row] = samples + 1
        by_kerb = vehicles.across_m[picked] < KERB_M
        rows["inner"][row] += np.where(along_m > 0, np.where(by_kerb, -1, 1), 0)

    def _reach(self, row: IntArray, now_s: float) -> None:
        rows = self.rows
        on = row[~(rows["along_m"][row] > rows["reach_m"][row])]
        rows["reach_m"][on], rows["reach_s"][on] = rows["along_m"][on], now_s
        speed_mps = rows["speed_mps"][on]
        known = np.isfinite(speed_mps)
        rows["reach_mps"][on[known]] = speed_mps[known]

    def _measure_length(self, row: IntArray, given_m: FloatArray) -> None:
        """Keep the estimates of this frame (n,); a vehicle's length is their median, else that of its kind."""
        rows = self.rows
        new = np.isfinite(given_m)
        known = row[new]
        if len(known):
            made = rows["lengths"][known]
            rows["lengths_m"][known, made % LENGTHS] = given_m[new]
            rows["lengths"][known] = made + 1
            ordered = np.sort(rows["lengths_m"][known], axis=1)  # NaN last
            middle = (np.minimum(made + 1, LENGTHS) - 1) // 2
            rows["length_m"][known] = ordered[np.arange(len(known)), middle]
        unknown = row[rows["lengths"][row] == 0]
        rows["length_m"][unknown] = LENGTH_M[rows["kind"][unknown]]


def _blank(vehicles: Vehicles, n: int) -> Rows:
    """The row of vehicle `n` of a frame as if it had never been seen before."""
    row = BLANK.copy()
    row["id"], row["approach"] = vehicles.id[n], vehicles.approach[n]
    row["first_s"] = row["seen_s"] = vehicles.time_s
    row["first_m"] = row["along_m"] = vehicles.along_m[n]
    row["across_m"] = vehicles.across_m[n]
    return row


def _never_seen() -> Rows:
    row = np.zeros((), ROW)
    row["lane"] = row["line_lane"] = row["replaces"] = -1
    for name in (
        "times_s",
        "speed_mps",
        "slow_since_s",
        "fast_since_s",
        "still_s",
        "passed_s",
        "crossed_s",
        "back_since_s",
        "lengths_m",
        "passes_s",
        "held_s",
        "accounted_m",
        "reach_m",
        "reach_mps",
        "proven_s",
        "proven_m",
    ):
        row[name] = np.nan
    return row


BLANK: Final = _never_seen()
_NO_FRAMES: Final = (-np.inf, -np.inf, -np.inf)


def history(rows: Rows, row: int) -> tuple[FloatArray, FloatArray]:
    """Times and positions kept of one vehicle, in the order of time, (n,) each."""
    times_s, alongs_m, samples = rows["times_s"][row], rows["alongs_m"][row], int(rows["samples"][row])
    if samples <= HISTORY:
        return times_s[:samples], alongs_m[:samples]
    first = samples % HISTORY
    return np.roll(times_s, -first), np.roll(alongs_m, -first)
