"""Falling rain in front of the camera; the same seed and frame give the same streaks."""

import cv2
import numpy as np

from simpang_twin.mesh import F32

# Streaks in view at 1 mm/h, and the share of the picture's height that a near one covers [ours].
_STREAKS = 9.0
_LONGEST = 0.09


def falling(image: F32, rain_mmph: float, seed: int, frame: int) -> F32:
    """The picture (H, W, 3), display BGR 0–255, with streaks that are brighter than what is behind them."""
    height, width = image.shape[:2]
    rng = np.random.default_rng((seed, frame, 77))
    count = int(_STREAKS * rain_mmph**0.8)
    mask = np.zeros((height, width), np.uint8)
    near = rng.random(count) ** 2
    length = (0.012 + _LONGEST * near) * height
    x, y = rng.random(count) * width, rng.random(count) * height * 1.1 - 0.1 * height
    lean = rng.normal(0.06, 0.02, count) * length
    level = (35 + 100 * rng.random(count) * (0.4 + near)).clip(0, 255).astype(int)
    for i in range(count):
        start, end = (int(x[i]), int(y[i])), (int(x[i] + lean[i]), int(y[i] + length[i]))
        cv2.line(mask, start, end, int(level[i]), 1 + int(near[i] * height > 700), cv2.LINE_AA)
    soft = cv2.GaussianBlur(mask, (0, 0), sigmaX=0.6, sigmaY=1.2).astype(np.float32)[..., None] * (0.42 / 255)
    around = cv2.resize(cv2.resize(image, (16, 9), interpolation=cv2.INTER_AREA), (width, height))
    return np.asarray(image + soft * (around * 0.75 + 50.0 - image * 0.25).clip(0, None), dtype=np.float32)
