"""What can go wrong in the twin.

TwinError
├── ScenarioError    the scenario file is wrong: names the key, the value and what is allowed
├── ToolError        SUMO or netconvert failed: carries the tool's own last lines
└── RenderError      the offscreen renderer could not start or draw
"""


class TwinError(Exception):
    """Base of the twin's errors; the message says what to do next."""


class ScenarioError(TwinError):
    """The scenario file does not describe a junction that can be simulated."""


class ToolError(TwinError):
    """An outside tool (netconvert, sumo) ended with an error."""


class RenderError(TwinError):
    """The picture could not be drawn."""
