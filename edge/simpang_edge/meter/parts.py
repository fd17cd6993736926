"""The sums of windows that are not complete, written down so that a worker that starts again goes on with them."""

import json
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np

from .windows import Tally


@dataclass(frozen=True, slots=True)
class Parts:
    """The running windows at one moment, each with its length in seconds."""

    time_s: float
    tallies: tuple[tuple[int, Tally], ...]


def encode(parts: Parts) -> bytes:
    """As JSON."""
    return json.dumps(_plain(parts)).encode()


def decode(text: bytes) -> Parts:
    """The parts again. Raises `ValueError` for anything that is not exactly what this version writes."""
    try:
        found = _typed(Parts, json.loads(text))
    except (TypeError, KeyError, AttributeError, IndexError) as exc:
        raise ValueError(f"not the sums of windows: {exc}") from exc
    assert isinstance(found, Parts)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _typed(hint: Any, value: Any) -> Any:
    """The value as the type that its field is declared with."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is np.ndarray:
        return np.array(value, get_args(args[1])[0])
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        known = {field.name for field in fields(hint)}
        if set(value) != known:
            raise ValueError(f"{hint}: expected {sorted(known)}, got {sorted(value)}")
        return hint(**{name: _typed(hints[name], value[name]) for name in known})  # type: ignore[operator]
    if origin is list:
        return [_typed(args[0], item) for item in value]
    if origin is set:
        return {_typed(args[0], item) for item in value}
    if origin is dict:
        return {key: _typed(args[1], item) for key, item in value.items()}
    if origin is tuple:
        each = [args[0]] * len(value) if args[-1] is Ellipsis else list(args)
        return tuple(_typed(kind, item) for kind, item in zip(each, value, strict=True))
    return value
