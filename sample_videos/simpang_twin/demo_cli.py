"""``simpang demo``."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Final

import typer

app = typer.Typer(add_completion=False)

SELDOM_S: Final = 10
PAGE_PORT: Final = 8080


@app.command()
def demo(
    headless: Annotated[bool, typer.Option("--headless", help="no page; needs --for")] = False,
    for_s: Annotated[float | None, typer.Option("--for", min=5, help="stop by itself after so many seconds")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object at the end")] = False,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="port of the page; default: 8080, or a free one")
    ] = None,
    language: Annotated[str, typer.Option(help="language of the page: id or en")] = "id",
    clips: Annotated[Path | None, typer.Option(help="folder of clips; default: those that come with Simpang")] = None,
    keep: Annotated[Path | None, typer.Option(help="keep the configuration, logs and store in this folder")] = None,
) -> None:
    """Everything on this machine: broker, camera workers on simulated clips, ingestor, store and live page.

    The clips are rendered from a traffic simulation, so the true figures are known and shown beside the measured
    ones. Nothing leaves this machine; the page listens on 127.0.0.1 only.
    """
    from simpang_edge import logs
    from simpang_edge.errors import SimpangError
    from simpang_ingest.errors import IngestError

    from . import demo as running
    from .demo_parts import find_clips, port_or_free

    if headless and for_s is None:
        raise typer.BadParameter("--headless needs --for SECONDS")
    logs.configure("warning", None)
    found = find_clips(clips)
    with tempfile.TemporaryDirectory(prefix="simpang-demo-") as scratch:
        folder = keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            if headless and for_s is not None:
                outcome = running.run_headless(found, folder, for_s, _say)
            else:
                page_port = port_or_free(PAGE_PORT) if port is None else port
                outcome = running.run_page(found, folder, page_port, language, for_s, _say)
        except IngestError as exc:
            raise SimpangError(str(exc)) from exc
    _end_line()
    typer.echo(json.dumps(outcome.as_json(), indent=2) if as_json else _summary(outcome))


def _say(second: int, line: str) -> None:
    """Progress on stderr: one line that is written over in a terminal, else one now and then; the address stays."""
    if sys.stderr.isatty():
        typer.echo(f"\r\x1b[2K{line}", err=True, nl=second == 0)
    elif second in (0, 1) or second % SELDOM_S == 0:
        typer.echo(line, err=True)


def _end_line() -> None:
    if sys.stderr.isatty():
        typer.echo("", err=True)


def _summary(outcome: "object") -> str:
    from .demo import Outcome

    assert isinstance(outcome, Outcome)
    lines = [
        f"{outcome.audit.published} rows published, {outcome.audit.stored} stored, {outcome.audit.lost} lost, "
        f"{outcome.dead_letters} dead letters"
    ]
    for item in outcome.approaches:
        truth = f" (true {sum(item.truth.counts.values())})" if item.truth else ""
        lines.append(
            f"{item.camera}/{item.approach}: {sum(item.counts.values())} vehicles{truth} in {item.observed_s:.0f} s, "
            f"{item.state}: {item.reason or '-'}"
        )
    return "\n".join(lines)
