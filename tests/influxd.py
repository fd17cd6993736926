"""A real InfluxDB 1.x on 127.0.0.1 for tests, in a folder of its own, with no authentication.

with Influxd(tmp_path) as influx:
    influx.query('SELECT * FROM "traffic_window"')
"""

import json
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, Self

CONFIG = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:{http}"
  auth-enabled = false
  log-enabled = false
[monitor]
  store-enabled = false
[subscriber]
  enabled = false
[continuous_queries]
  enabled = false
"""


class Influxd:
    """The server; `stop` and `start` it again on the same port and data, `kill` it without a warning."""

    def __init__(self, folder: Path, database: str = "simpang") -> None:
        self.folder = folder
        self.database = database
        self.port = free_port()
        self._rpc_port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where its HTTP API is (1.x: /write and /query)."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, wait until it answers, and see to it that the database is there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "influxdb.conf"
        config.write_text(CONFIG.format(folder=self.folder, http=self.port, rpc=self._rpc_port))
        program = shutil.which("influxd", path="/usr/bin:/usr/sbin:/usr/local/bin")
        assert program, "influxd is not installed: apt-get install influxdb"
        with (self.folder / "influxd.log").open("ab") as log:
            self._process = subprocess.Popen([program, "-config", str(config)], stdout=log, stderr=log)
        self._wait()
        self.query(f'CREATE DATABASE "{self.database}"')

    def stop(self) -> None:
        """Stop it as an administrator would."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Take it away without a chance to save anything."""
        self._signal(signal.SIGKILL)

    def query(self, statement: str) -> list[dict[str, Any]]:
        """The rows of an InfluxQL answer, tags and columns together; times in nanoseconds."""
        parameters = urllib.parse.urlencode({"db": self.database, "q": statement, "epoch": "ns"})
        request = urllib.request.Request(f"{self.url}/query", data=parameters.encode())
        with urllib.request.urlopen(request, timeout=20) as response:
            answer = json.load(response)
        assert "error" not in answer["results"][0], answer
        return [
            series.get("tags", {}) | dict(zip(series["columns"], row, strict=True))
            for series in answer["results"][0].get("series", [])
            for row in series["values"]
        ]

    def write(self, lines: str) -> None:
        """Write line protocol as it is, times in nanoseconds."""
        url = f"{self.url}/write?db={self.database}&precision=n"
        urllib.request.urlopen(urllib.request.Request(url, data=lines.encode()), timeout=20).close()

    def count(self, measurement: str, field: str) -> int:
        """How many points of a measurement have a field."""
        rows = self.query(f'SELECT count("{field}") FROM "{measurement}"')
        return int(rows[0]["count"]) if rows else 0

    def _wait(self) -> None:
        until_s = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/ping", timeout=1).close()
                return
            except (urllib.error.URLError, OSError):
                assert time.monotonic() < until_s, (self.folder / "influxd.log").read_text()[-2000:]
                time.sleep(0.05)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(20)
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
