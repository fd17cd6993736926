"""Addresses as a person may see them: cameras' passwords appear in no log, report or error."""

import re


def hide_password(text: str) -> str:
    """The text with ``user:password@`` of addresses replaced by ``***@``."""
    return re.sub(r"://[^/\s'\"]*@", "://***@", text)
