"""`simpang models prepare` and `card`: what training begins with, and what is told of its result."""

import json
from pathlib import Path
from typing import Annotated

import typer

from simpang_models.options import clear_errors


def prepare(
    images: Annotated[Path, typer.Option(help="Folder of collected picture sets: SET/images, SET/labels.")],
    out: Annotated[Path, typer.Option(help="Folder of the training sets, DATA of the other commands.")],
    clip: Annotated[list[Path] | None, typer.Option(help="A clip whose frames are to be used without labels.")] = None,
    every: Annotated[int, typer.Option(min=1, help="One frame of a clip in so many.")] = 10,
) -> None:
    """Collect the training sets, without evaluation and excluded pictures, and write their manifest (resumable)."""
    from rich.console import Console
    from rich.progress import Progress

    from simpang_models.prepare import clip_frames, copy_sets, write_manifest

    with clear_errors():
        with Progress(console=Console(stderr=True)) as bar:
            task = bar.add_task("pictures", total=None)
            for work in (copy_sets(images, out), *(clip_frames(c, out, every) for c in clip or [])):
                for name in work:
                    bar.update(task, advance=1, description=name)
        for facts in write_manifest(out):
            typer.echo(f"{facts.set}: {facts.pictures} pictures, {facts.labelled} with labels, {facts.sha256[:16]}")


def card(
    rows: Annotated[Path, typer.Option(help="What `eval --out` wrote.")],
    card: Annotated[list[Path], typer.Option(help="Markdown files with the markers; written anew.")],
    record: Annotated[Path | None, typer.Option(help="record.json of the training.")] = None,
    registry: Annotated[Path | None, typer.Option(help="models.toml: its figures are renewed too.")] = None,
) -> None:
    """Write the measured tables, and with --record the training, between the markers of a model card."""
    from simpang_models.card import fill, measured, read_rows, register, trained

    with clear_errors():
        found = read_rows(rows)
        for path in card:
            text = fill(path.read_text(encoding="utf-8"), "measured", measured(found))
            if record is not None:
                text = fill(text, "training", trained(json.loads(record.read_text(encoding="utf-8"))))
            path.write_text(text, encoding="utf-8")
        if registry is not None:
            registry.write_text(register(registry.read_text(encoding="utf-8"), found), encoding="utf-8")
    typer.echo("\n".join(map(str, card)))
