"""``simpang ingest``: run, check, dead-letters, schema."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from . import deadletters, logs, service
from .config import InfluxSettings, Settings, load
from .errors import IngestError

app = typer.Typer(help="The centre: ingestor, store and live page.", no_args_is_help=True, add_completion=False)

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The YAML file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def run(
    config: ConfigOption,
    log_json: Annotated[bool | None, typer.Option(help="Log JSON lines; default: when not in a terminal.")] = None,
) -> None:
    """Take messages from the broker to the store, and serve the live page, until told to stop."""
    try:
        settings = load(config)
        logs.configure(settings.log_level, log_json)
        code = service.run(settings, _page() if settings.page.enabled else None)
    except IngestError as exc:
        _refuse(exc)
    raise typer.Exit(code)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The YAML file.")], as_json: JsonOption = False
) -> None:
    """Validate a configuration without touching the network."""
    try:
        settings = load(file)
        settings.check_secrets()
    except IngestError as exc:
        if as_json:
            typer.echo(json.dumps({"ok": False, "faults": str(exc).splitlines()}, indent=1))
            raise typer.Exit(1) from exc
        _refuse(exc, 1)
    if as_json:
        typer.echo(json.dumps({"ok": True, "faults": [], "settings": settings.model_dump(mode="json")}, indent=1))
    else:
        typer.echo(_summary(settings))


@app.command("dead-letters")
def dead_letters(
    config: ConfigOption,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show messages that nothing could be made of, and why."""
    try:
        letters = deadletters.read(load(config).dead_letters.path, limit)
    except IngestError as exc:
        _refuse(exc)
    if as_json:
        typer.echo(json.dumps([_letter(letter) for letter in letters], indent=1))
        return
    for letter in letters:
        item = _letter(letter)
        typer.echo(f"{item['time']}  {item['topic']}  {item['size']} bytes\n    {item['reason']}")
    if not letters:
        typer.echo("no dead letters")


@app.command()
def schema() -> None:
    """Print the JSON Schema of the configuration file, for editors."""
    typer.echo(json.dumps(Settings.model_json_schema(), indent=1))


def _page() -> service.Page:
    from .page.app import serve

    return serve


def _summary(settings: Settings) -> str:
    store = settings.store
    where = f"InfluxDB {store.url}, bucket {store.bucket}" if isinstance(store, InfluxSettings) else str(store.path)
    page = settings.page
    shown = f"http://{page.host}:{page.port}" if page.enabled else "off"
    return f"ok\n  broker  {settings.broker.url}\n  store   {where}\n  page    {shown}"


def _letter(letter: deadletters.DeadLetter) -> dict[str, Any]:
    return {
        "time": datetime.fromtimestamp(letter.time_s, UTC).isoformat(),
        "topic": letter.topic,
        "reason": letter.reason,
        "size": letter.size,
        "payload": letter.payload.decode("utf-8", "replace"),
    }


def _refuse(exc: IngestError, code: int = 2) -> NoReturn:
    typer.echo(f"simpang ingest: {exc}", err=True)
    sys.exit(code)
