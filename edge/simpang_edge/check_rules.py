"""What can be found out about rules that fit every picture and still give unknown or zero figures."""

import importlib.util
import math
import os
from collections.abc import Iterator
from itertools import combinations
from typing import Final

from .config import Approach, Box, Camera, Movement, PixelBox, SignalHead
from .findings import Finding, fault, warning
from .meter.settings import MeterSettings
from .meter.trust import SELDOM_S
from .meter.usual import QUARTER_S

JUDGED_S: Final = 60
"""The window by which states are meant to be judged (measurement reference, section 6)."""


def of_box(box: Box) -> Iterator[Finding]:
    """Of what holds for all cameras."""
    if QUARTER_S not in box.windows_s:
        yield warning(
            f"windows_s: without {QUARTER_S}: what is usual is not learned, and no class of side friction is given"
        )
    base_s = MeterSettings.of(box).base_s
    if base_s != JUDGED_S:
        yield warning(
            f"windows_s: without {JUDGED_S}: the congestion state is judged by windows of {base_s} s, so that "
            f"state.on_windows ({box.state.on_windows}) is {box.state.on_windows * base_s / 60:g} minutes"
        )
    yield from _recording(box)


def _recording(box: Box) -> Iterator[Finding]:
    folder = box.record.folder
    if folder is None:
        return
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        yield fault(f"record.folder: {folder}: cannot be written")
    if importlib.util.find_spec("pyarrow") is None:
        yield fault("record.folder: a track log needs the Python package pyarrow: pip install 'simpang[record]'")


def of_rules(camera: Camera) -> Iterator[Finding]:
    """Of one camera."""
    yield from _rate(camera)
    for approach in camera.approaches:
        yield from _link(f"camera {camera.id}: approach {approach.id}", approach)
    yield from _nobodys(camera)
    yield from _heads(camera)
    yield from _same_paths(camera)


def _rate(camera: Camera) -> Iterator[Finding]:
    """Pictures too far apart."""
    fps, longest_s = camera.analysis_fps, MeterSettings().max_gap_s
    where = f"camera {camera.id}: analysis_fps is {fps:g}"
    if fps * longest_s <= 1:
        yield fault(f"{where}: time between pictures {longest_s:g} s or more apart is not observed: give 5 or more")
    elif fps * SELDOM_S < 1:
        yield warning(f"{where}: below {1 / SELDOM_S:g} every row has the flag low_rate; 5 or more are needed")


def _link(where: str, approach: Approach) -> Iterator[Finding]:
    if approach.control == "link" and approach.road == "undivided" and approach.carriageway_width_m is None:
        yield warning(f"{where}: an undivided road without carriageway_width_m: no capacity, and the EMP set above 6 m")


def _nobodys(camera: Camera) -> Iterator[Finding]:
    """Zones for people that could belong to several approaches."""
    for zone in camera.zones if len(camera.approaches) > 1 else ():
        if zone.kind in ("crossing", "carriageway") and zone.approach is None:
            yield warning(f"camera {camera.id}: zone {zone.id}: without approach it is part of no side friction")


def _heads(camera: Camera) -> Iterator[Finding]:
    controls = {approach.id: approach.control for approach in camera.approaches}
    for head in camera.signal_heads:
        where = f"camera {camera.id}: signal_heads of {head.approach}"
        if controls[head.approach] != "signal":
            yield warning(f"{where}: the approach has control: {controls[head.approach]}; give signal, or no head")
        for (one, first), (other, second) in combinations(_lamps(head), 2):
            if _overlap(first, second):
                yield warning(f"{where}: the boxes of {one} and {other} overlap: which is lit cannot be told")


def _lamps(head: SignalHead) -> list[tuple[str, PixelBox]]:
    lamps = (("red", head.red), ("yellow", head.yellow), ("green", head.green))
    return [(colour, box) for colour, box in lamps if box is not None]


def _overlap(one: PixelBox, other: PixelBox) -> bool:
    """Whether two boxes share more than half of the smaller one; glasses lie close together."""
    across, down = (min(one[i + 2], other[i + 2]) - max(one[i], other[i]) for i in (0, 1))
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return across > 0 and down > 0 and across * down > smaller / 2


def _same_paths(camera: Camera) -> Iterator[Finding]:
    """Movements of an approach that the same path fits: the first takes all of them, the other stays at zero."""
    shaped = [movement for movement in camera.movements if movement.gate is None]
    for one, other in combinations(shaped, 2):
        sides = {one.leaves, other.leaves} - {None}
        (low, high), (from_deg, to_deg) = one.turns_deg(), other.turns_deg()
        if one.approach == other.approach and len(sides) <= 1 and max(low, from_deg) < min(high, to_deg):
            yield warning(
                f"camera {camera.id}: movements {one.id} and {other.id} fit the same paths ({_degrees(one)} and "
                f"{_degrees(other)}): vehicles that fit both count in {one.id} only; change turned_deg or leaves"
            )


def _degrees(movement: Movement) -> str:
    low, high = movement.turns_deg()
    return "any turn" if math.isinf(low) else f"{low:g} to {high:g} degrees"
