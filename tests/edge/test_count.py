"""The quick count as its user meets it: a video and lines in, one JSON object or a drawn video out."""

import json
import math
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import typer
from simpang_edge.bench_clips import LineTruth, clips
from simpang_edge.count import CountResult, LineResult, Tally
from simpang_edge.count_cli import as_object, parse_line, parse_size
from simpang_edge.data import KINDS, Tracks
from simpang_edge.errors import ConfigurationError, SourceError
from simpang_edge.lines import Crossing, Line
from simpang_edge.render import probe

CLIP = Path(__file__).parents[2] / "sample_videos" / "simpang_empat_pagi.mp4"
STOP_LINE = "468.4,351.6,847.5,350.4"
"""The stop line in pixels (``simpang_empat_pagi.camera.yaml``): left to right, so traffic toward the camera, which
moves down the picture, crosses forward."""


def simpang_count(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command as a person runs it."""
    command = [sys.executable, "-m", "simpang_edge.cli", "count", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=220, check=False)


@pytest.fixture
def empty_road(tmp_path: Path) -> Path:
    """Two seconds of grey that slowly brightens: 20 frames at 10 per second, 320 × 192 pixels, no vehicle."""
    path = tmp_path / "empty.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 192, "yuv420p"
        for i in range(20):
            image = np.full((192, 320, 3), 100 + 2 * i, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    return path


def beginning(seconds: float, path: Path) -> Path:
    """The sample clip's first seconds, its packets copied."""
    with av.open(str(CLIP)) as whole, av.open(str(path), "w") as part:
        source = whole.streams.video[0]
        stream = part.add_stream_from_template(source)
        for packet in whole.demux(source):
            if packet.pts is not None and float(packet.pts * (source.time_base or 0)) < seconds:
                packet.stream = stream
                part.mux(packet)
    return path


def on(time_s: float, track: int, kind: str, gone: tuple[int, ...] = ()) -> Tracks:
    """One track of a kind."""
    box = np.array([[0, 0, 10, 10]], np.float32)
    return Tracks(time_s, np.array([track]), box, np.array([KINDS.index(kind)]), np.array(gone, np.int64))


def test_the_count_over_the_stop_line_of_the_sample_clip_is_within_a_tenth_of_the_truth(tmp_path: Path) -> None:
    """Real decoder, detector, tracker and line against the exact crossings of the rendered clip's first 50 s."""
    content = json.loads(CLIP.with_suffix(".truth.json").read_text())
    truth = sum(crossing["time_s"] < 50 for crossing in content["approaches"][0]["crossings"])
    clip = beginning(50, tmp_path / "clip.mp4")
    done = simpang_count(clip, "--line", STOP_LINE, "--fps", "5", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    line = found["lines"][0]
    forward = sum(line["forward"].values())
    assert abs(forward - truth) <= 0.1 * truth
    assert line["total"] == forward + sum(line["backward"].values())
    # 50 s at five a second are 250 frames.
    assert found["frames"] == pytest.approx(250, abs=2)
    assert found["seconds"] == pytest.approx(50, abs=0.5)
    assert found["analysed_fps"] == pytest.approx(5, abs=0.05)


def test_a_video_without_vehicles_counts_zero_and_is_rendered_whole(empty_road: Path, tmp_path: Path) -> None:
    """JSON with zeros for every class, and an MP4 of as many frames and the same size and length."""
    out = tmp_path / "out.mp4"
    done = simpang_count(empty_road, "--line", "0,96,320,96", "--line", "160,0,160,192", "--json", "--render", out)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [row["line"] for row in found["lines"]] == [[0, 96, 320, 96], [160, 0, 160, 192]]
    assert set(found["lines"][0]) == {"line", "counts", "forward", "backward", "total"}
    assert all(row["total"] == 0 for row in found["lines"])
    # 20 frames, a tenth of a second each, are 2 s at 10 per second.
    assert (found["frames"], found["seconds"], found["analysed_fps"]) == (20, pytest.approx(2), pytest.approx(10))
    facts = probe(str(out))
    assert (facts.width_px, facts.height_px) == (320, 192)
    assert facts.seconds == pytest.approx(2, abs=0.2)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["empty.mp4", "out.mp4"]


def test_ctrl_c_leaves_no_half_written_video(tmp_path: Path) -> None:
    """Interrupted while it renders, neither the video nor its partial file stays."""
    out = tmp_path / "out.mp4"
    command = [sys.executable, "-m", "simpang_edge.cli", "count", str(CLIP), "--line", STOP_LINE, "--render", str(out)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _wait_for(lambda: (tmp_path / "out.mp4.part").exists())
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) != 0
    assert list(tmp_path.iterdir()) == []


def _wait_for(ready: Any) -> None:
    until_s = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < until_s
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["missing.mp4", "--line", "0,0,9,9"], "missing.mp4", id="no such video"),
        pytest.param([__file__, "--line", "0,0,9,9"], "cannot be read as a video", id="not a video"),
        pytest.param([CLIP, "--line", "0,0,9"], "four numbers", id="three numbers"),
        pytest.param([CLIP, "--line", "0,0,9,9", "--size", "640x385"], "multiples of 32", id="wrong size"),
        pytest.param([CLIP, "--line", "0,0,9,9", "--model", "none.onnx"], "none.onnx", id="no such model"),
        pytest.param([CLIP, "--line", "0,0,9,9", "--render", "/no/such/o.mp4"], "/no/such", id="no folder"),
        pytest.param([CLIP, "--line", "0,0,9,9", "--render", CLIP], "overwrite", id="onto itself"),
        pytest.param([CLIP], "--line", id="no line"),
    ],
)
def test_a_wrong_argument_ends_with_code_2_and_a_message(arguments: list[str | Path], message: str) -> None:
    """The message names what is wrong, on stderr, without a traceback."""
    done = simpang_count(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_line_outside_the_picture_is_warned_of(empty_road: Path) -> None:
    """The count runs, and stderr says which line reaches out of what size."""
    done = simpang_count(empty_road, "--line", "0,96,900,96", "--json")
    assert done.returncode == 0
    assert "line 1 reaches outside the picture" in done.stderr
    assert json.loads(done.stdout)["lines"][0]["total"] == 0


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "1,2,nan,4", "1,2,inf,4", "7,7,7,7"])
def test_a_line_that_is_none_is_refused(text: str) -> None:
    """Four finite numbers that make two different points are needed."""
    with pytest.raises(typer.BadParameter):
        parse_line(text)


def test_lines_and_sizes_are_read() -> None:
    """Fractions and blanks are fine in a line; a size is width by height."""
    assert parse_line("1, 2.5,30,40") == Line(1, 2.5, 30, 40)
    assert parse_size("960x544") == (960, 544)


def test_a_class_is_settled_when_the_vehicle_is_gone() -> None:
    """It crossed as a car, was then voted a truck, and went: one truck."""
    tally = Tally((Line(0, 0, 10, 0),))
    tally.update(on(0.0, 1, "car"), (Crossing(1, 0, True, 0.0),))
    assert tally.results()[0].forward[KINDS.index("car")] == 1
    tally.update(on(0.1, 1, "truck"), ())
    tally.update(on(0.2, 2, "car", gone=(1,)), ())
    assert tally.results()[0].forward.tolist() == [int(kind == "truck") for kind in KINDS]


def test_persons_are_not_vehicles() -> None:
    """Two cars and three persons crossed: the total is 2, and persons appear only when asked for."""
    forward = np.array([{"car": 2, "person": 3}.get(kind, 0) for kind in KINDS], np.int64)
    row = LineResult(Line(0, 0, 10, 0), forward, np.zeros(len(KINDS), np.int64))
    result = CountResult((row,), 100, 10.0)
    plain, asked = as_object(result), as_object(result, KINDS)
    assert plain["lines"][0]["total"] == asked["lines"][0]["total"] == 2
    assert "person" not in plain["lines"][0]["counts"]
    assert asked["lines"][0]["counts"]["person"] == 3
    assert plain["analysed_fps"] == pytest.approx(100 / 10)


def test_a_rate_that_nothing_tells_is_null() -> None:
    """A single frame has no duration."""
    assert as_object(CountResult((), 1, 0.0))["analysed_fps"] is None


def test_a_sound_file_is_not_a_video(tmp_path: Path) -> None:
    """The message says that there is no video in it."""
    path = tmp_path / "tone.wav"
    samples = (np.sin(np.arange(4000) * 2 * math.pi * 440 / 8000) * 20000).astype("<i2")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(SourceError, match="there is no video"):
        probe(str(path))


def test_the_clip_benchmark_reads_truth_files(tmp_path: Path) -> None:
    """Line, span in seconds (frames 25 to 50 at 25 fps are 1 to 2 s), counts and directions; extra lines follow."""
    first = {
        "line": [[0, 10], [20, 10]],
        "frame_range": [25, 50],
        "counts": {"car": 3, "bus": 1},
        "by_direction": {"up": {"car": 3}, "down": {"bus": 1}},
    }
    extra = {**first, "line": [[5, 0], [5, 9]], "counts": {"car": 1}, "by_direction": {"left": {"car": 1}}}
    (tmp_path / "a.truth.json").write_text(json.dumps({"clip": "a.mp4", "fps": 25, **first, "extra_lines": [extra]}))
    (clip,) = clips(tmp_path)
    assert clip.video == tmp_path / "a.mp4"
    assert clip.lines[0] == LineTruth(Line(0, 10, 20, 10), (1.0, 2.0), {"car": 3, "bus": 1}, {"up": 3, "down": 1})
    assert [truth.total() for truth in clip.lines] == [4, 1]


def test_a_folder_without_truth_is_an_error(tmp_path: Path) -> None:
    """The clip benchmark says what it looks for."""
    with pytest.raises(ConfigurationError, match=r"truth\.json"):
        clips(tmp_path)
