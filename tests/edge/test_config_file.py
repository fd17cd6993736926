"""The configuration file: the commented example, faults with their key path, relative paths."""

import re
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import yaml
from pydantic import BaseModel
from simpang_edge.config import Box, Camera, load
from simpang_edge.errors import ConfigurationError
from simpang_edge.ground import Ground

EXAMPLE = Path(__file__).parents[2] / "edge" / "simpang.example.yaml"
SHOWN_ONLY = {("cameras", "position"), ("cameras", "approaches", "free_flow_kmh")}

MINIMAL = """
site: tangsel
cameras:
  - id: utara
    source: clip.mp4
"""

ROAD = (
    MINIMAL
    + """    calibration: {points: [{image: [0, 0], road: [0, 0]}, {image: [9, 0], road: [9, 0]},
                           {image: [9, 9], road: [9, 9]}, {image: [0, 9], road: [0, 9]}]}
    approaches: [{id: a, stop_line: [[0, 9], [9, 9]], lanes: [{id: 1, polygon: [[0, 9], [9, 9], [9, 0]]}], length_m: 9}]
"""
)


def uncommented() -> dict[str, Any]:
    """The example with every commented key switched on."""
    text = re.sub(r"^(\s*)# (\w+:(?: .*)?)$", r"\1\2", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    # The keys below a commented section are commented twice deep: "# position:" then "#   latitude:".
    text = re.sub(r"^(\s*)#   ((?:- |  )?\w+: .*)$", r"\1  \2", text, flags=re.MULTILINE)
    content = yaml.safe_load(text)
    assert isinstance(content, dict)
    return content


def section_of(annotation: Any) -> type[BaseModel] | None:
    """The section class inside an annotation such as ``tuple[Camera, ...]`` or ``Position | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = [section for part in get_args(annotation) if (section := section_of(part))]
    return found[0] if found else None


def walk(model: type[BaseModel], content: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Key paths that stand in the model but not in the example, and the other way round."""
    first = content[0] if isinstance(content, list) else content
    wrong = [(*path, name) for name in set(model.model_fields) ^ set(first)]
    for name, field in model.model_fields.items():
        section = section_of(field.annotation)
        if section is not None and name in first:
            wrong += walk(section, first[name], (*path, name))
    return wrong


def test_every_key_stands_in_the_example_and_no_other() -> None:
    """The example documents the whole file: no key is missing there, none is invented."""
    assert walk(Box, uncommented()) == []


@pytest.mark.parametrize(
    "name",
    [
        "broker", "outbox", "model", "state", "queue", "speed", "standards", "record", "scene", "incidents", "friction",
        "usual",
    ],
)  # fmt: skip
def test_the_example_shows_the_defaults(name: str) -> None:
    """A commented key shows its default, so nobody has to read code to know it."""
    section = section_of(Box.model_fields[name].annotation)
    assert section is not None
    shown = section.model_validate(uncommented()[name])
    raw = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))[name] or {}
    for key in set(section.model_fields) - set(raw):
        assert getattr(shown, key) == getattr(section(), key), f"{name}.{key}"


def test_the_example_shows_the_defaults_of_a_camera() -> None:
    """The same for the keys of the box and of a camera."""
    raw = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    box, shown = Box.model_validate(raw), Box.model_validate(uncommented())
    for key in ("city", "timezone", "windows_s", "live_every_s", "health_every_s", "log_level"):
        assert getattr(shown, key) == getattr(box, key)
    for key in set(type(box.cameras[0]).model_fields) - {"calibration", "approaches", "position", "zones"}:
        assert getattr(shown.cameras[0], key) == getattr(box.cameras[0], key), key


def test_the_example_can_be_loaded_as_it_is() -> None:
    """Somebody copies the example, changes nothing but the source, and it works."""
    box = load(EXAMPLE)
    assert box.cameras[0].approaches[0].reference_kmh() == 50


def test_the_example_has_the_geometry_of_its_clip() -> None:
    """Whoever runs it as it stands measures the road that the clip shows: its points lie within 0.3 m of where the
    clip's own calibration puts them, its stop line and lanes within a pixel."""
    clip = EXAMPLE.parents[1] / "sample_videos" / "simpang_empat_pagi.camera.yaml"
    shown, true = load(EXAMPLE).cameras[0], Camera.model_validate(yaml.safe_load(clip.read_text(encoding="utf-8")))
    assert shown.calibration is not None
    points = shown.calibration.points
    placed = Ground(true).to_road(np.array([p.image for p in points], np.float64))
    assert placed == pytest.approx(np.array([p.road for p in points]), abs=0.3)
    for one, other in zip(shown.approaches, true.approaches, strict=True):
        assert np.array(one.stop_line) == pytest.approx(np.array(other.stop_line), abs=1)
        assert one.length_m == other.length_m
        for lane, same in zip(one.lanes, other.lanes, strict=True):
            assert np.array(lane.polygon) == pytest.approx(np.array(same.polygon), abs=1)


FAULTS = [
    pytest.param("sitte: x\n" + MINIMAL, "sitte: 'x': unknown key", id="unknown key at the top"),
    pytest.param(MINIMAL + "    fps: 8\n", "cameras[0].fps: 8: unknown key", id="unknown key in a camera"),
    pytest.param(
        MINIMAL + "    analysis_fps: 0\n",
        "cameras[0].analysis_fps: 0: must be greater than 0",
        id="out of range",
    ),
    pytest.param("cameras: []\n", "site: required key is missing", id="missing key"),
    pytest.param(
        "site: Kota Tangsel\ncameras: [{id: a, source: b}]\n",
        "site: 'Kota Tangsel': must be small letters, digits, - and _",
        id="site with a space",
    ),
    pytest.param(MINIMAL + "broker: {url: 'http://x'}\n", "broker.url: 'http://x'", id="url of another kind"),
    pytest.param(
        MINIMAL + "model: {size: 600x380}\n",
        "model.size: '600x380': width and height must be multiples",
        id="model size",
    ),
    pytest.param(MINIMAL + "queue: {leave_kmh: 3}\n", "leave_kmh must be greater than enter_kmh", id="no hysteresis"),
    pytest.param(MINIMAL + "windows_s: [60, .nan]\n", "windows_s[1]", id="nan"),
    pytest.param(MINIMAL + "  - {id: utara, source: b}\n", "camera ids must differ", id="same id twice"),
    pytest.param(MINIMAL + "    start_time: 2026-11-24T07:00:00\n", "expected a time with its zone", id="no zone"),
    pytest.param(MINIMAL + "    start_time: yesterday\n", "cameras[0].start_time: 'yesterday'", id="no time"),
    pytest.param(
        ROAD.replace("[[0, 9], [9, 9], [9, 0]]", "[[0, 0], [9, 9], [9, 0], [0, 9]]"),
        "cameras[0].approaches[0].lanes[0].polygon: ",
        id="lane whose edges cross",
    ),
    pytest.param(ROAD.replace("[[0, 9], [9, 9], [9, 0]]", "[[0, 9], [9, 9], [5, 9]]"), "lie on a line", id="flat lane"),
    pytest.param(ROAD.replace("[[0, 9], [9, 9]],", "[[9, 9], [9, 9]],"), "its two points must differ", id="no line"),
    pytest.param(
        ROAD + "    gates: [{id: g, line: [[0, 0], [9, 0]]}, {id: g, line: [[0, 0], [9, 0]]}]\n",
        "gate ids must differ",
        id="same gate twice",
    ),
    pytest.param(
        ROAD + "    movements: [{id: m, approach: b, turn: left}]\n",
        "movement 'm': approach 'b' is not one of ['a']",
        id="movement from nowhere",
    ),
    pytest.param(
        ROAD + "    gates: [{id: g, line: [[0, 0], [9, 0]], kind: entry}]\n"
        "    movements: [{id: m, approach: a, turn: left, gate: g}]\n",
        "movement 'm': gate 'g' is not one of kind exit or both: []",
        id="movement into an entry",
    ),
    pytest.param(
        ROAD + "    gates: [{id: g, line: [[0, 0], [9, 0]]}]\n"
        "    movements: [{id: m, approach: a, turn: left, gate: g}, {id: n, approach: a, turn: left, gate: g}]\n",
        "the ways of movements (approach to gate) must differ",
        id="two movements on one way",
    ),
    pytest.param(
        ROAD + "    gates: [{id: g, line: [[0, 0], [9, 0]]}]\n"
        "    movements: [{id: m, approach: a, turn: left, gate: g, leaves: left}]\n",
        "give gate, or turned_deg and leaves",
        id="gate and shape",
    ),
    pytest.param(
        ROAD + "    movements: [{id: m, approach: a, turn: left, turned_deg: [30, -30]}]\n",
        "the lower one first",
        id="angles the wrong way round",
    ),
    pytest.param(MINIMAL + "record: {part_s: 5}\n", "record.part_s: 5", id="files too short"),
    pytest.param("- a\n- b\n", "expected keys such as site and cameras, got list", id="a list"),
    pytest.param("site: [unclosed", "not valid YAML", id="not YAML"),
    pytest.param("", "expected keys such as site and cameras", id="empty file"),
]


@pytest.mark.parametrize(("text", "expected"), FAULTS)
def test_a_fault_names_key_path_value_and_what_is_allowed(tmp_path: Path, text: str, expected: str) -> None:
    """Every fault is one line that says which key, which value, and what is allowed."""
    file = tmp_path / "box.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    assert any(expected in line for line in str(caught.value).splitlines()), str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(MINIMAL + "broker: {url: 'mqtt://admin:hush@x', port: 'a'}\n", id="of the broker's address"),
        pytest.param(MINIMAL + "broker: {password: hush}\n", id="in the file"),
        pytest.param(MINIMAL + "    main_stream: 'rtsp://admin:hush@10.0.0.1/s'\n", id="of a camera"),
    ],
)
def test_a_fault_tells_no_password(tmp_path: Path, text: str) -> None:
    """Errors go to logs that others read: the key is named, the password is not."""
    file = tmp_path / "box.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    assert "hush" not in str(caught.value)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """Nobody corrects a file one fault per start."""
    file = tmp_path / "box.yaml"
    file.write_text("site: A\nspeed: 3\ncameras: [{id: a}]\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    assert len(str(caught.value).splitlines()) == 3  # site, speed, cameras[0].source


def test_relative_paths_count_from_the_file(tmp_path: Path) -> None:
    """A box can be started from any folder."""
    file = tmp_path / "box.yaml"
    file.write_text(MINIMAL + "outbox: {folder: waiting}\nbroker: {ca_file: ca.crt}\n", encoding="utf-8")
    box = load(file)
    assert box.cameras[0].source == str(tmp_path / "clip.mp4")
    assert box.outbox.folder == tmp_path / "waiting"
    assert box.broker.ca_file == tmp_path / "ca.crt"


@pytest.mark.parametrize("text", ["2026-11-24T07:00:00+07:00", "'2026-11-24T07:00:00+07:00'"])
def test_a_start_time_may_stand_with_or_without_quotes(tmp_path: Path, text: str) -> None:
    """YAML makes a time of the one and a text of the other; for us they are the same."""
    file = tmp_path / "box.yaml"
    file.write_text(MINIMAL + f"    start_time: {text}\n", encoding="utf-8")
    assert load(file).cameras[0].start_time == "2026-11-24T07:00:00+07:00"


def test_an_empty_section_means_its_defaults(tmp_path: Path) -> None:
    """A section whose keys are all commented out is null in YAML, and that is no fault."""
    file = tmp_path / "box.yaml"
    file.write_text(MINIMAL + "broker:\n  # url: mqtt://10.0.0.1\n", encoding="utf-8")
    assert load(file).broker.url == "mqtt://127.0.0.1:1883"


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        pytest.param("password_env: SIMPANG_NOT_SET", "SIMPANG_NOT_SET is not set", id="variable not set"),
        pytest.param("password_file: nowhere", "cannot read", id="file not there"),
    ],
)
def test_a_password_that_is_not_there_is_told(tmp_path: Path, section: str, expected: str) -> None:
    """The message says where the password was looked for."""
    file = tmp_path / "box.yaml"
    file.write_text(f"{MINIMAL}broker:\n  username: a\n  {section}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=expected):
        load(file).broker.password()


def test_the_hash_changes_with_any_value(tmp_path: Path) -> None:
    """The published configuration hash tells two configurations apart, and is stable for one."""
    file = tmp_path / "box.yaml"
    file.write_text(MINIMAL, encoding="utf-8")
    first = load(file).hash()
    assert load(file).hash() == first
    file.write_text(MINIMAL + "queue: {max_gap_m: 14}\n", encoding="utf-8")
    assert load(file).hash() != first


def camera_with(zones: str) -> str:
    """The example's camera with other zones."""
    text = EXAMPLE.read_text(encoding="utf-8")
    return text[: text.index("    # zones:")] + f"    zones: {zones}\n"


SQUARE = "polygon: [[0, 0], [9, 0], [9, 9]]"


@pytest.mark.parametrize(
    ("zones", "message"),
    [
        pytest.param(f"[{{id: a, kind: yard, {SQUARE}}}]", r"zones\[0\].kind: 'yard'.*'box_junction'", id="kind"),
        pytest.param(
            f"[{{id: a, kind: kerb, {SQUARE}, approach: x}}]", "zone a: approach 'x' is none of", id="approach"
        ),
        pytest.param("[{id: a, kind: kerb, polygon: [[0, 0], [9, 0]]}]", r"zones\[0\].polygon", id="two corners"),
        pytest.param(
            f"[{{id: a, kind: kerb, {SQUARE}}}, {{id: a, kind: exit, {SQUARE}}}]", "zone ids must differ", id="twice"
        ),
    ],
)
def test_a_faulty_zone_is_told_with_its_place(tmp_path: Path, zones: str, message: str) -> None:
    """The message says where, what and what is allowed."""
    file = tmp_path / "box.yaml"
    file.write_text(camera_with(zones), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=message):
        load(file)


def test_a_time_zone_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    """What is usual on Tuesday 17:15 needs to know when that is."""
    file = tmp_path / "box.yaml"
    file.write_text(MINIMAL + "timezone: Asia/Tangerang\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="timezone: 'Asia/Tangerang': expected a time zone"):
        load(file)
