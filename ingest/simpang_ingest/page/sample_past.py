"""The made-up past of the sample's cameras."""

import math
from collections.abc import Iterable
from typing import Any, Final

from msgspec import structs
from simpang_edge.message import Words as Sentence

from ..clock import Clock, SystemClock
from ..rows import CameraKey, CameraRow, CycleRow, EventRow, GateRow, HealthRow, WindowRow
from .sample_city import BASE, CAMERAS, SITE, STATES, Sample


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
        rows = [_window(sample, one, state, start_s, window_s, self._missing(start_s))
                for start_s in starts_s for one, _, state in sample.approaches()]  # fmt: skip
        first = sample.approaches()[0][0]
        moves = [_turn(row, turn, share) for row in rows if row.approach == first for turn, share in TURNS.items()]
        return [row for row in rows + moves if scope in (None, row.scope)]

    def latest(self, window_s: int, since_s: float) -> list[WindowRow]:  # noqa: ARG002
        """None: the page does not ask."""
        return []

    def gates(self, camera: CameraKey, window_s: int, from_s: float, to_s: float) -> list[GateRow]:
        """One gate: what the first approach sends over it, and nobody the other way."""
        one = [
            window
            for window in SampleHistory.windows(self, camera, window_s, from_s, to_s, scope="approach")
            if window.approach == self._cameras[camera.camera].approaches()[0][0]
        ]
        return [row for window in one for row in (_gate(window, "forward", 1), _gate(window, "backward", 0))]

    def cycles(self, camera: CameraKey, from_s: float, to_s: float, *, approach: str | None = None) -> list[CycleRow]:  # noqa: ARG002
        """A cycle every 90 s of the first approach."""
        one = self._cameras[camera.camera].approaches()[0][0]
        return [_cycle(camera, one, start_s) for start_s in range(int(from_s), int(to_s) - 90, 90)]

    def events(self, from_s: float, to_s: float, *, camera: CameraKey | None = None) -> list[EventRow]:
        """Some that are over, some that last."""
        now_s = self._clock.now()
        rows = [_event(SITE, now_s, *one) for one in EVENTS if one[0] in self._cameras]
        return [row for row in rows if from_s <= row.begin_s < to_s and camera in (None, row.key)]

    def health(self, camera: CameraKey, from_s: float, to_s: float) -> list[HealthRow]:  # noqa: ARG002
        """None: the page does not ask."""
        return []

    def _missing(self, start_s: float) -> bool:
        return 1800 < self._clock.now() - start_s < 2400


def _window(camera: Sample, approach: str, state: str, start_s: int, window_s: int, missing: bool) -> WindowRow:
    row = WindowRow(
        site=SITE, camera=camera.camera, time_ns=start_s * 10**9, window=window_s, scope="approach",
        approach=approach, observed_s=0.0, observed_ratio=0.0,
    )  # fmt: skip
    if missing or state not in BASE:
        return row
    queue_m, speed_kmh = BASE[state]
    wave, minutes = math.sin(start_s / 600 + camera.phase), window_s // 60
    speed_kmh *= 1 - 0.2 * wave
    return structs.replace(
        row, observed_s=59.0 * minutes, observed_ratio=0.98, quality=0.93, intensity=19 * minutes,
        count_motorcycle=13 * minutes, count_car=5 * minutes, count_bus=0, count_truck=minutes, count_bicycle=0,
        count_person=0, count_three_wheeler=0, flow_vph=1140 + 200 * wave, speed_kmh=speed_kmh, speed_n=17 * minutes,
        speed_low_kmh=speed_kmh - 1.4, speed_high_kmh=speed_kmh + 1.4, queue_max_m=queue_m * (1 + 0.3 * wave),
        state=state, **(QUARTER if window_s >= 900 else {}),
    )  # fmt: skip


QUARTER: Final[dict[str, Any]] = {
    "flags": "length_assumed,rain", "count_sm": 195, "count_mp": 75, "count_ks": 15, "count_bb": 0, "count_tb": 0,
    "count_ktb": 0, "class_rules": "PKJI2023-1", "flow_smph": 455.0, "emp": "PKJI2023-5-2-protected", "heavy_pct": 5.3,
    "speed_space_mean_kmh": 19.4, "speed_p15_kmh": 14.0, "speed_p50_kmh": 23.0, "speed_p85_kmh": 34.0,
    "speed_p15_sm_kmh": 15.0, "speed_p50_sm_kmh": 24.0, "speed_p85_sm_kmh": 36.0, "speed_n_sm": 181,
    "speed_ratio": 0.39, "density_vpkm": 58.0, "occupancy": 0.31, "area_occupancy": 0.22, "headway_s": 3.1,
    "speed_error_pct": 6.0,
    "gap_m": 9.4, "length_m": 2.9, "queue_max_vehicles": 24, "queue_storage_pct": 61.0, "control_delay_s": 31.4,
    "stopped_delay_s": 22.0, "stops_per_vehicle": 0.82, "travel_time_s": 44.0, "tti": 2.4, "cycles": 10,
    "cycle_s": 90.0, "green_s": 31.0, "cycle_confidence": 0.86, "queue_at_green_vehicles": 16.4,
    "queue_at_green_smp": 8.9,
    "residual_queue_vehicles": 3.2, "arrivals_on_green": 0.34, "arrivals_on_green_margin": 0.02,
    "split_fail_ratio": 0.2, "saturation_flow_vph": 4210.0,
    "saturation_flow_smph": 1940.0, "capacity_smph": 668.0, "capacity_standard": "PKJI2023-5 measured J", "dj": 0.68,
    "model_standard": "PKJI2023-5 formula", "model_residual_smp": 0.56, "model_red_smp": 9.72, "model_queue_smp": 10.28,
    "model_queue_m": 29.4, "model_stops_per_smp": 0.81, "model_traffic_delay_s": 28.3, "model_geometric_delay_s": 3.6,
    "model_delay_s": 31.9,
    "los": "D", "los_standard": "PM96-2015", "side_friction": 340.0, "side_friction_class": "S", "pedestrians": 41,
    "friction_stops": 12, "friction_crossings": 9, "friction_entries": 17, "friction_slow": 2,
    "usual_flow_vph": 1210.0, "usual_speed_kmh": 24.0, "usual_n": 5, "delay_n": 268, "headway_n": 279,
    "cycle_method": "discharge",
}  # fmt: skip
"""What only a quarter hour has."""


TURNS = {"left": 4, "through": 11, "right": 2}
"""Vehicles of each turn in a minute: 17 traced of 19."""


def _turn(window: WindowRow, turn: str, vehicles: int) -> WindowRow:
    """The row of one movement; what was not observed stays unknown."""
    own = structs.replace(window, scope="movement", movement=f"{window.approach}-{turn}")
    if window.intensity is None:
        return own
    vehicles *= window.window // 60
    cars = vehicles // 3
    return structs.replace(
        own, intensity=vehicles, count_motorcycle=vehicles - cars, count_car=cars, count_truck=0,
        count_sm=vehicles - cars, count_mp=cars, count_ks=0, turn_share=vehicles / (17 * window.window // 60),
        traced=17 / 19,
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
        intensity=None if window.intensity is None else window.intensity * times, **kinds,
    )  # fmt: skip


def _cycle(camera: CameraKey, approach: str, start_s: int) -> CycleRow:
    return CycleRow(
        site=SITE, camera=camera.camera, time_ns=start_s * 10**9, approach=approach, observed_s=90.0,
        method="discharge", confidence=0.86, cycle_s=90.0, green_s=31.0, queue_at_green_vehicles=17,
        queue_at_green_m=74.0, residual_queue_vehicles=4, queue_max_m=96.0, queue_beyond_view=False, discharged=29,
        saturation_flow_vph=1940.0,
    )  # fmt: skip


EVENTS: Final = (
    ("ciater-utara", "congestion", "serious", "queue_not_cleared", 840, None, "utara", None, STATES["jammed"]),
    ("ciater-timur", "stopped_vehicle", "warning", "stopped_vehicle", 540, None, "utara", 2, Sentence(
        "stopped_vehicle", "kendaraan berhenti 15 detik di luar antrean, 42 m dari garis henti",
        "vehicle stopped for 15 s outside the queue, 42 m from the stop line")),
    ("ciater-timur", "congestion", "warning", "stopped_vehicle", 380, None, "utara", None, STATES["congested"]),
    ("ciater-timur", "wrong_way", "serious", "wrong_way", 4000, 3991, "timur", 1, Sentence(
        "wrong_way", "kendaraan melawan arah, 14 km/jam", "vehicle against the traffic, 14 km/h")),
    ("ciater-timur", "congestion", "warning", "slow", 9000, 6500, "utara", None, STATES["congested"]),
    ("rawa-buntu", "camera_moved", "serious", "moved", 1260, None, None, None, Sentence(
        "camera_moved", "kamera tidak lagi melihat ke tempat semula (geser 61 piksel): kembalikan preset",
        "the camera no longer looks where it did (shift 61 pixels): return it to its preset")),
    ("duren-barat", "camera_dark", "serious", "dark", 30000, 29100, None, None, Sentence(
        "camera_dark", "gambar tidak memperlihatkan apa pun: periksa kamera dan lampu",
        "the picture shows nothing: check the camera and the lights")),
    ("gaplek", "stopped_vehicle", "warning", "stopped_vehicle", 2400, None, "utara", 1, Sentence(
        "stopped_vehicle", "kendaraan berhenti 15 detik di luar antrean, 20 m dari garis henti",
        "vehicle stopped for 15 s outside the queue, 20 m from the stop line")),
)  # fmt: skip
"""Camera, what, severity, cause, seconds since its begin and since its end, approach, lane, sentence."""


def _event(
    site: str, now_s: float, camera: str, event: str, severity: str, cause: str, began: int, over: int | None,
    approach: str | None, lane: int | None, said: Sentence,
) -> EventRow:  # fmt: skip
    begin_s = float(int(now_s / 10) * 10 - began)
    end_s = None if over is None else begin_s + began - over
    return EventRow(
        site=site, camera=camera, time_ns=int(begin_s * 1e9), event=event, approach=approach, lane=lane,
        id=f"{camera}-{event}-{began}", begin_s=begin_s, end_s=end_s, severity=severity, cause=cause,
        observed_s=None if end_s is None or event.startswith("camera_") else 0.8 * (end_s - begin_s),
        duration_s=None if end_s is None else end_s - begin_s, reason_code=said.code,
        reason_id=said.id.format(q=148, v=11), reason_en=said.en.format(q=148, v=11),
    )  # fmt: skip
