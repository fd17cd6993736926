"""Figures of the signal cycle."""

from simpang_edge.message import CycleRow

from .figures import Figure, Sight


def figures(sight: Sight) -> list[Figure]:
    """Cycle and green length against the plan as it ran, and how many of the whole cycles were found."""
    truth, rows = sight.truth, cycles(sight)
    whole = max(0, len(truth.green_starts_s) - 1)
    lengths = [abs(row.cycle_s - truth.cycle_s) for row in rows if truth.cycle_s]
    greens = [abs(row.green_s - truth.green_s) for row in rows if row.green_s is not None and truth.green_s]
    return [
        Figure("signal.cycles_true", whole),
        Figure("signal.cycles_found", len(rows)),
        Figure("signal.cycle_max_abs_s", max(lengths, default=None)),
        Figure("signal.green_max_abs_s", max(greens, default=None)),
    ]


def cycles(sight: Sight) -> list[CycleRow]:
    """The approach's published cycles."""
    return [row for row in sight.published.cycles if row.approach == sight.truth.approach]
