"""The worker's loop with scripted stages and a clock that is moved by hand."""

import contextlib
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import yaml
from simpang_edge.assembly import standing_flags
from simpang_edge.clock import FakeClock
from simpang_edge.config import Box, Camera
from simpang_edge.data import (
    Detections,
    Frame,
    Lamps,
    LiveRow,
    Measurement,
    Quality,
    Readings,
    Scene,
    Scope,
    Tracks,
    UsualDay,
    Vehicles,
)
from simpang_edge.errors import DuplicateWorkerError, SourceEnded, SourceError
from simpang_edge.ground import Ground
from simpang_edge.message import AnyMessage, Channel, CycleRow, HealthRow, decode
from simpang_edge.meter import Meter
from simpang_edge.outbox import Outbox
from simpang_edge.records import Identity
from simpang_edge.signal_head import SignalHeads
from simpang_edge.stages import Stages
from simpang_edge.worker import Worker

from .recorded import Facts

START_S = 1_795_485_600.0  # 2026-11-24 02:00:00 UTC

APPROACH = {
    "id": "a",
    "stop_line": ((0, 9), (9, 9)),
    "lanes": ({"id": 1, "polygon": ((0, 9), (9, 9), (9, 0))},),
    "length_m": 50,
}
POINTS = {"points": [{"image": p, "road": p} for p in ((0, 0), (9, 0), (9, 9), (0, 9))]}


def frame(time_s: float) -> Frame:
    """A small black picture."""
    return Frame(time_s, np.zeros((8, 8, 3), np.uint8))


@dataclass
class Script:
    """A source that does what it is told: a step is a frame, silence (None), an error, or something to do."""

    clock: FakeClock
    steps: Iterator[Frame | Exception | Callable[[], None] | None]
    stop: threading.Event
    facts: Facts = field(default_factory=Facts)

    def read(self, timeout_s: float) -> Frame | None:
        """The next step; silence lasts as long as the timeout."""
        step = next(self.steps, self.stop.set)
        if isinstance(step, Exception):
            raise step
        if isinstance(step, Frame):
            return step
        if step is not None:
            step()
        self.clock.advance(timeout_s)
        return None

    def status(self) -> Facts:
        """As it is now."""
        return self.facts

    def close(self) -> None:
        """Nothing to close."""


class Stub:
    """Detector, tracker and ground of an empty road."""

    def detect(self, frame: Frame) -> Detections:
        """Nothing."""
        return Detections(frame.time_s, np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))

    def update(self, detections: Detections) -> Tracks:
        """Nobody."""
        none = np.zeros(0, np.int64)
        return Tracks(detections.time_s, none, np.zeros((0, 4), np.float32), none)

    def locate(self, tracks: Tracks, size_px: tuple[int, int] | None = None) -> Vehicles:
        """Nowhere."""
        assert size_px == (8, 8)
        none, nowhere = np.zeros(0, np.int64), np.zeros(0)
        return Vehicles(tracks.time_s, none, none, np.zeros((0, 2)), none, none, nowhere, nowhere, nowhere)

    def mark(self, tracks: Tracks, vehicles: Vehicles) -> Vehicles:
        """In no zone."""
        assert len(tracks) == len(vehicles)
        return vehicles

    def look(self, frame: Frame) -> Scene | None:
        """A good picture."""
        return Scene(frame.time_s)

    def remember(self) -> bytes:
        """Nothing."""
        return b""

    def recall(self, data: bytes) -> None:
        """Nothing was seen before."""


def window(from_s: float, length_s: float = 60.0, approach: str = "a") -> Measurement:
    """An empty window."""
    return Measurement(
        from_s=from_s, to_s=from_s + length_s, scope=Scope.APPROACH, approach=approach, quality=Quality(length_s)
    )


class Ledger:
    """A meter that writes down what it is asked, and gives one window of the last second per frame."""

    def __init__(self) -> None:
        self.updates: list[float] = []
        self.notes: list[float] = []
        self.advances: list[float] = []
        self.lives: list[float] = []
        self.looks: list[float] = []
        self.finishes: list[float] = []
        self.gives: Callable[[float], Readings] = lambda time_s: Readings((window(time_s, 1.0),))

    def note(self, scene: Scene) -> Readings:
        """A look at the picture."""
        self.notes.append(scene.time_s)
        return Readings()

    def know(self, days: list[UsualDay]) -> None:
        """Nothing is usual."""

    def learned(self) -> tuple[UsualDay, ...]:
        """Nothing."""
        return ()

    def parts(self) -> bytes | None:
        """Nothing runs."""
        return None

    def resume(self, parts: bytes) -> None:
        """Nothing ran."""

    def open(self) -> bytes:
        """No event."""
        return b"[]"

    def end(self, left: bytes) -> None:
        """Nothing was left."""

    def update(self, vehicles: Vehicles) -> Readings:
        """A frame."""
        self.updates.append(vehicles.time_s)
        return self.gives(vehicles.time_s)

    def look(self, lamps: Lamps) -> Readings:
        """Signal heads."""
        self.looks.append(lamps.time_s)
        return Readings()

    def advance(self, time_s: float) -> Readings:
        """No frame."""
        self.advances.append(time_s)
        return Readings()

    def live(self, time_s: float) -> tuple[LiveRow, ...]:
        """One row."""
        self.lives.append(time_s)
        return (LiveRow(time_s=time_s, scope=Scope.APPROACH, approach="a"),)

    def finish(self, time_s: float) -> Readings:
        """One last window."""
        self.finishes.append(time_s)
        return Readings((window(time_s, 5.0),))


class Mailbox:
    """A publisher that keeps what it is offered."""

    def __init__(self) -> None:
        self.offers: list[AnyMessage] = []
        self.reasons: list[str] = []
        self.trouble: DuplicateWorkerError | None = None

    def check(self) -> None:
        """Raise the trouble, if any."""
        if self.trouble:
            raise self.trouble

    def offer(self, channel: Channel, payload: bytes) -> None:
        """Keep it, decoded."""
        self.offers.append(decode(f"simpang/v1/tangsel/utara/{channel.value}", payload))

    def stop(self, drain_s: float = 5.0, reason: str = "stopped") -> bool:
        """Note the reason."""
        assert drain_s == 5.0
        self.reasons.append(reason)
        return True

    def health(self) -> list[HealthRow]:
        """The health rows offered."""
        return [row for message in self.offers for row in message.rows if isinstance(row, HealthRow)]


class Bench:
    """A worker on the bench."""

    def __init__(self, folder: Path, source: str = "rtsp://camera/1", approaches: bool = True) -> None:
        self.clock = FakeClock(START_S)
        self.stop = threading.Event()
        self.meter = Ledger()
        self.real: Meter | None = None
        self.mailbox = Mailbox()
        self.facts = Facts()
        self.outbox = Outbox(folder, "utara")
        self.heads: SignalHeads | None = None
        more = {"calibration": POINTS, "approaches": [APPROACH]} if approaches else {}
        self.camera = Camera.model_validate({"id": "utara", "source": source, **more})
        self.box = Box.model_validate({"site": "tangsel", "cameras": [self.camera], "outbox": {"folder": folder}})

    def run(self, *steps: Frame | Exception | Callable[[], None] | None) -> None:
        """Run a script; after its last step the worker is told to stop."""
        stub = Stub()
        meter = self.real or self.meter
        stages = None
        if self.camera.approaches:
            stages = Stages(stub, stub, stub, stub, stub, meter, "none", 0.1, self.heads)
        source = Script(self.clock, iter(steps), self.stop, self.facts)
        identity = Identity("tangsel", "utara", 1, "me")
        worker = Worker(self.box, self.camera, identity, source, stages, self.outbox, self.mailbox, self.clock)
        worker.run(self.stop)

    def records(self) -> list[AnyMessage]:
        """What is in the outbox, decoded."""
        return [
            decode(f"simpang/v1/tangsel/utara/{record.channel.value}", record.payload)
            for record in self.outbox.pending(0, 10_000)
        ]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A live camera with one approach."""
    made = Bench(tmp_path)
    yield made
    made.outbox.close()


@pytest.fixture
def file_bench(tmp_path: Path) -> Iterator[Bench]:
    """A recorded file with one approach."""
    made = Bench(tmp_path, "clip.mp4")
    yield made
    made.outbox.close()


def seconds(count: float) -> list[None]:
    """Silence: reads of 0.2 s."""
    return [None] * round(count / 0.2)


def test_every_frame_goes_through_all_stages_and_its_windows_to_disk(bench: Bench) -> None:
    """Three frames, one window each, numbered; and the unfinished one at the end."""
    bench.run(frame(START_S), frame(START_S + 1), frame(START_S + 2))
    assert bench.meter.updates == bench.meter.notes == [START_S, START_S + 1, START_S + 2]
    assert [(message.channel, message.seq) for message in bench.records()] == [
        (Channel.WINDOW, 1),
        (Channel.WINDOW, 2),
        (Channel.WINDOW, 3),
        (Channel.WINDOW, 4),
    ]
    assert bench.mailbox.reasons == ["stopped"]


def test_all_rows_of_one_window_are_one_message_and_the_lengths_are_apart(bench: Bench) -> None:
    """Two approaches in the same minute and in the same quarter of an hour: two messages with two rows each."""
    rows = (window(0, 60), window(0, 60, "b"), window(0, 900), window(0, 900, "b"))
    bench.meter.gives = lambda _: Readings(rows)
    bench.run(frame(START_S))
    assert [len(message.rows) for message in bench.records()[:2]] == [2, 2]


def test_time_goes_on_without_frames_two_seconds_behind(bench: Bench) -> None:
    """Frame at 0, then 3 s of silence: from 2.2 s on (the first read after 2 s) the meter is told now - 2 s."""
    bench.run(frame(START_S), *seconds(3.0))
    assert bench.meter.advances[0] == pytest.approx(START_S + 0.2)
    assert bench.meter.advances[-1] == pytest.approx(START_S + 1.0)


def test_a_camera_that_never_came_online_still_closes_its_windows(bench: Bench) -> None:
    """Five seconds without any frame: the meter knows that three of them have passed unseen."""
    bench.run(*seconds(5.0))
    assert bench.meter.advances[-1] == pytest.approx(START_S + 3.0)


def test_the_time_of_a_file_is_the_files_own(file_bench: Bench) -> None:
    """A slow disk or a pause at the pace of real time is no time on the road."""
    file_bench.run(frame(5.0), *seconds(10.0), frame(5.1), SourceEnded("end"))
    assert file_bench.meter.advances == []
    assert file_bench.meter.finishes == [5.1]
    assert file_bench.mailbox.reasons == ["the file ended"]


def test_a_lost_source_is_reported_at_once(bench: Bench) -> None:
    """Health comes when the state changes, not only when it is due."""

    def lose() -> None:
        bench.facts.state = "offline"
        bench.facts.detail = "no frame for 5 s"

    bench.run(frame(START_S), lose)
    assert [row.source for row in bench.mailbox.health()][:2] == ["online", "offline"]
    assert bench.mailbox.health()[1].source_detail == "no frame for 5 s"


def test_health_comes_after_5_s_and_then_every_30(bench: Bench) -> None:
    """In 70 s: at the start (state), at 5, 35, 65, and at the end."""
    bench.run(*seconds(70.0))
    assert len(bench.mailbox.health()) == 5


def test_live_figures_come_every_two_seconds(bench: Bench) -> None:
    """In 10 s: at 2, 4, 6, 8, 10."""
    bench.run(*seconds(10.2))
    assert [round(time_s - START_S) for time_s in bench.meter.lives] == [2, 4, 6, 8, 10]


def test_a_clock_set_back_an_hour_stops_nothing(bench: Bench) -> None:
    """Live figures go on every 2 s, time on the road goes on, and health says that the clock was set once."""
    bench.run(frame(START_S), *seconds(4.0), lambda: bench.clock.step(-3600.0), *seconds(4.0))
    assert [round(time_s - START_S) for time_s in bench.meter.lives] == [2, 4, 6, 8]
    assert bench.meter.advances == sorted(bench.meter.advances)
    assert bench.mailbox.health()[-1].clock_steps == 1


def test_a_source_that_becomes_unusable_publishes_what_was_measured(file_bench: Bench) -> None:
    """The picture changes its size half way: what was counted until then is not lost, and the reason is told."""
    with pytest.raises(SourceError, match="changes size"):
        file_bench.run(frame(5.0), SourceError("the picture changes size"))
    assert len(file_bench.records()) == 2
    assert file_bench.mailbox.reasons == ["the picture changes size"]


def test_a_duplicate_stops_without_publishing_more(bench: Bench) -> None:
    """The other worker measures this camera; unfinished windows of this one would spoil its figures."""

    def meet() -> None:
        bench.mailbox.trouble = DuplicateWorkerError("the other one")

    with pytest.raises(DuplicateWorkerError):
        bench.run(frame(START_S), meet)
    assert bench.meter.finishes == []
    assert len(bench.records()) == 1


def test_a_camera_without_approaches_publishes_health_only(tmp_path: Path) -> None:
    """Nothing to measure is not an error."""
    bench = Bench(tmp_path, approaches=False)
    bench.run(frame(START_S), *seconds(6.0))
    assert {message.channel for message in bench.mailbox.offers} == {Channel.HEALTH}
    assert bench.records() == []
    bench.outbox.close()


def test_health_counts_frames_by_the_monotonic_clock(bench: Bench) -> None:
    """25 frames in 5.0 s, the first of them in the report at the start: 24 / 5.0 s = 4.8 per second in the second."""
    steps: list[Frame | None] = []
    for number in range(25):
        steps += [frame(START_S + number * 0.2), None]
    bench.run(*steps, None)
    row = bench.mailbox.health()[1]
    assert row.fps_analysed == pytest.approx(4.8)
    assert row.detect_ms is not None
    assert row.outbox_messages == 25


def test_a_full_disk_does_not_stop_measuring(tmp_path: Path) -> None:
    """On a real full disk records wait in memory, in order, and go to disk when there is room again."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=True)
    try:
        bench = Bench(disk)
        ballast = disk / "ballast"

        def fill() -> None:
            with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while True:
                    file.write(b"\0" * 4096)

        bench.meter.gives = lambda time_s: Readings(tuple(window(time_s, 60.0, f"a{n}") for n in range(5)))
        bench.run(frame(1.0), fill, *(frame(2.0 + n) for n in range(30)))
        assert bench.outbox.status().held > 0
        assert [message.seq for message in bench.records()] == list(range(1, 33))
        ballast.unlink()
        bench.outbox.store_held(START_S)
        assert bench.outbox.status().held == 0
        assert [message.seq for message in bench.records()] == list(range(1, 33))
        bench.outbox.close()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.parametrize(
    ("clip", "flags"), [("simpang_empat_pagi", ()), ("simpang_empat_pagi_timur", (("timur", "low_resolution"),))]
)
def test_an_approach_that_shows_too_few_pixels_is_flagged(clip: str, flags: tuple[tuple[str, str], ...]) -> None:
    """At the stop line 464 px for 9.75 m make 0.75 m 35.7 px; in the smaller picture 232 px make it 17.9, under 20."""
    folder = Path(__file__).parents[2] / "sample_videos"
    camera = Camera.model_validate(yaml.safe_load((folder / f"{clip}.camera.yaml").read_text(encoding="utf-8")))
    assert standing_flags(camera, Ground(camera)) == flags


def lamp(time_s: float) -> Frame:
    """A small picture of a head: green for 20 s, yellow for 3 s, red for 27 s, from its 10th second on."""
    image = np.zeros((8, 8, 3), np.uint8)
    phase_s = (time_s - START_S - 10) % 50
    if phase_s < 20:
        image[0:2, 0:2] = (160, 250, 40)
    elif phase_s < 23:
        image[3:5, 0:2] = (30, 170, 250)
    else:
        image[6:8, 0:2] = (30, 30, 250)
    return Frame(time_s, image)


def test_the_lamps_of_a_head_in_view_become_a_cycle(bench: Bench) -> None:
    """The worker's own meter and reader of heads: one cycle of 50 s goes out, 20 s of it green."""
    head = {"approach": "a", "green": (0, 0, 2, 2), "yellow": (0, 3, 2, 5), "red": (0, 6, 2, 8)}
    camera = Camera.model_validate(bench.camera.model_dump() | {"signal_heads": [head]})
    bench.real, bench.heads = Meter(camera), SignalHeads(camera)
    bench.run(*[lamp(START_S + i / 4) for i in range(4 * 65)])
    cycles = [row for message in bench.records() for row in message.rows if isinstance(row, CycleRow)]
    assert [(row.method, row.cycle_s, row.green_s) for row in cycles] == [("signal_head", 50.0, 20.0)]
