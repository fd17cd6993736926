"""Detections → Tracks: the same vehicle keeps the same number from frame to frame.

Two-stage association (ByteTrack, Zhang 2022: sure detections first, then weak ones for tracks that are left), with a
motion model that takes the real time between frames, so it holds at 5 frames per second, where boxes of one vehicle
need not overlap. Ids belong to one `Tracker`, are given when a track is confirmed, and are never used again.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from scipy.optimize import linear_sum_assignment

from .data import KINDS, Detections, FloatArray, IntArray, Tracks
from .tracker_motion import (
    BoolArray,
    Distinct,
    Motion,
    Noise,
    begin,
    centre_size,
    correct,
    distinct,
    held,
    overlap,
    predict,
    surprise,
)

_TWO_WHEELS, _FOUR_WHEELS, _ON_FOOT = range(3)
_GROUP_OF_KIND: Final = {"motorcycle": _TWO_WHEELS, "bicycle": _TWO_WHEELS, "person": _ON_FOOT}
_GROUP: Final = np.array([_GROUP_OF_KIND.get(kind, _FOUR_WHEELS) for kind in KINDS])
_GROUP_COST: Final = np.array([[0.0, 0.5, 0.5], [0.5, 0.0, 1.0], [0.5, 1.0, 0.0]])
_KIND_COST: Final = np.where(
    np.eye(len(KINDS), dtype=bool), 0.0, np.maximum(_GROUP_COST[_GROUP[:, None], _GROUP[None]], 0.1)
)
_NEVER: Final = 1e6
_GROUP_AREA: Final = 8.0
FEW: Final = 1.5
"""Between one step from picture to picture and two."""


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """What may be tuned; one set serves all cameras.

    sure_score: detections at least this good are matched first.
    weak_score: weaker ones are ignored; those between continue tracks but begin none.
    new_score: a detection at least this good that fits no track begins one.
    confirm_hits, confirm_score: a track is confirmed after so many hits, when their scores sum to so much.
    lost_s: an unseen track ends after this time.  tentative_s: the same for an unconfirmed one.
    gap_s: after a longer gap between frames, or when time goes back, all tracks end.
    gate: largest Mahalanobis distance of a centre from its prediction.
    max_cost, known_cost, weak_iou: largest cost of a sure match, of one after `tentative_s` out of sight; smallest
    overlap of a weak match.
    weak_s: weak detections continue a track for this time since its last sure one; alone they keep none.
    misfit: cost of a box e times as large or as small as predicted.
    duplicate_iou, duplicate_cover: overlap with a matched track at which a detection is the same vehicle again.
    distinct: when two boxes of one frame are around one vehicle.

    sure_score and new_score are the score at which 85 % of the default detector's boxes are right
    (`simpang models eval`); a detector with another scale of scores needs others.
    """

    sure_score: float = 0.42
    weak_score: float = 0.12
    new_score: float = 0.42
    confirm_hits: int = 2
    confirm_score: float = 1.5
    lost_s: float = 1.5
    tentative_s: float = 0.35
    gap_s: float = 2.0
    gate: float = 4.0
    max_cost: float = 1.6
    known_cost: float = 1.2
    weak_iou: float = 0.3
    weak_s: float = 2.0
    misfit: float = 0.3
    duplicate_iou: float = 0.5
    duplicate_cover: float = 0.8
    noise: Noise = field(default_factory=Noise)
    distinct: Distinct = field(default_factory=Distinct)

    def beginning_at(self, min_score: float) -> "TrackerSettings":
        """The same settings where a detection must be at least this good to begin a vehicle."""
        return replace(
            self,
            new_score=min_score,
            sure_score=min(self.sure_score, min_score),
            weak_score=min(self.weak_score, min_score),
        )


@dataclass(frozen=True, slots=True)
class _Pool:
    """The live tracks, N of them.

    id: int64 (N,), 0 until confirmed.  votes: float64 (N, kinds), sum of scores.  hits: int64 (N,).  seen_s: (N,).
    sure_s: (N,), when each was last seen by a sure detection.
    """

    id: IntArray
    motion: Motion
    votes: FloatArray
    hits: IntArray
    seen_s: FloatArray
    sure_s: FloatArray

    def __len__(self) -> int:
        return len(self.id)

    def __getitem__(self, index: Any) -> "_Pool":
        rest = (self.votes[index], self.hits[index], self.seen_s[index], self.sure_s[index])
        return _Pool(self.id[index], self.motion[index], *rest)

    def joined(self, other: "_Pool") -> "_Pool":
        return _Pool(
            np.concatenate([self.id, other.id]),
            self.motion.joined(other.motion),
            np.concatenate([self.votes, other.votes]),
            np.concatenate([self.hits, other.hits]),
            np.concatenate([self.seen_s, other.seen_s]),
            np.concatenate([self.sure_s, other.sure_s]),
        )

    def kind(self) -> IntArray:
        return np.asarray(self.votes.argmax(axis=1), np.int64)


def _born(detections: Detections, noise: Noise) -> _Pool:
    n = len(detections)
    votes = np.zeros((n, len(KINDS)))
    votes[np.arange(n), detections.kind] = detections.score
    motion = begin(detections.xyxy_px.astype(np.float64), noise)
    now_s = np.full(n, detections.time_s)
    return _Pool(np.zeros(n, np.int64), motion, votes, np.ones(n, np.int64), now_s, now_s)


def _around_others(found: Detections) -> BoolArray:
    """Mask of the boxes drawn around a group: four-wheelers that hold a surer one many times smaller.

    A vehicle inside another's box stands in front of it, so nearer: even a car before the side of a bus (7 of 38 m²)
    is not `_GROUP_AREA` times smaller.
    """
    boxes, four = found.xyxy_px.astype(np.float64), _GROUP[found.kind] == _FOUR_WHEELS
    _, _, cover = overlap(boxes, boxes)
    area = centre_size(boxes)[:, 2:].prod(axis=1)
    holds = (cover > 0.9) & (area[:, None] > _GROUP_AREA * area[None]) & (found.score[:, None] < found.score[None])
    return np.asarray((holds & four[:, None] & four[None]).any(axis=1))


def _pick(detections: Detections, index: BoolArray | IntArray) -> Detections:
    return replace(
        detections,
        xyxy_px=detections.xyxy_px[index],
        score=detections.score[index],
        kind=detections.kind[index],
    )


class Tracker:
    """Follows vehicles through the frames of one camera."""

    def __init__(self, settings: TrackerSettings | None = None) -> None:
        self._set = settings or TrackerSettings()
        self._pool = _born(_nothing(0.0), self._set.noise)
        self._next_id = 1
        self._time_s: float | None = None
        self._dt_s = 0.0

    def update(self, detections: Detections) -> Tracks:
        """The tracks seen in this frame, and the ids that ended since the previous one."""
        gone = self._step_time(detections.time_s)
        found = self._usable(detections)
        matched = self._associate(found)
        fresh = self._fresh(found, matched)
        self._absorb(found, matched)
        first_new = len(self._pool)
        self._pool = self._pool.joined(_born(_pick(found, fresh), self._set.noise))
        matched = np.concatenate([matched, np.flatnonzero(fresh)])
        self._confirm()
        tracks = self._output(found, matched)
        ended = self._end(matched >= 0, first_new)
        return replace(tracks, gone=np.concatenate([gone, ended]))

    def _step_time(self, time_s: float) -> IntArray:
        """Move all tracks to the new time; the ids that end because time jumped."""
        before_s, self._time_s = self._time_s, time_s
        self._dt_s = dt_s = 0.0 if before_s is None else time_s - before_s
        if 0 <= dt_s <= self._set.gap_s:
            self._pool = replace(self._pool, motion=predict(self._pool.motion, dt_s, self._set.noise))
            return np.zeros(0, np.int64)
        gone = self._pool.id[self._pool.id > 0]
        self._pool = self._pool[:0]
        return gone

    def _missed_s(self) -> float:
        """A track that was not seen for longer was missed: with few pictures, in the one before this one."""
        return max(self._set.tentative_s, FEW * self._dt_s)

    def _usable(self, detections: Detections) -> Detections:
        good = _pick(detections, detections.score >= self._set.weak_score)
        group = np.where(_GROUP[good.kind] == _ON_FOOT, -1, _GROUP[good.kind])
        boxes, score = good.xyxy_px.astype(np.float64), good.score.astype(np.float64)
        good = _pick(good, distinct(boxes, score, group, self._set.distinct))
        return _pick(good, ~_around_others(good))

    def _associate(self, found: Detections) -> IntArray:
        """Index of each track's detection (N,), -1 where it has none."""
        matched = np.full(len(self._pool), -1, np.int64)
        if not len(self._pool) or not len(found):
            return matched
        cost, weak_cost = self._costs(found)
        sure = found.score >= self._set.sure_score
        confirmed = self._pool.id > 0
        for tracks, boxes, table in (
            (confirmed, sure, cost),
            (confirmed, ~sure, weak_cost),
            (~confirmed, sure, cost),
            (~confirmed, ~sure, weak_cost),
        ):
            _assign(matched, tracks, boxes, table)
        return matched

    def _costs(self, found: Detections) -> tuple[FloatArray, FloatArray]:
        """Cost of every track–detection pair (N, M) for sure and for weak detections, `_NEVER` where impossible."""
        motion, boxes = self._pool.motion, found.xyxy_px.astype(np.float64)
        iou, diou, _ = overlap(motion.xyxy_px(), boxes)
        kinds = _KIND_COST[self._pool.kind()[:, None], found.kind[None]]
        area = np.log(np.maximum(centre_size(boxes)[:, 2:].prod(axis=1), 1.0))
        own = np.log(np.maximum(motion.value[:, 2:].prod(axis=1), 1.0))
        misfit = self._set.misfit * np.abs(own[:, None] - area[None])
        cost = 1 - diou + kinds + misfit
        near = surprise(motion, boxes, self._set.noise) <= self._set.gate**2
        unseen_s = found.time_s - self._pool.seen_s
        limit = np.where(unseen_s > self._missed_s(), self._set.known_cost, self._set.max_cost)[:, None]
        sure = np.where(near & (cost <= limit), cost, _NEVER)
        lately = (found.time_s - self._pool.sure_s <= self._set.weak_s)[:, None]
        weak = np.where(near & lately & (iou >= self._set.weak_iou) & (kinds < 0.5), cost, _NEVER)
        return sure, weak

    def _fresh(self, found: Detections, matched: IntArray) -> BoolArray:
        """Mask of the detections that begin a track: good, unmatched and not a second box on a matched vehicle."""
        fresh = found.score >= self._set.new_score
        taken = matched[matched >= 0]
        fresh[taken] = False
        if len(taken) and fresh.any():
            fresh &= ~self._repeats(found, taken)
        return fresh

    def _repeats(self, found: Detections, taken: IntArray) -> BoolArray:
        boxes = found.xyxy_px.astype(np.float64)
        iou, _, cover = overlap(boxes, boxes[taken])
        same_group = _GROUP[found.kind][:, None] == _GROUP[found.kind[taken]][None]
        weaker = found.score[:, None] < found.score[taken][None]
        again = (iou > self._set.duplicate_iou) | ((cover > self._set.duplicate_cover) & weaker & (iou > 0.2))
        return np.asarray((again & same_group).any(axis=1))

    def _absorb(self, found: Detections, matched: IntArray) -> None:
        """Correct the matched tracks by their detections; the others keep their size."""
        pool, hit = self._pool, np.flatnonzero(matched >= 0)
        which = matched[hit]
        corrected = correct(pool.motion[hit], found.xyxy_px[which].astype(np.float64), self._set.noise)
        order = np.concatenate([hit, np.flatnonzero(matched < 0)])
        motion = corrected.joined(held(pool.motion[matched < 0]))[np.argsort(order)]
        votes, hits, seen_s, sure_s = pool.votes.copy(), pool.hits.copy(), pool.seen_s.copy(), pool.sure_s.copy()
        votes[hit, found.kind[which]] += found.score[which]
        hits[hit] += 1
        seen_s[hit] = found.time_s
        sure_s[hit[found.score[which] >= self._set.sure_score]] = found.time_s
        self._pool = _Pool(pool.id, motion, votes, hits, seen_s, sure_s)

    def _confirm(self) -> None:
        pool = self._pool
        ready = (pool.id == 0) & (pool.hits >= self._set.confirm_hits)
        ready &= pool.votes.sum(axis=1) >= self._set.confirm_score
        ids = pool.id.copy()
        ids[ready] = self._next_id + np.arange(ready.sum())
        self._next_id += int(ready.sum())
        self._pool = replace(pool, id=ids)

    def _output(self, found: Detections, matched: IntArray) -> Tracks:
        shown = (matched >= 0) & (self._pool.id > 0)
        return Tracks(
            found.time_s,
            self._pool.id[shown],
            found.xyxy_px[matched[shown]],
            self._pool.kind()[shown],
        )

    def _end(self, seen: BoolArray, first_new: int) -> IntArray:
        """Drop the tracks unseen for too long and those that double another; their ids."""
        pool, now_s = self._pool, self._time_s or 0.0
        limit_s = np.where(pool.id > 0, self._set.lost_s, self._missed_s())
        over = ~seen & (now_s - pool.seen_s > limit_s)
        over[:first_new] |= self._doubles()[:first_new]
        self._pool = pool[~over]
        return pool.id[over & (pool.id > 0)]

    def _doubles(self) -> BoolArray:
        """Mask of the tracks that lie on an older one of the same group: two tracks on one vehicle."""
        pool = self._pool
        iou, _, _ = overlap(pool.motion.xyxy_px(), pool.motion.xyxy_px())
        group = _GROUP[pool.kind()]
        on_top = (iou > 0.8) & (group[:, None] == group[None])
        weaker = pool.hits[:, None] < pool.hits[None]
        return np.asarray((on_top & weaker).any(axis=1))


def _nothing(time_s: float) -> Detections:
    return Detections(time_s, np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))


def _assign(matched: IntArray, tracks: BoolArray, boxes: BoolArray, cost: FloatArray) -> None:
    """Match the still free ones of `tracks` (N,) and `boxes` (M,) at least total cost, in place."""
    free = boxes.copy()
    free[matched[matched >= 0]] = False
    rows, columns = np.flatnonzero(tracks & (matched < 0)), np.flatnonzero(free)
    if not len(rows) or not len(columns):
        return
    table = cost[np.ix_(rows, columns)]
    for i, j in zip(*linear_sum_assignment(table), strict=True):
        if table[i, j] < _NEVER:
            matched[rows[i]] = columns[j]
