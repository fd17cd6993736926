"""Files as sources: which frames come, with which times, and what happens with files that are not well."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from simpang_edge.clock import FakeClock, SystemClock
from simpang_edge.config import Camera
from simpang_edge.data import Frame
from simpang_edge.errors import SourceEnded, SourceError
from simpang_edge.source import Source, open_source

from .source_clips import H264, HEIGHT_PX, WIDTH_PX, ffmpeg, make_clip, number_of

NOON_S = 1_769_835_600.0
"""2026-01-31T12:00:00+07:00: date -d … +%s."""


def opened(path: Path, clock: FakeClock | None = None, **keys: Any) -> Source:
    """A source on a file, with a clock that starts at noon."""
    return open_source(Camera(id="cam", source=str(path), **keys), clock or FakeClock(NOON_S))


def frames(source: Source) -> list[Frame]:
    """All frames to the end."""
    found = []
    try:
        while True:
            frame = source.read(1.0)
            assert frame is not None
            found.append(frame)
    except SourceEnded:
        return found


def numbers(found: list[Frame]) -> list[int]:
    """The numbers that the pictures show."""
    return [number_of(frame.image) for frame in found]


def seconds(found: list[Frame]) -> list[float]:
    """Capture times since noon."""
    return [frame.time_s - NOON_S for frame in found]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds at 25 fps in MP4."""
    return make_clip(tmp_path_factory.mktemp("clips") / "clip.mp4", 50)


CONTAINERS = [
    pytest.param("clip.mp4", H264, id="mp4"),
    pytest.param("clip.mkv", H264, id="mkv"),
    pytest.param("clip.ts", H264, id="ts"),
    pytest.param("b_frames.mp4", (*H264, "-bf", "2", "-preset", "fast"), id="mp4 with B-frames"),
    pytest.param("clip.avi", ("-c:v", "mpeg4", "-q:v", "3"), id="avi"),
    pytest.param("clip.webm", ("-c:v", "libvpx", "-deadline", "realtime", "-b:v", "500k"), id="webm"),
]


@pytest.mark.parametrize(("name", "arguments"), CONTAINERS)
def test_every_container_gives_the_frames_the_rate_asks_for(
    name: str, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    """At 5 fps of 25, every fifth frame comes, at its own time, and then the file ends."""
    source = opened(make_clip(tmp_path / name, 50, arguments=arguments), analysis_fps=5)
    found = frames(source)
    assert numbers(found) == [0, 5, 10, 15, 20, 25, 30, 35, 40, 45]
    assert seconds(found) == pytest.approx([i * 0.2 for i in range(10)], abs=0.0011)  # Matroska rounds to 1 ms
    assert found[0].image.shape == (HEIGHT_PX, WIDTH_PX, 3)
    status = source.status()
    assert (status.state, status.read, status.analysed, status.missed) == ("ended", 50, 10, 0)


def test_a_file_of_changing_frame_rate_is_timed_by_its_stamps(tmp_path: Path) -> None:
    """Times come from the stream, not from counting frames."""
    # Frames at 0, .04, .08, then 1.0, 1.5, 1.52 and 3.0 s; at 10 fps the ones in a new tenth are wanted.
    at = "if(lt(N,3),N*40,if(eq(N,3),1000,if(eq(N,4),1500,if(eq(N,5),1520,3000))))"
    arguments = ("-vf", f"settb=1/1000,setpts='{at}'", "-vsync", "vfr", "-enc_time_base", "1:1000", *H264)
    found = frames(opened(make_clip(tmp_path / "vfr.mkv", 7, arguments=arguments), analysis_fps=10))
    assert numbers(found) == [0, 3, 4, 6]
    assert seconds(found) == pytest.approx([0.0, 1.0, 1.5, 3.0])


def test_reading_twice_gives_the_same(clip: Path) -> None:
    """The same file gives the same frames with the same times."""
    once, again = (frames(opened(clip, analysis_fps=8)) for _ in range(2))
    # Multiples of 0.125 s, the first frame at or after each: 0.16, 0.28, 0.40, 0.52 … as in the grid's own test.
    assert numbers(once) == [0, 4, 7, 10, 13, 16, 19, 22, 25, 29, 32, 35, 38, 41, 44, 47]
    assert numbers(again) == numbers(once)
    assert seconds(again) == seconds(once)


def test_a_start_time_places_the_file_in_time(clip: Path) -> None:
    """Capture time of the first frame is the configured time, in whatever zone it is written."""
    source = opened(clip, FakeClock(5.0), start_time="2026-01-31T12:00:00+07:00")
    first = source.read(1.0)
    assert first is not None
    assert first.time_s == NOON_S


def test_the_end_stays_the_end(clip: Path) -> None:
    """Reading on after the end raises the same again, with the file's name."""
    source = opened(clip)
    frames(source)
    with pytest.raises(SourceEnded, match=r"clip\.mp4: the video ended"):
        source.read(1.0)


def test_a_loop_goes_on_in_time_after_a_gap(clip: Path) -> None:
    """Pass after pass gives the same frames; 2 s lie between the last frame of one and the first of the next."""
    source = opened(clip, analysis_fps=1, loop=True)
    found = [source.read(1.0) for _ in range(6)]
    there = [frame for frame in found if frame is not None]
    assert numbers(there) == [0, 25, 0, 25, 0, 25]
    # The last frame of a pass is number 49 at 1.96 s, so the second pass begins at 3.96 s and the third at 7.92 s.
    assert seconds(there) == pytest.approx([0, 1, 3.96, 4.96, 7.92, 8.92])
    assert source.status().state == "online"


def test_in_real_time_a_frame_comes_when_its_time_has_come(clip: Path) -> None:
    """Reading returns None when the next frame is not due within the timeout."""
    clock = FakeClock(NOON_S)
    source = opened(clip, clock, analysis_fps=1, pace="realtime")
    assert source.read(0.2) is not None
    assert source.read(0.2) is None
    assert clock.monotonic() == pytest.approx(0.2)
    frame = source.read(5.0)
    assert frame is not None
    assert clock.monotonic() == pytest.approx(1.0)
    assert frame.time_s == NOON_S + 1.0


def test_in_real_time_frames_more_than_a_second_late_are_skipped_and_counted(clip: Path) -> None:
    """After 1.5 s of work the frames up to 0.4 s are given up; the one at 0.6 s comes next."""
    clock = FakeClock(NOON_S)
    source = opened(clip, clock, analysis_fps=5, pace="realtime")
    source.read(1.0)
    clock.advance(1.5)  # late by 1.3 s at 0.2, 1.1 s at 0.4, 0.9 s at 0.6
    frame = source.read(1.0)
    assert frame is not None
    assert frame.time_s == pytest.approx(NOON_S + 0.6)
    assert source.status().missed == 2


def test_a_machine_that_is_always_late_still_sees_something(clip: Path) -> None:
    """Not more than a second's worth of frames is skipped in a row."""
    clock = FakeClock(NOON_S)
    source = opened(clip, clock, analysis_fps=5, pace="realtime")
    source.read(1.0)
    clock.advance(100)
    frame = source.read(1.0)
    assert frame is not None
    assert frame.time_s == pytest.approx(NOON_S + 1.2)  # 0.2 … 1.0 were skipped
    assert source.status().missed == 5


def test_closing_ends_a_wait(clip: Path) -> None:
    """A reader that waits for the next frame's time returns None soon after close."""
    source = open_source(Camera(id="cam", source=str(clip), analysis_fps=0.6, pace="realtime"), SystemClock())
    assert source.read(1.0) is not None
    threading.Timer(0.1, source.close).start()
    begun_s = time.monotonic()
    assert source.read(30.0) is None
    assert time.monotonic() - begun_s < 1.0
    assert source.read(30.0) is None


def test_a_picture_that_changes_its_size_stops_the_file(tmp_path: Path) -> None:
    """The frames before are given; the message names both sizes and the time."""
    small, large = make_clip(tmp_path / "small.ts", 25), make_clip(tmp_path / "large.ts", 25, scale=2)
    both = tmp_path / "both.ts"
    both.write_bytes(small.read_bytes() + large.read_bytes())
    source = opened(both, analysis_fps=5)
    found = [source.read(1.0) for _ in range(5)]
    assert all(found)
    with pytest.raises(SourceError, match=r"both\.ts: the picture changes from 128x64 to 256x128 at 1\.0 s") as caught:
        source.read(1.0)
    assert not isinstance(caught.value, SourceEnded)
    assert source.status().state == "offline"


def test_joined_recordings_are_one_video(tmp_path: Path) -> None:
    """Where time stamps start again, time goes on."""
    part = make_clip(tmp_path / "part.ts", 25)
    both = tmp_path / "both.ts"
    both.write_bytes(part.read_bytes() * 2)
    found = frames(opened(both, analysis_fps=5))
    assert numbers(found)[:5] == [0, 5, 10, 15, 20]
    assert seconds(found) == pytest.approx([i * 0.2 for i in range(10)], abs=0.05)


def test_a_file_cut_short_gives_what_can_be_decoded(tmp_path: Path) -> None:
    """A download that broke off ends early and says so."""
    whole = make_clip(tmp_path / "whole.mp4", 50, arguments=(*H264, "-movflags", "+faststart"))
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    source = opened(cut, analysis_fps=25)
    found = frames(source)
    assert numbers(found)[:10] == list(range(10))
    assert 10 < len(found) < 50
    status = source.status()
    assert status.state == "ended"
    assert "reading stopped" in status.detail or "damaged" in status.detail


def test_damaged_packets_are_counted_and_passed_over(tmp_path: Path) -> None:
    """A hole in the middle of a file costs the frames that lie in it."""
    whole = make_clip(tmp_path / "whole.avi", 50, arguments=("-c:v", "png"))
    content = bytearray(whole.read_bytes())
    chunks = [index for index in range(len(content) - 4) if content[index : index + 4] == b"00dc"]
    picture = chunks[1 + 19]  # the first is in the header; then picture 0, 1, …
    content[picture + 8 : picture + 24] = b"\x00" * 16
    holed = tmp_path / "holed.avi"
    holed.write_bytes(content)
    source = opened(holed, analysis_fps=25)
    found = numbers(frames(source))
    # Without its head the picture cannot be told from the next one, which may go with it.
    assert found in ([*range(19), *range(20, 50)], [*range(19), *range(21, 50)])
    assert source.status().damaged == 1
    assert "1 damaged packet" in source.status().detail


def test_a_phones_video_is_turned_upright(tmp_path: Path) -> None:
    """A file that says it must be turned comes as people see it in a player."""
    lying = make_clip(tmp_path / "lying.mp4", 5)
    turned = tmp_path / "turned.mp4"
    ffmpeg(["-i", str(lying), "-c", "copy", "-metadata:s:v:0", "rotate=90", str(turned)])
    shown = tmp_path / "shown.png"
    ffmpeg(["-i", str(turned), "-vf", "select=eq(n\\,3)", "-frames:v", "1", str(shown)])
    ours = frames(opened(turned, analysis_fps=25))[3].image
    theirs = frames(opened(shown))[0].image
    assert ours.shape == theirs.shape == (WIDTH_PX, HEIGHT_PX, 3)
    assert abs(ours.astype(int) - theirs).mean() < 3


def bad_file(folder: Path, kind: str) -> Path:
    """A path that is no video, in several ways."""
    path = folder / "bad.mp4"
    if kind == "folder":
        path.mkdir()
    elif kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("this is not a video\n" * 100)
    elif kind == "sound only":
        ffmpeg(["-f", "lavfi", "-i", "sine=duration=0.2", str(path)])
    elif kind == "unknown codec":
        clip = make_clip(folder / "clip.avi", 5, arguments=("-c:v", "mpeg4"))
        path.write_bytes(clip.read_bytes().replace(b"FMP4", b"ZZQ9"))
    elif kind == "head missing":
        make_clip(path, 50)  # the index lies at the end
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


BAD = [
    pytest.param("missing", "no such file", id="missing"),
    pytest.param("folder", "not a file", id="folder"),
    pytest.param("empty", "the file is empty", id="empty"),
    pytest.param("text", "not a readable video", id="text"),
    pytest.param("sound only", "it has no video", id="sound only"),
    pytest.param("unknown codec", "cannot be decoded", id="unknown codec"),
    pytest.param("head missing", "not a readable video", id="no index"),
]


@pytest.mark.parametrize(("kind", "message"), BAD)
def test_a_file_that_is_no_video_is_named(kind: str, message: str, tmp_path: Path) -> None:
    """The message names the file and the reason, before anything is measured."""
    with pytest.raises(SourceError, match=rf"bad\.mp4: .*{message}"):
        opened(bad_file(tmp_path, kind))


def test_a_file_without_one_good_picture_is_an_error_not_an_end(tmp_path: Path) -> None:
    """A file whose every picture is damaged is not an empty road."""
    path = make_clip(tmp_path / "clip.avi", 5, arguments=("-c:v", "png"))
    content = path.read_bytes().replace(b"\x89PNG", b"\x00\x00\x00\x00")
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"clip\.avi: no picture in it can be decoded") as caught:
        opened(path).read(1.0)
    assert not isinstance(caught.value, SourceEnded)
