"""How near real pictures come to what would be told as a fault of the camera: the flags of clips, and the margins."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from .clock import SystemClock
from .config import Camera, SceneRules
from .data import Frame
from .errors import ConfigurationError, SourceEnded
from .scene import SceneWatch, picked_pixels, small_picture
from .scene_light import BLANK_SHARE, blank_share
from .scene_place import SAME_SHARE, Reference
from .scene_still import SAME_LEVELS, Stillness
from .source import open_source

VIDEOS: Final = (".mp4", ".avi", ".mkv", ".mov")
MARGINS: Final = {"dark": BLANK_SHARE, "frozen": SAME_LEVELS, "moved": SAME_SHARE}
"""A picture is dark from this share of blank tiles on; the same below this change; elsewhere below this share of tiles
in their place."""


@dataclass(slots=True)
class ClipScene:
    """What was told of one clip: looks by flag, and the worst of each figure behind a fault.

    median, bright: least and greatest 50th and 95th percentile of the grey levels. blank_share: most. calm_levels,
    same_share: least; None where the clip is too short or shows too little.
    """

    clip: str
    seconds: float = 0.0
    looks: int = 0
    flags: Counter[str] = field(default_factory=Counter)
    median: tuple[float, float] = (255.0, 0.0)
    bright: tuple[float, float] = (255.0, 0.0)
    blank_share: float = 0.0
    calm_levels: float | None = None
    same_share: float | None = None

    def as_object(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "clip": self.clip,
            "seconds": round(self.seconds, 1),
            "looks": self.looks,
            "flags": dict(sorted(self.flags.items())),
            "median": [round(level) for level in self.median],
            "bright": [round(level) for level in self.bright],
            "blank_share": round(self.blank_share, 3),
            "calm_levels": None if self.calm_levels is None else round(self.calm_levels, 2),
            "same_share": None if self.same_share is None else round(self.same_share, 2),
        }


def scenes(folder: Path, fps: float, began: Callable[[str], None]) -> tuple[ClipScene, ...]:
    """Every video of a folder. Raises `ConfigurationError` when there is none."""
    videos = sorted(path for path in folder.glob("*") if path.suffix in VIDEOS)
    if not videos:
        raise ConfigurationError(f"{folder}: no video ({', '.join(VIDEOS)})")
    return tuple(_watched(video, fps, began) for video in videos)


def _watched(video: Path, fps: float, began: Callable[[str], None]) -> ClipScene:
    began(video.name)
    source = open_source(Camera(id="clip", source=str(video), analysis_fps=fps), SystemClock())
    probe, first_s = _Probe(ClipScene(video.name)), None
    try:
        while True:
            frame = source.read(1.0)
            if frame is not None:
                first_s = frame.time_s if first_s is None else first_s
                probe.look(frame)
                probe.found.seconds = frame.time_s - first_s
    except SourceEnded:
        return probe.found
    finally:
        source.close()


@dataclass(slots=True)
class _Probe:
    """The scene stage, and beside it the same parts that are asked for their figures."""

    found: ClipScene
    _watch: SceneWatch = field(default_factory=SceneWatch)
    _still: Stillness = field(default_factory=lambda: Stillness(SceneRules().frozen_s))
    _place: Reference = field(default_factory=Reference)

    def look(self, frame: Frame) -> None:
        """One frame."""
        self._still.look(picked_pixels(frame.image), frame.time_s)
        found, calm = self.found, self._still.calm_levels()
        found.calm_levels = _least(found.calm_levels, calm)
        scene = self._watch.look(frame)
        if scene is None:
            return
        found.looks += 1
        found.flags.update(scene.flags)
        small = small_picture(frame.image)
        median, bright = np.percentile(small, (50, 95)).tolist()
        found.median = (min(found.median[0], median), max(found.median[1], median))
        found.bright = (min(found.bright[0], bright), max(found.bright[1], bright))
        found.blank_share = max(found.blank_share, blank_share(small))
        place = self._place.compare(small, "any", SceneRules().moved_ratio * small.shape[1])
        found.same_share = _least(found.same_share, place.same_share)


def _least(one: float | None, other: float | None) -> float | None:
    known = [value for value in (one, other) if value is not None]
    return min(known, default=None)
