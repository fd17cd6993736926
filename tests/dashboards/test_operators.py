"""Every panel of both dashboards against a real InfluxDB that the real ingestor filled."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest
import yaml
from msgspec import structs
from simpang_dashboards.__main__ import text
from simpang_edge.message import Channel, ClassSpeedX, FlowRow, FlowX, GateX, ModelledX, NotNegative
from simpang_ingest.rows import WindowRow
from simpang_ingest.service import Service

from ..brokers import Mosquitto
from ..influx_adapter import Adapter
from ..influxd import Influxd
from ..ingest import world

FOLDER = Path(__file__).parents[2] / "dashboards"
BOARDS: dict[str, list[dict[str, Any]]] = {
    name: json.loads((FOLDER / "json" / f"{name}.json").read_text(encoding="utf-8"))["panels"]
    for name in ("operators", "planners")
}
PANELS = BOARDS["operators"] + BOARDS["planners"]
FIGURES = (NotNegative | None, float | None)
MINUTE_NS = 60_000_000_000
START_NS = int(world.START_S) * 1_000_000_000

# utara: minutes 0 and 1, minute 2 missing, minute 3 wholly unobserved; selatan: minute 0 only.
FIRST: dict[str, Any] = {"flow_vph": 720.0, "queue_max_m": 30.0, "state": "free"}
SECOND: dict[str, Any] = {"flow_vph": 840.0, "queue_max_m": 140.0, "state": "congested"}


def windows() -> list[Any]:
    """The messages of the story above; a lane row and a 900 s row stand beside them and must not be mixed in."""
    utara = [world.flow(0, **FIRST), world.flow(0, lane=1, flow_vph=1.0)]
    return [
        world.message(Channel.WINDOW, utara, 1),
        world.message(Channel.WINDOW, [world.flow(1, **SECOND)], 2),
        world.message(Channel.WINDOW, [world.flow(0, window_s=900, flow_vph=2.0)], 3),
        world.message(Channel.WINDOW, [world.flow(3, flow_vph=None, queue_max_m=None, state="unknown")], 4),
        world.message(Channel.WINDOW, [world.flow(0, approach="selatan", **FIRST)], 1, camera="selatan"),
        world.cycle(5),
        world.message(Channel.WINDOW, [quarter(), turn()], 7),
        world.event("e1", ended=True, seq=6),
        world.event("e2", seq=8),
        world.health(),
    ]


COUNTS = {"car": 3, "motorcycle": 8, "bus": 1}
CLASSES = {"SM": 8, "MP": 3, "KS": 0, "BB": 1, "TB": 0, "KTB": 0}
MODEL = ModelledX(
    standard="PKJI2023-5 formula", missing="no_turn_share", queue_smp=8.0, traffic_delay_s=8.0, delay_s=8.0
)


def quarter() -> FlowRow:
    """A quarter hour in which every figure is 7, and 12 vehicles left over the gate, none came in."""
    hints = get_type_hints(FlowX, include_extras=True)
    figures: dict[str, Any] = dict.fromkeys((name for name, hint in hints.items() if hint in FIGURES), 7.0)
    row = world.flow(0, window_s=900, **figures)
    gates = [GateX(gate="keluar", direction="forward", counts=COUNTS, pkji_counts=CLASSES),
             GateX(gate="keluar", direction="backward", counts={}, pkji_counts={})]  # fmt: skip
    speeds = {name: ClassSpeedX(n=31, p15_kmh=7, p50_kmh=7, p85_kmh=7) for name in ("SM", "MP", "KS")}
    known: dict[str, Any] = {"pkji_counts": CLASSES, "gates": gates, "speed_by_class": speeds, "los": "D",
             "los_standard": "PM96-2015", "arrivals_on_green": 0.34, "split_fail_ratio": 0.2,
             "area_occupancy": 0.22, "obstacles": 1, "line_seen": 0.8, "modelled": MODEL}  # fmt: skip
    x = structs.replace(row.x, **known)
    return structs.replace(row, average_headway_time=7.0, average_gap_distance=7.0, average_vehicle_length=7.0, x=x)


def turn() -> FlowRow:
    """9 of the 12 turned left."""
    shares: dict[str, Any] = {"turn_share": 0.75, "traced": 0.9, "pkji_counts": CLASSES}
    row = world.flow(0, window_s=900, **shares)
    x = structs.replace(row.x, scope="movement", movement="utara-left", counts={"car": 2, "motorcycle": 7})
    return structs.replace(row, intensity=9, x=x)


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influxd]:
    """A real InfluxDB, filled over a real broker by the real ingestor through influxdb-client's write API."""
    folder = tmp_path_factory.mktemp("grafana")
    with pytest.MonkeyPatch.context() as patch, Influxd(folder / "db") as server, Adapter(server.url) as adapter:
        patch.setenv("DASHBOARD_TOKEN", adapter.token)
        store = {"kind": "influxdb", "url": adapter.url, "bucket": "simpang", "token_env": "DASHBOARD_TOKEN"}
        with (
            Mosquitto(folder / "broker") as broker,
            Service(world.settings(folder, broker.url, store=store)),
            world.Sender(broker.port) as sender,
        ):
            world.wait(lambda: _subscribed(sender, server))
            sender.send(*windows())
            world.wait(lambda: server.count("traffic_event", "id") == 2 and _windows(server) >= 7)
            world.wait(lambda: server.count("traffic_gate", "intensity") == 2)
        yield server


def _subscribed(sender: world.Sender, server: Influxd) -> bool:
    """Whether what is sent arrives: a record sent before the first subscription of all goes to nobody."""
    sender.send(world.health(at_s=0.5))
    return server.count("camera_health", "online") > 0


def _windows(server: Influxd) -> int:
    return server.count("traffic_window", "observed_s")


def query_of(panel: dict[str, Any], camera: str = "(utara|selatan)") -> str:
    """The panel's query as Grafana would send it for the minutes of the story."""
    query: str = panel["targets"][0]["query"]
    return filled(query, camera)


def filled(query: str, camera: str = "(utara|selatan)") -> str:
    """A query with the dashboard's variables filled in."""
    end_ns = START_NS + 4 * MINUTE_NS
    changes = {
        "$timeFilter": f"time >= {START_NS} and time < {end_ns}",
        "$__interval": "1m",
        "$window": "900",
        "$camera": camera,
        "$approach": "(utara|selatan)",
    }
    for name, value in changes.items():
        query = query.replace(name, value)
    assert "$" not in re.sub(r"\$/", "/", query), query
    return query


def panel(part: str) -> dict[str, Any]:
    """The one panel whose title has this part."""
    (found,) = [item for item in BOARDS["operators"] if part in item["title"]]
    return found


def series(server: Influxd, part: str, column: str, camera: str = "utara") -> list[Any]:
    """A panel's values for one camera, minute by minute."""
    return [row[column] for row in server.query(query_of(panel(part))) if row["camera"] == camera]


@pytest.mark.parametrize("item", PANELS, ids=[item["title"].split(" / ")[0] for item in PANELS])
def test_every_panel_gets_rows_of_the_chosen_camera_only(influx: Influxd, item: dict[str, Any]) -> None:
    """Each panel's query runs on InfluxDB, has rows, and the camera variable filters them."""
    rows = influx.query(query_of(item, camera="utara"))
    assert rows
    assert {row["camera"] for row in rows} == {"utara"}


@pytest.mark.parametrize(
    ("part", "column", "values"),
    [
        # free is code 0, congested is code 2; a missing minute and an unknown state are both empty.
        pytest.param("Keadaan", "max", [0, 2, None, None], id="state"),
        pytest.param("Arus", "mean", [720.0, 840.0, None, None], id="flow"),
        pytest.param("Kecepatan", "mean", [22.4, 22.4, None, 22.4], id="speed"),
        pytest.param("Antrean", "max", [30.0, 140.0, None, None], id="queue"),
        pytest.param("Okupansi", "mean", [0.31, 0.31, None, 0.31], id="occupancy"),
        # 45 s of 60 s observed = 0.75
        pytest.param("Bagian", "mean", [0.75, 0.75, None, 0.75], id="observed"),
        pytest.param("siklus", "mean", [50.0, None, None, None], id="cycle"),
        pytest.param("Hijau", "mean", [19.5, None, None, None], id="green"),
    ],
)
def test_a_chart_shows_each_minute_and_leaves_gaps_open(
    influx: Influxd, part: str, column: str, values: list[float | None]
) -> None:
    """Values are those that were published; a minute without data or with an unknown figure is null, not zero."""
    assert series(influx, part, column) == values


def test_the_reason_table_shows_the_last_minute_of_each_approach(influx: Influxd) -> None:
    """One row per approach: its newest state with the reason in words."""
    rows = {row["camera"]: row for row in influx.query(query_of(panel("alasannya")))}
    assert set(rows) == {"utara", "selatan"}
    assert rows["utara"]["keadaan"] == "unknown"
    assert rows["utara"]["antrean_m"] is None
    assert rows["selatan"]["alasan"] == "antrean 140 m, 3 siklus tidak habis"
    assert rows["selatan"]["arus_kend_per_jam"] == 720.0


def test_the_camera_table_shows_what_each_worker_last_said(influx: Influxd) -> None:
    """Source, frame rate and outbox of the camera as published."""
    (row,) = influx.query(query_of(panel("Kamera")))
    assert (row["sumber"], row["fps_analisis"], row["antrean_kirim"]) == ("online", 8.0, 2)


def test_the_event_table_shows_an_ended_event_once_with_its_length(influx: Influxd) -> None:
    """Begin and end are one point; it lasted 300 s."""
    (row,) = [row for row in influx.query(query_of(panel("Kejadian"))) if row["id"] == "e1"]
    assert (row["id"], row["lama_s"], row["kejadian"]) == ("e1", 300.0, "congestion")


def test_events_of_one_kind_do_not_hide_one_another(influx: Influxd) -> None:
    """One that lasts has no length; both are rows of their own, with what, where and how grave."""
    rows = {row["id"]: row for row in influx.query(query_of(panel("Kejadian")))}
    assert {name: row["lama_s"] for name, row in rows.items()} == {"e1": 300.0, "e2": None}
    assert (rows["e2"]["kejadian"], rows["e2"]["approach"], rows["e2"]["tingkat"]) == ("congestion", "utara", "warning")


def planned(server: Influxd, part: str, target: int = 0) -> list[dict[str, Any]]:
    """The rows of a target of one of the planners' panels."""
    (found,) = [item for item in BOARDS["planners"] if item["title"].startswith(part)]
    return server.query(filled(found["targets"][target]["query"]))


def test_the_gates_are_counted_by_direction(influx: Influxd) -> None:
    """3 cars, 8 motorcycles and a bus went out; nobody came in, which is a true zero: it was watched for 45 s."""
    found = {row["direction"]: row for row in planned(influx, "Gerbang × arah")}
    assert {way: row["intensity"] for way, row in found.items()} == {"forward": 12, "backward": 0}
    assert (found["forward"]["count_bus"], found["forward"]["count_sm"], found["forward"]["observed_s"]) == (1, 8, 45.0)
    sums = {row["direction"]: row["sum"] for row in planned(influx, "Gerbang: kendaraan") if row["sum"] is not None}
    assert sums == {"forward": 12, "backward": 0}


def test_the_turning_sheet_has_movements_only(influx: Influxd) -> None:
    """One row: 9 vehicles turned left, three quarters of those traced."""
    (row,) = planned(influx, "Gerakan membelok")
    assert (row["movement"], row["intensity"], row["turn_share"], row["traced"]) == ("utara-left", 9, 0.75, 0.9)


def test_the_level_of_service_stands_with_its_standard(influx: Influxd) -> None:
    """The letter never comes alone."""
    letters = {(row["los"], row["los_standard"]) for row in planned(influx, "Tingkat pelayanan") if row["los"]}
    assert letters == {("D", "PM96-2015")}


def test_what_a_model_says_stands_beside_what_was_measured(influx: Influxd) -> None:
    """Measured 7 smp and 7 s, by formula 8 smp and 8 s, each in its own column with its reason."""
    (row,) = [row for row in planned(influx, "Antrean, henti, tundaan") if row["model_standard"]]
    assert (row["queue_at_green_smp"], row["model_queue_smp"]) == (7.0, 8.0)
    assert (row["control_delay_s"], row["model_delay_s"]) == (7.0, 8.0)
    assert (row["model_missing"], row["model_geometric_delay_s"]) == ("no_turn_share", None)


CURVES = [
    (item["title"], number)
    for item in BOARDS["planners"] if item["type"] == "timeseries" and "Gerbang" not in item["title"]
    for number in range(len(item["targets"]))
]  # fmt: skip


@pytest.mark.parametrize(("title", "target"), CURVES)
def test_every_curve_of_the_planners_draws_what_was_published(influx: Influxd, title: str, target: int) -> None:
    """Each aggregate of each chart has a value where the quarter hour has one: no field is misspelt."""
    values = [value for row in planned(influx, title, target) if row["camera"] == "utara"
              for name, value in row.items() if name in ("mean", "max", "sum") and value is not None]  # fmt: skip
    assert values


def test_no_stored_quantity_of_a_window_is_missing_from_the_dashboards() -> None:
    """Every field of a window's row stands in some query, but for codes and texts that others say again."""
    said = {"congested", "reason_code", "reason_en", "speed_n", "observed_ratio", "cycles", "cycle_s", "green_s",
            "cycle_confidence", "usual_n", "queue_max_vehicles", "queue_at_green_smp", "saturation_flow_vph",
            "speed_ratio", "late"}  # fmt: skip
    fields = set(WindowRow.__struct_fields__) - set(WindowRow.TAGS) - {"city", "time_ns"}
    text_of_all = "".join(target["query"] for item in PANELS for target in item["targets"])
    assert {name for name in fields - said if f'"{name}"' not in text_of_all} == set()


@pytest.mark.parametrize("name", BOARDS)
def test_the_committed_dashboards_are_what_the_code_makes(name: str) -> None:
    """No JSON was forgotten after a change: `python -m simpang_dashboards` writes the same."""
    assert (FOLDER / "json" / f"{name}.json").read_text(encoding="utf-8") == text(name)


def test_panels_and_provisioning_speak_of_the_same_data_source() -> None:
    """The data source that panels name is the one that Grafana is given, and it asks in InfluxQL."""
    given = yaml.safe_load((FOLDER / "provisioning" / "datasources" / "influxdb.yaml").read_text(encoding="utf-8"))
    (source,) = given["datasources"]
    assert source["jsonData"]["version"] == "InfluxQL"
    assert {item["targets"][0]["datasource"]["uid"] for item in PANELS} == {source["uid"]}


def test_provisioning_finds_the_folder_that_compose_mounts() -> None:
    """The path of the provider is where the compose file puts the dashboards' JSON."""
    provider = yaml.safe_load((FOLDER / "provisioning" / "dashboards" / "simpang.yaml").read_text(encoding="utf-8"))
    compose = yaml.safe_load((FOLDER.parent / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    path = provider["providers"][0]["options"]["path"]
    assert f"../dashboards/json:{path}:ro" in compose["services"]["grafana"]["volumes"]
