"""`simpang twin`: simulate a junction, film it, write the truth beside the clip."""

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Traffic whose truth is known: SUMO drives, Panda3D films."
)


@app.command()
def simulate(
    scenario: Annotated[Path, typer.Argument(help="scenario file (YAML)", exists=True, dir_okay=False)],
    out: Annotated[Path, typer.Option(help="folder for the run")],
) -> None:
    """Run SUMO on a scenario and keep every vehicle's path."""
    from simpang_twin import scenario as scenarios
    from simpang_twin import simulate as runs
    from simpang_twin.errors import TwinError

    try:
        _, run = runs.simulate(scenarios.load(scenario), out)
    except TwinError as exc:
        raise _stop(exc) from exc
    typer.echo(f"{out}: {len(run.ids)} vehicles, {run.frames} frames of {run.step_s * 1000:g} ms")
    if not run.ids:
        typer.echo("note: nobody is on the road in this clip; is every flow_vph 0, or warmup_s too short?", err=True)


@app.command()
def truth(
    run: Annotated[Path, typer.Argument(help="a run's folder", exists=True, file_okay=False)],
    out: Annotated[Path, typer.Option(help="the clip's name, NAME.mp4; the clip itself is not touched")],
    camera: Annotated[str | None, typer.Option(help="camera id; default: the scenario's first")] = None,
) -> None:
    """Write NAME.truth.json, .traffic.parquet and .camera.yaml again, without filming."""
    from simpang_twin import records
    from simpang_twin import simulate as runs
    from simpang_twin.errors import TwinError

    try:
        scenario, _, _ = runs.load(run)
        records.write_truth(run, scenario.camera(camera), out)
        records.write_camera(run, scenario.camera(camera), out)
    except TwinError as exc:
        raise _stop(exc) from exc
    typer.echo(f"{out.with_suffix('.truth.json')}")


@app.command()
def seeds(
    scenario: Annotated[Path, typer.Argument(help="scenario file (YAML)", exists=True, dir_okay=False)],
    first: Annotated[int, typer.Option(min=0, help="first seed")] = 1,
    of: Annotated[int, typer.Option(min=1, help="how many seeds")] = 20,
) -> None:
    """Which seed's traffic is nearest to the demand that the scenario states, by class and turn; the nearest first."""
    from simpang_twin import scenario as scenarios
    from simpang_twin import typical
    from simpang_twin.errors import TwinError

    try:
        found = typical.draws(scenarios.load(scenario), range(first, first + of))
    except TwinError as exc:
        raise _stop(exc) from exc
    for draw in found:
        typer.echo(f"seed {draw.seed}: {draw.vehicles} vehicles, distance {draw.distance:.1f}")


@app.command("export-demand")
def export_demand(
    counts: Annotated[
        Path,
        typer.Argument(help="stored windows (.csv), window messages (.jsonl) or .truth.json", exists=True),
    ],
    scenario: Annotated[Path, typer.Option(help="scenario file whose junction or net gives the roads", exists=True)],
    out: Annotated[Path, typer.Option(help="folder for net.xml, vtypes.xml, flows.xml, turns.xml, demand.rou.xml")],
) -> None:
    """Measured turning counts as SUMO demand: flows with turn ratios for jtrrouter, and exact flows by movement."""
    from simpang_twin import export_demand as exporting
    from simpang_twin import scenario as scenarios
    from simpang_twin import turning
    from simpang_twin.errors import TwinError

    try:
        table = turning.read(counts)
        rows = exporting.export(table, scenarios.load(scenario), out)
    except TwinError as exc:
        raise _stop(exc) from exc
    for note in table.notes:
        typer.echo(f"note: {note}", err=True)
    typer.echo(f"{out}: {sum(row.number for row in rows)} vehicles, {len(rows)} flows")


@app.command()
def render(
    run: Annotated[
        Path, typer.Argument(help="a run's folder, or a scenario file (then it is simulated first)", exists=True)
    ],
    out: Annotated[Path, typer.Option(help="the clip to write, NAME.mp4; the truth goes beside it")],
    camera: Annotated[str | None, typer.Option(help="camera id; default: the scenario's first")] = None,
    processes: Annotated[int, typer.Option(min=1, help="renderer processes")] = 2,
    work: Annotated[
        Path | None, typer.Option(help="folder for single frames; kept, so a stopped render resumes")
    ] = None,
) -> None:
    """Film a run with one of its cameras; writes NAME.mp4, .truth.json, .boxes.parquet, .camera.yaml and .sheet.jpg."""
    from simpang_twin import production
    from simpang_twin.errors import TwinError

    try:
        drawn = production.produce(run, out, camera, processes, work)
    except TwinError as exc:
        raise _stop(exc) from exc
    typer.echo(f"{out}: {out.stat().st_size / 1e6:.2f} MB; {drawn}")


@app.command()
def sheet(
    clip: Annotated[Path, typer.Argument(help="a clip, NAME.mp4", exists=True, dir_okay=False)],
    out: Annotated[Path | None, typer.Option(help="the picture to write; default: NAME.sheet.jpg")] = None,
    frames: Annotated[int, typer.Option(min=1, max=60, help="how many frames")] = 12,
    boxes: Annotated[bool, typer.Option("--boxes", help="draw the true boxes of NAME.boxes.parquet")] = False,
) -> None:
    """A contact sheet of a clip: frames evenly spread over it, with their times."""
    from simpang_twin import sheet as sheets
    from simpang_twin.errors import TwinError

    target = out or clip.with_name(f"{clip.stem}.sheet.jpg")
    try:
        sheets.write(clip, target, frames, boxes)
    except TwinError as exc:
        raise _stop(exc) from exc
    typer.echo(f"{target}: {target.stat().st_size / 1e3:.0f} kB")


@app.command()
def recognise(
    clip: Annotated[Path, typer.Argument(help="a clip with its NAME.boxes.parquet", exists=True, dir_okay=False)],
    weights: Annotated[list[Path], typer.Option(help="a detector, ONNX; may be given again", exists=True)],
    every: Annotated[int, typer.Option(min=1, help="look at every n-th frame")] = 10,
    size: Annotated[str, typer.Option(help="the detector's input, WIDTHxHEIGHT")] = "640x384",
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON list")] = False,
) -> None:
    """How many of the clip's vehicles detectors find, by class and by model.

    Asked for are boxes at most 40 % hidden and at least 30 px high in the detector's input; found is a score of at
    least 0.25; `named` is the share of the found ones that got their own class.
    """
    from simpang_twin import recognise as judging
    from simpang_twin.errors import TwinError

    try:
        outcomes = [judging.recognise(clip, file, every, _size(size)) for file in weights]
    except (TwinError, ValueError) as exc:
        raise _stop(exc) from exc
    if as_json:
        typer.echo(json.dumps([outcome.as_json() for outcome in outcomes], indent=1))
        return
    for outcome in outcomes:
        typer.echo(f"{outcome.detector} on {outcome.frames} frames of {outcome.clip}")
        for one in (*outcome.by_class, *outcome.by_model):
            named = f"{one.named / one.found:.2f}" if one.found else "-"
            typer.echo(f"  {one.name:14} {one.asked:5} boxes  recall {one.found / one.asked:.2f}  named {named}")


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise typer.BadParameter(f"--size must be WIDTHxHEIGHT in pixels, for example 640x384, got {text!r}")
    return int(width), int(height)


def _stop(exc: Exception) -> typer.Exit:
    typer.echo(f"error: {exc}", err=True)
    return typer.Exit(1)


if __name__ == "__main__":
    app()
