"""Sentences count as a person does: one vehicle, two vehicles."""

import pytest
from simpang_edge.explain_words import TEMPLATES, Values
from simpang_edge.meter import reasons
from simpang_edge.meter.reasons import Figures, Template, say


@pytest.mark.parametrize(
    ("template", "figures", "said"),
    [
        pytest.param(
            reasons.BLOCKED_BOX, Figures(vehicles=1, zone="k", seconds=90),
            "box junction k blocked by 1 vehicle for 90 s", id="one blocks",
        ),
        pytest.param(
            reasons.BLOCKED_BOX, Figures(vehicles=3, zone="k", seconds=10),
            "box junction k blocked by 3 vehicles for 10 s", id="three block",
        ),
        pytest.param(
            reasons.SPILLBACK, Figures(vehicles=1, zone="k", seconds=20),
            "queue from downstream: 1 vehicle standing in the exit k, 20 s", id="one in the exit",
        ),
        pytest.param(reasons.NOT_CLEARED, Figures(cycles=1, queue_m=40), "queue 40 m, 1 cycle not cleared", id="cycle"),
        pytest.param(
            reasons.LEFT_OVER, Figures(left=1, queue_m=40), "dense, 1 vehicle left over after green, queue 40 m",
            id="left over",
        ),
        pytest.param(reasons.NOT_CLEARED, Figures(queue_m=40), "queue 40 m, – cycles not cleared", id="unknown"),
    ],
)  # fmt: skip
def test_a_reason_has_the_singular(template: Template, figures: Figures, said: str) -> None:
    """In English; Indonesian nouns have no plural."""
    assert say(template, figures).en == said


@pytest.mark.parametrize(("frames", "said"), [(1, "(1 picture)"), (2, "(2 pictures)")])
def test_an_explanation_has_the_singular(frames: int, said: str) -> None:
    """Of a track that was seen once."""
    assert said in TEMPLATES["at_no_gate"].en.format(**Values(frames=frames).words())
