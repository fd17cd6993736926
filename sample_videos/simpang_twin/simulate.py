"""Runs SUMO on a scenario and keeps every vehicle's position at every frame.

The `sumo` program runs as a process of its own: its Python library brings its own libarrow, which can clash with
pyarrow in one process.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import numpy.typing as npt

from simpang_twin import demand, network
from simpang_twin.network import F64, Network
from simpang_twin.scenario import Arm, Scenario

# SUMO's letters for a link: G and g have the way (g gives way), y is yellow, r is red.
_COLOUR = {"G": "green", "g": "green", "y": "yellow", "r": "red"}

I32 = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Run:
    """One simulated run. Rows are sorted by frame; row i is vehicle `vehicle[i]` in frame `frame[i]`.

    frame (N,), vehicle (N,) index into `ids` and `models`; front_m (N, 2) front-bumper middle, metres from the
    junction's middle, x east, y north; angle_deg (N,) SUMO's heading, clockwise from north; speed_mps (N,);
    lane (N,) index into `lane_ids`; time of frame k is k·step_s after the clip's start.
    """

    step_s: float
    frames: int
    ids: tuple[str, ...]
    models: tuple[str, ...]
    lane_ids: tuple[str, ...]
    frame: I32
    vehicle: I32
    lane: I32
    front_m: F64
    angle_deg: F64
    speed_mps: F64

    def __post_init__(self) -> None:
        n = len(self.frame)
        shapes = [a.shape for a in (self.vehicle, self.lane, self.angle_deg, self.speed_mps)]
        if any(s != (n,) for s in shapes) or self.front_m.shape != (n, 2):
            raise ValueError(f"expected arrays of {n} rows, got {shapes} and front {self.front_m.shape}")


def simulate(scenario: Scenario, folder: Path) -> tuple[Network, Run]:
    """Build the network, run SUMO, write `net.xml`, `run.npz` and `scenario.json` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    net = network.build(scenario, folder)
    (folder / "routes.xml").write_text(demand.routes_xml(scenario), encoding="utf-8")
    (folder / "signal.xml").write_text(demand.signal_xml(scenario, net), encoding="utf-8")
    (folder / "record.xml").write_text(_record_xml(folder), encoding="utf-8")
    network.run_tool(_sumo_command(scenario, folder))
    run = _read_fcd(scenario, folder / "fcd.xml")
    (folder / "fcd.xml").unlink()
    save(run, folder)
    (folder / "scenario.json").write_text(scenario.model_dump_json(indent=1), encoding="utf-8")
    return net, run


def _sumo_command(scenario: Scenario, folder: Path) -> list[str]:
    end_s = scenario.warmup_s + scenario.duration_s
    options = {
        "-n": folder / "net.xml",
        "-r": folder / "routes.xml",
        "-a": f"{folder / 'signal.xml'},{folder / 'record.xml'}",
        "--begin": 0,
        "--end": f"{end_s:g}",
        "--step-length": f"{scenario.step_s:g}",
        "--seed": scenario.seed,
        "--lateral-resolution": 0.4,
        "--precision": 4,
        "--fcd-output": folder / "fcd.xml",
        "--device.fcd.begin": f"{scenario.warmup_s:g}",
        "--collision.action": "warn",
        "--time-to-teleport": -1,
        "--no-step-log": "true",
        "--no-warnings": "true",
        "--xml-validation": "never",
    }
    return [network.tool("sumo"), *(str(part) for pair in options.items() for part in pair)]


def _record_xml(folder: Path) -> str:
    event = f'<timedEvent type="SaveTLSStates" source="c" dest="{(folder / "tls.xml").resolve()}"/>'
    return f"<additional>\n{event}\n</additional>\n"


def _read_fcd(scenario: Scenario, path: Path) -> Run:
    numbers: dict[str, int] = {}
    models: list[str] = []
    lanes: dict[str, int] = {}
    whole: list[tuple[int, int, int]] = []
    real: list[tuple[float, float, float, float]] = []
    for time_s, vehicle in _vehicles(path):
        frame = round((time_s - scenario.warmup_s) * scenario.fps)
        if not 0 <= frame < scenario.frames:
            continue
        a = vehicle.attrib
        number = numbers.setdefault(a["id"], len(numbers))
        if number == len(models):
            models.append(a["type"])
        whole.append((frame, number, lanes.setdefault(a["lane"], len(lanes))))
        real.append((float(a["x"]), float(a["y"]), float(a["angle"]), float(a["speed"])))
    w = np.array(whole, dtype=np.int32).reshape(-1, 3)
    r = np.array(real, dtype=np.float64).reshape(-1, 4)
    return Run(
        scenario.step_s, scenario.frames, tuple(numbers), tuple(models), tuple(lanes),
        w[:, 0], w[:, 1], w[:, 2], r[:, :2], r[:, 2], r[:, 3],
    )  # fmt: skip


def _vehicles(path: Path) -> "list[tuple[float, ET.Element]]":
    found: list[tuple[float, ET.Element]] = []
    for _, element in ET.iterparse(path):
        if element.tag == "timestep":
            found.extend((float(element.attrib["time"]), v) for v in list(element))
            element.clear()
    return found


def save(run: Run, folder: Path) -> None:
    """Write a run as `run.npz`."""
    names = json.dumps({"ids": run.ids, "models": run.models, "lane_ids": run.lane_ids})
    np.savez_compressed(
        folder / "run.npz", names=np.array(names), step_s=run.step_s, frames=run.frames, frame=run.frame,
        vehicle=run.vehicle, lane=run.lane, front_m=run.front_m, angle_deg=run.angle_deg, speed_mps=run.speed_mps,
    )  # fmt: skip


def load(folder: Path) -> tuple[Scenario, Network, Run]:
    """Read back what `simulate` wrote into `folder`."""
    scenario = Scenario.model_validate_json((folder / "scenario.json").read_text(encoding="utf-8"))
    with np.load(folder / "run.npz") as z:
        names = json.loads(str(z["names"]))
        run = Run(
            float(z["step_s"]), int(z["frames"]), tuple(names["ids"]), tuple(names["models"]),
            tuple(names["lane_ids"]), z["frame"], z["vehicle"], z["lane"], z["front_m"], z["angle_deg"],
            z["speed_mps"],
        )  # fmt: skip
    return scenario, network.read(folder / "net.xml"), run


def signal_states(folder: Path, scenario: Scenario, net: Network, arm: Arm) -> list[tuple[float, str]]:
    """The arm's signal over the clip as SUMO ran it: (seconds since clip start, green|yellow|red) at every change."""
    link = next(
        i for i, (a, m) in enumerate(zip(net.link_arm, net.link_movement, strict=True)) if (a, m) == (arm, "through")
    )
    changes: list[tuple[float, str]] = []
    for element in ET.parse(folder / "tls.xml").getroot().iter("tlsState"):
        time_s = round(float(element.attrib["time"]) - scenario.warmup_s, 6)
        state = _COLOUR[element.attrib["state"][link]]
        if time_s <= 0:
            changes = [(0.0, state)]
        elif changes[-1][1] != state:
            changes.append((time_s, state))
    return changes
