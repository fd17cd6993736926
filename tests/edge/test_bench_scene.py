"""The margins of clips: far from dark, frozen and moved on a live one, beyond the limit on one that stands still."""

import subprocess
from pathlib import Path

import pytest
from simpang_edge.bench_scene import ClipScene, scenes
from simpang_edge.errors import ConfigurationError


def watched(folder: Path, source: str) -> ClipScene:
    """What is told of six seconds of one of ffmpeg's pictures."""
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"{source}size=640x360:rate=8:duration=7"]
    subprocess.run([*command, str(folder / "clip.mp4")], check=True)
    (found,) = scenes(folder, 8, lambda _: None)
    return found


def test_a_moving_picture_keeps_its_margins(tmp_path: Path) -> None:
    """The test picture changes everywhere, and is full of edges: a look a second, no flag."""
    found = watched(tmp_path, "testsrc2=")
    assert (found.looks, dict(found.flags)) == (7, {})
    assert found.calm_levels is not None
    assert found.calm_levels > 0.15
    assert found.blank_share < 0.95


def test_a_black_picture_is_dark(tmp_path: Path) -> None:
    """Every tile is blank; dark from the third look on, when it has been so for 2 s."""
    found = watched(tmp_path, "color=black:")
    assert (found.blank_share, found.median, found.flags["dark"]) == (1.0, (0.0, 0.0), 5)


def test_a_folder_without_a_video_is_told(tmp_path: Path) -> None:
    """With the endings that are looked for."""
    with pytest.raises(ConfigurationError, match="no video"):
        scenes(tmp_path, 8, lambda _: None)
