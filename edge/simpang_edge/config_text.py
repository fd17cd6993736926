"""The text of a configuration: YAML in, its faults in words out. Nothing here knows which keys there are."""

from collections.abc import Iterator
from typing import Any, Final

import yaml
from pydantic import ValidationError

from .address import hide_password
from .errors import ConfigurationError

SHOWN: Final = 80
"""A longer value is not repeated in the message."""

WORDS: Final = {
    "bool_parsing": "must be true or false",
    "extra_forbidden": "unknown key",
    "float_parsing": "must be a number with a point and without a unit, such as 44.5",
    "float_type": "must be a number, such as 44.5",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number without a unit, such as 44",
    "int_type": "must be a whole number, such as 44",
    "missing": "required key is missing",
    "model_type": "must be a section: keys with values, indented below it",
    "string_type": "must be a text; put it in quotes",
    "tuple_type": "must be a list: [a, b], or lines that begin with -",
}
"""By pydantic's code of a fault, in the words of somebody who edits the file."""


class _Loader(yaml.SafeLoader):
    """Safe YAML in which no key of a section may stand twice: the first would be lost silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: dict[str, int] = {}
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                raise ConfigurationError(f"line {line}: {key.value}: stands twice, also in line {seen[key.value]}")
            seen[str(key.value)] = line
        return super().construct_mapping(node, deep)


def parse(text: str) -> Any:
    """The content of a YAML text. Raises `ConfigurationError` with one line that says where the fault is."""
    try:
        return yaml.load(text, _Loader)  # a SafeLoader
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        where = "" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: "
        tab = exc.problem is not None and "'\\t'" in exc.problem
        hint = "a tab; indent with spaces" if tab else f"{exc.problem or exc.context}"
        raise ConfigurationError(f"not valid YAML: {where}{hint}") from exc
    except yaml.YAMLError as exc:
        raise ConfigurationError(f"not valid YAML: {' '.join(str(exc).split())}") from exc


def faults(error: ValidationError) -> list[str]:
    """One line per fault; that a list is then too short, because its items are faulty, is not said as well."""
    items = error.errors(include_url=False)
    inner = {item["loc"][: len(item["loc"]) - depth] for item in items for depth in range(1, len(item["loc"]))}
    return [_fault(item) for item in items if not (item["type"] == "too_short" and item["loc"] in inner)]


def _fault(item: Any) -> str:
    """Key path, value, what is allowed."""
    return ": ".join([_key_path(item["loc"]), *_value(item), _words(item)])


def _value(item: Any) -> Iterator[str]:
    """The value, where it says something: not that of a whole section, and no password."""
    path = _key_path(item["loc"])
    whole = isinstance(item["input"], dict) or item["type"] == "missing"
    secret = any(word in path for word in ("password", "token"))
    shown = hide_password(repr(item["input"]))
    if not whole and not secret and len(shown) <= SHOWN:
        yield shown


def _words(item: Any) -> str:
    kind, context = item["type"], item.get("ctx", {})
    if kind in WORDS:
        return WORDS[kind]
    if kind in ("too_short", "too_long"):
        limit = context.get("min_length", context.get("max_length"))
        return f"needs at {'least' if kind == 'too_short' else 'most'} {limit} items, has {context['actual_length']}"
    said: str = item["msg"]
    return said.removeprefix("Value error, ").replace("Input should be", "must be").replace("String should", "must")


def _key_path(location: tuple[str | int, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".") or "(file)"
