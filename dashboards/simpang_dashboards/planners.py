"""The planners' dashboard: counts over gates and by movement, speeds, delay, signal, service, friction, and how far
each figure can be believed."""

from typing import Final

from grafana_foundation_sdk.builders import dashboard as board
from grafana_foundation_sdk.builders import table, timeseries
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as models

from .influxql import CHOSEN, SOURCE, InfluxQuery, rows
from .operators import NAME, UNKNOWN, variable

WINDOW: Final = "\"window\" = '$window'"
APPROACH: Final = f"{WINDOW} AND \"scope\" = 'approach' AND {CHOSEN}"
GATE: Final = f'{WINDOW} AND "camera" =~ /^$camera$/'
GATE_NAME: Final = "$tag_site/$tag_camera · $tag_gate $tag_direction"
KINDS: Final = ("motorcycle", "car", "bus", "truck", "three_wheeler", "bicycle", "person")
PKJI: Final = ("sm", "mp", "ks", "bb", "tb", "ktb")

Lines = tuple[tuple[str, str], ...]
"""Aggregates of a chart, and what stands behind the approach's name for each."""

CHARTS: Final[tuple[tuple[str, str, Lines], ...]] = (
    ("Arus smp / flow in pcu (smp/jam · pcu/h)", "none", (('mean("flow_smph")', ""),)),
    ("Kelas PKJI / PKJI classes (kend · veh)", "none", tuple((f'sum("count_{one}")', one.upper()) for one in PKJI)),
    ("Arus dan biasanya / flow and the usual (kend/jam · veh/h)", "none",
     (('mean("flow_vph")', ""), ('mean("usual_flow_vph")', "biasa / usual"))),
    ("Kendaraan berat / heavy vehicles", "percent", (('mean("heavy_pct")', ""),)),
    ("Kecepatan di garis dan selang 95 % / speed at the line and its 95 % interval", "velocitykmh",
     (('mean("speed_kmh")', ""), ('mean("speed_low_kmh")', "≥"), ('mean("speed_high_kmh")', "≤"))),
    ("Persentil kecepatan / speed percentiles", "velocitykmh",
     tuple((f'mean("speed_p{part}_kmh")', f"v{part}") for part in (15, 50, 85))),
    ("v85 menurut kelas / v85 by class", "velocitykmh",
     tuple((f'mean("speed_p85_{one}_kmh")', one.upper()) for one in ("sm", "mp", "ks"))),
    ("Kecepatan ruang dan biasanya / space-mean speed and the usual", "velocitykmh",
     (('mean("speed_space_mean_kmh")', ""), ('mean("usual_speed_kmh")', "biasa / usual"))),
    ("Tundaan per kendaraan / delay per vehicle", "s",
     (('mean("control_delay_s")', ""), ('mean("stopped_delay_s")', "henti / stopped"))),
    ("Tundaan: terukur dan T model PKJI 2023 / delay: measured and T by PKJI's model", "s",
     (('mean("control_delay_s")', "terukur / measured"), ('mean("model_delay_s")', "model (s/smp)"))),
    ("Antrean saat hijau: terukur dan Nq model PKJI 2023 / queue at green: measured and Nq by PKJI's model (smp · pcu)",
     "none", (('mean("queue_at_green_smp")', "terukur / measured"), ('mean("model_queue_smp")', "model"))),
    ("Henti per kendaraan / stops per vehicle", "none", (('mean("stops_per_vehicle")', ""),)),
    ("Waktu tempuh / travel time", "s", (('mean("travel_time_s")', ""),)),
    ("Indeks waktu tempuh (TTI) / travel-time index", "none", (('mean("tti")', ""),)),
    ("Kerapatan / density (kend/km · veh/km)", "none", (('mean("density_vpkm")', ""),)),
    ("Luas jalan terisi / road area filled", "percentunit", (('mean("area_occupancy")', ""),)),
    ("Garis hitung terlihat / counting line in view", "percentunit", (('mean("line_seen")', ""),)),
    ("Berhenti menghalangi (ruas) / standing in the way (links)", "none", (('max("obstacles")', ""),)),
    ("Waktu antara / headway", "s", (('mean("headway_s")', ""),)),
    ("Jarak antara dan panjang / gap and length", "lengthm",
     (('mean("gap_m")', ""), ('mean("length_m")', "panjang / length"))),
    ("Antrean: ruang terpakai / queue: storage filled", "percent", (('max("queue_storage_pct")', ""),)),
    ("Antrean saat hijau dan sisa / queue at green and residual (kend · veh)", "none",
     (('mean("queue_at_green_vehicles")', ""), ('mean("residual_queue_vehicles")', "sisa / residual"))),
    ("Kedatangan saat hijau / arrivals on green", "percentunit", (('mean("arrivals_on_green")', ""),)),
    ("Gagal hijau / split failures", "percentunit", (('mean("split_fail_ratio")', ""),)),
    ("Arus jenuh dan kapasitas / saturation flow and capacity (smp/jam · pcu/h)", "none",
     (('mean("saturation_flow_smph")', "J"), ('mean("capacity_smph")', "C"))),
    ("Derajat kejenuhan DJ / degree of saturation", "none", (('mean("dj")', ""),)),
    ("Hambatan samping / side friction (per jam, 200 m · per h, 200 m)", "none", (('mean("side_friction")', ""),)),
    ("Nilai mutu / quality score", "percentunit", (('mean("quality")', ""),)),
)  # fmt: skip


def build() -> models.Dashboard:
    """The dashboard."""
    start = (
        board.Dashboard("Simpang – perencana / planners")
        .uid("simpang-planners")
        .tags(["simpang"])
        .description("Hitungan per gerbang dan gerakan, kecepatan, tundaan, lampu, pelayanan, hambatan, mutu.")
        .timezone("browser")
        .time("now-24h", "now")
        .refresh("1m")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .with_variable(variable("camera", "Kamera / camera"))
        .with_variable(variable("approach", "Pendekat / approach"))
        .with_variable(_window())
    )
    for panel in (*_gates(), *_turns(), *_service(), *(_chart(*one) for one in CHARTS), *_lists()):
        start = start.with_panel(panel)
    return start.build()


def _window() -> board.CustomVariable:
    quarter = models.VariableOption(text="900", value="900", selected=True)
    return board.CustomVariable("window").label("Jendela, detik / window, s").values("900,60").current(quarter)


def _gates() -> tuple[timeseries.Panel | table.Panel, ...]:
    def chart(title: str, unit: str, expression: str) -> timeseries.Panel:
        query = (
            f'SELECT {expression} FROM "traffic_gate" WHERE {GATE} AND $timeFilter '
            'GROUP BY time($__interval), "site", "camera", "gate", "direction" fill(null)'
        )
        return _plain(title, unit).with_target(InfluxQuery(query, GATE_NAME))

    shown = _columns("gate", "direction", "intensity", *_counts(), "late", "observed_s", "flags")
    return (
        chart("Gerbang: kendaraan / gates: vehicles (kend · veh)", "none", 'sum("intensity")'),
        chart("Gerbang: bagian teramati / gates: observed share", "percentunit", 'mean("observed_ratio")').max(1),
        _table("Gerbang × arah × jenis / gate × direction × class", rows(shown, "traffic_gate", GATE)),
    )


def _turns() -> tuple[table.Panel, ...]:
    where = f"{WINDOW} AND \"scope\" = 'movement' AND {CHOSEN}"
    shown = _columns("approach", "movement", "intensity", "turn_share", "traced", "flow_smph", "emp", *_counts(),
                     "observed_s", "flags")  # fmt: skip
    return (_table("Gerakan membelok / turning movements", rows(shown, "traffic_window", where)),)


def _service() -> tuple[table.Panel, ...]:
    service = _columns("approach", "los", "los_standard", "dj", "capacity_smph", "capacity_standard", "control_delay_s",
                       "delay_n", "headway_n", "cycle_method", "emp", "class_rules", "observed_s", "quality",
                       "flags")  # fmt: skip
    model = _columns("approach", "dj", "capacity_smph", "cycle_s", "green_s", "residual_queue_vehicles",
                     "model_residual_smp", "model_red_smp", "queue_at_green_smp", "model_queue_smp", "model_queue_m",
                     "stops_per_vehicle", "model_stops_per_smp", "model_traffic_delay_s", "model_geometric_delay_s",
                     "control_delay_s", "delay_n", "model_delay_s", "model_standard", "model_missing",
                     "observed_s", "flags")  # fmt: skip
    return (
        _table("Tingkat pelayanan / level of service", rows(service, "traffic_window", APPROACH)),
        _table(
            "Antrean, henti, tundaan: terukur dan model_* menurut rumus PKJI 2023 / measured, and model_* by formula",
            rows(model, "traffic_window", APPROACH),
        ),
    )


def _lists() -> tuple[table.Panel, ...]:
    cycles = _columns(
        "approach", "method", "confidence", "cycle_s", "green_s", "red_s", "intergreen_s", "plan",
        "queue_at_green_vehicles", "queue_at_green_smp", "queue_at_green_m", "residual_queue_vehicles", "queue_max_m",
        "queue_beyond_view", "discharged", "saturation_flow_vph", "saturation_flow_smph", "arrivals",
        "arrivals_on_green", "arrivals_on_green_margin", "occupancy_green", "occupancy_red", "split_fail",
        "control_delay_s", "stopped_delay_s",
        "stops_per_vehicle", "delay_n", "observed_s", "flags",
    )  # fmt: skip
    speeds = _columns("approach", "speed_n", "speed_error_pct",
                      *(f"speed_{part}_{one}{end}" for one in ("sm", "mp", "ks")
                      for part, end in (("n", ""), ("p15", "_kmh"), ("p50", "_kmh"), ("p85", "_kmh"))))  # fmt: skip
    friction = _columns("approach", "side_friction", "side_friction_class", "pedestrians", "friction_stops",
                        "friction_crossings", "friction_entries", "friction_slow", "observed_s", "flags")  # fmt: skip
    return (
        _table("Siklus lampu / signal cycles", rows(cycles, "traffic_cycle", CHOSEN)),
        _table("Kecepatan menurut kelas dan n / speeds by class and n", rows(speeds, "traffic_window", APPROACH)),
        _table(
            "Hambatan samping dan bagiannya / side friction and its parts", rows(friction, "traffic_window", APPROACH)
        ),
    )


def _counts() -> tuple[str, ...]:
    return tuple(f"count_{one}" for one in (*KINDS, *PKJI))


def _columns(*names: str) -> str:
    """Site and camera first; fields and tags keep their names, which hold the unit."""
    return ", ".join(f'"{name}"' for name in ("site", "camera", *names))


def _table(title: str, query: str) -> table.Panel:
    return (
        table.Panel()
        .title(title)
        .datasource(SOURCE)
        .with_target(InfluxQuery(query, table=True))
        .no_value(UNKNOWN)
        .height(9)
        .span(24)
    )


def _chart(title: str, unit: str, lines: Lines) -> timeseries.Panel:
    panel = _plain(title, unit)
    for place, (expression, label) in enumerate(lines):
        query = (
            f'SELECT {expression} FROM "traffic_window" WHERE {APPROACH} AND $timeFilter '
            'GROUP BY time($__interval), "site", "camera", "approach" fill(null)'
        )
        panel = panel.with_target(InfluxQuery(query, f"{NAME} {label}".strip(), ref=chr(ord("A") + place)))
    return panel


def _plain(title: str, unit: str) -> timeseries.Panel:
    """Points and lines; a window that is not known is a gap. One point per window: as long as it is the interval."""
    return (
        timeseries.Panel()
        .title(title)
        .datasource(SOURCE)
        .interval("${window}s")
        .unit(unit)
        .min(0)
        .span_nulls(False)
        .show_points(common.VisibilityMode.ALWAYS)
        .height(8)
        .span(12)
    )
