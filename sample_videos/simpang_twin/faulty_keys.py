"""What is wrong in a scenario file, one line a fault: the key, what is wrong with it and what is allowed."""

import difflib
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

_SHOWN = 80


def described(exc: ValidationError, model: type[BaseModel]) -> str:
    """The faults of a file that was to be read as `model`."""
    errors = exc.errors()
    places = [error["loc"] for error in errors]
    return "\n".join(_line(error, model) for error in errors if not _follows(error, places))


def _follows(error: Any, places: list[tuple[int | str, ...]]) -> bool:
    """Whether a list is only too short because its items are faulty."""
    here = error["loc"]
    return error["type"] == "too_short" and any(len(p) > len(here) and p[: len(here)] == here for p in places)


def _line(error: Any, model: type[BaseModel]) -> str:
    key = ".".join(str(part) for part in error["loc"] if part != "[key]")
    prefix = f"  {key}: " if key else "  "
    if error["type"] == "extra_forbidden":
        return prefix + _unknown(str(error["loc"][-1]), _keys(model, error["loc"][:-1]))
    if error["type"] == "value_error":
        return prefix + str(error["msg"]).removeprefix("Value error, ")
    return f"{prefix}{error['msg']} (got {str(error['input'])[:_SHOWN]})"


def _unknown(key: str, allowed: list[str]) -> str:
    near = difflib.get_close_matches(key, allowed, 1)
    return "no such key" + (f"; did you mean {near[0]}?" if near else "") + f" Allowed are: {', '.join(allowed)}"


def _keys(model: Any, place: tuple[int | str, ...]) -> list[str]:
    """Keys of the part of `model` at a place of the file."""
    found = {model}
    for part in place:
        found = {inner for one in found for inner in _inside(one, part)}
    return sorted({name for one in found for name in one.model_fields})


def _inside(model: type[BaseModel], part: int | str) -> set[type[BaseModel]]:
    """The models that a key of a model can hold; an index or an event's type leads to the model itself."""
    if part in model.model_fields:
        return _models(model.model_fields[str(part)].annotation)
    names = model.model_fields.get("type")
    return {model} if isinstance(part, int) or names is None or part in get_args(names.annotation) else set()


def _models(annotation: Any) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    return {model for part in get_args(annotation) for model in _models(part)}
