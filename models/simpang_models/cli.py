"""`simpang models …`: detect, evaluate, verify with the edge's packages; label, train, export with [train]."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from simpang_models import agree_cli, card_cli, eval_cli, yolo_cli
from simpang_models.boxes import CLASSES
from simpang_models.labels import TRAIN_SETS, LabelSet, pictures_of
from simpang_models.options import Data, Json, Size, clear_errors, parse_size
from simpang_models.registry import copy_verified, find, read_registry, verify

VERSION = "2026.12"
"""Of the models that this code trains."""
app = typer.Typer(no_args_is_help=True, help="The detector: use it, measure it, train it.", add_completion=False)
app.command("eval")(eval_cli.evaluate_models)
app.command("agree")(agree_cli.compare)
app.command("leak")(eval_cli.check_leak)
app.command("worst")(eval_cli.show_worst)
app.command("wrap")(yolo_cli.wrap_file)
app.command("prepare")(card_cli.prepare)
app.command("card")(card_cli.card)


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

    with clear_errors():
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
    with clear_errors():
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
    with clear_errors():
        entry = find(name)
        typer.echo(str(verify(entry) if out is None else copy_verified(entry, out)))


@app.command("verify")
def verify_models() -> None:
    """Check every registered file against its hash; exit code 2 if one is missing or changed."""
    with clear_errors():
        for entry in read_registry():
            typer.echo(f"{verify(entry).name}: as registered")


@app.command()
def label(
    data: Data,
    teachers: Annotated[Path, typer.Option(help="Folder with the teachers' ONNX files.")],
    out: Annotated[Path, typer.Option(help="Where to write, one JSON per picture; existing ones are kept.")],
) -> None:
    """Automatic labels for the training sets (resumable)."""
    from rich.progress import track

    from simpang_models.teacher import label_all, open_panel

    with clear_errors():
        sets = training_sets(data)
        jobs = [(p, out / s.name / f"{p.stem}.json") for s in sets for p in pictures_of(data, s.name)]
        for _ in track(label_all(open_panel(teachers), jobs), "labelling", total=len(jobs)):
            pass


def training_sets(data: Path) -> tuple[LabelSet, ...]:
    """The known training sets in `data`, wholly labelled `twin_*` sets, and others as unlabelled frames.

    Folders whose name ends in `_eval` are never used.
    """
    known = {s.name: s for s in TRAIN_SETS}
    names = sorted(p.name for p in data.iterdir() if (p / "images").is_dir() and not p.name.endswith("_eval"))
    return tuple(known.get(name) or _unknown_set(name) for name in names)


def _unknown_set(name: str) -> LabelSet:
    if name.startswith("twin_"):
        return LabelSet(name, tuple(range(len(CLASSES))), True, 1.2)
    return LabelSet(name, (), False, 1.5)


@app.command()
def frames(
    scenario: Annotated[Path, typer.Argument(help="A scenario of the twin, NAME.yaml.")],
    out: Annotated[Path, typer.Option(help="Folder of the new set; call it DATA/twin_SOMETHING.")],
    every: Annotated[int, typer.Option(min=1, help="One frame of so many.")] = 35,
) -> None:
    """Training pictures with exact labels from a scenario of the twin; needs the extra twin."""
    from rich.progress import Progress

    from simpang_models.frames import from_scenario

    with clear_errors(), Progress() as bar:
        drawing = bar.add_task("drawing", total=None)
        count = from_scenario(scenario, out, every, lambda: bar.advance(drawing))
    typer.echo(f"{count} pictures in {out}")


@app.command()
def train(
    data: Data,
    start: Annotated[
        Path,
        typer.Option(
            help="The file to start from: simpang-n-f16.onnx, or an Open Model Zoo person-vehicle-bike detector."
        ),
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
    rate: Annotated[float, typer.Option(min=0.0, help="Highest learning rate.")] = 1e-3,
    frozen: Annotated[int, typer.Option(min=0, max=15, help="Blocks that stay as they start, the front too.")] = 4,
    reuse: Annotated[int, typer.Option(min=1, help="Steps per prepared batch.")] = 1,
    size: Annotated[
        list[str] | None,
        typer.Option(help="Input sizes, WIDTHxHEIGHT; one given twice is drawn twice as often. Default: those of n."),
    ] = None,
) -> None:
    """Train the detector; needs the extra train. The same command goes on where it was stopped."""
    from simpang_models.data import SIZES, load_store
    from simpang_models.train import Settings
    from simpang_models.train import train as run

    with clear_errors():
        store = load_store(data, teacher, training_sets(data))
        settings = Settings(
            steps=steps,
            minutes=minutes,
            batch=batch,
            rate=rate,
            seed=seed,
            workers=workers,
            threads=threads,
            device=device,
            frozen=frozen,
            reuse=reuse,
            sizes=tuple(parse_size(s) for s in size) if size else SIZES,
        )
        typer.echo(str(run(store, start, out, settings)))


@app.command("export")
def export_model(
    weights: Annotated[
        str, typer.Argument(help="average.pt of a training run; our own .onnx file; or a YOLO: name, .pt or .yaml.")
    ],
    out: Annotated[Path, typer.Argument(help="The ONNX file to write.")],
    name: Annotated[str | None, typer.Option(help="Name in the metadata.")] = None,
    version: Annotated[str | None, typer.Option(help="Version in the metadata.")] = None,
    calibrate: Annotated[Path | None, typer.Option(help="Folder of pictures: write 8-bit arithmetic.")] = None,
    power: Annotated[float, typer.Option(min=0.1, max=10.0, help="Scores to this power; own models only.")] = 1.0,
    handicap: Annotated[list[str] | None, typer.Option(help="CLASS=VALUE taken from the class's logits.")] = None,
    start: Annotated[
        Path | None, typer.Option(help="start.pt of the run: write weights between it and average.pt.")
    ] = None,
    share: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of --start's weights.")] = 0.25,
    size: yolo_cli.Sizes = None,
    class_map: yolo_cli.Map = None,
) -> None:
    """Write the contract's ONNX file: of our own training or file (float16 storage, or 8-bit with --calibrate, at the
    input of --size; extra train), or of a YOLO (--size, --map; extra ultralytics)."""
    from simpang_models.yolo import is_yolo

    with clear_errors():
        if is_yolo(weights) and calibrate is not None:
            raise ValueError("--calibrate is for our own models; a YOLO is written with float32 arithmetic")
        if is_yolo(weights):
            return yolo_cli.export_yolo(weights, out, name, version, size, class_map)
        if weights.endswith(".onnx"):
            if start is not None or power != 1.0 or handicap:
                raise ValueError("--start, --power and --handicap need average.pt; an ONNX file has them built in")
            return _store_again(Path(weights), out, _calibration(calibrate, size))
        between = Between(Path(weights), start, share)
        own = Own(name or "simpang-n", version or VERSION, power, _handicaps(handicap or []))
        return _export_own(between, own, out, _calibration(calibrate, size))


@dataclass(frozen=True)
class Calibration:
    """Pictures and the input size at which 8-bit arithmetic learns its ranges."""

    pictures: Path
    size: tuple[int, int]


def _calibration(pictures: Path | None, sizes: list[str] | None) -> Calibration | None:
    return None if pictures is None else Calibration(pictures, parse_size((sizes or ["640x384"])[0]))


@dataclass(frozen=True)
class Between:
    """Trained weights, and the share of those they started from (see `train.load_network`)."""

    weights: Path
    start: Path | None
    share: float


@dataclass(frozen=True)
class Own:
    """What is said of our own model, and what is done to its scores (see `export.Contract`)."""

    name: str
    version: str
    power: float
    handicap: dict[int, float]


def _export_own(of: Between, own: Own, out: Path, calibrate: Calibration | None) -> None:
    from simpang_models.contract import Description
    from simpang_models.export import SIZES, export
    from simpang_models.train import load_network

    facts = Description(own.name, own.version, "Apache-2.0", SIZES)
    with TemporaryDirectory() as folder:
        full = Path(folder) / "full.onnx"
        export(load_network(of.weights, of.start, of.share), facts, full, own.power, own.handicap)
        _shrink(full, out, calibrate)
    typer.echo(str(out))


def _store_again(source: Path, out: Path, calibrate: Calibration | None) -> None:
    """A file of ours with the arithmetic asked for."""
    from simpang_models.quantise import restore_full

    if not source.is_file():
        raise ValueError(f"{source}: no such file")
    with TemporaryDirectory() as folder:
        full = Path(folder) / "full.onnx"
        restore_full(source, full)
        _shrink(full, out, calibrate)
    typer.echo(str(out))


def _handicaps(words: list[str]) -> dict[int, float]:
    pairs = [word.partition("=") for word in words]
    try:
        return {CLASSES.index(kind): float(value) for kind, _, value in pairs}
    except ValueError as error:
        text = f"--handicap {' '.join(words)}: expected CLASS=NUMBER, classes {', '.join(CLASSES)}"
        raise ValueError(text) from error


def _shrink(full: Path, out: Path, calibrate: Calibration | None) -> None:
    from simpang_models.quantise import quantise, store_half

    if calibrate is None:
        store_half(full, out)
    else:
        quantise(full, out, sorted(p for p in calibrate.pictures.iterdir() if p.is_file()), calibrate.size)


@app.command("join")
def join_models(
    small: Annotated[Path, typer.Argument(help="The detector that sees a large input made smaller, simpang-n.onnx.")],
    whole: Annotated[Path, typer.Argument(help="The detector that looks at the whole input.")],
    out: Annotated[Path, typer.Argument(help="The ONNX file to write.")],
    name: Annotated[str, typer.Option(help="Name in the metadata.")] = "simpang-s",
    version: Annotated[str, typer.Option(help="Version in the metadata.")] = VERSION,
) -> None:
    """Two of our detectors in one file: both see the input, one of them 960x544 as 640x384; extra train."""
    from simpang_models.contract import Description
    from simpang_models.join import join

    with clear_errors():
        join(small, whole, out, Description(name, version, "Apache-2.0", ("640x384", "960x544")))
    typer.echo(str(out))
