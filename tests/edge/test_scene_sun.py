"""Where the sun stands, against what follows from the definitions of noon, solstice, equinox and twilight."""

from datetime import datetime

import pytest
from simpang_edge.config import Camera
from simpang_edge.scene_sun import Sun, sun_over


def at(text: str) -> float:
    """POSIX seconds of an RFC 3339 time."""
    return datetime.fromisoformat(text).timestamp()


def highest_deg(sun: Sun, day: str) -> float:
    """The sun's elevation at noon, looked for each minute of a UTC day."""
    return max(sun.elevation_deg(at(f"{day}T00:00:00+00:00") + 60 * minute) for minute in range(1440))


@pytest.mark.parametrize(
    ("latitude", "day", "noon_deg"),
    [
        # At noon the elevation is 90 - |latitude - declination|; declination +-23.44 at the solstices, 0 at equinoxes.
        pytest.param(-6.2, "2026-06-21", 90 - 6.2 - 23.44, id="Jakarta, June: to the north"),
        pytest.param(-6.2, "2026-12-21", 90 + 6.2 - 23.44, id="Jakarta, December: to the south"),
        pytest.param(51.48, "2026-06-21", 90 - 51.48 + 23.44, id="Greenwich, June"),
    ],
)
def test_the_sun_at_noon(latitude: float, day: str, noon_deg: float) -> None:
    """To a tenth of a degree."""
    assert highest_deg(Sun(latitude, 106.8), day) == pytest.approx(noon_deg, abs=0.1)


def test_civil_twilight_at_the_equinox_on_the_equator() -> None:
    """The sun sinks 15 degrees an hour straight down: 96 degrees past noon after 6.4 h. Noon at longitude 0 on 20 March
    is 12:07:30 UTC (equation of time -7.5 min), so night begins at 18:31:30; a minute is 0.25 degrees."""
    sun = Sun(0.0, 0.0)
    assert sun.elevation_deg(at("2026-03-20T18:31:30+00:00")) == pytest.approx(-6.0, abs=0.1)
    assert not sun.is_night(at("2026-03-20T18:29:30+00:00"))
    assert sun.is_night(at("2026-03-20T18:33:30+00:00"))


def test_fifteen_degrees_to_the_west_are_an_hour_later() -> None:
    """The same elevation an hour on, but for what the sun itself moves in it (at most 0.02 degrees)."""
    time_s = at("2026-03-07T23:10:00+00:00")
    assert Sun(-6.2, 106.8).elevation_deg(time_s) == pytest.approx(
        Sun(-6.2, 91.8).elevation_deg(time_s + 3600), abs=0.03
    )


POSITION = {"latitude": -6.2, "longitude": 106.8}


@pytest.mark.parametrize(
    ("camera", "known"),
    [
        pytest.param({"source": "rtsp://c/1", "position": POSITION}, True, id="live, with its position"),
        pytest.param({"source": "rtsp://c/1"}, False, id="no position"),
        pytest.param({"source": "a.mp4", "position": POSITION}, False, id="video of an unknown hour"),
        pytest.param(
            {"source": "a.mp4", "position": POSITION, "start_time": "2026-03-07T23:10:00Z"},
            True,
            id="video with its hour",
        ),
    ],
)
def test_the_sun_is_known_with_place_and_time(camera: dict[str, object], known: bool) -> None:
    """A video that starts whenever it is played says nothing of the sun."""
    assert (sun_over(Camera.model_validate({"id": "a", **camera})) is not None) is known
