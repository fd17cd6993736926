"""Which detector a configuration asks for."""

from .config import Model
from .detector import OnnxDetector
from .recorded_detector import RecordedDetector


def open_detector(model: Model) -> OnnxDetector | RecordedDetector:
    """An ONNX model, or recorded detections where `model.path` is a Parquet file. Raises `ModelError`."""
    if model.path is not None and model.is_recording:
        return RecordedDetector(model.path)
    return OnnxDetector(model.path, model.width_height_px(), threads=model.threads)
