"""Zones and hidden lanes, in pixels."""

import numpy as np
import pytest
from simpang_edge.config import Camera
from simpang_edge.data import KINDS, Tracks, Vehicles
from simpang_edge.zones import Zones

LEFT = [(0, 0), (50, 0), (50, 100), (0, 100)]
RIGHT = [(50, 0), (100, 0), (100, 100), (50, 100)]
GRID = [{"image": p, "road": p} for p in ((0, 0), (100, 0), (100, 100), (0, 100))]


def camera(*zones: list[tuple[int, int]]) -> Camera:
    """Two lanes side by side, 50 pixels wide and 100 high, the stop line below; and these zones."""
    return Camera.model_validate(
        {
            "id": "utara",
            "source": "a.mp4",
            "calibration": {"points": GRID},
            "approaches": [
                {
                    "id": "utara",
                    "stop_line": [(0, 100), (100, 100)],
                    "lanes": [{"id": 1, "polygon": LEFT}, {"id": 2, "polygon": RIGHT}],
                    "length_m": 100,
                }
            ],
            "zones": [{"id": f"z{i}", "kind": "carriageway", "polygon": z} for i, z in enumerate(zones)],
        }
    )


def seen(*boxes: tuple[str, tuple[float, float, float, float], int]) -> tuple[Tracks, Vehicles]:
    """Tracks of these kinds and boxes, and the lanes they belong to (-1: none)."""
    n = len(boxes)
    ids, kind = np.arange(1, n + 1), np.array([KINDS.index(k) for k, _, _ in boxes], np.int64)
    lane = np.array([lane for _, _, lane in boxes], np.int64)
    tracks = Tracks(0.0, ids, np.array([b for _, b, _ in boxes], np.float32).reshape(-1, 4), kind)
    nowhere = np.full(n, np.nan)
    approach = np.where(lane > 0, 0, -1)
    return tracks, Vehicles(0.0, ids, kind, np.zeros((n, 2)), approach, lane, nowhere, nowhere, nowhere)


def test_a_vehicle_stands_where_the_middle_of_its_lower_edge_is() -> None:
    """(25, 40) lies in both zones, (75, 90) in none."""
    zones = Zones(camera(LEFT, [(0, 30), (100, 30), (100, 60), (0, 60)]))
    marked = zones.mark(*seen(("car", (20, 0, 30, 40), 1), ("car", (70, 50, 80, 90), 2)))
    assert marked.zones is not None
    assert marked.zones.tolist() == [3, 0]


def test_without_zones_none_are_given() -> None:
    """None is not an array of zeros."""
    assert Zones(camera()).mark(*seen()).zones is None


@pytest.mark.parametrize(
    ("box", "hidden"),
    [
        pytest.param(("bus", (40, 0, 100, 90), 1), [0.0, 0.9], id="a bus of lane 1 hides nine tenths of lane 2"),
        pytest.param(("bus", (50, 0, 100, 90), 2), [0.0, 0.0], id="its own lane is not hidden but taken"),
        pytest.param(("car", (40, 0, 100, 90), 1), [0.0, 0.0], id="a car does not hide"),
        pytest.param(("truck", (0, 0, 100, 100), -1), [1.0, 1.0], id="a truck of no lane before both"),
    ],
)
def test_the_share_of_a_lane_that_is_hidden(
    box: tuple[str, tuple[float, float, float, float], int], hidden: list[float]
) -> None:
    """Points of the lane inside the box; the grid has 12 rows, so 0.9 is 11 of 12."""
    assert Zones(camera()).mark(*seen(box)).hidden.tolist() == pytest.approx(hidden, abs=0.06)


@pytest.mark.parametrize(
    ("box", "hidden"),
    [
        pytest.param(("bus", (40, 0, 100, 120), 1), [0.0, 1.0], id="a bus of lane 1 before lane 2's part of the line"),
        pytest.param(("bus", (0, 0, 25, 120), 2), [0.5, 0.0], id="half of lane 1's part"),
        pytest.param(("bus", (40, 0, 100, 100), 1), [0.0, 0.0], id="up to the line it hides nothing of it"),
        pytest.param(("car", (40, 0, 100, 120), 1), [0.0, 0.0], id="a car does not hide"),
        pytest.param(("bus", (0, 50, 100, 120), -1), [1.0, 1.0], id="in the junction, of no lane"),
    ],
)
def test_the_share_of_the_stop_line_that_is_hidden(
    box: tuple[str, tuple[float, float, float, float], int], hidden: list[float]
) -> None:
    """The line runs from (0, 100) to (100, 100), half of it in each lane; 24 points each."""
    assert Zones(camera()).mark(*seen(box)).line_hidden.tolist() == pytest.approx(hidden, abs=0.03)
