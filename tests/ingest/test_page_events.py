"""The event list: what, where, since when, how grave, why, and whether it is over."""

import asyncio
import re
from datetime import UTC, datetime

import pytest
from simpang_edge.data import EventType
from simpang_edge.message import Channel, HealthRow, LiveRow, StatusRow
from simpang_ingest.clock import FakeClock
from simpang_ingest.errors import HistoryError
from simpang_ingest.page.cityevents import CityEvents
from simpang_ingest.page.events import End, alarms, by_camera, card_events, event_table, happenings
from simpang_ingest.page.looks import CameraLook
from simpang_ingest.page.sample_past import SampleHistory
from simpang_ingest.page.words import EN, ID
from simpang_ingest.rows import CameraKey, EventRow

from .test_page_looks import NOW_S, TELLER, World

KEY = CameraKey("kota", "utara")


def event(kind: str = "wrong_way", began: float = 600.0, over: float | None = None, **more: object) -> EventRow:
    """An event of camera utara that began and ended so many seconds ago."""
    begin_s = NOW_S - began
    values: dict[str, object] = {"severity": "warning", "cause": kind, "approach": "a", "reason_id": "sebabnya"} | more
    return EventRow(
        site="kota", camera="utara", time_ns=int(begin_s * 1e9), event=kind, id=f"{kind}-{began}", begin_s=begin_s,
        end_s=None if over is None else NOW_S - over, **values,  # type: ignore[arg-type]
    )  # fmt: skip


def camera(silent_s: float = 0.0) -> CameraLook:
    """Camera utara, whose worker began in 1970 and spoke last so long ago."""
    world = World()
    world.put(Channel.HEALTH, HealthRow(source="online"))
    world.put(Channel.LIVE, LiveRow(scope="approach", approach="a", state="free"))
    world.clock.advance(silent_s)
    return world.look()


def cells(row: EventRow, look: CameraLook | None) -> list[str]:
    """What the list says of one event."""
    table = event_table(happenings([row], [look] if look else []), TELLER, NOW_S, cameras=False)
    return re.findall(r"<td[^>]*>(.*?)</td>", table)


def test_an_event_says_what_where_since_when_its_length_gravity_and_cause() -> None:
    """It began ten minutes ago, 08:50:00 in Jakarta, and lasts."""
    said = cells(event(lane=2, severity="serious"), camera())
    assert said[:3] == ["Melawan arah", "a · lajur 2", "08:50:00"]
    assert said[3:5] == ["<b>masih berlangsung</b>", "10 mnt"]
    assert said[5:] == ['<span class="grave-serious">serius</span>', "melawan arus", "sebabnya"]


def test_an_event_that_is_over_says_when_it_ended_and_how_long_it_was() -> None:
    """Ended two minutes ago after eight: 08:58:00."""
    assert cells(event(over=120.0), camera())[3:5] == ["08:58:00", "8 mnt"]


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        pytest.param("camera_moved", "kamera itu sendiri", id="moved"),
        pytest.param("camera_dark", "kamera itu sendiri", id="dark"),
        pytest.param("camera_frozen", "kamera itu sendiri", id="frozen"),
        pytest.param("blocked_box", "zona kotak", id="zone"),
    ],
)
def test_where_is_the_camera_itself_or_the_zone(kind: str, place: str) -> None:
    """A fault of the camera has no approach; a zone is named."""
    zone = "kotak" if kind == "blocked_box" else None
    assert cells(event(kind, approach=None, zone=zone), camera())[1] == place


def test_an_event_on_a_road_that_nobody_watches_any_more_is_not_said_to_last() -> None:
    """Its camera has been silent for 20 s, since 09:00:00: whether it lasts is unknown, and so is the length. A frozen
    camera still is."""
    silent = camera(silent_s=20.0)
    said = f'<span title="{ID.end_unknown_why}">tidak diketahui sejak 09:00:00</span>'
    assert cells(event(), silent)[3:5] == [said, "–"]
    assert cells(event("camera_offline"), silent)[3] == "<b>masih berlangsung</b>"


@pytest.mark.parametrize("kind", ["wrong_way", "camera_frozen", "camera_offline"])
def test_of_a_dead_box_no_event_looks_current(kind: str) -> None:
    """The broker told its last will; it was last alive five minutes ago, 08:55:00: unknown since, and no alarm."""
    world = World()
    world.live()
    since = datetime.fromtimestamp(NOW_S - 300, UTC)
    world.put(Channel.STATUS, StatusRow(state="offline", since=since))
    found = happenings([event(kind)], [world.look()])
    assert "tidak diketahui sejak 08:55:00" in cells(event(kind), world.look())[3]
    assert alarms(found) == []


def test_of_a_box_that_fell_silent_no_event_looks_current() -> None:
    """Without a last will (the network is gone): after an hour not even its own fault is told as lasting."""
    assert "tidak diketahui sejak 09:00:00" in cells(event("camera_frozen"), camera(silent_s=3600.0))[3]


def test_an_event_that_began_before_its_worker_has_no_known_end() -> None:
    """A worker that was killed cannot end what it began: who began 5 minutes ago knows nothing of 10 minutes ago."""
    world = World()
    world.live()
    (found,) = happenings([event()], [world.look()])
    assert found.end is End.LASTS  # World's workers began in 1970
    boot = int((NOW_S - 300) * 1000)
    world.put(Channel.STATUS, StatusRow(state="online"), boot=boot)
    (found,) = happenings([event()], [world.look()])
    assert found.end is End.UNSURE
    (found,) = happenings([event(began=200.0)], [world.look()])
    assert found.end is End.LASTS


def test_an_event_of_which_its_worker_spoke_again_after_a_restart_lasts() -> None:
    """It began ten minutes ago, the worker five minutes ago, which told of it a second later."""
    world = World()
    world.live()
    world.put(Channel.STATUS, StatusRow(state="online"), boot=int((NOW_S - 300) * 1000))
    (found,) = happenings([event(told_s=NOW_S - 299)], [world.look()])
    assert found.end is End.LASTS


@pytest.mark.parametrize(
    ("seen_s", "said"),
    [
        pytest.param(360.0, "8 mnt<small>teramati 6 mnt</small>", id="an-outage"),
        pytest.param(471.0, "8 mnt", id="a-hiccup"),
        pytest.param(None, "8 mnt", id="not-known"),
    ],
)
def test_an_outage_within_an_event_is_told(seen_s: float | None, said: str) -> None:
    """Of eight minutes two were not seen; nine seconds of a stream's hiccup are not told."""
    assert cells(event(over=120.0, observed_s=seen_s), camera())[4] == said


def test_those_that_last_come_first_and_the_gravest_of_them() -> None:
    """An old serious one that lasts stands before a new warning, and both before what is over."""
    rows = [event(began=50, over=10), event(began=100), event(began=900, severity="serious")]
    found = happenings(rows, [camera()])
    assert [NOW_S - one.row.begin_s for one in found] == [900, 100, 50]


def test_a_card_shows_alarms_only_and_at_most_two() -> None:
    """A parked vehicle (info) and what is over are no alarms; the third is a number."""
    rows = [event(began=n, severity=s) for n, s in ((60, "warning"), (120, "serious"), (180, "warning"), (9, "info"))]
    found = happenings([*rows, event(began=300, over=200)], [camera()])
    assert len(alarms(found)) == 3
    text = card_events(by_camera(found)[KEY], TELLER) or ""
    assert text.count("Melawan arah") == 2
    assert text.index("08:58") < text.index("08:59")  # the serious one first
    assert "+1 kejadian lagi" in text
    assert card_events((), TELLER) is None


class Store(SampleHistory):
    """A store with two events, which may be down."""

    down = False

    def events(self, from_s: float, to_s: float, *, camera: CameraKey | None = None) -> list[EventRow]:  # noqa: ARG002
        if self.down:
            raise HistoryError("store is down")
        rows = [event(began=2 * 86400.0), event(began=2.5 * 86400.0, over=2.4 * 86400.0), event()]
        return [row for row in rows if from_s <= row.begin_s < to_s]


def test_an_event_that_lasts_for_days_is_not_forgotten() -> None:
    """Of those older than a day only the one that lasts; when the store fails they stay, and it is said."""
    store = Store()
    city = CityEvents(store, FakeClock(NOW_S))
    asyncio.run(city.refresh())
    assert [(NOW_S - row.begin_s) / 86400 for row in city.rows] == pytest.approx([2.0, 600 / 86400])
    store.down = True
    asyncio.run(city.refresh())
    assert len(city.rows) == 2
    assert city.fault == "store is down"


@pytest.mark.parametrize("kind", EventType)
def test_every_kind_of_event_has_a_line(kind: EventType) -> None:
    """No code of an event or a cause reaches the screen."""
    said = cells(event(kind.value, cause="moved" if kind.value.startswith("camera") else "slow"), camera())
    assert said[0] == getattr(ID, f"event_{kind.value}")
    assert said[6] in (ID.cause_moved, ID.cause_slow)


def test_every_cause_that_is_told_has_words() -> None:
    """The rules of congestion, incidents, zones and faults."""
    from simpang_edge.meter import faults, reasons, zone_incidents

    codes = {t.code for t in (reasons.SLOW, reasons.NOT_CLEARED, reasons.FULL, reasons.RECOVERING, reasons.STOPPED)}
    codes |= {t.code for t in (reasons.WRONG_WAY, reasons.WAITING, reasons.SPILLBACK_STOPS)}
    codes |= {template.code for _, template in zone_incidents.KIND.values()} | set(faults.WHY)
    for words in (ID, EN):
        assert {code for code in codes if words.cause_of(code) == code} == set()
