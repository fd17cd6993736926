"""What is so now, per approach and lane, as far as the last minute was seen."""

from dataclasses import dataclass, replace

from ..data import LiveRow, Quality, Reason
from . import reasons
from .approach import ApproachWatch
from .cover import Cover
from .faults import Faults
from .fleet import Fleet
from .gaps import Gaps
from .layout import Layout
from .live import FLOW_S, LiveSight, Now, Recent, quality, stale_row
from .moods import Moods
from .queue import QueueNow
from .settings import MeterSettings
from .timeline import Timeline
from .trust import HIDDEN_SHARE, Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """The parts of one camera that say what is so now."""

    settings: MeterSettings
    layout: Layout
    recent: Recent
    trust: Trust
    moods: Moods
    cover: Cover
    faults: Faults
    watches: tuple[ApproachWatch, ...]
    time: Timeline
    gaps: Gaps

    def rows(self, time_s: float, fleet: Fleet, queue: QueueNow) -> tuple[LiveRow, ...]:
        """What is so now, per approach and lane. `time_s` is on the time base of the frames."""
        frame_s, observed_s = self.time.frame_s, self.time.observed_s
        if frame_s is None or time_s - frame_s > self.settings.stale_s:
            age_s = None if frame_s is None else time_s - frame_s
            return self._stale(time_s, observed_s, reasons.say(reasons.NO_PICTURE, reasons.Figures(seconds=age_s)))
        if (why := self.faults.why(time_s)) is not None:
            return self._stale(time_s, observed_s, why)
        now = self.recent.now(fleet, queue, frame_s)
        sight = self._sight(now)
        return tuple(row for watch in self.watches for row in watch.live(now, sight, time_s, observed_s))

    def _sight(self, now: Now) -> LiveSight:
        """How well every cell was seen in the last minute, by the rules of windows."""
        qualities, hidden = [], set()
        for i, cell in enumerate(self.layout.cells):
            mood = self.moods.over(now.from_s, now.to_s, self.layout.lanes_in(i))
            qualities.append(self.trust.quality(quality(now, i), cell.approach, mood))
            if self.cover.hidden(i) or (cell.lane is not None and mood.hidden_s > HIDDEN_SHARE * now.span_s):
                hidden.add(i)
        return LiveSight(tuple(qualities), frozenset(hidden))

    def _stale(self, time_s: float, observed_s: float, reason: Reason) -> tuple[LiveRow, ...]:
        """Nothing is told as now; of the last minute how much was seen, and the flags of the picture."""
        frame_s = time_s if self.time.frame_s is None else min(time_s, self.time.frame_s)
        seen_s = min(observed_s, self.gaps.observed_s(time_s - FLOW_S, frame_s))
        flags = () if self.faults.scene is None or self.faults.fault is None else self.faults.scene.flags
        rows = (stale_row(self.recent.counts, i, cell, time_s, observed_s) for i, cell in enumerate(self.layout.cells))
        return tuple(replace(row, reason=reason, quality=Quality(seen_s, 0.0, flags)) for row in rows)
