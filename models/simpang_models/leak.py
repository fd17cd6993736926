"""Proof that no evaluation picture was trained on: perceptual hashes of both, and how far apart they are.

The hash is ImageHash's `phash` with 16×16 bits (a low-pass of the picture's cosine transform): the distance of two
pictures is the number of bits that differ, 0 to 256. Unrelated pictures lie around 128, the nearest of thousands
above 80; the same scene from a fixed camera at another moment lies between 30 and 70; a re-compressed or scaled copy
below 20. Mirrored copies are looked for too.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from simpang_models.labels import EVAL_SETS, pictures_of
from simpang_models.pictures import Picture, PictureError
from simpang_models.review import EVALUATION, FOLDER, TRAINING, Scene, picture_hash, read_excluded, read_scenes

SIDE_BITS = 16
COPY_DISTANCE = 20
"""Nearer than this is the same picture."""
SAME_VIEW_DISTANCE = 70
"""Nearer than this may be the same fixed camera at another moment."""


@dataclass(frozen=True)
class Hashed:
    """One picture: its set, the hash of its file, and its perceptual hash upright and mirrored, in hexadecimal."""

    set: str
    sha256: str
    phash: str
    mirrored: str


@dataclass(frozen=True)
class Nearest:
    """The training picture that comes nearest to a set of evaluation pictures."""

    set: str
    distance: int
    evaluation: Hashed
    training: Hashed


def hash_picture(name: str, path: Path) -> Hashed:
    """The hashes of one picture file.

    Raises:
        PictureError: unreadable.
    """
    import imagehash
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            grey = picture.convert("L")
    except (OSError, UnidentifiedImageError) as error:
        raise PictureError(f"{path}: not a readable picture ({error})") from error
    upright, mirrored = (str(imagehash.phash(p, SIDE_BITS)) for p in (grey, ImageOps.mirror(grey)))
    return Hashed(name, picture_hash(path), upright, mirrored)


def shows_evaluation(picture: Picture, evaluation: Sequence[Hashed]) -> bool:
    """Whether a picture may be a view of an evaluation camera, by perceptual hash."""
    import imagehash
    from PIL import Image

    known = np.stack([_bits(text) for e in evaluation for text in (e.phash, e.mirrored)])
    own = str(imagehash.phash(Image.fromarray(picture[:, :, ::-1]).convert("L"), SIDE_BITS))
    return int(_apart(known, own).min()) < SAME_VIEW_DISTANCE


def paths(data: Path, evaluation: bool) -> list[tuple[str, Path]]:
    """Set and file of every evaluation picture, or of every picture in a training folder that is not excluded."""
    names = [s.name for s in EVAL_SETS] if evaluation else _training_names(data)
    excluded = frozenset() if evaluation else read_excluded()
    return [(n, p) for n in names for p in pictures_of(data, n) if not excluded or picture_hash(p) not in excluded]


def _training_names(data: Path) -> list[str]:
    return sorted(p.name for p in data.iterdir() if (p / "images").is_dir() and not p.name.endswith("_eval"))


def nearest(evaluation: Sequence[Hashed], training: Sequence[Hashed]) -> Iterator[Nearest]:
    """For each evaluation set the smallest distance to any training picture, upright or mirrored."""
    if not training:
        return
    known = np.stack([_bits(t.phash) for t in training])
    for name in dict.fromkeys(e.set for e in evaluation):
        of_set = [e for e in evaluation if e.set == name]
        distance = np.stack([np.minimum(_apart(known, e.phash), _apart(known, e.mirrored)) for e in of_set])
        row, column = np.unravel_index(int(distance.argmin()), distance.shape)
        yield Nearest(name, int(distance.min()), of_set[int(row)], training[int(column)])


def _apart(known: npt.NDArray[np.bool_], text: str) -> npt.NDArray[np.int64]:
    return np.asarray((known != _bits(text)).sum(axis=1), np.int64)


def _bits(text: str) -> npt.NDArray[np.bool_]:
    return np.unpackbits(np.frombuffer(bytes.fromhex(text), np.uint8)).astype(bool)


def read_hashes(evaluation: bool, folder: Path = FOLDER) -> list[Hashed]:
    """The committed list of evaluation or of training pictures (whose mirrored hash is not needed and empty).

    Raises:
        OSError: no such list.
    """
    path = folder / (EVALUATION if evaluation else TRAINING)
    with path.open(newline="", encoding="utf-8") as stream:
        table = csv.DictReader(line for line in stream if not line.startswith("#"))
        return [Hashed(r["set"], r["sha256"], r["phash"], r.get("mirrored", "")) for r in table]


def write_hashes(evaluation: Sequence[Hashed], training: Sequence[Hashed], folder: Path) -> None:
    """Write both lists; what is known of the light of a picture stays."""
    scenes = read_scenes(folder)
    folder.mkdir(parents=True, exist_ok=True)
    lights = [(e, scenes.get(e.sha256, Scene(night=False, wet=False))) for e in evaluation]
    _write(
        folder / EVALUATION,
        "set,sha256,phash,mirrored,light,road",
        [(e.set, e.sha256, e.phash, e.mirrored, s.light, s.road) for e, s in lights],
    )
    _write(folder / TRAINING, "set,sha256,phash", [(t.set, t.sha256, t.phash) for t in training])


def _write(path: Path, head: str, lines: Sequence[tuple[str, ...]]) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text("\n".join([head, *(",".join(line) for line in lines)]) + "\n", encoding="utf-8")
    part.replace(path)
