"""One figure over several clips."""

from collections.abc import Mapping, Sequence
from typing import Final

from .figures import Figure

SUM: Final = "sum"
MAX: Final = "max"

HOW: Final[Mapping[str, str]] = {
    "counts.measured": SUM,
    "counts.true": SUM,
    "counts.missed": SUM,
    "counts.missed_hidden": SUM,
    "counts.doubled": SUM,
    "counts.class_wape_pct": "counts.true",
    "counts.effectiveness": "counts.true",
    "counts.movement_effectiveness": "counts.true",
    "counts.movement_wape_pct": "counts.true",
    "counts.movement_geh_max": MAX,
    "counts.traced": "counts.true",
    "counts.lane_wape_pct": "counts.true",
    "speed.n": SUM,
    "speed.mean_error_kmh": "speed.n",
    "speed.inside_interval": "speed.n",
    "queue.cycles": SUM,
    "queue.cycle_near_share": "queue.cycles",
    "queue.cycle_max_abs_m": MAX,
    "signal.cycles_true": SUM,
    "signal.cycles_found": SUM,
    "signal.cycle_max_abs_s": MAX,
    "signal.green_max_abs_s": MAX,
    "occupancy.max_abs": MAX,
    "density.max_abs_pct": MAX,
    "density.shown_max_abs_pct": MAX,
    "delay.control_excess": MAX,
    "arrivals.on_green_abs_points": MAX,
    "arrivals.on_green_max_abs_points": MAX,
    "arrivals.cycles": SUM,
    "arrivals.inside_interval": "arrivals.cycles",
    "state.minutes": SUM,
    "state.agreement": "state.minutes",
    "incident.true": SUM,
    "incident.reported": SUM,
    "incident.false_alarms": SUM,
    "incident.missed": SUM,
    "honesty.wrong_zeros": SUM,
    "coverage.window_max_abs_s": MAX,
}
"""Quantity → how it is pooled: summed, the largest, or the mean weighted by another quantity. Others are not pooled."""


def pool(clips: Sequence[Sequence[Figure]]) -> list[Figure]:
    """The figures of all clips together; None where no clip has the figure."""
    values = [{figure.quantity: figure.value for figure in figures} for figures in clips]
    names = list(dict.fromkeys(name for clip in values for name in clip if name in HOW))
    return [Figure(name, _pooled(name, values)) for name in names]


def _pooled(name: str, clips: Sequence[Mapping[str, float | None]]) -> float | None:
    how = HOW[name]
    known = [(value, clip) for clip in clips if (value := clip.get(name)) is not None]
    if not known:
        return None
    if how in (SUM, MAX):
        return (sum if how == SUM else max)(value for value, _ in known)
    weighted = [(value, clip.get(how) or 0.0) for value, clip in known]
    weight = sum(w for _, w in weighted)
    return sum(v * w for v, w in weighted) / weight if weight else None
