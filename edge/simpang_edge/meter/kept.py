"""From the parts of a meter to JSON and back, by the types of their fields: for what goes on after a restart."""

import types
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Protocol, TypeAlias, Union, get_args, get_origin, get_type_hints

import numpy as np

Plain: TypeAlias = Any
"""What JSON can hold."""

Take: TypeAlias = Callable[[], None]
"""Puts in place what was read and found sound."""


class Keeps(Protocol):
    """A part of a meter that goes on after a restart."""

    def keep(self) -> Plain:
        """What it holds, for the run after this one."""

    def take(self, kept: Plain) -> Take:
        """What puts an earlier run's in place. Raises `ValueError` for what `keep` of this version does not write."""


def together(takes: Iterable[Take]) -> Take:
    """All of them as one."""
    each = tuple(takes)

    def put() -> None:
        for take in each:
            take()

    return put


def freeze(part: Any, *names: str) -> Plain:
    """The named fields of a part."""
    return {name: plain(getattr(part, name)) for name in names}


def thaw(part: Any, kept: Plain, *names: str) -> Take:
    """What puts the named fields of a part back. Raises `ValueError` for what `freeze` did not write; nothing is
    changed before the answer is called."""
    hints = get_type_hints(type(part))
    if not isinstance(kept, dict) or set(kept) != set(names):
        raise ValueError(f"{type(part).__name__}: expected {sorted(names)}")
    found = {name: typed(hints[name], kept[name]) for name in names}

    def put() -> None:
        for name, value in found.items():
            there = getattr(part, name, None)
            setattr(part, name, deque(value, there.maxlen) if isinstance(there, deque) else value)

    return put


def plain(value: Any) -> Plain:
    """As JSON holds it; sets are sorted."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, list | tuple | deque):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return value


def typed(hint: Any, value: Plain) -> Any:
    """The value as the type that its field is declared with. Raises `ValueError` where it cannot be one."""
    try:
        return _typed(hint, value)
    except (TypeError, KeyError, AttributeError, IndexError) as exc:
        raise ValueError(f"not what this version keeps: {exc}") from exc


def _typed(hint: Any, value: Plain) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if origin in (types.UnionType, Union):
        return None if value is None else _typed(next(arg for arg in args if arg is not types.NoneType), value)
    if origin is np.ndarray:
        return np.array(value, get_args(args[1])[0])
    if is_dataclass(hint):
        return _dataclass(hint, value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if origin in (list, deque, set):
        return origin(_typed(args[0], item) for item in value)
    if origin is dict:
        return {_key(args[0], key): _typed(args[1], item) for key, item in value.items()}
    if origin is tuple:
        each = [args[0]] * len(value) if args[-1] is Ellipsis else list(args)
        return tuple(_typed(kind, item) for kind, item in zip(each, value, strict=True))
    return value


def _dataclass(hint: Any, value: Plain) -> Any:
    hints, known = get_type_hints(hint), {field.name for field in fields(hint)}
    if set(value) != known:
        raise ValueError(f"{hint}: expected {sorted(known)}, got {sorted(value)}")
    return hint(**{name: _typed(hints[name], value[name]) for name in known})


def _key(hint: Any, key: str) -> Any:
    return int(key) if hint is int else key
