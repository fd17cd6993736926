"""Measured turning counts, from the messages of a camera, a table of stored windows, or the truth of a clip."""

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import msgspec
from simpang_edge.message import FlowRow, Message

from simpang_twin.errors import ScenarioError
from simpang_twin.layout import ARMS, Arm, Movement
from simpang_twin.traffic import Kind

_NAMES: dict[str, Movement] = {
    "left": "left", "kiri": "left", "through": "through", "straight": "through", "lurus": "through",
    "right": "right", "kanan": "right", "u_turn": "u_turn", "putar_balik": "u_turn",
}  # fmt: skip
KINDS: tuple[Kind, ...] = tuple(kind for kind in get_args(Kind) if kind != "person")


@dataclass(frozen=True)
class TurningCount:
    """Vehicles by class that crossed a stop line in [from_s, to_s) (POSIX seconds): of a movement, or of the whole
    approach (movement None). Counts of a partly observed window are scaled up to the whole window."""

    from_s: float
    to_s: float
    arm: Arm
    movement: Movement | None
    counts: dict[Kind, float]


@dataclass(frozen=True)
class Table:
    """All counts of a file, and one line of text for every row that was left out or scaled."""

    rows: tuple[TurningCount, ...]
    notes: tuple[str, ...]


def read(path: Path) -> Table:
    """Counts from `.csv` (columns as the stored windows), `.jsonl` (window messages), or `NAME.truth.json`.

    Of several window lengths the longest is taken. Raises ScenarioError naming file, line and what is allowed.
    """
    readers = {".csv": _from_csv, ".jsonl": _from_messages, ".json": _from_truth}
    if path.suffix not in readers:
        raise ScenarioError(f"{path}: expected .csv, .jsonl or .truth.json")
    try:
        found = list(readers[path.suffix](path))
    except (OSError, ValueError, KeyError, msgspec.MsgspecError) as exc:
        raise ScenarioError(f"{path}: cannot be read as turning counts: {exc!r}") from exc
    rows = tuple(row for row in found if isinstance(row, TurningCount))
    if not any(row.movement for row in rows):
        raise ScenarioError(f"{path}: no counts of movements; set up movements for the approaches")
    longest = max(row.to_s - row.from_s for row in rows)
    kept = tuple(row for row in rows if abs(row.to_s - row.from_s - longest) < 1e-6)
    return Table(kept, tuple(row for row in found if isinstance(row, str)))


def _arm(name: str) -> Arm:
    for arm in ARMS:
        if arm == name:
            return arm
    raise ValueError(f"approach {name!r}: name approaches by where they lie: {', '.join(ARMS)}")


def _movement(name: str | None) -> Movement | None:
    if not name:
        return None
    if name not in _NAMES:
        raise ValueError(f"movement {name!r} is not one of {', '.join(_NAMES)}")
    return _NAMES[name]


def _row(
    span: tuple[float, float], arm: str, movement: str | None, counts: dict[str, Any] | None, observed_s: float
) -> TurningCount | str:
    """A count, or the reason why there is none: what was not observed is not zero."""
    what = f"{arm} {movement or 'all movements'} from {span[0]:.0f}"
    if counts is None or observed_s <= 0:
        return f"{what}: not observed, left out"
    factor = (span[1] - span[0]) / observed_s
    scaled = {kind: float(counts.get(kind, 0)) * max(factor, 1.0) for kind in KINDS}
    return TurningCount(
        *span, _arm(arm), _movement(movement), {kind: n for kind, n in scaled.items() if n > 0}
    )  # fmt: skip


def _from_csv(path: Path) -> Iterator[TurningCount | str]:
    with path.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            if line["scope"] in ("approach", "movement"):
                begin_s = int(line["time_ns"]) / 1e9 if line.get("time_ns") else _posix_s(line["from"])
                window_s = float(line["window"])
                counts: dict[str, Any] | None = None
                if line["intensity"]:
                    counts = {kind: line.get(f"count_{kind}") or 0 for kind in KINDS}
                observed_s = float(line.get("observed_s") or window_s)
                yield _row((begin_s, begin_s + window_s), line["approach"], line.get("movement"), counts, observed_s)


def _posix_s(text: str) -> float:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"time {text!r} must carry its zone, for example 2026-03-02T00:15:00Z")
    return moment.timestamp()


def _from_messages(path: Path) -> Iterator[TurningCount | str]:
    decoder = msgspec.json.Decoder(Message[FlowRow])
    for line in path.read_bytes().splitlines():
        for row in decoder.decode(line).rows:
            if row.x.scope in ("approach", "movement"):
                span = row.date_observed_from.timestamp(), row.date_observed_to.timestamp()
                yield _row(span, row.x.approach, row.x.movement, row.x.counts, row.x.quality.observed_s)


def _from_truth(path: Path) -> Iterator[TurningCount | str]:
    content = json.loads(path.read_text(encoding="utf-8"))
    begin_s = datetime.fromisoformat(content["start_time"]).timestamp()
    length_s = content["frames"] / content["fps"]
    for item in content["approaches"]:
        by_movement: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for crossing in item["crossings"]:
            by_movement[crossing["movement"]][crossing["class"]] += 1
        for movement, counts in sorted(by_movement.items()):
            yield _row((begin_s, begin_s + length_s), item["approach"], movement, dict(counts), length_s)
