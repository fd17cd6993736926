"""Draws the frames of one camera: a picture and the boxes of every frame, in several processes, resumable.

A frame is finished when both its files lie in the work folder; finished frames are not drawn again.
"""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from simpang_twin import backdrop, garage, scenery, simulate
from simpang_twin.boxes import BOX_COLUMNS, measure
from simpang_twin.camera import Pinhole, pinhole
from simpang_twin.errors import RenderError
from simpang_twin.mesh import F32
from simpang_twin.network import F64, Network
from simpang_twin.poses import Poses, poses
from simpang_twin.scenario import Camera, Scenario
from simpang_twin.simulate import Run
from simpang_twin.stage import Placed, Stage

# Bodies farther than this beyond the picture's edge, in metres of the world, are not drawn.
_MARGIN_M = 12.0


def picture_path(work: Path, frame: int) -> Path:
    """The picture of a frame."""
    return work / f"{frame:06d}.png"


def boxes_path(work: Path, frame: int) -> Path:
    """The boxes of a frame, float32 (K, len(BOX_COLUMNS))."""
    return work / f"{frame:06d}.npy"


def missing(work: Path, frames: range) -> list[int]:
    """Frames that are not finished."""
    return [f for f in frames if not (picture_path(work, f).exists() and boxes_path(work, f).exists())]


def film(folder: Path, camera: Camera, work: Path, frames: range, processes: int, on_frame: Callable[[], None]) -> None:
    """Draw all missing frames into `work`; `on_frame` is called once per finished frame."""
    work.mkdir(parents=True, exist_ok=True)
    todo = missing(work, frames)
    _prepare(folder, camera, work)
    if processes <= 1 or len(todo) < 2:
        draw_frames(folder, camera, work, todo, on_frame)
        return
    # Small parts keep the processes evenly busy and the progress even.
    parts = [todo[i : i + 25] for i in range(0, len(todo), 25)]
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(processes, context, _keep_to_one_thread) as pool:
            for job in as_completed([pool.submit(_draw_part, folder, camera, work, part) for part in parts]):
                for _ in range(job.result()):
                    on_frame()
    except BrokenProcessPool as exc:
        raise RenderError("a renderer process died; try again with --processes 1 to see why") from exc


def _keep_to_one_thread() -> None:
    os.environ.setdefault("LP_NUM_THREADS", "1")
    cv2.setNumThreads(1)


def _prepare(folder: Path, camera: Camera, work: Path) -> None:
    target = work / "backdrop.npy"
    if target.exists():
        return
    scenario, net, _ = simulate.load(folder)
    image = backdrop.backdrop(pinhole(camera), scenario, net)
    np.save(work / "backdrop.part.npy", image.astype(np.float32))
    (work / "backdrop.part.npy").rename(target)


def _draw_part(folder: Path, camera: Camera, work: Path, frames: list[int]) -> int:
    draw_frames(folder, camera, work, frames, lambda: None)
    return len(frames)


def draw_frames(folder: Path, camera: Camera, work: Path, frames: list[int], on_frame: Callable[[], None]) -> None:
    """Draw frames one after the other in this process."""
    if not frames:
        return
    scenario, net, run = simulate.load(folder)
    unit = CameraUnit(scenario, net, run, camera, np.load(work / "backdrop.npy"), folder)
    for frame in frames:
        picture, boxes = unit.shoot(frame)
        np.save(boxes_path(work, frame), boxes)
        _write_picture(picture_path(work, frame), picture)
        on_frame()
    unit.close()


def _write_picture(path: Path, picture: npt.NDArray[np.uint8]) -> None:
    part = path.with_suffix(".part.png")
    cv2.imwrite(str(part), picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    part.rename(path)


@dataclass
class CameraUnit:
    """One camera over one run, ready to shoot any frame."""

    scenario: Scenario
    net: Network
    run: Run
    camera: Camera
    empty: F32
    folder: Path
    _models: dict[int, tuple[Any, F64]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._eye: Pinhole = pinhole(self.camera)
        self._pose: Poses = poses(self.run)
        self._stage = Stage(self._eye, self.scenario.light)
        self._signal = simulate.signal_states(self.folder, self.scenario, self.net, self.camera.approach)
        self._heads = {
            state: self._stage.body(scenery.signal_heads(self.scenario, self.camera.approach, state).vertices())
            for state in ("red", "yellow", "green")
        }

    def shoot(self, frame: int) -> tuple[npt.NDArray[np.uint8], F32]:
        """The picture (H, W, 3) uint8 BGR and the boxes float32 (K, len(BOX_COLUMNS)) of one frame."""
        rows = self._in_view(np.flatnonzero(self.run.frame == frame))
        placed = [self._placed(row) for row in rows]
        head = Placed(self._heads[self._state(frame * self.run.step_s)], 0.0, 0.0, 0.0)
        layers = self._stage.draw([*placed, head])
        image = backdrop.over(self.empty, layers, self.scenario)
        outlines = [self._outline(row) for row in rows]
        distance = [float(np.hypot(*(self._pose.centre_m[row] - self._eye.position_m[:2]))) for row in rows]
        boxes = measure(layers.code, outlines, distance)
        boxes[:, 0] = self.run.vehicle[rows[boxes[:, 0].astype(int)]] if len(boxes) else 0
        return np.clip(image + 0.5, 0, 255).astype(np.uint8), boxes

    def close(self) -> None:
        """Give the renderer back."""
        self._stage.close()

    def _state(self, time_s: float) -> str:
        return [state for begin, state in self._signal if begin <= time_s + 1e-9][-1]

    def _in_view(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        centre = self._pose.centre_m[rows]
        rel = np.hstack([centre, np.ones((len(rows), 1))]) - self._eye.position_m
        depth = rel @ self._eye.forward
        side = np.abs(rel @ self._eye.right) - depth * self._eye.width_px / 2 / self._eye.focal_px
        low = -(rel @ self._eye.up) - depth * self._eye.height_px / 2 / self._eye.focal_px
        return rows[(depth > 3) & (side < _MARGIN_M) & (low < _MARGIN_M)]

    def _model(self, vehicle: int) -> tuple[Any, F64]:
        if vehicle not in self._models:
            vertices = garage.mesh_of(self.run.models[vehicle], int(self.run.ids[vehicle])).vertices()
            points = np.unique(vertices[:, :3].round(2), axis=0).astype(np.float64)
            self._models[vehicle] = (self._stage.body(vertices), points)
        return self._models[vehicle]

    def _placed(self, row: int) -> Placed:
        node, _ = self._model(int(self.run.vehicle[row]))
        x, y = self._pose.centre_m[row]
        heading = np.degrees(np.arctan2(*self._pose.heading[row]))
        return Placed(node, float(x), float(y), float(heading))

    def _outline(self, row: int) -> F64:
        _, points = self._model(int(self.run.vehicle[row]))
        ahead = self._pose.heading[row]
        side = np.array([ahead[1], -ahead[0]])
        ground = self._pose.centre_m[row] + points[:, :1] * side + points[:, 1:2] * ahead
        return self._eye.project(np.hstack([ground, points[:, 2:]]))


__all__ = ["BOX_COLUMNS", "CameraUnit", "boxes_path", "draw_frames", "film", "missing", "picture_path"]
