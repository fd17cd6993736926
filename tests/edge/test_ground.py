"""Ground: pixels to metres, distances to the stop line, lanes, and what is refused."""

from typing import Any

import numpy as np
import pytest
from simpang_edge.config import Camera
from simpang_edge.data import KINDS, Tracks
from simpang_edge.errors import ConfigurationError
from simpang_edge.ground import Ground
from simpang_edge.plane import fit_plane, inside

# A camera looking along a straight road, worked out by hand. Road: x to the right, y away from the camera, metres.
# Picture: u = 400 + 1000·x/(y+10), v = 200 + 4000/(y+10), so the horizon is v = 200 and
# y = 4000/(v−200) − 10, x = (u−400)·(y+10)/1000.


def pixel(x_m: float, y_m: float) -> tuple[float, float]:
    """The camera's picture of a road point, from the formula above."""
    return 400 + 1000 * x_m / (y_m + 10), 200 + 4000 / (y_m + 10)


CORNERS = [(-4.0, 0.0), (4.0, 0.0), (4.0, 40.0), (-4.0, 40.0)]


def lane(number: int, left_m: float, right_m: float, near_m: float = 10.0) -> dict[str, Any]:
    """A lane between two distances from the middle, from `near_m` to 40 m away from the camera."""
    outline = [(left_m, near_m), (right_m, near_m), (right_m, 40), (left_m, 40)]
    return {"id": number, "polygon": [pixel(*p) for p in outline]}


def camera(lanes: list[dict[str, Any]], points: list[tuple[float, float]] | None = None, **more: Any) -> Camera:
    """Traffic comes toward the camera; the stop line is 10 m away, from x = −4 m to x = 4 m."""
    corners = points or CORNERS
    approach = {"id": "north", "stop_line": [pixel(-4, 10), pixel(4, 10)], "lanes": lanes, "length_m": 30}
    pairs = [{"image": pixel(*p), "road": p} for p in corners]
    return Camera.model_validate(
        {"id": "cam", "source": "x.mp4", "calibration": {"points": pairs}, "approaches": [approach], **more}
    )


def standing_at(*road: tuple[float, float], gone: tuple[int, ...] = (), first_id: int = 1) -> Tracks:
    """Persons (they have no overhang) whose boxes, 40 px by 30, have their bottom middle at these road points."""
    contact = np.array([pixel(*p) for p in road], np.float64).reshape(-1, 2)
    boxes = np.column_stack([contact[:, 0] - 20, contact[:, 1] - 30, contact[:, 0] + 20, contact[:, 1]])
    ids = np.arange(first_id, first_id + len(road), dtype=np.int64)
    kinds = np.full(len(road), KINDS.index("person"))
    return Tracks(0.0, ids, boxes.astype(np.float32), kinds, np.array(gone, np.int64))


TWO_LANES = [lane(1, 0, 4), lane(2, -4, 0)]


def test_a_box_stands_where_its_bottom_middle_is() -> None:
    """The contact point, not the centre, goes through the homography."""
    vehicles = Ground(camera(TWO_LANES)).locate(standing_at((2, 20), (-1, 35)))
    # float32 boxes: one unit in the last place of 545 px is 6e-5 px, about 1e-3 m at 35 m
    np.testing.assert_allclose(vehicles.xy_m, [[2, 20], [-1, 35]], atol=2e-3)


def test_distances_are_from_the_stop_line_and_from_the_kerb() -> None:
    """Along is upstream of the stop line at y = 10 m; across is from the end beside lane 1, at x = 4 m."""
    vehicles = Ground(camera(TWO_LANES)).locate(standing_at((2, 20), (-1, 35)))
    np.testing.assert_allclose(vehicles.along_m, [20 - 10, 35 - 10], atol=2e-3)
    np.testing.assert_allclose(vehicles.across_m, [4 - 2, 4 + 1], atol=2e-3)
    assert vehicles.lane.tolist() == [1, 2]
    assert vehicles.approach.tolist() == [0, 0]


def test_a_single_lane_has_its_kerb_on_the_left_hand_of_traffic() -> None:
    """Coming toward the camera and keeping left, the kerb is on the picture's right: across is 4 − x."""
    vehicles = Ground(camera([lane(1, -4, 4)])).locate(standing_at((1, 20)))
    assert vehicles.across_m[0] == pytest.approx(4 - 1, abs=2e-3)


def test_a_mirrored_road_frame_has_the_same_kerb() -> None:
    """With road x counted to the left instead, the kerb is still on the picture's right."""
    pairs = [{"image": pixel(x, y), "road": (-x, y)} for x, y in CORNERS]
    mirrored = camera([lane(1, -4, 4)], calibration={"points": pairs})
    assert Ground(mirrored).locate(standing_at((1, 20))).across_m[0] == pytest.approx(4 - 1, abs=2e-3)


def test_a_vehicle_outside_all_lanes_has_no_approach() -> None:
    """Six metres to the right is beyond the road's edge at 4 m: approach and lane -1, distances unknown."""
    vehicles = Ground(camera(TWO_LANES)).locate(standing_at((6, 20)))
    assert vehicles.approach.tolist() == [-1]
    assert vehicles.lane.tolist() == [-1]
    assert np.isnan(vehicles.along_m[0])
    assert np.isnan(vehicles.across_m[0])
    assert vehicles.xy_m[0] == pytest.approx([6, 20], abs=2e-3)


def test_a_vehicle_keeps_its_approach_past_the_stop_line_and_its_lane_by_the_kerb_distance() -> None:
    """From lane 1 it goes 5 m past the line and drifts to x = −1 m, which is lane 2."""
    ground = Ground(camera(TWO_LANES))
    ground.locate(standing_at((2, 12)))
    past = ground.locate(standing_at((-1, 5)))
    assert past.approach.tolist() == [0]
    assert past.lane.tolist() == [2]
    assert past.along_m[0] == pytest.approx(5 - 10, abs=2e-3)


def test_cross_traffic_before_the_stop_line_belongs_to_no_approach() -> None:
    """First seen 9 m past the line, or beside the lanes: they never came through the approach, wherever they go on."""
    ground = Ground(camera(TWO_LANES))
    assert ground.locate(standing_at((2, 1), (5, 5))).approach.tolist() == [-1, -1]
    assert ground.locate(standing_at((2, 5), (2, 6))).approach.tolist() == [-1, -1]


def test_a_track_that_begins_just_past_the_stop_line_may_have_come_over_it() -> None:
    """At y = 5 m, 5 m past the line, and 1 m left of the middle, in the way of lane 2."""
    late = Ground(camera(TWO_LANES)).locate(standing_at((-1, 5)))
    assert (late.approach.tolist(), late.lane.tolist()) == ([0], [2])


def test_the_approach_ends_fifteen_metres_past_the_stop_line() -> None:
    """At y = −5.5 m the vehicle is 15.5 m past the line."""
    ground = Ground(camera(TWO_LANES))
    ground.locate(standing_at((2, 12)))
    assert ground.locate(standing_at((2, -4.5))).approach.tolist() == [0]
    assert ground.locate(standing_at((2, -5.5))).approach.tolist() == [-1]


def test_lanes_drawn_short_of_the_stop_line_lose_nobody() -> None:
    """Lanes end 3 m before the line; a vehicle in that gap stays in its approach and lane."""
    ground = Ground(camera([lane(1, 0, 4, near_m=13), lane(2, -4, 0, near_m=13)]))
    ground.locate(standing_at((2, 15)))
    gap = ground.locate(standing_at((2, 11)))
    assert (gap.approach.tolist(), gap.lane.tolist()) == ([0], [1])


def test_what_is_kept_per_vehicle_goes_with_it() -> None:
    """After an id is gone, a vehicle of that id past the line is a stranger."""
    ground = Ground(camera(TWO_LANES))
    ground.locate(standing_at((2, 12)))
    assert ground.locate(standing_at((2, 1), gone=(1,))).approach.tolist() == [-1]


@pytest.mark.parametrize(
    ("box", "cut"),
    [
        pytest.param((100, 400, 160, 479.5), True, id="bottom border"),
        pytest.param((0.5, 300, 60, 350), True, id="left border"),
        pytest.param((780, 300, 799.5, 350), True, id="right border"),
        pytest.param((400, 250, 440, 280), False, id="whole"),
    ],
)
def test_a_box_cut_by_the_border_has_no_approach(box: tuple[float, ...], cut: bool) -> None:
    """The bottom middle of a cut box is not where the vehicle stands (picture 800 × 480)."""
    wide = camera([lane(1, -60, 60, near_m=4.5)])
    tracks = Tracks(0.0, np.array([1]), np.array([box], np.float32), np.array([1]))
    approach = Ground(wide).locate(tracks, size_px=(800, 480)).approach[0]
    assert approach == (-1 if cut else 0)


def test_a_box_above_the_horizon_is_nowhere() -> None:
    """The horizon is at v = 200 px: a box ending at 190 px has no place on the road."""
    tracks = Tracks(0.0, np.array([1]), np.array([[380, 160, 420, 190]], np.float32), np.array([1]))
    vehicles = Ground(camera(TWO_LANES)).locate(tracks)
    assert np.isnan(vehicles.xy_m).all()
    assert vehicles.approach.tolist() == [-1]


def test_exact_points_have_no_error() -> None:
    """Points made by a projective map are met to a tenth of a millimetre."""
    ground = Ground(camera(TWO_LANES, [*CORNERS, (0.0, 20.0)]))
    assert ground.error_m == pytest.approx(0, abs=1e-4)
    assert ground.max_error_m == pytest.approx(0, abs=1e-4)


def test_the_error_is_in_metres_on_the_road() -> None:
    """A square grid seen straight from above at 10 px per metre, one of its nine points measured 0.3 m wrong.

    Any fit leaves at most what the true map leaves: RMS 0.3/√9 = 0.1 m, largest 0.3 m; and, with eight right
    neighbours holding it, more than half of that.
    """
    grid = np.array([(x, y) for x in (0.0, 10.0, 20.0) for y in (0.0, 10.0, 20.0)])
    wrong = grid.copy()
    wrong[4, 0] += 0.3
    plane = fit_plane(grid * 10, wrong)
    assert 0.05 < plane.error_m <= 0.1
    assert 0.15 < plane.max_error_m <= 0.3


def test_metres_per_pixel_follows_the_view() -> None:
    """v = 200 + 4000/(y+10), so dy/dv = −(y+10)²/4000: 0.225 m at 20 m, where across it is only 0.03 m."""
    at = np.array([pixel(0, 20), (400.0, 150.0)])
    metres = Ground(camera(TWO_LANES)).metres_per_pixel(at)
    assert metres[0] == pytest.approx(30**2 / 4000, rel=1e-6)
    assert np.isnan(metres[1])


def test_without_calibration_everything_is_unknown() -> None:
    """No calibration: no error figure, no metres, no approach."""
    ground = Ground(Camera(id="cam", source="x.mp4"))
    vehicles = ground.locate(standing_at((2, 20)))
    assert ground.error_m is None
    assert np.isnan(vehicles.xy_m).all()
    assert vehicles.approach.tolist() == [-1]


@pytest.mark.parametrize(
    "points",
    [
        pytest.param([(0.0, 0.0), (0.0, 10.0), (0.0, 20.0), (0.0, 30.0)], id="all on a line"),
        pytest.param([(0.0, 0.0), (0.0, 10.0), (0.0, 20.0), (4.0, 30.0)], id="three of four on a line"),
        pytest.param([(1.0, 5.0)] * 4, id="one point four times"),
    ],
)
def test_points_that_fix_no_plane_are_refused(points: list[tuple[float, float]]) -> None:
    """The message names the camera and the key."""
    with pytest.raises(ConfigurationError, match=r"camera cam: calibration\.points"):
        Ground(camera(TWO_LANES, points))


def test_swapped_points_are_refused() -> None:
    """Two road points exchanged fold the road over itself."""
    pairs = [{"image": pixel(*CORNERS[i]), "road": CORNERS[j]} for i, j in ((0, 1), (1, 0), (2, 2), (3, 3))]
    with pytest.raises(ConfigurationError, match="order of the pairs"):
        Ground(camera(TWO_LANES, calibration={"points": pairs}))


def test_a_calibration_worse_than_allowed_is_refused_with_its_error() -> None:
    """One of five points 8 m wrong: the message says how far off and what is allowed."""
    pairs = [{"image": pixel(*p), "road": p} for p in CORNERS] + [{"image": pixel(0, 20), "road": (8, 20)}]
    with pytest.raises(ConfigurationError, match=r"error \d+\.\d\d m .*max_error_m allows 1 m"):
        Ground(camera(TWO_LANES, calibration={"points": pairs}))


def test_a_point_in_polygon_by_hand() -> None:
    """An L of two unit squares beside and above each other: its notch is outside."""
    shape = np.array([(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)], np.float64)
    points = np.array([(0.5, 0.5), (1.5, 0.5), (0.5, 1.5), (1.5, 1.5), (-0.1, 0.5)])
    assert inside(points, shape).tolist() == [True, True, True, False, False]
