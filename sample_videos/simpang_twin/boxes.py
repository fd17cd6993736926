"""Boxes of the visible bodies in a frame, from the identity picture."""

import cv2
import numpy as np
import numpy.typing as npt

from simpang_twin.mesh import F32
from simpang_twin.network import F64

# body: index of the body; the box is the visible extent in pixels (x1, y1 exclusive); occluded: share of the body's
# outline inside the picture that shows nearer bodies; visible_px: number of visible pixels.
BOX_COLUMNS = ("body", "x0", "y0", "x1", "y1", "occluded", "visible_px")
_LEAST_PX = 10


def measure(code: npt.NDArray[np.int32], outlines_px: list[F64], distance_m: list[float]) -> F32:
    """Boxes (K, 7) of all bodies with at least 10 visible pixels. code (H, W): 1 + body index, 0 none;
    outlines_px[i] (M, 2): the projected vertices of body i; distance_m[i]: how far it is."""
    rows = []
    for body, outline in enumerate(outlines_px):
        window = _window(outline, code.shape)
        if window is None:
            continue
        x0, y0, x1, y1 = window
        part = code[y0:y1, x0:x1]
        own = part == body + 1
        count = int(own.sum())
        if count < _LEAST_PX:
            continue
        ys, xs = np.flatnonzero(own.any(axis=1)), np.flatnonzero(own.any(axis=0))
        share = _occluded(part, outline - (x0, y0), body, distance_m)
        rows.append((body, x0 + xs[0], y0 + ys[0], x0 + xs[-1] + 1, y0 + ys[-1] + 1, share, count))
    return np.array(rows, dtype=np.float32).reshape(-1, len(BOX_COLUMNS))


def _window(outline: F64, shape: tuple[int, ...]) -> tuple[int, int, int, int] | None:
    if not np.isfinite(outline).all():
        return None
    low = np.maximum(np.floor(outline.min(axis=0)).astype(int) - 1, 0)
    high = np.minimum(np.ceil(outline.max(axis=0)).astype(int) + 1, (shape[1], shape[0]))
    if (high <= low).any():
        return None
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _occluded(part: npt.NDArray[np.int32], outline: F64, body: int, distance_m: list[float]) -> float:
    hull = cv2.convexHull(outline.round().astype(np.int32))
    mask = np.zeros(part.shape, np.uint8)
    cv2.fillConvexPoly(mask, hull, 1)
    inside = part[mask > 0]
    nearer = np.array([False, *(d < distance_m[body] for d in distance_m)])
    nearer = np.append(nearer, np.ones(8, dtype=bool))  # scenery drawn after the bodies hides them
    total = len(inside)
    return float(nearer[inside].sum() / total) if total else 0.0
