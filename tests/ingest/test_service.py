"""The ingestor as a process sees it: metrics, health, exit codes, dead letters on the command line."""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml
from simpang_ingest.cli import app
from simpang_ingest.config import Settings
from simpang_ingest.errors import ConfigurationError, StoreUnavailable
from simpang_ingest.service import Service
from typer.testing import CliRunner

from ..brokers import Mosquitto, free_port, wait_port
from .world import Sender, settings, wait, window


def fetch(service: Service, path: str) -> tuple[int, str]:
    """Status and body of a path of the metrics server."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{service.metrics_port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as exc:
        return exc.code, exc.read().decode()


def test_metrics_and_health_tell_what_happened(tmp_path: Path) -> None:
    """Three stored, one dead letter, one missing: as numbers for Prometheus and as words in the health."""
    with (
        Mosquitto(tmp_path / "broker") as broker, Sender(broker.port) as sender,
        Service(settings(tmp_path, broker.url)) as service,
    ):  # fmt: skip
        wait(lambda: fetch(service, "/health")[0] == 200)
        sender.send(window(1), window(2), window(4))
        sender.raw("simpang/v1/tangsel/utara/window", b"{}")
        wait(lambda: service.totals().acknowledged == 4)
        metrics = fetch(service, "/metrics")[1].splitlines()
        for expected in (
            "simpang_ingest_received_messages_total 4.0", "simpang_ingest_stored_rows_total 3.0",
            "simpang_ingest_dead_letters_total 1.0", "simpang_ingest_lost_records 1.0",
            "simpang_ingest_acknowledged_messages_total 4.0", "simpang_ingest_rejected_rows_total 0.0",
            "simpang_ingest_store_up 1.0", "simpang_ingest_broker_up 1.0", "simpang_ingest_retries_total 0.0",
        ):  # fmt: skip
            assert expected in metrics
        assert any(line.startswith("simpang_ingest_batch_seconds_count") for line in metrics)
        broker.kill()
        wait(lambda: fetch(service, "/health")[0] == 503)
        report = json.loads(fetch(service, "/health")[1])
        assert (report["state"], report["broker"], report["store"]) == ("degraded", False, True)
        assert broker.url in report["reasons"][0]
        assert fetch(service, "/secrets")[0] == 404
        broker.start()


def test_a_metrics_port_that_is_taken_says_so(tmp_path: Path) -> None:
    """The message names the address; nothing was started."""
    with Service(settings(tmp_path, "mqtt://127.0.0.1:9")) as service:
        other = settings(tmp_path / "b", "mqtt://127.0.0.1:9", metrics={"port": service.metrics_port})
        with pytest.raises(ConfigurationError, match=rf"cannot listen on 127\.0\.0\.1:{service.metrics_port}"):
            Service(other).start()


def test_a_store_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    """The message names the file: a folder stands in its place."""
    (tmp_path / "simpang.sqlite").mkdir()
    with pytest.raises(StoreUnavailable, match=r"simpang\.sqlite"):
        Service(settings(tmp_path, "mqtt://127.0.0.1:9"))


def run_command(folder: Path, chosen: Settings, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a sub-command with a configuration file."""
    file = folder / "ingest.yaml"
    file.write_text(yaml.safe_dump(chosen.model_dump(mode="json")))
    command = [sys.executable, "-m", "simpang_edge.cli", "ingest", *arguments, "--config", str(file)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_an_error_for_a_person_has_no_traceback(tmp_path: Path) -> None:
    """A store that cannot be opened ends the command with code 2 and one line."""
    (tmp_path / "simpang.sqlite").mkdir()
    ended = run_command(tmp_path, settings(tmp_path, "mqtt://127.0.0.1:9"), "run")
    assert ended.returncode == 2
    assert "simpang ingest: store" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_command_serves_page_and_metrics_until_told_to_stop(tmp_path: Path) -> None:
    """Started as a user starts it: store, page and metrics in one process; SIGTERM ends it with code 0."""
    with Mosquitto(tmp_path / "broker") as broker, Sender(broker.port) as sender:
        page, metrics = free_port(), free_port()
        chosen = settings(tmp_path, broker.url, page={"enabled": True, "port": page}, metrics={"port": metrics})
        file = tmp_path / "ingest.yaml"
        file.write_text(yaml.safe_dump(chosen.model_dump(mode="json")))
        command = [sys.executable, "-m", "simpang_edge.cli", "ingest", "run", "--config", str(file)]
        with (tmp_path / "log").open("w") as log:
            process = subprocess.Popen(command, stderr=log, stdout=log)
        try:
            wait_port(page, 30)

            def stored() -> bool:
                """The page may be open before the subscription is: what is sent until then reaches nobody."""
                sender.send(window(1))
                return "stored_rows_total 0.0" not in read(f"http://127.0.0.1:{metrics}/metrics")

            wait(stored)
            assert json.loads(read(f"http://127.0.0.1:{page}/healthz"))["status"] == "ok"
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0, (tmp_path / "log").read_text()
        finally:
            process.kill()


def read(url: str) -> str:
    """The body of an answer."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        return str(answer.read().decode())


def test_dead_letters_are_shown(tmp_path: Path) -> None:
    """Newest first, with time, topic, reason and what came; none is said in words."""
    chosen = settings(tmp_path, "mqtt://127.0.0.1:9")
    file = tmp_path / "ingest.yaml"
    file.write_text(yaml.safe_dump(chosen.model_dump(mode="json")))
    assert "no dead letters" in CliRunner().invoke(app, ["dead-letters", "--config", str(file)]).stdout
    with (
        Mosquitto(tmp_path / "broker") as broker, Sender(broker.port) as sender,
        Service(settings(tmp_path, broker.url)) as service,
    ):  # fmt: skip
        wait(lambda: service.health().broker)
        sender.raw("simpang/v1/tangsel/utara/live", b"not json")
        wait(lambda: service.totals().dead_letters == 1)
    shown = CliRunner().invoke(app, ["dead-letters", "--config", str(file), "--json"])
    (letter,) = json.loads(shown.stdout)
    assert (letter["topic"], letter["payload"], letter["size"]) == ("simpang/v1/tangsel/utara/live", "not json", 8)
    assert "malformed" in letter["reason"]
