"""Prometheus metrics and the health endpoint, on one small HTTP server: ``/metrics`` and ``/health``."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from .errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Sample:
    """One metric: a counter, or a gauge that may fall."""

    name: str
    help: str
    value: float
    is_counter: bool = True


@dataclass(frozen=True, slots=True)
class HealthReport:
    """state: ok or degraded; reasons: why, in words; the rest as counted."""

    state: str
    reasons: tuple[str, ...]
    broker: bool
    store: bool
    received: int
    stored: int
    waiting: int
    dead_letters: int
    lost: int


class Metrics:
    """What Prometheus may read: samples are asked for when it asks."""

    def __init__(self, samples: Callable[[], list[Sample]]) -> None:
        self.registry = CollectorRegistry()
        self._samples = samples
        self.batch_seconds = Histogram(
            "simpang_ingest_batch_seconds", "From a batch's first attempt until it is stored", registry=self.registry,
            buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
        )  # fmt: skip
        self.registry.register(self)

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """Called by prometheus-client for every scrape."""
        for sample in self._samples():
            kind = CounterMetricFamily if sample.is_counter else GaugeMetricFamily
            yield kind(f"simpang_ingest_{sample.name}", sample.help, value=sample.value)


class MetricsServer:
    """Serves on its own thread. Port 0 takes a free one. Raises `ConfigurationError` when the port is taken."""

    def __init__(self, host: str, port: int, registry: CollectorRegistry, health: Callable[[], HealthReport]) -> None:
        try:
            self._server = ThreadingHTTPServer((host, port), _handler(registry, health))
        except OSError as exc:
            raise ConfigurationError(f"metrics: cannot listen on {host}:{port}: {exc}") from exc
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), name="metrics", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def _handler(registry: CollectorRegistry, health: Callable[[], HealthReport]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Two paths, and nothing else."""

        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest(registry))
            elif self.path == "/health":
                report = health()
                body = json.dumps(asdict(report)).encode()
                self._answer(200 if report.state == "ok" else 503, "application/json", body)
            else:
                self._answer(404, "text/plain", b"see /metrics and /health\n")

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """A line per scrape says nothing."""

    return Handler
