"""A recorded video: every frame that the analysis rate asks for, reproducible."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from .clock import Clock
from .config import Camera
from .data import Frame
from .errors import SourceEnded, SourceError
from .source_base import SourceStatus, State, size_change
from .source_decode import Decoder, Opening, Picture, file_fault
from .source_time import FileTimes, Grid, Rate

LOOP_GAP_S: Final = 2.0
"""Between the last frame of one pass and the first of the next."""

LATE_S: Final = 1.0
SLICE_S: Final = 0.1


class FileSource:
    """Frames of a video file.

    Capture time = start_time + (time stamp − first time stamp); without a start_time the file starts now.
    ``pace: fast`` gives frames as fast as they are asked for. ``pace: realtime`` gives each when its time has come;
    frames more than 1 s late are skipped and counted, but never more than a second's worth in a row.
    ``loop: true`` starts again at the end with time going on. The scene jumps there, so the first frame of a pass comes
    2 s after the last one of the pass before: whoever follows vehicles sees a gap.

    Raises `SourceError` naming the file when it is missing or not a video.
    """

    def __init__(self, camera: Camera, clock: Clock) -> None:
        self._camera = camera
        self._clock = clock
        self._path = Path(camera.source)
        self._start_s = (
            clock.now() if camera.start_time is None else datetime.fromisoformat(camera.start_time).timestamp()
        )
        self._state: State = "online"
        self._detail = ""
        self._read = self._analysed = self._missed = self._late_in_a_row = 0
        self._damaged = 0
        self._rate = Rate()
        self._last_s = 0.0
        self._size_px: tuple[int, int] | None = None
        self._decoder = self._open()
        self._wanted = self._passes()
        self._next: tuple[float, Picture] | None = None
        self._begin_s: float | None = None
        self._closed = False

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame; None when its time has not come within the timeout, or after `close`.

        Raises `SourceEnded` after the last frame, `SourceError` when the picture changes its size or nothing in the
        file can be decoded.
        """
        if self._closed:
            return None
        self._next = time_s, picture = self._next or self._upcoming()
        if self._camera.pace == "realtime" and not self._wait_for(time_s, timeout_s):
            return None
        self._next = None
        self._analysed += 1
        return Frame(self._start_s + time_s, picture.bgr())

    def status(self) -> SourceStatus:
        """How reading goes; `ended` after the last frame."""
        damaged = self._damaged + self._decoder.damaged_packets
        notes = [self._detail, f"{damaged} damaged packets" if damaged else ""]
        return SourceStatus(
            state=self._state,
            detail="; ".join(note for note in notes if note),
            read=self._read,
            analysed=self._analysed,
            missed=self._missed,
            damaged=damaged,
            fps_read=self._rate.per_s(self._clock.monotonic()),
        )

    def close(self) -> None:
        """Stop: a wait ends within 0.1 s."""
        self._closed = True

    def _upcoming(self) -> tuple[float, Picture]:
        """The next wanted picture that is not too late."""
        for time_s, picture in self._wanted:
            if not self._too_late(time_s):
                return time_s, picture
        self._state = "ended"
        raise SourceEnded(f"{self._path}: the video ended")

    def _too_late(self, time_s: float) -> bool:
        """Whether to skip a frame; never more than a second's worth, so that a slow machine still sees something."""
        skip = (
            self._camera.pace == "realtime"
            and self._ahead_s(time_s) < -LATE_S
            and self._late_in_a_row < self._camera.analysis_fps
        )
        self._missed += skip
        self._late_in_a_row = self._late_in_a_row + 1 if skip else 0
        return skip

    def _ahead_s(self, time_s: float) -> float:
        """Seconds until a frame's time comes (< 0: late); the first frame's time is now."""
        now_s = self._clock.monotonic()
        if self._begin_s is None:
            self._begin_s = now_s - time_s
        return self._begin_s + time_s - now_s

    def _wait_for(self, time_s: float, timeout_s: float) -> bool:
        """Whether the frame's time has come, waiting for it in short slices that `close` ends."""
        until_s = self._clock.monotonic() + timeout_s
        while not self._closed and (ahead_s := self._ahead_s(time_s)) > 0:
            left_s = until_s - self._clock.monotonic()
            if left_s <= 0:
                return False
            self._clock.sleep(min(ahead_s, left_s, SLICE_S))
        return not self._closed

    def _passes(self) -> Iterator[tuple[float, Picture]]:
        """Wanted pictures and their times since the first, pass after pass; the grid starts afresh in each."""
        begin_s = 0.0
        while True:
            for time_s, picture in self._one_pass():
                self._last_s = begin_s + time_s
                if picture is not None:
                    yield begin_s + time_s, picture
            self._decoder.close()
            if not self._camera.loop:
                return
            self._damaged += self._decoder.damaged_packets
            begin_s = self._last_s + LOOP_GAP_S
            self._decoder = self._open()

    def _one_pass(self) -> Iterator[tuple[float, Picture | None]]:
        """Time of every frame in the file, with its picture where the analysis rate asks for it."""
        times, grid, before = FileTimes(self._decoder.nominal_step_s), Grid(self._camera.analysis_fps), self._read
        for picture in self._readable():
            time_s = times.place(picture.stamp_s)
            self._count(picture, time_s)
            if time_s is not None:
                yield time_s, picture if grid.wants(time_s) else None
        if self._read == before:
            raise self._fault(f"no picture in it can be decoded ({self._detail or 'damaged'})")

    def _readable(self) -> Iterator[Picture]:
        """Pictures up to the end, or to where the file is damaged beyond reading."""
        try:
            yield from self._decoder.pictures()
        except SourceError as exc:
            self._detail = f"reading stopped before the end: {exc}"

    def _count(self, picture: Picture, time_s: float | None) -> None:
        self._read += 1
        self._rate.tick(self._clock.monotonic())
        if self._size_px is None:
            self._size_px = picture.size_px
        if picture.size_px != self._size_px:
            change = size_change(self._size_px, picture.size_px)
            raise self._fault(f"{change} at {time_s or 0:.1f} s; the calibration holds for one size")

    def _open(self) -> Decoder:
        fault = file_fault(self._path)
        if fault:
            raise self._fault(fault)
        try:
            return Decoder(Opening(str(self._path)))
        except SourceError as exc:
            raise self._fault(f"not a readable video: {exc}") from exc

    def _fault(self, text: str) -> SourceError:
        self._state, self._detail = "offline", text
        return SourceError(f"{self._path}: {text}")
