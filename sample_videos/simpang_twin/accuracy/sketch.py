"""A clip without rendering: every body's convex outline, projected exactly and painted from far to near.

Boxes and occlusion come from the outlines as they come from the renderer's identity picture, so perfect detection
has the same input within a pixel or two; the picture itself is good for looking at, not for detectors. The camera
turns, freezes and loses frames as its scenario says; dirt on its lens is not drawn.
"""

import colorsys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
import numpy.typing as npt
from scipy.spatial import ConvexHull

from .. import simulate
from ..boxes import measure
from ..camera import Pinhole, pinhole
from ..faults import dropped_frames, shown_frame
from ..film import boxes_path
from ..garage import look_of, mesh_of
from ..network import F64
from ..poses import poses
from ..run import Run
from ..scenario import Camera

TIME_BASE: Final = Fraction(1, 90000)
NEAR_M: Final = 3.0
BEYOND_M: Final = 12.0
GRAIN_PX: Final = 16
GRAIN_LEVELS: Final = 48
"""So much that the encoder keeps it: without grain an empty road is the same picture for seconds, which a worker
rightly takes for a frozen camera."""

U8 = npt.NDArray[np.uint8]


def sketch(folder: Path, camera: Camera, work: Path, clip: Path, on_frame: Callable[[], None]) -> None:
    """Write the clip of a run, and the boxes of every frame into `work`; `on_frame` is called once per frame."""
    scenario, _, run = simulate.load(folder)
    work.mkdir(parents=True, exist_ok=True)
    empty, dropped = _Road(pinhole(camera)), dropped_frames(scenario, camera)
    outlines, held = _Outlines(run), empty.at(0, pinhole(camera))
    step = Fraction(1) / Fraction(str(scenario.fps)) / TIME_BASE
    part = clip.with_suffix(".part.mp4")
    with av.open(str(part), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(str(scenario.fps)))
        stream.width, stream.height, stream.pix_fmt = camera.width_px, camera.height_px, "yuv420p"
        stream.time_base = stream.codec_context.time_base = TIME_BASE
        stream.options = {"preset": "ultrafast", "bf": "0", "crf": "28"}
        for frame in range(scenario.frames):
            eye = pinhole(camera, frame * scenario.step_s)
            image = outlines.draw(frame, eye, empty.at(frame, eye), work)
            held = image if shown_frame(scenario, camera, frame) == frame else held
            if frame not in dropped:
                picture = av.VideoFrame.from_ndarray(held, format="bgr24")
                picture.time_base, picture.pts = TIME_BASE, round(frame * step)
                container.mux(stream.encode(picture))
            on_frame()
        container.mux(stream.encode())
    part.rename(clip)


class _Road:
    """A road without marks: patches of grey, and grain that is another in every frame, so that nothing looks frozen."""

    def __init__(self, first: Pinhole) -> None:
        rng = np.random.default_rng(1)
        self._first, (height_px, width_px) = first, (first.height_px, first.width_px)
        patches = rng.integers(80, 140, (height_px // 24, width_px // 24, 3), dtype=np.uint8)
        self._plain: U8 = cv2.resize(patches, (width_px, height_px)).astype(np.uint8)
        self._grain = rng.integers(0, GRAIN_LEVELS, (height_px + GRAIN_PX, width_px + GRAIN_PX, 3), dtype=np.uint8)

    def at(self, frame: int, eye: Pinhole) -> U8:
        """The picture (H, W, 3) BGR without vehicles, as a camera sees it that may have turned or zoomed since."""
        dy, dx = frame * 5 % GRAIN_PX, frame * 7 % GRAIN_PX
        height, width = self._plain.shape[:2]
        plain = self._plain if _same_view(eye, self._first) else self._turned(eye)
        return np.asarray(plain + self._grain[dy : dy + height, dx : dx + width], np.uint8)

    def _turned(self, eye: Pinhole) -> U8:
        """What a turned camera sees: exact, because its place stays (a rotation is a homography of the picture)."""
        homography = _to_pixels(eye) @ np.linalg.inv(_to_pixels(self._first))
        size = (eye.width_px, eye.height_px)
        return cv2.warpPerspective(self._plain, homography, size, borderMode=cv2.BORDER_REFLECT).astype(np.uint8)


def _to_pixels(eye: Pinhole) -> F64:
    """Directions in the world to homogeneous pixels (3, 3)."""
    k = np.array([[eye.focal_px, 0, eye.width_px / 2], [0, eye.focal_px, eye.height_px / 2], [0, 0, 1]])
    return np.asarray(k @ np.stack([eye.right, -eye.up, eye.forward]))


def _same_view(a: Pinhole, b: Pinhole) -> bool:
    return a.focal_px == b.focal_px and np.allclose(a.forward, b.forward) and np.allclose(a.up, b.up)


class _Outlines:
    """Draws the bodies of a run as one camera sees them."""

    def __init__(self, run: Run) -> None:
        self._run, self._pose = run, poses(run)
        self._points: dict[int, F64] = {}

    def draw(self, frame: int, eye: Pinhole, empty: U8, work: Path) -> U8:
        """The picture (H, W, 3) BGR of a frame, drawn into `empty`; its boxes go to `work`."""
        rows = self._in_view(eye, np.flatnonzero(self._run.frame == frame))
        reach_m = np.hypot(*(self._pose.centre_m[rows] - eye.position_m[:2]).T)
        outlines = [self._outline(eye, int(row)) for row in rows]
        code, image = np.zeros(empty.shape[:2], np.int32), empty
        for i in np.argsort(-reach_m):
            if not np.isfinite(outlines[i]).all():
                continue  # beside the camera
            hull = cv2.convexHull(outlines[i].round().astype(np.int32))
            cv2.fillConvexPoly(code, hull, int(i) + 1)
            cv2.fillConvexPoly(image, hull, _colour(int(self._run.vehicle[rows[i]])))
        found = measure(code, outlines, reach_m.tolist())
        if len(found):
            found[:, 0] = self._run.vehicle[rows[found[:, 0].astype(int)]]
        np.save(boxes_path(work, frame), found)
        return image

    def _in_view(self, eye: Pinhole, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Rows of bodies in front of the camera and not far beside the picture."""
        rel = np.hstack([self._pose.centre_m[rows], np.ones((len(rows), 1))]) - eye.position_m
        depth = rel @ eye.forward
        side = np.abs(rel @ eye.right) - depth * eye.width_px / 2 / eye.focal_px
        low = -(rel @ eye.up) - depth * eye.height_px / 2 / eye.focal_px
        return rows[(depth > NEAR_M) & (side < BEYOND_M) & (low < BEYOND_M)]

    def _outline(self, eye: Pinhole, row: int) -> F64:
        """Projected vertices (M, 2) of one body, pixels."""
        points, ahead = self._body(int(self._run.vehicle[row])), self._pose.heading[row]
        side = np.array([ahead[1], -ahead[0]])
        ground = self._pose.centre_m[row] + points[:, :1] * side + points[:, 1:2] * ahead
        return eye.project(np.hstack([ground, points[:, 2:]]))

    def _body(self, vehicle: int) -> F64:
        if vehicle not in self._points:
            vertices = mesh_of(self._run.models[vehicle], look_of(self._run.ids[vehicle])).vertices()
            points = vertices[:, :3].astype(np.float64)
            self._points[vehicle] = points[ConvexHull(points).vertices]
        return self._points[vehicle]


def _colour(vehicle: int) -> tuple[Any, ...]:
    """A colour of its own for every vehicle, BGR."""
    return tuple(round(255 * c) for c in colorsys.hsv_to_rgb(vehicle * 0.618 % 1, 0.55, 0.85))
