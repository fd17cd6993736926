"""Training pictures from a clip of the twin: single frames with their exact boxes as YOLO labels."""

from pathlib import Path

import av
import cv2
import numpy as np
import pyarrow.parquet as parquet

from simpang_models.boxes import CLASSES, Boxes, make_boxes
from simpang_models.pictures import Picture

MAX_OCCLUDED = 0.8
MIN_SIDE_PX = 4.0
QUALITY = 88


def from_twin(clip: Path, out: Path, every: int) -> int:
    """Write every `every`-th frame of NAME.mp4 and its boxes of NAME.boxes.parquet below `out`; returns how many.

    Vehicles that are hidden by more than MAX_OCCLUDED or smaller than MIN_SIDE_PX are left out.
    """
    truth = _truth_by_frame(clip.with_name(f"{clip.stem}.boxes.parquet"))
    count = 0
    with av.open(str(clip)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index % every == 0:
                picture = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
                _write(out, f"{clip.stem}_{index:05d}", picture, truth.get(index, make_boxes([], [], [])))
                count += 1
    return count


def _truth_by_frame(path: Path) -> dict[int, Boxes]:
    table = parquet.read_table(path, columns=["frame", "class", "x0", "y0", "x1", "y1", "occluded"]).to_pydict()
    frame = np.array(table["frame"])
    xyxy = np.stack([np.array(table[c], np.float32) for c in ("x0", "y0", "x1", "y1")], axis=1)
    kind = np.array([CLASSES.index(name) for name in table["class"]])
    good = (np.array(table["occluded"]) <= MAX_OCCLUDED) & ((xyxy[:, 2:] - xyxy[:, :2]).min(axis=1) >= MIN_SIDE_PX)
    every = make_boxes(xyxy[good], np.ones(int(good.sum())), kind[good])
    return {int(f): every[frame[good] == f] for f in np.unique(frame)}


def _write(out: Path, name: str, picture: Picture, boxes: Boxes) -> None:
    height, width = picture.shape[:2]
    for folder in ("images", "labels"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(out / "images" / f"{name}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    (out / "labels" / f"{name}.txt").write_text("".join(yolo_lines(boxes, width, height)))


def yolo_lines(boxes: Boxes, width_px: int, height_px: int) -> list[str]:
    """`class cx cy w h` in fractions of the picture, one line per box."""
    size = np.array([width_px, height_px], np.float32)
    centre = (boxes.xyxy_px[:, :2] + boxes.xyxy_px[:, 2:]) / 2 / size
    extent = (boxes.xyxy_px[:, 2:] - boxes.xyxy_px[:, :2]) / size
    rows = np.concatenate([centre, extent], axis=1)
    return [f"{k} " + " ".join(f"{v:.5f}" for v in row) + "\n" for k, row in zip(boxes.kind, rows, strict=True)]
