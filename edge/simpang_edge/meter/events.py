"""What begins and ends: congestion, a vehicle stopped outside the queue, a vehicle against the traffic."""

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from ..data import Event, EventType, FloatArray, IntArray, State
from .crossings import Crossing
from .fleet import Fleet, history
from .layout import Layout
from .reasons import STOPPED, WRONG_WAY, Figures, say
from .state import Verdict

STOPPED_S: Final = 15.0
LONG_STOP_S: Final = 120.0
OVERTAKERS: Final = 2
BACK_MPS: Final = -2.0
BACK_S: Final = 1.5
BACK_M: Final = 5.0


def event_id(camera: str, approach: str, kind: EventType, begin_s: float) -> str:
    """The same for begin and end, and for the same happening measured again."""
    return f"{camera}-{approach}-{kind.value}-{int(begin_s)}"


@dataclass(slots=True)
class CongestionEvents:
    """Congestion of one approach as events: none shorter than `min_s`, none less than `merge_s` apart (section 6).

    A begin is told once the congestion has lasted `min_s`, an end once it has been over for `merge_s`; both carry the
    true times.
    """

    camera: str
    approach: str
    min_s: float
    merge_s: float
    _begin_s: float | None = None
    _end_s: float | None = None
    _open: Event | None = None

    def follow(self, verdict: Verdict, now_s: float) -> tuple[Event, ...]:
        """Account for the verdict on a window that ended now. An unknown window changes nothing."""
        if verdict.state is State.UNKNOWN:
            return ()
        if verdict.since_s is not None:
            return self._on(verdict, verdict.since_s, now_s)
        if self._begin_s is None:
            return ()
        self._end_s = now_s if self._end_s is None else self._end_s
        return self.close(now_s) if now_s - self._end_s >= self.merge_s else ()

    def close(self, now_s: float) -> tuple[Event, ...]:
        """End what is open: when it was over, or now when it still holds."""
        event, end_s = self._open, now_s if self._end_s is None else self._end_s
        self._begin_s = self._end_s = self._open = None
        return () if event is None else (replace(event, end_s=end_s),)

    def _on(self, verdict: Verdict, since_s: float, now_s: float) -> tuple[Event, ...]:
        self._begin_s = since_s if self._begin_s is None else self._begin_s
        self._end_s = None
        if self._open is not None or now_s - self._begin_s < self.min_s:
            return ()
        self._open = Event(
            id=event_id(self.camera, self.approach, EventType.CONGESTION, self._begin_s),
            type=EventType.CONGESTION,
            begin_s=self._begin_s,
            end_s=None,
            severity="serious" if verdict.state is State.JAMMED else "warning",
            approach=self.approach,
            reason=verdict.reason,
        )
        return (self._open,)


@dataclass(slots=True)
class Incidents:
    """Vehicles that stand or drive where they should not; looked for once a second.

    Stopped: 15 s outside the queue while at least two vehicles from behind went past it (else a queue whose head the
    detector missed would alarm at every red light), or 120 s in any case. Wrong way: 1.5 s and 5 m against the
    traffic at 2 m/s or more.
    """

    camera: str
    layout: Layout
    _open: dict[int, Event] = field(default_factory=dict)
    _past: deque[Crossing] = field(default_factory=lambda: deque(maxlen=200))

    def cross(self, crossing: Crossing) -> None:
        """Account for a crossing: it may have gone past a vehicle that stands."""
        self._past.append(crossing)

    def look(self, fleet: Fleet, now_s: float) -> tuple[Event, ...]:
        """Events that begin or end now."""
        rows = fleet.rows
        fresh = fleet.fresh(now_s, 1.0)
        upstream = fresh[~rows["counted"][fresh] & (rows["along_m"][fresh] > 0)]
        stands = now_s - rows["slow_since_s"][upstream]
        stopped = upstream[(stands >= STOPPED_S) & ~rows["was_queued"][upstream]]
        stopped = np.array([r for r in stopped.tolist() if self._blocks(fleet, r, now_s)], np.int64)
        back = self._backward(fleet, fresh, now_s)
        events = [self._begin(fleet, r, EventType.STOPPED_VEHICLE, now_s) for r in stopped.tolist()]
        events += [self._begin(fleet, r, EventType.WRONG_WAY, now_s) for r in back.tolist()]
        holding = {int(i) for i in rows["id"][np.concatenate((stopped, back))]}
        ended = [i for i in self._open if i not in holding]
        return tuple(e for e in events if e is not None) + tuple(replace(self._open.pop(i), end_s=now_s) for i in ended)

    def close(self, now_s: float) -> tuple[Event, ...]:
        """End what is open."""
        ended = tuple(replace(event, end_s=now_s) for event in self._open.values())
        self._open.clear()
        return ended

    def _blocks(self, fleet: Fleet, row: int, now_s: float) -> bool:
        one = fleet.rows[row]
        since_s, along_m = one["slow_since_s"], one["along_m"]
        if now_s - since_s >= LONG_STOP_S or int(one["id"]) in self._open:
            return True
        behind = [c for c in self._past if c.approach == one["approach"] and c.start_m > along_m + 2]
        return len([c for c in behind if c.time_s > since_s + 1]) >= OVERTAKERS

    def _backward(self, fleet: Fleet, fresh: IntArray, now_s: float) -> IntArray:
        rows = fleet.rows
        against = rows["speed_mps"][fresh] <= BACK_MPS
        rows["back_since_s"][fresh[~against]] = np.nan
        begins = fresh[against & np.isnan(rows["back_since_s"][fresh])]
        rows["back_since_s"][begins] = now_s
        rows["back_from_m"][begins] = rows["along_m"][begins]
        held = now_s - rows["back_since_s"][fresh] >= BACK_S
        far: IntArray = fresh[held & (rows["along_m"][fresh] - rows["back_from_m"][fresh] >= BACK_M)]
        return far[[_steady(*history(rows, r), now_s) for r in far.tolist()]] if len(far) else far

    def _begin(self, fleet: Fleet, row: int, kind: EventType, now_s: float) -> Event | None:
        one = fleet.rows[row]
        track = int(one["id"])
        if track in self._open:
            return None
        wrong = kind is EventType.WRONG_WAY
        begin_s = float(one["back_since_s"] if wrong else one["slow_since_s"])
        approach = self.layout.ids[int(one["approach"])]
        speed_mps = abs(float(one["speed_mps"]))
        figures = Figures(seconds=now_s - begin_s, queue_m=float(one["along_m"]), speed_mps=speed_mps)
        self._open[track] = Event(
            id=f"{event_id(self.camera, approach, kind, begin_s)}-{track}",
            type=kind,
            begin_s=begin_s,
            end_s=None,
            severity="serious" if wrong else "warning",
            approach=approach,
            lane=int(one["lane"]) if one["lane"] > 0 else None,
            reason=say(WRONG_WAY if wrong else STOPPED, figures),
        )
        return self._open[track]


def _steady(time_s: FloatArray, along_m: FloatArray, now_s: float) -> bool:
    """Whether the last 1.5 s went against the traffic frame by frame; a track that jumped to a vehicle behind did not.

    At least 4 in 5 steps upstream, and none of them more than a third of the way.
    """
    steps_m = np.diff(along_m[time_s >= now_s - BACK_S])
    if len(steps_m) < 4:
        return False
    return bool((steps_m > 0).mean() >= 0.8 and steps_m.max() <= max(steps_m.sum(), 0.0) / 3)
