"""Training pictures from the twin: single frames of a scenario with their exact boxes as YOLO labels."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import pyarrow.parquet as parquet

from simpang_models.boxes import CLASSES, NO_BOXES, Boxes, make_boxes
from simpang_models.pictures import Picture, read_picture

MAX_OCCLUDED = 0.8
MIN_SIDE_PX = 4.0
QUALITY = 88


def from_scenario(file: Path, out: Path, every: int, on_frame: Callable[[], None]) -> int:
    """Film every `every`-th frame of a scenario with its first camera; pictures and boxes go below `out`.

    Only those frames are drawn. Vehicles that are hidden by more than MAX_OCCLUDED or smaller than MIN_SIDE_PX are
    left out. Returns how many pictures.

    Raises:
        ValueError: the scenario is wrong, or SUMO or the renderer fails.
    """
    from simpang_twin.errors import TwinError

    try:
        return _film(file, out, every, on_frame)
    except TwinError as error:
        raise ValueError(str(error)) from error


def _film(file: Path, out: Path, every: int, on_frame: Callable[[], None]) -> int:
    from simpang_twin import film, records, scenario, simulate

    plan = scenario.load(file)
    camera, frames = plan.camera(None), range(0, plan.frames, every)
    with TemporaryDirectory() as name:
        run, work, clip = Path(name) / "run", Path(name) / "frames", Path(name) / "clip.mp4"
        simulate.simulate(plan, run)
        film.film(run, camera, work, frames, 1, on_frame)
        records.write_boxes(run, camera, work, frames, clip)
        truth = _truth_by_frame(clip.with_name(f"{clip.stem}.boxes.parquet"))
        for frame in frames:
            picture = read_picture(film.picture_path(work, frame))
            _write(out, f"{plan.name}_{frame:05d}", picture, truth.get(frame, NO_BOXES))
    return len(frames)


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
