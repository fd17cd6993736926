"""Vehicles put in the place of others: rare kinds are seen on every camera, common ones at the same rate.

A patch is a hand-labelled vehicle that no other one covers. It takes the place, size and brightness of a vehicle of
about its shape, with soft edges. The kind is drawn by KIND_SHARES whatever stood there, so that a seam says nothing
about it; half are cars, for a long dark shape at night or from the side is mostly one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from simpang_models.augment import Random, Sample
from simpang_models.boxes import BUS, CAR, THREE_WHEELER, TRUCK, Boxes, FloatArray, pairwise_iou
from simpang_models.labels import Truth, inside
from simpang_models.pictures import Picture

KINDS = (CAR, BUS, TRUCK, THREE_WHEELER)
KIND_SHARES = (0.46, 0.16, 0.16, 0.22)
MIN_SIDE_PX = 24.0
MOST_COVERED = 0.1
SHAPES_APART = 1.3
"""A patch may be so much wider or narrower for its height than what it replaces."""
ENLARGED = 1.5
"""A patch is never enlarged by more."""
PER_PICTURE = 3
PAINTED = 0.4
"""Share of the vehicles that `paint` gives another livery."""
TRIES = 12


@dataclass(frozen=True)
class Patch:
    """A vehicle cut out of its picture."""

    picture: Picture
    kind: int


Bank = dict[int, list[Patch]]


def make_bank(samples: Sequence[Sample]) -> Bank:
    """All patches of these samples by kind."""
    bank: Bank = {kind: [] for kind in KINDS}
    for sample in samples:
        for index in _free(sample.truth.boxes):
            x0, y0, x1, y1 = _whole_px(sample.truth.boxes.xyxy_px[index])
            kind = int(sample.truth.boxes.kind[index])
            bank[kind].append(Patch(sample.picture[y0:y1, x0:x1], kind))
    return bank


def _free(boxes: Boxes) -> list[int]:
    """Hand-labelled vehicles of KINDS that are large enough and that no other box covers."""
    others = pairwise_iou(boxes.xyxy_px, boxes.xyxy_px) < 1.0
    covered = (inside(boxes.xyxy_px, boxes.xyxy_px) * others).max(axis=1, initial=0.0)
    side = (boxes.xyxy_px[:, 2:] - boxes.xyxy_px[:, :2]).min(axis=1)
    good = np.isin(boxes.kind, KINDS) & (boxes.score == 1) & (covered <= MOST_COVERED) & (side >= MIN_SIDE_PX)
    return [int(i) for i in np.nonzero(good)[0]]


def _whole_px(xyxy_px: FloatArray) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = (int(v) for v in np.round(xyxy_px))
    return max(0, x0), max(0, y0), x1, y1


def swap(sample: Sample, bank: Bank, random: Random) -> Sample:
    """Up to PER_PICTURE vehicles replaced by patches."""
    places = _free(sample.truth.boxes)
    random.shuffle(places)
    picture, kinds = sample.picture.copy(), sample.truth.boxes.kind.copy()
    for index in places[:PER_PICTURE]:
        x0, y0, x1, y1 = _whole_px(sample.truth.boxes.xyxy_px[index])
        patch = _fitting(bank, x1 - x0, y1 - y0, random)
        if patch is not None:
            _lay(picture[y0:y1, x0:x1], patch.picture)
            kinds[index] = patch.kind
    boxes = Boxes(sample.truth.boxes.xyxy_px, sample.truth.boxes.score, kinds)
    return Sample(picture, Truth(boxes, sample.truth.ignored, sample.truth.negative))


def _fitting(bank: Bank, width: int, height: int, random: Random) -> Patch | None:
    """A patch of a kind drawn by KIND_SHARES whose shape and size fit; None where a few tries find none."""
    patches = bank[KINDS[int(random.choice(len(KINDS), p=KIND_SHARES))]]
    for _ in range(TRIES if patches else 0):
        patch = patches[random.integers(len(patches))]
        rows, columns = patch.picture.shape[:2]
        apart = (width / height) / (columns / rows)
        if 1 / SHAPES_APART <= apart <= SHAPES_APART and height <= ENLARGED * rows:
            return patch
    return None


def paint(sample: Sample, random: Random) -> Sample:
    """Some vehicles of KINDS in other liveries: a colour above and one below, for a kind is no matter of colour."""
    picture = sample.picture.copy()
    for index in _free(sample.truth.boxes):
        if random.random() < PAINTED:
            x0, y0, x1, y1 = _whole_px(sample.truth.boxes.xyxy_px[index])
            _tint(picture[y0:y1, x0:x1], random)
    return Sample(picture, sample.truth)


def _tint(place: Picture, random: Random) -> None:
    """Its channels times those of two colours, one above the other; the brightness stays about as it was."""
    colours = random.uniform(0.15, 1.0, (2, 3))
    colours = 1 + random.uniform(0.4, 1.0) * (colours / colours.mean(axis=1, keepdims=True) - 1)
    line = round(len(place) * random.uniform(0.3, 0.7))
    new = place.astype(np.float32)
    new[:line] *= colours[0]
    new[line:] *= colours[1]
    _fade(place, new)


def _lay(place: Picture, patch: Picture) -> None:
    """Into the place, scaled, half way to its brightness."""
    height, width = place.shape[:2]
    new = cv2.resize(patch, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    new *= float(np.clip(np.sqrt((place.mean() + 8) / (new.mean() + 8)), 0.4, 1.6))
    _fade(place, new)


def _fade(place: Picture, new: FloatArray) -> None:
    """`new` in place of what was there, with edges that fade over a twelfth of the side."""
    height, width = place.shape[:2]
    down, across = (np.minimum(np.arange(n), np.arange(n)[::-1]) + 1 for n in (height, width))
    fade = np.minimum(down[:, None] / (height / 12), across[None] / (width / 12)).clip(0, 1)[:, :, None]
    place[:] = np.clip(fade * new + (1 - fade) * place, 0, 255).astype(np.uint8)
