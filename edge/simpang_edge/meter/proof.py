"""Which tracks are vehicles (a rule of ours): what has moved. A painted kerb, a post or a shadow that the detector
takes for a motorcycle stands where it stands for ever, and would be in the queue and in the density all day.

A track is believed once it has gone 3 m and a tenth of its distance (as far away a box trembles by that) at walking
speed or faster, in either direction. By the kerb, nearer than half a motorcycle's width in most of its sightings before
the line, no way is proof before it is 5 m past the line: false boxes slide along the kerb with the traffic that passes,
and end where it ends (of what began past the line its place now tells). Believed at once is what was there when the
camera began to watch, for a queue may stand there, and what appears in the place of a vehicle that was believed and is
no longer seen, until that is seen again: then they are two, and the new one has to move. So is, after 2 s in a place of
its own, what stands at the stop line, where vehicles are large in the picture and wait close together, for it is the
rest of a track that broke; and what stands where vehicles come into view, for a queue may reach beyond it. What begins
clearly past the stop line has to go on with the traffic, for others cross there. Until then a vehicle is in no figure;
what it spent on the road meanwhile is accounted for afterwards (`emerged`).
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..data import KINDS, FloatArray, IntArray
from .settings import WIDTH_M

GONE_M: Final = 3.0
GONE_SHARE: Final = 0.1
WALKING_MPS: Final = 1.0
KERB_M: Final = 0.5 * float(WIDTH_M[KINDS.index("motorcycle")])

BEYOND_M: Final = 5.0
"""A vehicle so far past the stop line has left the kerb behind, which ends where the junction begins."""

BEGAN_PAST_M: Final = 0.75
"""What begins farther past the stop line is believed only once it has gone on with the traffic: others cross there."""

AT_FIRST_S: Final = 1.0
"""A vehicle that was there when the camera began to watch has a track after this long."""

AT_LINE_M: Final = 12.0
STOOD_S: Final = 2.0
EDGE_SHARE: Final = 0.9
"""A track that begins in the last tenth of the measured length came into view there."""

PLACE_M: Final = 3.0
BESIDE_M: Final = 1.2


def prove(
    rows: NDArray[Any],
    row: IntArray,
    before_s: FloatArray,
    before_m: FloatArray,
    watched_s: float,
    length_m: FloatArray,
) -> None:
    """Mark which of rows (n,) of a fleet are vehicles, seen just now and before (n,); length_m: by approach."""
    place = np.flatnonzero(~rows["proven"][row])
    if not len(place):
        return
    new = row[place]
    way_m = rows["first_m"][new] - rows["along_m"][new]
    past = rows["first_m"][new] < -BEGAN_PAST_M
    gone_m = np.where(past, way_m, np.abs(way_m))
    by_kerb = (rows["inner"][new] < 0) | ((rows["first_m"][new] < 0) & (rows["across_m"][new] < KERB_M))
    far_m = GONE_M + GONE_SHARE * np.abs(rows["along_m"][new])
    moved = (gone_m >= far_m) & (np.abs(rows["speed_mps"][new]) >= WALKING_MPS)
    moved &= ~by_kerb | (rows["along_m"][new] <= -BEYOND_M)
    at_first = (rows["first_s"][new] - watched_s < AT_FIRST_S) & ~by_kerb & ~past
    at_end = (rows["along_m"][new] <= AT_LINE_M) | (rows["first_m"][new] > EDGE_SHARE * length_m[rows["approach"][new]])
    waits = at_end & ~past & (rows["seen_s"][new] - rows["first_s"][new] >= STOOD_S) & ~by_kerb & ~moved & ~at_first
    if waits.any():
        waits[waits] = ~doubles(rows, new[waits], row)
    rows["proven"][new[moved | at_first | waits]] = True
    late = place[(moved & ~at_first) | waits]
    rows["proven_s"][row[late]], rows["proven_m"][row[late]] = before_s[late], before_m[late]


def doubles(rows: NDArray[Any], new: IntArray, seen: IntArray) -> NDArray[np.bool_]:
    """Which of rows (n,) overlap a believed vehicle among those that are seen (m,) so far that both cannot be, (n,):
    their middles nearer than half of the shorter length and 4/5 of the mean width."""
    known = seen[rows["proven"][seen]]
    ahead_m = np.abs(rows["along_m"][new][:, None] - rows["along_m"][known][None])
    beside_m = np.abs(rows["across_m"][new][:, None] - rows["across_m"][known][None])
    length_m = np.minimum(rows["length_m"][new][:, None], rows["length_m"][known][None])
    width_m = WIDTH_M[rows["kind"][new]][:, None] + WIDTH_M[rows["kind"][known]][None]
    inside = (ahead_m < 0.5 * length_m) & (beside_m < 0.4 * width_m) & (new[:, None] != known[None])
    return np.asarray((inside & (rows["approach"][new][:, None] == rows["approach"][known][None])).any(axis=1))


def replaced(rows: NDArray[Any], one: int, absent: IntArray) -> int:
    """The believed vehicle, among those that are not seen, in whose place a track that is new (row `one`) begins: its
    id, -1 where there is none."""
    same = rows["proven"][absent] & (rows["approach"][absent] == rows["approach"][one])
    same &= np.abs(rows["along_m"][absent] - rows["along_m"][one]) <= PLACE_M
    same &= np.abs(rows["across_m"][absent] - rows["across_m"][one]) <= BESIDE_M
    if not same.any() or rows["across_m"][one] < KERB_M:
        return -1
    return int(rows["id"][absent[same]][0])


def doubt(rows: NDArray[Any], row: IntArray) -> None:
    """Of rows (n,) that are seen, believe those no longer that were only believed for a vehicle which is seen again: it
    was never gone, and they stand beside it."""
    for_another = np.flatnonzero(rows["replaces"][row] >= 0)
    if not len(for_another):
        return
    again = row[for_another[np.isin(rows["replaces"][row[for_another]], rows["id"][row])]]
    rows["proven"][again] = False
    rows["replaces"][again] = -1
