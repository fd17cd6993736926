"""The MQTT contract: golden messages decode forever, and hostile payloads are refused with a reason."""

from pathlib import Path

import jsonschema
import msgspec
import pytest
from simpang_edge import asyncapi
from simpang_edge.message import (
    Channel,
    FlowRow,
    LiveRow,
    Message,
    MessageError,
    decode,
    encode,
    json_schema,
    parse_topic,
    topic,
    utc,
)

GOLDEN = Path(__file__).parents[1] / "golden"
LIVE = "simpang/v1/tangsel/utara/live"


def live(**changes: object) -> Message[LiveRow]:
    """A small live message."""
    fields: dict[str, object] = {
        "channel": Channel.LIVE,
        "site": "tangsel",
        "camera": "utara",
        "boot": 1,
        "seq": 2,
        "sent": utc(0.0),
        "rows": [LiveRow(scope="approach", approach="utara", queue_m=12.5)],
    }
    return Message[LiveRow](**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_a_golden_message_decodes(path: Path) -> None:
    """Messages that version 1 ever published decode for as long as version 1 lives."""
    channel = Channel(path.stem.split("-")[0])
    message = decode(topic("tangsel", "utara", channel), path.read_bytes())
    assert message.channel is channel
    assert len(message.rows) == 1


def test_every_channel_has_a_golden_message() -> None:
    """No channel of the contract is without its fixed example."""
    assert {path.stem.split("-")[0] for path in GOLDEN.glob("*.json")} == {c.value for c in Channel}


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_a_golden_message_fits_the_published_schema(path: Path) -> None:
    """The JSON Schema that we publish accepts what we publish."""
    schema = json_schema()
    channels = schema["channels"]
    assert isinstance(channels, dict)
    chosen = channels[path.stem.split("-")[0]] | {"$defs": schema["$defs"]}
    jsonschema.validate(msgspec.json.decode(path.read_bytes()), chosen)


def test_a_message_survives_the_wire() -> None:
    """What is encoded decodes to the same message."""
    assert decode(LIVE, encode(live())) == live()


def test_names_of_the_window_row_are_those_of_fiware() -> None:
    """A FIWARE reader finds intensity, averageVehicleSpeed and laneId where the model has them."""
    golden = msgspec.json.decode((GOLDEN / "window-60.json").read_bytes())
    row = golden["rows"][0]
    assert {
        "id",
        "type",
        "laneId",
        "dateObservedFrom",
        "dateObservedTo",
        "intensity",
        "occupancy",
        "averageVehicleSpeed",
        "averageVehicleLength",
        "averageHeadwayTime",
        "averageGapDistance",
        "congested",
        "x",
    } == set(row)
    assert row["type"] == "TrafficFlowObserved"


def test_unknown_is_null_on_the_wire() -> None:
    """A row of which nothing was observed says null, never 0, and NaN becomes null too."""
    row = LiveRow(scope="lane", approach="utara", lane=1, speed_kmh=float("nan"))
    text = encode(live(rows=[row])).decode()
    assert '"queue_m":null' in text
    assert '"speed_kmh":null' in text


def test_a_newer_field_is_ignored() -> None:
    """Fields may be added to version 1: an older reader passes over them."""
    payload = encode(live())[:-1] + b',"brand_new":[1,2,3]}'
    assert decode(LIVE, payload) == live()


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        pytest.param(b"", "truncated", id="empty"),
        pytest.param(b"\xff\xfe{}", "malformed", id="not-json"),
        pytest.param(b"[" * 200_000, "`object`", id="deep-array"),
        pytest.param(b'{"rows":' + b'[{"a":' * 100_000, "", id="deep-rows"),
        pytest.param(b'{"x":' * 100_000, "", id="deep-unknown-field"),
        pytest.param(b"x" * 10_000_000, "10000000 bytes", id="10-MB"),
        pytest.param(encode(live()).replace(b'"v":1', b'"v":2'), "$.v", id="other-version"),
        pytest.param(encode(live()).replace(b"12.5", b"NaN"), "malformed", id="nan"),
        pytest.param(encode(live()).replace(b"12.5", b"-1.0"), "queue_m", id="negative"),
        pytest.param(encode(live()).replace(b"12.5", b'"far"'), "queue_m", id="wrong-type"),
        pytest.param(encode(live()).replace(b"12.5", b"1e999"), "queue_m", id="infinite"),
        pytest.param(encode(live(camera="selatan")), "selatan", id="another-camera"),
    ],
)
def test_a_hostile_payload_is_refused_with_a_reason(payload: bytes, says: str) -> None:
    """A payload that is not of the contract raises MessageError naming what is wrong, and nothing else."""
    with pytest.raises(MessageError) as caught:
        decode(LIVE, payload)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "simpang", "simpang/v2/a/b/live", "simpang/v1/a/b/c/live", "simpang/v1/a/b/window/x"]
)
def test_a_topic_of_another_shape_is_refused(text: str) -> None:
    """Only simpang/v1/site/camera/channel is ours."""
    with pytest.raises(MessageError):
        parse_topic(text)


def test_an_unknown_channel_names_the_channels_there_are() -> None:
    """The error tells what is allowed."""
    with pytest.raises(MessageError, match="status, meta, live, window, cycle, event, health"):
        parse_topic("simpang/v1/a/b/frames")


def test_a_window_row_needs_its_times() -> None:
    """A row without its period cannot be stored, so it is refused where it enters."""
    golden = (GOLDEN / "window-60.json").read_bytes()
    broken = golden.replace(b'"dateObservedFrom"', b'"dateObserved"')
    with pytest.raises(MessageError, match="dateObservedFrom"):
        decode(topic("tangsel", "utara", Channel.WINDOW), broken)
    assert msgspec.convert(msgspec.json.decode(golden), Message[FlowRow]).rows[0].intensity == 12


def test_the_published_contract_is_the_one_in_the_code() -> None:
    """docs/asyncapi.yaml is what `python -m simpang_edge.asyncapi` prints."""
    published = Path(__file__).parents[2] / "docs" / "asyncapi.yaml"
    assert published.read_text(encoding="utf-8") == asyncapi.text()
