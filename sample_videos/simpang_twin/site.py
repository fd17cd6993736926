"""All that stands still around the traffic: the road and what is beside it, of a junction or of a SUMO net."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from simpang_twin import roadmap, scenery
from simpang_twin.crossroads import Crossroads
from simpang_twin.ground import Surface
from simpang_twin.mesh import F32
from simpang_twin.network import F64, Network
from simpang_twin.scenario import Arm, Scenario
from simpang_twin.streets import Streets
from simpang_twin.townscape import Town

_CHUNK_M = 24.0


class Site(Protocol):
    """The roads and what stands beside them."""

    @property
    def hides(self) -> bool:
        """Whether what stands beside the roads can stand between a camera and a vehicle: then each of `bodies` is one
        thing at one place."""

    @property
    def surface(self) -> Surface:
        """The road's surface."""

    def lamps_m(self) -> F64:
        """Where the street lamps hang, (N, 3)."""

    def bodies(self, lamps: bool) -> list[F32]:
        """Meshes of what stands beside the roads; with `lamps`, also what shines at night."""

    @property
    def all_signals(self) -> bool:
        """Whether the signals of all arms are drawn, or only that of the arm which the camera watches."""

    def heads(self, states: Mapping[Arm, str]) -> F32:
        """The signals, each showing its state."""


def site(scenario: Scenario, net: Network) -> Site:
    """What a scenario's roads and surroundings look like."""
    if scenario.network is None:
        return _Junction(scenario, net)
    roads = roadmap.read(net.file, net.origin_m)
    return Town(scenario, net, Streets(roads))


@dataclass(frozen=True)
class _Junction:
    scenario: Scenario
    net: Network
    hides: bool = False
    all_signals: bool = False

    @cached_property
    def surface(self) -> Surface:
        return Crossroads(self.scenario, self.net)

    def lamps_m(self) -> F64:
        return scenery.street_lamps(self.scenario)

    def bodies(self, lamps: bool) -> list[F32]:
        parts = [scenery.beside_roads(self.scenario).vertices()]
        if not lamps:
            return parts
        return _chunks(np.concatenate([*parts, scenery.lit_at_night(self.scenario).vertices()]))

    def heads(self, states: Mapping[Arm, str]) -> F32:
        parts = [scenery.signal_heads(self.scenario, arm, state).vertices() for arm, state in states.items()]
        return np.concatenate([np.zeros((0, 10), np.float32), *parts])


def _chunks(vertices: F32) -> list[F32]:
    """Split a mesh into pieces of at most _CHUNK_M metres, so that each is lit by its own lamps."""
    corners = vertices.reshape(-1, 3, vertices.shape[1])
    cell = np.floor(corners[:, :, :2].mean(axis=1) / _CHUNK_M).astype(int)
    _, piece = np.unique(cell, axis=0, return_inverse=True)
    piece = piece.ravel()
    return [corners[piece == i].reshape(-1, vertices.shape[1]) for i in range(piece.max() + 1)]
