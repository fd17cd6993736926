"""What the picture is like: light, nothing visible, frozen, moved, hazy, dirty. Looked at about once a second;
whether it stands still, in every picture.

All numbers are [ours], tried on rendered and real clips; the settings are those of the configuration's section
``scene``. Rain is told by its streaks (`scene_rain`); a wet road alone is not told. Night is what the sun says
(`scene_sun`); where its place is not known, what a night's picture looks like.
"""

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from .config import SceneRules
from .data import Frame, ImageArray, Scene
from .scene_light import Clarity, Light, shows_nothing
from .scene_place import Place, Reference, Sight
from .scene_rain import Rain
from .scene_still import Stillness
from .scene_sun import Sun

SMALL_PX: Final = 320
"""Width to which the picture is reduced first."""

PICK: Final = 4
"""Every n-th pixel both ways is compared for a frozen picture, unreduced: noise shows that a camera lives."""

DARK_S: Final = 2.0
BACK_LOOKS: Final = 3

SLIP_S: Final = 0.01
AWAY_S: Final = 0.1
"""While the camera is away it is looked at so often (each picture, at 10 a second or fewer), so that little is lost
when it is back."""

LATE_S: Final = 10.0
"""A moved camera is known from a mean of the latest pictures, some seconds late; never more than this is taken back."""


class SceneWatch:
    """Judges the pictures of one camera. `look` is cheap when it is not yet time again.

    sun: over the camera, None where its place or the time is not known.
    """

    def __init__(self, rules: SceneRules | None = None, sun: Sun | None = None) -> None:
        self._rules = rules or SceneRules()
        self._sun = sun
        self._light = Light(self._rules)
        self._clarity = Clarity()
        self._still = Stillness(self._rules.frozen_s)
        self._rain = Rain()
        self._reference = Reference()
        self._away = _Away(self._rules)
        self._dark_since_s: float | None = None
        self._next_s: float | None = None
        self._frozen_s: float | None = None

    def look(self, frame: Frame) -> Scene | None:
        """The scene, once every `every_s` of frame time, and when the picture stops or goes on; None in between."""
        was_frozen, frozen_since_s = (
            self._frozen_s is not None,
            self._still.look(picked_pixels(frame.image), frame.time_s),
        )
        self._frozen_s = frozen_since_s
        due_s = self._next_s
        early = due_s is not None and due_s - 2 * self._rules.every_s <= frame.time_s < due_s - SLIP_S
        if early and was_frozen == (frozen_since_s is not None):
            return None
        self._next_s = frame.time_s + (AWAY_S if self._away.moved else self._rules.every_s)
        small = small_picture(frame.image)
        if shows_nothing(small):
            return self._nothing(frame.time_s)
        self._dark_since_s = None
        light = self._light.look(small)
        place = self._place(small, light, frame)
        moved_since_s = self._away.look(place, frame.time_s)
        flags = self._hour(frame.time_s) | (set() if frozen_since_s is None else {"frozen"})
        flags |= self._weather(frame, small, light) if moved_since_s is None else {"moved"}
        since_s = min((s for s in (frozen_since_s, moved_since_s) if s is not None), default=None)
        return Scene(frame.time_s, tuple(sorted(flags)), place.shift_px, since_s)

    def _hour(self, time_s: float) -> set[str]:
        """Night, or the light of dawn, dusk and storms: a dim picture by day."""
        night = self._light.lamplit if self._sun is None else self._sun.is_night(time_s)
        return {"night"} if night else {"low_light"} if self._light.dim else set()

    def _weather(self, frame: Frame, small: ImageArray, light: str) -> set[str]:
        """What rain, haze and dirt do to a picture that is in its place."""
        return {*self._clarity.look(small, light), *(["rain"] if self._rain.look(frame.image) else [])}

    def remember(self) -> bytes:
        """The view that was learnt, for a worker that starts again: a camera may be knocked while it is off."""
        return self._reference.dump()

    def recall(self, data: bytes) -> None:
        """Take the view that an earlier run learnt. Raises `ValueError` for anything else; to be called first."""
        self._reference.load(data)

    def _nothing(self, time_s: float) -> Scene:
        """A picture without anything in it; believed after a few."""
        since_s = self._dark_since_s = time_s if self._dark_since_s is None else self._dark_since_s
        dark = time_s - since_s >= DARK_S
        return Scene(time_s, ("dark",) if dark else (), since_s=since_s if dark else None)

    def _place(self, small: ImageArray, light: str, frame: Frame) -> Place:
        """Where the picture is, its shift in pixels of the full picture."""
        scale = frame.image.shape[1] / small.shape[1]
        place = self._reference.compare(small, light, self._rules.moved_ratio * small.shape[1], single=self._away.moved)
        return place if place.shift_px is None else replace(place, shift_px=place.shift_px * scale)


@dataclass(slots=True)
class _Away:
    """When a picture elsewhere is a moved camera: a proved shift or a view that is gone soon (in two looks, and counted
    from the last picture that was recognised), one that cannot be recognised only after long (a bus may fill the view);
    it is back after a few pictures in place."""

    rules: SceneRules
    _since_s: float | None = None
    _gone_since_s: float | None = None
    _known_s: float | None = None
    _back: int = 0
    _moved: bool = False

    @property
    def moved(self) -> bool:
        """Whether the camera looks elsewhere."""
        return self._moved

    def look(self, place: Place, time_s: float) -> float | None:
        """Since when the camera has looked elsewhere: the last picture that was recognised; None while it does not."""
        if place.sight in (Sight.SAME, Sight.LEARNING):
            self._back += 1
            if not self._moved or (self._back >= BACK_LOOKS and place.sight is Sight.SAME):
                self._since_s, self._moved = None, False
        else:
            self._back = 0
            self._since_s = self._left_s(time_s) if self._since_s is None else self._since_s
            self._moved = self._moved or self._long_enough(place.sight, time_s)
        if place.known:
            self._known_s = time_s
        if place.sight is not Sight.GONE:
            self._gone_since_s = None
        return self._since_s if self._moved else None

    def _left_s(self, time_s: float) -> float:
        """When the picture was last recognised; at most `LATE_S` ago."""
        return time_s if self._known_s is None or not 0 <= time_s - self._known_s <= LATE_S else self._known_s

    def _long_enough(self, sight: Sight, time_s: float) -> bool:
        since_s = time_s if self._since_s is None else self._since_s
        if sight is Sight.GONE:
            again = self._gone_since_s is not None and time_s > self._gone_since_s
            self._gone_since_s = time_s if self._gone_since_s is None else self._gone_since_s
            if again and time_s - since_s >= self.rules.moved_s:
                return True
        return time_s - since_s >= (self.rules.moved_s if sight is Sight.SHIFTED else self.rules.lost_s)


def small_picture(image: ImageArray) -> ImageArray:
    """The picture's green, which is nearly its brightness, `SMALL_PX` wide."""
    height, width = image.shape[:2]
    step = max(1, width // (2 * SMALL_PX))
    size = (SMALL_PX, max(20, round(SMALL_PX * height / width)))
    grey = np.ascontiguousarray(image[::step, ::step, 1])
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def picked_pixels(image: ImageArray) -> ImageArray:
    """Every `PICK`-th pixel's green, (H / PICK, W / PICK)."""
    return np.ascontiguousarray(image[::PICK, ::PICK, 1])
