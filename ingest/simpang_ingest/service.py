"""The ingestor: the one file that knows the order. Broker → intake → queue → writer → store, and back the receipts."""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

import structlog

from .batch import BatchRule, Waiting
from .clock import Clock, SystemClock
from .config import PageSettings, Settings
from .counters import Counters, Totals
from .deadletters import DeadLetters
from .history import History
from .intake import Intake
from .live import LiveBoard
from .metrics import HealthReport, Metrics, MetricsServer, Sample
from .parcels import Parcel
from .points import Cities
from .sequence import SequenceCheck
from .stores import open_history, open_store
from .subscriber import Subscriber
from .subscriber_connection import Endpoint
from .writer import Writer

DRAIN_S = 8.0
"""At most so long is written after the signal to stop: service managers kill after 10 s."""

Page = Callable[[History, LiveBoard, PageSettings], None]
"""Serves the live page in the calling thread until the process is told to stop (or the page is closed)."""


class Service:
    """An ingestor, without a page. Use as a context manager, or `start` and `stop` it.

    board: what cameras say now. history: what was stored. Raises `ConfigurationError` or `StoreUnavailable` when it
    cannot begin; a broker or an InfluxDB that is not there is waited for. on_fault: called when a part has ended by a
    fault of ours, so that the process ends and is started anew.
    """

    def __init__(
        self, settings: Settings, clock: Clock | None = None, on_fault: Callable[[], None] = lambda: None
    ) -> None:
        self._settings = settings
        self._on_fault = on_fault
        self._clock = clock or SystemClock()
        self._log: Any = structlog.get_logger()
        settings.check_secrets()
        self.board = LiveBoard(self._clock)
        self.history = open_history(settings)
        self._counters = Counters()
        self._sequence = SequenceCheck()
        self._metrics = Metrics(self._samples)
        self._store = open_store(settings, self._clock)
        kept = settings.dead_letters
        self._letters = DeadLetters(kept.path, kept.max_rows, kept.payload_bytes)
        batch = settings.batch
        self._waiting: Waiting[Parcel] = Waiting(BatchRule(batch.messages, batch.wait_s), self._clock)
        self._subscriber = self._make_subscriber()
        self._writer = Writer(
            self._waiting, self._store, self._letters, self._subscriber.ack, self._counters, self._clock, self._log,
            self._metrics.batch_seconds.observe,
        )  # fmt: skip
        self._server: MetricsServer | None = None
        self._fault: BaseException | None = None
        self._threads = [
            threading.Thread(target=self._guarded, args=(self._subscriber.run,), name="subscriber", daemon=True),
            threading.Thread(target=self._guarded, args=(self._writer.run,), name="writer", daemon=True),
        ]

    def start(self) -> None:
        """Begin. Raises `ConfigurationError` when the metrics port is taken."""
        metrics = self._settings.metrics
        if metrics.enabled:
            self._server = MetricsServer(metrics.host, metrics.port, self._metrics.registry, self.health)
        for thread in self._threads:
            thread.start()
        self._log.info("ingestor started", store=self._settings.store.kind, metrics_port=self.metrics_port)

    def stop(self, drain_s: float = DRAIN_S) -> None:
        """Store and acknowledge what has arrived, for at most so long, then close. The broker keeps the rest."""
        self._subscriber.pause()
        self._writer.stop(drain_s)
        self._join(self._threads[1], drain_s + 2.0)
        self._subscriber.stop()
        self._join(self._threads[0], 6.0)
        self._store.close()
        self._letters.close()
        if self._server is not None:
            self._server.close()
        self._log.info("ingestor stopped", stored=self._counters.stored, waiting=len(self._waiting))

    def totals(self) -> Totals:
        """What was counted since the start."""
        c = self._counters
        return Totals(
            received=c.received, stored=c.stored, rejected=c.rejected, dead_letters=c.dead_letters,
            acknowledged=c.acknowledged, retries=c.retries, lost=self._sequence.lost,
            duplicates=self._sequence.duplicates,
        )  # fmt: skip

    def health(self) -> HealthReport:
        """ok, or degraded with the reasons."""
        broker = self._subscriber.status()
        c = self._counters
        reasons = [text for text in (broker.trouble, c.store_trouble) if text]
        if self._fault is not None:
            reasons.append(f"a part of the ingestor has ended: {self._fault!r}")
        return HealthReport(
            state="degraded" if reasons else "ok", reasons=tuple(reasons), broker=broker.connected,
            store=c.store_trouble is None, received=c.received, stored=c.stored, waiting=len(self._waiting),
            dead_letters=c.dead_letters, lost=self._sequence.lost,
        )  # fmt: skip

    @property
    def metrics_port(self) -> int | None:
        """Where metrics are served, None where they are not."""
        return None if self._server is None else self._server.port

    @property
    def failed(self) -> bool:
        """Whether a part has ended by a fault of ours."""
        return self._fault is not None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _make_subscriber(self) -> Subscriber:
        broker, messages = self._settings.broker, self._settings.batch.messages
        unacknowledged_max = min(65_535, max(100, 2 * messages))
        endpoint = Endpoint(
            broker.url, broker.client_id, broker.username, broker.password(), broker.ca_file, broker.keepalive_s,
            int(broker.session_days * 86_400), unacknowledged_max,
        )  # fmt: skip
        cities = Cities(self._settings.city, self._settings.cities)
        intake = Intake(self.board, self._sequence, cities, self._waiting, self._counters)
        room = 2 * unacknowledged_max  # only a broker that knows no Receive Maximum (MQTT 3.1.1) can fill it
        return Subscriber(
            endpoint, broker.protocol, self._clock, intake, lambda: len(self._waiting) < room, self._log
        )  # fmt: skip

    def _guarded(self, work: Callable[[], None]) -> None:
        """The top of a thread."""
        try:
            work()
        except Exception as exc:  # noqa: BLE001 - the top of a thread of the process
            self._fault = exc
            self._log.error("a part of the ingestor has ended by a fault", exc_info=True)
            self._on_fault()

    def _join(self, thread: threading.Thread, timeout_s: float) -> None:
        if thread.is_alive():
            thread.join(timeout_s)

    def _samples(self) -> list[Sample]:
        c, broker = self._counters, self._subscriber.status()
        return [
            Sample("received_messages", "Messages from the broker", c.received),
            Sample("undecodable_messages", "Messages that are not of the contract", c.undecodable),
            Sample("dropped_messages", "Bad QoS 0 messages dropped while the queue was full", c.dropped),
            Sample("acknowledged_messages", "Messages acknowledged after they were stored", c.acknowledged),
            Sample("stored_rows", "Rows that the store accepted", c.stored),
            Sample("rejected_rows", "Rows that the store refused", c.rejected),
            Sample("dead_letters", "Messages and rows put with the dead letters", c.dead_letters),
            Sample("batches", "Batches stored", c.batches),
            Sample("retries", "Attempts to store that have to come again", c.retries),
            Sample("duplicate_records", "Records that came more than once", self._sequence.duplicates),
            Sample("sessions_lost", "Times the broker had forgotten the session", broker.sessions_lost),
            Sample("lost_records", "Records missing in the cameras' numbering", self._sequence.lost, False),
            Sample("waiting_messages", "Messages not stored yet", len(self._waiting), False),
            Sample("store_up", "1 when the last write succeeded", int(c.store_trouble is None), False),
            Sample("broker_up", "1 when connected to the broker", int(broker.connected), False),
        ]


def run(settings: Settings, page: Page | None = None) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code."""
    told = threading.Event()

    def tell(_number: int, _frame: FrameType | None) -> None:
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, tell)
    with Service(settings, on_fault=lambda: signal.raise_signal(signal.SIGTERM)) as service:
        if page is not None and not told.is_set():
            page(service.history, service.board, settings.page)
        else:
            told.wait()
    return 1 if service.failed else 0
