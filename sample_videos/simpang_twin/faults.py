"""When a camera's faults and moves happen, frame by frame and as the intervals that the truth file lists."""

from typing import Any

import numpy as np

from simpang_twin.conditions import Fault, Move
from simpang_twin.scenario import Camera, Scenario


def dropped_frames(scenario: Scenario, camera: Camera) -> frozenset[int]:
    """Numbers of the frames that are missing from the file; the same seed drops the same ones."""
    rng = np.random.default_rng((scenario.seed, 31))
    chance = rng.random(scenario.frames)
    faults = [f for f in camera.faults if f.type == "dropped"]
    return frozenset(
        k for k in range(scenario.frames) if any(f.covers(k * scenario.step_s) and chance[k] < f.share for f in faults)
    )


def shown_frame(scenario: Scenario, camera: Camera, frame: int) -> int:
    """The frame whose picture the file shows at a frame's time: itself, or the one at which the stream froze."""
    for fault in camera.faults:
        if fault.type == "frozen" and fault.covers(frame * scenario.step_s):
            return min(int(np.ceil(fault.from_s * scenario.fps - 1e-9)), frame)
    return frame


def dirt_at(camera: Camera, time_s: float) -> float:
    """How dirty the lens is, 0 to 1."""
    return max((f.strength for f in camera.faults if f.type == "dirty_lens" and f.covers(time_s)), default=0.0)


def intervals(scenario: Scenario, camera: Camera) -> list[dict[str, Any]]:
    """All faults and moves with type, `from_s` and `to_s`, in order of time; `ptz` is the time away from the first
    view, the turning included."""
    end_s = scenario.duration_s
    found = [_interval(fault, end_s) for fault in camera.faults if fault.from_s < end_s]
    found += [{"type": "ptz", "from_s": a, "to_s": min(b, end_s)} for a, b in _away(camera, end_s)]
    return sorted(found, key=lambda one: (one["from_s"], one["type"]))


def _interval(fault: Fault, end_s: float) -> dict[str, Any]:
    detail: dict[str, tuple[str, ...]] = {
        "dropped": ("share",),
        "frozen": (),
        "dirty_lens": ("strength",),
        "knocked": ("pan_deg", "tilt_deg", "roll_deg"),
    }
    to_s = end_s if fault.to_s is None else min(fault.to_s, end_s)
    return {"type": fault.type, "from_s": fault.from_s, "to_s": to_s} | {
        name: getattr(fault, name) for name in detail[fault.type]
    }


def _away(camera: Camera, end_s: float) -> list[tuple[float, float]]:
    """From the begin of the first move away from the first view to the end of the move that leads back to it."""
    found: list[tuple[float, float]] = []
    since: float | None = None
    focal_px = camera.focal_px
    for move in sorted(camera.moves, key=lambda m: m.at_s):
        since = move.at_s if since is None else since
        focal_px = move.focal_px or focal_px
        if _home(camera, move, focal_px):
            found.append((since, move.at_s + move.over_s))
            since = None
    return [*found, (since, end_s)] if since is not None else found


def _home(camera: Camera, move: Move, focal_px: float) -> bool:
    return move.look_at_m == camera.look_at_m and focal_px == camera.focal_px
