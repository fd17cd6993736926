"""Decoding: packets of one file or stream to pictures. The one file that touches PyAV."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import av
import av.error
import numpy as np

from .address import hide_password
from .data import ImageArray
from .errors import SourceError

NOMINAL_STEP_S: Final = 0.04
"""Between frames of a stream that says nothing about its rate."""

_AV_ERRORS: Final = (av.error.FFmpegError, OSError)


@dataclass(frozen=True, slots=True)
class Opening:
    """How a file or stream is opened.

    open_s, read_s: how long to wait for the connection and for data before giving up; None: for ever.
    skip_loop_filter: 20 % cheaper decoding for a hardly visible loss.
    """

    url: str
    format: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    open_s: float | None = None
    read_s: float | None = None
    skip_loop_filter: bool = False

    @property
    def shown(self) -> str:
        """The address without user and password, for messages."""
        return hide_password(self.url)


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture that is turned into pixels only when somebody wants it.

    stamp_s: the stream's time stamp in seconds; None where it has none.
    size_px: width and height as shown, that is after turning.
    damaged: the decoder filled parts of it by guessing.
    """

    stamp_s: float | None
    size_px: tuple[int, int]
    damaged: bool
    _frame: Any

    @classmethod
    def of(cls, frame: Any) -> Self:
        """A picture of a PyAV frame."""
        size = (frame.width, frame.height)
        turned = _quarter_turns(frame) % 2 == 1
        return cls(frame.time, size[::-1] if turned else size, bool(frame.is_corrupt), frame)

    def bgr(self) -> ImageArray:
        """uint8 (H, W, 3), turned upright where the file says so (phones do)."""
        image: ImageArray = self._frame.to_ndarray(format="bgr24")
        turns = _quarter_turns(self._frame)
        return np.ascontiguousarray(np.rot90(image, turns)) if turns else image


class Decoder:
    """One open file or stream; its first video stream is decoded in one thread.

    Raises `SourceError` with the reason (the caller knows which camera it is) from the constructor and `pictures`.
    """

    def __init__(self, opening: Opening) -> None:
        self.damaged_packets = 0
        try:
            self._container: Any = av.open(
                opening.url,
                format=opening.format,
                options=dict(opening.options),
                timeout=(opening.open_s, opening.read_s),
                metadata_errors="replace",
            )
        except _AV_ERRORS as exc:
            raise SourceError(_reason(exc)) from exc
        if not self._container.streams.video:
            self.close()
            raise SourceError("it has no video")
        self._stream: Any = self._container.streams.video[0]
        self._set_up(opening.skip_loop_filter)

    def _set_up(self, skip_loop_filter: bool) -> None:
        codec = self._stream.codec_context
        if codec is None:
            self.close()
            raise SourceError("its video is of a kind that cannot be decoded")
        # Frame threads would hold pictures back, and a worker has one core.
        codec.thread_type = "SLICE"
        codec.thread_count = 1
        if skip_loop_filter:
            codec.options = {"skip_loop_filter": "all"}

    @property
    def format(self) -> str:
        """Short name of the container format, such as ``rtsp`` or ``hls``."""
        return str(self._container.format.name)

    @property
    def nominal_step_s(self) -> float:
        """Seconds between frames as the stream claims; used only where time stamps are missing."""
        rate = self._stream.average_rate or self._stream.guessed_rate
        return float(1 / rate) if rate else NOMINAL_STEP_S

    def pictures(self) -> Iterator[Picture]:
        """Every picture that can be decoded, in order; packets that cannot are counted in `damaged_packets`.

        Ends at the end of the file or stream. Raises `SourceError` when reading fails before.
        """
        try:
            for packet in self._container.demux(self._stream):
                for frame in self._decoded(packet):
                    yield Picture.of(frame)
        except _AV_ERRORS as exc:
            raise SourceError(_reason(exc)) from exc

    def _decoded(self, packet: Any) -> list[Any]:
        try:
            return list(packet.decode())
        except av.error.FFmpegError:
            self.damaged_packets += 1
            return []

    def close(self) -> None:
        """Give the file or connection back."""
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()


def file_fault(path: Path) -> str | None:
    """Why a path cannot be a readable file; None when it can."""
    if not path.exists():
        return "no such file"
    if not path.is_file():
        return "not a file"
    return "the file is empty" if path.stat().st_size == 0 else None


def _quarter_turns(frame: Any) -> int:
    """Quarter turns counter-clockwise that set the picture upright, 0 to 3."""
    return int(round(frame.rotation / 90) % 4)


def _reason(error: BaseException) -> str:
    if isinstance(error, av.error.ExitError):
        return "no data in time"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return hide_password(text)
