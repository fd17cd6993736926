"""Vehicle types, departures and the signal plan as SUMO input; all chance comes from the scenario's seed."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simpang_twin import consistency
from simpang_twin.fleet import BY_NAME, DRIVING, FLEET, HARD_BRAKING, Model, of_kind
from simpang_twin.layout import Arm, Movement, Phase, Signal, destination
from simpang_twin.network import F64, Network
from simpang_twin.scenario import Demand, Scenario
from simpang_twin.traffic import EmergencyStop, KerbStop, Kind, Spillback, StoppedVehicle, UTurn

# Vehicles of events are numbered from here, so that adding one leaves the others' numbers alone.
FIRST_EVENT_ID = 900000
# Prefix of the vehicle types that brake hard.
HARD = "hard_"
# In any net the lane at the kerb may be a pavement or be closed to vehicles, and a route may begin on another edge.
_LANE_IN_A_NET = {"0": "first"}
# How long the limit of a slow exit takes to fall.
_RAMP_S = 8


@dataclass(frozen=True)
class Stop:
    """A planned stand: lane index (0 at the kerb), front bumper upstream of the stop line, least stand, end."""

    lane: int
    along_m: float
    duration_s: float
    until_s: float | None
    at_kerb: bool = False


@dataclass(frozen=True)
class Departure:
    """One vehicle that enters: its number, time after the run's start, route, movement, model and stand."""

    time_s: float
    arm: Arm
    to: Arm
    model: str
    lane: str
    movement: Movement
    number: int = -1
    stop: Stop | None = None
    type: str = ""


def departures(scenario: Scenario) -> list[Departure]:
    """Random arrivals (exponential headways with a floor of 0.4 s per arm), then the events', sorted by time."""
    rng = np.random.default_rng(scenario.seed)
    until_s = scenario.warmup_s + scenario.duration_s
    found = [d for demand in scenario.demand for d in _arm(scenario, demand, until_s, rng)]
    found.sort(key=lambda d: d.time_s)
    numbered = [_numbered(d, i) for i, d in enumerate(found)]
    return sorted([*numbered, *_event_vehicles(scenario)], key=lambda d: d.time_s)


def movements(scenario: Scenario) -> dict[str, Movement]:
    """Movement of every vehicle by id."""
    return {str(d.number): d.movement for d in departures(scenario)}


def _numbered(d: Departure, number: int) -> Departure:
    return Departure(d.time_s, d.arm, d.to, d.model, d.lane, d.movement, number, d.stop, d.model)


def _arm(scenario: Scenario, demand: Demand, until_s: float, rng: np.random.Generator) -> list[Departure]:
    out: list[Departure] = []
    time_s: float | None = 0.0
    while time_s is not None and time_s < until_s:
        change_s = demand.next_change_s(time_s - scenario.warmup_s)
        change_s = None if change_s is None else change_s + scenario.warmup_s
        flow_vph = demand.at(time_s - scenario.warmup_s).flow_vph
        next_s = _next_s(time_s, flow_vph, bool(out), rng) if flow_vph > 0 else None
        if next_s is None or (change_s is not None and next_s >= change_s):
            time_s = change_s
            continue
        time_s = next_s
        if time_s < until_s:
            out.append(_departure(scenario, demand.at(time_s - scenario.warmup_s), time_s, rng))
    return out


def _next_s(time_s: float, flow_vph: float, follows: bool, rng: np.random.Generator) -> float:
    floor_s = 0.4
    gap_s = float(rng.exponential(max(3600.0 / flow_vph - floor_s, 0.05)))
    return time_s + (floor_s + gap_s if follows else gap_s)


def _departure(scenario: Scenario, demand: Demand, time_s: float, rng: np.random.Generator) -> Departure:
    kinds = list(demand.classes)
    kind = kinds[int(rng.choice(len(kinds), p=[demand.classes[k] for k in kinds]))]
    models = of_kind(kind)
    shares = _model_shares(demand, kind, models)
    model = models[int(rng.choice(len(models), p=shares / shares.sum()))]
    turns = _turns(scenario, demand, kind)
    names = list(turns)
    turn = names[int(rng.choice(len(names), p=list(turns.values())))]
    return Departure(time_s, demand.arm, destination(demand.arm, turn), model.name, _lane(turn, kind), turn)


def _model_shares(demand: Demand, kind: Kind, models: tuple[Model, ...]) -> F64:
    own = demand.models.get(kind)
    return np.array([own.get(m.name, 0.0) if own else m.share for m in models])


def _turns(scenario: Scenario, demand: Demand, kind: Kind) -> dict[Movement, float]:
    """Turn shares of a class; the usual ones leave out what this junction lacks."""
    turns: dict[Movement, float] = dict(demand.class_turns.get(kind, demand.turns))
    able = {m: share for m, share in turns.items() if consistency.allowed(scenario, demand.arm, m)}
    total = sum(able.values())
    return turns if len(able) == len(turns) else {m: share / total for m, share in able.items()}


def _lane(turn: Movement, kind: str) -> str:
    # Heavy vehicles keep left as the law asks; the others take the best lane for their turn.
    return "0" if kind in ("bus", "truck") and turn not in ("right", "u_turn") else "best"


def _event_vehicles(scenario: Scenario) -> Iterator[Departure]:
    for i, event in enumerate(scenario.events):
        if isinstance(event, StoppedVehicle | KerbStop | EmergencyStop | UTurn):
            yield _sent(scenario, event, FIRST_EVENT_ID + i)


def _sent(scenario: Scenario, event: StoppedVehicle | KerbStop | EmergencyStop | UTurn, number: int) -> Departure:
    stop = _stop(scenario, event)
    movement: Movement = "u_turn" if isinstance(event, UTurn) else event.movement
    at_s = event.from_s if isinstance(event, StoppedVehicle) else event.at_s
    depart_s = at_s + scenario.warmup_s - _drive_s(scenario, event.arm, event.model, stop.along_m if stop else 0.0)
    hard = HARD if isinstance(event, EmergencyStop) else ""
    lane = "best" if stop is None else str(stop.lane)
    return Departure(max(depart_s, 0.0), event.arm, destination(event.arm, movement), event.model, lane, movement,
                     number, stop, hard + event.model)  # fmt: skip


def _stop(scenario: Scenario, event: StoppedVehicle | KerbStop | EmergencyStop | UTurn) -> Stop | None:
    if isinstance(event, UTurn):
        return None
    if isinstance(event, StoppedVehicle):
        return Stop(event.lane - 1, event.along_m, 1.0, event.to_s + scenario.warmup_s)
    if isinstance(event, KerbStop):
        return Stop(0, event.along_m, event.dwell_s, None, at_kerb=True)
    return Stop(event.lane - 1, event.along_m, event.hold_s, None)


def _drive_s(scenario: Scenario, arm: Arm, model: str, along_m: float) -> float:
    """How long the undisturbed drive to the place takes, roughly: 0.85 of the limit, and 4 s for braking."""
    if scenario.network is not None:
        return 20.0
    shape = scenario.junction.arm(arm)
    top_mps = min(shape.speed_limit_kmh / 3.6, float(DRIVING[BY_NAME[model].kind]["maxSpeed"]))
    return (shape.length_m - along_m) / (0.85 * top_mps) + 4.0


def routes_xml(scenario: Scenario, net: Network) -> str:
    """The route file: one vType per fleet model that drives, one vehicle per departure."""
    rows = [vehicle_type(model) for model in FLEET if model.kind in DRIVING]
    rows += [_hard_type(BY_NAME[e.model]) for e in scenario.events if isinstance(e, EmergencyStop)]
    rows += [_vehicle(scenario, net, d) for d in departures(scenario)]
    return "<routes>\n" + "\n".join(dict.fromkeys(rows)) + "\n</routes>\n"


def _vehicle(scenario: Scenario, net: Network, d: Departure) -> str:
    lane = d.lane if scenario.network is None else _LANE_IN_A_NET.get(d.lane, "best")
    head = f'id="{d.number}" type="{d.type}" depart="{d.time_s:.2f}" departLane="{lane}" departSpeed="max" ' \
           'departPosLat="random"'  # fmt: skip
    stop = "" if d.stop is None else _stop_xml(net, d)
    if scenario.network is None:
        return f'<vehicle {head}><route edges="{d.arm}_in {d.to}_out"/>{stop}</vehicle>'
    begin, end = scenario.network.approaches[d.arm], scenario.network.approaches[d.to]
    way = f'from="{begin.from_edge or begin.edge_in}" to="{end.to_edge or end.edge_out}" ' \
          f'via="{begin.edge_in} {end.edge_out}"'  # fmt: skip
    return f"<trip {head} {way}>{stop}</trip>"


def _stop_xml(net: Network, d: Departure) -> str:
    assert d.stop is not None
    lane = net.edge(f"{d.arm}_in")[d.stop.lane]
    until = "" if d.stop.until_s is None else f' until="{d.stop.until_s:g}"'
    # In a left-hand net SUMO's lateral places are mirrored: negative is toward the kerb.
    beside_m = 0.15 - (lane.width_m - BY_NAME[d.model].width_m) / 2
    kerb = f' posLat="{beside_m:.2f}"' if d.stop.at_kerb else ""
    end_m = lane.length_m - d.stop.along_m
    return f'<stop lane="{lane.id}" endPos="{end_m:.2f}" duration="{d.stop.duration_s:g}"{until}{kerb}/>'


def vehicle_type(model: Model) -> str:
    """SUMO's vType of a fleet model."""
    drive = " ".join(f'{key}="{value}"' for key, value in DRIVING[model.kind].items())
    size = f'length="{model.length_m}" width="{model.width_m}" height="{model.height_m}"'
    return f'<vType id="{model.name}" carFollowModel="IDM" {size} {drive}/>'


def _hard_type(model: Model) -> str:
    drive = " ".join(f'{key}="{value}"' for key, value in (DRIVING[model.kind] | HARD_BRAKING).items())
    size = f'length="{model.length_m}" width="{model.width_m}" height="{model.height_m}"'
    return f'<vType id="{HARD}{model.name}" {size} {drive}/>'


def additional_xml(scenario: Scenario, net: Network) -> str:
    """The signal's fixed-time plan and the slow exits."""
    rows = [] if scenario.signal is None else _programme(scenario, scenario.signal, net)
    for i, event in enumerate(scenario.events):
        if isinstance(event, Spillback):
            rows += _slow(net, scenario, event, f"slow{i}")
    return "<additional>\n" + "\n".join(rows) + "\n</additional>\n"


def _slow(net: Network, scenario: Scenario, event: Spillback, name: str) -> list[str]:
    """The exit's speed limit falls within eight seconds, so that nobody has to brake hard, and ends at once."""
    lanes = net.edge(f"{event.arm}_out")
    begin_s, end_s = event.from_s + scenario.warmup_s, event.to_s + scenario.warmup_s
    limit_mps, target_mps = _limit_mps(scenario, net, event.arm), event.speed_kmh / 3.6
    ramp = np.linspace(limit_mps, target_mps, round(_RAMP_S / scenario.step_s) + 1)
    first_s = begin_s - _RAMP_S
    steps = [(max(round(first_s + i * scenario.step_s, 3), 0.0), float(speed)) for i, speed in enumerate(ramp)]
    return [
        f'<variableSpeedSign id="{name}" lanes="{" ".join(lane.id for lane in lanes)}">',
        *(f'<step time="{time_s:g}" speed="{speed:.4f}"/>' for time_s, speed in dict(steps).items()),
        f'<step time="{end_s:g}" speed="-1"/>',
        "</variableSpeedSign>",
    ]


def _limit_mps(scenario: Scenario, net: Network, arm: Arm) -> float:
    if scenario.network is not None:
        return net.edge(f"{arm}_out")[0].speed_limit_mps
    return scenario.junction.arm(arm).speed_limit_kmh / 3.6


def _programme(scenario: Scenario, signal: Signal, net: Network) -> list[str]:
    offset = signal.offset_s
    if signal.changes:
        rows, offset = _whole_run(scenario, signal, net), 0.0
    else:
        rows = _cycle(net, signal.phases, signal.phases, signal)
    return [f'<tlLogic id="c" type="static" programID="twin" offset="{offset:g}">', *rows, "</tlLogic>"]


def _whole_run(scenario: Scenario, signal: Signal, net: Network) -> list[str]:
    """All cycles of the run one after the other, so that a plan changes at the end of a cycle."""
    begin_s = signal.offset_s % signal.cycle_s - signal.cycle_s
    time_s, phases = begin_s, signal.phases
    rows: list[str] = []
    while time_s < scenario.warmup_s + scenario.duration_s + 1.0:
        time_s += sum(p.length_s for p in phases)
        due = [c.phases for c in signal.changes if c.from_s + scenario.warmup_s < time_s]
        following = due[-1] if due else phases
        rows += _cycle(net, phases, following, signal)
        phases = following
    return _without_first(rows, -begin_s)


def _without_first(rows: list[str], seconds: float) -> list[str]:
    """Phases from `seconds` on; the one that is cut keeps its rest."""
    out = []
    for row in rows:
        length_s = float(row.split('"')[1])
        if seconds < length_s - 1e-9:
            out.append(_phase(length_s - max(seconds, 0.0), row.split('"')[3]))
        seconds -= length_s
    return out


def _cycle(net: Network, phases: tuple[Phase, ...], following: tuple[Phase, ...], signal: Signal) -> list[str]:
    rows = []
    for i, phase in enumerate(phases):
        after = phases[i + 1] if i + 1 < len(phases) else following[0]
        rows.append(_phase(phase.green_s, _state(net, phase, None, "G", signal)))
        rows.append(_phase(phase.yellow_s, _state(net, phase, after, "y", signal)))
        if phase.all_red_s:
            rows.append(_phase(phase.all_red_s, _state(net, phase, after, "r", signal)))
    return rows


def _phase(duration_s: float, state: str) -> str:
    return f'<phase duration="{duration_s:g}" state="{state}"/>'


def _state(net: Network, phase: Phase, after: Phase | None, ending: str, signal: Signal) -> str:
    """Letters of all links: `ending` for those whose green ends, G or g for those that stay green."""
    letters = []
    for arm, movement in zip(net.link_arm, net.link_movement, strict=True):
        letter = "r"
        if arm is not None and phase.gives(arm, movement):
            goes_on = after is None or after.gives(arm, movement)
            letter = green_letter(phase, arm, movement) if goes_on else ending
        if signal.left_on_red and movement == "left" and letter in "ry":
            letter = "g"
        letters.append(letter)
    return "".join(letters)


def green_letter(phase: Phase, arm: Arm, movement: Movement) -> str:
    """SUMO's letter for a green link: G has the way, g gives way (right turns against oncoming traffic, U-turns)."""
    opposite = destination(arm, "through")
    opposed = phase.gives(opposite, "left") or phase.gives(opposite, "through")
    return "g" if movement == "u_turn" or (movement == "right" and opposed) else "G"
