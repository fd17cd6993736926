"""Tracker: one vehicle, one number — at low and changing frame rates, through gaps, beside others."""

from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simpang_edge.data import KINDS, Detections, Tracks
from simpang_edge.tracker import Tracker

CAR, MOTORCYCLE, BUS, TRUCK, PERSON = (KINDS.index(k) for k in ("car", "motorcycle", "bus", "truck", "person"))
Box = tuple[float, float, float, float]


def seen(
    time_s: float, boxes: Sequence[Box], kinds: Sequence[int] | None = None, scores: Sequence[float] | None = None
) -> Detections:
    """Detections of cars at 0.9 unless said otherwise."""
    return Detections(
        time_s,
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(scores or [0.9] * len(boxes), np.float32),
        np.array(kinds or [CAR] * len(boxes), np.int64),
    )


def at(x_px: float, y_px: float, width_px: float = 80, height_px: float = 60) -> Box:
    """A box with this centre."""
    return (x_px - width_px / 2, y_px - height_px / 2, x_px + width_px / 2, y_px + height_px / 2)


def run(tracker: Tracker, frames: Iterable[Detections]) -> list[Tracks]:
    """All frames through one tracker."""
    return [tracker.update(frame) for frame in frames]


def ids(tracks: list[Tracks]) -> set[int]:
    """Every id that appeared."""
    return {number for frame in tracks for number in frame.id.tolist()}


@pytest.mark.parametrize("fps", [5, 8, 12.5, 25])
@pytest.mark.parametrize(
    "speed_px",
    [pytest.param(60, id="slow"), pytest.param(400, id="boxes apart at 5 fps"), pytest.param(0, id="stands")],
)
def test_a_vehicle_at_constant_speed_keeps_one_id_at_every_frame_rate(fps: float, speed_px: float) -> None:
    """At 400 px/s and 5 fps an 80 px car moves its own length between frames, so its boxes never overlap."""
    tracks = run(Tracker(), [seen(i / fps, [at(50 + speed_px * i / fps, 300)]) for i in range(round(3 * fps))])
    assert ids(tracks) == {1}
    assert all(len(frame) == 1 for frame in tracks[2:])


@pytest.mark.parametrize(("fps", "speed_px"), [(2.0, 200), (1.5, 150), (1.25, 120)])
def test_few_pictures_are_not_out_of_sight(fps: float, speed_px: float) -> None:
    """An 80 px car that moves 96 to 100 px between two pictures 0.5 to 0.8 s apart was missed in none of them."""
    tracks = run(Tracker(), [seen(i / fps, [at(50 + speed_px * i / fps, 300)]) for i in range(8)])
    assert ids(tracks) == {1}
    assert all(len(frame) == 1 for frame in tracks[2:])


def test_two_columns_at_low_rate_keep_their_own_ids() -> None:
    """Two lanes 70 px apart in opposite directions, three cars each, at 6 fps: six ids, each in its own lane."""
    frames = []
    for i in range(18):
        right = [at(100 + 200 * n + 180 * i / 6, 300) for n in range(3)]
        left = [at(900 - 200 * n - 180 * i / 6, 370) for n in range(3)]
        frames.append(seen(i / 6, right + left))
    tracks = run(Tracker(), frames)
    lanes = {(number, box[1] > 300) for f in tracks for number, box in zip(f.id.tolist(), f.xyxy_px, strict=True)}
    assert len(lanes) == len(ids(tracks)) == 6


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_uneven_time_and_lost_frames_change_no_id(seed: int) -> None:
    """Frames 0.06 to 0.2 s apart, one in ten without any detection, boxes off by 2 px: still one id per car.

    The cars move at 90 px/s, 150 px apart.
    """
    rng = np.random.default_rng(seed)
    time_s, frames = 100.0, []
    for _ in range(40):
        time_s += rng.uniform(0.06, 0.2)
        cars = [at(*(np.array([60 + 150 * n + 90 * (time_s - 100), 200]) + rng.normal(0, 2, 2))) for n in range(3)]
        frames.append(seen(time_s, [] if rng.random() < 0.1 else cars))
    assert ids(run(Tracker(), frames)) == {1, 2, 3}


def test_half_a_second_behind_something_keeps_the_id() -> None:
    """Seen for 1 s, hidden for 0.5 s while it drives on at 120 px/s, seen again."""
    frames = [seen(i / 10, [] if 10 <= i < 15 else [at(100 + 12 * i, 200)]) for i in range(25)]
    tracks = run(Tracker(), frames)
    assert ids(tracks) == {1}
    assert tracks[12].gone.tolist() == []


def test_a_vehicle_unseen_for_long_ends_once_and_its_number_is_never_used_again() -> None:
    """Hidden for 2 s (limit 1.5 s): its id is reported gone once, and who comes then has another id."""
    frames = [seen(i / 10, [] if 10 <= i < 30 else [at(100, 200)]) for i in range(40)]
    tracks = run(Tracker(), frames)
    assert [number for frame in tracks for number in frame.gone.tolist()] == [1]
    assert ids(tracks) == {1, 2}


def test_a_single_false_detection_is_never_shown() -> None:
    """One detection, then nothing: no track, no id spent, nothing reported gone."""
    tracker = Tracker()
    tracks = run(tracker, [seen(0.0, [at(100, 100)]), *(seen(i / 10, []) for i in range(1, 20))])
    assert ids(tracks) == set()
    assert all(len(frame.gone) == 0 for frame in tracks)
    later = run(tracker, [seen(2 + i / 10, [at(500, 300)]) for i in range(5)])
    assert ids(later) == {1}


def test_weak_detections_continue_a_track_but_begin_none() -> None:
    """Scores fall to 0.2 for a second on one car; another is never better than 0.2."""
    frames = [
        seen(i / 10, [at(100 + 5 * i, 100), at(600, 300)], scores=[0.2 if 10 <= i < 20 else 0.8, 0.2])
        for i in range(30)
    ]
    tracks = run(Tracker(), frames)
    assert ids(tracks) == {1}
    assert all(len(frame) == 1 for frame in tracks[2:])


def test_weak_detections_alone_do_not_keep_a_track() -> None:
    """A car is surely seen for 2 s and then found at 0.3 only: it is followed for `weak_s` (2 s) more, then it has
    gone. A shadow in its place would be followed for ever."""
    frames = [seen(i / 10, [at(100, 100)], scores=[0.8 if i < 20 else 0.3]) for i in range(80)]
    tracks = run(Tracker(), frames)
    shown_s = [frame.time_s for frame in tracks if len(frame)]
    assert max(shown_s) == pytest.approx(1.9 + 2.0, abs=0.11)
    assert [number for frame in tracks for number in frame.gone.tolist()] == [1]


def test_a_weak_second_box_on_a_vehicle_keeps_no_lost_track() -> None:
    """Two motorcycles stand side by side; one leaves, and from then on there is a second, weaker box on the other: 22
    by 36 px, 2 px aside, around its 14 by 31 px (434 of 792 px² shared: IoU 0.55). One of them is there."""
    left, right, second = at(400, 200, 14, 31), at(422, 200, 22, 36), at(402, 200, 22, 36)
    frames = [seen(i / 10, [left, right], [MOTORCYCLE] * 2) for i in range(10)]
    frames += [seen(1 + i / 10, [left, second], [MOTORCYCLE] * 2, [0.7, 0.5]) for i in range(30)]
    tracks = run(Tracker(), frames)
    assert tracks[9].id.tolist() == [1, 2]
    assert tracks[-1].id.tolist() == [1]
    assert ids(tracks) == {1, 2}


def test_a_box_of_another_kind_in_the_same_place_is_the_same_vehicle() -> None:
    """A motorcycle at 0.8 that is called a car at 0.6 in the same frame, in all frames: one track."""
    frames = [
        seen(i / 10, [at(100 + 5 * i, 200, 30, 60), at(102 + 5 * i, 200, 34, 60)], [MOTORCYCLE, CAR], [0.8, 0.6])
        for i in range(20)
    ]
    tracks = run(Tracker(), frames)
    assert ids(tracks) == {1}
    assert tracks[-1].kind.tolist() == [MOTORCYCLE]


def test_two_vehicles_found_equally_well_stay_two() -> None:
    """Two motorcycles abreast, 12 px apart and 30 wide (18 of 42 px shared: IoU 0.43), both at 0.8: two tracks."""
    frames = [
        seen(i / 10, [at(100 + 5 * i, 200, 30, 60), at(112 + 5 * i, 200, 30, 60)], [MOTORCYCLE] * 2, [0.8, 0.8])
        for i in range(20)
    ]
    assert ids(run(Tracker(), frames)) == {1, 2}


def test_a_second_box_on_the_same_vehicle_begins_no_second_track() -> None:
    """A truck box at 0.5 that covers the car's box by 2/3 (64 of 96 px wide: IoU 64/96) in every frame."""
    frames = [seen(i / 10, [at(100 + 8 * i, 200), at(116 + 8 * i, 200)], [CAR, TRUCK], [0.9, 0.5]) for i in range(20)]
    assert ids(run(Tracker(), frames)) == {1}


def test_a_motorcycle_in_front_of_a_car_is_its_own_vehicle() -> None:
    """A motorcycle's box lies wholly within the box of the car behind it, both moving: two ids, two kinds."""
    frames = [
        seen(i / 10, [at(300 + 6 * i, 200, 160, 120), at(310 + 6 * i, 220, 34, 72)], [CAR, MOTORCYCLE])
        for i in range(20)
    ]
    last = run(Tracker(), frames)[-1]
    assert sorted(last.kind.tolist()) == [MOTORCYCLE, CAR]


def test_a_box_around_a_group_of_cars_is_no_vehicle() -> None:
    """A weaker "truck" box of 600 × 400 px (240 000 px²) around two cars of 80 × 60 (4 800 px²): two ids, two cars."""
    frames = [
        seen(
            i / 10,
            [at(200 + 6 * i, 200), at(400 + 6 * i, 220), at(350, 250, 600, 400)],
            [CAR, CAR, TRUCK],
            [0.9, 0.9, 0.6],
        )
        for i in range(20)
    ]
    tracks = run(Tracker(), frames)
    assert ids(tracks) == {1, 2}
    assert tracks[-1].kind.tolist() == [CAR, CAR]


def test_the_kind_is_voted_by_score() -> None:
    """Two frames say truck at 0.55, then ten say car at 0.9: car, and the id did not change."""
    kinds = [TRUCK] * 2 + [CAR] * 10  # votes 2 · 0.55 = 1.1 for truck, 10 · 0.9 = 9 for car
    frames = [seen(i / 10, [at(100 + 5 * i, 200)], [k], [0.55 if k == TRUCK else 0.9]) for i, k in enumerate(kinds)]
    tracks = run(Tracker(), frames)
    assert ids(tracks) == {1}
    assert tracks[-1].kind.tolist() == [CAR]


def test_a_person_beside_a_stopping_bus_does_not_take_its_track() -> None:
    """The bus leaves the picture's detections and a person stands where it was: the bus's id is not given to it."""
    bus = [seen(i / 10, [at(300, 200, 200, 150)], [BUS]) for i in range(10)]
    person = [seen(1 + i / 10, [at(300, 220, 25, 70)], [PERSON]) for i in range(10)]
    tracks = run(Tracker(), [*bus, *person])
    assert {n for frame in tracks[10:] for n in frame.id.tolist()} == {2}


def test_a_standing_queue_stays_tracked_through_a_red_light() -> None:
    """Five cars stand for 60 s at 8 fps with 1 px of noise: five ids, all seen in the last frame."""
    rng = np.random.default_rng(5)
    places = [(100 + 110 * n, 300) for n in range(5)]
    frames = [seen(i / 8, [at(*(np.array(p) + rng.normal(0, 1, 2))) for p in places]) for i in range(480)]
    tracks = run(Tracker(), frames)
    assert ids(tracks) == set(tracks[-1].id.tolist()) == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("jump_s", [pytest.param(2.5, id="gap"), pytest.param(-3600.0, id="clock set back")])
def test_a_jump_in_time_ends_all_tracks(jump_s: float) -> None:
    """After a gap of more than 2 s or a step back nothing is carried over: ids are gone, new ones begin."""
    tracker = Tracker()
    run(tracker, [seen(1000 + i / 10, [at(100, 100), at(300, 100)]) for i in range(5)])
    after = run(tracker, [seen(1000.4 + jump_s + i / 10, [at(100, 100), at(300, 100)]) for i in range(3)])
    assert after[0].gone.tolist() == [1, 2]
    assert ids(after) == {3, 4}


def test_two_trackers_number_on_their_own() -> None:
    """Ids belong to an instance: both trackers begin at 1."""
    first, second = Tracker(), Tracker()
    frames = [seen(i / 10, [at(100, 100)]) for i in range(5)]
    assert ids(run(first, frames)) == ids(run(second, frames)) == {1}


def test_every_id_that_ends_was_shown_and_ends_once() -> None:
    """Cars come and go for a minute; in the end every shown id is reported gone exactly once."""
    frames = []
    for i in range(700):
        cars = [at((i - 40 * n) * 12.0, 200) for n in range(15) if 0 <= (i - 40 * n) * 12 <= 900]
        frames.append(seen(i / 10, cars))
    tracks = run(Tracker(), frames)
    gone = [number for frame in tracks for number in frame.gone.tolist()]
    assert sorted(gone) == sorted(ids(tracks)) == list(range(1, 16))


def test_empty_frames_are_fine() -> None:
    """No detection at all gives tracks of length zero."""
    tracks = run(Tracker(), [seen(i / 10, []) for i in range(3)])
    assert [len(frame) for frame in tracks] == [0, 0, 0]
