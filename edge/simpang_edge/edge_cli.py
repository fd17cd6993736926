"""``simpang edge``: the camera box. Everything heavy is imported by the command that needs it."""

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Column, Table

from . import logs
from .config import Box, json_schema, load

if TYPE_CHECKING:
    from .check import Report

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The camera box: run, check, schema, outbox.")
outbox_app = typer.Typer(no_args_is_help=True, help="What waits on disk for the broker.")
app.add_typer(outbox_app, name="outbox")

PARENT = typer.Option(None, "--parent", hidden=True, help="stop when this process is gone")
CONFIG = typer.Argument(..., help="the box's configuration (YAML)")
RECORD = typer.Option(
    None, "--record", metavar="FOLDER", help="keep anonymous tracks there (no pictures), within record.max_mb"
)
LOG_JSON = typer.Option(False, "--log-json", help="log JSON lines even in a terminal")


@app.command()
def run(
    config: Path = CONFIG, record: Path | None = RECORD, log_json: bool = LOG_JSON, parent: int | None = PARENT
) -> None:
    """Run every camera of the box, each in a process of its own, until stopped."""
    from .clock import SystemClock
    from .supervisor import run_box

    box = load(config)
    logs.configure(box.log_level, True if log_json else None)
    run_box(config, [camera.id for camera in box.cameras], log_json, SystemClock(), parent, record)


@app.command()
def worker(
    config: Path = CONFIG,
    camera: str = typer.Option(..., "--camera", help="id of the camera"),
    record: Path | None = RECORD,
    parent: int | None = PARENT,
    log_json: bool = LOG_JSON,
) -> None:
    """Run one camera. Exit code: 0 the file ended or it was stopped, 1 crash, 2 unusable, 3 runs elsewhere."""
    from .worker import main

    logs.configure(load(config).log_level, True if log_json else None)
    raise typer.Exit(main(config, camera, parent, record))


@app.command()
def check(
    config: Path = CONFIG,
    picture: str | None = typer.Option(
        None, metavar="WxH", help="pixels of the live cameras' pictures, to find what lies outside them"
    ),
    as_json: bool = typer.Option(False, "--json", help="print JSON"),
) -> None:
    """Check a configuration without touching the network; exit code 1 when something must be corrected."""
    from .check import check as check_file

    report = check_file(config, parse_picture(picture) if picture else None)
    if as_json:
        typer.echo(json.dumps({"ok": report.ok, **asdict(report)}, indent=1))
    else:
        _print_report(report)
    raise typer.Exit(0 if report.ok else 1)


def parse_picture(text: str) -> tuple[int, int]:
    """``WxH`` in pixels. Raises `typer.BadParameter`."""
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise typer.BadParameter(f"{text!r}: expected WIDTHxHEIGHT such as 1280x720")
    return int(width), int(height)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the configuration, for editors."""
    typer.echo(json.dumps(json_schema(), indent=1))


@outbox_app.command("status")
def outbox_status(config: Path = CONFIG, as_json: bool = typer.Option(False, "--json", help="print JSON")) -> None:
    """How many records wait per camera, and what its worker last said."""
    rows = [_outbox_row(load(config), camera.id) for camera in load(config).cameras]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    table = Table("camera", "records", "MB", "dropped", "oldest", "worker said")
    for row in rows:
        table.add_row(*(str(value) if value is not None else "–" for value in row.values()))
    Console().print(table)


def _outbox_row(box: Box, camera: str) -> dict[str, str | int | float | None]:
    from .outbox import read_status

    file = box.outbox.folder / f"{camera}.sqlite"
    if not file.exists():
        return {"camera": camera, "records": None, "mb": None, "dropped": None, "oldest": None, "said": "never ran"}
    status = read_status(file)
    oldest = None
    if status.oldest_s is not None:
        oldest = datetime.fromtimestamp(status.oldest_s, UTC).isoformat(timespec="seconds")
    said = "; ".join(f"{name}: {text}" for name, text in status.notes)
    return {
        "camera": camera,
        "records": status.messages,
        "mb": round(status.used_mb, 3),
        "dropped": status.dropped,
        "oldest": oldest,
        "said": said,
    }


def _print_report(report: "Report") -> None:
    console = Console(width=None if sys.stdout.isatty() else 120, soft_wrap=False)
    if report.cameras:
        table = Table(
            "camera",
            Column("source", overflow="fold"),
            "picture",
            "approaches",
            "lanes",
            "calibration error (rms, largest)",
            "stands",
        )
        for row in report.cameras:
            size = f"{row.size_px[0]}x{row.size_px[1]}" if row.size_px else "–"
            error = f"{row.error_m:.2f} m, {row.max_error_m:.2f} m" if row.error_m is not None else "not calibrated"
            known = row.height_m is not None
            stands = f"{row.height_m:.1f} m high, {row.tilt_deg:.0f}° down" if known else "–"
            table.add_row(row.id, row.source, size, str(row.approaches), str(row.lanes), error, stands)
        console.print(table)
    for finding in report.findings:
        typer.echo(f"{finding.level}: {finding.text}")
    typer.echo(f"{report.file}: {'ok' if report.ok else 'must be corrected'}")
