"""``simpang measure``: recorded tracks again, with other gates, lanes or rules."""

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, TextIO

import msgspec
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from . import convert
from .config import load
from .data import MOTOR_VEHICLES, Readings
from .errors import RecordingError
from .measure import Replay, replays
from .message import Channel, CycleRow, EventRow, FlowRow

app = typer.Typer(add_completion=False)


@app.command()
def measure(
    tracks: Annotated[Path, typer.Argument(help="Track log: a file, a camera's folder, or a folder of cameras.")],
    config: Annotated[Path, typer.Option("--config", help="The box's configuration (YAML), as it should have been.")],
    camera: Annotated[str | None, typer.Option("--camera", help="Whose tracks; needed when there are several.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print every row as one JSON list.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write every row as a line of JSON.")] = None,
) -> None:
    """Measure recorded tracks: the windows, cycles and events that the worker would have published."""
    found = replays(tracks, load(config), camera)
    tell_other(found)
    with ExitStack() as stack:
        file = stack.enter_context(_opened(out)) if out else None
        kept = list(_kept(rows_of(found), file))
    _tell_replaced(kept)
    if as_json:
        typer.echo(json.dumps([as_object(*one) for one in kept], indent=1))
    else:
        Console(width=None if sys.stdout.isatty() else 120).print(
            _table([row for _, row in kept if isinstance(row, FlowRow)])
        )
        typer.echo(_summary(found, kept))


def tell_other(found: Iterable[Replay]) -> None:
    """Say so when the log is of another camera than the configuration is about."""
    for log, camera in sorted({(replay.run.source.camera, replay.camera.id) for replay in found}):
        if log != camera:
            typer.echo(f"the log is of camera {log}; it is taken for camera {camera} of the configuration", err=True)


def _tell_replaced(kept: list[tuple[Channel, Any]]) -> None:
    """Say so when windows stand twice: cut by a stop, and completed by the run after it. A sum must not take both."""
    windows = [(row.id, row.date_observed_from, row.x.window_s) for channel, row in kept if channel is Channel.WINDOW]
    twice = len(windows) - len(set(windows))
    if twice:
        typer.echo(f"{twice} rows stand for a part of a window that a later row completes: use the later one", err=True)


def _opened(out: Path) -> TextIO:
    try:
        return out.open("w", encoding="utf-8")
    except OSError as exc:
        raise RecordingError(f"--out {out}: cannot be written: {exc.strerror}") from exc


def rows_of(found: Iterable[Replay]) -> Iterator[tuple[Channel, Any]]:
    """Every row that the worker would have published, with its channel.

    A run goes on with the windows of the one before it, as the worker does when it starts again.
    """
    before: bytes | None = None
    for replay in found:
        replay.before = before
        for readings in _shown(replay):
            for channel, rows in convert.messages(replay.box.site, replay.camera, readings):
                yield from ((channel, row) for row in rows)
        before = replay.left or before


def _shown(replay: Replay) -> Iterator[Readings]:
    """What a run gives, with a progress bar where somebody looks."""
    screen = Console(stderr=True)
    yield from track(
        replay.readings(),
        f"camera {replay.camera.id}",
        total=len(replay.run),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    )


def as_object(channel: Channel, row: FlowRow | CycleRow | EventRow) -> dict[str, Any]:
    """A row as in a message, and which channel it would have gone to."""
    return {"channel": channel.value, **msgspec.to_builtins(row)}


def _kept(rows: Iterable[tuple[Channel, Any]], file: TextIO | None) -> Iterator[tuple[Channel, Any]]:
    """The rows, written down one by one as they come."""
    for channel, row in rows:
        if file is not None:
            file.write(json.dumps(as_object(channel, row)) + "\n")
        yield channel, row


def _table(rows: list[FlowRow]) -> Table:
    table = Table("from (UTC)", "s", "place", "observed s", "vehicles", "km/h", "queue m", "turn share")
    for row in rows:
        x = row.x
        place = " ".join(str(part) for part in (x.approach, row.lane_id and f"lane {row.lane_id}", x.movement) if part)
        figures = (x.quality.observed_s, row.intensity, row.average_vehicle_speed, x.queue_max_m, x.turn_share)
        begin = row.date_observed_from.strftime("%m-%d %H:%M:%S")
        table.add_row(begin, str(x.window_s), place, *("–" if value is None else f"{value:g}" for value in figures))
        for gate in x.gates or ():
            passed = str(sum(gate.counts[kind] for kind in MOTOR_VEHICLES))
            table.add_row(begin, str(x.window_s), f"gate {gate.gate} {gate.direction}", f"{figures[0]:g}", passed)
    return table


def _summary(found: Iterable[Replay], kept: list[tuple[Channel, Any]]) -> str:
    steps = sum(replay.steps for replay in found)
    counts = {channel: sum(one is channel for one, _ in kept) for channel in (Channel.CYCLE, Channel.EVENT)}
    return f"{steps} steps, {counts[Channel.CYCLE]} signal cycles, {counts[Channel.EVENT]} event messages"
