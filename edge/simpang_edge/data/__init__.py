"""The nouns that flow between the stages of one camera worker.

Frozen dataclasses of arrays, shapes checked when they are built, N may be 0. Everything is SI: metres, seconds,
metres per second; times are POSIX seconds UTC. ``None`` (or NaN inside an array) means unknown, never zero.
"""

from .kinds import KINDS, MOTOR_VEHICLES, PKJI_CLASSES, Float32Array, FloatArray, ImageArray, IntArray
from .measured import ClassSpeeds, Cycle, GateCounts, Measurement, Modelled, Quality, Reason, Scope, State, UsualDay
from .seen import Colour, Detections, Frame, Lamps, Scene, Sight, Tracks, Vehicles
from .told import Event, EventType, LiveRow, Readings

__all__ = [
    "KINDS",
    "MOTOR_VEHICLES",
    "PKJI_CLASSES",
    "ClassSpeeds",
    "Colour",
    "Cycle",
    "Detections",
    "Event",
    "EventType",
    "Float32Array",
    "FloatArray",
    "Frame",
    "GateCounts",
    "ImageArray",
    "IntArray",
    "Lamps",
    "LiveRow",
    "Measurement",
    "Modelled",
    "Quality",
    "Readings",
    "Reason",
    "Scene",
    "Scope",
    "Sight",
    "State",
    "Tracks",
    "UsualDay",
    "Vehicles",
]
