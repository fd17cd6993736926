"""A junction drawn by hand for the meter's tests: vehicles and people by place on the road and zone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from simpang_edge.config import Camera
from simpang_edge.data import KINDS, Readings, Scene, Vehicles
from simpang_edge.meter import Meter, MeterSettings

from .meter_road import CORNERS, T0, Path, camera

KINDS_OF_ZONE = ("box_junction", "no_stopping", "carriageway", "crossing", "kerb", "exit", "access")
Zones = Callable[[float], frozenset[str]]


def zone(*kinds: str, from_s: float = -1e9, to_s: float = 1e9) -> Zones:
    """In zones of these kinds, between two times."""
    return lambda time_s: frozenset(kinds) if from_s <= time_s < to_s else frozenset()


@dataclass(frozen=True)
class Thing:
    """One vehicle or person; x_m over the seconds since T0, at y_m across. along: on the approach as well, in lane."""

    track: int
    x: Path
    zones: Zones
    kind: str = "car"
    y_m: float = 0.0
    along: Path | None = None
    lane: int = 1


def zoned_camera(*kinds: str, length_m: float = 80.0) -> Camera:
    """The camera of `meter_road` with one zone of each kind (of every kind when none is named)."""
    chosen = kinds or KINDS_OF_ZONE
    zones = [{"id": f"z-{kind.replace('_', '-')}", "kind": kind, "polygon": CORNERS[:3]} for kind in chosen]
    return Camera.model_validate({**camera(length_m=length_m).model_dump(), "zones": zones})


def zoned_meter(*kinds: str, length_m: float = 80.0, windows_s: tuple[int, ...] = (60,)) -> Meter:
    """A meter of that camera."""
    return Meter(zoned_camera(*kinds, length_m=length_m), MeterSettings(windows_s=windows_s))


def scene_frame(time_s: float, things: Iterable[Thing], kinds: tuple[str, ...]) -> Vehicles:
    """What ground and zones would say at this second after T0."""
    seen = [(thing, x_m) for thing in things if (x_m := thing.x(time_s)) is not None]
    on = [None if thing.along is None else thing.along(time_s) for thing, _ in seen]
    bits = [sum(1 << kinds.index(k) for k in thing.zones(time_s) if k in kinds) for thing, _ in seen]
    return Vehicles(
        time_s=T0 + time_s,
        id=np.array([thing.track for thing, _ in seen], np.int64),
        kind=np.array([KINDS.index(thing.kind) for thing, _ in seen], np.int64),
        xy_m=np.array([(x_m, thing.y_m) for thing, x_m in seen], np.float64).reshape(-1, 2),
        approach=np.array([-1 if place is None else 0 for place in on], np.int64),
        lane=np.array([-1 if p is None else t.lane for (t, _), p in zip(seen, on, strict=True)], np.int64),
        along_m=np.array([np.nan if place is None else place for place in on], np.float64),
        across_m=np.array([np.nan if place is None else 1.6 for place in on], np.float64),
        length_m=np.full(len(seen), np.nan),
        zones=np.array(bits, np.int64),
    )


def play(
    engine: Meter, things: Iterable[Thing], to_s: float, *kinds: str, from_s: float = 0.0, fps: float = 4.0
) -> Readings:
    """Frames up to and without `to_s`."""
    things, chosen = tuple(things), kinds or KINDS_OF_ZONE
    done = Readings()
    for i in range(round((to_s - from_s) * fps)):
        done += engine.update(scene_frame(from_s + i / fps, things, chosen))
    return done


def looks(engine: Meter, from_s: float, to_s: float, *flags: str, since_s: float | None = None) -> Readings:
    """Frames of an empty road with a look at the picture each second, each saying `flags`."""
    done = Readings()
    for i in range(round((to_s - from_s) * 4)):
        time_s = from_s + i / 4
        if i % 4 == 0:
            done += engine.note(Scene(T0 + time_s, flags, since_s=None if since_s is None else T0 + since_s))
        done += engine.update(scene_frame(time_s, (), KINDS_OF_ZONE))
    return done
