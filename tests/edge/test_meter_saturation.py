"""Degree of saturation, capacity and green of hand-made traffic at a signal, through the whole meter."""

import numpy as np
import pytest
from simpang_edge.config import Camera
from simpang_edge.data import Measurement, Readings, Scope
from simpang_edge.meter import Meter, MeterSettings

from .meter_road import T0, Car, Path, camera, drive

STEP_S = 0.1
SPEED_MPS = 10.0
SPACING_M = 6.0
REACTION_S = 1.4
"""Newell's car following: each car is where the one ahead was 1.4 s before, 6 m behind: headway 1.4 + 6/10 = 2.0 s."""


def traffic(arrivals_s: list[float], cycle_s: float, green_s: float, to_s: float) -> list[Car]:
    """One lane of cars that would be at the line at these seconds; green from each whole cycle on."""
    times = np.arange(-40.0, to_s, STEP_S)
    red = (times % cycle_s >= green_s) | (times < 0)
    lag = round(REACTION_S / STEP_S)
    cars, ahead = [], np.full(len(times), -np.inf)
    for number, arrival_s in enumerate(arrivals_s):
        place = (arrival_s - times) * SPEED_MPS
        follow = np.concatenate([np.full(lag, -np.inf), ahead[:-lag] + SPACING_M])
        for i in range(1, len(times)):
            free = max(place[i - 1] - SPEED_MPS * STEP_S, follow[i])
            place[i] = max(free, 1.0) if red[i] and place[i - 1] >= 1.0 else free
        ahead = place
        cars.append(Car(number + 1, seen(times, place)))
    return cars


def seen(
    times: "np.ndarray[tuple[int], np.dtype[np.float64]]", place: "np.ndarray[tuple[int], np.dtype[np.float64]]"
) -> Path:
    """Where a car is while it is on the measured 200 m or up to 14 m past the line."""

    def along(time_s: float) -> float | None:
        where_m = float(np.interp(time_s, times, place))
        return where_m if -14 < where_m < 195 else None

    return along


def road() -> Camera:
    """One lane of 3 m: J0 = 600 * 3 = 1800 smp/h; 200 m in view."""
    content = camera(lanes=1, length_m=200.0).model_dump()
    approach = content["approaches"][0] | {"entry_width_m": 3.0}
    return Camera.model_validate(content | {"approaches": [approach]})


def approach_rows(done: Readings, length_s: int) -> list[Measurement]:
    """Windows of the approach of one length, by time."""
    rows = [row for row in done.windows if row.scope is Scope.APPROACH]
    return [row for row in rows if row.to_s - row.from_s == length_s]


def driven(cars: list[Car], to_s: float) -> Readings:
    """What a meter with windows of 60 and 300 s says of them."""
    engine = Meter(road(), MeterSettings(windows_s=(60, 300)))
    return drive(engine, cars, -30, to_s, fps=5) + engine.finish(T0 + to_s)


def test_a_growing_queue_is_over_capacity() -> None:
    """Cycle 60 s, green 20 s: cars cross 0.1, 2.1, … 18.1 s after green: 10 a cycle, 600 an hour. 13 come: DJ 1.3.

    0.1 either way, for the residual is in whole vehicles and a queue that grows upstream is met a little earlier.
    """
    done = driven(traffic([60 / 13 * i - 30 for i in range(85)], 60, 20, 362), 362)
    row = approach_rows(done, 300)[1]
    assert row.capacity_smps == pytest.approx(10 / 60, rel=0.01)
    assert row.dj == pytest.approx(1.3, abs=0.1)
    assert not {"capacity_lower_bound", "green_lower_bound"} & set(row.quality.flags)


def test_what_was_served_was_not_over_capacity() -> None:
    """Cycle 90 s, green 30 s: 15 could cross, 13 come, none stays: DJ 13/15 = 0.87. The green shows only as far as the
    last of them, so capacity is a lower bound and DJ lies between 0.87 and 1, alike in each minute that tells a cycle;
    minutes without a whole one have none.
    """
    come_s = [90.0 * k - 58 + 6 * j for k in range(6) for j in range(15) if j not in (1, 3)]
    done = driven(traffic(come_s, 90, 30, 482), 482)
    minutes = [row for row in approach_rows(done, 60)[4:] if row.counts is not None]
    degrees = [row.dj for row in minutes if row.dj is not None]
    assert len(degrees) == 3
    assert all(0.86 <= dj <= 1.0 for dj in degrees)
    assert max(degrees) - min(degrees) < 0.02
    assert all((row.dj is None) == (not row.cycles) == ("no_whole_cycle" in row.quality.flags) for row in minutes)
    assert all("capacity_lower_bound" in row.quality.flags for row in minutes if row.capacity_smps)
