"""The demo's live page: what the ingestor shows, with the truth of the clips beside it."""

from collections.abc import Sequence

from simpang_edge.message import LiveRow
from simpang_ingest.live import LiveBoard
from simpang_ingest.page.ports import Compared
from simpang_ingest.rows import CameraKey

from .demo_report import MOTOR_VEHICLES
from .demo_truth import ApproachTruth, ClipTruth


class DemoTruth:
    """Knows what the clips show; the page asks it for every approach."""

    def __init__(self, board: LiveBoard, truths: dict[tuple[str, str], ApproachTruth]) -> None:
        self._board = board
        self._truths = truths

    def compare(self, camera: CameraKey, approach: str) -> tuple[Compared, ...]:
        """Vehicles counted since the start beside those that crossed by then."""
        truth = self._truths.get((camera.camera, approach))
        row = self._row(camera, approach)
        if truth is None or row is None or row.counts is None:
            return ()
        measured = sum(row.counts.get(kind, 0) for kind in MOTOR_VEHICLES)
        true = sum(truth.expected(row.observed_s).counts.values())
        return (Compared("count", measured, true),)

    def _row(self, camera: CameraKey, approach: str) -> LiveRow | None:
        view = self._board.camera(camera)
        if view is None or view.live is None:
            return None
        rows = (row for row in view.live.rows if row.scope == "approach" and row.approach == approach)
        return next(rows, None)


def truths_of(clips: Sequence[ClipTruth], cameras: Sequence[str]) -> dict[tuple[str, str], ApproachTruth]:
    """Truth by camera id and approach id."""
    return {
        (camera, item.approach): item for camera, clip in zip(cameras, clips, strict=True) for item in clip.approaches
    }
