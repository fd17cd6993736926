"""From a scenario file to clips with truth: simulated, then rendered, or only sketched where no picture is needed."""

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from .. import production, records, scenario, simulate
from ..errors import TwinError
from .errors import BenchError
from .sketch import sketch

VERSION = "5"
"""Of the sketches: a change here makes kept ones useless."""


def prepare(path: Path, seed: int | None, drawn: bool, cache: Path, processes: int) -> list[Path]:
    """The clips of a scenario's cameras, made where they are not in the cache. seed: instead of the file's own; then it
    becomes part of the name. Raises `BenchError`."""
    try:
        plan = scenario.load(path)
        if seed is not None:
            plan = plan.model_copy(update={"seed": seed, "name": f"{plan.name}-{seed}"})
        folder = cache / f"{plan.name}-{_fingerprint(plan, drawn)}"
        with _alone(folder):
            return [_clip(plan, camera, folder, drawn, processes) for camera in plan.cameras]
    except TwinError as exc:
        raise BenchError(str(exc)) from exc


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Another process that wants the same scenario waits, and then finds it made."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fingerprint(plan: scenario.Scenario, drawn: bool) -> str:
    return hashlib.sha256(f"{VERSION} {drawn} {plan.model_dump_json()}".encode()).hexdigest()[:12]


def _clip(plan: scenario.Scenario, camera: scenario.Camera, folder: Path, drawn: bool, processes: int) -> Path:
    clip = folder / f"{plan.name}_{camera.id}.mp4"
    if not records.beside(clip, "camera.yaml").exists():  # written last
        run = _simulated(plan, folder)
        if drawn or any(fault.type == "dirty_lens" for fault in camera.faults):  # a sketch has no dirt
            production.produce(run, clip, camera.id, processes, None)
        else:
            _sketched(run, plan, camera, clip)
    return clip


def _simulated(plan: scenario.Scenario, folder: Path) -> Path:
    run = folder / "run"
    if not (run / "scenario.json").exists():  # written last
        simulate.simulate(plan, run)
    return run


def _sketched(run: Path, plan: scenario.Scenario, camera: scenario.Camera, clip: Path) -> None:
    work = run / f"sketch-{camera.id}"
    with _progress() as bar:
        task = bar.add_task(f"sketching {camera.id}", total=plan.frames)
        advance: Callable[[], None] = lambda: bar.advance(task)  # noqa: E731
        sketch(run, camera, work, clip, advance)
    records.write_truth(run, camera, clip)
    records.write_boxes(run, camera, work, range(plan.frames), clip)
    records.write_camera(run, camera, clip)
    shutil.rmtree(work)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))
