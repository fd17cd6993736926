"""Frame → Lamps: which lamp of a signal head in view is lit, from its brightness and colour, by day and by night."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from .config import Camera, PixelBox
from .data import Colour, FloatArray, Frame, ImageArray, Lamps

MIN_BRIGHT: Final = 70.0
"""A lit lamp is at least this bright (largest channel, 0 to 255), also at night."""

MIN_LEAD: Final = 1.15
"""A lit lamp leads the others: its glow is at least so many times theirs."""

MIN_TINT: Final = 18.0
"""A lit lamp has at least so much of its own colour (0 to 255), unless its middle is overexposed."""

OVEREXPOSED: Final = 245.0
CONFIRM_S: Final = 0.2
"""A lamp that is seen lit for this long is lit; a shorter flash (a passing roof, a decoding fault) is not."""

HOLD_S: Final = 1.0
"""For this long the last colour stands while no lamp can be told."""

_OPPOSITE: Final = {Colour.RED: (0, 1), Colour.YELLOW: (0,), Colour.GREEN: (2,)}
"""Channels (blue, green, red) that a lamp of this colour does not show; a traffic green is bluish."""


@dataclass(slots=True)
class _Head:
    """The lamps of one approach and what they showed."""

    approach: int
    lamps: tuple[tuple[Colour, PixelBox], ...]
    shown: Colour | None = None
    _known_s: float = field(default=-np.inf)
    _next: Colour | None = None
    _next_s: float = 0.0

    def look(self, frame: Frame) -> Colour | None:
        """The lamp that is lit, after hysteresis."""
        return self._settle(frame.time_s, lit(frame.image, self.lamps))

    def _settle(self, now_s: float, colour: Colour | None) -> Colour | None:
        if colour is None:
            self._next = None
            self.shown = self.shown if now_s - self._known_s <= HOLD_S else None
            return self.shown
        if colour is not self._next:
            self._next, self._next_s = colour, now_s
        if colour is self.shown or now_s - self._next_s >= CONFIRM_S:
            self.shown, self._known_s = colour, now_s
        elif now_s - self._known_s > HOLD_S:
            self.shown = None
        return self.shown


class SignalHeads:
    """Reads the signal heads of one camera."""

    def __init__(self, camera: Camera) -> None:
        approaches = [approach.id for approach in camera.approaches]
        self._heads = tuple(
            _Head(approaches.index(head.approach), _lamps(head.red, head.yellow, head.green))
            for head in camera.signal_heads
        )

    def look(self, frame: Frame) -> Lamps:
        """What the heads show in this frame; None for one that cannot be read."""
        return Lamps(frame.time_s, tuple((head.approach, head.look(frame)) for head in self._heads))


def lit(image: ImageArray, lamps: tuple[tuple[Colour, PixelBox], ...]) -> Colour | None:
    """The lamp that is lit in one picture; None where none clearly is.

    A lamp glows by the brightness of its brightest quarter and by how much of its own colour it shows there. The lit
    one leads the others clearly. A lamp outside the picture is read as dark.
    """
    glows = [(_glow(image, box, colour), colour) for colour, box in lamps]
    glows.sort(key=lambda one: one[0][0], reverse=True)
    (best, tint, bright), colour = glows[0]
    second = glows[1][0][0] if len(glows) > 1 else 0.0
    coloured = tint >= MIN_TINT or bright >= OVEREXPOSED
    return colour if bright >= MIN_BRIGHT and coloured and best >= MIN_LEAD * max(second, 1.0) else None


def _lamps(red: PixelBox, yellow: PixelBox | None, green: PixelBox) -> tuple[tuple[Colour, PixelBox], ...]:
    both = ((Colour.RED, red), (Colour.GREEN, green))
    return both if yellow is None else (*both, (Colour.YELLOW, yellow))


def _glow(image: ImageArray, box: PixelBox, colour: Colour) -> tuple[float, float, float]:
    """Glow, own colour and brightness (0 to 255 each) of a lamp's brightest quarter."""
    pixels = _pixels(image, box)
    if not len(pixels):
        return 0.0, 0.0, 0.0
    value = pixels.max(axis=1)
    top = pixels[value >= np.quantile(value, 0.75)]
    bright = float(top.max(axis=1).mean())
    tint = max(0.0, bright - float(top[:, _OPPOSITE[colour]].max(axis=1).mean()))
    return bright + tint, tint, bright


def _pixels(image: ImageArray, box: PixelBox) -> FloatArray:
    """The pixels of a box that lie in the picture, (n, 3) blue, green, red."""
    x0, y0, x1, y1 = (max(0, round(v)) for v in box)
    return image[y0:y1, x0:x1].reshape(-1, 3).astype(np.float64)
