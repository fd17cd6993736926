"""The MQTT contract as an AsyncAPI 3 document, generated from the types: ``python -m simpang_edge.asyncapi``."""

from typing import Any, Final

import yaml

from .message import MAX_BYTES, RECORDS, ROOT, Channel, json_schema

ABOUT: Final = {
    Channel.STATUS: "Retained. Birth (online) when a worker connects; offline as last will and on a clean stop.",
    Channel.META: "Retained. What does not change while a worker runs: lanes, approaches, calibration, versions.",
    Channel.LIVE: "Every 2 s, QoS 0: what the operator sees now.",
    Channel.WINDOW: "QoS 1, through the outbox: the record, 60 s and 900 s windows aligned to the clock.",
    Channel.CYCLE: "QoS 1, through the outbox: one row per approach and signal cycle.",
    Channel.EVENT: "QoS 1, through the outbox: something began or ended.",
    Channel.HEALTH: "Every 30 s, QoS 0: how the worker itself is doing.",
}


def document() -> dict[str, Any]:
    """The whole document."""
    schema = json_schema()
    bodies = schema["channels"]
    assert isinstance(bodies, dict)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Simpang",
            "version": "1",
            "description": f"Payloads are at most {MAX_BYTES} bytes of JSON.",
        },
        "defaultContentType": "application/json",
        "channels": {channel.value: _channel(channel) for channel in Channel},
        "operations": {f"publish_{channel.value}": _operation(channel) for channel in Channel},
        "components": {
            "messages": {channel.value: {"payload": _moved(bodies[channel.value])} for channel in Channel},
            "schemas": _moved(schema["$defs"]),
        },
    }


def _channel(channel: Channel) -> dict[str, Any]:
    return {
        "address": f"{ROOT}/{{site}}/{{camera}}/{channel.value}",
        "description": ABOUT[channel],
        "parameters": {"site": {"description": "site id"}, "camera": {"description": "camera id"}},
        "messages": {channel.value: {"$ref": f"#/components/messages/{channel.value}"}},
    }


def _operation(channel: Channel) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel.value}"},
        "bindings": {
            "mqtt": {
                "qos": int(channel in RECORDS or channel in (Channel.STATUS, Channel.META)),
                "retain": channel in (Channel.STATUS, Channel.META),
            }
        },
    }


def _moved(node: Any) -> Any:
    """The schema with its references pointing to where AsyncAPI keeps schemas."""
    if isinstance(node, dict):
        return {key: _moved(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_moved(value) for value in node]
    return node.replace("#/$defs/", "#/components/schemas/") if isinstance(node, str) else node


def text() -> str:
    """The document as YAML."""
    return yaml.safe_dump(document(), sort_keys=False, width=110)


if __name__ == "__main__":
    print(text(), end="")
