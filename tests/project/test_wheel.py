"""The wheel, as a user gets it."""

import subprocess
import sys
import time
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command, its text output kept."""
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The distribution, built without isolation from the test environment's hatchling."""
    out = tmp_path_factory.mktemp("dist")
    done = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT)
    assert done.returncode == 0, done.stderr
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def box(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean environment with only the wheel and its [edge] extra, as on a camera box."""
    folder = tmp_path_factory.mktemp("box")
    venv.create(folder, with_pip=True)
    done = run(folder / "bin" / "python", "-m", "pip", "install", "-q", f"{wheel}[edge]")
    assert done.returncode == 0, done.stderr
    return folder / "bin"


def test_the_wheel_carries_the_model_and_the_type_marker(wheel: Path) -> None:
    """A wheel without its detector would install and then fail at the pole."""
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"simpang_models/simpang-n.onnx", "simpang_models/simpang-s.onnx"} <= names
    assert "simpang_edge/py.typed" in names


def test_help_answers_in_under_a_second(box: Path) -> None:
    """A person who asks for help does not wait: the best of three is under one second."""
    times = []
    for _ in range(3):
        begin = time.monotonic()
        done = run(box / "simpang", "--help")
        times.append(time.monotonic() - begin)
        assert done.returncode == 0
        assert "edge" in done.stdout
    assert min(times) < 1.0


def test_the_edge_works_with_only_its_extra(box: Path, tmp_path: Path) -> None:
    """A box without the centre's packages checks its configuration and says what is wrong in it."""
    (tmp_path / "box.yaml").write_text("site: tangsel\ncameras: [{id: a, source: a.mp4, wrong: 1}]\n")
    done = run(box / "simpang", "edge", "check", tmp_path / "box.yaml")
    assert done.returncode != 0
    assert "cameras[0].wrong" in done.stdout + done.stderr
    assert run(box / "python", "-c", "import nicegui").returncode != 0


def test_a_command_of_another_extra_says_what_to_install(box: Path) -> None:
    """On a camera box the centre's command names the missing extra instead of a traceback."""
    done = run(box / "simpang", "ingest", "run")
    assert done.returncode == 2
    assert "simpang[ingest]" in done.stderr
    assert "Traceback" not in done.stderr
