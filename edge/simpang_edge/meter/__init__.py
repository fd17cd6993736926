"""The measurement engine: vehicles on the road in, windows, cycles, events and live rows out.

A frame passes fleet (memory per vehicle), crossings (the stop line), queue, exposure (amounts between two frames),
and from there into windows; once a second queue and incidents are looked at; a closed window becomes rows and a
state. Each part is one file and knows no clock.
"""

from .engine import Meter
from .settings import MeterSettings, QueueLimits

__all__ = ["Meter", "MeterSettings", "QueueLimits"]
