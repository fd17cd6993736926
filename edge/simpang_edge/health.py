"""How the worker itself is doing: rates, delays, memory, disk, temperature, steps of the clock."""

import statistics
from pathlib import Path
from typing import Final, Literal, Protocol

import psutil

from .clock import Clock
from .message import HealthRow
from .outbox import OutboxStatus

STEP_S: Final = 1.0
"""A wall clock that moves this much against the monotonic one was set, by a person or by NTP."""


class SourceFacts(Protocol):
    """What a source says about itself."""

    @property
    def state(self) -> Literal["online", "offline", "connecting", "ended"]: ...
    @property
    def detail(self) -> str: ...
    @property
    def missed(self) -> int: ...
    @property
    def reconnects(self) -> int: ...
    @property
    def fps_read(self) -> float | None: ...


class ClockWatch:
    """Counts how often the wall clock was set while we looked."""

    def __init__(self, clock: Clock) -> None:
        self.steps = 0
        self._clock = clock
        self._offset_s = clock.now() - clock.monotonic()

    def look(self) -> float:
        """Seconds the clock was set forward (back: negative) since the last look; 0.0 when it was not."""
        offset_s = self._clock.now() - self._clock.monotonic()
        step_s = offset_s - self._offset_s
        self._offset_s = offset_s
        if abs(step_s) < STEP_S:
            return 0.0
        self.steps += 1
        return step_s


class Health:
    """Collects between two reports; `row` gives the report and begins anew."""

    def __init__(self, clock: Clock, disk: Path) -> None:
        self._clock = clock
        self._disk = disk
        self._process = psutil.Process()
        self._since_s = clock.monotonic()
        self._latencies_s: list[float] = []
        self._detects_s: list[float] = []

    def analysed(self, latency_s: float, detect_s: float) -> None:
        """One frame was measured: seconds from capture (live) or reading (file) to its figures, and in the detector."""
        self._latencies_s.append(latency_s)
        self._detects_s.append(detect_s)

    def row(self, source: SourceFacts, outbox: OutboxStatus | None, clock_steps: int) -> HealthRow:
        """The report since the last one; outbox None: it cannot be read."""
        elapsed_s = self._clock.monotonic() - self._since_s
        row = HealthRow(
            source=source.state,
            source_detail=source.detail,
            fps_read=source.fps_read,
            fps_analysed=len(self._latencies_s) / elapsed_s if elapsed_s > 0 else None,
            frames_missed=source.missed,
            reconnects=source.reconnects,
            latency_ms=_median_ms(self._latencies_s),
            detect_ms=_median_ms(self._detects_s),
            memory_mb=self._process.memory_info().rss / 1e6,
            cpu_pct=self._process.cpu_percent(),
            temperature_c=_temperature_c(),
            disk_free_mb=psutil.disk_usage(str(self._disk)).free / 1e6,
            outbox_messages=outbox.messages if outbox else None,
            outbox_dropped=outbox.dropped if outbox else 0,
            clock_steps=clock_steps,
        )
        self._since_s += elapsed_s
        self._latencies_s.clear()
        self._detects_s.clear()
        return row


def _median_ms(values_s: list[float]) -> float | None:
    return max(0.0, statistics.median(values_s) * 1000) if values_s else None


def _temperature_c() -> float | None:
    """The hottest sensor that the kernel shows; None on machines without one."""
    readings = [reading.current for group in psutil.sensors_temperatures().values() for reading in group]
    return max(readings, default=None)
