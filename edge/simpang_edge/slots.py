"""A place in an array for each vehicle: the number of its row, which is used again when the vehicle is gone."""

import numpy as np

from .data import IntArray


class Slots:
    """Numbers from 0 by track id; as few as there are tracks at a time. size: how many were ever in use at once."""

    def __init__(self) -> None:
        self._of: dict[int, int] = {}
        self._free: list[int] = []
        self.size = 0

    def __len__(self) -> int:
        return len(self._of)

    def take(self, ids: IntArray) -> tuple[IntArray, IntArray]:
        """The numbers of tracks (n,), and the indices in `ids` of those that had none before, (m,)."""
        tracks = ids.tolist()
        new = [n for n, track in enumerate(tracks) if track not in self._of]
        for n in new:
            self._of[tracks[n]] = self._next()
        return np.array([self._of[track] for track in tracks], np.int64), np.array(new, np.int64)

    def release(self, ids: IntArray) -> IntArray:
        """The numbers that these tracks (n,) had, now free for others, (m,)."""
        freed = [self._of.pop(track) for track in ids.tolist() if track in self._of]
        self._free += freed
        return np.array(freed, np.int64)

    def _next(self) -> int:
        if not self._free:
            self._free.append(self.size)
            self.size += 1
        return self._free.pop()
