"""`simpang models eval`, `leak` and `worst`: how good the detectors are, and on what that rests."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from simpang_models.options import Data, Json, clear_errors, parse_size

if TYPE_CHECKING:
    from simpang_models.adapters import Model
    from simpang_models.labels import LabelSet
    from simpang_models.leak import Hashed

Item = TypeVar("Item")
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="Sets to measure on; default: the known evaluation sets. For a set of your own say which classes it "
        "labels completely: NAME=motorcycle,car,bus,truck.",
    ),
]
Score = Annotated[
    float | None,
    typer.Option(min=0.0, max=1.0, help="Operating score; default: where any-vehicle precision is still 0.85."),
]


def evaluate_models(
    data: Data,
    model: Annotated[
        list[str],
        typer.Option(
            help="ONNX file of the contract, or a known comparison model; FILE@960x544 for a size of its own."
        ),
    ],
    size: Annotated[list[str] | None, typer.Option(help="Input sizes, WIDTHxHEIGHT; default 640x384.")] = None,
    engine: Annotated[list[str] | None, typer.Option(help="ort or openvino; default ort.")] = None,
    labels: Annotated[str, typer.Option(help="reviewed (the labels as corrected) or raw (as they came).")] = "reviewed",
    sets: Sets = None,
    score: Score = None,
    out: Annotated[Path | None, typer.Option(help="Also write the rows to this JSON file.")] = None,
    as_json: Json = False,
) -> None:
    """Accuracy and speed on the evaluation sets, all models interleaved in one run, one thread each."""
    from simpang_models.evaluate import load_cases, rows, run
    from simpang_models.tables import markdown

    with clear_errors():
        if labels not in ("reviewed", "raw"):
            raise ValueError(f"--labels {labels!r}: expected reviewed or raw")
        models = _open(model, size or ["640x384"], engine or ["ort"])
        cases = load_cases(data, _sets(data, sets))
        done = run(models, _watched(cases, "measuring"))
        table = [row for one in done for row in rows(one, cases, labels == "raw", score)]
        text = json.dumps([asdict(row) for row in table])
        if out is not None:
            out.write_text(text, encoding="utf-8")
    typer.echo(text if as_json else markdown(table))


def _open(files: Sequence[str], sizes: Sequence[str], engines: Sequence[str]) -> "list[Model]":
    from simpang_models.adapters import open_model

    wanted = []
    for text in files:
        file, at, own = text.rpartition("@")
        wanted += [(Path(file if at else text), parse_size(s)) for s in ([own] if at else sizes)]
    return [open_model(path, size, 1, engine) for path, size in wanted for engine in engines]


def _sets(data: Path, texts: list[str] | None) -> "list[LabelSet]":
    """The sets named, or the known evaluation sets that are there."""
    from simpang_models.labels import EVAL_SETS

    if texts:
        return [_set(text) for text in texts]
    found = [s for s in EVAL_SETS if (data / s.name / "images").is_dir()]
    if not found:
        raise ValueError(f"{data}: none of the evaluation sets {', '.join(s.name for s in EVAL_SETS)} is there")
    for missing in (s.name for s in EVAL_SETS if s not in found):
        typer.echo(f"{data / missing}: not there, left out", err=True)
    return found


def _set(text: str) -> "LabelSet":
    from simpang_models.labels import EVAL_SETS, TRAIN_SETS, LabelSet
    from simpang_models.review import KIND

    name, given, classes = text.partition("=")
    known = {s.name: s for s in (*EVAL_SETS, *TRAIN_SETS)}
    if not given and name in known:
        return known[name]
    words = [word.strip() for word in classes.split(",") if word.strip()]
    if not words or any(word not in KIND for word in words):
        raise ValueError(f"--set {text!r}: expected NAME=CLASS,CLASS with classes out of {', '.join(KIND)}")
    return LabelSet(name, tuple(KIND[word] for word in words), True, 0.0)


def _watched(items: Sequence[Item], doing: str) -> Iterator[Item]:
    """The items, with a progress bar on standard error."""
    from rich.console import Console
    from rich.progress import track

    yield from track(items, doing, console=Console(stderr=True))


def check_leak(
    data: Annotated[Path | None, typer.Option(help="Folder of picture sets: hash them again.")] = None,
    write: Annotated[Path | None, typer.Option(help="Write the new lists into this folder; needs --data.")] = None,
    as_json: Json = False,
) -> None:
    """How near training pictures come to evaluation pictures, by perceptual hash; exit code 1 if one is a copy."""
    from simpang_models.leak import COPY_DISTANCE, hash_picture, nearest, paths, read_hashes, write_hashes

    with clear_errors():
        if write is not None and data is None:
            raise ValueError("--write needs --data, the folder of picture sets")
        if data is None:
            evaluation, training = read_hashes(True), read_hashes(False)
        else:
            jobs = [paths(data, True), paths(data, False)]
            evaluation, training = ([hash_picture(*job) for job in _watched(part, "hashing")] for part in jobs)
        if write is not None:
            write_hashes(evaluation, training, write)
        found = list(nearest(evaluation, training))
    if as_json:
        typer.echo(json.dumps([asdict(near) for near in found]))
    else:
        _say(evaluation, training)
        for near in found:
            typer.echo(f"{near.set}: {near.distance} of 256 bits, to {near.training.sha256} of {near.training.set}")
    if any(near.distance < COPY_DISTANCE for near in found):
        raise typer.Exit(1)


def _say(evaluation: "list[Hashed]", training: "list[Hashed]") -> None:
    typer.echo(f"{len(evaluation)} evaluation pictures against {len(training)} training pictures; smallest distances:")


def show_worst(
    data: Data,
    model: Annotated[str, typer.Option(help="ONNX file, FILE@960x544 for another size than 640x384.")],
    out: Annotated[Path, typer.Option(help="The sheet to write, .jpg or .png.")],
    count: Annotated[int, typer.Option(min=1, help="How many pictures.")] = 12,
    sets: Sets = None,
    score: Score = None,
) -> None:
    """A sheet of the pictures on which a model errs most: green found, red imagined, yellow missed, grey not judged."""
    from simpang_models.evaluate import load_cases, operating_score, run
    from simpang_models.pictures import write_picture
    from simpang_models.worst import sheet, worst

    with clear_errors():
        cases = load_cases(data, _sets(data, sets))
        (done,) = run(_open([model], ["640x384"], ["ort"]), _watched(cases, "measuring"))
        level = operating_score(done.results(cases, raw=False)) if score is None else score
        if level is None:
            raise ValueError("precision 0.85 is reached at no score; name one with --score")
        bad = worst(done, cases, level, count)
        write_picture(out, sheet(bad))
    typer.echo(f"{out}: {len(bad)} pictures at score {level:.2f}")
