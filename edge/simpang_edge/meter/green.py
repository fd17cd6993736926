"""Green, capacity and demand of a signal approach over whole cycles (PKJI 2023, ch. 5; domain reference, §4, §6).

By discharge a cycle shows only that its green lasted at least until the last vehicle crossed. What it really was, its
alike cycles tell: those in which the queue discharged to the end show all of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from ..data import Cycle
from .cycle_row import DISCHARGE
from .plan import alike

MEASURED_CYCLES: Final = 3
"""So many cycles are needed before what they measured replaces a formula."""


@dataclass(frozen=True, slots=True)
class Signal:
    """What the cycles say to one window: `told` are those completed in it, `recent` the latest, `before` the last one
    completed earlier."""

    told: tuple[Cycle, ...] = ()
    recent: tuple[Cycle, ...] = ()
    before: Cycle | None = None

    @property
    def known(self) -> tuple[Cycle, ...]:
        """All of them, by time."""
        return tuple({c.from_s: c for c in (*self.recent, *self.told)}.values())


@dataclass(frozen=True, slots=True)
class Green:
    """Mean green of a window's cycles, and its share wH / s of the cycle. at_least: both are lower bounds."""

    mean_s: float
    share_ratio: float
    at_least: bool


@dataclass(frozen=True, slots=True)
class Demand:
    """smp a second that wanted to pass. at_least: more may have come. cleared: all of it was served."""

    smps: float
    at_least: bool
    cleared: bool


def green(signal: Signal) -> Green | None:
    """Green of the window's cycles, else of the latest one; of each cycle that of its alike ones."""
    greens = [(c, *_best(c, signal.known)) for c in signal.told or signal.recent[-1:]]
    known = [(green_s, c.to_s - c.from_s, bound) for c, green_s, bound in greens if green_s is not None]
    if not known:
        return None
    total_s = sum(green_s for green_s, _, _ in known)
    return Green(total_s / len(known), total_s / sum(s for _, s, _ in known), any(bound for *_, bound in known))


def discharge_smps(signal: Signal) -> float | None:
    """Capacity as it was discharged: smp of saturated cycles over their length, from three on.

    In a cycle whose queue lasts to the end of green the vehicles served are s g, so that they per cycle are HCM's
    c = s g / C (HCM 7, ch. 19) and PKJI's C = J wH / s, whatever the start lost and the yellow gave. None where the
    window's cycles are not of that plan.
    """
    last = signal.known[-1] if signal.known else None
    if last is None or not all(_alike(c, last) for c in signal.told):
        return None
    full = [c for c in signal.known if c.saturated and c.discharged_smp is not None and _alike(c, last)]
    if len(full) < MEASURED_CYCLES:
        return None
    return sum(c.discharged_smp or 0.0 for c in full) / sum(c.to_s - c.from_s for c in full)


def served_smps(signal: Signal) -> float:
    """The most that a cycle like the latest one served, smp a second: no capacity is below it."""
    last = signal.known[-1] if signal.known else None
    alike_ones = [c for c in signal.known if last is not None and _alike(c, last)]
    return max(((c.discharged_smp or 0.0) / (c.to_s - c.from_s) for c in alike_ones), default=0.0)


def demand(signal: Signal) -> Demand | None:
    """Demand over the window's whole cycles: what was served in them, and what the residual queue grew by.

    q of DJ = q / C is what arrives, not what is let through (PKJI 2023, ch. 5); over whole cycles, since a part of one
    is all red or all green (domain reference, §6). A queue that shrinks leaves it at what was served.
    """
    told = [c for c in signal.told if c.discharged_smp is not None]
    if not told:
        return None
    served, length_s = sum(c.discharged_smp or 0.0 for c in told), sum(c.to_s - c.from_s for c in told)
    vehicles = sum(c.discharged or 0 for c in told)
    growth_vps = _growth_vps(signal.before or told[0], told[-1])
    left = _left(told[-1])
    beyond = any(c.queue_beyond_view for c in told)
    unseen = growth_vps is None and left != 0
    smps = served / length_s + max(0.0, growth_vps or 0.0) * (served / vehicles if vehicles else 1.0)
    return Demand(smps, beyond or unseen, left == 0 and not beyond)


def _best(cycle: Cycle, known: Sequence[Cycle]) -> tuple[float | None, bool]:
    """Green of a cycle, and whether it is a lower bound: the lamps', else the median of alike cycles that were
    saturated to the end, else the longest that one of them showed."""
    if cycle.method != DISCHARGE:
        return cycle.green_s, False
    shown = [(c.green_s, c.saturated) for c in known if c.green_s is not None and _alike(c, cycle)]
    full = [green_s for green_s, saturated in shown if saturated]
    if full:
        return median(full), False
    return max((green_s for green_s, _ in shown), default=None), True


def _alike(one: Cycle, other: Cycle) -> bool:
    lengths = [(c.to_s - c.from_s, None) for c in (one, other)]
    return (one.plan, one.method) == (other.plan, other.method) and alike(*lengths)


def _left(cycle: Cycle) -> int | None:
    """Vehicles that green did not serve; a single one that stands when others went freely came too late for it."""
    left = cycle.residual_queue_vehicles
    return 0 if left == 1 and not cycle.saturated else left


def _growth_vps(first: Cycle, last: Cycle) -> float | None:
    """Growth of the residual queue between two ends of green; None where it is not known at both."""
    if first is last:
        return None
    left = _left(first), _left(last)
    if left[0] is None or left[1] is None:
        return None
    return (left[1] - left[0]) / (last.to_s - first.to_s)
