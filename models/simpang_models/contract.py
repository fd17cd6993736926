"""Contract version 1 as numbers and metadata: what every ONNX file that Simpang runs does and says of itself."""

import json
from dataclasses import dataclass

import onnx

from simpang_models.boxes import BICYCLE, CLASSES, FOUR_WHEELS, MOTORCYCLE

CONTRACT = "1"
MIN_SCORE = 0.05
MAX_BOXES = 300
SUPPRESS_IOU = 0.6
GROUP_SHIFT_PX = 8192.0
"""Farther apart than any input is wide, so boxes of different groups never overlap when shifted by it."""
GROUP = tuple(0 if k in FOUR_WHEELS else 1 if k in (MOTORCYCLE, BICYCLE) else 2 for k in range(len(CLASSES)))
"""Kinds of one group suppress one another: four wheels, two wheels, persons."""


@dataclass(frozen=True)
class Description:
    """What a file of the contract says about itself; sizes are WIDTHxHEIGHT."""

    name: str
    version: str
    licence: str
    sizes: tuple[str, ...]
    classes: tuple[str, ...] = CLASSES


def describe(model: onnx.ModelProto, facts: Description) -> None:
    """Write the contract's metadata into the model, in place of what it had."""
    entries = {
        "simpang.contract": CONTRACT,
        "simpang.name": facts.name,
        "simpang.version": facts.version,
        "simpang.licence": facts.licence,
        "simpang.classes": json.dumps(list(facts.classes)),
        "simpang.sizes": json.dumps(list(facts.sizes)),
    }
    onnx.helper.set_model_props(model, entries)
