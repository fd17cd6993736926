"""Roads and signals of a scenario: a junction of three or four arms, or any SUMO net; no other part of the twin."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Arm = Literal["utara", "timur", "selatan", "barat"]
Movement = Literal["left", "through", "right", "u_turn"]

ARMS: tuple[Arm, ...] = ("utara", "timur", "selatan", "barat")
# Compass bearing of each arm seen from the junction's middle (0 = north, clockwise).
BEARING_DEG: dict[Arm, float] = {"utara": 0.0, "timur": 90.0, "selatan": 180.0, "barat": 270.0}
# Clockwise order of the exits as a driver who comes in on an arm meets them from the left.
TURN_STEP: dict[Movement, int] = {"left": 1, "through": 2, "right": 3, "u_turn": 4}


class Strict(BaseModel):
    """Unknown keys are errors; nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def destination(arm: Arm, movement: Movement) -> Arm:
    """The arm on which a movement leaves, in left-hand traffic (left from the north arm leads east)."""
    return ARMS[(ARMS.index(arm) + TURN_STEP[movement]) % 4]


class ArmLayout(Strict):
    """What one arm has of its own; what is not given is as the junction says."""

    length_m: float | None = Field(default=None, ge=60, le=1000)
    lanes_in: int | None = Field(default=None, ge=1, le=5)
    lanes_out: int | None = Field(default=None, ge=1, le=4)
    lane_width_m: float | None = Field(default=None, ge=2.5, le=4.5)
    speed_limit_kmh: float | None = Field(default=None, ge=10, le=100)
    priority: Literal["major", "minor"] = Field(default="major", description="who gives way without a signal")
    movements: tuple[tuple[Movement, ...], ...] | None = Field(
        default=None, description="movements of each entry lane, kerb lane first"
    )


@dataclass(frozen=True)
class ArmShape:
    """One arm with everything decided; `movements[i]` are those of entry lane i + 1 (1 is at the kerb)."""

    length_m: float
    lanes_in: int
    lanes_out: int
    lane_width_m: float
    speed_limit_kmh: float
    priority: Literal["major", "minor"]
    movements: tuple[tuple[Movement, ...], ...]

    def lanes_for(self, movement: Movement) -> list[int]:
        """Indices (0 at the kerb) of the entry lanes from which a movement is allowed."""
        return [i for i, allowed in enumerate(self.movements) if movement in allowed]


class Junction(Strict):
    """Three or four arms at right angles, left-hand traffic. `arms` changes single arms; `utara: null` drops one."""

    arm_length_m: float = Field(default=250.0, ge=60, le=1000)
    lanes_in: int = Field(default=3, ge=1, le=5, description="last lane (next to the median) is for right turns")
    lanes_out: int = Field(default=2, ge=1, le=4)
    lane_width_m: float = Field(default=3.25, ge=2.5, le=4.5)
    speed_limit_kmh: float = Field(default=50.0, ge=10, le=100)
    arms: dict[Arm, ArmLayout | None] = Field(default_factory=dict)
    keep_clear: bool = Field(default=True, description="false: drivers enter the junction though the exit is full")

    @model_validator(mode="after")
    def _usable(self) -> "Junction":
        if len(self.present) < 3:
            raise ValueError(f"a junction needs three or four arms, this one has {len(self.present)}")
        for arm in self.present:
            self._check_lanes(arm)
        return self

    def _check_lanes(self, arm: Arm) -> None:
        shape = self.arm(arm)
        if len(shape.movements) != shape.lanes_in:
            raise ValueError(f"arms.{arm}.movements has {len(shape.movements)} lanes, lanes_in is {shape.lanes_in}")
        for lane, allowed in enumerate(shape.movements, 1):
            if not allowed:
                raise ValueError(f"arms.{arm}.movements: lane {lane} has no movement")
            for movement in allowed:
                if not self.leads_somewhere(arm, movement):
                    to = destination(arm, movement)
                    raise ValueError(f"arms.{arm}.movements: {movement} leads to {to}, which this junction lacks")

    @property
    def present(self) -> tuple[Arm, ...]:
        """The arms that exist, clockwise from north."""
        return tuple(arm for arm in ARMS if not (arm in self.arms and self.arms[arm] is None))

    def leads_somewhere(self, arm: Arm, movement: Movement) -> bool:
        """Whether the arm to which a movement leads exists."""
        return destination(arm, movement) in self.present

    def arm(self, arm: Arm) -> ArmShape:
        """The arm with the junction's values filled in. Raises ValueError for an arm that is left out."""
        if arm not in self.present:
            raise ValueError(f"this junction has no arm {arm}; it has: {', '.join(self.present)}")
        own = self.arms.get(arm) or ArmLayout()
        lanes_in = own.lanes_in or self.lanes_in
        return ArmShape(
            own.length_m or self.arm_length_m, lanes_in, own.lanes_out or self.lanes_out,
            own.lane_width_m or self.lane_width_m, own.speed_limit_kmh or self.speed_limit_kmh, own.priority,
            own.movements or self._usual(arm, lanes_in),
        )  # fmt: skip

    def _usual(self, arm: Arm, lanes: int) -> tuple[tuple[Movement, ...], ...]:
        """Left from the kerb lane, right from the lane at the median, through from the others."""
        wide: Movement = "through" if self.leads_somewhere(arm, "through") else "left"
        out: list[list[Movement]] = [[] for _ in range(lanes)]
        if self.leads_somewhere(arm, "left"):
            out[0].append("left")
        for lane in range(lanes if not self.leads_somewhere(arm, "right") else max(lanes - 1, 1)):
            if self.leads_somewhere(arm, wide) and wide not in out[lane]:
                out[lane].append(wide)
        if self.leads_somewhere(arm, "right"):
            out[-1].append("right")
        return tuple(tuple(lane) for lane in out)


class ArmEdges(Strict):
    """The edges of one approach of a SUMO net; routes begin and end there unless farther edges are named."""

    edge_in: str
    edge_out: str
    from_edge: str | None = None
    to_edge: str | None = None


class NetFile(Strict):
    """A SUMO net instead of a junction. Name the arms by where they lie, so that turns follow from the names.

    The net's own signal programme runs; the origin of all positions is the node where the entry edges end.
    """

    net_file: Path
    approaches: dict[Arm, ArmEdges] = Field(min_length=2)


class Phase(Strict):
    """One green phase: these arms run together, then yellow, then all red.

    With `movements` only those have green. Right turns give way to oncoming traffic where the opposite arm has green
    in the same phase, and are protected where it has not. What stays green in the next phase shows no yellow.
    """

    arms: tuple[Arm, ...] = Field(min_length=1)
    movements: tuple[Movement, ...] | None = Field(default=None, min_length=1)
    green_s: float = Field(ge=4, le=180)
    yellow_s: float = Field(default=3.0, ge=2, le=6)
    all_red_s: float = Field(default=2.0, ge=0, le=10)

    def gives(self, arm: Arm, movement: Movement) -> bool:
        """Whether this movement has green. A U-turn goes with the right turns."""
        shown: Movement = "right" if movement == "u_turn" else movement
        return arm in self.arms and (self.movements is None or shown in self.movements)

    @property
    def length_s(self) -> float:
        """Green, yellow and all red."""
        return self.green_s + self.yellow_s + self.all_red_s


class PlanChange(Strict):
    """Another plan from the end of the cycle that runs at `from_s` (seconds after the clip's first frame)."""

    from_s: float
    phases: tuple[Phase, ...] = Field(min_length=2)


class Signal(Strict):
    """Fixed-time plan; `offset_s` moves the plan's start so that a clip can begin anywhere in the cycle."""

    phases: tuple[Phase, ...] = Field(min_length=2)
    offset_s: float = 0.0
    changes: tuple[PlanChange, ...] = Field(default=(), description="later plans, in time order")
    left_on_red: bool = Field(default=False, description="left turns may always go, giving way (belok kiri langsung)")

    @model_validator(mode="after")
    def _in_order(self) -> "Signal":
        times = [change.from_s for change in self.changes]
        if times != sorted(times):
            raise ValueError(f"changes must be in time order, got from_s {times}")
        return self

    @property
    def cycle_s(self) -> float:
        """Length of one cycle of the first plan."""
        return sum(p.length_s for p in self.phases)
