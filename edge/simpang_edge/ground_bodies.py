"""What the box of a vehicle says of its body, where the camera is known: how long it is, and where its front stands
when another vehicle hides its lower edge.

A vehicle that comes toward the camera shows its front contact at the box's lower edge and the rear end of its roof at
the upper one. Seen from height H, the roof's end (h above the road) projects onto the road at D_top, so that
D_rear = (1 - h/H)·D_top (similar triangles; domain reference, section 7: "a point h above the road moves position by
H/(H-h)"). With the visible length L = D_rear - D_front:

    D_front = a·D_top - L,   a = 1 - h/H

which is linear in the two unknowns of a vehicle, a and L. They are estimated over its track by recursive least
squares that begin at what is usual for its class (Bar-Shalom, Estimation with Applications, 3.4), one sample per metre
of motion, so that a standing vehicle does not count its one error a hundred times.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .data import KINDS, FloatArray, IntArray
from .slots import Slots
from .view import View

BoolArray = NDArray[np.bool_]

OVERHANG_M: FloatArray = np.array([0.3, 0.6, 1.3, 1.1, 0.3, 0.0, 0.3])
"""A bumper to where the nearest tyres meet the road, by `KINDS`: the tyre is what a box's lower edge shows. [ours]:
the medians over the sample clips, which are also what such vehicles have."""

USUAL: FloatArray = np.array(
    [
        (1.62, 0.10, 1.55, 0.25),  # motorcycle, rider included
        (1.65, 0.18, 3.9, 0.4),
        (3.0, 0.35, 8.5, 2.2),
        (2.5, 0.5, 5.8, 1.0),
        (1.65, 0.12, 1.5, 0.3),
        (1.6, 0.1, 0.3, 0.2),
        (1.7, 0.15, 2.4, 0.3),
    ]
)
"""By `KINDS`: height m and its standard deviation, visible length m (front to the roof's end) and its standard
deviation. [ours]: round figures of the common vehicles of an Indonesian city."""

ROOF_M: FloatArray = np.array([np.nan, np.nan, 0.5, 0.3, np.nan, np.nan, np.nan])
"""From the roof's end to the rear bumper. Only buses and trucks get a length: within the other classes lengths differ
by less than this method's error."""

LENGTHS_M: Final = (3.0, 19.0)
WORST_M: Final = 1.0
"""A length with a larger standard error than this, or outside `LENGTHS_M`, is not told."""

WORST_VARIANCE_M2: FloatArray = np.minimum(WORST_M, 0.8 * USUAL[:, 3]) ** 2
"""Nor is one that is hardly better known than what is usual, by `KINDS`."""

BOX_PX: Final = 2.0
"""Standard deviation of a detected edge."""

STEP_M: Final = 1.0
HIDING_SHARE: Final = 0.25
NEARER_SHARE: Final = 0.1
WORST_FRONT_M: Final = 1.2
"""A front that is known no better than this from the upper edge does not correct the lower one."""

CAUTION: Final = 0.5
"""Standard errors by which the front from the upper edge must lie nearer, and by which it is then left farther."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The boxes of one frame that are on an approach whose traffic comes toward the camera; all arrays (N,).

    front_m, top_m: distance from the camera's foot, along the approach, of what the lower and the upper edge show, on
    the road; top_m NaN at or above the horizon. front_error_m, top_error_m: their standard errors.
    whole: the lower edge is in the picture. hidden: a nearer box covers part of it.
    """

    id: IntArray
    kind: IntArray
    front_m: FloatArray
    top_m: FloatArray
    front_error_m: FloatArray
    top_error_m: FloatArray
    whole: BoolArray
    hidden: BoolArray


class Bodies:
    """Height and length of every vehicle in view; what is kept of one goes with it."""

    def __init__(self, height_m: float) -> None:
        self._height_m = height_m
        self._blank = self._unseen()
        self._slots = Slots()
        self._known: FloatArray = np.zeros((0, self._blank.shape[1]))

    def forget(self, ids: IntArray) -> None:
        """Drop vehicles that ended."""
        self._slots.release(ids)

    def see(self, seen: Seen) -> tuple[FloatArray, FloatArray]:
        """Learn from one frame: by how much each front is nearer than the lower edge says, and lengths, (N,) each.

        Lengths are NaN where not known well enough.
        """
        slot, state = self._states(seen)
        self._learn(state, seen)
        self._known[slot] = state
        body = _solved(state)
        return self._nearer(body, seen), _lengths(body, seen.kind)

    def _states(self, seen: Seen) -> tuple[IntArray, FloatArray]:
        """Where each vehicle's row is kept, and the row: information matrix (aa, aL, LL), information vector (a, L),
        last front, kind."""
        slot, new = self._slots.take(seen.id)
        if self._slots.size > len(self._known):
            more = np.zeros((self._slots.size, self._known.shape[1]))
            self._known = np.concatenate((self._known, more))
        state = self._known[slot]
        other = state[:, 6] != seen.kind
        other[new] = True
        state[other] = self._blank[seen.kind[other]]
        return slot, state

    def _unseen(self) -> FloatArray:
        """The state of a vehicle of which only the class is known, by `KINDS`, (7, 7)."""
        height_m, height_sd, length_m, length_sd = USUAL.T
        a_weight, length_weight = (self._height_m / height_sd) ** 2, length_sd**-2.0
        a = 1 - height_m / self._height_m
        zero, kinds = np.zeros(len(KINDS)), np.arange(len(KINDS), dtype=np.float64)
        return np.column_stack(
            [a_weight, zero, length_weight, a_weight * a, length_weight * length_m, zero + np.inf, kinds]
        )

    def _learn(self, state: FloatArray, seen: Seen) -> None:
        """Add the equation D_front = a·D_top - L of the boxes that show both edges and have moved."""
        usable = seen.whole & ~seen.hidden & np.isfinite(seen.top_m)
        n = (usable & (np.abs(state[:, 5] - seen.front_m) >= STEP_M)).nonzero()[0]
        top_m, front_m = seen.top_m[n], seen.front_m[n]
        weight = 1 / (seen.front_error_m[n] ** 2 + seen.top_error_m[n] ** 2)
        added = state[n]
        added[:, 0] += weight * top_m**2
        added[:, 1] -= weight * top_m
        added[:, 2] += weight
        added[:, 3] += weight * top_m * front_m
        added[:, 4] -= weight * front_m
        added[:, 5] = front_m
        state[n] = added

    def _nearer(self, body: "_Body", seen: Seen) -> FloatArray:
        """For boxes whose lower edge is hidden: it can only seem farther away, never nearer, than the vehicle is."""
        front_m = body.a * seen.top_m - body.length_m
        spread = body.cov_aa * seen.top_m**2 - 2 * body.cov_al * seen.top_m + body.cov_ll
        error_m = np.sqrt(np.maximum(spread, 0.0) + seen.top_error_m**2)
        nearer_m = seen.front_m - (front_m + CAUTION * error_m)
        good = seen.hidden & (error_m < WORST_FRONT_M) & (nearer_m > 0)
        return np.where(good, nearer_m, 0.0)


@dataclass(frozen=True, slots=True)
class _Body:
    """Estimates of a and L and their covariance, (N,) each."""

    a: FloatArray
    length_m: FloatArray
    cov_aa: FloatArray
    cov_al: FloatArray
    cov_ll: FloatArray


def _solved(state: FloatArray) -> _Body:
    aa, al, ll, a, length_m = state.T[:5]
    square = aa * ll - al**2
    cov_aa, cov_al, cov_ll = ll / square, -al / square, aa / square
    return _Body(cov_aa * a + cov_al * length_m, cov_al * a + cov_ll * length_m, cov_aa, cov_al, cov_ll)


def _lengths(body: _Body, kind: IntArray) -> FloatArray:
    length_m = body.length_m + ROOF_M[kind]
    learnt = body.cov_ll < WORST_VARIANCE_M2[kind]
    good = learnt & (length_m >= LENGTHS_M[0]) & (length_m <= LENGTHS_M[1])
    return np.where(good, length_m, np.nan)


def hidden_below(xyxy_px: FloatArray) -> BoolArray:
    """Which boxes (N, 4) have a quarter or more of their lower edge behind a box that stands nearer, (N,).

    On a road the nearer of two vehicles has its lower edge lower in the picture: by more than `NEARER_SHARE` of the
    hidden one's height, for a body that stands in front of another stands metres nearer; less is a second box on it.
    """
    left, top, right, bottom = np.ascontiguousarray(xyxy_px.T)
    hides = bottom > (bottom + NEARER_SHARE * (bottom - top))[:, None]
    hides &= top < (bottom - 1)[:, None]
    shared = np.minimum(right, right[:, None]) - np.maximum(left, left[:, None])
    hides &= shared > (HIDING_SHARE * (right - left))[:, None]
    return np.asarray(hides.any(axis=1))


def edge_error_m(distance_m: FloatArray, view: View) -> FloatArray:
    """Standard error on the road of an edge seen at these distances: (D² + H²)/(f·H) metres per pixel (domain
    reference, section 7)."""
    return np.asarray(BOX_PX * (distance_m**2 + view.height_m**2) / (view.focal_px * view.height_m))
