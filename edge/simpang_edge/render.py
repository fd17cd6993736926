"""A video with boxes, numbers, lines and counts drawn in: what the count saw, for a person to check."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np

from .count import LineResult, Seen
from .data import KINDS, ImageArray, Tracks
from .errors import SimpangError, SourceError
from .lines import Line

_TIME_BASE: Final = Fraction(1, 90_000)
_COLOURS: Final = {
    "motorcycle": (66, 135, 245),
    "car": (86, 180, 72),
    "bus": (200, 110, 40),
    "truck": (160, 60, 160),
    "bicycle": (70, 200, 220),
    "person": (180, 180, 180),
    "three_wheeler": (60, 60, 220),
}
"""Colour of each kind, blue green red."""
_WHITE, _BLACK, _LINE_COLOUR = (255, 255, 255), (0, 0, 0), (0, 220, 255)


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What a file says of itself; seconds is None where it does not."""

    width_px: int
    height_px: int
    seconds: float | None


def probe(video: str) -> VideoFacts:
    """Size and length of a video file. Raises `SourceError` when it is not one."""
    try:
        with av.open(video) as container:
            if not container.streams.video:
                raise SourceError(f"{video}: there is no video in this file")
            stream = container.streams.video[0]
            length = container.duration
            seconds = length / av.time_base if length else None
            return VideoFacts(stream.width, stream.height, seconds)
    except (av.error.FFmpegError, OSError) as exc:
        raise SourceError(f"{video}: cannot be read as a video: {exc.strerror or exc}") from exc


@contextmanager
def video_writer(path: Path) -> Iterator["Renderer"]:
    """A renderer whose file appears under its name only when all of it is written.

    Raises `SimpangError` when the file cannot be written; whatever ends the block early leaves no file.
    """
    if not path.parent.is_dir():
        raise SimpangError(f"cannot write {path}: there is no folder {path.parent}")
    part = path.with_name(path.name + ".part")
    try:
        container = av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"})
    except (av.error.FFmpegError, OSError) as exc:
        raise SimpangError(f"cannot write {path}: {exc}") from exc
    renderer = Renderer(container)
    try:
        yield renderer
        renderer.finish()
        part.replace(path)
    except (av.error.FFmpegError, OSError) as exc:
        raise SimpangError(f"cannot write {path}: {exc}") from exc
    finally:
        with suppress(av.error.FFmpegError, OSError):
            container.close()
        part.unlink(missing_ok=True)


class Renderer:
    """Draws frames and encodes them as H.264 at their own times."""

    def __init__(self, container: Any) -> None:
        self._container = container
        self._stream: Any = None

    def add(self, seen: Seen) -> None:
        """Draw and write one analysed frame."""
        if self._stream is None:
            self._stream = self._begin(seen.frame.image)
        picture = _fitted(draw(seen), self._stream.width, self._stream.height)
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.time_base = _TIME_BASE
        frame.pts = round(seen.elapsed_s / _TIME_BASE)
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Write what the encoder still holds and close the file."""
        if self._stream is not None:
            self._container.mux(self._stream.encode(None))
        self._container.close()

    def _begin(self, image: ImageArray) -> Any:
        height, width = image.shape[:2]
        stream = self._container.add_stream("libx264", rate=30, options={"preset": "veryfast", "crf": "27"})
        stream.width, stream.height = width // 2 * 2, height // 2 * 2  # H.264 with 4:2:0 colour needs even sides
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = _TIME_BASE
        return stream


def draw(seen: Seen) -> ImageArray:
    """The frame with its tracks, the lines and the count so far."""
    picture = seen.frame.image.copy()
    size = max(1.0, picture.shape[0] / 540)
    _draw_tracks(picture, seen.tracks, size)
    for number, result in enumerate(seen.results, start=1):
        _draw_line(picture, result.line, number, size)
        _label(picture, _sum_text(number, result), (8, round(26 * size * number)), size, _LINE_COLOUR)
    return picture


def _draw_tracks(picture: ImageArray, tracks: Tracks, size: float) -> None:
    for track, box, kind in zip(tracks.id, tracks.xyxy_px.round().astype(int).tolist(), tracks.kind, strict=True):
        colour = _COLOURS[KINDS[kind]]
        cv2.rectangle(picture, (box[0], box[1]), (box[2], box[3]), colour, max(1, round(2 * size)))
        _label(picture, f"{track} {KINDS[kind]}", (box[0], box[1] - 3), size * 0.7, colour)


def _draw_line(picture: ImageArray, line: Line, number: int, size: float) -> None:
    """The line, and an arrow from its middle in the forward direction."""
    start, end = np.array([line.x1_px, line.y1_px]), np.array([line.x2_px, line.y2_px])
    middle = (start + end) / 2
    tip = middle + np.array(line.normal()) * 28 * size
    thick = max(1, round(2 * size))
    cv2.line(picture, _point(start), _point(end), _LINE_COLOUR, thick)
    cv2.arrowedLine(picture, _point(middle), _point(tip), _LINE_COLOUR, thick, tipLength=0.35)
    _label(picture, str(number), _point(start + 6 * size), size, _LINE_COLOUR)


def _sum_text(number: int, result: LineResult) -> str:
    counts = result.counts()
    kinds = ", ".join(f"{KINDS[i]} {counts[i]}" for i in np.flatnonzero(counts))
    return f"{number}: {result.total()}  (> {result.forward.sum()}, < {result.backward.sum()})  {kinds}"


def _label(picture: ImageArray, text: str, at: tuple[int, int], size: float, colour: tuple[int, int, int]) -> None:
    """Text on a dark plate, so that it can be read on any ground.

    A plate and not an outline: since OpenCV 5 thicker letters are also wider, and an outline would stand beside them.
    """
    scale, thick = 0.6 * size, max(1, round(size))
    (width, height), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    x = min(max(2, at[0]), max(2, picture.shape[1] - width - 2))
    y = min(max(height + 2, at[1]), picture.shape[0] - below)
    cv2.rectangle(picture, (x - 1, y - height - 1), (x + width + 1, y + below), _BLACK, cv2.FILLED)
    ink = _WHITE if colour != _LINE_COLOUR else colour
    cv2.putText(picture, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, ink, thick, cv2.LINE_AA)


def _point(xy: Any) -> tuple[int, int]:
    return round(float(xy[0])), round(float(xy[1]))


def _fitted(picture: ImageArray, width: int, height: int) -> ImageArray:
    if picture.shape[1] - width in (0, 1) and picture.shape[0] - height in (0, 1):
        return np.ascontiguousarray(picture[:height, :width])
    return np.asarray(cv2.resize(picture, (width, height)), np.uint8)
