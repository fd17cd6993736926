"""Where vehicles of an approach leave the junction, as gates for the camera file: lines across the exits in view."""

from collections.abc import Iterator

import numpy as np

from simpang_twin import consistency
from simpang_twin.approach import Approach
from simpang_twin.camera import Pinhole
from simpang_twin.layout import Arm, Movement, destination
from simpang_twin.network import F64, Network
from simpang_twin.scenario import Scenario

TURNS: tuple[Movement, ...] = ("left", "through", "right")

# A gate lies at the exit's begin or, where that is outside the picture, up to so far before it, in the junction. The
# approach's own through traffic passes 7 m beside the exit on the left.
_INSET_M: dict[Movement, int] = {"left": 6, "through": 8, "right": 8}
# Who turns cuts the corner before the exit: a gate reaches beyond the kerb, and a little over the middle of the road.
_KERB_M, _MEDIAN_M = 3.0, 1.0
# A gate nearer to the picture's border would be passed by boxes that the border cuts.
_MARGIN_RATIO = 0.03


def turns(scenario: Scenario, arm: Arm) -> tuple[Movement, ...]:
    """The turns that an approach offers."""
    return tuple(turn for turn in TURNS if consistency.allowed(scenario, arm, turn))


def gates_m(eye: Pinhole, net: Network, way: Approach, offered: tuple[Movement, ...]) -> dict[Movement, F64]:
    """The gate (2, 2) in world metres of every offered turn whose exit the camera sees over its whole width."""
    found = {}
    for turn in offered:
        lines = _lines(net, destination(way.arm, turn), _INSET_M[turn])
        seen = next((line for line in lines if _in_picture(eye, line)), None)
        if seen is not None:
            found[turn] = seen
    return found


def _lines(net: Network, arm: Arm, inset_m: int) -> Iterator[F64]:
    """Lines across an exit, from its begin into the junction, a metre apart."""
    lanes = net.edge(f"{arm}_out")
    begins = np.array([lane.shape_m[0] for lane in lanes])
    ahead = lanes[0].shape_m[1] - lanes[0].shape_m[0]
    ahead = ahead / np.linalg.norm(ahead)
    kerb = np.array([-ahead[1], ahead[0]])  # traffic keeps left, lane 0 is at the kerb
    outer = begins[0] + kerb * (lanes[0].width_m / 2 + _KERB_M)
    inner = begins[-1] - kerb * (lanes[-1].width_m / 2 + _MEDIAN_M)
    return (np.array([outer, inner]) - ahead * metre for metre in range(inset_m + 1))


def _in_picture(eye: Pinhole, line_m: F64) -> bool:
    pixels = eye.project(np.hstack([line_m, np.zeros((2, 1))]))
    size = np.array([eye.width_px, eye.height_px])
    return bool(((pixels >= _MARGIN_RATIO * size) & (pixels <= (1 - _MARGIN_RATIO) * size)).all())
