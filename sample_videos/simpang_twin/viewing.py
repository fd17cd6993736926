"""What a scenario's cameras and events need of the roads, checked when the net is known and before anything runs."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np

from simpang_twin.approach import Approach, approach, calibration_m
from simpang_twin.camera import pinhole
from simpang_twin.consistency import allowed
from simpang_twin.errors import ScenarioError
from simpang_twin.layout import destination
from simpang_twin.network import Lane, Network
from simpang_twin.scenario import Camera, Scenario
from simpang_twin.traffic import EmergencyStop, KerbStop, StoppedVehicle

# Fewer points than this do not say how the picture lies on the road.
_LEAST_POINTS = 4
_FARTHEST_M = 200.0
# Distances count straight back from the stop line: an approach that turns more than this is too crooked for them.
_MOST_BENT_DEG = 30.0


def check(scenario: Scenario, net: Network) -> None:
    """Raises ScenarioError with every fault found."""
    faults = [*_cameras(scenario, net), *_stands(scenario, net), *_routes(scenario, net)]
    if faults:
        raise ScenarioError(f"scenario {scenario.name}: " + "; ".join(faults))


def _cameras(scenario: Scenario, net: Network) -> Iterator[str]:
    for i, camera in enumerate(scenario.cameras):
        where, way = f"cameras.{i} ({camera.id})", approach(camera, net)
        faults = list(_length(where, way))
        yield from faults or _view(where, camera, way)


def _length(where: str, way: Approach) -> Iterator[str]:
    """The measured length must lie on the approach's own edge, and be nearly straight."""
    most = min(lane.straight_m for lane in way.lanes) - 1
    if way.length_m > most:
        yield f"{where}: length_m {way.length_m:g} must be at most {most:.0f}, approach {way.arm} is no longer"
        return
    bent = max(_bend_deg(lane, way.length_m) for lane in way.lanes)
    if bent > _MOST_BENT_DEG:
        yield f"{where}: approach {way.arm} turns by {bent:.0f} degrees within length_m {way.length_m:g}, at most " \
              f"{_MOST_BENT_DEG:g} are measured; make length_m shorter"  # fmt: skip


def _bend_deg(lane: Lane, length_m: float) -> float:
    """The largest angle between the lane's direction at its end and those within the length before it."""
    step = np.diff(lane.shape_m, axis=0)
    ahead = step / np.linalg.norm(step, axis=1)[:, None]
    back = (lane.shape_m[-1] - lane.shape_m) @ ahead[-1]
    inside = back[1:] < length_m
    return float(np.degrees(np.arccos(np.clip(ahead[inside] @ ahead[-1], -1, 1))).max(initial=0.0))


def _routes(scenario: Scenario, net: Network) -> Iterator[str]:
    """Whether a net leads from an approach to where its traffic wants to go."""
    if scenario.network is None:
        return
    onward = _onward(net.file)
    for i, demand in enumerate(scenario.demand):
        begin = scenario.network.approaches[demand.arm].edge_in
        reached = _reached(begin, onward)
        mixes = [demand.turns, *demand.class_turns.values(), *(p.turns for p in demand.pieces if p.turns)]
        wanted = {m for mix in mixes for m, share in mix.items() if share > 0 and allowed(scenario, demand.arm, m)}
        for movement in sorted(wanted):
            end = scenario.network.approaches[destination(demand.arm, movement)].edge_out
            if end not in reached:
                yield f"demand.{i}: nothing leads {movement} from approach {demand.arm}, from edge {begin!r} to " \
                      f"{end!r}; give turns that the net has (edge_in leads in, edge_out out)"  # fmt: skip


def _onward(file: Path) -> dict[str, set[str]]:
    """The edges that follow every edge of a net."""
    found: dict[str, set[str]] = defaultdict(set)
    for link in ET.parse(file).getroot().iter("connection"):
        found[link.attrib["from"]].add(link.attrib["to"])
    return found


def _reached(begin: str, onward: dict[str, set[str]]) -> set[str]:
    found, todo = {begin}, [begin]
    while todo:
        new = onward.get(todo.pop(), set()) - found
        found |= new
        todo += new
    return found


def _view(where: str, camera: Camera, way: Approach) -> Iterator[str]:
    eye = pinhole(camera)
    away_m = float(np.hypot(*(way.origin_m - eye.position_m[:2])))
    if away_m > _FARTHEST_M:
        yield f"{where}: position_m {list(camera.position_m)} lies {away_m:.0f} m from the stop line of approach " \
              f"{way.arm}, at most {_FARTHEST_M:g} m are allowed"  # fmt: skip
    points = way.world_m(calibration_m(way))
    pixels = eye.project(np.hstack([points, np.zeros((len(points), 1))]))
    seen = int(((pixels >= 0) & (pixels <= (eye.width_px, eye.height_px))).all(axis=1).sum())
    if seen < _LEAST_POINTS:
        at = ", ".join(f"{v:.0f}" for v in way.origin_m)
        yield f"{where}: the picture shows {seen} of {len(pixels)} points of approach {way.arm}, at least " \
              f"{_LEAST_POINTS} are needed; its stop line lies at [{at}], look_at_m is {list(camera.look_at_m)}, " \
              f"focal_px {camera.focal_px:g} (smaller sees more)"  # fmt: skip


def _stands(scenario: Scenario, net: Network) -> Iterator[str]:
    """Where vehicles are to stand on a net; for our own junctions the scenario says it without the net."""
    if scenario.network is None:
        return
    for i, event in enumerate(scenario.events):
        if not isinstance(event, StoppedVehicle | EmergencyStop | KerbStop):
            continue
        where, lanes = f"events.{i} ({event.type})", net.edge(f"{event.arm}_in")
        lane = 1 if isinstance(event, KerbStop) else event.lane
        if lane > len(lanes):
            yield f"{where}: lane {lane} is not there, approach {event.arm} has {len(lanes)}"
        elif event.along_m > lanes[lane - 1].length_m - 20:
            yield f"{where}: along_m {event.along_m:g} must be at most {lanes[lane - 1].length_m - 20:.0f} on this lane"
