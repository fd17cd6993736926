"""Measured turning counts into SUMO and back through its own programs."""

import csv
import json
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from simpang_edge.message import Channel, FlowRow, FlowX, Message, QualityX, encode, utc
from simpang_twin import export_demand, network, scenario, turning
from simpang_twin.cli import app
from simpang_twin.errors import ScenarioError
from simpang_twin.fleet import BY_NAME
from typer.testing import CliRunner

FOLDER = Path(__file__).parents[2] / "sample_videos"
MINI = FOLDER / "scenarios" / "mini.yaml"
START_S = 1772410500
# Two quarter hours at two approaches, by movement and class.
COUNTS = {
    (0, "utara", "left"): {"motorcycle": 40, "car": 11},
    (0, "utara", "through"): {"motorcycle": 120, "car": 52, "bus": 2},
    (0, "utara", "right"): {"motorcycle": 31, "car": 9},
    (0, "timur", "through"): {"motorcycle": 60, "truck": 5},
    (900, "utara", "through"): {"motorcycle": 90, "car": 30},
    (900, "timur", "through"): {"three_wheeler": 4, "bicycle": 3},
}


def table(path: Path, **more: str) -> Path:
    """The counts as the columns of stored windows; `more` sets columns of every row."""
    kinds = ("motorcycle", "car", "bus", "truck", "bicycle", "person", "three_wheeler")
    with path.open("w", newline="") as file:
        columns = ["time_ns", "window", "scope", "approach", "movement", "observed_s", "intensity"]
        out = csv.DictWriter(file, [*columns, *(f"count_{kind}" for kind in kinds)])
        out.writeheader()
        for (begin, arm, movement), counts in COUNTS.items():
            row = {"time_ns": (START_S + begin) * 10**9, "window": 900, "scope": "movement", "approach": arm,
                   "movement": movement, "observed_s": 900, "intensity": sum(counts.values())}  # fmt: skip
            out.writerow(row | {f"count_{kind}": counts.get(kind, 0) for kind in kinds} | more)
    return path


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the command leaves."""
    folder = tmp_path_factory.mktemp("demand")
    args = ["export-demand", str(table(folder / "counts.csv")), "--scenario", str(MINI), "--out", str(folder)]
    done = CliRunner().invoke(app, args)
    assert done.exit_code == 0, done.output
    # 51 + 174 + 40 + 65 + 120 + 7 vehicles
    assert "457 vehicles" in done.output
    return folder


def routed(path: Path) -> Counter[tuple[int, str, str]]:
    """Vehicles of a route file by quarter hour, kind and edges."""
    found: Counter[tuple[int, str, str]] = Counter()
    for vehicle in ET.parse(path).getroot().iter("vehicle"):
        route = vehicle.find("route")
        assert route is not None
        found[int(float(vehicle.attrib["depart"]) // 900) * 900, vehicle.attrib["type"], route.attrib["edges"]] += 1
    return found


def test_jtrrouter_gives_the_counts_back(exported: Path) -> None:
    """Per approach and quarter hour jtrrouter sends exactly the counted vehicles; its random turns lie within four
    standard deviations of the counts, and a movement that all vehicles make is exact."""
    network.run_tool([
        network.tool("jtrrouter"), "-n", str(exported / "net.xml"), "-a", str(exported / "vtypes.xml"), "-r",
        str(exported / "flows.xml"), "-t", str(exported / "turns.xml"), "-o", str(exported / "routes.xml"),
        "--end", "1800", "--seed", "3",
    ])  # fmt: skip

    by_way: Counter[tuple[int, str]] = Counter()
    for (begin, _, edges), n in routed(exported / "routes.xml").items():
        by_way[begin, edges] += n

    utara = {way: n for (begin, way), n in by_way.items() if begin == 0 and way.startswith("utara_in")}
    assert sum(utara.values()) == 51 + 174 + 40
    for way, wanted in (("timur_out", 51), ("selatan_out", 174), ("barat_out", 40)):
        spread = (265 * (wanted / 265) * (1 - wanted / 265)) ** 0.5
        assert abs(utara[f"utara_in {way}"] - wanted) < 4 * spread
    assert by_way[0, "timur_in barat_out"] == 65
    assert by_way[900, "utara_in selatan_out"] == 120
    assert by_way[900, "timur_in barat_out"] == 7


def test_exact_demand_sends_every_vehicle_over_its_movement(exported: Path) -> None:
    """demand.rou.xml, routed by duarouter, sends every counted vehicle of every class over its movement."""
    network.run_tool([
        network.tool("duarouter"), "-n", str(exported / "net.xml"), "-a", str(exported / "vtypes.xml"), "-r",
        str(exported / "demand.rou.xml"), "-o", str(exported / "exact.xml"), "--named-routes", "false",
        "--keep-vtype-distributions", "true",
    ])  # fmt: skip

    arms = ("utara", "timur", "selatan", "barat")
    step = {"left": 1, "through": 2, "right": 3}
    wanted = Counter({
        (begin, f"kind_{kind}", f"{arm}_in {arms[(arms.index(arm) + step[movement]) % 4]}_out"): n
        for (begin, arm, movement), counts in COUNTS.items() for kind, n in counts.items()
    })  # fmt: skip
    assert routed(exported / "exact.xml") == wanted


def test_simulated_again_the_exported_demand_gives_the_counts_back(exported: Path) -> None:
    """SUMO drives the exported demand on the exported net: when all have arrived, exactly the counted vehicles of every
    class have come over every movement."""
    network.run_tool([
        network.tool("sumo"), "-n", str(exported / "net.xml"), "-a", str(exported / "vtypes.xml"), "-r",
        str(exported / "demand.rou.xml"), "--tripinfo-output", str(exported / "trips.xml"), "--end", "3600",
        "--lateral-resolution", "0.4", "--step-length", "0.5", "--no-step-log", "true", "--no-warnings", "true",
    ])  # fmt: skip

    driven: Counter[tuple[str, str, str]] = Counter()
    for trip in ET.parse(exported / "trips.xml").getroot().iter("tripinfo"):
        begin, end = (trip.attrib[name].split("_")[0] for name in ("departLane", "arrivalLane"))
        driven[begin, end, BY_NAME[trip.attrib["vType"]].kind] += 1
    wanted: Counter[tuple[str, str, str]] = Counter()
    # From the north left leads east, through south, right west; from the east through leads west.
    exits = {("utara", "left"): "timur", ("utara", "through"): "selatan", ("utara", "right"): "barat",
             ("timur", "through"): "barat"}  # fmt: skip
    for (_, arm, movement), counts in COUNTS.items():
        wanted.update({(arm, exits[arm, movement], kind): n for kind, n in counts.items()})
    assert driven == wanted


def test_messages_and_tables_say_the_same(tmp_path: Path) -> None:
    """Window messages as a worker publishes them give the same counts as the stored table."""
    rows = [
        FlowRow(
            id="x", date_observed_from=utc(START_S + begin), date_observed_to=utc(START_S + begin + 900),
            intensity=sum(counts.values()),
            x=FlowX(scope="movement", approach=arm, movement=movement, window_s=900,
                    quality=QualityX(observed_s=900), counts=counts),
        )
        for (begin, arm, movement), counts in COUNTS.items()
    ]  # fmt: skip
    message = Message(channel=Channel.WINDOW, site="a", camera="b", boot=1, seq=1, sent=utc(0), rows=rows)
    (tmp_path / "sent.jsonl").write_bytes(encode(message) + b"\n")

    assert turning.read(tmp_path / "sent.jsonl").rows == turning.read(table(tmp_path / "counts.csv")).rows


def test_partly_observed_windows_are_scaled_and_unobserved_ones_left_out(tmp_path: Path) -> None:
    """Half of the window observed doubles the counts; an empty intensity is unknown: left out, and said."""
    half = turning.read(table(tmp_path / "half.csv", observed_s="450"))

    assert half.rows[0].counts == {"motorcycle": 80.0, "car": 22.0}
    with pytest.raises(ScenarioError, match="no counts of movements"):
        turning.read(table(tmp_path / "none.csv", intensity=""))


def test_approach_counts_are_divided_by_the_traced_turns() -> None:
    """An approach counted 10 cars of which 4 left and 2 through were traced: 6.67 and 3.33, so 7 and 3."""
    plan = scenario.load(MINI)
    rows = (
        turning.TurningCount(0, 900, "utara", None, {"car": 10}),
        turning.TurningCount(0, 900, "utara", "left", {"car": 4}),
        turning.TurningCount(0, 900, "utara", "through", {"car": 2}),
    )

    (found,) = export_demand.demanded(turning.Table(rows, ()), plan)

    assert found.by_movement == {"left": 7, "through": 3}


def test_truth_of_a_clip_can_be_exported() -> None:
    """Every crossing of the sample clip becomes one vehicle of the demand."""
    file = FOLDER / "simpang_empat_pagi.truth.json"
    plan = scenario.load(FOLDER / "scenarios" / "simpang_empat_pagi.yaml")

    rows = export_demand.demanded(turning.read(file), plan)

    counts = json.loads(file.read_text())["approaches"][0]["counts"]
    assert {d.kind: d.number for d in rows} == counts


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        pytest.param("movement", "diagonal", "movement 'diagonal' is not one of", id="movement"),
        pytest.param("approach", "jalan_raya", "name approaches by where they lie", id="approach"),
        pytest.param("window", "x", "cannot be read as turning counts", id="number"),
    ],
)
def test_wrong_tables_name_the_fault(column: str, value: str, said: str, tmp_path: Path) -> None:
    """A table that cannot be used is refused with the file and what is allowed."""
    with pytest.raises(ScenarioError, match=said) as caught:
        turning.read(table(tmp_path / "wrong.csv", **{column: value}))
    assert "wrong.csv" in str(caught.value)
