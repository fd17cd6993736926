"""``simpang count``: vehicles of a video over lines drawn in its picture, without calibration."""

import json
import math
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from .count import VEHICLES, CountResult, CountSettings, LineResult, Seen, count_video
from .data import KINDS, IntArray
from .lines import Line
from .render import VideoFacts, probe, video_writer
from .tracker import TrackerSettings

app = typer.Typer(add_completion=False)


def parse_line(text: str) -> Line:
    """``x1,y1,x2,y2`` in pixels. Raises `typer.BadParameter` saying what is wrong."""
    try:
        x1, y1, x2, y2 = (float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"{text!r}: expected four numbers x1,y1,x2,y2 in pixels") from None
    if not all(map(math.isfinite, (x1, y1, x2, y2))):
        raise typer.BadParameter(f"{text!r}: coordinates must be finite")
    if math.hypot(x2 - x1, y2 - y1) < 1:
        raise typer.BadParameter(f"{text!r}: the two points must differ")
    return Line(x1, y1, x2, y2)


def parse_size(text: str) -> tuple[int, int]:
    """``WxH``, multiples of 32. Raises `typer.BadParameter` saying what is wrong."""
    parts = text.lower().split("x")
    if len(parts) != 2 or not all(part.isdecimal() for part in parts):
        raise typer.BadParameter(f"{text!r}: expected WIDTHxHEIGHT such as 640x384")
    width, height = int(parts[0]), int(parts[1])
    if width % 32 or height % 32 or min(width, height) < 96:
        raise typer.BadParameter(f"{text!r}: width and height must be multiples of 32 and at least 96")
    return width, height


@app.command()
def count(
    video: Annotated[str, typer.Argument(help="Video file.", metavar="VIDEO")],
    line: Annotated[
        list[Line],
        typer.Option(
            "--line",
            parser=parse_line,
            metavar="X1,Y1,X2,Y2",
            help="Line in pixels; may be repeated. Forward is from its left to its right hand side.",
        ),
    ],
    fps: Annotated[float, typer.Option(min=0.5, max=60, help="Frames analysed per second of video.")] = 10,
    model: Annotated[Path | None, typer.Option(help="Detector (ONNX); default: the one that comes along.")] = None,
    size: Annotated[str | None, typer.Option(metavar="WxH", help="Input size of the detector, e.g. 960x544.")] = None,
    min_score: Annotated[
        float | None, typer.Option(min=0.05, max=1, help="Least score of a vehicle's first detection.")
    ] = None,
    persons: Annotated[bool, typer.Option("--persons", help="Report persons too (never in the total).")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    render: Annotated[Path | None, typer.Option(help="Write an MP4 with boxes, ids and counts drawn in.")] = None,
) -> None:
    """Count vehicles in a video over lines drawn in its picture, by class and direction. No calibration needed."""
    settings = CountSettings(
        fps=fps,
        model=model,
        size_px=parse_size(size) if size else None,
        threads=len(os.sched_getaffinity(0)),
        tracker=TrackerSettings().beginning_at(min_score) if min_score else TrackerSettings(),
    )
    result = _run(video, tuple(line), settings, render)
    kinds = KINDS if persons else VEHICLES
    if as_json:
        typer.echo(json.dumps(as_object(result, kinds)))
    else:
        Console().print(_table(result, kinds))


def as_object(result: CountResult, kinds: tuple[str, ...] = VEHICLES) -> dict[str, Any]:
    """The count as it is printed in JSON."""
    fps = result.analysed_fps()
    return {
        "lines": [_line_object(row, kinds) for row in result.lines],
        "frames": result.frames,
        "seconds": round(result.seconds, 3),
        "analysed_fps": None if fps is None else round(fps, 3),
    }


def _line_object(row: LineResult, kinds: tuple[str, ...]) -> dict[str, Any]:
    line = row.line
    return {
        "line": [_plain(v) for v in (line.x1_px, line.y1_px, line.x2_px, line.y2_px)],
        "counts": _by_kind(row.counts(), kinds),
        "forward": _by_kind(row.forward, kinds),
        "backward": _by_kind(row.backward, kinds),
        "total": row.total(),
    }


def _plain(value: float) -> int | float:
    return int(value) if float(value).is_integer() else value


def _by_kind(counts: IntArray, kinds: tuple[str, ...]) -> dict[str, int]:
    return {kind: int(counts[KINDS.index(kind)]) for kind in kinds}


def _run(video: str, lines: tuple[Line, ...], settings: CountSettings, render: Path | None) -> CountResult:
    facts = probe(video)
    if render is not None and Path(video).resolve() == render.resolve():
        raise typer.BadParameter("--render would overwrite the video itself")
    screen = Console(stderr=True)
    for number, line in enumerate(lines, start=1):
        if not _within(line, facts):
            screen.print(
                f"warning: line {number} reaches outside the picture ({facts.width_px} × {facts.height_px} pixels)",
                style="yellow",
            )
    with ExitStack() as stack:
        writer = stack.enter_context(video_writer(render)) if render else None
        progress, task = stack.enter_context(_progress(screen, facts.seconds))

        def watch(seen: Seen) -> None:
            total = sum(row.total() for row in seen.results)
            progress.update(task, completed=seen.elapsed_s, counted=total)
            if writer is not None:
                writer.add(seen)

        return count_video(video, lines, settings, watch)


def _within(line: Line, facts: VideoFacts) -> bool:
    xs, ys = (line.x1_px, line.x2_px), (line.y1_px, line.y2_px)
    return min(xs) >= 0 and max(xs) <= facts.width_px and min(ys) >= 0 and max(ys) <= facts.height_px


@contextmanager
def _progress(screen: Console, seconds: float | None) -> Iterator[tuple[Progress, TaskID]]:
    columns = (
        TextColumn("{task.completed:6.1f} s of video"),
        BarColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[counted]} counted"),
    )
    with Progress(*columns, console=screen) as progress:
        yield progress, progress.add_task("count", total=seconds, counted=0)


def _table(result: CountResult, kinds: tuple[str, ...]) -> Table:
    title = f"{result.frames} frames, {result.seconds:.1f} s of video"
    table = Table("line", "class", "forward", "backward", "both", title=title)
    for number, row in enumerate(result.lines, start=1):
        forward, backward, both = (_by_kind(counts, kinds) for counts in (row.forward, row.backward, row.counts()))
        for kind in kinds:
            if both[kind]:
                table.add_row(str(number), kind, str(forward[kind]), str(backward[kind]), str(both[kind]))
        total = (sum(part[kind] for kind in VEHICLES) for part in (forward, backward, both))
        table.add_row(str(number), "all vehicles", *map(str, total), style="bold", end_section=True)
    return table
