"""Training data in memory: pictures, labels and teachers' labels, drawn by weight, reproducible by seed."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from simpang_models.augment import Sample, make_sample
from simpang_models.boxes import BUS, THREE_WHEELER
from simpang_models.labels import (
    LabelSet,
    Teacher,
    Truth,
    combine,
    label_path,
    manifest_hash,
    pictures_of,
    read_yolo,
)
from simpang_models.loss import Target
from simpang_models.pictures import Picture, read_picture

MAX_SIDE_PX = 960
SIZES = ((640, 384), (512, 320), (512, 320), (512, 320), (416, 256))
MOSAIC_SHARE = 0.25
RARE_FACTOR = 2.0
"""Pictures with a bus or a three-wheeler are drawn more often."""


@dataclass(frozen=True)
class Store:
    """All samples, and the probability of drawing each."""

    samples: tuple[Sample, ...]
    probability: np.ndarray[tuple[int], np.dtype[np.float64]]
    manifest: str


def load_store(folder: Path, teacher: Path, sets: tuple[LabelSet, ...]) -> Store:
    """Read every picture of `sets` under `folder` with its labels and, where there are any, teacher's labels."""
    samples, weights, pictures = [], [], []
    for labelled in sets:
        for picture in pictures_of(folder, labelled.name):
            sample = _load(picture, teacher / labelled.name / f"{picture.stem}.json", labelled)
            samples.append(sample)
            weights.append(labelled.weight * (RARE_FACTOR if _has_rare(sample) else 1.0))
            pictures.append(picture)
    probability = np.array(weights, np.float64)
    return Store(tuple(samples), probability / probability.sum(), manifest_hash(pictures))


def _has_rare(sample: Sample) -> bool:
    return bool(np.isin(sample.truth.boxes.kind, (BUS, THREE_WHEELER)).any())


def _load(picture: Path, teacher: Path, labelled: LabelSet) -> Sample:
    pixels = read_picture(picture)
    hand = read_yolo(label_path(picture), pixels.shape[1], pixels.shape[0])
    truth = combine(hand, Teacher.load(teacher) if teacher.is_file() else None, labelled)
    return _shrink(pixels, truth)


def _shrink(pixels: Picture, truth: Truth) -> Sample:
    factor = min(1.0, MAX_SIDE_PX / max(pixels.shape[:2]))
    if factor == 1.0:
        return Sample(pixels, truth)
    small = np.asarray(cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    boxes, ignored = (
        type(b)((b.xyxy_px * factor).astype(np.float32), b.score, b.kind) for b in (truth.boxes, truth.ignored)
    )
    return Sample(small, Truth(boxes, ignored, truth.negative))


class Drawn(Dataset[tuple[Tensor, Target]]):
    """An endless-looking list of augmented samples: item i depends on the seed and i only."""

    def __init__(self, store: Store, seed: int, batch: int, length: int) -> None:
        self.store, self.seed, self.batch, self.length = store, seed, batch, length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[Tensor, Target]:
        width, height = SIZES[np.random.default_rng((self.seed, index // self.batch)).integers(len(SIZES))]
        random = np.random.default_rng((self.seed, index, 1))
        count = 4 if random.random() < MOSAIC_SHARE else 1
        chosen = random.choice(len(self.store.samples), count, p=self.store.probability)
        sample = make_sample([self.store.samples[i] for i in chosen], width, height, random)
        return torch.from_numpy(np.ascontiguousarray(sample.picture.transpose(2, 0, 1))), to_target(sample.truth)


def to_target(truth: Truth) -> Target:
    """Arrays to tensors."""
    return Target(
        torch.from_numpy(truth.boxes.xyxy_px),
        torch.from_numpy(truth.boxes.kind),
        torch.from_numpy(truth.boxes.score),
        torch.from_numpy(truth.ignored.xyxy_px),
        torch.from_numpy(truth.negative.astype(np.float32)),
    )


def collate(items: list[tuple[Tensor, Target]]) -> tuple[Tensor, list[Target]]:
    """Pictures stacked (B, 3, H, W) uint8, targets as a list."""
    return torch.stack([p for p, _ in items]), [t for _, t in items]
