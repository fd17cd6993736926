"""The turning table: sums of the hour by movement, shares of what was traced."""

from simpang_ingest.page.tables import HourSum, TurnSum, turn_table
from simpang_ingest.page.words import EN
from simpang_ingest.rows import WindowRow


def window(minute: int, movement: str, cars: int | None, traced: float | None = 1.0) -> WindowRow:
    """One minute of one movement; None: nothing was seen."""
    seen = cars is not None
    return WindowRow(
        site="s", camera="c", time_ns=minute * 60 * 10**9, window=60, scope="movement", approach="utara",
        movement=movement, observed_s=60.0 if seen else 0.0, observed_ratio=1.0 if seen else 0.0, intensity=cars,
        count_car=cars, traced=traced if seen else None,
    )  # fmt: skip


def turn(windows: list[WindowRow], traced: int | None) -> TurnSum:
    """A movement of the north approach."""
    return TurnSum("Utara", HourSum("left · kiri", tuple(windows)), traced)


def test_a_share_is_that_of_the_traced() -> None:
    """3 + 1 of 16 traced vehicles: a quarter. Traced: 0.9 of the minute with three, 0.5 of that with one: 0.8."""
    one = turn([window(0, "kiri", 3, 0.9), window(1, "kiri", 1, 0.5)], 16)
    assert one.share() == 0.25
    assert one.traced_share() == (3 * 0.9 + 1 * 0.5) / 4


def test_what_was_not_seen_has_no_share() -> None:
    """A dash, not zero."""
    blind = turn([window(0, "kiri", None)], None)
    assert (blind.share(), blind.traced_share()) == (None, None)
    cells = turn_table([blind], EN)
    assert cells.count("–") >= 3


def test_the_table_names_movement_and_share() -> None:
    """As figures with their unit."""
    shown = turn_table([turn([window(0, "kiri", 4)], 16)], EN)
    assert "left · kiri" in shown
    assert "25 %" in shown or "25%" in shown
