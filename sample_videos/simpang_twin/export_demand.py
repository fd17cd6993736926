"""Measured turning counts as SUMO demand: flows and turn ratios for jtrrouter, and the same demand spelt out exactly.

Flows come from the counts of the whole approach, turn shares from those of its movements, because not every vehicle's
movement can be traced. Whole numbers by largest remainders, so no vehicle is lost.
"""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from simpang_twin import network
from simpang_twin.demand import vehicle_type
from simpang_twin.errors import ScenarioError
from simpang_twin.fleet import of_kind
from simpang_twin.layout import Arm, Movement, destination
from simpang_twin.scenario import Scenario
from simpang_twin.traffic import Kind
from simpang_twin.turning import KINDS, Table, TurningCount

Span = tuple[float, float]


@dataclass(frozen=True)
class Demanded:
    """Vehicles of one class from one arm in [from_s, to_s), seconds after the table's first window, by movement."""

    from_s: float
    to_s: float
    arm: Arm
    kind: Kind
    by_movement: dict[Movement, int]

    @property
    def number(self) -> int:
        """All movements together."""
        return sum(self.by_movement.values())


def export(table: Table, scenario: Scenario, folder: Path) -> list[Demanded]:
    """Write `net.xml`, `vtypes.xml`, `flows.xml`, `turns.xml` and `demand.rou.xml`; gives back what was written.

    The scenario gives the roads (a junction, or a net file with its edges). Raises ScenarioError for a movement that
    the roads do not have.
    """
    folder.mkdir(parents=True, exist_ok=True)
    network.build(scenario, folder)
    rows = demanded(table, scenario)
    for name, text in (
        ("vtypes.xml", _types()), ("flows.xml", _flows(rows, scenario)), ("turns.xml", _turns(rows, scenario)),
        ("demand.rou.xml", _routes(rows, scenario)),
    ):  # fmt: skip
        (folder / name).write_text(text, encoding="utf-8")
    return rows


def demanded(table: Table, scenario: Scenario) -> list[Demanded]:
    """The table as whole vehicles by arm, class and movement, in time order."""
    start_s = min(row.from_s for row in table.rows)
    groups: dict[tuple[Span, Arm], list[TurningCount]] = defaultdict(list)
    for row in table.rows:
        groups[((row.from_s - start_s, row.to_s - start_s), row.arm)].append(row)
    out: list[Demanded] = []
    for (span, arm), rows in sorted(groups.items()):
        _check(arm, rows, scenario)
        out += [d for d in (_of_kind(span, arm, kind, rows) for kind in KINDS) if d.number]
    return out


def _check(arm: Arm, rows: list[TurningCount], scenario: Scenario) -> None:
    if arm not in scenario.arms:
        raise ScenarioError(f"approach {arm} is not in scenario {scenario.name}; it has: {', '.join(scenario.arms)}")
    for row in rows:
        if row.movement and sum(row.counts.values()) and not scenario.leads_somewhere(arm, row.movement):
            raise ScenarioError(f"approach {arm}: nothing leads {row.movement} in scenario {scenario.name}")


def _of_kind(span: Span, arm: Arm, kind: Kind, rows: list[TurningCount]) -> Demanded:
    traced = {row.movement: row.counts.get(kind, 0.0) for row in rows if row.movement}
    all_kinds = {row.movement: sum(row.counts.values()) for row in rows if row.movement}
    whole = [row.counts.get(kind, 0.0) for row in rows if row.movement is None]
    total = round(whole[0] if whole else sum(traced.values()))
    weights = traced if sum(traced.values()) else all_kinds
    return Demanded(*span, arm, kind, _whole_numbers(weights, total) if sum(weights.values()) else {})


def _whole_numbers(weights: dict[Movement, float], total: int) -> dict[Movement, int]:
    """`total` divided by the weights: largest remainders get the rest (Hamilton's method)."""
    scale = total / sum(weights.values())
    exact = {name: weight * scale for name, weight in weights.items()}
    found = {name: int(value + 1e-9) for name, value in exact.items()}
    by_rest = sorted(exact, key=lambda name: (found[name] - exact[name], name))
    for name in by_rest[: total - sum(found.values())]:
        found[name] += 1
    return {name: n for name, n in found.items() if n}


def _edges(scenario: Scenario, arm: Arm, to: Arm) -> tuple[str, str, str, str]:
    """Where a route begins, its entry and exit edge, and where it ends."""
    if scenario.network is None:
        return f"{arm}_in", f"{arm}_in", f"{to}_out", f"{to}_out"
    begin, end = scenario.network.approaches[arm], scenario.network.approaches[to]
    return begin.from_edge or begin.edge_in, begin.edge_in, end.edge_out, end.to_edge or end.edge_out


def _types() -> str:
    rows = []
    for kind in KINDS:
        models = of_kind(kind)
        rows += [vehicle_type(model) for model in models]
        names = " ".join(model.name for model in models)
        shares = " ".join(f"{model.share:g}" for model in models)
        rows.append(f'<vTypeDistribution id="kind_{kind}" vTypes="{names}" probabilities="{shares}"/>')
    return "<additional>\n" + "\n".join(rows) + "\n</additional>\n"


def _flow(d: Demanded, name: str, way: str, number: int) -> str:
    return (
        f'<flow id="{name}" type="kind_{d.kind}" {way} begin="{d.from_s:g}" end="{d.to_s:g}" number="{number}" '
        'departLane="best" departSpeed="max" departPosLat="random"/>'
    )


def _flows(rows: list[Demanded], scenario: Scenario) -> str:
    found = []
    for i, d in enumerate(rows):
        begin = _edges(scenario, d.arm, d.arm)[0]
        found.append(_flow(d, f"{d.arm}_{d.kind}_{i}", f'from="{begin}"', d.number))
    return "<routes>\n" + "\n".join(found) + "\n</routes>\n"


def _routes(rows: list[Demanded], scenario: Scenario) -> str:
    found = []
    for i, d in enumerate(rows):
        for movement, number in d.by_movement.items():
            begin, entry, leaving, end = _edges(scenario, d.arm, destination(d.arm, movement))
            way = f'from="{begin}" to="{end}" via="{entry} {leaving}"'
            found.append(_flow(d, f"{d.arm}_{movement}_{d.kind}_{i}", way, number))
    return "<routes>\n" + "\n".join(found) + "\n</routes>\n"


def _turns(rows: list[Demanded], scenario: Scenario) -> str:
    """Turn ratios by interval, all classes together (jtrrouter knows no classes), and the edges where routes end.

    jtrrouter takes the ratio of the moment at which a vehicle reaches the junction, not of its departure.
    """
    sums: dict[tuple[Span, Arm], dict[Movement, int]] = defaultdict(lambda: defaultdict(int))
    for d in rows:
        for movement, number in d.by_movement.items():
            sums[((d.from_s, d.to_s), d.arm)][movement] += number
    intervals: dict[Span, list[str]] = defaultdict(list)
    for (span, arm), numbers in sorted(sums.items()):
        entry, total = _edges(scenario, arm, arm)[1], sum(numbers.values())
        exits = {_edges(scenario, arm, destination(arm, m))[2]: n / total for m, n in numbers.items()}
        to = "".join(f'<toEdge id="{edge}" probability="{share:.6f}"/>' for edge, share in exits.items())
        intervals[span].append(f'<fromEdge id="{entry}">{to}</fromEdge>')
    ends = " ".join(sorted({_edges(scenario, arm, arm)[2] for arm in scenario.arms}))
    ordered = sorted(intervals)
    body = "\n".join(
        f'<interval begin="{span[0]:g}" end="{until:g}">\n' + "\n".join(intervals[span]) + "\n</interval>"
        for span, until in zip(ordered, _until(ordered), strict=True)
    )
    return f'<turns>\n<sink edges="{ends}"/>\n{body}\n</turns>\n'


def _until(spans: list[Span]) -> list[float]:
    """Ratios hold until the next ones begin, the last for another hour: the last vehicles still have to arrive."""
    return [*(begin for begin, _ in spans[1:]), spans[-1][1] + 3600.0]
