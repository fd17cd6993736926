"""SI rows become messages: FIWARE names, km/h and veh/h in one place, unknown stays null."""

import pytest
from simpang_edge import convert, data
from simpang_edge.data import ClassSpeeds, Cycle, Event, EventType, Measurement, Quality, Reason, Scope, State
from simpang_edge.message import Channel, ClassSpeedX, FlowRow, LiveRow, Message, decode, encode, topic, utc

from .meter_road import T0, Car, camera, drive, meter, path

SITE, CAMERA = "tangsel", camera()
FROM = 1_800_000_000.0


def window(**changes: object) -> Measurement:
    """A lane's minute, half of it observed: 8 motorcycles, 3 cars, 1 truck and a bicycle."""
    fields: dict[str, object] = {
        "from_s": FROM,
        "to_s": FROM + 60,
        "scope": Scope.LANE,
        "approach": "utara",
        "lane": 1,
        "quality": Quality(30.0, 0.5, ("night",)),
        "counts": (8, 3, 0, 1, 1, 2, 0),
        "flow_vps": 12 / 30,
        "flow_smps": 5.5 / 30,
        "emp": "PKJI2023-5-2-protected",
        "heavy_ratio": 1 / 12,
        "speed_time_mean_mps": 10.0,
        "speed_interval_mps": (9.5, 10.5),
        "speed_error_ratio": 0.0456,
        "speed_n": 12,
        "density_vpm": 0.025,
        "queue_max_m": 42.0,
        "queue_storage_ratio": 0.525,
        "state": State.DENSE,
        "reason": Reason("dense", "padat", "dense"),
    }
    return Measurement(**(fields | changes))  # type: ignore[arg-type]


def test_a_window_by_hand() -> None:
    """10 m/s is 36 km/h; 12 in 30 s are 1440 veh/h; smp 8·0.15 + 3·1.0 + 1·1.3 = 5.5 in 30 s are 660 smp/h.

    Bicycles and persons are counted but are no flow: intensity 8 + 3 + 1 = 12. Heavy: 1 of 12 is 8.3 %.
    """
    row = convert.window_row(SITE, CAMERA, window())
    assert row.id == "tangsel:utara:utara:lane:1"
    assert (row.lane_id, row.intensity, row.congested) == (1, 12, False)
    assert (row.date_observed_from, row.date_observed_to) == (utc(FROM), utc(FROM + 60))
    assert row.average_vehicle_speed == 36.0
    own = row.x
    assert (own.flow_vph, own.flow_smph, own.emp, own.heavy_pct) == (1440.0, 660.0, "PKJI2023-5-2-protected", 8.3)
    assert (own.speed_low_kmh, own.speed_high_kmh, own.speed_error_pct) == (34.2, 37.8, 4.6)
    assert (own.density_vpkm, own.queue_storage_pct, own.window_s) == (25.0, 52.5, 60)
    assert own.counts == {
        "motorcycle": 8, "car": 3, "bus": 0, "truck": 1, "bicycle": 1, "person": 2, "three_wheeler": 0,
    }  # fmt: skip
    assert (own.quality.observed_s, own.quality.score, own.quality.flags) == (30.0, 0.5, ["night"])


def test_percentiles_of_a_class_in_kmh() -> None:
    """5, 10 and 15 m/s are 18, 36 and 54 km/h."""
    row = convert.window_row(SITE, CAMERA, window(class_speeds=(ClassSpeeds("SM", 31, 5.0, 10.0, 15.0),)))
    assert row.x.speed_by_class == {"SM": ClassSpeedX(n=31, p15_kmh=18.0, p50_kmh=36.0, p85_kmh=54.0)}


def test_unknown_stays_unknown() -> None:
    """A window of which nothing was seen has no zeros in it: every figure is null, and so is "congested"."""
    bare = Measurement(from_s=FROM, to_s=FROM + 900, scope=Scope.APPROACH, approach="utara", quality=Quality(0.0, 0.0))
    row = convert.window_row(SITE, CAMERA, bare)
    assert row.id == "tangsel:utara:utara:approach"
    assert (row.lane_id, row.intensity, row.occupancy, row.congested) == (None, None, None, None)
    own = row.x
    known = {"scope", "approach", "window_s", "quality", "late", "speed_n", "state"}
    assert {name for name in own.__struct_fields__ if getattr(own, name) is not None} == known
    assert own.state == "unknown"


@pytest.mark.parametrize(
    ("state", "congested"),
    [
        (State.FREE, False),
        (State.DENSE, False),
        (State.CONGESTED, True),
        (State.JAMMED, True),
        (State.UNKNOWN, None),
    ],
)
def test_congested_is_a_fact_or_unknown(state: State, congested: bool | None) -> None:
    """FIWARE's flag follows the state; unknown is not "not congested"."""
    assert convert.window_row(SITE, CAMERA, window(state=state)).congested is congested


def test_an_empty_minute_is_zero_flow_and_no_share_of_heavy_vehicles() -> None:
    """Seen and empty: 0 vehicles, 0 veh/h, 0 smp/h; a share of nothing is unknown."""
    row = convert.window_row(SITE, CAMERA, window(counts=(0,) * 7, flow_vps=0.0, flow_smps=0.0, heavy_ratio=None))
    assert (row.intensity, row.x.flow_vph, row.x.flow_smph, row.x.heavy_pct) == (0, 0.0, 0.0, None)


def test_a_cycle_by_hand() -> None:
    """50 s from green to green; 0.5 vehicles a second are 1800 veh/h."""
    cycle = Cycle(
        from_s=FROM, to_s=FROM + 50, approach="utara", quality=Quality(50.0, 1.0), method="discharge",
        confidence=0.804, green_s=19.54, queue_at_green_vehicles=9, saturation_flow_vps=0.5,
    )  # fmt: skip
    row = convert.cycle_row(cycle)
    assert (row.cycle_s, row.green_s, row.confidence) == (50.0, 19.5, 0.8)
    assert (row.queue_at_green_vehicles, row.saturation_flow_vph) == (9, 1800.0)
    assert (row.residual_queue_vehicles, row.queue_beyond_view) == (None, None)


def test_capacity_signal_and_turning_by_hand() -> None:
    """0.55 smp/s are 1980 smp/h; 12.5 m/s are 45 km/h; PKJI classes by name; the meter's own smp comes first."""
    row = convert.window_row(
        SITE,
        CAMERA,
        window(
            flow_smps=0.25, emp="PKJI2023-5-2-opposed", pkji_counts=(8, 3, 1, 0, 0, 1), capacity_smps=0.55, dj=0.4545,
            heavy_ratio=0.25, usual_speed_mps=12.5, usual_flow_vps=0.1, arrivals_on_green_ratio=0.6, tti=1.25,
            arrivals_on_green_margin_ratio=0.08,
        ),
    )  # fmt: skip
    own = row.x
    assert (own.flow_smph, own.emp, own.capacity_smph, own.dj) == (900.0, "PKJI2023-5-2-opposed", 1980.0, 0.455)
    assert own.pkji_counts == {"SM": 8, "MP": 3, "KS": 1, "BB": 0, "TB": 0, "KTB": 1}
    assert (own.heavy_pct, own.usual_speed_kmh, own.usual_flow_vph) == (25.0, 45.0, 360.0)
    assert (own.arrivals_on_green, own.arrivals_on_green_margin, own.tti, own.los) == (0.6, 0.08, 1.25, None)


def test_begin_and_end_of_an_event_share_the_id() -> None:
    """An open event has no end; words in both languages."""
    reason = Reason("slow", "8 km/jam", "8 km/h")
    event = Event(
        id="utara-utara-congestion-1", type=EventType.CONGESTION, begin_s=FROM, end_s=None, severity="warning",
        approach="utara", reason=reason,
    )  # fmt: skip
    row = convert.event_row(event)
    assert (row.id, row.type, row.begin, row.end, row.severity) == (
        "utara-utara-congestion-1", "congestion", utc(FROM), None, "warning",
    )  # fmt: skip
    assert row.reason is not None
    assert (row.reason.id, row.reason.en) == ("8 km/jam", "8 km/h")


def test_a_live_row_by_hand() -> None:
    """5 m/s is 18 km/h; 0.2 vehicles a second are 720 veh/h."""
    live = data.LiveRow(
        time_s=FROM, scope=Scope.APPROACH, approach="utara", vehicles_in_view=9, counts=(1, 2, 0, 0, 0, 0, 0),
        observed_s=61.04, flow_vps=0.2, speed_mps=5.0, queue_m=24.04, queue_vehicles=4, state=State.FREE,
    )  # fmt: skip
    row = convert.live_rows([live])[0]
    assert (row.flow_vph, row.speed_kmh, row.queue_m, row.observed_s) == (720.0, 18.0, 24.0, 61.0)
    assert row.counts is not None
    assert (row.counts["motorcycle"], row.counts["car"]) == (1, 2)


def test_what_a_meter_says_decodes_as_a_message() -> None:
    """Ranges of the contract hold for real rows: windows with and without traffic, and live rows."""
    engine = meter(60)
    cars = [Car(i + 1, path((3 * i, 80), (3 * i + 9, -10)), lane=1 + i % 2) for i in range(25)]
    done = drive(engine, cars, 0, 70) + engine.advance(T0 + 190) + engine.finish(T0 + 190)
    rows = [convert.window_row(SITE, CAMERA, row) for row in done.windows]
    live = convert.live_rows(engine.live(T0 + 70))

    fields = {"site": SITE, "camera": "utara", "boot": 1, "seq": 1, "sent": utc(T0)}
    window = encode(Message[FlowRow](channel=Channel.WINDOW, rows=rows, **fields))  # type: ignore[arg-type]
    now = encode(Message[LiveRow](channel=Channel.LIVE, rows=live, **fields))  # type: ignore[arg-type]
    assert len(decode(topic(SITE, "utara", Channel.WINDOW), window).rows) == 3 * 4
    assert len(decode(topic(SITE, "utara", Channel.LIVE), now).rows) == 3
