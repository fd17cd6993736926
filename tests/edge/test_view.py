"""The camera worked out from calibration points, and what it says of vehicles."""

import math

import numpy as np
import pytest
from simpang_edge.config import Camera
from simpang_edge.data import KINDS, FloatArray, Tracks, Vehicles
from simpang_edge.ground import Ground
from simpang_edge.ground_bodies import hidden_below
from simpang_edge.view import known_view

# A camera 8 m above the road, looking 15 degrees down along y: focal length 1000 px, picture 1280x720.
# A point (x, y, z) of the world lies at depth d = y·cos + (8 - z)·sin in front of it, (x, (8 - z)·cos - y·sin) beside.
HEIGHT_M, FOCAL_PX, SIZE_PX = 8.0, 1000.0, (1280, 720)
SIN, COS = math.sin(math.radians(15)), math.cos(math.radians(15))
ROAD = [(-4.0, 16.0), (4.0, 16.0), (-4.0, 30.0), (4.0, 30.0), (-4.0, 60.0), (4.0, 60.0)]


def pixel(x_m: float, y_m: float, z_m: float = 0.0) -> tuple[float, float]:
    """The picture of a point of the world, from the formula above."""
    depth_m = y_m * COS + (HEIGHT_M - z_m) * SIN
    down_m = (HEIGHT_M - z_m) * COS - y_m * SIN
    return 640 + FOCAL_PX * x_m / depth_m, 360 + FOCAL_PX * down_m / depth_m


def points(road: list[tuple[float, float]]) -> tuple[FloatArray, FloatArray]:
    """Calibration points of these road points."""
    return np.array([pixel(*p) for p in road]), np.array(road)


def camera(heading: str = "toward") -> Camera:
    """One lane of 8 m, its stop line 16 m from the camera's foot, seen up to 60 m from it."""
    lane = [pixel(*p) for p in ((-4, 16), (4, 16), (4, 60), (-4, 60))]
    return Camera.model_validate(
        {
            "id": "cam",
            "source": "x.mp4",
            "calibration": {"points": [{"image": pixel(*p), "road": p} for p in ROAD]},
            "approaches": [
                {
                    "id": "north",
                    "heading": heading,
                    "stop_line": lane[:2],
                    "lanes": [{"id": 1, "polygon": lane}],
                    "length_m": 44,
                }
            ],
        }
    )


def body(front_m: float, length_m: float, height_m: float, width_m: float, overhang_m: float) -> list[float]:
    """The box of a block that comes toward the camera: its upper edge is the roof's far end, its lower edge the tyres
    behind the front overhang."""
    corners = [(side * width_m / 2, front_m + length_m, height_m) for side in (-1, 1)]
    feet = [(side * width_m / 2, front_m + overhang_m, 0.0) for side in (-1, 1)]
    u, v = zip(*(pixel(*corner) for corner in corners + feet), strict=True)
    return [min(u), min(v), max(u), max(v)]


def tracks(boxes: list[list[float]], kind: str) -> Tracks:
    """Tracks 1, 2, ... of one kind."""
    n = len(boxes)
    kinds = np.full(n, KINDS.index(kind))
    return Tracks(0.0, np.arange(1, n + 1), np.array(boxes, np.float32), kinds)


def approach(kind: str, length_m: float, height_m: float, width_m: float = 2.0, overhang_m: float = 1.1) -> Vehicles:
    """The last frame of one vehicle that drives from 44 m to 4 m before the stop line."""
    ground = Ground(camera())
    for front_m in np.arange(60.0, 19.5, -0.5):
        seen = ground.locate(tracks([body(front_m, length_m, height_m, width_m, overhang_m)], kind), SIZE_PX)
    return seen


def test_the_camera_is_found_from_points_on_the_road() -> None:
    """Height 8 m, focal length 1000 px, tilt 15 degrees, its foot in the road's origin."""
    view = known_view(*points(ROAD), SIZE_PX)
    assert view is not None
    assert (view.height_m, view.focal_px, view.tilt_deg) == pytest.approx((8.0, 1000.0, 15.0), rel=1e-4)
    assert view.foot_m == pytest.approx([0.0, 0.0], abs=1e-2)


@pytest.mark.parametrize(
    ("road_m", "size_px"),
    [
        pytest.param([(x * 0.05, 40 + y * 0.05) for x, y in ROAD], SIZE_PX, id="points too close together"),
        pytest.param(ROAD, (2600, 160), id="the picture is a strip cut out of another one"),
    ],
)
def test_a_camera_that_the_points_do_not_determine_is_not_known(
    road_m: list[tuple[float, float]], size_px: tuple[int, int]
) -> None:
    """No height is better than a wrong one."""
    assert known_view(*points(road_m), size_px) is None


@pytest.mark.parametrize(
    ("size_px", "height_m"),
    [pytest.param(SIZE_PX, HEIGHT_M, id="of a known picture"), pytest.param(None, None, id="of no known size")],
)
def test_the_height_goes_with_the_vehicles(size_px: tuple[int, int] | None, height_m: float | None) -> None:
    """For the error of their speeds; the camera can be worked out once the picture's size is known."""
    nobody = np.zeros(0, np.int64)
    found = Ground(camera()).locate(Tracks(0.0, nobody, np.zeros((0, 4), np.float32), nobody), size_px)
    assert found.camera_height_m == (None if height_m is None else pytest.approx(height_m, rel=1e-3))


def test_traffic_stands_at_the_bumper_that_is_seen() -> None:
    """A truck's tyres are 1.1 m behind its bumper: with the tyres 20 m upstream the front is at 18.9 m; seen from
    behind, the rear bumper is at 21.1 m."""
    for heading, along_m in (("toward", 18.9), ("away", 21.1)):
        ground = Ground(camera(heading))
        x, y = pixel(0.0, 36.0)
        seen = ground.locate(tracks([[x - 40, y - 90, x + 40, y]], "truck"), SIZE_PX)
        assert seen.along_m[0] == pytest.approx(along_m, abs=0.01)


@pytest.mark.parametrize(("length_m", "height_m"), [(4.8, 1.75), (6.2, 3.0), (8.0, 2.6)])
def test_a_truck_gets_its_length_from_how_its_box_changes(length_m: float, height_m: float) -> None:
    """Neither length nor height is given, only the usual ones of a truck (5.8 + 0.3 m long), which pull a little.

    The block is 0.3 m shorter than the truck whose roof's end it is.
    """
    assert approach("truck", length_m - 0.3, height_m).length_m[0] == pytest.approx(length_m, abs=0.7)


def test_no_length_is_told_where_it_cannot_be_known() -> None:
    """Of a car, whose kind differs less than the error; of a truck seen once; and without the picture's size."""
    assert np.isnan(approach("car", 4.4, 1.7).length_m[0])
    box = body(40.0, 6.0, 3.0, 2.0, 1.1)
    assert np.isnan(Ground(camera()).locate(tracks([box], "truck"), SIZE_PX).length_m[0])
    assert np.isnan(Ground(camera()).locate(tracks([box], "truck")).length_m[0])


def test_a_hidden_lower_edge_is_replaced_by_what_the_upper_one_says() -> None:
    """A car 15 m upstream whose lower half is behind a truck: the cut box alone would put it metres too far away."""
    car = body(31.0, 3.9, 1.65, 1.7, 0.6)
    truck = body(22.0, 6.0, 3.0, 2.0, 1.1)
    cut = [*car[:3], (car[1] + car[3]) / 2]
    pair = tracks([cut, truck], "car")
    pair.kind[1] = KINDS.index("truck")
    alone = Ground(camera()).locate(tracks([cut], "car"), SIZE_PX).along_m[0]
    behind = Ground(camera()).locate(pair, SIZE_PX).along_m[0]
    assert abs(behind - 15.0) < 1.0
    assert alone - 15.0 > 3.0


def test_which_boxes_are_hidden_below_by_hand() -> None:
    """The box behind has its lower edge in the nearer one; beside it, or above it, nothing is hidden."""
    far, near = [100, 100, 140, 160], [110, 120, 180, 220]
    beside, above = [190, 100, 230, 160], [110, 50, 140, 99]
    hidden = hidden_below(np.array([far, near, beside, above], np.float64))
    assert hidden.tolist() == [True, False, False, False]


def test_what_is_known_of_a_body_goes_with_the_vehicle() -> None:
    """A thousand vehicles come and go; nothing of them stays."""
    ground = Ground(camera())
    for track in range(1, 1001):
        one = tracks([body(30.0, 6.0, 3.0, 2.0, 1.1)], "truck")
        gone = np.array([track - 1])
        ground.locate(Tracks(float(track), np.array([track]), one.xyxy_px, one.kind, gone), SIZE_PX)
    assert ground._bodies is not None
    assert len(ground._bodies._known) == 1
