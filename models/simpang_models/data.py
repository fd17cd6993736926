"""Training data in memory: pictures, labels and teachers' labels, drawn by weight, reproducible by seed."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from simpang_models.augment import Sample, make_sample
from simpang_models.boxes import CLASSES, area, concatenate
from simpang_models.labels import (
    LabelSet,
    Teacher,
    Truth,
    combine,
    inside,
    label_path,
    manifest_hash,
    pictures_of,
    read_yolo,
)
from simpang_models.loss import Target
from simpang_models.pictures import Picture, read_picture
from simpang_models.review import Corrected, Faults, picture_hash, read_excluded, read_faults
from simpang_models.riders import with_riders
from simpang_models.swap import Bank, make_bank, paint, swap

MAX_SIDE_PX = 960
Sizes = tuple[tuple[int, int], ...]
SIZES: Sizes = ((640, 384), (640, 384), (512, 320), (416, 256), (960, 544), (960, 544))
"""Input sizes, width and height; one that stands twice is drawn twice as often."""
REFERENCE_PIXELS = 640 * 384
MOSAIC_SHARE = 0.25
SWAP_SHARE = 0.4
PAINT_SHARE = 0.4
MOST_OF_PICTURE = 0.5
FAIR_SHARE = 0.3
"""A class that fewer pictures show than this is drawn more often, by the root of what is missing (arXiv 1908.03195)."""
Probability = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Store:
    """All samples, and the probability of drawing each."""

    samples: tuple[Sample, ...]
    probability: Probability
    manifest: str


def load_store(folder: Path, teacher: Path, sets: tuple[LabelSet, ...]) -> Store:
    """Read every picture of `sets` under `folder` with its labels and, where there are any, teacher's labels.

    Labels are corrected by the review's list; pictures too near to the evaluation's are left out.
    """
    faults, excluded = read_faults(), read_excluded()
    samples, weights, pictures = [], [], []
    for labelled in sets:
        for picture in pictures_of(folder, labelled.name):
            digest = picture_hash(picture)
            if digest in excluded:
                continue
            found = teacher / labelled.name / f"{picture.stem}.json"
            samples.append(_load(picture, found, labelled, faults.get(digest, Faults())))
            weights.append(labelled.weight)
            pictures.append(picture)
    probability = _balance(samples, np.array(weights, np.float64))
    return Store(tuple(samples), probability, manifest_hash(pictures))


def _balance(samples: list[Sample], weights: Probability) -> Probability:
    """Drawing probabilities: the sets' weights, times how rare the rarest class of each picture is."""
    shows = np.array([np.isin(np.arange(len(CLASSES)), s.truth.boxes.kind) for s in samples])
    share = np.maximum((shows * weights[:, None]).sum(axis=0) / weights.sum(), 1e-6)
    factor = np.maximum(1.0, np.sqrt(FAIR_SHARE / share))
    wanted = weights * np.where(shows, factor, 1.0).max(axis=1)
    return np.asarray(wanted / wanted.sum(), np.float64)


def _load(picture: Path, teacher: Path, labelled: LabelSet, faults: Faults) -> Sample:
    pixels = read_picture(picture)
    reviewed = faults.apply(read_yolo(label_path(picture), pixels.shape[1], pixels.shape[0]))
    found = (
        _plausible(Teacher.load(teacher), reviewed, pixels.shape[0] * pixels.shape[1]) if teacher.is_file() else None
    )
    hand = with_riders(reviewed.boxes, found.boxes) if found is not None else reviewed.boxes
    truth = combine(hand, found, labelled)
    return _shrink(pixels, Truth(truth.boxes, concatenate([truth.ignored, reviewed.ignored]), truth.negative))


def _plausible(teacher: Teacher, reviewed: Corrected, picture_px: int) -> Teacher:
    """Without what the review found to be nothing, or left open, and without boxes around most of the picture.

    At night teachers call the whole picture a vehicle (12 of 34 frames of a toll road).
    """
    wrong = concatenate([reviewed.nothing, reviewed.ignored])
    share = inside(teacher.boxes.xyxy_px, wrong.xyxy_px).max(axis=1, initial=0.0)
    whole = area(teacher.boxes.xyxy_px) > MOST_OF_PICTURE * picture_px
    return Teacher(teacher.boxes[(share <= 0.5) & ~whole])


def _shrink(pixels: Picture, truth: Truth) -> Sample:
    factor = min(1.0, MAX_SIDE_PX / max(pixels.shape[:2]))
    if factor == 1.0:
        return Sample(pixels, truth)
    small = np.asarray(cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    boxes, ignored = (
        type(b)((b.xyxy_px * factor).astype(np.float32), b.score, b.kind) for b in (truth.boxes, truth.ignored)
    )
    return Sample(small, Truth(boxes, ignored, truth.negative))


class Drawn(Dataset[tuple[Tensor, list[Target]]]):
    """A list of batches: batch i depends on the seed and i only.

    Every batch has one input size, out of `sizes` (width and height), and about as many pixels as `batch` pictures
    of 640×384.
    """

    def __init__(self, store: Store, seed: int, batch: int, length: int, sizes: Sizes = SIZES) -> None:
        self.store, self.seed, self.batch, self.length, self.sizes = store, seed, batch, length, sizes
        self.bank: Bank = make_bank(store.samples)

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[Tensor, list[Target]]:
        width, height = self.sizes[np.random.default_rng((self.seed, index)).integers(len(self.sizes))]
        count = max(1, round(self.batch * REFERENCE_PIXELS / (width * height)))
        samples = [self._sample(np.random.default_rng((self.seed, index, i)), width, height) for i in range(count)]
        return stack(samples), [to_target(s.truth) for s in samples]

    def _sample(self, random: np.random.Generator, width: int, height: int) -> Sample:
        count = 4 if random.random() < MOSAIC_SHARE else 1
        chosen = random.choice(len(self.store.samples), count, p=self.store.probability)
        parts = [self.store.samples[i] for i in chosen]
        parts = [swap(s, self.bank, random) if random.random() < SWAP_SHARE else s for s in parts]
        parts = [paint(s, random) if random.random() < PAINT_SHARE else s for s in parts]
        return make_sample(parts, width, height, random)


def stack(samples: list[Sample]) -> Tensor:
    """Pictures of one size as (B, 3, H, W) uint8."""
    return torch.from_numpy(np.ascontiguousarray(np.stack([s.picture for s in samples]).transpose(0, 3, 1, 2)))


def to_target(truth: Truth) -> Target:
    """Arrays to tensors."""
    return Target(
        torch.from_numpy(truth.boxes.xyxy_px),
        torch.from_numpy(truth.boxes.kind),
        torch.from_numpy(truth.boxes.score),
        torch.from_numpy(truth.ignored.xyxy_px),
        torch.from_numpy(truth.negative.astype(np.float32)),
    )
