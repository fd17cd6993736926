"""The command ``simpang``: sub-commands are imported only when they are used, so help is quick and a box with only
``[edge]`` installed runs what it needs."""

import importlib
import sys
from typing import Any, Final

import typer
from typer.core import TyperGroup

from .errors import SimpangError

GROUPS: Final = {
    "demo": ("simpang_twin.demo_cli", "Everything on one machine, on simulated clips with known truth."),
    "count": ("simpang_edge.count_cli", "Count vehicles in a video over lines, without calibration."),
    "edge": ("simpang_edge.edge_cli", "The camera box: run, check, schema, outbox."),
    "measure": ("simpang_edge.measure_cli", "Measure recorded tracks again, with other gates, lanes or rules."),
    "explain": ("simpang_edge.explain_cli", "Why a vehicle was counted, or was not, from recorded tracks."),
    "ingest": ("simpang_ingest.cli", "The centre: ingestor, store and live page."),
    "models": ("simpang_models.cli", "The detector: detect, evaluate, train, export."),
    "twin": ("simpang_twin.cli", "Simulated junctions with exact truth."),
    "bench": ("simpang_edge.bench_cli", "Measure speed and accuracy."),
}
"""Name of the sub-command → module that holds its Typer object ``app``, and one line of help."""

EXTRAS: Final = {
    "count": "edge",
    "edge": "edge",
    "measure": "edge",
    "explain": "edge",
    "bench": "edge",
    "models": "edge",
    "ingest": "ingest",
    "twin": "twin",
    "demo": "demo",
}


class LazyGroup(TyperGroup):
    """A group whose sub-commands are loaded by name from `GROUPS`."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return list(GROUPS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        return _load(cmd_name) if cmd_name in GROUPS else None

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        typer.echo("Usage: simpang COMMAND [OPTIONS]\n\n  Traffic congestion from CCTV, with its truth stated.\n")
        typer.echo("Commands:")
        for name, (_, text) in GROUPS.items():
            typer.echo(f"  {name:<8} {text}")
        typer.echo("\nOptions:\n  --version  Show the version.\n  --help     Show this message; also after a command.")


def _load(name: str) -> Any:
    try:
        module = importlib.import_module(GROUPS[name][0])
    except ModuleNotFoundError as exc:
        if (exc.name or "").startswith("simpang"):
            raise
        hint = f"pip install 'simpang[{EXTRAS[name]}]'"
        raise SimpangError(f"simpang {name} needs the Python package {exc.name}: {hint}") from exc
    command = typer.main.get_command(module.app)
    command.name = name
    return command


app = typer.Typer(cls=LazyGroup, add_completion=False, no_args_is_help=True)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("simpang"))
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True),
) -> None:
    """Traffic congestion from CCTV, with its truth stated."""


def main() -> None:
    """Entry point: an error meant for a person is printed without a traceback, and the exit code is 2."""
    try:
        app()
    except SimpangError as exc:
        typer.echo(f"simpang: {exc}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
