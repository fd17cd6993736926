"""What the detector tells apart, the classes of PKJI 2023, and the array types of all nouns."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]
IntArray = NDArray[np.int64]
ImageArray = NDArray[np.uint8]

KINDS: Final = ("motorcycle", "car", "bus", "truck", "bicycle", "person", "three_wheeler")
"""What the detector tells apart; the index in this tuple is the ``kind`` everywhere."""

MOTOR_VEHICLES: Final = ("motorcycle", "car", "bus", "truck", "three_wheeler")
"""The kinds that count as traffic flow; bicycles and persons are counted apart (side friction, PKJI 2023)."""

PKJI_CLASSES: Final = ("SM", "MP", "KS", "BB", "TB", "KTB")
"""Vehicle classes of PKJI 2023 (domain reference, section 2), in the order of `Measurement.pkji_counts`."""


def check(name: str, array: NDArray[Any], shape: tuple[int | None, ...]) -> None:
    """Raises `ValueError` quoting expected and actual shape where an array has another; None: any length."""
    if array.shape == shape:
        return
    same = array.ndim == len(shape) and all(
        want is None or want == got for want, got in zip(shape, array.shape, strict=True)
    )
    if not same:
        raise ValueError(f"{name}: expected shape {shape} (None = any), got {array.shape}")
