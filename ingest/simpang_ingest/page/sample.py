"""Made-up traffic for looking at the page without cameras, broker or store, and for its tests.

`python -m simpang_ingest.page.sample` shows it. Everything goes through the public doors: messages into a `LiveBoard`,
rows out of a `History`.
"""

import math
import sys
import threading
from collections.abc import Iterable
from typing import Any, Final, Literal

from simpang_edge.message import (
    ApproachMeta,
    Channel,
    GateMeta,
    LaneMeta,
    LiveRow,
    Message,
    MetaRow,
    MovementMeta,
    QualityX,
    StatusRow,
    utc,
)
from simpang_edge.message import HealthRow as HealthMessageRow
from simpang_edge.message import Words as Sentence

from ..clock import Clock, SystemClock
from ..live import BoardMessage, LiveBoard
from ..rows import CameraKey
from .app import PageServer
from .ports import Compared
from .sample_city import BASE, CAMERAS, SITE, STATES, Sample, many
from .sample_past import SampleHistory
from .settings import ScreenSettings

CYCLE_S: Final = 90.0


class Feed:
    """Puts messages on a board as workers would; `paused` cameras send nothing."""

    def __init__(self, board: LiveBoard, cameras: Iterable[Sample] = CAMERAS, clock: Clock | None = None) -> None:
        self.paused: set[str] = set()
        self._board = board
        self._cameras = tuple(cameras)
        self._clock = clock or SystemClock()
        self._stop = threading.Event()
        self._begin_s = self._clock.now()

    def introduce(self) -> None:
        """What is retained on the broker, and health."""
        for camera in self._cameras:
            self._board.put(self._message(camera, Channel.META, [_meta(camera)]), retained=True)
            self._board.put(self._message(camera, Channel.STATUS, [_status(camera, self._begin_s)]), retained=True)
            if camera.trouble != "silent":
                self._board.put(self._message(camera, Channel.HEALTH, [_health(camera)]))

    def step(self) -> None:
        """One live message and health of every camera that speaks."""
        now_s = self._clock.now()
        for camera in self._cameras:
            if camera.trouble is None and camera.camera not in self.paused:
                rows = list(_live(camera, now_s, now_s - self._begin_s))
                self._board.put(self._message(camera, Channel.LIVE, rows))
                self._board.put(self._message(camera, Channel.HEALTH, [_health(camera)]))

    def run(self) -> None:
        """Introduce, then step every 2 s until `stop`."""
        self.introduce()
        while not self._stop.wait(0 if not self._board.cameras() else 2.0):
            self.step()

    def start(self) -> None:
        """Run in a thread; the first messages are there when this returns."""
        self.introduce()
        self.step()
        threading.Thread(target=self.run, name="sample", daemon=True).start()

    def stop(self) -> None:
        """Send no more."""
        self._stop.set()

    def _message(self, camera: Sample, channel: Channel, rows: list[Any]) -> BoardMessage:
        return Message(
            channel=channel, site=SITE, camera=camera.camera, boot=int((self._begin_s - 86_400) * 1000), seq=0,
            sent=utc(self._clock.now()), rows=rows,
        )  # fmt: skip


def _meta(camera: Sample) -> MetaRow:
    approaches = [
        ApproachMeta(id=one, name=name, lanes=[LaneMeta(id=1), LaneMeta(id=2)], length_m=180.0, free_flow_kmh=50.0)
        for one, name, _ in camera.approaches()
    ]
    return MetaRow(
        name=camera.name, junction=camera.junction, city="Kota Contoh", latitude=camera.latitude,
        longitude=camera.longitude, approaches=approaches, calibration_error_m=0.18, calibration_id="0a1b2c3d4e5f",
        model_id="simpang-n", software="0.1.0", config_hash="0123456789ab", analysis_fps=8.0,
        simulated=camera.simulated,
        movements=[
            MovementMeta(id=f"{approaches[0].id}-{turn}", name=name, approach=approaches[0].id, turn=turn)
            for turn, name in (("left", "ke timur"), ("through", "ke selatan"), ("right", "ke barat"))
        ],
        gates=[GateMeta(id="keluar", name="Keluar selatan", kind="both", line=[(200.0, 600.0), (900.0, 620.0)])],
    )  # fmt: skip


def _status(camera: Sample, now_s: float) -> StatusRow:
    if camera.trouble == "dead":
        return StatusRow(state="offline", since=utc(now_s - 312))
    return StatusRow(state="online", since=utc(now_s - 86_400))


def _health(camera: Sample) -> HealthMessageRow:
    if camera.trouble == "dead":
        return HealthMessageRow(source="offline", source_detail="RTSP: connection refused", reconnects=41)
    return HealthMessageRow(
        source="online", fps_read=25.0, fps_analysed=8.0, frames_missed=3, reconnects=1, latency_ms=84.0,
        detect_ms=38.0, memory_mb=212.0, cpu_pct=31.0, disk_free_mb=9140.0, outbox_messages=2,
    )  # fmt: skip


def swing(time_s: float, phase: float) -> float:
    """−1 to 1 over a signal cycle."""
    return math.sin(2 * math.pi * (time_s / CYCLE_S + phase))


def _live(camera: Sample, now_s: float, seconds_s: float) -> Iterable[LiveRow]:
    for one, _, state in camera.approaches():
        yield _live_row(camera, one, None, state, now_s, seconds_s)
        for lane in (1, 2):
            yield _live_row(camera, one, lane, state, now_s, seconds_s)


def _live_row(camera: Sample, approach: str, lane: int | None, state: str, now_s: float, seconds_s: float) -> LiveRow:
    scope: Literal["approach", "lane"] = "approach" if lane is None else "lane"
    if state not in BASE:
        poor = QualityX(observed_s=12.0, score=0.2)
        return LiveRow(scope=scope, approach=approach, lane=lane, observed_s=12.0, quality=poor, state=state,
                       reason=STATES[state])  # fmt: skip
    queue_m, speed_kmh = BASE[state]
    queue_m = max(0.0, queue_m * (1 + 0.35 * swing(now_s, camera.phase)) / (1 if lane is None else lane))
    speed_kmh *= 1 - 0.2 * swing(now_s, camera.phase)
    share = 1.0 if lane is None else 0.5
    said = STATES[state]
    figures = {"q": f"{queue_m:.0f}", "v": f"{speed_kmh:.0f}"}
    counts = {"motorcycle": int(seconds_s * 0.22 * share), "car": int(seconds_s * 0.09 * share), "bus": 0, "truck": 0}
    return LiveRow(
        scope=scope, approach=approach, lane=lane, vehicles_in_view=int(queue_m / 6 + 4), counts=counts,
        observed_s=seconds_s, flow_vph=(1100 + 90 * swing(now_s, camera.phase + 0.3)) * share, speed_kmh=speed_kmh,
        queue_m=queue_m, queue_vehicles=int(queue_m / 6), queue_beyond_view=queue_m > 170, occupancy=0.31, state=state,
        quality=camera.quality,
        reason=Sentence(said.code, said.id.format(**figures), said.en.format(**figures)),
    )  # fmt: skip


class SampleTruth:
    """A truth for the simulated sample camera's first approach."""

    def compare(self, camera: CameraKey, approach: str) -> tuple[Compared, ...]:
        """41 of 43 vehicles, a queue that is 2 m too long."""
        if camera.camera != "duren-kembar" or approach != "utara":
            return ()
        return (Compared("count", 41, 43), Compared("queue", 24.0, 22.0), Compared("speed", 36.0, 37.2))


def main(arguments: list[str]) -> None:
    """Show the page on the port given (8080), with that many cameras when a second number is given."""
    port = int(arguments[0]) if arguments else 8080
    cameras = many(int(arguments[1])) if len(arguments) > 1 else CAMERAS
    board = LiveBoard(SystemClock())
    server = PageServer(SampleHistory(cameras), board, ScreenSettings(port=port), SampleTruth())
    Feed(board, cameras).start()
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    server.run()


if __name__ == "__main__":
    main(sys.argv[1:])
