"""Builds the junction's SUMO network with netconvert and reads back the lanes' exact geometry."""

import math
import subprocess
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import numpy.typing as npt

from simpang_twin.errors import ToolError
from simpang_twin.scenario import BEARING_DEG, Arm, Movement, Scenario

F64 = npt.NDArray[np.float64]

_ARMS: tuple[Arm, ...] = ("utara", "timur", "selatan", "barat")
# Clockwise order of the exits as a driver who comes in on an arm meets them from the left.
_TURN_STEP: dict[Movement, int] = {"left": 1, "through": 2, "right": 3}


@dataclass(frozen=True)
class Lane:
    """A lane of the network: centre line (N, 2) in metres from the junction's middle, in driving direction."""

    id: str
    index: int
    width_m: float
    shape_m: F64


@dataclass(frozen=True)
class Network:
    """Lanes of the arms (`utara_in`, `utara_out`, …) and the signal group of each link."""

    lanes: tuple[Lane, ...]
    link_arm: tuple[Arm, ...]
    link_movement: tuple[Movement, ...]

    def edge(self, name: str) -> tuple[Lane, ...]:
        """The lanes of one edge, kerb side first."""
        found = [lane for lane in self.lanes if lane.id.rsplit("_", 1)[0] == name]
        return tuple(sorted(found, key=lambda lane: lane.index))


def destination(arm: Arm, movement: Movement) -> Arm:
    """The arm on which a movement leaves, in left-hand traffic (left from the north arm leads east)."""
    return _ARMS[(_ARMS.index(arm) + _TURN_STEP[movement]) % 4]


def tool(name: str) -> str:
    """Path of a SUMO program from the `eclipse-sumo` wheel. Raises ToolError where it is not installed."""
    try:
        import sumo  # type: ignore[import-untyped]
    except ImportError as exc:
        raise ToolError('SUMO is not installed: pip install "simpang[twin]"') from exc
    return str(Path(sumo.SUMO_HOME) / "bin" / name)


def run_tool(command: list[str]) -> None:
    """Run a SUMO program; ToolError carries its last lines."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise ToolError(f"{Path(command[0]).name} ended with {done.returncode}:\n{tail}")


def build(scenario: Scenario, folder: Path) -> Network:
    """Write the plain XML of the junction, run netconvert and read `net.xml` back."""
    (folder / "plain.nod.xml").write_text(_nodes(scenario), encoding="utf-8")
    (folder / "plain.edg.xml").write_text(_edges(scenario), encoding="utf-8")
    (folder / "plain.con.xml").write_text(_connections(scenario), encoding="utf-8")
    run_tool(
        [tool("netconvert"), "--lefthand", "true", "--no-turnarounds", "true", "--offset.disable-normalization",
         "true", "--precision", "3", "--junctions.corner-detail", "8", "--default.junctions.radius", "7",
         "-n", str(folder / "plain.nod.xml"), "-e", str(folder / "plain.edg.xml"),
         "-x", str(folder / "plain.con.xml"), "-o", str(folder / "net.xml")]
    )  # fmt: skip
    return read(folder / "net.xml")


def read(path: Path) -> Network:
    """Read lanes and signal links of a network made by `build`."""
    root = ET.parse(path).getroot()
    lanes = [_lane(e) for e in root.iter("lane") if not e.attrib["id"].startswith(":")]
    links = {}
    for element in root.iter("connection"):
        if "linkIndex" in element.attrib:
            links[int(element.attrib["linkIndex"])] = _link(element)
    ordered = [links[i] for i in sorted(links)]
    return Network(tuple(lanes), tuple(a for a, _ in ordered), tuple(m for _, m in ordered))


def _lane(element: ET.Element) -> Lane:
    points = [tuple(map(float, p.split(",")[:2])) for p in element.attrib["shape"].split()]
    width = float(element.attrib.get("width", "3.2"))
    return Lane(element.attrib["id"], int(element.attrib["index"]), width, np.array(points, dtype=np.float64))


def _link(element: ET.Element) -> tuple[Arm, Movement]:
    source = element.attrib["from"].removesuffix("_in")
    target = element.attrib["to"].removesuffix("_out")
    for arm in _ARMS:
        for movement in _TURN_STEP:
            if arm == source and destination(arm, movement) == target:
                return arm, movement
    raise ToolError(f"unexpected link {source} to {target} in the network")


def _nodes(scenario: Scenario) -> str:
    rows = ['<node id="c" x="0" y="0" type="traffic_light"/>']
    for arm in _ARMS:
        bearing = math.radians(BEARING_DEG[arm])
        x = scenario.junction.arm_length_m * math.sin(bearing)
        y = scenario.junction.arm_length_m * math.cos(bearing)
        rows.append(f'<node id="{arm}" x="{x:.3f}" y="{y:.3f}" type="priority"/>')
    return "<nodes>\n" + "\n".join(rows) + "\n</nodes>\n"


def _edges(scenario: Scenario) -> str:
    j = scenario.junction
    common = f'speed="{j.speed_limit_kmh / 3.6:.4f}" width="{j.lane_width_m}" priority="2"'
    rows = []
    for arm in _ARMS:
        rows.append(f'<edge id="{arm}_in" from="{arm}" to="c" numLanes="{j.lanes_in}" {common}/>')
        rows.append(f'<edge id="{arm}_out" from="c" to="{arm}" numLanes="{j.lanes_out}" {common}/>')
    return "<edges>\n" + "\n".join(rows) + "\n</edges>\n"


def _connections(scenario: Scenario) -> str:
    j = scenario.junction
    rows = []
    for arm in _ARMS:
        rows.append(_connection(arm, "left", 0, 0))
        rows.extend(_connection(arm, "through", i, min(i, j.lanes_out - 1)) for i in range(j.lanes_in - 1))
        rows.append(_connection(arm, "right", j.lanes_in - 1, j.lanes_out - 1))
    return "<connections>\n" + "\n".join(rows) + "\n</connections>\n"


def _connection(arm: Arm, movement: Movement, lane: int, to_lane: int) -> str:
    to = destination(arm, movement)
    return f'<connection from="{arm}_in" to="{to}_out" fromLane="{lane}" toLane="{to_lane}"/>'
