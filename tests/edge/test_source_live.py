"""Live sources: a real RTSP server that dies and comes back, MJPEG and HLS over HTTP, cameras that misbehave."""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from subprocess import Popen
from typing import Any

import cv2
import pytest
from simpang_edge.clock import SystemClock
from simpang_edge.config import Camera
from simpang_edge.data import Frame
from simpang_edge.errors import SourceError
from simpang_edge.source import LiveSource, Source, SourceStatus, open_source
from simpang_edge.source_live import opening

from ..rtsp_server import RtspServer
from .source_clips import H264, HEIGHT_PX, WIDTH_PX, make_clip, number_of, numbered

NOWHERE = "rtsp://127.0.0.1:1/nothing"


class Mjpeg(ThreadingHTTPServer):
    """A camera that sends numbered JPEG pictures over HTTP, and can be told to misbehave.

    silent: sends nothing, but keeps the connection. end_after: closes each connection after so many pictures.
    """

    def __init__(self, fps: float = 25.0) -> None:
        super().__init__(("127.0.0.1", 0), MjpegConnection)
        self.daemon_threads = True
        self.fps = fps
        self.silent = False
        self.end_after = 1_000_000
        self.scale = 1
        self.sent = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Address of the stream."""
        return f"http://127.0.0.1:{self.server_address[1]}/video"

    def __exit__(self, *_error: object) -> None:
        self.end_after = 0
        self.shutdown()
        self.server_close()


class MjpegConnection(BaseHTTPRequestHandler):
    """One viewer."""

    server: Mjpeg

    def do_GET(self) -> None:
        """Send pictures until told otherwise."""
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        count = 0
        while count < self.server.end_after:
            time.sleep(1 / self.server.fps)
            if not self.server.silent and not self._send_one():
                return
            count += 1

    def _send_one(self) -> bool:
        picture = numbered(self.server.sent % 256, self.server.scale)
        jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
        head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
        try:
            self.wfile.write(head.encode() + jpeg + b"\r\n")
        except OSError:
            return False
        self.server.sent += 1
        return True

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


class Watch:
    """Reads a source on and on and keeps what it saw."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.frames: list[Frame] = []

    def until(self, what: Callable[[SourceStatus], bool], timeout_s: float) -> float:
        """Read until the status is as wanted; the seconds that took."""
        begun_s = time.monotonic()
        while not what(self.source.status()):
            assert time.monotonic() - begun_s < timeout_s, self.source.status()
            frame = self.source.read(0.05)
            if frame is not None:
                self.frames.append(frame)
        return time.monotonic() - begun_s

    def times_s(self) -> list[float]:
        """Capture times."""
        return [frame.time_s for frame in self.frames]

    def numbers(self) -> list[int]:
        """What the pictures show."""
        return [number_of(frame.image) for frame in self.frames]


def spread_s(frames: list[Frame], fps: float = 25.0) -> float:
    """How far capture times stray from those of the clip, in which picture n was taken at n/fps."""
    errors_s = [frame.time_s - number_of(frame.image) / fps for frame in frames]
    return max(errors_s) - min(errors_s)


def analysed(count: int) -> Callable[[SourceStatus], bool]:
    """At least so many frames were handed out."""
    return lambda status: status.analysed >= count


def online(status: SourceStatus) -> bool:
    """Frames come."""
    return status.state == "online"


def offline(status: SourceStatus) -> bool:
    """No frames come."""
    return status.state == "offline"


@pytest.fixture
def watch() -> Iterator[Callable[..., Watch]]:
    """Opens live sources and closes them after the test."""
    sources: list[Source] = []

    def start(address: str, **keys: Any) -> Watch:
        sources.append(open_source(Camera(id="cam", source=address, **keys), SystemClock()))
        return Watch(sources[-1])

    yield start
    for source in sources:
        source.close()


def test_an_rtsp_camera_that_dies_and_comes_back(tmp_path: Path, watch: Callable[..., Watch]) -> None:
    """Through a real RTSP server: frames at the analysis rate, offline within 10 s of its death, back after its return.

    The camera's sub-stream is read where it has one.
    """
    with RtspServer(make_clip(tmp_path / "clip.mp4", 250)) as server:
        seen = watch(NOWHERE, substream=server.url, analysis_fps=5)
        assert seen.source.status().state == "connecting"
        seen.until(analysed(16), 20)
        first_life = len(seen.frames)
        server.stop()
        assert seen.until(offline, 10) < 10
        assert server.url in seen.source.status().detail
        lost_s = time.time()
        server.start()
        seen.until(online, 30)
        seen.until(analysed(first_life + 8), 10)
        status = seen.source.status()
    assert (status.reconnects, status.state) == (1, "online")
    times_s = seen.times_s()
    assert all(later > earlier for earlier, later in pairwise(times_s))
    assert times_s[first_life - 1] < lost_s < times_s[first_life]
    # The first frames waited in buffers while the stream was opened; from then on times are those of the stream.
    assert spread_s(seen.frames[3:first_life]) < 0.05
    # A clip that starts again shows its beginning, so the frames are those of the new connection.
    assert number_of(seen.frames[first_life].image) < 60


def test_an_mjpeg_camera_is_timed_by_arrival(watch: Callable[..., Watch]) -> None:
    """JPEG pictures over HTTP have no time stamps: their times are those of arrival, whatever rate they claim."""
    with Mjpeg(fps=10) as server:
        seen = watch(server.url, analysis_fps=30)
        seen.until(analysed(15), 15)
        assert abs(time.time() - seen.times_s()[-1]) < 0.5
    first, last = seen.frames[5], seen.frames[14]
    # Sent no faster than every 0.1 s.
    assert last.time_s - first.time_s > 0.09 * (number_of(last.image) - number_of(first.image))
    assert seen.frames[0].image.shape == (HEIGHT_PX, WIDTH_PX, 3)


def test_a_slow_reader_gets_the_newest_frame_and_misses_are_counted(watch: Callable[..., Watch]) -> None:
    """What the analysis rate asked for and nobody took is missed, not queued."""
    with Mjpeg(fps=25) as server:
        seen = watch(server.url, analysis_fps=10)
        seen.until(analysed(2), 15)
        before = seen.source.status().missed
        time.sleep(1.5)
        frame = seen.source.read(0.0)
        newest = server.sent
    assert frame is not None
    assert time.time() - frame.time_s < 0.7
    assert newest - number_of(frame.image) <= 12
    # 1.5 s at 10 fps are 15 frames, of which the last is read: 14 missed; fewer where the machine was busy.
    assert 5 <= seen.source.status().missed - before <= 15


def test_a_camera_that_falls_silent_is_offline_within_ten_seconds(watch: Callable[..., Watch]) -> None:
    """A connection that stays but gives nothing is as good as none; when frames come again, it is online again."""
    with Mjpeg() as server:
        seen = watch(server.url, analysis_fps=10)
        seen.until(analysed(2), 15)
        server.silent = True
        assert 4 < seen.until(offline, 12) < 10
        seen.until(lambda status: "no data in time" in status.detail, 10)
        server.silent = False
        seen.until(online, 20)
        assert seen.source.status().reconnects == 1
        assert seen.source.status().detail == ""


def test_a_stream_that_ends_is_lost_not_finished(watch: Callable[..., Watch]) -> None:
    """A live stream has no end: reading goes on and the camera is asked again."""
    with Mjpeg() as server:
        server.end_after = 20
        seen = watch(server.url, analysis_fps=10)
        seen.until(offline, 15)
        seen.until(lambda status: status.reconnects >= 1, 15)
    assert seen.times_s() == sorted(seen.times_s())


def test_a_stream_that_comes_back_in_another_size_stays_offline(watch: Callable[..., Watch]) -> None:
    """Someone changed the camera's settings: its calibration does not hold; no figures are better than wrong ones."""
    with Mjpeg() as server:
        seen = watch(server.url, analysis_fps=10)
        seen.until(analysed(2), 15)
        server.scale = 2
        seen.until(offline, 15)
        assert "the picture changes from 128x64 to 256x128" in seen.source.status().detail
        count = len(seen.frames)
        time.sleep(1.0)
        assert seen.source.read(0.1) is None
        server.scale = 1
        seen.until(online, 20)
        seen.until(analysed(count + 2), 10)
    assert {frame.image.shape for frame in seen.frames} == {(HEIGHT_PX, WIDTH_PX, 3)}


def test_hls_is_given_out_at_the_pace_it_was_taken(tmp_path: Path, watch: Callable[..., Watch]) -> None:
    """Pieces of a second arrive at once; their frames come one by one at their own times."""
    clip = make_clip(tmp_path / "clip.mp4", 250)
    folder = tmp_path / "hls"
    folder.mkdir()
    hls = ["-hls_time", "1", "-hls_flags", "delete_segments", "-g", "25"]
    command = ["ffmpeg", "-v", "error", "-re", "-i", str(clip), *H264, *hls, str(folder / "live.m3u8")]
    handler = partial(QuietFiles, directory=str(folder))
    with Popen(command) as camera, ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        wait_for(folder / "live.m3u8")
        seen = watch(f"http://127.0.0.1:{server.server_address[1]}/live.m3u8", analysis_fps=5)
        seen.until(analysed(1), 15)
        seen.until(analysed(16), 10)
        assert seen.source.status().missed <= 3  # were pieces not held back, 4 of 5 frames
        seen.source.close()
        camera.kill()
        server.shutdown()
    assert spread_s(seen.frames) < 0.05


class QuietFiles(SimpleHTTPRequestHandler):
    """Python's own file server, without its log."""

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


def wait_for(path: Path) -> None:
    """Until a file is there."""
    until_s = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < until_s, path
        time.sleep(0.05)


def test_a_camera_that_is_not_there_is_offline_and_tried_again(watch: Callable[..., Watch]) -> None:
    """The reason is told without the password; nothing is raised, for it may come."""
    seen = watch("rtsp://admin:geheim@127.0.0.1:1/stream")
    seen.until(offline, 10)
    detail = seen.source.status().detail
    assert detail == "rtsp://***@127.0.0.1:1/stream: Connection refused"
    assert seen.source.read(0.1) is None


def test_a_device_that_is_not_there_is_offline(watch: Callable[..., Watch]) -> None:
    """A USB camera may be plugged in later."""
    seen = watch("/dev/video99")
    seen.until(offline, 10)
    assert seen.source.status().detail == "/dev/video99: No such file or directory"


def test_closing_ends_a_read(watch: Callable[..., Watch]) -> None:
    """A reader that waits for a frame returns None at once when another thread closes."""
    seen = watch(NOWHERE)
    threading.Timer(0.2, seen.source.close).start()
    begun_s = time.monotonic()
    assert seen.source.read(30.0) is None
    assert time.monotonic() - begun_s < 2.0


class SetClock(SystemClock):
    """The machine's clock, and someone who sets it."""

    def __init__(self) -> None:
        self.set_by_s = 0.0

    def now(self) -> float:
        return super().now() + self.set_by_s


def test_the_system_clock_set_back_costs_no_frames() -> None:
    """After a step of one hour back, frames come on with times that go on, and the status says so."""
    clock = SetClock()
    with Mjpeg() as server:
        seen = Watch(open_source(Camera(id="cam", source=server.url, analysis_fps=10), clock))
        seen.until(analysed(5), 15)
        clock.set_by_s = -3600.0
        seen.until(analysed(15), 15)
        assert "set back by 3600 s" in seen.source.status().detail
        seen.source.close()
    assert max(b - a for a, b in pairwise(seen.times_s())) < 2.0
    assert min(b - a for a, b in pairwise(seen.times_s())) > 0.0


def test_each_kind_of_address_is_opened_as_it_needs() -> None:
    """RTSP over TCP; V4L2 by its driver; the network gives up after 5 s, HLS after 15 s."""
    assert opening("rtsp://10.0.0.1/main").options["rtsp_transport"] == "tcp"
    device = opening("/dev/video0")
    assert (device.url, device.format) == ("/dev/video0", "v4l2")
    assert (opening("https://cam/video").open_s, opening("https://cam/video").read_s) == (5, 5)
    assert opening("https://cam/live.m3u8?token=1").read_s == 15


@pytest.mark.parametrize("address", ["ftp://host/video.mp4", "rtmp://user:geheim@host/x"])
def test_an_address_of_an_unknown_kind_is_refused(address: str) -> None:
    """The message says what is allowed, and no password."""
    with pytest.raises(SourceError, match="unknown kind of source; expected a file, rtsp://") as caught:
        LiveSource(Camera.model_construct(id="cam", source=address), SystemClock())
    assert "geheim" not in str(caught.value)
