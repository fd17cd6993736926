"""What must agree between the parts of a scenario; each fault is said by its place and what is allowed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simpang_twin.fleet import BY_NAME
from simpang_twin.layout import Arm, Movement, Signal
from simpang_twin.traffic import Demand, EmergencyStop, KerbStop, Spillback, StoppedVehicle, UTurn

if TYPE_CHECKING:
    from simpang_twin.scenario import Scenario


def check(scenario: "Scenario") -> None:
    """Raises ValueError with every fault found."""
    faults = [*_network(scenario), *_signal(scenario), *_demand(scenario), *_events(scenario), *_cameras(scenario)]
    if faults:
        raise ValueError("; ".join(faults))


def _network(scenario: "Scenario") -> Iterator[str]:
    if scenario.network is None:
        return
    if scenario.signal is not None:
        yield "signal must be null with network.net_file: the net's own signal programme runs"
    if "junction" in scenario.model_fields_set:
        yield "junction and network.net_file exclude each other"
    if not scenario.network.net_file.exists():
        yield f"network.net_file {scenario.network.net_file} does not exist"


def _known(where: str, arm: Arm, scenario: "Scenario") -> Iterator[str]:
    if arm not in scenario.arms:
        yield f"{where}: there is no arm {arm}, only {', '.join(scenario.arms)}"


def _signal(scenario: "Scenario") -> Iterator[str]:
    if scenario.signal is None:
        return
    for where, arms in _phase_arms(scenario.signal):
        for arm in arms:
            yield from _known(where, arm, scenario)
    for demand in scenario.demand:
        if all(demand.arm not in arms for _, arms in _phase_arms(scenario.signal)):
            yield f"signal: arm {demand.arm} has demand but no green in any phase"


def _phase_arms(signal: Signal) -> Iterator[tuple[str, tuple[Arm, ...]]]:
    for i, phase in enumerate(signal.phases):
        yield f"signal.phases.{i}", phase.arms
    for k, change in enumerate(signal.changes):
        for i, phase in enumerate(change.phases):
            yield f"signal.changes.{k}.phases.{i}", phase.arms


def _demand(scenario: "Scenario") -> Iterator[str]:
    arms = [d.arm for d in scenario.demand]
    if len(set(arms)) != len(arms):
        yield f"demand: one entry per arm, got {', '.join(arms)}"
    for i, demand in enumerate(scenario.demand):
        yield from _known(f"demand.{i}", demand.arm, scenario)
        if demand.arm in scenario.arms:
            yield from _turns(f"demand.{i}", demand, scenario)
        yield from _models(f"demand.{i}.models", demand)


def _turns(where: str, demand: Demand, scenario: "Scenario") -> Iterator[str]:
    own = [("turns", demand.turns)] if "turns" in demand.model_fields_set else []
    own += [(f"class_turns.{kind}", turns) for kind, turns in demand.class_turns.items()]
    own += [(f"pieces.{i}.turns", p.turns) for i, p in enumerate(demand.pieces) if p.turns]
    for name, turns in own:
        for movement, share in turns.items():
            if share > 0 and not allowed(scenario, demand.arm, movement):
                yield f"{where}.{name}: no lane of arm {demand.arm} leads {movement}"


def allowed(scenario: "Scenario", arm: Arm, movement: Movement) -> bool:
    """Whether vehicles of an arm can make a movement. A U-turn needs a lane for right turns or a net that has it."""
    if not scenario.leads_somewhere(arm, movement):
        return False
    if scenario.network is not None or movement == "u_turn":
        return True
    return bool(scenario.junction.arm(arm).lanes_for(movement))


def _models(where: str, demand: Demand) -> Iterator[str]:
    for kind, models in demand.models.items():
        known = [m.name for m in BY_NAME.values() if m.kind == kind]
        for name in models:
            if name not in known:
                yield f"{where}.{kind}: no model {name!r}, only {', '.join(known)}"


def _events(scenario: "Scenario") -> Iterator[str]:
    for i, event in enumerate(scenario.events):
        where = f"events.{i} ({event.type})"
        if event.arm not in scenario.arms:
            yield from _known(where, event.arm, scenario)
            continue
        if not isinstance(event, Spillback) and getattr(event, "model", "pedestrian") not in BY_NAME:
            yield f"{where}: no model {getattr(event, 'model', None)!r}, only {', '.join(BY_NAME)}"
        if isinstance(event, StoppedVehicle | EmergencyStop | KerbStop):
            yield from _place(where, event, scenario)
        if isinstance(event, UTurn) and scenario.network is not None:
            yield f"{where}: cannot be added to a net file; give the net a turnaround and use demand turns"


def _place(where: str, event: StoppedVehicle | EmergencyStop | KerbStop, scenario: "Scenario") -> Iterator[str]:
    if not allowed(scenario, event.arm, event.movement):
        yield f"{where}: no lane of arm {event.arm} leads {event.movement}"
    if scenario.network is not None:
        return
    shape = scenario.junction.arm(event.arm)
    if getattr(event, "lane", 1) > shape.lanes_in:
        yield f"{where}: lane {getattr(event, 'lane', 1)} is not there, arm {event.arm} has {shape.lanes_in}"
    if event.along_m > shape.length_m - 40:
        yield f"{where}: along_m {event.along_m:g} must be at most {shape.length_m - 40:g} on this arm"


def _cameras(scenario: "Scenario") -> Iterator[str]:
    ids = [camera.id for camera in scenario.cameras]
    if len(set(ids)) != len(ids):
        yield f"cameras: ids must differ, got {', '.join(ids)}"
    for i, camera in enumerate(scenario.cameras):
        yield from _known(f"cameras.{i}.approach", camera.approach, scenario)
        begins = [(f"faults.{k}.from_s", f.from_s) for k, f in enumerate(camera.faults)]
        begins += [(f"moves.{k}.at_s", m.at_s) for k, m in enumerate(camera.moves)]
        for key, time_s in begins:
            if time_s >= scenario.duration_s:
                yield f"cameras.{i}.{key} {time_s:g} lies beyond the clip's end, duration_s is {scenario.duration_s:g}"
