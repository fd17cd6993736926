"""Detector: a frame in, boxes with kinds out. The one file that touches onnxruntime.

Any model that keeps contract version 1 (``models/README.md``) runs here: normalisation, decoding and suppression of
doubles lie inside the ONNX graph, so all that is left is fitting the picture and mapping boxes back.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from .data import KINDS, Detections, Float32Array, Frame, ImageArray, IntArray
from .errors import ModelError
from .resources import default_model

CONTRACT: Final = "1"
DEFAULT_SIZE: Final = (640, 384)
STRIDE_PX: Final = 32
PADDING: Final = 114
MIN_SIDE_PX: Final = 1.0
"""A box that is thinner than this after cutting it at the border of the picture is none."""

INPUT: Final = ("image", "tensor(uint8)", 4)
OUTPUTS: Final = (("boxes", "tensor(float)", 2), ("scores", "tensor(float)", 1), ("classes", "tensor(int64)", 1))

_ORT_ERRORS: Final = (
    ort_errors.EPFail,
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoModel,
    ort_errors.NoSuchFile,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a model file says about itself.

    kind_of_class: int64 (C,), index in `KINDS` of each of the model's classes.
    sizes_px: inputs (width, height) it was made for.
    """

    name: str
    version: str
    kind_of_class: IntArray
    sizes_px: tuple[tuple[int, int], ...]


class OnnxDetector:
    """A detector of contract version 1 on the CPU.

    model: the ONNX file; None: the one that comes with Simpang.
    size: width and height in pixels that pictures are fitted to, multiples of 32; None: 640×384 where the model was
    made for it, else the first size it was made for.
    min_score: weaker boxes are left out, 0 to 1 (the graph itself leaves out those below 0.05).
    threads: threads for one picture, in onnxruntime and in OpenCV; one is best with one worker per core.

    Raises `ModelError` naming the file for a file that is missing, corrupt or not of the contract.
    """

    def __init__(
        self,
        model: Path | None = None,
        size: tuple[int, int] | None = None,
        min_score: float = 0.05,
        threads: int = 1,
    ) -> None:
        self._path = model if model is not None else default_model()
        self._session = _open(self._path, threads)
        self._facts = _facts(self._path, self._session)
        self._width_px, self._height_px = _input_size(self._path, self._session, self._facts, size)
        self._min_score = min_score
        cv2.setNumThreads(threads)
        self._run(np.full((self._height_px, self._width_px, 3), PADDING, np.uint8))  # a wrong graph shows now

    @property
    def model_id(self) -> str:
        """Name and version from the model's metadata."""
        return f"{self._facts.name} {self._facts.version}"

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height that pictures are fitted to."""
        return self._width_px, self._height_px

    @property
    def made_for_px(self) -> tuple[tuple[int, int], ...]:
        """Widths and heights of the inputs that the model's metadata names."""
        return self._facts.sizes_px

    def detect(self, frame: Frame) -> Detections:
        """What is in a frame: boxes in its own pixels, cut at its borders, strongest first.

        Raises `ModelError` when the model gives something else than the contract says.
        """
        image, ratio = fit(frame.image, self._width_px, self._height_px)
        boxes, scores, classes = self._run(image)
        keep = scores >= self._min_score
        xyxy_px = to_source(boxes[keep], ratio, frame.image)
        real = np.all(xyxy_px[:, 2:] - xyxy_px[:, :2] >= MIN_SIDE_PX, axis=1)  # False for NaN too
        kinds = self._facts.kind_of_class[classes[keep][real]]
        return Detections(frame.time_s, xyxy_px[real], scores[keep][real], kinds)

    def _run(self, image: ImageArray) -> tuple[Float32Array, Float32Array, IntArray]:
        """Boxes (N, 4) in input pixels, scores (N,) and the model's own classes (N,)."""
        try:
            boxes, scores, classes = self._session.run([name for name, *_ in OUTPUTS], {INPUT[0]: image[None]})
        except _ORT_ERRORS as exc:
            size = _text(self.size_px)
            raise ModelError(f"{self._path}: the model cannot run at {size}: {_first_line(exc)}") from exc
        self._check(boxes, scores, classes)
        return boxes, scores, classes

    def _check(self, boxes: Float32Array, scores: Float32Array, classes: IntArray) -> None:
        n = len(scores)
        if boxes.shape != (n, 4) or classes.shape != (n,):
            raise ModelError(
                f"{self._path}: expected boxes (N, 4), scores (N,) and classes (N,), "
                f"got {boxes.shape}, {scores.shape} and {classes.shape}"
            )
        count = len(self._facts.kind_of_class)
        if n and (classes.min() < 0 or classes.max() >= count):
            raise ModelError(
                f"{self._path}: the model gives class {classes.max()}, but its metadata names {count} classes"
            )


def fit(image: ImageArray, width_px: int, height_px: int) -> tuple[ImageArray, tuple[float, float]]:
    """The picture scaled to fit (height_px, width_px, 3), at the top left, the rest grey; and its scale in x and y.

    The two scales differ by rounding to whole pixels only; boxes are mapped back with the true ones.
    """
    height, width = image.shape[:2]
    if (width, height) == (width_px, height_px):
        return image, (1.0, 1.0)
    scale = min(width_px / width, height_px / height)
    w, h = max(1, round(width * scale)), max(1, round(height * scale))
    canvas = np.full((height_px, width_px, 3), PADDING, np.uint8)
    # Area averaging keeps small vehicles when the picture shrinks; it has no meaning when it grows.
    cv2.resize(image, (w, h), dst=canvas[:h, :w], interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return canvas, (w / width, h / height)


def to_source(boxes: Float32Array, ratio: tuple[float, float], image: ImageArray) -> Float32Array:
    """Boxes (N, 4) from input pixels to pixels of the picture, cut at its borders."""
    height, width = image.shape[:2]
    scaled = boxes / np.array(ratio * 2, np.float32)
    return np.clip(scaled, 0, np.array([width, height] * 2, np.float32)).astype(np.float32)


def _open(path: Path, threads: int) -> onnxruntime.InferenceSession:
    if not path.is_file():
        raise ModelError(f"{path}: no such model file; expected an ONNX model of Simpang's contract {CONTRACT}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads that spin while they wait take the core from the other cameras' workers.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except _ORT_ERRORS as exc:
        raise ModelError(
            f"{path}: not a readable ONNX model ({_first_line(exc)}); expected one of Simpang's contract {CONTRACT}"
        ) from exc


def _facts(path: Path, session: onnxruntime.InferenceSession) -> ModelFacts:
    entries: Mapping[str, str] = session.get_modelmeta().custom_metadata_map
    contract = entries.get("simpang.contract")
    if contract != CONTRACT:
        found = "no simpang.contract" if contract is None else f"simpang.contract {contract!r}"
        raise ModelError(f"{path}: the metadata has {found}; expected contract {CONTRACT} (see models/README.md)")
    _check_nodes(path, "input", session.get_inputs(), (INPUT,))
    _check_nodes(path, "output", session.get_outputs(), OUTPUTS)
    return ModelFacts(
        name=entries.get("simpang.name") or path.stem,
        version=entries.get("simpang.version") or "unknown",
        kind_of_class=_kinds(path, _strings(path, entries, "simpang.classes")),
        sizes_px=tuple(_parsed(path, text) for text in _strings(path, entries, "simpang.sizes")),
    )


def _check_nodes(path: Path, what: str, nodes: list[Any], expected: tuple[tuple[str, str, int], ...]) -> None:
    got = tuple((node.name, node.type, len(node.shape)) for node in nodes)
    if sorted(got) != sorted(expected):
        raise ModelError(f"{path}: expected {what} {_listed(expected)}, got {_listed(got)}")


def _listed(nodes: tuple[tuple[str, str, int], ...]) -> str:
    return ", ".join(f"{name} {kind} with {rank} dimensions" for name, kind, rank in nodes) or "nothing"


def _strings(path: Path, entries: Mapping[str, str], key: str) -> list[str]:
    try:
        values = json.loads(entries.get(key, "null"))
    except json.JSONDecodeError:
        values = None
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        raise ModelError(f"{path}: metadata {key} is {entries.get(key)!r}; expected a JSON list of strings")
    return values


def _kinds(path: Path, names: list[str]) -> IntArray:
    unknown = [name for name in names if name not in KINDS]
    if unknown:
        raise ModelError(f"{path}: unknown classes {', '.join(unknown)}; expected some of {', '.join(KINDS)}")
    return np.array([KINDS.index(name) for name in names], np.int64)


def _parsed(path: Path, text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise ModelError(f"{path}: metadata simpang.sizes has {text!r}; expected sizes such as 640x384")
    return int(width), int(height)


def _input_size(
    path: Path, session: onnxruntime.InferenceSession, facts: ModelFacts, wanted: tuple[int, int] | None
) -> tuple[int, int]:
    """The size to use: what is asked for, if the model can take it."""
    default = DEFAULT_SIZE if DEFAULT_SIZE in facts.sizes_px else facts.sizes_px[0]
    size = wanted or default
    if any(side <= 0 or side % STRIDE_PX for side in size):
        raise ModelError(f"{path}: size {_text(size)}: width and height must be multiples of {STRIDE_PX}")
    _, height, width, channels = session.get_inputs()[0].shape
    fixed = all(not isinstance(got, int) or got == want for got, want in zip((width, height), size, strict=True))
    if not fixed or channels != 3:
        raise ModelError(f"{path}: the input is {height}x{width}x{channels} (height first); expected {_text(size)}, 3")
    return size


def _text(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
