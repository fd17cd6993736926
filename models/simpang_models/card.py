"""The measured part of the model card: tables from the rows of `eval` and from a training record, between markers.

A marker is a comment line `<!-- card: measured -->` or `<!-- card: training -->`; what stands between it and the next
`<!-- card: end -->` is written anew, so no figure of the card is typed by hand.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simpang_models.evaluate import ALL, Row
from simpang_models.tables import markdown

END = "<!-- card: end -->"
CURVE_ROWS = 12
FIGURES = (
    "any_vehicle_ap0.4",
    "any_vehicle_ap0.5",
    "any_vehicle_recall_at_precision_0.85_iou0.4",
    "motorcycle_ap0.5",
    "motorcycle_recall_at_precision_0.85_iou0.4",
    "car_ap0.5",
    "bus_ap0.5",
    "truck_ap0.5",
    "three_wheeler_ap0.5",
    "ms_per_frame_median",
)
"""What the registry says of a model."""


def read_rows(path: Path) -> list[Row]:
    """The rows that `eval --out` wrote.

    Raises:
        ValueError: another kind of file.
    """
    try:
        return [Row(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
    except (json.JSONDecodeError, TypeError) as error:
        raise ValueError(f"{path}: no rows of `simpang models eval --out` ({error})") from error


def fill(text: str, name: str, content: str) -> str:
    """The text with `content` between the marker `name` and the end behind it.

    Raises:
        ValueError: no such marker, or no end behind it.
    """
    start = f"<!-- card: {name} -->"
    before, found, rest = text.partition(start)
    _, closed, after = rest.partition(END)
    if not found or not closed:
        raise ValueError(f"no lines {start} and {END} to write between")
    return f"{before}{start}\n{content.strip()}\n{END}{after}"


def measured(rows: Sequence[Row]) -> str:
    """The tables of `eval`, titles in bold."""
    return re.sub(r"(?m)^(?!\|)(.+)$", r"**\1**", markdown(rows))


def trained(record: dict[str, Any]) -> str:
    """What a `record.json` says: steps and time, each session, and the curve at about CURVE_ROWS places."""
    lines = [f"{record['steps']} steps in {record['minutes']} minutes.", ""]
    lines += ["| from step | revision | pictures | SHA-256 of the data | settings |", "| --- | --- | --- | --- | --- |"]
    lines += [_session(s) for s in record["sessions"]]
    curve = record["curve"]
    shown = curve[:: -(-len(curve) // CURVE_ROWS)]
    shown = shown if shown[-1] is curve[-1] else [*shown, curve[-1]]
    lines += ["", "| step | class loss | box loss |", "| --- | --- | --- |"]
    lines += [f"| {p['step']} | {p['cls']:.3f} | {p['box']:.3f} |" for p in shown]
    return "\n".join(lines)


def _session(facts: dict[str, Any]) -> str:
    plain = {k: v for k, v in facts["settings"].items() if not isinstance(v, dict)}
    settings = ", ".join(f"{k} {v}" for k, v in plain.items())
    cells = (facts["from_step"], facts["revision"][:12], facts["pictures"], facts["data_sha256"][:16], settings)
    return f"| {' | '.join(map(str, cells))} |"


def register(text: str, rows: Sequence[Row], size: str = "640x384") -> str:
    """The registry's text with the figures of every model that the rows measure at this size (all sets, ORT)."""
    for name in dict.fromkeys(r.model for r in rows):
        value = {r.metric: r.value for r in rows if _registered(r, name, size)}
        lines = [f'"{metric}" = {value[metric]}\n' for metric in FIGURES if value.get(metric) is not None]
        block = re.compile(rf'(name = "{re.escape(name)}"\n(?:(?!\[\[).*\n)*?\[model\.figures\]\n)(?:".*\n?)*')
        if lines:
            text = block.sub(rf"\g<1>{''.join(lines)}", text)
    return text


def _registered(row: Row, name: str, size: str) -> bool:
    return (row.model, row.size, row.set) == (name, size, ALL) and row.engine.startswith("ort")
