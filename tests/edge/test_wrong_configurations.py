"""What an engineer does wrong in a configuration, and what is said about it: where, what, and what is allowed.

The road: a camera 8 m above it, looking 15 degrees down along y, focal length 1000 px, picture 1280x720. Two lanes of
4 m, lane 1 at the kerb (x from 0 to 4 m, on the left of traffic that comes down to y = 16 m).
"""

import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from simpang_edge.check import check_cameras
from simpang_edge.config import load
from simpang_edge.edge_cli import parse_picture
from simpang_edge.errors import ConfigurationError

SIN, COS = math.sin(math.radians(15)), math.cos(math.radians(15))


@dataclass(frozen=True)
class Draft:
    """A configuration, its camera and its approach, to be changed."""

    box: dict[str, Any]
    camera: dict[str, Any]
    approach: dict[str, Any]


Change = Callable[[Draft], object]


def px(x_m: float, y_m: float) -> list[float]:
    """Where a point of the road is in the picture."""
    depth_m, down_m = y_m * COS + 8 * SIN, 8 * COS - y_m * SIN
    return [640 + 1000 * x_m / depth_m, 360 + 1000 * down_m / depth_m]


def lane(from_m: float, to_m: float, near_m: float = 16, far_m: float = 60) -> list[list[float]]:
    """The outline of a lane."""
    return [px(from_m, near_m), px(to_m, near_m), px(to_m, far_m), px(from_m, far_m)]


def road() -> dict[str, Any]:
    """A configuration without a fault."""
    corners = [(x, y) for y in (16.0, 30.0, 60.0) for x in (-4.0, 4.0)]
    return {
        "site": "tangsel",
        "cameras": [
            {
                "id": "utara",
                "source": "rtsp://camera/1",
                "position": {"latitude": -6.3, "longitude": 106.7},
                "height_m": 8.0,
                "calibration": {"points": [{"image": px(*corner), "road": list(corner)} for corner in corners]},
                "approaches": [
                    {
                        "id": "utara",
                        "stop_line": [px(-4, 16), px(4, 16)],
                        "lanes": [{"id": 1, "polygon": lane(0, 4)}, {"id": 2, "polygon": lane(-4, 0)}],
                        "length_m": 44,
                        "speed_limit_kmh": 50,
                    }
                ],
                "gates": [
                    {"id": "keluar", "line": [px(-4, 13), px(4, 13)]},
                    {"id": "kiri", "line": [px(5, 13), px(5, 15)]},
                ],
                "movements": [
                    {"id": "lurus", "approach": "utara", "turn": "through", "gate": "keluar"},
                    {"id": "kiri", "approach": "utara", "turn": "left", "gate": "kiri"},
                ],
            }
        ],
    }


def said(folder: Path, change: Change, text: Callable[[str], str] = str) -> list[str]:
    """Faults and warnings of the configuration after a change of it."""
    content = road()
    camera = content["cameras"][0]
    change(Draft(content, camera, camera["approaches"][0]))
    file = folder / "box.yaml"
    file.write_text(text(yaml.safe_dump(content)), encoding="utf-8")
    try:
        _, findings = check_cameras(load(file), (1280, 720))
    except ConfigurationError as exc:
        return [f"fault: {line.removeprefix(f'{file}: ')}" for line in str(exc).splitlines()]
    return [f"{finding.level}: {finding.text}" for finding in findings]


def points(camera: dict[str, Any], image: Callable[[float, float], list[float]]) -> None:
    """Change the calibration's points in the picture."""
    for point in camera["calibration"]["points"]:
        point["image"] = image(*point["image"])


def road_points(camera: dict[str, Any], factor: float) -> None:
    """Give the calibration's points on the road in another unit."""
    for point in camera["calibration"]["points"]:
        point["road"] = [factor * value for value in point["road"]]


def shaped(it: Draft, *movements: dict[str, Any]) -> None:
    """Movements of the approach without a gate."""
    it.camera.update(movements=[{"approach": "utara", **one} for one in movements])


HEAD = {"approach": "utara", "red": [10, 10, 20, 20], "green": [10, 30, 20, 40]}

CAMERA, APPROACH = "camera utara: ", "camera utara: approach utara: "
WRONG: list[Any] = [
    pytest.param(
        lambda it: it.approach["lanes"][1].update(polygon=lane(-4, 2)),
        f"warning: {APPROACH}lanes 1 and 2 cross: 50 % of the smaller one",
        id="crossing lanes",
    ),
    pytest.param(
        lambda it: it.approach["lanes"][0].update(polygon=[px(0, 16), px(4, 60), px(4, 16), px(0, 60)]),
        "edges 1 and 3 cross; give the corners in order",
        id="corners of a lane in the wrong order",
    ),
    pytest.param(
        lambda it: it.approach["lanes"][0].update(polygon=lane(0, 4, far_m=24)),
        f"warning: {APPROACH}lane 1 reaches 8 m upstream; a queue cannot be told in less than queue.max_gap_m (15 m)",
        id="lane shorter than the queue needs",
    ),
    pytest.param(
        lambda it: it.camera["gates"][0].update(line=[[100, 800], [900, 800]]),
        f"warning: {CAMERA}gate keluar: outside the picture (1280x720)",
        id="gate outside the picture",
    ),
    pytest.param(
        lambda it: it.camera["movements"][0].update(gate="timur"),
        "fault: cameras[0]: movement 'lurus': gate 'timur' is not one of kind exit or both: ['keluar', 'kiri']",
        id="movement to a missing gate",
    ),
    pytest.param(
        lambda it: it.camera["movements"][0].update(approach="timur"),
        "fault: cameras[0]: movement 'lurus': approach 'timur' is not one of ['utara']",
        id="movement from a missing approach",
    ),
    pytest.param(
        lambda it: it.camera["gates"][0].update(line=[px(-4, 30), px(4, 30)]),
        f"warning: {CAMERA}gate keluar: lies in a lane of approach utara, before its stop line",
        id="exit in the lanes",
    ),
    pytest.param(
        lambda it: it.camera["approaches"].append(deepcopy(it.approach)),
        "fault: cameras[0]: approach ids must differ, got ['utara', 'utara']",
        id="two approaches of one name",
    ),
    pytest.param(
        lambda it: it.approach["lanes"][1].update(id=1),
        "fault: cameras[0].approaches[0]: lane ids must differ, got [1, 1]",
        id="two lanes of one number",
    ),
    pytest.param(
        lambda it: it.box["cameras"].append(deepcopy(it.camera)),
        "fault: (file): camera ids must differ, got ['utara', 'utara']",
        id="two cameras of one name",
    ),
    pytest.param(
        # 0.75 m are 30 px at a depth of 25 m, (25 - 8 sin) / cos = 23.7 m from the camera's foot; along the picture's
        # straight line from the stop line's middle to the lane's far corner.
        lambda it: it.approach.update(length_m=60),
        "narrower than 30 px (its kind is uncertain); length_m is 60",
        id="approach longer than vehicles have pixels",
    ),
    pytest.param(
        lambda it: it.approach.update(stop_line=[[300, 20], [900, 20]]),
        f"fault: {APPROACH}stop_line: point 1 [300, 20] lies at or above the horizon",
        id="stop line in the sky",
    ),
    pytest.param(
        lambda it: it.approach.update(stop_line=[px(-4, 60), px(4, 60)]),
        f"warning: {APPROACH}heading is toward, but its lanes lie nearer to the camera than its stop line",
        id="stop line behind the lanes",
    ),
    pytest.param(
        lambda it: it.approach.update(stop_line=[px(-4, 22), px(4, 22)]),
        f"warning: {APPROACH}lane 1 reaches 6 m past the stop line; draw it up to the line",
        id="stop line within the lanes",
    ),
    pytest.param(
        lambda it: it.approach.update(stop_line=[px(0, 16), px(0, 16.2)]),
        f"fault: {APPROACH}stop_line: is 0.20 m long; 0.5 m or more is needed",
        id="stop line of 20 cm",
    ),
    pytest.param(
        lambda it: it.approach["lanes"][0].update(polygon=[px(0, 16), px(4, 16), [700, 20], [650, 20]]),
        f"fault: {APPROACH}lane 1: point 3 [700, 20] lies at or above the horizon",
        id="lane up to the sky",
    ),
    pytest.param(
        lambda it: (it.approach["lanes"][0].update(id=2), it.approach["lanes"][1].update(id=1)),
        f"warning: {APPROACH}lane 1 lies on the right of traffic to the stop line",
        id="lanes counted from the middle of the road",
    ),
    pytest.param(
        lambda it: it.approach.update(motorcycle_box=lane(-4, 4, 16, 24)),
        f"fault: {APPROACH}motorcycle_box: its far edge lies 0.0 m past the stop line; 0.5 to 20 m are allowed",
        id="motorcycle box upstream of the line",
    ),
    pytest.param(
        lambda it: it.approach.update(motorcycle_box=lane(6, 9, 13, 16)),
        f"fault: {APPROACH}motorcycle_box: lies beside the stop line",
        id="motorcycle box outside the approach",
    ),
    pytest.param(
        lambda it: road_points(it.camera, 100),
        f"warning: {APPROACH}lane 1 is 400.0 m wide at the stop line; 1.8 to 6.5 m are usual",
        id="road in centimetres",
    ),
    pytest.param(
        # 8 m are 26.2 feet, and so high the camera seems.
        lambda it: road_points(it.camera, 3.28),
        f"warning: {CAMERA}height_m is 8, but calibration.points tell 26.2 m",
        id="road in feet",
    ),
    pytest.param(
        lambda it: it.approach.update(length_m=4400),
        f"warning: {APPROACH}lane 1 reaches 44 m upstream of the stop line, length_m says 4400",
        id="length in centimetres",
    ),
    pytest.param(
        lambda it: it.approach.update(speed_limit_kmh=13.9),
        f"warning: {APPROACH}speed_limit_kmh is 13.9 km/h; not m/s?",
        id="speed in metres a second",
    ),
    pytest.param(
        lambda it: points(it.camera, lambda x, y: [x / 1280, y / 720]),
        f"warning: {CAMERA}calibration.points: all images lie within one pixel; give pixels, not shares",
        id="image points as shares of the picture",
    ),
    pytest.param(
        lambda it: points(it.camera, lambda x, y: [y, x]),
        f"warning: {CAMERA}calibration.points[1]: outside the picture (1280x720)",
        id="x and y of image points swapped",
    ),
    pytest.param(
        lambda it: it.camera["calibration"]["points"][0].update(image=px(4, 16)),
        "calibration.max_error_m allows 1 m",
        id="an image point at another's place",
    ),
    pytest.param(
        lambda it: it.camera["calibration"].update(points=it.camera["calibration"]["points"][:3]),
        "fault: cameras[0].calibration.points: needs at least 4 items, has 3",
        id="three calibration points",
    ),
    pytest.param(
        lambda it: it.camera.update(position={"latitude": 106.7, "longitude": -6.3}),
        "fault: cameras[0].position.latitude: 106.7: must be -90 to 90 (south negative); latitude and longitude look",
        id="latitude and longitude swapped",
    ),
    pytest.param(
        lambda it: it.box.update(timezone="Europe/London"),
        "timezone Europe/London is +",
        id="time zone of another country",
    ),
    pytest.param(
        lambda it: it.box.update(timezone="WIB"),
        "fault: timezone: 'WIB': expected a time zone of the IANA list, such as Asia/Jakarta",
        id="time zone by its short name",
    ),
    pytest.param(
        lambda it: it.camera.pop("position"),
        f"warning: {CAMERA}no position: it is on no map, and night is told from dawn by the picture alone",
        id="no position",
    ),
    pytest.param(
        lambda it: it.approach.update(stopline=1),
        "fault: cameras[0].approaches[0].stopline: 1: unknown key",
        id="unknown key",
    ),
    pytest.param(
        lambda it: it.approach.pop("length_m"),
        "fault: cameras[0].approaches[0].length_m: required key is missing",
        id="missing key",
    ),
    pytest.param(
        lambda it: it.approach.update(length_m=-44),
        "fault: cameras[0].approaches[0].length_m: -44: must be greater than 0",
        id="negative length",
    ),
    pytest.param(
        lambda it: it.approach.update(length_m="44 m"),
        "length_m: '44 m': must be a number with a point and without a unit, such as 44.5",
        id="text for a number",
    ),
    pytest.param(
        lambda it: it.approach.update(length_m=True),
        "fault: cameras[0].approaches[0]: length_m: must not be true (YAML's yes, no, on, off)",
        id="yes for a number",
    ),
    pytest.param(
        lambda it: it.camera.update(approaches=it.approach),
        "fault: cameras[0].approaches: must be a list: [a, b], or lines that begin with -",
        id="section for a list",
    ),
    pytest.param(
        lambda it: it.camera.update(height_m=0),
        "fault: cameras[0].height_m: 0: must be greater than 0",
        id="height 0",
    ),
    pytest.param(
        lambda it: it.camera.update(height_m=5),
        f"warning: {CAMERA}height_m is 5, but calibration.points tell 8.0 m (± ",
        id="another height than the calibration's",
    ),
    pytest.param(
        lambda it: it.box.update(speed={"max_m_per_px": 0.01}),
        f"warning: {APPROACH}no speeds: at the stop line a pixel spans 0.0",
        id="calibration too coarse for speeds",
    ),
    pytest.param(
        lambda it: it.camera.update(source="rtps://camera/1"),
        "fault: cameras[0].source: 'rtps://camera/1': rtps:// is not known: give a file, rtsp://",
        id="mistyped address",
    ),
    pytest.param(
        lambda it: it.camera.update(zones=[{"id": "z", "kind": "crossing", "polygon": [[1, 1], [2, 2], [3, 3]]}]),
        "fault: cameras[0].zones[0].polygon: [[1, 1], [2, 2], [3, 3]]: the corners lie on a line",
        id="flat zone",
    ),
    pytest.param(
        lambda it: it.camera.update(zones=[{"id": "z", "kind": "crossing", "polygon": [[1, 1], [2, 9], [1300, 3]]}]),
        f"warning: {CAMERA}zone z: outside the picture (1280x720)",
        id="zone outside the picture",
    ),
    pytest.param(
        lambda it: it.camera.update(
            signal_heads=[{"approach": "utara", "red": [1300, 10, 1310, 20], "green": [30, 30, 40, 40]}]
        ),
        f"warning: {CAMERA}signal_heads of utara: red: outside the picture (1280x720)",
        id="lamp outside the picture",
    ),
    pytest.param(
        lambda it: it.box.update(standards={"los_junction": "HCM7-signal"}),
        "fault: standards: los_junction other than PM96-2015 and los_reason go together",
        id="another table of letters without a reason",
    ),
    pytest.param(
        lambda it: it.box.update(standards={"emp": "HCM2010-signal", "emp_reason": "   "}),
        "fault: standards.emp_reason: '   ': must have at least 3 characters",
        id="a reason of spaces",
    ),
    pytest.param(
        lambda it: it.box.update(standards={"capacity": "MKJI1997"}),
        "fault: standards: capacity other than PKJI2023 and capacity_reason go together",
        id="another manual without a reason",
    ),
    pytest.param(
        lambda it: it.box.update(standards={"capacity": "HCM1066", "capacity_reason": "study"}),
        "fault: standards: capacity 'HCM1066' is not known: use one of PKJI2023, MKJI1997, HCM2010",
        id="a manual that there is not",
    ),
    pytest.param(
        lambda it: it.approach.update(saturation_factor=0.9),
        "saturation_factor or side_friction_factor and factor_reason go together",
        id="a factor without a reason",
    ),
    pytest.param(
        lambda it: it.approach.update(roadside={"kerb_m": 1.0, "shoulder_m": 1.0}),
        "approaches[0].roadside: give kerb_m or shoulder_m, not both",
        id="kerb and shoulder",
    ),
    pytest.param(
        lambda it: it.approach.update(roadside={"left_ratio": 0.7, "right_ratio": 0.6}),
        "approaches[0].roadside: left_ratio 0.7 and right_ratio 0.6 are shares: above 1 together",
        id="more turn than come",
    ),
    pytest.param(
        lambda it: it.box.update(standards={"emp": "HCM2010-signal", "emp_reason": "study"}),
        f"warning: {APPROACH}standards.emp HCM2010-signal counts other smp than standards.capacity PKJI2023",
        id="units of one manual, capacity of another",
    ),
    pytest.param(
        lambda it: it.approach.update(roadside={"kerb_m": 1.0}),
        f"warning: {APPROACH}roadside.kerb_m: no effect where control is signal",
        id="a kerb at a signal",
    ),
    pytest.param(
        lambda it: it.approach.update(control="unsignalised", roadside={"grade_pct": 2.0}),
        f"warning: {APPROACH}roadside.grade_pct: no effect where control is unsignalised",
        id="a grade without a signal",
    ),
    pytest.param(
        lambda it: it.approach.update(roadside={"environment": "commercial"}),
        f"warning: {APPROACH}roadside.environment and side_friction give F_HS only together",
        id="half of F_HS",
    ),
    pytest.param(
        lambda it: it.approach.update(control="link", roadside={"side_friction": "S"}),
        f"warning: {APPROACH}roadside.side_friction and kerb_m or shoulder_m give FC_HS only together",
        id="half of FC_HS",
    ),
    pytest.param(
        lambda it: it.approach.update(phase="opposed"),
        f"warning: {APPROACH}phase opposed: PKJI2023 has no formula for it here",
        id="an opposed phase",
    ),
    pytest.param(
        lambda it: it.approach.update(control="link", road="undivided"),
        f"warning: {APPROACH}road is undivided without carriageway_width_m: no capacity",
        id="an undivided road of unknown width",
    ),
    pytest.param(
        lambda it: it.approach.update(control="link", road="undivided", carriageway_width_m=16),
        f"warning: {APPROACH}PKJI2023 knows undivided roads of two lanes only (2/2-TT)",
        id="four lanes, undivided",
    ),
    pytest.param(
        lambda it: [
            it.box.update(standards={"capacity": "HCM2010", "capacity_reason": "study"}),
            it.approach.update(control="link", speed_limit_kmh=None),
        ],
        f"warning: {APPROACH}HCM2010 tells the capacity of a lane by free_flow_kmh: no capacity",
        id="a lane of unknown speed",
    ),
    pytest.param(
        lambda it: it.box.update(windows_s=[7]),
        "fault: windows_s: [7]: 7 does not divide an hour (3600 s)",
        id="windows that do not begin with the hour",
    ),
    pytest.param(
        lambda it: it.camera["approaches"].append({**it.approach, "id": "dua"}),
        f"warning: {CAMERA}approaches utara and dua cross: a lane of the smaller one lies in the other to 100 %; "
        "vehicles there belong to utara only",
        id="an approach drawn over another",
    ),
    pytest.param(
        lambda it: shaped(it, {"id": "a", "turn": "right"}, {"id": "b", "turn": "right", "turned_deg": [20, 60]}),
        f"warning: {CAMERA}movements a and b fit the same paths (30 to 150 degrees and 20 to 60 degrees): vehicles "
        "that fit both count in a only",
        id="two movements of the same shape",
    ),
    pytest.param(
        lambda it: shaped(it, {"id": "a", "turn": "right", "leaves": "left"}, {"id": "b", "turn": "right"}),
        "movements a and b fit the same paths (any turn and 30 to 150 degrees)",
        id="a movement within another",
    ),
    pytest.param(
        lambda it: (
            it.camera["approaches"].append({**it.approach, "id": "dua"})
            or it.camera.update(zones=[{"id": "z", "kind": "crossing", "polygon": [[1, 1], [2, 9], [130, 3]]}])
        ),
        f"warning: {CAMERA}zone z: without approach it is part of no side friction",
        id="a crossing of nobody",
    ),
    pytest.param(
        lambda it: it.camera.update(analysis_fps=1),
        f"fault: {CAMERA}analysis_fps is 1: time between pictures 0.95 s or more apart is not observed",
        id="too few pictures to observe anything",
    ),
    pytest.param(
        lambda it: it.camera.update(analysis_fps=2),
        f"warning: {CAMERA}analysis_fps is 2: below 2.5 every row has the flag low_rate",
        id="few pictures",
    ),
    pytest.param(
        lambda it: it.approach.update(control="link", road="undivided"),
        f"warning: {APPROACH}an undivided road without carriageway_width_m: no capacity",
        id="undivided road without its width",
    ),
    pytest.param(
        lambda it: it.approach.update(control="link") or it.camera.update(signal_heads=[HEAD]),
        f"warning: {CAMERA}signal_heads of utara: the approach has control: link; give signal, or no head",
        id="signal head where there is no signal",
    ),
    pytest.param(
        lambda it: it.camera.update(signal_heads=[{**HEAD, "green": [12, 12, 20, 20]}]),
        f"warning: {CAMERA}signal_heads of utara: the boxes of red and green overlap: which is lit cannot be told",
        id="lamps on each other",
    ),
    pytest.param(
        lambda it: [it.camera.pop(key) for key in ("approaches", "gates", "movements")],
        f"warning: {CAMERA}neither approaches nor gates: it publishes health only",
        id="nothing to measure",
    ),
]


@pytest.mark.parametrize(("change", "expected"), WRONG)
def test_a_wrong_configuration_is_told(tmp_path: Path, change: Change, expected: str) -> None:
    """Where it is, what it is, and what is allowed; nothing of it without the change."""
    assert any(expected in line for line in said(tmp_path, change))
    assert not any(expected in line for line in said(tmp_path, lambda *_: None))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(lambda t: t.replace("  id: utara", "\tid: utara", 1), "column 1: a tab; indent with", id="tab"),
        pytest.param(lambda t: "site: lain\n" + t, "site: stands twice, also in line 1", id="key given twice"),
        pytest.param(lambda t: t.replace("length_m: 44", "length_m: 44,5"), "'44,5': must be a number", id="comma"),
    ],
)
def test_wrong_yaml_is_told_in_one_line(tmp_path: Path, text: Callable[[str], str], expected: str) -> None:
    """With the line of the file."""
    (line,) = said(tmp_path, lambda *_: None, text)
    assert expected in line


def test_a_right_configuration_is_not_blamed(tmp_path: Path) -> None:
    """But for the distance at which motorcycles become narrow, which is true of every camera."""
    assert [line for line in said(tmp_path, lambda *_: None) if "a motorcycle is narrower" not in line] == []


def test_movements_that_differ_in_turn_or_side_are_not_blamed(tmp_path: Path) -> None:
    """The default turns touch at 30 degrees; the same turn may leave over two sides; lamps may touch."""

    def change(it: Draft) -> None:
        turns = [{"id": turn, "turn": turn} for turn in ("left", "through", "right", "u_turn")]
        shaped(it, *turns)
        it.camera.update(signal_heads=[{**HEAD, "yellow": [10, 20, 20, 30]}])

    def sides(it: Draft) -> None:
        shaped(it, *({"id": side, "turn": "right", "leaves": side} for side in ("left", "top")))

    for right in (change, sides):
        lines = said(tmp_path, right)
        assert not [line for line in lines if "fit the same paths" in line or "overlap" in line]


@pytest.mark.parametrize(("text", "size"), [("1280x720", (1280, 720)), ("640X360", (640, 360))])
def test_the_size_of_a_live_picture(text: str, size: tuple[int, int]) -> None:
    """As an engineer reads it off the camera's page."""
    assert parse_picture(text) == size
