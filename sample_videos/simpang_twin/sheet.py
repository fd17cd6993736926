"""A contact sheet: some frames of a clip side by side, with their times and, where wanted, the true boxes."""

from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from simpang_twin.errors import RenderError

U8 = npt.NDArray[np.uint8]
_TILE_PX = (424, 238)
_COLUMNS = 3
_LARGEST_BYTES = 300_000
_COLOURS = {
    "motorcycle": (60, 200, 255), "car": (90, 220, 90), "bus": (255, 140, 60), "truck": (220, 90, 220),
    "three_wheeler": (40, 255, 255), "bicycle": (255, 255, 90), "person": (90, 90, 255),
}  # fmt: skip


def write(clip: Path, out: Path, count: int, boxes: bool) -> None:
    """Write the sheet of `count` frames, evenly spread over the clip, as JPEG of at most 300 kB.

    Raises RenderError for a clip that cannot be read.
    """
    truth = _boxes(clip.with_name(f"{clip.stem}.boxes.parquet")) if boxes else {}
    tiles = [_tile(image, time_s, truth) for time_s, image in _frames(clip, count)]
    blank = np.zeros_like(tiles[0])
    tiles += [blank] * (-len(tiles) % _COLUMNS)
    rows = [np.hstack(tiles[i : i + _COLUMNS]) for i in range(0, len(tiles), _COLUMNS)]
    _save(np.vstack(rows).astype(np.uint8), out)


def _save(image: U8, out: Path) -> None:
    for quality in (82, 70, 58, 45, 30):
        done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if done and len(data) <= _LARGEST_BYTES:
            break
    out.write_bytes(data.tobytes())


def _frames(clip: Path, count: int) -> Iterator[tuple[float, U8]]:
    """(time, picture) of the frames nearest after evenly spread times."""
    try:
        with av.open(str(clip)) as video:
            length_s = float(video.duration or 0) / 1e6
            wanted = [length_s * (i + 0.5) / count for i in range(count)]
            for frame in video.decode(video=0):
                if wanted and frame.time >= wanted[0]:
                    wanted.pop(0)
                    yield float(frame.time), frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)
    except av.FFmpegError as exc:
        raise RenderError(f"{clip}: cannot be read ({exc})") from exc


def _boxes(path: Path) -> dict[int, list[tuple[str, list[int], float]]]:
    """Class, corners (x0, y0, x1, y1) and hidden share of all boxes, by time in milliseconds."""
    columns = pq.read_table(path, columns=["time_s", "class", "x0", "y0", "x1", "y1", "occluded"]).to_pydict()
    found: dict[int, list[tuple[str, list[int], float]]] = {}
    for i, time_s in enumerate(columns["time_s"]):
        corners = [round(columns[name][i]) for name in ("x0", "y0", "x1", "y1")]
        found.setdefault(round(time_s * 1000), []).append((columns["class"][i], corners, columns["occluded"][i]))
    return found


def _tile(image: U8, time_s: float, truth: dict[int, list[tuple[str, list[int], float]]]) -> U8:
    big = cv2.resize(image, None, fx=2, fy=2) if truth and image.shape[0] < 500 else image.copy()
    scale = big.shape[0] / image.shape[0]
    for kind, corners, hidden in truth.get(round(time_s * 1000), []):
        x0, y0, x1, y1 = (round(c * scale) for c in corners)
        cv2.rectangle(big, (x0, y0), (x1, y1), _COLOURS.get(kind, (255, 255, 255)), 1 + int(hidden < 0.4))
    size = _TILE_PX if not truth else (_TILE_PX[0] * 2, _TILE_PX[1] * 2)
    small = cv2.resize(big, size, interpolation=cv2.INTER_AREA)
    label = f"{time_s:.1f} s"
    for colour, thick in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(small, label, (6, size[1] - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, thick, cv2.LINE_AA)
    return np.asarray(small, dtype=np.uint8)
