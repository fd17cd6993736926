"""``simpang bench``: measure speed and accuracy."""

import importlib
import json
import os
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Column, Table
from typer.core import TyperGroup

from .bench_clips import Clip, LineScore, clips, measure
from .count import CountSettings
from .count_cli import parse_size

ELSEWHERE: Final = {"accuracy": "simpang_twin.accuracy.cli", "causes": "simpang_twin.accuracy.causes_cli"}
"""Benchmarks that need the twin: name → module with its Typer object; imported when they are asked for."""


class BenchGroup(TyperGroup):
    """The benchmarks of this file and those of `ELSEWHERE`."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *ELSEWHERE]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        command = typer.main.get_command(importlib.import_module(ELSEWHERE[cmd_name]).app)
        command.name = cmd_name
        return command


app = typer.Typer(cls=BenchGroup, add_completion=False, no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Measure speed and accuracy."""


@app.command("clips")
def clips_command(
    data: Annotated[Path, typer.Option(help="Folder of videos, each with NAME.truth.json.")],
    fps: Annotated[float, typer.Option(min=0.5, max=60, help="Frames analysed per second of video.")] = 10,
    model: Annotated[Path | None, typer.Option(help="Detector (ONNX); default: the one that comes along.")] = None,
    size: Annotated[str | None, typer.Option(metavar="WxH", help="Input size of the detector.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Count real clips over lines and compare with what was counted by hand."""
    settings = CountSettings(
        fps=fps, model=model, size_px=parse_size(size) if size else None, threads=len(os.sched_getaffinity(0))
    )
    scores = [score for clip in clips(data) for score in _announced(clip, settings)]
    if as_json:
        typer.echo(json.dumps(_as_object(scores, fps), indent=1))
    else:
        Console().print(_table(scores))


@app.command("scene")
def scene_command(
    data: Annotated[Path, typer.Option(help="Folder of videos.")],
    fps: Annotated[float, typer.Option(min=1, max=60, help="Frames looked at per second of video.")] = 8,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list of clips.")] = False,
) -> None:
    """Quality flags of clips, and how far they stay from what would be told as dark, frozen or moved."""
    from .bench_scene import MARGINS, scenes

    rows = [one.as_object() for one in scenes(data, fps, lambda name: typer.echo(f"looking at {name}", err=True))]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    heads = (
        f"blank share (dark from {MARGINS['dark']:g})",
        f"calm levels (frozen below {MARGINS['frozen']:g})",
        f"in place (moved below {MARGINS['moved']:g})",
    )
    table = Table("clip", "s", "looks", "flags", "median", "bright", *heads)
    for row in rows:
        flags = ", ".join(f"{flag} {n}" for flag, n in row["flags"].items())
        spans = ("–".join(str(level) for level in row[key]) for key in ("median", "bright"))
        figures = (row[key] for key in ("blank_share", "calm_levels", "same_share"))
        shown = ("–" if one is None else f"{one:g}" for one in figures)
        table.add_row(row["clip"], f"{row['seconds']:g}", str(row["looks"]), flags or "none", *spans, *shown)
    Console().print(table)


@app.command("measure")
def measure_command(
    vehicles: Annotated[int, typer.Option(min=1, max=500, help="Vehicles in view at a time.")] = 50,
    passing: Annotated[int, typer.Option(min=100, help="Vehicles that pass in all.")] = 10_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list of rows.")] = False,
) -> None:
    """Cost of ground and meter per frame on one thread, and whether what they keep stays the same."""
    from .bench_measure import measure_cost

    rows = measure_cost(vehicles, passing, lambda text: typer.echo(text, err=True)).rows()
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    table = Table("in view", "passed", Column("quantity", no_wrap=True), "value", "goal", "holds")
    for row in rows:
        table.add_row(*("–" if value is None else str(value) for value in row.values()))
    Console().print(table)


def _announced(clip: Clip, settings: CountSettings) -> tuple[LineScore, ...]:
    typer.echo(f"counting {clip.video.name}", err=True)
    return measure(clip, settings)


def _as_object(scores: list[LineScore], fps: float) -> dict[str, Any]:
    return {
        "fps": fps,
        "clips": [score.as_object() for score in scores],
        "truth": sum(score.truth for score in scores),
        "count": sum(score.count for score in scores),
        "absolute_error": sum(abs(score.error()) for score in scores),
    }


def _table(scores: list[LineScore]) -> Table:
    table = Table("clip", "line", "truth", "count", "error", "by class (count/truth)", "by direction", "frames/s")
    for score in scores:
        table.add_row(
            score.clip,
            str(score.number),
            str(score.truth),
            str(score.count),
            f"{score.error():+d}",
            _pairs(score.classes),
            _pairs(score.directions),
            f"{score.frames_per_s():.1f}",
        )
    return table


def _pairs(figures: dict[str, tuple[int, int]]) -> str:
    return ", ".join(f"{name} {got}/{truth}" for name, (truth, got) in figures.items())
