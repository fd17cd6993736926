"""SUMO's own detectors on every approach: E1 loops at the stop line, E2 areas and E3 sections over the measured length.

They are SUMO's independent measurement of what `truth` computes from the trajectories; `truth_check` compares both.
Definitions: SUMO's documentation, "Simulation/Output". E2 counts a jam as our queue does (5 km/h, 2 s, 15 m), but from
single vehicles per lane and only inside the area.
"""

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np

from simpang_twin.layout import Arm
from simpang_twin.network import F64, Lane, Network
from simpang_twin.scenario import Scenario

_USUAL_LENGTH_M = 60.0
# Loops lie this far before the lane's end, because SUMO has no place on the end itself.
_BEFORE_END_M = 0.05


def length_m(scenario: Scenario, arm: Arm, lanes: tuple[Lane, ...]) -> float:
    """Length of the measured area, straight back from the line: the longest of the cameras on this arm, at most the
    lane's."""
    wanted = max((c.length_m for c in scenario.cameras if c.approach == arm), default=_USUAL_LENGTH_M)
    return min(wanted, min(lane.length_m for lane in lanes) - 1.0)


def _begin_m(lane: Lane, reach_m: float) -> float:
    """Where on the lane the measured area begins."""
    return max(lane.length_m - _BEFORE_END_M - lane.back_m(reach_m), 0.0)


def additional_xml(scenario: Scenario, net: Network) -> str:
    """The detectors of all arms; each kind writes into one file of the run's folder."""
    rows = []
    for arm in scenario.arms:
        lanes = net.edge(f"{arm}_in")
        reach = length_m(scenario, arm, lanes)
        for lane in lanes:
            rows += [*_loops(lane), _area(lane, reach)]
        rows += _section(arm, lanes, reach)
    return "<additional>\n" + "\n".join(rows) + "\n</additional>\n"


def _loops(lane: Lane) -> list[str]:
    at = f'lane="{lane.id}" pos="{lane.length_m - _BEFORE_END_M:.3f}" friendlyPos="true"'
    return [
        f'<instantInductionLoop id="{lane.id}" {at} file="instant.xml"/>',
        f'<inductionLoop id="{lane.id}" {at} period="1" file="e1.xml"/>',
    ]


def _area(lane: Lane, reach_m: float) -> str:
    end = lane.length_m - _BEFORE_END_M
    return (
        f'<laneAreaDetector id="{lane.id}" lane="{lane.id}" pos="{_begin_m(lane, reach_m):.3f}" endPos="{end:.3f}" '
        f'friendlyPos="true" period="1" timeThreshold="2" speedThreshold="1.3889" jamThreshold="15" '
        f'file="e2.xml"/>'
    )


def _section(arm: Arm, lanes: tuple[Lane, ...], reach_m: float) -> list[str]:
    rows = [f'<entryExitDetector id="{arm}" period="1" openEntry="true" file="e3.xml">']
    for lane in lanes:
        end = lane.length_m - _BEFORE_END_M
        rows.append(f'<detEntry lane="{lane.id}" pos="{_begin_m(lane, reach_m):.3f}" friendlyPos="true"/>')
        rows.append(f'<detExit lane="{lane.id}" pos="{end:.3f}" friendlyPos="true"/>')
    return [*rows, "</entryExitDetector>"]


@dataclass(frozen=True)
class LoopPassage:
    """A vehicle over the loop at a lane's end: seconds since the clip's start, speed when its front came."""

    id: str
    lane_id: str
    enter_s: float
    speed_mps: float


def passages(folder: Path, scenario: Scenario) -> list[LoopPassage]:
    """What the instant loops saw inside the clip, in time order."""
    found = []
    for e in ET.parse(folder / "instant.xml").getroot().iter("instantOut"):
        time_s = float(e.attrib["time"]) - scenario.warmup_s
        if e.attrib["state"] == "enter" and 0 <= time_s < scenario.duration_s:
            found.append(LoopPassage(e.attrib["vehID"], e.attrib["id"], time_s, float(e.attrib["speed"])))
    return sorted(found, key=lambda p: p.enter_s)


@dataclass(frozen=True)
class Intervals:
    """A detector's values (K, names) over the intervals of about a second that lie inside the clip, begin (K,) and
    end (K,) in seconds since its start (SUMO rounds a period up to whole steps); nan where SUMO writes -1 (nothing)."""

    begin_s: F64
    end_s: F64
    values: F64

    @property
    def span_s(self) -> tuple[float, float]:
        """From the first begin to the last end; (0, 0) without an interval."""
        return (float(self.begin_s[0]), float(self.end_s[-1])) if len(self.begin_s) else (0.0, 0.0)


def intervals(folder: Path, scenario: Scenario, file: str, detector: str, names: tuple[str, ...]) -> Intervals:
    """What one detector wrote into one of the run's files."""
    rows = []
    for e in ET.parse(folder / file).getroot().iter("interval"):
        begin_s, end_s = (float(e.attrib[name]) - scenario.warmup_s for name in ("begin", "end"))
        if e.attrib["id"] == detector and begin_s >= -1e-6 and end_s <= scenario.duration_s + 1e-6:
            rows.append([begin_s, end_s, *(float(e.attrib[name]) for name in names)])
    found = np.array(rows, dtype=np.float64).reshape(-1, len(names) + 2)
    return Intervals(found[:, 0], found[:, 1], np.where(found[:, 2:] == -1, np.nan, found[:, 2:]))
