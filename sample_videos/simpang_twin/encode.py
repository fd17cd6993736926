"""Frames to an H.264 clip with exact time stamps, and what a real camera adds: soft lens, noise, burnt-in clock."""

from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

from simpang_twin import glass, light
from simpang_twin.errors import RenderError
from simpang_twin.faults import dirt_at, dropped_frames, shown_frame
from simpang_twin.film import picture_path
from simpang_twin.scenario import Camera, Scenario

U8 = npt.NDArray[np.uint8]
_TIME_BASE = Fraction(1, 90000)


def encode(
    work: Path, frames: range, scenario: Scenario, camera: Camera, out: Path, on_frame: Callable[[], None]
) -> None:
    """Write the clip. The frame k has time stamp (k − first)/fps exactly, in units of 1/90000 s; a dropped frame is
    missing, its neighbours keep their time stamps."""
    step = Fraction(1) / Fraction(str(scenario.fps)) / _TIME_BASE
    part = out.with_suffix(".part.mp4")
    sensor, dropped = Sensor(scenario, camera), dropped_frames(scenario, camera)
    with av.open(str(part), "w", options={"movflags": "faststart"}) as container:
        container.metadata["creation_time"] = scenario.start_utc.isoformat().replace("+00:00", "Z")
        stream = _stream(container, scenario, camera)
        for frame in frames:
            if frame not in dropped:
                shown = shown_frame(scenario, camera, frame)
                image = sensor.see(_read(picture_path(work, shown)), shown)
                picture = av.VideoFrame.from_ndarray(image, format="bgr24")
                picture.time_base, picture.pts = _TIME_BASE, round((frame - frames.start) * step)
                container.mux(stream.encode(picture))
            on_frame()
        container.mux(stream.encode())
    part.rename(out)


def _stream(container: "av.container.OutputContainer", scenario: Scenario, camera: Camera) -> "av.VideoStream":
    stream = container.add_stream("libx264", rate=Fraction(str(scenario.fps)))
    stream.width, stream.height, stream.pix_fmt = camera.width_px, camera.height_px, "yuv420p"
    stream.time_base = stream.codec_context.time_base = _TIME_BASE
    stream.bit_rate = camera.bitrate_kbps * 1000
    # As cameras stream: no B frames, key frames at a fixed distance.
    distance = str(max(round(scenario.fps * camera.keyframe_s), 1))
    stream.options = {"preset": "medium", "bf": "0", "g": distance, "profile": "main"}
    return stream


def _read(path: Path) -> U8:
    image = cv2.imread(str(path))
    if image is None:
        raise RenderError(f"{path}: the frame cannot be read; delete it and render again")
    return image.astype(np.uint8, copy=False)


class Sensor:
    """Lens and sensor of the camera: a little blur, dirt and drops on the glass, its levels of black and white and
    its sharpening by day, noise that changes with every frame and grows in the dark, the clock in the corner."""

    def __init__(self, scenario: Scenario, camera: Camera) -> None:
        self._start: datetime = scenario.start_utc
        self._step_s = scenario.step_s
        self._camera = camera
        scene = light.air(scenario.light, scenario.weather)
        self._black, self._white = light.levels(scene)
        # A small picture is a large one's, made smaller in the camera: the lens's blur shrinks with it.
        self._blur_px = 0.55 * min(camera.height_px / 720, 1.0)
        self._edges = 0.7 if scene.noise < 2 else 0.0
        rng = np.random.default_rng(scenario.seed + 5)
        shape = (camera.height_px + 64, camera.width_px + 64, 1)
        grain = rng.standard_normal(shape).astype(np.float32)
        self._grain = cv2.GaussianBlur(grain, (0, 0), 0.7)[..., None] * 2.0 * camera.noise_level * scene.noise
        y, x = np.mgrid[-1 : 1 : camera.height_px * 1j, -1 : 1 : camera.width_px * 1j]
        self._shade = (1 - 0.10 * (x * x + y * y))[..., None].astype(np.float32)
        size = (camera.width_px, camera.height_px)
        self._dirt = glass.dirt(size, scenario.seed) if any(f.type == "dirty_lens" for f in camera.faults) else None
        drops = scenario.weather.lens_drops
        self._drops = glass.drops(size, drops, scenario.seed) if drops > 0 else None

    def see(self, image: U8, frame: int) -> U8:
        """One frame as the camera would deliver it; image (H, W, 3) BGR."""
        soft = cv2.GaussianBlur(image, (0, 0), self._blur_px).astype(np.float32)
        soft = soft if self._drops is None else glass.through_drops(soft, self._drops)
        strength = dirt_at(self._camera, frame * self._step_s)
        soft = soft if self._dirt is None or strength == 0 else glass.through_dirt(soft, self._dirt, strength)
        soft = (soft - self._black) * (255.0 / (self._white - self._black))
        soft += self._edges * (soft - cv2.GaussianBlur(soft, (0, 0), 1.2))
        dx, dy = (frame * 29) % 64, (frame * 43) % 64
        h, w = image.shape[:2]
        noisy = soft * self._shade + self._grain[dy : dy + h, dx : dx + w]
        out: U8 = np.clip(noisy + 0.5, 0, 255).astype(np.uint8)
        self._clock(out, frame)
        return out

    def _clock(self, image: U8, frame: int) -> None:
        now = self._start + timedelta(seconds=frame * self._step_s)
        text = f"{self._camera.clock_text}  {now:%Y-%m-%d %H:%M:%S} UTC"
        scale = image.shape[0] / 720
        at = (int(18 * scale), int(34 * scale))
        halo = ((-1, 0), (1, 0), (0, -1), (0, 1))
        for dx, dy in (*halo, (0, 0)):
            colour = (235, 235, 235) if (dx, dy) == (0, 0) else (0, 0, 0)
            where = (at[0] + dx, at[1] + dy)
            cv2.putText(image, text, where, cv2.FONT_HERSHEY_SIMPLEX, 0.7 * scale, colour, 1, cv2.LINE_AA)
