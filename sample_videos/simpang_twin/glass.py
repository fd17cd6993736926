"""What lies on the lens: dust and smears, and raindrops. The same seed gives the same glass."""

import cv2
import numpy as np

from simpang_twin.mesh import F32

_DUST = np.array([92.0, 104.0, 112.0], np.float32)  # display BGR of lit dust


def dirt(size: tuple[int, int], seed: int) -> F32:
    """How much of the view dirt covers, (H, W, 1), 0 to about 1: blots out of focus, and a smear from wiping."""
    width, height = size
    rng = np.random.default_rng((seed, 41))
    blots = np.zeros((height, width), np.float32)
    for _ in range(70):
        centre = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
        radius = max(int(rng.uniform(0.004, 0.05) * height), 2)
        cv2.circle(blots, centre, radius, float(rng.uniform(0.3, 1.0)), -1)
    film = cv2.resize(rng.random((9, 16)).astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(
        np.clip(0.75 * cv2.GaussianBlur(blots, (0, 0), height * 0.012) + 0.45 * film, 0, 1)[..., None], dtype=np.float32
    )


def through_dirt(image: F32, cover: F32, strength: float) -> F32:
    """The picture (display BGR 0–255) through dirt: less contrast under it, and a haze of lit dust."""
    share = cover * strength * 0.85
    blurred = cv2.GaussianBlur(image, (0, 0), image.shape[0] * 0.006)
    lit = _DUST * float(np.clip(image.mean() / 110.0, 0.15, 1.3))
    return np.asarray(image * (1 - share) + (blurred * 0.45 + lit * 0.55) * share, dtype=np.float32)


def drops(size: tuple[int, int], amount: float, seed: int) -> F32:
    """Drops on the lens, (H, W, 2): how much of each pixel a drop covers, and its shading (−1 dark to 1 bright)."""
    width, height = size
    rng = np.random.default_rng((seed, 43))
    out = np.zeros((height, width, 2), np.float32)
    for _ in range(int(34 * amount) + 1):
        radius = float(rng.uniform(0.012, 0.05)) * height
        centre = (float(rng.uniform(0, width)), float(rng.uniform(0, height)))
        x0, x1 = max(int(centre[0] - 2 * radius), 0), min(int(centre[0] + 2 * radius) + 1, width)
        y0, y1 = max(int(centre[1] - 2 * radius), 0), min(int(centre[1] + 2 * radius) + 1, height)
        y, x = np.mgrid[y0:y1, x0:x1]
        reach = np.hypot((x - centre[0]) / radius, (y - centre[1]) / (radius * float(rng.uniform(1.0, 1.35))))
        cover = np.clip((1.0 - reach) / 0.35, 0, 1)
        out[y0:y1, x0:x1, 0] = np.maximum(out[y0:y1, x0:x1, 0], cover)
        out[y0:y1, x0:x1, 1] += cover * np.clip((y - centre[1]) / radius, -1, 1) * np.clip(reach, 0, 1)
    return out


def through_drops(image: F32, on_glass: F32) -> F32:
    """The picture (display BGR 0–255) through drops: out of focus and bent inside them, with a bright lower rim."""
    height = image.shape[0]
    small = cv2.resize(image, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    soft = cv2.resize(cv2.GaussianBlur(small, (0, 0), height * 0.005), image.shape[1::-1])
    bent = np.roll(soft, int(height * 0.03), axis=0) + on_glass[..., 1:] * 16.0
    cover = on_glass[..., :1] * 0.85
    return np.asarray(image * (1 - cover) + bent * cover, dtype=np.float32)
