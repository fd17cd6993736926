"""The level of service where the view cuts the queue off: this letter or a worse one, and the row says so."""

import pytest
from simpang_edge.data import Measurement, Quality, Scope
from simpang_edge.meter.closing import or_worse

BEYOND = ("queue_beyond_view",)


@pytest.mark.parametrize(
    ("letter", "control", "flags", "bound"),
    [
        pytest.param("D", "signal", BEYOND, True, id="who waits beyond the view is not in the delay"),
        pytest.param("D", "unsignalised", BEYOND, True, id="by delay too"),
        pytest.param("D", "signal", ("night",), False, id="the whole queue was seen"),
        pytest.param("F", "signal", BEYOND, False, id="nothing is worse"),
        pytest.param(None, "signal", BEYOND, False, id="no letter"),
        pytest.param("D", "link", BEYOND, False, id="by speed, not by delay"),
    ],
)
def test_a_letter_of_a_cut_off_delay_is_a_bound(
    letter: str | None, control: str, flags: tuple[str, ...], bound: bool
) -> None:
    """A delay of 30 s over the visible length is D by PM 96/2015 (25 to 40 s); the true one can only be longer."""
    row = Measurement(
        from_s=0, to_s=900, scope=Scope.APPROACH, approach="a", los=letter, quality=Quality(900, 1, flags)
    )
    done = or_worse(row, control)
    assert ("los_lower_bound" in done.quality.flags, done.los) == (bound, letter)
