"""`simpang models wrap`, and the part of `simpang models export` that takes a YOLO."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simpang_models.options import clear_errors, parse_size

if TYPE_CHECKING:
    import onnx

    from simpang_models.contract import Description
    from simpang_models.wrap import Origin

SIZES = ("640x384", "416x256", "960x544")
Sizes = Annotated[list[str] | None, typer.Option("--size", help="Sizes to name in the file; the first is its default.")]
Map = Annotated[list[str] | None, typer.Option("--map", help="CLASS=KIND, for a class name that is not known.")]


def wrap_file(
    source: Annotated[Path, typer.Argument(help="A detector's ONNX file.")],
    out: Annotated[Path, typer.Argument(help="The ONNX file to write.")],
    layout: Annotated[str | None, typer.Option(help="yolo or yolo-end2end; default: as the file says.")] = None,
    classes: Annotated[
        str | None, typer.Option(help="Class names in order, with commas; default: as the file.")
    ] = None,
    class_map: Map = None,
    size: Sizes = None,
    name: Annotated[str | None, typer.Option(help="Name in the metadata; default: that of the file.")] = None,
    version: Annotated[str, typer.Option(help="Version in the metadata.")] = "unknown",
    licence: Annotated[str, typer.Option(help="Licence in the metadata.")] = "AGPL-3.0",
) -> None:
    """Put the contract, pixels in and boxes out, round the ONNX file of a YOLO (v8, v10, 11, 12, 26)."""
    with clear_errors():
        from simpang_models.wrap import Layout, layout_of, names_or_coco, read_onnx

        model = read_onnx(source)
        chosen = layout_of(model) if layout is None else Layout(layout)
        names = tuple(classes.split(",")) if classes else names_or_coco(model)
        _write(model, _origin(chosen, names, class_map), _facts(name or source.stem, version, licence, size), out)


def export_yolo(
    source: str, out: Path, name: str | None, version: str | None, size: list[str] | None, class_map: list[str] | None
) -> None:
    """ultralytics' own ONNX of a name, a .pt or a .yaml, made a file of the contract; prints the licence notice."""
    from simpang_models.wrap import layout_of, names_or_coco
    from simpang_models.yolo import NOTICE, to_onnx

    typer.echo(NOTICE, err=True)
    model = to_onnx(source)
    origin = _origin(layout_of(model), names_or_coco(model), class_map)
    _write(model, origin, _facts(name or Path(source).stem, version or "unknown", "AGPL-3.0", size), out)


def _facts(name: str, version: str, licence: str, size: list[str] | None) -> "Description":
    from simpang_models.contract import Description

    for text in size or ():
        parse_size(text)
    return Description(name, version, licence, tuple(size or SIZES))


def _origin(layout: str, names: tuple[str, ...], class_map: list[str] | None) -> "Origin":
    from simpang_models.class_names import kinds_of
    from simpang_models.wrap import Layout, Origin

    kinds = kinds_of(names, dict(_pair(text) for text in class_map or ()))
    dropped = [n for n, kind in zip(names, kinds, strict=True) if kind is None]
    if dropped:
        few = ", ".join(dropped[:6]) + (", …" if len(dropped) > 6 else "")
        typer.echo(f"{len(names) - len(dropped)} of {len(names)} classes kept; dropped: {few}", err=True)
    return Origin(Layout(layout), kinds)


def _pair(text: str) -> tuple[str, str]:
    name, equals, kind = text.partition("=")
    if not equals:
        raise ValueError(f"--map {text!r}: expected CLASS=KIND, for example --map angkot=car")
    return name, kind


def _write(model: "onnx.ModelProto", origin: "Origin", facts: "Description", out: Path) -> None:
    from dataclasses import replace

    from simpang_models.wrap import save, sizes_of, wrap

    save(wrap(model, origin, replace(facts, sizes=sizes_of(model, facts.sizes))), out)
    typer.echo(str(out))
