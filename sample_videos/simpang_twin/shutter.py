"""Motion blur: what moves is smeared along its way while the shutter is open."""

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from simpang_twin.mesh import F32
from simpang_twin.network import F64

# Shorter smears are not seen.
_LEAST_PX = 1.2


def smear(colour: F32, code: npt.NDArray[np.int32], way_px: F64, order: list[int]) -> F32:
    """The drawn bodies (H, W, 4: BGR 0–255 times cover, cover) with every body i smeared by way_px[i] (x, y) pixels,
    centred on where it is; `order`: bodies from far to near."""
    if len(way_px) == 0 or np.hypot(*way_px.T).max() < _LEAST_PX:
        return colour
    owner = _owners(code, colour[..., 3])
    bodies = len(way_px)
    out = np.where(((owner == 0) | (owner > bodies))[..., None], colour, 0).astype(np.float32)
    places = ndimage.find_objects(owner, max_label=int(owner.max()))
    for body in order:
        if body >= len(places) or places[body] is None:
            continue
        window = _grown(places[body], way_px[body], owner.shape)
        own = np.where((owner[window] == body + 1)[..., None], colour[window], 0)
        moved = _along(own, way_px[body])
        out[window] = out[window] * (1 - moved[..., 3:]) + moved
    return out


def _owners(code: npt.NDArray[np.int32], cover: F32) -> npt.NDArray[np.int32]:
    """The body of every pixel that has any cover: soft edges belong to the body beside them."""
    spread = cv2.dilate(code.astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.int32)
    return np.where(code > 0, code, np.where(cover > 0, spread, 0))


def _grown(place: tuple[slice, ...], way: F64, shape: tuple[int, ...]) -> tuple[slice, ...]:
    """A body's window with room for its smear."""
    more = (int(np.ceil(abs(way[1]))) + 1, int(np.ceil(abs(way[0]))) + 1)
    return tuple(slice(max(p.start - m, 0), min(p.stop + m, n)) for p, m, n in zip(place, more, shape[:2], strict=True))


def _along(image: F32, way: F64) -> F32:
    length = float(np.hypot(*way))
    if length < _LEAST_PX:
        return image
    size = 2 * int(np.ceil(length / 2)) + 1
    kernel = np.zeros((size + 2, size + 2), np.float32)
    at = (size + 1) / 2 + np.linspace(-0.5, 0.5, 4 * size + 1)[:, None] * way
    low = np.floor(at).astype(int)
    part = at - low
    for dx in (0, 1):
        for dy in (0, 1):
            share = np.abs(1 - dx - part[:, 0]) * np.abs(1 - dy - part[:, 1])
            np.add.at(kernel, (low[:, 1] + dy, low[:, 0] + dx), share)
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_CONSTANT), dtype=np.float32)
