"""Charts of a run as SVG: counts, queue and speed, each beside its truth."""

import io
from itertools import accumulate
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from . import counting, queues, speeds
from .figures import SHORT_S, Sight

OURS: Final = "#d95f02"
TRUE: Final = "#1b7837"
GREEN: Final = "#c7e9c0"
SIZE_IN: Final = (12.0, 3.4)


def of(sight: Sight) -> str:
    """Three charts side by side as one SVG element."""
    canvas = Canvas(figsize=SIZE_IN, layout="constrained")
    left, middle, right = canvas.subplots(1, 3, width_ratios=(2, 2, 1.2))
    _counts(left, sight)
    _queue(middle, sight)
    _speed(right, sight)
    out = io.StringIO()
    canvas.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def _counts(axes: Axes, sight: Sight) -> None:
    rows, seconds = sight.rows(SHORT_S), sight.clip.seconds
    times = sorted(c.time_s for c in sight.truth.motor())
    axes.step([0, *times, seconds], [0, *range(1, len(times) + 1), len(times)], where="post", color=TRUE, label="true")
    ends = [sight.span(row)[1] for row in rows]
    axes.plot(ends, list(accumulate(row.intensity or 0 for row in rows)), color=OURS, label="published")
    missed = counting.matching(sight)
    for time_s in missed.missed_s if missed else ():
        axes.axvline(time_s, color="red", lw=0.8, ls=":")
    axes.set_xlim(right=seconds)
    _finish(axes, "vehicles over the line", "s")


def _queue(axes: Axes, sight: Sight) -> None:
    truth = sight.truth
    for begin_s in truth.green_starts_s:
        axes.axvspan(begin_s, begin_s + (truth.green_s or 0), color=GREEN, lw=0)
    axes.plot([q.time_s for q in truth.queue], [q.tail_m for q in truth.queue], color=TRUE, label="true")
    tails = queues.tails(sight)
    axes.plot([t.span[1] for t in tails], [t.measured_m for t in tails], color=OURS, label="published")
    axes.axhline(truth.length_m, color="grey", lw=0.6, ls="--")
    axes.set_xlim(right=sight.clip.seconds)
    _finish(axes, "queue, m (green: light is green)", "s")


def _speed(axes: Axes, sight: Sight) -> None:
    found = speeds.speeds(sight)
    top = max((max(s.measured_kmh, s.true_kmh) for s in found), default=10) * 1.05
    axes.plot([0, top], [0, top], color="grey", lw=0.6)
    for speed in found:
        if speed.low_kmh is not None and speed.high_kmh is not None:
            axes.plot([speed.true_kmh] * 2, [speed.low_kmh, speed.high_kmh], color=OURS, lw=0.8)
    axes.plot([s.true_kmh for s in found], [s.measured_kmh for s in found], "o", ms=3, color=OURS)
    axes.set_ylabel("published, km/h", fontsize=8)
    _finish(axes, "speed at the line", "true, km/h")


def _finish(axes: Axes, title: str, below: str) -> None:
    axes.set_title(title, fontsize=9)
    axes.set_xlabel(below, fontsize=8)
    axes.tick_params(labelsize=8)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8, frameon=False, loc="upper left")
