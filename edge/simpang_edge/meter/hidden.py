"""Vehicles that cannot be seen at the moment, because they stand or roll behind a larger one (a rule of ours).

A queue seen from its head hides its own tail. What is known of a vehicle that vanished upstream of the stop line is
kept while the rest of the road says that it must still be there:

* One that was queued stays in the queue at its place while the vehicle ahead of it is queued or, at the head, until
  another vehicle of its lane crosses the line; and until more of its lane have crossed than stood ahead of it (two
  cars, or five of any kind, more).
* One that was rolling toward the line and vanished behind a larger vehicle goes on at its last speed; where it would
  run into a queued vehicle of its lane it joins the queue behind it. When there is none to run into before the line,
  or after 15 s, it is let go.

Both end when another vehicle is seen in the very place, after `QueueRules.hidden_s`, and when no queued vehicle of the
approach can be seen any more.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..data import KINDS, FloatArray, IntArray
from .fleet import PERSON, Fleet, Rows
from .layout import Layout
from .proof import doubles
from .queue import HOLD_S, behind
from .settings import QueueLimits
from .trips import mark_pass

MOST: Final = 64
"""More hidden vehicles than this are not kept."""

ROLLS_S: Final = 15.0
STANDING_GAP_M: Final = 1.5
SAME_ROW_M: Final = 1.2
COVER_M: Final = 50.0
COVER_ACROSS_M: Final = 3.0
MIN_ALONG_M: Final = 2.0
OTHERS_PAST: Final = 4
LARGE_PAST: Final = 1

SIZE: Final[FloatArray] = np.array([1.0, 2.0, 3.0, 3.0, 1.0, 0.0, 1.0])
"""Order of size by `KINDS`: a vehicle can hide those of a smaller or the same number, buses and trucks all."""


@dataclass(slots=True)
class _Ahead:
    """How many vehicles of its lane (approach, lane), and of them with four wheels, a hidden one had before it that
    have not crossed since."""

    place: tuple[int, int]
    left: int
    large_left: int

    @property
    def served(self) -> bool:
        """Whether so many more have crossed that it was served too: cars keep their order, but for one that changed
        its lane; motorcycles filter past some others."""
        return self.left < -OTHERS_PAST or self.large_left < -LARGE_PAST


class Hidden:
    """Keeps hidden vehicles in the fleet, and in the queue where they must be."""

    def __init__(self, limits: QueueLimits, layout: Layout) -> None:
        self._limits = limits
        self._layout = layout
        self._crossed_s: dict[tuple[int, int], float] = {}
        self._ahead: dict[int, _Ahead] = {}

    def cross(self, approach: int, lane: int, kind: int, time_s: float) -> None:
        """Account for a vehicle over the line: the head of its lane's queue moves."""
        self._crossed_s[approach, lane] = time_s
        for ahead in self._ahead.values():
            if ahead.place == (approach, lane):
                ahead.left -= 1
                ahead.large_left -= SIZE[kind] > 1

    def clear(self) -> None:
        """Forget the crossings: the clock was set."""
        self._crossed_s.clear()
        self._ahead.clear()

    def keep(self, fleet: Fleet, ids: IntArray) -> IntArray:
        """Of the tracks that ended, the ids (m,) of those that are not kept; the others become orphans."""
        rows, row = fleet.rows, fleet.rows_of(ids)
        if not len(row):
            return row
        kept = self._may_be_hidden(rows, row)
        kept &= rows["queued"][row] | covered(fleet, self._layout.toward, row)
        rows["orphan"][row[kept]] = True
        let_go: IntArray = rows["id"][row[~kept]]
        return let_go

    def hold(self, fleet: Fleet, now_s: float) -> IntArray:
        """Once a second: who of the unseen is in the queue; ids (m,) of orphans that need no memory any more."""
        rows, active = fleet.rows, fleet.active()
        unseen = active[(now_s - rows["seen_s"][active] > HOLD_S) & ~rows["counted"][active]]
        unseen = unseen[self._may_be_hidden(rows, unseen)]
        visible = fleet.fresh(now_s, HOLD_S)
        chain = visible[rows["queued"][visible]]
        seen_of = set(rows["approach"][chain].tolist())
        self._count_ahead(fleet, unseen)
        kept: list[int] = []
        rolling: list[int] = []
        for r in self._in_order(fleet, unseen):
            if doubles(rows, np.array([r]), visible)[0]:
                continue
            if int(rows["approach"][r]) in seen_of and self._stays(fleet, r, chain, now_s):
                chain = np.append(chain, r)
                kept.append(r)
            elif not rows["queued"][r] and now_s - rows["seen_s"][r] <= ROLLS_S:
                rolling.append(r)
        rows["queued"][unseen] = rows["held"][unseen] = np.isin(unseen, kept)
        orphans = active[rows["orphan"][active]]
        let_go: IntArray = rows["id"][orphans[~np.isin(orphans, kept + rolling)]]
        return let_go

    def _count_ahead(self, fleet: Fleet, unseen: IntArray) -> None:
        """Remember how many stand between each hidden vehicle and the line, from when it is missed on."""
        rows, active = fleet.rows, fleet.active()
        ids = rows["id"][unseen].tolist()
        self._ahead = {track: self._ahead[track] for track in ids if track in self._ahead}
        for r, track in zip(unseen.tolist(), ids, strict=True):
            if track in self._ahead:
                continue
            one = rows[r]
            others = active[~rows["counted"][active] & (rows["approach"][active] == one["approach"])]
            others = others[(rows["lane"][others] == one["lane"]) & (rows["along_m"][others] < one["along_m"])]
            large = int((SIZE[rows["kind"][others]] > 1).sum())
            self._ahead[track] = _Ahead((int(one["approach"]), int(one["lane"])), len(others), large)

    def _may_be_hidden(self, rows: Rows, row: IntArray) -> NDArray[np.bool_]:
        """Of rows (n,), those upstream of the line that stood in a queue or rolled toward it, (n,)."""
        fine = rows["proven"][row] & ~rows["counted"][row] & (rows["kind"][row] != PERSON)
        fine &= rows["reach_m"][row] > MIN_ALONG_M
        return np.asarray(fine & (rows["queued"][row] | (rows["reach_mps"][row] > 0)))

    def _in_order(self, fleet: Fleet, row: IntArray) -> list[int]:
        front_m, _ = fleet.extent_m(row)
        ordered: list[int] = row[np.argsort(front_m, kind="stable")][:MOST].tolist()
        return ordered

    def _stays(self, fleet: Fleet, row: int, chain: IntArray, now_s: float) -> bool:
        """Whether a hidden vehicle is in the queue, as far as those around it (rows of `chain`, (m,)) tell."""
        one = fleet.rows[row]
        if now_s - one["seen_s"] > self._limits.hidden_s:
            return False
        if not one["queued"]:
            return self._runs_into(fleet, row, chain, now_s)
        if self._ahead[int(one["id"])].served:
            return False
        front_m = float(fleet.extent_m(np.array([row]))[0][0])
        head = front_m <= self._limits.max_gap_m
        if head and self._crossed_s.get((int(one["approach"]), int(one["lane"])), -np.inf) <= one["seen_s"]:
            return True
        return behind(fleet, row, chain, self._limits.max_gap_m)

    def _runs_into(self, fleet: Fleet, row: int, chain: IntArray, now_s: float) -> bool:
        """Whether a rolling vehicle must have come up to the queue by now; then it is put there."""
        rows = fleet.rows
        one = rows[row]
        same = (rows["approach"][chain] == one["approach"]) & (rows["lane"][chain] == one["lane"])
        same &= np.abs(rows["across_m"][chain] - one["across_m"]) <= SAME_ROW_M
        _, rear_m = fleet.extent_m(chain[same])
        front_m = float(one["reach_m"] - (0.0 if self._layout.toward[one["approach"]] else one["length_m"]))
        ahead_m = rear_m[rear_m <= front_m + SAME_ROW_M]
        if not len(ahead_m) or not covered(fleet, self._layout.toward, np.array([row]))[0]:
            return False
        place_m = min(front_m, float(ahead_m.max()) + STANDING_GAP_M)
        if now_s - one["seen_s"] > ROLLS_S or front_m - one["reach_mps"] * (now_s - one["reach_s"]) > place_m:
            return False
        self._put(rows, row, front_m - place_m, now_s)
        return True

    def _put(self, rows: Rows, row: int, moved_m: float, now_s: float) -> None:
        """Move an unseen vehicle from where it came to, to where it stands now."""
        one = rows[row]
        length_m = float(self._layout.approach_m[one["approach"]])
        from_m = float(one["reach_m"])
        mark_pass(rows, row, (from_m, from_m - moved_m), (float(one["reach_s"]), now_s), length_m)
        rows["accounted_m"][row] = one["along_m"]
        rows["along_m"][row] = rows["reach_m"][row] = from_m - moved_m
        rows["queued"][row] = rows["was_queued"][row] = True


def covered(fleet: Fleet, toward: NDArray[np.bool_], row: IntArray, only: str | None = None) -> NDArray[np.bool_]:
    """Which vehicles (n,) have a larger one between them and the camera, (n,).

    toward: by approach. only: the field of `fleet.ROW` that must hold of the larger one.
    """
    rows, others = fleet.rows, fleet.active()
    others = others if only is None else others[rows[only][others]]

    def ahead(name: str) -> FloatArray:
        """How much more the vehicles have of a quantity than the others, (n, others)."""
        return np.asarray(rows[name][row][:, None] - rows[name][others][None])

    nearer_m = np.where(toward[rows["approach"][row]][:, None], ahead("along_m"), -ahead("along_m"))
    cover = (nearer_m > 0) & (nearer_m <= COVER_M) & (ahead("approach") == 0)
    cover &= np.abs(ahead("across_m")) <= COVER_ACROSS_M
    needed = np.maximum(SIZE[rows["kind"][row]], SIZE[KINDS.index("car")])[:, None]
    return np.asarray((cover & (SIZE[rows["kind"][others]][None] >= needed)).any(axis=1))
