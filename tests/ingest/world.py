"""What the ingestor's tests share: messages with known content, and settings that point to a test's own servers."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from simpang_edge.message import (
    ApproachMeta,
    Channel,
    CycleRow,
    EventRow,
    FlowRow,
    FlowX,
    HealthRow,
    LiveRow,
    Message,
    MetaRow,
    QualityX,
    StatusRow,
    Words,
    encode,
    topic,
    utc,
)  # fmt: skip
from simpang_ingest.config import Settings

START_S = 1_795_485_600.0  # 2026-11-24T02:00:00Z
BOOT = 1_795_485_000_000
REASON = Words("queue_not_cleared", "antrean 140 m, 3 siklus tidak habis", "queue 140 m, 3 cycles not cleared")


def message(channel: Channel, rows: list[Any], seq: int = 1, camera: str = "utara", **envelope: Any) -> Message[Any]:
    """A message of camera tangsel/utara."""
    values: dict[str, Any] = {"site": "tangsel", "boot": BOOT, "sent": utc(START_S + seq)} | envelope
    return Message(channel=channel, camera=camera, seq=seq, rows=rows, **values)


def flow(minute: int, approach: str = "utara", lane: int | None = None, window_s: int = 60, **x: Any) -> FlowRow:
    """A window that begins so many minutes after the start; its number of vehicles is its minute, modulo 50."""
    from_s = START_S + 60 * minute
    values: dict[str, Any] = {"counts": {"car": 3, "motorcycle": 8}, "state": "dense", "reason": REASON}
    values |= {"flow_vph": 738.5} | x
    return FlowRow(
        id=f"tangsel:utara:{approach}", lane_id=lane, date_observed_from=utc(from_s), intensity=minute % 50,
        date_observed_to=utc(from_s + window_s), occupancy=0.31, average_vehicle_speed=22.4, congested=False,
        x=FlowX(scope="lane" if lane else "approach", approach=approach, window_s=window_s,
                quality=QualityX(observed_s=45.0, score=0.9, flags=["night", "dark"]), **values),
    )  # fmt: skip


def window(seq: int, camera: str = "utara", **x: Any) -> Message[Any]:
    """A window message of one row; its minute is its number, so every number is another point."""
    return message(Channel.WINDOW, [flow(seq, **x)], seq, camera)


def cycle(seq: int = 1) -> Message[Any]:
    """A signal cycle of 50 s."""
    row = CycleRow(
        approach="utara", from_=utc(START_S), to=utc(START_S + 50), quality=QualityX(observed_s=50.0),
        method="discharge", cycle_s=50.0, green_s=19.5, queue_at_green_m=41.0, discharged=11, queue_beyond_view=False,
    )  # fmt: skip
    return message(Channel.CYCLE, [row], seq)


def event(identifier: str, ended: bool = False, seq: int = 1) -> Message[Any]:
    """Congestion that began at the start, and ended 300 s later if it has ended; 50 s were not seen."""
    end = utc(START_S + 300) if ended else None
    row = EventRow(id=identifier, type="congestion", begin=utc(START_S), end=end, severity="warning",
                   approach="utara", reason=REASON, observed_s=250.0, told=utc(START_S + 300))  # fmt: skip
    return message(Channel.EVENT, [row], seq)


def health(at_s: float = 1.0) -> Message[Any]:
    """Health of a camera whose source is online."""
    row = HealthRow(source="online", fps_read=25, fps_analysed=8.0, frames_missed=3, outbox_messages=2)
    return message(Channel.HEALTH, [row], sent=utc(START_S + at_s))


def live(queue_m: float = 24.0, camera: str = "utara") -> Message[Any]:
    """What the operator sees now."""
    row = LiveRow(scope="approach", approach="utara", queue_m=queue_m, state="free")
    return message(Channel.LIVE, [row], 1, camera)


def meta(name: str = "Simpang Utara", boot: int = BOOT) -> Message[Any]:
    """What the camera is."""
    row = MetaRow(
        name=name, junction="simpang-empat", latitude=-6.3, longitude=106.7, software="0.1.0",
        config_hash="0123456789ab", approaches=[ApproachMeta(id="utara", name="Utara", length_m=80.0)],
        analysis_fps=8.0, simulated=True,
    )  # fmt: skip
    return message(Channel.META, [row], boot=boot)


def status(state: Any = "online") -> Message[Any]:
    """Birth or last will."""
    return message(Channel.STATUS, [StatusRow(state=state)])


def settings(folder: Path, broker_url: str, **sections: Any) -> Settings:
    """Settings for a broker of a test; files in the test's folder, metrics on a free port, no page."""
    values: dict[str, Any] = {
        "broker": {"url": broker_url, "keepalive_s": 5},
        "store": {"kind": "sqlite", "path": folder / "simpang.sqlite", "keep_days": None},
        "dead_letters": {"path": folder / "dead.sqlite"},
        "metrics": {"port": 0},
        "page": {"enabled": False},
    }
    for name, section in sections.items():
        together = isinstance(section, dict) and name != "store"
        values[name] = values.get(name, {}) | section if together else section
    return Settings.model_validate(values)


def wait(done: Callable[[], bool], timeout_s: float = 20.0, what: Callable[[], object] = lambda: "") -> None:
    """Wait until something holds; fails with what is instead."""
    until_s = time.monotonic() + timeout_s
    while not done():
        assert time.monotonic() < until_s, f"still not after {timeout_s:g} s: {what()}"
        time.sleep(0.02)


class Sender:
    """Publishes to a broker from a thread of its own; reconnects when the broker comes back."""

    def __init__(self, port: int, name: str = "sender") -> None:
        self._client = Client(CallbackAPIVersion.VERSION2, f"test-{name}", clean_session=False)
        self._client.reconnect_delay_set(0.1, 0.2)  # type: ignore[arg-type]
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def send(self, *messages: Message[Any], qos: int = 1, retain: bool = False) -> None:
        """Publish messages and wait until the broker has them."""
        wait(self._client.is_connected)
        sent = [self._client.publish(topic(m.site, m.camera, m.channel), encode(m), qos, retain) for m in messages]
        for info in sent:
            info.wait_for_publish(30)

    def raw(self, topic_text: str, payload: bytes, qos: int = 1) -> None:
        """Publish anything."""
        self._client.publish(topic_text, payload, qos).wait_for_publish(30)

    def __enter__(self) -> "Sender":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()
