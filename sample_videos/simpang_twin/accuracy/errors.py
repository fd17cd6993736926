"""Errors of the accuracy benchmark."""

from simpang_edge.errors import SimpangError


class BenchError(SimpangError):
    """A run that cannot be made or that did not end well; the text says what and what to do."""
