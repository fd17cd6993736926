"""``simpang bench accuracy`` as a user runs it, on a scenario file of six seconds."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from simpang_twin.accuracy.peers import as_published
from simpang_twin.accuracy.perfect import Eyes, jitter, visible
from simpang_twin.accuracy.results import ResultRow
from simpang_twin.accuracy.tables import markdown, number
from simpang_twin.accuracy.truths import ClipTruth

MINI = Path(__file__).parents[2] / "sample_videos" / "scenarios" / "mini.yaml"
COMMAND = [sys.executable, "-m", "simpang_edge.cli", "bench", "accuracy"]


def bench(*arguments: str, timeout_s: float = 200) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=timeout_s, check=False)


def test_a_scenario_file_is_simulated_sketched_measured_and_reported(tmp_path: Path) -> None:
    """Rows of the stated form for its camera, a baseline, and a page that needs nothing beside it."""
    page, base = tmp_path / "page.html", tmp_path / "base.json"
    done = bench(
        "--scenarios", str(MINI), "--detector", "perfect", "--cache", str(tmp_path / "cache"), "--json",
        "--report", str(page), "--baseline", str(base), "--update",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    rows = json.loads(done.stdout)
    assert {"scenario", "detector", "fps", "quantity", "value", "goal", "holds"} == set(rows[0])
    own = {row["quantity"]: row for row in rows if row["scenario"] == "mini_utara"}
    truth = json.loads(next((tmp_path / "cache").glob("mini-*/mini_utara.truth.json")).read_text())
    assert own["counts.true"]["value"] == sum(truth["approaches"][0]["counts"].values())
    assert own["honesty.wrong_zeros"]["value"] == 0
    assert own["state.agreement"]["value"] is None  # six seconds are no minute
    text = page.read_text(encoding="utf-8")
    assert "<svg" in text
    assert 'src="http' not in text
    assert json.loads(base.read_text())["runs"] == [["mini_utara", "perfect", 8.0]]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        pytest.param(("--scenarios", "nowhere"), "simpang_empat_pagi", id="an unknown clip: the known are named"),
        pytest.param(("--scenarios", "nowhere.mp4"), "NAME.mp4, .truth.json", id="a clip without its files"),
        pytest.param(("--scenarios", "mini.yaml@x"), "after @ comes the seed", id="a seed that is none"),
        pytest.param(("--detector", "best"), "known are perfect, model", id="an unknown detector"),
        pytest.param(("--fps", "8,x"), "expected numbers from 0.5 to 60", id="a rate that is none"),
        pytest.param(("--baseline", "none.json"), "--update", id="a baseline that is not there"),
    ],
)
def test_what_cannot_be_measured_is_named_and_ends_with_code_2(arguments: tuple[str, ...], named: str) -> None:
    """On stderr, with what is allowed, without a traceback."""
    done = bench(*arguments)
    assert done.returncode == 2
    assert named in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_sigterm_leaves_no_process() -> None:
    """Stopped while a worker measures: worker and broker are gone within seconds."""
    command = [*COMMAND, "--scenarios", "simpang_empat_pagi", "--detector", "model"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        until_s = time.monotonic() + 60
        while len(children := psutil.Process(process.pid).children(recursive=True)) < 2:
            assert time.monotonic() < until_s, "no worker was started"
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) != 0
        gone, left = psutil.wait_procs(children, timeout=30)
    assert not left
    assert len(gone) >= 2


def test_perfect_eyes_do_not_see_what_is_hidden_or_tiny() -> None:
    """71 % hidden, and 5 px wide: not seen; 70 % hidden and 6 px wide is."""
    boxes = np.array([[0, 0, 20, 20], [0, 0, 5, 20], [0, 0, 6, 20]], float)
    assert visible(boxes, np.array([0.71, 0.0, 0.7]), Eyes()).tolist() == [False, False, True]


def test_noise_has_the_stated_size_and_is_the_same_every_time() -> None:
    """2 px, 1 sigma, over 4000 sides; sides at the picture's border stay there."""
    boxes = np.tile(np.array([[100.0, 100.0, 200.0, 640.0]]), (1000, 1))
    one, two = (jitter(boxes, (640, 640), Eyes(noise_px=2.0), 5) for _ in range(2))
    assert np.array_equal(one, two)
    assert float((one - boxes)[:, :3].std()) == pytest.approx(2.0, rel=0.05)
    assert (one[:, 3] == 640).all()


def test_a_line_counters_larger_direction_is_the_traffics() -> None:
    """Two cars out at 1.2 and 1.8 s, a motorcycle in (a flicker): second 1 holds two cars, nothing else."""
    crossings = [
        {"time_s": 1.2, "class": "car", "way": "out"},
        {"time_s": 1.8, "class": "car", "way": "out"},
        {"time_s": 2.1, "class": "motorcycle", "way": "in"},
    ]
    rows = as_published(crossings, ClipTruth(0.0, 2.5, 10.0, (), (), None), "utara").windows
    assert [row.intensity for row in rows] == [0, 2, 0]
    assert rows[1].x.counts is not None
    assert rows[1].x.counts["car"] == 2


def test_a_markdown_table_marks_what_misses_its_goal() -> None:
    """A column per clip; unknown is a dash, never 0."""
    rows = [
        ResultRow("a", "perfect", 8.0, "counts.missed", 1, "== 0", False),
        ResultRow("b", "perfect", 8.0, "counts.missed", None, "== 0", None),
    ]
    assert markdown(rows).splitlines() == [
        "| perfect, 8 fps | goal | a | b |",
        "|---|---|---|---|",
        "| counts.missed | == 0 | **1** | – |",
    ]
    assert number(0.12345) == "0.123"
