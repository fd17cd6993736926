"""Topics, the envelope, and the JSON of a message."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final, Generic, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from .fields import Name, Time
from .rows import CycleRow, EventRow, FlowRow, HealthRow, LiveRow, MetaRow, StatusRow

VERSION: Final = 1
ROOT: Final = "simpang/v1"
MAX_BYTES: Final = 1_000_000
"""A larger payload is refused unread: a full window of 16 lanes is about 20 kB."""


class MessageError(ValueError):
    """A payload or topic that is not of this contract; the text says what and where."""


class Channel(StrEnum):
    """The last level of a topic."""

    STATUS = "status"
    META = "meta"
    LIVE = "live"
    WINDOW = "window"
    CYCLE = "cycle"
    EVENT = "event"
    HEALTH = "health"


RECORDS: Final = (Channel.WINDOW, Channel.CYCLE, Channel.EVENT)
"""The channels that go through the outbox and out at QoS 1."""


Row = TypeVar("Row", FlowRow, CycleRow, EventRow, LiveRow, HealthRow, MetaRow, StatusRow)


class Message(Struct, Generic[Row], frozen=True, kw_only=True):
    """The envelope of every message: who sent it, in which order, and its rows.

    boot: start of the worker, so that ``(boot, seq)`` orders all that a camera ever sent.
    seq: +1 per record (window, cycle, event); other channels carry the last record's number.
    """

    v: Literal[1] = 1
    channel: Channel
    site: Name
    camera: Name
    boot: Annotated[int, Meta(ge=0)]
    seq: Annotated[int, Meta(ge=0)]
    sent: Time
    rows: list[Row]
    trace: str | UnsetType = UNSET


AnyMessage = (
    Message[FlowRow]
    | Message[CycleRow]
    | Message[EventRow]
    | Message[LiveRow]
    | Message[HealthRow]
    | Message[MetaRow]
    | Message[StatusRow]
)

_encoder = msgspec.json.Encoder()
_decoders: Final[dict[Channel, msgspec.json.Decoder[AnyMessage]]] = {
    Channel.WINDOW: msgspec.json.Decoder(Message[FlowRow]),
    Channel.CYCLE: msgspec.json.Decoder(Message[CycleRow]),
    Channel.EVENT: msgspec.json.Decoder(Message[EventRow]),
    Channel.LIVE: msgspec.json.Decoder(Message[LiveRow]),
    Channel.HEALTH: msgspec.json.Decoder(Message[HealthRow]),
    Channel.META: msgspec.json.Decoder(Message[MetaRow]),
    Channel.STATUS: msgspec.json.Decoder(Message[StatusRow]),
}


def utc(time_s: float) -> datetime:
    """POSIX seconds as an aware UTC datetime."""
    return datetime.fromtimestamp(time_s, UTC)


def topic(site: str, camera: str, channel: Channel) -> str:
    """Where a message of this channel goes."""
    return f"{ROOT}/{site}/{camera}/{channel.value}"


def parse_topic(text: str) -> tuple[str, str, Channel]:
    """Site, camera and channel of a topic; `MessageError` when it is none of ours."""
    parts = text.split("/")
    if len(parts) != 5 or "/".join(parts[:2]) != ROOT:
        raise MessageError(f"topic {text!r}: expected {ROOT}/<site>/<camera>/<channel>")
    try:
        return parts[2], parts[3], Channel(parts[4])
    except ValueError:
        allowed = ", ".join(channel.value for channel in Channel)
        raise MessageError(f"topic {text!r}: channel {parts[4]!r} is not one of {allowed}") from None


def encode(message: AnyMessage) -> bytes:
    """The JSON of a message (NaN becomes null)."""
    return _encoder.encode(message)


def decode(topic_text: str, payload: bytes) -> AnyMessage:
    """The message of a payload that came in on a topic.

    Raises `MessageError` for a payload that is too large, not JSON, too deeply nested, of another version, of wrong
    types or out of range, and for one whose site, camera or channel is not that of its topic.
    """
    site, camera, channel = parse_topic(topic_text)
    if len(payload) > MAX_BYTES:
        raise MessageError(f"payload of {len(payload)} bytes: at most {MAX_BYTES} are accepted")
    try:
        message = _decoders[channel].decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as exc:
        raise MessageError(f"payload on {topic_text}: {exc}") from exc
    if (message.site, message.camera, message.channel) != (site, camera, channel):
        raise MessageError(f"payload on {topic_text}: says {message.site}/{message.camera}/{message.channel.value}")
    return message


def json_schema() -> dict[str, object]:
    """JSON Schema of every channel's message, from the types."""
    schemas, components = msgspec.json.schema_components(
        [
            Message[FlowRow],
            Message[CycleRow],
            Message[EventRow],
            Message[LiveRow],
            Message[HealthRow],
            Message[MetaRow],
            Message[StatusRow],
        ],
        ref_template="#/$defs/{name}",
    )
    names = ("window", "cycle", "event", "live", "health", "meta", "status")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": components,
        "channels": dict(zip(names, schemas, strict=True)),
    }
