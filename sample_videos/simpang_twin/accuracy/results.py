"""The rows of the result: every figure of every clip, detector and analysis rate, with its goal."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .. import truth_windows
from ..traffic_log import Traffic
from . import boxes, counting, flowing, honesty, incidents, queues, signals, speeds, states
from .cases import Case
from .figures import Figure, Sight
from .goals import POOLED, Goal
from .pooling import pool
from .published import Published
from .running import Run
from .truths import load


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One figure. goal, holds: None where there is no goal; holds None too where the figure is unknown."""

    scenario: str
    detector: str
    fps: float
    quantity: str
    value: float | None
    goal: str | None
    holds: bool | None

    def as_json(self) -> dict[str, Any]:
        """The row as it is printed."""
        return asdict(self) | {"value": None if self.value is None else round(self.value, 4)}


@dataclass(frozen=True, slots=True)
class Scored:
    """The figures of one approach in one run."""

    scenario: str
    detector: str
    fps: float
    figures: tuple[Figure, ...]


def sights(published: Published, case: Case) -> list[Sight]:
    """What was published of each approach, beside its truth. Raises `BenchError` for a truth that is not right."""
    truth, traffic = load(case.truth), traffic_of(case)
    found = boxes.load(case.boxes, truth.fps)
    return [Sight(published, truth, item, traffic.get(item.approach), found) for item in truth.approaches]


def traffic_of(case: Case) -> dict[str, Traffic]:
    """Every vehicle's path by approach; empty where the clip has no NAME.traffic.parquet."""
    if not case.truth.with_name(f"{case.name}.traffic.parquet").is_file():
        return {}
    return truth_windows.load(case.truth)


def score(run: Run) -> list[Scored]:
    """All figures of a run."""
    found = sights(run.published, run.case)
    return [
        Scored(scenario_name(run.case.name, sight, len(found)), run.detector.name, run.fps, tuple(figures(sight)))
        for sight in found
    ]


def scenario_name(clip: str, sight: Sight, approaches: int) -> str:
    """The clip's name, with the approach where the camera sees several."""
    return clip if approaches == 1 else f"{clip}/{sight.truth.approach}"


def score_peer(case: Case, name: str, fps: float, published: Published) -> list[Scored]:
    """The figures of a line counter: counts, and nothing else that it could say."""
    found = sights(published, case)
    return [
        Scored(scenario_name(case.name, sight, len(found)), name, fps, tuple(counting.figures(sight)))
        for sight in found
    ]


def figures(sight: Sight) -> list[Figure]:
    """All figures of one approach, in the order in which they are shown."""
    parts = (counting, speeds, queues, signals, flowing, states, incidents, honesty)
    return [figure for part in parts for figure in part.figures(sight)]


def rows(scored: Sequence[Scored], goals: Iterable[Goal]) -> list[ResultRow]:
    """Every figure with its goal; pooled rows last, where there are several clips."""
    wanted = tuple(goals)
    groups: dict[tuple[str, float], list[Scored]] = defaultdict(list)
    for item in scored:
        groups[item.detector, item.fps].append(item)
    pooled = [
        Scored(POOLED, detector, fps, tuple(pool([item.figures for item in items])))
        for (detector, fps), items in groups.items()
    ]
    return [_row(item, figure, wanted) for item in (*scored, *pooled) for figure in item.figures]


def _row(item: Scored, figure: Figure, goals: Sequence[Goal]) -> ResultRow:
    goal = next((g for g in goals if g.fits(item.scenario, item.detector, item.fps, figure.quantity)), None)
    holds = goal.holds(figure.value) if goal and figure.value is not None else None
    limit = goal.limit if goal else None
    return ResultRow(item.scenario, item.detector, item.fps, figure.quantity, figure.value, limit, holds)
