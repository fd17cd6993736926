"""The peers' usual pipeline on the same clips, its counts brought into the form of our messages.

YOLO11n (or any YOLO exported by Ultralytics) + ByteTrack + a line counter, run in an interpreter that has them. The
weights are the user's: Ultralytics' are under the AGPL and are not part of Simpang.
"""

import json
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from simpang_edge.data import KINDS, MOTOR_VEHICLES
from simpang_edge.message import FlowRow, FlowX, QualityX, utc

from .cases import Case
from .errors import BenchError
from .published import Published
from .running import Progress
from .truths import ClipTruth, load

PIPELINE: Final = Path(__file__).with_name("peer_pipeline.py")
NAMES: Final = {"default": "peer", "tuned": "peer-tuned"}
"""Who counts in the pipeline → the detector's name in the result."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The peers' pipeline: its weights (ONNX as Ultralytics exports it) and an interpreter that has its packages."""

    model: Path
    python: Path

    def check(self) -> "Peer":
        """Itself. Raises `BenchError` when the weights or the packages are not there."""
        if not self.model.is_file():
            raise BenchError(f"--peer {self.model}: no such file; expected a YOLO exported to ONNX by Ultralytics")
        test = [str(self.python), "-c", "import supervision, trackers, onnxruntime, cv2"]
        try:
            subprocess.run(test, check=True, capture_output=True, timeout=120)
        except (OSError, subprocess.SubprocessError) as exc:
            raise BenchError(
                f"--peer-python {self.python}: needs supervision, trackers and onnxruntime: make an environment for "
                "them (python3 -m venv peers; peers/bin/pip install 'simpang[peers]') and name its python"
            ) from exc
        return self


def run(case: Case, peer: Peer, fps: float, progress: Progress) -> dict[str, Published]:
    """What the pipeline counts on a clip, by detector name. Raises `BenchError` when it fails."""
    truth, found = load(case.truth), _crossings(case, peer, fps, progress)
    (approach,) = case.camera()["approaches"]
    own = {name: [row for row in found if row["who"] == who] for who, name in NAMES.items()}
    return {name: as_published(rows, truth, approach["id"]) for name, rows in own.items()}


def _crossings(case: Case, peer: Peer, fps: float, progress: Progress) -> list[dict[str, Any]]:
    (approach,) = case.camera()["approaches"]
    line = [str(value) for point in approach["stop_line"] for value in point]
    command = [str(peer.python), str(PIPELINE), str(case.clip.resolve()), str(peer.model.resolve()), f"{fps:g}", *line]
    rows = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for text in process.stdout:
            row = json.loads(text)
            if "at_s" in row:
                progress(row["at_s"])
            else:
                rows.append(row)
        errors = process.stderr.read()
    if process.returncode != 0:
        raise BenchError(f"{case.name}: the peers' pipeline failed: {' | '.join(errors.strip().splitlines()[-3:])}")
    return rows


def as_published(crossings: Sequence[dict[str, Any]], truth: ClipTruth, approach: str) -> Published:
    """One row per second of the clip with what was counted in it.

    A line counter has two figures, in and out; which of them is the approach's depends on how the line was drawn. A
    user looks and takes the one that counts traffic: so the larger is taken.
    """
    way = Counter(row["way"] for row in crossings).most_common(1)
    taken = [row for row in crossings if row["way"] == way[0][0]]
    seconds = range(int(truth.seconds) + (truth.seconds % 1 > 0))
    return Published(windows=tuple(_second(taken, truth, approach, second) for second in seconds))


def _second(crossings: Sequence[dict[str, Any]], truth: ClipTruth, approach: str, second: int) -> FlowRow:
    counts = Counter(row["class"] for row in crossings if second <= row["time_s"] < second + 1)
    return FlowRow(
        id=f"peer:{approach}",
        date_observed_from=utc(truth.start_s + second),
        date_observed_to=utc(truth.start_s + second + 1),
        intensity=sum(counts[kind] for kind in MOTOR_VEHICLES),
        x=FlowX(
            scope="approach",
            approach=approach,
            window_s=1,
            quality=QualityX(observed_s=1.0),
            counts={kind: counts[kind] for kind in KINDS},
        ),
    )
