"""``simpang bench causes``. Everything heavy is imported when the command runs."""

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .cli import DEFAULT_CACHE

if TYPE_CHECKING:
    from .cases import Case
    from .causes import Causes

app = typer.Typer(add_completion=False)


@app.command()
def causes(
    scenarios: Annotated[
        list[str] | None,
        typer.Option("--scenarios", help="clips by name or path (.mp4), or scenario files; default: all"),
    ] = None,
    fps: Annotated[float, typer.Option(min=0.5, max=60, help="frames analysed per second")] = 8,
    model: Annotated[Path | None, typer.Option(help="detector file; default: our own")] = None,
    size: Annotated[str | None, typer.Option(metavar="WxH", help="input size of the model")] = None,
    detections: Annotated[
        Path | None, typer.Option(help="keep the detections in this folder, and take them from there")
    ] = None,
) -> None:
    """Why figures with the model are off: what it misses, sees twice or invents, and how often its tracks break.

    Prints Markdown: per clip the shares of the true vehicle-time, and by class and distance how much is found.
    """
    from . import causes as parts
    from .cases import find

    with tempfile.TemporaryDirectory(prefix="simpang-causes-") as scratch:
        cases = find(tuple(scenarios or ()), True, DEFAULT_CACHE.expanduser(), 1)
        found = {}
        for case in cases:
            typer.echo(f"{case.name}", err=True)
            found[case.name] = _of(case, fps, model, size, detections or Path(scratch), Path(scratch))
    typer.echo(table({**found, "all": parts.pooled(list(found.values()))}))


def _of(case: "Case", fps: float, model: Path | None, size: str | None, kept: Path, scratch: Path) -> "Causes":
    from . import causes as parts
    from . import detections, running

    truth = json.loads(case.truth.read_text(encoding="utf-8"))
    fps = min(fps, float(truth["fps"]))
    folder = scratch / case.name
    folder.mkdir()
    box = running.write_box(case, running.Detector("model", model=model, size=size, kept=kept), fps, truth, 1, folder)
    times_s = detections.frame_times_s(detections.file_of(kept, case.name, fps))
    size_px = (truth["width"], truth["height"])
    return parts.causes(parts.looks(box, case.boxes, times_s, float(truth["fps"]), size_px))


def table(found: "dict[str, Causes]") -> str:
    """Two tables in Markdown."""
    from .causes import BANDS_M
    from .tables import number

    lines = ["| clip | hidden, % | missed, % | doubled, % | invented, % | tracks per vehicle |", "|---" * 6 + "|"]
    for name, one in found.items():
        row = one.row()
        cells = (row.hidden_pct, row.missed_pct, row.doubled_pct, row.invented_pct, row.tracks)
        lines.append(f"| {name} | {' | '.join(number(cell) for cell in cells)} |")
    heads = " | ".join(f"{a}–{b} m: n, sure box, track" for a, b in BANDS_M)
    lines += ["", f"| found, % of frames | {heads} |", "|---" * (1 + len(BANDS_M)) + "|"]
    for name, one in found.items():
        for kind in sorted({place[0] for place in one.shown}):
            lines.append(f"| {name}: {kind} | {' | '.join(_found(one, kind, band) for band in BANDS_M)} |")
    return "\n".join(lines)


def _found(one: "Causes", kind: str, band: tuple[int, int]) -> str:
    n = one.shown[kind, band]
    return f"{n}, {100 * one.sure[kind, band] / n:.0f}, {100 * one.tracked[kind, band] / n:.0f}" if n else "–"
