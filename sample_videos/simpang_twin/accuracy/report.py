"""The result as one page that a person can read: figures, charts, the worst moments with a picture each."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import Final

from . import charts, moments
from .figures import Sight
from .moments import Moment
from .results import ResultRow, scenario_name, sights
from .running import Run
from .tables import number

STYLE: Final = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 1180px; padding: 0 1rem; color: #222; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2.2rem; } h3 { font-size: 1rem; margin-bottom: .3rem; }
table { border-collapse: collapse; font-size: 13px; margin: .6rem 0; }
th, td { border: 1px solid #ddd; padding: .2rem .5rem; text-align: right; }
th { background: #f4f4f2; } td:first-child, th:first-child, td.goal, td.name { text-align: left; }
td.no { background: #fde0dc; font-weight: 600; } td.yes { background: #e3f2e1; } td.none { color: #999; }
.wide { overflow-x: auto; } svg { width: 100%; height: auto; }
figure { margin: 1rem 0 1.6rem; } figure img { width: 100%; max-width: 960px; border: 1px solid #ccc; }
figcaption { font-weight: 600; } .note { color: #555; }
"""


def write(path: Path, rows: Sequence[ResultRow], runs: Sequence[Run]) -> None:
    """Write the page; it needs nothing beside it."""
    parts = [_head(runs), _goals(rows), _figures(rows), *map(_charts, runs), _worst(runs)]
    body = "\n".join(parts)
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Simpang: measured accuracy</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>{body}</body></html>\n'
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _head(runs: Sequence[Run]) -> str:
    models = sorted(
        {meta.model_id or "" for run in runs for meta in run.published.meta[-1:] if run.detector.eyes is None}
    )
    eyes = next((run.detector.eyes for run in runs if run.detector.eyes is not None), None)
    lines = [f"Simpang {escape(version('simpang'))}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC."]
    if models:
        lines.append(f"Model: {escape(', '.join(models))}.")
    if eyes is not None:
        lines.append(
            f"<b>perfect</b>: the true boxes, each side off by {eyes.noise_px:g} px (1 sigma), without vehicles "
            f"hidden by more than {100 * eyes.hidden_ratio:.0f} % or smaller than {eyes.least_px:g} px."
        )
    lines.append(
        "Every figure compares messages read back from an MQTT broker with the exact truth of a simulated clip. "
        "– is unknown: the truth or the measurement is not there."
    )
    return f"<h1>Measured accuracy</h1><p>{' '.join(lines)}</p>"


def _goals(rows: Sequence[ResultRow]) -> str:
    held, missed = sum(row.holds is True for row in rows), [row for row in rows if row.holds is False]
    summary = f"<h2>Goals</h2><p>{held} held, {len(missed)} missed.</p>"
    if not missed:
        return summary
    cells = "".join(
        f"<tr><td>{escape(row.quantity)}</td><td class=name>{escape(row.scenario)}</td>"
        f"<td class=name>{escape(row.detector)}</td>"
        f"<td>{row.fps:g}</td><td class=no>{number(row.value)}</td><td class=goal>{escape(row.goal or '')}</td></tr>"
        for row in missed
    )
    head = "<tr><th>missed</th><th>clip</th><th>detector</th><th>fps</th><th>value</th><th>goal</th></tr>"
    return f"{summary}<div class=wide><table>{head}{cells}</table></div>"


def _figures(rows: Sequence[ResultRow]) -> str:
    runs = list(dict.fromkeys((row.detector, row.fps) for row in rows))
    return "<h2>Figures</h2>" + "".join(_table(detector, fps, rows) for detector, fps in runs)


def _table(detector: str, fps: float, rows: Sequence[ResultRow]) -> str:
    own = [row for row in rows if (row.detector, row.fps) == (detector, fps)]
    scenarios = list(dict.fromkeys(row.scenario for row in own))
    places = {(row.quantity, row.scenario): row for row in own}
    head = "".join(f"<th>{escape(name)}</th>" for name in scenarios)
    lines = [f"<tr><th>figure</th><th>goal</th>{head}</tr>"]
    for quantity in dict.fromkeys(row.quantity for row in own):
        cells = [places.get((quantity, name)) for name in scenarios]
        goal = next((cell.goal for cell in cells if cell and cell.goal), "")
        lines.append(f"<tr><td>{quantity}</td><td class=goal>{escape(goal)}</td>{''.join(map(_cell, cells))}</tr>")
    return f"<h3>{escape(detector)}, {fps:g} frames a second</h3><div class=wide><table>{''.join(lines)}</table></div>"


def _cell(row: ResultRow | None) -> str:
    if row is None:
        return "<td></td>"
    kind = {True: "yes", False: "no", None: "none" if row.value is None else ""}[row.holds]
    return f"<td class={kind or 'value'}>{number(row.value)}</td>"


def _charts(run: Run) -> str:
    found = sights(run.published, run.case)
    return "".join(_chart(run, sight, len(found)) for sight in found)


def _chart(run: Run, sight: Sight, approaches: int) -> str:
    title = f"{scenario_name(run.case.name, sight, approaches)}, {run.detector.name}, {run.fps:g} fps"
    return f"<h2>{escape(title)}</h2>{charts.of(sight)}"


def _worst(runs: Sequence[Run]) -> str:
    found = moments.worst(runs)
    note = "<p class=note>Green: true boxes. Orange: what the detector and tracker had. White: stop line.</p>"
    return f"<h2>The {len(found)} worst moments</h2>{note}" + "".join(map(_moment, found))


def _moment(moment: Moment) -> str:
    data = base64.b64encode(moments.picture(moment)).decode()
    run = moment.run
    title = f"{run.case.name}, {run.detector.name}, {run.fps:g} fps, at {moment.time_s:.1f} s: {moment.text}"
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><img alt="{escape(title)}" '
        f'src="data:image/jpeg;base64,{data}"></figure>'
    )
