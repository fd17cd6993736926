"""`simpang models agree`: what 8-bit arithmetic or bfloat16 changes in what a detector says."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from simpang_models.options import Json, Size, clear_errors, parse_size

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


@dataclass(frozen=True)
class AgreementRow:
    """One line of the result: `reference` and `model` with the arithmetic that really ran."""

    reference: str
    model: str
    size: str
    pictures: int
    metric: str
    value: float | None


def compare(
    reference: Annotated[Path, typer.Argument(help="ONNX file that is taken as right; runs in ONNX Runtime.")],
    other: Annotated[Path, typer.Argument(help="ONNX file to compare; the same one to compare engines.")],
    pictures: Annotated[Path, typer.Option(help="Folder of pictures, best ones that training never saw.")],
    engine: Annotated[str, typer.Option(help="Engine of the second: ort or openvino (bf16 where there is).")] = "ort",
    size: Size = "640x384",
    min_score: Annotated[float, typer.Option(min=0.0, max=1.0, help="Weaker boxes are left out.")] = 0.3,
    as_json: Json = False,
) -> None:
    """How far two files of one detector, or two engines, say the same: F1 of boxes at IoU 0.7, class, score."""
    with clear_errors():
        rows = agreement_rows(reference, other, pictures, engine, parse_size(size), min_score)
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows]))
        return
    for row in rows:
        value = "unknown" if row.value is None else f"{row.value:.4f}"
        typer.echo(f"{row.reference}  {row.model}  {row.size}  {row.pictures} pictures  {row.metric} = {value}")


def agreement_rows(
    reference: Path, other: Path, folder: Path, engine: str, size: tuple[int, int], min_score: float
) -> list[AgreementRow]:
    """Run both over the folder, with a progress bar on standard error.

    Raises:
        ValueError: no pictures in the folder, a model that cannot be read, or an unknown engine.
    """
    from simpang_models.adapters import open_model
    from simpang_models.agree import agreement
    from simpang_models.pictures import read_picture

    files = pictures_below(folder)
    first, second = open_model(reference, size), open_model(other, size, engine=engine)
    found = agreement(first.detect, second.detect, (read_picture(p) for p in _watched(files)), min_score)
    metrics = {
        "agreement_f1_iou0.7": found.f1,
        "agreement_class_share": found.class_share,
        "agreement_score_shift": found.score_shift,
        "boxes_reference": float(found.reference),
        "boxes_model": float(found.other),
    }
    left, right = (f"{m.name} {m.network.name}" for m in (first, second))
    return [AgreementRow(left, right, second.size, found.pictures, name, value) for name, value in metrics.items()]


def pictures_below(folder: Path) -> list[Path]:
    """All picture files in the folder and below it, sorted.

    Raises:
        ValueError: there are none.
    """
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
    if not files:
        raise ValueError(f"{folder}: no pictures ({', '.join(SUFFIXES)}) in it or below it")
    return files


def _watched(files: list[Path]) -> Iterable[Path]:
    from rich.console import Console
    from rich.progress import track

    return track(files, "comparing", console=Console(stderr=True))
