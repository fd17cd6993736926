"""Which seed gives the traffic that a scenario asks for: how far chance has led away from the stated demand."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from simpang_twin import demand
from simpang_twin.fleet import BY_NAME
from simpang_twin.scenario import Arm, Demand, Scenario

# A free drive to the line takes a little longer than at the limit; a class hardly ever due weighs as half a one.
_PACE_RATIO = 0.85
_LEAST_DUE = 0.5


@dataclass(frozen=True)
class Draw:
    """One seed. distance: Σ (came − due)² / due over classes and turns of the filmed approaches (Pearson's χ²)."""

    seed: int
    distance: float
    vehicles: int


def draws(scenario: Scenario, seeds: Iterable[int]) -> list[Draw]:
    """All seeds, the most typical first. Nothing is measured: only who is sent, and when, is looked at."""
    found = [_draw(scenario.model_copy(update={"seed": seed})) for seed in seeds]
    return sorted(found, key=lambda draw: (draw.distance, draw.seed))


def _draw(scenario: Scenario) -> Draw:
    sent = demand.departures(scenario)
    distance, vehicles = 0.0, 0
    for arm in dict.fromkeys(camera.approach for camera in scenario.cameras):
        own = [d for d in sent if d.arm == arm and d.number < demand.FIRST_EVENT_ID and _comes(scenario, arm, d)]
        distance += sum(_apart(scenario, wanted, own) for wanted in scenario.demand if wanted.arm == arm)
        vehicles += len(own)
    return Draw(scenario.seed, distance, vehicles)


def _comes(scenario: Scenario, arm: Arm, departure: demand.Departure) -> bool:
    """Whether a vehicle would come to the line within the clip if nothing held it up."""
    shape = scenario.junction.arm(arm)
    drive_s = shape.length_m / (_PACE_RATIO * shape.speed_limit_kmh / 3.6)
    return 0 <= departure.time_s + drive_s - scenario.warmup_s < scenario.duration_s


def _apart(scenario: Scenario, wanted: Demand, own: list[demand.Departure]) -> float:
    due = wanted.flow_vph * scenario.duration_s / 3600
    kinds = Counter[str](BY_NAME[d.model].kind for d in own)
    turns = Counter[str](d.movement for d in own)
    shares = [(kinds[kind], share) for kind, share in wanted.classes.items()]
    shares += [(turns[turn], share) for turn, share in wanted.turns.items()]
    return sum((came - share * due) ** 2 / max(share * due, _LEAST_DUE) for came, share in shares)
