"""Spans in which nothing was seen: what of an event was really watched."""

from dataclasses import dataclass, field, replace
from typing import Final

from ..data import Event
from .kept import Plain, Take, freeze, thaw

KEPT: Final = 200
"""More gaps than this are not told apart: the two oldest become one that lost as many seconds."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A span of which `lost_s` were not seen."""

    from_s: float
    to_s: float
    lost_s: float

    def lost_between_s(self, from_s: float, to_s: float) -> float:
        """Its seconds that lie in another span."""
        part_s = min(to_s, self.to_s) - max(from_s, self.from_s)
        return self.lost_s * part_s / (self.to_s - self.from_s) if part_s > 0 else 0.0


@dataclass(slots=True)
class Gaps:
    """In order of time; bounded."""

    _gaps: list[Gap] = field(default_factory=list)

    def lose(self, from_s: float, to_s: float) -> None:
        """Nothing was seen in this span; what ends later than it begins is the same gap."""
        if to_s <= from_s:
            return
        while self._gaps and self._gaps[-1].from_s >= from_s:
            self._gaps.pop()
        if self._gaps and self._gaps[-1].to_s >= from_s:
            last = self._gaps.pop()
            to_s = max(to_s, last.to_s)
            self._gaps.append(Gap(last.from_s, to_s, last.lost_s + to_s - last.to_s))
        else:
            self._gaps.append(Gap(from_s, to_s, to_s - from_s))
        if len(self._gaps) > KEPT:
            one, other = self._gaps[:2]
            self._gaps[:2] = [Gap(one.from_s, other.to_s, one.lost_s + other.lost_s)]

    def observed_s(self, from_s: float, to_s: float) -> float:
        """Seconds of a span that were seen."""
        lost_s = sum(gap.lost_between_s(from_s, to_s) for gap in self._gaps)
        return max(0.0, to_s - from_s - lost_s)

    def told(self, event: Event, now_s: float, frame_s: float | None) -> Event:
        """The event as it is told now, with the seconds of it that were seen until the newest frame; of a fault of the
        camera, which is about not seeing, none. One that was told (when the clock was set) stays as it is."""
        if event.told_s is not None:
            return event
        if event.type.about_camera:
            return replace(event, told_s=now_s)
        end_s = min(now_s if event.end_s is None else event.end_s, event.begin_s if frame_s is None else frame_s)
        return replace(event, told_s=now_s, observed_s=self.observed_s(event.begin_s, end_s))

    def clear(self) -> None:
        """Forget everything: the clock was set."""
        self._gaps.clear()

    def keep(self) -> Plain:
        """What it holds, for the run after this one."""
        return freeze(self, "_gaps")

    def take(self, kept: Plain) -> Take:
        """What an earlier run held. Raises `ValueError` for anything else."""
        return thaw(self, kept, "_gaps")
