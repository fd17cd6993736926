"""What a SUMO net looks like from above: lanes with their borders, junction areas, crossings; all in metres from the
scenario's middle. Heights are left out: the twin's ground is flat.
"""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as ET

import numpy as np

from simpang_twin.network import F64, ON_FOOT, kerb_side, lane_width_m, shape_m

Border = Literal["edge", "dash", "double"]

# Where the net ends, the road is drawn on so far.
_BEYOND_M = 400.0
# Two carriageways whose inner borders are nearer than this share a centre line.
_SHARED_M = 1.0
_GIVES_WAY = frozenset("ms=wZ")
_CLOSED = "all"
_RAILS = frozenset({"rail", "rail_urban", "rail_electric", "rail_fast", "tram", "subway", "cable_car", "ship"})


@dataclass(frozen=True)
class DrawnLane:
    """A lane as it is painted: its middle (N, 2) in driving direction, what bounds it on either side (seen by the
    driver), whether a stop line ends it and the arrows on it (letters l, s, r, t)."""

    id: str
    edge: str
    width_m: float
    middle_m: F64
    walk: bool
    left: Border
    right: Border
    stops: bool
    signal: bool
    arrows: frozenset[str]

    @property
    def end_m(self) -> F64:
        """Where it ends."""
        return np.asarray(self.middle_m[-1])

    @property
    def ahead(self) -> F64:
        """Unit driving direction at its end."""
        step = self.middle_m[-1] - self.middle_m[-2]
        return np.asarray(step / np.linalg.norm(step))


@dataclass(frozen=True)
class RoadMap:
    """Lanes (kerb lane first within an edge), junction areas (polygons), zebra crossings (middle line and width), and
    on which side of a driver the kerb lies (-1 left, 1 right)."""

    lanes: tuple[DrawnLane, ...]
    areas_m: tuple[F64, ...]
    crossings: tuple[tuple[F64, float], ...]
    kerb_side: int

    def edge(self, name: str) -> tuple[DrawnLane, ...]:
        """The lanes of an edge that are driven on."""
        return tuple(lane for lane in self.lanes if lane.edge == name and not lane.walk)

    @property
    def edges(self) -> tuple[str, ...]:
        """Names of all edges with a carriageway, in the net's order."""
        return tuple(dict.fromkeys(lane.edge for lane in self.lanes if not lane.walk))


@dataclass(frozen=True)
class _Raw:
    """The net's elements that matter, by id: edges, their drawn lanes, junction types, what leads out of a lane."""

    edges: dict[str, ET.Element]
    lanes: dict[str, list[ET.Element]]
    kinds: dict[str, str]
    links: dict[tuple[str, str], list[ET.Element]]
    origin_m: F64
    kerb_side: int


def read(path: Path, origin_m: tuple[float, float]) -> RoadMap:
    """Read the net file; positions count from `origin_m`, in the net's own coordinates."""
    root = ET.parse(path).getroot()
    raw = _raw(root, np.array(origin_m))
    lanes = tuple(lane for name in raw.edges for lane in _edge(name, raw))
    areas = tuple(
        shape_m(j, raw.origin_m)
        for j in root.iter("junction")
        if j.get("type") not in ("internal", "dead_end") and len(j.get("shape", "").split()) > 2
    )
    crossings = tuple(
        (shape_m(lane, raw.origin_m), lane_width_m(lane))
        for edge in root.iter("edge")
        if edge.get("function") == "crossing"
        for lane in edge.iter("lane")
    )
    return RoadMap(lanes, areas, crossings, raw.kerb_side)


def _raw(root: ET.Element, origin_m: F64) -> _Raw:
    edges = {e.attrib["id"]: e for e in root.iter("edge") if e.get("function", "normal") == "normal"}
    lanes = {name: [lane for lane in edge.iter("lane") if _drawn(lane)] for name, edge in edges.items()}
    links: dict[tuple[str, str], list[ET.Element]] = defaultdict(list)
    for link in root.iter("connection"):
        links[link.attrib["from"], link.attrib["fromLane"]].append(link)
    kinds = {j.attrib["id"]: j.get("type", "") for j in root.iter("junction")}
    return _Raw({name: e for name, e in edges.items() if lanes[name]}, lanes, kinds, links, origin_m, kerb_side(root))


def _drawn(lane: ET.Element) -> bool:
    allowed = set(lane.get("allow", "").split())
    return lane.get("disallow") != _CLOSED and not (allowed and allowed <= _RAILS)


def _on_foot(lane: ET.Element) -> bool:
    allowed = set(lane.get("allow", "").split())
    return bool(allowed) and allowed <= ON_FOOT


def _edge(name: str, raw: _Raw) -> list[DrawnLane]:
    lanes = raw.lanes[name]
    driven = [lane for lane in lanes if not _on_foot(lane)]
    shared = bool(driven) and _shares_middle(name, driven[-1], raw)
    drawn = [_lane(lane, name, raw, *_borders(len(driven), i, shared, raw)) for i, lane in enumerate(driven)]
    return [*drawn, *(_lane(lane, name, raw, "edge", "edge") for lane in lanes if _on_foot(lane))]


def _borders(count: int, i: int, shared: bool, raw: _Raw) -> tuple[Border, Border]:
    """(left, right) of lane i of `count`, which counts from the kerb: kerb, the next lane or the other carriageway."""
    kerb: Border = "edge" if i == 0 else "dash"
    other: Border = "dash" if i + 1 < count else ("double" if shared else "edge")
    return (kerb, other) if raw.kerb_side < 0 else (other, kerb)


def _middle(lane: ET.Element) -> F64:
    return shape_m(lane, np.zeros(2))


def _shares_middle(name: str, last: ET.Element, raw: _Raw) -> bool:
    """Whether the other direction's carriageway lies beside the last lane, without a gap."""
    own = raw.edges[name]
    for other, edge in raw.edges.items():
        if (edge.get("from"), edge.get("to")) != (own.get("to"), own.get("from")) or other == name:
            continue
        facing = [lane for lane in raw.lanes[other] if not _on_foot(lane)]
        if facing:
            reach = (lane_width_m(last) + lane_width_m(facing[-1])) / 2
            gap = np.linalg.norm(_middle(last)[-1] - _middle(facing[-1])[0])
            return bool(gap < reach + _SHARED_M)
    return False


def _lane(lane: ET.Element, edge: str, raw: _Raw, left: Border, right: Border) -> DrawnLane:
    links = raw.links.get((edge, lane.attrib["index"]), [])
    own, walk = raw.edges[edge], _on_foot(lane)
    signal = any("tl" in link.attrib for link in links)
    stops = not walk and (signal or any(link.get("state") in _GIVES_WAY for link in links))
    several = len({link.attrib["to"] for links in raw.links.values() for link in links if link.attrib["from"] == edge})
    arrows = frozenset(link.get("dir", "s").lower() for link in links) if signal and several > 1 else frozenset()
    middle = _drawn_on(shape_m(lane, raw.origin_m), raw.kinds.get(own.get("from", ""), ""),
                       raw.kinds.get(own.get("to", ""), ""))  # fmt: skip
    return DrawnLane(lane.attrib["id"], edge, lane_width_m(lane), middle, walk, left, right, stops, signal, arrows)


def _drawn_on(middle_m: F64, begins: str, ends: str) -> F64:
    """The lane's middle; straight on where the net ends, because the town does not."""
    parts = [middle_m]
    if begins == "dead_end":
        back = middle_m[0] - middle_m[1]
        parts.insert(0, (middle_m[0] + back / np.linalg.norm(back) * _BEYOND_M)[None])
    if ends == "dead_end":
        on = middle_m[-1] - middle_m[-2]
        parts.append((middle_m[-1] + on / np.linalg.norm(on) * _BEYOND_M)[None])
    return np.concatenate(parts)
