"""Time in video: which frames are wanted, capture times of live streams, clocks that are set, back-off."""

import random

import pytest
from simpang_edge.clock import FakeClock
from simpang_edge.source_time import Arrival, ArrivalClock, Backoff, FileTimes, Grid, Rate, StreamClock


@pytest.mark.parametrize(
    ("source_fps", "analysis_fps", "wanted"),
    [
        # Multiples of 0.125 s; frames every 0.04 s; the first at or after each: 0.16, 0.28, 0.40, 0.52 s …
        pytest.param(25, 8, [0, 4, 7, 10, 13, 16, 19, 22, 25], id="25 to 8"),
        pytest.param(30, 10, [0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30], id="30 to 10"),
        pytest.param(5, 8, [0, 1, 2, 3, 4, 5], id="slower than asked: every frame"),
        pytest.param(25, 25, list(range(26)), id="every frame"),
    ],
)
def test_the_first_frame_at_or_after_each_step_is_wanted(
    source_fps: int, analysis_fps: float, wanted: list[int]
) -> None:
    """The choice follows from the time stamps alone."""
    grid = Grid(analysis_fps)
    assert [index for index in range(source_fps + 1) if grid.wants(index / source_fps)] == wanted


def test_stamps_rounded_to_milliseconds_lose_no_frame() -> None:
    """Matroska writes 0.033 for 0.03333: at the file's own rate every frame is still wanted."""
    grid = Grid(30)
    assert all(grid.wants(round(index / 30, 3)) for index in range(300))


def test_file_times_start_at_zero_and_keep_pauses() -> None:
    """A file whose first stamp is 1.4 s starts at 0, and a pause of the recording stays a pause."""
    times = FileTimes(0.04)
    assert [times.place(stamp) for stamp in (1.4, 1.44, 61.44)] == pytest.approx([0.0, 0.04, 60.04])


def test_a_frame_out_of_order_is_left_out() -> None:
    """A repeated or slightly earlier stamp is no new frame."""
    times = FileTimes(0.04)
    assert [times.place(stamp) for stamp in (0.0, 0.08, 0.08, 0.04)] == [0.0, 0.08, None, None]


def test_joined_recordings_go_on_one_step_later() -> None:
    """Stamps that start again, or that jump by a day, do not move time."""
    times = FileTimes(0.04)
    # 10.00, then stamps restart at 0: 10.04, 10.08; then a day later: 10.12.
    stamps = (0.0, 10.0, 0.0, 0.04, 86_400.0)
    assert [times.place(stamp) for stamp in stamps] == pytest.approx([0.0, 10.0, 10.04, 10.08, 10.12])


def test_a_missing_stamp_is_one_step_after_the_last() -> None:
    """Streams without time stamps are counted on at their nominal rate."""
    times = FileTimes(0.04)
    assert [times.place(stamp) for stamp in (None, None, None)] == pytest.approx([0.0, 0.04, 0.08])


def test_jitter_of_the_network_is_kept_out_of_capture_times() -> None:
    """Frames that arrive late by up to 80 ms keep the spacing of their stamps."""
    clock = StreamClock(follow_early=True, after_s=0.0)
    delays_s = [0.0, 0.08, 0.02, 0.06, 0.0, 0.05]
    captures = [clock.place(i * 0.04, 1000 + i * 0.04 + delay) for i, delay in enumerate(delays_s)]
    # Only the drift correction moves them: 0.0005 × 0.04 s = 0.02 ms per frame at most.
    assert captures == pytest.approx([1000 + i * 0.04 for i in range(6)], abs=0.0002)


def test_frames_that_waited_in_buffers_take_the_least_delay() -> None:
    """After a burst of old frames at the start, capture is arrival less the stamp of the freshest."""
    clock = StreamClock(follow_early=True, after_s=0.0)
    for index in range(25):  # one second of frames, all at once
        clock.place(index * 0.04, 1000.0)
    # Stamp 0.96 arrived at 1000.00; stamp 1.00 arrives at 1000.04, so its capture is 1000.04.
    assert clock.place(1.0, 1000.04) == pytest.approx(1000.04)


def test_a_slow_camera_clock_is_followed() -> None:
    """A camera whose clock loses 0.01 % is an hour later still at most some milliseconds behind."""
    clock = StreamClock(follow_early=True, after_s=0.0)
    captures = [clock.place(second * 0.9999, 1000.0 + second) for second in range(3600)]
    assert captures[-1] == pytest.approx(1000.0 + 3599, abs=0.01)


@pytest.mark.parametrize("jump_s", [-50.0, 500.0, 90_000.0], ids=["back", "forward", "wrapped"])
def test_a_jump_of_the_stream_clock_starts_afresh(jump_s: float) -> None:
    """Stamps that jump while frames arrive evenly leave capture times even."""
    clock = StreamClock(follow_early=True, after_s=0.0)
    stamps = [100.0, 100.04, 100.08 + jump_s, 100.12 + jump_s]
    captures = [clock.place(stamp, 1000 + i * 0.04) for i, stamp in enumerate(stamps)]
    assert captures == pytest.approx([1000.0, 1000.04, 1000.08, 1000.12], abs=0.001)


def test_capture_times_never_go_back_over_a_reconnection() -> None:
    """A new connection goes on after the last frame of the old one."""
    assert StreamClock(follow_early=True, after_s=1000.0).place(5.0, 999.0) > 1000.0
    assert ArrivalClock(after_s=1000.0).place(None, 999.0) > 1000.0


def test_pieces_of_a_stream_keep_the_offset_of_the_first_frame() -> None:
    """HLS frames of one piece arrive at once; their times lie ahead, to be waited for."""
    clock = StreamClock(follow_early=False, after_s=0.0)
    captures = [clock.place(index * 0.5, 1000.0) for index in range(4)]
    assert captures == pytest.approx([1000.0, 1000.5, 1001.0, 1001.5])


def test_the_system_clock_set_back_does_not_set_arrivals_back() -> None:
    """After a step of −1 h times go on at the monotonic clock's pace, and it is said how far they are ahead."""
    clock = FakeClock(10_000.0)
    arrival = Arrival(clock)
    clock.advance(5)
    assert arrival.now() == 10_005.0
    clock.step(-3600)
    clock.advance(2)
    assert arrival.now() == 10_007.0
    assert arrival.ahead_s() == 3600.0


def test_the_system_clock_set_forward_is_followed() -> None:
    """A box that boots in 1970 and gets its time later measures with the right time from then on."""
    clock = FakeClock(100.0)
    arrival = Arrival(clock)
    clock.step(1_700_000_000.0)
    assert arrival.now() == 1_700_000_100.0
    assert arrival.ahead_s() == 0.0


def test_small_corrections_of_the_clock_do_not_set_arrivals_back() -> None:
    """NTP that takes back 0.3 s holds the time until the clock has caught up."""
    clock = FakeClock(1000.0)
    arrival = Arrival(clock)
    clock.step(-0.3)
    assert arrival.now() == 1000.0
    clock.advance(0.5)
    assert arrival.now() == pytest.approx(1000.2)


def test_the_rate_is_events_per_second_of_the_last_ten_seconds() -> None:
    """Unknown at first, then counted, and 0 when nothing comes any more."""
    rate = Rate()
    assert rate.per_s(0.0) is None
    for tick in range(40):  # 20 s at 2 per second: 0, 0.5 … 19.5
        rate.tick(tick * 0.5)
    # At 19.5 the events from 9.5 to 19.5 are 21, that is 20 steps in 10 s.
    assert rate.per_s(19.5) == 2.0
    assert rate.per_s(40.0) == 0.0


def test_waits_double_up_to_thirty_seconds_with_full_jitter() -> None:
    """Each wait is anything up to its limit: 1, 2, 4, 8, 16, 30, 30 s; after a good connection 1 s again."""

    class Highest(random.Random):
        def uniform(self, _a: float, b: float) -> float:
            return b

    backoff = Backoff(Highest())
    assert [backoff.next_s() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    backoff.reset()
    assert backoff.next_s() == 1
    jittered = Backoff(random.Random(1))
    waits = [jittered.next_s() for _ in range(50)]
    assert min(waits) < 10 < 20 < max(waits) <= 30
