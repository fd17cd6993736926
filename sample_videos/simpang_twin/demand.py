"""Vehicle types, departures and the signal plan as SUMO input; all chance comes from the scenario's seed."""

from dataclasses import dataclass

import numpy as np

from simpang_twin.fleet import DRIVING, FLEET, Model, of_kind
from simpang_twin.network import Network, destination
from simpang_twin.scenario import Demand, Movement, Phase, Scenario


@dataclass(frozen=True)
class Departure:
    """One vehicle that enters: its time, route and model."""

    time_s: float
    arm: str
    to: str
    model: str
    lane: str


def departures(scenario: Scenario) -> list[Departure]:
    """Random arrivals (exponential headways with a floor of 0.4 s per arm), sorted by time."""
    rng = np.random.default_rng(scenario.seed)
    until_s = scenario.warmup_s + scenario.duration_s
    found = [d for demand in scenario.demand for d in _arm(demand, until_s, rng)]
    return sorted(found, key=lambda d: d.time_s)


def _arm(demand: Demand, until_s: float, rng: np.random.Generator) -> list[Departure]:
    if demand.flow_vph == 0:
        return []
    floor_s = 0.4
    mean_s = max(3600.0 / demand.flow_vph - floor_s, 0.05)
    out: list[Departure] = []
    time_s = float(rng.exponential(mean_s))
    while time_s < until_s:
        out.append(_departure(demand, time_s, rng))
        time_s += floor_s + float(rng.exponential(mean_s))
    return out


def _departure(demand: Demand, time_s: float, rng: np.random.Generator) -> Departure:
    kinds = list(demand.classes)
    kind = kinds[int(rng.choice(len(kinds), p=[demand.classes[k] for k in kinds]))]
    models = of_kind(kind)
    shares = np.array([m.share for m in models])
    model = models[int(rng.choice(len(models), p=shares / shares.sum()))]
    turns: list[Movement] = list(demand.turns)
    turn = turns[int(rng.choice(len(turns), p=[demand.turns[t] for t in turns]))]
    return Departure(time_s, demand.arm, destination(demand.arm, turn), model.name, _lane(turn, kind))


def _lane(turn: Movement, kind: str) -> str:
    # Heavy vehicles keep left as the law asks; the others take the best lane for their turn.
    return "0" if kind in ("bus", "truck") and turn != "right" else "best"


def routes_xml(scenario: Scenario) -> str:
    """The route file: one vType per fleet model, one vehicle per departure."""
    rows = [_type(model) for model in FLEET]
    for number, d in enumerate(departures(scenario)):
        rows.append(
            f'<vehicle id="{number}" type="{d.model}" depart="{d.time_s:.2f}" departLane="{d.lane}" '
            f'departSpeed="max" departPosLat="random"><route edges="{d.arm}_in {d.to}_out"/></vehicle>'
        )
    return "<routes>\n" + "\n".join(rows) + "\n</routes>\n"


def _type(model: Model) -> str:
    drive = " ".join(f'{key}="{value}"' for key, value in DRIVING[model.kind].items())
    size = f'length="{model.length_m}" width="{model.width_m}" height="{model.height_m}"'
    return f'<vType id="{model.name}" carFollowModel="IDM" {size} {drive}/>'


def signal_xml(scenario: Scenario, network: Network) -> str:
    """The fixed-time plan; right turns give way to oncoming traffic (permissive)."""
    rows = []
    for phase in scenario.signal.phases:
        rows.append(_phase(phase.green_s, _state(network, phase, "G", "g")))
        rows.append(_phase(phase.yellow_s, _state(network, phase, "y", "y")))
        if phase.all_red_s:
            rows.append(_phase(phase.all_red_s, "r" * len(network.link_arm)))
    offset = scenario.signal.offset_s
    logic = f'<tlLogic id="c" type="static" programID="twin" offset="{offset:g}">'
    return "<additional>\n" + logic + "\n" + "\n".join(rows) + "\n</tlLogic>\n</additional>\n"


def _phase(duration_s: float, state: str) -> str:
    return f'<phase duration="{duration_s:g}" state="{state}"/>'


def _state(network: Network, phase: Phase, major: str, minor: str) -> str:
    letters = []
    for arm, movement in zip(network.link_arm, network.link_movement, strict=True):
        shown = minor if movement == "right" else major
        letters.append(shown if arm in phase.arms else "r")
    return "".join(letters)
