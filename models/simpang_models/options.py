"""What the commands of `simpang models` share: options, and errors that become one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from simpang_edge.errors import ModelError

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Data = Annotated[Path, typer.Option(help="Folder of picture sets: SET/images/*.jpg and SET/labels/*.txt.")]
Size = Annotated[str, typer.Option(help="Input size, WIDTHxHEIGHT, multiples of 32.")]


EXTRA = {
    "onnx": "train",
    "torch": "train",
    "imagehash": "train",
    "PIL": "train",
    "openvino": "openvino",
    "ultralytics": "ultralytics",
}
"""Which extra brings a package that a command may miss."""


@contextmanager
def clear_errors() -> Iterator[None]:
    """Errors the user can mend become one line and exit code 2."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        typer.echo(
            f"error: this needs the Python package {error.name}: pip install 'simpang[{EXTRA[error.name]}]'", err=True
        )
        raise typer.Exit(2) from error
    except (ModelError, ValueError, OSError) as error:
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
