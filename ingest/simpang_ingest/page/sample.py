"""Made-up traffic for looking at the page without cameras, broker or store, and for its tests.

`python -m simpang_ingest.page.sample` shows it. Everything goes through the public doors: messages into a `LiveBoard`,
rows out of a `History`.
"""

import math
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from msgspec import structs
from simpang_edge.message import (
    ApproachMeta,
    Channel,
    GateMeta,
    LaneMeta,
    LiveRow,
    Message,
    MetaRow,
    MovementMeta,
    StatusRow,
    utc,
)
from simpang_edge.message import HealthRow as HealthMessageRow
from simpang_edge.message import Words as Sentence

from ..clock import Clock, SystemClock
from ..live import BoardMessage, LiveBoard
from ..rows import CameraKey, CameraRow, CycleRow, EventRow, GateRow, HealthRow, WindowRow
from .app import PageServer
from .ports import Compared
from .settings import ScreenSettings

SITE: Final = "contoh"
CYCLE_S: Final = 90.0
ARMS: Final = (("utara", "Utara"), ("timur", "Timur"), ("selatan", "Selatan"), ("barat", "Barat"))
STATES: Final = {
    "jammed": Sentence("queue_not_cleared", "antrean {q} m, 3 siklus tidak habis", "queue {q} m, 3 cycles not cleared"),
    "congested": Sentence(
        "slow",
        "{v} km/jam (22 % dari lancar), 48 % jalan terisi, 6 menit",
        "{v} km/h (22 % of free flow), 48 % of the road filled, 6 min",
    ),
    "dense": Sentence(
        "dense", "padat, 27 % jalan terisi, antrean {q} m", "dense, 27 % of the road filled, queue {q} m"
    ),
    "free": Sentence(
        "queue_cleared", "lancar, antrean {q} m habis tiap siklus", "free, queue of {q} m clears every cycle"
    ),
    "unknown": Sentence("few_seconds", "baru 12 dari 30 detik teramati", "only 12 of 30 s observed"),
}
BASE: Final = {"jammed": (150.0, 6.0), "congested": (95.0, 11.0), "dense": (55.0, 21.0), "free": (22.0, 36.0)}


@dataclass(frozen=True, slots=True)
class Sample:
    """One made-up camera. trouble: silent (never sends live data) or dead (its last will has come)."""

    camera: str
    name: str
    junction: str | None
    latitude: float
    longitude: float
    states: tuple[str, ...]
    trouble: str | None = None
    simulated: bool = False
    phase: float = 0.0

    def approaches(self) -> list[tuple[str, str, str]]:
        """Id, name and state of each approach."""
        return [(*ARMS[index % 4], state) for index, state in enumerate(self.states)]


CAMERAS: Final = (
    Sample("ciater-utara", "Ciater Utara", "simpang-ciater", -6.3162, 106.7009, ("jammed",), phase=0.1),
    Sample("ciater-timur", "Ciater Timur", "simpang-ciater", -6.3165, 106.7013, ("congested", "dense"), phase=0.4),
    Sample("ciater-selatan", "Ciater Selatan", "simpang-ciater", -6.3169, 106.7009, ("free",), phase=0.6),
    Sample("duren-barat", "Duren Barat", "simpang-duren", -6.2934, 106.7146, ("dense",), phase=0.2),
    Sample(
        "duren-kembar",
        "Kembaran Duren",
        "simpang-duren",
        -6.2930,
        106.7150,
        ("free", "free", "dense", "unknown"),
        simulated=True,
        phase=0.8,
    ),
    Sample("gaplek", "Gaplek", "simpang-gaplek", -6.3410, 106.7410, ("free",), "dead"),
    Sample("pamulang", "Bundaran Pamulang", None, -6.3420, 106.7290, ("free",), "silent"),
    Sample("rawa-buntu", "Rawa Buntu", None, -6.3130, 106.6790, ("unknown",)),
)


def many(count: int) -> tuple[Sample, ...]:
    """That many cameras, in a raster."""
    states = ("free", "dense", "free", "congested", "free", "jammed", "free")
    return tuple(
        Sample(f"kamera-{n:03}", f"Kamera {n:03}", f"simpang-{n // 4:02}", -6.30 - n // 10 * 0.004,
               106.70 + n % 10 * 0.006, (states[n % 7],), phase=n / 9)
        for n in range(count)
    )  # fmt: skip


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
        """One live message of every camera that speaks."""
        now_s = self._clock.now()
        for camera in self._cameras:
            if camera.trouble is None and camera.camera not in self.paused:
                rows = list(_live(camera, now_s, now_s - self._begin_s))
                self._board.put(self._message(camera, Channel.LIVE, rows))

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
            channel=channel, site=SITE, camera=camera.camera, boot=int(self._begin_s * 1000), seq=0,
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
        return LiveRow(scope=scope, approach=approach, lane=lane, observed_s=12.0, state=state, reason=STATES[state])
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
        reason=Sentence(said.code, said.id.format(**figures), said.en.format(**figures)),
    )  # fmt: skip


class SampleHistory:
    """An hour that looks like a day's afternoon, with ten minutes in which nothing was observed."""

    def __init__(self, cameras: Iterable[Sample] = CAMERAS, clock: Clock | None = None) -> None:
        self._cameras = {camera.camera: camera for camera in cameras}
        self._clock = clock or SystemClock()

    def cameras(self) -> list[CameraRow]:
        """None are stored."""
        return []

    def windows(
        self,
        camera: CameraKey,
        window_s: int,
        from_s: float,
        to_s: float,
        *,
        scope: str | None = None,
        approach: str | None = None,  # noqa: ARG002
        lane: int | None = None,  # noqa: ARG002
    ) -> list[WindowRow]:
        """Windows of every approach; of three movements of the first one."""
        sample = self._cameras[camera.camera]
        starts_s = range(int(-(-from_s // window_s) * window_s), int(to_s) - window_s, window_s)
        if scope == "movement":
            one, _, state = sample.approaches()[0]
            return [_turn(_window(sample, one, state, start_s, window_s, self._missing(start_s)), turn, share)
                    for start_s in starts_s for turn, share in TURNS.items()]  # fmt: skip
        return [_window(sample, one, state, start_s, window_s, self._missing(start_s))
                for start_s in starts_s for one, _, state in sample.approaches()]  # fmt: skip

    def latest(self, window_s: int, since_s: float) -> list[WindowRow]:  # noqa: ARG002
        """None: the page does not ask."""
        return []

    def gates(self, camera: CameraKey, window_s: int, from_s: float, to_s: float) -> list[GateRow]:
        """One gate: what the first approach sends over it, and nobody the other way."""
        one = [
            window
            for window in self.windows(camera, window_s, from_s, to_s)
            if window.approach == self._cameras[camera.camera].approaches()[0][0] and window.intensity is not None
        ]
        return [row for window in one for row in (_gate(window, "forward", 1), _gate(window, "backward", 0))]

    def cycles(self, camera: CameraKey, from_s: float, to_s: float, *, approach: str | None = None) -> list[CycleRow]:  # noqa: ARG002
        """A cycle every 90 s of the first approach."""
        one = self._cameras[camera.camera].approaches()[0][0]
        return [_cycle(camera, one, start_s) for start_s in range(int(from_s), int(to_s) - 90, 90)]

    def events(self, from_s: float, to_s: float, *, camera: CameraKey | None = None) -> list[EventRow]:  # noqa: ARG002
        """One event that is over, one that lasts."""
        if camera is None:
            return []
        return [_event(camera, to_s - 9000, to_s - 6500), _event(camera, to_s - 840, None)]

    def health(self, camera: CameraKey, from_s: float, to_s: float) -> list[HealthRow]:  # noqa: ARG002
        """None: the page does not ask."""
        return []

    def _missing(self, start_s: float) -> bool:
        return 1800 < self._clock.now() - start_s < 2400


def _window(camera: Sample, approach: str, state: str, start_s: int, window_s: int, missing: bool) -> WindowRow:
    if missing or state not in BASE:
        return WindowRow(
            site=SITE, camera=camera.camera, time_ns=start_s * 10**9, window=window_s, scope="approach",
            approach=approach, observed_s=0.0, observed_ratio=0.0,
        )  # fmt: skip
    queue_m, speed_kmh = BASE[state]
    wave = math.sin(start_s / 600 + camera.phase)
    return WindowRow(
        site=SITE, camera=camera.camera, time_ns=start_s * 10**9, window=window_s, scope="approach", approach=approach,
        observed_s=59.0, observed_ratio=0.98, intensity=19, count_motorcycle=13, count_car=5, count_bus=0,
        count_truck=1, count_bicycle=0, count_person=0, count_three_wheeler=0, flow_vph=1140 + 200 * wave,
        speed_kmh=speed_kmh * (1 - 0.2 * wave), queue_max_m=queue_m * (1 + 0.3 * wave), state=state,
    )  # fmt: skip


TURNS = {"left": 4, "through": 11, "right": 2}
"""Vehicles of each turn in a minute: 17 traced of 19."""


def _turn(window: WindowRow, turn: str, vehicles: int) -> WindowRow:
    """The row of one movement; what was not observed stays unknown."""
    own = structs.replace(window, scope="movement", movement=f"{window.approach}-{turn}")
    if window.intensity is None:
        return own
    cars = vehicles // 3
    return structs.replace(
        own, intensity=vehicles, count_motorcycle=vehicles - cars, count_car=cars, count_truck=0,
        turn_share=vehicles / 17, traced=17 / 19,
    )  # fmt: skip


def _gate(window: WindowRow, direction: str, times: int) -> GateRow:
    kinds = {
        name: getattr(window, name) * times
        for name in WindowRow.__struct_fields__
        if name.startswith("count_") and getattr(window, name) is not None
    }
    return GateRow(
        site=window.site, camera=window.camera, time_ns=window.time_ns, window=window.window, gate="keluar",
        direction=direction, observed_s=window.observed_s, observed_ratio=window.observed_ratio,
        intensity=(window.intensity or 0) * times, **kinds,
    )  # fmt: skip


def _cycle(camera: CameraKey, approach: str, start_s: int) -> CycleRow:
    return CycleRow(
        site=SITE, camera=camera.camera, time_ns=start_s * 10**9, approach=approach, observed_s=90.0,
        method="discharge", confidence=0.86, cycle_s=90.0, green_s=31.0, queue_at_green_vehicles=17,
        queue_at_green_m=74.0, residual_queue_vehicles=4, queue_max_m=96.0, queue_beyond_view=False, discharged=29,
        saturation_flow_vph=1940.0,
    )  # fmt: skip


def _event(camera: CameraKey, begin_s: float, end_s: float | None) -> EventRow:
    said = STATES["jammed"]
    return EventRow(
        site=SITE, camera=camera.camera, time_ns=int(begin_s * 1e9), event="congestion", approach="utara",
        id=f"{camera.camera}-{int(begin_s)}", begin_s=begin_s, end_s=end_s,
        duration_s=None if end_s is None else end_s - begin_s, severity="warning", reason_code=said.code,
        reason_id=said.id.format(q=148), reason_en=said.en.format(q=148),
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
