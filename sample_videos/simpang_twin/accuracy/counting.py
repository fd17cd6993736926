"""Figures of counts: per class, lane and movement, over time, and vehicle by vehicle."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from simpang_edge.data import MOTOR_VEHICLES
from simpang_edge.message import FlowRow

from .figures import BASE_S, SHORT_S, Figure, Sight, of_kind, total
from .measures import Matching, Pair, cumulative, effectiveness, geh, match, wape_pct
from .truths import Crossing

LONGEST_TURN_S: Final = 30.0
"""A vehicle that crossed the line longer ago has turned."""

Stream = tuple[Sequence[float], Sequence[float]]
"""Cumulative counts, measured and true, at the end of each segment."""

TOLERANCE_S: Final = 1.5
"""A count may lie in the window before or after by so much: a box's contact point is not the bumper."""

ENDS_S: Final = 1.0
"""A vehicle on the line in the first or last second of a clip is neither missed nor doubled: it is seen in part."""


def figures(sight: Sight) -> list[Figure]:
    """All figures of counts."""
    short = sight.rows(SHORT_S)
    counted, true = total(short), len(sight.motor())
    found = matching(sight)
    return [
        Figure("counts.measured", counted),
        Figure("counts.true", true),
        Figure("counts.missed", len(found.missed_s) if found else None),
        Figure("counts.missed_hidden", _hidden(sight, found) if found else None),
        Figure("counts.doubled", len(found.doubled) if found else None),
        *_wapes(sight),
        Figure("counts.geh", _geh(sight, counted, true)),
        Figure("counts.effectiveness", effectiveness(_by_class(sight)) if short else None),
        Figure("counts.movement_effectiveness", effectiveness(_by_movement(sight))),
    ]


def matching(sight: Sight) -> Matching | None:
    """Which true crossings were missed and which counts have none; None when nothing was counted at all.

    A wrong class is no miss. Nor is a vehicle that crossed while the camera did not show the road.
    """
    rows = [row for row in sight.rows(SHORT_S) if row.intensity is not None]
    if not rows:
        return None
    counts = [(sight.span(row), kind) for row in rows for kind in MOTOR_VEHICLES for _ in range(of_kind([row], kind))]
    found = match(counts, [(c.time_s, c.kind) for c in sight.truth.motor()], TOLERANCE_S)
    end_s = sight.clip.seconds - ENDS_S
    missed = tuple(t for t in found.missed_s if ENDS_S <= t <= end_s and sight.clip.shows(t))
    return Matching(missed, tuple(i for i in found.doubled if i[0] >= ENDS_S and i[1] <= end_s))


def _hidden(sight: Sight, found: Matching) -> int:
    """How many of the missed could not be seen before the line."""
    hidden = sight.boxes.hidden if sight.boxes else frozenset()
    return sum(c.time_s in found.missed_s and c.id in hidden for c in sight.truth.motor())


def _wapes(sight: Sight) -> list[Figure]:
    kinds = class_pairs(sight)
    return [
        Figure("counts.class_wape_pct", wape_pct(kinds.values())),
        *(Figure(f"counts.{kind}_wape_pct", wape_pct([pair])) for kind, pair in kinds.items() if any(pair)),
        Figure("counts.lane_wape_pct", wape_pct(lane_pairs(sight))),
        Figure("counts.movement_wape_pct", wape_pct(movement_pairs(sight))),
        Figure("counts.movement_geh_max", _movement_geh(sight)),
        Figure("counts.traced", _traced(sight)),
    ]


def class_pairs(sight: Sight) -> dict[str, Pair]:
    """Measured and true vehicles by class, over the whole clip."""
    rows, true = sight.rows(SHORT_S), Counter(c.kind for c in sight.motor())
    return {kind: (of_kind(rows, kind), true[kind]) for kind in MOTOR_VEHICLES} if total(rows) is not None else {}


def lane_pairs(sight: Sight) -> list[Pair]:
    """Measured and true vehicles by lane; empty when lanes are not measured."""
    rows, true = sight.rows(SHORT_S, "lane"), Counter(c.lane for c in sight.motor())
    lanes = sorted({row.lane_id for row in rows if row.lane_id is not None})
    return [(total([row for row in rows if row.lane_id == lane]) or 0, true[lane]) for lane in lanes]


def movement_pairs(sight: Sight) -> list[Pair]:
    """Measured and true vehicles by movement; empty when movements are not measured.

    A vehicle whose turn the camera did not show to its end need not be told, but what is told of it must be right.
    """
    rows, true = sight.rows(BASE_S, "movement"), Counter(c.movement for c in sight.motor())
    if total(rows) is None:
        return []
    open_ = Counter(c.movement for c in _unfinished(sight))
    names = sorted({turn_of(row) for row in rows} | {name for name in true if name})
    counted = {name: total([row for row in rows if turn_of(row) == name]) or 0 for name in names}
    return [(counted[name], min(max(counted[name], true[name] - open_[name]), true[name])) for name in names]


def _unfinished(sight: Sight) -> list[Crossing]:
    """Those that were past the line and still in the picture when the clip ended or the camera turned away."""
    if sight.boxes is None:
        return []
    ends_s = [*(begin for begin, _ in sight.clip.lost), sight.clip.seconds]
    there = [(end_s, sight.boxes.at(end_s)) for end_s in ends_s]
    return [
        c
        for c in sight.motor()
        if any(end_s - LONGEST_TURN_S < c.time_s < end_s and c.id in ids for end_s, ids in there)
    ]


def _traced(sight: Sight) -> float | None:
    """Share of the crossings whose movement could be told, as published; the rest is missing from the movements."""
    told = {row.date_observed_from: row.x.traced for row in sight.rows(BASE_S, "movement") if row.x.traced is not None}
    rows = [
        (told[row.date_observed_from], row.intensity) for row in sight.rows(BASE_S) if row.date_observed_from in told
    ]
    weight = sum(n or 0 for _, n in rows)
    return sum(share * (n or 0) for share, n in rows) / weight if weight else None


def turn_of(row: FlowRow) -> str:
    """The turn of a movement row: APPROACH-TURN is what the benchmark calls movements, a camera file may say TURN."""
    return (row.x.movement or "").rpartition("-")[2]


def _geh(sight: Sight, counted: int | None, true: int) -> float | None:
    per_hour = 3600 / sight.clip.seconds
    return None if counted is None else geh(counted * per_hour, true * per_hour)


def _movement_geh(sight: Sight) -> float | None:
    """The largest GEH of a movement, as hourly rates."""
    per_hour = 3600 / sight.clip.seconds
    return max((geh(counted * per_hour, true * per_hour) for counted, true in movement_pairs(sight)), default=None)


def _by_class(sight: Sight) -> list[Stream]:
    """Cumulative counts of each class in ten segments."""
    return [_stream(sight, sight.rows(SHORT_S), kind, None) for kind in MOTOR_VEHICLES]


def _by_movement(sight: Sight) -> list[Stream]:
    """Cumulative counts of each class and movement in ten segments, as AI City counts; empty when not measured."""
    moving = sight.rows(SHORT_S, "movement")
    if total(moving) is None:
        return []
    own = {name: [row for row in moving if turn_of(row) == name] for name in sorted(set(map(turn_of, moving)))}
    return [_stream(sight, rows, kind, name) for name, rows in own.items() for kind in MOTOR_VEHICLES]


def _stream(sight: Sight, rows: Sequence[FlowRow], kind: str, movement: str | None) -> Stream:
    true = [
        sum(
            c.kind == kind and movement in (None, c.movement) and sight.clip.shows(c.time_s)
            for c in sight.truth.crossed(sight.span(row))
        )
        for row in rows
    ]
    return cumulative([of_kind([row], kind) for row in rows]), cumulative(true)
