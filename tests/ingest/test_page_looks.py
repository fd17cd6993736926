"""What the page says of a camera, from its messages and their ages alone."""

import re

import pytest
from simpang_edge.message import (
    ApproachMeta,
    Channel,
    HealthRow,
    LaneMeta,
    LiveRow,
    Message,
    MetaRow,
    QualityX,
    StatusRow,
    utc,
)
from simpang_edge.message import Words as Sentence
from simpang_ingest.clock import FakeClock
from simpang_ingest.errors import ConfigurationError
from simpang_ingest.live import LiveBoard
from simpang_ingest.page.cards import Teller, card_body, card_head, error_text
from simpang_ingest.page.charts import in_slots, slots, spark
from simpang_ingest.page.faces import Face
from simpang_ingest.page.figures import LocalTime, number, span, with_unit
from simpang_ingest.page.looks import CameraLook, look_at, tally, worst_first
from simpang_ingest.page.markup import tag
from simpang_ingest.page.ports import Compared
from simpang_ingest.page.settings import ScreenSettings
from simpang_ingest.page.tables import HourSum, cycle_table, health_table, hour_table, live_table
from simpang_ingest.page.trail import Trails
from simpang_ingest.page.words import EN, ID
from simpang_ingest.rows import CameraKey, CycleRow, WindowRow

NOW_S = 1_795_485_600.0  # 2026-11-24T02:00:00Z, 09:00:00 in Jakarta
SETTINGS = ScreenSettings()
TELLER = Teller(ID, LocalTime(SETTINGS.zone), SETTINGS)
WHY = Sentence("queue_not_cleared", "antrean 140 m, 3 siklus tidak habis", "queue 140 m, 3 cycles not cleared")


class World:
    """A board, and a clock that is moved by hand."""

    def __init__(self) -> None:
        self.clock = FakeClock(NOW_S)
        self.board = LiveBoard(self.clock)

    def put(self, channel: Channel, *rows: object, camera: str = "utara", boot: int = 1) -> None:
        self.board.put(
            Message(
                channel=channel,
                site="kota",
                camera=camera,
                boot=boot,
                seq=0,
                sent=utc(self.clock.now()),
                rows=list(rows),
            )  # type: ignore[type-var,arg-type]
        )

    def live(self, camera: str = "utara", **figures: object) -> None:
        row = LiveRow(scope="approach", approach="a", **figures)  # type: ignore[arg-type]
        self.put(Channel.LIVE, row, camera=camera)

    def look(self, camera: str = "utara") -> CameraLook:
        view = self.board.camera(CameraKey("kota", camera))
        assert view is not None
        return look_at(view, SETTINGS, self.clock.now())


@pytest.fixture
def world() -> World:
    """An empty board at nine in the morning."""
    return World()


def meta(name: str = "Utara", **more: object) -> MetaRow:
    """A camera with one approach of two lanes."""
    approach = ApproachMeta(id="a", name="Lengan A", lanes=[LaneMeta(id=1), LaneMeta(id=2)], length_m=80.0)
    return MetaRow(
        name=name,
        approaches=[approach],
        software="0",
        config_hash="0",
        analysis_fps=8.0,
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("age_s", "face"),
    [
        pytest.param(0.0, Face.JAMMED, id="data of now is shown as it is"),
        pytest.param(9.9, Face.JAMMED, id="up to ten seconds it is still now"),
        pytest.param(10.1, Face.STALE, id="after ten seconds the data has stopped"),
        pytest.param(59.9, Face.STALE, id="and stays so for a minute"),
        pytest.param(60.1, Face.OFFLINE, id="after a minute the camera is offline"),
    ],
)
def test_a_state_is_shown_only_as_long_as_its_data_is_of_now(world: World, age_s: float, face: Face) -> None:
    """Live data is current for ten seconds, then stale, then the camera counts as offline."""
    world.live(state="jammed", reason=WHY, queue_m=140.0)
    world.clock.advance(age_s)
    assert world.look().face is face


def test_a_last_will_is_offline_at_once_with_its_time(world: World) -> None:
    """When the broker says that a worker is gone nobody waits for its data to grow old."""
    world.live(state="free")
    world.put(Channel.STATUS, StatusRow(state="offline", since=utc(NOW_S - 60)))
    look = world.look()
    assert (look.face, look.since_s) == (Face.OFFLINE, NOW_S - 60)
    assert "pengolah kamera berhenti · sejak 08:59:00 WIB" in card_body(look, TELLER)  # 09:00:00 less one minute


def test_a_camera_that_only_introduced_itself_is_unknown_and_says_why(world: World) -> None:
    """Retained messages tell what a camera is, not how its road is."""
    world.put(Channel.META, meta())
    assert world.look().face is Face.UNKNOWN
    assert ID.no_live_yet in card_body(world.look(), TELLER)


def test_a_lost_picture_makes_the_camera_offline_with_the_sources_words(world: World) -> None:
    """A worker that lives but sees nothing says what its source said."""
    world.put(Channel.HEALTH, HealthRow(source="offline", source_detail="connection refused"))
    world.live(state="unknown")
    assert world.look().face is Face.OFFLINE
    assert "gambar kamera terputus: connection refused" in card_body(world.look(), TELLER)


def test_old_news_of_a_lost_picture_does_not_hide_figures_of_now(world: World) -> None:
    """Health comes every 30 s: live data that is known is newer than it."""
    world.put(Channel.HEALTH, HealthRow(source="offline"))
    world.live(state="dense")
    assert world.look().face is Face.DENSE


def test_a_state_of_a_newer_version_is_unknown(world: World) -> None:
    """A word that this page does not know is no reason to show the road as free."""
    world.live(state="gridlock")
    assert world.look().face is Face.UNKNOWN


@pytest.mark.parametrize("state", ["stale", "offline"])
def test_a_worker_cannot_name_its_road_stale(world: World, state: str) -> None:
    """Faces of the page are not states of the road."""
    world.live(state=state)
    assert world.look().face is Face.UNKNOWN


def test_the_worst_known_approach_speaks_for_the_camera(world: World) -> None:
    """One approach that is not known hides neither a jam nor a free road."""
    rows = [LiveRow(scope="approach", approach=name, state=state)
            for name, state in (("a", "free"), ("b", "congested"), ("c", "unknown"))]  # fmt: skip
    world.put(Channel.LIVE, *rows)
    assert world.look().face is Face.CONGESTED
    world.put(Channel.LIVE, rows[0], rows[2])
    assert world.look().face is Face.FREE


def test_unknown_figures_are_a_dash_and_never_zero(world: World) -> None:
    """What was not measured is a dash with words, in the card and in the tables."""
    world.put(Channel.META, meta())
    world.live(state="unknown")
    for shown in (card_body(world.look(), TELLER), live_table(world.look(), TELLER)):
        assert ">–<" in shown
        assert ">0<" not in shown
        assert "0 km" not in shown
    assert ID.not_measured in card_body(world.look(), TELLER)


def test_a_measured_zero_is_shown_as_zero(world: World) -> None:
    """No queue is a figure, not a gap."""
    world.live(state="free", queue_m=0.0)
    assert '<span class="live-only">0</span>' in card_body(world.look(), TELLER)


def test_a_queue_that_leaves_the_view_is_at_least_that_long(world: World) -> None:
    """The figure says itself that it is a lower bound."""
    world.live(state="jammed", queue_m=80.0, queue_beyond_view=True)
    assert "≥ 80" in card_body(world.look(), TELLER)


@pytest.mark.parametrize(
    ("score", "flags", "card", "cell"),
    [
        pytest.param(0.65, ["dirty"], "kualitas gambar 0,65 · lensa kotor", "lensa kotor", id="poor"),
        pytest.param(0.4, [], "kualitas gambar 0,40", "0,40", id="seconds-missing"),
        pytest.param(0.9, ["rain"], None, "hujan", id="good-enough-for-a-card"),
    ],
)
def test_how_well_the_last_minute_was_seen_is_told(
    world: World, score: float, flags: list[str], card: str | None, cell: str
) -> None:
    """The camera's table says it always, a card below 0.8."""
    world.put(Channel.META, meta())
    world.live(state="dense", quality=QualityX(observed_s=55.0, score=score, flags=flags))
    assert cell in live_table(world.look(), TELLER)
    shown = card_body(world.look(), TELLER)
    assert (card in shown) if card else ("kualitas gambar" not in shown)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        pytest.param(None, "0,68", id="a-figure"),
        pytest.param("capacity_lower_bound,rain", "≤ 0,68", id="at-most"),
        pytest.param("demand_lower_bound", "≥ 0,68", id="at-least"),
    ],
)
def test_the_degree_of_saturation_on_the_camera_s_page_has_its_sign(flags: str | None, said: str) -> None:
    """As on the planner's sheet: the newest minute that knows it, 0.684."""
    minutes = tuple(
        WindowRow(site="kota", camera="utara", time_ns=int((NOW_S + 60 * n) * 1e9), window=60, scope="approach",
                  approach="a", observed_s=60.0, observed_ratio=1.0, dj=dj, flags=flags if dj == 0.684 else None)
        for n, dj in ((0, 0.3), (1, 0.684), (2, None))
    )  # fmt: skip
    assert f">{said}</td>" in hour_table([HourSum("Utara", minutes)], ID)


@pytest.mark.parametrize(
    ("flags", "said"), [pytest.param("line_hidden", "≥ 12", id="hidden"), pytest.param("night", "12", id="in view")]
)
def test_a_sum_over_a_hidden_stop_line_is_a_lower_bound(flags: str, said: str) -> None:
    """Two minutes of 5 and 7 vehicles, a third that says nothing: 12, at least where the line was hidden in one."""
    minutes = tuple(
        WindowRow(site="kota", camera="utara", time_ns=int(NOW_S * 1e9) + i, window=60, scope="approach", approach="a",
                  observed_s=60.0, observed_ratio=1.0, intensity=n, flags=flags if i == 0 else None)
        for i, n in enumerate((5, 7, None))
    )  # fmt: skip
    one = HourSum("Utara", minutes)
    assert f">{said}</td>" in hour_table([one], ID)
    assert one.observed_s() == 120.0


def test_bounds_of_a_cycle_have_their_sign() -> None:
    """A green whose end was not seen, and a queue that passed the view."""
    row = CycleRow(site="kota", camera="utara", time_ns=int(NOW_S * 1e9), approach="a", observed_s=90.0,
                   method="discharge", cycle_s=90.0, green_s=31.0, queue_at_green_m=74.0, queue_beyond_view=True,
                   flags="green_lower_bound")  # fmt: skip
    assert {">≥ 31 s<", ">≥ 74 m<"} <= set(re.findall(r">[^<>]+<", cycle_table([("Utara", row)], TELLER)))


def test_figures_of_stopped_data_stand_only_as_last_known(world: World) -> None:
    """A stale card keeps its figure, named as the last known one; the tables keep none."""
    world.put(Channel.META, meta())
    world.live(state="jammed", queue_m=140.0)
    world.clock.advance(14)
    body = card_body(world.look(), TELLER)
    assert 'class="body face-stale is-stale"' in body
    assert "data berhenti 14 s lalu" in body
    assert "terakhir 140 m" in body
    assert "140" not in live_table(world.look(), TELLER)


def test_lanes_that_send_nothing_are_listed_as_unknown(world: World) -> None:
    """A configured lane does not vanish because nothing is known of it."""
    world.put(Channel.META, meta())
    world.put(Channel.LIVE, LiveRow(scope="lane", approach="a", lane=2, state="free"))
    assert [lane.face for lane in world.look().approaches[0].lanes] == [Face.UNKNOWN, Face.FREE]


def test_a_new_message_with_the_same_figures_makes_new_markup(world: World) -> None:
    """Or the browser would go on counting the age of the one before."""
    world.live(state="free", queue_m=5.0)
    before = card_body(world.look(), TELLER)
    world.clock.advance(2)
    world.live(state="free", queue_m=5.0)
    assert card_body(world.look(), TELLER) != before


def test_time_alone_makes_no_new_look(world: World) -> None:
    """Nothing is sent to the browser while nothing is new: it counts the age itself."""
    world.live(state="free")
    before = world.look()
    world.clock.advance(1)
    assert world.look() == before


def test_text_from_a_message_cannot_become_markup(world: World) -> None:
    """A hostile name or reason is shown as the text it is."""
    evil = "<img src=x onerror=alert(1)>"
    world.put(Channel.META, meta(name=evil, junction="x"))
    world.live(state="free", reason=Sentence("x", evil, evil))
    shown = card_head(world.look(), ID) + card_body(world.look(), TELLER) + live_table(world.look(), TELLER)
    assert "<img" not in shown
    assert "&lt;img" in shown


def test_attributes_are_escaped() -> None:
    """A quote does not end an attribute."""
    assert tag("p", title='"><b>') == '<p title="&quot;&gt;&lt;b&gt;"></p>'


def test_worst_cameras_come_first_and_are_counted(world: World) -> None:
    """Jams before dead cameras, these before what is unknown, then dense and free; equal ones by name."""
    for name, state in (("d", "free"), ("b", "jammed"), ("a", "jammed"), ("c", "dense"), ("e", "unknown")):
        world.live(camera=name, state=state)
    world.put(Channel.STATUS, StatusRow(state="offline"), camera="f")
    looks = worst_first([world.look(name) for name in "abcdef"])
    assert [look.key.camera for look in looks] == ["a", "b", "f", "e", "c", "d"]
    assert {face: count for face, count in tally(looks).items() if count} == {
        Face.JAMMED: 2, Face.OFFLINE: 1, Face.UNKNOWN: 1, Face.DENSE: 1, Face.FREE: 1,
    }  # fmt: skip


def test_the_health_of_a_silent_worker_is_not_shown_as_of_now(world: World) -> None:
    """Figures older than three reports are dashes."""
    world.put(Channel.HEALTH, HealthRow(source="online", cpu_pct=37.0))
    assert "37 %" in health_table([world.look()], TELLER)
    world.clock.advance(91)
    assert "37 %" not in health_table([world.look()], TELLER)


def test_a_clock_that_is_off_shows_in_the_health_table(world: World) -> None:
    """A box whose clock is two minutes behind sends messages that seem to take two minutes."""
    sent = utc(NOW_S - 120)
    rows = [HealthRow(source="online")]
    world.board.put(Message(channel=Channel.HEALTH, site="kota", camera="utara", boot=1, seq=0, sent=sent, rows=rows))
    assert "≈ 120,0 s" in health_table([world.look()], TELLER)


@pytest.mark.parametrize(
    ("value", "digits", "id_text", "en_text"),
    [
        pytest.param(1234.5, 1, "1.234,5", "1,234.5", id="separators of the language"),
        pytest.param(None, 0, "–", "–", id="unknown is a dash"),
        pytest.param(-0.04, 1, "0,0", "0.0", id="no minus before a zero"),
        pytest.param(-3.0, 0, "−3", "−3", id="a real minus sign"),
    ],
)
def test_figures_are_written_as_the_language_does(value: float | None, digits: int, id_text: str, en_text: str) -> None:
    """Indonesian writes 1.234,5 where English writes 1,234.5."""
    assert (number(value, ID, digits), number(value, EN, digits)) == (id_text, en_text)


def test_an_unknown_figure_has_no_unit() -> None:
    """A dash alone."""
    assert with_unit(None, "m", ID) == "–"


@pytest.mark.parametrize(
    ("seconds_s", "text"), [(0.9, "0 s"), (59.9, "59 s"), (60.0, "1 mnt"), (7199.0, "1 jam"), (90000.0, "1 hari")]
)
def test_durations_are_cut_off_in_their_largest_unit(seconds_s: float, text: str) -> None:
    """An age is never rounded up: 59.9 s is 59 s."""
    assert span(seconds_s, ID) == text


@pytest.mark.parametrize(
    ("item", "text"),
    [
        # (41 - 43) / 43 = -0.0465, so -5 %
        pytest.param(Compared("count", 41, 43), "−5 %", id="counts as a share of the truth"),
        pytest.param(Compared("queue", 24.0, 22.0), "+2 m", id="queues in metres"),
        pytest.param(Compared("speed", None, 22.0), "–", id="an unknown figure has no known error"),
        pytest.param(Compared("count", 0, 0), "–", id="no share of nothing"),
    ],
)
def test_the_error_against_the_truth_is_written_with_its_sign(item: Compared, text: str) -> None:
    """Measured less true."""
    assert error_text(item, ID) == text


def window(minute: int, flow_vph: float | None) -> WindowRow:
    """A 60-second window that starts so many minutes after NOW_S less an hour."""
    start_s = int(NOW_S) - 3600 + 60 * minute
    return WindowRow(
        site="kota", camera="utara", time_ns=start_s * 10**9, window=60, scope="approach", approach="a",
        observed_s=60.0, observed_ratio=1.0, flow_vph=flow_vph,
    )  # fmt: skip


def test_minutes_without_a_window_are_gaps_in_the_chart() -> None:
    """Of three minutes the second was not stored and the third not measured: only the first has a value."""
    values = in_slots([window(0, 600.0), window(2, None)], lambda one: one.flow_vph, slots(NOW_S + 30))
    assert len(values) == 60
    assert values[:4] == [600.0, None, None, None]


def test_the_small_chart_has_a_gap_where_data_was_stale(world: World) -> None:
    """The trail keeps points in time, not the last figure."""
    trails = Trails()
    world.live(state="free", queue_m=12.0, speed_kmh=30.0)
    trails.sample([world.look()], NOW_S)
    world.clock.advance(12)
    trails.sample([world.look()], NOW_S + 12)
    points = trails.of(CameraKey("kota", "utara"))
    assert [point.queue_m for point in points] == [12.0, None]
    assert spark(points, ID, TELLER.time)["series"][0]["data"] == [12.0, None]


def test_trails_are_bounded_and_forget_cameras_that_are_gone(world: World) -> None:
    """What is kept per camera goes when the camera goes."""
    trails = Trails(points_max=3)
    world.live(state="free")
    for second in range(5):
        trails.sample([world.look()], NOW_S + second)
    assert [point.time_s for point in trails.of(CameraKey("kota", "utara"))] == [NOW_S + 2, NOW_S + 3, NOW_S + 4]
    trails.sample([], NOW_S + 6)
    assert trails.of(CameraKey("kota", "utara")) == ()


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"host": "0.0.0.0"}, "password is required"),
        ({"host": "192.168.1.4", "password": "short"}, "at least 8"),
        ({"language": "nl"}, "'nl'"),
        ({"timezone": "Asia/Bandung"}, "Asia/Bandung"),
        ({"stale_s": 60.0}, "stale_s"),
    ],
)
def test_impossible_settings_are_refused_before_anything_listens(given: dict[str, object], named: str) -> None:
    """A page that others can reach without a password is never started."""
    with pytest.raises(ConfigurationError, match=named):
        ScreenSettings(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.9.1"])
def test_no_password_is_needed_on_loopback(host: str) -> None:
    """Whoever sits at the machine may look."""
    assert not ScreenSettings(host=host).needs_login


def test_a_camera_that_cannot_say_its_state_shows_no_zero() -> None:
    """Nobody knows the queue where 0 of 10 s were seen: dashes on the card, not 0 m."""
    world = World()
    world.live(state="unknown", queue_m=0.0, observed_s=0.0)
    text = card_body(world.look(), TELLER)
    assert text.count('<dd class="none">–</dd>') == 3
    world.live(state="free", queue_m=0.0, observed_s=60.0)
    assert '<span class="live-only">0</span>' in card_body(world.look(), TELLER)


def test_a_lane_that_was_not_seen_well_enough_shows_no_figures_of_the_road(world: World) -> None:
    """Its queue of 0 m is what a poor picture showed; what it counted before is known."""
    world.put(Channel.META, meta())
    world.live(state="unknown", queue_m=0.0, queue_vehicles=0, flow_vph=3696.0, occupancy=0.59, counts={"car": 144})
    shown = live_table(world.look(), TELLER)
    assert "0 m" not in shown
    assert "3.696" not in shown
    assert "59 %" not in shown
    assert "<b>144</b>" in shown
