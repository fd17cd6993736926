"""Smaller and faster files from the exported one: weights stored as float16, or 8-bit arithmetic.

8 bits as measured to pay on CPUs: unsigned activations, signed weights per channel, all operators but the
last convolutions and the decoding of boxes, calibrated on pictures of many scenes.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static

from simpang_models.feed import feed_pixels
from simpang_models.pictures import Picture, letterbox, read_picture

MIN_HALF_VALUES = 64
REDUCE_RANGE = True
"""Weights use 7 of the 8 bits: processors without VNNI add pairs of products in 16 bits and would overflow."""
LAST = re.compile(r"/head/((naming/)?(cls|reg|ctr)(_\d+)?/|Add)")
"""The last convolutions; all levels share their weights, and their operators are numbered. Only 2026.11 has `ctr`."""
BODY = "/network/"


def store_half(source: Path, target: Path) -> None:
    """The same model with its large weights stored as float16 and cast when it is loaded.

    Arithmetic stays float32; only the weights are rounded, to 11 bits.
    """
    model = onnx.load(str(source))
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and np.prod(tensor.dims) >= MIN_HALF_VALUES:
            casts.append(_halve(tensor))
    for cast in reversed(casts):
        model.graph.node.insert(0, cast)
    onnx.checker.check_model(model)
    onnx.save(model, str(target))


def restore_full(source: Path, target: Path) -> None:
    """The same model with its weights stored as float32, whether or not `store_half` made them float16."""
    model = onnx.load(str(source))
    halves = {t.name: t for t in model.graph.initializer if t.data_type == TensorProto.FLOAT16}
    for cast in [n for n in model.graph.node if n.op_type == "Cast" and n.input[0] in halves]:
        tensor = halves[cast.input[0]]
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float32), cast.output[0]))
        model.graph.node.remove(cast)
    onnx.checker.check_model(model)
    onnx.save(model, str(target))


def _halve(tensor: Any) -> Any:
    """Turn the tensor to float16 under another name; the node that gives the old name back in float32."""
    name = tensor.name
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f"{name}.half"))
    return onnx.helper.make_node("Cast", [f"{name}.half"], [name], name=f"{name}.cast", to=TensorProto.FLOAT)


class Calibration(CalibrationDataReader):
    """Letterboxed pictures, one after the other."""

    def __init__(self, pictures: list[Path], width: int, height: int) -> None:
        self._inputs: Iterator[Picture] = (letterbox(read_picture(p), width, height)[0] for p in pictures)

    def get_next(self) -> dict[str, Picture] | None:
        """The next input, None at the end."""
        picture = next(self._inputs, None)
        return None if picture is None else {"image": picture[None]}


def quantise(source: Path, target: Path, pictures: list[Path], size: tuple[int, int] = (640, 384)) -> None:
    """Write the 8-bit model, calibrated on `pictures`, with the source's metadata."""
    nodes = onnx.load(str(source)).graph.node
    excluded = [n.name for n in nodes if not n.name.startswith(BODY) or LAST.search(n.name)]
    quantize_static(
        str(source),
        str(target),
        Calibration(pictures, *size),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=REDUCE_RANGE,
        calibrate_method=CalibrationMethod.MinMax,
        nodes_to_exclude=excluded,
    )
    _copy_metadata(source, target)
    feed_pixels(target)


def _copy_metadata(source: Path, target: Path) -> None:
    facts = {p.key: p.value for p in onnx.load(str(source)).metadata_props}
    model = onnx.load(str(target))
    onnx.helper.set_model_props(model, facts)
    onnx.save(model, str(target))
