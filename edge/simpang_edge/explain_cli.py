"""``simpang explain``: why a vehicle was counted, or was not."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from .config import load
from .explain import Explanation, every_run, explain_place, explain_track
from .explain_words import about
from .measure import replays
from .measure_cli import tell_other

app = typer.Typer(add_completion=False)


def parse_time(text: str) -> float:
    """RFC 3339 with its zone, or POSIX seconds. Raises `typer.BadParameter`."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise typer.BadParameter(f"{text!r}: expected a time with its zone, such as 2026-11-24T07:00:00+07:00")
    return time.timestamp()


def parse_place(text: str) -> tuple[float, float]:
    """``x,y`` in pixels. Raises `typer.BadParameter`."""
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(f"{text!r}: expected two numbers x,y in pixels of the picture") from None
    return x, y


@app.command()
def explain(
    tracks: Annotated[Path, typer.Argument(help="Track log: a file, a camera's folder, or a folder of cameras.")],
    config: Annotated[Path, typer.Option("--config", help="The box's configuration (YAML).")],
    camera: Annotated[str | None, typer.Option("--camera", help="Whose tracks; needed when there are several.")] = None,
    track: Annotated[int | None, typer.Option(help="Number of the track.")] = None,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="With --place: when, RFC 3339.")] = None,
    place: Annotated[str | None, typer.Option(metavar="X,Y", help="Where in the picture, pixels.")] = None,
    language: Annotated[str, typer.Option(help="id or en.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, both languages.")] = False,
) -> None:
    """Say which rule decided about a vehicle, with its figures."""
    if language not in ("id", "en"):
        raise typer.BadParameter(f"--language {language!r}: expected id or en")
    by_place = at is not None and place is not None
    if (track is None) == (not by_place) or (at is None) != (place is None):
        raise typer.BadParameter("give --track NUMBER, or --at TIME with --place X,Y")
    found = replays(tracks, load(config), camera)
    tell_other(found)
    if track is not None:
        answers = every_run(found, lambda replay: (explain_track(replay, track),))
    else:
        time_s, where = parse_time(at or ""), parse_place(place or "")
        answers = every_run(found, lambda replay: explain_place(replay, time_s, where))
    if as_json:
        typer.echo(json.dumps([asdict(answer) for answer in answers], indent=1))
    else:
        typer.echo("\n".join(line for answer in answers for line in _lines(answer, language)))


def _lines(answer: Explanation, language: str) -> list[str]:
    lines = [] if answer.track is None else [_head(answer, answer.track, language)]
    for finding in answer.findings:
        said = finding.reason.id if language == "id" else finding.reason.en
        lines.append(f"  {_clock(finding.time_s)}  {said}")
    return lines


def _head(answer: Explanation, track: int, language: str) -> str:
    until = "sampai" if language == "id" else "to"
    return f"{about(track, answer.kind, language)}, {_clock(answer.first_s)} {until} {_clock(answer.last_s)}"


def _clock(time_s: float | None) -> str:
    if time_s is None:
        return "–"
    return datetime.fromtimestamp(time_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
