"""What went wrong in other programs, as scripts with a truth, through the real worker and a real broker.

Several cases share a clip, one after the other: a worker takes seconds to start.
"""

import re
from pathlib import Path

import numpy as np
import pytest
from simpang_twin.accuracy import counting
from simpang_twin.accuracy.perfect import Eyes
from simpang_twin.accuracy.published import Published
from simpang_twin.accuracy.results import sights
from simpang_twin.accuracy.running import Detector, Run, run

from . import scripted
from .scripted import FPS, Actor, way

SECONDS = 96.0
EYES = Eyes(noise_px=0.5)


def ghost(frame: int) -> Actor:
    """A detection in a single analysed frame, on the line."""
    time_s = frame / FPS
    return Actor(lambda _: -0.5 + frame % 3, None, lane=1 + frame % 2, seen=lambda t: abs(t - time_s) < 0.01)


def blinking(time_s: float) -> bool:
    """Every other frame, and nothing for half a second in three."""
    return time_s % 3 > 0.5 and round(time_s * FPS) % 2 == 0


CASES = {
    # Up to the line, then in little jerks over it and a little back, standing in between: 15 counts elsewhere.
    "stop and go on the line": (
        2.0,
        26.0,
        [
            Actor(
                way(
                    (2, 50), (7, 3), (9, 0.4), (12, 0.4), (13, -0.4), (15, -0.4), (15.5, 0.3), (17, 0.3), (18, -0.6),
                    (20, -0.6), (21, 0.2), (22, -0.8), (25, -14),
                ),
                12.5,
            )
        ],
    ),
    # Detected now and then only.
    "flicker at the line": (
        28.0,
        38.0,
        [Actor(way((28, 45), (37, -13.5)), 28 + 45 / 6.5, lane=2, seen=blinking)],
    ),
    # Over the line by 2 m, back to 3 m before it, and over it again: one vehicle.
    "reversal at the line": (
        40.0,
        58.0,
        [Actor(way((40, 40), (45, 2), (47, -2), (49, -2), (52, 3), (54, 3), (57, -14)), 46.0)],
    ),
    # Single detections on the line, never twice at one place.
    "unconfirmed detections": (60.0, 68.0, [ghost(frame) for frame in range(760, 840, 11)]),
    # Against the traffic over the line, and beside it with the traffic.
    "both directions over a slanted line": (
        70.0,
        80.0,
        [
            Actor(way((70, -13), (79, 50)), None, lane=2, kind="motorcycle"),
            Actor(way((71, 50), (78, -13)), 71 + 7 * 50 / 63, lane=1),
        ],
    ),
    # One vehicle is lost at 30 m in the frame in which another appears 2 m before the line: 1000 km/h for a tracker.
    "implausible speed": (
        82.0,
        94.0,
        [
            Actor(way((82, 55), (85, 30)), None, lane=1),
            Actor(way((85.04, 2.0), (86.5, 2.0), (90, -13)), 86.5 + 3.5 * 2 / 15, lane=1),
        ],
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """The clip of all cases, measured by two workers."""
    folder = tmp_path_factory.mktemp("cases")
    actors = [actor for _, _, group in CASES.values() for actor in group]
    case = scripted.write(folder, "cases", actors, SECONDS, range(round(SECONDS * FPS)))
    one, two = (run(case, Detector("perfect", eyes=EYES), 12.0, folder / name, lambda _: None) for name in ("a", "b"))
    return one, two


def counted(published: Published, begin_s: float, end_s: float) -> int:
    """Vehicles published in a part of the clip."""
    start_s = 1_772_410_500.0  # 2026-03-02T00:15:00Z
    rows = published.rows(1, "approach", "utara")
    return sum(row.intensity or 0 for row in rows if begin_s <= row.date_observed_from.timestamp() - start_s < end_s)


@pytest.mark.parametrize("name", CASES)
def test_every_vehicle_counts_as_often_as_it_crossed(twice: tuple[Run, Run], name: str) -> None:
    """Once, or never; the truth stands in the script."""
    begin_s, end_s, actors = CASES[name]
    assert counted(twice[0].published, begin_s, end_s) == sum(actor.crosses_s is not None for actor in actors)


def test_no_speed_is_published_that_no_vehicle_drove(twice: tuple[Run, Run]) -> None:
    """The fastest vehicle of the scripts drives 9.4 m/s, 34 km/h; 1536 km/h were published elsewhere."""
    speeds = [row.average_vehicle_speed for row in twice[0].published.windows]
    assert max(speed for speed in speeds if speed is not None) < 50


def test_the_same_video_twice_gives_the_same_messages(twice: tuple[Run, Run]) -> None:
    """Bit for bit, but for the time of sending and the worker's start."""

    def records(done: Run) -> list[bytes]:
        kept = [item.payload for item in done.heard if item.topic.endswith(("/window", "/cycle", "/event"))]
        return [re.sub(rb'"(boot|sent)":("[^"]*"|\d+)', b"", payload) for payload in kept]

    one, two = map(records, twice)
    assert len(one) >= 90
    assert one == two


def test_a_tenth_of_the_frames_lost_changes_no_more_than_a_hundredth_of_the_count(tmp_path: Path) -> None:
    """100 cars in two lanes, 10 m/s, a car every 1.4 s in each; then one frame in ten missing, at random."""
    actors = [
        Actor(way((s, 55), (s + 7, -15)), s + 5.5, lane=1 + i % 2) for i, s in ((i, 1 + 0.7 * i) for i in range(100))
    ]
    whole = range(round(80 * FPS))
    lost = set(np.random.default_rng(7).choice(whole, len(whole) // 10, replace=False).tolist()) - {0}
    counts = []
    for name, frames in (("whole", list(whole)), ("lossy", [n for n in whole if n not in lost])):
        case = scripted.write(tmp_path, name, actors, 80.0, frames)
        done = run(case, Detector("perfect", eyes=EYES), 8.0, tmp_path / f"run-{name}", lambda _: None)
        (sight,) = sights(done.published, done.case)
        figures = {figure.quantity: figure.value for figure in counting.figures(sight)}
        counts.append(figures["counts.measured"])
    assert counts[0] == 100
    assert counts[1] is not None
    assert abs(counts[1] - 100) <= 1
