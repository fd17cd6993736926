"""InfluxDB 2's write API in front of a real InfluxDB 1.x, for tests: ``/api/v2/write`` becomes ``/write``.

bucket ``db`` or ``db/rp``; precision us→u, ns→n; the body (gzip or not), the server's answers and errors pass through
unchanged; the token is checked here. ``/query`` passes through as well, so one address serves writing and reading.

    with Adapter(influx.url) as adapter:
        InfluxDBClient(adapter.url, token=adapter.token, org="any")

`fail_next` answers the next writes with a status of its own; while `down` is set, connections are closed unanswered.
"""

import http.client
import threading
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

PRECISIONS = {"us": "u", "ns": "n", "ms": "ms", "s": "s"}


@dataclass(frozen=True)
class Fault:
    """An answer instead of the server's."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b'{"code":"test","message":"a fault made by the test"}'


class Adapter:
    """The adapter; its address stays the same while the server behind it comes and goes."""

    def __init__(self, influxdb_url: str, token: str = "test-token") -> None:
        self.token = token
        self.down = False
        self.writes = 0
        self.faults: deque[Fault] = deque()
        self._target = urlsplit(influxdb_url).netloc
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    @property
    def url(self) -> str:
        """For influxdb-client and for /query."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def fail_next(self, status: int, times: int = 1, **headers: str) -> None:
        """Answer the next writes with a status; header names with _ for -."""
        named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        self.faults.extend([Fault(status, named)] * times)

    def write(self, query: str, headers: Any, body: bytes) -> Fault:
        """A v2 write as a v1 write."""
        self.writes += 1
        if headers["Authorization"] != f"Token {self.token}":
            return Fault(401, body=b'{"code":"unauthorized","message":"unauthorized access"}')
        if self.faults:
            return self.faults.popleft()
        asked = dict(parse_qsl(query))
        database, _, policy = asked["bucket"].partition("/")
        parameters = {"db": database, "precision": PRECISIONS[asked.get("precision", "ns")]}
        if policy:
            parameters["rp"] = policy
        passed = {name: headers[name] for name in ("Content-Encoding", "Content-Type") if headers[name]}
        return self.forward("POST", f"/write?{urlencode(parameters)}", body, passed)

    def forward(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Fault:
        """What the server answers; 503 when it is not there."""
        connection = http.client.HTTPConnection(self._target, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            kept = tuple((n, v) for n, v in answer.getheaders() if n.lower() in ("content-type", "x-influxdb-error"))
            return Fault(answer.status, kept, answer.read())
        except OSError as exc:
            return Fault(503, body=f'{{"message":"{exc}"}}'.encode())
        finally:
            connection.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        adapter = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                parts = urlsplit(self.path)
                if adapter.down:
                    self.close_connection = True
                elif parts.path == "/api/v2/write":
                    self._answer(adapter.write(parts.query, self.headers, body))
                else:
                    passed = {"Content-Type": self.headers["Content-Type"] or ""}
                    self._answer(adapter.forward("POST", self.path, body, passed))

            def do_GET(self) -> None:
                if not adapter.down:
                    self._answer(adapter.forward("GET", self.path, b"", {}))

            def _answer(self, answer: Fault) -> None:
                self.send_response(answer.status)
                for name, value in answer.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                if answer.status != 204:
                    self.wfile.write(answer.body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
