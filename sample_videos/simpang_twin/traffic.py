"""Demand and events of a scenario. All times are seconds after the clip's first frame; negative is before it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from simpang_twin.layout import Arm, Movement, Strict

Kind = Literal["motorcycle", "car", "bus", "truck", "three_wheeler", "bicycle", "person"]
Share = Annotated[float, Field(ge=0, le=1)]


def _adds_up(where: str, shares: Mapping[Any, float]) -> None:
    total = sum(shares.values())
    if abs(total - 1) > 1e-6:
        raise ValueError(f"{where} must add up to 1, got {total:g}")


class Piece(Strict):
    """A part of the run in which the demand differs; it lasts until the next piece."""

    from_s: float
    flow_vph: float = Field(ge=0, le=9000)
    classes: dict[Kind, Share] | None = None
    turns: dict[Movement, Share] | None = None


class Demand(Strict):
    """Traffic that enters on one arm.

    `pieces` change flow, classes and turns over time; `class_turns` gives single classes turns of their own;
    `models` gives the shares of the vehicle models inside a class (default: the fleet's).
    """

    arm: Arm
    flow_vph: float = Field(ge=0, le=9000)
    classes: dict[Kind, Share]
    turns: dict[Movement, Share] = Field(default={"left": 0.15, "through": 0.7, "right": 0.15})
    class_turns: dict[Kind, dict[Movement, Share]] = Field(default_factory=dict)
    models: dict[Kind, dict[str, Share]] = Field(default_factory=dict)
    pieces: tuple[Piece, ...] = ()

    @model_validator(mode="after")
    def _shares_add_up(self) -> "Demand":
        _adds_up(f"classes of arm {self.arm}", self.classes)
        _adds_up(f"turns of arm {self.arm}", self.turns)
        for kind, turns in self.class_turns.items():
            _adds_up(f"class_turns.{kind} of arm {self.arm}", turns)
        for kind, models in self.models.items():
            _adds_up(f"models.{kind} of arm {self.arm}", models)
        for i, piece in enumerate(self.pieces):
            for name, shares in (("classes", piece.classes), ("turns", piece.turns)):
                if shares is not None:
                    _adds_up(f"pieces.{i}.{name} of arm {self.arm}", shares)
        return self

    @model_validator(mode="after")
    def _possible(self) -> "Demand":
        mixes = [self.classes, *(p.classes for p in self.pieces if p.classes)]
        if any("person" in mix for mix in mixes):
            raise ValueError(f"classes of arm {self.arm}: pedestrians are an event (type: pedestrians), not demand")
        times = [piece.from_s for piece in self.pieces]
        if times != sorted(times):
            raise ValueError(f"pieces of arm {self.arm} must be in time order, got from_s {times}")
        return self

    def at(self, time_s: float) -> "Demand":
        """The demand that holds at a time."""
        past = [p for p in self.pieces if p.from_s <= time_s]
        if not past:
            return self
        new = past[-1]
        return self.model_copy(update={
            "flow_vph": new.flow_vph, "classes": new.classes or self.classes, "turns": new.turns or self.turns,
        })  # fmt: skip

    def next_change_s(self, time_s: float) -> float | None:
        """When the next piece begins, or None."""
        return next((p.from_s for p in self.pieces if p.from_s > time_s), None)


class StoppedVehicle(Strict):
    """A vehicle that drives in, stands in a lane and goes on. `along_m` is its front, upstream of the stop line.

    It is sent so that it arrives about `from_s`; the truth says when it really stood.
    """

    type: Literal["stopped_vehicle"]
    arm: Arm
    lane: int = Field(ge=1, description="1 is at the kerb")
    along_m: float = Field(gt=1)
    from_s: float
    to_s: float
    model: str = "mpv"
    movement: Movement = "through"

    @model_validator(mode="after")
    def _in_order(self) -> "StoppedVehicle":
        if self.to_s <= self.from_s:
            raise ValueError(f"to_s {self.to_s:g} must be after from_s {self.from_s:g}")
        return self


class KerbStop(Strict):
    """An angkot (or another model) that stops at the kerb, in the kerb lane, for passengers."""

    type: Literal["kerb_stop"]
    arm: Arm
    along_m: float = Field(gt=1)
    at_s: float
    dwell_s: float = Field(gt=0, le=600)
    model: str = "angkot"
    movement: Movement = "through"


class EmergencyStop(Strict):
    """A driver who brakes with 7.5 m/s² to a stand at `along_m`, stands for `hold_s` and goes on."""

    type: Literal["emergency_stop"]
    arm: Arm
    lane: int = Field(ge=1)
    along_m: float = Field(gt=1)
    at_s: float
    hold_s: float = Field(default=5.0, gt=0, le=60)
    model: str = "mpv"
    movement: Movement = "through"


class UTurn(Strict):
    """A vehicle that reaches the stop line about `at_s` and turns back on its own arm."""

    type: Literal["u_turn"]
    arm: Arm
    at_s: float
    model: str = "mpv"


class Spillback(Strict):
    """The exit of an arm is slow: nobody drives faster there than `speed_kmh`, so the queue grows into the junction."""

    type: Literal["spillback"]
    arm: Arm
    from_s: float
    to_s: float
    speed_kmh: float = Field(default=3.0, ge=1, le=50)

    @model_validator(mode="after")
    def _in_order(self) -> "Spillback":
        if self.to_s <= self.from_s:
            raise ValueError(f"to_s {self.to_s:g} must be after from_s {self.from_s:g}")
        return self


class WrongWay(Strict):
    """A rider against the traffic of an approach, from `from_along_m` to `to_along_m` (upstream of the stop line, so
    the second is the larger), `offset_m` inside the kerb.

    SUMO has no such driver: the path is put into the run, at the first moment from `from_s` on, at most `patience_s`
    later, at which it touches nobody (or the fewest); nobody reacts to it.
    """

    type: Literal["wrong_way"]
    arm: Arm
    from_s: float
    speed_kmh: float = Field(default=18.0, gt=1, le=60)
    from_along_m: float = -6.0
    to_along_m: float = 60.0
    offset_m: float = Field(default=0.5, ge=-2, le=20)
    patience_s: float = Field(default=15.0, ge=0)
    model: str = "scooter"

    @model_validator(mode="after")
    def _against(self) -> "WrongWay":
        if self.to_along_m <= self.from_along_m:
            raise ValueError("to_along_m must be larger than from_along_m: the rider goes upstream")
        return self


class Pedestrians(Strict):
    """People who cross one arm, each when no vehicle comes within a second of the path; at `along_m` -2.7 they use
    the zebra. `flow_pph` people an hour, from both sides.

    They are put into the finished run: they wait for gaps, vehicles do not wait for them.
    """

    type: Literal["pedestrians"]
    arm: Arm
    from_s: float = 0.0
    to_s: float
    flow_pph: float = Field(gt=0, le=3600)
    along_m: float = Field(default=-2.7, ge=-6, le=200)
    speed_mps: float = Field(default=1.25, ge=0.5, le=3)

    @model_validator(mode="after")
    def _countable(self) -> "Pedestrians":
        expected = self.flow_pph * (self.to_s - self.from_s) / 3600
        if not 0 < expected <= 800:
            raise ValueError(f"flow_pph over from_s..to_s must bring at most 800 people, got {expected:.0f}")
        return self


Event = Annotated[
    StoppedVehicle | KerbStop | EmergencyStop | UTurn | Spillback | WrongWay | Pedestrians,
    Field(discriminator="type"),
]
