"""Time in video, as pure objects: which frames are wanted, what time each was taken, how fast they come."""

import math
import random
from collections import deque
from typing import Final

from .clock import Clock

TOLERANCE_S: Final = 0.002
"""Containers round time stamps (Matroska to 1 ms); a frame this much before its turn is on time."""

MAX_PAUSE_S: Final = 3600.0
MAX_SHUFFLE_S: Final = 0.2
MAX_DRIFT_RATIO: Final = 5e-4
"""How fast a stream's clock is followed when it falls behind: crystals differ by less than 0.01 %, this is 0.05 %."""

MAX_OFF_S: Final = 5.0
"""A time stamp further from its arrival than this is a jump of the stream's clock, not delay."""

MIN_STEP_S: Final = 0.001
CLOCK_STEP_S: Final = 1.0


class Grid:
    """Picks the first frame at or after each multiple of ``1 / rate_fps`` seconds.

    The choice depends on the time stamps alone, so that the same file gives the same frames.
    """

    def __init__(self, rate_fps: float) -> None:
        self._rate_fps = rate_fps
        self._slot = -1

    def wants(self, time_s: float) -> bool:
        """Whether the analysis rate asks for a frame of this time; times must not go back."""
        slot = math.floor((time_s + TOLERANCE_S) * self._rate_fps)
        if slot <= self._slot:
            return False
        self._slot = slot
        return True


class FileTimes:
    """Seconds since a file's first frame, from its time stamps.

    A missing stamp is the previous one plus the nominal step. A frame up to 0.2 s before its predecessor is out of
    order and left out. A jump back by more, or forward by more than an hour, is where recordings were joined: time
    goes on one nominal step later.
    """

    def __init__(self, nominal_step_s: float) -> None:
        self._step_s = nominal_step_s
        self._offset_s: float | None = None
        self._last_s = 0.0

    def place(self, stamp_s: float | None) -> float | None:
        """Time of a frame in seconds from the first; None: leave this frame out."""
        if self._offset_s is None:
            self._offset_s = -(stamp_s or 0.0)
            return 0.0
        time_s = self._last_s + self._step_s if stamp_s is None else stamp_s + self._offset_s
        step_s = time_s - self._last_s
        if -MAX_SHUFFLE_S <= step_s <= 0:
            return None
        if not 0 < step_s <= MAX_PAUSE_S:
            self._offset_s += self._step_s - step_s
            time_s = self._last_s + self._step_s
        self._last_s = time_s
        return time_s


class Arrival:
    """What time it is when a frame arrives: the wall clock, except that it never goes back.

    When the system's clock is set back, times go on from before at the monotonic clock's pace (windows that were
    already measured must not be measured again); when it is set forward, times follow at once.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_s = clock.now()
        self._monotonic_s = clock.monotonic()

    def now(self) -> float:
        """POSIX seconds UTC, never less than before."""
        monotonic_s = self._clock.monotonic()
        own_s = self._last_s + monotonic_s - self._monotonic_s
        wall_s = self._clock.now()
        self._last_s = own_s if own_s - wall_s > CLOCK_STEP_S else max(self._last_s, wall_s)
        self._monotonic_s = monotonic_s
        return self._last_s

    def ahead_s(self) -> float:
        """Seconds that these times are ahead of a clock that was set back; 0.0 when it was not."""
        ahead_s = self.now() - self._clock.now()
        return ahead_s if ahead_s > CLOCK_STEP_S else 0.0


class StreamClock:
    """Capture time of a live stream's frames: their time stamps, laid on the times of arrival.

    Capture = stamp + offset. A frame cannot arrive before it was taken, so with ``follow_early`` the offset falls at
    once to that of the frame with the least delay so far (frames that waited in buffers while the stream was opened
    come in a burst); it rises by at most `MAX_DRIFT_RATIO` of the time passed, which follows a camera whose clock is
    slow. Jitter of the network is thereby kept out of speeds. Streams that arrive in pieces of several seconds (HLS)
    keep the offset of the first frame and are held back until each frame's time has come. A stamp that goes back, or
    that is more than `MAX_OFF_S` from its arrival, starts afresh.
    """

    def __init__(self, follow_early: bool, after_s: float) -> None:
        self._follow_early = follow_early
        self._last_s = after_s
        self._offset_s: float | None = None
        self._stamp_s = 0.0

    def place(self, stamp_s: float | None, arrival_s: float) -> float:
        """POSIX UTC when the frame was taken, always after the previous one."""
        capture_s = arrival_s if stamp_s is None else stamp_s + self._offset(stamp_s, arrival_s)
        self._last_s = max(capture_s, self._last_s + MIN_STEP_S)
        return self._last_s

    def _offset(self, stamp_s: float, arrival_s: float) -> float:
        seen_s = arrival_s - stamp_s
        offset_s = self._offset_s
        passed_s = stamp_s - self._stamp_s
        if offset_s is None or passed_s < 0 or abs(seen_s - offset_s) > MAX_OFF_S:
            offset_s = seen_s
        elif seen_s > offset_s:
            offset_s = min(seen_s, offset_s + MAX_DRIFT_RATIO * passed_s)
        elif self._follow_early:
            offset_s = seen_s
        self._offset_s, self._stamp_s = offset_s, stamp_s
        return offset_s


class ArrivalClock:
    """Capture time of a stream without time stamps of its own (MJPEG over HTTP): the time of arrival."""

    def __init__(self, after_s: float) -> None:
        self._last_s = after_s

    def place(self, _stamp_s: float | None, arrival_s: float) -> float:
        """POSIX UTC of arrival, always after the previous one."""
        self._last_s = max(arrival_s, self._last_s + MIN_STEP_S)
        return self._last_s


class Rate:
    """Events per second over the last ones (at most 512, at most 10 s old)."""

    WINDOW_S: Final = 10.0

    def __init__(self) -> None:
        self._times_s: deque[float] = deque(maxlen=512)

    def tick(self, now_s: float) -> None:
        """One event."""
        self._times_s.append(now_s)

    def per_s(self, now_s: float) -> float | None:
        """None before a second has passed; 0.0 when the last is too old."""
        times_s = list(self._times_s)
        if len(times_s) < 2:
            return None
        if now_s - times_s[-1] > self.WINDOW_S:
            return 0.0
        recent = [time_s for time_s in times_s if now_s - time_s <= self.WINDOW_S]
        span_s = now_s - recent[0]
        return (len(recent) - 1) / span_s if span_s >= 1 else None


class Backoff:
    """Exponential back-off with full jitter, so that many cameras do not come back all at once."""

    FIRST_S: Final = 1.0
    LONGEST_S: Final = 30.0

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._limit_s = self.FIRST_S

    def next_s(self) -> float:
        """How long to wait now: anything up to a limit that doubles from 1 s to 30 s."""
        wait_s = self._chance.uniform(0.0, self._limit_s)
        self._limit_s = min(2 * self._limit_s, self.LONGEST_S)
        return wait_s

    def reset(self) -> None:
        """The connection held: the next loss is a new one."""
        self._limit_s = self.FIRST_S
