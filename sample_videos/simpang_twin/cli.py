"""`simpang twin`: simulate a junction, film it, write the truth beside the clip."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Traffic whose truth is known: SUMO drives, Panda3D films.")


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
    """Film a run with one of its cameras; writes NAME.mp4, .truth.json, .boxes.parquet and .camera.yaml."""
    from simpang_twin import production
    from simpang_twin.errors import TwinError

    try:
        production.produce(run, out, camera, processes, work)
    except TwinError as exc:
        raise _stop(exc) from exc
    typer.echo(f"{out}: {out.stat().st_size / 1e6:.2f} MB")


def _stop(exc: Exception) -> typer.Exit:
    typer.echo(f"error: {exc}", err=True)
    return typer.Exit(1)


if __name__ == "__main__":
    app()
