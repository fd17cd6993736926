"""What a meter leaves for the run after it: the sums of the running windows, and what stands (events, the usual)."""

import json
from dataclasses import dataclass, field

from ..data import Event
from .kept import Plain, plain, typed
from .windows import Tally


@dataclass(frozen=True, slots=True)
class Parts:
    """The running windows at one moment, each with its length in seconds.

    standing: of each part of the meter that goes on with more than windows, by its name; empty for a file, which is
    measured from its beginning. open: the events that have not ended, each with its last sign.
    """

    time_s: float
    tallies: tuple[tuple[int, Tally], ...]
    standing: dict[str, Plain] = field(default_factory=dict)
    open: tuple[tuple[Event, float], ...] = ()


def encode(parts: Parts) -> bytes:
    """As JSON."""
    return json.dumps(plain(parts)).encode()


def decode(text: bytes) -> Parts:
    """The parts again. Raises `ValueError` for anything that is not exactly what this version writes."""
    found = typed(Parts, json.loads(text))
    assert isinstance(found, Parts)
    return found


def encode_open(events: tuple[tuple[Event, float], ...]) -> bytes:
    """Open events with their last signs as JSON."""
    return json.dumps(plain(events)).encode()


def decode_open(text: bytes) -> tuple[tuple[Event, float], ...]:
    """The events again. Raises `ValueError` for anything else."""
    return tuple(typed(list[tuple[Event, float]], json.loads(text)))
