"""A road drawn by hand for the meter's tests: cars with positions over time, seen frame by frame."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from simpang_edge.config import Camera
from simpang_edge.data import KINDS, Measurement, Readings, Scope, Vehicles
from simpang_edge.meter import Meter, MeterSettings

T0 = 1_800_000_000.0
"""Start of the tests' time: a whole number of 900 s windows."""

GONE_S = 1.5
CORNERS = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))

Path = Callable[[float], float | None]


def path(*points: tuple[float, float]) -> Path:
    """Position over time, straight between (seconds, metres upstream) points; not in view outside them."""
    times, places = zip(*points, strict=True)

    def at(time_s: float) -> float | None:
        return float(np.interp(time_s, times, places)) if times[0] <= time_s <= times[-1] else None

    return at


@dataclass(frozen=True)
class Car:
    """One vehicle of a test; seconds count from T0."""

    track: int
    along: Path
    kind: str = "car"
    lane: int = 1
    across_m: float = 1.6
    length_m: float = float("nan")
    approach: int = 0


def camera(lanes: int = 2, length_m: float = 80.0, heading: str = "toward", limit_kmh: float | None = 36.0) -> Camera:
    """A camera with one approach of lanes 3.25 m wide, a pixel a metre; 36 km/h is 10 m/s."""
    edges_m = [3.25 * i for i in range(lanes + 1)]
    return Camera.model_validate(
        {
            "id": "utara",
            "source": "a.mp4",
            "calibration": {"points": [{"image": c, "road": c} for c in CORNERS]},
            "approaches": [
                {
                    "id": "utara",
                    "heading": heading,
                    "stop_line": [[0, 0], [edges_m[-1], 0]],
                    "lanes": [
                        {"id": i + 1, "polygon": [[a, 0], [b, 0], [b, length_m], [a, length_m]]}
                        for i, (a, b) in enumerate(pairwise(edges_m))
                    ],
                    "length_m": length_m,
                    "speed_limit_kmh": limit_kmh,
                }
            ],
        }
    )


def meter(*windows_s: int, **road: object) -> Meter:
    """A meter of one approach; 60 s windows unless told otherwise."""
    return Meter(camera(**road), MeterSettings(windows_s=windows_s or (60,)))  # type: ignore[arg-type]


def frame(time_s: float, cars: Iterable[Car], gone: Iterable[int] = ()) -> Vehicles:
    """What the ground stage would say at this second after T0."""
    seen = [(car, place) for car in cars if (place := car.along(time_s)) is not None]
    n = len(seen)
    return Vehicles(
        time_s=T0 + time_s,
        id=np.array([car.track for car, _ in seen], np.int64),
        kind=np.array([KINDS.index(car.kind) for car, _ in seen], np.int64),
        xy_m=np.zeros((n, 2)),
        approach=np.array([car.approach for car, _ in seen], np.int64),
        lane=np.array([car.lane for car, _ in seen], np.int64),
        along_m=np.array([place for _, place in seen], np.float64),
        across_m=np.array([car.across_m for car, _ in seen], np.float64),
        length_m=np.array([car.length_m for car, _ in seen], np.float64),
        gone=np.array(list(gone), np.int64),
    )


def drive(engine: Meter, cars: Iterable[Car], from_s: float, to_s: float, fps: float = 8.0) -> Readings:
    """Frames from `from_s` up to and without `to_s`; a car that left the view is gone 1.5 s later."""
    cars = tuple(cars)
    done = Readings()
    last_s: dict[int, float] = {}
    for i in range(round((to_s - from_s) * fps)):
        time_s = from_s + i / fps
        last_s |= {car.track: time_s for car in cars if car.along(time_s) is not None}
        gone = [track for track, seen_s in last_s.items() if time_s - seen_s > GONE_S]
        for track in gone:
            del last_s[track]
        done += engine.update(frame(time_s, cars, gone))
    return done


def measure(cars: Iterable[Car], to_s: float = 59.0, fps: float = 8.0, **road: object) -> Readings:
    """Everything that one meter says of these cars, from T0 until `to_s`, closed at the end."""
    engine = meter(**road)
    done = drive(engine, cars, 0.0, to_s, fps)
    return done + engine.finish(T0 + to_s)


def approach_row(done: Readings, index: int = 0) -> Measurement:
    """The row of the approach in one of the windows."""
    return [row for row in done.windows if row.scope is Scope.APPROACH][index]


def lane_row(done: Readings, lane: int = 1) -> Measurement:
    """The first row of a lane."""
    return next(row for row in done.windows if row.lane == lane)


def counted(done: Readings) -> int:
    """Vehicles of all kinds over the line, in all windows of the approach."""
    return sum(sum(row.counts or ()) for row in done.windows if row.scope is Scope.APPROACH)
