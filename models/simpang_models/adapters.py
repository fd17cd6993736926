"""One calling convention for every detector that is compared or used as a teacher.

A model of Simpang's own contract needs no adapter; the others are decoded here from their raw outputs.
The COCO ids below are the published ones (80 classes, zero-based).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from simpang_models.boxes import (
    CLASSES,
    MOTORCYCLE,
    NO_BOXES,
    PERSON,
    VEHICLE_UNKNOWN,
    Boxes,
    FloatArray,
    concatenate,
    make_boxes,
    suppress,
)
from simpang_models.class_names import COCO_TO_KIND
from simpang_models.engines import Blob, Network, Outputs, metadata, open_network
from simpang_models.pictures import Picture, letterbox, to_source

COCO_IDS = np.array(list(COCO_TO_KIND), np.int64)
COCO_KINDS = np.array(list(COCO_TO_KIND.values()), np.int64)
MIN_SCORE = 0.02
OMZ_KINDS = (VEHICLE_UNKNOWN, PERSON, MOTORCYCLE)
"""The Open Model Zoo's vehicle, person and bike."""
Decoder = Callable[[Outputs, int, int], Boxes]


@dataclass(frozen=True)
class Model:
    """A detector ready to run: `detect` gives boxes in pixels of the picture.

    Attributes:
        kinds: what it can name; figures for other kinds are unknown, not zero.
    """

    name: str
    network: Network
    prepare: Callable[[Picture], Blob]
    decode: Decoder
    width_px: int
    height_px: int
    kinds: tuple[int, ...]

    @property
    def size(self) -> str:
        """WIDTHxHEIGHT of the input."""
        return f"{self.width_px}x{self.height_px}"

    def detect(self, picture: Picture) -> Boxes:
        """All boxes with a score of at least MIN_SCORE, in pixels of the picture, best first."""
        canvas, scale = letterbox(picture, self.width_px, self.height_px)
        outputs = self.network.run(self.prepare(canvas))
        return to_source(self.decode(outputs, self.width_px, self.height_px), scale, picture)


def open_model(path: Path, size: tuple[int, int] = (640, 384), threads: int = 1, engine: str = "ort") -> Model:
    """Any ONNX of the contract, or one of the known comparison models by its file name.

    Raises:
        ValueError: the file is neither, or no model.
    """
    facts = metadata(path)
    width, height = size
    if "simpang.contract" in facts:
        kinds = contract_kinds(path, facts.get("simpang.classes", ""))
        network = open_network(path, (1, height, width, 3), threads, engine)
        return Model(path.stem, network, _contract_blob, _contract_decoder(kinds), *size, kinds)
    for prefix, (prepare, decode, known) in _ADAPTERS.items():
        if path.name.startswith(prefix):
            network = open_network(path, (1, 3, height, width), threads, engine)
            return Model(path.stem, network, prepare, decode, *size, known)
    raise ValueError(
        f"{path}: neither a model of the Simpang contract nor one of {', '.join(_ADAPTERS)}; "
        "`simpang models wrap` makes a YOLO's ONNX a file of the contract"
    )


def contract_kinds(path: Path, text: str) -> tuple[int, ...]:
    """The kinds of the classes that a contract file names, in its order.

    Raises:
        ValueError: no JSON list of our kinds.
    """
    try:
        return tuple(CLASSES.index(name) for name in json.loads(text))
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{path}: metadata simpang.classes is {text!r}; expected some of {', '.join(CLASSES)}"
        ) from error


def _contract_blob(canvas: Picture) -> Blob:
    return canvas[None]


def _bgr_blob(canvas: Picture) -> Blob:
    return np.ascontiguousarray(canvas.transpose(2, 0, 1)[None], np.float32)


def _rgb_blob(canvas: Picture) -> Blob:
    return np.ascontiguousarray(canvas[:, :, ::-1].transpose(2, 0, 1)[None], np.float32)


def _unit_rgb_blob(canvas: Picture) -> Blob:
    return (_rgb_blob(canvas) / np.float32(255)).astype(np.float32)


def _imagenet_blob(canvas: Picture) -> Blob:
    mean = np.array([123.675, 116.28, 103.53], np.float32).reshape(1, 3, 1, 1)
    deviation = np.array([58.395, 57.12, 57.375], np.float32).reshape(1, 3, 1, 1)
    return ((_rgb_blob(canvas) - mean) / deviation).astype(np.float32)


def _contract_decoder(kinds: tuple[int, ...]) -> Decoder:
    table = np.array(kinds, np.int64)

    def decode(outputs: Outputs, _width: int, _height: int) -> Boxes:
        boxes, scores, classes = outputs
        return make_boxes(boxes, scores, table[classes.astype(np.int64)])

    return decode


def _best_class(xyxy: FloatArray, scores: FloatArray, kinds: npt.NDArray[np.int64]) -> Boxes:
    """One box per row of `scores` (N, classes) where the best class is good enough, after suppression."""
    best = scores.argmax(axis=1)
    value = scores.max(axis=1)
    keep = value > MIN_SCORE
    return suppress(make_boxes(xyxy[keep], value[keep], kinds[best[keep]]), 0.6)


def _centre_to_corners(cxcywh: FloatArray) -> FloatArray:
    half = cxcywh[:, 2:] / 2
    return np.concatenate([cxcywh[:, :2] - half, cxcywh[:, :2] + half], axis=1)


def _grid(height: int, width: int, stride: int) -> FloatArray:
    ys, xs = np.mgrid[: height // stride, : width // stride]
    return np.stack([xs, ys], axis=-1).reshape(-1, 2).astype(np.float32)


def _decode_yolox(outputs: Outputs, width: int, height: int) -> Boxes:
    rows = outputs[0][0]
    grids = [_grid(height, width, s) for s in (8, 16, 32)]
    grid = np.concatenate(grids)
    stride = np.concatenate([np.full(len(g), s, np.float32) for g, s in zip(grids, (8, 16, 32), strict=True)])
    centre = (rows[:, :2] + grid) * stride[:, None]
    size = np.exp(rows[:, 2:4]) * stride[:, None]
    scores = rows[:, 4:5] * rows[:, 5:][:, COCO_IDS]
    return _best_class(_centre_to_corners(np.concatenate([centre, size], axis=1)), scores, COCO_KINDS)


def _decode_yolo11(outputs: Outputs, _width: int, _height: int) -> Boxes:
    rows = outputs[0][0].T
    return _best_class(_centre_to_corners(rows[:, :4]), rows[:, 4:][:, COCO_IDS], COCO_KINDS)


def _decode_picodet(outputs: Outputs, width: int, height: int) -> Boxes:
    half = len(outputs) // 2
    scores = np.concatenate([o[0].reshape(-1, 80) for o in outputs[:half]])
    parts = []
    for level, stride in zip(outputs[half:], (8, 16, 32, 64), strict=True):
        bins = level[0].reshape(-1, 4, 8)
        weight = np.exp(bins - bins.max(axis=2, keepdims=True))
        distance = (weight / weight.sum(axis=2, keepdims=True)) @ np.arange(8, dtype=np.float32) * stride
        ys, xs = np.mgrid[: -(-height // stride), : -(-width // stride)]
        centre = (np.stack([xs, ys], axis=-1).reshape(-1, 2) + 0.5) * stride
        parts.append(np.concatenate([centre - distance[:, :2], centre + distance[:, 2:]], axis=1))
    return _best_class(np.concatenate(parts).astype(np.float32), scores[:, COCO_IDS], COCO_KINDS)


def _decode_omz(outputs: Outputs, _width: int, _height: int) -> Boxes:
    kinds = np.array(OMZ_KINDS, np.int64)
    levels = [_omz_level(outputs[3 * i : 3 * i + 3], stride) for i, stride in enumerate((8, 16, 32, 64, 128))]
    return suppress(concatenate([make_boxes(b, s, kinds[k]) for b, s, k in levels]), 0.6)


def _omz_level(outputs: Outputs, stride: int) -> tuple[FloatArray, FloatArray, npt.NDArray[np.int64]]:
    cls, ctr, reg = outputs
    rows, columns = cls.shape[2:]
    score = cls[0].reshape(3, 3, rows, columns) * ctr[0][:, None]
    anchor, kind, iy, ix = np.nonzero(score > MIN_SCORE)
    ratio = np.sqrt(np.array([0.5, 1, 2], np.float32))[anchor]
    size = np.stack([8 * stride / ratio, 8 * stride * ratio], axis=1)
    delta = reg[0].reshape(3, 4, rows, columns)[anchor, :, iy, ix]
    centre = np.stack([ix, iy], axis=1) * stride + delta[:, :2] * 0.1 * size
    shape = size * np.exp(delta[:, 2:] * 0.2)
    boxes = _centre_to_corners(np.concatenate([centre, shape], axis=1).astype(np.float32))
    return boxes, score[anchor, kind, iy, ix], kind


def _decode_centernet(outputs: Outputs, _width: int, _height: int) -> Boxes:
    heat, size = sorted(outputs, key=lambda o: -o.shape[1])
    heat = heat[0] if heat.min() >= 0 and heat.max() <= 1 else 1 / (1 + np.exp(-heat[0]))
    kind, iy, ix = np.nonzero(heat[COCO_IDS] > MIN_SCORE)
    if len(kind) == 0:
        return NO_BOXES
    edges = size[0][:, iy, ix]
    xyxy = np.stack([4 * ix - edges[0], 4 * iy - edges[1], 4 * ix + edges[2], 4 * iy + edges[3]], axis=1)
    return suppress(make_boxes(xyxy, heat[COCO_IDS][kind, iy, ix], COCO_KINDS[kind]), 0.6)


_COCO = tuple(COCO_TO_KIND.values())
_ADAPTERS: dict[str, tuple[Callable[[Picture], Blob], Decoder, tuple[int, ...]]] = {
    "omz_person_vehicle_bike": (_bgr_blob, _decode_omz, OMZ_KINDS),
    "yolox": (_bgr_blob, _decode_yolox, _COCO),
    "yolo11": (_unit_rgb_blob, _decode_yolo11, _COCO),
    "picodet": (_imagenet_blob, _decode_picodet, _COCO),
    "centernet": (_rgb_blob, _decode_centernet, _COCO),
}
