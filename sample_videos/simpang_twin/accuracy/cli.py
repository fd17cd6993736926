"""``simpang bench accuracy``. Everything heavy is imported when the command runs."""

import json
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from simpang_edge.errors import SimpangError

if TYPE_CHECKING:
    from .bench import Request
    from .results import ResultRow
    from .running import Detector

app = typer.Typer(add_completion=False)

DEFAULT_CACHE = Path("~/.cache/simpang/accuracy")


Scenarios = Annotated[
    list[str] | None,
    typer.Option(
        "--scenarios", help="clips by name or path (.mp4), or scenario files (.yaml, .yaml@SEED); default: all"
    ),
]
Detectors = Annotated[
    list[str] | None, typer.Option("--detector", help="perfect (the true boxes) or model; default: both")
]
YoloFile = Annotated[
    Path | None, typer.Option(help="also the peers' pipeline, with this YOLO (ONNX as Ultralytics exports it)")
]
YoloPython = Annotated[
    Path, typer.Option(help="interpreter with supervision, trackers and onnxruntime; default: this one")
]
Gate = Annotated[
    Path | None, typer.Option(help="gate: exit code 1 when a figure is worse than in this file beyond its noise")
]


@app.command()
def accuracy(
    scenarios: Scenarios = None,
    detector: Detectors = None,
    fps: Annotated[str, typer.Option(help="frames analysed per second, several with commas")] = "8",
    model: Annotated[Path | None, typer.Option(help="detector file for --detector model; default: our own")] = None,
    size: Annotated[str | None, typer.Option(metavar="WxH", help="input size of the model")] = None,
    detections: Annotated[
        Path | None,
        typer.Option(
            help="model: keep its detections in this folder, and take them from there: same boxes, other rules"
        ),
    ] = None,
    noise_px: Annotated[float, typer.Option(min=0, help="perfect: error of each side of a box, 1 sigma")] = 1.0,
    hidden: Annotated[float, typer.Option(min=0, max=1, help="perfect: not found above this hidden share")] = 0.7,
    peer: YoloFile = None,
    peer_python: YoloPython = Path(sys.executable),
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON list of rows")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="print Markdown tables")] = False,
    report: Annotated[Path | None, typer.Option(help="write a page (HTML) that a person can read")] = None,
    baseline: Gate = None,
    update: Annotated[bool, typer.Option("--update", help="write the figures of these runs into --baseline")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="runs at the same time")] = 1,
    cache: Annotated[Path, typer.Option(help="where simulated scenarios are kept")] = DEFAULT_CACHE,
    keep: Annotated[Path | None, typer.Option(help="keep configurations, logs and recordings in this folder")] = None,
) -> None:
    """Run the real worker on clips whose truth is known and compare what it publishes with that truth.

    The worker runs as a process, as fast as it can, and publishes to a real MQTT broker; what is compared are the
    messages read back from it. `perfect` replays the true boxes in place of the model, so that errors of measurement
    and of detection are told apart. With --baseline and nothing else, the runs of that file are made.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what was started is stopped
    detectors = _detectors(detector or ["perfect", "model"], model, size, detections, noise_px, hidden)
    chosen = tuple(scenarios or ())
    others = None if peer is None else (peer, peer_python)
    gate = baseline if baseline and not update else None
    request = _request(chosen, detectors, _rates(fps), others, gate, cache.expanduser(), jobs)
    with tempfile.TemporaryDirectory(prefix="simpang-accuracy-") as scratch:
        rows = _measure(request, keep or Path(scratch), report)
    _show(rows, as_json, as_markdown)
    if baseline:
        _gate(baseline, rows, update)


def _request(
    scenarios: tuple[str, ...],
    detectors: "tuple[Detector, ...]",
    rates_fps: tuple[float, ...],
    peer: tuple[Path, Path] | None,
    gate: Path | None,
    cache: Path,
    jobs: int,
) -> "Request":
    """The request; where there is a gate and nothing was chosen, the runs of its baseline."""
    from . import baseline as baselines
    from .bench import Request
    from .peers import Peer

    only = baselines.read(gate).runs if gate else None
    return Request(scenarios, detectors, rates_fps, Peer(*peer) if peer else None, only, cache, jobs)


def _measure(request: "Request", folder: Path, report: Path | None) -> "list[ResultRow]":
    from .bench import measure

    done = measure(request, folder)
    if report is not None:
        from .report import write

        write(report, done.rows, done.runs)
        typer.echo(f"report: {report}", err=True)
    return done.rows


def _gate(path: Path, rows: "list[ResultRow]", update: bool) -> None:
    """Compare with the baseline, or write it; exit code 1 when a figure got worse."""
    from . import baseline as baselines

    noise = baselines.noises()
    if update:
        new = baselines.of(rows, noise)
        baselines.write(path, baselines.merged(baselines.read(path), new) if path.exists() else new)
        typer.echo(f"baseline: {path}", err=True)
        return
    worse = baselines.compare(rows, baselines.read(path), noise)
    for item in worse:
        typer.echo(f"worse: {item}", err=True)
    typer.echo(f"accuracy gate: {len(worse)} figures worse than {path}", err=True)
    raise typer.Exit(1 if worse else 0)


def _detectors(
    names: list[str], model: Path | None, size: str | None, kept: Path | None, noise_px: float, hidden: float
) -> "tuple[Detector, ...]":
    try:
        from .perfect import Eyes
        from .running import Detector
    except ModuleNotFoundError as exc:
        hint = "pip install 'simpang[twin]'"
        raise SimpangError(f"simpang bench accuracy needs the Python package {exc.name}: {hint}") from exc

    known = {
        "perfect": Detector("perfect", eyes=Eyes(noise_px=noise_px, hidden_ratio=hidden)),
        "model": Detector("model", model=model, size=size, kept=kept),
    }
    wanted = [name for text in names for name in text.split(",")]
    if unknown := sorted(set(wanted) - set(known)):
        raise SimpangError(f"--detector {', '.join(unknown)}: known are {', '.join(known)}")
    return tuple(known[name] for name in dict.fromkeys(wanted))


def _rates(text: str) -> tuple[float, ...]:
    try:
        rates = tuple(float(part) for part in text.split(","))
    except ValueError:
        rates = ()
    if not rates or not all(0.5 <= rate <= 60 for rate in rates):
        raise SimpangError(f"--fps {text!r}: expected numbers from 0.5 to 60, several with commas, such as 5,8,12")
    return rates


def _show(rows: "list[ResultRow]", as_json: bool, as_markdown: bool) -> None:
    from rich.console import Console

    from . import tables

    if as_json:
        typer.echo(json.dumps([row.as_json() for row in rows], indent=1))
    elif as_markdown:
        typer.echo(tables.markdown(rows))
    else:
        Console().print(tables.rich_table(rows))
