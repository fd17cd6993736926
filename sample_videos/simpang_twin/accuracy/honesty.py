"""Figures of honesty: zeros that are not true, and seconds claimed to be observed."""

from collections.abc import Callable
from typing import Final

from simpang_edge.message import FlowRow

from .figures import BASE_S, SHORT_S, Figure, Sight
from .truths import Crossing, Span

CLEARLY: Final = 2
"""So many vehicles make a published zero a wrong one."""


def figures(sight: Sight) -> list[Figure]:
    """Wrongly published zeros, and the difference between observed and really visible seconds."""
    rows = [row for scope in ("approach", "lane") for row in sight.rows(BASE_S, scope)]
    off_s = [abs(row.x.quality.observed_s - sight.clip.seen_s(sight.span(row))) for row in sight.rows(BASE_S)]
    short_s = sum(
        max(0.0, sight.clip.seen_s(sight.span(row)) - row.x.quality.observed_s) for row in sight.rows(SHORT_S)
    )
    over_s = sum(max(0.0, row.x.quality.observed_s - sight.clip.seen_s(sight.span(row))) for row in sight.rows(SHORT_S))
    return [
        Figure("honesty.wrong_zeros", sum(len(wrong_zeros(sight, row)) for row in rows)),
        Figure("coverage.window_max_abs_s", max(off_s, default=None)),
        Figure("coverage.unclaimed_s", short_s),
        Figure("coverage.overclaimed_s", over_s),
    ]


def wrong_zeros(sight: Sight, row: FlowRow) -> list[str]:
    """Names of the fields in which a row says 0 although nothing was observed or there clearly was traffic."""
    zeros = [name for name, value in _values(row) if value == 0]
    if row.x.quality.observed_s == 0:
        return zeros
    span = sight.span(row)
    return [name for name in zeros if _clear(name, sight, span, row.lane_id)]


def _values(row: FlowRow) -> tuple[tuple[str, float | None], ...]:
    return (
        ("intensity", row.intensity),
        ("flow", row.x.flow_vph),
        ("speed", row.average_vehicle_speed),
        ("occupancy", row.occupancy),
        ("density", row.x.density_vpkm),
        ("queue", row.x.queue_max_m),
    )


def _clear(name: str, sight: Sight, span: Span, lane: int | None) -> bool:
    """Whether the truth is clearly not zero. The queue's truth is that of the approach only."""
    if name == "queue":
        return lane is None and (sight.truth.vehicles(span) or 0) >= CLEARLY
    of_lane: Callable[[Crossing], bool] = lambda c: lane in (None, c.lane)  # noqa: E731
    return sum(map(of_lane, sight.truth.crossed(span))) >= CLEARLY
