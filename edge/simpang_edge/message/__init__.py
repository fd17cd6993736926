"""The MQTT contract, version 1: topics, and the JSON of every message. Needs no numpy.

Names and units follow FIWARE TrafficFlowObserved where it has the attribute (intensity = vehicles in the period,
occupancy 0 to 1, averageVehicleSpeed in km/h, ...); our own fields stand beside them in one object ``x``, with the
unit in the name. Times on the wire are RFC 3339 UTC. Unknown is null, never 0.

Fields may be added with a default; any other change is version 2.
"""

from .fields import ClassSpeedX, Count, Counts, GateX, ModelledX, Name, NotNegative, QualityX, Share, Time, Words
from .rows import (
    ApproachMeta,
    CycleRow,
    EventRow,
    FlowRow,
    FlowX,
    GateMeta,
    HealthRow,
    LaneMeta,
    LiveRow,
    MetaRow,
    MovementMeta,
    StatusRow,
)
from .wire import (
    MAX_BYTES,
    RECORDS,
    ROOT,
    VERSION,
    AnyMessage,
    Channel,
    Message,
    MessageError,
    Row,
    decode,
    encode,
    json_schema,
    parse_topic,
    topic,
    utc,
)

__all__ = [
    "MAX_BYTES",
    "RECORDS",
    "ROOT",
    "VERSION",
    "AnyMessage",
    "ApproachMeta",
    "Channel",
    "ClassSpeedX",
    "Count",
    "Counts",
    "CycleRow",
    "EventRow",
    "FlowRow",
    "FlowX",
    "GateMeta",
    "GateX",
    "HealthRow",
    "LaneMeta",
    "LiveRow",
    "Message",
    "MessageError",
    "MetaRow",
    "ModelledX",
    "MovementMeta",
    "Name",
    "NotNegative",
    "QualityX",
    "Row",
    "Share",
    "StatusRow",
    "Time",
    "Words",
    "decode",
    "encode",
    "json_schema",
    "parse_topic",
    "topic",
    "utc",
]
