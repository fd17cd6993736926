"""``simpang demo``: broker, edge workers, ingestor, store and live page on this machine, on clips with known truth."""

import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

from simpang_edge.message import LiveRow
from simpang_ingest import config as centre
from simpang_ingest.page.app import PageServer
from simpang_ingest.page.settings import ScreenSettings
from simpang_ingest.rows import CameraKey
from simpang_ingest.service import Service

from .demo_audit import FOREVER_S, Audit, audit
from .demo_page import DemoTruth, truths_of
from .demo_parts import LOOPBACK, SITE, broker, camera_entry, edge, free_port, write_box
from .demo_report import ApproachReport, summarise
from .demo_truth import ClipTruth

ARRIVAL_S: Final = 5.0
"""How long after the boxes have stopped to wait for the last rows."""

Say = Callable[[int, str], None]
"""Told the second of the demo and a line; second 0 is the page's address."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a demo did."""

    audit: Audit
    dead_letters: int
    approaches: tuple[ApproachReport, ...]

    def as_json(self) -> dict[str, Any]:
        """The one object that ``--json`` prints."""
        return {
            "published": self.audit.published,
            "stored": self.audit.stored,
            "lost": self.audit.lost,
            "dead_letters": self.dead_letters,
            "approaches": [approach.as_json() for approach in self.approaches],
        }


class Demo:
    """Everything that runs; a context manager that stops it in the right order."""

    def __init__(self, clips: Sequence[ClipTruth], folder: Path) -> None:
        self._clips = clips
        self._folder = folder
        self._cameras = [str(camera_entry(clip)["id"]) for clip in clips]
        self._truths = truths_of(clips, self._cameras)
        self._inner = ExitStack()
        self._boxes = ExitStack()
        self._service: Service | None = None

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            port = starting.enter_context(broker())
            self._service = starting.enter_context(Service(_centre(self._folder, port)))
            box = write_box(self._folder, self._clips, port)
            self._boxes = ExitStack()
            self._boxes.enter_context(edge(box, self._folder / "edge.log"))
            starting.push(self._boxes)
            self._inner = starting.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._inner.close()

    @property
    def service(self) -> Service:
        """The running ingestor."""
        assert self._service is not None, "the demo was not started"
        return self._service

    def page(self, port: int, language: str) -> PageServer:
        """The live page, not started yet. Raises `ConfigurationError` when the port is taken."""
        settings = ScreenSettings(
            host=LOOPBACK, port=port, language="en" if language == "en" else "id", title="Simpang demo"
        )
        truth = DemoTruth(self.service.board, self._truths)
        return PageServer(self.service.history, self.service.board, settings, truth)

    def progress(self) -> str:
        """One line: who is alive and what has arrived."""
        views = self.service.board.cameras()
        alive = sum(view.live_age_s is not None and view.live_age_s < 10 for view in views)
        counted = sum(
            sum((row.counts or {}).values())
            for view in views
            if view.live is not None
            for row in view.live.rows
            if row.scope == "approach"
        )
        totals = self.service.totals()
        return (
            f"cameras live: {alive} of {len(self._cameras)}, vehicles counted: {counted}, rows stored: {totals.stored}"
        )

    def finish(self) -> Outcome:
        """Stop the boxes, wait for their last rows, and compare with the truth."""
        now = self._states_now()
        self._boxes.close()
        found = self._wait_for_the_last_rows()
        reports = (report for camera in self._cameras for report in self._reports(CameraKey(SITE, camera)))
        approaches = tuple(_with_state(report, now.get((report.camera, report.approach))) for report in reports)
        return Outcome(found, self.service.totals().dead_letters, approaches)

    def _states_now(self) -> dict[tuple[str, str], LiveRow]:
        """What operators saw last: the newest live row of each approach."""
        return {
            (view.key.camera, row.approach): row
            for view in self.service.board.cameras()
            if view.live is not None
            for row in view.live.rows
            if row.scope == "approach"
        }

    def _wait_for_the_last_rows(self) -> Audit:
        until_s = time.monotonic() + ARRIVAL_S
        while (found := audit(self._folder / "outbox", self.service.history)).lost and time.monotonic() < until_s:
            time.sleep(0.2)
        return found

    def _reports(self, camera: CameraKey) -> list[ApproachReport]:
        rows = self.service.history.windows(camera, 60, 0.0, FOREVER_S, scope="approach")
        approaches = sorted({row.approach for row in rows})
        return [
            summarise([row for row in rows if row.approach == name], self._truths.get((camera.camera, name)))
            for name in approaches
        ]


def run_headless(clips: Sequence[ClipTruth], folder: Path, for_s: float, say: Say) -> Outcome:
    """Run for so many seconds without a page (Ctrl-C or SIGTERM end it earlier), then report."""
    stop = stop_on_signals()
    with Demo(clips, folder) as demo:
        _wait(demo, stop, for_s, say)
        return demo.finish()


def run_page(
    clips: Sequence[ClipTruth], folder: Path, port: int, language: str, for_s: float | None, say: Say
) -> Outcome:
    """Run with the live page until Ctrl-C or SIGTERM (or for so many seconds), then report."""
    stop = stop_on_signals()
    with Demo(clips, folder) as demo:
        page = demo.page(port, language)
        page.start()
        say(0, f"live page: {page.url}   (Ctrl-C stops everything)")
        _wait(demo, stop, for_s, say)
        page.stop()
        return demo.finish()


def _with_state(report: ApproachReport, live: LiveRow | None) -> ApproachReport:
    """The report with the state that was live at the end: the last window may be too short to judge alone."""
    if live is None:
        return report
    return replace(report, state=live.state, reason=live.reason.en if live.reason else None)


def stop_on_signals() -> threading.Event:
    """An event that Ctrl-C and SIGTERM set."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _wait(demo: Demo, stop: threading.Event, for_s: float | None, say: Say) -> None:
    begin_s = time.monotonic()
    of = "" if for_s is None else f" of {for_s:.0f}"
    passed_s = 0.0
    while (for_s is None or passed_s < for_s) and not stop.wait(1.0):
        passed_s = time.monotonic() - begin_s
        say(round(passed_s), f"{passed_s:4.0f}{of} s: {demo.progress()}")


def _centre(folder: Path, broker_port: int) -> centre.Settings:
    content = {
        "city": "Demo",
        "broker": {"url": f"mqtt://{LOOPBACK}:{broker_port}", "protocol": "3.1.1"},
        "store": {"path": str(folder / "simpang.sqlite")},
        "dead_letters": {"path": str(folder / "dead-letters.sqlite")},
        "batch": {"messages": 50},
        "page": {"enabled": False},
        "metrics": {"port": free_port()},
        "log_level": "warning",
    }
    return centre.parse(content, folder / "ingest.yaml")
