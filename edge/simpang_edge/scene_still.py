"""Whether the picture stands still while time goes on."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from .data import IntArray

SAME_LEVELS: Final = 0.4
"""Mean difference in grey levels below which a tile is the same picture. Measured: a frozen picture encoded again
stays at 0.24 or below but for its key frames (0.7 and more); the quietest real road has 0.8 in a second."""

CLOCK_SHARE: Final = 0.1
"""The most changing tiles that are not looked at: a burnt-in clock may run on over a frozen picture."""

STILL_SHARE: Final = 0.7
"""Share of the looks that must find the same picture; a key frame now and then may differ."""

BUSY_LEVELS: Final = 1.0
BUSY_LOOKS: Final = 3
ABRUPT_S: Final = 5.0
"""A picture with traffic or noise everywhere (three looks in a row change by a grey level or more) that stands still
from one look to the next is believed to be frozen after this time. A quiet one may look so between two key frames."""

SLIP_S: Final = 0.1
"""Looks are a second apart but for a frame's time."""

TILES: Final = (6, 8)


@dataclass(slots=True)
class Stillness:
    """Compares pictures about a second apart, outside what changes most."""

    frozen_s: float
    _before: IntArray | None = None
    _since_s: float | None = None
    _busy: int = 0
    _looks: deque[tuple[float, bool]] = field(default_factory=deque)

    def look(self, sample: IntArray, time_s: float) -> float | None:
        """Since when it has been the same picture, once that is `frozen_s` (or 5 s after much change); else None.

        sample: (H, W) pixels picked from the full picture.
        """
        before, self._before = self._before, sample
        comparable = before is not None and before.shape == sample.shape
        change = _difference(before, sample) if before is not None and comparable else np.inf
        self._looks.append((time_s, change <= SAME_LEVELS))
        if not any(same for _, same in list(self._looks)[-2:]):
            self._busy = self._busy + 1 if BUSY_LEVELS <= change < np.inf else 0
            self._looks.clear()
            self._looks.append((time_s, True))
            self._since_s = None
            return None
        needed_s = min(ABRUPT_S, self.frozen_s) if self._busy >= BUSY_LOOKS else self.frozen_s
        return self._judge(time_s, needed_s - SLIP_S)

    def _judge(self, time_s: float, needed_s: float) -> float | None:
        while time_s - self._looks[1][0] >= needed_s:
            self._looks.popleft()
        still = sum(same for _, same in self._looks) >= STILL_SHARE * len(self._looks)
        if not still or time_s - self._looks[0][0] < needed_s:
            self._since_s = None
            return None
        self._since_s = self._looks[0][0] if self._since_s is None else self._since_s
        return self._since_s


def _difference(before: IntArray, now: IntArray) -> float:
    """Mean absolute difference in the tile that changed most, the clock's share of the tiles left out."""
    down, across = (side // n for side, n in zip(now.shape, TILES, strict=True))
    cut = np.abs(now - before)[: down * TILES[0], : across * TILES[1]]
    tiles = np.sort(cut.reshape(TILES[0], down, TILES[1], across).mean(axis=(1, 3)).ravel())
    return float(tiles[int((1 - CLOCK_SHARE) * (len(tiles) - 1))])
