"""Training pictures: crops, mosaics, light, weather of a cheap camera. Plain numpy and OpenCV.

Every function takes the random generator, so a seed reproduces a run.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from simpang_models.boxes import Boxes, FloatArray, area, concatenate
from simpang_models.labels import Truth
from simpang_models.pictures import PADDING, Picture

MIN_SIDE_PX = 3.0
MIN_VISIBLE = 0.35
REFERENCE = (640, 384)
MOSAIC_ZOOM = 0.8
WHOLE_SHARE = 0.5
LARGE_WHOLE_SHARE = 0.75
REPAINT_SHARE = 0.25
RARE_FOCUS = np.array([1.5, 1.0, 3.0, 1.5, 2.0, 1.0, 4.0, 2.0, 1.0])
"""How readily a crop is laid around a label of each class, "bus or truck" and "some motor vehicle"."""
Random = np.random.Generator


@dataclass(frozen=True)
class Sample:
    """A picture and what is known about it, in its pixels."""

    picture: Picture
    truth: Truth


def make_sample(parts: list[Sample], width: int, height: int, random: Random) -> Sample:
    """One training input from one picture, or from four of them side by side."""
    sample = place(parts[0], width, height, random) if len(parts) == 1 else mosaic(parts, width, height, random)
    if random.random() < 0.5:
        sample = flip(sample)
    return Sample(relight(sample.picture, random), sample.truth)


def place(sample: Sample, width: int, height: int, random: Random, zoom: float = 1.0) -> Sample:
    """The picture scaled by chance and cut or padded to the size wanted.

    Half the time about as a whole, as in use at this size (larger inputs mostly so, for near vehicles fill much of
    them); else at 0.6 to 1.7 times the scale it has in a REFERENCE input, so that smaller inputs are crops in which
    objects keep their size.
    """
    h, w = sample.picture.shape[:2]
    whole = random.random() < (LARGE_WHOLE_SHARE if width > REFERENCE[0] else WHOLE_SHARE)
    side = (width, height) if whole else REFERENCE
    low, high = (0.75, 1.35) if whole else (0.6, 1.7)
    scale = zoom * min(side[0] / w, side[1] / h) * float(np.exp(random.uniform(np.log(low), np.log(high))))
    stretch = float(np.exp(random.uniform(-0.1, 0.1)))
    sx, sy = scale * stretch, scale / stretch
    focus = _focus(sample, random)
    dx = _offset(w * sx, width, focus[0] * sx, random)
    dy = _offset(h * sy, height, focus[1] * sy, random)
    picture = _warp(sample.picture, (sx, sy), (dx, dy), (width, height))
    return Sample(picture, move(sample.truth, (sx, sy), (dx, dy), (width, height)))


def _focus(sample: Sample, random: Random) -> tuple[float, float]:
    """A point that the crop should show: mostly an object's middle, a rare kind's rather than a common one's."""
    boxes = sample.truth.boxes
    if len(boxes) and random.random() < 0.8:
        wanted = RARE_FOCUS[boxes.kind]
        x0, y0, x1, y1 = boxes.xyxy_px[random.choice(len(boxes), p=wanted / wanted.sum())]
        return float(x0 + x1) / 2, float(y0 + y1) / 2
    h, w = sample.picture.shape[:2]
    return random.uniform(0, w), random.uniform(0, h)


def _offset(side: float, full: int, focus: float, random: Random) -> float:
    """Where the picture's edge goes: anywhere if it fits, else so that `focus` lies in the input."""
    room = full - side
    if room >= 0:
        return random.uniform(0.0, room)
    return float(np.clip(random.uniform(0.15, 0.85) * full - focus, room, 0.0))


def _warp(picture: Picture, scale: tuple[float, float], shift: tuple[float, float], size: tuple[int, int]) -> Picture:
    matrix = np.array([[scale[0], 0, shift[0]], [0, scale[1], shift[1]]], np.float32)
    if min(scale) < 0.6:
        # warpAffine does not average when shrinking; shrink first.
        h, w = picture.shape[:2]
        small = (max(1, round(w * scale[0])), max(1, round(h * scale[1])))
        picture = np.asarray(cv2.resize(picture, small, interpolation=cv2.INTER_AREA), np.uint8)
        matrix[:, :2] = np.eye(2)
    warped = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR, borderValue=(PADDING,) * 3)
    return np.asarray(warped, np.uint8)


def mosaic(parts: list[Sample], width: int, height: int, random: Random) -> Sample:
    """Four pictures around a random point: more small objects and more company per input."""
    cx = int(width * random.uniform(0.35, 0.65))
    cy = int(height * random.uniform(0.35, 0.65))
    cells = ((0, 0, cx, cy), (cx, 0, width, cy), (0, cy, cx, height), (cx, cy, width, height))
    canvas = np.full((height, width, 3), PADDING, np.uint8)
    truths = []
    for part, (x0, y0, x1, y1) in zip(parts, cells, strict=True):
        tile = place(part, x1 - x0, y1 - y0, random, MOSAIC_ZOOM)
        canvas[y0:y1, x0:x1] = tile.picture
        truths.append(move(tile.truth, (1.0, 1.0), (x0, y0), (width, height)))
    return Sample(canvas, join(truths))


def join(truths: list[Truth]) -> Truth:
    """All boxes together; a class counts as absent only where every part is certain of it."""
    negative = np.all([t.negative for t in truths], axis=0)
    return Truth(concatenate([t.boxes for t in truths]), concatenate([t.ignored for t in truths]), negative)


def move(truth: Truth, scale: tuple[float, float], shift: tuple[float, float], size: tuple[int, int]) -> Truth:
    """Boxes scaled, shifted and cut at the input's border; what is hardly left to see is ignored."""
    boxes, cut = _moved(truth.boxes, scale, shift, size)
    ignored, _ = _moved(truth.ignored, scale, shift, size)
    seen = _smallest_side(boxes) >= MIN_SIDE_PX
    good = seen & (cut >= MIN_VISIBLE)
    hardly = ~good & (_smallest_side(boxes) > 0)
    kept = ignored[_smallest_side(ignored) > 0]
    return Truth(boxes[good], concatenate([kept, boxes[hardly]]), truth.negative)


def _moved(
    boxes: Boxes, scale: tuple[float, float], shift: tuple[float, float], size: tuple[int, int]
) -> tuple[Boxes, FloatArray]:
    full = boxes.xyxy_px * np.array(scale * 2, np.float32) + np.array(shift * 2, np.float32)
    seen = np.clip(full, 0, np.array(size * 2, np.float32)).astype(np.float32)
    share = area(seen) / np.maximum(area(full.astype(np.float32)), np.float32(1e-6))
    return Boxes(seen, boxes.score, boxes.kind), share.astype(np.float32)


def _smallest_side(boxes: Boxes) -> FloatArray:
    return np.asarray((boxes.xyxy_px[:, 2:] - boxes.xyxy_px[:, :2]).min(axis=1), np.float32)


def flip(sample: Sample) -> Sample:
    """Left and right exchanged."""
    width = sample.picture.shape[1]
    truth = sample.truth
    mirrored = Truth(_flip_boxes(truth.boxes, width), _flip_boxes(truth.ignored, width), truth.negative)
    return Sample(np.ascontiguousarray(sample.picture[:, ::-1]), mirrored)


def _flip_boxes(boxes: Boxes, width: int) -> Boxes:
    xyxy = boxes.xyxy_px.copy()
    xyxy[:, [0, 2]] = width - xyxy[:, [2, 0]]
    return Boxes(xyxy, boxes.score, boxes.kind)


def relight(picture: Picture, random: Random) -> Picture:
    """Colour, gamma, shade, night, blur, noise and compression, each at times."""
    picture = _tone(picture, random)
    if random.random() < REPAINT_SHARE:
        picture = _repaint(picture, random)
    if random.random() < 0.15:
        picture = _shade(picture, random)
    if random.random() < 0.15:
        picture = _night(picture, random)
    if random.random() < 0.08:
        picture = _smear(picture, random)
    if random.random() < 0.15:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), float(random.uniform(0.5, 1.4))), np.uint8)
    if random.random() < 0.15:
        noise = random.normal(0, random.uniform(2, 10), picture.shape).astype(np.float32)
        picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    if random.random() < 0.25:
        picture = _compress(picture, int(random.integers(20, 60)))
    return picture


def _tone(picture: Picture, random: Random) -> Picture:
    """One look-up table per channel: gain, gamma and a colour cast."""
    gamma = float(np.exp(random.uniform(-0.4, 0.6)))
    gain = random.uniform(0.8, 1.2) * (1 + random.uniform(-0.08, 0.08, 3))
    ramp = (np.arange(256) / 255) ** gamma * 255
    tables = np.clip(ramp[:, None] * gain[None], 0, 255).astype(np.uint8)
    picture = np.asarray(cv2.LUT(picture, tables.reshape(1, 256, 3)), np.uint8)
    if random.random() < 0.1:
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        picture = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
    return picture


def _repaint(picture: Picture, random: Random) -> Picture:
    """All hues turned: a bus is one in any colour, and so is an auto-rickshaw."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV)
    hsv[:, :, 0] = (hsv[:, :, 0].astype(np.int16) + int(random.integers(20, 160))) % 180
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR), np.uint8)


def _shade(picture: Picture, random: Random) -> Picture:
    """A band between two slanting lines in deep shade, as under a flyover."""
    height, width = picture.shape[:2]
    top, below = np.sort(random.uniform(-0.3, 1.3, 2)) * height
    slant = random.uniform(-0.4, 0.4) * height
    corners = np.array([[0, top], [width, top + slant], [width, below + slant], [0, below]]).round().astype(np.int32)
    light = np.ones((height, width), np.float32)
    cv2.fillPoly(light, [corners], float(random.uniform(0.15, 0.5)))
    soft = cv2.GaussianBlur(light, (0, 0), float(random.uniform(1, 6)))
    return np.asarray(picture * soft[:, :, None], np.uint8)


def _smear(picture: Picture, random: Random) -> Picture:
    """Blurred along a line of 5 to 11 px, as fast vehicles are by a slow shutter at night."""
    side = int(random.integers(2, 6)) * 2 + 1
    along = np.zeros((side, side), np.float32)
    end = np.round((side // 2) * np.array([np.cos(a := random.uniform(0, np.pi)), np.sin(a)])).astype(int)
    middle = side // 2
    cv2.line(along, (middle - end[0], middle - end[1]), (middle + end[0], middle + end[1]), 1.0)
    return np.asarray(cv2.filter2D(picture, -1, along / along.sum()), np.uint8)


def _night(picture: Picture, random: Random) -> Picture:
    """Darker and bluer, with a few glaring lamps."""
    dark = picture.astype(np.float32) * random.uniform(0.25, 0.6) * np.array([1.1, 1.0, 0.95], np.float32)
    glare = np.zeros(picture.shape[:2], np.float32)
    for _ in range(int(random.integers(1, 7))):
        centre = (int(random.integers(picture.shape[1])), int(random.integers(picture.shape[0])))
        cv2.circle(glare, centre, int(random.integers(2, 9)), float(random.uniform(150, 400)), -1)
    dark += cv2.GaussianBlur(glare, (0, 0), float(random.uniform(3, 12)))[:, :, None]
    return np.clip(dark, 0, 255).astype(np.uint8)


def _compress(picture: Picture, quality: int) -> Picture:
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done, "OpenCV always writes JPEG"
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
