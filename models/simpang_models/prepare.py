"""Data preparation: one folder of training sets from the collected pictures and frames of clips, with a manifest.

Evaluation sets (`*_eval`), pictures that the review excludes and frames of evaluation cameras are left out. What is
already there is kept, so the work can be stopped and resumed.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from simpang_models.labels import label_path, manifest_hash, pictures_of
from simpang_models.leak import read_hashes, shows_evaluation
from simpang_models.pictures import write_picture
from simpang_models.review import picture_hash, read_excluded

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class SetFacts:
    """One set as it was prepared.

    Attributes:
        sha256: over the contents of its pictures and label files.
    """

    set: str
    pictures: int
    labelled: int
    sha256: str


def copy_sets(source: Path, out: Path) -> Iterator[str]:
    """Copy every training set below `source` with its labels, picture by picture; yields what is being copied.

    Raises:
        ValueError: no training set there.
    """
    names = sorted(p.name for p in source.iterdir() if (p / "images").is_dir() and not p.name.endswith("_eval"))
    if not names:
        raise ValueError(f"{source}: no training set SET/images there")
    excluded = read_excluded()
    for name in names:
        for picture in pictures_of(source, name):
            if picture_hash(picture) not in excluded:
                _copy(picture, out / name / "images" / picture.name)
            yield name


def _copy(picture: Path, target: Path) -> None:
    for source, goal in ((label_path(picture), label_path(target)), (picture, target)):
        if source.is_file() and not goal.is_file():
            goal.parent.mkdir(parents=True, exist_ok=True)
            part = goal.with_name(f".{goal.name}.part")
            shutil.copyfile(source, part)
            part.replace(goal)


def clip_frames(clip: Path, out: Path, every: int) -> Iterator[str]:
    """Write every `every`-th frame of a clip as unlabelled pictures into the set `clip_NAME`; yields per frame read.

    Frames that may show an evaluation camera are left out.

    Raises:
        ValueError: no readable clip.
    """
    folder = out / f"clip_{clip.stem}" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    evaluation = read_hashes(True)
    video = cv2.VideoCapture(str(clip))
    read, picture = video.read()
    if not read:
        raise ValueError(f"{clip}: no video that OpenCV can read")
    number = 0
    while read:
        target = folder / f"{clip.stem}_{number:05d}.jpg"
        if number % every == 0 and not target.is_file():
            frame = np.asarray(picture, np.uint8)
            if not shows_evaluation(frame, evaluation):
                write_picture(target, frame)
        yield clip.stem
        number += 1
        read, picture = video.read()


def write_manifest(out: Path) -> list[SetFacts]:
    """What the folder now holds, set by set, also as `manifest.json` in it."""
    names = sorted(p.name for p in out.iterdir() if (p / "images").is_dir())
    facts = [_facts(name, pictures_of(out, name)) for name in names]
    (out / MANIFEST).write_text(json.dumps([asdict(f) for f in facts], indent=1) + "\n", encoding="utf-8")
    return facts


def _facts(name: str, pictures: list[Path]) -> SetFacts:
    return SetFacts(name, len(pictures), sum(label_path(p).is_file() for p in pictures), manifest_hash(pictures))
