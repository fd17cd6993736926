"""The operators' dashboard: what is congested now, why, since when, and whether the cameras can be believed."""

from typing import Final

from grafana_foundation_sdk.builders import dashboard as board
from grafana_foundation_sdk.builders import statetimeline, table, timeseries
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as models

from .influxql import APPROACH_MINUTES, CHOSEN, PER_APPROACH, SOURCE, InfluxQuery, last, per_minute, rows

NAME: Final = "$tag_site/$tag_camera · $tag_approach"
UNKNOWN: Final = "tidak diketahui / unknown"

STATES: Final = (
    ("0", "lancar / free", "#2f9e62"),
    ("1", "padat / dense", "#d9a514"),
    ("2", "macet / congested", "#e0672a"),
    ("3", "macet total / jammed", "#c22f3d"),
)
"""State code → words and colour; a row whose state is unknown has no code."""


def build() -> models.Dashboard:
    """The dashboard."""
    start = (
        board.Dashboard("Simpang – operator")
        .uid("simpang-operators")
        .tags(["simpang"])
        .description("Keadaan, alasan, antrean, kecepatan dan arus per pendekat; dan keadaan kamera.")
        .timezone("browser")
        .time("now-3h", "now")
        .refresh("10s")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .with_variable(variable("camera", "Kamera / camera"))
        .with_variable(variable("approach", "Pendekat / approach"))
    )
    for panel in (*_now(), *_charts(), *_signal(), *_trust()):
        start = start.with_panel(panel)
    return start.build()


def variable(tag: str, label: str) -> board.QueryVariable:
    """A choice among the tag's values, all of them at first."""
    return (
        board.QueryVariable(tag)
        .label(label)
        .datasource(SOURCE)
        .query(f'SHOW TAG VALUES FROM "traffic_window" WITH KEY = "{tag}"')
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .current(models.VariableOption(text="All", value="$__all", selected=True))
    )


def _now() -> tuple[statetimeline.Panel, table.Panel]:
    states = (
        statetimeline.Panel()
        .title("Keadaan / state")
        .description("Kosong berarti tidak diketahui atau tidak ada data, bukan lancar. Empty is unknown, not free.")
        .datasource(SOURCE)
        .interval("1m")
        .with_target(InfluxQuery(per_minute('max("state_code")'), NAME))
        .mappings([_state_words()])
        .show_value(common.VisibilityMode.NEVER)
        .height(7)
        .span(14)
    )
    fields = (
        'last("state") AS "keadaan", "reason_id" AS "alasan", "queue_max_m" AS "antrean_m", '
        '"speed_kmh" AS "kecepatan_kmh", "flow_vph" AS "arus_kend_per_jam", "observed_s" AS "teramati_s"'
    )
    reasons = (
        table.Panel()
        .title("Menit terakhir dan alasannya / last minute and its reason")
        .datasource(SOURCE)
        .with_target(InfluxQuery(last(fields, "traffic_window", APPROACH_MINUTES, PER_APPROACH), table=True))
        .no_value(UNKNOWN)
        .height(7)
        .span(10)
    )
    return states, reasons


def _charts() -> tuple[timeseries.Panel, ...]:
    return (
        _chart("Arus / flow", 'mean("flow_vph")', "none").axis_label("kend/jam · veh/h"),
        _chart("Kecepatan di garis henti / speed at the stop line", 'mean("speed_kmh")', "velocitykmh"),
        _chart("Antrean terpanjang / longest queue", 'max("queue_max_m")', "lengthm"),
        _chart("Okupansi / occupancy", 'mean("occupancy")', "percentunit").max(1),
    )


def _signal() -> tuple[timeseries.Panel, ...]:
    def chart(title: str, expression: str) -> timeseries.Panel:
        query = per_minute(expression, "traffic_cycle", CHOSEN)
        return _plain(title, "s").with_target(InfluxQuery(query, NAME)).show_points(common.VisibilityMode.ALWAYS)

    return (
        chart("Panjang siklus terukur / measured cycle", 'mean("cycle_s")'),
        chart("Hijau terukur / measured green", 'mean("green_s")'),
    )


def _trust() -> tuple[timeseries.Panel | table.Panel, ...]:
    share = _chart("Bagian yang teramati / observed share", 'mean("observed_ratio")', "percentunit").max(1)
    health = (
        'last("source") AS "sumber", "source_detail" AS "keterangan", "fps_analysed" AS "fps_analisis", '
        '"latency_ms" AS "latensi_ms", "frames_missed" AS "bingkai_terlewat", "reconnects" AS "sambung_ulang", '
        '"outbox_messages" AS "antrean_kirim", "disk_free_mb" AS "disk_sisa_mb"'
    )
    cameras = (
        table.Panel()
        .title("Kamera: kabar terakhir / cameras: last heard")
        .datasource(SOURCE)
        .with_target(
            InfluxQuery(last(health, "camera_health", '"camera" =~ /^$camera$/', '"site", "camera"'), table=True)
        )
        .no_value(UNKNOWN)
        .height(8)
        .span(12)
    )
    fields = (
        '"site", "camera", "approach", "lane", "zone", "event" AS "kejadian", "severity" AS "tingkat", '
        '"cause" AS "sebab", "reason_id" AS "alasan", "duration_s" AS "lama_s", "observed_s" AS "teramati_s", "id"'
    )
    events = (
        table.Panel()
        .title("Kejadian / events")
        .description(
            "Waktu: mulainya. lama_s kosong: masih berlangsung, atau kameranya diam; teramati_s: detik yang terlihat. "
            "Time: its begin. lama_s empty: it lasts, or its camera is silent; teramati_s: seconds seen of it."
        )
        .datasource(SOURCE)
        .with_target(InfluxQuery(rows(fields, "traffic_event", '"camera" =~ /^$camera$/'), table=True))
        .no_value("–")
        .height(8)
        .span(24)
    )
    return share, cameras, events


def _chart(title: str, expression: str, unit: str) -> timeseries.Panel:
    return _plain(title, unit).with_target(InfluxQuery(per_minute(expression), NAME))


def _plain(title: str, unit: str) -> timeseries.Panel:
    """A line chart that shows a gap as a gap."""
    return (
        timeseries.Panel()
        .title(title)
        .datasource(SOURCE)
        .interval("1m")
        .unit(unit)
        .min(0)
        .span_nulls(False)
        .fill_opacity(8)
        .height(8)
        .span(12)
    )


def _state_words() -> models.ValueMap:
    words = {
        code: models.ValueMappingResult(text=text, color=color, index=place)
        for place, (code, text, color) in enumerate(STATES)
    }
    return models.ValueMap(options=words)
