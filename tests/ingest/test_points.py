"""From messages to rows, and from rows to line protocol."""

import pytest
from msgspec.structs import replace
from simpang_edge.message import Channel, ClassSpeedX, GateX, ModelledX, QualityX, decode, encode, topic
from simpang_ingest.lines import field_names, line
from simpang_ingest.points import Cities, time_ns, to_rows
from simpang_ingest.rows import TABLES, CycleRow, EventRow, GateRow, HealthRow, WindowRow

from .world import START_S, cycle, event, flow, health, live, message, meta, status, window

NO_CITIES = Cities()
START_NS = 1_795_485_600_000_000_000


def only(message_: object, kind: type) -> object:
    """The one row of a message, after a trip over the wire."""
    name = topic(message_.site, message_.camera, message_.channel)  # type: ignore[attr-defined]
    (row,) = to_rows(decode(name, encode(message_)), NO_CITIES)  # type: ignore[arg-type]
    assert isinstance(row, kind)
    return row


def test_a_window_keeps_its_figures_and_its_unknowns() -> None:
    """Every figure of the message stands in the row under a name with its unit; what is unknown stays unknown."""
    row = only(window(2), WindowRow)
    assert isinstance(row, WindowRow)
    assert row.time_ns == START_NS + 120 * 10**9
    assert (row.from_s, row.to_s) == (START_S + 120, START_S + 180)
    assert (row.intensity, row.count_car, row.count_motorcycle, row.count_bus) == (2, 3, 8, None)
    assert (row.speed_kmh, row.flow_vph, row.queue_max_m) == (22.4, 738.5, None)
    assert row.observed_ratio == 0.75  # 45 of 60 seconds
    assert (row.state, row.state_code, row.flags) == ("dense", 1, "dark,night")
    assert row.reason_en == "queue 140 m, 3 cycles not cleared"


def test_percentiles_of_a_class_are_columns_of_their_own() -> None:
    """Those of a class with too few vehicles stay unknown."""
    speeds = {"SM": ClassSpeedX(n=31, p15_kmh=18.0, p50_kmh=36.0, p85_kmh=54.0)}
    row = only(window(1, speed_by_class=speeds), WindowRow)
    assert isinstance(row, WindowRow)
    columns = (row.speed_n_sm, row.speed_p15_sm_kmh, row.speed_p50_sm_kmh, row.speed_p85_sm_kmh)
    assert columns == (31, 18.0, 36.0, 54.0)
    assert (row.speed_n_mp, row.speed_p85_mp_kmh) == (None, None)


def test_what_a_model_says_is_in_columns_that_say_so() -> None:
    """A model's delay is never in the column of the measured one; why a figure is missing stands beside it."""
    made = ModelledX(standard="PKJI2023-5 formula", missing="no_turn_share", queue_smp=14.56, traffic_delay_s=34.6)
    row = only(window(1, modelled=made, control_delay_s=29.4), WindowRow)
    assert isinstance(row, WindowRow)
    assert (row.model_queue_smp, row.model_traffic_delay_s, row.model_delay_s) == (14.56, 34.6, None)
    assert (row.model_standard, row.model_missing) == ("PKJI2023-5 formula", "no_turn_share")
    assert (row.control_delay_s, row.queue_at_green_smp) == (29.4, None)


def test_each_direction_of_a_gate_is_a_point_of_its_own() -> None:
    """Beside the window's own point; bicycles and persons are no flow: 8 + 3 of the 13 that passed."""
    counts = {"motorcycle": 8, "car": 3, "bicycle": 1, "person": 1}
    gates = [
        GateX(gate="selatan", direction="forward", counts=counts, pkji_counts={"SM": 8, "MP": 3, "KTB": 1}, late=2),
        GateX(gate="selatan", direction="backward", counts={}, pkji_counts={}),
    ]
    flow_row, forward, backward = to_rows(window(2, gates=gates, class_rules="v1"), NO_CITIES)
    assert isinstance(flow_row, WindowRow)
    assert isinstance(forward, GateRow)
    assert isinstance(backward, GateRow)
    assert (forward.gate, forward.direction, forward.window, forward.time_ns) == (
        "selatan", "forward", 60, START_NS + 120 * 10**9,
    )  # fmt: skip
    assert (forward.intensity, forward.count_motorcycle, forward.count_bus, forward.late) == (11, 8, None, 2)
    assert (forward.count_sm, forward.count_ktb, forward.class_rules) == (8, 1, "v1")
    assert (forward.observed_s, forward.observed_ratio, forward.flags) == (45.0, 0.75, "dark,night")
    assert backward.intensity == 0
    tags = "traffic_gate,camera=utara,direction=forward,gate=selatan,site=tangsel,window=60 "
    assert line(forward).startswith(tags)


def test_a_gate_of_which_nothing_was_seen_is_stored_without_counts() -> None:
    """Unknown is not zero, and the coverage needs its row: both directions, with seconds and flags of the window."""
    flow_row, *gates = to_rows(window(2, gates_unseen=["selatan"]), NO_CITIES)
    assert isinstance(flow_row, WindowRow)
    assert [row.direction for row in gates if isinstance(row, GateRow)] == ["forward", "backward"]
    for row in gates:
        assert isinstance(row, GateRow)
        assert (row.intensity, row.count_car, row.count_sm, row.flags) == (None, None, None, "dark,night")
        assert "intensity" not in line(row)


def test_an_unknown_state_has_no_number() -> None:
    """A state timeline must not draw unknown as free."""
    row = only(window(1, state="unknown"), WindowRow)
    assert isinstance(row, WindowRow)
    assert row.state_code is None


def test_a_line_holds_tags_fields_and_time() -> None:
    """Tags in order, floats with a point, integers with an i, truth as a word, text in quotes, nothing for unknown."""
    row = only(cycle(), CycleRow)
    assert isinstance(row, CycleRow)
    assert line(row) == (
        "traffic_cycle,approach=utara,camera=utara,site=tangsel "
        'observed_s=50.0,method="discharge",cycle_s=50.0,green_s=19.5,queue_at_green_m=41.0,'
        "queue_beyond_view=false,discharged=11i 1795485600000000000"
    )


@pytest.mark.parametrize(
    ("movement", "tag"),
    [
        pytest.param("a,b=c d", r"a\,b\=c\ d", id="separators"),
        pytest.param("x\ny", r"x\ y", id="a line break would begin another point"),
        pytest.param("end\\", "end/", id="a backslash would join the next tag"),
        pytest.param('q"q', 'q"q', id="quotes mean nothing in a tag"),
    ],
)
def test_tags_cannot_break_out_of_their_place(movement: str, tag: str) -> None:
    """Whatever a movement is called, it stays one tag of one point."""
    row = only(message(Channel.WINDOW, [flow(0, movement=movement)]), WindowRow)
    assert isinstance(row, WindowRow)
    assert f",movement={tag}," in line(row)
    assert "\n" not in line(row)


def test_text_fields_are_escaped() -> None:
    """Quotes and backslashes of a text do not end it."""
    row = only(health(), HealthRow)
    assert isinstance(row, HealthRow)
    quoted = HealthRow(site="s", camera="c", time_ns=1, source='a"b\\c', online=1, boot=2)
    assert 'source="a\\"b\\\\c"' in line(quoted)


def test_not_a_number_is_left_out() -> None:
    """InfluxDB refuses a whole request for one NaN."""
    row = HealthRow(site="s", camera="c", time_ns=1, source="x", online=1, boot=2, fps_read=float("nan"),
                    cpu_pct=float("inf"))  # fmt: skip
    assert line(row) == 'camera_health,camera=c,site=s source="x",online=1i,frames_missed=0i,reconnects=0i,' \
        "outbox_dropped=0i,clock_steps=0i,boot=2i 1"  # fmt: skip


def test_no_field_shares_a_name_with_a_tag() -> None:
    """InfluxDB 3 has one column per name."""
    for kind in TABLES:
        assert not set(field_names(kind)) & {*kind.TAGS, "city", "time"}


def test_an_event_is_one_point_from_its_beginning_to_its_end() -> None:
    """Beginning and end have the same key; two events that begin in the same frame have not."""
    begun, ended = only(event("e-1"), EventRow), only(event("e-1", ended=True), EventRow)
    other = only(event("e-2"), EventRow)
    assert isinstance(begun, EventRow)
    assert isinstance(ended, EventRow)
    assert isinstance(other, EventRow)
    assert begun.time_ns == ended.time_ns != other.time_ns
    assert begun.time_ns // 1000 == START_NS // 1000  # the microsecond is that of the beginning
    assert (begun.end_s, ended.end_s, ended.duration_s) == (None, START_S + 300, 300.0)
    assert (begun.observed_s, ended.observed_s, begun.told_s) == (None, 250.0, START_S + 300)


def test_the_city_comes_from_the_configuration() -> None:
    """A tag must not depend on which messages came before: the site decides."""
    cities = Cities("Kota Tangerang Selatan", {"bogor": "Kota Bogor"})
    assert to_rows(window(1), cities)[0].city == "Kota Tangerang Selatan"
    assert to_rows(message(Channel.WINDOW, [flow(1)], site="bogor"), cities)[0].city == "Kota Bogor"


def test_live_and_status_are_not_stored() -> None:
    """What is true for two seconds is shown, not kept."""
    assert to_rows(live(), NO_CITIES) == to_rows(status(), NO_CITIES) == []


def test_times_are_exact() -> None:
    """No float stands between the message's microseconds and the stored nanoseconds."""
    assert time_ns(meta(boot=1).sent.replace(microsecond=123_457)) % 10**9 == 123_457_000


def test_the_row_of_a_counting_station_is_stored_as_its_gates() -> None:
    """A camera without approaches says nothing but what passed its gates: no row of unknowns about an approach."""
    gates = [GateX(gate="ruas-1", direction="forward", counts={"car": 3}, pkji_counts={"MP": 3})]
    plain = flow(2, gates=gates)
    own = replace(plain, x=replace(plain.x, scope="camera"))
    row = only(message(Channel.WINDOW, [own]), GateRow)
    assert isinstance(row, GateRow)
    assert (row.gate, row.intensity, row.observed_s) == ("ruas-1", 3, 45.0)


@pytest.mark.parametrize(
    ("flags", "stored"),
    [
        pytest.param([], "D", id="known"),
        pytest.param(["los_lower_bound", "queue_beyond_view"], "≥ D", id="D or worse"),
    ],
)
def test_a_level_of_service_that_is_a_bound_is_never_stored_as_a_plain_letter(flags: list[str], stored: str) -> None:
    """Screens, Grafana and the CSV file show the column as it is."""
    row = flow(1, los="D", los_standard="PM96-2015")
    known = replace(row.x, quality=QualityX(observed_s=60.0, score=1.0, flags=flags))
    (made,) = to_rows(message(Channel.WINDOW, [replace(row, x=known)]), NO_CITIES)
    assert isinstance(made, WindowRow)
    assert made.los == stored
