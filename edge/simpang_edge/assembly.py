"""How the measuring stages of a camera are put together: for the worker, and for whoever measures recorded tracks."""

from .config import Box, Camera
from .ground import Ground
from .meter import Meter, MeterSettings
from .meter.decisions import Decisions


def build_measurement(box: Box, camera: Camera, decisions: Decisions | None = None) -> tuple[Ground, Meter]:
    """From tracks to readings. Raises `ConfigurationError`.

    decisions: where the meter tells each decision at a stop line.
    """
    return Ground(camera), Meter(camera, MeterSettings.of(box), decisions)
