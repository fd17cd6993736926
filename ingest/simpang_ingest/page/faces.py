"""What a camera or an approach can look like, worst first."""

from enum import StrEnum
from typing import Final


class Face(StrEnum):
    """One word, one colour and one sign on the screen; in the order in which an operator should see them."""

    JAMMED = "jammed"
    CONGESTED = "congested"
    OFFLINE = "offline"
    STALE = "stale"
    UNKNOWN = "unknown"
    DENSE = "dense"
    FREE = "free"


RANK: Final[dict[Face, int]] = {face: rank for rank, face in enumerate(Face)}
"""0 is the worst."""

TRAFFIC: Final = frozenset({Face.JAMMED, Face.CONGESTED, Face.DENSE, Face.FREE})
"""Faces that say something about the road now."""

COLOURS: Final[dict[Face, str]] = {
    Face.JAMMED: "#ff4d5e",
    Face.CONGESTED: "#ff9a3d",
    Face.OFFLINE: "#b08cff",
    Face.STALE: "#8a97a8",
    Face.UNKNOWN: "#8a97a8",
    Face.DENSE: "#f2d13d",
    Face.FREE: "#35c48b",
}
"""For charts and the map; page.css has the same ones."""


def traffic_face(state: str) -> Face:
    """The face of a congestion state as published; a state this version does not know is unknown."""
    try:
        face = Face(state)
    except ValueError:
        return Face.UNKNOWN
    return face if face in TRAFFIC else Face.UNKNOWN
