"""A live camera: the newest frame wins, what is missed is counted, what is lost comes back."""

import random
import threading
from typing import Final

from .address import hide_password
from .clock import Clock
from .config import Camera
from .data import Frame
from .errors import SourceError
from .source_base import SourceStatus, State, size_change
from .source_decode import Decoder, Opening, Picture
from .source_time import Arrival, ArrivalClock, Backoff, Grid, Rate, StreamClock

OFFLINE_S: Final = 5.0
"""A camera without a frame for this long is offline, whatever its connection does."""

OPEN_S: Final = 5.0
READ_S: Final = 5.0
HLS_READ_S: Final = 15.0
"""An HLS camera gives nothing while its next piece, often 6 or 10 s long, is being made."""

HELD_S: Final = 10.0
"""A connection that gave frames for this long is good: the back-off starts afresh."""

PROBE_US: Final = 2_000_000
LEAVE_S: Final = 1.0
UNSTAMPED: Final = ("mpjpeg", "mjpeg", "jpeg_pipe")


class Slot:
    """Room for one picture: a newer one takes the place of one that nobody took."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: tuple[float, Picture] | None = None
        self._closed = False

    def put(self, time_s: float, picture: Picture) -> bool:
        """Leave a picture; True when it took the place of one."""
        with self._changed:
            replaced = self._item is not None
            self._item = (time_s, picture)
            self._changed.notify()
        return replaced

    def take(self, timeout_s: float) -> tuple[float, Picture] | None:
        """The newest picture; None when none came in time or the slot was closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._closed, timeout_s)
            item, self._item = self._item, None
            return None if self._closed else item

    def close(self) -> None:
        """End every wait."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class LiveSource:
    """Frames of an RTSP, MJPEG, HLS or V4L2 camera, decoded in a thread of their own.

    A lost or ended stream is opened again after a wait that grows from at most 1 s to at most 30 s, for ever; only
    `close` ends it. Opening and reading give up after 5 s (HLS: 15 s), and a camera that gives no frame for 5 s is
    offline, so a loss is seen within 10 s. A stream that comes back with pictures of another size stays offline: the
    calibration holds for one size.

    Raises `SourceError` for an address of an unknown kind.
    """

    def __init__(self, camera: Camera, clock: Clock, chance: random.Random | None = None) -> None:
        self._opening = opening(camera.substream or camera.source)
        self._clock = clock
        self._arrival = Arrival(clock)
        self._grid = Grid(camera.analysis_fps)
        self._backoff = Backoff(chance or random.Random())
        self._slot = Slot()
        self._closing = threading.Event()
        self._rate = Rate()
        self._read = self._analysed = self._missed = self._reconnects = self._damaged = 0
        self._size_px: tuple[int, int] | None = None
        self._last_s = self._ahead_s = 0.0
        self._begun_s = self._seen_s = clock.monotonic()
        self._connected = False
        self._fault: str | None = None
        self._thread = threading.Thread(target=self._run, name=f"source {camera.id}", daemon=True)
        self._thread.start()

    def read(self, timeout_s: float) -> Frame | None:
        """The newest frame that the analysis rate asks for; None when none came in time, or after `close`.

        Raises `SourceError` only when the reading thread died, which is a fault in the program.
        """
        item = self._slot.take(timeout_s)
        if item is None:
            if not self._closing.is_set() and not self._thread.is_alive():
                raise SourceError(f"{self._opening.shown}: the reading thread stopped; see its traceback")
            return None
        self._analysed += 1
        return Frame(item[0], item[1].bgr())

    def status(self) -> SourceStatus:
        """How the stream is doing; offline after 5 s without a frame."""
        state = self._state()
        return SourceStatus(
            state=state,
            detail=self._detail(state),
            read=self._read,
            analysed=self._analysed,
            missed=self._missed,
            reconnects=self._reconnects,
            damaged=self._damaged,
            fps_read=self._rate.per_s(self._clock.monotonic()),
        )

    def close(self) -> None:
        """Stop. A thread that is just waiting for the network ends by itself within its time-out."""
        self._closing.set()
        self._slot.close()
        self._thread.join(LEAVE_S)

    def _state(self) -> State:
        if self._fault is not None or self._silence_s() > OFFLINE_S:
            return "offline"
        return "online" if self._connected else "connecting"

    def _silence_s(self) -> float:
        return self._clock.monotonic() - self._seen_s

    def _detail(self, state: State) -> str:
        if state == "offline":
            return f"{self._opening.shown}: {self._fault or f'no frame for {self._silence_s():.0f} s'}"
        if self._ahead_s:
            return f"the system clock was set back by {self._ahead_s:.0f} s; the times of frames go on from before"
        return f"{self._damaged} damaged packets" if self._damaged else ""

    def _run(self) -> None:
        """Open, read, lose, wait, again."""
        while not self._closing.is_set():
            try:
                self._stream()
            except SourceError as exc:
                self._lose(str(exc))
            self._closing.wait(self._backoff.next_s())

    def _stream(self) -> None:
        """One connection, until it is lost (raises `SourceError`) or we close."""
        with Decoder(self._opening) as decoder:
            times = self._stream_clock(decoder.format)
            for picture in decoder.pictures():
                self._damaged += decoder.damaged_packets
                decoder.damaged_packets = 0
                if self._closing.is_set():
                    return
                if not picture.damaged:
                    self._take(picture, times.place(picture.stamp_s, self._arrival.now()))
        raise SourceError("the stream ended")

    def _stream_clock(self, format_name: str) -> StreamClock | ArrivalClock:
        if format_name in UNSTAMPED:
            return ArrivalClock(self._last_s)
        return StreamClock(follow_early=not self._is_http(), after_s=self._last_s)

    def _is_http(self) -> bool:
        return self._opening.url.lower().startswith(("http://", "https://"))

    def _take(self, picture: Picture, time_s: float) -> None:
        """One decoded picture: count it, hold it until its time, offer it if it is wanted."""
        self._check_size(picture)
        self._hold(time_s)
        self._note(time_s)
        if self._grid.wants(time_s):
            self._missed += self._slot.put(time_s, picture)

    def _check_size(self, picture: Picture) -> None:
        if self._size_px is None:
            self._size_px = picture.size_px
        if picture.size_px != self._size_px:
            raise SourceError(f"{size_change(self._size_px, picture.size_px)}; the calibration holds for one size")

    def _hold(self, time_s: float) -> None:
        """Pieces of several seconds arrive at once; their pictures are given out at the pace they were taken."""
        while (ahead_s := time_s - self._arrival.now()) > 0 and not self._closing.is_set():
            self._closing.wait(ahead_s)

    def _note(self, time_s: float) -> None:
        """A frame came: the camera is online."""
        now_s = self._clock.monotonic()
        if not self._connected:
            self._reconnects += self._read > 0
            self._begun_s = now_s
        self._connected, self._fault = True, None
        self._read += 1
        self._last_s, self._seen_s, self._ahead_s = time_s, now_s, self._arrival.ahead_s()
        self._rate.tick(now_s)

    def _lose(self, reason: str) -> None:
        """The connection is gone; after one that held, trying again starts with short waits."""
        if self._connected and self._seen_s - self._begun_s > HELD_S:
            self._backoff.reset()
        self._connected, self._fault = False, reason


def opening(address: str) -> Opening:
    """How to open a live address. Raises `SourceError` when it is of no known kind."""
    kind = address.partition("://")[0].lower()
    if kind in ("rtsp", "rtsps"):
        # UDP loses packets without a word, and smears what is left over the picture.
        # The nominal rate is not used, so no frames are held back to guess it: 0.3 s instead of 1.2 s to the first.
        options = {"rtsp_transport": "tcp", "analyzeduration": str(PROBE_US), "fpsprobesize": "0"}
        return Opening(address, None, options, OPEN_S, READ_S, skip_loop_filter=True)
    if kind in ("http", "https"):
        read_s = HLS_READ_S if address.partition("?")[0].lower().endswith(".m3u8") else READ_S
        return Opening(address, None, {}, OPEN_S, read_s, skip_loop_filter=True)
    if address.startswith("/dev/video"):
        return Opening(address, "v4l2", {}, OPEN_S, READ_S)
    known = "a file, rtsp://, rtsps://, http://, https:// or /dev/videoN"
    raise SourceError(f"{hide_password(address)}: unknown kind of source; expected {known}")
