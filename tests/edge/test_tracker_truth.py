"""Tracker and ground together against the exact boxes and crossings of the rendered sample clip, without a detector."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from simpang_edge.config import Camera
from simpang_edge.data import KINDS, Detections
from simpang_edge.ground import Ground
from simpang_edge.tracker import Tracker

NAME = Path(__file__).parents[2] / "sample_videos" / "simpang_empat_pagi"
HIDDEN = 0.7
"""A vehicle hidden by more than this share is not detected."""


def true_boxes(step: int) -> Iterator[Detections]:
    """The clip's true boxes as a detector that sees everything would give them, every `step` frames."""
    table = pq.read_table(NAME.with_suffix(".boxes.parquet"))
    table = table.filter(np.array(table["occluded"]) < HIDDEN)
    frame = np.array(table["frame"])
    boxes = np.column_stack([np.array(table[side]) for side in ("x0", "y0", "x1", "y1")])
    kinds = np.array([KINDS.index(name) for name in table["class"].to_pylist()])
    for number in range(0, int(frame.max()) + 1, step):
        now = frame == number
        score = np.full(int(now.sum()), 0.9, np.float32)
        yield Detections(number / 12.5, boxes[now].astype(np.float32), score, kinds[now])


@pytest.mark.parametrize("step", [pytest.param(2, id="6 fps"), pytest.param(3, id="4 fps")])
def test_true_boxes_give_the_true_crossings_of_the_stop_line(step: int) -> None:
    """Every vehicle's contact point passes from upstream to beyond the line once, with the right class.

    One vehicle of 43 may be off: at the clip's ends a vehicle stands across the line.
    """
    content = json.loads(NAME.with_suffix(".truth.json").read_text())
    truth = Counter(crossing["class"] for crossing in content["approaches"][0]["crossings"])
    camera = Camera.model_validate(yaml.safe_load(NAME.with_suffix(".camera.yaml").read_text()))
    tracker, ground = Tracker(), Ground(camera)
    upstream: set[int] = set()
    crossed: dict[int, str] = {}
    for detections in true_boxes(step):
        vehicles = ground.locate(tracker.update(detections), (1280, 720))
        for number, kind, along_m in zip(vehicles.id, vehicles.kind, vehicles.along_m, strict=True):
            if along_m > 0.5:
                upstream.add(int(number))
            elif along_m < -0.5 and int(number) in upstream:
                crossed[int(number)] = KINDS[kind]
    found = Counter(crossed.values())
    assert sum(((found - truth) + (truth - found)).values()) <= 1
