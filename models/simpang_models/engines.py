"""Running a network on one thread: ONNX Runtime, or OpenVINO (extra [openvino]). The one file that touches either.

What is reported is the arithmetic that really runs, not the one asked for: a processor without bf16 gives f32.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

Blob = npt.NDArray[np.float32] | npt.NDArray[np.uint8]
Outputs = Sequence[npt.NDArray[Any]]
ENGINES = ("ort", "openvino")
_BAD_FILE = (
    ort_errors.Fail,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoModel,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)
_HEAVY = ("Convolution", "GroupConvolution", "MatMul", "FullyConnected")


class Network(Protocol):
    """A network ready to run."""

    name: str
    """Engine and arithmetic, for example `ort-int8` or `openvino-bf16`."""

    def run(self, blob: Blob) -> Outputs:
        """Raw outputs for one prepared input."""
        ...


class OrtNetwork:
    """ONNX Runtime on the CPU with a fixed number of threads."""

    def __init__(self, path: Path, threads: int) -> None:
        self._session = open_session(path, threads)
        self._input = self._session.get_inputs()[0].name
        self.name = f"ort-{'int8' if b'QuantizeLinear' in path.read_bytes() else 'f32'}"

    def run(self, blob: Blob) -> Outputs:
        """Raw outputs for one prepared input."""
        outputs: Outputs = self._session.run(None, {self._input: blob})
        return outputs


class OpenVinoNetwork:
    """OpenVINO on the CPU for one input shape; bf16 where the processor has it."""

    def __init__(self, path: Path, shape: tuple[int, ...], threads: int) -> None:
        import openvino

        core = openvino.Core()
        model = core.read_model(str(path))
        model.reshape(list(shape))
        can_bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        settings = {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": "bf16" if can_bf16 else "f32",
        }
        self._compiled = core.compile_model(model, "CPU", settings)
        self._request = self._compiled.create_infer_request()
        self.name = f"openvino-{_arithmetic(self._compiled.get_runtime_model())}"

    def run(self, blob: Blob) -> Outputs:
        """Raw outputs for one prepared input."""
        self._request.infer([blob])
        return [self._request.get_output_tensor(i).data.copy() for i in range(len(self._compiled.outputs))]


def _arithmetic(executed: Any) -> str:
    """The precision in which most of the convolutions and products run."""
    facts = [op.get_rt_info() for op in executed.get_ordered_ops()]
    precisions = Counter(f["runtimePrecision"].astype(str) for f in facts if f["layerType"].astype(str) in _HEAVY)
    word = precisions.most_common(1)[0][0] if precisions else "f32"
    return "int8" if word in ("i8", "u8") else word


def open_network(path: Path, shape: tuple[int, ...], threads: int, engine: str) -> Network:
    """The network in a file on the engine asked for; `shape` is that of its input.

    Raises:
        ValueError: unknown engine, or no such model file, or one that is none.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine {engine!r}: expected one of {', '.join(ENGINES)}")
    return OrtNetwork(path, threads) if engine == "ort" else OpenVinoNetwork(path, shape, threads)


def open_session(path: Path, threads: int) -> ort.InferenceSession:
    """An onnxruntime session on the CPU with a fixed number of threads.

    Raises:
        ValueError: no such file, or not an ONNX model.
    """
    if not path.is_file():
        raise ValueError(f"{path}: no such model file")
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except _BAD_FILE as error:
        raise ValueError(f"{path}: not a readable ONNX model ({str(error).splitlines()[0][:160]})") from error


def metadata(path: Path) -> Mapping[str, str]:
    """What the file says about itself.

    Raises:
        ValueError: no such file, or not an ONNX model.
    """
    facts: Mapping[str, str] = open_session(path, 1).get_modelmeta().custom_metadata_map
    return facts
