"""The deployment's files: what the broker accepts, whom it lets in, and that no secret stands in them."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from simpang_edge.config import load
from simpang_ingest import config as ingest_config

from ..brokers import Listener, Mosquitto

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
USERS = {"edge": "edge-secret", "ingest": "ingest-secret"}


def broker_lines() -> str:
    """The broker's configuration without what the test's own broker sets (port, users, folders)."""
    own = ("listener", "allow_anonymous", "password_file", "acl_file", "persistence", "autosave")
    lines = (DEPLOY / "mosquitto" / "mosquitto.conf").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line and not line.startswith(("#", *own))]
    return "\n".join([*kept, f"acl_file {DEPLOY / 'mosquitto' / 'acl'}"])


def broker(folder: Path) -> Mosquitto:
    """The city's broker on a port of this machine."""
    return Mosquitto(folder, users=USERS, persistence=True, extra=broker_lines())


def test_the_broker_lets_a_box_publish_and_the_centre_listen(tmp_path: Path) -> None:
    """What the box of the compose file publishes reaches the ingestor through the real broker's rights."""
    with (
        broker(tmp_path) as server,
        Listener(server, name="centre", user=("ingest", "ingest-secret")) as centre,
        Listener(server, "simpang/v1/+/+/status", name="box", user=("edge", "edge-secret")) as box,
    ):
        box.publish("simpang/v1/tangsel/utara/window", b"{}")
        heard = centre.wait(lambda messages: len(messages) == 1)
    assert heard[0].topic == "simpang/v1/tangsel/utara/window"


def test_a_box_may_not_read_another_boxes_records(tmp_path: Path) -> None:
    """The box's user hears status messages but no windows of others."""
    with (
        broker(tmp_path) as server,
        Listener(server, "simpang/v1/#", name="box", user=("edge", "edge-secret")) as box,
    ):
        box.publish("simpang/v1/tangsel/utara/window", b"secret")
        box.publish("simpang/v1/tangsel/utara/status", b"marker")
        heard = box.wait(lambda messages: any(m.payload == b"marker" for m in messages))
    assert [message.payload for message in heard] == [b"marker"]


@pytest.mark.parametrize("login", [[], ["-u", "edge", "-P", "wrong"]], ids=["anonymous", "wrong-password"])
def test_the_broker_refuses_strangers(tmp_path: Path, login: list[str]) -> None:
    """Nobody publishes without a user and the right password."""
    with broker(tmp_path) as server:
        command = ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(server.port), "-t", "simpang/v1/a/b/live", "-m", "x"]
        done = subprocess.run([*command, *login], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode != 0
    assert "not authori" in (done.stdout + done.stderr).lower()


def test_every_secret_comes_from_the_environment_and_has_no_default() -> None:
    """A forgotten secret stops the start instead of opening a door."""
    secrets = [
        (service, key, value)
        for service, parts in COMPOSE["services"].items()
        for key, value in (parts.get("environment") or {}).items()
        if re.search("PASSWORD|TOKEN|SECRET", key)
    ]
    assert len(secrets) >= 8
    for service, key, value in secrets:
        assert re.fullmatch(r"\$\{[A-Z_]+:\?[^}]+\}", value), f"{service}: {key}"


def test_the_example_environment_names_every_secret_and_gives_none() -> None:
    """.env.example lists exactly the variables of the compose file, all empty."""
    wanted = set(re.findall(r"\$\{([A-Z_]+):\?", (DEPLOY / "compose.yaml").read_text(encoding="utf-8")))
    lines = [line for line in (DEPLOY / ".env.example").read_text(encoding="utf-8").splitlines() if "=" in line]
    assert {line.split("=")[0] for line in lines if not line.startswith("#")} == wanted
    assert all(line.endswith("=") for line in lines if not line.startswith("#"))


def test_grafana_lets_nobody_in_without_a_login() -> None:
    """Anonymous access and sign-up are off."""
    environment = COMPOSE["services"]["grafana"]["environment"]
    assert environment["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    assert environment["GF_USERS_ALLOW_SIGN_UP"] == "false"


def test_files_that_the_compose_file_mounts_exist() -> None:
    """No service starts with an empty folder where a configuration should be."""
    for name, service in COMPOSE["services"].items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (DEPLOY / source).exists(), f"{name}: {source}"


def test_every_service_comes_back_and_every_server_is_watched() -> None:
    """All services restart by themselves; those that others wait for have a health check."""
    for name, service in COMPOSE["services"].items():
        assert service["restart"] == "unless-stopped", name
    waited = {name for service in COMPOSE["services"].values() for name in service.get("depends_on", {})}
    assert waited <= {name for name, service in COMPOSE["services"].items() if "healthcheck" in service}


def test_the_boxes_configuration_is_valid() -> None:
    """The edge configuration of the compose file loads without a fault."""
    assert load(DEPLOY / "edge" / "edge.yaml").broker.url == "mqtt://mosquitto:1883"


def test_the_centres_configuration_is_valid() -> None:
    """The ingestor's configuration of the compose file loads without a fault."""
    assert ingest_config.load(DEPLOY / "ingest" / "ingest.yaml").page.host == "0.0.0.0"
