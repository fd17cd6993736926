"""Which seed is typical of its scenario."""

from pathlib import Path

import pytest
from simpang_twin import demand, scenario, typical

PLAN = scenario.load(Path(__file__).parents[2] / "sample_videos" / "scenarios" / "mini.yaml")


def test_the_distance_is_pearsons_by_class_and_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """3600 vehicles an hour for 6 s are 6 due: 3 motorcycles and 3 cars, all through. 4 motorcycles and 1 car come, one
    of them turns left: (4 - 3)²/3 + (1 - 3)²/3 + (4 - 6)²/6 = 7/3; the left turns, of which none is due, are no class
    of the demand."""
    wanted = scenario.Demand(
        arm="utara", flow_vph=3600, classes={"motorcycle": 0.5, "car": 0.5}, turns={"through": 1.0}
    )
    plan = PLAN.model_copy(update={"demand": (wanted,)})
    # A free drive takes 250 m / (0.85 · 50 km/h) = 21.2 s; the warm-up lasts 40 s: who is sent at 20 s comes at 1.2 s.
    names = ("scooter", "scooter", "bebek", "scooter", "mpv")
    turns = ("left", "through", "through", "through", "through")
    sent = [
        demand.Departure(20.0, "utara", "selatan", name, "best", turn, number)
        for number, (name, turn) in enumerate(zip(names, turns, strict=True))
    ]
    late = demand.Departure(30.0, "utara", "selatan", "mpv", "best", "through", 9)
    monkeypatch.setattr(demand, "departures", lambda _: [*sent, late])

    (draw,) = typical.draws(plan, [7])

    assert (draw.seed, draw.vehicles) == (7, 5)
    assert draw.distance == pytest.approx(7 / 3)


def test_the_nearest_seed_comes_first() -> None:
    """Ten seeds of a real scenario come in the order of their distance, each once."""
    found = typical.draws(PLAN, range(10))
    assert [draw.distance for draw in found] == sorted(draw.distance for draw in found)
    assert sorted(draw.seed for draw in found) == list(range(10))
