"""A worker that starts again goes on with the windows of the run before."""

import pytest
from simpang_edge.meter import Meter

from .meter_road import T0, Car, approach_row, camera, counted, drive, meter, path


def crossing(track: int, at_s: float) -> Car:
    """A car that crosses the line at this second."""
    return Car(track, path((at_s - 8, 80), (at_s + 1, -10)))


CARS = [crossing(1, 10), crossing(2, 20), crossing(3, 45)]


def test_the_whole_window_is_told_after_a_clean_restart() -> None:
    """Stopped at 30 s, on again at 40 s: the part has 2 of 30 s, the later row 3 of 50 s."""
    first = meter()
    stopped = drive(first, CARS, 0, 30) + first.finish(T0 + 30)
    assert counted(stopped) == 2
    assert approach_row(stopped).quality.observed_s == pytest.approx(29.875)
    second = meter()
    second.resume(first.parts() or b"")
    done = drive(second, CARS, 40, 64)
    assert counted(done) == 3
    assert approach_row(done).from_s == T0
    assert approach_row(done).quality.observed_s == pytest.approx(29.875 + 20, abs=0.2)
    assert approach_row(done).speed_n == 3


def test_after_a_kill_the_last_note_counts() -> None:
    """Noted at 15 s, killed at 30 s, on again at 40 s: cars at 10 and 45 s, 15 + 20 s observed."""
    first = meter()
    drive(first, CARS, 0, 15)
    noted = first.parts()
    drive(first, CARS, 15, 30)
    second = meter()
    second.resume(noted or b"")
    done = drive(second, CARS, 40, 64)
    assert counted(done) == 2
    assert approach_row(done).quality.observed_s == pytest.approx(14.875 + 20, abs=0.2)


def test_a_window_that_ended_while_nothing_ran_is_told_with_what_was_seen_of_it() -> None:
    """Killed at 30 s, on again at 130 s: [0 60) with 30 s, [60 120) with none, then the one that runs."""
    first = meter()
    drive(first, CARS, 0, 30)
    second = meter()
    second.resume(first.parts() or b"")
    rows = [row for row in drive(second, [], 130, 190).windows if row.lane is None]
    assert [(row.from_s - T0, round(row.quality.observed_s)) for row in rows] == [(0, 30), (60, 0), (120, 50)]
    assert rows[1].counts is None


def test_after_a_day_only_the_part_is_told() -> None:
    """More than an hour later no rows are made for the time in between."""
    first = meter()
    drive(first, CARS, 0, 30)
    second = meter()
    second.resume(first.parts() or b"")
    rows = [row for row in drive(second, [], 86_400, 86_464).windows if row.lane is None]
    assert [(row.from_s - T0, round(row.quality.observed_s)) for row in rows] == [(0, 30), (86_400, 60)]


def test_a_recording_from_before_does_not_go_on_with_it() -> None:
    """The same file measured again gives the same figures."""
    first = meter()
    once = drive(first, CARS, 0, 64)
    second = meter()
    second.resume(first.parts() or b"")
    assert drive(second, CARS, 0, 64) == once


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b'{"time_s": 1}', id="of another version"),
        pytest.param(b"[1, 2]", id="no such thing"),
        pytest.param(b"\xff\xfe", id="no text"),
    ],
)
def test_parts_that_cannot_be_read_are_refused(parts: bytes) -> None:
    """The worker says so and begins anew."""
    engine = meter()
    with pytest.raises(ValueError, match=r"Expecting|expected|not the sums|decode"):
        engine.resume(parts)
    assert counted(drive(engine, CARS, 0, 64)) == 3


def test_parts_of_another_layout_are_refused() -> None:
    """Two lanes are not three; nothing is taken."""
    first = meter()
    drive(first, CARS, 0, 30)
    second = Meter(camera(lanes=3))
    with pytest.raises(ValueError, match="expected shape"):
        second.resume(first.parts() or b"")
    assert counted(drive(second, CARS, 40, 64)) == 1
