"""Builds the junction's SUMO network with netconvert (or takes any SUMO net) and reads the lanes' exact geometry."""

import difflib
import math
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import numpy.typing as npt

from simpang_twin.errors import ScenarioError, ToolError
from simpang_twin.layout import ARMS, BEARING_DEG, TURN_STEP, Arm, ArmEdges, ArmShape, Movement, NetFile, destination
from simpang_twin.scenario import Scenario

F64 = npt.NDArray[np.float64]
# SUMO's names of those who walk: a lane for them alone is no lane of the carriageway.
ON_FOOT = frozenset({"pedestrian", "wheelchair"})


@dataclass(frozen=True)
class Lane:
    """A lane of the carriageway: centre line (N, 2) in metres from the junction's middle, in driving direction; `index`
    0 is at the kerb. net_length_m: what a net says of its length, which SUMO's positions count by."""

    id: str
    index: int
    width_m: float
    shape_m: F64
    speed_limit_mps: float = 50 / 3.6
    net_length_m: float | None = None

    @property
    def edge(self) -> str:
        """The edge to which the lane belongs."""
        return self.id.rsplit("_", 1)[0]

    @property
    def length_m(self) -> float:
        """Length of the lane, as SUMO counts it."""
        return self.net_length_m or float(np.linalg.norm(np.diff(self.shape_m, axis=0), axis=1).sum())

    @property
    def straight_m(self) -> float:
        """How far the lane reaches back, straight before its stop line."""
        step = self.shape_m[-1] - self.shape_m[-2]
        return float(((self.shape_m[-1] - self.shape_m) @ (step / np.linalg.norm(step))).max())

    def back_m(self, straight_m: float) -> float:
        """How far along the lane, before its end, the place lies that is `straight_m` before it in a straight line at
        right angles to the stop line: more than that where the lane bends."""
        step = self.shape_m[-1] - self.shape_m[-2]
        before = (self.shape_m[-1] - self.shape_m) @ (step / np.linalg.norm(step))
        size = np.linalg.norm(np.diff(self.shape_m, axis=0), axis=1)
        along = np.concatenate([[0.0], np.cumsum(size[::-1])])
        reach = np.maximum.accumulate(before[::-1])
        return float(np.interp(straight_m, reach, along)) if straight_m < reach[-1] else float(along[-1])


@dataclass(frozen=True)
class Network:
    """Lanes of the arms (`utara_in`, `utara_out`, …) and the signal group of each link.

    origin_m: the junction's middle in the net's own coordinates. tls: id of the signal, None without one.
    edges: the net's own edges of the arms, where it is not one of ours. file: where it was read from. kerb_side: on
    which side of a driver the kerb lies, -1 left (left-hand traffic), 1 right.
    """

    lanes: tuple[Lane, ...]
    link_arm: tuple[Arm | None, ...]
    link_movement: tuple[Movement, ...]
    origin_m: tuple[float, float] = (0.0, 0.0)
    tls: str | None = "c"
    edges: dict[Arm, ArmEdges] = field(default_factory=dict)
    file: Path = Path("net.xml")
    kerb_side: int = -1

    def edge(self, name: str) -> tuple[Lane, ...]:
        """The lanes of one edge (`utara_in`, `utara_out`), kerb side first."""
        wanted = self._own_name(name)
        return tuple(sorted((lane for lane in self.lanes if lane.edge == wanted), key=lambda lane: lane.index))

    def _own_name(self, name: str) -> str:
        for arm, edges in self.edges.items():
            if name in (f"{arm}_in", f"{arm}_out"):
                return edges.edge_in if name.endswith("_in") else edges.edge_out
        return name

    def link_of(self, arm: Arm, movement: Movement) -> int | None:
        """Index of the first signal link of a movement, or None."""
        for i, link in enumerate(zip(self.link_arm, self.link_movement, strict=True)):
            if link == (arm, movement):
                return i
        return None


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
    """Write `net.xml`: the scenario's net file, or the plain XML of the junction through netconvert; read it back."""
    if scenario.network is not None:
        found = read(scenario.network.net_file, scenario.network)
        shutil.copyfile(scenario.network.net_file, folder / "net.xml")
        return replace(found, file=folder / "net.xml")
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


def read(path: Path, net_file: NetFile | None = None) -> Network:
    """Read lanes and signal links of a network made by `build`. Raises ScenarioError for a net without the edges."""
    try:
        root = ET.parse(path).getroot()
    except ET.ParseError as exc:
        raise ScenarioError(f"{path}: not a SUMO net (.net.xml): {exc}") from exc
    if root.tag != "net":
        raise ScenarioError(f"{path}: not a SUMO net (.net.xml): it begins with <{root.tag}>, a net with <net>")
    edges = dict(net_file.approaches) if net_file else {}
    origin = _origin(root, path, edges) if edges else (0.0, 0.0)
    lanes = [
        _lane(element, index, origin, exact=net_file is None)
        for edge in root.iter("edge")
        if not edge.attrib["id"].startswith(":")
        for index, element in enumerate(lane for lane in edge.iter("lane") if not _on_foot(lane))
    ]
    tls = _tls(root, edges)
    links: dict[int, tuple[Arm | None, Movement]] = {}
    for element in root.iter("connection"):
        if element.get("tl") == tls and "linkIndex" in element.attrib:
            links[int(element.attrib["linkIndex"])] = _link(element, edges)
    nobody: tuple[Arm | None, Movement] = (None, "through")
    ordered = [links.get(i, nobody) for i in range(max(links, default=-1) + 1)]
    return Network(tuple(lanes), tuple(a for a, _ in ordered), tuple(m for _, m in ordered), origin, tls, edges, path,
                   kerb_side(root))  # fmt: skip


def kerb_side(root: ET.Element) -> int:
    """On which side of a driver a net's kerb lies: -1 left, 1 right."""
    return -1 if root.get("lefthand") in ("true", "1") else 1


def _on_foot(lane: ET.Element) -> bool:
    allowed = set(lane.get("allow", "").split())
    return bool(allowed) and allowed <= ON_FOOT


def lane_width_m(lane: ET.Element) -> float:
    """Width of a net's lane."""
    return float(lane.get("width", "3.2"))


def shape_m(element: ET.Element, origin_m: F64) -> F64:
    """The line or outline of a net's element, (N, 2) metres from `origin_m`, without points on one spot."""
    points = np.array([tuple(map(float, p.split(",")[:2])) for p in element.attrib["shape"].split()], dtype=np.float64)
    moves = np.linalg.norm(np.diff(points, axis=0), axis=1) > 1e-6
    return np.asarray(points[np.concatenate([[True], moves])] - origin_m)


def _lane(element: ET.Element, index: int, origin: tuple[float, float], exact: bool) -> Lane:
    limit_mps = float(element.attrib["speed"])
    shape = shape_m(element, np.array(origin))
    length_m = None if exact else float(element.attrib["length"])
    return Lane(element.attrib["id"], index, lane_width_m(element), shape, limit_mps, length_m)


def _origin(root: ET.Element, path: Path, edges: dict[Arm, ArmEdges]) -> tuple[float, float]:
    """The node where the first approach's entry ends; every named edge must be there."""
    found = {e.attrib["id"]: e for e in root.iter("edge")}
    for arm, own in edges.items():
        for name in (own.edge_in, own.edge_out, own.from_edge, own.to_edge):
            if name is not None and name not in found:
                near = difflib.get_close_matches(name, found, 5) or sorted(e for e in found if e[0] != ":")[:12]
                raise ScenarioError(
                    f"{path}: approach {arm}: there is no edge {name!r} in the net; it has {', '.join(near)} ..."
                )
    node = found[next(iter(edges.values())).edge_in].attrib["to"]
    middle = next(j for j in root.iter("junction") if j.attrib["id"] == node)
    return float(middle.attrib["x"]), float(middle.attrib["y"])


def _tls(root: ET.Element, edges: dict[Arm, ArmEdges]) -> str | None:
    ours = {own.edge_in for own in edges.values()}
    for element in root.iter("connection"):
        if "tl" in element.attrib and (not ours or element.attrib["from"] in ours):
            return element.attrib["tl"]
    return None


def _link(element: ET.Element, edges: dict[Arm, ArmEdges]) -> tuple[Arm | None, Movement]:
    source, target = element.attrib["from"], element.attrib["to"]
    arms_in = {own.edge_in: arm for arm, own in edges.items()} or {f"{arm}_in": arm for arm in ARMS}
    arms_out = {own.edge_out: arm for arm, own in edges.items()} or {f"{arm}_out": arm for arm in ARMS}
    arm = arms_in.get(source)
    for movement in TURN_STEP:
        if arm is not None and arms_out.get(target) == destination(arm, movement):
            return arm, movement
    if edges:
        return arm, "through"
    raise ToolError(f"unexpected link {source} to {target} in the network")


def _nodes(scenario: Scenario) -> str:
    kind = "priority" if scenario.signal is None else "traffic_light"
    rows = [f'<node id="c" x="0" y="0" type="{kind}"/>']
    for arm, shape in _shapes(scenario):
        bearing = math.radians(BEARING_DEG[arm])
        x = shape.length_m * math.sin(bearing)
        y = shape.length_m * math.cos(bearing)
        rows.append(f'<node id="{arm}" x="{x:.3f}" y="{y:.3f}" type="priority"/>')
    return "<nodes>\n" + "\n".join(rows) + "\n</nodes>\n"


def _shapes(scenario: Scenario) -> Iterator[tuple[Arm, ArmShape]]:
    return ((arm, scenario.junction.arm(arm)) for arm in scenario.junction.present)


def _edges(scenario: Scenario) -> str:
    rows = []
    for arm, shape in _shapes(scenario):
        priority = 2 if shape.priority == "major" else 1
        common = f'speed="{shape.speed_limit_kmh / 3.6:.4f}" width="{shape.lane_width_m}" priority="{priority}"'
        rows.append(f'<edge id="{arm}_in" from="{arm}" to="c" numLanes="{shape.lanes_in}" {common}/>')
        rows.append(f'<edge id="{arm}_out" from="c" to="{arm}" numLanes="{shape.lanes_out}" {common}/>')
    return "<edges>\n" + "\n".join(rows) + "\n</edges>\n"


def _connections(scenario: Scenario) -> str:
    back = _turning_back(scenario)
    usual: tuple[Movement, ...] = ("left", "through", "right")
    rows: list[str] = []
    for arm, shape in _shapes(scenario):
        for movement in usual:
            rows.extend(_links(scenario, arm, shape, movement))
        if arm in back or shape.lanes_for("u_turn"):
            rows.append(_connection(scenario, arm, "u_turn", shape.lanes_in - 1, shape.lanes_out - 1))
    return "<connections>\n" + "\n".join(rows) + "\n</connections>\n"


def _turning_back(scenario: Scenario) -> set[Arm]:
    """Arms on which somebody turns back: only there the junction gets a U-turn."""
    asked = {e.arm for e in scenario.events if e.type == "u_turn"}
    for demand in scenario.demand:
        mixes = [demand.turns, *demand.class_turns.values(), *(p.turns for p in demand.pieces if p.turns)]
        if any(mix.get("u_turn", 0) > 0 for mix in mixes):
            asked.add(demand.arm)
    return asked


def _links(scenario: Scenario, arm: Arm, shape: ArmShape, movement: Movement) -> Iterator[str]:
    lanes = shape.lanes_for(movement)
    if not lanes:
        return
    exits = scenario.junction.arm(destination(arm, movement)).lanes_out
    for k, lane in enumerate(lanes):
        # Left and through keep to the kerb side of the exit, right turns to its median side.
        to_lane = max(exits - len(lanes) + k, 0) if movement == "right" else min(k, exits - 1)
        yield _connection(scenario, arm, movement, lane, to_lane)


def _connection(scenario: Scenario, arm: Arm, movement: Movement, lane: int, to_lane: int) -> str:
    to = destination(arm, movement)
    clear = "" if scenario.junction.keep_clear else ' keepClear="false"'
    return f'<connection from="{arm}_in" to="{to}_out" fromLane="{lane}" toLane="{to_lane}"{clear}/>'
