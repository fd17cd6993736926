"""Windows [start, end) of event time, aligned to the clock: what belongs in which, and when one is complete."""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..data import FloatArray, IntArray
from .crossings import Crossing
from .exposure import nothing
from .friction import Side
from .gates import DIRECTIONS, Passage
from .layout import Layout
from .movements import Traced
from .queue import QueueNow

NOTES: Final = 100
"""Seconds of notes for taking back: as long as a fault of the picture may have gone unnoticed, and some more."""


@dataclass(slots=True)
class Tally:
    """All that is summed up for one window. Arrays by cell, (C,) or (len(Amount), C).

    queue_samples: seconds in which the queue could be told; without one its maximum is unknown. moves: of crossings
    of this window. late_moves: (M,), by movement, of crossings of windows that were closed before. passages: of gates.
    late_gates: (2 G,), by gate and direction. hidden_s, line_hidden_s: seconds in which a cell, or its stop line, could
    not be seen. side: side friction, (len(Side), A). obstacles: (C,), the most that stood at a time. scene_s: seconds
    of each flag of the picture.
    """

    from_s: float
    to_s: float
    exposure: FloatArray
    queue_max_m: FloatArray
    queue_max_vehicles: IntArray
    beyond: NDArray[np.bool_]
    late: IntArray
    late_moves: IntArray
    late_gates: IntArray
    hidden_s: FloatArray
    line_hidden_s: FloatArray
    side: IntArray
    obstacles: IntArray
    observed_s: float = 0.0
    queue_samples: int = 0
    crossings: list[Crossing] = field(default_factory=list)
    moves: list[Traced] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    scene_s: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Note:
    """What of a window cannot be taken back by subtraction, as it was before the queue of this second."""

    time_s: float
    number: int
    queue_max_m: FloatArray
    queue_max_vehicles: IntArray
    beyond: NDArray[np.bool_]
    hidden_s: FloatArray
    line_hidden_s: FloatArray
    side: IntArray
    obstacles: IntArray
    queue_samples: int

    @classmethod
    def of(cls, time_s: float, number: int, tally: Tally) -> "_Note":
        """A copy."""
        return cls(
            time_s=time_s,
            number=number,
            queue_max_m=tally.queue_max_m.copy(),
            queue_max_vehicles=tally.queue_max_vehicles.copy(),
            beyond=tally.beyond.copy(),
            hidden_s=tally.hidden_s.copy(),
            line_hidden_s=tally.line_hidden_s.copy(),
            side=tally.side.copy(),
            obstacles=tally.obstacles.copy(),
            queue_samples=tally.queue_samples,
        )

    def restore(self, tally: Tally) -> None:
        """Set the window back."""
        for item in fields(self)[2:]:
            value = getattr(self, item.name)
            setattr(tally, item.name, value.copy() if isinstance(value, np.ndarray) else value)


@dataclass(frozen=True, slots=True)
class Span:
    """What one frame added: kept for a while, to be taken back when it turns out that the picture was false.

    watched: whether the time counts as observed with it; not, where it is about a vehicle that was hidden then.
    """

    from_s: float
    to_s: float
    exposure: FloatArray
    watched: bool = True


class Windows:
    """The running windows of one length.

    A window whose key was published before (the clock was set back) is held: it is measured for nothing, and the
    crossings in it are counted as late in the next window that is published.
    """

    def __init__(self, length_s: int, grace_s: float, layout: Layout) -> None:
        self.length_s = length_s
        self._grace_s = grace_s
        self._layout = layout
        self._open: dict[int, Tally] = {}
        self._next: int | None = None
        self._held_until_s = -math.inf
        self._late: IntArray = np.zeros(len(layout), np.int64)
        self._late_moves: IntArray = np.zeros(len(layout.movements), np.int64)
        self._late_gates: IntArray = np.zeros(len(layout.gates) * len(DIRECTIONS), np.int64)
        self._flags: set[str] = set()
        self._notes: deque[_Note] = deque(maxlen=NOTES)

    def begin(self, time_s: float) -> None:
        """Start at this time, if nothing runs yet."""
        if self._next is None:
            self._next = self._number(time_s)

    def spread(self, span: Span, sign: float = 1.0) -> None:
        """Give every window its share of an observed span and of the amounts in it; with sign -1 take it away."""
        for tally, part_s in self._shares(span.from_s, span.to_s):
            tally.observed_s += sign * part_s * span.watched
            tally.exposure += span.exposure * (sign * part_s / (span.to_s - span.from_s))

    def _shares(self, from_s: float, to_s: float) -> Iterator[tuple[Tally, float]]:
        """The running windows that a span lies in, with the seconds of it that lie there."""
        at_s = from_s
        while at_s < to_s:
            number = self._number(at_s)
            end_s = min(to_s, (number + 1.0) * self.length_s)
            tally = self._tally(number)
            if tally is not None:
                yield tally, end_s - at_s
            at_s = end_s

    def cross(self, crossing: Crossing) -> None:
        """Count a crossing in the window of its time, or as late when that is closed."""
        tally = self._tally(self._number(crossing.time_s))
        if tally is None:
            self._late[self._layout.cells_at(crossing.approach, crossing.lane)] += 1
        else:
            tally.crossings.append(crossing)

    def move(self, move: Traced) -> None:
        """Count a move in the window of its crossing, or as late when that is closed."""
        tally = self._tally(self._number(move.crossing.time_s))
        if tally is None:
            self._late_moves[move.movement] += 1
        else:
            tally.moves.append(move)

    def passed(self, passage: Passage) -> None:
        """Count a vehicle over a gate in the window of its time, or as late when that is closed."""
        tally = self._tally(self._number(passage.time_s))
        if tally is None:
            self._late_gates[passage.gate * len(DIRECTIONS) + passage.direction] += 1
        else:
            tally.passages.append(passage)

    def queue(self, time_s: float, queue: QueueNow) -> None:
        """Account for the queue of one second."""
        number = self._number(time_s)
        tally = self._tally(number)
        if tally is None:
            return
        self._notes.append(_Note.of(time_s, number, tally))
        tally.queue_samples += queue.told
        np.maximum(tally.queue_max_m, queue.tail_m, out=tally.queue_max_m)
        np.maximum(tally.queue_max_vehicles, queue.vehicles, out=tally.queue_max_vehicles)
        np.maximum(tally.obstacles, queue.obstacles, out=tally.obstacles)
        tally.beyond |= queue.beyond

    def look(self, from_s: float, to_s: float, flags: Iterable[str]) -> None:
        """Account for what the picture was like in this span."""
        for tally, part_s in self._shares(from_s, to_s):
            for flag in flags:
                tally.scene_s[flag] = tally.scene_s.get(flag, 0.0) + part_s

    def hide(self, time_s: float, lost_s: FloatArray, line_s: FloatArray) -> None:
        """Account for seconds (C,) in which cells, and their stop lines, could not be seen."""
        tally = self._tally(self._number(time_s))
        if tally is not None:
            tally.hidden_s += lost_s
            tally.line_hidden_s += line_s

    def beside(self, time_s: float, side: IntArray) -> None:
        """Account for events of side friction, (len(Side), A)."""
        tally = self._tally(self._number(time_s))
        if tally is not None:
            tally.side += side

    def retract(self, since_s: float, spans: Iterable[Span]) -> None:
        """Take back what was measured since a moment: the picture could not be trusted from then on."""
        for span in spans:
            from_s = max(span.from_s, since_s)
            if span.to_s > from_s:
                share = (span.to_s - from_s) / (span.to_s - span.from_s)
                self.spread(replace(span, from_s=from_s, exposure=span.exposure * share), -1)
        for number, tally in self._open.items():
            note = next((n for n in self._notes if n.number == number and n.time_s >= since_s), None)
            if note is not None:
                note.restore(tally)
            tally.observed_s = max(0.0, tally.observed_s)
            tally.crossings = [c for c in tally.crossings if c.time_s < since_s]
            tally.moves = [move for move in tally.moves if move.crossing.time_s < since_s]
            tally.passages = [one for one in tally.passages if one.time_s < since_s]
        self._notes.clear()

    def parts(self) -> tuple[Tally, ...]:
        """The running windows, in order."""
        return tuple(self._open[number] for number in sorted(self._open))

    def resume(self, parts: Iterable[Tally]) -> None:
        """Go on with the windows of an earlier run. Raises `ValueError` when they are of another layout."""
        for part in parts:
            number = self._number(part.from_s)
            fresh = self._new(number)
            for item in fields(part):
                shapes = [np.shape(getattr(t, item.name)) for t in (part, fresh)]
                if isinstance(getattr(fresh, item.name), np.ndarray) and shapes[0] != shapes[1]:
                    raise ValueError(f"{item.name}: expected shape {shapes[1]}, got {shapes[0]}")
            self._open[number] = part
        self._next = min(self._open, default=None)

    def close(self, now_s: float) -> list[Tally]:
        """Windows that are complete at this time, in order; one in which nothing was seen is among them."""
        done: list[Tally] = []
        while self._next is not None and (self._next + 1.0) * self.length_s + self._grace_s <= now_s:
            done += self._publish(self._next)
            self._next += 1
        return done

    def flush(self, until_s: float, flag: str | None = None) -> list[Tally]:
        """Close all that began before this time, complete or not, and wait for a new beginning."""
        done: list[Tally] = []
        while self._next is not None and self._next * self.length_s < until_s:
            done += self._publish(self._next)
            self._next += 1
        for tally in done:
            tally.flags |= {flag} if flag else set()
        self._open.clear()
        self._notes.clear()
        self._next = None
        self._flags = {flag} if flag else set()
        return done

    def release(self) -> None:
        """Publish every window again, whatever was published before."""
        self._held_until_s = -math.inf

    def _number(self, time_s: float) -> int:
        return math.floor(time_s / self.length_s)

    def _tally(self, number: int) -> Tally | None:
        if self._next is None or number < self._next or number * self.length_s < self._held_until_s:
            return None
        if number not in self._open:
            self._open[number] = self._new(number)
        return self._open[number]

    def _new(self, number: int) -> Tally:
        cells = len(self._layout)
        start_s = float(number * self.length_s)
        return Tally(
            from_s=start_s,
            to_s=start_s + self.length_s,
            exposure=nothing(self._layout),
            queue_max_m=np.zeros(cells),
            queue_max_vehicles=np.zeros(cells, np.int64),
            beyond=np.zeros(cells, bool),
            late=np.zeros(cells, np.int64),
            late_moves=np.zeros(len(self._layout.movements), np.int64),
            late_gates=np.zeros(len(self._layout.gates) * len(DIRECTIONS), np.int64),
            hidden_s=np.zeros(cells),
            line_hidden_s=np.zeros(cells),
            side=np.zeros((len(Side), len(self._layout.ids)), np.int64),
            obstacles=np.zeros(cells, np.int64),
        )

    def _publish(self, number: int) -> list[Tally]:
        """The window of this number with what came late before it; nothing while it is held."""
        tally = self._open.pop(number, None)
        if number * self.length_s < self._held_until_s:
            return []
        tally = tally or self._new(number)
        self._held_until_s = tally.to_s
        tally.late += self._late
        tally.late_moves += self._late_moves
        tally.late_gates += self._late_gates
        tally.flags |= self._flags
        self._late, self._flags = np.zeros_like(self._late), set()
        self._late_moves, self._late_gates = np.zeros_like(self._late_moves), np.zeros_like(self._late_gates)
        return [tally]
