"""From a run (or a scenario) to a clip with its truth: the order of the steps, with a progress bar."""

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from simpang_twin import encode, film, records, scenario, sheet, simulate

SHEET_FRAMES = 12


@dataclass(frozen=True)
class Drawn:
    """How many frames were drawn (not those kept from before) and how long that took."""

    frames: int
    seconds: float

    def __str__(self) -> str:
        if not self.frames:
            return "all frames had been drawn before"
        return f"{self.frames} frames drawn in {self.seconds:.0f} s, {self.frames / self.seconds:.1f} frames/s"


def produce(run: Path, clip: Path, camera_id: str | None, processes: int, work: Path | None) -> Drawn:
    """Film `run` (a run's folder, or a scenario file that is simulated first) into `clip`.

    Single frames are kept in `work` (default: beside the run), so that a stopped render goes on where it stopped.
    """
    folder = run if run.is_dir() else _simulated(run, clip)
    plan, _, _ = simulate.load(folder)
    camera = plan.camera(camera_id)
    frames = range(plan.frames)
    place = work or folder / f"frames-{camera.id}-{_fingerprint(folder, camera)}"
    clip.parent.mkdir(parents=True, exist_ok=True)
    with _progress() as bar:
        todo, begin_s = len(film.missing(place, frames)), time.monotonic()
        drawing = bar.add_task("drawing", total=todo)
        film.film(folder, camera, place, frames, processes, lambda: bar.advance(drawing))
        drawn = Drawn(todo, time.monotonic() - begin_s)
        coding = bar.add_task("encoding", total=len(frames))
        encode.encode(place, frames, plan, camera, clip, lambda: bar.advance(coding))
    records.write_truth(folder, camera, clip)
    records.write_boxes(folder, camera, place, frames, clip)
    records.write_camera(folder, camera, clip)
    sheet.write(clip, records.beside(clip, "sheet.jpg"), SHEET_FRAMES, boxes=False)
    return drawn


def _simulated(file: Path, clip: Path) -> Path:
    folder = clip.parent / f".{clip.stem}.run"
    simulate.simulate(scenario.load(file), folder)
    return folder


def _fingerprint(folder: Path, camera: scenario.Camera) -> str:
    """Frames of another run, another camera position or other light are never mixed with these."""
    said = camera.model_dump_json() + (folder / "scenario.json").read_text(encoding="utf-8")
    digest = hashlib.sha256((folder / "run.npz").read_bytes() + said.encode())
    return digest.hexdigest()[:10]


def _progress() -> Progress:
    return Progress(TextColumn("{task.description:9}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
