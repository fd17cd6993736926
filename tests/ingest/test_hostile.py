"""Messages that nobody should send, through a real broker: each is kept with its reason, and the good ones go on."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from simpang_edge.message import MessageError, decode, encode
from simpang_ingest import deadletters
from simpang_ingest.config import Settings
from simpang_ingest.deadletters import DeadLetter, DeadLetters
from simpang_ingest.lines import line
from simpang_ingest.points import Cities, to_rows
from simpang_ingest.service import Service

from ..brokers import Mosquitto
from .world import Sender, settings, wait, window

TOPIC = "simpang/v1/tangsel/utara/window"
GOOD = encode(window(1))


def changed(path: str, value: object) -> bytes:
    """A good message with one value changed; the path names keys and positions."""
    content = json.loads(GOOD)
    *way, last = path.split(".")
    place = content
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    place[last] = value
    return json.dumps(content).encode()


HOSTILE = [
    pytest.param(TOPIC, b'{"v":1,"rows":"' + b"x" * 10_000_000 + b'"}', "10000017 bytes", id="10 MB"),
    pytest.param(TOPIC, b"[" * 100_000, "Expected `object`", id="deep nesting"),
    pytest.param(TOPIC, b'{"x":' + b"[" * 400_000, "recursion depth", id="deep nesting in an unknown field"),
    pytest.param(TOPIC, GOOD.replace(b'"dense"', b'"\\ud800 x"'), "payload on", id="half a character"),
    pytest.param(TOPIC, GOOD.replace(b'"intensity":1', b'"intensity":NaN'), "malformed", id="NaN"),
    pytest.param(TOPIC, GOOD.replace(b'"flow_vph":738.5', b'"flow_vph":1e999'), "out of range", id="infinite"),
    pytest.param(TOPIC, changed("v", 2), "`$.v`", id="another version"),
    pytest.param(TOPIC, changed("rows.0.intensity", "many"), "`$.rows[0].intensity`", id="wrong type"),
    pytest.param(TOPIC, changed("rows.0.intensity", -1), ">= 0", id="negative count"),
    pytest.param(TOPIC, changed("rows.0.dateObservedFrom", "yesterday"), "dateObservedFrom", id="not a time"),
    pytest.param(TOPIC, changed("camera", "other"), "says tangsel/other/window", id="not the topic's camera"),
    pytest.param(TOPIC, changed("camera", "a,b c=1\nx"), "regex", id="a name that breaks out"),
    pytest.param(TOPIC, b"", "truncated", id="empty"),
    pytest.param(TOPIC, b"\xff\xfe\x00", "malformed", id="not text"),
    pytest.param("simpang/v1/tangsel/utara/nonsense", GOOD, "channel 'nonsense'", id="unknown channel"),
    pytest.param("simpang/v1/tangsel/utara/window/more", GOOD, "expected simpang/v1", id="too deep a topic"),
    pytest.param(TOPIC, changed("rows.0.x.queue_max_vehicles", 2**70), "too large", id="a number no store holds"),
    pytest.param(TOPIC, changed("rows.0.dateObservedFrom", "9999-12-31T00:00:00Z"), "too large", id="the year 9999"),
]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """One real broker for this file."""
    with Mosquitto(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


@pytest.fixture
def chosen(broker: Mosquitto, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """Settings with a session of its own for each test."""
    name = f"t{abs(hash(request.node.name))}"
    return settings(tmp_path, broker.url, broker={"client_id": name})


@pytest.mark.parametrize(("topic", "payload", "reason"), HOSTILE)
def test_a_hostile_message_is_kept_with_its_reason(
    broker: Mosquitto, chosen: Settings, topic: str, payload: bytes, reason: str
) -> None:
    """It is counted, kept (cut to 4096 bytes) with a reason, acknowledged, and the message after it is stored."""
    with Service(chosen) as service, Sender(broker.port) as sender:
        wait(lambda: service.health().broker)
        sender.raw(topic, payload)
        sender.send(window(2))
        wait(lambda: service.totals().acknowledged == 2, what=service.totals)
        assert (service.totals().stored, service.totals().dead_letters) == (1, 1)
    (letter,) = deadletters.read(chosen.dead_letters.path)
    assert reason in letter.reason
    if "too large" not in reason:  # a row that the store refused is shown as a row, not as its message
        assert (letter.topic, letter.size, letter.payload) == (topic, len(payload), payload[:4096])
    with Service(chosen) as service:
        wait(lambda: service.health().broker)
        assert service.totals().received == 0


def test_other_topics_of_the_contract_are_left_alone(broker: Mosquitto, chosen: Settings) -> None:
    """Commands and their answers pass by: they are no dead letters."""
    with Service(chosen) as service, Sender(broker.port) as sender:
        wait(lambda: service.health().broker)
        sender.raw("simpang/v1/tangsel/utara/cmd", b"anything")
        sender.raw("simpang/v1/tangsel/utara/ack", b"anything")
        wait(lambda: service.totals().acknowledged == 2)
        assert service.totals().dead_letters == 0


def test_fields_of_a_later_edge_are_ignored(broker: Mosquitto, chosen: Settings) -> None:
    """Version 1 may gain fields: an older ingestor stores what it knows."""
    with Service(chosen) as service, Sender(broker.port) as sender:
        wait(lambda: service.health().broker)
        sender.raw(TOPIC, changed("rows.0.x.noise_db", 61.5))
        wait(lambda: service.totals().stored == 1)
        assert service.totals().dead_letters == 0


def test_the_table_of_dead_letters_is_bounded(tmp_path: Path) -> None:
    """The newest 5 of 12 stay; every one is cut to size."""
    letters = DeadLetters(tmp_path / "d.sqlite", max_rows=5, payload_bytes=3)
    letters.add([DeadLetter(float(n), f"t{n}", "r" * 5000, 9, b"123456789") for n in range(12)])
    kept = deadletters.read(tmp_path / "d.sqlite")
    assert [letter.topic for letter in kept] == ["t11", "t10", "t9", "t8", "t7"]
    assert kept[0] == DeadLetter(11.0, "t11", "r" * 1000, 9, b"123")


def test_every_byte_string_is_a_message_or_a_dead_letter() -> None:
    """Any byte of a good message may be another: it is refused with a reason, or one clean line comes of it."""
    for place in range(0, len(GOOD), 3):
        for byte in (0x00, 0x0A, 0x22, 0x5C, 0x7B, 0xFF):
            payload = GOOD[:place] + bytes([byte]) + GOOD[place + 1 :]
            try:
                rows = to_rows(decode(TOPIC, payload), Cities())
            except MessageError:
                continue
            outside_of_texts = [re.sub(r'"(\\.|[^"\\])*"', "", line(row)) for row in rows]
            assert [text.count("\n") for text in outside_of_texts] == [0]
