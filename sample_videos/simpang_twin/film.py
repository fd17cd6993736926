"""Draws the frames of one camera: a picture and the boxes of every frame, in several processes, resumable.

A frame is finished when both its files lie in the work folder; finished frames are not drawn again.
"""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from simpang_twin import backdrop, garage, glare, lamplight, light, rain, scenery, shutter, simulate
from simpang_twin.boxes import BOX_COLUMNS, measure
from simpang_twin.camera import Pinhole, pinhole, turning
from simpang_twin.errors import RenderError
from simpang_twin.fleet import BY_NAME
from simpang_twin.mesh import F32
from simpang_twin.motion import motion
from simpang_twin.network import F64, Network
from simpang_twin.poses import Poses, poses
from simpang_twin.run import Run
from simpang_twin.scenario import Camera, Scenario
from simpang_twin.stage import Layers, Placed, Stage

Rows = npt.NDArray[np.intp]

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


def backdrop_path(work: Path) -> Path:
    """The empty junction as the camera sees it at first."""
    return work / "backdrop.npz"


def _prepare(folder: Path, camera: Camera, work: Path) -> None:
    if backdrop_path(work).exists():
        return
    scenario, net, _ = simulate.load(folder)
    if scenario.network is not None:
        raise RenderError(
            f"scenario {scenario.name} drives on a SUMO net; only junctions of the twin's own can be filmed"
        )
    eye = pinhole(camera)
    stage = Stage(eye, light.air(scenario.light, scenario.weather))
    backdrop.Set(stage, scenario, net).seen_by(eye).save(backdrop_path(work))
    stage.close()


def _draw_part(folder: Path, camera: Camera, work: Path, frames: list[int]) -> int:
    draw_frames(folder, camera, work, frames, lambda: None)
    return len(frames)


def draw_frames(folder: Path, camera: Camera, work: Path, frames: list[int], on_frame: Callable[[], None]) -> None:
    """Draw frames one after the other in this process."""
    if not frames:
        return
    scenario, net, run = simulate.load(folder)
    unit = CameraUnit(scenario, net, run, camera, backdrop.load(backdrop_path(work)), folder)
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


@dataclass(frozen=True)
class _View:
    """One direction of the camera's view: its geometry, the empty junction there, what lamps and the low sun do."""

    key: tuple[float, ...]
    eye: Pinhole
    empty: backdrop.Backdrop
    lamps: lamplight.Lamplight | None
    veil: F32 | None


@dataclass(frozen=True)
class _Body:
    """A model on the stage: its node, its points (M, 3) in its own frame and its lamps."""

    node: Any
    points_m: F64
    lamps: lamplight.OwnLamps


@dataclass
class CameraUnit:
    """One camera over one run, ready to shoot any frame."""

    scenario: Scenario
    net: Network
    run: Run
    camera: Camera
    empty: backdrop.Backdrop
    folder: Path
    _models: dict[tuple[int, int], _Body] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._scene = light.air(self.scenario.light, self.scenario.weather)
        self._pose: Poses = poses(self.run)
        self._motion = motion(self.run)
        self._street = scenery.street_lamps(self.scenario) if self._scene.street_lamps else np.zeros((0, 3))
        first = pinhole(self.camera)
        self._stage = Stage(first, self._scene)
        self._set = backdrop.Set(self._stage, self.scenario, self.net)
        self._view = self._new_view(first, self.empty)
        self._signal = simulate.signal_states(self.folder, self.scenario, self.net, self.camera.approach)
        self._heads = {
            state: self._stage.body(scenery.signal_heads(self.scenario, self.camera.approach, state).vertices())
            for state in ({state for _, state in self._signal})
        }

    def shoot(self, frame: int) -> tuple[npt.NDArray[np.uint8], F32]:
        """The picture (H, W, 3) uint8 BGR and the boxes float32 (K, len(BOX_COLUMNS)) of one frame."""
        self._turn_to(frame * self.run.step_s)
        rows = self._in_view(np.flatnonzero(self.run.frame == frame))
        heads = [Placed(self._heads[state], 0.0, 0.0, 0.0) for state in self._state(frame * self.run.step_s)]
        layers = self._stage.draw([*(self._placed(row) for row in rows), *heads])
        distance = [float(np.hypot(*(self._pose.centre_m[row] - self._view.eye.position_m[:2]))) for row in rows]
        boxes = measure(layers.code, [self._outline(row) for row in rows], distance)
        boxes[:, 0] = self.run.vehicle[rows[boxes[:, 0].astype(int)]] if len(boxes) else 0
        image = self._developed(rows, distance, layers, frame)
        return np.clip(image + 0.5, 0, 255).astype(np.uint8), boxes

    def close(self) -> None:
        """Give the renderer back."""
        self._stage.close()

    def _developed(self, rows: Rows, distance: list[float], layers: Layers, frame: int) -> F32:
        """From the drawn layers to the picture on the sensor, display BGR 0–255."""
        order = [int(i) for i in np.argsort(distance)[::-1]]
        if self.camera.exposure_s > 0:
            layers = replace(layers, colour=shutter.smear(layers.colour, layers.code, self._ways(rows), order))
        lamps = self._view.lamps
        shining = [self._shining(i, row) for i, row in enumerate(rows)] if lamps else []
        base = lamps.road(shining, layers.mirror) if lamps else self._view.empty.image
        image = backdrop.over(base, layers, self._scene)
        image = lamps.bloom(image, layers.code, shining) if lamps else image
        image = image if self._view.veil is None else glare.dazzled(image, self._view.veil)
        if self._scene.rain_mmph > 0:
            image = rain.falling(image, self._scene.rain_mmph, self.scenario.seed, frame)
        return image

    def _turn_to(self, time_s: float) -> None:
        """Look where the camera looks now; an empty junction not seen before is painted, coarsely while turning."""
        eye = pinhole(self.camera, time_s)
        if _key(eye) == self._view.key:
            return
        first = pinhole(self.camera)
        coarse = 1 if turning(self.camera, time_s) else 3
        empty = self.empty if _key(eye) == _key(first) else self._set.seen_by(eye, coarse)
        self._view = self._new_view(eye, empty)
        self._stage.aim(eye)

    def _new_view(self, eye: Pinhole, empty: backdrop.Backdrop) -> _View:
        lit = self._scene.glow > 0 or self._scene.wet > 0
        lamps = lamplight.Lamplight(eye, self._scene, empty, self._street) if lit else None
        dazzles = self.scenario.light.glare > 0 and self._scene.sun.any()
        veil = glare.veil(eye, self._scene.to_sun, self.scenario.light.glare) if dazzles else None
        return _View(_key(eye), eye, empty, lamps, veil)

    def _state(self, time_s: float) -> list[str]:
        """What the signal shows; nothing where there is none."""
        return [state for begin, state in self._signal if begin <= time_s + 1e-9][-1:]

    def _in_view(self, rows: Rows) -> Rows:
        eye, centre = self._view.eye, self._pose.centre_m[rows]
        rel = np.hstack([centre, np.ones((len(rows), 1))]) - eye.position_m
        depth = rel @ eye.forward
        side = np.abs(rel @ eye.right) - depth * eye.width_px / 2 / eye.focal_px
        low = -(rel @ eye.up) - depth * eye.height_px / 2 / eye.focal_px
        return rows[(depth > 3) & (side < _MARGIN_M) & (low < _MARGIN_M)]

    def _model(self, row: int) -> _Body:
        vehicle = int(self.run.vehicle[row])
        model, name = self.run.models[vehicle], self.run.ids[vehicle]
        key = vehicle, garage.step_of(model, float(self._motion.way_m[row]))
        if key not in self._models:
            vertices = garage.mesh_of(model, garage.look_of(name), key[1]).vertices()
            points = np.unique(vertices[:, :3].round(2), axis=0).astype(np.float64)
            self._models[key] = _Body(self._stage.body(vertices), points, lamplight.lamps_of(vertices))
        return self._models[key]

    def _placed(self, row: int) -> Placed:
        x, y = self._pose.centre_m[row]
        heading = np.degrees(np.arctan2(*self._pose.heading[row]))
        head, tail = self._lamps_on(row)
        lit_by = light.nearest(self._pose.centre_m[row], self._street)
        way = float(self._motion.way_m[row])
        return Placed(self._model(row).node, float(x), float(y), float(heading), head, tail, lit_by, way)

    def _lamps_on(self, row: int) -> tuple[float, float]:
        """Brightness of head and tail lamps: by the light, by the law for motorcycles, and the brake."""
        rider = BY_NAME[self.run.models[self.run.vehicle[row]]].kind == "motorcycle"
        running = 0.30 if self._scene.headlights else 0.0
        return float(self._scene.headlights or rider), 1.0 if self._motion.braking[row] else running

    def _shining(self, body: int, row: int) -> lamplight.Shining:
        head, tail = self._lamps_on(row)
        return lamplight.Shining(
            body, self._pose.centre_m[row], self._pose.heading[row], self._model(row).lamps,
            head if self._scene.headlights else 0.0, tail,
        )  # fmt: skip

    def _ways(self, rows: Rows) -> F64:
        """How far each body moves in the picture while the shutter is open, (K, 2) pixels."""
        step = self._pose.heading[rows] * (self.run.speed_mps[rows] * self.camera.exposure_s)[:, None]
        low = np.hstack([self._pose.centre_m[rows], np.full((len(rows), 1), 0.8)])
        moved = low + np.hstack([step, np.zeros((len(rows), 1))])
        return np.nan_to_num(self._view.eye.project(moved) - self._view.eye.project(low))

    def _outline(self, row: int) -> F64:
        points = self._model(row).points_m
        ahead = self._pose.heading[row]
        side = np.array([ahead[1], -ahead[0]])
        ground = self._pose.centre_m[row] + points[:, :1] * side + points[:, 1:2] * ahead
        return self._view.eye.project(np.hstack([ground, points[:, 2:]]))


def _key(eye: Pinhole) -> tuple[float, ...]:
    return (*(round(float(v), 9) for v in (*eye.forward, *eye.up)), eye.focal_px)


__all__ = ["BOX_COLUMNS", "CameraUnit", "backdrop_path", "boxes_path", "draw_frames", "film", "missing", "picture_path"]
