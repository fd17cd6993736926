"""What can be found out about a camera apart from its lines and lanes: place, hour, height, scale."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from .config import Box, Camera
from .findings import Finding, warning
from .plane import point_pairs
from .sight import sights
from .units import S_PER_H
from .view import View

ZONE_H: Final = 2.0
"""The clock of a place differs at most so much from its sun's, but in a few countries."""

HEIGHT_SHARE: Final = 0.1
"""Heights that differ by less than this, or by less than twice the standard error of the one found, agree."""

SLOW_KMH: Final = 20.0
"""No road has a lower speed limit, but 50 km/h are 13.9 m/s."""


def of_camera(box: Box, camera: Camera, view: View | None, *, placed: bool) -> Iterator[Finding]:
    """Whatever does not need the picture; placed: whether its calibration is one."""
    yield from _place(box, camera)
    yield from _units(camera)
    yield from _height(camera, view)
    if placed:
        yield from _speeds(box, camera)


def _place(box: Box, camera: Camera) -> Iterator[Finding]:
    where = f"camera {camera.id}"
    if camera.position is None:
        if not camera.is_file():
            yield warning(f"{where}: no position: it is on no map, and night is told from dawn by the picture alone")
        return
    offset = datetime.now(ZoneInfo(box.timezone)).utcoffset()
    clock_h = offset.total_seconds() / S_PER_H if offset else 0.0
    sun_h = camera.position.longitude / 15
    if abs((clock_h - sun_h + 12) % 24 - 12) > ZONE_H:
        yield warning(
            f"{where}: position.longitude {camera.position.longitude:g} lies {sun_h:+.1f} h from UTC by the sun, but "
            f"timezone {box.timezone} is {clock_h:+g} h: one of the two is wrong"
        )


def _units(camera: Camera) -> Iterator[Finding]:
    """Shares of the picture instead of pixels, metres a second instead of km/h."""
    if camera.calibration is not None:
        image_px, _ = point_pairs(camera.calibration)
        if image_px.min() >= 0 and image_px.max() <= 1:
            yield warning(
                f"camera {camera.id}: calibration.points: all images lie within one pixel; give pixels, not shares"
            )
    for approach in camera.approaches:
        for key in ("free_flow_kmh", "speed_limit_kmh"):
            speed_kmh = getattr(approach, key)
            if speed_kmh is not None and speed_kmh < SLOW_KMH:
                yield warning(f"camera {camera.id}: approach {approach.id}: {key} is {speed_kmh:g} km/h; not m/s?")


def _height(camera: Camera, view: View | None) -> Iterator[Finding]:
    """Whether the height that was told is the one that the calibration tells."""
    if view is None or view.error_ratio is None or camera.height_m is None:
        return
    if abs(view.height_m / camera.height_m - 1) <= max(HEIGHT_SHARE, 2 * view.error_ratio):
        return
    found = f"{view.height_m:.1f} m (± {2 * view.error_ratio * view.height_m:.1f} m)"
    yield warning(
        f"camera {camera.id}: height_m is {camera.height_m:g}, but calibration.points tell {found}: measure "
        "again; the error of speeds is told for the height of the points"
    )


def _speeds(box: Box, camera: Camera) -> Iterator[Finding]:
    """Approaches whose speeds will be unknown."""
    rules = box.speed
    for approach, sight in zip(camera.approaches, sights(camera, rules.click_px), strict=False):
        why = []
        if not sight.m_per_px <= rules.max_m_per_px:
            why.append(f"a pixel spans {sight.m_per_px:.2f} m (speed.max_m_per_px {rules.max_m_per_px:g})")
        if not sight.scale_error_ratio <= rules.max_scale_error:
            error, most = 100 * sight.scale_error_ratio, 100 * rules.max_scale_error
            why.append(f"lengths are wrong by {error:.0f} % (speed.max_scale_error {most:g} %)")
        if why:
            yield warning(
                f"camera {camera.id}: approach {approach.id}: no speeds: at the stop line {' and '.join(why)}; "
                "more and better spread calibration.points, or a nearer view"
            )
