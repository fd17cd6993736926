"""HTML as a value: every text is escaped unless it already is markup, so that no message can smuggle in a script."""

from html import escape


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, *children: str | None, **attributes: object) -> Markup:
    """An element. A trailing underscore in an attribute's name is dropped (class_), others become dashes.

    Children and attributes that are None are left out; an attribute that is True stands without a value.
    """
    opening = "".join(_attribute(key, value) for key, value in attributes.items())
    return Markup(f"<{name}{opening}>{join(*children)}</{name}>")


def join(*parts: str | None) -> Markup:
    """Parts one after the other."""
    return Markup("".join(text(part) for part in parts if part is not None))


def text(value: str) -> Markup:
    """A text as HTML."""
    return value if isinstance(value, Markup) else Markup(escape(value))


def classes(*names: str | None) -> str:
    """Class names, the None left out."""
    return " ".join(name for name in names if name)


def _attribute(key: str, value: object) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
