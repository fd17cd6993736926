"""Clips for the source tests: every picture carries its own number as black and white fields."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from simpang_edge.data import ImageArray

FIELD_PX = 16
BITS = 8
WIDTH_PX, HEIGHT_PX = FIELD_PX * BITS, 64
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-pix_fmt", "yuv420p")


def numbered(number: int, scale: int = 1) -> ImageArray:
    """A picture that shows a number (0 to 255) in binary, highest digit left; 128×64 times `scale`."""
    bits = np.array([number >> (BITS - 1 - place) & 1 for place in range(BITS)], np.uint8)
    row = np.repeat(bits * 255, FIELD_PX * scale).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(row[None, :, None], (HEIGHT_PX * scale, len(row), 3)))


def number_of(image: ImageArray) -> int:
    """The number that a picture shows."""
    height, width = image.shape[:2]
    field = width / BITS
    bits = [int(image[height // 2, int((place + 0.5) * field)].mean() > 127) for place in range(BITS)]
    return int("".join(map(str, bits)), 2)


def make_clip(
    path: Path, count: int, fps: int = 25, arguments: Sequence[str] = H264, scale: int = 1, first: int = 0
) -> Path:
    """A clip of `count` numbered pictures; ffmpeg takes the container from the file's name."""
    pictures = b"".join(numbered((first + index) % 256, scale).tobytes() for index in range(count))
    size = f"{WIDTH_PX * scale}x{HEIGHT_PX * scale}"
    source = ["-f", "rawvideo", "-pixel_format", "bgr24", "-video_size", size, "-framerate", str(fps), "-i", "-"]
    ffmpeg([*source, *arguments, str(path)], pictures)
    return path


def ffmpeg(arguments: Sequence[str], feed: bytes = b"") -> None:
    """Run ffmpeg to its end."""
    command = ["ffmpeg", "-v", "error", "-y", *arguments]
    subprocess.run(command, input=feed, check=True, timeout=60)
