"""The ingestor's configuration: complete, strict, and clear about what is wrong; and the command that checks it."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel
from simpang_ingest.cli import app
from simpang_ingest.config import InfluxSettings, Settings, load, parse
from simpang_ingest.errors import ConfigurationError
from typer.testing import CliRunner

EXAMPLE = Path(__file__).parents[2] / "ingest" / "simpang.ingest.example.yaml"


def fault(content: object) -> str:
    """What is said of a content."""
    with pytest.raises(ConfigurationError) as caught:
        parse(content, Path("ingest.yaml"))
    return str(caught.value)


def test_a_fault_tells_no_password() -> None:
    """A password in an address, where it may not stand, is not repeated in the error."""
    said = fault({"broker": {"url": "mqtt://admin:hush@broker"}})
    assert "broker.url: 'mqtt://***@broker'" in said


def keys(model: type[BaseModel]) -> set[str]:
    """All key paths of a model."""
    found = set()
    for name, field in model.model_fields.items():
        part = next((a for a in (field.annotation, *get_args(field.annotation)) if _is_model(a)), None)
        found |= {name} if part is None else {f"{name}.{key}" for key in keys(part)}
    return found


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def paths(content: dict[str, Any], before: str = "") -> set[str]:
    """All key paths of a file's content."""
    return {
        path
        for name, value in content.items()
        for path in (paths(value, f"{before}{name}.") if isinstance(value, dict) and value else {before + name})
    }


def test_the_example_has_every_key_with_its_default() -> None:
    """What stands in the example is what holds without it."""
    content = yaml.safe_load(EXAMPLE.read_text())
    assert paths(content) == keys(Settings)
    assert load(EXAMPLE) == parse({}, EXAMPLE)


def test_the_example_has_every_key_of_influxdb() -> None:
    """The commented InfluxDB section is complete, and works when the comment signs are taken away."""
    commented = EXAMPLE.read_text().split("# store:")[1].split("\n\n")[0]
    section = yaml.safe_load("\n".join(line.removeprefix("# ") for line in commented.splitlines()[1:]))
    assert set(section) == set(InfluxSettings.model_fields)
    chosen = parse({"store": section}, EXAMPLE).store
    assert isinstance(chosen, InfluxSettings)
    assert chosen == InfluxSettings(kind="influxdb", url="http://127.0.0.1:8086", bucket="simpang")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param({"brokers": {}}, "ingest.yaml: brokers: unknown key (value {})", id="unknown section"),
        pytest.param({"broker": {"uri": "x"}}, "broker.uri: unknown key (value 'x')", id="unknown key"),
        pytest.param({"broker": {"password": "s3cret"}}, "broker.password: unknown key", id="a secret in the file"),
        pytest.param({"broker": {"url": "http://x"}}, "broker.url: 'http://x': String should match", id="not mqtt"),
        pytest.param({"batch": {"messages": 0}}, "batch.messages: 0: Input should be greater", id="out of range"),
        pytest.param({"store": {"kind": "postgres"}}, "store: ", id="unknown store"),
        pytest.param({"store": {"kind": "influxdb", "url": "http://x"}}, "store.bucket: required", id="no bucket"),
        pytest.param({"store": {"url": "http://x"}}, "store.url: unknown key", id="a key of the other store"),
        pytest.param({"page": {"host": "0.0.0.0"}}, "set password_env, or host 127.0.0.1", id="open page"),
        pytest.param({"page": {"timezone": "Asia/Bandung"}}, "page.timezone: 'Asia/Bandung'", id="no such zone"),
        pytest.param([1], "expected keys such as broker and store, got list", id="not a mapping"),
    ],
)
def test_a_fault_names_key_value_and_what_is_allowed(content: object, said: str) -> None:
    """One line per fault."""
    text = fault(content)
    assert said in text
    assert "s3cret" not in text


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_the_page_needs_no_password_on_this_machine(host: str) -> None:
    """Loopback is loopback in all its spellings."""
    assert parse({"page": {"host": host}}, Path("x")).page.host == host


def test_a_secret_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says which key wants which variable."""
    monkeypatch.delenv("NOT_THERE", raising=False)
    chosen = parse({"page": {"host": "0.0.0.0", "password_env": "NOT_THERE"}}, Path("x"))
    with pytest.raises(ConfigurationError, match=r"page\.password_env: environment variable NOT_THERE is not set"):
        chosen.check_secrets()


def test_check_prints_all_faults_and_fails(tmp_path: Path) -> None:
    """`simpang ingest check` is 0 for a good file and 1 for a bad one, with every fault, also as JSON."""
    runner = CliRunner()
    good = runner.invoke(app, ["check", str(EXAMPLE)])
    assert (good.exit_code, good.stdout.split()[0]) == (0, "ok")
    bad = tmp_path / "bad.yaml"
    bad.write_text("broker: {uri: x}\nbatch: {messages: -1}\n")
    said = runner.invoke(app, ["check", str(bad), "--json"])
    assert said.exit_code == 1
    assert len(json.loads(said.stdout)["faults"]) == 2
    assert runner.invoke(app, ["check", str(tmp_path / "none.yaml")]).exit_code == 1
