"""Whether the picture stands still while time goes on.

[ours] Successive pictures are compared tile by tile. In a stream that repeats its picture next to nothing changes but
a burnt-in clock and, all at once, everything when the encoder sends a key frame; on a real road the noise of the camera
or somebody who moves is seen within seconds.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final

import cv2
import numpy as np

from .data import ImageArray

GAP_S: Final = 0.1
"""Pictures nearer in time are not compared."""

SAME_LEVELS: Final = 0.15
"""Mean change in grey levels, from one picture to the next, below which the picture is the same. Measured at 8 pictures
a second over 5 s, the third of the steps that changed most left out: a frozen picture encoded again 0.05, the quietest
of seventeen clips of live cameras 0.19 (rendered) and 0.6 (real)."""

STRONG_LEVELS: Final = 45
"""A pixel that changes by more shows that something moves there: key frames of a frozen picture stay below."""

CLOCK_TILES: Final = 4
"""So many tiles may change all the time: a burnt-in clock may run on over a frozen picture."""

STILL_SHARE: Final = 0.7
"""Share of the steps that must find the same picture; key frames now and then differ."""

ABRUPT_S: Final = 5.0
"""A picture in which more than a clock moved, or with noise everywhere, and that stands still from one moment to the
next is believed to be frozen after this time. A quiet road with a strong encoder may look so for longer."""

MOVED_S: Final = 0.5
NOISE_LEVELS: Final = 1.0
NOISE_S: Final = 3.0
LIVE_LEVELS: Final = 0.4
ALIVE: Final = 2
LATELY: Final = 4
SLIP_S: Final = 0.05
TILES: Final = (6, 8)


@dataclass(frozen=True, slots=True)
class _Step:
    """From one picture to the next. change: mean grey levels of the tile that changed most, the clock's left out.
    moved: the tiles in which something moved, a bit each."""

    from_s: float
    to_s: float
    change: float
    moved: int

    @property
    def alive(self) -> bool:
        """Whether it shows the road by itself: much moved, or there is noise everywhere."""
        return self.moved.bit_count() > CLOCK_TILES or self.change >= NOISE_LEVELS


@dataclass(slots=True)
class Stillness:
    """Follows the pictures of one camera."""

    frozen_s: float
    _before: ImageArray | None = None
    _before_s: float = -math.inf
    _still_s: float | None = None
    _busy: bool = False
    _frozen: bool = False
    _steps: deque[_Step] = field(default_factory=deque)

    def look(self, sample: ImageArray, time_s: float) -> float | None:
        """Since when it has been the same picture, once that is `frozen_s` (or 5 s after much change); else None.

        sample: (H, W) pixels picked from the full picture.
        """
        if not 0 <= time_s - self._before_s < GAP_S - SLIP_S / 2:
            self._follow(sample, time_s)
        return self._still_s if self._frozen else None

    def calm_levels(self) -> float | None:
        """How much the picture changes from one to the next, in the calm steps of the latest time: below `SAME_LEVELS`
        nothing happens in it. None before there are enough."""
        steps = self._last(ABRUPT_S)
        if not steps or self._before_s - steps[0].from_s < ABRUPT_S - SLIP_S - GAP_S:
            return None
        return float(np.mean([step.change for step in _calm(steps)]))

    def _follow(self, sample: ImageArray, time_s: float) -> None:
        """Compare with the picture before."""
        before, before_s = self._before, self._before_s
        self._before, self._before_s = sample, time_s
        if before is None or before.shape != sample.shape or not 0 < time_s - before_s <= ABRUPT_S:
            self._steps.clear()
            self._still_s, self._frozen = None, False
            return
        self._steps.append(_Step(before_s, time_s, *_difference(before, sample)))
        while self._steps[0].to_s < time_s - ABRUPT_S - NOISE_S - SLIP_S:
            self._steps.popleft()
        self._judge(time_s)

    def _judge(self, time_s: float) -> None:
        steps = self._last(ABRUPT_S)
        if self._goes_on(steps):
            self._still_s, self._frozen = None, False
        elif self._still_s is None and time_s - steps[0].from_s >= ABRUPT_S - SLIP_S - GAP_S:
            self._still_s = _still_since_s(steps)
            self._busy = self._was_busy(self._still_s)
        needed_s = min(ABRUPT_S, self.frozen_s) if self._busy else self.frozen_s
        self._frozen = self._still_s is not None and time_s - self._still_s >= needed_s - SLIP_S

    def _last(self, length_s: float) -> list[_Step]:
        """The steps of the latest time."""
        from_s = self._before_s - length_s - SLIP_S
        return [step for step in self._steps if step.from_s >= from_s]

    def _was_busy(self, since_s: float) -> bool:
        """Whether there was traffic at the very moment before the picture stood still, or noise everywhere."""
        before = [step for step in self._steps if step.to_s <= since_s + SLIP_S]
        noise = [step.change for step in before if step.from_s >= since_s - NOISE_S - SLIP_S]
        moved = [step for step in before if step.to_s > since_s - MOVED_S]
        lasting = bool(before) and before[0].from_s <= since_s - NOISE_S + GAP_S
        return _moved(moved).bit_count() > CLOCK_TILES or (lasting and min(noise) >= NOISE_LEVELS)

    def _goes_on(self, steps: Sequence[_Step]) -> bool:
        """Whether the picture shows the road: by little that moves or, where it stood still, by two of the last four
        steps: the first shows that it is another picture, and on a quiet road little may move in the next."""
        again = self._still_s is not None and sum(step.alive for step in steps[-LATELY:]) >= ALIVE
        return again or not _same(steps)


def _same(steps: Sequence[_Step]) -> bool:
    """Whether nothing happened in nearly all of these steps but that a clock went on."""
    calm = _calm(steps)
    same = sum(step.change for step in calm) <= SAME_LEVELS * len(calm)
    return same and _moved(calm).bit_count() <= CLOCK_TILES


def _calm(steps: Sequence[_Step]) -> list[_Step]:
    """Those that changed least."""
    return sorted(steps, key=lambda step: step.change)[: math.ceil(STILL_SHARE * len(steps))]


def _still_since_s(steps: Sequence[_Step]) -> float:
    """The last picture of the first steps that still changed."""
    first = steps[: len(steps) - math.ceil(STILL_SHARE * len(steps))]
    clock = _moved(steps[len(first) :])
    noisy = list(takewhile(lambda step: step.change > LIVE_LEVELS, first))
    ends_s = [step.to_s for step in first if step.moved & ~clock] + [step.to_s for step in noisy]
    return max(ends_s, default=steps[0].from_s)


def _moved(steps: Sequence[_Step]) -> int:
    """All tiles in which something moved."""
    tiles = 0
    for step in steps:
        tiles |= step.moved
    return tiles


def _difference(before: ImageArray, now: ImageArray) -> tuple[float, int]:
    """Mean change of the tile that changed most, the clock's tiles left out; and a bit for each in which one moved."""
    down, across = (side // n for side, n in zip(now.shape, TILES, strict=True))
    cut = cv2.absdiff(now, before)[: down * TILES[0], : across * TILES[1]]
    tiles = cut.reshape(TILES[0], down, TILES[1], across)
    means = np.sort(tiles.mean(axis=(1, 3)).ravel())
    moved = (tiles.max(axis=(1, 3)) >= STRONG_LEVELS).ravel()
    return float(means[-1 - CLOCK_TILES]), int.from_bytes(np.packbits(moved).tobytes(), "big")
