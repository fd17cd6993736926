"""What the light does to the picture: dim or bright, nothing visible at all, edges gone in parts or everywhere."""

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np

from .config import SceneRules
from .data import Float32Array, FloatArray, ImageArray

TILE_PX: Final = 20
BRIGHT_OVER: Final = 1.5
"""A dim picture is bright again at this many times the brightness below which it is dim."""

BLANK_STD: Final = 3.0
"""Grey levels: a tile with less spread than this shows nothing."""

BLANK_SHARE: Final = 0.95
BLACK: Final = 30.0
BLACK_SHARE: Final = 0.95
"""A tile is black when this share of it is below the grey level `BLACK`."""

USED_STRENGTH: Final = 6.0
LOST: Final = 0.4
"""A tile whose edges have fallen below this share of what they were has lost them."""

DIRTY_SHARE: Final = 0.15
HAZE_SHARE: Final = 0.6
DIRTY_LOOKS: Final = 120
HAZE_LOOKS: Final = 5
UP: Final = 1 / 30
DOWN: Final = 1 / 3600


@dataclass(slots=True)
class Light:
    """How bright the picture is, with hysteresis; [ours], told apart on rendered and real clips by night, dusk and day.

    dim: the median is below the limit, or below 1.5 times it in a picture without bright parts (no twentieth of it
    reaches twice the limit: no sky). lamplit: dim and without bright parts, or with a median of less than half the
    limit: what a night looks like, while at dawn and before a storm there is a bright sky.
    """

    rules: SceneRules
    dim: bool = False
    lamplit: bool = False

    def look(self, grey: ImageArray) -> str:
        """``dim`` or ``bright`` after this small picture."""
        middle, bright = np.percentile(grey, (50, 95))
        self.lamplit = self._without_sky(middle, bright, self.lamplit) or middle < self._limit(self.lamplit) / 2
        self.dim = self._without_sky(middle, bright, self.dim) or middle < self._limit(self.dim)
        return "dim" if self.dim else "bright"

    def _without_sky(self, middle: float, bright: float, before: bool) -> bool:
        limit = self._limit(before)
        return bool(middle < 1.5 * limit and bright < 2 * limit)

    def _limit(self, before: bool) -> float:
        return self.rules.night_brightness * (BRIGHT_OVER if before else 1.0)


def shows_nothing(grey: ImageArray) -> bool:
    """Whether (almost) every tile is black or without any structure: dark, covered, or white with fog.

    The few tiles that are left may hold a burnt-in clock.
    """
    return blank_share(grey) >= BLANK_SHARE


def blank_share(grey: ImageArray) -> float:
    """Share of the tiles that are black or without any structure."""
    tiles = _tiles(grey)
    blank = (tiles.std(axis=1) < BLANK_STD) | ((tiles < BLACK).mean(axis=1) >= BLACK_SHARE)
    return float(blank.mean())


@dataclass(slots=True)
class Clarity:
    """Whether edges that were there are gone: in most tiles low contrast (fog, rain), in some for long a dirty lens.

    [ours] The usual strength of every tile rises fast (half a minute) and falls slowly (an hour), by light.
    """

    _usual: dict[str, FloatArray] = field(default_factory=dict)
    _dirty: int = 0
    _hazy: int = 0

    def look(self, grey: ImageArray, light: str) -> tuple[str, ...]:
        """``low_contrast`` or ``dirty`` where they hold."""
        strength = _strength(grey)
        usual = self._usual.get(light)
        if usual is None or usual.shape != strength.shape:
            self._usual[light] = strength
            return ()
        self._usual[light] = usual + np.where(strength > usual, UP, DOWN) * (strength - usual)
        used = usual >= USED_STRENGTH
        lost = float((strength < LOST * usual)[used].mean()) if used.any() else 0.0
        self._dirty = self._dirty + 1 if DIRTY_SHARE <= lost < HAZE_SHARE else 0
        self._hazy = self._hazy + 1 if lost >= HAZE_SHARE else 0
        if self._hazy >= HAZE_LOOKS:
            return ("low_contrast",)
        return ("dirty",) if self._dirty >= DIRTY_LOOKS else ()


def _strength(grey: ImageArray) -> FloatArray:
    """Mean gradient of each tile, grey levels (tiles,)."""
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    return np.asarray(_tiles(np.asarray(cv2.magnitude(across, down), np.float32)).mean(axis=1), np.float64)


def _tiles(grey: ImageArray | Float32Array) -> Float32Array:
    """The pixels of every whole tile, (tiles, TILE_PX²)."""
    height, width = (side // TILE_PX * TILE_PX for side in grey.shape)
    cut = grey[:height, :width].reshape(height // TILE_PX, TILE_PX, width // TILE_PX, TILE_PX)
    return np.asarray(cut.transpose(0, 2, 1, 3).reshape(-1, TILE_PX**2), np.float32)
