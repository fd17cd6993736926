"""The result as a table for the terminal and as Markdown: a row per figure, a column per run."""

from collections.abc import Sequence
from typing import Final

from rich.table import Table

from .results import ResultRow

UNKNOWN: Final = "–"
Column = tuple[str, str, float]


def columns(rows: Sequence[ResultRow]) -> list[Column]:
    """Scenario, detector and fps of every run, in order."""
    return list(dict.fromkeys((row.scenario, row.detector, row.fps) for row in rows))


def number(value: float | None) -> str:
    """A value for reading: whole numbers as such, others with three digits."""
    if value is None:
        return UNKNOWN
    return f"{value:.0f}" if value == int(value) and abs(value) < 1e6 else f"{value:.3g}"


def rich_table(rows: Sequence[ResultRow]) -> Table:
    """Scenario by scenario, a line per figure with its goal and whether it holds."""
    table = Table("scenario", "detector", "fps", "quantity")
    table.add_column("value", justify="right")
    table.add_column("goal")
    table.add_column("holds")
    for before, row in zip([None, *rows], rows, strict=False):
        if before is not None and (before.scenario, before.detector, before.fps) != (
            row.scenario,
            row.detector,
            row.fps,
        ):
            table.add_section()
        style = "bold red" if row.holds is False else None
        cells = (row.scenario, row.detector, f"{row.fps:g}", row.quantity, number(row.value), row.goal or "")
        table.add_row(*cells, _mark(row.holds), style=style)
    return table


def _mark(holds: bool | None) -> str:
    return {True: "yes", False: "NO", None: ""}[holds]


def markdown(rows: Sequence[ResultRow]) -> str:
    """One table per detector and rate: a line per figure, a column per scenario; a figure that misses its goal bold."""
    runs = list(dict.fromkeys((row.detector, row.fps) for row in rows))
    return "\n\n".join(_one(detector, fps, rows) for detector, fps in runs) + "\n"


def _one(detector: str, fps: float, rows: Sequence[ResultRow]) -> str:
    own = [row for row in rows if (row.detector, row.fps) == (detector, fps)]
    scenarios = list(dict.fromkeys(row.scenario for row in own))
    by_place = {(row.quantity, row.scenario): row for row in own}
    lines = [f"| {detector}, {fps:g} fps | goal | {' | '.join(scenarios)} |", "|---" * (2 + len(scenarios)) + "|"]
    for quantity in dict.fromkeys(row.quantity for row in own):
        cells = [by_place.get((quantity, scenario)) for scenario in scenarios]
        goal = next((cell.goal for cell in cells if cell and cell.goal), "")
        lines.append(f"| {quantity} | {goal} | {' | '.join(map(_cell, cells))} |")
    return "\n".join(lines)


def _cell(row: ResultRow | None) -> str:
    if row is None:
        return ""
    return f"**{number(row.value)}**" if row.holds is False else number(row.value)
