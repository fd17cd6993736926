"""From closed windows to what is published of them: rows with their state and reason, and the events of congestion that
they begin or end."""

from dataclasses import dataclass, replace

from ..config import Camera
from ..data import Event, EventType, Measurement, Readings, Scope, State
from . import reasons
from . import rows as rows_of
from .approach import ApproachWatch
from .cycle_row import BEYOND
from .friction import Friction
from .incidents import Incidents
from .layout import Layout
from .modelled import turning
from .service import Service, doubted
from .settings import MeterSettings
from .speeds import withheld
from .state import WORSE, Verdict
from .trust import Trust, explained
from .usual import Usual
from .windows import Tally
from .zone_incidents import ZoneIncidents

LOS_BOUND = "los_lower_bound"
"""The level of service is this letter or a worse one."""

WORST = "F"
CAUSES = (EventType.SPILLBACK, EventType.BLOCKED_BOX, EventType.STOPPED_VEHICLE)
"""Incidents that make a congestion, the likeliest first; what is open when it begins is told as its cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """The parts of one camera that say something of a closed window."""

    camera: Camera
    settings: MeterSettings
    layout: Layout
    means: rows_of.Means
    service: Service
    friction: Friction
    trust: Trust
    usual: Usual
    watches: tuple[ApproachWatch, ...]
    incidents: Incidents
    in_zones: ZoneIncidents

    def rows(self, closed: list[tuple[int, Tally]]) -> Readings:
        """The rows of closed windows; each approach is judged by its base windows, and its lanes inherit the state."""
        done = Readings()
        if not self.watches:
            return Readings(windows=tuple(self._passages(tally) for _, tally in closed if self.layout.gates))
        for length_s, tally in closed:
            table = self._table(tally, length_s)
            verdicts: dict[str, Verdict] = {}
            for watch, row in zip(self.watches, filter(rows_of.is_approach, table), strict=True):
                verdict, events = self._verdict(watch, row, length_s)
                verdicts[row.approach] = replace(verdict, reason=explained(row, verdict.reason))
                done += Readings(events=events)
            table = [self._said(row, verdicts[row.approach]) for row in table]
            for row in table:
                self.usual.learn(row)
            done += Readings(windows=tuple(table))
        return done

    def _passages(self, tally: Tally) -> Measurement:
        """The row of a camera that has gates and no approaches."""
        return self.trust.judge(rows_of.gate_row(tally, self.camera.id, self.layout, self.means), tally, None)

    def _table(self, tally: Tally, length_s: int) -> list[Measurement]:
        """The rows of a window, without speeds that the calibration does not support, and what follows from them: smp,
        service, trust, side friction, the usual."""
        table = []
        rows = self.service.smp([self._told(row) for row in rows_of.measurements(tally, self.layout, self.means)])
        for i, row in enumerate(self._served(rows, length_s)):
            approach = self.layout.ids.index(row.approach)
            index = i if i < len(self.layout) else int(self.layout.approach_cell[approach])
            row = doubted(self.trust.judge(row, tally, index), self.settings.state.min_quality)
            row = or_worse(row, self.camera.approaches[approach].control)
            length_m = self.layout.cells[index].length_m
            table.append(self.usual.fill(self.friction.fill(row, tally.side[:, approach], length_m)))
        return table

    def _said(self, row: Measurement, verdict: Verdict) -> Measurement:
        """The row with its state and reason; a state is one of places, so a movement has none."""
        if row.scope is Scope.MOVEMENT:
            return row
        if row.counts is None and row.lane is not None and "occluded" in row.quality.flags:
            verdict = Verdict(State.UNKNOWN, reasons.say(reasons.OCCLUDED, reasons.Figures()))
        row = replace(row, state=verdict.state, reason=explained(row, verdict.reason))
        if row.state is State.UNKNOWN or row.reason is None:
            return row
        row = self.usual.compare(row)
        if row.state not in WORSE or row.reason is None:
            return row
        quality = reasons.Figures(quality=row.quality.score)
        return replace(row, reason=reasons.joined(row.reason, reasons.QUALITY, quality))

    def _served(self, table: list[Measurement], length_s: int) -> list[Measurement]:
        """The rows of a window, those of approaches with what their signal says of them."""
        turns = {one.id: one.turn for one in self.camera.movements}
        watches, turned = {watch.approach: watch for watch in self.watches}, turning(table, turns)
        return [
            watches[row.approach].serve(row, length_s, turned.get(row.approach)) if rows_of.is_approach(row) else row
            for row in table
        ]

    def _told(self, row: Measurement) -> Measurement:
        """The row as it may be published: without speeds that the calibration does not support."""
        supported = self.means.errors.supported(self.layout.ids.index(row.approach))
        return row if supported else withheld(row)

    def _verdict(self, watch: ApproachWatch, row: Measurement, length_s: int) -> tuple[Verdict, tuple[Event, ...]]:
        if length_s != self.settings.base_s:
            return watch.latest(row), ()
        opened = self.incidents.open_types(row.approach) + self.in_zones.open_types(row.approach)
        cause = next((kind.value for kind in CAUSES if kind in opened), None)
        return watch.judge(row, cause)


def or_worse(row: Measurement, control: str) -> Measurement:
    """The row with a flag where its letter is a bound: by a delay of which the view cut the queue off, so that who
    waits beyond it is not in it. F has no worse; a link's letter is by speed."""
    known = row.los is not None and row.los != WORST and control != "link"
    beyond = known and BEYOND in row.quality.flags
    return replace(row, quality=rows_of.flagged(row.quality, LOS_BOUND)) if beyond else row
