"""Runs SUMO on a scenario and keeps every vehicle's position at every frame.

The `sumo` program runs as a process of its own: its Python library brings its own libarrow, which can clash with
pyarrow in one process.
"""

import json
import shutil
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np

from simpang_twin import demand, detectors, inject, network, viewing
from simpang_twin import scenario as scenarios
from simpang_twin.errors import ScenarioError
from simpang_twin.layout import Arm, Movement
from simpang_twin.network import Network
from simpang_twin.run import Run
from simpang_twin.scenario import Scenario

# SUMO's letters for a link: G and g have the way (g gives way), s is a green arrow after a stop, y and Y are yellow,
# r is red, u red and yellow; o and O are an unlit signal, where the priority rules hold.
_COLOUR = {"G": "green", "g": "green", "s": "green", "y": "yellow", "Y": "yellow", "r": "red", "u": "red",
           "o": "green", "O": "green"}  # fmt: skip

__all__ = ["Run", "Trip", "load", "save", "signal_states", "simulate", "trips"]


def simulate(scenario: Scenario, folder: Path) -> tuple[Network, Run]:
    """Build the network, run SUMO, write `net.xml`, `run.npz`, `scenario.json` and SUMO's own files into `folder`.

    All is made in `folder.part` first; a run that is stopped leaves `folder` as it was. Raises ToolError when SUMO
    fails and ScenarioError for a net that lacks what the scenario names.
    """
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        found = _run(scenario, part)
        folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(part.iterdir()):
            file.replace(folder / file.name)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return found


def _run(scenario: Scenario, folder: Path) -> tuple[Network, Run]:
    net = network.build(scenario, folder)
    viewing.check(scenario, net)
    plan = _with_own_net(scenario)
    (folder / "routes.xml").write_text(demand.routes_xml(scenario, net), encoding="utf-8")
    (folder / "signal.xml").write_text(demand.additional_xml(scenario, net), encoding="utf-8")
    (folder / "record.xml").write_text(_record_xml(net), encoding="utf-8")
    (folder / "detectors.xml").write_text(detectors.additional_xml(scenario, net), encoding="utf-8")
    network.run_tool(_sumo_command(scenario, folder))
    run = inject.events(_read_fcd(scenario, net, folder / "fcd.xml"), scenario, net)
    (folder / "fcd.xml").unlink()
    save(run, folder)
    (folder / "scenario.json").write_text(plan.model_dump_json(indent=1, exclude_unset=True), encoding="utf-8")
    return net, run


def _with_own_net(scenario: Scenario) -> Scenario:
    """The scenario as the run's folder keeps it: the net lies beside it."""
    if scenario.network is None:
        return scenario
    own = scenario.network.model_copy(update={"net_file": Path("net.xml")})
    return scenario.model_copy(update={"network": own})


def _sumo_command(scenario: Scenario, folder: Path) -> list[str]:
    end_s = scenario.warmup_s + scenario.duration_s
    options = {
        "-n": folder / "net.xml",
        "-r": folder / "routes.xml",
        "-a": ",".join(str(folder / name) for name in ("signal.xml", "record.xml", "detectors.xml")),
        "--begin": 0,
        "--end": f"{end_s:g}",
        "--step-length": f"{scenario.step_s:g}",
        "--seed": scenario.seed,
        "--lateral-resolution": 0.4,
        "--precision": 4,
        "--fcd-output": folder / "fcd.xml",
        "--tripinfo-output": folder / "trips.xml",
        "--tripinfo-output.write-unfinished": "true",
        "--device.fcd.begin": f"{scenario.warmup_s:g}",
        "--collision.action": "warn",
        "--time-to-teleport": -1,
        "--no-step-log": "true",
        "--no-warnings": "true",
        "--xml-validation": "never",
    }
    return [network.tool("sumo"), *(str(part) for pair in options.items() for part in pair)]


def _record_xml(net: Network) -> str:
    if net.tls is None:
        return "<additional/>\n"
    event = f'<timedEvent type="SaveTLSStates" source="{net.tls}" dest="tls.xml"/>'
    return f"<additional>\n{event}\n</additional>\n"


def _read_fcd(scenario: Scenario, net: Network, path: Path) -> Run:
    numbers: dict[str, int] = {}
    models: list[str] = []
    lanes: dict[str, int] = {}
    whole, real = array("i"), array("d")
    for time_s, a in _vehicles(path):
        frame = round((time_s - scenario.warmup_s) * scenario.fps)
        if not 0 <= frame < scenario.frames:
            continue
        number = numbers.setdefault(a["id"], len(numbers))
        if number == len(models):
            models.append(a["type"].removeprefix(demand.HARD))
        whole.extend((frame, number, lanes.setdefault(a["lane"], len(lanes))))
        real.extend((float(a["x"]), float(a["y"]), float(a["angle"]), float(a["speed"])))
    w = np.array(whole, dtype=np.int32).reshape(-1, 3)
    r = np.array(real, dtype=np.float64).reshape(-1, 4)
    return Run(
        scenario.step_s, scenario.frames, tuple(numbers), tuple(models), tuple(lanes),
        w[:, 0], w[:, 1], w[:, 2], r[:, :2] - np.array(net.origin_m), r[:, 2], r[:, 3],
    )  # fmt: skip


def _vehicles(path: Path) -> Iterator[tuple[float, dict[str, str]]]:
    """Time and attributes of every vehicle in every step, one step in memory."""
    for _, element in ET.iterparse(path):
        if element.tag == "timestep":
            time_s = float(element.attrib["time"])
            yield from ((time_s, dict(vehicle.attrib)) for vehicle in element)
            element.clear()


def save(run: Run, folder: Path) -> None:
    """Write a run as `run.npz`."""
    names = json.dumps({"ids": run.ids, "models": run.models, "lane_ids": run.lane_ids})
    np.savez_compressed(
        folder / "run.npz", names=np.array(names), step_s=run.step_s, frames=run.frames, frame=run.frame,
        vehicle=run.vehicle, lane=run.lane, front_m=run.front_m, angle_deg=run.angle_deg, speed_mps=run.speed_mps,
    )  # fmt: skip


def load(folder: Path) -> tuple[Scenario, Network, Run]:
    """Read back what `simulate` wrote into `folder`. Raises ScenarioError for a folder without a finished run."""
    if not (folder / "run.npz").is_file():
        raise ScenarioError(
            f"{folder}: no run in it; make one with: simpang twin simulate SCENARIO.yaml --out {folder}"
        )
    scenario = scenarios.from_json(folder / "scenario.json")
    with np.load(folder / "run.npz") as z:
        names = json.loads(str(z["names"]))
        run = Run(
            float(z["step_s"]), int(z["frames"]), tuple(names["ids"]), tuple(names["models"]),
            tuple(names["lane_ids"]), z["frame"], z["vehicle"], z["lane"], z["front_m"], z["angle_deg"],
            z["speed_mps"],
        )  # fmt: skip
    return scenario, network.read(folder / "net.xml", scenario.network), run


@dataclass(frozen=True)
class Trip:
    """When SUMO let a vehicle in (seconds since the clip's start, so mostly negative) and how far along its lane."""

    depart_s: float
    depart_m: float
    depart_lane: str


def trips(folder: Path, scenario: Scenario) -> dict[str, Trip]:
    """SUMO's record of every vehicle that entered, by id."""
    found = {}
    for e in ET.parse(folder / "trips.xml").getroot().iter("tripinfo"):
        a = e.attrib
        depart_s = float(a["depart"]) - scenario.warmup_s
        found[a["id"]] = Trip(depart_s, float(a["departPos"]), a["departLane"])
    return found


def signal_states(
    folder: Path, scenario: Scenario, net: Network, arm: Arm, movement: Movement = "through"
) -> list[tuple[float, str]]:
    """The signal of an arm's movement over the clip as SUMO ran it: (seconds since clip start, green|yellow|red) at
    every change; the arm's first movement where it has not this one; empty without a signal."""
    link = _link(net, arm, movement)
    if link is None:
        return []
    changes: list[tuple[float, str]] = []
    for element in ET.parse(folder / "tls.xml").getroot().iter("tlsState"):
        time_s = round(float(element.attrib["time"]) - scenario.warmup_s, 6)
        state = _COLOUR[element.attrib["state"][link]]
        if time_s <= 0:
            changes = [(0.0, state)]
        elif changes[-1][1] != state:
            changes.append((time_s, state))
    return changes


def _link(net: Network, arm: Arm, movement: Movement) -> int | None:
    exact = net.link_of(arm, movement)
    return exact if exact is not None else next((i for i, a in enumerate(net.link_arm) if a == arm), None)
