"""Which way vehicles go: over gates, by the shape of their path, late, and untraced."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from simpang_edge.config import Camera
from simpang_edge.data import KINDS, Measurement, Readings, Scope, Vehicles
from simpang_edge.meter import Meter, MeterSettings
from simpang_edge.meter.decisions import COUNTING, Decisions

# Seen from straight above: 10 px are 1 m, x to the right, y up the picture (400 px is y = 0). The approach lies
# north of its stop line at y = 20 m and leads south (toward the viewer), x from -4 to 4 m. Keeping left, lane 1 is
# in the east. Gates: west at x = -15 m, east at x = 15 m, south at y = -10 m.
T0 = 1_800_000_000.0
STOP_M = 20.0


def px(x_m: float, y_m: float) -> tuple[float, float]:
    """The picture of a road point."""
    return 400 + 10 * x_m, 400 - 10 * y_m


def camera(movements: list[dict[str, Any]], mirrored: bool = False, **approach: Any) -> Camera:
    """One approach, three gates, and these movements."""
    sign = -1 if mirrored else 1
    corners = [(-20, -20), (20, -20), (20, 60), (-20, 60)]
    lanes = [
        {"id": 1, "polygon": [px(0, 20), px(4, 20), px(4, 60), px(0, 60)]},
        {"id": 2, "polygon": [px(-4, 20), px(0, 20), px(0, 60), px(-4, 60)]},
    ]
    return Camera.model_validate(
        {
            "id": "cam",
            "source": "x.mp4",
            "calibration": {"points": [{"image": px(x, y), "road": (sign * x, y)} for x, y in corners]},
            "approaches": [
                {"id": "n", "stop_line": [px(-4, 20), px(4, 20)], "lanes": lanes, "length_m": 40, **approach}
            ],
            "gates": [
                {"id": "west", "line": [px(-15, -10), px(-15, 20)]},
                {"id": "east", "line": [px(15, -10), px(15, 20)], "kind": "both"},
                {"id": "south", "line": [px(-6, -10), px(6, -10)]},
            ],
            "movements": movements,
        }
    )


BY_GATE = [
    {"id": "n-left", "approach": "n", "turn": "left", "gate": "east"},
    {"id": "n-through", "approach": "n", "turn": "through", "gate": "south"},
    {"id": "n-right", "approach": "n", "turn": "right", "gate": "west"},
]
BY_SHAPE = [{"id": f"n-{turn}", "approach": "n", "turn": turn} for turn in ("left", "through", "right", "u_turn")]

Path = Callable[[float], tuple[float, float]]


def along(*corners: tuple[float, float], mps: float = 10.0) -> tuple[Path, float]:
    """A path through these points at constant speed, and how long it takes."""
    points = np.array(corners, np.float64)
    at_m = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])

    def place(time_s: float) -> tuple[float, float]:
        return float(np.interp(time_s * mps, at_m, points[:, 0])), float(np.interp(time_s * mps, at_m, points[:, 1]))

    return place, float(at_m[-1] / mps)


THROUGH = ((2, 50), (2, -15))
LEFT = ((2, 50), (2, 10), (4, 5), (18, 5))
RIGHT = ((-2, 50), (-2, 8), (-6, 2), (-18, 2))
U_TURN = ((-2, 50), (-2, 12), (-4, 9), (-6, 12), (-6, 40))


@dataclass
class Car:
    """One vehicle: its corners on the road and when it starts."""

    track: int
    corners: tuple[tuple[float, float], ...]
    start_s: float = 0.0
    kind: str = "car"
    until_s: float = math.inf
    path: Path = field(init=False)
    took_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.path, self.took_s = along(*self.corners)
        self.took_s = min(self.took_s, self.until_s)

    def seen(self, time_s: float) -> bool:
        """Whether it is in view."""
        return self.start_s <= time_s <= self.start_s + self.took_s


def frame(time_s: float, cars: Iterable[Car], gone: list[int], sign: int = 1) -> Vehicles:
    """What the ground stage would say: on the approach until 15 m past the line, beyond it on none."""
    seen = [car for car in cars if car.seen(time_s)]
    xy = np.array([car.path(time_s - car.start_s) for car in seen], np.float64).reshape(-1, 2)
    along_m = xy[:, 1] - STOP_M
    on = along_m >= -15
    n = len(seen)
    return Vehicles(
        time_s=T0 + time_s,
        id=np.array([car.track for car in seen], np.int64),
        kind=np.array([KINDS.index(car.kind) for car in seen], np.int64),
        xy_m=xy * (sign, 1),
        approach=np.where(on, 0, -1).astype(np.int64),
        lane=np.where(on, np.where(xy[:, 0] > 0, 1, 2), -1).astype(np.int64),
        along_m=np.where(on, along_m, np.nan),
        across_m=np.where(on, 4 - xy[:, 0], np.nan),
        length_m=np.full(n, np.nan),
        gone=np.array(gone, np.int64),
    )


def drive(engine: Meter, cars: list[Car], to_s: float, sign: int = 1, fps: float = 8) -> Readings:
    """Eight frames a second from T0, or so many; a vehicle is gone 1.5 s after it was last seen."""
    done = Readings()
    gone_at = {car.track: car.start_s + car.took_s + 1.5 for car in cars}
    for i in range(round(to_s * fps)):
        time_s = i / fps
        gone = [track for track, end_s in gone_at.items() if end_s <= time_s]
        for track in gone:
            del gone_at[track]
        done += engine.update(frame(time_s, cars, gone, sign))
    return done


def rows(
    cars: list[Car], movements: list[dict[str, Any]], mirrored: bool = False, fps: float = 8
) -> dict[str, Measurement]:
    """The movement rows of the first minute."""
    engine = Meter(camera(movements, mirrored), MeterSettings(windows_s=(60,)))
    done = drive(engine, cars, 58, -1 if mirrored else 1, fps) + engine.finish(T0 + 58)
    return {row.movement or "": row for row in done.windows if row.scope is Scope.MOVEMENT}


def counts(found: dict[str, Measurement]) -> dict[str, int]:
    """Vehicles of all kinds by movement."""
    return {name: sum(row.counts or ()) for name, row in found.items()}


def test_a_movement_that_is_the_only_one_says_that_its_share_is_none() -> None:
    """Of three that cross only the through one is known: 1 of the 1 traced, 1 of the 3 that crossed."""
    (row,) = rows(MIXED[1:], BY_GATE[1:2]).values()
    assert (row.turn_share_ratio, row.traced_ratio) == (1.0, pytest.approx(1 / 3))
    assert "one_movement" in row.quality.flags
    assert all("one_movement" not in one.quality.flags for one in rows(MIXED, BY_GATE).values())


MIXED = [
    Car(1, THROUGH), Car(2, THROUGH, 5.0, "motorcycle"), Car(3, LEFT, 10.0), Car(4, RIGHT, 15.0, "truck"),
]  # fmt: skip


def test_movements_are_counted_by_class_over_gates() -> None:
    """Two through (one of them a motorcycle), one left, one truck right."""
    found = rows(MIXED, BY_GATE)
    assert counts(found) == {"n-left": 1, "n-through": 2, "n-right": 1}
    assert found["n-through"].counts == (1, 1, 0, 0, 0, 0, 0)
    assert found["n-right"].counts == (0, 0, 0, 1, 0, 0, 0)


def test_turn_shares_are_shares_of_the_traced() -> None:
    """Of five that cross, four are traced: shares 1/4, 2/4, 1/4, traced 4/5. The fifth ends 6 m past the line."""
    lost = Car(5, THROUGH, 20.0, until_s=3.6)  # 50 - 36 = 14 m
    found = rows([*MIXED, lost], BY_GATE)
    assert [found[name].turn_share_ratio for name in ("n-left", "n-through", "n-right")] == [0.25, 0.5, 0.25]
    assert {row.traced_ratio for row in found.values()} == {0.8}
    assert found["n-through"].flow_vps == pytest.approx(2 / 57.875)


@pytest.mark.parametrize("mirrored", [False, True])
def test_without_a_gate_the_shape_of_the_path_tells(mirrored: bool) -> None:
    """A right turn changes the heading to the right, in either handedness of the road's axes."""
    cars = [*MIXED, Car(5, U_TURN, 20.0)]
    assert counts(rows(cars, BY_SHAPE, mirrored)) == {"n-left": 1, "n-through": 2, "n-right": 1, "n-u_turn": 1}


@pytest.mark.parametrize(("kerb_left", "turned"), [(True, 0), (False, 1)])
def test_where_one_keeps_right_one_turns_round_by_the_left(kerb_left: bool, turned: int) -> None:
    """The U-turn of above seen in a mirror, 180 degrees to the left: one where lane 1 is on the right of the traffic,
    which comes down the picture, so in the west; where it is in the east nobody turns like that."""
    lanes = [
        {"id": 1 if kerb_left is east else 2, "polygon": [px(x, 20), px(x + 4, 20), px(x + 4, 60), px(x, 60)]}
        for x, east in ((0, True), (-4, False))
    ]
    engine = Meter(camera(BY_SHAPE, lanes=lanes), MeterSettings(windows_s=(60,)))
    done = drive(engine, [Car(1, tuple((-x, y) for x, y in U_TURN))], 30) + engine.finish(T0 + 30)
    found = {row.movement or "": row for row in done.windows if row.scope is Scope.MOVEMENT}
    assert counts(found) == {"n-left": 0, "n-through": 0, "n-right": 0, "n-u_turn": turned}


def test_few_pictures_show_the_same_turns() -> None:
    """At 2 pictures a second a vehicle goes 5 m between two: its heading is that of the last one."""
    found = rows(MIXED, BY_SHAPE, fps=2)
    assert counts(found) == {"n-left": 1, "n-through": 2, "n-right": 1, "n-u_turn": 0}


def test_too_few_pictures_tell_no_turns() -> None:
    """At 1.5 pictures a second, 0.67 s apart, nothing is told of movements, and the flag says why."""
    found = rows(MIXED, BY_SHAPE, fps=1.5)
    assert {row.counts for row in found.values()} == {None}
    assert {row.quality.flags for row in found.values()} == {("low_rate",)}


def test_a_box_that_trembles_before_the_line_turns_nothing() -> None:
    """Its corners go once around a square with a side of 1.6 m (1.2 m across, 1 m along) while it waits: 360 degrees,
    which are beyond every turn. It drives straight on."""
    there = (2, 20.5)
    trembles = ((2, 50), there, (3.2, 21.5), (2, 22.7), (0.8, 21.5), there, (2, -15))
    assert counts(rows([Car(1, trembles)], BY_SHAPE)) == {"n-left": 0, "n-through": 1, "n-right": 0, "n-u_turn": 0}


def test_a_track_that_ends_in_the_junction_has_shown_no_exit() -> None:
    """It ends 6 m past the line, still straight: no movement, not even through."""
    found = rows([Car(1, THROUGH, until_s=3.6)], BY_SHAPE)
    assert counts(found) == {"n-left": 0, "n-through": 0, "n-right": 0, "n-u_turn": 0}
    assert found["n-through"].traced_ratio == 0.0
    assert found["n-through"].turn_share_ratio is None


def test_the_side_of_the_picture_tells_two_exits_apart() -> None:
    """To the left of the viewer is west, where traffic from the north turns right."""
    sides = [
        {"id": "west", "approach": "n", "turn": "right", "leaves": "left"},
        {"id": "east", "approach": "n", "turn": "left", "leaves": "right"},
        {"id": "south", "approach": "n", "turn": "through", "leaves": "bottom"},
    ]
    assert counts(rows(MIXED, sides)) == {"west": 1, "east": 1, "south": 2}


def test_cross_traffic_over_a_gate_is_no_movement() -> None:
    """It never crossed the stop line."""
    assert counts(rows([Car(1, ((-20, 5), (20, 5)))], BY_GATE)) == {"n-left": 0, "n-through": 0, "n-right": 0}


def test_a_gate_passed_twice_counts_once() -> None:
    """Over the south gate, back and over it again: the first exit stands."""
    there_and_back = ((2, 50), (2, -15), (2, -5), (2, -15))
    assert counts(rows([Car(1, there_and_back)], BY_GATE))["n-through"] == 1


def test_a_movement_belongs_to_the_window_of_its_crossing() -> None:
    """It crosses at 59 s (from y = 50 m at 56 s) and passes the gate at 62 s: the first minute has it, none is late."""
    engine = Meter(camera(BY_GATE), MeterSettings(windows_s=(60,)))
    done = drive(engine, [Car(1, THROUGH, 56.0)], 130) + engine.finish(T0 + 130)
    through = [row for row in done.windows if row.movement == "n-through"]
    assert [sum(row.counts or ()) for row in through] == [1, 0, 0]
    assert [row.late for row in through] == [0, 0, 0]


def test_a_movement_that_takes_too_long_counts_as_late() -> None:
    """Windows are kept open for 1 s here: at 62 s the first minute is closed, so the second says one came late."""
    engine = Meter(camera(BY_GATE), MeterSettings(windows_s=(60,), move_grace_s=1.0))
    done = drive(engine, [Car(1, THROUGH, 56.0)], 130) + engine.finish(T0 + 130)
    through = [row for row in done.windows if row.movement == "n-through"]
    assert [sum(row.counts or ()) for row in through] == [0, 0, 0]
    assert [row.late for row in through] == [0, 1, 0]


def test_without_movements_there_are_no_movement_rows() -> None:
    """Nor is anybody followed."""
    engine = Meter(camera([]), MeterSettings(windows_s=(60,)))
    done = drive(engine, MIXED, 58) + engine.finish(T0 + 58)
    assert {row.scope for row in done.windows} == {Scope.APPROACH, Scope.LANE}


def test_movement_rows_are_unknown_where_nothing_was_seen() -> None:
    """A minute without a frame has no counts, no share, no state."""
    engine = Meter(camera(BY_GATE), MeterSettings(windows_s=(60,)))
    done = drive(engine, [], 10) + engine.advance(T0 + 140)
    row = [row for row in done.windows if row.movement == "n-left"][1]
    assert (row.counts, row.turn_share_ratio, row.traced_ratio, row.flow_vps) == (None, None, None, None)
    assert row.state.value == "unknown"


def test_what_is_kept_of_a_path_goes_with_the_vehicle() -> None:
    """After 200 vehicles nothing is left, also not of those whose end was never told."""
    engine = Meter(camera(BY_GATE), MeterSettings(windows_s=(60,)))
    drive(engine, [Car(i, THROUGH, i * 0.5) for i in range(1, 200)], 125)
    assert len(engine._moves) == 0
    forgotten = Meter(camera(BY_GATE), MeterSettings(windows_s=(60,)))
    for i in range(24):
        forgotten.update(frame(i / 8, [Car(1, ((2, 22), (2, 2)))], []))
    assert len(forgotten._moves) == 1
    forgotten.update(frame(40.0, [], []))
    assert len(forgotten._moves) == 0


# The motorcycle box reaches from the stop line (y = 20 m) to y = 14 m, so motorcycles cross 6 m past the line.
RHK = {"motorcycle_box": [px(-4, 20), px(4, 20), px(4, 14), px(-4, 14)]}


def waiting(kind: str, stop_m: float, to_s: float) -> Measurement:
    """A vehicle drives to y = `stop_m` and stands there until the end: the approach's row."""
    engine = Meter(camera([], **RHK), MeterSettings(windows_s=(60,)))
    path, took_s = along((2, 50), (2, stop_m))
    car = Car(1, ((2, 50), (2, stop_m)), kind=kind)
    car.path, car.took_s = (lambda time_s: path(min(time_s, took_s))), to_s
    done = drive(engine, [car], to_s) + engine.finish(T0 + to_s)
    return next(row for row in done.windows if row.scope is Scope.APPROACH)


def test_a_motorcycle_in_its_box_waits_and_has_not_crossed() -> None:
    """It stands 4 m past the line, 2 m before the box's far edge: queued, not counted."""
    row = waiting("motorcycle", 16.0, 30.0)
    assert sum(row.counts or ()) == 0
    assert row.queue_max_vehicles == 1


def test_a_car_in_the_box_has_crossed() -> None:
    """The box is for motorcycles; a car 4 m past the line is over it."""
    row = waiting("car", 16.0, 30.0)
    assert sum(row.counts or ()) == 1
    assert row.queue_max_vehicles == 0


def test_a_motorcycle_crosses_at_the_far_edge_of_its_box() -> None:
    """At 10 m/s from y = 50 m it is at 14 m after 3.6 s, where a car is over the line after 3.0 s."""
    times = {}
    for kind in ("motorcycle", "car"):
        decisions = Decisions()
        drive(Meter(camera([], **RHK), decisions=decisions), [Car(1, THROUGH, kind=kind)], 8)
        times[kind] = next(one.time_s for one in decisions.made if one.rule in COUNTING) - T0
    assert times == pytest.approx({"motorcycle": 3.6, "car": 3.0}, abs=0.01)


@pytest.mark.parametrize(
    ("corners", "told"),
    [
        pytest.param(THROUGH, None, id="straight so far"),
        pytest.param(LEFT, "n-left", id="has turned"),
    ],
)
def test_a_turn_that_the_end_cuts_off_is_not_guessed(
    corners: tuple[tuple[float, float], ...], told: str | None
) -> None:
    """The camera stops while the vehicle is in the middle of the picture: 4.5 s at 10 m/s are 45 m, so the straight one
    is 15 m past its line and may turn yet; the left one is 3 m east of the corner it turned at."""
    engine = Meter(camera(BY_SHAPE), MeterSettings(windows_s=(60,), min_observed_s=3))
    done = drive(engine, [Car(1, corners)], 4.5 if told is None else 5.2) + engine.finish(T0 + 5.2)
    moved = {row.movement for row in done.windows if row.scope is Scope.MOVEMENT and row.counts and any(row.counts)}
    assert moved == ({told} if told else set())


def test_a_box_that_the_border_cuts_says_nothing_of_the_turn() -> None:
    """A long bus drives straight out of the picture: its lower edge is cut at y = 2 m while its box still slides 3 m to
    the side. It went straight."""
    bus = Car(1, ((2, 50), (2, 2), (5, 2)), kind="bus")
    engine, done = Meter(camera(BY_SHAPE), MeterSettings(windows_s=(60,), min_observed_s=3)), Readings()
    for i in range(7 * 8):
        seen = frame(i / 8, [bus], [1] if i == 7 * 8 - 1 else [])
        done += engine.update(replace(seen, cut=seen.xy_m[:, 1] <= 2.0))
    done += engine.finish(T0 + 7)
    moved = {row.movement for row in done.windows if row.scope is Scope.MOVEMENT and row.counts and any(row.counts)}
    assert moved == {"n-through"}
