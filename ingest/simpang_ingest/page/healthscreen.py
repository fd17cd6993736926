"""The screen of the machines: every worker's source, rates, delays and disk, cameras in trouble first."""

from .cards import Teller
from .looks import CameraLook
from .markup import tag
from .shell import html
from .tables import health_table

EVERY = 5
"""Ticks of the screen's timer (one a second): health comes every 30 s, states should not wait as long."""


class HealthScreen:
    """One table."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self._ticks = 0
        html(tag("h1", teller.words.health)).classes("heading")
        self._table = html("").classes("panel health")

    def update(self, looks: list[CameraLook]) -> None:
        """Show the workers as they are."""
        if self._ticks % EVERY == 0:
            self._table.set_content(health_table(looks, self._teller))
        self._ticks += 1
