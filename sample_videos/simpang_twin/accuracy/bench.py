"""All runs of a benchmark, one after the other or several at once, with progress."""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from . import peers
from .cases import Case, find
from .goals import shipped
from .peers import Peer
from .published import Published
from .results import ResultRow, rows, score, score_peer
from .running import Detector, Run, run
from .truths import load


@dataclass(frozen=True, slots=True)
class Plan:
    """One run to make."""

    case: Case
    detector: Detector
    fps: float


@dataclass(frozen=True, slots=True)
class Request:
    """What to measure. only: the runs to make (scenario, detector, fps), None: all; drawn by `cache` where needed."""

    scenarios: tuple[str, ...]
    detectors: tuple[Detector, ...]
    rates_fps: tuple[float, ...]
    peer: Peer | None
    only: tuple[tuple[str, str, float], ...] | None
    cache: Path
    jobs: int

    def cases(self) -> tuple[Case, ...]:
        """The clips, made first where they are scenario files. Raises `BenchError`."""
        names = self.scenarios or tuple(dict.fromkeys(run[0] for run in self.only or ()))
        drawn = self.peer is not None or any(item.eyes is None for item in self.detectors)
        return find(names, drawn, self.cache, self.jobs)


@dataclass(frozen=True, slots=True)
class Measured:
    """The result, and the runs it comes from."""

    rows: list[ResultRow]
    runs: list[Run]


def measure(request: Request, folder: Path) -> Measured:
    """Make all runs of a request and compare them with the truth. Raises `BenchError`."""
    cases = request.cases()
    wanted = plans(cases, request.detectors, request.rates_fps)
    if request.only is not None and not request.scenarios:
        wanted = [plan for plan in wanted if (plan.case.name, plan.detector.name, plan.fps) in request.only]
    runs = run_all(wanted, folder, request.jobs)
    scored = [item for run in runs for item in score(run)]
    if request.peer is not None:
        counted = run_peers(cases, request.peer.check(), request.rates_fps)
        scored += [item for one in counted for item in score_peer(*one)]
    return Measured(rows(scored, shipped()), runs)


def plans(cases: Iterable[Case], detectors: Sequence[Detector], rates_fps: Sequence[float]) -> list[Plan]:
    """Every case with every detector at every rate; a rate above the clip's own is the clip's own, once."""
    found: dict[tuple[Path, str, float], Plan] = {}
    for case in cases:
        own_fps = load(case.truth).fps
        for detector in detectors:
            for fps in (min(fps, own_fps) for fps in rates_fps):
                found.setdefault((case.clip, detector.name, fps), Plan(case, detector, fps))
    return list(found.values())


def run_all(wanted: Sequence[Plan], folder: Path, jobs: int) -> list[Run]:
    """Make all runs, in the order of `wanted`; raises the first `BenchError`. An interruption leaves no process."""
    stop = threading.Event()
    with _progress() as bar, ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(_one, plan, folder / f"{number:03d}", bar, stop) for number, plan in enumerate(wanted)]
        try:
            return [future.result() for future in futures]
        finally:
            stop.set()
            for future in futures:
                future.cancel()


def run_peers(
    cases: Sequence[Case], peer: Peer, rates_fps: Sequence[float]
) -> list[tuple[Case, str, float, Published]]:
    """The peers' pipeline on every case at every rate: case, name, fps and what it counted."""
    with _progress() as bar:
        return [
            (case, name, fps, published)
            for case in cases
            for fps in dict.fromkeys(min(fps, load(case.truth).fps) for fps in rates_fps)
            for name, published in _peer(case, peer, fps, bar).items()
        ]


def _peer(case: Case, peer: Peer, fps: float, bar: Progress) -> dict[str, Published]:
    task = bar.add_task(f"{case.name} peer {fps:g} fps", total=load(case.truth).seconds)
    return peers.run(case, peer, fps, lambda done_s: bar.update(task, completed=done_s))


def _one(plan: Plan, folder: Path, bar: Progress, stop: threading.Event) -> Run:
    seconds = load(plan.case.truth).seconds
    task = bar.add_task(f"{plan.case.name} {plan.detector.name} {plan.fps:g} fps", total=seconds)
    progress: Callable[[float], None] = lambda done_s: bar.update(task, completed=min(done_s, seconds))  # noqa: E731
    done = run(plan.case, plan.detector, plan.fps, folder, progress, stop)
    bar.update(task, completed=seconds)
    return done


def _progress() -> Progress:
    """On stderr, so that the result can be piped."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=Console(stderr=True))
