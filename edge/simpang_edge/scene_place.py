"""Whether the camera still looks where it looked: the static edges of the picture against those learnt before."""

import io
import zipfile
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any, Final

import cv2
import numpy as np

from .data import Float32Array, FloatArray, ImageArray

TILE_PX: Final = 20
SOFT: Final = 30.0
"""Gradients far below this (grey levels, Sobel) count little: noise of a dark picture is no edge."""

LEARN_LOOKS: Final = 8
"""Pictures from which the first reference is made."""

LEVELS: Final = 120.0
FAST_SHARE: Final = 0.3
SLOW_SHARE: Final = 1 / 120
TEXTURED: Final = 0.03
"""Mean square of a tile's lasting edges from which it can be recognised; passing traffic averages out below it."""

ALIKE: Final = 0.4
"""Cosine between a tile's edges and its reference from which it is the same place."""

SAME_SHARE: Final = 0.3
"""Share of the recognisable tiles that must be the same: a bus in front or a row of new shadows leaves more."""

GONE_SHARE: Final = 0.1
"""Below this the camera looks elsewhere: a bus in front leaves its surroundings (a third of the view, tried), a PTZ
camera that was turned away left 0.05 on a rendered clip."""

CERTAIN_SHARE: Final = 0.9
"""From this share on no shift is looked for."""

BETTER: Final = 0.1
"""By how much the mean cosine must be better at the shift that was found, to believe it."""

MIN_TILES: Final = 8


class Sight(Enum):
    """What a comparison says. LEARNING: no reference yet, or too few edges to say anything. LOST: not recognised, maybe
    hidden. GONE: next to nothing of the view is left."""

    LEARNING = auto()
    SAME = auto()
    SHIFTED = auto()
    LOST = auto()
    GONE = auto()


@dataclass(frozen=True, slots=True)
class Place:
    """Where the picture is compared with its reference; shift in pixels of the small picture, None where not known.

    known: whether this very picture was recognised; `sight` is that of the latest few, and so a little late.
    same_share: share of the tiles that are in their place, None where that was not looked at."""

    sight: Sight
    shift_px: float | None = None
    known: bool = True
    same_share: float | None = None


class Reference:
    """The lasting edges of one view, by light: learnt from the first pictures, then followed slowly.

    [ours] Edges are Sobel gradients divided by their strength, so contrast and light matter little; a slow mean keeps
    what stands still and loses what passes. Tiles of it are compared with a fast mean of the latest pictures. Only
    when the tiles do not match is a common shift looked for (phase correlation) and proved on the same tiles.
    """

    def __init__(self) -> None:
        self._lasting: dict[str, Float32Array] = {}
        self._looks: dict[str, int] = {}
        self._latest: Float32Array | None = None
        self._light = ""

    def compare(self, grey: ImageArray, light: str, min_shift_px: float, single: bool = False) -> Place:
        """Compare one small grey picture (H, W); `min_shift_px`: a smaller shift is the same place.

        single: judge by this picture, not by the mean of the latest: a camera that comes back is known at once.
        """
        edges = _edges(grey)
        if single or self._latest is None or self._latest.shape != edges.shape:
            self._latest = edges
        if any(known.shape != edges.shape for known in self._lasting.values()):
            self._lasting.clear()
            self._looks.clear()
        self._latest = _toward(self._latest, edges, FAST_SHARE)
        lasting = self._lasting.get(light)
        if lasting is None or self._looks[light] < LEARN_LOOKS:
            return self._learn(light, edges, min_shift_px)
        place = _find(self._latest, lasting, min_shift_px)
        if place.sight is Sight.SAME:
            self._lasting[light] = _toward(lasting, edges, SLOW_SHARE)
        alone = _likeness(edges, lasting)
        return replace(place, known=alone is None or alone.share >= SAME_SHARE)

    def dump(self) -> bytes:
        """The references, in a tenth of a megabyte for each light; nothing of passing traffic is in them."""
        done = [light for light, looks in self._looks.items() if looks >= LEARN_LOOKS]
        learnt: dict[str, Any] = {light: np.round(self._lasting[light] * LEVELS).astype(np.int8) for light in done}
        file = io.BytesIO()
        np.savez_compressed(file, **learnt)
        return file.getvalue()

    def load(self, data: bytes) -> None:
        """Take the references of an earlier run. Raises `ValueError` for anything else."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as file:
                learnt = {light: np.asarray(file[light] / LEVELS, np.float32) for light in file.files}
        except (OSError, EOFError, KeyError, zipfile.BadZipFile) as exc:
            raise ValueError(f"not a reference picture: {exc}") from exc
        shapes = {edges.shape for edges in learnt.values()}
        if len(shapes) == 1 and all(len(shape) == 3 and shape[0] == 2 for shape in shapes):
            self._lasting, self._looks = learnt, dict.fromkeys(learnt, LEARN_LOOKS)

    def _learn(self, light: str, edges: Float32Array, min_shift_px: float) -> Place:
        """The first pictures of a light. Where another light is known, the place is judged by that one."""
        other = next((r for name, r in self._lasting.items() if name != light), None)
        if other is not None and self._latest is not None:
            place = _find(self._latest, other, min_shift_px)
            if place.sight is Sight.SHIFTED:
                return place
        looks = self._looks.get(light, 0)
        mean = self._lasting.get(light, edges)
        self._lasting[light] = _toward(mean, edges, 1 / (looks + 1))
        self._looks[light] = looks + 1
        return Place(Sight.LEARNING)


def _toward(mean: Float32Array, new: Float32Array, share: float) -> Float32Array:
    """The running mean, a share of the way to the new value."""
    return np.asarray(mean + share * (new - mean), np.float32)


def _edges(grey: ImageArray) -> Float32Array:
    """Gradients over their strength, float32 (2, H, W), in whole tiles."""
    height, width = (side // TILE_PX * TILE_PX for side in grey.shape)
    smooth = cv2.GaussianBlur(grey[:height, :width], (3, 3), 0)
    across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    strength = cv2.magnitude(across, down) + SOFT
    return np.stack((across / strength, down / strength)).astype(np.float32)


def _find(now: Float32Array, lasting: Float32Array, min_shift_px: float) -> Place:
    """Where the latest edges (2, H, W) are against the lasting ones."""
    here = _likeness(now, lasting)
    if here is None:
        return Place(Sight.LEARNING)
    if here.share >= CERTAIN_SHARE:
        return Place(Sight.SAME, 0.0, same_share=here.share)
    x_px, y_px = _shift(now, lasting)
    moved_px = float(np.hypot(x_px, y_px))
    if moved_px >= max(min_shift_px, 1.0):
        there = _likeness(np.roll(now, (-round(y_px), -round(x_px)), (1, 2)), lasting)
        if there is not None and there.share >= SAME_SHARE and there.cosine >= here.cosine + BETTER:
            return Place(Sight.SHIFTED, moved_px, same_share=here.share)
    if here.share >= SAME_SHARE:
        return Place(Sight.SAME, 0.0, same_share=here.share)
    return Place(Sight.LOST if here.share >= GONE_SHARE else Sight.GONE, same_share=here.share)


@dataclass(frozen=True, slots=True)
class _Likeness:
    """Share of the recognisable tiles that show the same edges, and the mean cosine over them."""

    share: float
    cosine: float


def _likeness(now: Float32Array, lasting: Float32Array) -> _Likeness | None:
    """How alike two edge pictures are; None where there are too few tiles that can be recognised."""
    power = _tiles(lasting * lasting)
    textured = power / TILE_PX**2 >= TEXTURED
    if textured.sum() < MIN_TILES:
        return None
    cosine = _tiles(now * lasting) / np.sqrt(np.maximum(power * _tiles(now * now), 1e-9))
    return _Likeness(float((cosine[textured] >= ALIKE).mean()), float(cosine[textured].mean()))


def _tiles(product: Float32Array) -> FloatArray:
    """Sum over both directions within each tile, (tiles,)."""
    _, height, width = product.shape
    cut = product.sum(axis=0).reshape(height // TILE_PX, TILE_PX, width // TILE_PX, TILE_PX)
    return np.asarray(cut.sum(axis=(1, 3)).ravel(), np.float64)


def _shift(now: Float32Array, lasting: Float32Array) -> tuple[float, float]:
    """How far the picture moved right and down, in pixels, by phase correlation of the strength of its edges."""
    strong = [cv2.magnitude(edges[0], edges[1]) for edges in (lasting, now)]
    window = cv2.createHanningWindow(strong[0].shape[::-1], cv2.CV_32F)
    (x_px, y_px), _ = cv2.phaseCorrelate(strong[0], strong[1], window)
    return float(x_px), float(y_px)
