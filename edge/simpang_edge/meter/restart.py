"""What an earlier run of the worker left of windows and events, and what this run will leave for the next."""

import math
from dataclasses import dataclass

from ..data import Readings
from . import parts as parts_of
from .closing import Closing
from .gaps import Gaps
from .kept import Take, together
from .settings import MeterSettings
from .standing import AGAIN_S, Open, Standing, ended
from .timeline import Timeline
from .windows import Windows


@dataclass(slots=True, kw_only=True)
class Restart:
    """Goes on with what was left, once, and writes what is running. goes_on: a camera's events outlive its worker, a
    file's do not."""

    settings: MeterSettings
    windows: tuple[Windows, ...]
    standing: Standing
    time: Timeline
    gaps: Gaps
    closing: Closing
    goes_on: bool
    _before: tuple[parts_of.Parts, Take] | None = None
    _orphans: Open = ()
    _left: parts_of.Parts | None = None

    def leave(self) -> None:
        """Keep what runs now, before it is closed."""
        self._left = self._running() if self.time.now_s is not None else None

    def parts(self) -> bytes | None:
        """The running windows, for a worker that starts again to go on with; after `finish`, as they were before it."""
        if self._left is not None or self.time.now_s is None:
            return None if self._left is None else parts_of.encode(self._left)
        return parts_of.encode(self._running())

    def open(self) -> bytes:
        """The events that have not ended, for whoever can read no more of an earlier run; after `finish`, before it."""
        return parts_of.encode_open(self._running().open if self._left is None else self._left.open)

    def end(self, left: bytes) -> None:
        """Tell the end of events that an earlier run left open, with what stood behind them lost: at their last sign.

        Raises `ValueError` for what `open` did not write. To be called first, where `resume` had nothing to take.
        """
        self._orphans = parts_of.decode_open(left) if self.goes_on else ()

    def resume(self, parts: bytes) -> None:
        """Go on with the windows and events of an earlier run of this camera, unless time has gone back since; with the
        events for `forget_s` only, then they end with their last sign.

        Raises `ValueError` for parts of another version or layout; nothing is taken then. To be called first.
        """
        before = parts_of.decode(parts)
        take = self.standing.take(before.standing) if self.goes_on else together(())
        for windows in self.windows:
            windows.resume(tally for length_s, tally in before.tallies if length_s == windows.length_s)
            windows.flush(-math.inf)
        self._before = before, take

    def go_on(self, time_s: float) -> Readings:
        """Go on with what an earlier run left, once; what is too old to go on with is told as it is."""
        left, self._before = self._before, None
        orphans, self._orphans = self._orphans, ()
        if left is None:
            return Readings(events=ended(orphans))
        before, take = left
        if time_s < before.time_s:
            return Readings(events=ended(before.open))
        for windows in self.windows:
            windows.resume(tally for length_s, tally in before.tallies if length_s == windows.length_s)
        take()
        done, away_s = Readings(), time_s - before.time_s
        if away_s > self.settings.jump_s:
            done = self.closing.rows([(w.length_s, t) for w in self.windows for t in w.flush(before.time_s)])
        self.gaps.lose(before.time_s, time_s)
        if away_s > self.settings.state.forget_s:
            return done + Readings(events=self.standing.give_up())
        self.standing.look_for(time_s + AGAIN_S)
        return done + Readings(events=tuple(event for event, _ in self.standing.open()))

    def _running(self) -> parts_of.Parts:
        tallies = tuple((w.length_s, tally) for w in self.windows for tally in w.parts())
        if not self.goes_on:
            return parts_of.Parts(self.time.now_s or 0.0, tallies)
        return parts_of.Parts(self.time.now_s or 0.0, tallies, self.standing.keep(), self.standing.open())
