"""`simpang models …`: detect, evaluate, verify with the edge's packages; label, train, export with [train]."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from simpang_edge.errors import ModelError

from simpang_models.labels import ROAD, TRAIN_SETS, LabelError, LabelSet, pictures_of
from simpang_models.pictures import PictureError
from simpang_models.registry import RegistryError, copy_verified, find, read_registry, verify

if TYPE_CHECKING:
    from simpang_models.evaluate import Row

app = typer.Typer(no_args_is_help=True, help="The detector: use it, measure it, train it.", add_completion=False)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Data = Annotated[Path, typer.Option(help="Folder of picture sets: SET/images/*.jpg and SET/labels/*.txt.")]
Size = Annotated[str, typer.Option(help="Input size, WIDTHxHEIGHT, multiples of 32.")]


@contextmanager
def _clear_errors() -> Iterator[None]:
    """Errors the user can mend become one line and exit code 2."""
    try:
        yield
    except (PictureError, LabelError, RegistryError, ModelError, ValueError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error


def parse_size(text: str) -> tuple[int, int]:
    """`640x384` to (640, 384).

    Raises:
        ValueError: another form, or a side that is not a positive multiple of 32.
    """
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError as error:
        raise ValueError(f"size {text!r}: expected WIDTHxHEIGHT, for example 640x384") from error
    if min(width, height) < 32 or width % 32 or height % 32:
        raise ValueError(f"size {text!r}: both sides must be positive multiples of 32")
    return width, height


@app.command()
def detect(
    image: Annotated[list[Path], typer.Argument(help="Picture files.")],
    model: Annotated[Path | None, typer.Option(help="An ONNX file of the contract; default: simpang-n.")] = None,
    size: Size = "640x384",
    min_score: Annotated[float, typer.Option(min=0.0, max=1.0, help="Lowest score to report.")] = 0.05,
    as_json: Json = False,
) -> None:
    """Detect road users in pictures."""
    from simpang_edge.detector import OnnxDetector

    from simpang_models.detect import detect_picture

    with _clear_errors():
        detector = OnnxDetector(model, parse_size(size), min_score=min_score)
        results = [detect_picture(detector, path) for path in image]
    if as_json:
        typer.echo(json.dumps([r.as_json() for r in results]))
        return
    for result in results:
        typer.echo(f"{result.image}: {len(result.detections)} objects")
        for found in result.detections:
            typer.echo(f"  {found.kind:14} {found.score:.2f}  " + " ".join(f"{v:7.1f}" for v in found.box))


@app.command("list")
def list_models(as_json: Json = False) -> None:
    """The registered models with their measured figures."""
    with _clear_errors():
        entries = read_registry()
    if as_json:
        typer.echo(json.dumps([{**asdict(e), "file": str(e.file)} for e in entries]))
        return
    for entry in entries:
        typer.echo(f"{entry.name}  {entry.file.name}  {entry.licence}")
        for name, value in entry.figures.items():
            typer.echo(f"  {name} = {value}")


@app.command()
def get(
    name: Annotated[str, typer.Argument(help="A registered name.")] = "simpang-n",
    out: Annotated[Path | None, typer.Option(help="File or folder to copy the model to.")] = None,
) -> None:
    """Print the path of a registered model's file, after checking its hash; with --out, of a checked copy."""
    with _clear_errors():
        entry = find(name)
        typer.echo(str(verify(entry) if out is None else copy_verified(entry, out)))


@app.command("verify")
def verify_models() -> None:
    """Check every registered file against its hash; exit code 2 if one is missing or changed."""
    with _clear_errors():
        for entry in read_registry():
            typer.echo(f"{verify(entry).name}: as registered")


@app.command("eval")
def evaluate_models(
    data: Data,
    model: Annotated[list[Path], typer.Option(help="ONNX files: of the contract, or known comparison models.")],
    size: Annotated[list[str] | None, typer.Option(help="Input sizes; default 640x384.")] = None,
    as_json: Json = False,
) -> None:
    """Accuracy and speed on the evaluation sets, all models interleaved in one run."""
    from simpang_models.adapters import open_model
    from simpang_models.evaluate import evaluate

    with _clear_errors():
        sizes = [parse_size(s) for s in size or ["640x384"]]
        models = [open_model(path, s) for path in model for s in sizes]
        rows = list(evaluate(models, data))
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows]))
        return
    for row in rows:
        typer.echo(_row_text(row))


def _row_text(row: "Row") -> str:
    value = "–" if row.value is None else f"{row.value:.3f}"
    return f"{row.model:32} {row.size:9} {row.set:28} {row.metric:48} {value}"


@app.command()
def label(
    data: Data,
    teachers: Annotated[Path, typer.Option(help="Folder with the teachers' ONNX files.")],
    out: Annotated[Path, typer.Option(help="Where to write, one JSON per picture; existing ones are kept.")],
) -> None:
    """Automatic labels for the training sets (resumable)."""
    from rich.progress import track

    from simpang_models.teacher import label_all, open_panel

    with _clear_errors():
        sets = training_sets(data)
        jobs = [(p, out / s.name / f"{p.stem}.json") for s in sets for p in pictures_of(data, s.name)]
        for _ in track(label_all(open_panel(teachers), jobs), "labelling", total=len(jobs)):
            pass


def training_sets(data: Path) -> tuple[LabelSet, ...]:
    """The known training sets in `data`, completely labelled `twin_*` sets, and others as unlabelled frames.

    Folders whose name ends in `_eval` are never used.
    """
    known = {s.name: s for s in TRAIN_SETS}
    names = sorted(p.name for p in data.iterdir() if (p / "images").is_dir() and not p.name.endswith("_eval"))
    return tuple(known.get(name) or _unknown_set(name) for name in names)


def _unknown_set(name: str) -> LabelSet:
    return LabelSet(name, ROAD, True, 2.2) if name.startswith("twin_") else LabelSet(name, (), False, 1.5)


@app.command()
def frames(
    clip: Annotated[Path, typer.Argument(help="A clip of the twin, NAME.mp4 with NAME.boxes.parquet beside it.")],
    out: Annotated[Path, typer.Option(help="Folder of the new set; call it DATA/twin_SOMETHING.")],
    every: Annotated[int, typer.Option(min=1, help="One frame of so many.")] = 40,
) -> None:
    """Training pictures with exact labels from a clip of the twin; needs simpang[twin]."""
    from simpang_models.frames import from_twin

    with _clear_errors():
        typer.echo(f"{from_twin(clip, out, every)} pictures in {out}")


@app.command()
def train(
    data: Data,
    start: Annotated[
        Path, typer.Option(help="The weights to start from: omz_person_vehicle_bike_2004.onnx or simpang-n of 2026.11.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for checkpoints and the record; an interrupted run goes on.")],
    teacher: Annotated[Path, typer.Option(help="What `label` wrote; may be empty.")],
    steps: Annotated[int, typer.Option(min=1, help="Batches at most.")] = 6000,
    minutes: Annotated[float | None, typer.Option(help="Minutes at most, earlier runs of --out included.")] = None,
    batch: Annotated[int, typer.Option(min=1, help="Pictures of 640x384 per step; more of smaller inputs.")] = 6,
    workers: Annotated[int, typer.Option(min=0, help="Processes that prepare pictures.")] = 1,
    threads: Annotated[int, typer.Option(min=1, help="Threads for the arithmetic on a CPU.")] = 1,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto: CUDA where there is a card.")] = "auto",
    seed: Annotated[int, typer.Option(help="Everything random follows from it.")] = 7,
) -> None:
    """Train the detector; needs simpang[train]. The same command goes on where it was stopped."""
    from simpang_models.data import load_store
    from simpang_models.train import Settings
    from simpang_models.train import train as run

    with _clear_errors():
        store = load_store(data, teacher, training_sets(data))
        settings = Settings(
            steps=steps, minutes=minutes, batch=batch, workers=workers, threads=threads, device=device, seed=seed
        )
        typer.echo(str(run(store, start, out, settings)))


@app.command("export")
def export_model(
    weights: Annotated[Path, typer.Argument(help="average.pt of a training run.")],
    out: Annotated[Path, typer.Argument(help="The ONNX file to write.")],
    name: Annotated[str, typer.Option(help="Name in the metadata.")] = "simpang-n",
    version: Annotated[str, typer.Option(help="Version in the metadata.")] = "2026.11",
    calibrate: Annotated[Path | None, typer.Option(help="Folder of pictures: write 8-bit arithmetic.")] = None,
) -> None:
    """Write the contract's ONNX file: float16 storage, or 8-bit with --calibrate; needs simpang[train]."""
    from tempfile import TemporaryDirectory

    from simpang_models.export import Facts, export
    from simpang_models.quantise import quantise, store_half
    from simpang_models.train import load_network

    with _clear_errors(), TemporaryDirectory() as folder:
        full = Path(folder) / "full.onnx"
        export(load_network(weights), Facts(name, version, "Apache-2.0"), full)
        if calibrate is None:
            store_half(full, out)
        else:
            quantise(full, out, sorted(p for p in calibrate.iterdir() if p.is_file()))
    typer.echo(str(out))
