"""Was anything lost on the way? Every camera numbers its records; this notices the holes."""

from typing import Final

from .rows import CameraKey

MISSING_MAX: Final = 100_000
"""Numbers remembered as missing per camera; of a larger hole only the size is counted."""
CAMERAS_MAX: Final = 10_000


class _Camera:
    """What was seen of one camera: the highest number, in which boot, and the numbers missing below it."""

    __slots__ = ("boot", "last", "missing", "missing_more")

    def __init__(self, boot: int, last: int) -> None:
        self.boot = boot
        self.last = last
        self.missing: set[int] = set()
        self.missing_more = 0


class SequenceCheck:
    """Counts records that came twice and records that are missing, over all cameras.

    A worker sends in order and its numbers go on across its restarts, so a hole is a loss, until what is missing
    arrives after all (a worker sends again what a broken connection may have taken). A new boot that begins again
    below the last number is a worker with a new disk: counting starts anew.
    """

    def __init__(self) -> None:
        self._cameras: dict[CameraKey, _Camera] = {}
        self.duplicates = 0

    @property
    def lost(self) -> int:
        """Records missing now."""
        return sum(len(camera.missing) + camera.missing_more for camera in self._cameras.values())

    def see(self, key: CameraKey, boot: int, seq: int) -> None:
        """A record has arrived."""
        camera = self._cameras.get(key)
        if camera is None:
            if len(self._cameras) < CAMERAS_MAX:
                self._cameras[key] = _Camera(boot, seq)
        elif seq > camera.last:
            _advance(camera, boot, seq)
        elif seq in camera.missing:
            camera.missing.remove(seq)
        elif boot > camera.boot:
            camera.boot, camera.last = boot, seq
        else:
            self.duplicates += 1


def _advance(camera: _Camera, boot: int, seq: int) -> None:
    hole = seq - camera.last - 1
    room = MISSING_MAX - len(camera.missing)
    if 0 < hole <= room:
        camera.missing.update(range(camera.last + 1, seq))
    elif hole > room:
        camera.missing_more += hole
    camera.boot, camera.last = max(boot, camera.boot), seq
