"""Side friction: what counts, once each, and the weighted figure by hand (PKJI 2023, chapter 4)."""

import pytest
from simpang_edge.config import Camera, FrictionRules
from simpang_edge.data import Measurement
from simpang_edge.meter import Meter, MeterSettings
from simpang_edge.meter.friction import side_class

from .meter_place import Thing, play, zone, zoned_camera, zoned_meter
from .meter_road import CORNERS, T0, approach_row, path

ALL = ("kerb", "crossing", "access")


def row(things: list[Thing], *kinds: str, to_s: float = 60.0, length_m: float = 80.0) -> Measurement:
    """The approach's row of the first minute."""
    engine = zoned_meter(*(kinds or ALL), length_m=length_m)
    return approach_row(play(engine, things, to_s, *(kinds or ALL)) + engine.finish(T0 + 60))


def about_friction(found: Measurement) -> tuple[str, ...]:
    """The row's flags but for that of its signal: nobody queues here, so no cycle is known."""
    return tuple(flag for flag in found.quality.flags if flag != "no_whole_cycle")


def test_each_kind_is_counted_once_and_weighted() -> None:
    """One stop, two people on the crossing, one entry, one bicycle over the line, in 59.75 s on 80 m.

    0.5 × 2 + 1.0 × 1 + 0.7 × 1 + 0.4 × 1 = 3.1; 3.1 × 3600 / 59.75 × 200 / 80 = 467 per hour and 200 m.
    """
    things = [
        Thing(1, path((0, 0), (4, 10), (20, 10), (24, 30)), zone("kerb")),
        Thing(2, path((5, 0), (15, 12)), zone("crossing"), "person", y_m=20),
        Thing(3, path((25, 12), (35, 0)), zone("crossing"), "person", y_m=20),
        Thing(4, path((30, 0), (40, 40)), zone("access", to_s=33), y_m=40, along=path((33, 60), (40, 20))),
        Thing(5, path((30, 0), (45, 90)), zone(), "bicycle", y_m=60, along=path((30, 80), (45, -10))),
    ]
    found = row(things)
    assert (found.friction_stops, found.friction_crossings, found.friction_entries, found.friction_slow) == (1, 2, 1, 1)
    assert found.pedestrians == 2
    assert found.side_friction == pytest.approx(467, abs=3)
    assert found.side_friction_class is None
    assert about_friction(found) == ("one_side",)


def test_who_waited_at_the_line_and_stops_at_the_kerb_beyond_it_is_a_kerb_stop() -> None:
    """An angkot queues from 6 to 20 s, crosses at about 21 s and stands at the kerb from 26 to 36 s."""
    angkot = Thing(
        1,
        path((0, 0), (6, 57), (20, 57), (26, 90), (36, 90), (40, 120)),
        zone("kerb", from_s=25),
        along=path((0, 60), (6, 3), (20, 3), (24, -14)),
    )
    assert row([angkot], "kerb").friction_stops == 1


def test_who_turns_off_the_road_into_a_driveway_counts_like_who_comes_out_of_it() -> None:
    """One leaves its lane at 19 s and is in the zone from 20 s on; another only passes the driveway on the road."""
    leaves = Thing(1, path((10, 40), (20, 80), (26, 100)), zone("access", from_s=20), along=path((10, 60), (19, 20)))
    passes = Thing(2, path((30, 0), (40, 90)), zone(), y_m=40, along=path((30, 80), (40, -10)))
    assert row([leaves, passes]).friction_entries == 1


@pytest.mark.parametrize(
    ("kinds", "entries", "partial"),
    [
        (("access",), 1, True),
        (("access", "carriageway"), 1, True),
        (("kerb",), None, True),
        (("access", "kerb"), 1, False),
        (("exit",), None, False),
    ],
)
def test_what_zones_show_is_told_and_that_some_is_missing(
    kinds: tuple[str, ...], entries: int | None, partial: bool
) -> None:
    """One turns off into the driveway. Without a kerb zone stops beside the lanes are missing, without an access zone
    the entries; an exit zone shows nothing of it."""
    leaves = Thing(1, path((10, 40), (20, 80), (26, 100)), zone("access", from_s=20), along=path((10, 60), (19, 20)))
    found = row([leaves], *kinds)
    assert found.friction_entries == entries
    assert ("friction_partial" in about_friction(found)) is partial


def test_a_driveway_counts_for_its_own_approach_whatever_else_a_vehicle_drove_through() -> None:
    """It comes from utara through its exit zone and turns into a driveway of selatan."""
    road = zoned_camera("exit", "access")
    other = {**road.approaches[0].model_dump(), "id": "selatan"}
    zones = [
        {"id": "keluar", "kind": "exit", "polygon": CORNERS[:3], "approach": "utara"},
        {"id": "pintu", "kind": "access", "polygon": CORNERS[:3], "approach": "selatan"},
    ]
    content = {**road.model_dump(), "approaches": [road.approaches[0].model_dump(), other], "zones": zones}
    engine = Meter(Camera.model_validate(content), MeterSettings(windows_s=(60,)))

    def zones_at(time_s: float) -> frozenset[str]:
        return frozenset(["access"] if time_s >= 24 else ["exit"] if time_s >= 20 else [])

    leaves = Thing(1, path((10, 40), (20, 80), (26, 100)), zones_at, along=path((10, 60), (19, 20)))
    done = play(engine, [leaves], 60, "exit", "access") + engine.finish(T0 + 60)
    told = {one.approach: one.friction_entries for one in done.windows if one.lane is None}
    assert told == {"utara": None, "selatan": 1}


@pytest.mark.parametrize(
    ("per_hour", "name"),
    [(0, "SR"), (99.9, "SR"), (100, "R"), (300, "S"), (500, "T"), (899, "T"), (900, "ST"), (5000, "ST")],
)
def test_classes(per_hour: float, name: str) -> None:
    """SR < 100, R 100–299, S 300–499, T 500–899, ST ≥ 900."""
    assert side_class(per_hour) == name


def test_a_class_is_given_for_a_quarter_hour() -> None:
    """One stop in 15 min on 80 m: 1 × 3600 / 900 × 200 / 80 = 10 per hour and 200 m: SR."""
    engine = zoned_meter(*ALL, windows_s=(900,))
    stop = Thing(1, path((0, 0), (4, 10), (20, 10), (24, 30)), zone("kerb"))
    found = approach_row(play(engine, [stop], 900, *ALL, fps=2) + engine.finish(T0 + 900))
    assert found.side_friction == pytest.approx(10, abs=0.1)
    assert found.side_friction_class == "SR"


def test_without_zones_nothing_is_known() -> None:
    """Not configured is not zero; a box junction alone sees no kerb."""
    assert row([], "box_junction").side_friction is None
    assert row([], "box_junction").pedestrians is None


def test_what_is_not_configured_is_said() -> None:
    """Without an access zone entries are unknown, and the sum is a lower bound."""
    found = row([], "kerb")
    assert (found.friction_entries, found.friction_stops) == (None, 0)
    assert about_friction(found) == ("friction_partial", "one_side")


def test_both_sides_are_said_to_be_seen() -> None:
    """Where the engineer says so, the flag goes."""
    rules = FrictionRules(both_sides=True)
    engine = Meter(zoned_camera(*ALL), MeterSettings(windows_s=(60,), friction=rules))
    found = approach_row(play(engine, [], 60, *ALL) + engine.finish(T0 + 60))
    assert about_friction(found) == ()


def test_waiting_in_the_queue_is_no_kerb_stop() -> None:
    """Two wait at red in lane 1, whose kerb zone they stand in."""
    waits = [
        Thing(
            i,
            path((0, 0), (6, 40), (40, 40), (46, 90)),
            zone("kerb"),
            y_m=5.0 * i,
            along=path((0, 80), (6, 7.0 * i), (40, 7.0 * i), (44, -14)),
        )
        for i in (0, 1)
    ]
    waits = [Thing(t.track + 1, t.x, t.zones, t.kind, t.y_m, t.along) for t in waits]
    assert row(waits).friction_stops == 0


def test_an_angkot_that_stops_in_lane_one_upstream_of_the_queue_is_one() -> None:
    """It stands 8 s, 50 m from the line; no kerb zone lies there."""
    angkot = Thing(
        1, path((0, 0), (4, 30), (12, 30), (18, 90)), zone(), along=path((0, 80), (4, 50), (12, 50), (18, -10))
    )
    assert row([angkot]).friction_stops == 1


def test_a_rider_is_no_pedestrian() -> None:
    """A person in the place of a motorcycle."""
    pair = [
        Thing(i, path((0, 0), (30, 20)), zone("crossing"), kind, y_m=0.5 * i)
        for i, kind in ((1, "motorcycle"), (2, "person"))
    ]
    assert row(pair).pedestrians == 0
