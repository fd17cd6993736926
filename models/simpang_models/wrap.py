"""Another detector's ONNX file, made a file of our contract: graphs are put before and behind it.

Before it: uint8 BGR to the float RGB of 0..1 that the YOLO family takes. Behind it: the classes that have a kind of
ours, the best 300 places, corners, suppression of doubles. The network in between stays bit for bit what it was.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import onnx
from google.protobuf.message import DecodeError
from onnx import compose, parser, version_converter

from simpang_models.boxes import CLASSES
from simpang_models.class_names import COCO_CLASSES, COCO_NAMES
from simpang_models.contract import GROUP, GROUP_SHIFT_PX, MAX_BOXES, SUPPRESS_IOU, Description, describe

OPSET = 17
MIN_SCORE = 0.02
"""Lower than in our own files: YOLO's scores lie lower, and a floor of 0.05 would cut off what it finds late."""
FRONT = """
<ir_version: {ir}, opset_import: ["" : 17]>
front (uint8[1, height, width, 3] image) => (float[1, 3, height, width] {name})
<int64[3] reverse = {{2, 1, 0}}, float scale = {{0.003921569}}>
{{
    planes = Transpose <perm = [0, 3, 1, 2]> (image)
    real = Cast <to = 1> (planes)
    rgb = Gather <axis = 1> (real, reverse)
    {name} = Mul (rgb, scale)
}}
"""
HEAD = {
    "yolo": """
    rows = Squeeze (raw, axis0)
    sources = Gather <axis = 0> (rows, source_rows)
    every_score = ReduceMax <axes = [0], keepdims = 0> (sources)
    source = ArgMax <axis = 0, keepdims = 0> (sources)
    anchors = Shape (every_score)
    limit = Min (anchors, most)
    score, chosen = TopK (every_score, limit)
    chosen_source = Gather (source, chosen)
    kind = Gather (kind_of_source, chosen_source)
    every_place = Slice (rows, axis0, axis4, axis0)
    place = Gather <axis = 1> (every_place, chosen)
    centre = Slice (place, axis0, axis2, axis0)
    size = Slice (place, axis2, axis4, axis0)
    half = Mul (size, one_half)
    low = Sub (centre, half)
    high = Add (centre, half)
    corners = Concat <axis = 0> (low, high)
    box = Transpose <perm = [1, 0]> (corners)
""",
    "yolo-end2end": """
    rows = Squeeze (raw, axis0)
    box = Slice (rows, axis0, axis4, axis1)
    any_score = Gather <axis = 1> (rows, column4)
    real_class = Gather <axis = 1> (rows, column5)
    class = Cast <to = 7> (real_class)
    known = Gather (known_class, class)
    score = Mul (any_score, known)
    kind = Gather (kind_of_class, class)
""",
}
"""By layout: from the raw output to `box` (K, 4) as corners, `score` (K) and `kind` (K)."""
TAIL = """
    shift = Gather (shift_of_kind, kind)
    shift_column = Unsqueeze (shift, axis1)
    apart = Add (box, shift_column)
    nms_boxes = Unsqueeze (apart, axis0)
    nms_scores = Unsqueeze (score, axis01)
    picked = NonMaxSuppression (nms_boxes, nms_scores, most, suppress_iou, min_score)
    index = Gather <axis = 1> (picked, column2)
    boxes = Gather (box, index)
    scores = Gather (score, index)
    classes = Gather (kind, index)
"""


class Layout(StrEnum):
    """What comes out of the network.

    `yolo`: (1, 4 + classes, anchors), centre and size in input pixels, scores 0..1 (YOLOv8, 11, 12 and 26 as exported
    without end2end). `yolo-end2end`: (1, boxes, 6), corners, score, class (YOLOv10, YOLO26).
    """

    YOLO = "yolo"
    END2END = "yolo-end2end"


@dataclass(frozen=True)
class Origin:
    """The network inside: how its output is laid out and which kind each of its classes is (None: dropped)."""

    layout: Layout
    kinds: Sequence[int | None]

    def known(self) -> list[int]:
        """The kinds that the network can name, in our order: the classes of the new file."""
        return sorted({kind for kind in self.kinds if kind is not None})


def wrap(model: onnx.ModelProto, origin: Origin, facts: Description) -> onnx.ModelProto:
    """The model with our contract's input and outputs and metadata.

    Raises:
        ValueError: the model has not one input and one first output of the expected form.
    """
    model = _at_opset(model)
    _check(model, origin)
    given, raw = model.graph.input[0].name, model.graph.output[0].name
    front = parser.parse_model(FRONT.format(ir=model.ir_version, name="ready"))
    back = parser.parse_model(_back(model.ir_version, origin))
    # The prefix keeps apart what happens to have the same name.
    inner = compose.add_prefix(_only_first_output(model), "network/")
    ahead = compose.merge_models(front, inner, io_map=[("ready", f"network/{given}")])
    whole = compose.merge_models(ahead, back, io_map=[(f"network/{raw}", "raw")])
    _free_counts(whole)
    describe(whole, replace(facts, classes=tuple(CLASSES[k] for k in origin.known())))
    onnx.checker.check_model(whole)
    return whole


def class_names(model: onnx.ModelProto) -> tuple[str, ...] | None:
    """The class names that ultralytics writes into its files; None for a file without.

    Raises:
        ValueError: there is an entry, but it names no classes.
    """
    text = _metadata(model, "names")
    if text is None:
        return None
    try:
        names = ast.literal_eval(text)
        return tuple(str(names[i]) for i in range(len(names)))
    except (SyntaxError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"metadata names is {text[:80]!r}; expected a numbered list of class names") from error


def _metadata(model: onnx.ModelProto, key: str) -> str | None:
    return next((str(p.value) for p in model.metadata_props if p.key == key), None)


def names_or_coco(model: onnx.ModelProto) -> tuple[str, ...]:
    """The file's own class names; COCO's where it names none, or 80 by number only (as a fresh .yaml does)."""
    names = class_names(model)
    numbered = tuple(str(i) for i in range(COCO_CLASSES))
    return COCO_NAMES if names is None or names == numbered else names


def layout_of(model: onnx.ModelProto) -> Layout:
    """What the file says of itself; `yolo` where it says nothing."""
    return Layout.END2END if _metadata(model, "end2end") == "True" else Layout.YOLO


def sizes_of(model: onnx.ModelProto, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The sizes wanted, or the one that the file is fixed to."""
    *_, height, width = _form(model.graph.input[0])
    return wanted if height is None or width is None else (f"{width}x{height}",)


def read_onnx(path: Path) -> onnx.ModelProto:
    """The model in a file.

    Raises:
        ValueError: missing, or not an ONNX model.
    """
    if not path.is_file():
        raise ValueError(f"{path}: no such file; expected an ONNX model")
    try:
        model = onnx.load_model_from_string(path.read_bytes())
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, DecodeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{path}: not a readable ONNX model ({str(error).splitlines()[0][:120]})") from error
    return model


def save(model: onnx.ModelProto, path: Path) -> None:
    """Write the file; a run that is stopped leaves no half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(model.SerializeToString())
    part.replace(path)


def _at_opset(model: onnx.ModelProto) -> onnx.ModelProto:
    version = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 0)
    if version == OPSET:
        return model
    try:
        return version_converter.convert_version(model, OPSET)
    except RuntimeError as error:
        raise ValueError(f"the model has opset {version} and cannot be converted to {OPSET}: {error}") from error


def _check(model: onnx.ModelProto, origin: Origin) -> None:
    inputs = [_form(i) for i in model.graph.input if i.name not in {t.name for t in model.graph.initializer}]
    if len(inputs) != 1 or len(inputs[0]) != 4 or inputs[0][1] not in (3, None):
        raise ValueError(f"expected one input (1, 3, height, width), got {inputs}")
    form = _form(model.graph.output[0])
    channels = 4 + len(origin.kinds)
    expected = f"(1, {channels}, anchors)" if origin.layout == Layout.YOLO else "(1, boxes, 6)"
    wanted, axis = (channels, 1) if origin.layout == Layout.YOLO else (6, 2)
    if len(form) != 3 or form[axis] not in (wanted, None):
        raise ValueError(f"layout {origin.layout} with {len(origin.kinds)} classes: expected {expected}, got {form}")


def _form(value: Any) -> tuple[int | None, ...]:
    """A tensor's shape; None where it is open."""
    return tuple(d.dim_value if d.HasField("dim_value") else None for d in value.type.tensor_type.shape.dim)


def _only_first_output(model: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.output[1:]
    return copy


def _back(ir: int, origin: Origin) -> str:
    numbers = {
        "int64[1] axis0": [0],
        "int64[1] axis1": [1],
        "int64[2] axis01": [0, 1],
        "int64[1] axis2": [2],
        "int64[1] axis4": [4],
        "int64 column2": [2],
        "int64 column4": [4],
        "int64 column5": [5],
        "int64[1] most": [MAX_BOXES],
        "float one_half": [0.5],
        "float[1] suppress_iou": [SUPPRESS_IOU],
        "float[1] min_score": [MIN_SCORE],
        f"float[{len(origin.known())}] shift_of_kind": [GROUP[k] * GROUP_SHIFT_PX for k in origin.known()],
        **_class_tables(origin),
    }
    used = {f"{key}": values for key, values in numbers.items() if key.split()[-1] in HEAD[origin.layout] + TAIL}
    tables = ", ".join(f"{key} = {{{', '.join(map(str, values))}}}" for key, values in used.items())
    return f"""
<ir_version: {ir}, opset_import: ["" : {OPSET}]>
back (float[1, a, b] raw) => (float[n, 4] boxes, float[n] scores, int64[n] classes)
<{tables}>
{{ {HEAD[origin.layout]} {TAIL} }}
"""


def _class_tables(origin: Origin) -> dict[str, list[float] | list[int]]:
    """Kinds as places in `origin.known()`."""
    place = [None if kind is None else origin.known().index(kind) for kind in origin.kinds]
    known = [(i, p) for i, p in enumerate(place) if p is not None]
    return {
        f"int64[{len(known)}] source_rows": [4 + i for i, _ in known],
        f"int64[{len(known)}] kind_of_source": [p for _, p in known],
        f"float[{len(place)}] known_class": [float(p is not None) for p in place],
        f"int64[{len(place)}] kind_of_class": [p or 0 for p in place],
    }


def _free_counts(model: onnx.ModelProto) -> None:
    """Shapes in between were inferred for the separate parts; runtimes infer them again."""
    del model.graph.value_info[:]
