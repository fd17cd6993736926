"""Vehicles over the stop line: by real motion of the contact point, once per vehicle."""

import math
from collections import deque
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..data import FloatArray, IntArray
from .decisions import Decisions, Rule, lane_at_line
from .fits import MAX_MPS, Line, bend, fit
from .fleet import SEGMENTS, Fleet, Rows, Seen, history
from .proof import doubles
from .settings import WIDTH_M

BAND_M: Final = 0.5
PAST_M: Final = 0.75
"""The hysteresis: clearly upstream beyond +0.5 m, clearly past beyond -0.75 m. A front is known to half a metre, and
many stop with it on the line."""

PLACE_M: Final = 0.25
"""Standard error of a front's place: half a metre holds 95 %."""

MOST_MPS2: Final = 4.0
"""Few vehicles start or brake harder; more is noise."""

START_S: Final = math.sqrt(2 * PAST_M / MOST_MPS2)
"""A vehicle that stood at the line until its box went over it counts after this time (0.6 s), which it needs to be
clearly past: who walks by before it makes its box longer for a moment."""

STOOD_S: Final = 0.4

APART_M: Final = 3.0
NEAR_M: Final = 8.0
AROUND_S: Final = 1.0
WIDE_S: Final = 1.5
MIN_MOTION_M: Final = 2.0
MAX_ROUGH_M: Final = 1.0
MOVING_MPS: Final = 2.0
ROLLING_MPS: Final = 0.5
LOST_M: Final = 1.5
LATE_S: Final = 0.5
AGAIN_S: Final = 2.0
FRESH_S: Final = 0.3
HALF: Final = 0.5
FADES_M: Final = 2.0
"""What was seen so far back counts for a third in which lane a vehicle comes to the line."""

SETTLED_S: Final = 1.0
"""A vehicle that was there when the camera began to watch has a track after this long."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """One vehicle over the stop line of its approach.

    time_s: contact point at the line, interpolated. lane: the one in which it came to the line. speed_mps,
    speed_error_mps: there, and its standard error.
    start_s, start_m: first sighting. stopped_s, stops: until now. still_s: when it last stood, NaN if never.
    length_known: whether length_m was measured, else it is that of its kind. passes_s: see `fleet.ROW`.
    whole: whether the camera watched from before it came into the near half of the measured length on; hidden it may
    have been.
    """

    time_s: float
    track: int
    kind: int
    approach: int
    lane: int
    speed_mps: float | None
    speed_error_mps: float | None
    length_m: float
    was_queued: bool
    still_s: float
    start_s: float
    start_m: float
    stopped_s: float
    stops: int
    length_known: bool = False
    passes_s: tuple[float, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class _Past:
    """A crossing remembered for a moment, to know the same vehicle under another id."""

    track: int
    approach: int
    time_s: float
    across_m: float
    speed_mps: float
    kind: int
    length_m: float
    line_m: float

    def beside(self, one: "_Body") -> bool:
        """Whether the footprints overlap across the road by more than a fifth of the widths."""
        return abs(self.across_m - one.across_m) < 0.4 * float(WIDTH_M[self.kind] + WIDTH_M[one.kind])

    def overlaps(self, one: "_Body", now_s: float, seen_m: float | None) -> bool:
        """Whether footprints that lie beside each other overlap by half of the shorter length: both cannot be.

        seen_m: where this vehicle is; without it, where its speed over the line would have brought it.
        """
        place_m = self.line_m - self.speed_mps * (now_s - self.time_s) if seen_m is None else seen_m
        return abs(place_m - one.along_m) < 0.5 * min(self.length_m, one.length_m)

    def fits(self, one: Rows) -> bool:
        """Whether the first sighting of the row `one` is where this vehicle was at that time."""
        since_s = one["first_s"] - self.time_s
        beside_m = abs(self.across_m - one["across_m"])
        miss_m = abs(self.line_m - self.speed_mps * since_s - one["first_m"])
        return bool(0 <= since_s <= AGAIN_S and beside_m <= 1.5 and miss_m <= 3.0)


@dataclass(frozen=True, slots=True)
class _Body:
    """Where a vehicle is, and how large."""

    approach: int
    kind: int
    along_m: float
    across_m: float
    length_m: float

    @classmethod
    def of(cls, one: Rows) -> "_Body":
        """That of a row of the fleet."""
        place = (float(one[name]) for name in ("along_m", "across_m", "length_m"))
        return cls(int(one["approach"]), int(one["kind"]), *place)


class StopLine:
    """Watches the fleet cross the stop lines of its approaches.

    A vehicle counts when it was at least 0.5 m upstream and then is at least 0.75 m past the line; it can do so once.
    Two more cases count, both from its fitted motion: a track that begins past the line but came over it at most
    0.5 s before (a late detection), unless a lost vehicle that was counted fits it; and a track that ends at most
    1.5 m before the line while moving toward it at 2 m/s or more, or past it while it still rolls (the edge of the
    view, an occlusion), unless another stands in its place: then its box went over to that one. A vehicle in
    the very place of one that was just counted is a second box around it and does not count, unless one of them came
    up from behind while the other was there. One that stands up to 0.75 m past the line has not crossed it before it
    leaves: its position is not known better. One that stood before the line counts 0.6 s after it went over it, unless
    it only seemed to.

    line_m (A, len(KINDS)): where each kind crosses, metres upstream: 0, and for motorcycles the far edge of a
    motorcycle box. length_m (A,): measured length. decisions: where each decision is told, for whoever asks why.
    """

    def __init__(self, line_m: FloatArray, length_m: FloatArray, decisions: Decisions | None = None) -> None:
        self._line_m = line_m
        self._at_zero = not line_m.any()
        self._length_m = length_m
        self._decisions = decisions
        self._past: deque[_Past] = deque(maxlen=64)

    def clear(self) -> None:
        """Forget who was counted: the clock was set."""
        self._past.clear()

    def watch(self, fleet: Fleet, seen: Seen) -> tuple[Crossing, ...]:
        """Account for one frame; the crossings whose speed is settled by now."""
        rows, row = fleet.rows, seen.row
        if fleet.exchanged:
            self._rename(dict(fleet.exchanged))
        line_m = self._lines_m(rows, row)
        along_m, before_m = rows["along_m"][row] - line_m, seen.before_m - line_m
        rows["armed"][row] |= along_m >= BAND_M
        before = (along_m > 0).nonzero()[0]
        _vote(rows, row[before], before_m[before] - along_m[before])
        passes = ((before_m > 0) & (along_m <= 0)).nonzero()[0]
        if len(passes):
            rows["passed_s"][row[passes]] = _passed_s(seen, before_m, along_m)[passes]
        past = row[(along_m <= -PAST_M).nonzero()[0]]
        past = past[rows["proven"][past] & ~rows["counted"][past]]
        for r in past[~_only_now(rows, past, seen.time_s)].tolist() if len(past) else ():
            self._count(fleet, r, seen.time_s)
        waiting = self._waiting(rows, fleet.active())
        if not len(waiting):
            return ()
        past_m = rows["along_m"][waiting] - self._lines_m(rows, waiting)
        done = (seen.time_s - rows["crossed_s"][waiting] >= AROUND_S) | (past_m <= -NEAR_M)
        return self._hand_out(fleet, waiting[done])

    def _rename(self, tracks: dict[int, int]) -> None:
        """Those of the counted whose tracks went over to another vehicle are other tracks from now on."""
        self._past = deque((replace(p, track=tracks.get(p.track, p.track)) for p in self._past), self._past.maxlen)

    def end(self, fleet: Fleet, ended: IntArray) -> tuple[Crossing, ...]:
        """The crossings of rows (m,) whose tracks ended."""
        rows = fleet.rows
        for r in ended.tolist():
            left_m = float(rows["along_m"][r] - self._line_of(rows[r]))
            if _vanished_moving(rows, r, left_m) and not _in_anothers_place(fleet, r):
                self._mark(rows, r, rows["seen_s"][r] + left_m / rows["speed_mps"][r], Rule.VANISHED)
            elif not rows["counted"][r]:
                self._tell_end(rows[r], left_m)
        return self._hand_out(fleet, self._waiting(rows, ended))

    def settle(self, fleet: Fleet) -> tuple[Crossing, ...]:
        """All crossings that still wait for more of the motion; nothing follows that could take them back."""
        rows, row = fleet.rows, fleet.active()
        past = rows["along_m"][row] - self._lines_m(rows, row) <= -PAST_M
        for r in row[past & rows["proven"][row] & ~rows["counted"][row]].tolist():
            self._count(fleet, r, float(rows["seen_s"][r]))
        return self._hand_out(fleet, self._waiting(fleet.rows, fleet.active()))

    def _waiting(self, rows: Rows, row: IntArray) -> IntArray:
        """Those of the rows (n,) whose crossing is not handed out yet, (m,)."""
        waiting: IntArray = row[np.isfinite(rows["crossed_s"][row])]
        return waiting

    def _hand_out(self, fleet: Fleet, waiting: IntArray) -> tuple[Crossing, ...]:
        rows = fleet.rows
        return tuple(
            _crossing(rows, r, self._line_of(rows[r]), self._in_one_piece(rows[r], fleet.watched_s))
            for r in waiting.tolist()
        )

    def _in_one_piece(self, one: Rows, watched_s: float) -> bool:
        """Whether a vehicle came into the near half after the camera had begun to watch."""
        if one["first_m"] < HALF * self._length_m[one["approach"]]:
            return bool(one["first_s"] > watched_s + SETTLED_S)
        return not one["passes_s"][round(HALF * SEGMENTS) - 1] < watched_s

    def _lines_m(self, rows: Rows, row: IntArray) -> FloatArray | float:
        """Where the vehicles of rows (n,) cross, metres upstream of the stop line: (n,), or 0 for all."""
        if self._at_zero:
            return 0.0
        lines_m: FloatArray = self._line_m[rows["approach"][row], rows["kind"][row]]
        return lines_m

    def _line_of(self, one: Rows) -> float:
        return float(self._line_m[one["approach"], one["kind"]])

    def _tell(self, rule: Rule, one: Rows, time_s: float, along_m: float, other: int | None = None) -> None:
        if self._decisions is not None:
            self._decisions.about(rule, one, time_s, along_m, other)

    def _tell_end(self, one: Rows, left_m: float) -> None:
        """A track that was not counted is over: it never was before the line, is no vehicle, or did not come to it."""
        if one["armed"] and not one["proven"]:
            self._tell(Rule.NO_VEHICLE, one, float(one["seen_s"]), left_m)
        elif one["armed"]:
            self._tell(Rule.ENDED_BEFORE, one, float(one["seen_s"]), left_m)
        else:
            self._tell(Rule.BEGAN_PAST, one, float(one["first_s"]), float(one["first_m"]) - self._line_of(one))

    def _count(self, fleet: Fleet, row: int, now_s: float) -> None:
        rows = fleet.rows
        if (other := self._inside_another(fleet, row, now_s)) is not None:
            self._leave_out(rows, row, now_s, Rule.SECOND_BOX, other)
            return
        if rows["armed"][row]:
            self._mark(rows, row, _left_s(rows[row]), Rule.CROSSED)
            return
        crossed_s = _came_over_s(rows, row, self._line_of(rows[row]))
        if crossed_s is None:
            return
        if (other := self._known(fleet, row, now_s)) is not None:
            self._leave_out(rows, row, now_s, Rule.SAME_VEHICLE, other)
        else:
            self._mark(rows, row, crossed_s, Rule.CAME_OVER)

    def _leave_out(self, rows: Rows, row: int, now_s: float, rule: Rule, other: int) -> None:
        rows["counted"][row] = True
        one = rows[row]
        self._tell(rule, one, now_s, float(one["along_m"]) - self._line_of(one), other)

    def _mark(self, rows: Rows, row: int, crossed_s: float, rule: Rule) -> None:
        rows["counted"][row] = True
        rows["crossed_s"][row] = crossed_s
        one = rows[row]
        self._tell(rule, one, float(crossed_s), float(one["along_m"]) - self._line_of(one))
        speed_mps = float(np.nan_to_num(one["speed_mps"]))
        self._past.append(
            _Past(
                track=int(one["id"]),
                approach=int(one["approach"]),
                time_s=float(crossed_s),
                across_m=float(one["across_m"]),
                speed_mps=speed_mps,
                kind=int(one["kind"]),
                length_m=float(one["length_m"]),
                line_m=self._line_of(one),
            )
        )

    def _inside_another(self, fleet: Fleet, row: int, now_s: float) -> int | None:
        """The vehicle that was counted a moment ago and is in the same place: two boxes around one vehicle."""
        one = fleet.rows[row]
        body = _Body.of(one)
        near = (p for p in self._past if p.approach == body.approach and now_s - p.time_s <= AGAIN_S)
        same = (p for p in near if p.beside(body) and p.overlaps(body, now_s, _seen_m(fleet, p.track, now_s)))
        return next((p.track for p in same if not self._came_apart(fleet, one, p)), None)

    def _came_apart(self, fleet: Fleet, one: Rows, past: _Past) -> bool:
        """Whether the later of two tracks began clearly behind where the other one was then."""
        known = fleet.rows_of(np.array([past.track]))
        if not len(known):
            return False
        older, newer = sorted((one, fleet.rows[known[0]]), key=lambda r: float(r["first_s"]))
        ends_m = self._length_m[one["approach"]] / SEGMENTS * np.arange(1, SEGMENTS + 1)
        passed = older["passes_s"] <= newer["first_s"]
        was_m = min(float(older["first_m"]), float(ends_m[passed].min(initial=np.inf)))
        return bool(newer["first_m"] - was_m > APART_M)

    def _known(self, fleet: Fleet, row: int, now_s: float) -> int | None:
        """The counted vehicle that is no longer seen and would be where this track began."""
        one = fleet.rows[row]
        visible = set(fleet.rows["id"][fleet.fresh(now_s, 0.0)].tolist())
        lost = [p for p in self._past if p.track not in visible and p.approach == one["approach"]]
        return next((p.track for p in lost if p.fits(one)), None)


def _vote(rows: Rows, row: IntArray, moved_m: FloatArray) -> None:
    """One sighting more of vehicles (n,) before their line: in which lane each comes to it.

    Most sightings decide, those of the last `FADES_M` of the way above all: a vehicle changes its lane by driving, and
    one that waits on the border of two lanes only seems to.
    """
    seen, own = rows["lane"][row], rows["line_lane"][row]
    votes = rows["lane_votes"][row] * np.exp(-np.abs(moved_m) / FADES_M) + np.where(seen == own, 1.0, -1.0)
    other = (own < 0) | (votes < 0)
    rows["line_lane"][row] = np.where(other, seen, own)
    rows["lane_votes"][row] = np.where(other, 1.0, votes)


def _seen_m(fleet: Fleet, track: int, now_s: float) -> float | None:
    """Where a track was seen within the last moment, metres upstream of the stop line."""
    row = fleet.rows_of(np.array([track]))
    known = len(row) and now_s - fleet.rows["seen_s"][row[0]] <= FRESH_S
    return float(fleet.rows["along_m"][row[0]]) if known else None


def _vanished_moving(rows: Rows, row: int, left_m: float) -> bool:
    """left_m: distance to the line at the end of the track."""
    one = rows[row]
    least_mps = MOVING_MPS if left_m > 0 else ROLLING_MPS
    counts = one["armed"] and one["proven"] and not one["counted"]
    return bool(counts and left_m <= LOST_M and one["speed_mps"] >= least_mps)


def _in_anothers_place(fleet: Fleet, row: int) -> bool:
    """Whether a vehicle that is seen now stands where a track ended: its box went over to that one's place."""
    return bool(doubles(fleet.rows, np.array([row]), fleet.fresh(fleet.frame_s, 0.0))[0])


def _only_now(rows: Rows, row: IntArray, now_s: float) -> NDArray[np.bool_]:
    """Which of rows (n,) stood until a moment ago, when their boxes went over the line, (n,)."""
    passed_s = rows["passed_s"][row]
    return np.asarray((passed_s - rows["still_s"][row] < STOOD_S) & (now_s - passed_s < START_S))


def _left_s(one: Rows) -> float:
    """When a vehicle that is clearly past its line was on it: for one that stood there, when it left."""
    return float(np.fmax(one["passed_s"], one["still_s"]))


def _passed_s(seen: Seen, before_m: FloatArray, along_m: FloatArray) -> FloatArray:
    """When each contact point was at its line, on the straight between its last two sightings, (n,).

    before_m, along_m: distances to it then and now.
    """
    moved_m = np.maximum(before_m - along_m, 1e-9)
    return seen.before_s + np.clip(before_m / moved_m, 0, 1) * (seen.time_s - seen.before_s)


def _came_over_s(rows: Rows, row: int, line_m: float) -> float | None:
    """When a track that began at or past the line was on it, by its motion; None when it did not come over it. One that
    began on the line, as far as a place is known, and stood there came over it when it left."""
    one = rows[row]
    if one["first_m"] - line_m < -NEAR_M or not one["speed_mps"] >= MOVING_MPS:
        return None
    if one["first_m"] - line_m > -PAST_M and np.isfinite(one["passed_s"]) and np.isfinite(one["still_s"]):
        return _left_s(one)
    line = fit(*history(rows, row))
    if line is None or -line.slope_mps < MOVING_MPS:
        return None
    crossed_s = line.time_at(line_m)
    return crossed_s if crossed_s >= one["first_s"] - LATE_S else None


def _crossing(rows: Rows, row: int, line_m: float, whole: bool) -> Crossing:
    one = rows[row]
    crossed_s = float(one["crossed_s"])
    times_s, alongs_m = history(rows, row)
    line = speed_at(times_s, alongs_m - line_m, crossed_s)
    rows["crossed_s"][row] = np.nan
    return Crossing(
        time_s=crossed_s,
        track=int(one["id"]),
        kind=int(one["kind"]),
        approach=int(one["approach"]),
        lane=lane_at_line(one),
        speed_mps=None if line is None else -line.slope_mps,
        speed_error_mps=None if line is None else line.error_mps,
        length_m=float(one["length_m"]),
        was_queued=bool(one["was_queued"]),
        still_s=float(one["still_s"]),
        start_s=float(one["first_s"]),
        start_m=float(one["first_m"]),
        stopped_s=float(one["stopped_s"]),
        stops=int(one["stops"]),
        length_known=bool(one["lengths"] > 0),
        passes_s=tuple(one["passes_s"].tolist()),
        whole=whole,
    )


def speed_at(time_s: FloatArray, along_m: FloatArray, crossed_s: float) -> Line | None:
    """Fit of the motion over the line: samples within 8 m of it and evenly around the moment of crossing.

    Evenly (at most 1 s before and as long after as was seen), because then the slope is the speed at the line even
    while the vehicle accelerates. With too little after the line, all samples within 1.5 s count. None for fewer
    than 3 samples or less than 2 m of motion, and for what no vehicle does: away from the line, faster than
    180 km/h, or more than 1 m (root mean square) off the fit.
    """
    away_s = np.abs(time_s - crossed_s)
    near = np.abs(along_m) <= NEAR_M
    after_s = float((time_s[near] - crossed_s).max(initial=0.0))
    for reach_s in (min(AROUND_S, max(after_s, 0.25)), WIDE_S):
        used = (near & (away_s <= reach_s + 1e-6)).nonzero()[0]
        used_s, used_m = time_s[used], along_m[used]
        moved_m = float(used_m.max() - used_m.min()) if len(used) else 0.0
        line = fit(used_s, used_m) if moved_m >= MIN_MOTION_M else None
        if line is not None and -MAX_MPS <= line.slope_mps < 0 and line.rough_m <= MAX_ROUGH_M:
            bent_mps = _bent_mps(line, used_s, used_m, crossed_s)
            return replace(line, error_mps=math.hypot(line.error_mps, bent_mps))
    return None


def _bent_mps(line: Line, time_s: FloatArray, along_m: FloatArray, crossed_s: float) -> float:
    """Standard error that a changing speed adds: the fit is of its middle, not of the line, and the line was passed
    some time off, as the front is not known better than `PLACE_M`. Times the acceleration, by a parabola.
    """
    if len(time_s) <= 3:
        return 0.0
    acceleration_mps2 = 2 * abs(bend(time_s - line.middle_s, along_m))
    off_s = math.hypot(line.middle_s - crossed_s, PLACE_M / line.slope_mps)
    return min(acceleration_mps2, MOST_MPS2) * off_s
