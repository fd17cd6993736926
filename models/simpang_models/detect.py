"""`simpang models detect`: what the edge's detector finds in pictures, as JSON or as lines."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from simpang_edge.data import KINDS, Detections, Frame
from simpang_edge.detector import OnnxDetector

from simpang_models.pictures import read_picture


@dataclass(frozen=True)
class Found:
    """One object; `box` is x0 y0 x1 y1 in pixels of the picture. JSON keys are `class`, `score`, `box`."""

    kind: str
    score: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class PictureResult:
    """One picture's objects, best first."""

    image: str
    detections: tuple[Found, ...]

    def as_json(self) -> dict[str, Any]:
        """The shape that the command prints."""
        rows = [{"class": f.kind, **{k: v for k, v in asdict(f).items() if k != "kind"}} for f in self.detections]
        return {"image": self.image, "detections": rows}


def detect_picture(detector: OnnxDetector, path: Path) -> PictureResult:
    """Run the detector on one picture file.

    Raises:
        PictureError: missing or unreadable picture.
    """
    found = detector.detect(Frame(time_s=0.0, image=read_picture(path)))
    return PictureResult(str(path), tuple(_rows(found)))


def _rows(found: Detections) -> list[Found]:
    rows = []
    for box, score, kind in zip(found.xyxy_px.tolist(), found.score.tolist(), found.kind.tolist(), strict=True):
        x0, y0, x1, y1 = (round(v, 2) for v in box)
        rows.append(Found(KINDS[kind], round(score, 4), (x0, y0, x1, y1)))
    return rows
