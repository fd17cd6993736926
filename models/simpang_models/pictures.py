"""Reading pictures and fitting them to a network's input: the one file here that touches picture files."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from simpang_models.boxes import Boxes, FloatArray

Picture = npt.NDArray[np.uint8]
PADDING = 114


class PictureError(ValueError):
    """A picture cannot be read; the message names the file."""


def read_picture(path: Path) -> Picture:
    """The picture as (H, W, 3) uint8 BGR.

    Raises:
        PictureError: no such file, or no picture in it.
    """
    if not path.is_file():
        raise PictureError(f"{path}: no such picture")
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise PictureError(f"{path}: not a readable picture (expected JPEG, PNG or another format OpenCV reads)")
    return np.asarray(picture, np.uint8)


def write_picture(path: Path, picture: Picture) -> None:
    """Write a picture; the form follows the ending of the name.

    Raises:
        PictureError: an ending that is not a kind of picture.
    """
    try:
        done, coded = cv2.imencode(path.suffix or ".jpg", picture)
    except cv2.error as error:
        raise PictureError(f"{path}: {path.suffix!r} is no kind of picture; expected .jpg or .png") from error
    if not done:
        raise PictureError(f"{path}: the picture cannot be written as {path.suffix!r}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(coded.tobytes())


def letterbox(picture: Picture, width: int, height: int) -> tuple[Picture, float]:
    """The picture scaled to fit (height, width), placed top left, the rest grey; and the scale used."""
    scale = min(width / picture.shape[1], height / picture.shape[0])
    w, h = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    canvas = np.full((height, width, 3), PADDING, np.uint8)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas[:h, :w] = cv2.resize(picture, (w, h), interpolation=method)
    return canvas, scale


def to_source(boxes: Boxes, scale: float, picture: Picture) -> Boxes:
    """Boxes in letterboxed pixels, back in pixels of the picture and cut at its borders."""
    limits = np.array([picture.shape[1], picture.shape[0]] * 2, np.float32)
    xyxy: FloatArray = np.clip(boxes.xyxy_px / np.float32(scale), 0, limits).astype(np.float32)
    return Boxes(xyxy, boxes.score, boxes.kind)
