"""The truth of an approach, checked on hand-made vehicles."""

from pathlib import Path

import numpy as np
import pytest
from simpang_twin import scenario, truth
from simpang_twin.truth import Track

STEP_S = 0.1
SCENARIOS = Path(__file__).parents[2] / "sample_videos" / "scenarios"


def track(front_m: list[float], speed_mps: list[float], name: str = "0", model: str = "mpv") -> Track:
    """A vehicle of 4.4 m in lane 2, one row per frame from frame 0."""
    front = np.array(front_m)
    lane = tuple(2 if m > 0 else None for m in front_m)
    return Track(name, model, np.arange(len(front_m), dtype=np.float64), front, front + 4.4, np.array(speed_mps), lane)


def test_crossing_time_is_interpolated_between_two_frames() -> None:
    """A front bumper 3 m before and 1 m past the line in two frames has crossed at three quarters between them."""
    plan = scenario.load(SCENARIOS / "mini.yaml")
    moving = track([7.0, 3.0, -1.0, -5.0], [50.0, 50.0, 50.0, 50.0])

    (crossing,) = truth.crossings([moving], plan)

    # 1 + 3/(3+1) = 1.75 frames of 0.08 s = 0.14 s; the rear follows 4.4 m at 4 m per frame: 1.1 frames = 0.088 s later.
    assert crossing.time_front_s == pytest.approx(0.14)
    assert crossing.time_rear_s == pytest.approx(0.228)
    assert (crossing.lane, crossing.kind, crossing.pkji) == (2, "car", "MP")


def test_vehicle_that_only_waits_does_not_cross() -> None:
    """A vehicle that stops before the line has no crossing."""
    plan = scenario.load(SCENARIOS / "mini.yaml")

    assert truth.crossings([track([5.0, 2.0, 1.0, 1.0], [10.0, 5.0, 0.0, 0.0])], plan) == []


def queued(vehicles: list[Track], at_s: float) -> tuple[int, float, float]:
    """Vehicles, tail and tail front of the queue at a time."""
    frames = max(len(v.frame) for v in vehicles)
    sample = truth.queue(vehicles, frames, STEP_S)[round(at_s / STEP_S)]
    return sample.vehicles, sample.tail_m, sample.tail_front_m


def test_vehicle_is_queued_after_two_slow_seconds() -> None:
    """A vehicle 10 m before the line that falls below 5 km/h at 1.0 s is queued from 3.0 s on, not before."""
    speeds = [5.0] * 10 + [1.0] * 30
    stopping = track([10.0] * 40, speeds)

    assert queued([stopping], 2.8) == (0, 0.0, 0.0)
    assert queued([stopping], 3.0) == (1, pytest.approx(14.4), 10.0)  # rear bumper: 10 + 4.4 m


@pytest.mark.parametrize(
    ("front_m", "vehicles"),
    [
        pytest.param(29.0, 2, id="14.6 m behind the rear bumper of the first: joins"),
        pytest.param(29.6, 1, id="15.2 m behind the rear bumper of the first: too far"),
    ],
)
def test_queue_grows_only_within_fifteen_metres(front_m: float, vehicles: int) -> None:
    """A standing vehicle belongs to the queue when it stands at most 15 m behind a queued one (rear bumper 14.4 m)."""
    first = track([10.0] * 40, [0.0] * 40, "0")
    second = track([front_m] * 40, [0.0] * 40, "1")

    assert queued([first, second], 3.5)[0] == vehicles


def test_queued_vehicle_leaves_after_two_fast_seconds() -> None:
    """A queued vehicle that drives faster than 10 km/h from 1.0 s on has left the queue at 3.0 s."""
    leaving = track([14.0] * 40, [0.0] * 10 + [3.0] * 30)

    assert queued([leaving], 0.5)[0] == 1
    assert queued([leaving], 2.8)[0] == 1
    assert queued([leaving], 3.0)[0] == 0


def test_queued_vehicle_leaves_when_it_crosses() -> None:
    """A vehicle past the line is no longer in the queue, however slow it is."""
    creeping = track([1.0] * 30 + [-0.5] * 10, [0.5] * 40)

    assert queued([creeping], 2.5)[0] == 1
    assert queued([creeping], 3.2)[0] == 0
